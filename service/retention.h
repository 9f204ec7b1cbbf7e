/* Retention: what ended long enough ago is erased by itself. Inside service/ only; the sweeper's thread. */
#pragma once
#include "service/inside.h"

/* Erases at most `limit` documents of each kind as the policy's retention says, audited as every erasure, and forgets old
 * events once an hour. What is in force, of a person under a hold, or of an obligation that is not closed stays whatever its
 * age. *ret_left is set when there may be more. */
sv_status retention_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left);
