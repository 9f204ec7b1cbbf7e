/* Are keys, checkpoints, proofs and tiles those of C2SP, and is everything else refused? */
#include "formats/tlog/note.h"
#include "formats/tlog/tile.h"
#include "tests/vectors.h"

#include <stdlib.h>

#include "tests/formats/tlog/tree_samples.h"

struct fixture {
  struct sv_ctx ctx;
  struct crypto_ed25519 *key;
  struct tlog_key known;
  struct tree tree;
};

/* The key of RFC 8032 section 7.1, test 2. */
static const char pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";

static int fixture_open(void **state) {
  static struct fixture f;
  f = (struct fixture){.ctx = sv_ctx_over(sv_arena_open((size_t)8 << 20)),
                       .known = {.name = "log.utopia.example"}};
  assert_int_equal(crypto_ed25519_open(&f.ctx, sv_bytes_str(pem), &f.key).reason, SV_OK);
  memcpy(f.known.public_key, crypto_ed25519_public(f.key), sizeof f.known.public_key);
  assert_int_equal(tree_grow(&f.ctx, &f.tree, 300).reason, SV_OK);
  *state = &f;
  return 0;
}
static int fixture_close(void **state) {
  struct fixture *f = *state;
  crypto_ed25519_close(f->key);
  sv_arena_close(f->ctx.mem);
  return 0;
}

static const char *checkpoint_of(struct fixture *f, uint64_t size) {
  struct tlog_nodes nodes = tree_nodes(&f->tree);
  struct tlog_checkpoint c = {.origin = f->known.name, .size = size};
  const char *note;
  assert_int_equal(tlog_root(&f->ctx, &nodes, size, &c.root).reason, SV_OK);
  struct sv_bytes text;
  struct tlog_checkpoint again;
  uint8_t signature[CRYPTO_ED25519_SIGNATURE_BYTES];
  assert_int_equal(tlog_checkpoint_text(&f->ctx, &c, &text).reason, SV_OK);
  assert_int_equal(tlog_checkpoint_read(&f->ctx, text, &again).reason, SV_OK);
  assert_int_equal(again.size, size);
  assert_int_equal(crypto_ed25519_sign(f->key, &f->ctx, text, signature).reason, SV_OK);
  assert_int_equal(tlog_checkpoint_note(&f->ctx, text, &f->known, signature, &note).reason, SV_OK);
  return note;
}

/* Key, text and signature of the note package's own documentation. */
static void keys_are_those_of_signed_note(void **state) {
  struct fixture *f = *state;
  struct tlog_key k;
  static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n";
  assert_int_equal(tlog_key_read(&f->ctx, sv_bytes_str(vkey), &k).reason, SV_OK);
  assert_string_equal(k.name, "PeterNeumann");
  assert_int_equal(tlog_key_hash(&k), 0xc74f20a3);
  const char *again;
  assert_int_equal(tlog_key_write(&f->ctx, &k, &again).reason, SV_OK);
  assert_memory_equal(again, vkey, strlen(again));
  static const char text[] =
      "If you think cryptography is the answer to your problem,\n"
      "then you don't know what your problem is.\n";
  static const char signature[] =
      "x08go/ZJkuBS9UG/"
      "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
  uint8_t raw[72];
  size_t n;
  assert_true(sv_unbase64(signature, strlen(signature), raw, &n));
  assert_int_equal(n, 68);
  assert_true(crypto_ed25519_verify(k.public_key, sv_bytes_str(text), raw + 4));
  static const char *const bad[] = {
      "",
      "PeterNeumann",
      "PeterNeumann+c74f20a3+",
      "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_int_equal(tlog_key_read(&f->ctx, sv_bytes_str(bad[i]), &k).reason, SV_CONFIG);
  }
}

static void a_checkpoint_reads_back(void **state) {
  struct fixture *f = *state;
  const char *note = checkpoint_of(f, 300);
  assert_memory_equal(note, "log.utopia.example\n300\n", 23);
  assert_non_null(strstr(note, "\n\n\xE2\x80\x94 log.utopia.example "));
  struct tlog_checkpoint c;
  assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_str(note), &f->known, &c).reason, SV_OK);
  assert_int_equal(c.size, 300);
  assert_string_equal(c.origin, "log.utopia.example");
}

static void a_witness_may_sign_too(void **state) {
  struct fixture *f = *state;
  struct tlog_checkpoint c;
  char *note =
      sv_arena_printf(f->ctx.mem, "%s\xE2\x80\x94 witness.example AAAAAAEC\n", checkpoint_of(f, 7));
  assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_str(note), &f->known, &c).reason, SV_OK);
}

static void every_changed_byte_of_a_checkpoint_is_noticed(void **state) {
  struct fixture *f = *state;
  const char *note = checkpoint_of(f, 300);
  size_t n = strlen(note);
  struct tlog_checkpoint c;
  for (size_t i = 0; i < n; i++) {
    char *copy = sv_arena_strdup(f->ctx.mem, note);
    for (int bit = 0; bit < 8; bit += 3) {
      copy[i] = (char)(note[i] ^ (1 << bit));
      assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_of(copy, n), &f->known, &c).reason,
                       SV_CORRUPT);
    }
    assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_of(note, i), &f->known, &c).reason,
                     SV_CORRUPT);
    sv_arena_reset(f->ctx.mem);
    note = checkpoint_of(f, 300);
  }
}

static void another_logs_checkpoint_is_refused(void **state) {
  struct fixture *f = *state;
  struct tlog_key other = f->known;
  struct tlog_checkpoint c;
  other.name = "log.elsewhere.example";
  const char *note = checkpoint_of(f, 300);
  assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_str(note), &other, &c).reason,
                   SV_CORRUPT);
  other = f->known;
  other.public_key[0] ^= 1;
  assert_int_equal(tlog_checkpoint_open(&f->ctx, sv_bytes_str(note), &other, &c).reason,
                   SV_CORRUPT);
}

static struct sv_bytes proof_of(struct fixture *f, uint64_t index, uint64_t size) {
  struct tlog_nodes nodes = tree_nodes(&f->tree);
  struct tlog_hash hashes[TLOG_PROOF_MAX];
  struct tlog_proof p = {
      .index = index, .hashes = hashes, .note = sv_bytes_str(checkpoint_of(f, size))};
  struct sv_bytes text;
  assert_int_equal(tlog_inclusion(&f->ctx, &nodes, index, size, hashes, &p.n).reason, SV_OK);
  assert_int_equal(tlog_proof_write(&f->ctx, &p, &text).reason, SV_OK);
  return text;
}

static void a_proof_convinces_who_has_the_key_and_the_leaf(void **state) {
  struct fixture *f = *state;
  char leaf[24];
  struct tlog_checkpoint c;
  for (uint64_t i = 0; i < 300; i += 23) {
    struct sv_bytes text = proof_of(f, i, 300);
    assert_memory_equal(text.p, "c2sp.org/tlog-proof@v1\nindex ", 29);
    assert_int_equal(tlog_proof_check(&f->ctx, text, &f->known, tree_leaf(i, leaf), &c).reason,
                     SV_OK);
    assert_int_equal(c.size, 300);
    assert_int_equal(tlog_proof_check(&f->ctx, text, &f->known, tree_leaf(i + 1, leaf), &c).reason,
                     SV_CORRUPT);
  }
}

static void every_changed_byte_of_a_proof_is_noticed(void **state) {
  struct fixture *f = *state;
  char leaf[24];
  struct tlog_checkpoint c;
  struct sv_bytes text = proof_of(f, 5, 7);
  uint8_t copy[1024];
  assert_true(text.n < sizeof copy);
  memcpy(copy, text.p, text.n);
  size_t n = text.n;
  for (size_t i = 0; i < n; i++) {
    copy[i] ^= 4;
    assert_int_equal(
        tlog_proof_check(&f->ctx, sv_bytes_of(copy, n), &f->known, tree_leaf(5, leaf), &c).reason,
        SV_CORRUPT);
    copy[i] ^= 4;
    assert_int_equal(
        tlog_proof_check(&f->ctx, sv_bytes_of(copy, i), &f->known, tree_leaf(5, leaf), &c).reason,
        SV_CORRUPT);
    sv_arena_reset(f->ctx.mem);
  }
}

static void extra_data_comes_back(void **state) {
  struct fixture *f = *state;
  struct tlog_proof p = {.index = 9, .note = sv_bytes_str("x"), .extra = sv_bytes_str("more")}, q;
  struct sv_bytes text;
  assert_int_equal(tlog_proof_write(&f->ctx, &p, &text).reason, SV_OK);
  assert_int_equal(tlog_proof_read(&f->ctx, text, &q).reason, SV_OK);
  assert_true(sv_bytes_equal(q.extra, p.extra));
  assert_int_equal(q.index, 9);
  assert_int_equal(q.n, 0);
}

static void paths_of_tiles_are_written_one_way(void **state) {
  (void)state;
  static const struct {
    const char *path;
    struct tlog_tile tile;
  } good[] = {{"tile/0/000", {false, 0, 0, 256}},
              {"tile/1/999", {false, 1, 999, 256}},
              {"tile/0/x001/000", {false, 0, 1000, 256}},
              {"tile/3/x001/x234/067", {false, 3, 1234067, 256}},
              {"tile/entries/x012/345.p/7", {true, 0, 12345, 7}},
              {"tile/0/000.p/255", {false, 0, 0, 255}}};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct tlog_tile t;
    char path[TLOG_PATH_MAX];
    assert_true(tlog_tile_parse(good[i].path, &t));
    assert_int_equal(t.entries, good[i].tile.entries);
    assert_int_equal(t.level, good[i].tile.level);
    assert_int_equal(t.index, good[i].tile.index);
    assert_int_equal(t.width, good[i].tile.width);
    tlog_tile_path(&good[i].tile, path);
    assert_string_equal(path, good[i].path);
  }
  static const char *const bad[] = {"",
                                    "tile",
                                    "tile/",
                                    "tile/0/",
                                    "tile/0/0",
                                    "tile/0/0000",
                                    "tile/0/x000/001",
                                    "tile/8/000",
                                    "tile/00/000",
                                    "tile/0/001/002",
                                    "tile/0/x001",
                                    "tile/0/000.p/0",
                                    "tile/0/000.p/256",
                                    "tile/0/000.p/01",
                                    "tile/0/000.p/",
                                    "tile/0/000x",
                                    "tile/entries",
                                    "tile/entries/0",
                                    "/tile/0/000",
                                    "tile/0/../0/000",
                                    "tile/-1/000",
                                    "tile/0/-01"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct tlog_tile t;
    assert_false(tlog_tile_parse(bad[i], &t));
  }
}

static void tiles_exist_as_far_as_the_tree_goes(void **state) {
  (void)state; /* the example of the specification: a tree of 70,000 */
  static const struct {
    unsigned level, width;
    uint64_t index;
    bool there;
  } rows[] = {{0, 256, 272, true}, {0, 256, 273, false}, {0, 112, 273, true}, {0, 113, 273, false},
              {1, 256, 0, true},   {1, 17, 1, true},     {1, 18, 1, false},   {2, 1, 0, true},
              {2, 2, 0, false},    {3, 1, 0, false}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct tlog_tile t = {.level = rows[i].level, .index = rows[i].index, .width = rows[i].width};
    assert_int_equal(tlog_tile_exists(&t, 70000), rows[i].there);
  }
}

static void a_tile_holds_its_hashes_in_order(void **state) {
  struct fixture *f = *state;
  struct tlog_nodes nodes = tree_nodes(&f->tree);
  struct tlog_tile t = {.level = 0, .index = 1, .width = 44};
  struct sv_bytes bytes;
  assert_int_equal(tlog_tile_hashes(&f->ctx, &nodes, &t, &bytes).reason, SV_OK);
  assert_int_equal(bytes.n, 44 * 32);
  char leaf[24];
  struct tlog_hash h;
  tlog_leaf_hash(tree_leaf(256 + 43, leaf), &h);
  assert_memory_equal(bytes.p + (size_t)43 * 32, h.b, 32);
  struct sv_buf bundle = sv_buf_in(f->ctx.mem, 0);
  tlog_entry_put(&bundle, sv_bytes_str("abc"));
  assert_memory_equal(bundle.p, "\0\3abc", 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_are_those_of_signed_note),
      cmocka_unit_test(a_checkpoint_reads_back),
      cmocka_unit_test(a_witness_may_sign_too),
      cmocka_unit_test(every_changed_byte_of_a_checkpoint_is_noticed),
      cmocka_unit_test(another_logs_checkpoint_is_refused),
      cmocka_unit_test(a_proof_convinces_who_has_the_key_and_the_leaf),
      cmocka_unit_test(every_changed_byte_of_a_proof_is_noticed),
      cmocka_unit_test(extra_data_comes_back),
      cmocka_unit_test(paths_of_tiles_are_written_one_way),
      cmocka_unit_test(tiles_exist_as_far_as_the_tree_goes),
      cmocka_unit_test(a_tile_holds_its_hashes_in_order),
  };
  return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
