/* How a document is issued: exactly once, whatever crashes.
 *
 *   authorise > check > reserve (one transaction) > produce (no lock) > finalise (one transaction) > answer
 *                                             \ or draft > approved (approval.c) > produce ...
 *
 * Invariants:
 *   1. a number is taken only in a transaction in which every interlock held, and a refusal takes none;
 *   2. a document becomes ISSUED only in a transaction in which they held again;
 *   3. what is answered is what the registry holds: after finalising, the bytes are ours or the winner's. */
#include <stdio.h>
#include <string.h>

#include "crypto/digest.h"
#include "formats/bundle/bundle.h"
#include "model/codes.h"
#include "model/number.h"
#include "service/approval.h"
#include "service/budget.h"
#include "service/change.h"
#include "service/finish.h"
#include "service/flight.h"
#include "service/inside.h"

/* --- reserving --- */

struct reservation {
  struct service *s;
  const struct service_caller *caller;
  const struct service_issue_request *request;
  struct persons persons;
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

enum {
  VERSIONS_MAX = 255, /* a byte in the visible seal */
  VERSIONS_ASKED_MAX =
      127, /* by callers: the rest is for who is taken off at the gate, and for closing */
};

/* The version after the current one. Void versions are passed over; one that is still being made bars the way. */
sv_status issue_next_version(struct store_tx *tx, struct sv_ctx *ctx,
                             const struct store_document *current, uint32_t *ret) {
  for (uint32_t v = current->version + 1; v <= VERSIONS_MAX; v++) {
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
  return SV_FAIL(ctx, LIMIT_EXCEEDED, "the versions of a number are used up");
}

static sv_status number_take(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  struct store_document *row = &r->row;
  row->version = 1;
  if (r->request->supersedes[0]) {
    struct store_document old;
    SV_TRY(superseded_find(tx, ctx, r, &old));
    if (row->kind == MODEL_FLIGHT_MANIFEST) {
      row->number = old.number;
      SV_TRY(issue_next_version(tx, ctx, &old, &row->version));
      return row->version <= VERSIONS_ASKED_MAX
                 ? SV_DONE
                 : SV_FAIL(ctx, LIMIT_EXCEEDED, "the versions left are the gate's");
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

/* A random place in a status list: neighbours in the list say nothing about each other. A list that is nearly full is left
 * for the next one; a row that has a list stays in it. */
sv_status issue_status_index(struct store_tx *tx, struct sv_ctx *ctx, struct store_document *row) {
  enum { TRIES = 24 };
  static const char *const lists[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I",
                                      "J", "K", "L", "M", "N", "O", "P", "Q", "R",
                                      "S", "T", "U", "V", "W", "X", "Y", "Z"};
  bool own = row->status_list && row->status_list[0];
  for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
    if (own && strcmp(row->status_list, lists[l]) != 0) {
      continue;
    }
    for (int i = 0; i < TRIES; i++) {
      uint8_t random[3];
      bool taken;
      SV_TRY(crypto_random(ctx, random, sizeof random));
      uint32_t place =
          ((uint32_t)random[0] << 16 | (uint32_t)random[1] << 8 | random[2]) % BUNDLE_PLACES;
      SV_TRY(tx->ops->status_index_taken(tx, ctx, lists[l], place, &taken));
      if (!taken) {
        row->status_list = lists[l];
        row->status_index = place;
        return SV_DONE;
      }
    }
  }
  return SV_FAIL(ctx, LIMIT_EXCEEDED, "the status lists are full");
}

static sv_status receipt_reserve(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  const struct model_receipt *receipt = &r->request->content.receipt;
  if (approval_payee_is(r->s->parts.policy, receipt, r->caller->spiffe)) {
    sv_ctx_violate(ctx, "is who asks for the receipt", "disbursement_receipt.payee_name");
    return sv_ctx_violations_status(ctx);
  }
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
  return tx->funding->obligation_disburse(tx, ctx, row->authority, o.id, finish_taken_minor(base),
                                          row->sequence, receipt->payment_type == MODEL_FINAL);
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
  if (known.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", known.number);
  }
  r->row = known;
  r->existed = true;
  return known.state == MODEL_RESERVED ? tx->ops->lease_extend(tx, ctx, known.number, known.version,
                                                               sv_wall_us() + FINISH_LEASE_US)
                                       : SV_DONE;
}

/* Officers who have to agree: as many as the policy wants of the kind; one where a rule leaves the flight to a second
 * officer, or where a letter that protects gives way to one that does not (NR-13). */
static sv_status approvals_ask(struct store_tx *tx, struct sv_ctx *ctx, struct reservation *r) {
  struct store_document *row = &r->row;
  const struct policy_approvals *policy = &r->s->parts.policy->approvals;
  bool second = r->persons.second_officer;
  if (row->kind == MODEL_SAFE_CONDUCT && r->request->supersedes[0] &&
      !interlock_protects(&r->request->content)) {
    struct store_document old;
    struct model_content content = {0};
    SV_TRY(tx->ops->document_find(tx, ctx, r->request->supersedes, 0, &old));
    SV_TRY(r->s->parts.request_decode(ctx, old.request, &content));
    second = second || interlock_protects(&content);
  }
  row->approvals_needed = policy->needed[row->kind];
  if (second && row->approvals_needed == 0) {
    row->approvals_needed = 1;
  }
  if (row->approvals_needed == 0) {
    row->state = MODEL_RESERVED;
    row->lease_until_us = sv_wall_us() + FINISH_LEASE_US;
    return SV_DONE;
  }
  row->state = MODEL_PENDING_APPROVAL;
  row->draft_until_us = sv_wall_us() + (int64_t)policy->draft_hours * 3600 * 1000000;
  struct record_salts salts;
  struct sv_bytes json;
  memcpy(salts.salt, row->salt, sizeof salts.salt);
  memcpy(salts.secret, row->secret, sizeof salts.secret);
  SV_TRY(record_content(ctx, &r->request->content, &salts, &json));
  crypto_sha256(json, row->content_sha256);
  return SV_DONE;
}

static sv_status reserve_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reservation *r = arg;
  SV_TRY(known_request(tx, ctx, r));
  if (r->existed) {
    return SV_DONE;
  }
  if (r->row.kind != MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(budget_refusals_left(r->s, ctx, r->caller));
  }
  SV_TRY(interlock_persons(tx, ctx, &r->persons, &r->row, false));
  if (r->row.kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(receipt_reserve(tx, ctx, r));
  }
  SV_TRY(number_take(tx, ctx, r));
  if (r->row.kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(interlock_bill(tx, ctx, &r->request->content.receipt, r->row.number));
  }
  SV_TRY(issue_status_index(tx, ctx, &r->row));
  SV_TRY(approvals_ask(tx, ctx, r));
  r->row.copy = 1;
  SV_TRY(tx->ops->document_reserve(tx, ctx, &r->row));
  return service_row_changed(tx, ctx, &r->row, r->caller->spiffe,
                             r->row.state == MODEL_RESERVED ? "reserve" : "draft", "");
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
      .request_id = sv_arena_strdup(ctx->mem, request_id), /* a draft's row is the answer */
      .supersedes = request->supersedes,
      .template_name = c->template_name,
      .languages = languages.failed ? "" : (const char *)languages.p,
      .paper = c->paper,
      .issue_date = sv_arena_strdup(ctx->mem, today),
      .valid_from = c->kind == MODEL_SAFE_CONDUCT ? c->letter.valid_from : "",
      .valid_until = c->kind == MODEL_SAFE_CONDUCT ? c->letter.valid_until : "",
      .issue_time_us = sv_wall_us() / 1000000 * 1000000,
      .issued_by = caller->spiffe,
      .request = request->encoded,
      .obligation = "",
  };
  if (!r->row.request_id || !r->row.issue_date) {
    return SV_FAIL(ctx, NO_MEMORY, "a row");
  }
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
  return service_persons(s, ctx, c, &r->persons);
}

/* --- issuing --- */

static sv_status issue_in_flight(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller,
                                 const struct service_issue_request *request,
                                 const char *request_id, const char *today,
                                 struct service_issued *ret) {
  struct reservation r;
  SV_TRY(reservation_prepare(s, ctx, caller, request, request_id, today, &r));
  SV_TRY(sv_ctx_alive(ctx));
  sv_status reserved = store_write(s->parts.store, ctx, reserve_act, &r);
  if (reserved.reason == SV_HOLD) {
    interlock_refused(s, ctx, caller->authority->id, &r.persons);
  }
  SV_TRY(reserved);
  ret->document = r.row;
  if (r.row.state != MODEL_RESERVED) {
    return store_read(s->parts.store, ctx, service_answer_act, ret);
  }
  return finish_row(s, ctx, caller->spiffe, &request->content, &r.row, ret);
}

struct repeated {
  const struct service_caller *caller;
  const char *request_id;
  uint8_t input_mac[32];
  struct service_issued *out;
  bool answered;
};

static sv_status repeated_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct repeated *r = arg;
  struct store_document known;
  sv_status s = tx->ops->request_find(tx, ctx, r->caller->authority->id, r->request_id, &known);
  if (s.reason == SV_NOT_FOUND || (!sv_failed(s) && known.state == MODEL_RESERVED)) {
    return SV_DONE;
  }
  SV_TRY(s);
  if (!crypto_equal(known.input_mac, r->input_mac, sizeof known.input_mac)) {
    return SV_DONE;
  }
  if (known.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", known.number);
  }
  r->out->document = known;
  r->answered = true;
  return service_row_read(tx, ctx, r->out, true);
}

/* A request that is at fault today may have been good when it was first sent (a validity that ended last night, an
 * officer who left): its document is its answer still. */
static sv_status issued_before(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller,
                               const struct service_issue_request *request, const char *request_id,
                               struct service_issued *ret, bool *ret_answered) {
  struct repeated r = {.caller = caller, .request_id = request_id, .out = ret};
  service_mac(s, "input", request->encoded, r.input_mac);
  struct sv_ctx aside = sv_ctx_over(ctx->mem); /* the faults of the request stay ctx's */
  sv_status read = store_read(s->parts.store, &aside, repeated_act, &r);
  if (sv_failed(read)) {
    sv_ctx_clear(ctx);
    return sv_ctx_fail(ctx, read.reason, "%s", aside.detail);
  }
  if (r.answered) {
    sv_ctx_clear(ctx);
    ctx->violation_count = 0;
  }
  *ret_answered = r.answered;
  return SV_DONE;
}

static void refusal_audit(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, sv_status why) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct store_audit row = {caller->spiffe, "refuse", "", 0, sv_reason_name(why.reason)};
  sv_status audited = service_audit(s, &aside, &row);
  (void)audited.reason; /* the refusal stands whether or not it could be written down */
}

static sv_status issue(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       struct service_issue_request *request, struct service_issued *ret) {
  int64_t start_us = sv_wall_us();
  *ret = (struct service_issued){0};
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_IssueDocument, request->content.kind));
  char request_id[37];
  bool request_known = service_uuid(request->request_id, request_id);
  if (!request_known) {
    sv_ctx_violate(ctx, request->request_id[0] ? "is not a UUID" : "is required", "request_id");
  }
  struct sv_date date;
  char today[11];
  if (!sv_date_in_zone(sv_wall_us(), caller->authority->zone, &date)) {
    return SV_FAIL(ctx, CONFIG, "time zone of authority %s", caller->authority->id);
  }
  sv_date_format(date, today);
  sv_status checked = service_request_check(s, ctx, caller, request, date);
  if (checked.reason == SV_FIELD_INVALID && !request->validate_only && request_known) {
    bool answered = false;
    SV_TRY(issued_before(s, ctx, caller, request, request_id, ret, &answered));
    if (answered) {
      return SV_DONE;
    }
  }
  SV_TRY(checked);
  if (request->validate_only) {
    return service_preview(s, ctx, caller, &request->content, &ret->pdf);
  }
  struct flight *flight;
  SV_TRY(flight_begin(s, ctx, caller->authority->id, request_id, &flight));
  sv_status status = issue_in_flight(s, ctx, caller, request, request_id, today, ret);
  flight_end(s, flight);
  if (status.reason == SV_HOLD || status.reason == SV_RULE_UNMET ||
      status.reason == SV_BALANCE_EXCEEDED || status.reason == SV_OBLIGATION_CLOSED) {
    refusal_audit(s, ctx, caller, status);
  }
  if (status.reason == SV_HOLD || status.reason == SV_RULE_UNMET) {
    budget_refused(s, ctx, caller);
  }
  if (status.reason == SV_HOLD) {
    service_quantum_wait(ctx, start_us);
  }
  return status;
}

/* What a call came to, for who watches the server. began_us: documents that are older were only answered again. */
static enum sv_issue_outcome outcome_of(sv_status status, const struct service_issued *doc,
                                        int64_t began_us) {
  if (sv_failed(status)) {
    enum sv_code code = sv_reason_code(status.reason);
    bool refused = code == SV_CODE_INVALID_ARGUMENT || code == SV_CODE_FAILED_PRECONDITION ||
                   code == SV_CODE_PERMISSION_DENIED || code == SV_CODE_ABORTED ||
                   code == SV_CODE_NOT_FOUND;
    return refused ? SV_OUTCOME_REFUSED : SV_OUTCOME_FAILED;
  }
  bool before = doc->document.issue_time_us < began_us / 1000000 * 1000000;
  return before                                          ? SV_OUTCOME_REPEATED
         : doc->document.state == MODEL_PENDING_APPROVAL ? SV_OUTCOME_PENDING
                                                         : SV_OUTCOME_ISSUED;
}

sv_status service_issue(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        struct service_issue_request *request, struct service_issued *ret) {
  int64_t began_us = sv_wall_us();
  enum model_kind kind = request->content.kind;
  sv_status status = issue(s, ctx, caller, request, ret);
  if (kind != MODEL_KIND_NONE && !request->validate_only) {
    sv_metrics_issued(s->parts.metrics, (enum sv_issue_kind)(kind - MODEL_SAFE_CONDUCT),
                      outcome_of(status, ret, began_us));
  }
  return status;
}
