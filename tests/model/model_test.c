/* Codes, numbers, names, sums: the rules that stand before every document. */
#include "model/codes.h"
#include "model/names.h"
#include "model/number.h"
#include "model/rules.h"
#include "tests/vectors.h"

#include <stdlib.h>

static void country_row(char **f, int n) {
  assert_true(n >= 3);
  assert_true(model_state_known(f[0]));
  assert_int_equal(model_state_issues(f[0]), strcmp(f[2], "person") != 0);
}

static void every_code_of_doc_9303_is_known_and_persons_never_issue(void **state) {
  (void)state;
  vectors_each("codes/country_codes_9303.tsv", 279, country_row);
  assert_false(model_state_known("ZZZ"));
  assert_false(model_state_known(""));
}

static void currency_row(char **f, int n) {
  assert_true(n >= 3);
  int expected = f[2][0] >= '0' && f[2][0] <= '9' ? atoi(f[2]) : -1;
  assert_int_equal(model_currency_exponent(f[0]), expected);
}

static void currencies_have_their_minor_units_and_metals_none(void **state) {
  (void)state;
  vectors_each("codes/iso4217.tsv", 170, currency_row);
  assert_int_equal(model_currency_exponent("ABC"), -1);
}

static void airport_row(char **f, int n) {
  assert_true(n >= 1);
  assert_true(model_airport_known(f[0]));
}

static void airports_are_known_with_their_state(void **state) {
  (void)state;
  vectors_each("codes/airports.tsv", 4500, airport_row);
  char code[4];
  assert_true(model_airport_state("BOG", code));
  assert_string_equal(code, "COL");
  assert_false(model_airport_known("QQQ"));
}

static void rf_row(char **f, int n) {
  assert_true(n >= 2);
  assert_int_equal(model_rf_reference_valid(f[0]), strcmp(f[1], "yes") == 0);
}

static void creditor_references_are_judged_by_mod_97(void **state) {
  (void)state;
  vectors_each("codes/rf_creditor_reference.tsv", 3, rf_row);
}

static void a_number_reads_back_and_any_changed_character_is_caught(void **state) {
  (void)state;
  static const uint32_t sequences[] = {1, 31, 32, 12345, MODEL_SERIES_MAX};
  for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
    char number[10];
    model_number_format(MODEL_FLIGHT_MANIFEST, 2026, sequences[i], number);
    enum model_kind kind;
    int year;
    uint32_t sequence;
    assert_true(model_number_parse(number, &kind, &year, &sequence));
    assert_int_equal(kind, MODEL_FLIGHT_MANIFEST);
    assert_int_equal(year, 26);
    assert_int_equal(sequence, sequences[i]);
    for (int at = 0; at < 9; at++) {
      for (const char *c = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"; *c; c++) {
        char bad[10];
        memcpy(bad, number, sizeof bad);
        if (bad[at] != *c) {
          bad[at] = *c;
          assert_false(model_number_parse(bad, NULL, NULL, NULL));
        }
      }
    }
  }
}

static void names_that_deceive_are_refused(void **state) {
  (void)state;
  static const char *const good[] = {
      "Ḫadīja", "Ñandú-Øst", "Șerban",   "Þóra",     "Nguyễn Thị Ánh",       "Владимир",
      "Ελένη",  "D’ALMEIDA", "O'Connor", "نور إليز", "Jean-Luc St. John, Jr"};
  static const char *const bad[] = {
      "A\u202eB", /* right-to-left override */
      "A\u200bB", /* zero-width space */
      "A\u200dB", /* zero-width joiner */
      "A\ufeffB", /* byte order mark */
      "A\u00adB", /* soft hyphen */
      "A\u2066B", /* isolate */
      "A\u0378B", /* unassigned */
      "A\ue000B", /* private use */
      "A\u3164B", /* Hangul filler */
      "A\nB",
      "A\tB",
      "Cafe\u0301",                            /* not NFC */
      "A\u0336\u0337\u0338\u0336\u0337\u0338", /* a tower of marks */
      "A \u0336B",                             /* a mark on nothing */
      "A\u00a0",                               /* ends in a space that is none */
      " A",
      "A ",
      "A  B",
      "A1",
      "A<B",
      "-",
      "A\u00a0\u2003B",
      "",
  };
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_null(model_name_fault(good[i]));
  }
  for (size_t i = 0; i + 1 < sizeof bad / sizeof bad[0]; i++) {
    if (!model_name_fault(bad[i])) {
      fail_msg("accepted: row %zu", i);
    }
  }
}

static void amounts_round_half_to_even_and_never_overflow(void **state) {
  (void)state;
  int64_t v;
  assert_true(model_line_amount(2500, 101, &v));
  assert_int_equal(v, 252); /* 252.5 */
  assert_true(model_line_amount(2500, 103, &v));
  assert_int_equal(v, 258); /* 257.5 */
  assert_true(model_line_amount(2500, -101, &v));
  assert_int_equal(v, -252);
  assert_true(model_line_amount(1, 500, &v));
  assert_int_equal(v, 0);
  assert_true(model_line_amount(1, 1500, &v));
  assert_int_equal(v, 2);
  assert_false(model_line_amount(INT64_MAX, INT64_MAX, &v));
  assert_true(model_exchange(10000, 2, 1500000, 0,
                             &v)); /* 100.00 at 1.5 to a currency without minor unit */
  assert_int_equal(v, 150);
  assert_true(model_exchange(150, 0, 1000000, 3, &v));
  assert_int_equal(v, 150000);
  assert_false(model_exchange(INT64_MAX, 0, INT64_MAX, 3, &v));
}

static void all_violations_of_a_letter_come_at_once_with_their_paths(void **state) {
  (void)state;
  struct sv_ctx ctx = sv_ctx_over(sv_arena_open((size_t)1 << 20));
  struct model_content c = {.kind = MODEL_SAFE_CONDUCT,
                            .template_name = "",
                            .paper = (enum model_paper)7,
                            .letter = {.purpose = 9,
                                       .holder = {.surname = "",
                                                  .given_names = "A\u202eB",
                                                  .native_name = "",
                                                  .birth_date = "1990-13-01",
                                                  .birth_place = "",
                                                  .sex = "Q",
                                                  .nationality = "ZZZ"},
                                       .identity_document = {"", "", "", ""},
                                       .issuing_state = "XXB",
                                       .issuing_place = "",
                                       .valid_from = "2026-02-30",
                                       .valid_until = "2026-03-01",
                                       .legal_basis = "",
                                       .signatory = "",
                                       .guardian_letter = "S26000001",
                                       .case_reference = ""}};
  struct sv_date today = {2026, 1, 15};
  assert_int_equal(model_check(&ctx, &c, today).reason, SV_FIELD_INVALID);
  static const char *const paths[] = {"paper",
                                      "safe_conduct.purpose",
                                      "safe_conduct.holder.surname",
                                      "safe_conduct.holder.given_names",
                                      "safe_conduct.holder.birth_date",
                                      "safe_conduct.holder.sex",
                                      "safe_conduct.holder.nationality",
                                      "safe_conduct.issuing_state",
                                      "safe_conduct.valid_from",
                                      "safe_conduct.guardian_letter"};
  for (size_t p = 0; p < sizeof paths / sizeof paths[0]; p++) {
    bool found = false;
    for (size_t i = 0; i < ctx.violation_count; i++) {
      found = found || strcmp(ctx.violations[i].path, paths[p]) == 0;
    }
    if (!found) {
      fail_msg("no violation at %s", paths[p]);
    }
  }
  sv_arena_close(ctx.mem);
}

static void codes_of_persons_and_organisations_are_no_territory(void **state) {
  (void)state;
  char of[4];
  assert_true(model_state_territory("D", of));
  assert_string_equal(of, "DEU");
  assert_true(model_state_territory("GBN", of));
  assert_string_equal(of, "GBR");
  assert_true(model_state_territory("COL", of));
  assert_string_equal(of, "COL");
  static const char *const none[] = {"XXA", "XXX", "UNO", "EUE", "NTZ", "ZZZ", ""};
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
    assert_false(model_state_territory(none[i], of));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_of_doc_9303_is_known_and_persons_never_issue),
      cmocka_unit_test(currencies_have_their_minor_units_and_metals_none),
      cmocka_unit_test(airports_are_known_with_their_state),
      cmocka_unit_test(codes_of_persons_and_organisations_are_no_territory),
      cmocka_unit_test(creditor_references_are_judged_by_mod_97),
      cmocka_unit_test(a_number_reads_back_and_any_changed_character_is_caught),
      cmocka_unit_test(names_that_deceive_are_refused),
      cmocka_unit_test(amounts_round_half_to_even_and_never_overflow),
      cmocka_unit_test(all_violations_of_a_letter_come_at_once_with_their_paths),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
