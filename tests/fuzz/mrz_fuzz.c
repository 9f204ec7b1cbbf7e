/* Hostile bytes into formats/mrz/mrz.h. */
#include "formats/mrz/mrz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct mrz_fields f;
  char *text = sv_arena_strndup(mem, (const char *)data, size);
  sv_status s = mrz_parse(&ctx, text, &f);
  const char *latin;
  (void)mrz_transliterate(&ctx, text, &latin, NULL).reason;
  (void)s.reason;
  sv_arena_close(mem);
  return 0;
}
