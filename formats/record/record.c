/* Built as a jansson tree and dumped with sorted keys, which is RFC 8785 for ASCII keys, strings without control
 * characters and small integers. Invariant: a private value reaches the tree through put_private alone. */
#include "formats/record/record.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "model/audience.h"
#include "model/number.h"
#include "model/rules.h"

SV_AUTO_DEFINE(json_t, json_decref)

enum { PRIVATE_VALUE_MAX = 4096 };

void record_commitment(const struct record_salts *salts, const char *path, const char *value,
                       char hex[static 65]) {
  uint8_t salted[32 + PRIVATE_VALUE_MAX], digest[32];
  size_t n = strlen(value);
  SV_ASSERT(n <= PRIVATE_VALUE_MAX);
  crypto_hmac_sha256(sv_bytes_of(salts->secret, sizeof salts->secret), sv_bytes_str(path), salted);
  memcpy(salted + 32, value, n);
  crypto_sha256(sv_bytes_of(salted, 32 + n), digest);
  crypto_wipe(salted, 32 + n);
  sv_hex(digest, sizeof digest, hex);
}

struct writer {
  const struct record_salts *salts;
  bool failed;
};

static void put(struct writer *w, json_t *object, const char *key, json_t *value) {
  if (json_object_set_new(object, key, value) != 0) {
    w->failed = true;
  }
}

static void put_text(struct writer *w, json_t *object, const char *key, const char *value) {
  if (value[0]) {
    put(w, object, key, json_string(value));
  }
}

static void put_uint(struct writer *w, json_t *object, const char *key, uint32_t value) {
  put(w, object, key, json_integer(value));
}

/* int64 as a string: JSON numbers are doubles to most readers. */
static void put_money(struct writer *w, json_t *object, const char *key, int64_t value) {
  char text[24];
  (void)snprintf(text, sizeof text, "%lld", (long long)value);
  put(w, object, key, json_string(text));
}

static void put_private(struct writer *w, json_t *object, const char *prefix, const char *key,
                        const char *value) {
  if (value[0] == '\0') {
    return;
  }
  char path[192], hex[65];
  (void)snprintf(path, sizeof path, "%s.%s", prefix, key);
  record_commitment(w->salts, path, value, hex);
  put(w, object, key, json_pack("{s:s}", "sha256", hex));
}

static void put_texts(struct writer *w, json_t *object, const char *key,
                      const struct model_texts *t) {
  if (t->n == 0) {
    return;
  }
  json_t *array = json_array();
  for (size_t i = 0; i < t->n; i++) {
    w->failed |= json_array_append_new(array, json_string(t->v[i])) != 0;
  }
  put(w, object, key, array);
}

/* A list as one private value, its elements parted by LF. */
static void put_private_texts(struct writer *w, json_t *object, const char *prefix, const char *key,
                              const struct model_texts *t) {
  char joined[PRIVATE_VALUE_MAX];
  size_t n = 0;
  for (size_t i = 0; i < t->n; i++) {
    int len = snprintf(joined + n, sizeof joined - n, "%s%s", i ? "\n" : "", t->v[i]);
    if (len < 0 || (size_t)len >= sizeof joined - n) {
      w->failed = true;
      return;
    }
    n += (size_t)len;
  }
  if (n) {
    put_private(w, object, prefix, key, joined);
  }
}

static json_t *travel_document_json(struct writer *w, const struct model_travel_document *d,
                                    const char *path) {
  json_t *o = json_object();
  put_private(w, o, path, "type", d->type);
  put_private(w, o, path, "number", d->number);
  put_private(w, o, path, "issuing_state", d->issuing_state);
  put_private(w, o, path, "expiry_date", d->expiry_date);
  return o;
}

static json_t *letter_json(struct writer *w, const struct model_safe_conduct *l) {
  json_t *o = json_object();
  json_t *holder = json_object();
  put_text(w, holder, "surname", l->holder.surname);
  put_text(w, holder, "given_names", l->holder.given_names);
  put_text(w, holder, "native_name", l->holder.native_name);
  put_text(w, holder, "birth_date", l->holder.birth_date);
  put_private(w, holder, "safe_conduct.holder", "birth_place", l->holder.birth_place);
  put_text(w, holder, "sex", l->holder.sex);
  put_text(w, holder, "nationality", l->holder.nationality);
  if (l->holder.portrait_jpeg.n) {
    uint8_t digest[32];
    char hex[65];
    crypto_sha256(l->holder.portrait_jpeg, digest);
    sv_hex(digest, 32, hex);
    put_text(w, holder, "portrait_sha256", hex);
  }
  put(w, o, "holder", holder);
  char number[12];
  (void)snprintf(number, sizeof number, "%d", (int)l->purpose);
  put_private(w, o, "safe_conduct", "purpose", number);
  if (l->identity_basis) {
    (void)snprintf(number, sizeof number, "%d", l->identity_basis);
    put_private(w, o, "safe_conduct", "identity_basis", number);
  }
  json_t *document =
      travel_document_json(w, &l->identity_document, "safe_conduct.identity_document");
  if (json_object_size(document)) {
    put(w, o, "identity_document", document);
  } else {
    json_decref(document);
  }
  put_text(w, o, "issuing_state", l->issuing_state);
  put_text(w, o, "issuing_place", l->issuing_place);
  put_text(w, o, "valid_from", l->valid_from);
  put_text(w, o, "valid_until", l->valid_until);
  put_texts(w, o, "route", &l->route);
  if (l->print_not_valid_for) {
    put_texts(w, o, "not_valid_for", &l->not_valid_for);
  } else {
    put_private_texts(w, o, "safe_conduct", "not_valid_for", &l->not_valid_for);
  }
  put_text(w, o, "legal_basis", l->legal_basis);
  put_text(w, o, "signatory", l->signatory);
  put_private(w, o, "safe_conduct", "guardian_letter", l->guardian_letter);
  put_private(w, o, "safe_conduct", "case_reference", l->case_reference);
  return o;
}

static json_t *occupant_json(struct writer *w, const struct model_occupant *p, size_t line) {
  char path[64], sub[96], number[12];
  (void)snprintf(path, sizeof path, "flight_manifest.occupants[%zu]", line);
  json_t *o = json_object();
  put_text(w, o, "occupant_id", p->occupant_id);
  if (p->offloaded) {
    put(w, o, "offloaded", json_true());
    return o;
  }
  const char *category = p->role == MODEL_CREW ? "C" : model_role_is_passenger(p->role) ? "P" : "A";
  put_text(w, o, "category", category);
  (void)snprintf(number, sizeof number, "%d", (int)p->role);
  put_private(w, o, path, "role", number);
  put_text(w, o, "surname", p->person.surname);
  put_text(w, o, "given_names", p->person.given_names);
  (void)snprintf(sub, sizeof sub, "%s.person", path);
  put_private(w, o, sub, "native_name", p->person.native_name);
  put_private(w, o, sub, "birth_date", p->person.birth_date);
  put_private(w, o, sub, "birth_place", p->person.birth_place);
  put_private(w, o, sub, "sex", p->person.sex);
  put_private(w, o, sub, "nationality", p->person.nationality);
  (void)snprintf(sub, sizeof sub, "%s.travel_document", path);
  json_t *document = travel_document_json(w, &p->travel_document, sub);
  if (json_object_size(document)) {
    put(w, o, "travel_document", document);
  } else {
    json_decref(document);
  }
  put_text(w, o, "seat", p->seat);
  put_uint(w, o, "bags", p->bags);
  put_text(w, o, "embark", p->embark);
  put_text(w, o, "debark", p->debark);
  put_private_texts(w, o, path, "service_codes", &p->service_codes);
  put_private_texts(w, o, path, "facts", &p->facts);
  put_private(w, o, path, "guardian_occupant_id", p->guardian_occupant_id);
  return o;
}

static json_t *manifest_json(struct writer *w, const struct model_manifest *m) {
  json_t *o = json_object();
  put_text(w, o, "operator", m->operator_name);
  put_text(w, o, "flight_number", m->flight_number);
  put_text(w, o, "registration", m->registration);
  json_t *legs = json_array();
  for (size_t i = 0; i < m->leg_count; i++) {
    const struct model_leg *l = &m->legs[i];
    w->failed |= json_array_append_new(legs, json_pack("{s:s,s:s,s:s,s:s}", "from", l->from, "to",
                                                       l->to, "departure_time", l->departure_time,
                                                       "arrival_time", l->arrival_time)) != 0;
  }
  put(w, o, "legs", legs);
  put_texts(w, o, "alternates", &m->alternates);
  json_t *occupants = json_array();
  for (size_t i = 0; i < m->occupant_count; i++) {
    w->failed |= json_array_append_new(occupants, occupant_json(w, &m->occupants[i], i)) != 0;
  }
  put(w, o, "occupants", occupants);
  put_uint(w, o, "seats", m->seats);
  put_text(w, o, "issuing_state", m->issuing_state);
  put_text(w, o, "signatory", m->signatory);
  if (m->version_reason) {
    put_uint(w, o, "version_reason", m->version_reason);
  }
  return o;
}

static json_t *receipt_line_json(struct writer *w, const struct model_receipt_line *l) {
  json_t *o = json_object();
  put_uint(w, o, "type", l->type);
  put_text(w, o, "description", l->description);
  put_money(w, o, "quantity_thousandths", l->quantity_thousandths);
  put_money(w, o, "unit_price_minor", l->unit_price_minor);
  put_money(w, o, "amount_minor", l->amount_minor);
  put_text(w, o, "manifest_number", l->manifest_number);
  if (l->passenger_count) {
    put_uint(w, o, "passenger_count", l->passenger_count);
  }
  put_text(w, o, "service_date", l->service_date);
  return o;
}

static json_t *receipt_json(struct writer *w, const struct model_receipt *r) {
  json_t *o = json_object();
  put_text(w, o, "obligation", r->obligation);
  put_uint(w, o, "payment_type", r->payment_type);
  put_text(w, o, "payee_name", r->payee_name);
  put_text(w, o, "payee_id", r->payee_id);
  put_text(w, o, "currency", r->currency);
  put_money(w, o, "amount_minor", r->amount_minor);
  json_t *lines = json_array();
  for (size_t i = 0; i < r->line_count; i++) {
    w->failed |= json_array_append_new(lines, receipt_line_json(w, &r->lines[i])) != 0;
  }
  put(w, o, "lines", lines);
  put_text(w, o, "payment_date", r->payment_date);
  put_text(w, o, "remittance_reference", r->remittance_reference);
  put_text(w, o, "end_to_end_id", r->end_to_end_id);
  put_text(w, o, "reversal_of", r->reversal_of);
  put_text(w, o, "base_currency", r->base_currency);
  if (r->exchange_rate_millionths) {
    put_money(w, o, "exchange_rate_millionths", r->exchange_rate_millionths);
  }
  return o;
}

static json_t *kind_json(struct writer *w, const struct model_content *c) {
  switch (c->kind) {
    case MODEL_SAFE_CONDUCT:
      return letter_json(w, &c->letter);
    case MODEL_FLIGHT_MANIFEST:
      return manifest_json(w, &c->manifest);
    case MODEL_DISBURSEMENT_RECEIPT:
      return receipt_json(w, &c->receipt);
    case MODEL_KIND_NONE:
      break;
  }
  w->failed = true;
  return json_object();
}

static json_t *content_json(struct writer *w, const struct model_content *c) {
  json_t *o = kind_json(w, c);
  if (c->paper > MODEL_A4) { /* no key is A4: what was issued before there was a choice */
    put_uint(w, o, "paper", c->paper);
  }
  return o;
}

static int dump_put(const char *p, size_t n, void *data) {
  struct sv_buf *out = data;
  sv_buf_put(out, p, n);
  return out->failed ? -1 : 0;
}

static sv_status dump_json(struct sv_ctx *ctx, const struct writer *w, const json_t *tree,
                           struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, RECORD_BYTES_MAX);
  if (w->failed || json_dump_callback(tree, dump_put, &out, JSON_SORT_KEYS | JSON_COMPACT) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "the record is over %d bytes or memory is out",
                   RECORD_BYTES_MAX);
  }
  *ret = sv_buf_bytes(&out);
  return SV_DONE;
}

sv_status record_content(struct sv_ctx *ctx, const struct model_content *content,
                         const struct record_salts *salts, struct sv_bytes *ret_json) {
  struct writer w = {.salts = salts};
  SV_AUTO(json_decref) json_t *tree = content_json(&w, content);
  return dump_json(ctx, &w, tree, ret_json);
}

static json_t *ids_json(struct writer *w, const struct model_texts *ids) {
  json_t *list = json_array();
  for (size_t i = 0; i < ids->n; i++) {
    w->failed |= json_array_append_new(list, json_string(ids->v[i])) != 0;
  }
  return list;
}

/* Who came, who left, and whose line is another than on the version before. */
static json_t *revision_json(struct writer *w, const struct model_revision *r) {
  json_t *o = json_object();
  put(w, o, "added", ids_json(w, &r->added));
  put(w, o, "changed", ids_json(w, &r->changed));
  put(w, o, "removed", ids_json(w, &r->removed));
  return o;
}

/* The balances that a receipt shows. */
static json_t *ledger_json(struct writer *w, const struct model_ledger *l) {
  json_t *o = json_object();
  put_text(w, o, "award_number", l->award_number);
  put_uint(w, o, "amendment", l->amendment);
  put_uint(w, o, "sequence", l->sequence);
  put_money(w, o, "obligated_minor", l->obligated_minor);
  put_money(w, o, "paid_before_minor", l->paid_before_minor);
  put_money(w, o, "closing_minor", l->closing_minor);
  return o;
}

/* Which words the page has, for who holds the registry's secret; whoever has the paper could tell purposes apart by it. */
static void put_template(struct writer *w, json_t *tree, const struct model_issue *issue) {
  char value[192], hex[65];
  sv_hex(issue->template_sha256, 32, hex);
  int n = snprintf(value, sizeof value, "%s %s", issue->template_name, hex);
  w->failed |= n < 0 || (size_t)n >= sizeof value;
  record_commitment(w->salts, "template", value, hex);
  put(w, tree, "template", json_pack("{s:s}", "sha256", hex));
}

sv_status record_write(struct sv_ctx *ctx, const struct model_content *content,
                       const struct model_issue *issue, const struct record_salts *salts,
                       const uint8_t *previous_sha256, struct sv_bytes *ret_json) {
  struct writer w = {.salts = salts};
  SV_AUTO(json_decref) json_t *tree = json_object();
  char hex[65], time[21];
  put_text(&w, tree, "format", "salvo-record/1");
  sv_hex(salts->salt, sizeof salts->salt, hex);
  put_text(&w, tree, "salt", hex);
  put_text(&w, tree, "kind", model_kind_field(content->kind));
  put_text(&w, tree, "number", issue->number);
  put_uint(&w, tree, "version", issue->version);
  put_text(&w, tree, "authority", issue->authority.id);
  put_text(&w, tree, "issue_date", issue->issue_date);
  sv_time_format(issue->issue_time_us, time);
  put_text(&w, tree, "issue_time", time);
  put_text(&w, tree, "supersedes", issue->supersedes);
  if (previous_sha256) {
    sv_hex(previous_sha256, 32, hex);
    put_text(&w, tree, "previous_sha256", hex);
    put(&w, tree, "lines", revision_json(&w, &issue->revision));
  }
  put(&w, tree, "content", content_json(&w, content));
  if (issue->template_name) {
    put_template(&w, tree, issue);
  }
  if (content->kind == MODEL_DISBURSEMENT_RECEIPT) {
    put(&w, tree, "ledger", ledger_json(&w, &issue->ledger));
  }
  json_t *approvals = json_array();
  for (size_t i = 0; i < issue->approval_count; i++) {
    sv_time_format(issue->approvals[i].time_us, time);
    w.failed |= json_array_append_new(
                    approvals, json_pack("{s:s,s:s}", "officer", issue->approvals[i].officer.id,
                                         "time", time)) != 0;
  }
  put(&w, tree, "approvals", approvals);
  return dump_json(ctx, &w, tree, ret_json);
}

static const char *text_of(struct sv_ctx *ctx, const json_t *object, const char *key) {
  const char *v = json_string_value(json_object_get(object, key));
  return sv_arena_strdup(ctx->mem, v ? v : "");
}

static enum model_kind kind_of(const char *name) {
  for (int k = MODEL_SAFE_CONDUCT; k <= MODEL_DISBURSEMENT_RECEIPT; k++) {
    if (strcmp(model_kind_field((enum model_kind)k), name) == 0) {
      return (enum model_kind)k;
    }
  }
  return MODEL_KIND_NONE;
}

/* The record itself, or a copy that names its audience and the record. */
static bool format_known(struct sv_ctx *ctx, const json_t *tree, const char *format,
                         struct record_facts *f) {
  f->audience = text_of(ctx, tree, "audience");
  const char *of = text_of(ctx, tree, "record_sha256");
  if (!f->audience || !of) {
    return false;
  }
  if (strcmp(format, "salvo-record/1") == 0) {
    f->audience = "";
    return true;
  }
  return strcmp(format, "salvo-copy/1") == 0 && f->audience[0] &&
         sv_unhex(of, f->record_sha256, sizeof f->record_sha256);
}

static sv_status route_of(struct sv_ctx *ctx, const json_t *content, struct record_facts *f) {
  const json_t *legs = json_object_get(content, "legs");
  size_t n = json_array_size(legs); /* 0 for whatever is no array */
  f->from = text_of(ctx, json_array_get(legs, 0), "from");
  f->to = text_of(ctx, n ? json_array_get(legs, n - 1) : NULL, "to");
  const char *time = text_of(ctx, json_array_get(legs, 0), "departure_time");
  f->departure_day = time ? sv_arena_strndup(ctx->mem, time, strcspn(time, "T")) : NULL;
  return f->from && f->to && f->departure_day ? SV_DONE
                                              : SV_FAIL(ctx, NO_MEMORY, "route of a record");
}

sv_status record_read(struct sv_ctx *ctx, struct sv_bytes json, struct record_facts *ret) {
  if (json.n > RECORD_BYTES_MAX) {
    return SV_FAIL(ctx, RECORD_FORMAT, "over %d bytes", RECORD_BYTES_MAX);
  }
  json_error_t error;
  SV_AUTO(json_decref)
  json_t *tree = json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &error);
  if (!json_is_object(tree)) {
    return SV_FAIL(ctx, RECORD_FORMAT, "no JSON object");
  }
  const json_t *content = json_object_get(tree, "content");
  json_int_t version = json_integer_value(json_object_get(tree, "version"));
  struct record_facts f = {
      .version = version > 0 && version <= UINT16_MAX ? (uint32_t)version : 0,
      .number = text_of(ctx, tree, "number"),
      .authority = text_of(ctx, tree, "authority"),
      .issue_date = text_of(ctx, tree, "issue_date"),
      .valid_from = text_of(ctx, content, "valid_from"),
      .valid_until = text_of(ctx, content, "valid_until"),
  };
  SV_TRY(route_of(ctx, content, &f));
  const char *kind = text_of(ctx, tree, "kind");
  const char *format = text_of(ctx, tree, "format");
  if (!f.number || !f.authority || !f.issue_date || !f.valid_from || !f.valid_until || !kind ||
      !format) {
    return SV_FAIL(ctx, NO_MEMORY, "facts of a record");
  }
  f.kind = kind_of(kind);
  enum model_kind of_number;
  if (!format_known(ctx, tree, format, &f) || f.kind == MODEL_KIND_NONE || f.version == 0 ||
      !model_number_parse(f.number, &of_number, NULL, NULL) || of_number != f.kind) {
    return SV_FAIL(ctx, RECORD_FORMAT, "format, kind, number or version");
  }
  *ret = f;
  return SV_DONE;
}

sv_status record_copy_write(struct sv_ctx *ctx, enum model_kind kind,
                            const struct model_issue *issue, struct sv_bytes *ret_json) {
  struct writer w = {.salts = NULL};
  SV_AUTO(json_decref) json_t *tree = json_object();
  char hex[65];
  sv_hex(issue->record_sha256, sizeof issue->record_sha256, hex);
  put_text(&w, tree, "audience", model_audience_name(issue->audience));
  put_text(&w, tree, "authority", issue->authority.id);
  put_text(&w, tree, "format", "salvo-copy/1");
  put_text(&w, tree, "issue_date", issue->issue_date);
  put_text(&w, tree, "kind", model_kind_field(kind));
  put_text(&w, tree, "number", issue->number);
  put_text(&w, tree, "record_sha256", hex);
  put_uint(&w, tree, "version", issue->version);
  return dump_json(ctx, &w, tree, ret_json);
}

/* --- amendments --- */

sv_status record_amendment_write(struct sv_ctx *ctx, const struct record_amendment *a,
                                 struct sv_bytes *ret_json) {
  struct writer w = {.salts = NULL};
  SV_AUTO(json_decref) json_t *tree = json_object();
  char hex[65], time[21];
  put_text(&w, tree, "format", "salvo-amendment/1");
  sv_hex(a->salt, sizeof a->salt, hex);
  put_text(&w, tree, "salt", hex);
  put_text(&w, tree, "authority", a->authority);
  put_text(&w, tree, "obligation", a->obligation);
  put_uint(&w, tree, "amendment", a->amendment);
  put_money(&w, tree, "change_minor", a->change_minor);
  put_money(&w, tree, "obligated_minor", a->obligated_minor);
  put_text(&w, tree, "currency", a->currency);
  put_text(&w, tree, "period_start", a->period_start);
  put_text(&w, tree, "period_end", a->period_end);
  put_text(&w, tree, "actor", a->actor);
  sv_time_format(a->time_us, time);
  put_text(&w, tree, "time", time);
  if (a->previous_sha256) {
    sv_hex(a->previous_sha256, 32, hex);
    put_text(&w, tree, "previous_sha256", hex);
  }
  return dump_json(ctx, &w, tree, ret_json);
}

sv_status record_amendment_says(struct sv_ctx *ctx, struct sv_bytes json,
                                const struct record_amendment *known, bool *ret_same) {
  json_error_t error;
  SV_AUTO(json_decref)
  json_t *tree = json.n <= RECORD_BYTES_MAX
                     ? json_loadb((const char *)json.p, json.n, JSON_REJECT_DUPLICATES, &error)
                     : NULL;
  struct record_amendment a = *known;
  a.currency = text_of(ctx, tree, "currency");
  a.period_start = text_of(ctx, tree, "period_start");
  const char *salt = text_of(ctx, tree, "salt");
  if (!a.currency || !a.period_start || !salt) {
    return SV_FAIL(ctx, NO_MEMORY, "an amendment's record");
  }
  struct sv_bytes made;
  *ret_same = sv_unhex(salt, a.salt, sizeof a.salt);
  SV_TRY(record_amendment_write(ctx, &a, &made));
  *ret_same = *ret_same && sv_bytes_equal(made, json);
  return SV_DONE;
}
