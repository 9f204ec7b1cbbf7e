/* The part of salvod.conf about the wire: doors beside the officials', threads, limits. */
#pragma once
#include "rpc/server.h"
#include "runtime/config.h"

struct doors {
  bool has_public, has_admin;
  struct rpc_listen public_door, admin_door;
  struct rpc_limits limits;
  int64_t loops;
  const char *const *origins; /* of browser pages that may call, beside our own */
  size_t origin_n;
};

/* dir: what relative paths begin with. Strings are in ctx->mem. Fails: CONFIG, NO_MEMORY. */
sv_status doors_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                     struct doors *ret);
