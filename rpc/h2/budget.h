/* A token bucket: what a connection may do that costs us more than it costs the peer. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "rpc/limits.h"

struct h2_budget {
  const struct rpc_budget *rule; /* outlives it */
  int64_t tokens_milli;
  uint64_t filled_ns;
};

static inline int64_t h2_budget_capacity(const struct h2_budget *b) {
  return INT64_C(1000) * (int64_t)b->rule->tokens;
}

static inline struct h2_budget h2_budget_full(const struct rpc_budget *rule, uint64_t now_ns) {
  struct h2_budget b = {.rule = rule, .filled_ns = now_ns};
  b.tokens_milli = h2_budget_capacity(&b);
  return b;
}

/* Takes cost tokens; false when there are too few (then none is taken). */
static inline bool h2_budget_spend(struct h2_budget *b, size_t cost, uint64_t now_ns) {
  const int64_t full = h2_budget_capacity(b);
  uint64_t passed_us = (now_ns - b->filled_ns) / 1000;
  if (passed_us > 0) {
    int64_t gain = passed_us > UINT64_C(100000000)
                       ? full
                       : (int64_t)passed_us * (int64_t)b->rule->refill_per_s / 1000;
    b->tokens_milli = b->tokens_milli + gain > full ? full : b->tokens_milli + gain;
    b->filled_ns += passed_us * 1000;
  }
  int64_t want = INT64_C(1000) * (int64_t)cost;
  if (b->tokens_milli < want) {
    return false;
  }
  b->tokens_milli -= want;
  return true;
}
