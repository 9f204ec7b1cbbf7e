/* Reading: the envelope first, then each message in one walk. A segment after a NAD of a person is that person's, and a DTM
 * after a place of the routing is that place's. Invariant: no warning repeats a value of the message. */
#include "formats/paxlst/paxlst.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
  struct sv_ctx *ctx;
  const struct edifact *e;
  struct paxlst *out;
};

static bool is(const struct edifact_segment *s, const char *tag) {
  return strcmp(s->tag, tag) == 0;
}

static bool first_is(const struct edifact_segment *s, const char *tag, const char *qualifier) {
  return is(s, tag) && strcmp(edifact_text(s, 1, 1), qualifier) == 0;
}

static void warn(struct reading *r, const char *text) {
  if (r->out->warning_count < PAXLST_WARNINGS_MAX && text) {
    r->out->warnings[r->out->warning_count++] = text;
  }
}

/* --- the envelope --- */

static void count_check(struct reading *r, const struct edifact_segment *s, size_t count) {
  char *end;
  const char *text = edifact_text(s, 1, 1);
  unsigned long stated = strtoul(text, &end, 10);
  if (text[0] == '\0' || *end || stated != count) {
    warn(r, sv_arena_printf(r->ctx->mem, "%s does not count its %zu", s->tag, count));
  }
}

static void reference_check(struct reading *r, const struct edifact_segment *open, unsigned element,
                            const struct edifact_segment *close) {
  if (strcmp(edifact_text(open, element, 1), edifact_text(close, 2, 1)) != 0) {
    warn(r, sv_arena_printf(r->ctx->mem, "%s does not refer to its %s", close->tag, open->tag));
  }
}

struct envelope {
  const struct edifact_segment *ung, *une;
  size_t unh[PAXLST_MESSAGES_MAX], unt[PAXLST_MESSAGES_MAX]; /* places of each message */
  size_t count;
};

/* Every UNH has its UNT before the next one. */
static sv_status messages_find(struct reading *r, struct envelope *v) {
  bool open = false;
  for (size_t i = 0; i < r->e->count; i++) {
    const struct edifact_segment *s = &r->e->segments[i];
    if (is(s, "UNH")) {
      if (open || v->count == PAXLST_MESSAGES_MAX) {
        break;
      }
      v->unh[v->count] = i;
      open = true;
    } else if (is(s, "UNT") && open) {
      v->unt[v->count++] = i;
      open = false;
    } else if (is(s, "UNG")) {
      v->ung = s;
    } else if (is(s, "UNE")) {
      v->une = s;
    }
  }
  if (v->count == PAXLST_MESSAGES_MAX && open) {
    return SV_FAIL(r->ctx, LIMIT_EXCEEDED, "over %d messages", PAXLST_MESSAGES_MAX);
  }
  return open || v->count == 0
             ? SV_FAIL(r->ctx, MESSAGE_MALFORMED,
                       "the interchange is truncated: UNB, UNH, UNT, UNZ are not all there")
             : SV_DONE;
}

static sv_status envelope_read(struct reading *r, struct envelope *ret) {
  const struct edifact_segment *first = &r->e->segments[0],
                               *last = &r->e->segments[r->e->count - 1];
  struct envelope v = {0};
  if (!is(first, "UNB") || !is(last, "UNZ")) {
    return SV_FAIL(r->ctx, MESSAGE_MALFORMED,
                   "the interchange is truncated: UNB, UNH, UNT, UNZ are not all there");
  }
  SV_TRY(messages_find(r, &v));
  for (size_t i = 0; i < v.count; i++) {
    const struct edifact_segment *open = &r->e->segments[v.unh[i]];
    const struct edifact_segment *close = &r->e->segments[v.unt[i]];
    if (strcmp(edifact_text(open, 2, 1), "PAXLST") != 0) {
      return SV_FAIL(r->ctx, MESSAGE_MALFORMED, "not a PAXLST message");
    }
    count_check(r, close, v.unt[i] - v.unh[i] + 1);
    reference_check(r, open, 1, close);
  }
  if (!v.ung != !v.une) {
    warn(r, "UNG and UNE are not a pair");
  } else if (v.ung) {
    count_check(r, v.une, v.count);
    reference_check(r, v.ung, 5, v.une);
  }
  count_check(r, last, v.ung ? 1 : v.count);
  reference_check(r, first, 5, last);
  *ret = v;
  return SV_DONE;
}

static void oddities_tell(struct reading *r) {
  static const struct {
    enum edifact_oddity bit;
    const char *text;
  } rows[] = {{EDIFACT_HEADING, "there is text in front of the interchange"},
              {EDIFACT_SPACED_TAG, "a tag has blanks"},
              {EDIFACT_BROKEN_LINE, "a segment has line ends in it"},
              {EDIFACT_BEYOND_LEVEL, "there are characters that the level of UNB does not have"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (r->e->oddities & rows[i].bit) {
      warn(r, rows[i].text);
    }
  }
}

/* --- a message --- */

static bool person_opens(const struct edifact_segment *s) {
  const char *q = edifact_text(s, 1, 1);
  return is(s, "NAD") && (strcmp(q, "FL") == 0 || strcmp(q, "FM") == 0 || strcmp(q, "DDU") == 0 ||
                          strcmp(q, "DDT") == 0);
}

static sv_status person_open(struct sv_ctx *ctx, const struct edifact_segment *s,
                             struct paxlst_person *p) {
  const char *second = edifact_text(s, 4, 2), *third = edifact_text(s, 4, 3);
  *p = (struct paxlst_person){.qualifier = edifact_text(s, 1, 1),
                              .surname = edifact_text(s, 4, 1),
                              .sex = "",
                              .birth_date = "",
                              .birth_format = "",
                              .embark = "",
                              .debark = "",
                              .nationality = "",
                              .reference = "",
                              .seat = "",
                              .bags = "",
                              .document_type = "",
                              .document_number = "",
                              .document_expiry = "",
                              .expiry_format = "",
                              .document_issuer = ""};
  p->given_names = third[0] ? sv_arena_printf(ctx->mem, "%s %s", second, third) : second;
  return p->given_names ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "person");
}

static void person_place(struct paxlst_person *p, const struct edifact_segment *s) {
  const char *q = edifact_text(s, 1, 1), *place = edifact_text(s, 2, 1);
  if (strcmp(q, "178") == 0) {
    p->embark = place;
  } else if (strcmp(q, "179") == 0) {
    p->debark = place;
  } else if (strcmp(q, "91") == 0) {
    p->document_issuer = place;
  }
}

static void person_take(struct paxlst_person *p, const struct edifact_segment *s) {
  if (first_is(s, "ATT", "2")) {
    p->sex = edifact_text(s, 3, 1);
  } else if (first_is(s, "DTM", "329")) {
    p->birth_date = edifact_text(s, 1, 2);
    p->birth_format = edifact_text(s, 1, 3);
  } else if (first_is(s, "DTM", "36")) {
    p->document_expiry = edifact_text(s, 1, 2);
    p->expiry_format = edifact_text(s, 1, 3);
  } else if (is(s, "LOC")) {
    person_place(p, s);
  } else if (first_is(s, "MEA", "CT")) {
    p->bags = edifact_text(s, 3, 2);
  } else if (first_is(s, "NAT", "2")) {
    p->nationality = edifact_text(s, 2, 1);
  } else if (first_is(s, "RFF", "ABO")) {
    p->reference = edifact_text(s, 1, 2);
  } else if (first_is(s, "RFF", "SEA")) {
    p->seat = edifact_text(s, 1, 2);
  } else if (is(s, "DOC")) {
    p->document_type = edifact_text(s, 1, 1);
    p->document_number = edifact_text(s, 2, 1);
  }
}

static void stop_take(struct reading *r, struct paxlst_message *m,
                      const struct edifact_segment *s) {
  const char *q = edifact_text(s, 1, 1), *place = edifact_text(s, 2, 1);
  if (strcmp(q, "125") == 0) {
    m->departure = place;
  } else if (strcmp(q, "87") == 0) {
    m->arrival = place;
  } else if (strcmp(q, "92") != 0 && strcmp(q, "130") != 0) {
    return;
  }
  if (m->stop_count == PAXLST_STOPS_MAX) {
    warn(r, "there are more places of the routing than are read");
    return;
  }
  m->stops[m->stop_count++] = (struct paxlst_stop){q, place, "", ""};
}

static void head_take(struct reading *r, struct paxlst_message *m,
                      const struct edifact_segment *s) {
  struct paxlst_stop *last = m->stop_count ? &m->stops[m->stop_count - 1] : NULL;
  if (is(s, "BGM")) {
    m->function = edifact_text(s, 1, 1);
    m->change = edifact_text(s, 2, 1);
  } else if (first_is(s, "RFF", "TN")) {
    m->reference = edifact_text(s, 1, 2);
    m->revision = edifact_text(s, 1, 5);
  } else if (first_is(s, "TDT", "20")) {
    m->flight = edifact_text(s, 2, 1);
    m->carrier = edifact_text(s, 5, 1);
    m->carrier_name = edifact_text(s, 5, 4);
    m->registration = edifact_text(s, 8, 1);
  } else if (is(s, "LOC")) {
    stop_take(r, m, s);
  } else if (first_is(s, "DTM", "189") && last) {
    last->departure = edifact_text(s, 1, 2);
  } else if (first_is(s, "DTM", "232") && last) {
    last->arrival = edifact_text(s, 1, 2);
  }
}

static struct paxlst_message message_none(void) {
  return (struct paxlst_message){.function = "",
                                 .change = "",
                                 .reference = "",
                                 .revision = "",
                                 .flight = "",
                                 .carrier = "",
                                 .carrier_name = "",
                                 .registration = "",
                                 .departure = "",
                                 .arrival = "",
                                 .stated_passengers = -1,
                                 .stated_crew = -1};
}

static void counts_check(struct reading *r, const struct paxlst_message *m) {
  size_t crew = 0;
  for (size_t i = 0; i < m->person_count; i++) {
    crew += strcmp(m->persons[i].qualifier, "FM") == 0;
  }
  if (m->stated_passengers >= 0 && (size_t)m->stated_passengers < m->person_count - crew) {
    warn(r, "CNT 42 is less than the passengers that are listed");
  }
  if (m->stated_crew >= 0 && (size_t)m->stated_crew < crew) {
    warn(r, "CNT 41 is less than the crew that is listed");
  }
}

static sv_status message_read(struct reading *r, size_t unh, size_t unt,
                              struct paxlst_message *ret) {
  struct paxlst_message m = message_none();
  m.segment_count = unt - unh + 1;
  size_t persons = 0;
  for (size_t i = unh; i < unt; i++) {
    persons += person_opens(&r->e->segments[i]);
  }
  m.persons = SV_ARRAY(r->ctx->mem, persons, struct paxlst_person);
  m.stops = SV_ARRAY(r->ctx->mem, PAXLST_STOPS_MAX, struct paxlst_stop);
  if (!m.persons || !m.stops) {
    return SV_FAIL(r->ctx, NO_MEMORY, "persons");
  }
  for (size_t i = unh + 1; i < unt; i++) {
    const struct edifact_segment *s = &r->e->segments[i];
    if (person_opens(s)) {
      SV_TRY(person_open(r->ctx, s, &m.persons[m.person_count]));
      m.person_count++;
    } else if (first_is(s, "CNT", "42")) {
      m.stated_passengers = strtol(edifact_text(s, 1, 2), NULL, 10);
    } else if (first_is(s, "CNT", "41")) {
      m.stated_crew = strtol(edifact_text(s, 1, 2), NULL, 10);
    } else if (m.person_count) {
      person_take(&m.persons[m.person_count - 1], s);
    } else {
      head_take(r, &m, s);
    }
  }
  counts_check(r, &m);
  *ret = m;
  return SV_DONE;
}

sv_status paxlst_read(struct sv_ctx *ctx, struct sv_bytes in, struct paxlst *ret) {
  struct edifact e;
  struct envelope around;
  SV_TRY(edifact_read(ctx, in, &e));
  if (e.count == 0) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "no segment");
  }
  struct paxlst p = {.warnings = SV_ARRAY(ctx->mem, PAXLST_WARNINGS_MAX, const char *)};
  struct reading r = {ctx, &e, &p};
  if (!p.warnings) {
    return SV_FAIL(ctx, NO_MEMORY, "warnings");
  }
  oddities_tell(&r);
  SV_TRY(envelope_read(&r, &around));
  p.messages = SV_ARRAY(ctx->mem, around.count, struct paxlst_message);
  if (!p.messages) {
    return SV_FAIL(ctx, NO_MEMORY, "messages");
  }
  for (; p.message_count < around.count; p.message_count++) {
    SV_TRY(message_read(&r, around.unh[p.message_count], around.unt[p.message_count],
                        &p.messages[p.message_count]));
  }
  *ret = p;
  return SV_DONE;
}
