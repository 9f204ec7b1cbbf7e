/* DataMatrix ECC 200 (ISO/IEC 16022) of binary data, square, as packed bits. */
#pragma once
#include "base/ctx.h"

enum { DATAMATRIX_MODULE_UM_10 = 4233 }; /* tenths of a micrometre: 5 dots at 300 dpi */

struct datamatrix {
  const uint8_t *rows; /* from the top; each begins a byte; a set bit is dark */
  uint16_t modules;    /* a side */
};

/* The square symbol of at least `least` modules (52, 64, 72) that holds the bytes, zeros included.
 * ret in ctx->mem. Fails: RENDER (more than 1555 bytes), NO_MEMORY. Thread: any. */
sv_status datamatrix_encode(struct sv_ctx *ctx, struct sv_bytes data, uint16_t least,
                            struct datamatrix *ret);
