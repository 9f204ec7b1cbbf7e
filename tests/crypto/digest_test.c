/* Are the digests those of the standards, and do pieces add up to the whole? Vectors of FIPS 180-4 and RFC 4231. */
#include "crypto/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void is_hex(const uint8_t *p, size_t n, const char *expected) {
  char hex[129];
  sv_hex(p, n, hex);
  assert_string_equal(hex, expected);
}

static void digests_are_those_of_fips_180_4(void **state) {
  (void)state;
  uint8_t d[CRYPTO_DIGEST_MAX];
  crypto_sha256(sv_bytes_str("abc"), d);
  is_hex(d, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  crypto_sha256(sv_bytes_of(NULL, 0), d);
  is_hex(d, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  crypto_digest(CRYPTO_SHA224, sv_bytes_str("abc"), d);
  is_hex(d, 28, "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
  crypto_digest(CRYPTO_SHA384, sv_bytes_str("abc"), d);
  is_hex(d, 48,
         "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca13"
         "4c825"
         "a7");
}

static void hmac_is_that_of_rfc_4231(void **state) {
  (void)state;
  uint8_t d[32];
  crypto_hmac_sha256(sv_bytes_str("Jefe"), sv_bytes_str("what do ya want for nothing?"), d);
  is_hex(d, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  uint8_t long_key[131];
  memset(long_key, 0xaa, sizeof long_key);
  crypto_hmac_sha256(sv_bytes_of(long_key, sizeof long_key),
                     sv_bytes_str("Test Using Larger Than Block-Size Key - Hash Key First"), d);
  is_hex(d, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  crypto_hmac_sha256((struct sv_bytes){0}, (struct sv_bytes){0}, d);
  is_hex(d, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void pieces_and_copies_give_the_digest_of_the_whole(void **state) {
  (void)state;
  struct sv_arena *a = sv_arena_open(1 << 16);
  struct sv_ctx ctx = sv_ctx_over(a);
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  SV_AUTO(crypto_hash_close) struct crypto_hash *copy = NULL;
  assert_int_equal(crypto_hash_open(&ctx, CRYPTO_SHA256, &h).reason, SV_OK);
  crypto_hash_update(h, sv_bytes_str("a"));
  assert_int_equal(crypto_hash_copy(&ctx, h, &copy).reason, SV_OK);
  crypto_hash_update(h, sv_bytes_str("bc"));
  crypto_hash_update(copy, sv_bytes_str("bc"));
  uint8_t one[32];
  uint8_t two[32];
  uint8_t whole[32];
  crypto_hash_final(h, one);
  crypto_hash_final(copy, two);
  crypto_sha256(sv_bytes_str("abc"), whole);
  assert_true(crypto_equal(one, whole, 32));
  assert_true(crypto_equal(two, whole, 32));
  whole[31] ^= 1;
  assert_false(crypto_equal(one, whole, 32));
  sv_arena_close(a);
}

static void random_bytes_differ(void **state) {
  (void)state;
  struct sv_arena *a = sv_arena_open(1 << 16);
  struct sv_ctx ctx = sv_ctx_over(a);
  uint8_t one[16] = {0};
  uint8_t two[16] = {0};
  assert_int_equal(crypto_random(&ctx, one, 16).reason, SV_OK);
  assert_int_equal(crypto_random(&ctx, two, 16).reason, SV_OK);
  assert_memory_not_equal(one, two, 16);
  sv_arena_close(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(digests_are_those_of_fips_180_4),
      cmocka_unit_test(hmac_is_that_of_rfc_4231),
      cmocka_unit_test(pieces_and_copies_give_the_digest_of_the_whole),
      cmocka_unit_test(random_bytes_differ),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
