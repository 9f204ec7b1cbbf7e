/* Levels and tails over SQLite. A tail is sealed with the data key of its document, bound to its file and step: who erases
 * the document has erased it. */
#include "store/levels.h"

#include <stdio.h>

#include "base/clock.h"
#include "store/vault.h"

#define COLUMNS "number, version, copy, audience, level, wanted, due_us, tries"
#define THIS_FILE "number = ?1 AND version = ?2 AND copy = ?3 AND audience = ?4"

enum {
  STMT_PUT,
  STMT_FIND,
  STMT_DUE,
  STMT_RESTAMP,
  STMT_BELOW,
  STMT_TAIL_ADD,
  STMT_TAILS,
  STMT_DIGESTS,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
    [STMT_PUT] =
        "INSERT INTO levels (" COLUMNS
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (number, version, copy, audience) "
        "DO UPDATE SET level = ?5, wanted = ?6, due_us = ?7, tries = ?8",
    [STMT_FIND] = "SELECT " COLUMNS " FROM levels WHERE " THIS_FILE,
    [STMT_DUE] = "SELECT " COLUMNS
                 " FROM levels WHERE due_us < ?1 AND due_us < 9223372036854775807 ORDER BY due_us "
                 "LIMIT ?2",
    [STMT_RESTAMP] =
        "UPDATE levels SET due_us = ?2 WHERE level = 4 AND due_us > ?2 AND due_us < "
        "9223372036854775807 AND coalesce((SELECT max(time_us) FROM tails t WHERE t.number = "
        "levels.number AND t.version = levels.version AND t.copy = levels.copy AND t.audience = "
        "levels.audience), 0) < ?1",
    [STMT_BELOW] =
        "SELECT count(*) FROM levels WHERE level < wanted AND due_us < "
        "9223372036854775807", /* as its index says */
    [STMT_TAIL_ADD] =
        "INSERT INTO tails (number, version, copy, audience, step, level, bytes, file_sha256, "
        "time_us) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
    [STMT_TAILS] =
        "SELECT step, level, file_sha256, bytes FROM tails WHERE " THIS_FILE " ORDER BY step",
    [STMT_DIGESTS] = "SELECT step, level, file_sha256 FROM tails WHERE " THIS_FILE " ORDER BY step",
};
const struct sqlite_group sqlite_levels_group = {texts, STMT_COUNT};

enum { COLUMN_MAX = 48 };

/* The name under which a tail's bytes are sealed. */
static const char *column_of(const struct store_file *f, uint32_t step,
                             char name[static COLUMN_MAX]) {
  (void)snprintf(name, COLUMN_MAX, "tail %u %u %u", f->copy, (unsigned)f->audience, step);
  return name;
}

static struct sqlite_use use_file(struct store_tx *tx, int statement, const struct store_file *f) {
  struct sqlite_use u = use_of(tx, SQLITE_LEVELS, statement);
  use_text(&u, 1, f->number);
  use_int(&u, 2, f->version);
  use_int(&u, 3, f->copy);
  use_int(&u, 4, f->audience);
  return u;
}

static sv_status tx_put(struct store_tx *tx, struct sv_ctx *ctx, const struct store_level *l) {
  struct sqlite_use u = use_file(tx, STMT_PUT, &l->file);
  use_int(&u, 5, l->level);
  use_int(&u, 6, l->wanted);
  use_int(&u, 7, l->due_us);
  use_int(&u, 8, l->tries);
  return use_run(&u, ctx, "level", NULL);
}

static sv_status level_read(struct sqlite_row *r, struct store_level *ret) {
  struct store_level l = {.file.number = row_text(r), .file.version = (uint32_t)row_int(r)};
  l.file.copy = (uint32_t)row_int(r);
  l.file.audience = (enum model_audience)row_int(r);
  l.level = (uint32_t)row_int(r);
  l.wanted = (uint32_t)row_int(r);
  l.due_us = row_int(r);
  l.tries = (uint32_t)row_int(r);
  if (r->failed || l.file.audience < MODEL_AUTHORITY || l.file.audience >= MODEL_AUDIENCES ||
      l.level < STORE_LEVEL_LOWEST || l.level > STORE_LEVEL_HIGHEST ||
      l.wanted < STORE_LEVEL_LOWEST || l.wanted > STORE_LEVEL_HIGHEST) {
    return SV_FAIL(r->ctx, CORRUPT, "the row of a level");
  }
  *ret = l;
  return SV_DONE;
}

static sv_status tx_find(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *f,
                         struct store_level *ret) {
  struct sqlite_use u = use_file(tx, STMT_FIND, f);
  bool found;
  SV_TRY(use_row(&u, ctx, "level", &found));
  struct sqlite_row r = row_of(&u, ctx);
  sv_status s = found ? level_read(&r, ret) : SV_FAIL(ctx, NOT_FOUND, "no level of %s", f->number);
  use_end(&u);
  return s;
}

static sv_status tx_due(struct store_tx *tx, struct sv_ctx *ctx, int64_t now_us,
                        struct store_level *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_LEVELS, STMT_DUE);
  use_int(&u, 1, now_us);
  use_int(&u, 2, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool found;
    SV_TRY(use_row(&u, ctx, "levels", &found));
    if (!found || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    sv_status s = level_read(&r, &ret[n++]);
    if (sv_failed(s)) {
      use_end(&u);
      return s;
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_restamp(struct store_tx *tx, struct sv_ctx *ctx, int64_t before_us,
                            int64_t due_us) {
  struct sqlite_use u = use_of(tx, SQLITE_LEVELS, STMT_RESTAMP);
  use_int(&u, 1, before_us);
  use_int(&u, 2, due_us);
  return use_run(&u, ctx, "levels", NULL);
}

static sv_status tx_below(struct store_tx *tx, struct sv_ctx *ctx, uint64_t *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LEVELS, STMT_BELOW);
  bool found;
  SV_TRY(use_row(&u, ctx, "levels", &found));
  struct sqlite_row r = row_of(&u, ctx);
  *ret = found ? (uint64_t)row_int(&r) : 0;
  use_end(&u);
  return SV_DONE;
}

static sv_status tx_tail_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *f,
                             const struct store_tail *t) {
  struct vault_place place = {VAULT_DOCUMENT, f->number, f->version};
  struct sv_bytes sealed;
  char column[COLUMN_MAX];
  SV_TRY(vault_seal_at(tx, ctx, &place, column_of(f, t->step, column), t->bytes, &sealed));
  struct sqlite_use u = use_file(tx, STMT_TAIL_ADD, f);
  use_int(&u, 5, t->step);
  use_int(&u, 6, t->level);
  use_blob(&u, 7, sealed.p, sealed.n);
  use_blob(&u, 8, t->file_sha256, sizeof t->file_sha256);
  use_int(&u, 9, sv_wall_us());
  int changed;
  SV_TRY(use_run(&u, ctx, "tail", &changed));
  return changed == 1 ? SV_DONE
                      : SV_FAIL(ctx, VERSION_CHANGED, "step %u of %s is there", t->step, f->number);
}

/* Rows first, their bytes opened when the statement is at rest: opening asks for the data key. */
static sv_status tails_read(struct sqlite_use *u, struct sv_ctx *ctx, bool with_bytes,
                            struct store_tail *ret, size_t *ret_n) {
  size_t n = 0;
  for (;;) {
    bool found;
    SV_TRY(use_row(u, ctx, "tails", &found));
    if (!found) {
      break;
    }
    struct sqlite_row r = row_of(u, ctx);
    if (n == STORE_TAILS_MAX) {
      use_end(u);
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d steps of a file", STORE_TAILS_MAX);
    }
    ret[n] = (struct store_tail){.step = (uint32_t)row_int(&r)};
    ret[n].level = (uint32_t)row_int(&r);
    row_fixed(&r, ret[n].file_sha256, sizeof ret[n].file_sha256);
    ret[n].bytes = with_bytes ? row_blob(&r) : (struct sv_bytes){0};
    if (r.failed) {
      use_end(u);
      return SV_FAIL(ctx, CORRUPT, "the row of a tail, or out of memory reading it");
    }
    n++;
  }
  use_end(u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_tails(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *f,
                          bool with_bytes, struct store_tail **ret, size_t *ret_n) {
  struct sqlite_use u = use_file(tx, with_bytes ? STMT_TAILS : STMT_DIGESTS, f);
  struct store_tail *tails = SV_ARRAY(ctx->mem, STORE_TAILS_MAX, struct store_tail);
  size_t n;
  if (!tails) {
    use_end(&u);
    return SV_FAIL(ctx, NO_MEMORY, "tails");
  }
  SV_TRY(tails_read(&u, ctx, with_bytes, tails, &n));
  struct vault_place place = {VAULT_DOCUMENT, f->number, f->version};
  for (size_t i = 0; with_bytes && i < n; i++) {
    char column[COLUMN_MAX];
    SV_TRY(vault_open_at(tx, ctx, &place, column_of(f, tails[i].step, column), tails[i].bytes,
                         &tails[i].bytes));
  }
  *ret = tails;
  *ret_n = n;
  return SV_DONE;
}

const struct store_level_ops sqlite_level_ops = {.put = tx_put,
                                                 .find = tx_find,
                                                 .due = tx_due,
                                                 .restamp = tx_restamp,
                                                 .below = tx_below,
                                                 .tail_add = tx_tail_add,
                                                 .tails = tx_tails};
