/* Which of the protocols a request speaks, and what they call things. Pure functions. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

enum rpc_protocol {
  RPC_GRPC,
  RPC_GRPC_WEB,       /* trailers are the last frame of the body */
  RPC_GRPC_WEB_TEXT,  /* the same in base64 */
  RPC_CONNECT,        /* unary: the body is the message, the status is HTTP's */
  RPC_CONNECT_GET,    /* the message is in the query */
  RPC_CONNECT_STREAM, /* frames of gRPC, the last is EndStreamResponse */
};

enum rpc_codec { RPC_PROTO, RPC_JSON, RPC_NO_CODEC };

struct rpc_dialect {
  enum rpc_protocol protocol;
  enum rpc_codec codec;
};

/* From a content-type; parameters after ';' are ignored. A codec that is not known is RPC_NO_CODEC with gRPC, which has
 * a status for it; else false. */
bool rpc_dialect_of(struct sv_bytes content_type, struct rpc_dialect *ret_dialect);

static inline bool rpc_is_bare(enum rpc_protocol p) {
  return p == RPC_CONNECT || p == RPC_CONNECT_GET;
}
static inline bool rpc_is_web(enum rpc_protocol p) {
  return p == RPC_GRPC_WEB || p == RPC_GRPC_WEB_TEXT;
}
static inline bool rpc_is_connect(enum rpc_protocol p) { return p >= RPC_CONNECT; }

/* "not_found" and "404": connectrpc.com/docs/protocol, error codes. Static storage. */
const char *rpc_connect_code(enum sv_code code);
const char *rpc_connect_http_status(enum sv_code code);

/* Connect-Timeout-Ms: 1 to 10 digits. */
bool rpc_connect_timeout_parse(struct sv_bytes text, uint64_t *ret_ns);
