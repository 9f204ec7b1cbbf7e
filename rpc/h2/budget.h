/* A token bucket: what a connection may do that costs us more than it costs the peer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "rpc/limits.h"

struct h2_budget {
  int64_t tokens_milli;
  uint64_t filled_ns;
};

static inline struct h2_budget h2_budget_full(uint64_t now_ns) {
  return (struct h2_budget){INT64_C(1000) * RPC_BUDGET_TOKENS, now_ns};
}

/* Takes cost tokens; false when there are too few (then none is taken). */
static inline bool h2_budget_spend(struct h2_budget *b, int cost, uint64_t now_ns) {
  const int64_t full = INT64_C(1000) * RPC_BUDGET_TOKENS;
  uint64_t passed_us = (now_ns - b->filled_ns) / 1000;
  if (passed_us > 0) {
    int64_t gain = passed_us > UINT64_C(100000000)
                       ? full
                       : (int64_t)passed_us * RPC_BUDGET_REFILL_PER_S / 1000;
    b->tokens_milli = b->tokens_milli + gain > full ? full : b->tokens_milli + gain;
    b->filled_ns += passed_us * 1000;
  }
  int64_t want = INT64_C(1000) * cost;
  if (b->tokens_milli < want) {
    return false;
  }
  b->tokens_milli -= want;
  return true;
}
