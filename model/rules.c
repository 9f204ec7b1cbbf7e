/* Field tables of the API, and the rules between fields. Messages never repeat a value: it may be a person's. */
#include "model/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"
#include "model/codes.h"
#include "model/names.h"
#include "model/number.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

const char *model_kind_field(enum model_kind kind) {
  switch (kind) {
    case MODEL_SAFE_CONDUCT:
      return "safe_conduct";
    case MODEL_FLIGHT_MANIFEST:
      return "flight_manifest";
    case MODEL_DISBURSEMENT_RECEIPT:
      return "disbursement_receipt";
    case MODEL_KIND_NONE:
      break;
  }
  return "content";
}

static const char *state_fault(const char *v) {
  return model_state_known(v) ? NULL : "is not a code of ICAO Doc 9303-3 section 5";
}

static const char *issuer_fault(const char *v) {
  return model_state_issues(v) ? NULL : "is not a state that issues documents";
}

static const char *airport_fault(const char *v) {
  return model_airport_known(v) ? NULL : "is not an IATA airport code";
}

static const char *territory_fault(const char *v) {
  char territory[4];
  return model_state_territory(v, territory) ? NULL : "is not a state's code";
}

static const char *stop_fault(const char *v) {
  char territory[4];
  return model_airport_known(v) || model_state_territory(v, territory)
             ? NULL
             : "is neither an IATA airport code nor a state's code";
}

static const char *currency_fault(const char *v) {
  return model_currency_exponent(v) >= 0 ? NULL : "is not a currency of ISO 4217 with a minor unit";
}

static const char *date_fault(const char *v) {
  struct sv_date d;
  return sv_date_parse(v, &d) ? NULL : "is not a date (YYYY-MM-DD)";
}

/* A birth date may have an unknown day, day and month, or be unknown as a whole. */
static const char *birth_fault(const char *v) {
  static const char wrong[] = "is not a date (YYYY-MM-DD, unknown parts XX)";
  if (strlen(v) != 10) {
    return wrong;
  }
  char known[11];
  memcpy(known, v, sizeof known);
  bool year = memcmp(v, "XXXX", 4) == 0, month = memcmp(v + 5, "XX", 2) == 0,
       day = memcmp(v + 8, "XX", 2) == 0;
  if ((year && !month) || (month && !day)) {
    return wrong;
  }
  if (year) {
    memcpy(known, "2000", 4);
  }
  if (month) {
    memcpy(known + 5, "01", 2);
  }
  if (day) {
    memcpy(known + 8, "01", 2);
  }
  struct sv_date d;
  return sv_date_parse(known, &d) ? NULL : wrong;
}

static const char *sex_fault(const char *v) {
  return strcmp(v, "F") == 0 || strcmp(v, "M") == 0 || strcmp(v, "X") == 0 ? NULL
                                                                           : "is not F, M or X";
}

static const char *document_type_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    if (*p < 'A' || *p > 'Z') {
      return "is not a document type of PAXLST (capital letters)";
    }
  }
  return NULL;
}

static const char *service_code_fault(const char *v) {
  return strlen(v) == 4 && !document_type_fault(v) ? NULL
                                                   : "is not a service code of IATA (AIRIMP)";
}

static const char *document_number_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))) {
      return "may have capital letters and digits only";
    }
  }
  return NULL;
}

/* Of this century: the visible seal counts minutes from 1970 in 32 bits. */
static const char *time_fault(const char *v) {
  static const int64_t first_us = 946684800000000, end_us = 4102444800000000; /* 2000, 2100 */
  int64_t us;
  if (!sv_time_parse(v, &us, NULL)) {
    return "is not a time of RFC 3339 with offset";
  }
  return us >= first_us && us < end_us ? NULL : "is not in this century";
}

static const char *number_fault(const char *v) {
  return model_number_parse(v, NULL, NULL, NULL) ? NULL : "is not a document number";
}

static const char *flight_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == ' ')) {
      return "may have capital letters, digits and a space only";
    }
  }
  return model_text_fault(v);
}

static const char *registration_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-')) {
      return "may have capital letters, digits and a hyphen only";
    }
  }
  return NULL;
}

static const char *seat_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    if (!((*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))) {
      return "is not a seat";
    }
  }
  return NULL;
}

static const char *obligation_fault(const char *v) {
  static const char wrong[] =
      "is not a resource name \"obligations/ID\" (ID: letters, digits, hyphen)";
  if (strncmp(v, "obligations/", 12) != 0 || v[12] == '\0') {
    return wrong;
  }
  for (const char *p = v + 12; *p; p++) {
    if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
          *p == '-')) {
      return wrong;
    }
  }
  return NULL;
}

static const char *rf_fault(const char *v) {
  return model_rf_reference_valid(v) ? NULL : "is not an ISO 11649 creditor reference";
}

static const struct sv_field_rule person_rules[] = {
    SV_FIELD(struct model_person, surname, 1, 80, SV_REQUIRED, model_name_fault),
    SV_FIELD(struct model_person, given_names, 1, 80, SV_OPTIONAL, model_name_fault),
    SV_FIELD(struct model_person, native_name, 1, 120, SV_OPTIONAL, model_name_fault),
    SV_FIELD(struct model_person, birth_date, 10, 10, SV_REQUIRED, birth_fault),
    SV_FIELD(struct model_person, birth_place, 1, 80, SV_OPTIONAL, model_text_fault),
    SV_FIELD(struct model_person, sex, 1, 1, SV_REQUIRED, sex_fault),
    SV_FIELD(struct model_person, nationality, 1, 3, SV_REQUIRED, state_fault),
};

static const struct sv_field_rule travel_document_rules[] = {
    SV_FIELD(struct model_travel_document, type, 1, 3, SV_OPTIONAL, document_type_fault),
    SV_FIELD(struct model_travel_document, number, 1, 22, SV_REQUIRED, document_number_fault),
    SV_FIELD(struct model_travel_document, issuing_state, 1, 3, SV_REQUIRED, issuer_fault),
    SV_FIELD(struct model_travel_document, expiry_date, 10, 10, SV_OPTIONAL, date_fault),
};

static const struct sv_field_rule letter_rules[] = {
    SV_FIELD(struct model_safe_conduct, issuing_state, 1, 3, SV_REQUIRED, issuer_fault),
    SV_FIELD(struct model_safe_conduct, issuing_place, 1, 60, SV_OPTIONAL, model_text_fault),
    SV_FIELD(struct model_safe_conduct, valid_from, 10, 10, SV_REQUIRED, date_fault),
    SV_FIELD(struct model_safe_conduct, valid_until, 10, 10, SV_REQUIRED, date_fault),
    SV_FIELD(struct model_safe_conduct, legal_basis, 1, 64, SV_OPTIONAL, model_token_fault),
    SV_FIELD(struct model_safe_conduct, signatory, 1, 128, SV_OPTIONAL, model_token_fault),
    SV_FIELD(struct model_safe_conduct, guardian_letter, 9, 9, SV_OPTIONAL, number_fault),
    SV_FIELD(struct model_safe_conduct, case_reference, 1, 64, SV_OPTIONAL, model_token_fault),
};

static const struct sv_field_rule manifest_rules[] = {
    {"operator", offsetof(struct model_manifest, operator_name), 2, 60, SV_REQUIRED,
     model_text_fault},
    SV_FIELD(struct model_manifest, flight_number, 2, 9, SV_REQUIRED, flight_fault),
    SV_FIELD(struct model_manifest, registration, 2, 10, SV_REQUIRED, registration_fault),
    SV_FIELD(struct model_manifest, issuing_state, 1, 3, SV_REQUIRED, issuer_fault),
    SV_FIELD(struct model_manifest, signatory, 1, 128, SV_OPTIONAL, model_token_fault),
};

static const struct sv_field_rule leg_rules[] = {
    SV_FIELD(struct model_leg, from, 3, 3, SV_REQUIRED, airport_fault),
    SV_FIELD(struct model_leg, to, 3, 3, SV_REQUIRED, airport_fault),
    SV_FIELD(struct model_leg, departure_time, 20, 35, SV_REQUIRED, time_fault),
    SV_FIELD(struct model_leg, arrival_time, 20, 35, SV_REQUIRED, time_fault),
};

/* The registry lists occupants with commas between them. */
static const char *occupant_id_fault(const char *value) {
  return strchr(value, ',') ? "may have no comma" : model_token_fault(value);
}

static const struct sv_field_rule occupant_rules[] = {
    SV_FIELD(struct model_occupant, occupant_id, 1, 35, SV_REQUIRED, occupant_id_fault),
    SV_FIELD(struct model_occupant, seat, 2, 4, SV_OPTIONAL, seat_fault),
    SV_FIELD(struct model_occupant, embark, 3, 3, SV_OPTIONAL, airport_fault),
    SV_FIELD(struct model_occupant, debark, 3, 3, SV_OPTIONAL, airport_fault),
    SV_FIELD(struct model_occupant, guardian_occupant_id, 1, 35, SV_OPTIONAL, occupant_id_fault),
};

static const struct sv_field_rule receipt_rules[] = {
    SV_FIELD(struct model_receipt, obligation, 13, 52, SV_REQUIRED, obligation_fault),
    SV_FIELD(struct model_receipt, payee_name, 1, 80, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct model_receipt, payee_id, 1, 35, SV_OPTIONAL, model_text_fault),
    SV_FIELD(struct model_receipt, currency, 3, 3, SV_REQUIRED, currency_fault),
    SV_FIELD(struct model_receipt, payment_date, 10, 10, SV_REQUIRED, date_fault),
    SV_FIELD(struct model_receipt, remittance_reference, 5, 25, SV_OPTIONAL, rf_fault),
    SV_FIELD(struct model_receipt, end_to_end_id, 1, 35, SV_OPTIONAL, model_token_fault),
    SV_FIELD(struct model_receipt, reversal_of, 9, 9, SV_OPTIONAL, number_fault),
    SV_FIELD(struct model_receipt, base_currency, 3, 3, SV_OPTIONAL, currency_fault),
};

static const struct sv_field_rule line_rules[] = {
    SV_FIELD(struct model_receipt_line, description, 1, 120, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct model_receipt_line, manifest_number, 9, 9, SV_OPTIONAL, number_fault),
    SV_FIELD(struct model_receipt_line, service_date, 10, 10, SV_OPTIONAL, date_fault),
};

static void person_check(struct sv_ctx *ctx, const struct model_person *p, const char *path,
                         struct sv_date today) {
  size_t before = ctx->violation_count;
  sv_fields_check(ctx, p, person_rules, COUNT(person_rules), path);
  if (ctx->violation_count == before && p->birth_date[0] != 'X') {
    char date[11];
    sv_date_format(today, date);
    /* unknown parts sort above digits, so only the known ones are compared */
    size_t known = p->birth_date[5] == 'X' ? 4 : p->birth_date[8] == 'X' ? 7 : 10;
    if (memcmp(p->birth_date, date, known) > 0) {
      sv_ctx_violate(ctx, "is in the future", "%s.birth_date", path);
    }
  }
}

static bool travel_document_given(const struct model_travel_document *d) {
  return d->type[0] || d->number[0] || d->issuing_state[0] || d->expiry_date[0];
}

void model_person_check(struct sv_ctx *ctx, const struct model_person *p, const char *path,
                        struct sv_date today) {
  person_check(ctx, p, path, today);
}

void model_travel_document_check(struct sv_ctx *ctx, const struct model_travel_document *d,
                                 const char *path) {
  if (travel_document_given(d)) {
    sv_fields_check(ctx, d, travel_document_rules, COUNT(travel_document_rules), path);
  }
}

const char *model_territory_fault(const char *code) { return territory_fault(code); }

static void texts_check(struct sv_ctx *ctx, const struct model_texts *t, size_t max,
                        size_t length_max, sv_field_check *check, const char *path) {
  if (t->n > max) {
    sv_ctx_violate(ctx, "has too many elements", "%s", path);
    return;
  }
  for (size_t i = 0; i < t->n; i++) {
    const char *fault = t->v[i][0] == '\0'                     ? "is empty"
                        : sv_utf8_length(t->v[i]) > length_max ? "is too long"
                                                               : check(t->v[i]);
    if (fault) {
      sv_ctx_violate(ctx, fault, "%s[%zu]", path, i);
    }
  }
}

static void letter_dates_check(struct sv_ctx *ctx, const struct model_safe_conduct *l,
                               struct sv_date today) {
  struct sv_date from, until;
  if (!sv_date_parse(l->valid_from, &from) || !sv_date_parse(l->valid_until, &until)) {
    return;
  }
  int64_t days = sv_date_days(until) - sv_date_days(from);
  if (days < 0) {
    sv_ctx_violate(ctx, "is before valid_from", "safe_conduct.valid_until");
  } else if (sv_date_days(until) < sv_date_days(today)) {
    sv_ctx_violate(ctx, "is in the past", "safe_conduct.valid_until");
  } else if (days > 3660 || (l->purpose == MODEL_EMERGENCY_TRAVEL_DOCUMENT && days > 366)) {
    sv_ctx_violate(ctx, "is too far from valid_from", "safe_conduct.valid_until");
  }
}

static void letter_check(struct sv_ctx *ctx, const struct model_safe_conduct *l,
                         struct sv_date today) {
  if (l->purpose < MODEL_TRANSIT_EXIT || l->purpose > MODEL_PROTECTION_STAY) {
    sv_ctx_violate(ctx, l->purpose == MODEL_PURPOSE_NONE ? "is required" : "is not a known value",
                   "safe_conduct.purpose");
  }
  if (l->identity_basis < 0 || l->identity_basis > 4) {
    sv_ctx_violate(ctx, "is not a known value", "safe_conduct.identity_basis");
  }
  person_check(ctx, &l->holder, "safe_conduct.holder", today);
  if (l->holder.portrait_jpeg.n > MODEL_PORTRAIT_MAX_BYTES) {
    sv_ctx_violate(ctx, "is over 64 KiB", "safe_conduct.holder.portrait_jpeg");
  }
  if (travel_document_given(&l->identity_document)) {
    sv_fields_check(ctx, &l->identity_document, travel_document_rules, COUNT(travel_document_rules),
                    "safe_conduct.identity_document");
  }
  sv_fields_check(ctx, l, letter_rules, COUNT(letter_rules), "safe_conduct");
  letter_dates_check(ctx, l, today);
  texts_check(ctx, &l->route, MODEL_ROUTE_MAX, 3, stop_fault, "safe_conduct.route");
  for (size_t i = 1; i < l->route.n && l->route.n <= MODEL_ROUTE_MAX; i++) {
    if (strcmp(l->route.v[i], l->route.v[i - 1]) == 0) {
      sv_ctx_violate(ctx, "is the stop before", "safe_conduct.route[%zu]", i);
    }
  }
  texts_check(ctx, &l->not_valid_for, 40, 3, territory_fault, "safe_conduct.not_valid_for");
  if (l->purpose == MODEL_EMERGENCY_TRAVEL_DOCUMENT && l->route.n < 2) {
    sv_ctx_violate(ctx, "needs the start and the destination", "safe_conduct.route");
  }
}

static void legs_check(struct sv_ctx *ctx, const struct model_manifest *m) {
  if (m->leg_count == 0 || m->leg_count > MODEL_LEGS_MAX) {
    sv_ctx_violate(ctx, m->leg_count ? "has too many elements" : "is required",
                   "flight_manifest.legs");
    return;
  }
  int64_t last_us = INT64_MIN;
  for (size_t i = 0; i < m->leg_count; i++) {
    const struct model_leg *leg = &m->legs[i];
    char path[64];
    (void)snprintf(path, sizeof path, "flight_manifest.legs[%zu]", i);
    sv_fields_check(ctx, leg, leg_rules, COUNT(leg_rules), path);
    int64_t dep, arr;
    if (!sv_time_parse(leg->departure_time, &dep, NULL) ||
        !sv_time_parse(leg->arrival_time, &arr, NULL)) {
      continue;
    }
    if (dep < last_us) {
      sv_ctx_violate(ctx, "is before the arrival of the leg before", "%s.departure_time", path);
    }
    if (arr <= dep) {
      sv_ctx_violate(ctx, "is not after the departure", "%s.arrival_time", path);
    }
    last_us = arr;
    if (i && strcmp(leg->from, m->legs[i - 1].to) != 0) {
      sv_ctx_violate(ctx, "is not where the leg before ends", "%s.from", path);
    }
    if (strcmp(leg->from, leg->to) == 0 && leg->from[0]) {
      sv_ctx_violate(ctx, "is where the leg begins", "%s.to", path);
    }
  }
}

/* Place of an airport on the routing: 0 for the first departure, i + 1 for the arrival of leg i; -1 when not on it. */
static int stop_index(const struct model_manifest *m, const char *airport, int first) {
  for (int i = first; i <= (int)m->leg_count; i++) {
    const char *stop = i == 0 ? m->legs[0].from : m->legs[i - 1].to;
    if (strcmp(stop, airport) == 0) {
      return i;
    }
  }
  return -1;
}

static void stretch_check(struct sv_ctx *ctx, const struct model_manifest *m,
                          const struct model_occupant *o, const char *path) {
  if (m->leg_count == 0 || m->leg_count > MODEL_LEGS_MAX) {
    return;
  }
  int from = o->embark[0] ? stop_index(m, o->embark, 0) : 0;
  if (from < 0 || from == (int)m->leg_count) {
    sv_ctx_violate(ctx, "is not a departure of this flight", "%s.embark", path);
  } else if (o->debark[0] && stop_index(m, o->debark, from + 1) < 0) {
    sv_ctx_violate(ctx, "is not an arrival after the embarkation", "%s.debark", path);
  }
}

static int token_compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Values that must be unique over all lines, found by sorting. */
static void unique_check(struct sv_ctx *ctx, const struct model_manifest *m, bool seats) {
  const char **values = SV_ARRAY(ctx->mem, m->occupant_count, const char *);
  if (!values) {
    sv_ctx_violate(ctx, "needs more memory than a call may use", "flight_manifest.occupants");
    return;
  }
  size_t n = 0;
  for (size_t i = 0; i < m->occupant_count; i++) {
    const char *v = seats ? m->occupants[i].seat : m->occupants[i].occupant_id;
    if (v[0] && !(seats && strcmp(v, "INF") == 0)) {
      values[n++] = v;
    }
  }
  qsort(values, n, sizeof *values, token_compare);
  for (size_t i = 1; i < n; i++) {
    if (strcmp(values[i - 1], values[i]) == 0) {
      sv_ctx_violate(
          ctx,
          seats ? "two occupants have the same seat" : "two occupants have the same occupant_id",
          "flight_manifest.occupants");
      return;
    }
  }
}

static void occupant_check(struct sv_ctx *ctx, const struct model_manifest *m, size_t i,
                           struct sv_date today) {
  const struct model_occupant *o = &m->occupants[i];
  char path[64];
  (void)snprintf(path, sizeof path, "flight_manifest.occupants[%zu]", i);
  sv_fields_check(ctx, o, occupant_rules, COUNT(occupant_rules), path);
  if (o->role < MODEL_RETURNEE || o->role > MODEL_CREW) {
    sv_ctx_violate(ctx, o->role == MODEL_ROLE_NONE ? "is required" : "is not a known value",
                   "%s.role", path);
  }
  if (o->bags > 99) {
    sv_ctx_violate(ctx, "is more than 99", "%s.bags", path);
  }
  char sub[96];
  (void)snprintf(sub, sizeof sub, "%s.person", path);
  person_check(ctx, &o->person, sub, today);
  if (o->person.portrait_jpeg.n) {
    sv_ctx_violate(ctx, "is for letters only", "%s.portrait_jpeg", sub);
  }
  if (travel_document_given(&o->travel_document)) {
    (void)snprintf(sub, sizeof sub, "%s.travel_document", path);
    sv_fields_check(ctx, &o->travel_document, travel_document_rules, COUNT(travel_document_rules),
                    sub);
  }
  (void)snprintf(sub, sizeof sub, "%s.service_codes", path);
  texts_check(ctx, &o->service_codes, 16, 4, service_code_fault, sub);
  (void)snprintf(sub, sizeof sub, "%s.facts", path);
  texts_check(ctx, &o->facts, 32, 64, model_token_fault, sub);
  stretch_check(ctx, m, o, path);
}

static void guardian_check(struct sv_ctx *ctx, const struct model_manifest *m, size_t i) {
  const char *id = m->occupants[i].guardian_occupant_id;
  if (id[0] == '\0') {
    return;
  }
  for (size_t k = 0; k < m->occupant_count; k++) {
    if (k != i && strcmp(m->occupants[k].occupant_id, id) == 0) {
      return;
    }
  }
  sv_ctx_violate(ctx, "is no other occupant of this flight",
                 "flight_manifest.occupants[%zu].guardian_occupant_id", i);
}

static void manifest_check(struct sv_ctx *ctx, const struct model_manifest *m,
                           struct sv_date today) {
  sv_fields_check(ctx, m, manifest_rules, COUNT(manifest_rules), "flight_manifest");
  legs_check(ctx, m);
  if (m->version_reason < MODEL_REASON_NONE || m->version_reason > MODEL_REASON_DEPARTURE) {
    sv_ctx_violate(ctx, "is not a known value", "flight_manifest.version_reason");
  }
  texts_check(ctx, &m->alternates, MODEL_ALTERNATES_MAX, 3, airport_fault,
              "flight_manifest.alternates");
  if (m->occupant_count == 0 || m->occupant_count > MODEL_OCCUPANTS_MAX) {
    sv_ctx_violate(ctx, m->occupant_count ? "has more than 500 elements" : "is required",
                   "flight_manifest.occupants");
    return;
  }
  size_t seated = 0;
  for (size_t i = 0; i < m->occupant_count; i++) {
    occupant_check(ctx, m, i, today);
    guardian_check(ctx, m, i);
    bool lap = strcmp(m->occupants[i].seat, "INF") == 0;
    seated += m->occupants[i].role != MODEL_CREW && !lap ? 1 : 0;
  }
  if (m->seats && seated > m->seats) {
    sv_ctx_violate(ctx, "is less than the occupants that need one", "flight_manifest.seats");
  }
  unique_check(ctx, m, false);
  unique_check(ctx, m, true);
}

static void receipt_line_check(struct sv_ctx *ctx, const struct model_receipt *r, size_t i,
                               __int128 *total) {
  const struct model_receipt_line *l = &r->lines[i];
  char path[64];
  (void)snprintf(path, sizeof path, "disbursement_receipt.lines[%zu]", i);
  sv_fields_check(ctx, l, line_rules, COUNT(line_rules), path);
  if (l->type < MODEL_CHARTER || l->type > MODEL_OTHER) {
    sv_ctx_violate(ctx, l->type == MODEL_LINE_NONE ? "is required" : "is not a known value",
                   "%s.type", path);
  }
  bool reversal = r->payment_type == MODEL_REVERSAL;
  if (l->type == MODEL_CHARTER && !reversal) {
    if (l->manifest_number[0] == '\0') {
      sv_ctx_violate(ctx, "is required of a charter line", "%s.manifest_number", path);
    }
    if (l->passenger_count == 0) {
      sv_ctx_violate(ctx, "is required of a charter line", "%s.passenger_count", path);
    }
  }
  if (l->quantity_thousandths <= 0) {
    sv_ctx_violate(ctx, "is not positive", "%s.quantity_thousandths", path);
  }
  if (reversal ? l->unit_price_minor >= 0 : l->unit_price_minor < 0) {
    sv_ctx_violate(ctx, reversal ? "is not negative, as a reversal's is" : "is negative",
                   "%s.unit_price_minor", path);
  }
  int64_t amount;
  if (!model_line_amount(l->quantity_thousandths, l->unit_price_minor, &amount)) {
    sv_ctx_violate(ctx, "is out of range", "%s.amount_minor", path);
  } else if (amount != l->amount_minor) {
    sv_ctx_violate(ctx, "is not quantity x unit price", "%s.amount_minor", path);
  }
  *total += l->amount_minor;
}

static void receipt_check(struct sv_ctx *ctx, const struct model_receipt *r) {
  sv_fields_check(ctx, r, receipt_rules, COUNT(receipt_rules), "disbursement_receipt");
  if (r->payment_type < MODEL_ADVANCE || r->payment_type > MODEL_REVERSAL) {
    sv_ctx_violate(ctx,
                   r->payment_type == MODEL_PAYMENT_NONE ? "is required" : "is not a known value",
                   "disbursement_receipt.payment_type");
  }
  bool reversal = r->payment_type == MODEL_REVERSAL;
  if (reversal != (r->reversal_of[0] != '\0')) {
    sv_ctx_violate(ctx, reversal ? "is required on a reversal" : "is for a reversal only",
                   "disbursement_receipt.reversal_of");
  }
  if (r->line_count == 0 || r->line_count > MODEL_LINES_MAX) {
    sv_ctx_violate(ctx, r->line_count ? "has too many elements" : "is required",
                   "disbursement_receipt.lines");
    return;
  }
  __int128 total = 0;
  for (size_t i = 0; i < r->line_count; i++) {
    receipt_line_check(ctx, r, i, &total);
  }
  if (total != r->amount_minor) {
    sv_ctx_violate(ctx, "is not the sum of the lines", "disbursement_receipt.amount_minor");
  } else if (reversal ? total >= 0 : total <= 0) {
    sv_ctx_violate(ctx, reversal ? "is not negative, as a reversal's is" : "is not positive",
                   "disbursement_receipt.amount_minor");
  }
  if (r->base_currency[0] && strcmp(r->base_currency, r->currency) == 0) {
    sv_ctx_violate(ctx, "is the currency of the payment itself",
                   "disbursement_receipt.base_currency");
  }
  if ((r->base_currency[0] != '\0') != (r->exchange_rate_millionths > 0) ||
      r->exchange_rate_millionths < 0) {
    sv_ctx_violate(ctx, "goes together with base_currency",
                   "disbursement_receipt.exchange_rate_millionths");
  }
}

sv_status model_check(struct sv_ctx *ctx, const struct model_content *content,
                      struct sv_date today) {
  if ((unsigned)content->paper >= MODEL_PAPERS) {
    sv_ctx_violate(ctx, "is not a known value", "paper");
  }
  switch (content->kind) {
    case MODEL_SAFE_CONDUCT:
      letter_check(ctx, &content->letter, today);
      break;
    case MODEL_FLIGHT_MANIFEST:
      manifest_check(ctx, &content->manifest, today);
      break;
    case MODEL_DISBURSEMENT_RECEIPT:
      receipt_check(ctx, &content->receipt);
      break;
    case MODEL_KIND_NONE:
      sv_ctx_violate(ctx, "is required", "content");
      break;
  }
  return sv_ctx_violations_status(ctx);
}
