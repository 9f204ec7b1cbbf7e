/* Decoding of stream data, bounded. */
#pragma once
#include "base/ctx.h"

struct pdfio_predictor {
  int predictor; /* 1: none; 10 to 15: PNG, a filter byte a row */
  int colors;
  int bits;
  int columns;
};

/* zlib data; what comes after its end is ignored, as every reader does. Fails: PDF_FORMAT, NO_MEMORY. */
sv_status pdfio_inflate(struct sv_ctx *ctx, struct sv_bytes in, size_t cap, struct sv_bytes *ret);
/* Undoes the predictor of ISO 32000-1 7.4.4.4. */
sv_status pdfio_unpredict(struct sv_ctx *ctx, struct sv_bytes in, const struct pdfio_predictor *how,
                          struct sv_bytes *ret);
