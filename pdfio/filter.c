/* FlateDecode and the PNG predictors. Invariant: never more than cap bytes come out, whatever goes in. */
#include "pdfio/filter.h"

#include <stdlib.h>
#include <zlib.h>

enum { STEP = 16384 };

static void end_inflate(z_stream *z) { (void)inflateEnd(z); }
SV_AUTO_DEFINE(z_stream, end_inflate)

sv_status pdfio_inflate(struct sv_ctx *ctx, struct sv_bytes in, size_t cap, struct sv_bytes *ret) {
  z_stream state = {0};
  if (in.n > UINT32_MAX || inflateInit(&state) != Z_OK) {
    return SV_FAIL(ctx, NO_MEMORY, "inflate");
  }
  SV_AUTO(end_inflate) z_stream *z = &state;
  struct sv_buf out = sv_buf_in(ctx->mem, cap);
  uint8_t step[STEP];
  z->next_in = (z_const Bytef *)(uintptr_t)in.p; /* zlib does not write to it */
  z->avail_in = (uInt)in.n;
  int r = Z_OK;
  while (r == Z_OK) {
    z->next_out = step;
    z->avail_out = STEP;
    r = inflate(z, Z_NO_FLUSH);
    if (r != Z_OK && r != Z_STREAM_END) {
      return SV_FAIL(ctx, PDF_FORMAT, "bad compressed data");
    }
    if (out.n + (STEP - z->avail_out) > cap) {
      return SV_FAIL(ctx, PDF_FORMAT, "a stream of more than %zu bytes", cap);
    }
    sv_buf_put(&out, step, STEP - z->avail_out);
    SV_TRY(sv_ctx_alive(ctx));
  }
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "stream of %zu bytes", out.n);
  }
  *ret = sv_buf_bytes(&out);
  return SV_DONE;
}

static uint8_t paeth(int a, int b, int c) {
  int p = a + b - c;
  int pa = abs(p - a);
  int pb = abs(p - b);
  int pc = abs(p - c);
  return (uint8_t)(pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
}

/* One row in place; up is the row above (zeroes for the first), bpp the bytes a pixel. */
static bool undo_row(int filter, uint8_t *row, const uint8_t *up, size_t n, size_t bpp) {
  for (size_t i = 0; i < n; i++) {
    int left = i >= bpp ? row[i - bpp] : 0;
    int above_left = i >= bpp ? up[i - bpp] : 0;
    switch (filter) {
      case 0:
        break;
      case 1:
        row[i] = (uint8_t)(row[i] + left);
        break;
      case 2:
        row[i] = (uint8_t)(row[i] + up[i]);
        break;
      case 3:
        row[i] = (uint8_t)(row[i] + (left + up[i]) / 2);
        break;
      case 4:
        row[i] = (uint8_t)(row[i] + paeth(left, up[i], above_left));
        break;
      default:
        return false;
    }
  }
  return true;
}

sv_status pdfio_unpredict(struct sv_ctx *ctx, struct sv_bytes in, const struct pdfio_predictor *how,
                          struct sv_bytes *ret) {
  if (how->predictor == 1) {
    *ret = in;
    return SV_DONE;
  }
  if (how->predictor < 10 || how->predictor > 15 || how->colors < 1 || how->colors > 4 ||
      how->columns < 1 || how->columns > 65536 ||
      (how->bits != 1 && how->bits != 2 && how->bits != 4 && how->bits != 8)) {
    return SV_FAIL(ctx, PDF_FORMAT, "predictor");
  }
  size_t bits = (size_t)how->colors * (size_t)how->bits;
  size_t row = (bits * (size_t)how->columns + 7) / 8;
  size_t rows = in.n / (row + 1);
  uint8_t *out = sv_arena_alloc(ctx->mem, rows * row);
  uint8_t *zero = sv_arena_alloc(ctx->mem, row);
  if (in.n % (row + 1) != 0) {
    return SV_FAIL(ctx, PDF_FORMAT, "predicted data of %zu bytes in rows of %zu", in.n, row + 1);
  }
  if (!out || !zero) {
    return SV_FAIL(ctx, NO_MEMORY, "predictor");
  }
  const uint8_t *up = zero;
  for (size_t i = 0; i < rows; i++) {
    uint8_t *at = out + i * row;
    memcpy(at, in.p + i * (row + 1) + 1, row);
    if (!undo_row(in.p[i * (row + 1)], at, up, row, (bits + 7) / 8)) {
      return SV_FAIL(ctx, PDF_FORMAT, "row filter");
    }
    up = at;
  }
  *ret = sv_bytes_of(out, rows * row);
  return SV_DONE;
}
