/* Does a sealed PDF carry a signature where it was planned, and does a visible seal verify with its certificate?
 * With an argument: writes a sealed small PDF there, for the judges of tests/seal/judges.sh. */
#include "seal/seal.h"

#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"
#include "pki/cms.h"
#include "tests/authority.h"
#include "tests/small_pdf.h"

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

static struct seal *open_seal(void) {
  struct seal *seal = NULL;
  sv_status s = seal_open_files(
      &ctx, authority_path(arena, "document.key"), authority_path(arena, "document-chain.pem"),
      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &seal);
  if (sv_failed(s)) {
    print_error("%s\n", ctx.detail);
  }
  assert_int_equal(s.reason, SV_OK);
  return seal;
}

static struct small_pdf_out sealed(struct seal *seal) {
  struct small_pdf in = {.contents_room = seal_contents_room(seal),
                         .content = "0.5 w 100 100 m 200 200 l S",
                         .record = sv_bytes_str("{\"format\":\"salvo-record/1\"}")};
  struct small_pdf_out out = small_pdf_write(arena, &in);
  assert_true(out.n > 0);
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               out.p, out.n, &out.slot, NULL)
          .reason,
      SV_OK);
  return out;
}

static struct pki_cms judged(const struct small_pdf_out *pdf) {
  size_t second = pdf->slot.contents_at + pdf->slot.contents_room;
  struct sv_bytes pieces[2] = {sv_bytes_of(pdf->p, pdf->slot.contents_at),
                               sv_bytes_of(pdf->p + second, pdf->n - second)};
  size_t n = (pdf->slot.contents_room - 2) / 2;
  char *hex = sv_arena_strndup(arena, (const char *)pdf->p + pdf->slot.contents_at + 1, 2 * n);
  uint8_t *der = sv_arena_alloc(arena, n);
  assert_true(sv_unhex(hex, der, n));
  struct pki_cms cms;
  assert_int_equal(
      pki_cms_verify(&ctx, sv_bytes_of(der, n), crypto_pieces_of(pieces, 2), &cms).reason, SV_OK);
  return cms;
}

static void a_sealed_pdf_verifies_and_the_reserve_is_exact_to_the_signatures_own_slack(
    void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  for (int i = 0; i < 8; i++) { /* signatures differ in length */
    struct small_pdf_out pdf = sealed(seal);
    struct pki_cms cms = judged(&pdf);
    assert_int_equal(cms.fault, PKI_CMS_GOOD);
    assert_string_equal(pki_cert_common_name(pki_chain_signer(cms.chain)), seal_signer_name(seal));
    size_t room = (pdf.slot.contents_room - 2) / 2;
    assert_true(cms.der_bytes <= room && room - cms.der_bytes <= 10);
    pki_chain_close(cms.chain);
  }
}

static void byte_range_covers_all_but_the_contents(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct small_pdf_out pdf = sealed(seal);
  char expected[64];
  size_t second = pdf.slot.contents_at + pdf.slot.contents_room;
  (void)snprintf(expected, sizeof expected, "[0 %zu %zu %zu", pdf.slot.contents_at, second,
                 pdf.n - second);
  assert_memory_equal(pdf.p + pdf.slot.byte_range_at, expected, strlen(expected));
  assert_int_equal(pdf.p[pdf.slot.byte_range_at + pdf.slot.byte_range_room - 1], ']');
}

/* Signs a small file whose first bytes are said to be shared, one of them changed; what is told of it is recomputed. */
static void digests_agree(struct seal *seal, size_t shared, char changed) {
  struct small_pdf in = {.contents_room = seal_contents_room(seal), .content = "0 0 m 9 9 l S"};
  struct small_pdf_out pdf = small_pdf_write(arena, &in);
  pdf.slot.static_bytes = shared;
  if (shared) {
    pdf.p[shared / 2] = (uint8_t)changed;
  }
  struct seal_digests told;
  uint8_t file[32], beginning[32];
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               pdf.p, pdf.n, &pdf.slot, &told)
          .reason,
      SV_OK);
  crypto_sha256(sv_bytes_of(pdf.p, pdf.n), file);
  crypto_sha256(sv_bytes_of(pdf.p, shared), beginning);
  assert_memory_equal(told.file, file, 32);
  assert_memory_equal(told.beginning, beginning, 32);
  struct pki_cms cms = judged(&pdf);
  assert_int_equal(cms.fault, PKI_CMS_GOOD);
  pki_chain_close(cms.chain);
}

static void files_that_share_their_beginning_or_all_but_a_byte_of_it_have_their_own_digests(
    void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  for (int i = 0; i < 3; i++) {
    digests_agree(seal, 0, ' ');
    digests_agree(seal, 200, 'a');
    digests_agree(seal, 200, 'b');
    digests_agree(seal, 201, 'a');
  }
  for (char c = ' '; c < 'Z'; c++) { /* more than are remembered */
    digests_agree(seal, 100, c);
  }
}

static void a_slot_inside_of_what_is_shared_is_refused(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct small_pdf_out pdf = sealed(seal);
  pdf.slot.static_bytes = pdf.slot.contents_at + 1;
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               pdf.p, pdf.n, &pdf.slot, NULL)
          .reason,
      SV_INTERNAL);
}

static void a_slot_outside_the_file_or_too_small_is_refused(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct small_pdf_out pdf = sealed(seal);
  struct sv_sig_slot bad = pdf.slot;
  bad.contents_at = SIZE_MAX - 4;
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               pdf.p, pdf.n, &bad, NULL)
          .reason,
      SV_INTERNAL);
  bad = pdf.slot;
  bad.contents_room = pdf.n;
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               pdf.p, pdf.n, &bad, NULL)
          .reason,
      SV_INTERNAL);
  bad = pdf.slot;
  bad.byte_range_at++;
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               pdf.p, pdf.n, &bad, NULL)
          .reason,
      SV_INTERNAL);
  struct small_pdf small = {.contents_room = seal_contents_room(seal) - 2};
  struct small_pdf_out tight = small_pdf_write(arena, &small);
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               tight.p, tight.n, &tight.slot, NULL)
          .reason,
      SV_INTERNAL);
}

static void a_visible_seal_verifies_with_the_certificate_that_its_header_names(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct vds_header header = {
      .country = "UTO", .issue_date = {2026, 1, 15}, .signature_date = {2026, 1, 15}};
  (void)snprintf(header.signer, sizeof header.signer, "%s", seal_vds_signer(seal));
  (void)snprintf(header.cert_ref, sizeof header.cert_ref, "%s", seal_vds_reference(seal));
  struct vds_manifest_page page = {
      .id = {"M260000AB", 1, 1}, .page = 2, .first_line = 1, .commitment_count = 3};
  struct sv_bytes unsigned_part;
  struct sv_bytes bytes;
  struct vds_seal read;
  assert_int_equal(vds_manifest_page_build(&ctx, &header, &page, &unsigned_part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                   unsigned_part, &bytes)
          .reason,
      SV_OK);
  assert_int_equal(vds_read(&ctx, bytes, &read).reason, SV_OK);
  SV_AUTO(pki_trust_close) struct pki_trust *trust = NULL;
  assert_int_equal(pki_trust_open(&ctx, authority_file(arena, "trust.pem"), &trust).reason, SV_OK);
  const struct pki_cert *cert =
      pki_trust_seal_signer(trust, read.header.signer, read.header.cert_ref);
  assert_non_null(cert);
  assert_true(pki_cert_verify_raw(cert, read.signed_part, read.signature));
  assert_true(sv_bytes_equal(read.signed_part, unsigned_part));
}

static void a_records_signature_holds_for_this_record_alone(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct sv_bytes record = sv_bytes_str("{\"amendment\":1}"), other = sv_bytes_str("{}"), cms;
  assert_int_equal(
      seal_record(seal, &ctx,
                  &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1}, record,
                  &cms)
          .reason,
      SV_OK);
  struct pki_cms read = {0};
  assert_int_equal(pki_cms_verify(&ctx, cms, crypto_pieces_of(&record, 1), &read).reason, SV_OK);
  assert_int_equal(read.fault, PKI_CMS_GOOD);
  pki_chain_close(read.chain);
  read = (struct pki_cms){0};
  assert_int_equal(pki_cms_verify(&ctx, cms, crypto_pieces_of(&other, 1), &read).reason, SV_OK);
  assert_int_equal(read.fault, PKI_CMS_CONTENT);
  pki_chain_close(read.chain);
}

static void a_key_that_is_not_its_certificates_is_found_at_start(void **state) {
  (void)state;
  struct seal *seal = NULL;
  sv_status s = seal_open_files(
      &ctx, authority_path(arena, "seal.key"), authority_path(arena, "document-chain.pem"),
      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &seal);
  assert_int_equal(s.reason, SV_SIGNER);
  assert_null(seal);
  sv_ctx_clear(&ctx);
  s = seal_open_files(
      &ctx, authority_path(arena, "document.key"), authority_path(arena, "document-chain.pem"),
      authority_path(arena, "document.key"), authority_path(arena, "document.pem"), &seal);
  assert_int_equal(s.reason, SV_SIGNER); /* no subject of a seal signer */
  sv_ctx_clear(&ctx);
  s = seal_open_files(&ctx, authority_path(arena, "absent.key"),
                      authority_path(arena, "document-chain.pem"),
                      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &seal);
  assert_int_equal(s.reason, SV_IO);
}

static int write_sealed(const char *path) {
  (void)setup(NULL);
  SV_AUTO(seal_close) struct seal *seal = open_seal();
  struct small_pdf_out pdf = sealed(seal);
  FILE *f = fopen(path, "wb");
  bool good = f && fwrite(pdf.p, 1, pdf.n, f) == pdf.n;
  good = f && fclose(f) == 0 && good;
  (void)teardown(NULL);
  return good ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc == 2) {
    return write_sealed(argv[1]);
  }
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_sealed_pdf_verifies_and_the_reserve_is_exact_to_the_signatures_own_slack),
      T(byte_range_covers_all_but_the_contents),
      T(files_that_share_their_beginning_or_all_but_a_byte_of_it_have_their_own_digests),
      T(a_slot_inside_of_what_is_shared_is_refused),
      T(a_slot_outside_the_file_or_too_small_is_refused),
      T(a_visible_seal_verifies_with_the_certificate_that_its_header_names),
      T(a_records_signature_holds_for_this_record_alone),
      T(a_key_that_is_not_its_certificates_is_found_at_start),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
