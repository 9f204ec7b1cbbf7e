/* Does a sealed value come back only to who has its key, its place and all of its bytes? Are Ed25519
 * and SipHash those of their papers? */
#include "crypto/aead.h"
#include "crypto/ed25519.h"
#include "crypto/siphash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static int ctx_open(void **state) {
  static struct sv_ctx ctx;
  ctx = sv_ctx_over(sv_arena_open((size_t)8 << 20));
  *state = &ctx;
  return 0;
}
static int ctx_close(void **state) {
  sv_arena_close(((struct sv_ctx *)*state)->mem);
  return 0;
}

static const uint8_t key[CRYPTO_AEAD_KEY_BYTES] = {1, 2, 3};

static void a_value_comes_back_as_it_was(void **state) {
  struct sv_ctx *ctx = *state;
  for (size_t n = 0; n < 70; n += 7) {
    uint8_t plain[70];
    memset(plain, (int)n, sizeof plain);
    struct sv_bytes sealed, opened;
    assert_int_equal(
        crypto_aead_seal(ctx, key, sv_bytes_str("place"), sv_bytes_of(plain, n), &sealed).reason,
        SV_OK);
    assert_int_equal(sealed.n, n + CRYPTO_AEAD_OVERHEAD);
    assert_int_equal(crypto_aead_open(ctx, key, sv_bytes_str("place"), sealed, &opened).reason,
                     SV_OK);
    assert_true(sv_bytes_equal(opened, sv_bytes_of(plain, n)));
  }
}

/* Test case 16 of the GCM specification: key, nonce, aad, text, tag. */
static void gcm_is_that_of_the_specification(void **state) {
  struct sv_ctx *ctx = *state;
  uint8_t k[32], aad[20], sealed[12 + 60 + 16], plain[60];
  assert_true(sv_unhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", k, 32));
  assert_true(sv_unhex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, 20));
  assert_true(
      sv_unhex("cafebabefacedbaddecaf888"
               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
               "76fc6ece0f4e1768cddf8853bb2d551b",
               sealed, sizeof sealed));
  assert_true(
      sv_unhex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
               "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
               plain, sizeof plain));
  struct sv_bytes opened;
  assert_int_equal(crypto_aead_open(ctx, k, sv_bytes_of(aad, sizeof aad),
                                    sv_bytes_of(sealed, sizeof sealed), &opened)
                       .reason,
                   SV_OK);
  assert_true(sv_bytes_equal(opened, sv_bytes_of(plain, sizeof plain)));
}

static void any_changed_byte_place_or_key_is_noticed(void **state) {
  struct sv_ctx *ctx = *state;
  struct sv_bytes sealed, opened;
  assert_int_equal(
      crypto_aead_seal(ctx, key, sv_bytes_str("a"), sv_bytes_str("a name"), &sealed).reason, SV_OK);
  for (size_t i = 0; i < sealed.n; i++) {
    uint8_t copy[64];
    memcpy(copy, sealed.p, sealed.n);
    copy[i] ^= 1;
    assert_int_equal(
        crypto_aead_open(ctx, key, sv_bytes_str("a"), sv_bytes_of(copy, sealed.n), &opened).reason,
        SV_CORRUPT);
    assert_int_equal(
        crypto_aead_open(ctx, key, sv_bytes_str("a"), sv_bytes_of(sealed.p, i), &opened).reason,
        SV_CORRUPT);
  }
  static const uint8_t other[CRYPTO_AEAD_KEY_BYTES] = {2};
  assert_int_equal(crypto_aead_open(ctx, key, sv_bytes_str("b"), sealed, &opened).reason,
                   SV_CORRUPT);
  assert_int_equal(crypto_aead_open(ctx, other, sv_bytes_str("a"), sealed, &opened).reason,
                   SV_CORRUPT);
  struct sv_bytes again;
  assert_int_equal(
      crypto_aead_seal(ctx, key, sv_bytes_str("a"), sv_bytes_str("a name"), &again).reason, SV_OK);
  assert_false(sv_bytes_equal(sealed, again)); /* the same value twice doesn't show */
}

/* RFC 8032 section 7.1, test 2; the PKCS#8 wrapping is that of RFC 8410. */
static void ed25519_is_that_of_rfc_8032(void **state) {
  struct sv_ctx *ctx = *state;
  uint8_t der[48], expected[64], public_key[32], made[64];
  assert_true(
      sv_unhex("302e020100300506032b657004220420"
               "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
               der, sizeof der));
  assert_true(sv_unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                       public_key, sizeof public_key));
  assert_true(
      sv_unhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
               "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
               expected, sizeof expected));
  char base64[100], pem[200];
  sv_base64(der, sizeof der, base64);
  (void)snprintf(pem, sizeof pem, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n",
                 base64);
  struct crypto_ed25519 *k;
  assert_int_equal(crypto_ed25519_open(ctx, sv_bytes_str(pem), &k).reason, SV_OK);
  assert_memory_equal(crypto_ed25519_public(k), public_key, 32);
  uint8_t message = 0x72;
  assert_int_equal(crypto_ed25519_sign(k, ctx, sv_bytes_of(&message, 1), made).reason, SV_OK);
  assert_memory_equal(made, expected, 64);
  assert_true(crypto_ed25519_verify(public_key, sv_bytes_of(&message, 1), made));
  made[63] ^= 1;
  assert_false(crypto_ed25519_verify(public_key, sv_bytes_of(&message, 1), made));
  crypto_ed25519_close(k);
}

static void what_is_no_ed25519_key_is_refused(void **state) {
  struct sv_ctx *ctx = *state;
  struct crypto_ed25519 *k;
  assert_int_equal(crypto_ed25519_open(ctx, sv_bytes_str("nothing"), &k).reason, SV_SIGNER);
}

/* Appendix A of the SipHash paper, and the reference implementation's first vector. */
static void siphash_is_that_of_its_paper(void **state) {
  (void)state;
  uint8_t k[16], in[15];
  for (uint8_t i = 0; i < 16; i++) {
    k[i] = i;
    in[i < 15 ? i : 0] = i < 15 ? i : in[0];
  }
  assert_true(crypto_siphash(k, sv_bytes_of(in, 15)) == 0xa129ca6149be45e5U);
  assert_true(crypto_siphash(k, sv_bytes_of(in, 0)) == 0x726fdb47dd0e0e31U);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_value_comes_back_as_it_was),
      cmocka_unit_test(gcm_is_that_of_the_specification),
      cmocka_unit_test(any_changed_byte_place_or_key_is_noticed),
      cmocka_unit_test(ed25519_is_that_of_rfc_8032),
      cmocka_unit_test(what_is_no_ed25519_key_is_refused),
      cmocka_unit_test(siphash_is_that_of_its_paper),
  };
  return cmocka_run_group_tests(tests, ctx_open, ctx_close);
}
