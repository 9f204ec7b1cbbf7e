/* The canonical record: what it says, and what it hides. */
#include "formats/record/record.h"
#include "tests/vectors.h"

#include "model/number.h"

static struct sv_ctx fresh(void) { return sv_ctx_over(sv_arena_open((size_t)8 << 20)); }

static struct model_content letter(void) {
  return (struct model_content){
      .kind = MODEL_SAFE_CONDUCT,
      .template_name = "safe_conduct/protection_stay@1",
      .letter = {.purpose = MODEL_PROTECTION_STAY,
                 .holder = {.surname = "HADDÂD",
                            .given_names = "NOÛR",
                            .native_name = "",
                            .birth_date = "1994-05-07",
                            .birth_place = "SECRETVILLE",
                            .sex = "F",
                            .nationality = "XXX"},
                 .identity_document = {"P", "QX7700341", "UTO", "2031-02-28"},
                 .identity_basis = 1,
                 .issuing_state = "UTO",
                 .issuing_place = "Puerto Esperanza",
                 .valid_from = "2026-01-15",
                 .valid_until = "2026-04-15",
                 .legal_basis = "law_12_2019_8",
                 .signatory = "",
                 .guardian_letter = "",
                 .case_reference = "CASE-SECRET-1"}};
}

static struct model_issue issue(void) {
  return (struct model_issue){.number = "S260000X2",
                              .version = 1,
                              .copy = 1,
                              .supersedes = "",
                              .issue_date = "2026-01-15",
                              .issue_time_us = 1768495328000000,
                              .authority = {.id = "migration"}};
}

static bool contains(struct sv_bytes b, const char *text) {
  return memmem(b.p, b.n, text, strlen(text)) != NULL;
}

static void the_same_document_gives_the_same_bytes_with_sorted_keys(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct record_salts salts = {.salt = {1}, .secret = {2}};
  struct model_content c = letter();
  struct model_issue i = issue();
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 1, i.number);
  struct sv_bytes a, b;
  assert_int_equal(record_write(&ctx, &c, &i, &salts, NULL, &a).reason, SV_OK);
  assert_int_equal(record_write(&ctx, &c, &i, &salts, NULL, &b).reason, SV_OK);
  assert_true(sv_bytes_equal(a, b));
  assert_memory_equal(a.p, "{\"approvals\":[],\"authority\":\"migration\",\"content\":{", 50);
  struct record_facts f;
  assert_int_equal(record_read(&ctx, a, &f).reason, SV_OK);
  assert_string_equal(f.number, i.number);
  assert_int_equal(f.kind, MODEL_SAFE_CONDUCT);
  assert_string_equal(f.valid_until, "2026-04-15");
  sv_arena_close(ctx.mem);
}

static void private_values_are_commitments_that_their_salt_opens(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct record_salts salts = {.salt = {1}, .secret = {2}};
  struct model_content c = letter();
  struct sv_bytes json;
  assert_int_equal(record_content(&ctx, &c, &salts, &json).reason, SV_OK);
  static const char *const secrets[] = {"QX7700341", "CASE-SECRET-1", "SECRETVILLE", "protection",
                                        "2031-02-28"};
  for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
    assert_false(contains(json, secrets[i]));
  }
  char hex[65];
  record_commitment(&salts, "safe_conduct.case_reference", "CASE-SECRET-1", hex);
  assert_true(contains(json, hex));
  salts.secret[0]++;
  record_commitment(&salts, "safe_conduct.case_reference", "CASE-SECRET-1", hex);
  assert_false(contains(json, hex));
  sv_arena_close(ctx.mem);
}

static void the_template_is_a_commitment_that_its_digest_opens(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct record_salts salts = {.salt = {1}, .secret = {2}};
  struct model_content c = letter();
  struct model_issue i = issue();
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 1, i.number);
  struct sv_bytes json, without;
  assert_int_equal(record_write(&ctx, &c, &i, &salts, NULL, &without).reason, SV_OK);
  assert_false(contains(without, "\"template\""));
  i.template_name = c.template_name;
  memset(i.template_sha256, 0xab, 32);
  assert_int_equal(record_write(&ctx, &c, &i, &salts, NULL, &json).reason, SV_OK);
  assert_false(contains(json, "protection"));
  assert_false(contains(json, "abababab"));
  char value[128], hex[65];
  sv_hex(i.template_sha256, 32, hex);
  snprintf(value, sizeof value, "safe_conduct/protection_stay@1 %s", hex);
  record_commitment(&salts, "template", value, hex);
  assert_true(contains(json, hex));
  struct record_facts f;
  assert_int_equal(record_read(&ctx, json, &f).reason, SV_OK);
  sv_arena_close(ctx.mem);
}

static void paper_other_than_a4_is_part_of_the_content(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct record_salts salts = {.salt = {1}, .secret = {2}};
  struct model_content c = letter();
  struct sv_bytes plain, a4, other;
  assert_int_equal(record_content(&ctx, &c, &salts, &plain).reason, SV_OK);
  c.paper = MODEL_A4;
  assert_int_equal(record_content(&ctx, &c, &salts, &a4).reason, SV_OK);
  assert_true(sv_bytes_equal(plain, a4));
  c.paper = MODEL_LETTER;
  assert_int_equal(record_content(&ctx, &c, &salts, &other).reason, SV_OK);
  assert_true(contains(other, "\"paper\":2"));
  sv_arena_close(ctx.mem);
}

static void what_is_no_record_is_refused(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "{}",
      "[]",
      "null",
      "{\"format\":\"salvo-record/1\"}",
      "{\"format\":\"salvo-record/"
      "1\",\"kind\":\"safe_conduct\",\"number\":\"S26000001\",\"version\":1}",
      "{\"a\":1,\"a\":2}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct sv_ctx ctx = fresh();
    struct record_facts f;
    assert_int_equal(record_read(&ctx, sv_bytes_str(bad[i]), &f).reason, SV_RECORD_FORMAT);
    sv_arena_close(ctx.mem);
  }
}

static void an_amendments_record_says_what_is_known_or_not(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  uint8_t previous[32] = {9};
  struct record_amendment a = {.authority = "migration",
                               .obligation = "FY24",
                               .amendment = 2,
                               .change_minor = INT64_MIN,
                               .obligated_minor = 5,
                               .currency = "USD",
                               .period_start = "2024-10-01",
                               .period_end = "2025-09-30",
                               .actor = "spiffe://utopia.example/authority/migration/officer/a",
                               .time_us = 1768495328000000,
                               .salt = {3},
                               .previous_sha256 = previous};
  struct sv_bytes json;
  bool same = false;
  assert_int_equal(record_amendment_write(&ctx, &a, &json).reason, SV_OK);
  assert_true(contains(json, "\"change_minor\":\"-9223372036854775808\""));
  struct record_amendment known = a;
  memset(known.salt, 0, sizeof known.salt); /* the registry's row has none of these */
  known.currency = known.period_start = "";
  assert_int_equal(record_amendment_says(&ctx, json, &known, &same).reason, SV_OK);
  assert_true(same);
  known.change_minor++;
  assert_int_equal(record_amendment_says(&ctx, json, &known, &same).reason, SV_OK);
  assert_false(same);
  known.change_minor--;
  known.previous_sha256 = NULL;
  assert_int_equal(record_amendment_says(&ctx, json, &known, &same).reason, SV_OK);
  assert_false(same);
  static const char *const bad[] = {"", "{}", "[1]", "null", "{\"salt\":1}"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    same = true;
    assert_int_equal(record_amendment_says(&ctx, sv_bytes_str(bad[i]), &a, &same).reason, SV_OK);
    assert_false(same);
  }
  sv_arena_close(ctx.mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_document_gives_the_same_bytes_with_sorted_keys),
      cmocka_unit_test(private_values_are_commitments_that_their_salt_opens),
      cmocka_unit_test(the_template_is_a_commitment_that_its_digest_opens),
      cmocka_unit_test(paper_other_than_a4_is_part_of_the_content),
      cmocka_unit_test(what_is_no_record_is_refused),
      cmocka_unit_test(an_amendments_record_says_what_is_known_or_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
