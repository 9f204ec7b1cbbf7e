/* Can the bytes of a PDF hurt the reader? Opens, reads every object it can, and decodes its streams. */
#include "pdfio/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(32 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  struct pdfio *r;
  if (!sv_failed(pdfio_open(&ctx, sv_bytes_of(p, n), &r))) {
    for (uint32_t i = 0; i < pdfio_size(r) && i < 1000; i++) {
      const struct pdfio_value *v;
      struct sv_bytes data;
      if (!sv_failed(pdfio_object(r, i, &v)) && v->type == PDFIO_STREAM) {
        (void)!sv_failed(pdfio_data(r, v, 1 << 20, &data));
      }
      SV_ASSERT(pdfio_revision_count(r) > 0);
    }
  }
  sv_arena_close(arena);
  return 0;
}
