/* Lines of a journal, the first ones too, as an auditor reads them: whatever is read is written the same. */
#include "formats/journal/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct journal_state state = {0}, again = {0};
  struct journal_entry entry;
  struct sv_buf out = sv_buf_in(mem, 0);
  struct sv_bytes line = sv_bytes_of(data, size);
  if (!sv_failed(journal_read(&ctx, &state, line, &entry))) {
    SV_ASSERT(!sv_failed(journal_write(&ctx, &again, &entry, &out)));
    SV_ASSERT(out.n == size + 1 && memcmp(out.p, data, size) == 0);
  } else if (!sv_failed(journal_head_read(&ctx, line, &state))) {
    SV_ASSERT(!sv_failed(journal_head_write(&ctx, &state, &out)));
    SV_ASSERT(out.n == size + 1 && memcmp(out.p, data, size) == 0);
  }
  sv_arena_close(mem);
  return 0;
}
