/* One suite over every backend of the registry: what the contract promises, not how it is kept. */
#include "store/sqlite.h"
#include "tests/vectors.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

static const struct store_keys keys = {.registry = {1}, .master = {2}};

struct fixture {
  struct sv_ctx ctx;
  struct store *store;
  char dir[64];
  char path[96];
};

static int fixture_open(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->ctx = sv_ctx_over(sv_arena_open((size_t)16 << 20));
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/sv-store-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  (void)snprintf(f->path, sizeof f->path, "%s/registry.db", f->dir);
  assert_int_equal(store_sqlite_open(&f->ctx, f->path, &keys, &f->store).reason, SV_OK);
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

static struct store_document row_of(const char *number, uint32_t version, const char *request_id) {
  return (struct store_document){
      .number = number,
      .version = version,
      .authority = "migration",
      .kind = MODEL_SAFE_CONDUCT,
      .request_id = request_id,
      .state = MODEL_RESERVED,
      .supersedes = "",
      .template_name = "t@1",
      .languages = "es,en",
      .issue_date = "2026-01-15",
      .valid_from = "2026-01-15",
      .valid_until = "2026-04-15",
      .issued_by = "x",
      .request = sv_bytes_str("request"),
      .status_list = "A",
      .status_index = (uint32_t)(number[7] * 256 + number[6]) * 16 + version,
      .obligation = "",
      .lease_until_us = 1000};
}

static sv_status reserve(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->ops->document_reserve(tx, ctx, arg);
}

static struct store_issue issue_of(const char *pdf) {
  return (struct store_issue){.pdf = sv_bytes_str(pdf),
                              .record = sv_bytes_str("{}"),
                              .seal_certificate = "UTTSA7",
                              .pdf_sha256 = {(uint8_t)pdf[0], 1}};
}

struct issuing {
  const char *number;
  uint32_t version;
  struct store_issue issue;
};
static sv_status issue(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct issuing *i = arg;
  return tx->ops->document_issue(tx, ctx, i->number, i->version, &i->issue);
}

struct finding {
  const char *number;
  uint32_t version;
  struct store_document out;
};
static sv_status find(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct finding *f = arg;
  return tx->ops->document_find(tx, ctx, f->number, f->version, &f->out);
}

static void a_reserved_row_comes_back_as_it_was(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000AX", 1, "r1");
  row.salt[3] = 7;
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &row).reason, SV_OK);
  struct finding q = {.number = "S260000AX"};
  assert_int_equal(store_read(f->store, &f->ctx, find, &q).reason, SV_OK);
  assert_int_equal(q.out.state, MODEL_RESERVED);
  assert_int_equal(q.out.salt[3], 7);
  assert_string_equal(q.out.valid_until, "2026-04-15");
  assert_memory_equal(q.out.request.p, "request", 7);
}

static void a_document_is_issued_once_only(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000BX", 1, "r2");
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &row).reason, SV_OK);
  struct issuing i = {"S260000BX", 1, issue_of("one")};
  assert_int_equal(store_write(f->store, &f->ctx, issue, &i).reason, SV_OK);
  i.issue = issue_of("two");
  assert_int_equal(store_write(f->store, &f->ctx, issue, &i).reason, SV_NOT_ISSUED);
  sv_ctx_clear(&f->ctx);
  struct finding q = {.number = "S260000BX"};
  assert_int_equal(store_read(f->store, &f->ctx, find, &q).reason, SV_OK);
  assert_int_equal(q.out.state, MODEL_ISSUED);
}

static void a_request_id_names_one_row(void **state) {
  struct fixture *f = *state;
  struct store_document a = row_of("S260000CX", 1, "same");
  struct store_document b = row_of("S260000DX", 1, "same");
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &a).reason, SV_OK);
  assert_true(sv_failed(store_write(f->store, &f->ctx, reserve, &b)));
}

static sv_status two_steps(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  SV_TRY(tx->ops->document_reserve(tx, ctx, arg));
  return SV_FAIL(ctx, HOLD, "after the row was written");
}

static void an_act_that_fails_leaves_nothing(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000EX", 1, "r5");
  assert_int_equal(store_write(f->store, &f->ctx, two_steps, &row).reason, SV_HOLD);
  sv_ctx_clear(&f->ctx);
  struct finding q = {.number = "S260000EX"};
  assert_int_equal(store_read(f->store, &f->ctx, find, &q).reason, SV_NOT_FOUND);
}

static sv_status next(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->ops->series_next(tx, ctx, MODEL_SAFE_CONDUCT, 2026, arg);
}

static sv_status next_then_fail(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  SV_TRY(next(tx, ctx, arg));
  return SV_FAIL(ctx, HOLD, "refused");
}

static void a_refusal_burns_no_number(void **state) {
  struct fixture *f = *state;
  uint32_t n;
  assert_int_equal(store_write(f->store, &f->ctx, next, &n).reason, SV_OK);
  assert_int_equal(n, 1);
  assert_int_equal(store_write(f->store, &f->ctx, next_then_fail, &n).reason, SV_HOLD);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(store_write(f->store, &f->ctx, next, &n).reason, SV_OK);
  assert_int_equal(n, 2);
}

enum { WRITERS = 8, EACH = 50 };
struct counting {
  struct store *store;
  bool seen[WRITERS * EACH + 1];
  pthread_mutex_t mutex;
};

static void *count_up(void *arg) {
  struct counting *c = arg;
  struct sv_arena *mem = sv_arena_open((size_t)1 << 20);
  for (int i = 0; i < EACH; i++) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    uint32_t n = 0;
    if (store_write(c->store, &ctx, next, &n).reason == SV_OK) {
      (void)pthread_mutex_lock(&c->mutex);
      c->seen[n] = true;
      (void)pthread_mutex_unlock(&c->mutex);
    }
  }
  sv_arena_close(mem);
  return NULL;
}

static void numbers_have_no_gap_under_concurrent_writers(void **state) {
  struct fixture *f = *state;
  struct counting c = {.store = f->store, .mutex = PTHREAD_MUTEX_INITIALIZER};
  pthread_t threads[WRITERS];
  for (int i = 0; i < WRITERS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, count_up, &c), 0);
  }
  for (int i = 0; i < WRITERS; i++) {
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  }
  for (int n = 1; n <= WRITERS * EACH; n++) {
    assert_true(c.seen[n]);
  }
}

struct spending {
  int64_t minor;
};
static sv_status spend(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct spending *s = arg;
  return tx->funding->obligation_disburse(tx, ctx, "migration", "O-1", s->minor, 1, false);
}
static sv_status obligate(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->funding->obligation_add(tx, ctx, arg);
}

static void an_obligation_is_never_overdrawn(void **state) {
  struct fixture *f = *state;
  struct store_obligation o = {.id = "O-1",
                               .authority = "migration",
                               .request_id = "q",
                               .award_number = "a",
                               .awarding_agency = "b",
                               .recipient_name = "c",
                               .recipient_id = "",
                               .currency = "USD",
                               .obligated_minor = 100,
                               .period_start = "2026-01-01",
                               .period_end = "2026-12-31"};
  assert_int_equal(store_write(f->store, &f->ctx, obligate, &o).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, obligate, &o).reason, SV_ALREADY_EXISTS);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(store_write(f->store, &f->ctx, spend, &(struct spending){60}).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, spend, &(struct spending){41}).reason,
                   SV_BALANCE_EXCEEDED);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(store_write(f->store, &f->ctx, spend, &(struct spending){40}).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, spend, &(struct spending){1}).reason,
                   SV_BALANCE_EXCEEDED);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(store_write(f->store, &f->ctx, spend, &(struct spending){-100}).reason, SV_OK);
}

static void what_was_acknowledged_is_there_after_reopening(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000FX", 1, "r6");
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &row).reason, SV_OK);
  store_close(f->store);
  f->store = NULL;
  assert_int_equal(store_sqlite_open(&f->ctx, f->path, &keys, &f->store).reason, SV_OK);
  struct finding q = {.number = "S260000FX"};
  assert_int_equal(store_read(f->store, &f->ctx, find, &q).reason, SV_OK);
}

static void a_second_process_is_kept_out(void **state) {
  struct fixture *f = *state;
  struct store *second;
  assert_int_equal(store_sqlite_open(&f->ctx, f->path, &keys, &second).reason, SV_CONFIG);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
  const struct CMUnitTest tests[] = {
      T(a_reserved_row_comes_back_as_it_was), T(a_document_is_issued_once_only),
      T(a_request_id_names_one_row),          T(an_act_that_fails_leaves_nothing),
      T(a_refusal_burns_no_number),           T(numbers_have_no_gap_under_concurrent_writers),
      T(an_obligation_is_never_overdrawn),    T(what_was_acknowledged_is_there_after_reopening),
      T(a_second_process_is_kept_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
