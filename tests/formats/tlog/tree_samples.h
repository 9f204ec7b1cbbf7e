/* A tree in memory for the tests of the log: node (level, index) in rows. */
#pragma once
#include <stdio.h>

#include "formats/tlog/tree.h"

enum { TREE_MAX = 512, TREE_ROWS = 10 };

struct tree {
  struct tlog_hash node[TREE_ROWS][TREE_MAX];
  uint64_t size;
};

static inline sv_status tree_node(void *arg, struct sv_ctx *ctx, unsigned level, uint64_t index,
                                  struct tlog_hash *ret) {
  const struct tree *t = arg;
  if (level >= TREE_ROWS || (index + 1) << level > t->size) {
    return SV_FAIL(ctx, NOT_FOUND, "node %u/%u is not complete", level, (unsigned)index);
  }
  *ret = t->node[level][index];
  return SV_DONE;
}

static inline struct tlog_nodes tree_nodes(struct tree *t) {
  return (struct tlog_nodes){tree_node, t};
}

/* The leaf of the vectors: "leaf 17". */
static inline struct sv_bytes tree_leaf(uint64_t i, char text[static 24]) {
  return sv_bytes_of(text, (size_t)snprintf(text, 24, "leaf %u", (unsigned)i));
}

static inline sv_status tree_put(struct sv_ctx *ctx, struct tree *t, struct sv_bytes leaf) {
  struct tlog_hash h, made[TLOG_LEVELS];
  size_t n = 0;
  tlog_leaf_hash(leaf, &h);
  struct tlog_nodes nodes = tree_nodes(t);
  SV_TRY(tlog_append(ctx, &nodes, t->size, &h, made, &n));
  for (size_t i = 0; i < n; i++) {
    t->node[i][t->size >> i] = made[i];
  }
  t->size++;
  return SV_DONE;
}

static inline sv_status tree_grow(struct sv_ctx *ctx, struct tree *t, uint64_t size) {
  char text[24];
  while (t->size < size) {
    SV_TRY(tree_put(ctx, t, tree_leaf(t->size, text)));
  }
  return SV_DONE;
}
