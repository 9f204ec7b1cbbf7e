/* Whose word on a certificate counts, and of which time does it speak? */
#include "pki/revocation.h"

#include "base/clock.h"
#include "tests/pki/proofs.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;
static const char *dir;
static struct pki_chain *issuer;
static int64_t now_us;

static const int64_t DAY_US = 86400LL * 1000000;
static const int64_t MARCH_US =
    1772366400LL * 1000000; /* 2026-03-01T12:00:00Z, when `gone` was revoked */

static int open_all(void **state) {
  (void)state;
  arena = sv_arena_open(64 << 20);
  ctx = sv_ctx_over(arena);
  dir = proofs_open(arena);
  now_us = sv_wall_us();
  assert_int_equal(pki_chain_open(&ctx, authority_file(arena, "issuing.pem"), &issuer).reason,
                   SV_OK);
  return 0;
}
static int close_all(void **state) {
  (void)state;
  proofs_close(arena, dir);
  pki_chain_close(issuer);
  issuer = NULL;
  sv_arena_close(arena);
  return 0;
}

static struct pki_revocation asked(bool list, struct sv_bytes bytes, const char *certificate,
                                   int64_t at_us) {
  SV_AUTO(pki_chain_close) struct pki_chain *c = NULL;
  struct pki_revocation r;
  assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, certificate), &c).reason, SV_OK);
  const struct pki_cert *cert = pki_chain_signer(c);
  const struct pki_cert *ca = pki_chain_signer(issuer);
  assert_int_equal((list ? pki_crl_judge(&ctx, bytes, cert, ca, at_us, &r)
                         : pki_ocsp_judge(&ctx, bytes, cert, ca, at_us, &r))
                       .reason,
                   SV_OK);
  return r;
}
static struct pki_revocation ocsp(const char *answer, const char *certificate, int64_t at_us) {
  return asked(false, proof(arena, dir, answer), certificate, at_us);
}

static void a_responder_of_the_issuer_says_good_until_its_next_update(void **state) {
  (void)state;
  struct pki_revocation r = ocsp("good.ocr", "leaf.pem", now_us);
  assert_int_equal(r.state, PKI_REVOCATION_GOOD);
  assert_true(r.next_update_us > now_us + 6 * DAY_US && r.next_update_us < now_us + 8 * DAY_US);
  assert_int_equal(r.revoked_us, 0);
  assert_true(r.has_nonce);
  assert_int_equal(ocsp("good.ocr", "leaf.pem", now_us + 8 * DAY_US).state, PKI_REVOCATION_STALE);
  assert_int_equal(ocsp("direct.ocr", "leaf.pem", now_us).state, PKI_REVOCATION_GOOD);
}

static void a_revocation_counts_from_its_date_on(void **state) {
  (void)state;
  struct pki_revocation r = ocsp("gone.ocr", "gone.pem", now_us);
  assert_int_equal(r.state, PKI_REVOCATION_REVOKED);
  assert_int_equal(r.revoked_us, MARCH_US);
  assert_int_equal(r.reason, 1);
  assert_int_equal(ocsp("gone.ocr", "gone.pem", MARCH_US).state, PKI_REVOCATION_REVOKED);
  r = ocsp("gone.ocr", "gone.pem", MARCH_US - 1);
  assert_int_equal(r.state, PKI_REVOCATION_GOOD);
  assert_int_equal(r.revoked_us, MARCH_US);
}

static void answers_about_others_or_by_others_are_not_for_it(void **state) {
  (void)state;
  assert_int_equal(ocsp("good.ocr", "gone.pem", now_us).state, PKI_REVOCATION_NOT_FOR_IT);
  assert_int_equal(ocsp("forged.ocr", "leaf.pem", now_us).state, PKI_REVOCATION_NOT_FOR_IT);
  assert_int_equal(ocsp("unknown.ocr", "tsa.pem", now_us).state, PKI_REVOCATION_UNKNOWN);
  assert_int_equal(asked(false, sv_bytes_str("<html>"), "leaf.pem", now_us).state,
                   PKI_REVOCATION_NOT_FOR_IT);
  static const uint8_t try_later[] = {0x30, 0x03, 0x0A, 0x01, 0x03};
  assert_int_equal(asked(false, sv_bytes_of(try_later, sizeof try_later), "leaf.pem", now_us).state,
                   PKI_REVOCATION_NOT_FOR_IT);
}

/* No byte of it may turn a revoked certificate into a good one. */
static void no_changed_byte_makes_a_revoked_certificate_good(void **state) {
  (void)state;
  static const char *const names[] = {"gone.ocr", "crl.der"};
  for (int list = 0; list < 2; list++) {
    struct sv_bytes all = proof(arena, dir, names[list]);
    for (size_t i = 0; i < all.n; i++) {
      uint8_t *bent = sv_arena_alloc(arena, all.n);
      memcpy(bent, all.p, all.n);
      bent[i] ^= 1;
      enum pki_revocation_state state_now =
          asked(list, sv_bytes_of(bent, all.n), "gone.pem", now_us).state;
      assert_true(state_now == PKI_REVOCATION_NOT_FOR_IT || state_now == PKI_REVOCATION_REVOKED);
    }
  }
}

static void a_list_speaks_for_those_it_names_and_those_it_does_not(void **state) {
  (void)state;
  struct sv_bytes list = proof(arena, dir, "crl.der");
  struct pki_revocation r = asked(true, list, "gone.pem", now_us);
  assert_int_equal(r.state, PKI_REVOCATION_REVOKED);
  assert_int_equal(r.revoked_us, MARCH_US);
  assert_int_equal(r.reason, 1);
  assert_int_equal(asked(true, list, "leaf.pem", now_us).state, PKI_REVOCATION_GOOD);
  assert_int_equal(asked(true, list, "leaf.pem", now_us + 31 * DAY_US).state, PKI_REVOCATION_STALE);
  assert_int_equal(asked(true, list, "gone.pem", now_us + 31 * DAY_US).state,
                   PKI_REVOCATION_REVOKED);
  assert_int_equal(asked(true, proof(arena, dir, "good.ocr"), "leaf.pem", now_us).state,
                   PKI_REVOCATION_NOT_FOR_IT);
}

static void a_list_of_another_issuer_is_not_for_it(void **state) {
  (void)state;
  SV_AUTO(pki_chain_close) struct pki_chain *root = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *c = NULL;
  struct pki_revocation r;
  assert_int_equal(pki_chain_open(&ctx, authority_file(arena, "root.pem"), &root).reason, SV_OK);
  assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, "leaf.pem"), &c).reason, SV_OK);
  assert_int_equal(pki_crl_judge(&ctx, proof(arena, dir, "crl.der"), pki_chain_signer(c),
                                 pki_chain_signer(root), now_us, &r)
                       .reason,
                   SV_OK);
  assert_int_equal(r.state, PKI_REVOCATION_NOT_FOR_IT);
}

static void our_request_is_one_that_openssl_reads(void **state) {
  (void)state;
  SV_AUTO(pki_chain_close) struct pki_chain *c = NULL;
  const uint8_t nonce[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  struct sv_bytes request;
  assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, "leaf.pem"), &c).reason, SV_OK);
  assert_int_equal(pki_ocsp_request(&ctx, pki_chain_signer(c), pki_chain_signer(issuer), nonce,
                                    sizeof nonce, &request)
                       .reason,
                   SV_OK);
  FILE *f = fopen(sv_arena_printf(arena, "%s/own.ocq", dir), "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(request.p, 1, request.n, f), request.n);
  assert_int_equal(fclose(f), 0);
  const char *script = sv_arena_printf(
      arena,
      "cd %s && openssl ocsp -index index.txt -rsigner responder.pem -rkey responder.key -CA "
      "issuing.pem -reqin own.ocq -ndays 1 -respout own.ocr 2>/dev/null",
      dir);
  assert_int_equal(system(script), 0);
  assert_int_equal(ocsp("own.ocr", "leaf.pem", now_us).state, PKI_REVOCATION_GOOD);
  assert_true(pki_ocsp_has_nonce(proof(arena, dir, "own.ocr"), nonce, sizeof nonce));
  assert_false(pki_ocsp_has_nonce(proof(arena, dir, "good.ocr"), nonce, sizeof nonce));
}

static void a_certificate_says_where_to_ask(void **state) {
  (void)state;
  static const char *const urls[] = {"http://127.0.0.1:9/ocsp", "http://127.0.0.1:9/ca",
                                     "http://127.0.0.1:9/crl"};
  SV_AUTO(pki_chain_close) struct pki_chain *leaf = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *gone = NULL;
  assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, "leaf.pem"), &leaf).reason, SV_OK);
  assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, "gone.pem"), &gone).reason, SV_OK);
  for (int i = 0; i < 3; i++) {
    const char *url = NULL;
    assert_int_equal(
        pki_cert_pointer(&ctx, pki_chain_signer(leaf), (enum pki_pointer)i, &url).reason, SV_OK);
    assert_string_equal(url, urls[i]);
    assert_int_equal(
        pki_cert_pointer(&ctx, pki_chain_signer(gone), (enum pki_pointer)i, &url).reason, SV_OK);
    assert_string_equal(url, "");
  }
}

int main(void) {
#define T(f) cmocka_unit_test(f)
  const struct CMUnitTest tests[] = {
      T(a_responder_of_the_issuer_says_good_until_its_next_update),
      T(a_revocation_counts_from_its_date_on),
      T(answers_about_others_or_by_others_are_not_for_it),
      T(no_changed_byte_makes_a_revoked_certificate_good),
      T(a_list_speaks_for_those_it_names_and_those_it_does_not),
      T(a_list_of_another_issuer_is_not_for_it),
      T(our_request_is_one_that_openssl_reads),
      T(a_certificate_says_where_to_ask),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
