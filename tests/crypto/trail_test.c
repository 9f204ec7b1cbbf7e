/* Is every digest that a trail gives that of the bytes, whatever files it met before, and is nothing kept that one file alone
 * has? */
#include "crypto/trail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILE_MAX = 400 * 1024 };

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct crypto_beginnings *beginnings;
  uint8_t *file;
};

static int open_fixture(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open(1 << 20);
  f->ctx = sv_ctx_over(f->mem);
  f->beginnings = crypto_beginnings_open();
  f->file = malloc(FILE_MAX);
  *state = f;
  return f->beginnings && f->file ? 0 : -1;
}
static int close_fixture(void **state) {
  struct fixture *f = *state;
  crypto_beginnings_close(f->beginnings);
  sv_arena_close(f->mem);
  free(f->file);
  free(f);
  return 0;
}

/* n bytes of a template, its first `shared` ones alike in all files of it. */
static struct sv_bytes file_of(struct fixture *f, uint8_t template, uint8_t own, size_t shared,
                               size_t n) {
  for (size_t i = 0; i < n; i++) {
    f->file[i] = (uint8_t)(i * 31 + i / 256 + template + (i < shared ? 0 : own * 7 + 1));
  }
  return sv_bytes_of(f->file, n);
}

static void is_digest_of_first(struct fixture *f, const struct crypto_trail *t,
                               struct sv_bytes file, size_t n) {
  uint8_t expected[32], digest[32];
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  crypto_sha256(sv_bytes_of(file.p, n), expected);
  assert_int_equal(crypto_trail_after(&f->ctx, t, n, &h).reason, SV_OK);
  crypto_hash_final(h, digest);
  assert_memory_equal(digest, expected, 32);
}

/* All digests of a file, and then it teaches. */
static void goes_through(struct fixture *f, struct sv_bytes file, const char *matter) {
  static const size_t lengths[] = {0, 1, 8191, 8192, 8193, 20000, 50000, 65536, 262144, 262145};
  SV_AUTO(crypto_trail_close) struct crypto_trail *t = NULL;
  uint8_t expected[32], digest[32];
  assert_int_equal(crypto_trail_open(&f->ctx, f->beginnings, file, &t).reason, SV_OK);
  crypto_sha256(file, expected);
  crypto_trail_sha256(t, digest);
  assert_memory_equal(digest, expected, 32);
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    if (lengths[i] <= file.n) {
      is_digest_of_first(f, t, file, lengths[i]);
    }
  }
  is_digest_of_first(f, t, file, file.n);
  assert_int_equal(crypto_trail_learn(&f->ctx, t, sv_bytes_str(matter)).reason, SV_OK);
}

static size_t known_of(struct fixture *f, struct sv_bytes file) {
  SV_AUTO(crypto_trail_close) struct crypto_trail *t = NULL;
  assert_int_equal(crypto_trail_open(&f->ctx, f->beginnings, file, &t).reason, SV_OK);
  return crypto_trail_known(t);
}

static void digests_are_those_of_the_bytes_for_files_of_every_length(void **state) {
  static const size_t lengths[] = {0, 1, 8191, 8192, 8193, 24576, 262143, 262144, 270336, FILE_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    goes_through(*state, file_of(*state, 1, (uint8_t)i, 0, lengths[i]), "S");
  }
}

static void two_files_teach_what_they_share_and_no_more(void **state) {
  struct fixture *f = *state;
  goes_through(f, file_of(f, 2, 1, 50000, 79000), "S1");
  assert_int_equal(known_of(f, file_of(f, 2, 1, 50000, 79000)), 0);
  goes_through(f, file_of(f, 2, 2, 50000, 81000), "S2");
  assert_int_equal(known_of(f, file_of(f, 2, 3, 50000, 60000)), 49152);
  assert_int_equal(known_of(f, file_of(f, 2, 3, 49152, 60000)), 49152);
  assert_int_equal(known_of(f, file_of(f, 2, 3, 49151, 60000)), 0);
  assert_int_equal(known_of(f, file_of(f, 2, 2, 50000, 81000)), 49152);
  for (uint8_t own = 3; own < 60; own++) {
    goes_through(f, file_of(f, 2, own, 50000, 70000), "S");
  }
}

static void files_of_one_matter_teach_nothing_together(void **state) {
  struct fixture *f = *state;
  goes_through(f, file_of(f, 3, 1, 79000, 79000), "S1");
  goes_through(f, file_of(f, 3, 1, 79000, 95000), "S1");
  assert_int_equal(known_of(f, file_of(f, 3, 1, 79000, 79000)), 0);
}

static void a_longer_beginning_takes_over_from_a_shorter_one(void **state) {
  struct fixture *f = *state;
  goes_through(f, file_of(f, 4, 1, 16384, 120000), "S1");
  goes_through(f, file_of(f, 4, 2, 16384, 120000), "S2");
  assert_int_equal(known_of(f, file_of(f, 4, 3, 16384, 120000)), 16384);
  goes_through(f, file_of(f, 4, 5, 90000, 120000), "S3");
  goes_through(f, file_of(f, 4, 6, 90000, 110000), "S4");
  assert_int_equal(known_of(f, file_of(f, 4, 7, 90000, 100000)), 86016);
  assert_int_equal(known_of(f, file_of(f, 4, 3, 16384, 120000)), 16384);
}

static void many_templates_stay_within_the_places_that_there_are(void **state) {
  struct fixture *f = *state;
  for (int round = 0; round < 60; round++) {
    goes_through(f, file_of(f, (uint8_t)(10 + round), 1, 40000, 50000), "S1");
    goes_through(f, file_of(f, (uint8_t)(10 + round), 2, 40000, 50000), "S2");
  }
  assert_int_equal(known_of(f, file_of(f, 10, 3, 40000, 50000)), 0);
  assert_int_equal(known_of(f, file_of(f, 69, 3, 40000, 50000)), 36864);
}

static void pieces_of_any_digest_are_those_of_their_bytes(void **state) {
  struct fixture *f = *state;
  struct sv_bytes file = file_of(f, 5, 1, 50000, 79000);
  SV_AUTO(crypto_trail_close) struct crypto_trail *t = NULL;
  assert_int_equal(crypto_trail_open(&f->ctx, NULL, file, &t).reason, SV_OK);
  struct sv_bytes piece[] = {sv_bytes_of(file.p, 60001), sv_bytes_of(file.p + 70001, 8999)};
  struct crypto_pieces pieces = {.piece = piece, .n = 2, .trail = t};
  uint8_t *joined = sv_arena_alloc(f->mem, 69000);
  memcpy(joined, piece[0].p, piece[0].n);
  memcpy(joined + piece[0].n, piece[1].p, piece[1].n);
  static const enum crypto_digest kinds[] = {CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512};
  for (size_t i = 0; i < 3; i++) {
    uint8_t expected[CRYPTO_DIGEST_MAX], digest[CRYPTO_DIGEST_MAX];
    crypto_digest(kinds[i], sv_bytes_of(joined, 69000), expected);
    assert_int_equal(crypto_pieces_digest(&f->ctx, kinds[i], pieces, digest).reason, SV_OK);
    assert_memory_equal(digest, expected, crypto_digest_size(kinds[i]));
  }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_fixture, close_fixture)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(digests_are_those_of_the_bytes_for_files_of_every_length),
      TEST(two_files_teach_what_they_share_and_no_more),
      TEST(files_of_one_matter_teach_nothing_together),
      TEST(a_longer_beginning_takes_over_from_a_shorter_one),
      TEST(many_templates_stay_within_the_places_that_there_are),
      TEST(pieces_of_any_digest_are_those_of_their_bytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
