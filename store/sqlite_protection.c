/* Persons over SQLite: keyed digests alone, never a name. */
#include "store/protection.h"
#include "store/sqlite_use.h"

enum { STMT_PERSON_ADD, STMT_PERSON_FIND, STMT_COUNT };
static const char *const texts[STMT_COUNT] = {
    [STMT_PERSON_ADD] =
        "INSERT OR REPLACE INTO person_keys (key, number, not_valid_for, route) VALUES (?1, ?2, "
        "?3, ?4)",
    [STMT_PERSON_FIND] =
        "SELECT p.number, d.state, d.valid_until, p.not_valid_for, p.route FROM person_keys p "
        "JOIN documents d ON d.number = p.number AND d.version = (SELECT max(version) FROM "
        "documents m WHERE m.number "
        "= p.number) WHERE p.key = ?1 LIMIT ?2",
};
const struct sqlite_group sqlite_protection_group = {texts, STMT_COUNT};

/* --- persons --- */

static sv_status tx_person_add(struct store_tx *tx, struct sv_ctx *ctx,
                               const uint8_t key[STORE_PERSON_KEY_BYTES],
                               const struct store_protection *p) {
  struct sqlite_use u = use_of(tx, SQLITE_PROTECTION, STMT_PERSON_ADD);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_text(&u, 2, p->number);
  use_text(&u, 3, p->not_valid_for);
  use_text(&u, 4, p->route);
  return use_run(&u, ctx, "person key", NULL);
}

static sv_status tx_person_find(struct store_tx *tx, struct sv_ctx *ctx,
                                const uint8_t key[STORE_PERSON_KEY_BYTES],
                                struct store_protection *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_PROTECTION, STMT_PERSON_FIND);
  use_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  use_int(&u, 2, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "person", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = {.ctx = ctx, .s = u.s};
    ret[n].number = row_text(&r);
    ret[n].state = (enum model_state)row_int(&r);
    ret[n].valid_until = row_text(&r);
    ret[n].not_valid_for = row_text(&r);
    ret[n].route = row_text(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "protections of a person");
    }
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

const struct store_protection_ops sqlite_protection_ops = {
    .person_add = tx_person_add,
    .person_find = tx_person_find,
};
