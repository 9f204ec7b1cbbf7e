/* Digests of rows. The statements are written from the schema itself, so a new table or column is covered the moment it
 * exists. Invariant: a table is left out only where what it holds is recomputed from another one (left_out). */
#include "store/sqlite_digest.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "crypto/siphash.h"

enum { MAC_BYTES = 32, CHECK_BYTES = 4, COLUMNS_MAX = 100, TABLES_MAX = 64, INLINE_MAX = 256 };

/* Digests of nodes and links are no news: they follow from log_leaves and audit. */
static const char left_out[] = "'row_digests', 'audit_chain', 'log_nodes'";

/* --- the functions --- */

struct encoded {
  uint8_t head[9]; /* type, and length or number */
  size_t head_n;
  struct sv_bytes body;
  uint8_t digest[32];
};

static void number_put(uint8_t *p, uint64_t v) {
  for (int i = 0; i < 8; i++) {
    p[i] = (uint8_t)(v >> (56 - 8 * i));
  }
}

/* A value as bytes that no other value has; a long one enters by its SHA-256. */
static void encode(sqlite3_value *v, struct encoded *e) {
  static const char types[] = {0, 'i', 'r', 't', 'b', 'n'};
  int type = sqlite3_value_type(v);
  *e = (struct encoded){.head = {(uint8_t)types[type]}, .head_n = sizeof e->head};
  if (type == SQLITE_INTEGER) {
    number_put(e->head + 1, (uint64_t)sqlite3_value_int64(v));
  } else if (type == SQLITE_FLOAT) {
    double d = sqlite3_value_double(v);
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    number_put(e->head + 1, bits);
  } else if (type != SQLITE_NULL) {
    const void *p = sqlite3_value_blob(v);
    size_t n = (size_t)sqlite3_value_bytes(v);
    number_put(e->head + 1, n);
    e->body = sv_bytes_of(p, n);
    if (n > INLINE_MAX) {
      crypto_sha256(e->body, e->digest);
      e->body = sv_bytes_of(e->digest, sizeof e->digest);
    }
  }
}

static void check_put(const uint8_t key[static 16], int column, const struct encoded *e,
                      uint8_t out[static CHECK_BYTES]) {
  uint8_t in[1 + sizeof e->head + INLINE_MAX];
  in[0] = (uint8_t)column;
  memcpy(in + 1, e->head, e->head_n);
  if (e->body.n) {
    memcpy(in + 1 + e->head_n, e->body.p, e->body.n);
  }
  uint64_t h = crypto_siphash(key, sv_bytes_of(in, 1 + e->head_n + e->body.n));
  for (int i = 0; i < CHECK_BYTES; i++) {
    out[i] = (uint8_t)(h >> (8 * i));
  }
}

struct digest_keys {
  uint8_t mac[32];
  uint8_t check[32];
};

/* row_digest(table, value...) */
static void row_digest(sqlite3_context *c, int n, sqlite3_value **v) {
  const struct digest_keys *keys = sqlite3_user_data(c);
  uint8_t out[MAC_BYTES + COLUMNS_MAX * CHECK_BYTES], whole[32];
  struct sv_ctx ctx = {0};
  struct crypto_hash *h = NULL;
  if (n < 1 || n > COLUMNS_MAX || sv_failed(crypto_hash_open(&ctx, CRYPTO_SHA256, &h))) {
    sqlite3_result_error(c, "row_digest", -1);
    return;
  }
  for (int i = 0; i < n; i++) {
    struct encoded e;
    encode(v[i], &e);
    crypto_hash_update(h, sv_bytes_of(e.head, e.head_n));
    crypto_hash_update(h, e.body);
    if (i > 0) {
      check_put(keys->check, i, &e, out + MAC_BYTES + (size_t)(i - 1) * CHECK_BYTES);
    }
  }
  crypto_hash_final(h, whole);
  crypto_hash_close(h);
  crypto_hmac_sha256(sv_bytes_of(keys->mac, sizeof keys->mac), sv_bytes_of(whole, sizeof whole),
                     out);
  sqlite3_result_blob(c, out, MAC_BYTES + (n - 1) * CHECK_BYTES, SQLITE_TRANSIENT);
}

/* audit_link(link before, seq, time_us, actor, act, number, version, reason) */
static void audit_link(sqlite3_context *c, int n, sqlite3_value **v) {
  struct sv_ctx ctx = {0};
  struct crypto_hash *h = NULL;
  if (sqlite3_value_bytes(v[0]) != MAC_BYTES ||
      sv_failed(crypto_hash_open(&ctx, CRYPTO_SHA256, &h))) {
    sqlite3_result_error(c, "the audit's chain is broken", -1);
    return;
  }
  crypto_hash_update(h, sv_bytes_of(sqlite3_value_blob(v[0]), MAC_BYTES));
  for (int i = 1; i < n; i++) {
    crypto_hash_update(h, sv_bytes_str((const char *)sqlite3_value_text(v[i])));
    crypto_hash_update(h, sv_bytes_str(i + 1 < n ? "\t" : "\n"));
  }
  uint8_t link[32];
  crypto_hash_final(h, link);
  crypto_hash_close(h);
  sqlite3_result_blob(c, link, sizeof link, SQLITE_TRANSIENT);
}

static void keys_free(void *p) {
  crypto_wipe(p, sizeof(struct digest_keys));
  free(p);
}

sv_status digest_functions(struct sv_ctx *ctx, sqlite3 *db, const struct store_keys *keys) {
  struct digest_keys *own = calloc(1, sizeof *own);
  if (!own) {
    return SV_FAIL(ctx, NO_MEMORY, "keys of digests");
  }
  struct sv_bytes key = sv_bytes_of(keys->registry, STORE_KEY_BYTES);
  crypto_hmac_sha256(key, sv_bytes_str("row digests"), own->mac);
  crypto_hmac_sha256(key, sv_bytes_str("column checks"), own->check);
  int flags = SQLITE_UTF8 | SQLITE_INNOCUOUS;
  if (sqlite3_create_function_v2(db, "row_digest", -1, flags, own, row_digest, NULL, NULL,
                                 keys_free) != SQLITE_OK ||
      sqlite3_create_function_v2(db, "audit_link", 8, flags, NULL, audit_link, NULL, NULL, NULL) !=
          SQLITE_OK) {
    return SV_FAIL(ctx, STORE, "functions: %s", sqlite3_errmsg(db));
  }
  return SV_DONE;
}

/* --- the schema --- */

struct table {
  const char *name;
  const char *columns[COLUMNS_MAX];
  size_t column_count;
  const char *key[8]; /* columns that tell rows apart; none: the rowid */
  size_t key_count;
  const char *name_of[8]; /* columns that people know a numbered row by; none: the key says it */
  size_t name_count;
};

static sv_status prepare(struct sv_ctx *ctx, sqlite3 *db, const char *sql, sqlite3_stmt **ret) {
  if (!sql) {
    return SV_FAIL(ctx, NO_MEMORY, "statement");
  }
  return sqlite3_prepare_v2(db, sql, -1, ret, NULL) == SQLITE_OK
             ? SV_DONE
             : SV_FAIL(ctx, STORE, "%.40s: %s", sql, sqlite3_errmsg(db));
}
static void stmt_close(sqlite3_stmt *q) { (void)sqlite3_finalize(q); }
SV_AUTO_DEFINE(sqlite3_stmt, stmt_close)

/* The first column of a query, as texts; arg is bound to ?1 (NULL: none). */
static sv_status texts_of(struct sv_ctx *ctx, sqlite3 *db, const char *sql, const char *arg,
                          const char **ret, size_t max, size_t *ret_n) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(ctx, db, sql, &q));
  if (arg) {
    (void)sqlite3_bind_text(q, 1, arg, -1, SQLITE_STATIC);
  }
  size_t n = 0;
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
    ret[n] = n < max ? sv_arena_strdup(ctx->mem, (const char *)sqlite3_column_text(q, 0)) : NULL;
    if (!ret[n++]) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "tables or columns");
    }
  }
  *ret_n = n;
  return rc == SQLITE_DONE ? SV_DONE : SV_FAIL(ctx, STORE, "schema: %s", sqlite3_errmsg(db));
}

static sv_status table_read(struct sv_ctx *ctx, sqlite3 *db, struct table *t) {
  const char *name = t->name;
  SV_TRY(texts_of(ctx, db, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", name, t->columns,
                  COLUMNS_MAX - 1, &t->column_count));
  /* keyed digests last: rows that are written together have neighbouring keys. Before schema 6 it was the key's order. */
  SV_TRY(texts_of(ctx, db,
                  "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY (SELECT "
                  "user_version FROM pragma_user_version) >= 6 AND type = 'BLOB', pk",
                  name, t->key, 8, &t->key_count));
  if (t->key_count > 1) {
    return SV_DONE;
  }
  bool keyed = t->key_count > 0;
  return texts_of(ctx, db,
                  "SELECT i.name FROM pragma_index_info((SELECT name FROM pragma_index_list(?1) "
                  "WHERE origin = 'u' ORDER BY seq DESC LIMIT 1)) i ORDER BY i.seqno",
                  name, keyed ? t->name_of : t->key, 8, keyed ? &t->name_count : &t->key_count);
}

static sv_status tables_read(struct sv_ctx *ctx, sqlite3 *db, struct table **ret, size_t *ret_n) {
  const char *names[TABLES_MAX + 1];
  char *sql = sv_arena_printf(ctx->mem,
                              "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name "
                              "NOT LIKE 'sqlite~_%%' ESCAPE '~' AND name NOT IN (%s) ORDER BY name",
                              left_out);
  size_t n;
  SV_TRY(texts_of(ctx, db, sql, NULL, names, TABLES_MAX, &n));
  struct table *tables = SV_ARRAY(ctx->mem, n, struct table);
  if (!tables) {
    return SV_FAIL(ctx, NO_MEMORY, "tables");
  }
  for (size_t i = 0; i < n; i++) {
    tables[i].name = names[i];
    SV_TRY(table_read(ctx, db, &tables[i]));
  }
  *ret = tables;
  *ret_n = n;
  return SV_DONE;
}

/* Values of OLD, NEW or a table, parted by slashes. */
static void values_put(struct sv_buf *sql, const char *const *columns, size_t n, const char *of) {
  for (size_t i = 0; i < n; i++) {
    sv_buf_printf(sql,
                  "%sCASE typeof(%s.\"%s\") WHEN 'blob' THEN hex(%s.\"%s\") ELSE %s.\"%s\" END",
                  i ? " || '/' || " : "'' || ", of, columns[i], of, columns[i], of, columns[i]);
  }
}

/* The key of a row in row_digests. */
static void key_put(struct sv_buf *sql, const struct table *t, const char *of) {
  values_put(sql, t->key, t->key_count, of);
  if (t->key_count == 0) {
    sv_buf_printf(sql, "'' || %s.rowid", of);
  }
}

/* What a fault calls a row: "A26.../1 (row 7)", or its key. */
static void name_put(struct sv_buf *sql, const struct table *t, const char *of) {
  if (t->name_count == 0) {
    key_put(sql, t, of);
    return;
  }
  values_put(sql, t->name_of, t->name_count, of);
  sv_buf_str(sql, " || ' (row ' || ");
  key_put(sql, t, of);
  sv_buf_str(sql, " || ')'");
}

static void digest_put(struct sv_buf *sql, const struct table *t, const char *of) {
  sv_buf_printf(sql, "row_digest('%s'", t->name);
  for (size_t i = 0; i < t->column_count; i++) {
    sv_buf_printf(sql, ", %s.\"%s\"", of, t->columns[i]);
  }
  sv_buf_str(sql, ")");
}

/* --- triggers --- */

/* Refuses where a digest of the row that is to be changed is not that of what it holds. */
static void still_put(struct sv_buf *sql, const struct table *t, const char *event) {
  sv_buf_printf(sql,
                "CREATE TEMP TRIGGER digest_before_%s_%s BEFORE %s ON main.%s BEGIN SELECT "
                "RAISE(ABORT, 'a row of %s was changed') WHERE (SELECT digest FROM row_digests "
                "WHERE tbl = '%s' AND key = ",
                event, t->name, event, t->name, t->name, t->name);
  key_put(sql, t, "OLD");
  sv_buf_str(sql, ") IS NOT ");
  digest_put(sql, t, "OLD");
  sv_buf_str(sql, "; END; ");
}

/* A digest that is there already is of a row that went behind the server's back. */
static void digest_add_put(struct sv_buf *sql, const struct table *t) {
  sv_buf_printf(sql,
                "SELECT RAISE(ABORT, 'a row of %s is gone') WHERE EXISTS (SELECT 1 FROM "
                "row_digests WHERE tbl = '%s' AND key = ",
                t->name, t->name);
  key_put(sql, t, "NEW");
  sv_buf_printf(sql, "); INSERT INTO row_digests (tbl, key, digest) VALUES ('%s', ", t->name);
  key_put(sql, t, "NEW");
  sv_buf_str(sql, ", ");
  digest_put(sql, t, "NEW");
  sv_buf_str(sql, "); ");
}

static void digest_drop_put(struct sv_buf *sql, const struct table *t) {
  sv_buf_printf(sql, "DELETE FROM row_digests WHERE tbl = '%s' AND key = ", t->name);
  key_put(sql, t, "OLD");
  sv_buf_str(sql, "; ");
}

static void triggers_put(struct sv_buf *sql, const struct table *t) {
  const char *n = t->name;
  still_put(sql, t, "UPDATE");
  still_put(sql, t, "DELETE");
  sv_buf_printf(sql, "CREATE TEMP TRIGGER digest_new_%s AFTER INSERT ON main.%s BEGIN ", n, n);
  digest_add_put(sql, t);
  sv_buf_printf(sql, "END; CREATE TEMP TRIGGER digest_changed_%s AFTER UPDATE ON main.%s BEGIN ", n,
                n);
  digest_drop_put(sql, t);
  digest_add_put(sql, t);
  sv_buf_printf(sql, "END; CREATE TEMP TRIGGER digest_gone_%s AFTER DELETE ON main.%s BEGIN ", n,
                n);
  digest_drop_put(sql, t);
  sv_buf_str(sql, "END; ");
}

#define LINK_OF(row, before)                                                              \
  "audit_link(" before ", " row ".seq, " row ".time_us, " row ".actor, " row ".act, " row \
  ".number, " row ".version, " row ".reason)"

static const char chain_trigger[] =
    "CREATE TEMP TRIGGER audit_chained AFTER INSERT ON main.audit BEGIN "
    "INSERT INTO audit_chain (seq, link) VALUES (NEW.seq, " LINK_OF(
        "NEW", "(SELECT link FROM audit_chain WHERE seq = NEW.seq - 1)") "); END;";

static sv_status built(struct sv_ctx *ctx, struct sv_buf *sql, const char **ret) {
  sv_buf_u8(sql, 0);
  *ret = (const char *)sql->p;
  return sql->failed ? SV_FAIL(ctx, NO_MEMORY, "statement") : SV_DONE;
}

sv_status digest_triggers(struct sv_ctx *ctx, sqlite3 *db) {
  struct table *tables;
  size_t n;
  SV_TRY(tables_read(ctx, db, &tables, &n));
  struct sv_buf sql = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&sql, chain_trigger);
  for (size_t i = 0; i < n; i++) {
    triggers_put(&sql, &tables[i]);
  }
  const char *text;
  SV_TRY(built(ctx, &sql, &text));
  return sqlite_exec(ctx, db, text);
}

/* --- adoption --- */

static const char schema_digest[] =
    "SELECT row_digest('sqlite_schema', group_concat(type || char(9) || name || char(9) || "
    "tbl_name "
    "|| char(9) || coalesce(sql, ''), char(10))) FROM (SELECT * FROM main.sqlite_schema ORDER BY "
    "type, name)";

static sv_status links_adopt(struct sv_ctx *ctx, sqlite3 *db) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(
      prepare(ctx, db,
              "INSERT INTO audit_chain (seq, link) SELECT a.seq, " LINK_OF(
                  "a", "(SELECT link FROM audit_chain WHERE seq = ?1)") " FROM audit a WHERE "
                                                                        "a.seq > ?1 ORDER BY a.seq "
                                                                        "LIMIT 1 RETURNING seq",
              &q));
  int64_t last = 0;
  for (;;) { /* a schema of before the chain has a few rows: one by one is fast enough */
    (void)sqlite3_bind_int64(q, 1, last);
    int rc = sqlite3_step(q);
    int64_t seq = rc == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    (void)sqlite3_reset(q);
    if (rc == SQLITE_DONE) {
      return SV_DONE;
    }
    if (rc != SQLITE_ROW) {
      return SV_FAIL(ctx, STORE, "audit chain: %s", sqlite3_errmsg(db));
    }
    last = seq;
  }
}

sv_status digest_adopt(struct sv_ctx *ctx, sqlite3 *db) {
  struct table *tables;
  size_t n;
  SV_TRY(sqlite_exec(ctx, db, "DELETE FROM audit_chain WHERE seq > 0; DELETE FROM row_digests"));
  SV_TRY(links_adopt(ctx, db));
  SV_TRY(tables_read(ctx, db, &tables, &n));
  struct sv_buf sql = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < n; i++) {
    sv_buf_printf(&sql, "INSERT INTO row_digests (tbl, key, digest) SELECT '%s', ", tables[i].name);
    key_put(&sql, &tables[i], "t");
    sv_buf_str(&sql, ", ");
    digest_put(&sql, &tables[i], "t");
    sv_buf_printf(&sql, " FROM main.%s t; ", tables[i].name);
  }
  sv_buf_printf(&sql,
                "INSERT INTO row_digests (tbl, key, digest) VALUES ('sqlite_schema', '', (%s))",
                schema_digest);
  const char *text;
  SV_TRY(built(ctx, &sql, &text));
  return sqlite_exec(ctx, db, text);
}

sv_status digest_schema_check(struct sv_ctx *ctx, sqlite3 *db, bool *ret_adopted) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  char *sql = sv_arena_printf(
      ctx->mem, "SELECT digest = (%s) FROM row_digests WHERE tbl = 'sqlite_schema' AND key = ''",
      schema_digest);
  SV_TRY(prepare(ctx, db, sql, &q));
  int rc = sqlite3_step(q);
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return SV_FAIL(ctx, STORE, "schema: %s", sqlite3_errmsg(db));
  }
  *ret_adopted = rc == SQLITE_ROW;
  return rc == SQLITE_DONE || sqlite3_column_int(q, 0) == 1
             ? SV_DONE
             : SV_FAIL(ctx, CORRUPT, "the schema was changed, or the key is another registry's");
}

/* --- checking --- */

struct check {
  struct sv_ctx *ctx;
  sqlite3 *db;
  store_fault *fault;
  void *arg;
  uint64_t rows;
};

/* Says which columns of a row changed; the digest itself where none did. */
static void row_blame(struct check *c, const struct table *t, const char *name,
                      struct sv_bytes kept, struct sv_bytes made) {
  if (kept.n != made.n) {
    c->fault(c->arg, t->name, name, "", kept.n ? "its digest has another size" : "has no digest");
    return;
  }
  bool named = false;
  bool mac = memcmp(kept.p, made.p, MAC_BYTES) == 0;
  for (size_t i = 0; i < t->column_count && !mac; i++) {
    size_t at = MAC_BYTES + i * CHECK_BYTES;
    if (memcmp(kept.p + at, made.p + at, CHECK_BYTES) != 0) {
      c->fault(c->arg, t->name, name, t->columns[i], "is not what was written");
      named = true;
    }
  }
  if (!named) {
    c->fault(c->arg, "row_digests", sv_arena_printf(c->ctx->mem, "%s/%s", t->name, name), "digest",
             "is not what was written");
  }
}

static sv_status rows_of_table(struct check *c, const struct table *t) {
  struct sv_buf sql = sv_buf_in(c->ctx->mem, 0);
  sv_buf_str(&sql, "SELECT k, d.digest, made, name FROM (SELECT ");
  key_put(&sql, t, "t");
  sv_buf_str(&sql, " AS k, ");
  name_put(&sql, t, "t");
  sv_buf_str(&sql, " AS name, ");
  digest_put(&sql, t, "t");
  sv_buf_printf(&sql,
                " AS made FROM main.%s t) LEFT JOIN row_digests d ON d.tbl = '%s' AND d.key = k",
                t->name, t->name);
  const char *text;
  SV_TRY(built(c->ctx, &sql, &text));
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(c->ctx, c->db, text, &q));
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
    struct sv_bytes kept =
        sv_bytes_of(sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1));
    struct sv_bytes made =
        sv_bytes_of(sqlite3_column_blob(q, 2), (size_t)sqlite3_column_bytes(q, 2));
    c->rows++;
    if (!sv_bytes_equal(kept, made)) {
      const char *name = (const char *)sqlite3_column_text(q, 3);
      row_blame(c, t, name ? name : "", kept, made);
    }
  }
  if (rc != SQLITE_DONE) {
    c->fault(c->arg, t->name, "", "", sqlite3_errmsg(c->db));
  }
  return SV_DONE;
}

/* Digests whose row is gone. */
static sv_status gone_of_table(struct check *c, const struct table *t) {
  struct sv_buf sql = sv_buf_in(c->ctx->mem, 0);
  sv_buf_printf(&sql, "SELECT key FROM row_digests WHERE tbl = '%s' EXCEPT SELECT ", t->name);
  key_put(&sql, t, "t");
  sv_buf_printf(&sql, " FROM main.%s t", t->name);
  const char *text;
  SV_TRY(built(c->ctx, &sql, &text));
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(c->ctx, c->db, text, &q));
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
    c->fault(c->arg, t->name, (const char *)sqlite3_column_text(q, 0), "", "is gone");
  }
  if (rc != SQLITE_DONE) {
    c->fault(c->arg, t->name, "", "", sqlite3_errmsg(c->db));
  }
  return SV_DONE;
}

/* Each row of a query is a fault: table, row, column, what. */
static sv_status faults_of(struct check *c, const char *sql) {
  SV_AUTO(stmt_close) sqlite3_stmt *q = NULL;
  SV_TRY(prepare(c->ctx, c->db, sql, &q));
  int rc;
  while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
    c->fault(c->arg, (const char *)sqlite3_column_text(q, 0),
             (const char *)sqlite3_column_text(q, 1), (const char *)sqlite3_column_text(q, 2),
             (const char *)sqlite3_column_text(q, 3));
  }
  if (rc != SQLITE_DONE) {
    c->fault(c->arg, "file", "", "", sqlite3_errmsg(c->db));
  }
  return SV_DONE;
}

static const char *const chain_checks[] = {
    /* a broken link may be the row's fault or its own: rows have digests that tell */
    "SELECT 'audit_chain', a.seq, 'link', 'does not follow from the row and the link before' "
    "FROM audit a LEFT JOIN audit_chain c ON c.seq = a.seq LEFT JOIN audit_chain b ON b.seq = "
    "a.seq - 1 WHERE CASE WHEN length(b.link) = 32 THEN c.link IS NOT " LINK_OF(
        "a", "b.link") " ELSE 1 END",
    "SELECT 'audit', c.seq, '', 'is gone' FROM audit_chain c LEFT JOIN audit a ON a.seq = c.seq "
    "WHERE a.seq IS NULL AND c.seq <> 0",
    "SELECT 'audit_chain', '0', '', 'the seed is gone' WHERE NOT EXISTS (SELECT 1 FROM audit_chain "
    "WHERE seq = 0)",
    "SELECT 'sqlite_sequence', name, 'seq', 'is not the newest row' FROM sqlite_sequence WHERE "
    "name <> 'audit' OR seq <> (SELECT coalesce(max(seq), 0) FROM audit)",
    "SELECT 'sqlite_sequence', 'audit', '', 'is gone' WHERE EXISTS (SELECT 1 FROM audit) AND NOT "
    "EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'audit')",
};

sv_status digest_check(struct sv_ctx *ctx, sqlite3 *db, store_fault *fault, void *arg,
                       uint64_t *ret_rows) {
  struct check c = {.ctx = ctx, .db = db, .fault = fault, .arg = arg};
  SV_TRY(faults_of(&c,
                   "SELECT 'file', '', '', integrity_check FROM pragma_integrity_check(20) "
                   "WHERE integrity_check <> 'ok'"));
  bool adopted = false;
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  sv_status schema = digest_schema_check(&aside, db, &adopted);
  if (sv_failed(schema) || !adopted) {
    fault(arg, "sqlite_schema", "", "sql", adopted ? aside.detail : "has no digest");
  }
  struct table *tables;
  size_t n;
  SV_TRY(tables_read(ctx, db, &tables, &n));
  struct sv_buf known = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&known,
             "SELECT 'row_digests', tbl || '/' || key, 'tbl', 'is of no table' FROM "
             "row_digests WHERE tbl NOT IN ('sqlite_schema'");
  for (size_t i = 0; i < n; i++) {
    SV_TRY(rows_of_table(&c, &tables[i]));
    SV_TRY(gone_of_table(&c, &tables[i]));
    sv_buf_printf(&known, ", '%s'", tables[i].name);
  }
  sv_buf_str(&known, ") OR (tbl = 'sqlite_schema' AND key <> '')");
  const char *text;
  SV_TRY(built(ctx, &known, &text));
  SV_TRY(faults_of(&c, text));
  for (size_t i = 0; i < sizeof chain_checks / sizeof chain_checks[0]; i++) {
    SV_TRY(faults_of(&c, chain_checks[i]));
  }
  *ret_rows = c.rows;
  return SV_DONE;
}
