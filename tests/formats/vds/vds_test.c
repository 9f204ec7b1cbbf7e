/* Does the seal reader read what ICAO printed, refuse what is bent, and does the writer write what the reader reads? */
#include "formats/vds/vds.h"

#include <ctype.h>

#include "formats/vds/c40.h"
#include "tests/vectors.h"

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

/* A vector in its own exactly sized allocation, so that a sanitizer sees the first byte too many. */
static struct sv_bytes vector(const char *name) {
  char path[128];
  char hex[4096];
  (void)snprintf(path, sizeof path, "tests/vectors/vds/%s.hex", name);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  size_t n = fread(hex, 1, sizeof hex - 1, f);
  (void)fclose(f);
  while (n > 0 && isspace((unsigned char)hex[n - 1])) {
    n--;
  }
  hex[n] = '\0';
  uint8_t *p = sv_arena_alloc(arena, n / 2);
  assert_true(p && sv_unhex(hex, p, n / 2));
  return sv_bytes_of(p, n / 2);
}

static void c40_is_that_of_doc_9303_13(void **state) {
  (void)state;
  static const struct {
    const char *text, *hex, *back;
  } rows[] = {
      {"XK<CD", "eb0466a9", "XK CD"},
      {"XKCD", "eb11fe45", "XKCD"},
      {"BSI01", "62d719c9", "BSI01"},
      {"VISA01", "de515826", "VISA01"},
      {"UTTS025B", "d9cac8a73a99", "UTTS025B"},
      {"DETS00027", "6d32c8a519fc", "DETS00027"},
      {"D<<", "6abc", "D  "},
      {"UTO", "d9c5", "UTO"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint8_t bytes[16];
    char hex[33];
    char back[32];
    size_t n = vds_c40_size(strlen(rows[i].text));
    size_t back_n;
    assert_true(vds_c40_encode(rows[i].text, strlen(rows[i].text), bytes));
    sv_hex(bytes, n, hex);
    assert_string_equal(hex, rows[i].hex);
    assert_true(vds_c40_decode(sv_bytes_of(bytes, n), back, &back_n));
    assert_string_equal(back, rows[i].back);
  }
}

static void c40_refuses_what_is_outside_its_alphabet(void **state) {
  (void)state;
  uint8_t bytes[16];
  char back[32];
  size_t n;
  assert_false(vds_c40_encode("Xk1", 3, bytes));
  assert_false(vds_c40_encode("X-1", 3, bytes));
  static const char *const bad[] = {"eb", "0000", "ffff", "fe45d9c5", "0001", "fe00", "fe3d"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    size_t len = strlen(bad[i]) / 2;
    assert_true(sv_unhex(bad[i], bytes, len));
    assert_false(vds_c40_decode(sv_bytes_of(bytes, len), back, &n));
  }
}

static void dates_are_mmddyyyy_in_three_bytes(void **state) {
  (void)state;
  uint8_t p[3];
  struct sv_date d;
  vds_date_pack((struct sv_date){1957, 3, 25}, p);
  assert_memory_equal(p, "\x31\x9e\xf5", 3);
  assert_true(vds_date_unpack(p, &d));
  assert_int_equal(d.year, 1957);
  assert_int_equal(d.month, 3);
  assert_int_equal(d.day, 25);
  vds_date_pack((struct sv_date){2026, 2, 30}, p);
  assert_false(vds_date_unpack(p, &d));
  assert_false(vds_date_unpack((const uint8_t[]){0, 0, 0}, &d));
  assert_false(vds_date_unpack((const uint8_t[]){0xFF, 0xFF, 0xFF}, &d));
}

static void the_icao_specimen_reads_as_printed(void **state) {
  (void)state;
  struct vds_seal s;
  struct sv_bytes in = vector("icao_9303_8_appB_etd");
  assert_int_equal(vds_read(&ctx, in, &s).reason, SV_OK);
  assert_int_equal(s.version, 4);
  assert_string_equal(s.header.country, "UTO");
  assert_string_equal(s.header.signer, "UTTS");
  assert_string_equal(s.header.cert_ref, "5B");
  assert_int_equal(s.header.issue_date.year, 2026);
  assert_int_equal(s.header.issue_date.month, 6);
  assert_int_equal(s.header.issue_date.day, 13);
  assert_int_equal(s.header.signature_date.day, 23);
  assert_int_equal(s.header.feature_reference, 0x5E);
  assert_int_equal(s.header.category, 3);
  assert_int_equal(s.feature_count, 1);
  const struct vds_feature *mrz = vds_find(&s, 2);
  assert_non_null(mrz);
  char text[80];
  size_t n;
  assert_true(vds_c40_decode(mrz->value, text, &n));
  assert_string_equal(text,
                      "PUUTOERIKSSON  ANNA MARIA           D231458907UTO7408122F2606277       8");
  assert_int_equal(s.signature.n, 64);
  assert_int_equal(s.signed_part.n, in.n - 66);
}

static void the_specimen_is_written_back_byte_for_byte(void **state) {
  (void)state;
  struct vds_seal s;
  struct sv_bytes in = vector("icao_9303_8_appB_etd");
  assert_int_equal(vds_read(&ctx, in, &s).reason, SV_OK);
  struct sv_buf out = sv_buf_in(arena, 0);
  assert_int_equal(vds_write_header(&ctx, &s.header, &out).reason, SV_OK);
  vds_write_feature(&out, 2, s.features[0].value);
  struct sv_bytes whole;
  assert_int_equal(vds_write_signature(&ctx, sv_buf_bytes(&out), s.signature, &whole).reason,
                   SV_OK);
  assert_true(sv_bytes_equal(whole, in));
}

static void bent_specimens_are_wrong_format_and_a_changed_letter_still_reads(void **state) {
  (void)state;
  struct vds_seal s;
  assert_int_equal(vds_read(&ctx, vector("neg_der_length_overrun"), &s).reason, SV_SEAL_FORMAT);
  assert_int_equal(vds_read(&ctx, vector("neg_truncated"), &s).reason, SV_SEAL_FORMAT);
  sv_ctx_clear(&ctx);
  assert_int_equal(vds_read(&ctx, vector("neg_bitflip_message"), &s).reason, SV_OK);
}

static void every_shorter_or_longer_specimen_is_refused(void **state) {
  (void)state;
  struct sv_bytes in = vector("icao_9303_8_appB_etd");
  for (size_t n = 0; n < in.n; n++) {
    uint8_t *p = sv_arena_alloc(arena, n);
    memcpy(p, in.p, n);
    struct vds_seal s;
    assert_int_equal(vds_read(&ctx, sv_bytes_of(p, n), &s).reason, SV_SEAL_FORMAT);
  }
  uint8_t *longer = sv_arena_alloc(arena, in.n + 1);
  memcpy(longer, in.p, in.n);
  struct vds_seal s;
  assert_int_equal(vds_read(&ctx, sv_bytes_of(longer, in.n + 1), &s).reason, SV_SEAL_FORMAT);
}

/* A seal whose one feature has the given length bytes and 3 bytes of value. */
static enum sv_reason with_length(uint8_t raw_version, const char *length_hex) {
  struct sv_buf b = sv_buf_in(arena, 0);
  static const uint8_t v4[] = {0xDC, 3,    0xD9, 0xC5, 0xD9, 0xCA, 0xC8, 0xA7, 0x3A,
                               0x99, 0x5D, 0x91, 0x3A, 0x7D, 0x9C, 0x57, 0x5E, 3};
  sv_buf_put(&b, v4, sizeof v4);
  b.p[1] = raw_version;
  if (raw_version == 2) {
    memcpy(b.p + 4, "\x6d\x32\xc8\xa5\x19\xfc", 6);
  }
  sv_buf_u8(&b, 7);
  uint8_t length[8];
  size_t n = strlen(length_hex) / 2;
  assert_true(sv_unhex(length_hex, length, n));
  sv_buf_put(&b, length, n);
  sv_buf_put(&b, "abc\xff\x02rs", 7);
  struct vds_seal s;
  return vds_read(&ctx, sv_buf_bytes(&b), &s).reason;
}

static void lengths_are_der_in_version_4_and_direct_in_version_3(void **state) {
  (void)state;
  assert_int_equal(with_length(3, "03"), SV_OK);
  assert_int_equal(with_length(2, "03"), SV_OK);
  assert_int_equal(with_length(3, "80"), SV_SEAL_FORMAT);         /* indefinite */
  assert_int_equal(with_length(3, "8103"), SV_SEAL_FORMAT);       /* longer than needed */
  assert_int_equal(with_length(3, "820003"), SV_SEAL_FORMAT);     /* the same */
  assert_int_equal(with_length(3, "84ffffffff"), SV_SEAL_FORMAT); /* past the end */
  assert_int_equal(with_length(3, "850000000003"), SV_SEAL_FORMAT);
  assert_int_equal(with_length(3, "ff"), SV_SEAL_FORMAT);
  assert_int_equal(with_length(2, "80"), SV_SEAL_FORMAT); /* 128 bytes that are not there */
  assert_int_equal(with_length(4, "03"), SV_SEAL_FORMAT); /* no such version */
}

static void a_feature_that_stands_twice_is_refused(void **state) {
  (void)state;
  struct vds_seal s;
  struct vds_seal again;
  assert_int_equal(vds_read(&ctx, vector("icao_9303_8_appB_etd"), &s).reason, SV_OK);
  struct sv_buf out = sv_buf_in(arena, 0);
  assert_int_equal(vds_write_header(&ctx, &s.header, &out).reason, SV_OK);
  vds_write_feature(&out, 2, s.features[0].value);
  vds_write_feature(&out, 2, s.features[0].value);
  struct sv_bytes whole;
  assert_int_equal(vds_write_signature(&ctx, sv_buf_bytes(&out), s.signature, &whole).reason,
                   SV_OK);
  assert_int_equal(vds_read(&ctx, whole, &again).reason, SV_SEAL_FORMAT);
}

static void long_references_and_lengths_survive_a_round_trip(void **state) {
  (void)state;
  for (size_t n = 1; n <= VDS_REFERENCE_MAX; n++) {
    struct vds_header h = {.country = "D",
                           .signer = "DETS",
                           .issue_date = {2026, 1, 15},
                           .signature_date = {2026, 1, 16},
                           .feature_reference = 0xD1,
                           .category = 0x0C};
    memset(h.cert_ref, 'A', n);
    struct sv_buf out = sv_buf_in(arena, 0);
    uint8_t value[300] = {1};
    assert_int_equal(vds_write_header(&ctx, &h, &out).reason, SV_OK);
    vds_write_feature(&out, 1, sv_bytes_of(value, 127));
    vds_write_feature(&out, 2, sv_bytes_of(value, 128));
    vds_write_feature(&out, 3, sv_bytes_of(value, 300));
    struct sv_bytes whole;
    assert_int_equal(
        vds_write_signature(&ctx, sv_buf_bytes(&out), sv_bytes_of(value, 64), &whole).reason,
        SV_OK);
    struct vds_seal s;
    assert_int_equal(vds_read(&ctx, whole, &s).reason, SV_OK);
    assert_string_equal(s.header.country, "D");
    assert_string_equal(s.header.cert_ref, h.cert_ref);
    assert_int_equal(s.features[2].value.n, 300);
  }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(c40_is_that_of_doc_9303_13),
      T(c40_refuses_what_is_outside_its_alphabet),
      T(dates_are_mmddyyyy_in_three_bytes),
      T(the_icao_specimen_reads_as_printed),
      T(the_specimen_is_written_back_byte_for_byte),
      T(bent_specimens_are_wrong_format_and_a_changed_letter_still_reads),
      T(every_shorter_or_longer_specimen_is_refused),
      T(lengths_are_der_in_version_4_and_direct_in_version_3),
      T(a_feature_that_stands_twice_is_refused),
      T(long_references_and_lengths_survive_a_round_trip),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
