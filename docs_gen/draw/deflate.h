/* zlib streams for /FlateDecode. */
#pragma once
#include "base/ctx.h"

/* level 1 to 12. ret in ctx->mem. Fails: NO_MEMORY. Thread: any. */
sv_status deflate_bytes(struct sv_ctx *ctx, struct sv_bytes in, int level, struct sv_bytes *ret);
