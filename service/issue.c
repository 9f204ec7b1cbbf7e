/* How a document is issued: exactly once, whatever crashes.
 *
 *   authorise > check > reserve (one transaction) > produce (no lock) > finalise (one transaction) > answer
 *
 * Invariants:
 *   1. a number is taken only in a transaction in which every interlock held, and a refusal takes none;
 *   2. a document becomes ISSUED only in a transaction in which they held again;
 *   3. what is answered is what the registry holds: after finalising, the bytes are ours or the winner's. */
#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "docs_gen/draw/jpeg.h"
#include "formats/mrz/mrz.h"
#include "model/codes.h"
#include "model/names.h"
#include "model/number.h"
#include "model/rules.h"
#include "service/flight.h"
#include "service/inside.h"

enum { LEASE_US = 120 * 1000 * 1000 };

/* --- checks before any number --- */

static const char *signatory_of(const struct model_content *c) {
  switch (c->kind) {
    case MODEL_SAFE_CONDUCT:
      return c->letter.signatory;
    case MODEL_FLIGHT_MANIFEST:
      return c->manifest.signatory;
    default:
      return "";
  }
}

static void issuer_check(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct model_content *c) {
  const char *field = model_kind_field(c->kind);
  const char *state = c->kind == MODEL_SAFE_CONDUCT      ? c->letter.issuing_state
                      : c->kind == MODEL_FLIGHT_MANIFEST ? c->manifest.issuing_state
                                                         : "";
  if (state[0] && strcmp(state, caller->authority->state) != 0) {
    sv_ctx_violate(ctx, "is not the state of the caller's authority", "%s.issuing_state", field);
  }
  if (!policy_signatory(s->parts.policy, caller->authority->id, c->kind, signatory_of(c))) {
    sv_ctx_violate(ctx, "is no officer of this authority who may sign it", "%s.signatory", field);
  }
}

static void template_check(struct service *s, struct sv_ctx *ctx, struct model_content *c) {
  const char *wanted = docs_template_for(s->parts.docs, c);
  if (!wanted) {
    return; /* the purpose is at fault, and said so */
  }
  if (c->template_name[0] && strcmp(c->template_name, wanted) != 0) {
    sv_ctx_violate(ctx, "is no template of this document", "template");
  }
  c->template_name = wanted;
  for (size_t i = 0; i < c->languages.n; i++) {
    if (strcmp(c->languages.v[i], "es") != 0 && strcmp(c->languages.v[i], "en") != 0) {
      sv_ctx_violate(ctx, "is no language of the template (es, en)", "languages[%zu]", i);
    }
  }
  if (c->kind == MODEL_SAFE_CONDUCT) {
    if (c->letter.legal_basis[0] == '\0') {
      const char *first = docs_legal_basis_at(s->parts.docs, c, 0);
      c->letter.legal_basis = first ? first : "";
    } else if (!docs_legal_basis_known(s->parts.docs, c, c->letter.legal_basis)) {
      sv_ctx_violate(ctx, "is no id of the template's catalogue", "safe_conduct.legal_basis");
    }
  }
}

static void mrz_check(struct sv_ctx *ctx, const struct model_safe_conduct *l) {
  static const char *const fields[] = {"surname", "given_names"};
  const char *values[] = {l->holder.surname, l->holder.given_names};
  for (size_t i = 0; i < 2; i++) {
    const char *fault =
        values[i][0] && !model_name_fault(values[i]) ? mrz_name_fault(values[i]) : NULL;
    if (fault) {
      sv_ctx_violate(ctx, fault, "safe_conduct.holder.%s", fields[i]);
    }
  }
}

static void supersedes_check(struct sv_ctx *ctx, const struct service_issue_request *r) {
  enum model_kind kind = MODEL_KIND_NONE;
  if (r->supersedes[0] == '\0') {
    return;
  }
  if (!model_number_parse(r->supersedes, &kind, NULL, NULL) || kind != r->content.kind) {
    sv_ctx_violate(ctx, "is not a number of this kind of document", "supersedes");
  } else if (kind == MODEL_DISBURSEMENT_RECEIPT) {
    sv_ctx_violate(ctx, "a receipt is never changed: reverse it", "supersedes");
  } else if (kind == MODEL_FLIGHT_MANIFEST && r->supersedes_version == 0) {
    sv_ctx_violate(ctx, "is required with supersedes", "supersedes_version");
  }
}

/* What a caller may leave out is filled in, and a portrait loses what is not the picture: the record names the bytes that
 * the page holds. */
static sv_status content_complete(struct sv_ctx *ctx, struct model_content *c) {
  SV_TRY(model_complete(ctx, c));
  struct sv_bytes *portrait = &c->letter.holder.portrait_jpeg;
  if (c->kind != MODEL_SAFE_CONDUCT || portrait->n == 0) {
    return SV_DONE;
  }
  uint32_t width, height, components;
  return jpeg_strip(ctx, *portrait, portrait, &width, &height, &components);
}

/* Everything that can be said of the request without the registry, all at once. */
static sv_status request_check(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller, struct service_issue_request *r,
                               struct sv_date today) {
  struct model_content *c = &r->content;
  sv_status checked = model_check(ctx, c, today);
  issuer_check(s, ctx, caller, c);
  template_check(s, ctx, c);
  supersedes_check(ctx, r);
  if (c->kind == MODEL_SAFE_CONDUCT) {
    mrz_check(ctx, &c->letter);
    if (c->letter.issuing_place[0] == '\0') {
      c->letter.issuing_place = caller->authority->place;
    }
  }
  if (!sv_failed(checked)) {
    sv_status drawn = docs_check_content(s->parts.docs, ctx, c);
    if (sv_failed(drawn) && drawn.reason != SV_FIELD_INVALID) {
      return drawn;
    }
    if (ctx->violation_count == 0) {
      SV_TRY(content_complete(ctx, c));
    }
  }
  return sv_ctx_violations_status(ctx);
}

/* --- reserving --- */

struct reservation {
  struct service *s;
  const struct service_caller *caller;
  const struct service_issue_request *request;
  struct manifest_keys keys; /* of a manifest */
  struct store_document row; /* in: what is known; out: the row as it stands */
  bool existed;
};

static sv_status superseded_find(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct reservation *r, struct store_document *ret) {
  SV_TRY(tx->ops->document_find(tx, ctx, r->request->supersedes, 0, ret));
  if (strcmp(ret->authority, r->caller->authority->id) != 0) {
    return SV_FAIL(ctx, NOT_FOUND, "superseded document of another authority");
  }
  if (r->request->supersedes_version && ret->version != r->request->supersedes_version) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the current version is %u", ret->version);
  }
  if (ret->state != MODEL_ISSUED && ret->state != MODEL_SUSPENDED) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the version to be replaced is in state %d",
                   (int)ret->state);
  }
  return SV_DONE;
}

/* The version after the current one. Void versions are passed over; one that is still being made bars the way. */
static sv_status next_version(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *current, uint32_t *ret) {
  for (uint32_t v = current->version + 1;; v++) {
    struct store_document row;
    sv_status s = tx->ops->document_find(tx, ctx, current->number, v, &row);
    if (s.reason == SV_NOT_FOUND) {
      sv_ctx_clear(ctx);
      *ret = v;
      return SV_DONE;
    }
    SV_TRY(s);
    if (row.state != MODEL_VOID && row.state != MODEL_REJECTED) {
      return SV_FAIL(ctx, VERSION_CHANGED, "version %u is being made", v);
    }
  }
}

static sv_status number_take(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  struct store_document *row = &r->row;
  row->version = 1;
  if (r->request->supersedes[0]) {
    struct store_document old;
    SV_TRY(superseded_find(tx, ctx, r, &old));
    if (row->kind == MODEL_FLIGHT_MANIFEST) {
      row->number = old.number;
      return next_version(tx, ctx, &old, &row->version);
    }
  }
  struct sv_date date;
  SV_ASSERT(sv_date_parse(row->issue_date, &date));
  uint32_t sequence;
  SV_TRY(tx->ops->series_next(tx, ctx, row->kind, date.year, &sequence));
  char number[10];
  model_number_format(row->kind, date.year, sequence, number);
  row->number = sv_arena_strdup(ctx->mem, number);
  return row->number ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "number");
}

/* A random place in the status list: neighbours in the list say nothing about each other. */
static sv_status status_index_take(struct store_tx *tx, struct sv_ctx *ctx,
                                   struct store_document *row) {
  row->status_list = "A";
  for (int i = 0; i < 64; i++) {
    uint8_t random[4];
    SV_TRY(crypto_random(ctx, random, sizeof random));
    row->status_index = (uint32_t)random[0] << 16 | (uint32_t)random[1] << 8 | random[2];
    bool taken;
    SV_TRY(tx->ops->status_index_taken(tx, ctx, row->status_list, row->status_index, &taken));
    if (!taken) {
      return SV_DONE;
    }
  }
  return SV_FAIL(ctx, LIMIT_EXCEEDED, "the status list is full");
}

static sv_status receipt_reserve(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  const struct model_receipt *receipt = &r->request->content.receipt;
  struct store_obligation o;
  int64_t base;
  SV_TRY(interlock_receipt(tx, ctx, r->row.authority, receipt, &o, &base));
  struct store_document *row = &r->row;
  row->obligation = o.id;
  row->amount_minor = base;
  row->sequence = o.receipts + 1;
  row->obligated_minor = o.obligated_minor;
  row->paid_before_minor = o.disbursed_minor;
  row->amendment = o.amendment;
  return tx->ops->obligation_disburse(tx, ctx, row->authority, o.id, base, row->sequence,
                                      receipt->payment_type == MODEL_FINAL);
}

static sv_status known_request(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  struct store_document known;
  sv_status s = tx->ops->request_find(tx, ctx, r->row.authority, r->row.request_id, &known);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  if (!crypto_equal(known.input_mac, r->row.input_mac, sizeof known.input_mac)) {
    return SV_FAIL(ctx, REQUEST_ID_REUSED, "other content");
  }
  r->row = known;
  r->existed = true;
  return known.state == MODEL_RESERVED
             ? tx->ops->lease_extend(tx, ctx, known.number, known.version, sv_wall_us() + LEASE_US)
             : SV_DONE;
}

static sv_status reserve_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reservation *r = arg;
  SV_TRY(known_request(tx, ctx, r));
  if (r->existed) {
    return SV_DONE;
  }
  if (r->row.kind == MODEL_FLIGHT_MANIFEST) {
    SV_TRY(interlock_manifest(tx, ctx, &r->keys, r->row.issue_date));
  }
  if (r->row.kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(receipt_reserve(tx, ctx, r));
  }
  SV_TRY(number_take(tx, ctx, r));
  SV_TRY(status_index_take(tx, ctx, &r->row));
  r->row.state = MODEL_RESERVED;
  r->row.copy = 1;
  r->row.lease_until_us = sv_wall_us() + LEASE_US;
  SV_TRY(tx->ops->document_reserve(tx, ctx, &r->row));
  return tx->ops->audit(
      tx, ctx,
      &(struct store_audit){r->caller->spiffe, "reserve", r->row.number, r->row.version, ""});
}

static sv_status reservation_prepare(struct service *s, struct sv_ctx *ctx,
                                     const struct service_caller *caller,
                                     const struct service_issue_request *request,
                                     const char *request_id, const char *today,
                                     struct reservation *r) {
  const struct model_content *c = &request->content;
  *r = (struct reservation){.s = s, .caller = caller, .request = request};
  struct sv_buf languages = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < c->languages.n; i++) {
    sv_buf_printf(&languages, "%s%s", i ? "," : "", c->languages.v[i]);
  }
  sv_buf_u8(&languages, 0);
  r->row = (struct store_document){
      .authority = caller->authority->id,
      .kind = c->kind,
      .request_id = request_id,
      .supersedes = request->supersedes,
      .template_name = c->template_name,
      .languages = languages.failed ? "" : (const char *)languages.p,
      .issue_date = today,
      .valid_from = c->kind == MODEL_SAFE_CONDUCT ? c->letter.valid_from : "",
      .valid_until = c->kind == MODEL_SAFE_CONDUCT ? c->letter.valid_until : "",
      .issue_time_us = sv_wall_us() / 1000000 * 1000000,
      .issued_by = caller->spiffe,
      .request = request->encoded,
      .obligation = "",
  };
  service_mac(s, "input", request->encoded, r->row.input_mac);
  SV_TRY(crypto_random(ctx, r->row.salt, sizeof r->row.salt));
  SV_TRY(crypto_random(ctx, r->row.secret, sizeof r->row.secret));
  if (c->kind == MODEL_SAFE_CONDUCT && c->letter.case_reference[0]) {
    uint8_t *key = sv_arena_alloc(ctx->mem, 32);
    if (!key) {
      return SV_FAIL(ctx, NO_MEMORY, "case key");
    }
    service_mac(s, "case", sv_bytes_str(c->letter.case_reference), key);
    r->row.case_key = key;
  }
  return c->kind == MODEL_FLIGHT_MANIFEST ? service_manifest_keys(s, ctx, &c->manifest, &r->keys)
                                          : SV_DONE;
}

/* --- finalising --- */

struct finalisation {
  struct service *s;
  const char *actor;
  const struct model_content *content;
  const struct store_document *row;
  const struct store_issue *issue;
  struct manifest_keys keys; /* of a manifest */
  struct person_keys holder; /* of a protection letter */
  struct service_issued *out;
  bool lost;
};

static bool protects(const struct model_content *c) {
  return c->kind == MODEL_SAFE_CONDUCT && (c->letter.purpose == MODEL_PROTECTION_STAY ||
                                           c->letter.purpose == MODEL_ASYLUM_SAFE_CONDUCT);
}

static sv_status protection_record(struct store_tx *tx, struct sv_ctx *ctx,
                                   const struct finalisation *f) {
  const struct model_safe_conduct *l = &f->content->letter;
  struct sv_buf states = sv_buf_in(ctx->mem, 0);
  struct sv_buf route = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < l->not_valid_for.n; i++) {
    sv_buf_printf(&states, "%s%s", i ? "," : "", l->not_valid_for.v[i]);
  }
  for (size_t i = 0; i < l->route.n; i++) {
    char state[4];
    bool airport = strlen(l->route.v[i]) == 3 && model_airport_state(l->route.v[i], state);
    /* a code that is both an airport and a state counts as the state: the narrower route */
    sv_buf_printf(&route, "%s%s", i ? "," : "",
                  airport && !model_state_issues(l->route.v[i]) ? state : l->route.v[i]);
  }
  sv_buf_u8(&states, 0);
  sv_buf_u8(&route, 0);
  if (states.failed || route.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "states of a letter");
  }
  struct store_protection p = {.number = f->row->number,
                               .not_valid_for = (const char *)states.p,
                               .route = (const char *)route.p};
  for (size_t i = 0; i < f->holder.n; i++) {
    SV_TRY(tx->ops->person_add(tx, ctx, f->holder.key[i], &p));
  }
  uint8_t own[STORE_PERSON_KEY_BYTES];
  service_letter_key(f->s, l->issuing_state, f->row->number, own);
  return tx->ops->person_add(tx, ctx, own, &p);
}

static sv_status predecessor_close(struct store_tx *tx, struct sv_ctx *ctx,
                                   const struct finalisation *f) {
  const struct store_document *row = f->row;
  const char *reversed =
      f->content->kind == MODEL_DISBURSEMENT_RECEIPT ? f->content->receipt.reversal_of : "";
  if (reversed[0]) { /* a reversed receipt stays issued: its row only points on */
    return tx->ops->document_state(tx, ctx, reversed, 1, MODEL_ISSUED, MODEL_REASON_NONE,
                                   row->number);
  }
  if (row->supersedes[0] == '\0') {
    return SV_DONE;
  }
  struct store_document old; /* this row is still RESERVED: the current one is its predecessor */
  SV_TRY(tx->ops->document_find(tx, ctx, row->supersedes, 0, &old));
  return tx->ops->document_state(tx, ctx, row->supersedes, old.version, MODEL_SUPERSEDED,
                                 MODEL_REASON_CORRECTION, row->number);
}

static sv_status finalise_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct finalisation *f = arg;
  const struct store_document *row = f->row;
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, row->number, row->version, &now));
  if (now.state != MODEL_RESERVED) {
    f->lost = true; /* somebody else finished or voided it: the row says what holds */
    f->out->document = now;
    return service_row_read(tx, ctx, f->out, true);
  }
  if (row->kind == MODEL_FLIGHT_MANIFEST) {
    SV_TRY(interlock_manifest(tx, ctx, &f->keys, row->issue_date));
  }
  if (row->kind == MODEL_DISBURSEMENT_RECEIPT) {
    struct store_obligation o;
    SV_TRY(tx->ops->obligation_find(tx, ctx, row->authority, row->obligation, &o));
    if (o.disbursed_minor > o.obligated_minor) {
      return SV_FAIL(ctx, BALANCE_EXCEEDED, "the obligation shrank");
    }
  }
  SV_TRY(predecessor_close(tx, ctx, f));
  SV_TRY(tx->ops->document_issue(tx, ctx, row->number, row->version, f->issue));
  if (protects(f->content)) {
    SV_TRY(protection_record(tx, ctx, f));
  }
  SV_TRY(tx->ops->audit(tx, ctx,
                        &(struct store_audit){f->actor, "issue", row->number, row->version, ""}));
  return tx->ops->document_find(tx, ctx, row->number, row->version, &f->out->document);
}

struct voiding {
  const struct store_document *row;
  enum model_state_reason reason;
  const char *actor;
  const char *cause;
};

static sv_status void_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct voiding *v = arg;
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, v->row->number, v->row->version, &now));
  if (now.state != MODEL_RESERVED) {
    return SV_DONE;
  }
  if (now.obligation[0]) {
    SV_TRY(tx->ops->obligation_disburse(tx, ctx, now.authority, now.obligation, -now.amount_minor,
                                        now.sequence, false));
  }
  SV_TRY(tx->ops->document_state(tx, ctx, now.number, now.version, MODEL_VOID, v->reason, ""));
  return tx->ops->audit(tx, ctx,
                        &(struct store_audit){v->actor, "void", now.number, now.version, v->cause});
}

/* A fault that more tries can't mend: the number goes to VOID. Anything else leaves the reservation for the retry. */
static bool fault_is_final(enum sv_reason reason) {
  return reason == SV_HOLD || reason == SV_BALANCE_EXCEEDED || reason == SV_FIELD_INVALID ||
         reason == SV_TEXT_TOO_LONG || reason == SV_GLYPH_MISSING || reason == SV_VERSION_CHANGED;
}

/* From a reservation to an issued row. */
static sv_status finish(struct service *s, struct sv_ctx *ctx, const char *actor,
                        const struct model_content *content, const struct store_document *row,
                        const uint8_t *previous_sha256, struct service_issued *ret) {
  struct produced made;
  struct finalisation f = {.s = s, .actor = actor, .content = content, .row = row, .out = ret};
  sv_status status = service_produce(s, ctx, content, row, previous_sha256, &made);
  if (!sv_failed(status) && content->kind == MODEL_FLIGHT_MANIFEST) {
    status = service_manifest_keys(s, ctx, &content->manifest, &f.keys);
  }
  if (!sv_failed(status) && protects(content)) {
    status = service_person_keys(s, ctx, &content->letter.holder,
                                 &content->letter.identity_document, &f.holder);
  }
  if (!sv_failed(status)) {
    f.issue = &made.issue;
    status = store_write(s->parts.store, ctx, finalise_act, &f);
  }
  if (sv_failed(status)) {
    if (fault_is_final(status.reason)) {
      struct voiding v = {row, MODEL_REASON_ISSUED_IN_ERROR, actor, sv_reason_name(status.reason)};
      struct sv_ctx aside = sv_ctx_over(ctx->mem);
      SV_TRY(store_write(s->parts.store, &aside, void_act, &v));
    }
    return status;
  }
  if (f.lost) {
    return ret->document.state == MODEL_VOID
               ? SV_FAIL(ctx, UNAVAILABLE, "the reservation was voided meanwhile")
               : SV_DONE;
  }
  ret->pdf = made.issue.pdf;
  memcpy(ret->pdf_sha256, made.issue.pdf_sha256, 32);
  ret->seals = SV_ARRAY(ctx->mem, made.issue.seal_count, struct store_seal);
  if (!ret->seals) {
    return SV_FAIL(ctx, NO_MEMORY, "seals");
  }
  memcpy(ret->seals, made.issue.seals, made.issue.seal_count * sizeof *ret->seals);
  ret->seal_count = made.issue.seal_count;
  return SV_DONE;
}

static sv_status answer_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return service_row_read(tx, ctx, arg, true);
}

struct previous {
  const struct store_document *row;
  uint8_t record_sha256[32];
};

static sv_status previous_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct previous *p = arg;
  struct store_document old;
  SV_TRY(tx->ops->document_find(tx, ctx, p->row->number, 0, &old));
  memcpy(p->record_sha256, old.record_sha256, 32);
  return SV_DONE;
}

/* A later version's record names the record of the version that is current until it is issued. */
static sv_status finish_chained(struct service *s, struct sv_ctx *ctx, const char *actor,
                                const struct model_content *content,
                                const struct store_document *row, struct service_issued *ret) {
  if (row->version == 1) {
    return finish(s, ctx, actor, content, row, NULL, ret);
  }
  struct previous p = {.row = row};
  SV_TRY(store_read(s->parts.store, ctx, previous_act, &p));
  return finish(s, ctx, actor, content, row, p.record_sha256, ret);
}

static sv_status issue_in_flight(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller,
                                 const struct service_issue_request *request,
                                 const char *request_id, const char *today,
                                 struct service_issued *ret) {
  struct reservation r;
  SV_TRY(reservation_prepare(s, ctx, caller, request, request_id, today, &r));
  SV_TRY(sv_ctx_alive(ctx));
  SV_TRY(store_write(s->parts.store, ctx, reserve_act, &r));
  ret->document = r.row;
  if (r.existed && r.row.state != MODEL_RESERVED) {
    return store_read(s->parts.store, ctx, answer_act, ret);
  }
  return finish_chained(s, ctx, caller->spiffe, &request->content, &r.row, ret);
}

static void refusal_audit(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, sv_status why) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct store_audit row = {caller->spiffe, "refuse", "", 0, sv_reason_name(why.reason)};
  sv_status audited = service_audit(s, &aside, &row);
  (void)audited.reason; /* the refusal stands whether or not it could be written down */
}

sv_status service_issue(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        struct service_issue_request *request, struct service_issued *ret) {
  *ret = (struct service_issued){0};
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_IssueDocument, request->content.kind));
  char request_id[37];
  if (!service_uuid(request->request_id, request_id)) {
    sv_ctx_violate(ctx, request->request_id[0] ? "is not a UUID" : "is required", "request_id");
  }
  struct sv_date date;
  char today[11];
  if (!sv_date_in_zone(sv_wall_us(), caller->authority->zone, &date)) {
    return SV_FAIL(ctx, CONFIG, "time zone of authority %s", caller->authority->id);
  }
  sv_date_format(date, today);
  SV_TRY(request_check(s, ctx, caller, request, date));
  if (request->validate_only) {
    return service_preview(s, ctx, caller, &request->content, &ret->pdf);
  }
  struct flight *flight;
  SV_TRY(flight_begin(s, ctx, caller->authority->id, request_id, &flight));
  sv_status status = issue_in_flight(s, ctx, caller, request, request_id, today, ret);
  flight_end(s, flight);
  if (status.reason == SV_HOLD || status.reason == SV_BALANCE_EXCEEDED ||
      status.reason == SV_OBLIGATION_CLOSED) {
    refusal_audit(s, ctx, caller, status);
  }
  return status;
}

/* --- the sweeper --- */

struct sweep {
  struct store_document rows[16];
  size_t limit, n;
};

static sv_status sweep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct sweep *w = arg;
  return tx->ops->leases_ended(tx, ctx, sv_wall_us(), w->rows, w->limit, &w->n);
}

static sv_status sweep_one(struct service *s, struct sv_ctx *ctx,
                           const struct store_document *row) {
  static const char actor[] = "sweeper";
  struct model_content content = {0};
  struct service_issued out = {0};
  struct flight *flight;
  SV_TRY(flight_begin(s, ctx, row->authority, row->request_id, &flight));
  sv_status status = s->parts.request_decode(ctx, row->request, &content);
  if (!sv_failed(status)) {
    content.template_name = row->template_name;
    status = content_complete(ctx, &content);
  }
  if (!sv_failed(status)) {
    status = finish_chained(s, ctx, actor, &content, row, &out);
  }
  flight_end(s, flight);
  if (sv_failed(status) && !fault_is_final(status.reason)) {
    struct voiding v = {row, MODEL_REASON_WORKER_LOST, actor, sv_reason_name(status.reason)};
    sv_ctx_clear(ctx);
    status = store_write(s->parts.store, ctx, void_act, &v);
  }
  return status;
}

sv_status service_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left) {
  struct sweep w = {.limit = limit < 16 ? limit : 16};
  SV_TRY(store_read(s->parts.store, ctx, sweep_act, &w));
  for (size_t i = 0; i < w.n; i++) {
    sv_status one = sweep_one(s, ctx, &w.rows[i]);
    if (sv_failed(one) && !fault_is_final(one.reason)) {
      return one;
    }
    sv_ctx_clear(ctx);
  }
  *ret_left = w.n == w.limit;
  return SV_DONE;
}
