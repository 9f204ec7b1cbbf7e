/* What happens to documents after their number, over SQLite: audit rows, acts under their request_ids, officers' words,
 * prints, events. Events are numbered in the act itself: the writer is the one sequencer. */
#include "base/clock.h"
#include "store/sqlite_use.h"

#define ACT_COLUMNS "authority, request_id, input_mac, act, subject, version, copy, detail"

enum {
  STMT_AUDIT,
  STMT_ACT_ADD,
  STMT_ACT_FIND,
  STMT_APPROVAL_ADD,
  STMT_APPROVALS,
  STMT_APPROVALS_DROP,
  STMT_PRINT_ADD,
  STMT_PRINT_COUNT,
  STMT_EVENT_NEXT,
  STMT_EVENT_ADD,
  STMT_EVENT_SERIES,
  STMT_EVENTS,
  STMT_EVENTS_FORGET,
  STMT_EVENTS_PURGE,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
    [STMT_AUDIT] =
        "INSERT INTO audit (time_us, actor, act, number, version, reason) VALUES (?1, ?2, ?3, ?4, "
        "?5, ?6)",
    [STMT_ACT_ADD] = "INSERT INTO acts (" ACT_COLUMNS
                     ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    [STMT_ACT_FIND] = "SELECT " ACT_COLUMNS " FROM acts WHERE authority = ?1 AND request_id = ?2",
    [STMT_APPROVAL_ADD] =
        "INSERT INTO approvals (number, version, question, officer, reason, time_us) VALUES (?1, "
        "?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    [STMT_APPROVALS] =
        "SELECT officer, reason, time_us FROM approvals WHERE number = ?1 AND version = ?2 AND "
        "question = ?3 ORDER BY time_us, officer LIMIT ?4",
    [STMT_APPROVALS_DROP] =
        "DELETE FROM approvals WHERE number = ?1 AND version = ?2 AND question = ?3",
    [STMT_PRINT_ADD] =
        "INSERT INTO prints (authority, number, version, copy, stock_number, spoiled, actor, "
        "time_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
    [STMT_PRINT_COUNT] =
        "SELECT count(*) FROM prints WHERE number = ?1 AND version = ?2 AND copy = ?3 AND "
        "spoiled = 0",
    [STMT_EVENT_NEXT] = "UPDATE event_series SET last = last + 1 RETURNING last",
    [STMT_EVENT_ADD] =
        "INSERT INTO events (event, topic, authority, kind, number, version, occupant_id, time_us) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [STMT_EVENT_SERIES] = "SELECT last, purged FROM event_series",
    [STMT_EVENTS] =
        "SELECT event, topic, authority, kind, number, version, occupant_id, time_us FROM events "
        "WHERE event > ?1 AND topic = ?2 AND authority = ?3 AND ((?4 >> kind) & 1) = 1 "
        "ORDER BY event LIMIT ?5",
    [STMT_EVENTS_FORGET] =
        "UPDATE event_series SET purged = coalesce((SELECT max(event) FROM events WHERE time_us < "
        "?1), purged)",
    [STMT_EVENTS_PURGE] = "DELETE FROM events WHERE event <= (SELECT purged FROM event_series)",
};
const struct sqlite_group sqlite_life_group = {texts, STMT_COUNT};

static sv_status tx_audit(struct store_tx *tx, struct sv_ctx *ctx, const struct store_audit *a) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_AUDIT);
  use_int(&u, 1, sv_wall_us());
  use_text(&u, 2, a->actor);
  use_text(&u, 3, a->act);
  use_text(&u, 4, a->number);
  use_int(&u, 5, a->version);
  use_text(&u, 6, a->reason);
  return use_run(&u, ctx, "audit", NULL);
}

/* --- acts --- */

static sv_status tx_act_add(struct store_tx *tx, struct sv_ctx *ctx,
                            const struct store_act_row *a) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_ACT_ADD);
  use_text(&u, 1, a->authority);
  use_text(&u, 2, a->request_id);
  use_blob(&u, 3, a->input_mac, 32);
  use_text(&u, 4, a->act);
  use_text(&u, 5, a->subject);
  use_int(&u, 6, a->version);
  use_int(&u, 7, a->copy);
  use_int(&u, 8, a->detail);
  int changed;
  SV_TRY(use_run(&u, ctx, "act", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "an act of this request_id");
}

static sv_status tx_act_find(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                             const char *request_id, struct store_act_row *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_ACT_FIND);
  use_text(&u, 1, authority);
  use_text(&u, 2, request_id);
  bool row;
  SV_TRY(use_row(&u, ctx, "act", &row));
  if (!row) {
    use_end(&u);
    return SV_FAIL(ctx, NOT_FOUND, "no act of this request_id");
  }
  struct sqlite_row r = row_of(&u, ctx);
  struct store_act_row a = {0};
  a.authority = row_text(&r);
  a.request_id = row_text(&r);
  row_fixed(&r, a.input_mac, 32);
  a.act = row_text(&r);
  a.subject = row_text(&r);
  a.version = (uint32_t)row_int(&r);
  a.copy = (uint32_t)row_int(&r);
  a.detail = row_int(&r);
  use_end(&u);
  if (r.failed) {
    return SV_FAIL(ctx, CORRUPT, "an act's row");
  }
  *ret = a;
  return SV_DONE;
}

/* --- officers' words --- */

static sv_status tx_approval_add(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_approval *a) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_APPROVAL_ADD);
  use_text(&u, 1, a->number);
  use_int(&u, 2, a->version);
  use_int(&u, 3, a->question);
  use_text(&u, 4, a->officer);
  use_int(&u, 5, a->reason);
  use_int(&u, 6, a->time_us);
  int changed;
  SV_TRY(use_run(&u, ctx, "approval", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "this officer's word is there");
}

static sv_status tx_approvals(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                              uint32_t version, enum store_question question,
                              struct store_approval *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_APPROVALS);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, question);
  use_int(&u, 4, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "approvals", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    ret[n] = (struct store_approval){.number = number, .version = version, .question = question};
    ret[n].officer = row_text(&r);
    ret[n].reason = (enum model_state_reason)row_int(&r);
    ret[n].time_us = row_int(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "approvals");
    }
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_approvals_drop(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, enum store_question question) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_APPROVALS_DROP);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, question);
  return use_run(&u, ctx, "approvals", NULL);
}

/* --- prints --- */

static sv_status tx_print_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_print *p,
                              uint32_t *ret_times) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_PRINT_ADD);
  use_text(&u, 1, p->authority);
  use_text(&u, 2, p->number);
  use_int(&u, 3, p->version);
  use_int(&u, 4, p->copy);
  use_text(&u, 5, p->stock_number);
  use_int(&u, 6, p->spoiled);
  use_text(&u, 7, p->actor);
  use_int(&u, 8, sv_wall_us());
  int changed;
  SV_TRY(use_run(&u, ctx, "print", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, ALREADY_EXISTS, "the sheet was used before");
  }
  struct sqlite_use c = use_of(tx, SQLITE_LIFE, STMT_PRINT_COUNT);
  use_text(&c, 1, p->number);
  use_int(&c, 2, p->version);
  use_int(&c, 3, p->copy);
  bool row;
  SV_TRY(use_row(&c, ctx, "prints", &row));
  *ret_times = row ? (uint32_t)sqlite3_column_int64(c.s, 0) : 0;
  use_end(&c);
  return SV_DONE;
}

/* --- events --- */

static sv_status tx_event_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_event *e,
                              uint64_t *ret_event) {
  struct sqlite_use next = use_of(tx, SQLITE_LIFE, STMT_EVENT_NEXT);
  bool row;
  SV_TRY(use_row(&next, ctx, "event", &row));
  int64_t event = row ? sqlite3_column_int64(next.s, 0) : 0;
  use_end(&next);
  if (event < 1) {
    return SV_FAIL(ctx, CORRUPT, "the series of events");
  }
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_EVENT_ADD);
  use_int(&u, 1, event);
  use_int(&u, 2, e->topic);
  use_text(&u, 3, e->authority);
  use_int(&u, 4, e->kind);
  use_text(&u, 5, e->number);
  use_int(&u, 6, e->version);
  use_text(&u, 7, e->occupant_id);
  use_int(&u, 8, e->time_us);
  SV_TRY(use_run(&u, ctx, "event", NULL));
  *ret_event = (uint64_t)event;
  return SV_DONE;
}

static sv_status event_series(struct store_tx *tx, struct sv_ctx *ctx, uint64_t *ret_last,
                              uint64_t *ret_purged) {
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_EVENT_SERIES);
  bool row;
  SV_TRY(use_row(&u, ctx, "events", &row));
  if (row) {
    *ret_last = (uint64_t)sqlite3_column_int64(u.s, 0);
    *ret_purged = (uint64_t)sqlite3_column_int64(u.s, 1);
  }
  use_end(&u);
  return row ? SV_DONE : SV_FAIL(ctx, CORRUPT, "the series of events");
}

static sv_status read_event(struct sqlite_use *u, struct sv_ctx *ctx, struct store_event *ret) {
  struct sqlite_row r = row_of(u, ctx);
  struct store_event e = {.event = (uint64_t)row_int(&r)};
  e.topic = (enum store_topic)row_int(&r);
  e.authority = row_text(&r);
  e.kind = (enum model_kind)row_int(&r);
  e.number = row_text(&r);
  e.version = (uint32_t)row_int(&r);
  e.occupant_id = row_text(&r);
  e.time_us = row_int(&r);
  if (r.failed) {
    use_end(u);
    return SV_FAIL(ctx, NO_MEMORY, "events");
  }
  *ret = e;
  return SV_DONE;
}

static sv_status tx_events_after(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_event_query *q, struct store_event *ret,
                                 size_t *ret_n, uint64_t *ret_last) {
  uint64_t last = 0, purged = 0;
  SV_TRY(event_series(tx, ctx, &last, &purged));
  if ((q->after && q->after < purged) || q->after > last) {
    return SV_FAIL(ctx, OUT_OF_RANGE, "events are known from %llu to %llu",
                   (unsigned long long)purged, (unsigned long long)last);
  }
  struct sqlite_use u = use_of(tx, SQLITE_LIFE, STMT_EVENTS);
  use_int(&u, 1, (int64_t)q->after);
  use_int(&u, 2, q->topic);
  use_text(&u, 3, q->authority);
  use_int(&u, 4, q->kinds);
  use_int(&u, 5, (int64_t)q->limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "events", &row));
    if (!row || n == q->limit) {
      break;
    }
    SV_TRY(read_event(&u, ctx, &ret[n]));
    n++;
  }
  use_end(&u);
  *ret_n = n;
  *ret_last = last;
  return SV_DONE;
}

static sv_status tx_events_purge(struct store_tx *tx, struct sv_ctx *ctx, int64_t before_us) {
  struct sqlite_use forget = use_of(tx, SQLITE_LIFE, STMT_EVENTS_FORGET);
  use_int(&forget, 1, before_us);
  SV_TRY(use_run(&forget, ctx, "events", NULL));
  struct sqlite_use purge = use_of(tx, SQLITE_LIFE, STMT_EVENTS_PURGE);
  return use_run(&purge, ctx, "events", NULL);
}

const struct store_life_ops sqlite_life_ops = {
    .audit = tx_audit,
    .act_add = tx_act_add,
    .act_find = tx_act_find,
    .approval_add = tx_approval_add,
    .approvals = tx_approvals,
    .approvals_drop = tx_approvals_drop,
    .print_add = tx_print_add,
    .event_add = tx_event_add,
    .events_after = tx_events_after,
    .events_purge = tx_events_purge,
};
