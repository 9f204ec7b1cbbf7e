/* Are roots and proofs those of RFC 6962, and is every wrong proof refused? Vectors: those that implementations of
 * Certificate Transparency share, and an independent computation (reference.py). */
#include "formats/tlog/tree.h"
#include "tests/vectors.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "tests/formats/tlog/tree_samples.h"

static struct sv_ctx ctx;
static struct tree vector_tree;

static int tree_open(void **state) {
  (void)state;
  ctx = sv_ctx_over(sv_arena_open((size_t)1 << 20));
  assert_int_equal(tree_grow(&ctx, &vector_tree, 300).reason, SV_OK);
  return 0;
}
static int tree_close(void **state) {
  (void)state;
  sv_arena_close(ctx.mem);
  return 0;
}

static void roots_are_those_of_certificate_transparency(void **state) {
  (void)state;
  static const char *const leaves[] = {"",
                                       "00",
                                       "10",
                                       "2021",
                                       "3031",
                                       "40414243",
                                       "5051525354555657",
                                       "606162636465666768696a6b6c6d6e6f"};
  static const char *const roots[] = {
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  static struct tree t;
  struct tlog_nodes nodes = tree_nodes(&t);
  for (size_t i = 0; i <= 8; i++) {
    struct tlog_hash root;
    char hex[65];
    assert_int_equal(tlog_root(&ctx, &nodes, i, &root).reason, SV_OK);
    sv_hex(root.b, sizeof root.b, hex);
    assert_string_equal(hex, roots[i]);
    if (i < 8) {
      uint8_t leaf[16];
      size_t n = strlen(leaves[i]) / 2;
      assert_true(sv_unhex(leaves[i], leaf, n));
      assert_int_equal(tree_put(&ctx, &t, sv_bytes_of(leaf, n)).reason, SV_OK);
    }
  }
}

static struct tlog_hash root_of(uint64_t size) {
  struct tlog_nodes nodes = tree_nodes(&vector_tree);
  struct tlog_hash root;
  assert_int_equal(tlog_root(&ctx, &nodes, size, &root).reason, SV_OK);
  return root;
}

static struct tlog_hash leaf_hash(uint64_t i) {
  char text[24];
  struct tlog_hash h;
  tlog_leaf_hash(tree_leaf(i, text), &h);
  return h;
}

static void vector_row(char **field, int n) {
  assert_int_equal(n, 5);
  uint64_t first = strtoull(field[1], NULL, 10), second = strtoull(field[2], NULL, 10);
  struct tlog_hash proof[TLOG_PROOF_MAX];
  struct tlog_nodes nodes = tree_nodes(&vector_tree);
  size_t count = 1;
  uint8_t digest[32];
  char hex[65];
  if (strcmp(field[0], "root") == 0) {
    sv_hex(root_of(first).b, 32, hex);
  } else {
    bool inclusion = strcmp(field[0], "inclusion") == 0;
    sv_status s = inclusion ? tlog_inclusion(&ctx, &nodes, first, second, proof, &count)
                            : tlog_consistency(&ctx, &nodes, first, second, proof, &count);
    assert_int_equal(s.reason, SV_OK);
    crypto_sha256(sv_bytes_of(proof, count * sizeof proof[0]), digest);
    sv_hex(digest, 32, hex);
  }
  assert_int_equal(count, strtoull(field[3], NULL, 10));
  assert_string_equal(hex, field[4]);
}

static void roots_and_proofs_are_those_of_an_independent_computation(void **state) {
  (void)state;
  vectors_each("tlog/proofs.tsv", 200, vector_row);
}

static void every_leaf_is_proved_in_every_tree(void **state) {
  (void)state;
  struct tlog_nodes nodes = tree_nodes(&vector_tree);
  for (uint64_t size = 1; size <= 70; size++) {
    struct tlog_hash root = root_of(size);
    for (uint64_t i = 0; i < size; i++) {
      struct tlog_hash proof[TLOG_PROOF_MAX], leaf = leaf_hash(i);
      size_t n;
      assert_int_equal(tlog_inclusion(&ctx, &nodes, i, size, proof, &n).reason, SV_OK);
      assert_true(tlog_inclusion_check(i, size, &leaf, proof, n, &root));
      struct tlog_hash other = leaf_hash(i + 1);
      assert_false(tlog_inclusion_check(i, size, &other, proof, n, &root));
      assert_false(tlog_inclusion_check(i ^ 1, size, &leaf, proof, n, &root) && size > 1);
      for (size_t k = 0; k < n; k++) {
        proof[k].b[7] ^= 1;
        assert_false(tlog_inclusion_check(i, size, &leaf, proof, n, &root));
        proof[k].b[7] ^= 1;
      }
      if (n) {
        assert_false(tlog_inclusion_check(i, size, &leaf, proof, n - 1, &root));
      }
      proof[n] = root;
      assert_false(tlog_inclusion_check(i, size, &leaf, proof, n + 1, &root));
    }
  }
}

static void every_tree_is_proved_to_begin_with_every_smaller_one(void **state) {
  (void)state;
  struct tlog_nodes nodes = tree_nodes(&vector_tree);
  for (uint64_t second = 1; second <= 70; second++) {
    struct tlog_hash to = root_of(second);
    for (uint64_t first = 1; first <= second; first++) {
      struct tlog_hash proof[TLOG_PROOF_MAX], from = root_of(first);
      size_t n;
      assert_int_equal(tlog_consistency(&ctx, &nodes, first, second, proof, &n).reason, SV_OK);
      assert_true(tlog_consistency_check(first, second, &from, &to, proof, n));
      for (size_t k = 0; k < n; k++) {
        proof[k].b[0] ^= 0x80;
        assert_false(tlog_consistency_check(first, second, &from, &to, proof, n));
        proof[k].b[0] ^= 0x80;
      }
      from.b[31] ^= 1; /* another history */
      assert_false(tlog_consistency_check(first, second, &from, &to, proof, n));
    }
  }
}

static void positions_outside_the_tree_are_refused(void **state) {
  (void)state;
  struct tlog_nodes nodes = tree_nodes(&vector_tree);
  struct tlog_hash proof[TLOG_PROOF_MAX], root = root_of(5), leaf = leaf_hash(5);
  size_t n;
  assert_int_equal(tlog_inclusion(&ctx, &nodes, 5, 5, proof, &n).reason, SV_OUT_OF_RANGE);
  assert_int_equal(tlog_consistency(&ctx, &nodes, 6, 5, proof, &n).reason, SV_OUT_OF_RANGE);
  assert_int_equal(tlog_inclusion(&ctx, &nodes, 5, 301, proof, &n).reason, SV_NOT_FOUND);
  assert_false(tlog_inclusion_check(5, 5, &leaf, proof, 0, &root));
  assert_false(tlog_inclusion_check(UINT64_MAX, UINT64_MAX, &leaf, proof, 0, &root));
  assert_false(tlog_consistency_check(6, 5, &root, &root, proof, 0));
  assert_false(tlog_consistency_check(3, 5, &root, &root, proof, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roots_are_those_of_certificate_transparency),
      cmocka_unit_test(roots_and_proofs_are_those_of_an_independent_computation),
      cmocka_unit_test(every_leaf_is_proved_in_every_tree),
      cmocka_unit_test(every_tree_is_proved_to_begin_with_every_smaller_one),
      cmocka_unit_test(positions_outside_the_tree_are_refused),
  };
  return cmocka_run_group_tests(tests, tree_open, tree_close);
}
