/* What does retention erase, and what stays whatever its age? Rows of long ago are put into a real registry. */
#include "service/retention.h"

#include <stdlib.h>

#include "model/number.h"
#include "service/erase.h"
#include "store/sqlite.h"
#include "tests/vectors.h"

struct fixture {
  struct sv_ctx ctx;
  struct store *store;
  struct service *service;
  struct service_policy policy;
  char dir[64];
};

static sv_status decode(struct sv_ctx *ctx, struct sv_bytes request, struct model_content *ret) {
  (void)request, (void)ret;
  return SV_FAIL(ctx, CORRUPT, "nobody's request is looked at");
}

static int fixture_open(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->ctx = sv_ctx_over(sv_arena_open((size_t)64 << 20));
  (void)snprintf(f->dir, sizeof f->dir, "/tmp/sv-retention-XXXXXX");
  assert_non_null(mkdtemp(f->dir));
  char *path = sv_arena_printf(f->ctx.mem, "%s/registry.db", f->dir);
  const struct store_keys keys = {.registry = {7}, .master = {8}};
  assert_int_equal(store_sqlite_open(&f->ctx, path, &keys, &f->store).reason, SV_OK);
  struct service_parts parts = {
      .store = f->store, .policy = &f->policy, .registry_key = {7}, .request_decode = decode};
  assert_int_equal(service_open(&f->ctx, &parts, &f->service).reason, SV_OK);
  *state = f;
  return 0;
}

static int fixture_close(void **state) {
  struct fixture *f = *state;
  service_close(f->service);
  store_close(f->store);
  char command[96];
  (void)snprintf(command, sizeof command, "rm -rf %s", f->dir);
  assert_int_equal(system(command), 0);
  sv_arena_close(f->ctx.mem);
  free(f);
  return 0;
}

/* --- rows of long ago --- */

struct old_row {
  enum model_kind kind;
  uint32_t sequence;
  const char *obligation;
  const char *record;
};

static const char *number_of(struct fixture *f, const struct old_row *r) {
  char *number = sv_arena_alloc(f->ctx.mem, 10);
  assert_non_null(number);
  model_number_format(r->kind, 2015, r->sequence, number);
  return number;
}

struct putting {
  const struct old_row *r;
  const char *number;
};
static sv_status put_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct putting *p = arg;
  struct store_document row = {.number = p->number,
                               .version = 1,
                               .authority = "migration",
                               .kind = p->r->kind,
                               .request_id = p->number,
                               .state = MODEL_RESERVED,
                               .supersedes = "",
                               .template_name = "t@1",
                               .languages = "",
                               .issue_date = "2015-03-01",
                               .valid_from = "",
                               .valid_until = "",
                               .issued_by = "x",
                               .request = sv_bytes_str("request"),
                               .status_list = "A",
                               .status_index = p->r->sequence * 4 + p->r->kind,
                               .obligation = p->r->obligation};
  struct store_issue issue = {.pdf = sv_bytes_str("pdf"),
                              .record = sv_bytes_str(p->r->record),
                              .seal_certificate = "UTTSA7",
                              .pdf_sha256 = {(uint8_t)p->r->sequence, (uint8_t)p->r->kind}};
  SV_TRY(tx->ops->document_reserve(tx, ctx, &row));
  return tx->ops->document_issue(tx, ctx, p->number, 1, &issue);
}

static const char *put(struct fixture *f, struct old_row r) {
  struct putting p = {&r, number_of(f, &r)};
  assert_int_equal(store_write(f->store, &f->ctx, put_act, &p).reason, SV_OK);
  return p.number;
}

static sv_status obligate_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct store_obligation o = {.id = arg,
                               .authority = "migration",
                               .request_id = arg,
                               .award_number = "A",
                               .awarding_agency = "B",
                               .recipient_name = "C",
                               .recipient_id = "",
                               .currency = "USD",
                               .obligated_minor = 1000,
                               .period_start = "2015-01-01",
                               .period_end = "2015-12-31"};
  return tx->funding->obligation_add(tx, ctx, &o);
}

static sv_status close_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->funding->obligation_disburse(tx, ctx, "migration", arg, 0, 1, true);
}

static void act(struct fixture *f, store_act *run, const char *id) {
  assert_int_equal(store_write(f->store, &f->ctx, run, (void *)(uintptr_t)id).reason, SV_OK);
}

struct finding {
  const char *number;
  struct store_document out;
};
static sv_status find_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct finding *q = arg;
  return tx->ops->document_find(tx, ctx, q->number, 1, &q->out);
}

static enum model_state state_of(struct fixture *f, const char *number) {
  struct finding q = {.number = number};
  assert_int_equal(store_read(f->store, &f->ctx, find_act, &q).reason, SV_OK);
  return q.out.state;
}

static bool sweep(struct fixture *f) {
  bool left = false;
  assert_int_equal(retention_sweep(f->service, &f->ctx, 4, &left).reason, SV_OK);
  return left;
}

/* --- tests --- */

static void a_receipt_stays_while_its_obligation_is_open(void **state) {
  struct fixture *f = *state;
  f->policy.retention.days[MODEL_DISBURSEMENT_RECEIPT] = POLICY_RECEIPT_DAYS_MIN;
  act(f, obligate_act, "O-1");
  const char *number = put(f, (struct old_row){MODEL_DISBURSEMENT_RECEIPT, 1, "O-1", "{}"});
  (void)sweep(f);
  assert_int_equal(state_of(f, number), MODEL_ISSUED);
  act(f, close_act, "O-1");
  (void)sweep(f);
  assert_int_equal(state_of(f, number), MODEL_ERASED);
}

static void without_a_rule_nothing_goes(void **state) {
  struct fixture *f = *state;
  f->policy.retention.days[MODEL_SAFE_CONDUCT] = 1; /* of another kind */
  act(f, obligate_act, "O-1");
  act(f, close_act, "O-1");
  const char *number = put(f, (struct old_row){MODEL_DISBURSEMENT_RECEIPT, 1, "O-1", "{}"});
  assert_false(sweep(f));
  assert_int_equal(state_of(f, number), MODEL_ISSUED);
}

static void what_stays_does_not_keep_what_comes_after_it(void **state) {
  struct fixture *f = *state;
  f->policy.retention.days[MODEL_DISBURSEMENT_RECEIPT] = POLICY_RECEIPT_DAYS_MIN;
  act(f, obligate_act, "O-open");
  act(f, obligate_act, "O-closed");
  act(f, close_act, "O-closed");
  for (uint32_t i = 1; i <= 9; i++) {
    (void)put(f, (struct old_row){MODEL_DISBURSEMENT_RECEIPT, i, "O-open", "{}"});
  }
  const char *last = put(f, (struct old_row){MODEL_DISBURSEMENT_RECEIPT, 10, "O-closed", "{}"});
  for (int i = 0; i < 2; i++) { /* four at a time */
    assert_true(sweep(f));
    assert_int_equal(state_of(f, last), MODEL_ISSUED);
  }
  assert_false(sweep(f));
  assert_int_equal(state_of(f, last), MODEL_ERASED);
}

static sv_status erase_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return erase_in_act(tx, ctx, arg);
}

static void a_manifest_ends_on_the_day_of_its_last_departure(void **state) {
  struct fixture *f = *state;
  const char *number =
      put(f, (struct old_row){
                 MODEL_FLIGHT_MANIFEST, 1, "",
                 "{\"legs\":[{\"departure_time\":\"2016-01-09T23:30:00-05:00\"},"
                 "{\"departure_time\":\"2016-01-11T23:30:00-05:00\"}]}"}); /* the 12th in UTC */
  struct erase_order order = {"sweeper", number, "RETENTION", "2016-01-12"};
  struct sv_ctx aside = sv_ctx_over(f->ctx.mem);
  assert_int_equal(store_write(f->store, &aside, erase_act, &order).reason, SV_NOT_ISSUED);
  assert_int_equal(state_of(f, number), MODEL_ISSUED);
  order.before = "2016-01-13";
  assert_int_equal(store_write(f->store, &f->ctx, erase_act, &order).reason, SV_OK);
  assert_int_equal(state_of(f, number), MODEL_ERASED);
}

static void what_can_not_be_judged_stays_and_is_told(void **state) {
  struct fixture *f = *state;
  bool left = false;
  f->policy.retention.days[MODEL_SAFE_CONDUCT] = 30;
  const char *number = put(f, (struct old_row){MODEL_SAFE_CONDUCT, 1, "", "{}"});
  assert_int_equal(retention_sweep(f->service, &f->ctx, 4, &left).reason,
                   SV_CONFIG); /* its authority left the policy */
  assert_non_null(strstr(f->ctx.detail, number));
  assert_int_equal(state_of(f, number), MODEL_ISSUED);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
  const struct CMUnitTest tests[] = {
      T(a_receipt_stays_while_its_obligation_is_open),
      T(without_a_rule_nothing_goes),
      T(what_stays_does_not_keep_what_comes_after_it),
      T(a_manifest_ends_on_the_day_of_its_last_departure),
      T(what_can_not_be_judged_stays_and_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
