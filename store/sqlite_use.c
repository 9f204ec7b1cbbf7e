/* Connections of the SQLite backend, and the binding and reading that all its slots share. */
#include "store/sqlite_use.h"

#include <stdlib.h>
#include <string.h>

#include "store/sqlite_digest.h"

struct sqlite_use use_of(struct store_tx *tx, enum sqlite_group_id group, int statement) {
  struct sqlite_tx *t = (struct sqlite_tx *)tx;
  return (struct sqlite_use){.t = t, .s = t->stmts[group][statement], .rc = SQLITE_OK};
}

void use_text(struct sqlite_use *u, int i, const char *v) {
  u->rc |= sqlite3_bind_text(u->s, i, v ? v : "", -1, SQLITE_STATIC);
}
void use_int(struct sqlite_use *u, int i, int64_t v) { u->rc |= sqlite3_bind_int64(u->s, i, v); }
void use_blob(struct sqlite_use *u, int i, const void *p, size_t n) {
  u->rc |=
      n ? sqlite3_bind_blob64(u->s, i, p, n, SQLITE_STATIC) : sqlite3_bind_zeroblob(u->s, i, 0);
}

static sv_status use_failed(struct sqlite_use *u, struct sv_ctx *ctx, const char *what) {
  bool touched = sqlite3_extended_errcode(u->t->db) == SQLITE_CONSTRAINT_TRIGGER;
  const char *why = sqlite3_errmsg(u->t->db);
  sv_status s = touched ? SV_FAIL(ctx, CORRUPT, "%s: %s", what, why)
                        : SV_FAIL(ctx, STORE, "%s: %s", what, why);
  (void)sqlite3_reset(u->s);
  (void)sqlite3_clear_bindings(u->s);
  return s;
}

void use_end(struct sqlite_use *u) {
  (void)sqlite3_reset(u->s);
  (void)sqlite3_clear_bindings(u->s);
}

sv_status use_row(struct sqlite_use *u, struct sv_ctx *ctx, const char *what, bool *ret_row) {
  int rc = u->rc == SQLITE_OK ? sqlite3_step(u->s) : u->rc;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return use_failed(u, ctx, what);
  }
  *ret_row = rc == SQLITE_ROW;
  return SV_DONE;
}

sv_status use_run(struct sqlite_use *u, struct sv_ctx *ctx, const char *what, int *ret_changed) {
  bool row;
  SV_TRY(use_row(u, ctx, what, &row));
  if (ret_changed) {
    *ret_changed = sqlite3_changes(u->t->db);
  }
  use_end(u);
  return SV_DONE;
}

const char *row_text(struct sqlite_row *r) {
  const unsigned char *p = sqlite3_column_text(r->s, r->col);
  int n = sqlite3_column_bytes(r->s, r->col++);
  char *copy = sv_arena_strndup(r->ctx->mem, (const char *)p, p ? (size_t)n : 0);
  r->failed |= !copy;
  return copy ? copy : "";
}
int64_t row_int(struct sqlite_row *r) { return sqlite3_column_int64(r->s, r->col++); }
struct sv_bytes row_blob(struct sqlite_row *r) {
  const void *p = sqlite3_column_blob(r->s, r->col);
  int n = sqlite3_column_bytes(r->s, r->col++);
  if (n <= 0) {
    return (struct sv_bytes){0};
  }
  uint8_t *copy = sv_arena_alloc(r->ctx->mem, (size_t)n);
  if (!copy) {
    r->failed = true;
    return (struct sv_bytes){0};
  }
  memcpy(copy, p, (size_t)n);
  return sv_bytes_of(copy, (size_t)n);
}
void row_fixed(struct sqlite_row *r, uint8_t *out, size_t n) {
  const void *p = sqlite3_column_blob(r->s, r->col);
  int have = sqlite3_column_bytes(r->s, r->col++);
  memset(out, 0, n);
  if (have == (int)n) {
    memcpy(out, p, n);
  } else if (have != 0) {
    r->failed = true;
  }
}

/* --- connections --- */

sv_status sqlite_exec(struct sv_ctx *ctx, sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    return SV_FAIL(ctx, STORE, "%.20s: %s", sql, sqlite3_errmsg(db));
  }
  return SV_DONE;
}

static const char *const settings[] = {
    [SQLITE_MODE_WRITER] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
        "PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000; "
        "PRAGMA secure_delete = ON; PRAGMA recursive_triggers = ON;",
    [SQLITE_MODE_READER] = "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;",
    [SQLITE_MODE_AUDITOR] = "PRAGMA trusted_schema = OFF; PRAGMA query_only = ON;",
};

sv_status sqlite_tx_open(struct sv_ctx *ctx, const char *path, enum sqlite_mode mode,
                         const struct store_keys *keys, struct sqlite_tx *ret) {
  *ret = (struct sqlite_tx){.tx = {.ops = &sqlite_document_ops,
                                   .life = &sqlite_life_ops,
                                   .funding = &sqlite_funding_ops,
                                   .protection = &sqlite_protection_ops,
                                   .log = &sqlite_log_ops,
                                   .audience = &sqlite_audience_ops,
                                   .levels = &sqlite_level_ops,
                                   .key_lives = &sqlite_key_life_ops},
                            .keys = keys};
  int flags = mode == SQLITE_MODE_AUDITOR ? SQLITE_OPEN_READONLY
                                          : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (sqlite3_open_v2(path, &ret->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    sv_status s = SV_FAIL(ctx, STORE, "%s: %s", path, sqlite3_errmsg(ret->db));
    sqlite_tx_close(ret);
    return s;
  }
  (void)sqlite3_busy_timeout(ret->db, 5000);
  sv_status s = sqlite_exec(ctx, ret->db, settings[mode]);
  if (!sv_failed(s)) {
    s = digest_functions(ctx, ret->db, keys);
  }
  if (sv_failed(s)) {
    sqlite_tx_close(ret);
  }
  return s;
}

static const struct sqlite_group *const groups[SQLITE_GROUP_COUNT] = {
    [SQLITE_DOCUMENTS] = &sqlite_documents_group,
    [SQLITE_COPIES] = &sqlite_copies_group,
    [SQLITE_LIFE] = &sqlite_life_group,
    [SQLITE_FUNDING] = &sqlite_funding_group,
    [SQLITE_PROTECTION] = &sqlite_protection_group,
    [SQLITE_FLIGHTS] = &sqlite_flights_group,
    [SQLITE_LOG] = &sqlite_log_group,
    [SQLITE_VAULT] = &sqlite_vault_group,
    [SQLITE_AUDIENCE] = &sqlite_audience_group,
    [SQLITE_LEVELS] = &sqlite_levels_group,
    [SQLITE_KEY_LIVES] = &sqlite_key_lives_group,
};

sv_status sqlite_tx_prepare(struct sv_ctx *ctx, struct sqlite_tx *t) {
  for (int g = 0; g < SQLITE_GROUP_COUNT; g++) {
    t->stmts[g] = calloc(groups[g]->n + 1, sizeof *t->stmts[g]);
    if (!t->stmts[g]) {
      return SV_FAIL(ctx, NO_MEMORY, "statements");
    }
    for (size_t i = 0; i < groups[g]->n; i++) {
      if (sqlite3_prepare_v3(t->db, groups[g]->texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                             &t->stmts[g][i], NULL) != SQLITE_OK) {
        return SV_FAIL(ctx, STORE, "statement %d.%zu: %s", g, i, sqlite3_errmsg(t->db));
      }
    }
  }
  return SV_DONE;
}

void sqlite_tx_close(struct sqlite_tx *t) {
  for (int g = 0; g < SQLITE_GROUP_COUNT; g++) {
    for (size_t i = 0; t->stmts[g] && i < groups[g]->n; i++) {
      (void)sqlite3_finalize(t->stmts[g][i]);
    }
    free(t->stmts[g]);
    t->stmts[g] = NULL;
  }
  (void)sqlite3_close(t->db);
  t->db = NULL;
}
