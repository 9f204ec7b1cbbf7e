/* Machine readable zones against the specimens of Doc 9303. */
#include "formats/mrz/mrz.h"

#include <stdlib.h>

#include "base/fields.h"
#include "tests/vectors.h"

static struct sv_ctx fresh(void) { return sv_ctx_over(sv_arena_open((size_t)1 << 20)); }

static void digit_row(char **f, int n) {
  assert_true(n >= 2);
  assert_int_equal(mrz_check_digit(f[0], strlen(f[0])), f[1][0] - '0');
}

static void check_digits_are_those_of_doc_9303(void **state) {
  (void)state;
  vectors_each("mrz/check_digits.tsv", 10, digit_row);
  assert_int_equal(mrz_check_digit("a", 1), -1);
}

static void name_row(char **f, int n) {
  assert_true(n >= 4);
  size_t width = (size_t)atoi(f[2]);
  struct sv_ctx ctx = fresh();
  char field[64];
  assert_int_equal(mrz_name_field(&ctx, f[0], f[1], width, field).reason, SV_OK);
  assert_int_equal(strlen(field), width);
  size_t end = width;
  while (end && field[end - 1] == '<') {
    end--;
  }
  field[end] = '\0';
  if (!vectors_one_of(f[3], field)) {
    fail_msg("%s,%s in %zu: %s, not %s", f[0], f[1], width, field, f[3]);
  }
  sv_arena_close(ctx.mem);
}

static void long_names_are_truncated_as_the_specimens_are(void **state) {
  (void)state;
  vectors_each("mrz/names.tsv", 14, name_row);
}

static void translit_row(char **f, int n) {
  assert_true(n >= 3);
  struct sv_ctx ctx = fresh();
  const char *latin;
  assert_int_equal(mrz_transliterate(&ctx, f[0], &latin, NULL).reason, SV_OK);
  if (!vectors_one_of(f[2], latin)) {
    fail_msg("%s: %s, not %s", f[0], latin, f[2]);
  }
  sv_arena_close(ctx.mem);
}

static void latin_letters_follow_table_a(void **state) {
  (void)state;
  vectors_each("mrz/translit_latin.tsv", 80, translit_row);
}

static void specimen_row(char **f, int n) {
  assert_true(n >= 3);
  struct sv_ctx ctx = fresh();
  for (char *c = f[1]; *c; c++) {
    *c = *c == '|' ? '\n' : *c;
  }
  struct mrz_fields fields;
  bool good = !sv_failed(mrz_parse(&ctx, f[1], &fields));
  if (good != (strncmp(f[2], "valid", 5) == 0)) {
    fail_msg("%s: %s (%s)", f[0], f[2], ctx.detail);
  }
  sv_arena_close(ctx.mem);
}

static void every_specimen_is_judged_as_expected(void **state) {
  (void)state;
  vectors_each("mrz/specimens.tsv", 12, specimen_row);
}

static void a_long_document_number_is_joined(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct mrz_fields f;
  assert_int_equal(mrz_parse(&ctx,
                             "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\n"
                             "STEVENSON<<PETER<JOHN<<<<<<<<<\n",
                             &f)
                       .reason,
                   SV_OK);
  assert_string_equal(f.number, "D23145890734");
  assert_string_equal(f.primary, "STEVENSON");
  assert_string_equal(f.secondary, "PETER JOHN");
  sv_arena_close(ctx.mem);
}

static void no_truncated_or_garbled_zone_is_read(void **state) {
  (void)state;
  static const char good[] =
      "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6";
  struct sv_ctx ctx = fresh();
  struct mrz_fields f;
  assert_int_equal(mrz_parse(&ctx, good, &f).reason, SV_OK);
  char bad[sizeof good];
  for (size_t i = 0; i + 1 < sizeof good; i++) {
    memcpy(bad, good, sizeof good);
    bad[i] = '\0';
    assert_true(sv_failed(mrz_parse(&ctx, bad, &f)));
    memcpy(bad, good, sizeof good);
    bad[i] = '*';
    assert_true(sv_failed(mrz_parse(&ctx, bad, &f)));
  }
  sv_arena_close(ctx.mem);
}

/* A TD2 zone of a birth and an expiry, every check digit right. */
static const char *zone_of(struct sv_ctx *ctx, const char *birth, const char *expiry) {
  char l2[37], all[32];
  (void)snprintf(l2, sizeof l2, "D231458907UTO%s%dF%s%d<<<<<<<", birth, mrz_check_digit(birth, 6),
                 expiry, mrz_check_digit(expiry, 6));
  (void)snprintf(all, sizeof all, "%.10s%.7s%.14s", l2, l2 + 13, l2 + 21);
  return sv_arena_printf(ctx->mem, "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\n%s%d", l2,
                         mrz_check_digit(all, 31));
}

static void a_day_that_no_calendar_has_is_refused_and_an_unknown_part_is_not(void **state) {
  (void)state;
  static const struct {
    const char *birth, *expiry;
    bool good;
  } rows[] = {{"740812", "260627", true},  {"<<<<<<", "260627", true},  {"74<<<<", "260627", true},
              {"7408<<", "260627", true},  {"74<<31", "260627", true},  {"000229", "260627", true},
              {"760229", "260627", true},  {"740229", "260627", false}, {"740230", "260627", false},
              {"<<0229", "260627", true},  {"<<0230", "260627", false}, {"740431", "260627", false},
              {"741301", "260627", false}, {"740001", "260627", false}, {"740800", "260627", false},
              {"740832", "260627", false}, {"7<0812", "260627", false}, {"740<12", "260627", false},
              {"740812", "260631", false}, {"740812", "270229", false}, {"740812", "280229", true}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sv_ctx ctx = fresh();
    struct mrz_fields f;
    enum sv_reason reason =
        mrz_parse(&ctx, zone_of(&ctx, rows[i].birth, rows[i].expiry), &f).reason;
    if (reason != (rows[i].good ? SV_OK : SV_MRZ_FORMAT)) {
      fail_msg("%s, %s: %s", rows[i].birth, rows[i].expiry, sv_reason_name(reason));
    }
    if (!rows[i].good) {
      assert_non_null(strstr(ctx.detail, "date of"));
    }
    sv_arena_close(ctx.mem);
  }
}

static void a_letter_makes_a_zone_that_parses(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_safe_conduct l = {.purpose = MODEL_PROTECTION_STAY,
                                 .holder = {.surname = "Nguyễn",
                                            .given_names = "Thị Ánh",
                                            .native_name = "",
                                            .birth_date = "1994-05-XX",
                                            .birth_place = "",
                                            .sex = "X",
                                            .nationality = "XXX"},
                                 .issuing_state = "UTO",
                                 .valid_until = "2026-04-15"};
  char line1[37], line2[37], zone[80];
  assert_int_equal(mrz_letter(&ctx, &l, "S260C7QKV", line1, line2).reason, SV_OK);
  assert_string_equal(line1, "PLUTONGUYEN<<THI<ANH<<<<<<<<<<<<<<<<");
  (void)snprintf(zone, sizeof zone, "%s\n%s", line1, line2);
  struct mrz_fields f;
  assert_int_equal(mrz_parse(&ctx, zone, &f).reason, SV_OK);
  assert_string_equal(f.number, "S260C7QKV");
  assert_string_equal(f.birth, "9405<<");
  assert_int_equal(f.sex, '<');
  sv_arena_close(ctx.mem);
}

static void other_scripts_are_mapped_or_refused_with_the_character(void **state) {
  (void)state;
  static const struct {
    const char *name, *latin;
  } rows[] = {{"Владимир", "VLADIMIR"},
              {"Ελένη", "ELENI"},
              {"Ḫadīja", "HADIJA"},
              {"Ñandú-Øst", "NANDU<OEST"},
              {"Șerban", "SERBAN"},
              {"Þóra", "THORA"},
              {"ابو بكر محمد بن زكريا الرازي", "ABW<BKR<MXHMD<BN<ZKRYA<ALRAZY"},
              {"محمّد", "MXHMMD"},
              {"فضّة", "FXDZXDZXAH"},
              {"فاطمةُ زاده", "FAXTTMXAH<ZADH"},
              {"تةت", "TXTAT"},
              {"Paraŀlel ẗ", "PARALLEL<T"},
              {"ژیلا ګل گوهر", "XJXYALA<XXKL<XGGWHR"},
              {"Ndʼiaye", NULL},
              {"李", NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sv_ctx ctx = fresh();
    const char *latin;
    uint32_t bad = 0;
    sv_status s = mrz_transliterate(&ctx, rows[i].name, &latin, &bad);
    if (rows[i].latin) {
      assert_int_equal(s.reason, SV_OK);
      assert_string_equal(latin, rows[i].latin);
    } else {
      assert_int_equal(s.reason, SV_MRZ_FORMAT);
      assert_true(bad > 0x7f);
    }
    sv_arena_close(ctx.mem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_digits_are_those_of_doc_9303),
      cmocka_unit_test(long_names_are_truncated_as_the_specimens_are),
      cmocka_unit_test(latin_letters_follow_table_a),
      cmocka_unit_test(every_specimen_is_judged_as_expected),
      cmocka_unit_test(a_long_document_number_is_joined),
      cmocka_unit_test(no_truncated_or_garbled_zone_is_read),
      cmocka_unit_test(a_day_that_no_calendar_has_is_refused_and_an_unknown_part_is_not),
      cmocka_unit_test(a_letter_makes_a_zone_that_parses),
      cmocka_unit_test(other_scripts_are_mapped_or_refused_with_the_character),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
