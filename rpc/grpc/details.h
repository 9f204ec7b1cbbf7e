/* What a failed call tells its client: grpc-message and grpc-status-details-bin (google.rpc.Status). */
#pragma once
#include "base/ctx.h"

struct rpc_verdict {
  enum sv_code code;
  enum sv_reason reason;
  /* Each a malloc, NULL when OK or when memory is out. */
  char *text, *message; /* UTF-8 as it is; percent-encoded */
  uint8_t *status;      /* google.rpc.Status; NULL too when there are no details */
  size_t status_n;
  char *details; /* status in base64 without padding */
};

/* The bytes of google.rpc.Status for a reason: ErrorInfo always; BadRequest from ctx's violations (those that fit the
 * trailers); PreconditionFailure for FAILED_PRECONDITION; RetryInfo for what may be tried again. Also for an item of a
 * batch. In ctx->mem; n is 0 when memory is out. */
struct sv_bytes rpc_details(struct sv_ctx *ctx, enum sv_reason reason);

/* A verdict outlives the call's arena. free takes it back to zero. detailed: with what rpc_details gives. */
struct rpc_verdict rpc_verdict_of(struct sv_ctx *ctx, sv_status status, bool detailed);
/* A code and a text that are no reason's; message NULL: none. status: bytes of a google.rpc.Status that says the same,
 * with details; empty: there are none. */
struct rpc_verdict rpc_verdict_own(enum sv_code code, const char *message, struct sv_bytes status);
void rpc_verdict_free(struct rpc_verdict *v);
