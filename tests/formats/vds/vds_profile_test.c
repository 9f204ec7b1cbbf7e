/* Do our four seals fit their symbols, come back as they were, and refuse what does not belong in them? */
#include "formats/vds/vds_profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct sv_arena *arena;
static struct sv_ctx ctx;

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(1 << 20);
  ctx = sv_ctx_over(arena);
  return arena ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  sv_arena_close(arena);
  return 0;
}

static const struct vds_header header = {.country = "UTO",
                                         .signer = "UTTS",
                                         .cert_ref = "A7",
                                         .issue_date = {2026, 1, 15},
                                         .signature_date = {2026, 1, 15}};

/* Signs with 64 bytes of nothing and reads back. */
static struct vds_document back(struct sv_bytes unsigned_part, size_t max) {
  static const uint8_t signature[64] = {1};
  struct sv_bytes whole;
  struct vds_seal *seal = SV_NEW(arena, struct vds_seal);
  struct vds_document d;
  assert_int_equal(
      vds_write_signature(&ctx, unsigned_part, sv_bytes_of(signature, 64), &whole).reason, SV_OK);
  assert_true(whole.n <= max);
  assert_int_equal(vds_read(&ctx, whole, seal).reason, SV_OK);
  assert_int_equal(vds_document_read(&ctx, seal, &d).reason, SV_OK);
  return d;
}

static struct vds_letter letter(void) {
  struct vds_letter l = {.id = {"S260C7QKV", 1, 2},
                         .mrz =
                             "PLUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<"
                             "S260C7QKV4UTO7408122F2604150<<<<<<<0",
                         .valid_from = {2026, 1, 15},
                         .valid_until = {2026, 4, 15},
                         .status = {3, 0x00ABCDEF}};
  memset(l.holder_commitment, 0x5A, sizeof l.holder_commitment);
  memset(l.record_digest, 0xC3, sizeof l.record_digest);
  return l;
}

static void a_letter_fits_52_by_52_and_comes_back(void **state) {
  (void)state;
  struct vds_letter in = letter();
  struct sv_bytes unsigned_part;
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  assert_int_equal(unsigned_part.p[16], 0x5E);
  assert_int_equal(unsigned_part.p[17], 0x03);
  assert_int_equal(unsigned_part.p[18], 0x02);
  assert_int_equal(unsigned_part.p[19], 48);
  struct vds_document d = back(unsigned_part, 202);
  assert_int_equal(d.kind, VDS_LETTER);
  assert_memory_equal(&d.letter, &in, sizeof in);
  assert_string_equal(d.id.number, "S260C7QKV");
  assert_int_equal(d.record_digest.n, 16);
}

static void a_letter_refuses_what_its_zone_cannot_hold(void **state) {
  (void)state;
  struct sv_bytes out;
  struct vds_letter in = letter();
  in.mrz[71] = '\0';
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &out).reason, SV_SEAL_FORMAT);
  in = letter();
  in.mrz[3] = 'e';
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &out).reason, SV_SEAL_FORMAT);
  in = letter();
  in.id.number[8] = '\0';
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &out).reason, SV_SEAL_FORMAT);
  in = letter();
  in.status.index = 1 << 24;
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &out).reason, SV_SEAL_FORMAT);
}

static void a_manifest_cover_fits_52_by_52_and_comes_back(void **state) {
  (void)state;
  struct vds_manifest_cover in = {.id = {"M260000AB", 255, 1},
                                  .flight = "XUA7301PQ",
                                  .flight_date = {2026, 12, 31},
                                  .from = "PAC",
                                  .to = "BOG",
                                  .departure_min = 0xFEDCBA98,
                                  .passengers = 65535,
                                  .accompanying = 300,
                                  .crew = 255,
                                  .status = {255, (1 << 24) - 1}};
  memset(in.previous, 0x11, sizeof in.previous);
  memset(in.record_digest, 0x22, sizeof in.record_digest);
  struct sv_bytes unsigned_part;
  assert_int_equal(vds_manifest_cover_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  struct vds_document d = back(unsigned_part, 202);
  assert_int_equal(d.kind, VDS_MANIFEST_COVER);
  assert_memory_equal(&d.cover.record_digest, &in.record_digest, 32);
  assert_string_equal(d.cover.flight, in.flight);
  assert_string_equal(d.cover.from, "PAC");
  assert_string_equal(d.cover.to, "BOG");
  assert_int_equal(d.cover.passengers, 65535);
  assert_int_equal(d.cover.accompanying, 300);
  assert_int_equal(d.cover.crew, 255);
  assert_true(d.cover.departure_min == 0xFEDCBA98);
  assert_int_equal(d.cover.status.index, (1 << 24) - 1);
  assert_int_equal(d.record_digest.n, 32);
}

static void a_full_manifest_page_fits_72_by_72_and_one_line_more_is_refused(void **state) {
  (void)state;
  struct vds_manifest_page in = {.id = {"M260000AB", 3, 1}, .page = 7, .first_line = 151};
  in.commitment_count = VDS_PAGE_LINES_MAX;
  memset(in.commitments, 0x77, sizeof in.commitments);
  memset(in.salt, 0x88, sizeof in.salt);
  struct sv_bytes unsigned_part;
  assert_int_equal(vds_manifest_page_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  struct vds_document d = back(unsigned_part, 365);
  assert_int_equal(d.kind, VDS_MANIFEST_PAGE);
  assert_int_equal(d.page.page, 7);
  assert_int_equal(d.page.first_line, 151);
  assert_int_equal(d.page.commitment_count, 25);
  assert_memory_equal(d.page.commitments, in.commitments, sizeof in.commitments);
  in.commitment_count = 26;
  assert_int_equal(vds_manifest_page_build(&ctx, &header, &in, &unsigned_part).reason,
                   SV_LIMIT_EXCEEDED);
  in.commitment_count = 0;
  assert_int_equal(vds_manifest_page_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  assert_int_equal(back(unsigned_part, 365).page.commitment_count, 0);
}

static void a_receipt_fits_64_by_64_and_keeps_its_signs(void **state) {
  (void)state;
  struct vds_receipt in = {.id = {"R260000AB", 1, 1},
                           .obligation = "UTO-2026-CHARTER-OBLIG-1",
                           .amount_minor = -6148000,
                           .currency = "USD",
                           .cumulative_minor = INT64_MAX,
                           .balance_minor = INT64_MIN,
                           .sequence = 0xFFFFFFFF,
                           .payment_date = {2026, 2, 28},
                           .status = {1, 2}};
  struct sv_bytes unsigned_part;
  assert_int_equal(vds_receipt_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  struct vds_document d = back(unsigned_part, 277);
  assert_int_equal(d.kind, VDS_RECEIPT);
  assert_string_equal(d.receipt.obligation, in.obligation);
  assert_true(d.receipt.amount_minor == -6148000);
  assert_true(d.receipt.cumulative_minor == INT64_MAX && d.receipt.balance_minor == INT64_MIN);
  assert_string_equal(d.receipt.currency, "USD");
  assert_true(d.receipt.sequence == 0xFFFFFFFF);
}

static void a_seal_of_ours_without_a_feature_is_wrong_format(void **state) {
  (void)state;
  struct vds_letter in = letter();
  struct sv_bytes unsigned_part;
  assert_int_equal(vds_letter_build(&ctx, &header, &in, &unsigned_part).reason, SV_OK);
  static const uint8_t signature[64] = {1};
  struct sv_bytes whole;
  assert_int_equal(
      vds_write_signature(&ctx, unsigned_part, sv_bytes_of(signature, 64), &whole).reason, SV_OK);
  struct vds_seal s;
  struct vds_document d;
  assert_int_equal(vds_read(&ctx, whole, &s).reason, SV_OK);
  for (size_t drop = 0; drop < s.feature_count; drop++) {
    struct vds_seal cut = s;
    cut.features[drop] = cut.features[--cut.feature_count];
    enum sv_reason r = vds_document_read(&ctx, &cut, &d).reason;
    if (s.features[drop].tag == 0x10) { /* without a number: a plain travel document of ICAO */
      assert_int_equal(r, SV_OK);
      assert_int_equal(d.kind, VDS_OTHER);
    } else {
      assert_int_equal(r, SV_SEAL_FORMAT);
    }
  }
}

static void a_commitment_is_the_same_from_a_record_and_from_a_machine_readable_zone(void **state) {
  (void)state;
  static const uint8_t salt[16] = {7};
  struct sv_bytes s = sv_bytes_of(salt, sizeof salt);
  uint8_t one[16];
  uint8_t two[16];
  vds_commitment(s, "D", "d23145890", "1974-08-XX", one, 16);
  vds_commitment_mrz(s, "D<<", "D23145890<<<", "7408<<", two, 16);
  assert_memory_equal(one, two, 16);
  vds_commitment(s, "D", "D23145891", "1974-08-XX", two, 16);
  assert_memory_not_equal(one, two, 16);
  /* state and number can't run into each other */
  vds_commitment(s, "UTO", "1", "1974-08-12", one, 16);
  vds_commitment(s, "UTO1", "", "1974-08-12", two, 16);
  assert_memory_not_equal(one, two, 16);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_letter_fits_52_by_52_and_comes_back),
      T(a_letter_refuses_what_its_zone_cannot_hold),
      T(a_manifest_cover_fits_52_by_52_and_comes_back),
      T(a_full_manifest_page_fits_72_by_72_and_one_line_more_is_refused),
      T(a_receipt_fits_64_by_64_and_keeps_its_signs),
      T(a_seal_of_ours_without_a_feature_is_wrong_format),
      T(a_commitment_is_the_same_from_a_record_and_from_a_machine_readable_zone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
