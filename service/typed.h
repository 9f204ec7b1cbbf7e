/* Verification by what a person types: the number and the 13 characters under the bar code (65 bits, keyed). */
#pragma once
#include "service/service.h"

/* caller NULL: the public, who learns VALID or INVALID, with no reason, no document and always at the same time; others
 * what service_verify_seal would tell them. Spaces, hyphens and case do not matter. Strangers may try a number five
 * times an hour, all together. Fails: BUDGET (with when to come again), ROLE_MISSING. */
sv_status service_verify_number(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *number,
                                const char *code, const char *language, struct service_report *ret);

struct typed_tries; /* of a service */
struct typed_tries *typed_tries_open(void);
void typed_tries_close(struct typed_tries *t);
