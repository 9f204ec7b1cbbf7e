/* The second officer. Invariants: nobody approves what he asked for; an officer's yes counts once, for the content whose
 * digest he named; the last yes and the end of the draft are one act. */
#include "service/approval.h"

#include <string.h>
#include <strings.h>

#include "crypto/digest.h"
#include "service/asked.h"
#include "service/change.h"
#include "service/finish.h"
#include "service/flight.h"
#include "service/refuge.h"

static sv_status draft_find(struct store_tx *tx, struct sv_ctx *ctx,
                            const struct service_caller *caller, enum service_act act,
                            const char *number, uint32_t version, struct store_document *ret) {
  struct store_document d;
  SV_TRY(service_own_document(tx, ctx, caller->authority->id, number, version, &d));
  SV_TRY(policy_allows(ctx, caller, act, d.kind));
  *ret = d;
  return SV_DONE;
}

static sv_status pending_check(struct sv_ctx *ctx, const struct store_document *d) {
  return d->state == MODEL_PENDING_APPROVAL ? SV_DONE
                                            : SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d->state);
}

static sv_status officer_check(struct sv_ctx *ctx, const struct service_caller *caller) {
  return policy_is_officer(caller) ? SV_DONE
                                   : SV_FAIL(ctx, ROLE_MISSING, "systems decide on no draft");
}

bool approval_payee_is(const struct service_policy *policy, const struct model_receipt *r,
                       const char *spiffe) {
  struct model_officer officer = policy_officer_of(policy, spiffe);
  return (officer.short_id[0] && strcasecmp(r->payee_id, officer.short_id) == 0) ||
         (officer.name[0] && strcasecmp(r->payee_name, officer.name) == 0);
}

/* --- yes --- */

struct approving {
  struct asked asked;
  const struct service_approval *a;
  struct store_document row;
  bool decided; /* this very yes was the last one */
};

/* Requester, approver and payee are three. */
static sv_status distinct_check(struct sv_ctx *ctx, const struct approving *v) {
  const struct service_policy *policy = v->asked.s->parts.policy;
  const char *approver = v->asked.caller->spiffe;
  if (strcmp(v->row.issued_by, approver) == 0) {
    return SV_FAIL(ctx, ROLE_MISSING, "who asked for a document does not approve it");
  }
  if (v->row.kind != MODEL_DISBURSEMENT_RECEIPT) {
    return SV_DONE;
  }
  struct model_content content = {0};
  SV_TRY(v->asked.s->parts.request_decode(ctx, v->row.request, &content));
  return approval_payee_is(policy, &content.receipt, approver)
             ? SV_FAIL(ctx, ROLE_MISSING, "the payee does not approve his payment")
             : SV_DONE;
}

static sv_status digest_check(struct sv_ctx *ctx, const struct approving *v) {
  struct sv_bytes seen = v->a->content_sha256;
  if (seen.n != sizeof v->row.content_sha256 ||
      !crypto_equal(seen.p, v->row.content_sha256, seen.n)) {
    sv_ctx_violate(ctx, "is not the digest of this draft's content", "content_sha256");
  }
  return sv_ctx_violations_status(ctx);
}

static sv_status approve_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct approving *v = arg;
  const struct service_approval *a = v->a;
  const char *officer = v->asked.caller->spiffe;
  struct store_act_row before;
  bool known;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  SV_TRY(draft_find(tx, ctx, v->asked.caller, SERVICE_ACT_ApproveDocument, a->number, a->version,
                    &v->row));
  if (known) {
    return SV_DONE;
  }
  SV_TRY(pending_check(ctx, &v->row));
  SV_TRY(distinct_check(ctx, v));
  SV_TRY(digest_check(ctx, v));
  struct store_approval given[STORE_APPROVALS_MAX];
  size_t n;
  SV_TRY(tx->life->approvals(tx, ctx, a->number, a->version, STORE_ISSUE, given,
                             STORE_APPROVALS_MAX, &n));
  int64_t now_us = sv_wall_us() / 1000000 * 1000000;
  SV_TRY(tx->life->approval_add(tx, ctx,
                                &(struct store_approval){.number = a->number,
                                                         .version = a->version,
                                                         .question = STORE_ISSUE,
                                                         .officer = officer,
                                                         .time_us = now_us}));
  SV_TRY(service_row_changed(tx, ctx, &v->row, officer, "approve", ""));
  if (n + 1 >= v->row.approvals_needed) {
    SV_TRY(tx->ops->draft_reserve(tx, ctx, a->number, a->version, sv_wall_us() + FINISH_LEASE_US,
                                  now_us));
    SV_TRY(service_row_changed(tx, ctx, &v->row, officer, "reserve", ""));
  }
  SV_TRY(asked_remember(tx, ctx, &v->asked, a->number, a->version));
  return tx->ops->document_find(tx, ctx, a->number, a->version, &v->row);
}

/* The draft became a reservation: it is finished as every other one. */
static sv_status draft_finish(struct service *s, struct sv_ctx *ctx, const char *actor,
                              const struct store_document *row, struct service_issued *ret) {
  struct model_content content;
  struct flight *flight;
  SV_TRY(refuge_row_content(s, ctx, row, &content));
  SV_TRY(flight_begin(s, ctx, row->authority, row->request_id, &flight));
  sv_status status = finish_row(s, ctx, actor, &content, row, ret);
  flight_end(s, flight);
  return status;
}

sv_status service_approve(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct service_approval *a,
                          struct service_issued *ret) {
  int64_t start_us = sv_wall_us();
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ApproveDocument, MODEL_KIND_NONE));
  SV_TRY(officer_check(ctx, caller));
  *ret = (struct service_issued){0};
  struct approving v = {.a = a};
  asked_open(s, ctx, caller, "ApproveDocument", a->request_id, a->encoded, &v.asked);
  if (a->version == 0) {
    sv_ctx_violate(ctx, "is required", "version");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(store_write(s->parts.store, ctx, approve_act, &v));
  ret->document = v.row;
  if (v.row.state != MODEL_RESERVED) {
    return store_read(s->parts.store, ctx, service_answer_act, ret);
  }
  sv_status status = draft_finish(s, ctx, caller->spiffe, &v.row, ret);
  if (status.reason == SV_HOLD) {
    service_quantum_wait(ctx, start_us);
  }
  return status;
}

/* --- no --- */

static const char *rejection_word(enum model_state_reason reason) {
  switch (reason) {
    case MODEL_REASON_CORRECTION:
      return "CORRECTION";
    case MODEL_REASON_ISSUED_IN_ERROR:
      return "ISSUED_IN_ERROR";
    case MODEL_REASON_HOLDER_REQUEST:
      return "HOLDER_REQUEST";
    case MODEL_REASON_DECISION:
      return "DECISION";
    default:
      return NULL;
  }
}

struct rejecting {
  struct asked asked;
  const struct service_rejection *r;
  struct service_issued *out;
};

static sv_status reject_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct rejecting *v = arg;
  const struct service_rejection *r = v->r;
  struct store_document *d = &v->out->document;
  struct store_act_row before;
  bool known;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  SV_TRY(
      draft_find(tx, ctx, v->asked.caller, SERVICE_ACT_RejectDocument, r->number, r->version, d));
  if (!known) {
    SV_TRY(pending_check(ctx, d));
    SV_TRY(finish_give_back(tx, ctx, d));
    SV_TRY(tx->ops->document_state(tx, ctx, d->number, d->version, MODEL_REJECTED, r->reason, ""));
    SV_TRY(service_row_changed(tx, ctx, d, v->asked.caller->spiffe, "reject",
                               rejection_word(r->reason)));
    SV_TRY(asked_remember(tx, ctx, &v->asked, r->number, r->version));
    SV_TRY(tx->ops->document_find(tx, ctx, r->number, r->version, d));
  }
  return service_row_read(tx, ctx, v->out, false);
}

sv_status service_reject(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct service_rejection *r, struct service_issued *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_RejectDocument, MODEL_KIND_NONE));
  SV_TRY(officer_check(ctx, caller));
  *ret = (struct service_issued){0};
  struct rejecting v = {.r = r, .out = ret};
  asked_open(s, ctx, caller, "RejectDocument", r->request_id, r->encoded, &v.asked);
  if (r->version == 0) {
    sv_ctx_violate(ctx, "is required", "version");
  }
  if (!rejection_word(r->reason)) {
    sv_ctx_violate(ctx, "is no ground to reject a draft", "reason");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  return store_write(s->parts.store, ctx, reject_act, &v);
}

/* --- reading --- */

struct drafting {
  const struct service_caller *caller;
  const char *number;
  uint32_t version;
  struct store_document row;
};

static sv_status draft_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct drafting *d = arg;
  SV_TRY(
      draft_find(tx, ctx, d->caller, SERVICE_ACT_DownloadDocument, d->number, d->version, &d->row));
  SV_TRY(policy_allows_copy(ctx, d->caller, d->row.kind, MODEL_AUTHORITY));
  return pending_check(ctx, &d->row);
}

sv_status service_draft(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        const char *number, uint32_t version, struct sv_bytes *ret_pdf) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_DownloadDocument, MODEL_KIND_NONE));
  struct drafting d = {.caller = caller, .number = number, .version = version};
  SV_TRY(store_read(s->parts.store, ctx, draft_act, &d));
  struct model_content content;
  SV_TRY(refuge_row_content(s, ctx, &d.row, &content));
  return service_draft_page(s, ctx, &content, &d.row, ret_pdf);
}
