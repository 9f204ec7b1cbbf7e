/* Reading is one pass; a part is copied only into the arena. Trailing empty elements simply are not there. */
#include "formats/paxlst/edifact.h"

#include <string.h>

struct scan {
  struct sv_ctx *ctx;
  const uint8_t *p, *end;
  char component, element, release, terminator;
  char level; /* of UNB; 0 before it */
  unsigned oddities;
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

/* A telex puts addresses in front of the message. */
static void heading_skip(struct scan *s) {
  for (const uint8_t *p = s->p; s->end - p > 3; p++) {
    bool una = memcmp(p, "UNA", 3) == 0 && s->end - p >= 9;
    if ((una || memcmp(p, "UNB+", 4) == 0) && (p == s->p || p[-1] <= ' ')) {
      s->oddities |= p == s->p ? 0 : EDIFACT_HEADING;
      s->p = p;
      return;
    }
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
    if (c == '\r' || c == '\n') {
      s->oddities |= EDIFACT_BROKEN_LINE;
      continue;
    }
    if (s->level && !edifact_level_has(s->level, (uint8_t)c)) {
      s->oddities |= EDIFACT_BEYOND_LEVEL;
    }
    sv_buf_u8(&out, (uint8_t)c);
  }
  return SV_FAIL(s->ctx, MESSAGE_MALFORMED, "the interchange ends inside a segment");
}

/* "NAD " is meant as "NAD". */
static sv_status tag_trim(struct scan *s, const char **tag) {
  size_t n = strlen(*tag);
  while (n && is_blank((uint8_t)(*tag)[n - 1])) {
    n--;
  }
  if ((*tag)[n] == '\0') {
    return SV_DONE;
  }
  s->oddities |= EDIFACT_SPACED_TAG;
  *tag = sv_arena_strndup(s->ctx->mem, *tag, n);
  return *tag ? SV_DONE : SV_FAIL(s->ctx, NO_MEMORY, "tag");
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
  SV_TRY(tag_trim(s, &parts[0].text));
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

bool edifact_level_has(char level, uint8_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (level == 'B' && c >= 'a' && c <= 'z')) {
    return true;
  }
  if (level != 'A' && level != 'B') {
    return true;
  }
  return c && strchr(" .,-()/=!\"%&*;<>'+:?", c);
}

/* The level of an interchange; a head that names none is held to nothing. */
static void level_read(struct scan *s, const struct edifact_segment *unb) {
  const char *level = edifact_text(unb, 1, 1);
  if (strcmp(level, "UNOA") == 0 || strcmp(level, "UNOB") == 0) {
    s->level = level[3];
  }
}

sv_status edifact_read(struct sv_ctx *ctx, struct sv_bytes in, struct edifact *ret) {
  if (in.n > EDIFACT_BYTES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "over %d bytes", EDIFACT_BYTES_MAX);
  }
  struct scan s = {ctx, in.p, in.n ? in.p + in.n : in.p, ':', '+', '?', '\'', 0, 0};
  while (s.p < s.end && is_blank(*s.p)) {
    s.p++;
  }
  heading_skip(&s);
  una_read(&s);
  size_t room = 64;
  struct edifact e = {SV_ARRAY(ctx->mem, room, struct edifact_segment), 0, 0};
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
    if (e.count == 0) {
      level_read(&s, &e.segments[0]);
    }
    e.count++;
  }
  e.oddities = s.oddities;
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

/* --- writing --- */

void edifact_segment(struct edifact_writer *w, const char *tag) {
  sv_buf_str(&w->out, tag);
  w->segments++;
  w->elements = w->components = 0;
}

static void waiting_put(struct edifact_writer *w, const char *text) {
  if (text[0] == '\0') {
    return;
  }
  for (; w->elements; w->elements--) {
    sv_buf_u8(&w->out, '+');
  }
  for (; w->components; w->components--) {
    sv_buf_u8(&w->out, ':');
  }
  for (const char *p = text; *p; p++) {
    if (strchr("?+:'", *p)) {
      sv_buf_u8(&w->out, '?');
    }
    sv_buf_u8(&w->out, (uint8_t)*p);
  }
}

void edifact_element(struct edifact_writer *w, const char *text) {
  w->elements++;
  w->components = 0;
  waiting_put(w, text);
}

void edifact_component(struct edifact_writer *w, const char *text) {
  w->components++;
  waiting_put(w, text);
}

void edifact_end(struct edifact_writer *w) { sv_buf_u8(&w->out, '\''); }
