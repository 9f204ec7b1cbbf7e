/* Flights, their lines and what the gates mark of them, over SQLite. */
#include "store/protection.h"
#include "store/sqlite_use.h"

enum {
  STMT_FLIGHT_PUT,
  STMT_LINES_DROP,
  STMT_LINE_KEYS_DROP,
  STMT_LINE_ADD,
  STMT_LINE_KEY_ADD,
  STMT_LINES_FIND,
  STMT_LINE_EXACT_KEYS,
  STMT_FLIGHTS_SUSPENDED,
  STMT_MARK_ADD,
  STMT_MARKS_OF,
  STMT_BOARDED_PUT,
  STMT_BOARDED_COUNT,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
    [STMT_FLIGHT_PUT] =
        "INSERT OR REPLACE INTO flights (number, version, authority, states) VALUES (?1, ?2, ?3, "
        "?4)",
    [STMT_LINES_DROP] = "DELETE FROM flight_lines WHERE number = ?1",
    [STMT_LINE_KEYS_DROP] = "DELETE FROM flight_keys WHERE number = ?1",
    [STMT_LINE_ADD] =
        "INSERT INTO flight_lines (number, occupant_id, self, document_key, name_key) VALUES (?1, "
        "?2, ?3, ?4, ?5)",
    [STMT_LINE_KEY_ADD] =
        "INSERT INTO flight_keys (key, number, occupant_id, near) VALUES (?1, ?2, ?3, ?4) "
        "ON CONFLICT (key, number, occupant_id) DO UPDATE SET near = min(near, excluded.near)",
    [STMT_LINES_FIND] =
        "SELECT f.number, f.version, f.authority, f.states, l.occupant_id, l.self, "
        "l.document_key, l.name_key, k.near, d.state FROM flight_keys k JOIN flights f ON f.number "
        "= k.number JOIN flight_lines l ON l.number = k.number AND l.occupant_id = k.occupant_id "
        "JOIN documents d ON d.number = f.number AND d.version = f.version "
        "WHERE k.key = ?1 AND d.state IN (3, 4) AND (k.number, k.occupant_id) > (?2, ?3) ORDER BY "
        "k.number, k.occupant_id LIMIT ?4",
    [STMT_LINE_EXACT_KEYS] =
        "SELECT key FROM flight_keys WHERE number = ?1 AND occupant_id = ?2 AND near = 0 LIMIT ?3",
    [STMT_FLIGHTS_SUSPENDED] =
        "SELECT f.number, f.version, f.authority, f.states FROM documents d JOIN flights f ON "
        "f.number = d.number AND f.version = d.version WHERE d.state = 4 LIMIT ?1",
    [STMT_MARK_ADD] =
        "INSERT INTO marks (authority, number, version, occupant_id, mark, mark_us, device, actor, "
        "time_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [STMT_MARKS_OF] =
        "SELECT authority, number, version, occupant_id, mark, mark_us, device, actor, time_us "
        "FROM marks WHERE number = ?1 ORDER BY row LIMIT ?2",
    [STMT_BOARDED_PUT] = "INSERT OR REPLACE INTO closings (number, boarded) VALUES (?1, ?2)",
    [STMT_BOARDED_COUNT] = "SELECT boarded FROM closings WHERE number = ?1",
};
const struct sqlite_group sqlite_flights_group = {texts, STMT_COUNT};

static struct sqlite_use use(struct store_tx *tx, int statement) {
  return use_of(tx, SQLITE_FLIGHTS, statement);
}

sv_status sqlite_flight_put(struct store_tx *tx, struct sv_ctx *ctx, const struct store_flight *f) {
  static const int drops[] = {STMT_LINES_DROP, STMT_LINE_KEYS_DROP};
  for (size_t i = 0; i < 2; i++) {
    struct sqlite_use u = use(tx, drops[i]);
    use_text(&u, 1, f->number);
    SV_TRY(use_run(&u, ctx, "lines of an older version", NULL));
  }
  struct sqlite_use u = use(tx, STMT_FLIGHT_PUT);
  use_text(&u, 1, f->number);
  use_int(&u, 2, f->version);
  use_text(&u, 3, f->authority);
  use_text(&u, 4, f->states);
  return use_run(&u, ctx, "flight", NULL);
}

sv_status sqlite_line_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_line *l) {
  struct sqlite_use u = use(tx, STMT_LINE_ADD);
  use_text(&u, 1, l->number);
  use_text(&u, 2, l->occupant_id);
  use_blob(&u, 3, l->self, STORE_PERSON_KEY_BYTES);
  use_blob(&u, 4, l->fact_key[0], STORE_PERSON_KEY_BYTES);
  use_blob(&u, 5, l->fact_key[1], STORE_PERSON_KEY_BYTES);
  return use_run(&u, ctx, "line", NULL);
}

sv_status sqlite_line_key_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_line *l,
                              const uint8_t key[STORE_PERSON_KEY_BYTES], bool near) {
  struct sqlite_use u = use(tx, STMT_LINE_KEY_ADD);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_text(&u, 2, l->number);
  use_text(&u, 3, l->occupant_id);
  use_int(&u, 4, near);
  return use_run(&u, ctx, "key of a line", NULL);
}

sv_status sqlite_lines_find(struct store_tx *tx, struct sv_ctx *ctx,
                            const uint8_t key[STORE_PERSON_KEY_BYTES],
                            const struct store_line *after, struct store_line_found *ret,
                            size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_LINES_FIND);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_text(&u, 2, after->number);
  use_text(&u, 3, after->occupant_id);
  use_int(&u, 4, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "lines", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    struct store_line_found *l = &ret[n++];
    *l = (struct store_line_found){0};
    l->flight.number = l->line.number = row_text(&r);
    l->flight.version = (uint32_t)row_int(&r);
    l->flight.authority = row_text(&r);
    l->flight.states = row_text(&r);
    l->line.occupant_id = row_text(&r);
    row_fixed(&r, l->line.self, STORE_PERSON_KEY_BYTES);
    row_fixed(&r, l->line.fact_key[0], STORE_PERSON_KEY_BYTES);
    row_fixed(&r, l->line.fact_key[1], STORE_PERSON_KEY_BYTES);
    l->near = row_int(&r) != 0;
    l->state = (enum model_state)row_int(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, CORRUPT, "a line's row, or out of memory reading it");
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

sv_status sqlite_line_exact_keys(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_line *l, uint8_t (*ret)[STORE_PERSON_KEY_BYTES],
                                 size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_LINE_EXACT_KEYS);
  use_text(&u, 1, l->number);
  use_text(&u, 2, l->occupant_id);
  use_int(&u, 3, (int64_t)limit);
  return sqlite_person_keys(&u, ctx, ret, limit, ret_n);
}

sv_status sqlite_flights_suspended(struct store_tx *tx, struct sv_ctx *ctx,
                                   struct store_flight *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_FLIGHTS_SUSPENDED);
  use_int(&u, 1, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "suspended manifests", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    struct store_flight *f = &ret[n++];
    f->number = row_text(&r);
    f->version = (uint32_t)row_int(&r);
    f->authority = row_text(&r);
    f->states = row_text(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "suspended manifests");
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

sv_status sqlite_mark_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_mark *m) {
  struct sqlite_use u = use(tx, STMT_MARK_ADD);
  use_text(&u, 1, m->authority);
  use_text(&u, 2, m->number);
  use_int(&u, 3, m->version);
  use_text(&u, 4, m->occupant_id);
  use_int(&u, 5, m->mark);
  use_int(&u, 6, m->mark_us);
  use_text(&u, 7, m->device);
  use_text(&u, 8, m->actor);
  use_int(&u, 9, m->time_us);
  return use_run(&u, ctx, "mark", NULL);
}

sv_status sqlite_marks_of(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          struct store_mark *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_MARKS_OF);
  use_text(&u, 1, number);
  use_int(&u, 2, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "marks", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    struct store_mark *m = &ret[n++];
    m->authority = row_text(&r);
    m->number = row_text(&r);
    m->version = (uint32_t)row_int(&r);
    m->occupant_id = row_text(&r);
    m->mark = (int)row_int(&r);
    m->mark_us = row_int(&r);
    m->device = row_text(&r);
    m->actor = row_text(&r);
    m->time_us = row_int(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "marks");
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

sv_status sqlite_boarded_put(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                             uint32_t boarded) {
  struct sqlite_use u = use(tx, STMT_BOARDED_PUT);
  use_text(&u, 1, number);
  use_int(&u, 2, boarded);
  return use_run(&u, ctx, "closing", NULL);
}

sv_status sqlite_boarded_count(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                               uint32_t *ret) {
  struct sqlite_use u = use(tx, STMT_BOARDED_COUNT);
  use_text(&u, 1, number);
  bool row;
  SV_TRY(use_row(&u, ctx, "closing", &row));
  uint32_t boarded = row ? (uint32_t)sqlite3_column_int64(u.s, 0) : 0;
  use_end(&u);
  if (!row) {
    return SV_FAIL(ctx, NOT_FOUND, "no closed manifest of that number");
  }
  *ret = boarded;
  return SV_DONE;
}
