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

/* What real interchanges have and the syntax does not: read over, and told. */
enum edifact_oddity {
  EDIFACT_HEADING = 1 << 0,      /* text in front of UNA or UNB, as of a telex */
  EDIFACT_SPACED_TAG = 1 << 1,   /* blanks around a tag */
  EDIFACT_BROKEN_LINE = 1 << 2,  /* line ends inside a segment */
  EDIFACT_BEYOND_LEVEL = 1 << 3, /* characters that the level of UNB (UNOA, UNOB) does not have */
};

struct edifact {
  struct edifact_segment *segments;
  size_t count;
  unsigned oddities; /* bits of enum edifact_oddity */
};

/* Splits hostile bytes by the separators of UNA, or the default ones. Line ends are skipped.
 * Fails: MESSAGE_MALFORMED (unended segment, bad tag, control characters), LIMIT_EXCEEDED, NO_MEMORY. */
sv_status edifact_read(struct sv_ctx *ctx, struct sv_bytes in, struct edifact *ret);

/* The component of an element, both from 1; "" when it is not there. Lent. */
const char *edifact_text(const struct edifact_segment *s, unsigned element, unsigned component);

/* Whether a level of characters has this one: 'A' for UNOA, 'B' for UNOB, anything else for those that have all of ASCII. */
bool edifact_level_has(char level, uint8_t c);

/* --- writing --- */

/* A segment is its tag, then elements and components in their order; those that are empty and last are not written. What
 * was put is released ("?'"). The buffer's failure is the only one. */
struct edifact_writer {
  struct sv_buf out;
  size_t segments;             /* since the caller last set it to 0 */
  size_t elements, components; /* empty ones that wait for something behind them */
};
void edifact_segment(struct edifact_writer *w, const char *tag);
void edifact_element(struct edifact_writer *w, const char *text);
void edifact_component(struct edifact_writer *w, const char *text);
void edifact_end(struct edifact_writer *w);
