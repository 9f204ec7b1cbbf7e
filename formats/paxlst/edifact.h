/* EDIFACT syntax (ISO 9735): an interchange as segments of elements of components. Knows no message. Thread: any. */
#pragma once
#include "base/ctx.h"

enum {
  EDIFACT_BYTES_MAX = 4 * 1024 * 1024,
  EDIFACT_SEGMENTS_MAX = 200000,
  EDIFACT_PARTS_MAX = 128
};

struct edifact_part {
  const char *text; /* released, NUL-terminated, in ctx->mem */
  uint16_t element; /* from 1; 0 is the tag */
  uint16_t component;
};

struct edifact_segment {
  const char *tag; /* "NAD" */
  const struct edifact_part *parts;
  size_t part_count;
};

struct edifact {
  struct edifact_segment *segments;
  size_t count;
};

/* Splits hostile bytes by the separators of UNA, or the default ones. Line ends between segments are skipped.
 * Fails: MESSAGE_MALFORMED (unended segment, bad tag, control characters), LIMIT_EXCEEDED, NO_MEMORY. */
sv_status edifact_read(struct sv_ctx *ctx, struct sv_bytes in, struct edifact *ret);

/* The component of an element, both from 1; "" when it is not there. Lent. */
const char *edifact_text(const struct edifact_segment *s, unsigned element, unsigned component);
