/* How much a caller may ask: a bucket of tokens a caller and class of calls, as the policy says. Who tries persons against the
 * registry of protection learns from refusals: these have a tighter bucket of their own, and the duty desk hears when it is
 * empty. Memory: one row a caller of the policy, no more. Inside service/, and for rpc/api. Thread: any. */
#pragma once
#include "service/service.h"

enum budget_class {
  BUDGET_ACTS,     /* what changes the registry */
  BUDGET_READS,    /* what reads it */
  BUDGET_CHECKS,   /* verification */
  BUDGET_REFUSALS, /* answers that rest on protection */
  BUDGET_CLASSES
};

struct budgets; /* of all callers */

/* NULL when memory is out. */
struct budgets *budgets_open(const struct service_policy *policy);
void budgets_close(struct budgets *b);

/* Takes a token for an act; at the start of every call and every item of a batch. Fails: BUDGET, with when to come again. */
sv_status service_admit(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        enum service_act act);

/* Before a person is looked up. Fails: BUDGET when refusals are used up. */
sv_status budget_refusals_left(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller);
/* After a refusal that rests on protection, outside of transactions: takes a token; the last one alarms the desk. */
void budget_refused(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller);
