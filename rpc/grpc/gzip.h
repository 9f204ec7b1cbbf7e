/* The gzip of gRPC messages. */
#pragma once
#include "base/ctx.h"

enum { RPC_GZIP_LEAST_BYTES = 1024 };

/* One gzip member, at most max bytes when unpacked; in ctx->mem. Never more memory than is needed for what really comes
 * out. Fails: MESSAGE_TOO_LARGE (a bomb), MESSAGE_MALFORMED, NO_MEMORY. */
sv_status rpc_gunzip(struct sv_ctx *ctx, struct sv_bytes packed, size_t max,
                     struct sv_bytes *ret_bytes);
/* Fails: NO_MEMORY. */
sv_status rpc_gzip(struct sv_ctx *ctx, struct sv_bytes bytes, struct sv_bytes *ret_packed);
