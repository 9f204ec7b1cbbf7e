/* Can the bytes of a portrait hurt us, and does a stripped one stay stripped? */
#include <stdlib.h>

#include "docs_gen/draw/jpeg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  struct sv_arena *mem = sv_arena_open(8u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct sv_bytes once, twice;
  uint32_t w, h, c;
  if (!sv_failed(jpeg_strip(&ctx, sv_bytes_of(data, n), &once, &w, &h, &c))) {
    if (once.n > n || sv_failed(jpeg_strip(&ctx, once, &twice, &w, &h, &c)) ||
        !sv_bytes_equal(once, twice)) {
      abort();
    }
  }
  sv_arena_close(mem);
  return 0;
}
