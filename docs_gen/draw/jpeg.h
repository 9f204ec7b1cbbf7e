/* Portraits: baseline and progressive JPEG (ITU-T T.81) checked segment by segment and stripped of everything that is
 * not the picture. Positions, thumbnails and comments of a camera never reach a document. */
#pragma once
#include "base/ctx.h"

/* Copies the JPEG without its APPn and COM segments (APP14 "Adobe" stays: it says how colours are meant); nothing is
 * compressed again.
 * in        hostile bytes.
 * ret       bytes in ctx->mem.
 * Fails     FIELD_INVALID (not a JPEG that PDF can hold: 8 bits, 1 or 3 components, Huffman, one frame), NO_MEMORY. */
sv_status jpeg_strip(struct sv_ctx *ctx, struct sv_bytes in, struct sv_bytes *ret,
                     uint32_t *ret_width, uint32_t *ret_height, uint32_t *ret_components);
