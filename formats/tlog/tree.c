/* Roots and proofs out of complete subtrees. Invariant: a range that is hashed starts at a multiple of the largest power
 * of two in it, so that it is a row of complete subtrees of falling size. */
#include "formats/tlog/tree.h"

#include "crypto/digest.h"

void tlog_leaf_hash(struct sv_bytes leaf, struct tlog_hash *ret) {
  struct sv_arena *none = NULL;
  struct sv_ctx ctx = sv_ctx_over(none);
  static const uint8_t prefix = 0;
  struct crypto_hash *h = NULL;
  SV_ASSERT(!sv_failed(crypto_hash_open(&ctx, CRYPTO_SHA256, &h)));
  crypto_hash_update(h, sv_bytes_of(&prefix, 1));
  crypto_hash_update(h, leaf);
  crypto_hash_final(h, ret->b);
  crypto_hash_close(h);
}

void tlog_node_hash(const struct tlog_hash *left, const struct tlog_hash *right,
                    struct tlog_hash *ret) {
  uint8_t in[1 + 2 * TLOG_HASH_BYTES];
  in[0] = 1;
  memcpy(in + 1, left->b, TLOG_HASH_BYTES);
  memcpy(in + 1 + TLOG_HASH_BYTES, right->b, TLOG_HASH_BYTES);
  crypto_sha256(sv_bytes_of(in, sizeof in), ret->b);
}

/* The exponent of the largest power of two that is at most n; n > 0. */
static unsigned log2_floor(uint64_t n) { return 63U - (unsigned)__builtin_clzll(n); }

/* The largest power of two under n; n > 1. */
static uint64_t split_of(uint64_t n) { return (uint64_t)1 << log2_floor(n - 1); }

static sv_status range_hash(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t start,
                            uint64_t end, struct tlog_hash *ret) {
  struct tlog_hash parts[TLOG_LEVELS];
  size_t n = 0;
  while (start < end) {
    unsigned level = log2_floor(end - start);
    SV_TRY(nodes->node(nodes->arg, ctx, level, start >> level, &parts[n++]));
    start += (uint64_t)1 << level;
  }
  SV_ASSERT(n > 0);
  *ret = parts[--n];
  while (n > 0) {
    tlog_node_hash(&parts[--n], ret, ret);
  }
  return SV_DONE;
}

sv_status tlog_append(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t size,
                      const struct tlog_hash *leaf, struct tlog_hash ret[static TLOG_LEVELS],
                      size_t *ret_n) {
  size_t n = 0;
  ret[n++] = *leaf;
  for (uint64_t i = size; i & 1; i >>= 1, n++) {
    struct tlog_hash left;
    SV_TRY(nodes->node(nodes->arg, ctx, (unsigned)n - 1, i - 1, &left));
    tlog_node_hash(&left, &ret[n - 1], &ret[n]);
  }
  *ret_n = n;
  return SV_DONE;
}

sv_status tlog_root(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t size,
                    struct tlog_hash *ret) {
  if (size == 0) {
    crypto_sha256(sv_bytes_of(NULL, 0), ret->b);
    return SV_DONE;
  }
  return range_hash(ctx, nodes, 0, size, ret);
}

static void turn_round(struct tlog_hash *h, size_t n) {
  for (size_t i = 0; i < n / 2; i++) {
    struct tlog_hash swapped = h[i];
    h[i] = h[n - 1 - i];
    h[n - 1 - i] = swapped;
  }
}

sv_status tlog_inclusion(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t index,
                         uint64_t size, struct tlog_hash ret[static TLOG_PROOF_MAX],
                         size_t *ret_n) {
  if (index >= size) {
    return SV_FAIL(ctx, OUT_OF_RANGE, "leaf %llu of %llu", (unsigned long long)index,
                   (unsigned long long)size);
  }
  uint64_t start = 0, end = size;
  size_t n = 0;
  while (end - start > 1) {
    uint64_t middle = start + split_of(end - start);
    bool left = index < middle;
    SV_TRY(range_hash(ctx, nodes, left ? middle : start, left ? end : middle, &ret[n++]));
    start = left ? start : middle;
    end = left ? middle : end;
  }
  turn_round(ret, n); /* from the leaf to the root */
  *ret_n = n;
  return SV_DONE;
}

sv_status tlog_consistency(struct sv_ctx *ctx, const struct tlog_nodes *nodes, uint64_t first,
                           uint64_t second, struct tlog_hash ret[static TLOG_PROOF_MAX],
                           size_t *ret_n) {
  if (first > second) {
    return SV_FAIL(ctx, OUT_OF_RANGE, "%llu is more than %llu", (unsigned long long)first,
                   (unsigned long long)second);
  }
  *ret_n = 0;
  if (first == 0 || first == second) {
    return SV_DONE;
  }
  uint64_t start = 0, end = second;
  size_t n = 0;
  while (first < end) {
    uint64_t middle = start + split_of(end - start);
    bool left = first <= middle;
    SV_TRY(range_hash(ctx, nodes, left ? middle : start, left ? end : middle, &ret[n++]));
    start = left ? start : middle;
    end = left ? middle : end;
  }
  if (start > 0) { /* else the first tree is a node of the second: its root is known */
    SV_TRY(range_hash(ctx, nodes, start, end, &ret[n++]));
  }
  turn_round(ret, n);
  *ret_n = n;
  return SV_DONE;
}

static bool same(const struct tlog_hash *a, const struct tlog_hash *b) {
  return memcmp(a->b, b->b, TLOG_HASH_BYTES) == 0;
}

/* Up to the level where the path turns left, or ends. */
static void climb(uint64_t *fn, uint64_t *sn) {
  while ((*fn & 1) == 0 && *fn != 0) {
    *fn >>= 1;
    *sn >>= 1;
  }
}

/* RFC 9162 section 2.1.3.2. */
bool tlog_inclusion_check(uint64_t index, uint64_t size, const struct tlog_hash *leaf,
                          const struct tlog_hash *proof, size_t n, const struct tlog_hash *root) {
  if (index >= size) {
    return false;
  }
  uint64_t fn = index, sn = size - 1;
  struct tlog_hash r = *leaf;
  for (size_t i = 0; i < n; i++) {
    if (sn == 0) {
      return false;
    }
    if ((fn & 1) || fn == sn) {
      tlog_node_hash(&proof[i], &r, &r);
      climb(&fn, &sn);
    } else {
      tlog_node_hash(&r, &proof[i], &r);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && same(&r, root);
}

/* RFC 9162 section 2.1.4.2. */
bool tlog_consistency_check(uint64_t first, uint64_t second, const struct tlog_hash *first_root,
                            const struct tlog_hash *second_root, const struct tlog_hash *proof,
                            size_t n) {
  if (first > second || first == 0 || first == second) {
    return n == 0 && first <= second && (first == 0 || same(first_root, second_root));
  }
  uint64_t fn = first - 1, sn = second - 1;
  while (fn & 1) {
    fn >>= 1;
    sn >>= 1;
  }
  bool whole = (first & (first - 1)) == 0; /* the first tree is a node of the second */
  if (!whole && n == 0) {
    return false;
  }
  struct tlog_hash fr = whole ? *first_root : proof[0];
  struct tlog_hash sr = fr;
  for (size_t i = whole ? 0 : 1; i < n; i++) {
    if (sn == 0) {
      return false;
    }
    if ((fn & 1) || fn == sn) {
      tlog_node_hash(&proof[i], &fr, &fr);
      tlog_node_hash(&proof[i], &sr, &sr);
      climb(&fn, &sn);
    } else {
      tlog_node_hash(&sr, &proof[i], &sr);
    }
    fn >>= 1;
    sn >>= 1;
  }
  return sn == 0 && same(&fr, first_root) && same(&sr, second_root);
}
