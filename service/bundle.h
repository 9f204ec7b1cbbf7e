/* What devices take along: the trust list and the status bundle (formats/bundle), signed by the signer's trust key. */
#pragma once
#include "service/service.h"

enum { SERVICE_FRESH_HOURS = 24, SERVICE_BUNDLE_DAYS = 7, SERVICE_TRUST_DAYS = 30 };

/* list: "A" to "Z", "" is "A". after_sequence 0: the whole list; else what changed since, or the whole list where that is
 * too much. The sequence is the size of the log: every change is a leaf. The whole list is made at most once in ten
 * minutes for the same sequence. *ret is a signed note, in ctx->mem.
 * Fails: FIELD_INVALID, OUT_OF_RANGE (a sequence that is not reached yet), SIGNER, UNIMPLEMENTED (no trust key). */
sv_status service_status_bundle(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *list,
                                uint64_t after_sequence, struct sv_bytes *ret);
/* *ret is a signed note, in ctx->mem. Fails: SIGNER, UNIMPLEMENTED. */
sv_status service_trust_list(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, struct sv_bytes *ret);

struct bundle_cache; /* of a service */
struct bundle_cache *bundle_cache_open(void);
void bundle_cache_close(struct bundle_cache *cache);
/* What is signed next is made anew. */
void bundle_cache_forget(struct bundle_cache *cache);
