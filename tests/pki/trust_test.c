/* Who may sign what, and when? */
#include "formats/vds/vds.h"
#include "pki/cms.h"
#include "pki/stamp.h"
#include "tests/authority.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(16 << 20);
  ctx = sv_ctx_over(arena);
  return arena ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  sv_arena_close(arena);
  return 0;
}

static struct pki_trust *trust_of(struct sv_bytes pem) {
  struct pki_trust *t = NULL;
  assert_int_equal(pki_trust_open(&ctx, pem, &t).reason, SV_OK);
  return t;
}
static struct pki_chain *chain_of(const char *name) {
  struct pki_chain *c = NULL;
  assert_int_equal(pki_chain_open(&ctx, authority_file(arena, name), &c).reason, SV_OK);
  return c;
}
enum { YEAR_S = 31557600 };

static void the_document_signer_is_trusted_within_its_validity_alone(void **state) {
  (void)state;
  SV_AUTO(pki_trust_close) struct pki_trust *t = trust_of(authority_file(arena, "trust.pem"));
  SV_AUTO(pki_chain_close) struct pki_chain *c = chain_of("document-chain.pem");
  int64_t from = pki_cert_not_before_us(pki_chain_signer(c));
  int64_t until = pki_cert_not_after_us(pki_chain_signer(c));
  assert_int_equal(pki_trust_document(t, c, from + 1000000), PKI_TRUSTED);
  assert_int_equal(pki_trust_document(t, c, from - 2000000), PKI_EXPIRED);
  assert_int_equal(pki_trust_document(t, c, until + 2000000), PKI_EXPIRED);
}

static void neither_server_nor_seal_signer_nor_caller_may_sign_documents(void **state) {
  (void)state;
  SV_AUTO(pki_trust_close) struct pki_trust *t = trust_of(authority_file(arena, "trust.pem"));
  SV_AUTO(pki_chain_close) struct pki_chain *server = chain_of("server.pem");
  SV_AUTO(pki_chain_close) struct pki_chain *seal = chain_of("seal.pem");
  SV_AUTO(pki_chain_close) struct pki_chain *caller = chain_of("clients/case.pem");
  int64_t now = pki_cert_not_before_us(pki_chain_signer(server)) + 5000000;
  assert_int_equal(pki_trust_document(t, server, now), PKI_WRONG_USE);
  assert_int_equal(pki_trust_document(t, seal, now), PKI_WRONG_USE);
  assert_int_equal(pki_trust_document(t, caller, now), PKI_UNTRUSTED);
}

static void seal_signers_are_found_by_country_name_and_reference(void **state) {
  (void)state;
  SV_AUTO(pki_trust_close) struct pki_trust *t = trust_of(authority_file(arena, "trust.pem"));
  const struct pki_cert *c = pki_trust_seal_signer(t, "UTTS", "A7");
  assert_non_null(c);
  assert_ptr_equal(pki_trust_seal_signer(t, "UTTS", "000A7"), c);
  assert_null(pki_trust_seal_signer(t, "UTTS", "A8"));
  assert_null(pki_trust_seal_signer(t, "UTTT", "A7"));
  assert_null(pki_trust_seal_signer(t, "DETS", "A7"));
  int64_t from = pki_cert_not_before_us(c);
  assert_int_equal(pki_trust_seal(t, c, from + 1000000), PKI_TRUSTED);
  assert_int_equal(pki_trust_seal(t, c, from + 10LL * YEAR_S * 1000000), PKI_EXPIRED);
  assert_true(pki_cert_allows_type(c, "PU"));
  assert_true(pki_cert_allows_type(c, "FM"));
  assert_false(pki_cert_allows_type(c, "V"));
}

static void a_listed_signer_that_only_claims_our_issuer_is_not_trusted(void **state) {
  (void)state;
  const char *script =
      sv_arena_printf(arena,
                      "cd %s && printf 'keyUsage=critical,digitalSignature\\n' > fake.ext && "
                      "openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                      "-keyout fake-ca.key -days 9 -subj "
                      "'/C=UT/O=Utopia/OU=Documents/CN=Utopia Trial Document Authority' -out "
                      "fake-ca.pem 2>/dev/null && "
                      "openssl req -new -key fake-ca.key -subj /C=UT/CN=TX -out fake.csr && "
                      "openssl x509 -req -in fake.csr -CA "
                      "fake-ca.pem -CAkey fake-ca.key -set_serial 5 -days 9 -extfile fake.ext -out "
                      "fake.pem 2>/dev/null && "
                      "cat root.pem issuing.pem fake.pem > fake-trust.pem",
                      authority_path(arena, "."));
  assert_int_equal(system(script), 0);
  SV_AUTO(pki_trust_close) struct pki_trust *t = trust_of(authority_file(arena, "fake-trust.pem"));
  const struct pki_cert *c = pki_trust_seal_signer(t, "UTTX", "05");
  assert_non_null(c);
  assert_int_equal(pki_trust_seal(t, c, pki_cert_not_before_us(c) + 1000000), PKI_UNTRUSTED);
}

static void the_brainpool_specimen_of_icao_verifies_and_its_bitflip_does_not(void **state) {
  (void)state;
  SV_AUTO(pki_trust_close)
  struct pki_trust *t = trust_of(file_bytes(arena, "tests/vectors/vds/utts5b.pem"));
  static const char *const names[] = {"tests/vectors/vds/icao_9303_8_appB_etd.hex",
                                      "tests/vectors/vds/neg_bitflip_message.hex"};
  for (int i = 0; i < 2; i++) {
    struct sv_bytes hex = file_bytes(arena, names[i]);
    char *text = sv_arena_strndup(arena, (const char *)hex.p, 268);
    uint8_t *p = sv_arena_alloc(arena, 134);
    assert_true(sv_unhex(text, p, 134));
    struct vds_seal s;
    assert_int_equal(vds_read(&ctx, sv_bytes_of(p, 134), &s).reason, SV_OK);
    const struct pki_cert *c = pki_trust_seal_signer(t, s.header.signer, s.header.cert_ref);
    assert_non_null(c);
    assert_int_equal(pki_trust_seal(t, c, 1782000000LL * 1000000), PKI_TRUSTED);
    assert_int_equal(pki_cert_verify_raw(c, s.signed_part, s.signature), i == 0);
  }
}

static void a_revoked_signer_is_revoked(void **state) {
  (void)state;
  const char *script = sv_arena_printf(arena,
                                       "cd %s && rm -f index.txt* && : > index.txt && printf "
                                       "'[ca]\\ndefault_ca=a\\n[a]\\ndatabase=index.txt\\n"
                                       "default_md=sha256\\ndefault_crl_days=30\\n' > crl.cnf && "
                                       "openssl ca -config crl.cnf -cert issuing.pem -keyfile "
                                       "issuing.key -revoke document.pem 2>/dev/null && "
                                       "openssl ca -config crl.cnf -cert issuing.pem -keyfile "
                                       "issuing.key -gencrl -out crl.pem 2>/dev/null && "
                                       "cat trust.pem crl.pem > revoked-trust.pem",
                                       authority_path(arena, "."));
  assert_int_equal(system(script), 0);
  SV_AUTO(pki_trust_close)
  struct pki_trust *t = trust_of(authority_file(arena, "revoked-trust.pem"));
  SV_AUTO(pki_chain_close) struct pki_chain *c = chain_of("document-chain.pem");
  int64_t now = pki_cert_not_before_us(pki_chain_signer(c)) + 86400LL * 1000000;
  assert_int_equal(pki_trust_document(t, c, now), PKI_REVOKED);
  const struct pki_cert *s = pki_trust_seal_signer(t, "UTTS", "A7");
  assert_int_equal(pki_trust_seal(t, s, now), PKI_TRUSTED);
}

static void files_that_are_no_certificates_are_refused(void **state) {
  (void)state;
  struct pki_trust *t = NULL;
  struct pki_chain *c = NULL;
  assert_int_equal(pki_trust_open(&ctx, sv_bytes_str("nothing"), &t).reason, SV_CERT_FORMAT);
  assert_int_equal(pki_chain_open(&ctx, sv_bytes_str(""), &c).reason, SV_CERT_FORMAT);
  /* a chain in the wrong order */
  struct sv_bytes a = authority_file(arena, "issuing.pem");
  struct sv_bytes b = authority_file(arena, "document.pem");
  const char *both =
      sv_arena_printf(arena, "%.*s%.*s", (int)a.n, (const char *)a.p, (int)b.n, (const char *)b.p);
  assert_int_equal(pki_chain_open(&ctx, sv_bytes_str(both), &c).reason, SV_CERT_FORMAT);
}

/* A file of the authority with the labels of its blocks written another way. */
static struct sv_bytes relabelled(const char *name, const char *label) {
  struct sv_bytes pem = authority_file(arena, name);
  struct sv_buf out = sv_buf_in(arena, PKI_PEM_MAX);
  static const char word[] = " CERTIFICATE-----";
  for (size_t i = 0; i < pem.n; i++) {
    if (pem.n - i >= sizeof word - 1 && memcmp(pem.p + i, word, sizeof word - 1) == 0) {
      sv_buf_printf(&out, " %s", label);
    }
    sv_buf_u8(&out, pem.p[i]);
  }
  assert_false(out.failed);
  return sv_buf_bytes(&out);
}

static void a_certificate_counts_under_both_of_its_names(void **state) {
  (void)state;
  SV_AUTO(pki_trust_close) struct pki_trust *t = trust_of(relabelled("trust.pem", "X509"));
  SV_AUTO(pki_chain_close) struct pki_chain *c = NULL;
  SV_AUTO(pki_issuers_close) struct pki_issuers *issuers = NULL;
  assert_int_equal(pki_chain_open(&ctx, relabelled("document-chain.pem", "X509"), &c).reason,
                   SV_OK);
  assert_int_equal(pki_issuers_open(&ctx, relabelled("trust.pem", "X509"), &issuers).reason, SV_OK);
  int64_t from = pki_cert_not_before_us(pki_chain_signer(c));
  assert_int_equal(pki_trust_document(t, c, from + 1000000), PKI_TRUSTED);
}

/* Read here and lost by the list of a device, its limits would hold in one place alone. */
static void a_certificate_that_limits_its_own_use_is_refused_everywhere(void **state) {
  (void)state;
  struct sv_bytes pem = relabelled("trust.pem", "TRUSTED");
  struct pki_trust *t = NULL;
  struct pki_chain *c = NULL;
  struct pki_issuers *issuers = NULL;
  assert_int_equal(pki_trust_open(&ctx, pem, &t).reason, SV_CERT_FORMAT);
  assert_int_equal(pki_chain_open(&ctx, pem, &c).reason, SV_CERT_FORMAT);
  assert_int_equal(pki_issuers_open(&ctx, pem, &issuers).reason, SV_CERT_FORMAT);
}

static void a_broken_block_is_not_the_end_of_the_file(void **state) {
  (void)state;
  struct sv_buf out = sv_buf_in(arena, PKI_PEM_MAX);
  struct sv_bytes whole = authority_file(arena, "root.pem");
  sv_buf_put(&out, whole.p, whole.n);
  sv_buf_printf(&out, "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n");
  struct pki_trust *t = NULL;
  struct pki_chain *c = NULL;
  struct pki_issuers *issuers = NULL;
  assert_int_equal(pki_trust_open(&ctx, sv_buf_bytes(&out), &t).reason, SV_CERT_FORMAT);
  assert_int_equal(pki_chain_open(&ctx, sv_buf_bytes(&out), &c).reason, SV_CERT_FORMAT);
  assert_int_equal(pki_issuers_open(&ctx, sv_buf_bytes(&out), &issuers).reason, SV_CERT_FORMAT);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(the_document_signer_is_trusted_within_its_validity_alone),
      T(neither_server_nor_seal_signer_nor_caller_may_sign_documents),
      T(seal_signers_are_found_by_country_name_and_reference),
      T(a_listed_signer_that_only_claims_our_issuer_is_not_trusted),
      T(the_brainpool_specimen_of_icao_verifies_and_its_bitflip_does_not),
      T(a_revoked_signer_is_revoked),
      T(a_certificate_counts_under_both_of_its_names),
      T(a_certificate_that_limits_its_own_use_is_refused_everywhere),
      T(a_broken_block_is_not_the_end_of_the_file),
      T(files_that_are_no_certificates_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
