/* Which level has a file, what is its verdict years later, and what may stand behind a signed revision? The files are of
 * another maker: tests/verify/make_levels. */
#include "base/clock.h"
#include "crypto/digest.h"
#include "model/number.h"
#include "tests/authority.h"
#include "tests/verify/registry_double.h"
#include "verify/pdf.h"

static struct sv_arena *outer;
static struct sv_arena *arena; /* of one test */
static struct sv_ctx ctx;
static const char *dir;
static struct verify_trust *trust;
static char number[10];
static struct sv_bytes record;
static int64_t start_us;

static const int64_t DAY_US = 86400LL * 1000000;
static const int64_t YEAR_US = 365 * 86400LL * 1000000;

static struct sv_bytes file(const char *name) {
  return file_bytes(arena, sv_arena_printf(arena, "%s/%s.pdf", dir, name));
}

static void run(const char *command) { assert_int_equal(system(command), 0); }

static void write_record(void) {
  record = sv_bytes_str(sv_arena_printf(
      outer,
      "{\"approvals\":[],\"authority\":\"migration\",\"content\":{\"valid_from\":\"2020-01-01\","
      "\"valid_until\":\"2099-01-14\"},\"format\":\"salvo-record/"
      "1\",\"issue_date\":\"2026-01-15\","
      "\"issue_time\":\"2026-01-15T16:42:08Z\",\"kind\":\"safe_conduct\",\"number\":\"%s\","
      "\"salt\":\"00\",\"version\":1}",
      number));
  FILE *f = fopen(sv_arena_printf(outer, "%s/record.json", dir), "wb");
  assert_non_null(f);
  assert_int_equal(fwrite(record.p, 1, record.n, f), record.n);
  assert_int_equal(fclose(f), 0);
}

static struct verify_trust *trust_of(const char *more) {
  struct verify_trust *t = NULL;
  const char *paths[2] = {sv_arena_printf(outer, "%s/authority/trust.pem", dir), more};
  assert_int_equal(verify_trust_open(&ctx, paths, more ? 2 : 1, &t).reason, SV_OK);
  assert_int_equal(
      verify_trust_stamps(
          &ctx, t, file_bytes(outer, sv_arena_printf(outer, "%s/authority/tsa-trust.pem", dir)))
          .reason,
      SV_OK);
  return t;
}

static int open_all(void **state) {
  (void)state;
  const char *tmp = getenv("TMPDIR");
  outer = sv_arena_open(64 << 20);
  arena = outer;
  ctx = sv_ctx_over(outer);
  char *made = sv_arena_printf(outer, "%s/sv-levels-XXXXXX", tmp ? tmp : "/tmp");
  assert_non_null(mkdtemp(made));
  dir = made;
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 207, number);
  write_record();
  run(sv_arena_printf(outer,
                      "TRUST_SERVICES=http://127.0.0.1:9 certs/make-authority %s/authority && "
                      "PYTHONDONTWRITEBYTECODE=1 tests/verify/make_levels %s/authority "
                      "%s/record.json %s",
                      dir, dir, dir, dir));
  start_us = sv_wall_us();
  trust = trust_of(NULL);
  return 0;
}
static int close_all(void **state) {
  (void)state;
  run(sv_arena_printf(outer, "rm -rf %s", dir));
  verify_trust_close(trust);
  trust = NULL;
  sv_arena_close(outer);
  return 0;
}
static int open_one(void **state) {
  (void)state;
  arena = sv_arena_open(256 << 20);
  ctx = sv_ctx_over(arena);
  return 0;
}
static int close_one(void **state) {
  (void)state;
  sv_arena_close(arena);
  return 0;
}

/* A registry that knows the file of this name. */
static struct registry_double registered(const char *name) {
  static struct verify_copy copy;
  copy.copy = 1;
  crypto_sha256(file(name), copy.pdf_sha256);
  struct verify_row row = {.found = true,
                           .number = number,
                           .version = 1,
                           .kind = MODEL_SAFE_CONDUCT,
                           .state = MODEL_ISSUED,
                           .copies = &copy,
                           .copy_count = 1,
                           .latest_copy = 1,
                           .latest_version = 1,
                           .valid_from = "2020-01-01",
                           .valid_until = "2099-01-14",
                           .zone = "UTC",
                           .issue_time_us = start_us};
  crypto_sha256(record, row.record_sha256);
  return registry_double_of(row);
}

static struct verify_report judged(struct sv_bytes pdf, const struct registry_double *registry,
                                   int64_t now_us) {
  struct verify_report r;
  sv_status s = verify_pdf(&ctx, trust, registry ? &registry->base : NULL, now_us, pdf, &r);
  assert_int_equal(s.reason, SV_OK);
  return r;
}

static void is(struct verify_report r, enum verify_verdict verdict, enum verify_reason first) {
  if (r.verdict != verdict || (first && (r.reason_count == 0 || r.reasons[0] != first))) {
    print_error("%s %s: %s\n", verify_verdict_name(r.verdict),
                verify_reason_name(r.reason_count ? r.reasons[0] : VERIFY_NO_REASON), r.detail);
  }
  assert_int_equal(r.verdict, verdict);
  assert_true(first ? r.reason_count > 0 && r.reasons[0] == first : r.reason_count == 0);
}

static const struct verify_signature *ours(const struct verify_report *r) {
  assert_true(r->signature_count > 0);
  return &r->signatures[0];
}

static void each_level_is_valid_and_has_its_exact_name(void **state) {
  (void)state;
  static const struct {
    const char *name, *original, *level, *profile;
    size_t signatures;
    bool proven;
  } rows[] = {
      {"b-b", "b-b", "B-B", "PAdES-BASELINE-B", 1, false},
      {"b-t", "b-t", "B-T", "PAdES-BASELINE-T", 1, true},
      {"b-lt", "b-t", "B-LT", "PAdES-BASELINE-LT", 1, true},
      {"b-lta", "b-t", "B-LTA", "PAdES-BASELINE-LTA", 2, true},
      {"raised-t", "b-b", "B-T", "PAdES-BASELINE-T", 2, true},
      {"raised-lt", "b-b", "B-LT", "PAdES-BASELINE-LT", 2, true},
      {"raised-lta", "b-b", "B-LTA", "PAdES-BASELINE-LTA", 3, true},
      {"half-store", "b-t", "B-T", "PAdES-BASELINE-T", 1, true}, /* nothing tells of two signers */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct registry_double registry = registered(rows[i].original);
    struct verify_report r = judged(file(rows[i].name), &registry, start_us + DAY_US);
    is(r, VERIFY_VALID, VERIFY_NO_REASON);
    assert_int_equal(r.copy, 1);
    assert_int_equal(r.signature_count, rows[i].signatures);
    assert_string_equal(ours(&r)->level, rows[i].level);
    assert_string_equal(ours(&r)->profile, rows[i].profile);
    assert_true(ours(&r)->intact && ours(&r)->trusted);
    assert_int_equal(ours(&r)->proven_time_us != 0, rows[i].proven);
    assert_memory_equal(r.original_sha256, registry.row.copies[0].pdf_sha256, 32);
    for (size_t k = 1; k < r.signature_count; k++) {
      assert_string_equal(r.signatures[k].profile, "Document timestamp");
      assert_true(r.signatures[k].intact && r.signatures[k].trusted);
    }
    is(judged(file(rows[i].name), NULL, start_us + DAY_US), VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  }
}

/* Nothing of the registry's is at hand: what does the file prove by itself? */
static void the_wrong_reasons_do_not_appear(const struct verify_report *r) {
  assert_false(verify_report_has(r, VERIFY_EXPIRED_CERTIFICATE));
  assert_false(verify_report_has(r, VERIFY_PROOF_EXPIRED));
}

static void a_renewed_file_is_valid_years_after_its_signer_and_first_authority_ended(void **state) {
  (void)state;
  int64_t later = start_us + 6 * YEAR_US;
  struct registry_double registry = registered("b-t");
  struct verify_report r = judged(file("renewed"), &registry, later);
  is(r, VERIFY_VALID, VERIFY_NO_REASON);
  assert_string_equal(ours(&r)->level, "B-LTA");
  assert_true(ours(&r)->proven_time_us > start_us - DAY_US && ours(&r)->proven_time_us <= start_us);
  assert_int_equal(r.clock_us, later);
  r = judged(file("renewed"), NULL, later);
  is(r, VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  the_wrong_reasons_do_not_appear(&r);
}

static void what_was_not_renewed_says_that_its_proof_has_ended(void **state) {
  (void)state;
  static const char *const names[] = {"b-t", "b-lt", "b-lta", "raised-t", "raised-lta"};
  int64_t later = start_us + 4 * YEAR_US;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct registry_double registry = registered(names[i][0] == 'b' ? "b-t" : "b-b");
    is(judged(file(names[i]), &registry, later), VERIFY_CHECK, VERIFY_PROOF_EXPIRED);
    struct verify_report r = judged(file(names[i]), NULL, later);
    is(r, VERIFY_CHECK, VERIFY_PROOF_EXPIRED);
    assert_true(verify_report_has(&r, VERIFY_EXPIRED_CERTIFICATE));
  }
  /* and a renewed one, once the second authority has ended as well */
  struct registry_double registry = registered("b-t");
  is(judged(file("renewed"), &registry, start_us + 12 * YEAR_US), VERIFY_CHECK,
     VERIFY_PROOF_EXPIRED);
}

static void a_plain_signature_says_why_it_is_not_valid_years_later(void **state) {
  (void)state;
  struct verify_report r = judged(file("b-b"), NULL, start_us + 4 * YEAR_US);
  is(r, VERIFY_CHECK, VERIFY_EXPIRED_CERTIFICATE);
  assert_non_null(strstr(r.detail, "nothing proves"));
}

static void a_compromise_counts_from_its_day_on(void **state) {
  (void)state;
  struct verify_trust *before = trust;
  trust = trust_of(sv_arena_printf(arena, "%s/compromised.pem", dir));
  int64_t now = start_us + 20 * DAY_US;
  struct registry_double registry = registered("b-t");
  is(judged(file("b-t"), &registry, now), VERIFY_VALID, VERIFY_NO_REASON);
  is(judged(file("b-lta"), &registry, now), VERIFY_VALID, VERIFY_NO_REASON);
  registry = registered("late");
  registry.row.issue_time_us = start_us + 10 * DAY_US;
  is(judged(file("late"), &registry, now), VERIFY_INVALID, VERIFY_REVOKED_CERTIFICATE);
  is(judged(file("late"), NULL, now), VERIFY_INVALID, VERIFY_REVOKED_CERTIFICATE);
  is(judged(file("b-t"), NULL, now), VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  struct verify_report r = judged(file("b-b"), NULL, now);
  is(r, VERIFY_INVALID, VERIFY_REVOKED_CERTIFICATE);
  assert_non_null(strstr(r.detail, "nothing proves"));
  is(judged(file("b-b"), NULL, start_us + 8 * DAY_US), VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  verify_trust_close(trust);
  trust = before;
}

static void an_authority_that_is_not_known_proves_nothing(void **state) {
  (void)state;
  struct verify_trust *before = trust;
  const char *path = sv_arena_printf(arena, "%s/authority/trust.pem", dir);
  assert_int_equal(verify_trust_open(&ctx, &path, 1, &trust).reason, SV_OK);
  struct registry_double registry = registered("b-t");
  struct verify_report r = judged(file("b-lta"), &registry, start_us + DAY_US);
  verify_trust_close(trust);
  trust = before;
  is(r, VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
  assert_string_equal(ours(&r)->level, "B-B");
  assert_int_equal(ours(&r)->proven_time_us, 0);
}

static void a_clock_before_the_time_stamp_is_wrong(void **state) {
  (void)state;
  struct verify_report r = judged(file("late"), NULL, start_us + 5 * DAY_US);
  assert_int_equal(r.verdict, VERIFY_CHECK);
  assert_true(verify_report_has(&r, VERIFY_CLOCK_WRONG));
}

/* One thing more than a store or a time-stamp behind the signed revision. */
static void nothing_else_may_stand_behind_a_signed_revision(void **state) {
  (void)state;
  static const char *const names[] = {
      "page",        "content",    "widget",       "spare-object",    "nothing",
      "appearance",  "action",     "visible",      "store-over-page", "content-with-stamp",
      "open-action", "layers",     "attachment",   "form-key",        "form-flags",
      "field-gone",  "extension",  "offsets",      "unlisted-object", "comment",
      "prev-loop",   "prev-skips", "stamp-of-else"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *name = sv_arena_printf(arena, "bent-%s", names[i]);
    static const char *const originals[] = {"b-b", "b-t"};
    for (size_t k = 0; k < 2; k++) {
      struct registry_double registry = registered(originals[k]);
      struct verify_report r = judged(file(name), &registry, start_us + DAY_US);
      if (r.verdict != VERIFY_INVALID) {
        print_error("%s: %s %s\n", name, verify_verdict_name(r.verdict), r.detail);
      }
      assert_int_equal(r.verdict, VERIFY_INVALID);
    }
    assert_int_equal(judged(file(name), NULL, start_us + DAY_US).verdict, VERIFY_INVALID);
  }
}

/* The head of one file, the tail of another that begins at the same place. */
static void revisions_of_another_file_do_not_raise_this_one(void **state) {
  (void)state;
  static const char *const tails[] = {"b-lt", "b-lta", "raised-t", "raised-lta", "renewed"};
  struct sv_bytes head = file("late");
  for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
    struct sv_bytes whole = file(tails[i]);
    uint8_t *spliced = sv_arena_alloc(arena, whole.n);
    memcpy(spliced, whole.p, whole.n);
    memcpy(spliced, head.p, head.n);
    struct registry_double registry = registered("late");
    registry.row.issue_time_us = start_us + 10 * DAY_US;
    struct verify_report r =
        judged(sv_bytes_of(spliced, whole.n), &registry, start_us + 11 * DAY_US);
    /* a store alone proves nothing, and raises what it fits: the same signer and authority */
    bool stamp = strcmp(tails[i], "b-lt") != 0;
    assert_int_equal(r.verdict, stamp ? VERIFY_INVALID : VERIFY_VALID);
  }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, open_one, close_one)
  const struct CMUnitTest tests[] = {
      T(each_level_is_valid_and_has_its_exact_name),
      T(a_renewed_file_is_valid_years_after_its_signer_and_first_authority_ended),
      T(what_was_not_renewed_says_that_its_proof_has_ended),
      T(a_plain_signature_says_why_it_is_not_valid_years_later),
      T(a_compromise_counts_from_its_day_on),
      T(an_authority_that_is_not_known_proves_nothing),
      T(a_clock_before_the_time_stamp_is_wrong),
      T(nothing_else_may_stand_behind_a_signed_revision),
      T(revisions_of_another_file_do_not_raise_this_one),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
