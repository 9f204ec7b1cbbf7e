/* FlateDecode and the PNG predictors. Invariant: never more than cap bytes come out, whatever goes in. */
#include "pdfio/filter.h"

#include <libdeflate.h>
#include <stdlib.h>

enum { ROOM_LEAST = 1024, GUESS = 6 /* times what went in: content of pages */ };

SV_AUTO_DEFINE(struct libdeflate_decompressor, libdeflate_free_decompressor)

/* Room is doubled until what comes out has a place, or would be more than cap. */
sv_status pdfio_inflate(struct sv_ctx *ctx, struct sv_bytes in, size_t cap, struct sv_bytes *ret) {
  SV_AUTO(libdeflate_free_decompressor)
  struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
  size_t room = in.n < cap / GUESS ? in.n * GUESS : cap;
  room = room < ROOM_LEAST && cap > ROOM_LEAST ? ROOM_LEAST : room;
  for (;;) {
    uint8_t *out = d ? sv_arena_alloc(ctx->mem, room) : NULL;
    size_t used, n;
    if (!out) {
      return SV_FAIL(ctx, NO_MEMORY, "stream of %zu bytes", room);
    }
    enum libdeflate_result r = libdeflate_zlib_decompress_ex(d, in.p, in.n, out, room, &used, &n);
    if (r == LIBDEFLATE_SUCCESS) {
      *ret = sv_bytes_of(out, n);
      return SV_DONE;
    }
    if (r != LIBDEFLATE_INSUFFICIENT_SPACE) {
      return SV_FAIL(ctx, PDF_FORMAT, "bad compressed data");
    }
    if (room == cap) {
      return SV_FAIL(ctx, PDF_FORMAT, "a stream of more than %zu bytes", cap);
    }
    SV_TRY(sv_ctx_alive(ctx));
    room = room < cap / 2 ? 2 * room : cap;
  }
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
