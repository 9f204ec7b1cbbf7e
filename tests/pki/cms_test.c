/* Is what we build what we accept, and is what is bent refused for the right reason? */
#include "tests/pki/signing.h"

static enum pki_cms_fault fault(struct sv_bytes cms, const char *content) {
  struct sv_bytes piece = sv_bytes_str(content);
  struct pki_cms r;
  assert_int_equal(pki_cms_verify(&ctx, cms, crypto_pieces_of(&piece, 1), &r).reason, SV_OK);
  pki_chain_close(r.chain);
  return r.fault;
}

static void what_is_built_is_accepted_with_its_chain(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("one and two");
  struct sv_bytes pieces[2] = {sv_bytes_str("one "), sv_bytes_str("and two")};
  struct pki_cms r;
  assert_int_equal(pki_cms_verify(&ctx, cms, crypto_pieces_of(pieces, 2), &r).reason, SV_OK);
  assert_int_equal(r.fault, PKI_CMS_GOOD);
  assert_int_equal(r.der_bytes, cms.n);
  struct sv_bytes token;
  assert_int_equal(pki_cms_timestamp(&r, &token), 0);
  assert_int_equal(pki_chain_count(r.chain), 2);
  assert_string_equal(pki_cert_common_name(pki_chain_signer(r.chain)), "UT-DOC-07");
  pki_chain_close(r.chain);
  assert_true(cms.n <= pki_cms_size(chain));
}

static void other_content_is_a_content_fault(void **state) {
  (void)state;
  assert_int_equal(fault(signed_over("one"), "two"), PKI_CMS_CONTENT);
}

static void zeroes_after_the_cms_are_the_callers_to_judge(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("one");
  uint8_t *padded = sv_arena_alloc(arena, cms.n + 8);
  memcpy(padded, cms.p, cms.n);
  struct sv_bytes piece = sv_bytes_str("one");
  struct pki_cms r;
  assert_int_equal(
      pki_cms_verify(&ctx, sv_bytes_of(padded, cms.n + 8), crypto_pieces_of(&piece, 1), &r).reason,
      SV_OK);
  assert_int_equal(r.fault, PKI_CMS_GOOD);
  assert_int_equal(r.der_bytes, cms.n);
  pki_chain_close(r.chain);
}

/* Every byte matters but those of the issuer's certificate, which the anchors replace. */
static void no_changed_byte_of_attributes_certificate_or_signature_is_accepted(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("one");
  struct sv_bytes issuer = pki_cert_der(pki_chain_at(chain, 1));
  const uint8_t *in_cms = memmem(cms.p, cms.n, issuer.p, issuer.n);
  assert_non_null(in_cms);
  size_t accepted = 0;
  for (size_t i = 0; i < cms.n; i++) {
    if (cms.p + i >= in_cms && cms.p + i < in_cms + issuer.n) {
      continue;
    }
    struct sv_arena *outer = arena;
    arena = sv_arena_open(1 << 20);
    ctx.mem = arena;
    uint8_t *bent = sv_arena_alloc(arena, cms.n);
    memcpy(bent, cms.p, cms.n);
    bent[i] ^= 1;
    if (fault(sv_bytes_of(bent, cms.n), "one") == PKI_CMS_GOOD) {
      /* versions and the list of digest algorithms carry no weight */
      accepted++;
    }
    sv_arena_close(arena);
    arena = outer;
    ctx.mem = outer;
  }
  assert_true(accepted <= 16);
}

static void shorter_pieces_of_a_cms_are_no_cms(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("one");
  for (size_t n = 0; n < cms.n; n += 7) {
    assert_int_equal(fault(sv_bytes_of(cms.p, n), "one"), PKI_CMS_FORMAT);
  }
}

static void a_signature_of_another_key_is_a_signature_fault(void **state) {
  (void)state;
  uint8_t digest[32];
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  struct sv_bytes attributes;
  struct sv_bytes cms;
  SV_AUTO(pki_key_close) struct pki_key *other = NULL;
  assert_int_equal(pki_key_open(&ctx, authority_file(arena, "clients/case.key"), &other).reason,
                   SV_OK);
  crypto_sha256(sv_bytes_str("one"), digest);
  assert_int_equal(pki_cms_attributes(&ctx, chain, digest, &attributes).reason, SV_OK);
  assert_int_equal(pki_key_sign(other, &ctx, attributes, raw, &n).reason, SV_OK);
  assert_int_equal(pki_cms_assemble(&ctx, chain, attributes, sv_bytes_of(raw, n), &cms).reason,
                   SV_OK);
  assert_int_equal(fault(cms, "one"), PKI_CMS_SIGNATURE);
  assert_int_equal(pki_cms_assemble(&ctx, chain, attributes, sv_bytes_of(raw, 62), &cms).reason,
                   SV_SIGNER);
}

static void attributes_of_another_certificate_are_a_certificate_fault(void **state) {
  (void)state;
  /* A second certificate for the same key: the attributes name the first. */
  const char *script = sv_arena_printf(
      arena,
      "cd %s && openssl req -new -x509 -key document.key -subj /C=UT/CN=Twin -days 1 "
      "-addext keyUsage=critical,nonRepudiation -out twin.pem 2>/dev/null",
      authority_path(arena, "."));
  assert_int_equal(system(script), 0);
  SV_AUTO(pki_chain_close) struct pki_chain *twin = NULL;
  assert_int_equal(pki_chain_open(&ctx, authority_file(arena, "twin.pem"), &twin).reason, SV_OK);
  uint8_t digest[32];
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  struct sv_bytes attributes;
  struct sv_bytes cms;
  crypto_sha256(sv_bytes_str("one"), digest);
  assert_int_equal(pki_cms_attributes(&ctx, chain, digest, &attributes).reason, SV_OK);
  assert_int_equal(pki_key_sign(key, &ctx, attributes, raw, &n).reason, SV_OK);
  assert_int_equal(pki_cms_assemble(&ctx, twin, attributes, sv_bytes_of(raw, n), &cms).reason,
                   SV_OK);
  assert_int_equal(fault(cms, "one"), PKI_CMS_CERTIFICATE);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(what_is_built_is_accepted_with_its_chain),
      T(other_content_is_a_content_fault),
      T(zeroes_after_the_cms_are_the_callers_to_judge),
      T(no_changed_byte_of_attributes_certificate_or_signature_is_accepted),
      T(shorter_pieces_of_a_cms_are_no_cms),
      T(a_signature_of_another_key_is_a_signature_fault),
      T(attributes_of_another_certificate_are_a_certificate_fault),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
