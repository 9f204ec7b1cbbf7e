/* DataMatrix ECC 200 (ISO/IEC 16022) of binary data, square, as packed bits. */
#pragma once
#include "base/ctx.h"
#include "formats/datamatrix/sizes.h"

struct datamatrix {
  const uint8_t *rows; /* from the top; each begins a byte; a set bit is dark */
  uint16_t modules;    /* a side */
};

/* The square symbol of at least `least` modules (52, 64, 72) that holds the bytes, zeros included, in base 256.
 * ret in ctx->mem. Fails: RENDER (none, or more than 1555 bytes), NO_MEMORY. Thread: any. */
sv_status datamatrix_write(struct sv_ctx *ctx, struct sv_bytes data, uint16_t least,
                           struct datamatrix *ret);

/* The modules that codewords have in a size: words has size->all, those of data first; rows has datamatrix_rows_n, zeroed.
 * The codewords of error correction are put in (annex E). */
void datamatrix_put_words(const struct datamatrix_size *size, uint8_t *words, uint8_t *rows);
