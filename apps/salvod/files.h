/* Small files of the configuration: keys, certificates. */
#pragma once
#include "base/ctx.h"

/* Whole into ctx->mem; at most 1 MiB. Fails: CONFIG with the path. */
sv_status file_read(struct sv_ctx *ctx, const char *path, struct sv_bytes *ret);
