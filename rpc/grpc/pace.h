/* How fast something that is under way moves, looked at once in a while: a peer that takes or gives a byte now and then is
 * not waited for longer than one that does nothing. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rpc/limits.h"

struct rpc_pace {
  uint64_t since_ns; /* 0: nothing is under way */
  size_t bytes;      /* moved since then */
};

/* True when something was under way for limit_ns, at every look, and less than rate_bytes_s of it moved. */
static inline bool rpc_pace_late(struct rpc_pace *p, bool under_way, uint64_t limit_ns,
                                 size_t rate_bytes_s, uint64_t now_ns) {
  if (!under_way || p->since_ns == 0) {
    *p = (struct rpc_pace){.since_ns = under_way ? now_ns : 0};
    return false;
  }
  if (now_ns - p->since_ns <= limit_ns) {
    return false;
  }
  size_t least = rate_bytes_s * (size_t)(limit_ns / RPC_SECOND_NS);
  bool late = p->bytes == 0 || p->bytes < least;
  *p = (struct rpc_pace){.since_ns = now_ns};
  return late;
}
