/* Non-refoulement as the API has it: holds, facts, alarms. Every function authorises, and runs on a worker. Each placing,
 * lifting, refusal and reading is an audit row in the same act (NR-15). */
#pragma once
#include "service/service.h"
#include "store/protection.h"

struct service_hold {
  struct store_hold row;
  bool shown; /* person and document are filled in: to the protection desk alone */
  struct model_person person;
  struct model_travel_document document;
};

struct service_hold_request {
  const char *request_id;
  struct model_person person;
  struct model_travel_document document; /* empty: none is known */
  int cause;
  struct model_texts states;
  struct sv_bytes encoded; /* the whole request, told apart by its digest */
};
/* Suspends every manifest in force that names the person. A caller who may lift holds places confirmed ones, and confirms
 * the one that there is. Fails: FIELD_INVALID, REQUEST_ID_REUSED, LIMIT_EXCEEDED (a day's number of unconfirmed holds is
 * used up: the desk is alarmed), ROLE_MISSING. */
sv_status service_hold_place(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller,
                             const struct service_hold_request *request, struct service_hold *ret,
                             uint32_t *ret_suspended);

/* Two officers, each in a call of his own; the decision has to be on record, of this person. Lifting a near match says that
 * it is another person: the pair never matches again. Manifests on which nobody is protected any more are in force again.
 * Fails: FIELD_INVALID, NOT_FOUND, NOT_ISSUED (lifted before), ROLE_MISSING (a system; the same officer twice). */
sv_status service_hold_lift(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, const char *request_id,
                            const char *name, const char *decision_fact, struct sv_bytes encoded,
                            struct service_hold *ret, bool *ret_pending);

sv_status service_hold_read(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, const char *name,
                            struct service_hold *ret);
/* Newest first, at most limit (0: 50, up to SERVICE_PAGE_MAX, for which ret has room). */
sv_status service_hold_list(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, uint32_t limit,
                            const char *page_token, struct service_hold *ret, size_t *ret_n,
                            const char **ret_next);

struct service_fact_request {
  const char *request_id;
  int kind;
  struct model_person person;
  struct model_travel_document document;
  int64_t fact_us;
  int64_t expiry_us; /* 0: none */
  const char *language;
  bool interpreter;
  const char *reference;
  struct sv_bytes encoded;
};
/* ret_name "facts/..."; a claim places a hold, told in ret_hold (row.name NULL: none). */
sv_status service_fact_record(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller,
                              const struct service_fact_request *request, const char **ret_name,
                              struct service_hold *ret_hold);

/* Alarms of the caller's authority after an event; *ret_last: from where to go on. */
sv_status service_alarms(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         uint64_t after, struct store_event *ret, size_t limit, size_t *ret_n,
                         uint64_t *ret_last);

/* Holds that nobody confirmed raise their alarm again, and manifests whose cause of suspension ran out are in force again. To
 * be called now and then. */
sv_status protection_sweep(struct service *s, struct sv_ctx *ctx);
