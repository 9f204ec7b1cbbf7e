/* How a call ends where there are no trailers: the last bytes of the body. */
#pragma once
#include "base/ctx.h"
#include "rpc/grpc/details.h"
#include "rpc/grpc/dialect.h"

enum { RPC_METADATA_MAX = 32 };
#define RPC_TRAILER_PREFIX "trailer-"

/* Headers or trailers of the handler's. */
struct rpc_metadata {
  size_t n;
  struct {
    char *block;        /* malloc of both: RPC_TRAILER_PREFIX, the name, the value */
    char *name, *value; /* of Connect's unary calls the name of a trailer begins at block */
  } item[RPC_METADATA_MAX];
};

enum { RPC_FLAG_COMPRESSED = 1, RPC_FLAG_CONNECT_END = 2, RPC_FLAG_WEB_TRAILERS = 0x80 };

/* Appends what the protocol has at its end, without a prefix: gRPC-Web's trailers, Connect's EndStreamResponse or, of a
 * unary call that failed, its error. Nothing for gRPC. Test out->failed. */
void rpc_ending_put(struct sv_arena *mem, enum rpc_protocol protocol,
                    const struct rpc_verdict *verdict, const struct rpc_metadata *trailers,
                    struct sv_buf *out);
/* The flag of its frame; 0: it is not framed. */
static inline uint8_t rpc_ending_flag(enum rpc_protocol p) {
  return rpc_is_web(p) ? RPC_FLAG_WEB_TRAILERS : p == RPC_CONNECT_STREAM ? RPC_FLAG_CONNECT_END : 0;
}
