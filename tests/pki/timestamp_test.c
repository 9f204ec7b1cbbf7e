/* Which tokens prove a time, over what, and by whom? */
#include "pki/timestamp.h"

#include "base/clock.h"
#include "tests/pki/proofs.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;
static const char *dir;
static struct pki_trust *trust;

static int open_all(void **state) {
  (void)state;
  arena = sv_arena_open(64 << 20);
  ctx = sv_ctx_over(arena);
  dir = proofs_open(arena);
  assert_int_equal(pki_trust_open(&ctx, authority_file(arena, "trust.pem"), &trust).reason, SV_OK);
  return 0;
}
static int close_all(void **state) {
  (void)state;
  proofs_close(arena, dir);
  pki_trust_close(trust);
  trust = NULL;
  sv_arena_close(arena);
  return 0;
}

static struct pki_token judged(struct sv_bytes token, const char *content) {
  struct sv_bytes piece = sv_bytes_str(content);
  struct pki_token t;
  assert_int_equal(pki_token_verify(&ctx, token, crypto_pieces_of(&piece, 1), &t).reason, SV_OK);
  return t;
}
static enum pki_token_fault fault(struct sv_bytes token, const char *content) {
  struct pki_token t = judged(token, content);
  pki_chain_close(t.chain);
  return t.fault;
}

static void a_token_over_the_content_says_when_by_whom_and_under_what_policy(void **state) {
  (void)state;
  struct sv_bytes token = proof(arena, dir, "good.tst");
  struct pki_token t = judged(token, "the content");
  assert_int_equal(t.fault, PKI_TOKEN_GOOD);
  assert_int_equal(t.der_bytes, token.n);
  assert_string_equal(t.policy, "1.2.3.4.1");
  assert_int_equal(t.accuracy_us, 1500100);
  assert_int_equal(t.imprint, CRYPTO_SHA256);
  assert_true(t.gen_time_us <= sv_wall_us() && t.gen_time_us > sv_wall_us() - 3600LL * 1000000);
  assert_string_equal(pki_cert_common_name(pki_chain_signer(t.chain)), "tsa");
  assert_int_equal(pki_chain_count(t.chain), 2);
  assert_true(t.nonce.n > 0);
  assert_true(pki_token_has_nonce(&t, t.nonce.p, t.nonce.n));
  uint8_t other[PKI_NONCE_MAX] = {1};
  assert_false(pki_token_has_nonce(&t, other, 8));
  assert_int_equal(pki_trust_timestamp(trust, t.chain, t.gen_time_us), PKI_TRUSTED);
  assert_int_equal(pki_trust_timestamp(trust, t.chain, t.gen_time_us + 5LL * 365 * 86400 * 1000000),
                   PKI_EXPIRED);
  pki_chain_close(t.chain);
  assert_int_equal(fault(proof(arena, dir, "good512.tst"), "the content"), PKI_TOKEN_GOOD);
  assert_int_equal(fault(proof(arena, dir, "ess-v1.tst"), "the content"), PKI_TOKEN_GOOD);
}

static void a_token_over_something_else_proves_nothing(void **state) {
  (void)state;
  assert_int_equal(fault(proof(arena, dir, "good.tst"), "The content"), PKI_TOKEN_IMPRINT);
  uint8_t digest[32];
  struct pki_token t;
  crypto_sha256(sv_bytes_str("the content"), digest);
  assert_int_equal(
      pki_token_verify_digest(&ctx, proof(arena, dir, "good.tst"), CRYPTO_SHA256, digest, &t)
          .reason,
      SV_OK);
  assert_int_equal(t.fault, PKI_TOKEN_GOOD);
  pki_chain_close(t.chain);
  assert_int_equal(
      pki_token_verify_digest(&ctx, proof(arena, dir, "good512.tst"), CRYPTO_SHA256, digest, &t)
          .reason,
      SV_OK);
  assert_int_equal(t.fault, PKI_TOKEN_IMPRINT);
  pki_chain_close(t.chain);
}

static void sha_1_in_the_imprint_is_weak(void **state) {
  (void)state;
  assert_int_equal(fault(proof(arena, dir, "weak.tst"), "the content"), PKI_TOKEN_WEAK);
}

static void no_changed_byte_of_a_token_is_good(void **state) {
  (void)state;
  struct sv_bytes token = proof(arena, dir, "good.tst");
  struct pki_token t = judged(token, "the content");
  struct sv_bytes issuer = pki_cert_der(pki_chain_at(t.chain, 1));
  const uint8_t *in_token = memmem(token.p, token.n, issuer.p, issuer.n);
  assert_non_null(in_token);
  size_t accepted = 0;
  for (size_t i = 0; i < token.n; i++) {
    struct sv_arena *own = sv_arena_open(1 << 20);
    ctx.mem = own;
    uint8_t *bent = sv_arena_alloc(own, token.n);
    memcpy(bent, token.p, token.n);
    bent[i] ^= 1;
    bool in_issuer = token.p + i >= in_token && token.p + i < in_token + issuer.n;
    accepted += !in_issuer && fault(sv_bytes_of(bent, token.n), "the content") == PKI_TOKEN_GOOD;
    sv_arena_close(own);
    ctx.mem = arena;
  }
  pki_chain_close(t.chain);
  assert_true(accepted <= 24); /* versions, the list of digests, parameters of algorithms */
  for (size_t n = 0; n < token.n; n += 5) {
    assert_int_equal(fault(sv_bytes_of(token.p, n), "the content"), PKI_TOKEN_FORMAT);
  }
}

static void a_document_signature_is_no_token(void **state) {
  (void)state;
  const char *script = sv_arena_printf(
      arena,
      "cd %s && openssl cms -sign -cades -binary -nodetach -in content -signer leaf.pem -inkey "
      "leaf.key -outform DER -out plain.cms",
      dir);
  assert_int_equal(system(script), 0);
  assert_int_equal(fault(proof(arena, dir, "plain.cms"), "the content"), PKI_TOKEN_FORMAT);
}

static void an_authority_must_have_that_one_purpose_as_critical(void **state) {
  (void)state;
  static const struct {
    const char *name;
    enum pki_fault is;
  } rows[] = {{"tsa.pem", PKI_TRUSTED},
              {"tsa-soft.pem", PKI_WRONG_USE},
              {"tsa-two.pem", PKI_WRONG_USE},
              {"leaf.pem", PKI_WRONG_USE}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    SV_AUTO(pki_chain_close) struct pki_chain *c = NULL;
    assert_int_equal(pki_chain_open(&ctx, proof(arena, dir, rows[i].name), &c).reason, SV_OK);
    int64_t at = pki_cert_not_before_us(pki_chain_signer(c)) + 1000000;
    assert_int_equal(pki_trust_timestamp(trust, c, at), rows[i].is);
  }
}

static void our_request_is_one_that_openssl_answers(void **state) {
  (void)state;
  uint8_t digest[32];
  const uint8_t nonce[9] = {0, 0x9F, 1, 2, 3, 4, 5, 6, 7};
  struct sv_bytes request;
  crypto_sha256(sv_bytes_str("the content"), digest);
  assert_int_equal(
      pki_timestamp_request(&ctx, digest, nonce, sizeof nonce, "1.2.3.4.1", &request).reason,
      SV_OK);
  const char *path = sv_arena_printf(arena, "%s/own.tsq", dir);
  FILE *f = fopen(path, "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(request.p, 1, request.n, f), request.n);
  assert_int_equal(fclose(f), 0);
  const char *script = sv_arena_printf(
      arena,
      "cd %s && OPENSSL_CONF=/dev/null openssl ts -reply -config tsa.cnf -queryfile "
      "own.tsq -signer tsa.pem -inkey tsa.key -out own.tsr 2>/dev/null",
      dir);
  assert_int_equal(system(script), 0);
  struct pki_timestamp_answer answer;
  pki_timestamp_answer_read(proof(arena, dir, "own.tsr"), &answer);
  assert_int_equal(answer.status, 0);
  struct pki_token t = judged(answer.token, "the content");
  assert_int_equal(t.fault, PKI_TOKEN_GOOD);
  assert_int_equal(t.der_bytes, answer.token.n);
  assert_true(pki_token_has_nonce(&t, nonce, sizeof nonce));
  pki_chain_close(t.chain);
  assert_int_equal(pki_timestamp_request(&ctx, digest, NULL, 0, "1.two", &request).reason,
                   SV_FIELD_INVALID);
  sv_ctx_clear(&ctx);
}

static void answers_without_a_grant_have_no_token(void **state) {
  (void)state;
  static const uint8_t refused[] = {0x30, 0x09, 0x30, 0x07, 0x02, 0x01,
                                    0x02, 0x03, 0x02, 0x05, 0x20}; /* rejection, badRequest */
  static const uint8_t empty_grant[] = {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00};
  struct pki_timestamp_answer a;
  pki_timestamp_answer_read(sv_bytes_of(refused, sizeof refused), &a);
  assert_int_equal(a.status, 2);
  assert_int_equal(a.failure, 1U << 2);
  assert_int_equal(a.token.n, 0);
  pki_timestamp_answer_read(sv_bytes_of(empty_grant, sizeof empty_grant), &a);
  assert_int_equal(a.status, -1);
  pki_timestamp_answer_read(sv_bytes_str("<html>"), &a);
  assert_int_equal(a.status, -1);
  pki_timestamp_answer_read(sv_bytes_of(NULL, 0), &a);
  assert_int_equal(a.status, -1);
}

int main(void) {
#define T(f) cmocka_unit_test(f)
  const struct CMUnitTest tests[] = {
      T(a_token_over_the_content_says_when_by_whom_and_under_what_policy),
      T(a_token_over_something_else_proves_nothing),
      T(sha_1_in_the_imprint_is_weak),
      T(no_changed_byte_of_a_token_is_good),
      T(a_document_signature_is_no_token),
      T(an_authority_must_have_that_one_purpose_as_critical),
      T(our_request_is_one_that_openssl_answers),
      T(answers_without_a_grant_have_no_token),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
