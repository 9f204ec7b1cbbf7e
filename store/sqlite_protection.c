/* Persons, holds and facts over SQLite. */
#include "store/protection.h"

#include <string.h>

#include "store/sqlite_use.h"

#define HOLD_COLUMNS                                                                         \
  "name, authority, cause, states, confirmed, placed_by, place_us, document_key, name_key, " \
  "self, first_by, lifted_by, lift_fact, lift_us, near_to, number, occupant_id, sealed, "    \
  "alarm_us, row"
#define FACT_COLUMNS                                                                            \
  "id, authority, kind, person_key, reference_mac, fact_us, expiry_us, language, interpreter, " \
  "hold, recorded_by, time_us"

enum {
  STMT_LETTER_ADD,
  STMT_PERSON_ADD,
  STMT_PERSON_FIND,
  STMT_LETTER,
  STMT_DIFFERENCE_ADD,
  STMT_DIFFERENCE_KNOWN,
  STMT_HOLD_ADD,
  STMT_HOLD_FIND,
  STMT_HOLD_CHANGE,
  STMT_HOLD_LIST,
  STMT_HOLD_OF,
  STMT_HOLDS_PLACED,
  STMT_HOLDS_UNCONFIRMED,
  STMT_FACT_ADD,
  STMT_FACT_FIND,
  STMT_FACTS_OF,
  STMT_PERSONS_OF_REFERENCE,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
    [STMT_LETTER_ADD] =
        "INSERT OR REPLACE INTO letters (number, purpose, protects, not_valid_for, route) "
        "VALUES (?1, ?2, ?3, ?4, ?5)",
    [STMT_PERSON_ADD] =
        "INSERT INTO persons (key, near, subject) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (key, subject) DO UPDATE SET near = min(near, excluded.near)",
    [STMT_PERSON_FIND] = "SELECT subject, near FROM persons WHERE key = ?1 LIMIT ?2",
    [STMT_LETTER] =
        "SELECT l.number, l.purpose, l.protects, l.not_valid_for, l.route, d.state, d.valid_until "
        "FROM letters l JOIN documents d ON d.number = l.number AND d.version = (SELECT "
        "max(version) FROM documents m WHERE m.number = l.number) WHERE l.number = ?1",
    [STMT_DIFFERENCE_ADD] = "INSERT OR IGNORE INTO differences (subject, self) VALUES (?1, ?2)",
    [STMT_DIFFERENCE_KNOWN] = "SELECT 1 FROM differences WHERE subject = ?1 AND self = ?2",
    [STMT_HOLD_ADD] =
        "INSERT INTO holds (name, authority, cause, states, confirmed, placed_by, place_us, "
        "document_key, name_key, self, first_by, lifted_by, lift_fact, lift_us, near_to, number, "
        "occupant_id, sealed, alarm_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
        "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19) ON CONFLICT DO NOTHING",
    [STMT_HOLD_FIND] = "SELECT " HOLD_COLUMNS " FROM holds WHERE name = ?1",
    [STMT_HOLD_CHANGE] =
        "UPDATE holds SET confirmed = ?2, first_by = ?3, lifted_by = ?4, lift_fact = ?5, lift_us = "
        "?6, alarm_us = ?7 WHERE name = ?1",
    [STMT_HOLD_LIST] = "SELECT " HOLD_COLUMNS
                       " FROM holds WHERE authority = ?1 AND row < ?2 ORDER BY row DESC LIMIT ?3",
    [STMT_HOLD_OF] = "SELECT " HOLD_COLUMNS
                     " FROM holds WHERE self = ?1 AND lift_us = 0 AND authority = ?2 AND cause = "
                     "?3 AND (?4 = '' "
                     "OR near_to = ?4) ORDER BY row LIMIT 1",
    [STMT_HOLDS_PLACED] = "SELECT count(*) FROM holds WHERE placed_by = ?1 AND place_us >= ?2",
    [STMT_HOLDS_UNCONFIRMED] =
        "SELECT " HOLD_COLUMNS
        " FROM holds WHERE confirmed = 0 AND lift_us = 0 AND place_us < ?1 AND alarm_us < ?2 "
        "ORDER BY place_us LIMIT ?3",
    [STMT_FACT_ADD] =
        "INSERT INTO facts (" FACT_COLUMNS
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
    [STMT_FACT_FIND] = "SELECT " FACT_COLUMNS " FROM facts WHERE authority = ?1 AND id = ?2",
    [STMT_FACTS_OF] = "SELECT " FACT_COLUMNS
                      " FROM facts WHERE authority = ?1 AND person_key = ?2 ORDER BY row DESC "
                      "LIMIT ?3",
    [STMT_PERSONS_OF_REFERENCE] =
        "SELECT DISTINCT person_key FROM facts WHERE authority = ?1 AND kind = ?2 AND "
        "reference_mac = ?3 LIMIT ?4",
};
const struct sqlite_group sqlite_protection_group = {texts, STMT_COUNT};

static struct sqlite_use use(struct store_tx *tx, int statement) {
  return use_of(tx, SQLITE_PROTECTION, statement);
}

/* A statement that has to change one row. */
static sv_status run_one(struct sqlite_use *u, struct sv_ctx *ctx, const char *what,
                         bool *ret_one) {
  int changed;
  SV_TRY(use_run(u, ctx, what, &changed));
  *ret_one = changed == 1;
  return SV_DONE;
}

/* --- persons --- */

static sv_status tx_letter_add(struct store_tx *tx, struct sv_ctx *ctx,
                               const struct store_letter *l) {
  struct sqlite_use u = use(tx, STMT_LETTER_ADD);
  use_text(&u, 1, l->number);
  use_int(&u, 2, l->purpose);
  use_int(&u, 3, l->protects);
  use_text(&u, 4, l->not_valid_for);
  use_text(&u, 5, l->route);
  return use_run(&u, ctx, "letter", NULL);
}

static sv_status tx_person_add(struct store_tx *tx, struct sv_ctx *ctx,
                               const uint8_t key[STORE_PERSON_KEY_BYTES], bool near,
                               const char *subject) {
  struct sqlite_use u = use(tx, STMT_PERSON_ADD);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_int(&u, 2, near);
  use_text(&u, 3, subject);
  return use_run(&u, ctx, "person key", NULL);
}

/* What the subject of a key is; *ret_found false for a hold that was lifted. */
static sv_status subject_read(struct store_tx *tx, struct sv_ctx *ctx, struct store_protection *p,
                              bool *ret_found) {
  p->hold = strncmp(p->subject, "holds/", 6) == 0;
  struct sqlite_use u = use(tx, p->hold ? STMT_HOLD_FIND : STMT_LETTER);
  use_text(&u, 1, p->subject);
  bool row;
  SV_TRY(use_row(&u, ctx, "subject of a person key", &row));
  if (!row) {
    use_end(&u);
    return SV_FAIL(ctx, CORRUPT, "a person key leads nowhere");
  }
  struct sqlite_row r = row_of(&u, ctx);
  *ret_found = true;
  if (p->hold) {
    p->cause = (int)sqlite3_column_int64(u.s, 2);
    r.col = 3;
    p->states = row_text(&r);
    *ret_found = sqlite3_column_int64(u.s, 13) == 0;
  } else {
    p->letter.number = row_text(&r);
    p->letter.purpose = (enum model_purpose)row_int(&r);
    p->letter.protects = row_int(&r) != 0;
    p->letter.not_valid_for = row_text(&r);
    p->letter.route = row_text(&r);
    p->state = (enum model_state)row_int(&r);
    p->valid_until = row_text(&r);
  }
  use_end(&u);
  return r.failed ? SV_FAIL(ctx, NO_MEMORY, "protections of a person") : SV_DONE;
}

static sv_status tx_person_find(struct store_tx *tx, struct sv_ctx *ctx,
                                const uint8_t key[STORE_PERSON_KEY_BYTES],
                                struct store_protection *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_PERSON_FIND);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_int(&u, 2, (int64_t)limit);
  size_t listed = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "person", &row));
    if (!row || listed == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    ret[listed] = (struct store_protection){.subject = row_text(&r)};
    ret[listed++].near = row_int(&r) != 0;
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "protections of a person");
    }
  }
  use_end(&u);
  size_t n = 0;
  for (size_t i = 0; i < listed; i++) {
    bool found;
    struct store_protection p = ret[i];
    SV_TRY(subject_read(tx, ctx, &p, &found));
    if (found || listed == limit) { /* a full list stays full: more than can be judged */
      ret[n++] = p;
    }
  }
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_difference_add(struct store_tx *tx, struct sv_ctx *ctx, const char *subject,
                                   const uint8_t self[STORE_PERSON_KEY_BYTES]) {
  struct sqlite_use u = use(tx, STMT_DIFFERENCE_ADD);
  use_text(&u, 1, subject);
  use_blob(&u, 2, self, STORE_PERSON_KEY_BYTES);
  return use_run(&u, ctx, "difference", NULL);
}

static sv_status tx_difference_known(struct store_tx *tx, struct sv_ctx *ctx, const char *subject,
                                     const uint8_t self[STORE_PERSON_KEY_BYTES], bool *ret) {
  struct sqlite_use u = use(tx, STMT_DIFFERENCE_KNOWN);
  use_text(&u, 1, subject);
  use_blob(&u, 2, self, STORE_PERSON_KEY_BYTES);
  SV_TRY(use_row(&u, ctx, "difference", ret));
  use_end(&u);
  return SV_DONE;
}

/* --- holds --- */

static bool hold_read(struct sqlite_use *u, struct sv_ctx *ctx, struct store_hold *ret) {
  struct sqlite_row r = row_of(u, ctx);
  *ret = (struct store_hold){0};
  ret->name = row_text(&r);
  ret->authority = row_text(&r);
  ret->cause = (int)row_int(&r);
  ret->states = row_text(&r);
  ret->confirmed = row_int(&r) != 0;
  ret->placed_by = row_text(&r);
  ret->place_us = row_int(&r);
  row_fixed(&r, ret->fact_key[0], STORE_PERSON_KEY_BYTES);
  row_fixed(&r, ret->fact_key[1], STORE_PERSON_KEY_BYTES);
  row_fixed(&r, ret->self, STORE_PERSON_KEY_BYTES);
  ret->first_by = row_text(&r);
  ret->lifted_by = row_text(&r);
  ret->lift_fact = row_text(&r);
  ret->lift_us = row_int(&r);
  ret->near_to = row_text(&r);
  ret->number = row_text(&r);
  ret->occupant_id = row_text(&r);
  ret->sealed = row_blob(&r);
  ret->alarm_us = row_int(&r);
  ret->row = (uint64_t)row_int(&r);
  return !r.failed;
}

static sv_status one_hold(struct sqlite_use *u, struct sv_ctx *ctx, struct store_hold *ret) {
  bool row;
  SV_TRY(use_row(u, ctx, "hold", &row));
  bool read = row && hold_read(u, ctx, ret);
  use_end(u);
  return !row   ? SV_FAIL(ctx, NOT_FOUND, "no such hold")
         : read ? SV_DONE
                : SV_FAIL(ctx, CORRUPT, "a hold's row, or out of memory reading it");
}

static sv_status many_holds(struct sqlite_use *u, struct sv_ctx *ctx, struct store_hold *ret,
                            size_t limit, size_t *ret_n) {
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(u, ctx, "holds", &row));
    if (!row || n == limit) {
      break;
    }
    if (!hold_read(u, ctx, &ret[n++])) {
      use_end(u);
      return SV_FAIL(ctx, CORRUPT, "a hold's row, or out of memory reading it");
    }
  }
  use_end(u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_hold_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_hold *h) {
  struct sqlite_use u = use(tx, STMT_HOLD_ADD);
  use_text(&u, 1, h->name);
  use_text(&u, 2, h->authority);
  use_int(&u, 3, h->cause);
  use_text(&u, 4, h->states);
  use_int(&u, 5, h->confirmed);
  use_text(&u, 6, h->placed_by);
  use_int(&u, 7, h->place_us);
  use_blob(&u, 8, h->fact_key[0], STORE_PERSON_KEY_BYTES);
  use_blob(&u, 9, h->fact_key[1], STORE_PERSON_KEY_BYTES);
  use_blob(&u, 10, h->self, STORE_PERSON_KEY_BYTES);
  use_text(&u, 11, h->first_by);
  use_text(&u, 12, h->lifted_by);
  use_text(&u, 13, h->lift_fact);
  use_int(&u, 14, h->lift_us);
  use_text(&u, 15, h->near_to);
  use_text(&u, 16, h->number);
  use_text(&u, 17, h->occupant_id);
  use_blob(&u, 18, h->sealed.p, h->sealed.n);
  use_int(&u, 19, h->alarm_us);
  bool one;
  SV_TRY(run_one(&u, ctx, "hold", &one));
  return one ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "hold");
}

static sv_status tx_hold_find(struct store_tx *tx, struct sv_ctx *ctx, const char *name,
                              struct store_hold *ret) {
  struct sqlite_use u = use(tx, STMT_HOLD_FIND);
  use_text(&u, 1, name);
  return one_hold(&u, ctx, ret);
}

static sv_status tx_hold_change(struct store_tx *tx, struct sv_ctx *ctx,
                                const struct store_hold *h) {
  struct sqlite_use u = use(tx, STMT_HOLD_CHANGE);
  use_text(&u, 1, h->name);
  use_int(&u, 2, h->confirmed);
  use_text(&u, 3, h->first_by);
  use_text(&u, 4, h->lifted_by);
  use_text(&u, 5, h->lift_fact);
  use_int(&u, 6, h->lift_us);
  use_int(&u, 7, h->alarm_us);
  bool one;
  SV_TRY(run_one(&u, ctx, "hold", &one));
  return one ? SV_DONE : SV_FAIL(ctx, NOT_FOUND, "no such hold");
}

static sv_status tx_hold_list(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                              uint64_t before_row, struct store_hold *ret, size_t limit,
                              size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_HOLD_LIST);
  use_text(&u, 1, authority);
  use_int(&u, 2, before_row ? (int64_t)before_row : INT64_MAX);
  use_int(&u, 3, (int64_t)limit);
  return many_holds(&u, ctx, ret, limit, ret_n);
}

static sv_status tx_hold_of(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            int cause, const uint8_t self[STORE_PERSON_KEY_BYTES],
                            const char *near_to, struct store_hold *ret) {
  struct sqlite_use u = use(tx, STMT_HOLD_OF);
  use_blob(&u, 1, self, STORE_PERSON_KEY_BYTES);
  use_text(&u, 2, authority);
  use_int(&u, 3, cause);
  use_text(&u, 4, near_to);
  return one_hold(&u, ctx, ret);
}

static sv_status tx_holds_placed(struct store_tx *tx, struct sv_ctx *ctx, const char *actor,
                                 int64_t since_us, uint32_t *ret) {
  struct sqlite_use u = use(tx, STMT_HOLDS_PLACED);
  use_text(&u, 1, actor);
  use_int(&u, 2, since_us);
  bool row;
  SV_TRY(use_row(&u, ctx, "holds of a caller", &row));
  *ret = row ? (uint32_t)sqlite3_column_int64(u.s, 0) : 0;
  use_end(&u);
  return SV_DONE;
}

static sv_status tx_holds_unconfirmed(struct store_tx *tx, struct sv_ctx *ctx,
                                      int64_t placed_before_us, int64_t alarm_before_us,
                                      struct store_hold *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_HOLDS_UNCONFIRMED);
  use_int(&u, 1, placed_before_us);
  use_int(&u, 2, alarm_before_us);
  use_int(&u, 3, (int64_t)limit);
  return many_holds(&u, ctx, ret, limit, ret_n);
}

/* --- facts --- */

static bool fact_read(struct sqlite_use *u, struct sv_ctx *ctx, struct store_fact *ret) {
  struct sqlite_row r = row_of(u, ctx);
  *ret = (struct store_fact){0};
  ret->id = row_text(&r);
  ret->authority = row_text(&r);
  ret->kind = (int)row_int(&r);
  row_fixed(&r, ret->person_key, STORE_PERSON_KEY_BYTES);
  row_fixed(&r, ret->reference_mac, sizeof ret->reference_mac);
  ret->fact_us = row_int(&r);
  ret->expiry_us = row_int(&r);
  ret->language = row_text(&r);
  ret->interpreter = row_int(&r) != 0;
  ret->hold = row_text(&r);
  ret->recorded_by = row_text(&r);
  ret->time_us = row_int(&r);
  return !r.failed;
}

static sv_status tx_fact_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_fact *f) {
  struct sqlite_use u = use(tx, STMT_FACT_ADD);
  use_text(&u, 1, f->id);
  use_text(&u, 2, f->authority);
  use_int(&u, 3, f->kind);
  use_blob(&u, 4, f->person_key, STORE_PERSON_KEY_BYTES);
  use_blob(&u, 5, f->reference_mac, sizeof f->reference_mac);
  use_int(&u, 6, f->fact_us);
  use_int(&u, 7, f->expiry_us);
  use_text(&u, 8, f->language);
  use_int(&u, 9, f->interpreter);
  use_text(&u, 10, f->hold);
  use_text(&u, 11, f->recorded_by);
  use_int(&u, 12, f->time_us);
  bool one;
  SV_TRY(run_one(&u, ctx, "fact", &one));
  return one ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "fact");
}

static sv_status tx_fact_find(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                              const char *id, struct store_fact *ret) {
  struct sqlite_use u = use(tx, STMT_FACT_FIND);
  use_text(&u, 1, authority);
  use_text(&u, 2, id);
  bool row;
  SV_TRY(use_row(&u, ctx, "fact", &row));
  bool read = row && fact_read(&u, ctx, ret);
  use_end(&u);
  return !row   ? SV_FAIL(ctx, NOT_FOUND, "no such fact")
         : read ? SV_DONE
                : SV_FAIL(ctx, CORRUPT, "a fact's row, or out of memory reading it");
}

static sv_status tx_facts_of(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                             const uint8_t person_key[STORE_PERSON_KEY_BYTES],
                             struct store_fact *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_FACTS_OF);
  use_text(&u, 1, authority);
  use_blob(&u, 2, person_key, STORE_PERSON_KEY_BYTES);
  use_int(&u, 3, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "facts", &row));
    if (!row || n == limit) {
      break;
    }
    if (!fact_read(&u, ctx, &ret[n++])) {
      use_end(&u);
      return SV_FAIL(ctx, CORRUPT, "a fact's row, or out of memory reading it");
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

sv_status sqlite_person_keys(struct sqlite_use *u, struct sv_ctx *ctx,
                             uint8_t (*ret)[STORE_PERSON_KEY_BYTES], size_t limit, size_t *ret_n) {
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(u, ctx, "person keys", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(u, ctx);
    row_fixed(&r, ret[n++], STORE_PERSON_KEY_BYTES);
    if (r.failed) {
      use_end(u);
      return SV_FAIL(ctx, CORRUPT, "a person key");
    }
  }
  use_end(u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_persons_of_reference(struct store_tx *tx, struct sv_ctx *ctx,
                                         const char *authority, int kind,
                                         const uint8_t reference_mac[32],
                                         uint8_t (*ret)[STORE_PERSON_KEY_BYTES], size_t limit,
                                         size_t *ret_n) {
  struct sqlite_use u = use(tx, STMT_PERSONS_OF_REFERENCE);
  use_text(&u, 1, authority);
  use_int(&u, 2, kind);
  use_blob(&u, 3, reference_mac, 32);
  use_int(&u, 4, (int64_t)limit);
  return sqlite_person_keys(&u, ctx, ret, limit, ret_n);
}

const struct store_protection_ops sqlite_protection_ops = {
    .letter_add = tx_letter_add,
    .person_add = tx_person_add,
    .person_find = tx_person_find,
    .difference_add = tx_difference_add,
    .difference_known = tx_difference_known,
    .hold_add = tx_hold_add,
    .hold_find = tx_hold_find,
    .hold_change = tx_hold_change,
    .hold_list = tx_hold_list,
    .hold_of = tx_hold_of,
    .holds_placed = tx_holds_placed,
    .holds_unconfirmed = tx_holds_unconfirmed,
    .fact_add = tx_fact_add,
    .fact_find = tx_fact_find,
    .facts_of = tx_facts_of,
    .persons_of_reference = tx_persons_of_reference,
    .flight_put = sqlite_flight_put,
    .line_add = sqlite_line_add,
    .line_key_add = sqlite_line_key_add,
    .lines_find = sqlite_lines_find,
    .line_exact_keys = sqlite_line_exact_keys,
    .flights_suspended = sqlite_flights_suspended,
    .mark_add = sqlite_mark_add,
    .marks_of = sqlite_marks_of,
    .boarded_put = sqlite_boarded_put,
    .boarded_count = sqlite_boarded_count,
};
