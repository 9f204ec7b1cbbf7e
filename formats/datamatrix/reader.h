/* Reads a DataMatrix ECC 200 symbol (ISO/IEC 16022) out of its modules: square, upright, whole, as our own pages draw it.
 * Nothing is corrected: what a page draws is exact, error correction included, or it is not what we drew. Thread: any. */
#pragma once
#include "base/ctx.h"
#include "formats/datamatrix/sizes.h"

/* rows  `modules` rows from the top, each beginning a byte, a set bit is dark: modules * ((modules + 7) / 8) bytes.
 * ret   the bytes that the symbol encodes, in ctx->mem.
 * Fails SEAL_FORMAT (no such size, a broken border, an error, codewords that mean no bytes), NO_MEMORY. */
sv_status datamatrix_read(struct sv_ctx *ctx, struct sv_bytes rows, unsigned modules,
                          struct sv_bytes *ret);
