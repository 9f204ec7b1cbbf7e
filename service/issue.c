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
#include "model/codes.h"
#include "model/number.h"
#include "service/change.h"
#include "service/flight.h"
#include "service/inside.h"
#include "service/protection.h"
#include "service/refuge.h"

enum { LEASE_US = 120 * 1000 * 1000 };

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

enum { VERSIONS_MAX = 255 }; /* a byte in the visible seal */

/* The version after the current one. Void versions are passed over; one that is still being made bars the way. */
static sv_status next_version(struct store_tx *tx, struct sv_ctx *ctx,
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

/* A payment's funds are taken with its number. What a reversal gives back is there only once it is issued: another
 * receipt might spend it, and the reversal come to nothing. */
static int64_t taken_when_reserved(int64_t base_minor) { return base_minor > 0 ? base_minor : 0; }

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
  return tx->funding->obligation_disburse(tx, ctx, row->authority, o.id, taken_when_reserved(base),
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
  return known.state == MODEL_RESERVED
             ? tx->ops->lease_extend(tx, ctx, known.number, known.version, sv_wall_us() + LEASE_US)
             : SV_DONE;
}

/* What a rule leaves to a second officer is refused as long as nobody can approve drafts: the safe side. */
static sv_status second_officer_check(struct sv_ctx *ctx, const struct persons *p) {
  if (!p->second_officer) {
    return SV_DONE;
  }
  sv_ctx_violate(ctx, "needs a second officer (NR-06, NR-10)", "flight_manifest");
  return SV_FAIL(ctx, RULE_UNMET, "a second officer");
}

static sv_status reserve_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reservation *r = arg;
  SV_TRY(known_request(tx, ctx, r));
  if (r->existed) {
    return SV_DONE;
  }
  SV_TRY(interlock_persons(tx, ctx, &r->persons, &r->row, false));
  SV_TRY(second_officer_check(ctx, &r->persons));
  if (r->row.kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(receipt_reserve(tx, ctx, r));
  }
  SV_TRY(number_take(tx, ctx, r));
  SV_TRY(status_index_take(tx, ctx, &r->row));
  r->row.state = MODEL_RESERVED;
  r->row.copy = 1;
  r->row.lease_until_us = sv_wall_us() + LEASE_US;
  SV_TRY(tx->ops->document_reserve(tx, ctx, &r->row));
  return service_row_changed(tx, ctx, &r->row, r->caller->spiffe, "reserve", "");
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
  return service_persons(s, ctx, c, &r->persons);
}

/* --- finalising --- */

struct finalisation {
  struct service *s;
  const char *actor;
  const struct model_content *content;
  const struct store_document *row;
  const struct store_issue *issue;
  struct persons persons;
  struct service_issued *out;
  bool lost;
};

static sv_status predecessor_close(struct store_tx *tx, struct sv_ctx *ctx,
                                   const struct finalisation *f) {
  const struct store_document *row = f->row;
  if (row->supersedes[0] == '\0') {
    return SV_DONE;
  }
  struct store_document old; /* this row is still RESERVED: the current one is its predecessor */
  SV_TRY(tx->ops->document_find(tx, ctx, row->supersedes, 0, &old));
  if (old.state != MODEL_ISSUED && old.state != MODEL_SUSPENDED) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the document to be replaced went into state %d",
                   (int)old.state);
  }
  SV_TRY(tx->ops->document_state(tx, ctx, row->supersedes, old.version, MODEL_SUPERSEDED,
                                 MODEL_REASON_CORRECTION, row->number));
  return service_row_changed(tx, ctx, &old, f->actor, "supersede", "");
}

/* A reversed receipt stays issued: its row only points on. The reversal says what was paid before it, so it fails where
 * another receipt of the obligation took a number meanwhile. */
static sv_status reversal_close(struct store_tx *tx, struct sv_ctx *ctx,
                                const struct finalisation *f, const struct store_obligation *o) {
  const struct store_document *row = f->row;
  const char *reversed = f->content->receipt.reversal_of;
  struct store_document original;
  SV_TRY(tx->ops->document_find(tx, ctx, reversed, 1, &original));
  if (original.superseded_by[0] || o->disbursed_minor != row->paid_before_minor) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the obligation or the reversed receipt changed");
  }
  SV_TRY(tx->funding->obligation_disburse(tx, ctx, row->authority, o->id, row->amount_minor,
                                          row->sequence, false));
  SV_TRY(tx->ops->document_state(tx, ctx, reversed, 1, original.state, original.state_reason,
                                 row->number));
  return service_row_changed(tx, ctx, &original, f->actor, "reverse", "");
}

static sv_status receipt_close(struct store_tx *tx, struct sv_ctx *ctx,
                               const struct finalisation *f) {
  const struct store_document *row = f->row;
  struct store_obligation o;
  SV_TRY(tx->funding->obligation_find(tx, ctx, row->authority, row->obligation, &o));
  if (f->content->receipt.reversal_of[0]) {
    return reversal_close(tx, ctx, f, &o);
  }
  return o.disbursed_minor > o.obligated_minor
             ? SV_FAIL(ctx, BALANCE_EXCEEDED, "the obligation shrank")
             : SV_DONE;
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
  SV_TRY(predecessor_close(tx, ctx, f)); /* first: a holder's old letter is not a second one */
  SV_TRY(interlock_persons(tx, ctx, &f->persons, row, true));
  if (row->kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(receipt_close(tx, ctx, f));
  }
  SV_TRY(tx->ops->document_issue(tx, ctx, row->number, row->version, f->issue));
  SV_TRY(protection_issued(tx, ctx, &f->persons, row));
  SV_TRY(service_row_changed(tx, ctx, row, f->actor, "issue", ""));
  SV_TRY(tx->ops->document_find(tx, ctx, row->number, row->version, &f->out->document));
  return service_row_read(tx, ctx, f->out, false); /* as every later answer reads it */
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
    SV_TRY(tx->funding->obligation_disburse(tx, ctx, now.authority, now.obligation,
                                            -taken_when_reserved(now.amount_minor), now.sequence,
                                            false));
  }
  SV_TRY(tx->ops->document_state(tx, ctx, now.number, now.version, MODEL_VOID, v->reason, ""));
  return service_row_changed(tx, ctx, &now, v->actor, "void", v->cause);
}

/* A fault that more tries can't mend: the number goes to VOID. Anything else leaves the reservation for the retry. */
static bool fault_is_final(enum sv_reason reason) {
  return reason == SV_HOLD || reason == SV_RULE_UNMET || reason == SV_BALANCE_EXCEEDED ||
         reason == SV_FIELD_INVALID || reason == SV_TEXT_TOO_LONG || reason == SV_GLYPH_MISSING ||
         reason == SV_VERSION_CHANGED;
}

/* From a reservation to an issued row. */
static sv_status finish(struct service *s, struct sv_ctx *ctx, const char *actor,
                        const struct model_content *content, const struct store_document *row,
                        const uint8_t *previous_sha256, struct service_issued *ret) {
  struct produced made;
  struct finalisation f = {.s = s, .actor = actor, .content = content, .row = row, .out = ret};
  sv_status status = service_produce(s, ctx, content, row, previous_sha256, &made);
  if (!sv_failed(status)) {
    status = service_persons(s, ctx, content, &f.persons);
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
  sv_status reserved = store_write(s->parts.store, ctx, reserve_act, &r);
  if (reserved.reason == SV_HOLD) {
    interlock_refused(s, ctx, caller, &r.persons);
  }
  SV_TRY(reserved);
  ret->document = r.row;
  if (r.existed && r.row.state != MODEL_RESERVED) {
    return store_read(s->parts.store, ctx, answer_act, ret);
  }
  return finish_chained(s, ctx, caller->spiffe, &request->content, &r.row, ret);
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

sv_status service_issue(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
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
  if (status.reason == SV_HOLD) {
    service_quantum_wait(ctx, start_us);
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
  sv_status status = refuge_row_content(s, ctx, row, &content);
  if (!sv_failed(status)) {
    status = finish_chained(s, ctx, actor, &content, row, &out);
  }
  flight_end(s, flight);
  bool passing =
      sv_reason_code(status.reason) == SV_CODE_UNAVAILABLE; /* the next sweep tries again */
  if (sv_failed(status) && !fault_is_final(status.reason) && !passing) {
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
  return protection_sweep(s, ctx);
}
