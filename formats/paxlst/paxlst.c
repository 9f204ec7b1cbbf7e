/* Envelope first (counts and references), then the message in one walk: a segment after a NAD of a person is that person's. */
#include "formats/paxlst/paxlst.h"

#include <stdlib.h>
#include <string.h>

static bool is(const struct edifact_segment *s, const char *tag) {
  return strcmp(s->tag, tag) == 0;
}

static bool first_is(const struct edifact_segment *s, const char *tag, const char *qualifier) {
  return is(s, tag) && strcmp(edifact_text(s, 1, 1), qualifier) == 0;
}

static const struct edifact_segment *find(const struct edifact *e, const char *tag,
                                          size_t *ret_at) {
  for (size_t i = 0; i < e->count; i++) {
    if (is(&e->segments[i], tag)) {
      *ret_at = i;
      return &e->segments[i];
    }
  }
  return NULL;
}

static sv_status count_holds(struct sv_ctx *ctx, const struct edifact_segment *s, size_t count) {
  char *end;
  const char *text = edifact_text(s, 1, 1);
  unsigned long stated = strtoul(text, &end, 10);
  if (text[0] == '\0' || *end || stated != count) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "%s does not count its %zu", s->tag, count);
  }
  return SV_DONE;
}

static sv_status reference_holds(struct sv_ctx *ctx, const struct edifact_segment *open,
                                 unsigned element, const struct edifact_segment *close) {
  if (strcmp(edifact_text(open, element, 1), edifact_text(close, 2, 1)) != 0) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "%s does not refer to its %s", close->tag, open->tag);
  }
  return SV_DONE;
}

struct envelope {
  size_t unh, unt;
};

static sv_status envelope_check(struct sv_ctx *ctx, const struct edifact *e, struct envelope *ret) {
  size_t at = 0, unh = 0, unt = 0;
  const struct edifact_segment *unb = find(e, "UNB", &at);
  const struct edifact_segment *open = find(e, "UNH", &unh);
  const struct edifact_segment *close = find(e, "UNT", &unt);
  if (!unb || at != 0 || !open || !close || unt < unh || !is(&e->segments[e->count - 1], "UNZ")) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED,
                   "the interchange is truncated: UNB, UNH, UNT, UNZ are not all there");
  }
  if (strcmp(edifact_text(open, 2, 1), "PAXLST") != 0) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "not a PAXLST message");
  }
  SV_TRY(count_holds(ctx, close, unt - unh + 1));
  SV_TRY(reference_holds(ctx, open, 1, close));
  const struct edifact_segment *ung = find(e, "UNG", &at);
  const struct edifact_segment *une = find(e, "UNE", &at);
  if (!ung != !une) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "UNG and UNE are not a pair");
  }
  if (ung) {
    SV_TRY(count_holds(ctx, une, 1));
    SV_TRY(reference_holds(ctx, ung, 5, une));
  }
  SV_TRY(count_holds(ctx, &e->segments[e->count - 1], 1));
  SV_TRY(reference_holds(ctx, unb, 5, &e->segments[e->count - 1]));
  *ret = (struct envelope){unh, unt};
  return SV_DONE;
}

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
                              .embark = "",
                              .debark = "",
                              .nationality = "",
                              .reference = "",
                              .seat = "",
                              .document_type = "",
                              .document_number = "",
                              .document_expiry = "",
                              .document_issuer = ""};
  p->given_names = third[0] ? sv_arena_printf(ctx->mem, "%s %s", second, third) : second;
  return p->given_names ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "person");
}

static void person_take(struct paxlst_person *p, const struct edifact_segment *s) {
  if (first_is(s, "ATT", "2")) {
    p->sex = edifact_text(s, 3, 1);
  } else if (first_is(s, "DTM", "329")) {
    p->birth_date = edifact_text(s, 1, 2);
  } else if (first_is(s, "LOC", "178")) {
    p->embark = edifact_text(s, 2, 1);
  } else if (first_is(s, "LOC", "179")) {
    p->debark = edifact_text(s, 2, 1);
  } else if (first_is(s, "NAT", "2")) {
    p->nationality = edifact_text(s, 2, 1);
  } else if (first_is(s, "RFF", "ABO")) {
    p->reference = edifact_text(s, 1, 2);
  } else if (first_is(s, "RFF", "SEA")) {
    p->seat = edifact_text(s, 1, 2);
  } else if (is(s, "DOC")) {
    p->document_type = edifact_text(s, 1, 1);
    p->document_number = edifact_text(s, 2, 1);
  } else if (first_is(s, "DTM", "36")) {
    p->document_expiry = edifact_text(s, 1, 2);
  } else if (first_is(s, "LOC", "91")) {
    p->document_issuer = edifact_text(s, 2, 1);
  }
}

static void head_take(struct paxlst_message *m, const struct edifact_segment *s) {
  if (is(s, "BGM")) {
    m->function = edifact_text(s, 1, 1);
    m->change = edifact_text(s, 2, 1);
  } else if (first_is(s, "TDT", "20")) {
    m->flight = edifact_text(s, 2, 1);
  } else if (first_is(s, "LOC", "125")) {
    m->departure = edifact_text(s, 2, 1);
  } else if (first_is(s, "LOC", "87")) {
    m->arrival = edifact_text(s, 2, 1);
  }
}

sv_status paxlst_read(struct sv_ctx *ctx, struct sv_bytes in, struct paxlst_message *ret) {
  struct edifact e;
  struct envelope around;
  SV_TRY(edifact_read(ctx, in, &e));
  if (e.count == 0) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "no segment");
  }
  SV_TRY(envelope_check(ctx, &e, &around));
  struct paxlst_message m = {.function = "",
                             .change = "",
                             .flight = "",
                             .departure = "",
                             .arrival = "",
                             .stated_passengers = -1,
                             .segment_count = around.unt - around.unh + 1};
  m.persons = SV_ARRAY(ctx->mem, m.segment_count, struct paxlst_person);
  if (!m.persons) {
    return SV_FAIL(ctx, NO_MEMORY, "persons");
  }
  for (size_t i = around.unh + 1; i < around.unt; i++) {
    const struct edifact_segment *s = &e.segments[i];
    if (person_opens(s)) {
      SV_TRY(person_open(ctx, s, &m.persons[m.person_count]));
      m.person_count++;
    } else if (first_is(s, "CNT", "42")) {
      m.stated_passengers = strtol(edifact_text(s, 1, 2), NULL, 10);
    } else if (m.person_count) {
      person_take(&m.persons[m.person_count - 1], s);
    } else {
      head_take(&m, s);
    }
  }
  *ret = m;
  return SV_DONE;
}
