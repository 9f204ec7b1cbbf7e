/* One suite over every backend of the registry: what the contract promises, not how it is kept. */
#include "store/audience.h"
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
      .paper = MODEL_LETTER,
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
                              .template_name = "t@2",
                              .template_sha256 = {9, 8, 7},
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
  assert_int_equal(q.out.paper, MODEL_LETTER);
  assert_int_equal(q.out.template_sha256.n, 0); /* of what is issued alone */
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
  assert_string_equal(q.out.template_name, "t@2"); /* as it was drawn */
  assert_int_equal(q.out.template_sha256.n, 32);
  assert_memory_equal(q.out.template_sha256.p, "\x09\x08\x07", 4);
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

/* --- life --- */

static sv_status copies_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_copy second = {.copy = 2,
                              .reason = MODEL_REASON_DAMAGED,
                              .time_us = 5,
                              .status_index = 77,
                              .pdf = sv_bytes_str("copy two"),
                              .pdf_sha256 = {2, 2}};
  SV_TRY(tx->ops->copy_add(tx, ctx, "S260000KX", 1, &second));
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  assert_int_equal(tx->ops->copy_add(tx, &aside, "S260000KX", 1, &second).reason,
                   SV_VERSION_CHANGED);
  bool taken;
  SV_TRY(tx->ops->status_index_taken(tx, ctx, "A", 77, &taken));
  assert_true(taken);
  struct store_copy all[4];
  size_t n;
  SV_TRY(tx->ops->copies(tx, ctx, "S260000KX", 1, all, 4, &n));
  assert_int_equal(n, 2);
  assert_int_equal(all[0].status_index, STORE_INDEX_OF_DOCUMENT);
  assert_int_equal(all[1].reason, MODEL_REASON_DAMAGED);
  struct sv_bytes pdf;
  uint8_t digest[32];
  SV_TRY(tx->ops->pdf(tx, ctx, "S260000KX", 1, 0, &pdf, digest));
  assert_true(sv_bytes_equal(pdf, sv_bytes_str("copy two")));
  SV_TRY(tx->ops->pdf(tx, ctx, "S260000KX", 1, 1, &pdf, digest));
  assert_true(sv_bytes_equal(pdf, sv_bytes_str("one")));
  return SV_DONE;
}

static void copies_follow_each_other_and_keep_their_bytes(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000KX", 1, "k");
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &row).reason, SV_OK);
  struct issuing i = {"S260000KX", 1, issue_of("one")};
  assert_int_equal(store_write(f->store, &f->ctx, issue, &i).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, copies_act, NULL).reason, SV_OK);
}

/* --- copies for an audience --- */

static struct store_audience_copy audience_copy(enum model_audience audience, const char *pdf) {
  return (struct store_audience_copy){.number = "M260000AA",
                                      .version = 1,
                                      .audience = audience,
                                      .actor = "spiffe://x/authority/a/system/gate",
                                      .time_us = 7,
                                      .pdf_sha256 = {9, (uint8_t)audience},
                                      .pdf = sv_bytes_str(pdf)};
}

static sv_status audience_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_audience_copy gate = audience_copy(MODEL_GATE, "for the gate"),
                             operator_copy = audience_copy(MODEL_OPERATOR, "for the operator"), got;
  struct store_audience_copy all[MODEL_AUDIENCES];
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  size_t n;
  SV_TRY(tx->audience->add(tx, ctx, &operator_copy));
  SV_TRY(tx->audience->add(tx, ctx, &gate));
  assert_int_equal(tx->audience->add(tx, &aside, &gate).reason, SV_ALREADY_EXISTS);
  SV_TRY(tx->audience->find(tx, ctx, "M260000AA", 1, MODEL_GATE, &got));
  assert_true(sv_bytes_equal(got.pdf, sv_bytes_str("for the gate")));
  assert_string_equal(got.actor, gate.actor);
  assert_int_equal(got.time_us, 7);
  assert_int_equal(tx->audience->find(tx, &aside, "M260000AA", 1, MODEL_DESTINATION, &got).reason,
                   SV_NOT_FOUND);
  assert_int_equal(tx->audience->find(tx, &aside, "M260000AA", 2, MODEL_GATE, &got).reason,
                   SV_NOT_FOUND);
  SV_TRY(tx->audience->by_pdf(tx, ctx, operator_copy.pdf_sha256, &got));
  assert_int_equal(got.audience, MODEL_OPERATOR);
  assert_int_equal(tx->audience->by_pdf(tx, &aside, (const uint8_t[32]){1}, &got).reason,
                   SV_NOT_FOUND);
  SV_TRY(tx->audience->all(tx, ctx, "M260000AA", 1, all, &n));
  assert_int_equal(n, 2);
  assert_int_equal(all[0].audience, MODEL_GATE);
  return SV_DONE;
}

static void a_version_has_one_copy_an_audience(void **state) {
  struct fixture *f = *state;
  assert_int_equal(store_write(f->store, &f->ctx, audience_act, NULL).reason, SV_OK);
}

static sv_status draft_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_document ended[2];
  size_t n;
  SV_TRY(tx->ops->drafts_ended(tx, ctx, 8, ended, 2, &n));
  assert_int_equal(n, 0);
  SV_TRY(tx->ops->drafts_ended(tx, ctx, 10, ended, 2, &n));
  assert_int_equal(n, 1);
  SV_TRY(tx->ops->draft_reserve(tx, ctx, "S260000MX", 1, 50, 60));
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  assert_int_equal(tx->ops->draft_reserve(tx, &aside, "S260000MX", 1, 50, 60).reason,
                   SV_NOT_ISSUED);
  return SV_DONE;
}

static void a_draft_is_reserved_once_and_not_issued_before(void **state) {
  struct fixture *f = *state;
  struct store_document row = row_of("S260000MX", 1, "m");
  row.state = MODEL_PENDING_APPROVAL;
  row.draft_until_us = 9;
  row.approvals_needed = 2;
  assert_int_equal(store_write(f->store, &f->ctx, reserve, &row).reason, SV_OK);
  struct issuing i = {"S260000MX", 1, issue_of("early")};
  assert_int_equal(store_write(f->store, &f->ctx, issue, &i).reason, SV_NOT_ISSUED);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(store_write(f->store, &f->ctx, draft_act, NULL).reason, SV_OK);
  assert_int_equal(store_write(f->store, &f->ctx, issue, &i).reason, SV_OK);
}

static sv_status words_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct store_act_row act = {.authority = "a",
                              .request_id = "1",
                              .input_mac = {9},
                              .act = "RevokeDocument",
                              .subject = "S260000NX",
                              .version = 3,
                              .copy = 2,
                              .detail = -7};
  struct store_act_row back;
  SV_TRY(tx->life->act_add(tx, ctx, &act));
  assert_int_equal(tx->life->act_add(tx, &aside, &act).reason, SV_ALREADY_EXISTS);
  SV_TRY(tx->life->act_find(tx, ctx, "a", "1", &back));
  assert_string_equal(back.subject, "S260000NX");
  assert_int_equal(back.detail, -7);
  assert_int_equal(back.input_mac[0], 9);
  sv_ctx_clear(&aside);
  assert_int_equal(tx->life->act_find(tx, &aside, "b", "1", &back).reason, SV_NOT_FOUND);
  struct store_approval word = {
      .number = "S260000NX", .version = 1, .question = STORE_REVOKE, .officer = "x", .time_us = 2};
  struct store_approval words[4];
  size_t n;
  SV_TRY(tx->life->approval_add(tx, ctx, &word));
  assert_int_equal(tx->life->approval_add(tx, &aside, &word).reason, SV_ALREADY_EXISTS);
  word.officer = "earlier";
  word.time_us = 1;
  SV_TRY(tx->life->approval_add(tx, ctx, &word));
  SV_TRY(tx->life->approvals(tx, ctx, "S260000NX", 1, STORE_REVOKE, words, 4, &n));
  assert_int_equal(n, 2);
  assert_string_equal(words[0].officer, "earlier");
  SV_TRY(tx->life->approvals(tx, ctx, "S260000NX", 1, STORE_ISSUE, words, 4, &n));
  assert_int_equal(n, 0);
  SV_TRY(tx->life->approvals_drop(tx, ctx, "S260000NX", 1, STORE_REVOKE));
  SV_TRY(tx->life->approvals(tx, ctx, "S260000NX", 1, STORE_REVOKE, words, 4, &n));
  assert_int_equal(n, 0);
  return SV_DONE;
}

static void an_act_and_an_officers_word_count_once(void **state) {
  struct fixture *f = *state;
  assert_int_equal(store_write(f->store, &f->ctx, words_act, NULL).reason, SV_OK);
}

static sv_status event_of(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  uint64_t number;
  struct store_event e = {.topic = STORE_DOCUMENT_EVENT,
                          .authority = "a",
                          .kind = MODEL_SAFE_CONDUCT,
                          .number = "S260000PX",
                          .version = 1,
                          .occupant_id = "",
                          .time_us = *(int64_t *)arg};
  SV_TRY(tx->life->event_add(tx, ctx, &e, &number));
  return e.time_us < 0 ? SV_FAIL(ctx, HOLD, "undone") : SV_DONE;
}

static sv_status events_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_event_query q = {.topic = STORE_DOCUMENT_EVENT,
                                .authority = "a",
                                .kinds = 1U << MODEL_SAFE_CONDUCT,
                                .limit = 8};
  struct store_event all[8];
  size_t n;
  uint64_t last;
  SV_TRY(tx->life->events_after(tx, ctx, &q, all, &n, &last));
  assert_int_equal(n, 3);
  assert_int_equal(last, 3);
  assert_int_equal(all[2].event, 3);
  SV_TRY(tx->life->events_purge(tx, ctx, 3)); /* those of the times 1 and 2 */
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  q.after = 1;
  assert_int_equal(tx->life->events_after(tx, &aside, &q, all, &n, &last).reason, SV_OUT_OF_RANGE);
  q.after = 0; /* who has seen nothing yet begins with what is there */
  SV_TRY(tx->life->events_after(tx, ctx, &q, all, &n, &last));
  assert_int_equal(n, 1);
  assert_int_equal(all[0].event, 3);
  q.after = 2;
  SV_TRY(tx->life->events_after(tx, ctx, &q, all, &n, &last));
  assert_int_equal(n, 1);
  q.after = 4;
  sv_ctx_clear(&aside);
  assert_int_equal(tx->life->events_after(tx, &aside, &q, all, &n, &last).reason, SV_OUT_OF_RANGE);
  return SV_DONE;
}

static void events_have_no_holes_and_purged_ones_are_told(void **state) {
  struct fixture *f = *state;
  for (int64_t t = 1; t <= 3; t++) {
    assert_int_equal(store_write(f->store, &f->ctx, event_of, &t).reason, SV_OK);
    int64_t undone = -1;
    assert_int_equal(store_write(f->store, &f->ctx, event_of, &undone).reason, SV_HOLD);
    sv_ctx_clear(&f->ctx);
  }
  assert_int_equal(store_write(f->store, &f->ctx, events_act, NULL).reason, SV_OK);
}

static sv_status amend_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  struct store_obligation o = {.authority = "a",
                               .id = "O-7",
                               .request_id = "r",
                               .award_number = "A",
                               .awarding_agency = "B",
                               .recipient_name = "C",
                               .recipient_id = "",
                               .currency = "USD",
                               .obligated_minor = 100,
                               .period_start = "2026-01-01",
                               .period_end = "2026-12-31"};
  SV_TRY(tx->funding->obligation_add(tx, ctx, &o));
  struct store_amendment a = {.authority = "a",
                              .id = "O-7",
                              .amendment = 1,
                              .change_minor = 50,
                              .obligated_minor = 150,
                              .period_end = "2027-12-31",
                              .actor = "x",
                              .record = sv_bytes_str("{}"),
                              .signature = sv_bytes_str("s")};
  SV_TRY(tx->funding->amendment_add(tx, ctx, &a));
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  assert_int_equal(tx->funding->amendment_add(tx, &aside, &a).reason, SV_VERSION_CHANGED);
  struct store_obligation list[2];
  struct store_amendment actions[2];
  size_t n;
  SV_TRY(tx->funding->obligation_list(tx, ctx, "a", "", list, 2, &n));
  assert_int_equal(n, 1);
  assert_int_equal(list[0].obligated_minor, 150);
  assert_string_equal(list[0].period_end, "2027-12-31");
  SV_TRY(tx->funding->obligation_list(tx, ctx, "a", "O-7", list, 2, &n));
  assert_int_equal(n, 0);
  SV_TRY(tx->funding->amendments(tx, ctx, "a", "O-7", actions, 2, &n));
  assert_int_equal(n, 1);
  assert_true(sv_bytes_equal(actions[0].signature, sv_bytes_str("s")));
  return SV_DONE;
}

static void an_amendment_is_the_next_one_or_none(void **state) {
  struct fixture *f = *state;
  assert_int_equal(store_write(f->store, &f->ctx, amend_act, NULL).reason, SV_OK);
}

static sv_status bills_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  (void)arg;
  static const char *const receipts[] = {"R260000AX", "R260000BX", "R260000CX"};
  static const enum model_state states[] = {MODEL_RESERVED, MODEL_VOID, MODEL_ISSUED};
  uint64_t n;
  for (size_t i = 0; i < 3; i++) {
    struct store_document row = row_of(receipts[i], 1, receipts[i]);
    SV_TRY(tx->ops->document_reserve(tx, ctx, &row));
    SV_TRY(tx->funding->bill_add(tx, ctx, "M260000AX", receipts[i], 10));
    SV_TRY(tx->ops->document_state(tx, ctx, receipts[i], 1, states[i], MODEL_REASON_NONE,
                                   i == 2 ? "R260000DX" : ""));
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  assert_int_equal(tx->funding->bill_add(tx, &aside, "M260000AX", receipts[0], 1).reason,
                   SV_ALREADY_EXISTS);
  SV_TRY(tx->funding->billed(tx, ctx, "M260000AX", "", &n));
  assert_int_equal(n, 10); /* the void one and the reversed one bill nothing */
  SV_TRY(tx->funding->billed(tx, ctx, "M260000AX", receipts[0], &n));
  assert_int_equal(n, 0);
  SV_TRY(tx->funding->billed(tx, ctx, "M260000BX", "", &n));
  assert_int_equal(n, 0);
  return SV_DONE;
}

static void what_a_void_or_reversed_receipt_billed_is_billed_no_more(void **state) {
  struct fixture *f = *state;
  assert_int_equal(store_write(f->store, &f->ctx, bills_act, NULL).reason, SV_OK);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)
  const struct CMUnitTest tests[] = {
      T(a_reserved_row_comes_back_as_it_was),
      T(a_document_is_issued_once_only),
      T(a_request_id_names_one_row),
      T(an_act_that_fails_leaves_nothing),
      T(a_refusal_burns_no_number),
      T(numbers_have_no_gap_under_concurrent_writers),
      T(an_obligation_is_never_overdrawn),
      T(what_was_acknowledged_is_there_after_reopening),
      T(a_second_process_is_kept_out),
      T(copies_follow_each_other_and_keep_their_bytes),
      T(a_version_has_one_copy_an_audience),
      T(a_draft_is_reserved_once_and_not_issued_before),
      T(an_act_and_an_officers_word_count_once),
      T(events_have_no_holes_and_purged_ones_are_told),
      T(an_amendment_is_the_next_one_or_none),
      T(what_a_void_or_reversed_receipt_billed_is_billed_no_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
