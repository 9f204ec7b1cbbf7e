/* A copy is drawn from what this file leaves of a manifest, so that a field which is not copied here can't reach a page. */
#include "model/audience.h"

#include <string.h>

#include "base/fields.h"
#include "model/rules.h"

const struct model_shown_row model_shown_table[MODEL_SHOWN_COUNT] = {
#define X(name, text, to) [MODEL_SHOWN_##name] = {text, to},
    MODEL_SHOWN(X)
#undef X
};

bool model_shows(enum model_audience audience, enum model_shown field) {
  enum model_audience who = audience == MODEL_AUDIENCE_NONE ? MODEL_AUTHORITY : audience;
  return (model_shown_table[field].to & MODEL_TO(who)) != 0;
}

const char *model_audience_name(enum model_audience audience) {
  static const char *const names[] = {"", "AUTHORITY", "GATE", "OPERATOR", "DESTINATION"};
  return audience < MODEL_AUDIENCES ? names[audience] : "";
}

/* "ANA MARÍA" is "A. M.". */
static const char *initials_of(struct sv_ctx *ctx, const char *names) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  bool start = true;
  const char *from = names;
  for (const char *s = names; sv_utf8_next(&s); from = s) {
    bool gap = *from == ' ' || *from == '-';
    if (start && !gap) {
      sv_buf_str(&out, out.n ? " " : "");
      sv_buf_put(&out, from, (size_t)(s - from));
      sv_buf_u8(&out, '.');
    }
    start = gap;
  }
  sv_buf_u8(&out, 0);
  return out.failed ? NULL : (const char *)out.p;
}

static enum model_role category_of(enum model_role role) {
  return role == MODEL_CREW              ? MODEL_CREW
         : model_role_is_passenger(role) ? MODEL_RETURNEE
                                         : MODEL_ESCORT;
}

/* An infant on a lap has no seat; that is what the column says, and the code is not needed for it. */
static const char *seat_of(const struct model_occupant *o) {
  for (size_t i = 0; i < o->service_codes.n; i++) {
    if (strcmp(o->service_codes.v[i], "INFT") == 0) {
      return "INF";
    }
  }
  return o->seat;
}

static sv_status line_of(struct sv_ctx *ctx, const struct model_occupant *o, enum model_audience to,
                         struct model_occupant *ret) {
  *ret = (struct model_occupant){.occupant_id = "",
                                 .role = category_of(o->role),
                                 .person = {"", "", "", "", "", "", "", {0}},
                                 .travel_document = {"", "", "", ""},
                                 .seat = "",
                                 .embark = "",
                                 .debark = "",
                                 .guardian_occupant_id = "",
                                 .offloaded = o->offloaded,
                                 .changed = model_shows(to, MODEL_SHOWN_CHANGES) && o->changed};
  if (o->offloaded) {
    return SV_DONE;
  }
  ret->person.surname = o->person.surname;
  ret->person.given_names = model_shows(to, MODEL_SHOWN_GIVEN_NAMES)
                                ? o->person.given_names
                                : initials_of(ctx, o->person.given_names);
  ret->embark = o->embark;
  ret->debark = o->debark;
  ret->seat = model_shows(to, MODEL_SHOWN_SEAT) ? seat_of(o) : "";
  ret->bags = model_shows(to, MODEL_SHOWN_BAGS) ? o->bags : 0;
  return ret->person.given_names ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "initials");
}

sv_status model_audience_manifest(struct sv_ctx *ctx, const struct model_manifest *m,
                                  enum model_audience audience, struct model_manifest *ret) {
  struct model_occupant *lines = SV_ARRAY(ctx->mem, m->occupant_count, struct model_occupant);
  if (!lines) {
    return SV_FAIL(ctx, NO_MEMORY, "lines of a copy");
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    SV_TRY(line_of(ctx, &m->occupants[i], audience, &lines[i]));
  }
  *ret = (struct model_manifest){.operator_name = m->operator_name,
                                 .flight_number = m->flight_number,
                                 .registration = m->registration,
                                 .legs = m->legs,
                                 .leg_count = m->leg_count,
                                 .occupants = lines,
                                 .occupant_count = m->occupant_count,
                                 .issuing_state = m->issuing_state,
                                 .signatory = m->signatory};
  if (model_shows(audience, MODEL_SHOWN_SEATS)) {
    ret->seats = m->seats;
  }
  if (model_shows(audience, MODEL_SHOWN_ALTERNATES)) {
    ret->alternates = m->alternates;
  }
  if (model_shows(audience, MODEL_SHOWN_REASONS)) {
    ret->version_reason = m->version_reason;
  }
  return SV_DONE;
}
