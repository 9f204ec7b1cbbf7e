/* One pass; a part is copied only into the arena. Trailing empty elements simply are not there. */
#include "formats/paxlst/edifact.h"

#include <string.h>

struct scan {
  struct sv_ctx *ctx;
  const uint8_t *p, *end;
  char component, element, release, terminator;
};

static void una_read(struct scan *s) {
  if (s->end - s->p >= 9 && memcmp(s->p, "UNA", 3) == 0) {
    s->component = (char)s->p[3];
    s->element = (char)s->p[4];
    s->release = (char)s->p[6];
    s->terminator = (char)s->p[8];
    s->p += 9;
  }
}

static bool is_blank(uint8_t c) { return c == '\r' || c == '\n' || c == ' ' || c == '\t'; }

/* One part up to the next separator; *ret_stop is the separator. */
static sv_status part_read(struct scan *s, const char **ret, char *ret_stop) {
  struct sv_buf out = sv_buf_in(s->ctx->mem, 1024);
  while (s->p < s->end) {
    char c = (char)*s->p++;
    if (c == s->terminator || c == s->element || c == s->component) {
      sv_buf_u8(&out, 0);
      if (out.failed) {
        return SV_FAIL(s->ctx, LIMIT_EXCEEDED, "an EDIFACT component of over 1,023 characters");
      }
      *ret = (const char *)out.p;
      *ret_stop = c;
      return SV_DONE;
    }
    if (c == s->release) {
      if (s->p == s->end) {
        break;
      }
      c = (char)*s->p++;
    }
    if ((uint8_t)c < 0x20 && !is_blank((uint8_t)c)) {
      return SV_FAIL(s->ctx, MESSAGE_MALFORMED, "a control character in EDIFACT");
    }
    if (c != '\r' && c != '\n') {
      sv_buf_u8(&out, (uint8_t)c);
    }
  }
  return SV_FAIL(s->ctx, MESSAGE_MALFORMED, "the interchange ends inside a segment");
}

static bool tag_good(const char *tag) {
  if (strlen(tag) != 3) {
    return false;
  }
  for (int i = 0; i < 3; i++) {
    if (!((tag[i] >= 'A' && tag[i] <= 'Z') || (tag[i] >= '0' && tag[i] <= '9'))) {
      return false;
    }
  }
  return true;
}

static sv_status segment_read(struct scan *s, struct edifact_segment *ret) {
  struct edifact_part parts[EDIFACT_PARTS_MAX];
  size_t n = 0;
  uint16_t element = 0, component = 1;
  for (;;) {
    if (n == EDIFACT_PARTS_MAX) {
      return SV_FAIL(s->ctx, LIMIT_EXCEEDED, "an EDIFACT segment of over %d components",
                     EDIFACT_PARTS_MAX);
    }
    char stop;
    SV_TRY(part_read(s, &parts[n].text, &stop));
    parts[n].element = element;
    parts[n].component = component;
    n++;
    if (stop == s->terminator) {
      break;
    }
    element = (uint16_t)(stop == s->element ? element + 1 : element);
    component = (uint16_t)(stop == s->element ? 1 : component + 1);
  }
  if (!tag_good(parts[0].text)) {
    return SV_FAIL(s->ctx, MESSAGE_MALFORMED, "not a segment tag");
  }
  struct edifact_part *kept = SV_ARRAY(s->ctx->mem, n, struct edifact_part);
  if (!kept) {
    return SV_FAIL(s->ctx, NO_MEMORY, "EDIFACT segment");
  }
  memcpy(kept, parts, n * sizeof parts[0]);
  *ret = (struct edifact_segment){parts[0].text, kept, n};
  return SV_DONE;
}

sv_status edifact_read(struct sv_ctx *ctx, struct sv_bytes in, struct edifact *ret) {
  if (in.n > EDIFACT_BYTES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "over %d bytes", EDIFACT_BYTES_MAX);
  }
  struct scan s = {ctx, in.p, in.n ? in.p + in.n : in.p, ':', '+', '?', '\''};
  una_read(&s);
  size_t room = 64;
  struct edifact e = {SV_ARRAY(ctx->mem, room, struct edifact_segment), 0};
  for (;;) {
    while (s.p < s.end && is_blank(*s.p)) {
      s.p++;
    }
    if (s.p == s.end) {
      break;
    }
    if (e.count == room) {
      struct edifact_segment *more =
          room < EDIFACT_SEGMENTS_MAX ? SV_ARRAY(ctx->mem, room * 2, struct edifact_segment) : NULL;
      if (more) {
        memcpy(more, e.segments, room * sizeof *more);
      }
      e.segments = more;
      room *= 2;
    }
    if (!e.segments) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "too many EDIFACT segments");
    }
    SV_TRY(segment_read(&s, &e.segments[e.count]));
    e.count++;
  }
  *ret = e;
  return SV_DONE;
}

const char *edifact_text(const struct edifact_segment *s, unsigned element, unsigned component) {
  for (size_t i = 0; i < s->part_count; i++) {
    if (s->parts[i].element == element && s->parts[i].component == component) {
      return s->parts[i].text;
    }
  }
  return "";
}
