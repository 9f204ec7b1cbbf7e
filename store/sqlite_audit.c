/* What an auditor asks of the SQLite backend: rows against their digests and against each other, tables as text; and the
 * sealing of what a schema before the vault kept in clear. Invariant: no plain value of a sealed column leaves here. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "store/sqlite_digest.h"
#include "store/vault.h"

static void stmt_close(sqlite3_stmt *q) { (void)sqlite3_finalize(q); }
SV_AUTO_DEFINE(sqlite3_stmt, stmt_close)

static sqlite3 *db_of(struct store_tx *tx) { return ((struct sqlite_tx *)tx)->db; }

static sv_status prepare(struct sv_ctx *ctx, sqlite3 *db, const char *sql, sqlite3_stmt **ret) {
  if (!sql) {
    return SV_FAIL(ctx, NO_MEMORY, "statement");
  }
  return sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK
             ? SV_DONE
             : SV_FAIL(ctx, STORE, "%.40s: %s", sql, sqlite3_errmsg(db));
}

static sv_status step_fault(struct sv_ctx *ctx, sqlite3 *db, int rc) {
  return rc == SQLITE_DONE ? SV_DONE : SV_FAIL(ctx, STORE, "audit: %s", sqlite3_errmsg(db));
}

sv_status sqlite_series(struct store_tx *tx, struct sv_ctx *ctx, struct store_series *ret,
                        size_t limit, size_t *ret_n) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(ctx, db_of(tx), "SELECT kind, year, last FROM series ORDER BY kind, year", &q));
  size_t n = 0;
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW && n < limit) {
    ret[n++] = (struct store_series){.kind = (enum model_kind)sqlite3_column_int(q, 0),
                                     .year = sqlite3_column_int(q, 1),
                                     .last = (uint32_t)sqlite3_column_int64(q, 2)};
  }
  *ret_n = n;
  return rc == SQLITE_ROW ? SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %zu series", limit)
                          : step_fault(ctx, db_of(tx), rc);
}

sv_status sqlite_rows_check(struct store_tx *tx, struct sv_ctx *ctx, store_fault *fault, void *arg,
                            uint64_t *ret_rows) {
  return digest_check(ctx, db_of(tx), fault, arg, ret_rows);
}

/* Each row that a query gives is a contradiction: table, row, column, what. */
static const char *const rules[] = {
    "SELECT 'documents', min(number), 'request_id', 'names two live rows' FROM documents WHERE "
    "state <> 10 GROUP BY authority, request_id HAVING count(*) > 1",
    "SELECT 'obligations', o.authority || '/' || o.id, 'disbursed_minor', 'is not the sum of its "
    "receipts' FROM obligations o WHERE o.disbursed_minor <> (SELECT coalesce(sum(d.amount_minor), "
    "0) FROM documents d WHERE d.authority = o.authority AND d.obligation = o.id AND d.kind = 3 "
    "AND d.state NOT IN (9, 10) AND (d.amount_minor > 0 OR d.state NOT IN (1, 2)))",
    "SELECT 'obligations', authority || '/' || id, 'disbursed_minor', 'is more than was obligated' "
    "FROM obligations WHERE disbursed_minor > obligated_minor OR obligated_minor < 0",
    "SELECT 'obligations', o.authority || '/' || o.id, 'obligated_minor', 'is not that of its last "
    "amendment' FROM obligations o JOIN amendments a ON a.authority = o.authority AND a.id = o.id "
    "AND a.amendment = o.amendment WHERE a.obligated_minor <> o.obligated_minor",
    "SELECT 'obligations', o.authority || '/' || o.id, 'amendment', 'has amendments missing' FROM "
    "obligations o WHERE o.amendment <> (SELECT count(*) FROM amendments a WHERE a.authority = "
    "o.authority AND a.id = o.id)",
    "SELECT 'bills', b.manifest, 'passengers', 'are more than boarded' FROM bills b JOIN documents "
    "d "
    "ON d.number = b.receipt WHERE d.state NOT IN (9, 10) AND d.superseded_by = '' GROUP BY "
    "b.manifest HAVING sum(b.passengers) > coalesce((SELECT c.boarded FROM closings c WHERE "
    "c.number = b.manifest), 0)",
    "SELECT 'approvals', a.number || '/' || a.version, 'officer', 'approved what he asked for' "
    "FROM approvals a JOIN documents d ON d.number = a.number AND d.version = a.version WHERE "
    "a.question = 1 AND a.officer = d.issued_by",
    "SELECT 'copies', d.number || '/' || d.version, 'copy', 'has copies missing' FROM documents d "
    "WHERE d.state NOT IN (1, 2, 9, 10) AND d.copy <> (SELECT count(*) FROM copies c WHERE "
    "c.number = d.number AND c.version = d.version)",
    "SELECT 'copies', c.number || '/' || c.version || '/' || c.copy, 'prefix_sha256', 'has no "
    "first part' FROM copies c WHERE c.prefix_sha256 <> x'' AND NOT EXISTS (SELECT 1 FROM "
    "pdf_parts p WHERE p.sha256 = c.prefix_sha256)",
    "SELECT 'audience_copies', a.number || '/' || a.version || '/' || a.audience, '', 'is of no "
    "issued manifest' FROM audience_copies a LEFT JOIN documents d ON d.number = a.number AND "
    "d.version = a.version WHERE d.number IS NULL OR d.kind <> 2 OR d.state IN (1, 2, 9, 10) OR "
    "a.audience NOT IN (2, 3, 4)",
    "SELECT 'levels', l.number || '/' || l.version || '/' || l.copy || '/' || l.audience, 'level', "
    "'is not that of the last step' FROM levels l JOIN tails t ON t.number = l.number AND "
    "t.version = "
    "l.version AND t.copy = l.copy AND t.audience = l.audience WHERE t.level <> l.level AND t.step "
    "= "
    "(SELECT max(step) FROM tails m WHERE m.number = l.number AND m.version = l.version AND m.copy "
    "= "
    "l.copy AND m.audience = l.audience)",
    "SELECT 'tails', t.number || '/' || t.version || '/' || t.copy || '/' || t.audience, 'step', "
    "'is "
    "of no file' FROM tails t WHERE NOT EXISTS (SELECT 1 FROM levels l WHERE l.number = t.number "
    "AND "
    "l.version = t.version AND l.copy = t.copy AND l.audience = t.audience)",
    "SELECT 'key_lives', k.sha256, 'until_us', 'has no act of the audit' FROM key_lives k WHERE "
    "k.until_us <> 0 AND k.sha256 NOT IN (SELECT number FROM audit WHERE act = 'key-retired')",
    "SELECT 'key_lives', k.sha256, 'compromised_us', 'has no act of the audit' FROM key_lives k "
    "WHERE k.compromised_us <> 0 AND k.sha256 NOT IN (SELECT number FROM audit WHERE act = "
    "'key-compromised')",
    "SELECT 'key_lives', a.number, '', 'has acts in the audit and no row' FROM (SELECT DISTINCT "
    "number FROM audit WHERE act IN ('key', 'key-retired', 'key-compromised')) a WHERE a.number "
    "NOT "
    "IN (SELECT sha256 FROM key_lives)",
    "SELECT 'key_lives', k.sha256, 'compromised_us', 'is lost' FROM key_lives k WHERE "
    "k.compromised_us = 0 AND k.sha256 IN (SELECT number FROM audit WHERE act = "
    "'key-compromised')",
    "SELECT 'data_keys', d.number || '/' || d.version, '', 'is gone, and the document is not "
    "erased' FROM documents d WHERE d.request <> x'' AND NOT EXISTS (SELECT 1 FROM data_keys k "
    "WHERE "
    "k.scope = 'document' AND k.subject = d.number AND k.version = d.version)",
    "SELECT 'data_keys', d.number || '/' || d.version, '', 'is there, and the document is erased' "
    "FROM documents d JOIN data_keys k ON k.scope = 'document' AND k.subject = d.number AND "
    "k.version = d.version WHERE d.request = x''",
    "SELECT 'flight_lines', k.number || '/' || k.occupant_id, '', 'is on a manifest in force, "
    "under the hold ' || h.name FROM holds h JOIN persons p ON p.subject = h.name AND p.near = 0 "
    "JOIN flight_keys k ON k.key = p.key AND k.near = 0 JOIN flights f ON f.number = k.number JOIN "
    "documents d ON d.number = f.number AND d.version = f.version WHERE h.lift_us = 0 AND d.state "
    "= 3 AND (h.states = '' OR EXISTS (SELECT 1 FROM json_each('[\"' || replace(h.states, ',', "
    "'\",\"') || '\"]') s WHERE instr(',' || f.states || ',', ',' || s.value || ',') > 0))",
};

sv_status sqlite_rules_check(struct store_tx *tx, struct sv_ctx *ctx, store_fault *fault,
                             void *arg) {
  for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
    SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
    SV_TRY(prepare(ctx, db_of(tx), rules[i], &q));
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
      fault(arg, (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1),
            (const char *)sqlite3_column_text(q, 2), (const char *)sqlite3_column_text(q, 3));
    }
    if (rc != SQLITE_DONE) { /* values that no writer would have put there */
      fault(arg, "registry", "", "", sqlite3_errmsg(db_of(tx)));
    }
  }
  return SV_DONE;
}

/* --- tables as text --- */

enum { CELLS_MAX = 100 };

static const char cells_of[] =
    "SELECT group_concat(CASE type WHEN 'BLOB' THEN 'hex(\"' || name || '\") AS \"' || name || "
    "'\"' ELSE '\"' || name || '\"' END, ', ') FROM pragma_table_info(?1) WHERE ?1 || '.' || name "
    "NOT IN ('documents.request', 'documents.salt', 'documents.secret', 'documents.record', "
    "'copies.pdf', 'audience_copies.pdf', 'tails.bytes', 'holds.sealed', 'data_keys.wrapped', "
    "'pdf_parts.bytes') "
    "AND EXISTS (SELECT 1 "
    "FROM sqlite_schema WHERE type = 'table' AND name = ?1)";

static sv_status rows_give(struct sv_ctx *ctx, sqlite3 *db, sqlite3_stmt *q, store_cells *row,
                           void *arg) {
  const char *names[CELLS_MAX], *cells[CELLS_MAX];
  size_t n = (size_t)sqlite3_column_count(q);
  if (n > CELLS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "columns of a table");
  }
  for (size_t i = 0; i < n; i++) {
    names[i] = sqlite3_column_name(q, (int)i);
  }
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
    for (size_t i = 0; i < n; i++) {
      cells[i] = (const char *)sqlite3_column_text(q, (int)i);
    }
    SV_TRY(row(arg, ctx, names, cells, n));
  }
  return step_fault(ctx, db, rc);
}

sv_status sqlite_table(struct store_tx *tx, struct sv_ctx *ctx, const char *table, store_cells *row,
                       void *arg) {
  SV_AUTO(stmt_close) sqlite3_stmt *columns = NULL;
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(ctx, db_of(tx), cells_of, &columns));
  (void)sqlite3_bind_text(columns, 1, table, -1, SQLITE_STATIC);
  const char *list =
      sqlite3_step(columns) == SQLITE_ROW ? (const char *)sqlite3_column_text(columns, 0) : NULL;
  if (!list) {
    return SV_FAIL(ctx, NOT_FOUND, "no such table");
  }
  SV_TRY(
      prepare(ctx, db_of(tx), sv_arena_printf(ctx->mem, "SELECT %s FROM \"%s\"", list, table), &q));
  return rows_give(ctx, db_of(tx), q, row, arg);
}

/* --- adoption of older rows --- */

struct plain {
  struct sqlite_tx *t;
  struct sv_ctx *ctx;
  const char *select, *update;
  const char *columns[3];
  size_t n;
};

/* A row: number, version, values (their names in `columns`, or "pdf COPY" where a copy follows the values). */
static sv_status plain_row(const struct plain *p, sqlite3_stmt *q, sqlite3_stmt *u) {
  struct vault_place place = {VAULT_DOCUMENT, (const char *)sqlite3_column_text(q, 1),
                              (uint32_t)sqlite3_column_int(q, 2)};
  struct vault_key key;
  SV_TRY(vault_key_take(&p->t->tx, p->ctx, &place, true, &key));
  sv_status s = SV_DONE;
  for (size_t i = 0; i < p->n && !sv_failed(s); i++) {
    struct sv_bytes value = sv_bytes_of(sqlite3_column_blob(q, 3 + (int)i),
                                        (size_t)sqlite3_column_bytes(q, 3 + (int)i));
    const char *column = p->columns[i];
    if (!column) {
      column = sv_arena_printf(p->ctx->mem, "pdf %d", sqlite3_column_int(q, 4));
    }
    s = column ? vault_seal(p->ctx, &key, column, value, &value)
               : SV_FAIL(p->ctx, NO_MEMORY, "adoption");
    if (!sv_failed(s) && sqlite3_bind_blob64(u, 2 + (int)i, value.n ? value.p : (const void *)"",
                                             value.n, SQLITE_TRANSIENT) != SQLITE_OK) {
      s = SV_FAIL(p->ctx, STORE, "adoption: %s", sqlite3_errmsg(p->t->db));
    }
  }
  crypto_wipe(key.key, sizeof key.key);
  SV_TRY(s);
  (void)sqlite3_bind_int64(u, 1, sqlite3_column_int64(q, 0));
  int rc = sqlite3_step(u);
  (void)sqlite3_reset(u);
  return step_fault(p->ctx, p->t->db, rc);
}

static sv_status plain_seal(const struct plain *p) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_AUTO(stmt_close) sqlite3_stmt *u = NULL;
  SV_TRY(prepare(p->ctx, p->t->db, p->select, &q));
  SV_TRY(prepare(p->ctx, p->t->db, p->update, &u));
  for (int64_t last = -1;;) {
    (void)sqlite3_bind_int64(q, 1, last);
    int rc = sqlite3_step(q);
    if (rc != SQLITE_ROW) {
      return step_fault(p->ctx, p->t->db, rc);
    }
    last = sqlite3_column_int64(q, 0);
    sv_status s = plain_row(p, q, u);
    (void)sqlite3_reset(q);
    SV_TRY(s);
  }
}

/* In one transaction, so that a row is either of before or of after. */
sv_status sqlite_seal_plain(struct sv_ctx *ctx, struct sqlite_tx *t) {
  SV_TRY(sqlite_exec(ctx, t->db,
                     "CREATE TEMP TABLE plain AS SELECT number, version FROM documents d WHERE "
                     "request <> x'' AND NOT EXISTS (SELECT 1 FROM data_keys k WHERE k.scope = "
                     "'document' AND k.subject = d.number AND k.version = d.version)"));
  const struct plain documents = {
      t,
      ctx,
      "SELECT d.row, d.number, d.version, d.request, d.record, d.secret FROM documents d JOIN "
      "temp.plain p ON p.number = d.number AND p.version = d.version WHERE d.row > ?1 ORDER BY "
      "d.row LIMIT 1",
      "UPDATE documents SET request = ?2, record = ?3, secret = ?4 WHERE row = ?1",
      {"request", "record", "secret"},
      3};
  const struct plain copies = {
      t,
      ctx,
      "SELECT c.rowid, c.number, c.version, c.pdf, c.copy FROM copies c JOIN temp.plain p ON "
      "p.number = c.number AND p.version = c.version WHERE c.rowid > ?1 ORDER BY c.rowid LIMIT 1",
      "UPDATE copies SET pdf = ?2 WHERE rowid = ?1",
      {NULL},
      1};
  SV_TRY(plain_seal(&documents));
  SV_TRY(plain_seal(&copies));
  return sqlite_exec(ctx, t->db, "DROP TABLE temp.plain");
}
