/* Buckets as one time each (the generic cell rate algorithm): `full_ns` is when the bucket will be full again, so that what is
 * missing is the time until then. Invariant: full_ns is at most one window away from the last call's time. */
#include "service/budget.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "service/change.h"
#include "service/inside.h"

static const uint64_t second_ns = 1000 * 1000 * 1000;

struct caller_budget {
  _Atomic uint64_t full_ns[BUDGET_CLASSES];
};

struct budgets {
  const struct policy_caller *callers; /* the policy's, in its order */
  size_t n;
  struct caller_budget rows[];
};

struct budgets *budgets_open(const struct service_policy *policy) {
  struct budgets *b = calloc(1, sizeof *b + policy->caller_count * sizeof(struct caller_budget));
  if (b) {
    b->callers = policy->callers;
    b->n = policy->caller_count;
  }
  return b;
}

void budgets_close(struct budgets *b) { free(b); }

static enum budget_class class_of(enum service_act act) {
  switch (act) {
    case SERVICE_ACT_VerifyDocument:
    case SERVICE_ACT_VerifySeal:
    case SERVICE_ACT_VerifyNumber:
    case SERVICE_ACT_CheckOccupant:
    case SERVICE_ACT_GetTrustList:
    case SERVICE_ACT_GetStatusBundle:
      return BUDGET_CHECKS;
    case SERVICE_ACT_GetDocument:
    case SERVICE_ACT_ListDocuments:
    case SERVICE_ACT_DownloadDocument:
    case SERVICE_ACT_WatchDocuments:
    case SERVICE_ACT_GetHold:
    case SERVICE_ACT_ListHolds:
    case SERVICE_ACT_WatchAlarms:
    case SERVICE_ACT_GetObligation:
    case SERVICE_ACT_ListObligations:
    case SERVICE_ACT_GetCheckpoint:
    case SERVICE_ACT_GetInclusionProof:
    case SERVICE_ACT_GetConsistencyProof:
      return BUDGET_READS;
    default:
      return BUDGET_ACTS;
  }
}

struct bucket {
  uint64_t tokens, window_ns; /* tokens 0: without bound */
};

static struct bucket bucket_of(const struct service_policy *policy, enum budget_class c) {
  const struct policy_budgets *p = &policy->budgets;
  switch (c) {
    case BUDGET_READS:
      return (struct bucket){p->reads_per_minute, 60 * second_ns};
    case BUDGET_CHECKS:
      return (struct bucket){p->checks_per_minute, 60 * second_ns};
    case BUDGET_REFUSALS:
      return (struct bucket){p->refusals_per_hour, 3600 * second_ns};
    default:
      return (struct bucket){p->acts_per_minute, 60 * second_ns};
  }
}

/* NULL: a caller who is not counted. */
static _Atomic uint64_t *row_of(const struct service *s, const struct service_caller *caller,
                                enum budget_class c) {
  const struct budgets *b = s->budgets;
  for (size_t i = 0; i < b->n; i++) { /* a few dozen */
    if (&b->callers[i] == caller->policy) {
      return &s->budgets->rows[i].full_ns[c];
    }
  }
  return NULL;
}

/* How long until the bucket has `wanted` tokens again; 0: it has them. */
static uint64_t wait_ns(const struct bucket *k, uint64_t full_ns, uint64_t now_ns,
                        uint64_t wanted) {
  uint64_t missing = full_ns > now_ns ? full_ns - now_ns : 0;
  uint64_t after = missing + wanted * (k->window_ns / k->tokens);
  return after > k->window_ns ? after - k->window_ns : 0;
}

/* Takes a token where there is one; *ret_wait_ns 0, or how long until there is. last: it was the last one. */
static void token_take(const struct bucket *k, _Atomic uint64_t *full_ns, uint64_t *ret_wait_ns,
                       bool *ret_last) {
  uint64_t now = sv_monotonic_ns(), seen = atomic_load(full_ns), next;
  do {
    *ret_wait_ns = wait_ns(k, seen, now, 1);
    if (*ret_wait_ns) {
      return;
    }
    next = (seen > now ? seen : now) + k->window_ns / k->tokens;
  } while (!atomic_compare_exchange_weak(full_ns, &seen, next));
  *ret_last = wait_ns(k, next, now, 1) != 0;
}

static sv_status spent(struct sv_ctx *ctx, uint64_t ns) {
  ctx->retry_after_ms = (uint32_t)(ns / 1000000) + 1;
  return SV_FAIL(ctx, BUDGET, "the caller's budget is spent for %u ms", ctx->retry_after_ms);
}

sv_status service_admit(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        enum service_act act) {
  enum budget_class c = class_of(act);
  struct bucket k = bucket_of(s->parts.policy, c);
  _Atomic uint64_t *row = row_of(s, caller, c);
  uint64_t wait = 0;
  bool last;
  if (k.tokens && row) {
    token_take(&k, row, &wait, &last);
  }
  return wait ? spent(ctx, wait) : SV_DONE;
}

sv_status budget_refusals_left(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller) {
  struct bucket k = bucket_of(s->parts.policy, BUDGET_REFUSALS);
  _Atomic uint64_t *row = row_of(s, caller, BUDGET_REFUSALS);
  uint64_t wait = k.tokens && row ? wait_ns(&k, atomic_load(row), sv_monotonic_ns(), 1) : 0;
  return wait ? spent(ctx, wait) : SV_DONE;
}

static sv_status alarm_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct service_caller *caller = arg;
  struct store_audit row = {caller->spiffe, "refuse", "", 0, sv_reason_name(SV_BUDGET)};
  SV_TRY(tx->life->audit(tx, ctx, &row));
  return service_alarm(tx, ctx, caller->authority->id, "", 0, "");
}

void budget_refused(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller) {
  struct bucket k = bucket_of(s->parts.policy, BUDGET_REFUSALS);
  _Atomic uint64_t *row = row_of(s, caller, BUDGET_REFUSALS);
  uint64_t wait = 0;
  bool last = false;
  if (k.tokens && row) {
    token_take(&k, row, &wait, &last);
  }
  if (last) {
    struct sv_ctx aside = sv_ctx_over(ctx->mem); /* the refusal stands, told or not */
    struct service_caller who = *caller;
    sv_status told = store_write(s->parts.store, &aside, alarm_act, &who);
    (void)told.reason;
  }
}
