/* Do files keep their level and what was appended to them, in order, and does an erasure take it along? */
#include "store/levels.h"
#include "store/log.h"
#include "store/sqlite.h"
#include "tests/vectors.h"

#include <stdlib.h>
#include <unistd.h>

static const struct store_keys keys = {.registry = {1}, .master = {2}};
static const struct store_file file = {"S260000AX", 1, 1, MODEL_AUTHORITY};
static const struct store_file gate = {"S260000AX", 1, 1, MODEL_GATE};

struct fixture {
  struct sv_ctx ctx;
  struct store *store;
  char dir[64];
};

static sv_status begin(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_document row = {.number = file.number,
                               .version = 1,
                               .authority = "migration",
                               .kind = MODEL_SAFE_CONDUCT,
                               .request_id = "r",
                               .state = MODEL_RESERVED,
                               .supersedes = "",
                               .template_name = "t@1",
                               .languages = "es",
                               .issue_date = "2026-01-15",
                               .valid_from = "2026-01-15",
                               .valid_until = "2026-04-15",
                               .issued_by = "x",
                               .request = sv_bytes_str("request"),
                               .status_list = "A",
                               .obligation = ""};
  struct store_issue issue = {.pdf = sv_bytes_str("pdf"),
                              .record = sv_bytes_str("{}"),
                              .seal_certificate = "UTTSA7",
                              .pdf_sha256 = {1}};
  SV_TRY(tx->ops->document_reserve(tx, ctx, &row));
  return tx->ops->document_issue(tx, ctx, file.number, 1, &issue);
}

static int fixture_open(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->ctx = sv_ctx_over(sv_arena_open((size_t)16 << 20));
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/sv-store-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  char path[96];
  (void)snprintf(path, sizeof path, "%s/registry.db", f->dir);
  assert_int_equal(store_sqlite_open(&f->ctx, path, &keys, &f->store).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, begin, NULL).reason, SV_OK);
  *state = f;
  return 0;
}

static int fixture_close(void **state) {
  struct fixture *f = *state;
  store_close(f->store);
  sv_arena_close(f->ctx.mem);
  char command[160];
  (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
  assert_int_equal(system(command), 0);
  free(f);
  return 0;
}

static void act(struct fixture *f, store_act *a) {
  sv_status s = store_write(f->store, &f->ctx, a, NULL);
  if (sv_failed(s)) {
    print_error("%s\n", f->ctx.detail);
  }
  assert_int_equal(s.reason, SV_OK);
}

static sv_status tail(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *of,
                      uint32_t step, const char *bytes) {
  struct store_tail t = {.step = step, .level = 2 + step, .bytes = sv_bytes_str(bytes)};
  t.file_sha256[0] = (uint8_t)(10 + step);
  return tx->levels->tail_add(tx, ctx, of, &t);
}

/* --- rows of levels --- */

static sv_status level_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_level got, rows[4];
  size_t n;
  uint64_t below;
  assert_int_equal(tx->levels->find(tx, ctx, &file, &got).reason, SV_NOT_FOUND);
  sv_ctx_clear(ctx);
  struct store_level first = {.file = file, .level = 1, .wanted = 4, .due_us = 200, .tries = 3};
  struct store_level second = {.file = gate, .level = 2, .wanted = 3, .due_us = 100};
  SV_TRY(tx->levels->put(tx, ctx, &first));
  SV_TRY(tx->levels->put(tx, ctx, &second));
  SV_TRY(tx->levels->find(tx, ctx, &file, &got));
  assert_true(got.level == 1 && got.wanted == 4 && got.due_us == 200 && got.tries == 3);
  SV_TRY(tx->levels->due(tx, ctx, 1000, rows, 4, &n));
  assert_int_equal(n, 2);
  assert_int_equal(rows[0].file.audience, MODEL_GATE); /* the one that waits longest */
  SV_TRY(tx->levels->due(tx, ctx, 150, rows, 4, &n));
  assert_int_equal(n, 1);
  SV_TRY(tx->levels->below(tx, ctx, &below));
  assert_int_equal(below, 2);
  first.level = 4;
  first.due_us = STORE_LEVEL_NEVER;
  SV_TRY(tx->levels->put(tx, ctx, &first));
  SV_TRY(tx->levels->due(tx, ctx, INT64_MAX, rows, 4, &n));
  assert_int_equal(n, 1);
  SV_TRY(tx->levels->below(tx, ctx, &below));
  assert_int_equal(below, 1);
  return SV_DONE;
}

static void a_file_is_due_until_it_is_where_it_is_wanted(void **state) { act(*state, level_act); }

/* --- tails --- */

static sv_status tails_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_tail *got;
  size_t n;
  SV_TRY(tail(tx, ctx, &file, 0, "first"));
  SV_TRY(tail(tx, ctx, &file, 1, "second"));
  SV_TRY(tail(tx, ctx, &gate, 0, "of the gate's copy"));
  assert_int_equal(tail(tx, ctx, &file, 1, "another").reason, SV_VERSION_CHANGED);
  sv_ctx_clear(ctx);
  SV_TRY(tx->levels->tails(tx, ctx, &file, true, &got, &n));
  assert_int_equal(n, 2);
  assert_true(sv_bytes_equal(got[0].bytes, sv_bytes_str("first")));
  assert_true(sv_bytes_equal(got[1].bytes, sv_bytes_str("second")));
  assert_true(got[1].step == 1 && got[1].level == 3 && got[1].file_sha256[0] == 11);
  SV_TRY(tx->levels->tails(tx, ctx, &gate, false, &got, &n));
  assert_int_equal(n, 1);
  assert_int_equal(got[0].bytes.n, 0);
  return SV_DONE;
}

static void tails_come_back_in_order_and_each_step_is_there_once(void **state) {
  act(*state, tails_act);
}

static sv_status many_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_tail *got;
  size_t n;
  for (uint32_t i = 0; i <= STORE_TAILS_MAX; i++) {
    SV_TRY(tail(tx, ctx, &file, i, "x"));
  }
  assert_int_equal(tx->levels->tails(tx, ctx, &file, true, &got, &n).reason, SV_LIMIT_EXCEEDED);
  sv_ctx_clear(ctx);
  return SV_DONE;
}

static void more_steps_than_there_may_be_are_not_read(void **state) { act(*state, many_act); }

/* --- erasure --- */

static sv_status keep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_level level = {.file = file, .level = 1, .wanted = 4, .due_us = 200};
  SV_TRY(tx->levels->put(tx, ctx, &level));
  return tail(tx, ctx, &file, 0, "personal");
}

static sv_status erase_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  return tx->log->document_erase(tx, ctx, file.number, 1);
}

static sv_status erased_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_level rows[4];
  struct store_tail *got;
  size_t n;
  uint64_t below;
  SV_TRY(tx->levels->due(tx, ctx, INT64_MAX, rows, 4, &n));
  assert_int_equal(n, 0);
  SV_TRY(tx->levels->below(tx, ctx, &below));
  assert_int_equal(below, 0);
  SV_TRY(tx->levels->tails(tx, ctx, &file, true, &got, &n));
  assert_int_equal(n, 1);
  assert_int_equal(got[0].bytes.n, 0);
  assert_int_equal(got[0].file_sha256[0], 10); /* digests outlive the bytes */
  return SV_DONE;
}

static void an_erasure_takes_tails_along_and_nothing_is_due_any_more(void **state) {
  act(*state, keep_act);
  act(*state, erase_act);
  act(*state, erased_act);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
  const struct CMUnitTest tests[] = {
      T(a_file_is_due_until_it_is_where_it_is_wanted),
      T(tails_come_back_in_order_and_each_step_is_there_once),
      T(more_steps_than_there_may_be_are_not_read),
      T(an_erasure_takes_tails_along_and_nothing_is_due_any_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
