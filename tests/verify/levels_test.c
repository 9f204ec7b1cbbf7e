/* Which level has a file, what is its verdict years later, and what may stand behind a signed revision? */
#include "tests/verify/levels.h"
#include "pki/cert.h"

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
      {"streams-b-b", "streams-b-b", "B-B", "PAdES-BASELINE-B", 1, false},
      {"streams-b-lt", "streams-b-t", "B-LT", "PAdES-BASELINE-LT", 1, true},
      {"streams-b-lta", "streams-b-t", "B-LTA", "PAdES-BASELINE-LTA", 2, true},
      {"streams-raised-t", "streams-b-b", "B-T", "PAdES-BASELINE-T", 2, true},
      {"streams-raised-lta", "streams-b-b", "B-LTA", "PAdES-BASELINE-LTA", 3, true},
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
  registry = registered_at("late", start_us + 10 * DAY_US);
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

/* Somebody who can be asked, and knows of the compromise; or does not answer. */
struct wire_double {
  struct verify_wire base;
  bool down;
  int asked;
};
static sv_status wire_ask(const struct verify_wire *base, struct sv_ctx *c,
                          const struct pki_cert *cert, const struct pki_cert *issuer,
                          struct verify_statement *ret) {
  struct wire_double *w = (struct wire_double *)(uintptr_t)base;
  (void)cert, (void)issuer;
  w->asked++;
  if (w->down) {
    return SV_FAIL(c, UNREACHABLE, "nobody");
  }
  *ret = (struct verify_statement){
      .crl = file_bytes(arena, sv_arena_printf(arena, "%s/compromised.crl", dir))};
  return SV_DONE;
}

static void who_can_be_asked_is_asked_when_file_and_list_tell_nothing(void **state) {
  (void)state;
  struct wire_double wire = {.base = {.ask = wire_ask}};
  struct verify_means means = {
      .trust = trust, .wire = &wire.base, .now_us = start_us + 20 * DAY_US};
  struct verify_report r;
  assert_int_equal(verify_pdf_by(&ctx, &means, file("b-b"), &r).reason, SV_OK);
  is(r, VERIFY_INVALID, VERIFY_REVOKED_CERTIFICATE);
  assert_true(wire.asked > 0);
  assert_int_equal(verify_pdf_by(&ctx, &means, file("b-t"), &r).reason, SV_OK);
  is(r, VERIFY_CHECK, VERIFY_STATUS_UNKNOWN); /* proven to be older */
  wire.asked = 0;
  assert_int_equal(verify_pdf_by(&ctx, &means, file("b-lta"), &r).reason, SV_OK);
  assert_string_equal(ours(&r)->level, "B-LTA");
  wire.down = true;
  assert_int_equal(verify_pdf_by(&ctx, &means, file("b-b"), &r).reason, SV_OK);
  is(r, VERIFY_CHECK, VERIFY_STATUS_UNKNOWN);
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
  static const struct {
    const char *name;
    enum verify_reason reason;
  } rows[] = {
      {"page", VERIFY_CHANGED_AFTER_SIGNING},
      {"content", VERIFY_CHANGED_AFTER_SIGNING},
      {"widget", VERIFY_CHANGED_AFTER_SIGNING},
      {"spare-object", VERIFY_CHANGED_AFTER_SIGNING},
      {"nothing", VERIFY_CHANGED_AFTER_SIGNING},
      {"appearance", VERIFY_CHANGED_AFTER_SIGNING},
      {"action", VERIFY_CHANGED_AFTER_SIGNING},
      {"visible", VERIFY_CHANGED_AFTER_SIGNING},
      {"store-over-page", VERIFY_CHANGED_AFTER_SIGNING},
      {"content-with-stamp", VERIFY_CHANGED_AFTER_SIGNING},
      {"open-action", VERIFY_CHANGED_AFTER_SIGNING},
      {"layers", VERIFY_CHANGED_AFTER_SIGNING},
      {"attachment", VERIFY_CHANGED_AFTER_SIGNING},
      {"form-key", VERIFY_CHANGED_AFTER_SIGNING},
      {"form-flags", VERIFY_CHANGED_AFTER_SIGNING},
      {"field-gone", VERIFY_BYTES_ALTERED}, /* ours, and not in the form */
      {"extension", VERIFY_CHANGED_AFTER_SIGNING},
      {"offsets", VERIFY_BYTES_ALTERED}, /* can't be read any more */
      {"unlisted-object", VERIFY_CHANGED_AFTER_SIGNING},
      {"comment", VERIFY_CHANGED_AFTER_SIGNING},
      {"prev-loop", VERIFY_BYTES_ALTERED},
      {"prev-skips", VERIFY_CHANGED_AFTER_SIGNING},
      {"stamp-of-else", VERIFY_BYTES_ALTERED},
      {"stranger-in-store", VERIFY_CHANGED_AFTER_SIGNING},
      {"list-of-else", VERIFY_CHANGED_AFTER_SIGNING},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *name = sv_arena_printf(arena, "bent-%s", rows[i].name);
    static const char *const originals[] = {"b-b", "b-t"};
    for (size_t k = 0; k < 2; k++) {
      struct registry_double registry = registered(originals[k]);
      struct verify_report r = judged(file(name), &registry, start_us + DAY_US);
      if (r.verdict != VERIFY_INVALID) {
        print_error("%s: %s %s\n", name, verify_verdict_name(r.verdict), r.detail);
      }
      assert_int_equal(r.verdict, VERIFY_INVALID);
    }
    is(judged(file(name), NULL, start_us + DAY_US), VERIFY_INVALID, rows[i].reason);
  }
}

/* Signed by us or appended later: a second meaning of an object, and cross references of another kind or form. Even a registry
 * that has the file's digest does not make it valid. */
static void object_streams_that_leave_a_doubt_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *name;
    enum verify_reason reason;
  } rows[] = {
      {"in-two-places", VERIFY_BYTES_ALTERED},
      {"in-two-streams", VERIFY_BYTES_ALTERED},
      {"unlisted-in-stream", VERIFY_BYTES_ALTERED},
      {"rest-in-stream", VERIFY_BYTES_ALTERED},
      {"listed-elsewhere", VERIFY_BYTES_ALTERED},
      {"extends", VERIFY_BYTES_ALTERED},
      {"table-after-stream", VERIFY_CHANGED_AFTER_SIGNING},
      {"table-after-stream-lt", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-after-table", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-again", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-again-lt", VERIFY_CHANGED_AFTER_SIGNING},
      {"packed-later", VERIFY_CHANGED_AFTER_SIGNING},
      {"packed-later-lt", VERIFY_CHANGED_AFTER_SIGNING},
      {"deflated-later", VERIFY_CHANGED_AFTER_SIGNING},
      {"deflated-later-lt", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-over-content", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-over-content-lt", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-content", VERIFY_CHANGED_AFTER_SIGNING},
      {"stream-content-lt", VERIFY_CHANGED_AFTER_SIGNING},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *name = sv_arena_printf(arena, "bent-%s", rows[i].name);
    struct registry_double registry = registered(name);
    struct verify_report r = judged(file(name), &registry, start_us + DAY_US);
    if (r.verdict != VERIFY_INVALID || !verify_report_has(&r, rows[i].reason)) {
      print_error("%s: %s %s\n", name, verify_verdict_name(r.verdict), r.detail);
    }
    assert_int_equal(r.verdict, VERIFY_INVALID);
    is(judged(file(name), NULL, start_us + DAY_US), VERIFY_INVALID, rows[i].reason);
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
    struct registry_double registry = registered_at("late", start_us + 10 * DAY_US);
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
      T(who_can_be_asked_is_asked_when_file_and_list_tell_nothing),
      T(an_authority_that_is_not_known_proves_nothing),
      T(a_clock_before_the_time_stamp_is_wrong),
      T(nothing_else_may_stand_behind_a_signed_revision),
      T(object_streams_that_leave_a_doubt_are_refused),
      T(revisions_of_another_file_do_not_raise_this_one),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
