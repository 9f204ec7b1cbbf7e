/* What a device remembers, as it is read back from a file that anybody may have touched: what is read is written the same. */
#include "verify/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)16 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct verify_memory *m;
  struct sv_bytes again;
  uint32_t newest;
  if (size <= VERIFY_MEMORY_MAX &&
      !sv_failed(verify_memory_read(&ctx, sv_bytes_of(data, size), &m))) {
    verify_memory_add(m, "S260000AX", 1, 2, 0);
    SV_ASSERT(verify_memory_find(m, "S260000AX", 1, 2, &newest) && newest >= 2);
    SV_ASSERT(!sv_failed(verify_memory_write(&ctx, m, &again)));
  }
  sv_arena_close(mem);
  return 0;
}
