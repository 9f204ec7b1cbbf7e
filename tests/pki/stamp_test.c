/* Does a token go into a CMS without touching what is signed, within the room that was foretold, and does a path end at a
 * root or say that it does not? */
#include "pki/stamp.h"

#include "tests/pki/signing.h"

/* An element of DER of exactly so many bytes, which begins as a token does. */
static struct sv_bytes element_of(size_t n) {
  uint8_t *p = sv_arena_alloc(arena, n);
  assert_non_null(p);
  size_t head = n < 130 ? 2 : n < 259 ? 3 : 4;
  p[0] = 0x30;
  p[1] = head == 2 ? (uint8_t)(n - head) : (uint8_t)(0x80 | (head - 2));
  p[head - 1] = (uint8_t)(n - head);
  if (head == 4) {
    p[2] = (uint8_t)((n - head) >> 8);
  }
  return sv_bytes_of(p, n);
}

static void a_token_is_found_again_and_the_signature_still_holds(void **state) {
  (void)state;
  static const size_t sizes[] = {20, 127, 128, 129, 254, 262, 1500, 6000, 40000};
  struct sv_bytes piece = sv_bytes_str("content");
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct sv_bytes cms = signed_over("content"), token = element_of(sizes[i]), stamped;
    struct pki_cms r;
    assert_int_equal(pki_cms_stamp(&ctx, cms, token, &stamped).reason, SV_OK);
    assert_true(stamped.n <= pki_cms_stamped_size(chain, sizes[i]));
    assert_true(stamped.n + 16 > pki_cms_stamped_size(chain, sizes[i]) - 16);
    assert_int_equal(pki_cms_verify(&ctx, stamped, crypto_pieces_of(&piece, 1), &r).reason, SV_OK);
    assert_int_equal(r.fault, PKI_CMS_GOOD);
    assert_true(r.der_bytes == stamped.n);
    const uint8_t *at = memmem(r.unsigned_attributes.p, r.unsigned_attributes.n, token.p, token.n);
    assert_non_null(at);
    pki_chain_close(r.chain);
  }
}

static void what_a_token_is_over_is_the_signature_itself(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("content"), signature, piece = sv_bytes_str("content");
  struct pki_cms r;
  assert_int_equal(pki_cms_signature(&ctx, cms, &signature).reason, SV_OK);
  assert_int_equal(pki_cms_verify(&ctx, cms, crypto_pieces_of(&piece, 1), &r).reason, SV_OK);
  assert_true(sv_bytes_equal(signature, r.signature));
  pki_chain_close(r.chain);
}

static void what_is_no_cms_of_ours_gets_no_token(void **state) {
  (void)state;
  struct sv_bytes cms = signed_over("content"), out;
  for (size_t n = 0; n < cms.n; n += 7) {
    assert_int_equal(pki_cms_stamp(&ctx, sv_bytes_of(cms.p, n), element_of(20), &out).reason,
                     SV_INTERNAL);
    sv_ctx_clear(&ctx);
    assert_int_equal(pki_cms_signature(&ctx, sv_bytes_of(cms.p, n), &out).reason, SV_INTERNAL);
    sv_ctx_clear(&ctx);
  }
}

static void a_path_ends_at_the_root_that_is_at_hand(void **state) {
  (void)state;
  SV_AUTO(pki_issuers_close) struct pki_issuers *issuers = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *path = NULL;
  bool whole = false;
  assert_int_equal(pki_issuers_open(&ctx, authority_file(arena, "trust.pem"), &issuers).reason,
                   SV_OK);
  assert_int_equal(pki_path_open(&ctx, chain, issuers, &path, &whole).reason, SV_OK);
  assert_true(whole);
  assert_int_equal(pki_chain_count(path), 3);
  assert_string_equal(pki_cert_common_name(pki_chain_at(path, 2)), "Utopia Trial Root");
  assert_string_equal(pki_cert_common_name(pki_chain_at(path, 0)), "UT-DOC-07");
}

static void a_path_without_its_root_says_so(void **state) {
  (void)state;
  SV_AUTO(pki_issuers_close) struct pki_issuers *issuers = NULL;
  SV_AUTO(pki_chain_close) struct pki_chain *path = NULL;
  bool whole = true;
  /* a root of the same shape, of somebody else */
  assert_int_equal(pki_issuers_open(&ctx, authority_file(arena, "client-ca.pem"), &issuers).reason,
                   SV_OK);
  assert_int_equal(pki_path_open(&ctx, chain, issuers, &path, &whole).reason, SV_OK);
  assert_false(whole);
  assert_int_equal(pki_chain_count(path), 2);
}

static void a_file_without_a_ca_is_no_file_of_issuers(void **state) {
  (void)state;
  struct pki_issuers *issuers;
  assert_int_equal(pki_issuers_open(&ctx, authority_file(arena, "document.pem"), &issuers).reason,
                   SV_CERT_FORMAT);
  sv_ctx_clear(&ctx);
  assert_int_equal(pki_issuers_open(&ctx, sv_bytes_str("x"), &issuers).reason, SV_CERT_FORMAT);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_token_is_found_again_and_the_signature_still_holds),
      T(what_a_token_is_over_is_the_signature_itself),
      T(what_is_no_cms_of_ours_gets_no_token),
      T(a_path_ends_at_the_root_that_is_at_hand),
      T(a_path_without_its_root_says_so),
      T(a_file_without_a_ca_is_no_file_of_issuers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
