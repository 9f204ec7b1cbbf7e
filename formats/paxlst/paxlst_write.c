/* Writing, by the guide and nothing beside it: the message is for other governments, so it says what passenger information asks
 * for and no more. Segments stand in the order of the message table; a count is made where its segments are. */
#include <stdio.h>
#include <string.h>

#include "base/fields.h"
#include "formats/mrz/mrz.h"
#include "formats/paxlst/paxlst.h"
#include "model/codes.h"

enum { NAME_MAX_CHARACTERS = 70, TEXT_MAX = 35 };

struct writing {
  struct sv_ctx *ctx;
  const struct model_manifest *m;
  const struct paxlst_occasion *o;
  struct edifact_writer w;
  struct sv_date departure;
  char reference[14]; /* of the interchange */
  char day[7], minute[5];
  char state[4]; /* where the flight ends */
  size_t messages;
};

const char *paxlst_state(const char *code_9303) {
  return strcmp(code_9303, "D") == 0 ? "DEU" : code_9303;
}

const char *paxlst_state_9303(const char *code) { return strcmp(code, "DEU") == 0 ? "D" : code; }

/* Elements of a segment, all of one component: put(w, "LOC", "125", "PAC", NULL). */
static void put(struct writing *v, const char *tag, const char *first, const char *second) {
  edifact_segment(&v->w, tag);
  edifact_element(&v->w, first);
  edifact_element(&v->w, second);
  edifact_end(&v->w);
}

/* One composite of up to three components. */
static void put_composite(struct writing *v, const char *tag, const char *a, const char *b,
                          const char *c) {
  edifact_segment(&v->w, tag);
  edifact_element(&v->w, a);
  edifact_component(&v->w, b);
  edifact_component(&v->w, c);
  edifact_end(&v->w);
}

static void put_number(struct writing *v, const char *tag, size_t n, const char *reference) {
  char text[24];
  (void)snprintf(text, sizeof text, "%zu", n);
  put(v, tag, text, reference);
}

/* --- texts --- */

static void cut(char *text, size_t max) {
  size_t n = strlen(text) < max ? strlen(text) : max;
  while (n > 0 && text[n - 1] == ' ') {
    n--;
  }
  text[n] = '\0';
}

/* A name in capitals A to Z, words parted by spaces. */
static sv_status name_of(struct writing *v, const char *name, const char *field, size_t line,
                         const char **ret) {
  const char *zone;
  sv_status s = mrz_transliterate(v->ctx, name, &zone, NULL);
  if (s.reason == SV_MRZ_FORMAT) {
    sv_ctx_clear(v->ctx);
    sv_ctx_violate(v->ctx, "has a character outside of the transliteration tables",
                   "flight_manifest.occupants[%zu].person.%s", line, field);
    return SV_FAIL(v->ctx, MRZ_FORMAT, "occupants[%zu].person.%s", line, field);
  }
  SV_TRY(s);
  char *text = sv_arena_strdup(v->ctx->mem, zone);
  if (!text) {
    return SV_FAIL(v->ctx, NO_MEMORY, "name");
  }
  for (char *p = text; *p; p++) {
    *p = (char)(*p == '<' ? ' ' : *p);
  }
  *ret = text;
  return SV_DONE;
}

/* Spaces part words, one each; none begins or ends a text, where a reader would not keep it. */
static void put_word_part(struct sv_buf *out, const char *part) {
  bool space = part[0] == ' ';
  if (!space || (out->n > 0 && out->p[out->n - 1] != ' ')) {
    sv_buf_str(out, part);
  }
}

/* A text of an authority or a company: characters of UNOA stay, letters are transliterated, the rest is a space. */
static sv_status plain_of(struct writing *v, const char *text, const char **ret) {
  struct sv_buf out = sv_buf_in(v->ctx->mem, 1024);
  for (const char *s = text, *from = s; sv_utf8_next(&s); from = s) {
    char one[5] = "";
    const char *latin = one;
    memcpy(one, from, (size_t)(s - from) < sizeof one ? (size_t)(s - from) : 0);
    if (one[0] < ' ' || one[1] != '\0' || !edifact_level_has('A', (uint8_t)one[0])) {
      sv_status s1 = mrz_transliterate(v->ctx, one, &latin, NULL);
      if (sv_failed(s1) && s1.reason != SV_MRZ_FORMAT) {
        return s1;
      }
      if (sv_failed(s1)) {
        sv_ctx_clear(v->ctx);
        latin = " ";
      }
    }
    put_word_part(&out, latin);
  }
  sv_buf_u8(&out, 0);
  if (out.failed) {
    return SV_FAIL(v->ctx, LIMIT_EXCEEDED, "a text of over 1,023 characters");
  }
  cut((char *)out.p, TEXT_MAX);
  *ret = (const char *)out.p;
  return SV_DONE;
}

/* --- dates --- */

/* Six digits, or with a format code where those would be read as another day. Unknown parts are left out. */
static void put_birth(struct writing *v, const char *date) {
  char text[9];
  struct sv_date d;
  if (strncmp(date, "XXXX", 4) == 0) {
    return;
  }
  if (!sv_date_parse(date, &d)) {
    bool month = date[5] != 'X';
    (void)snprintf(text, sizeof text, "%.4s%.2s", date, month ? date + 5 : "");
    put_composite(v, "DTM", "329", text, month ? "610" : "602");
    return;
  }
  bool in_short = paxlst_birth_year(d.year % 100, d.month, d.day, v->departure) == d.year;
  (void)snprintf(text, sizeof text, "%.4s%.2s%.2s", date, date + 5, date + 8);
  put_composite(v, "DTM", "329", in_short ? text + 2 : text, in_short ? "" : "102");
}

static void put_expiry(struct writing *v, const char *date) {
  char text[9];
  if (date[0]) {
    (void)snprintf(text, sizeof text, "%.4s%.2s%.2s", date, date + 5, date + 8);
    bool in_short = memcmp(text, "20", 2) == 0;
    put_composite(v, "DTM", "36", in_short ? text + 2 : text, in_short ? "" : "102");
  }
}

/* YYMMDDHHMM of the place's own clock. */
static void put_time(struct writing *v, const char *qualifier, const char *rfc3339) {
  char text[11];
  (void)snprintf(text, sizeof text, "%.2s%.2s%.2s%.2s%.2s", rfc3339 + 2, rfc3339 + 5, rfc3339 + 8,
                 rfc3339 + 11, rfc3339 + 14);
  put_composite(v, "DTM", qualifier, text, "201");
}

/* --- the head of a message --- */

static sv_status put_sender(struct writing *v) {
  const char *name, *telephone;
  SV_TRY(plain_of(v, v->o->authority->name_en, &name));
  SV_TRY(plain_of(v, v->o->authority->duty_telephone, &telephone));
  edifact_segment(&v->w, "NAD");
  edifact_element(&v->w, "MS");
  edifact_element(&v->w, "");
  edifact_element(&v->w, "");
  edifact_element(&v->w, name);
  edifact_end(&v->w);
  put_composite(v, "COM", telephone, "TE", "");
  return SV_DONE;
}

static bool is_designator(const char *operator_name) {
  size_t n = strlen(operator_name);
  for (size_t i = 0; i < n; i++) {
    char c = operator_name[i];
    if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return n == 2 || n == 3;
}

static sv_status put_flight(struct writing *v) {
  char flight[12];
  size_t n = 0;
  const char *name = "";
  bool code = is_designator(v->m->operator_name);
  for (const char *p = v->m->flight_number; *p && n < sizeof flight - 1; p++) {
    if (*p != ' ') {
      flight[n++] = *p;
    }
  }
  flight[n] = '\0';
  if (!code) {
    SV_TRY(plain_of(v, v->m->operator_name, &name));
  }
  const char *const elements[] = {"20", flight, "", "", code ? v->m->operator_name : ""};
  edifact_segment(&v->w, "TDT");
  for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
    edifact_element(&v->w, elements[i]);
  }
  const char *const carrier[] = {"", "", name};
  for (size_t i = 0; i < sizeof carrier / sizeof carrier[0]; i++) {
    edifact_component(&v->w, carrier[i]);
  }
  edifact_element(&v->w, "");
  edifact_element(&v->w, "");
  edifact_element(&v->w, v->m->registration);
  edifact_end(&v->w);
  return SV_DONE;
}

static const char *stop_at(const struct model_manifest *m, size_t i) {
  return i == 0 ? m->legs[0].from : m->legs[i - 1].to;
}

static bool stop_inside(const struct writing *v, size_t i) {
  char state[4];
  return model_airport_state(stop_at(v->m, i), state) && strcmp(state, v->state) == 0;
}

/* All places in their order. The border is between the last place outside of the state where the flight ends and the first
 * one inside; a flight within one state begins at its border. */
static void put_routing(struct writing *v) {
  size_t n = v->m->leg_count, border = 0;
  for (size_t i = n; i > 0 && border == 0; i--) {
    border = stop_inside(v, i - 1) ? 0 : i - 1;
  }
  for (size_t i = 0; i <= n; i++) {
    const char *q = i == border ? "125" : i == border + 1 ? "87" : i == n ? "130" : "92";
    put(v, "LOC", q, stop_at(v->m, i));
    if (i) {
      put_time(v, "232", v->m->legs[i - 1].arrival_time);
    }
    if (i < n) {
      put_time(v, "189", v->m->legs[i].departure_time);
    }
  }
}

static sv_status message_open(struct writing *v, const char *function, const char *change) {
  char reference[16], version[12];
  (void)snprintf(reference, sizeof reference, "PAX%03zu", ++v->messages);
  (void)snprintf(version, sizeof version, "%u", v->o->version);
  v->w.segments = 0;
  edifact_segment(&v->w, "UNH");
  edifact_element(&v->w, reference);
  static const char *const type[] = {"D", "15B", "UN", "IATA"};
  edifact_element(&v->w, "PAXLST");
  for (size_t i = 0; i < sizeof type / sizeof type[0]; i++) {
    edifact_component(&v->w, type[i]);
  }
  edifact_end(&v->w);
  put(v, "BGM", function, change);
  edifact_segment(&v->w, "RFF");
  edifact_element(&v->w, "TN");
  const char *const transaction[] = {v->o->number, "", "", version};
  for (size_t i = 0; i < sizeof transaction / sizeof transaction[0]; i++) {
    edifact_component(&v->w, transaction[i]);
  }
  edifact_end(&v->w);
  SV_TRY(put_sender(v));
  SV_TRY(put_flight(v));
  put_routing(v);
  return SV_DONE;
}

static void message_close(struct writing *v, const char *count_of, size_t persons) {
  char text[24];
  (void)snprintf(text, sizeof text, "%zu", persons);
  put_composite(v, "CNT", count_of, text, "");
  (void)snprintf(text, sizeof text, "PAX%03zu", v->messages);
  put_number(v, "UNT", v->w.segments + 1, text);
}

/* --- persons --- */

static sv_status put_name(struct writing *v, size_t line, const char *qualifier) {
  const struct model_person *p = &v->m->occupants[line].person;
  const char *surname, *given;
  SV_TRY(name_of(v, p->surname, "surname", line, &surname));
  SV_TRY(name_of(v, p->given_names, "given_names", line, &given));
  char first[512], rest[512], last[512];
  size_t n = strcspn(given, " ");
  (void)snprintf(last, sizeof last, "%s", surname);
  (void)snprintf(first, sizeof first, "%.*s", (int)(n < sizeof first ? n : 0), given);
  (void)snprintf(rest, sizeof rest, "%s", given[n] ? given + n + 1 : "");
  cut(last, NAME_MAX_CHARACTERS);
  cut(first, NAME_MAX_CHARACTERS);
  cut(rest, NAME_MAX_CHARACTERS);
  const char *const empty[] = {qualifier, "", ""};
  edifact_segment(&v->w, "NAD");
  for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
    edifact_element(&v->w, empty[i]);
  }
  edifact_element(&v->w, last);
  edifact_component(&v->w, first);
  edifact_component(&v->w, rest);
  edifact_end(&v->w);
  return SV_DONE;
}

static void put_document(struct writing *v, const struct model_travel_document *d) {
  if (!d->number[0]) {
    return;
  }
  edifact_segment(&v->w, "DOC");
  edifact_element(&v->w, d->type);
  edifact_component(&v->w, "110");
  edifact_component(&v->w, "111");
  edifact_element(&v->w, d->number);
  edifact_end(&v->w);
  put_expiry(v, d->expiry_date);
  if (d->issuing_state[0]) {
    put(v, "LOC", "91", paxlst_state(d->issuing_state));
  }
}

static void put_bags(struct writing *v, uint32_t bags) {
  char text[12];
  (void)snprintf(text, sizeof text, "%u", bags);
  edifact_segment(&v->w, "MEA");
  edifact_element(&v->w, "CT");
  edifact_element(&v->w, "");
  edifact_element(&v->w, "");
  edifact_component(&v->w, text);
  edifact_end(&v->w);
}

static sv_status put_person(struct writing *v, size_t line, const char *qualifier) {
  const struct model_occupant *o = &v->m->occupants[line];
  SV_TRY(put_name(v, line, qualifier));
  edifact_segment(&v->w, "ATT");
  edifact_element(&v->w, "2");
  edifact_element(&v->w, "");
  edifact_element(&v->w, o->person.sex);
  edifact_end(&v->w);
  put_birth(v, o->person.birth_date);
  if (o->bags) {
    put_bags(v, o->bags);
  }
  put(v, "LOC", "178", o->embark);
  put(v, "LOC", "179", o->debark);
  put(v, "NAT", "2", paxlst_state(o->person.nationality));
  put_composite(v, "RFF", "ABO", o->occupant_id, "");
  if (o->seat[0]) {
    put_composite(v, "RFF", "SEA", o->seat, "");
  }
  put_document(v, &o->travel_document);
  return SV_DONE;
}

static sv_status put_list(struct writing *v, bool crew, const char *function, const char *change) {
  size_t n = 0;
  SV_TRY(message_open(v, function, change));
  for (size_t i = 0; i < v->m->occupant_count; i++) {
    const struct model_occupant *o = &v->m->occupants[i];
    if (!o->offloaded && (o->role == MODEL_CREW) == crew) {
      SV_TRY(put_person(v, i, crew ? "FM" : "FL"));
      n++;
    }
  }
  message_close(v, crew ? "41" : "42", n);
  return SV_DONE;
}

/* Who is off is named by the reference alone, which the receiver has from the message before. */
static sv_status put_removed(struct writing *v) {
  SV_TRY(message_open(v, "745", "XR"));
  for (size_t i = 0; i < v->o->removed->n; i++) {
    put(v, "NAD", "FL", "");
    put_composite(v, "RFF", "ABO", v->o->removed->v[i], "");
  }
  message_close(v, "42", v->o->removed->n);
  return SV_DONE;
}

static sv_status messages_put(struct writing *v) {
  bool crew = false;
  for (size_t i = 0; i < v->m->occupant_count; i++) {
    crew = crew || (v->m->occupants[i].role == MODEL_CREW && !v->m->occupants[i].offloaded);
  }
  switch (v->o->stage) {
    case PAXLST_CANCELLED:
      SV_TRY(message_open(v, "745", "XF"));
      message_close(v, "42", 0);
      return SV_DONE;
    case PAXLST_CLOSED:
      SV_TRY(put_list(v, false, "266", "CLOB"));
      return crew ? put_list(v, true, "250", "CC") : SV_DONE;
    case PAXLST_CHANGE:
      SV_TRY(put_list(v, false, "745", "CP"));
      if (crew) {
        SV_TRY(put_list(v, true, "250", "CC"));
      }
      return v->o->removed && v->o->removed->n ? put_removed(v) : SV_DONE;
    case PAXLST_NEW:
      break;
  }
  SV_TRY(put_list(v, false, "745", ""));
  return crew ? put_list(v, true, "250", "C") : SV_DONE;
}

/* --- the interchange --- */

static void put_parties(struct writing *v, const char *tag, const char *first) {
  char sender[36];
  (void)snprintf(sender, sizeof sender, "%s%s", v->o->authority->state, v->o->authority->id);
  for (char *p = sender; *p; p++) {
    *p = (char)(*p >= 'a' && *p <= 'z' ? *p - 'a' + 'A' : *p);
  }
  edifact_segment(&v->w, tag);
  edifact_element(&v->w, first);
  if (tag[2] == 'B') {
    edifact_component(&v->w, "4");
  }
  edifact_element(&v->w, sender);
  edifact_element(&v->w, v->state);
  edifact_element(&v->w, v->day);
  edifact_component(&v->w, v->minute);
  edifact_element(&v->w, tag[2] == 'B' ? v->reference : "1");
}

static void interchange_open(struct writing *v) {
  edifact_segment(&v->w, "UNA:+.? ");
  edifact_end(&v->w);
  put_parties(v, "UNB", "UNOA");
  edifact_end(&v->w);
  put_parties(v, "UNG", "PAXLST");
  edifact_element(&v->w, "UN");
  edifact_element(&v->w, "D");
  edifact_component(&v->w, "15B");
  edifact_end(&v->w);
}

/* UNOA where it has all characters; else UNOB, which has lower case, or UNOC. The letter stands behind "UNA:+.? 'UNB+UNO". */
static void level_set(struct writing *v) {
  static const size_t at = sizeof "UNA:+.? 'UNB+UNO" - 1;
  char level = 'A';
  for (size_t i = 0; i < v->w.out.n && level != 'C'; i++) {
    while (level != 'C' && !edifact_level_has(level, v->w.out.p[i])) {
      level++;
    }
  }
  v->w.out.p[at] = (uint8_t)level;
}

sv_status paxlst_write(struct sv_ctx *ctx, const struct model_manifest *m,
                       const struct paxlst_occasion *o, struct sv_bytes *ret) {
  struct writing v = {
      .ctx = ctx, .m = m, .o = o, .w = {.out = sv_buf_in(ctx->mem, EDIFACT_BYTES_MAX)}};
  char day[11], now[21];
  (void)snprintf(day, sizeof day, "%.10s", m->legs[0].departure_time);
  SV_ASSERT(m->leg_count && sv_date_parse(day, &v.departure));
  if (!model_airport_state(m->legs[m->leg_count - 1].to, v.state)) {
    return SV_FAIL(ctx, FIELD_INVALID, "an airport without a state");
  }
  sv_time_format(o->time_us, now);
  (void)snprintf(v.day, sizeof v.day, "%.2s%.2s%.2s", now + 2, now + 5, now + 8);
  (void)snprintf(v.minute, sizeof v.minute, "%.2s%.2s", now + 11, now + 14);
  (void)snprintf(v.reference, sizeof v.reference, "%.9sV%u", o->number, o->version % 1000);
  interchange_open(&v);
  SV_TRY(messages_put(&v));
  put_number(&v, "UNE", v.messages, "1");
  put_number(&v, "UNZ", 1, v.reference);
  if (v.w.out.failed) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "a message of over %d bytes", EDIFACT_BYTES_MAX);
  }
  level_set(&v);
  *ret = sv_buf_bytes(&v.w.out);
  return SV_DONE;
}
