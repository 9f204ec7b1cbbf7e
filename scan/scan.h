/* Bar codes in pictures: a scan or a photograph of a page, made by anybody. Decoders of pictures have faults, so all of it is
 * done in a child that can do nothing else. */
#pragma once
#include "base/ctx.h"

enum {
  SCAN_FILE_MAX = 32 * 1024 * 1024,
  SCAN_PIXELS_MAX = 64 * 1000 * 1000, /* A4 at 800 dpi */
  SCAN_CODES_MAX = 8,
  SCAN_CODE_BYTES_MAX = 1600, /* more than a Data Matrix holds */
  SCAN_SECONDS = 20,
};

/* Whether bytes begin as a PNG or a JPEG does. */
bool scan_is_picture(struct sv_bytes file);

/* What the Data Matrix symbols of a picture say, each once, at most SCAN_CODES_MAX; ret in ctx->mem, none is no fault.
 * file      hostile; borrowed.
 * Blocks    SCAN_SECONDS at most.
 * Fails     FIELD_INVALID (no picture that can be read, too large), LIMIT_EXCEEDED (time or memory), NO_MEMORY. */
sv_status scan_picture(struct sv_ctx *ctx, struct sv_bytes file,
                       struct sv_bytes ret[static SCAN_CODES_MAX], size_t *ret_n);
