/* From a reservation to an issued row, and the end of reservations that nobody finished.
 *
 * Invariants:
 *   1. a document becomes ISSUED only in a transaction in which every interlock held again;
 *   2. a fault that more tries can't mend voids the number and gives back its funds, in one act. */
#include "service/finish.h"

#include <string.h>

#include "service/change.h"
#include "service/flight.h"
#include "service/protection.h"
#include "service/refuge.h"
#include "service/retention.h"
#include "store/log.h"

int64_t finish_taken_minor(int64_t base_minor) { return base_minor > 0 ? base_minor : 0; }

/* --- finalising --- */

struct finalisation {
  struct service *s;
  const char *actor;
  const struct model_content *content;
  const struct store_document *row;
  const struct store_issue *issue;
  const struct levels_made *levels;
  enum sv_reason list_left;
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
  enum model_state_reason reason =
      row->version_reason ? row->version_reason : MODEL_REASON_CORRECTION;
  SV_TRY(tx->ops->document_state(tx, ctx, row->supersedes, old.version, MODEL_SUPERSEDED, reason,
                                 row->number));
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
  SV_TRY(interlock_period(ctx, &f->content->receipt, &o));
  if (f->content->receipt.reversal_of[0]) {
    return reversal_close(tx, ctx, f, &o);
  }
  if (o.disbursed_minor > o.obligated_minor) {
    return SV_FAIL(ctx, BALANCE_EXCEEDED, "the obligation shrank");
  }
  return interlock_charter(tx, ctx, row->authority, &f->content->receipt, row->number);
}

/* A version of the registry's own on which somebody is missing, and nobody new: who can't fly was taken off, so it takes
 * effect whatever else holds, and is suspended while somebody left on it is protected. */
static bool takes_off(const struct store_document *row) {
  return row->version_reason && !row->closing;
}

static sv_status suspended_still(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct finalisation *f) {
  const struct store_document *row = f->row;
  bool protects;
  SV_TRY(refuge_aboard(tx, ctx, &f->persons, row, &protects));
  if (!protects) {
    return SV_DONE;
  }
  SV_TRY(tx->ops->document_state(tx, ctx, row->number, row->version, MODEL_SUSPENDED,
                                 MODEL_REASON_NONE, ""));
  return service_row_changed(tx, ctx, row, f->actor, "suspend", "HOLD");
}

static sv_status closed(struct store_tx *tx, struct sv_ctx *ctx, const struct finalisation *f) {
  const struct model_manifest *m = &f->content->manifest;
  uint32_t boarded = 0;
  for (size_t i = 0; i < m->occupant_count; i++) {
    boarded += !m->occupants[i].offloaded;
  }
  SV_TRY(tx->protection->boarded_put(tx, ctx, f->row->number, boarded));
  return service_row_changed(tx, ctx, f->row, f->actor, "close", "DEPARTURE");
}

/* What a rule leaves to a second officer, who saw the draft or did not. */
static sv_status second_officer_check(struct sv_ctx *ctx, const struct finalisation *f) {
  if (!f->persons.second_officer || f->row->approvals_needed || f->row->closing) {
    return SV_DONE; /* a closing version has nobody on it who was not approved before */
  }
  sv_ctx_violate(ctx, "needs a second officer (NR-06, NR-10)", "flight_manifest");
  return SV_FAIL(ctx, RULE_UNMET, "a second officer");
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
  if (!takes_off(row)) {
    SV_TRY(interlock_persons(tx, ctx, &f->persons, row, true));
    SV_TRY(second_officer_check(ctx, f));
  }
  if (row->kind == MODEL_DISBURSEMENT_RECEIPT) {
    SV_TRY(receipt_close(tx, ctx, f));
  }
  SV_TRY(tx->ops->document_issue(tx, ctx, row->number, row->version, f->issue));
  SV_TRY(levels_keep(tx, ctx,
                     &(struct store_file){row->number, row->version, row->copy, MODEL_AUTHORITY},
                     f->levels, f->actor));
  SV_TRY(service_paxlst_left(tx, ctx, row, f->list_left, f->actor));
  SV_TRY(protection_issued(tx, ctx, &f->persons, row));
  SV_TRY(service_row_changed(tx, ctx, row, f->actor, "issue", ""));
  if (takes_off(row)) {
    SV_TRY(suspended_still(tx, ctx, f));
  }
  if (row->closing) {
    SV_TRY(closed(tx, ctx, f));
  }
  SV_TRY(tx->ops->document_find(tx, ctx, row->number, row->version, &f->out->document));
  return service_row_read(tx, ctx, f->out, false); /* as every later answer reads it */
}

sv_status finish_give_back(struct store_tx *tx, struct sv_ctx *ctx,
                           const struct store_document *row) {
  return row->obligation[0] ? tx->funding->obligation_disburse(
                                  tx, ctx, row->authority, row->obligation,
                                  -finish_taken_minor(row->amount_minor), row->sequence, false)
                            : SV_DONE;
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
  if (now.state != v->row->state) {
    return SV_DONE; /* somebody else decided */
  }
  SV_TRY(finish_give_back(tx, ctx, &now));
  SV_TRY(tx->ops->document_state(tx, ctx, now.number, now.version, MODEL_VOID, v->reason, ""));
  return service_row_changed(tx, ctx, &now, v->actor, "void", v->cause);
}

/* A fault that more tries can't mend: the number goes to VOID. Anything else leaves the reservation for the retry. */
bool finish_fault_is_final(enum sv_reason reason) {
  return reason == SV_HOLD || reason == SV_RULE_UNMET || reason == SV_BALANCE_EXCEEDED ||
         reason == SV_FIELD_INVALID || reason == SV_TEXT_TOO_LONG || reason == SV_GLYPH_MISSING ||
         reason == SV_VERSION_CHANGED || reason == SV_OBLIGATION_CLOSED;
}

/* From a reservation to an issued row. */
static sv_status finish(struct service *s, struct sv_ctx *ctx, const char *actor,
                        const struct model_content *content, const struct store_document *row,
                        const uint8_t *previous_sha256, struct service_issued *ret) {
  struct produced made;
  struct finalisation f = {.s = s, .actor = actor, .content = content, .row = row, .out = ret};
  sv_status status = service_produce(
      s, ctx, content, row, &(struct produce_place){.previous_sha256 = previous_sha256}, &made);
  if (!sv_failed(status)) {
    status = service_persons(s, ctx, content, &f.persons);
  }
  if (!sv_failed(status)) {
    f.issue = &made.issue;
    f.levels = &made.levels;
    f.list_left = made.list_left;
    uint64_t began_ns = sv_monotonic_ns();
    status = store_write(s->parts.store, ctx, finalise_act, &f);
    sv_metrics_time(s->parts.metrics, SV_TIME_COMMIT, sv_monotonic_ns() - began_ns);
  }
  if (sv_failed(status)) {
    if (status.reason == SV_HOLD) {
      interlock_refused(s, ctx, row->authority, &f.persons);
    }
    if (finish_fault_is_final(status.reason)) {
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
  ret->pdf = made.file;
  return SV_DONE;
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
sv_status finish_row(struct service *s, struct sv_ctx *ctx, const char *actor,
                     const struct model_content *content, const struct store_document *row,
                     struct service_issued *ret) {
  if (row->version == 1) {
    return finish(s, ctx, actor, content, row, NULL, ret);
  }
  struct previous p = {.row = row};
  SV_TRY(store_read(s->parts.store, ctx, previous_act, &p));
  return finish(s, ctx, actor, content, row, p.record_sha256, ret);
}

/* --- the sweeper --- */

struct sweep {
  struct store_document rows[16];
  size_t limit, n;
};

enum { RESERVED_TOLD = 100 }; /* more are told as so many: too many it is in any case */

/* Reservations and leaves, as an operator watches them. */
static sv_status gauges_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct sv_metrics *metrics = arg;
  struct store_document *rows = SV_ARRAY(ctx->mem, RESERVED_TOLD, struct store_document);
  size_t n;
  uint64_t size;
  if (!rows) {
    return SV_FAIL(ctx, NO_MEMORY, "gauges");
  }
  SV_TRY(tx->ops->leases_ended(tx, ctx, INT64_MAX, rows, RESERVED_TOLD, &n));
  SV_TRY(tx->log->size(tx, ctx, &size));
  sv_metrics_set(metrics, SV_GAUGE_RESERVED_DOCUMENTS, (int64_t)n);
  sv_metrics_set(metrics, SV_GAUGE_LOG_TREE_SIZE, (int64_t)size);
  return SV_DONE;
}

static sv_status sweep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct sweep *w = arg;
  return tx->ops->leases_ended(tx, ctx, sv_wall_us(), w->rows, w->limit, &w->n);
}

static sv_status lease_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct store_document *row = arg;
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, row->number, row->version, &now));
  return now.state == MODEL_RESERVED ? tx->ops->lease_extend(tx, ctx, now.number, now.version,
                                                             sv_wall_us() + FINISH_LEASE_US)
                                     : SV_DONE;
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
    status = finish_row(s, ctx, actor, &content, row, &out);
  }
  flight_end(s, flight);
  bool passing = sv_reason_code(status.reason) == SV_CODE_UNAVAILABLE ||
                 status.reason == SV_KEY_EXPIRED || status.reason == SV_KEY_COMPROMISED ||
                 status.reason == SV_CANCELLED ||
                 status.reason == SV_DEADLINE; /* the next sweep tries again */
  if (sv_failed(status) && !finish_fault_is_final(status.reason) && row->version_reason) {
    struct store_document again = *row;
    sv_ctx_clear(ctx); /* somebody was taken off, or all is closed: that is never given up */
    return store_write(s->parts.store, ctx, lease_act, &again);
  }
  if (sv_failed(status) && !finish_fault_is_final(status.reason) && !passing) {
    struct voiding v = {row, MODEL_REASON_WORKER_LOST, actor, sv_reason_name(status.reason)};
    sv_ctx_clear(ctx);
    status = store_write(s->parts.store, ctx, void_act, &v);
  }
  return status;
}

static sv_status drafts_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct sweep *w = arg;
  return tx->ops->drafts_ended(tx, ctx, sv_wall_us(), w->rows, w->limit, &w->n);
}

/* Drafts that nobody decided on in time are void. */
static sv_status drafts_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left) {
  struct sweep w = {.limit = limit};
  SV_TRY(store_read(s->parts.store, ctx, drafts_act, &w));
  for (size_t i = 0; i < w.n; i++) {
    struct voiding v = {&w.rows[i], MODEL_REASON_DRAFT_EXPIRED, "sweeper", "DRAFT_EXPIRED"};
    SV_TRY(store_write(s->parts.store, ctx, void_act, &v));
  }
  *ret_left = *ret_left || w.n == w.limit;
  return SV_DONE;
}

/* A reservation that can't be finished now comes again when its new lease ends: those behind it have their turn. */
static sv_status reservations_sweep(struct service *s, struct sv_ctx *ctx, struct sweep *w) {
  sv_status first = SV_DONE;
  SV_TRY(store_read(s->parts.store, ctx, sweep_act, w));
  for (size_t i = 0; i < w->n; i++) {
    sv_status one = sweep_one(s, ctx, &w->rows[i]);
    if (sv_failed(one) && !finish_fault_is_final(one.reason)) {
      first = sv_failed(first) ? first : one;
      sv_ctx_clear(ctx);
      struct store_document again = w->rows[i];
      (void)store_write(s->parts.store, ctx, lease_act, &again).reason;
    }
    sv_ctx_clear(ctx);
  }
  return first;
}

sv_status service_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left) {
  struct sweep w = {.limit = limit < 16 ? limit : 16};
  sv_status first = reservations_sweep(s, ctx, &w);
  *ret_left = w.n == w.limit;
  sv_ctx_clear(ctx);
  SV_TRY(drafts_sweep(s, ctx, w.limit, ret_left));
  SV_TRY(store_read(s->parts.store, ctx, gauges_act, s->parts.metrics));
  SV_TRY(protection_sweep(s, ctx));
  SV_TRY(retention_sweep(s, ctx, w.limit, ret_left));
  SV_TRY(levels_sweep(s, ctx, w.limit, ret_left));
  return sv_failed(first) ? sv_ctx_fail(ctx, first.reason, "a reservation can't be finished now")
                          : SV_DONE;
}
