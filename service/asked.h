/* What every writing call but issuing carries: its request_id, told apart by the digest of the whole request. Inside
 * service/ only. */
#pragma once
#include "service/inside.h"

struct asked {
  struct service *s;
  const struct service_caller *caller;
  char request_id[37];
  uint8_t input_mac[32];
  const char *act; /* the API's method */
};

/* A request_id that is no UUID is a violation in ctx. */
void asked_open(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                const char *act, const char *request_id, struct sv_bytes encoded,
                struct asked *ret);
/* Inside an act. Fails: REQUEST_ID_REUSED. */
sv_status asked_before(struct store_tx *tx, struct sv_ctx *ctx, const struct asked *a,
                       struct store_act_row *ret, bool *ret_known);
sv_status asked_remember(struct store_tx *tx, struct sv_ctx *ctx, const struct asked *a,
                         const char *subject, int64_t detail);
