/* Is an amount said as a bank would say it? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "docs_gen/template/template.h"
#include "docs_gen/text/words.h"
#include "model/codes.h"

static struct sv_arena *mem;
static struct sv_ctx ctx;
static struct templates *templates;

static int open_all(void **state) {
  (void)state;
  mem = sv_arena_open(32u << 20);
  ctx = sv_ctx_over(mem);
  templates = SV_NEW(mem, struct templates);
  return sv_failed(templates_open(&ctx, "templates", templates)) ? -1 : 0;
}
static int close_all(void **state) {
  (void)state;
  sv_arena_close(mem);
  return 0;
}

static const char *said(int64_t minor, const char *code, enum words_language language) {
  struct words_currency currency = template_currency(&templates->captions[0], code);
  const char *text = NULL;
  sv_status status =
      words_of_amount(&ctx, minor, &currency, model_currency_exponent(code), language, &text);
  assert_false(sv_failed(status));
  return text;
}

/* Any of the alternatives between bars. */
static void expect_one_of(const char *got, char *alternatives) {
  char *rest = NULL;
  for (char *a = strtok_r(alternatives, "|", &rest); a; a = strtok_r(NULL, "|", &rest)) {
    while (*a == ' ') {
      a++;
    }
    size_t n = strlen(a);
    while (n && a[n - 1] == ' ') {
      a[--n] = 0;
    }
    if (strcmp(a, got) == 0) {
      return;
    }
  }
  fail_msg("said '%s'", got);
}

static void every_vector_is_said_exactly(void **state) {
  (void)state;
  FILE *f = fopen("tests/docs_gen/amount_words.tsv", "re");
  assert_non_null(f);
  char line[1024];
  int checked = 0;
  while (fgets(line, sizeof line, f)) {
    char *rest = NULL, *minor = strtok_r(line, "\t\n", &rest),
         *code = strtok_r(NULL, "\t\n", &rest);
    char *english = strtok_r(NULL, "\t\n", &rest), *spanish = strtok_r(NULL, "\t\n", &rest);
    if (line[0] == '#' || !spanish) {
      continue;
    }
    expect_one_of(said(atoll(minor), code, WORDS_EN), english);
    expect_one_of(said(atoll(minor), code, WORDS_ES), spanish);
    checked++;
  }
  fclose(f);
  assert_in_range(checked, 20, 1000);
}

static void a_reversal_begins_with_minus(void **state) {
  (void)state;
  assert_string_equal(said(-2100, "USD", WORDS_EN), "minus twenty-one US dollars and 00/100");
  assert_string_equal(said(-2100, "USD", WORDS_ES), "menos veintiún dólares con 00/100");
}

static void feminine_currencies_agree_up_to_the_thousands(void **state) {
  (void)state;
  assert_string_equal(said(20000, "GBP", WORDS_ES), "doscientas libras con 00/100");
  assert_string_equal(said(50100100, "GBP", WORDS_ES), "quinientas una mil una libras con 00/100");
}

static void three_decimals_are_thousandths(void **state) {
  (void)state;
  assert_string_equal(said(1005, "KWD", WORDS_EN), "one Kuwaiti dinar and 005/1000");
  assert_string_equal(said(2050, "KWD", WORDS_ES), "dos dinares con 050/1000");
}

static void the_smallest_integer_can_be_said(void **state) {
  (void)state;
  assert_non_null(strstr(said(INT64_MIN, "USD", WORDS_ES),
                         "menos noventa y dos mil doscientos treinta y tres billones"));
  assert_non_null(strstr(said(INT64_MAX, "JPY", WORDS_EN), "nine quintillion"));
}

static void a_currency_without_a_name_is_said_by_its_code(void **state) {
  (void)state;
  assert_string_equal(said(200, "BOV", WORDS_ES), "dos BOV con 00/100");
}

static void every_currency_of_payments_has_a_gender_and_names(void **state) {
  (void)state;
  for (size_t i = 0; i < templates->tables.currency_n; i++) {
    const struct words_currency *c = &templates->tables.currencies[i];
    if (model_currency_exponent(c->code) < 0) {
      fail_msg("%s is no currency of payments", c->code);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_vector_is_said_exactly),
      cmocka_unit_test(a_reversal_begins_with_minus),
      cmocka_unit_test(feminine_currencies_agree_up_to_the_thousands),
      cmocka_unit_test(three_decimals_are_thousandths),
      cmocka_unit_test(the_smallest_integer_can_be_said),
      cmocka_unit_test(a_currency_without_a_name_is_said_by_its_code),
      cmocka_unit_test(every_currency_of_payments_has_a_gender_and_names),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
