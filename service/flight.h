/* Requests in flight: one worker at a time does the work of a request id, its twins wait for the answer in the registry.
 * Inside service/ only. */
#pragma once
#include "service/inside.h"

/* Waits until nobody else is at this request, then marks it as ours. Fails: DEADLINE, CANCELLED (polled), NO_MEMORY. */
sv_status flight_begin(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const char *request_id, struct flight **ret);
void flight_end(struct service *s, struct flight *f);
