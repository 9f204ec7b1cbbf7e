/* The Merkle tree of RFC 6962 over leaves that are only appended (algorithms of RFC 9162, section 2.1).
 *
 * A tree is known by its complete subtrees: the node (level, index) covers the leaves from index << level, 1 << level of
 * them. A node never changes once its leaves are there, so whoever keeps nodes keeps every tree that there ever was, and
 * roots and proofs of any size cost a logarithm of look-ups. Knows no file. Thread: any. */
#pragma once
#include "base/ctx.h"

enum { TLOG_HASH_BYTES = 32, TLOG_PROOF_MAX = 64, TLOG_LEVELS = 64 };

struct tlog_hash {
  uint8_t b[TLOG_HASH_BYTES];
};

/* Where nodes come from. Fails: NOT_FOUND or CORRUPT when a complete subtree is missing. */
struct tlog_nodes {
  sv_status (*node)(void *arg, struct sv_ctx *ctx, unsigned level, uint64_t index,
                    struct tlog_hash *ret);
  void *arg;
};

/* SHA-256(0x00 || leaf) and SHA-256(0x01 || left || right). */
void tlog_leaf_hash(struct sv_bytes leaf, struct tlog_hash *ret);
void tlog_node_hash(const struct tlog_hash *left, const struct tlog_hash *right,
                    struct tlog_hash *ret);

/* The nodes that are complete once leaf number `size` (from 0) is there: ret[0] is the leaf's own hash (level 0, index
 * size), ret[i] the node (i, size >> i). *ret_n is at least 1. */
sv_status tlog_append(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t size,
                      const struct tlog_hash *leaf, struct tlog_hash ret[static TLOG_LEVELS],
                      size_t *ret_n);

/* The root of the first `size` leaves; of none, SHA-256 of nothing. */
sv_status tlog_root(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t size,
                    struct tlog_hash *ret);
/* That leaf `index` is in the tree of `size`. Fails: OUT_OF_RANGE unless index < size. */
sv_status tlog_inclusion(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t index,
                         uint64_t size, struct tlog_hash ret[static TLOG_PROOF_MAX], size_t *ret_n);
/* That the tree of `second` begins with the tree of `first`. Fails: OUT_OF_RANGE unless first <= second. */
sv_status tlog_consistency(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t first,
                           uint64_t second, struct tlog_hash ret[static TLOG_PROOF_MAX],
                           size_t *ret_n);

/* The same judged by who has no tree: everything may be hostile. */
bool tlog_inclusion_check(uint64_t index, uint64_t size, const struct tlog_hash *leaf,
                          const struct tlog_hash *proof, size_t n, const struct tlog_hash *root);
bool tlog_consistency_check(uint64_t first, uint64_t second, const struct tlog_hash *first_root,
                            const struct tlog_hash *second_root, const struct tlog_hash *proof,
                            size_t n);
