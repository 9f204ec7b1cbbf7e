/* The query of a Connect GET: message=...&encoding=json&base64=1&compression=gzip&connect=v1. */
#pragma once
#include "base/arena.h"

struct rpc_query {
  struct sv_bytes message; /* decoded; in the arena */
  const char *encoding;    /* "" when absent, as in what follows */
  const char *compression, *version;
};

/* False: a broken escape or base64, a repeated key, no message, or memory is out. Other keys are let pass. */
bool rpc_query_parse(struct sv_arena *mem, struct sv_bytes query, struct rpc_query *ret_query);
