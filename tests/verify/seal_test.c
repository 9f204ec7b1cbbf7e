/* What verdict does a bar code get? */
#include "verify/seal.h"

#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"
#include "model/number.h"
#include "seal/seal.h"
#include "tests/authority.h"
#include "tests/verify/registry_double.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;
static struct seal *seal;
static struct verify_trust *trust;
static char number[10];
static uint8_t record_sha256[32];
static struct sv_bytes letter;
static struct verify_seal_row seal_rows[1];
static struct registry_double registry;
static int64_t now_us;

/* The bearer's passport: Doc 9303-4's specimen. */
static const char passport[] =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n";
static const char other_passport[] =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<L898902C36UTO7408133F1204159ZE184226B<<<<<10";

static struct vds_header header(void) {
  struct vds_header h = {
      .country = "UTO", .issue_date = {2026, 1, 15}, .signature_date = {2026, 1, 15}};
  (void)snprintf(h.signer, sizeof h.signer, "%s", seal_vds_signer(seal));
  (void)snprintf(h.cert_ref, sizeof h.cert_ref, "%s", seal_vds_reference(seal));
  return h;
}

static struct sv_bytes seal_letter(uint8_t copy, const char *code) {
  struct vds_letter in = {.id = {.version = 1, .copy = copy},
                          .valid_from = {2026, 1, 15},
                          .valid_until = {2099, 1, 14},
                          .status = {1, 77}};
  memcpy(in.id.number, number, sizeof in.id.number);
  (void)snprintf(in.mrz, sizeof in.mrz,
                 "%sUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<%sXUTO7408122F9901140<<<<<<<0", code, number);
  memcpy(in.record_digest, record_sha256, 16);
  vds_commitment(sv_bytes_of(record_sha256, 16), "UTO", "L898902C3", "1974-08-12",
                 in.holder_commitment, 16);
  struct vds_header h = header();
  struct sv_bytes unsigned_part;
  struct sv_bytes out;
  assert_int_equal(vds_letter_build(&ctx, &h, &in, &unsigned_part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                   unsigned_part, &out)
          .reason,
      SV_OK);
  assert_true(out.n <= 202);
  return out;
}

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(32 << 20);
  ctx = sv_ctx_over(arena);
  assert_int_equal(
      seal_open_files(&ctx, authority_path(arena, "document.key"),
                      authority_path(arena, "document-chain.pem"),
                      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &seal)
          .reason,
      SV_OK);
  const char *paths[] = {authority_path(arena, "trust.pem"), "tests/vectors/vds/utts5b.pem"};
  assert_int_equal(verify_trust_open(&ctx, paths, 2, &trust).reason, SV_OK);
  now_us = seal_vds_not_after_us(seal) - 1000LL * 86400 * 1000000;
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 207, number);
  crypto_sha256(sv_bytes_str("a record"), record_sha256);
  letter = seal_letter(1, "PL");
  seal_rows[0] = (struct verify_seal_row){1, letter};
  struct verify_row row = {.found = true,
                           .number = number,
                           .version = 1,
                           .kind = MODEL_SAFE_CONDUCT,
                           .state = MODEL_ISSUED,
                           .latest_copy = 1,
                           .latest_version = 1,
                           .valid_from = "2026-01-15",
                           .valid_until = "2099-01-14",
                           .zone = "America/Panama",
                           .seals = seal_rows,
                           .seal_count = 1};
  memcpy(row.record_sha256, record_sha256, 32);
  registry = registry_double_of(row);
  return 0;
}
static int teardown(void **state) {
  (void)state;
  seal_close(seal);
  verify_trust_close(trust);
  sv_arena_close(arena);
  return 0;
}

static struct verify_report judged(struct sv_bytes bytes, const struct registry_double *with,
                                   const char *mrz) {
  struct verify_report r;
  assert_int_equal(verify_seal(&ctx, trust, with ? &with->base : NULL, now_us, bytes,
                               &(struct verify_shown){.holder_mrz = mrz}, &r)
                       .reason,
                   SV_OK);
  return r;
}

static void is(struct verify_report r, enum verify_verdict verdict, enum verify_reason first) {
  if (r.verdict != verdict || (first && (r.reason_count == 0 || r.reasons[0] != first))) {
    print_error("%s %s: %s\n", verify_verdict_name(r.verdict),
                verify_reason_name(r.reason_count ? r.reasons[0] : VERIFY_NO_REASON), r.detail);
  }
  assert_int_equal(r.verdict, verdict);
  assert_int_equal(r.reason_count ? r.reasons[0] : VERIFY_NO_REASON, first);
}

static struct sv_bytes vector(const char *name) {
  struct sv_bytes hex = file_bytes(arena, sv_arena_printf(arena, "tests/vectors/vds/%s.hex", name));
  size_t n = 0;
  while (n < hex.n && hex.p[n] > ' ') {
    n++;
  }
  char *text = sv_arena_strndup(arena, (const char *)hex.p, n);
  uint8_t *p = sv_arena_alloc(arena, n / 2);
  assert_true(sv_unhex(text, p, n / 2));
  return sv_bytes_of(p, n / 2);
}

static void a_registered_letters_seal_is_valid(void **state) {
  (void)state;
  struct verify_report r = judged(letter, &registry, NULL);
  is(r, VERIFY_VALID, VERIFY_NO_REASON);
  assert_string_equal(r.number, number);
  assert_int_equal(r.kind, MODEL_SAFE_CONDUCT);
  assert_true(r.signatures[0].intact && r.signatures[0].trusted);
  is(judged(letter, NULL, NULL), VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
}

static void no_flipped_bit_of_a_seal_is_valid(void **state) {
  (void)state;
  for (size_t i = 0; i < letter.n * 8; i++) {
    uint8_t *bent = sv_arena_alloc(arena, letter.n);
    memcpy(bent, letter.p, letter.n);
    bent[i / 8] ^= (uint8_t)(1 << i % 8);
    struct verify_report r = judged(sv_bytes_of(bent, letter.n), &registry, NULL);
    assert_true(r.verdict == VERIFY_INVALID || r.verdict == VERIFY_NOT_OURS);
    assert_true(r.reason_count > 0);
  }
}

static void the_specimens_of_icao_get_the_verdicts_of_appendix_d(void **state) {
  (void)state;
  now_us = 1782000000LL * 1000000;
  struct verify_report r = judged(vector("icao_9303_8_appB_etd"), NULL, NULL);
  assert_int_equal(r.verdict, VERIFY_NOT_OURS); /* a good seal, of another system */
  assert_true(r.signatures[0].intact && r.signatures[0].trusted);
  is(judged(vector("neg_bitflip_message"), NULL, NULL), VERIFY_INVALID, VERIFY_INVALID_SIGNATURE);
  is(judged(vector("neg_der_length_overrun"), NULL, NULL), VERIFY_INVALID, VERIFY_WRONG_FORMAT);
  is(judged(vector("neg_truncated"), NULL, NULL), VERIFY_INVALID, VERIFY_WRONG_FORMAT);
  now_us = 1950000000LL * 1000000; /* 2031 */
  r = judged(vector("icao_9303_8_appB_etd"), NULL, NULL);
  assert_true(verify_report_has(&r, VERIFY_EXPIRED_CERTIFICATE));
}

static void what_is_no_seal_is_not_ours(void **state) {
  (void)state;
  is(judged(sv_bytes_str("https://example.com/"), &registry, NULL), VERIFY_NOT_OURS,
     VERIFY_WRONG_FORMAT);
  is(judged(sv_bytes_of(NULL, 0), &registry, NULL), VERIFY_NOT_OURS, VERIFY_WRONG_FORMAT);
}

static void a_signer_we_do_not_know_is_unknown(void **state) {
  (void)state;
  SV_AUTO(verify_trust_close) struct verify_trust *less = NULL;
  const char *path = authority_path(arena, "root.pem");
  assert_int_equal(verify_trust_open(&ctx, &path, 1, &less).reason, SV_OK);
  struct verify_report r;
  assert_int_equal(verify_seal(&ctx, less, &registry.base, now_us, letter, NULL, &r).reason, SV_OK);
  is(r, VERIFY_INVALID, VERIFY_UNKNOWN_CERTIFICATE);
}

static void a_kind_that_the_certificate_does_not_allow_is_refused(void **state) {
  (void)state;
  is(judged(seal_letter(1, "V<"), NULL, NULL), VERIFY_INVALID, VERIFY_WRONG_DOCUMENT_TYPE);
}

static void the_registry_has_the_last_word(void **state) {
  (void)state;
  registry.row.state = MODEL_REVOKED;
  is(judged(letter, &registry, NULL), VERIFY_INVALID, VERIFY_REVOKED);
  registry.row.state = MODEL_SUSPENDED;
  is(judged(letter, &registry, NULL), VERIFY_HOLD, VERIFY_NO_REASON);
  registry.row.state = MODEL_ISSUED;
  registry.row.latest_copy = 2;
  is(judged(letter, &registry, NULL), VERIFY_INVALID, VERIFY_COPY_REPLACED);
  registry.row.latest_copy = 1;
  registry.row.record_sha256[0] ^= 1;
  is(judged(letter, &registry, NULL), VERIFY_INVALID, VERIFY_TWIN_MISMATCH);
  registry.row.found = false;
  is(judged(letter, &registry, NULL), VERIFY_INVALID, VERIFY_NOT_REGISTERED);
}

static void a_second_seal_of_the_same_letter_that_the_registry_has_not_is_an_alarm(void **state) {
  (void)state;
  is(judged(seal_letter(1, "PU"), &registry, NULL), VERIFY_INVALID, VERIFY_NOT_REGISTERED);
  is(judged(seal_letter(2, "PL"), &registry, NULL), VERIFY_INVALID, VERIFY_NOT_REGISTERED);
}

static void the_bearers_document_must_be_the_one_committed_to(void **state) {
  (void)state;
  is(judged(letter, &registry, passport), VERIFY_VALID, VERIFY_NO_REASON);
  is(judged(letter, &registry, other_passport), VERIFY_CHECK, VERIFY_HOLDER_MISMATCH);
  is(judged(letter, &registry, "nonsense"), VERIFY_CHECK, VERIFY_HOLDER_MISMATCH);
}

static void a_passenger_is_on_the_page_or_not_listed(void **state) {
  (void)state;
  struct vds_manifest_page in = {
      .id = {.version = 1, .copy = 1}, .page = 2, .first_line = 1, .commitment_count = 2};
  model_number_format(MODEL_FLIGHT_MANIFEST, 2026, 1, in.id.number);
  memcpy(in.record_digest, record_sha256, 16);
  memset(in.salt, 9, sizeof in.salt);
  vds_commitment(sv_bytes_of(in.salt, 8), "UTO", "L898902C3", "1974-08-12", in.commitments[1], 8);
  struct vds_header h = header();
  struct sv_bytes unsigned_part;
  struct sv_bytes bytes;
  assert_int_equal(vds_manifest_page_build(&ctx, &h, &in, &unsigned_part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                   unsigned_part, &bytes)
          .reason,
      SV_OK);
  is(judged(bytes, NULL, passport), VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  is(judged(bytes, NULL, other_passport), VERIFY_INVALID, VERIFY_NOT_LISTED);
}

static void a_bearer_is_never_passed_by_a_seal_that_commits_to_nobody(void **state) {
  (void)state;
  struct vds_manifest_cover in = {.id = {.version = 1, .copy = 1},
                                  .status = {'A', 7},
                                  .flight = "XX9001",
                                  .flight_date = {2026, 12, 20},
                                  .from = "PAC",
                                  .to = "BOG"};
  model_number_format(MODEL_FLIGHT_MANIFEST, 2026, 1, in.id.number);
  struct vds_header h = header();
  struct sv_bytes unsigned_part;
  struct sv_bytes bytes;
  assert_int_equal(vds_manifest_cover_build(&ctx, &h, &in, &unsigned_part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                   unsigned_part, &bytes)
          .reason,
      SV_OK);
  struct verify_report r = judged(bytes, NULL, passport);
  assert_int_equal(r.verdict, VERIFY_CHECK);
  assert_true(verify_report_has(&r, VERIFY_HOLDER_MISMATCH));
  r = judged(bytes, NULL, NULL);
  assert_false(verify_report_has(&r, VERIFY_HOLDER_MISMATCH));
}

static void a_clock_behind_the_seal_is_wrong(void **state) {
  (void)state;
  now_us = 1767225600LL * 1000000; /* 1 January 2026, two weeks before the seal */
  struct verify_report r = judged(letter, NULL, NULL);
  assert_int_equal(r.verdict, VERIFY_CHECK);
  assert_true(verify_report_has(&r, VERIFY_CLOCK_WRONG));
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_registered_letters_seal_is_valid),
      T(no_flipped_bit_of_a_seal_is_valid),
      T(the_specimens_of_icao_get_the_verdicts_of_appendix_d),
      T(what_is_no_seal_is_not_ours),
      T(a_signer_we_do_not_know_is_unknown),
      T(a_kind_that_the_certificate_does_not_allow_is_refused),
      T(the_registry_has_the_last_word),
      T(a_second_seal_of_the_same_letter_that_the_registry_has_not_is_an_alarm),
      T(the_bearers_document_must_be_the_one_committed_to),
      T(a_passenger_is_on_the_page_or_not_listed),
      T(a_bearer_is_never_passed_by_a_seal_that_commits_to_nobody),
      T(a_clock_behind_the_seal_is_wrong),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
