/* From an interchange to a manifest: what the message says, in the model's own forms. What it does not say, or says in a way
 * that can't be read, stays empty and is a warning: a date or a role is never guessed. */
#include <stdio.h>
#include <string.h>

#include "formats/paxlst/paxlst.h"
#include "model/rules.h"

struct listing {
  struct sv_ctx *ctx;
  struct paxlst *p;
  struct model_manifest *m;
  struct sv_date departure; /* year 0: not known */
};

static void warn(struct listing *l, size_t line, const char *what) {
  const char *text = sv_arena_printf(l->ctx->mem, "person %zu: %s", line + 1, what);
  if (l->p->warning_count < PAXLST_WARNINGS_MAX && text) {
    l->p->warnings[l->p->warning_count++] = text;
  }
}

static void warn_head(struct listing *l, const char *what) {
  if (l->p->warning_count < PAXLST_WARNINGS_MAX) {
    l->p->warnings[l->p->warning_count++] = what;
  }
}

/* --- dates --- */

/* The digits of a text that has blanks at most besides; the number of digits, 0 for another text. */
static size_t digits_of(const char *text, char ret[static 17]) {
  size_t n = 0;
  for (const char *p = text; *p; p++) {
    if (*p == ' ') {
      continue;
    }
    if (*p < '0' || *p > '9' || n == 16) {
      return 0;
    }
    ret[n++] = *p;
  }
  ret[n] = '\0';
  return n;
}

static int two(const char *p) { return (p[0] - '0') * 10 + (p[1] - '0'); }

int paxlst_birth_year(int yy, int month, int day, struct sv_date departure) {
  int year = departure.year / 100 * 100 + yy;
  bool later = year > departure.year ||
               (year == departure.year &&
                (month > departure.month || (month == departure.month && day > departure.day)));
  return later ? year - 100 : year;
}

/* "YYYY-MM-DD" of six digits, their century found. */
static bool short_date(const struct listing *l, const char *d, bool birth, char ret[static 16]) {
  int year = 2000 + two(d);
  if (birth) {
    if (l->departure.year == 0) {
      return false;
    }
    year = paxlst_birth_year(two(d), two(d + 2), two(d + 4), l->departure);
  }
  (void)snprintf(ret, 16, "%04d-%.2s-%.2s", year % 10000, d + 2, d + 4);
  return true;
}

/* A date in one of the format codes 101, 102, 602, 610; "" when it is none. */
static const char *date_of(struct listing *l, const char *text, const char *format, bool birth) {
  char d[17], out[16] = "";
  size_t n = digits_of(text, d);
  struct sv_date known;
  if (n == 4 && strcmp(format, "602") == 0 && birth) {
    (void)snprintf(out, sizeof out, "%.4s-XX-XX", d);
  } else if (n == 6 && strcmp(format, "610") == 0 && birth) {
    (void)snprintf(out, sizeof out, "%.4s-%.2s-XX", d, d + 4);
  } else if (n == 8) {
    (void)snprintf(out, sizeof out, "%.4s-%.2s-%.2s", d, d + 4, d + 6);
  } else if (n != 6 || !short_date(l, d, birth, out)) {
    return "";
  }
  if (!strchr(out, 'X') && !sv_date_parse(out, &known)) {
    return "";
  }
  const char *kept = sv_arena_strdup(l->ctx->mem, out);
  return kept ? kept : "";
}

/* "YYYY-MM-DDTHH:MM:00" of YYMMDDHHMM or CCYYMMDDHHMM. */
static const char *time_of(struct listing *l, const char *text) {
  char d[17];
  size_t n = digits_of(text, d);
  if (n != 10 && n != 12) {
    return "";
  }
  const char *r = d + (n - 10);
  const char *out = sv_arena_printf(l->ctx->mem, "%.2s%.2s-%.2s-%.2sT%.2s:%.2s:00",
                                    n == 12 ? d : "20", r, r + 2, r + 4, r + 6, r + 8);
  return out ? out : "";
}

/* --- the routing --- */

static const char *stop_key(const struct paxlst_stop *s) {
  return s->arrival[0] ? s->arrival : s->departure;
}

/* Some put first arrival and last departure in front of the places between them. */
static void stops_sort(struct listing *l, struct paxlst_stop *v, size_t n) {
  bool moved = false;
  for (size_t i = 1; i < n; i++) {
    struct paxlst_stop one = v[i];
    size_t k = i;
    for (; k > 0 && stop_key(&one)[0] && strcmp(stop_key(&v[k - 1]), stop_key(&one)) > 0; k--) {
      v[k] = v[k - 1];
      moved = true;
    }
    v[k] = one;
  }
  if (moved) {
    warn_head(l, "the places of the routing are not in the order of their times");
  }
}

static sv_status legs_take(struct listing *l, const struct paxlst_message *from) {
  struct paxlst_stop *stops = SV_ARRAY(l->ctx->mem, PAXLST_STOPS_MAX, struct paxlst_stop);
  struct model_leg *legs = SV_ARRAY(l->ctx->mem, PAXLST_STOPS_MAX, struct model_leg);
  if (!stops || !legs) {
    return SV_FAIL(l->ctx, NO_MEMORY, "legs");
  }
  for (size_t i = 0; i < from->stop_count; i++) {
    stops[i] = from->stops[i];
    stops[i].departure = time_of(l, from->stops[i].departure);
    stops[i].arrival = time_of(l, from->stops[i].arrival);
  }
  stops_sort(l, stops, from->stop_count);
  for (size_t i = 0; i + 1 < from->stop_count; i++) {
    legs[i] = (struct model_leg){stops[i].airport, stops[i + 1].airport, stops[i].departure,
                                 stops[i + 1].arrival};
    if (!legs[i].departure_time[0] || !legs[i].arrival_time[0]) {
      warn_head(l, "a time of the routing is missing or can't be read");
    }
  }
  if (from->stop_count < 2) {
    warn_head(l, "there is no leg");
    return SV_DONE;
  }
  l->m->legs = legs;
  l->m->leg_count = from->stop_count - 1;
  char day[11];
  (void)snprintf(day, sizeof day, "%.10s", legs[0].departure_time);
  if (!sv_date_parse(day, &l->departure)) {
    l->departure = (struct sv_date){0};
  }
  return SV_DONE;
}

/* --- persons --- */

static const char *state_of(const char *code) { return paxlst_state_9303(code); }

static struct model_person bearer(struct listing *l, size_t line, const struct paxlst_person *p) {
  struct model_person out = {.surname = p->surname,
                             .given_names = p->given_names,
                             .native_name = "",
                             .birth_date = date_of(l, p->birth_date, p->birth_format, true),
                             .birth_place = "",
                             .sex = p->sex,
                             .nationality = state_of(p->nationality)};
  if (!out.birth_date[0]) {
    warn(l, line, "the birth date is missing or can't be read");
  }
  if (strcmp(p->sex, "U") == 0) {
    out.sex = "X";
    warn(l, line, "a sex that is not stated is read as X");
  }
  return out;
}

static uint32_t bags_of(struct listing *l, size_t line, const char *text) {
  char d[17];
  size_t n = digits_of(text, d);
  if (n > 2 || (n == 0 && text[0])) {
    warn(l, line, "the number of bags can't be read");
    return 0;
  }
  return n == 2 ? (uint32_t)two(d) : n == 1 ? (uint32_t)(d[0] - '0') : 0;
}

static void occupant_take(struct listing *l, const struct paxlst_person *p) {
  size_t line = l->m->occupant_count++;
  struct model_occupant *o = &l->m->occupants[line];
  bool crew = strcmp(p->qualifier, "FM") == 0 || strcmp(p->qualifier, "DDT") == 0;
  *o = (struct model_occupant){
      .occupant_id = p->reference,
      .role = crew ? MODEL_CREW : MODEL_ROLE_NONE,
      .person = bearer(l, line, p),
      .travel_document = {.type = p->document_type,
                          .number = p->document_number,
                          .issuing_state = state_of(p->document_issuer),
                          .expiry_date = date_of(l, p->document_expiry, p->expiry_format, false)},
      .seat = p->seat,
      .bags = bags_of(l, line, p->bags),
      .embark = p->embark,
      .debark = p->debark,
      .guardian_occupant_id = ""};
  if (p->qualifier[0] == 'D') {
    warn(l, line, "is in transit, and listed with those who are aboard");
  }
  if (p->document_expiry[0] && !o->travel_document.expiry_date[0]) {
    warn(l, line, "the expiry of the document can't be read");
  }
  if (!p->reference[0]) {
    const char *id = sv_arena_printf(l->ctx->mem, "LINE-%zu", line + 1);
    o->occupant_id = id ? id : "";
    warn(l, line, "has no reference (RFF ABO): it has one by its place");
  }
}

static bool takes_off(const struct paxlst_message *m) {
  static const char *const words[] = {"XR", "XF", "RP", "CLNB"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if (strcmp(m->change, words[i]) == 0) {
      return true;
    }
  }
  return false;
}

static struct model_manifest manifest_none(void) {
  return (struct model_manifest){.operator_name = "",
                                 .flight_number = "",
                                 .registration = "",
                                 .issuing_state = "",
                                 .signatory = ""};
}

sv_status paxlst_manifest(struct sv_ctx *ctx, struct paxlst *p, struct model_manifest *ret) {
  struct model_manifest m = manifest_none();
  struct listing l = {.ctx = ctx, .p = p, .m = &m};
  const struct paxlst_message *head = &p->messages[0];
  size_t persons = 0;
  for (size_t i = 0; i < p->message_count; i++) {
    persons += takes_off(&p->messages[i]) ? 0 : p->messages[i].person_count;
  }
  if (persons > MODEL_OCCUPANTS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "over %d persons", MODEL_OCCUPANTS_MAX);
  }
  m.occupants = SV_ARRAY(ctx->mem, persons, struct model_occupant);
  if (!m.occupants) {
    return SV_FAIL(ctx, NO_MEMORY, "occupants");
  }
  m.flight_number = head->flight;
  m.registration = head->registration;
  m.operator_name = head->carrier_name[0] ? head->carrier_name : head->carrier;
  SV_TRY(legs_take(&l, head));
  for (size_t i = 0; i < p->message_count; i++) {
    for (size_t k = 0; !takes_off(&p->messages[i]) && k < p->messages[i].person_count; k++) {
      occupant_take(&l, &p->messages[i].persons[k]);
    }
  }
  *ret = m;
  return SV_DONE;
}
