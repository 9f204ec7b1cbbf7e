/* Files of each level by another maker (tests/verify/make_levels), a registry that knows them, and the judge. For tests. */
#pragma once
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
/* The registry has the file since start_us, or since another time. */
static struct registry_double registered_at(const char *name, int64_t time_us) {
  static struct verify_copy copy;
  copy.copy = 1;
  copy.time_us = time_us;
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
                           .zone = "UTC"};
  crypto_sha256(record, row.record_sha256);
  return registry_double_of(row);
}

static struct registry_double registered(const char *name) { return registered_at(name, start_us); }

[[maybe_unused]] static struct verify_report judged(struct sv_bytes pdf,
                                                    const struct registry_double *registry,
                                                    int64_t now_us) {
  struct verify_report r;
  sv_status s = verify_pdf(&ctx, trust, registry ? &registry->base : NULL, now_us, pdf, &r);
  assert_int_equal(s.reason, SV_OK);
  return r;
}

[[maybe_unused]] static void is(struct verify_report r, enum verify_verdict verdict,
                                enum verify_reason first) {
  if (r.verdict != verdict || (first && (r.reason_count == 0 || r.reasons[0] != first))) {
    print_error("%s %s: %s\n", verify_verdict_name(r.verdict),
                verify_reason_name(r.reason_count ? r.reasons[0] : VERIFY_NO_REASON), r.detail);
  }
  assert_int_equal(r.verdict, verdict);
  assert_true(first ? r.reason_count > 0 && r.reasons[0] == first : r.reason_count == 0);
}
