/* The transparency log over SQLite, and erasure. Invariant: a leaf's index is its row's key, so that one index can't have
 * two leaves whatever a caller believes the size to be. */
#include "store/log.h"

#include "store/vault.h"

enum {
  STMT_SIZE,
  STMT_LEAF_ADD,
  STMT_LEAF,
  STMT_LEAF_OF,
  STMT_NODE_ADD,
  STMT_NODE,
  STMT_CHECKPOINT_ADD,
  STMT_CHECKPOINT_THIN,
  STMT_CHECKPOINT_LAST,
  STMT_CHECKPOINT_AFTER,
  STMT_AUDIT_HEAD,
  STMT_RECORD,
  STMT_ERASE,
  STMT_ERASE_COPIES,
  STMT_ERASE_AUDIENCE,
  STMT_ERASE_TAILS,
  STMT_ERASE_LEVELS,
  STMT_ERASE_PARTS,
  STMT_ERASE_SEALS,
  STMT_ERASE_PERSONS,
  STMT_ERASE_LINES,
  STMT_ERASE_LINE_KEYS,
  STMT_ERASABLE,
  STMT_COUNT
};
/* Keys of persons serve all versions of a number. */
#define NONE_LEFT \
  "NOT EXISTS (SELECT 1 FROM documents WHERE number = ?1 AND state NOT IN (9, 10, 11))"
static const char *const texts[STMT_COUNT] = {
    [STMT_SIZE] = "SELECT coalesce(max(idx) + 1, 0) FROM log_leaves",
    [STMT_LEAF_ADD] =
        "INSERT INTO log_leaves (idx, act, subject, version, salt, leaf) SELECT ?1, ?2, ?3, ?4, "
        "?5, ?6 WHERE ?1 = (SELECT coalesce(max(idx) + 1, 0) FROM log_leaves)",
    [STMT_LEAF] = "SELECT idx, act, subject, version, salt, leaf FROM log_leaves WHERE idx = ?1",
    [STMT_LEAF_OF] =
        "SELECT idx, act, subject, version, salt, leaf FROM log_leaves WHERE subject = ?1 AND "
        "version = ?2 AND act = ?3 ORDER BY idx LIMIT 1",
    [STMT_NODE_ADD] = "INSERT INTO log_nodes (level, idx, hash) VALUES (?1, ?2, ?3)",
    [STMT_NODE] = "SELECT hash FROM log_nodes WHERE level = ?1 AND idx = ?2",
    [STMT_CHECKPOINT_ADD] =
        "INSERT INTO log_checkpoints (size, root, time_us, note) SELECT ?1, ?2, ?3, ?4 WHERE NOT "
        "EXISTS (SELECT 1 FROM log_checkpoints WHERE size > ?1 OR (size = ?1 AND root <> ?2)) "
        "ON CONFLICT (size) DO UPDATE SET time_us = excluded.time_us, note = excluded.note",
    [STMT_CHECKPOINT_THIN] =
        "DELETE FROM log_checkpoints WHERE size = (SELECT max(size) FROM log_checkpoints WHERE "
        "size < ?1) AND time_us / 3600000000 = ?2 / 3600000000",
    [STMT_CHECKPOINT_LAST] =
        "SELECT size, root, time_us, note FROM log_checkpoints ORDER BY size DESC LIMIT 1",
    [STMT_CHECKPOINT_AFTER] =
        "SELECT size, root, time_us, note FROM log_checkpoints WHERE size > ?1 ORDER BY size LIMIT "
        "1",
    [STMT_AUDIT_HEAD] = "SELECT seq, link FROM audit_chain ORDER BY seq DESC LIMIT 1",
    [STMT_RECORD] = "SELECT record_sha256 FROM documents WHERE number = ?1 AND version = ?2",
    [STMT_ERASE] =
        "UPDATE documents SET state = CASE WHEN state IN (9, 10) THEN state ELSE 11 END, request = "
        "x'', salt = x'', secret = x'', record = x'', "
        "case_key = NULL, gone = '' WHERE number = ?1 AND version = ?2 AND state NOT IN (1, 2)",
    [STMT_ERASE_COPIES] =
        "UPDATE copies SET pdf = x'', prefix_sha256 = x'' WHERE number = ?1 AND version = ?2",
    [STMT_ERASE_AUDIENCE] =
        "UPDATE audience_copies SET pdf = x'' WHERE number = ?1 AND version = ?2",
    [STMT_ERASE_TAILS] = "UPDATE tails SET bytes = x'' WHERE number = ?1 AND version = ?2",
    [STMT_ERASE_LEVELS] =
        "UPDATE levels SET due_us = 9223372036854775807 WHERE number = ?1 AND version = ?2",
    [STMT_ERASE_PARTS] =
        "DELETE FROM pdf_parts WHERE NOT EXISTS (SELECT 1 FROM copies WHERE prefix_sha256 = sha256 "
        "AND prefix_sha256 <> x'')", /* as its index says */
    [STMT_ERASE_SEALS] = "DELETE FROM seals WHERE number = ?1 AND version = ?2",
    [STMT_ERASE_PERSONS] = "DELETE FROM persons WHERE subject = ?1 AND " NONE_LEFT,
    [STMT_ERASE_LINES] = "DELETE FROM flight_lines WHERE number = ?1 AND " NONE_LEFT,
    [STMT_ERASE_LINE_KEYS] = "DELETE FROM flight_keys WHERE number = ?1 AND " NONE_LEFT,
    [STMT_ERASABLE] =
        "SELECT row, number, version, kind, state, issue_date, valid_until FROM documents WHERE "
        "kind = ?1 AND state NOT IN (1, 2, 11) AND request <> x'' AND max(valid_until, issue_date) "
        "< ?2 AND row > ?4 ORDER BY row LIMIT ?3",
};
const struct sqlite_group sqlite_log_group = {texts, STMT_COUNT};

/* --- leaves and nodes --- */

static sv_status log_size(struct store_tx *tx, struct sv_ctx *ctx, uint64_t *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_SIZE);
  bool row;
  SV_TRY(use_row(&u, ctx, "log", &row));
  struct sqlite_row r = row_of(&u, ctx);
  *ret = row ? (uint64_t)row_int(&r) : 0;
  use_end(&u);
  return SV_DONE;
}

static sv_status log_leaf_add(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_leaf *leaf) {
  SV_ASSERT(leaf->leaf.n <= STORE_LEAF_MAX);
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_LEAF_ADD);
  use_int(&u, 1, (int64_t)leaf->index);
  use_text(&u, 2, leaf->act);
  use_text(&u, 3, leaf->subject);
  use_int(&u, 4, leaf->version);
  use_blob(&u, 5, leaf->salt, sizeof leaf->salt);
  use_blob(&u, 6, leaf->leaf.p, leaf->leaf.n);
  int changed;
  SV_TRY(use_run(&u, ctx, "leaf", &changed));
  return changed == 1
             ? SV_DONE
             : SV_FAIL(ctx, CORRUPT, "leaf %llu is not the next", (unsigned long long)leaf->index);
}

static sv_status one_leaf(struct sqlite_use *u, struct sv_ctx *ctx, struct store_leaf *ret) {
  bool row;
  SV_TRY(use_row(u, ctx, "leaf", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such leaf");
  }
  struct sqlite_row r = row_of(u, ctx);
  struct store_leaf leaf = {.index = (uint64_t)row_int(&r)};
  leaf.act = row_text(&r);
  leaf.subject = row_text(&r);
  leaf.version = (uint32_t)row_int(&r);
  row_fixed(&r, leaf.salt, sizeof leaf.salt);
  leaf.leaf = row_blob(&r);
  use_end(u);
  if (r.failed) {
    return SV_FAIL(ctx, CORRUPT, "a leaf's row");
  }
  *ret = leaf;
  return SV_DONE;
}

static sv_status log_leaf(struct store_tx *tx, struct sv_ctx *ctx, uint64_t index,
                          struct store_leaf *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_LEAF);
  use_int(&u, 1, (int64_t)index);
  return one_leaf(&u, ctx, ret);
}

static sv_status log_leaf_of(struct store_tx *tx, struct sv_ctx *ctx, const char *act,
                             const char *subject, uint32_t version, struct store_leaf *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_LEAF_OF);
  use_text(&u, 1, subject);
  use_int(&u, 2, version);
  use_text(&u, 3, act);
  return one_leaf(&u, ctx, ret);
}

static sv_status log_node_add(struct store_tx *tx, struct sv_ctx *ctx, unsigned level,
                              uint64_t index, const uint8_t hash[32]) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_NODE_ADD);
  use_int(&u, 1, level);
  use_int(&u, 2, (int64_t)index);
  use_blob(&u, 3, hash, 32);
  return use_run(&u, ctx, "node", NULL);
}

static sv_status log_node(struct store_tx *tx, struct sv_ctx *ctx, unsigned level, uint64_t index,
                          uint8_t ret[32]) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_NODE);
  use_int(&u, 1, level);
  use_int(&u, 2, (int64_t)index);
  bool row;
  SV_TRY(use_row(&u, ctx, "node", &row));
  struct sqlite_row r = row_of(&u, ctx);
  if (row) {
    row_fixed(&r, ret, 32);
  }
  use_end(&u);
  return row && !r.failed
             ? SV_DONE
             : SV_FAIL(ctx, CORRUPT, "node %u/%llu of the log", level, (unsigned long long)index);
}

/* --- checkpoints --- */

static sv_status log_checkpoint_add(struct store_tx *tx, struct sv_ctx *ctx,
                                    const struct store_checkpoint *c) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_CHECKPOINT_ADD);
  use_int(&u, 1, (int64_t)c->size);
  use_blob(&u, 2, c->root, sizeof c->root);
  use_int(&u, 3, c->time_us);
  use_text(&u, 4, c->note);
  int changed;
  SV_TRY(use_run(&u, ctx, "checkpoint", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, CORRUPT,
                   "a larger checkpoint than %llu, or another of that size, is signed",
                   (unsigned long long)c->size);
  }
  struct sqlite_use t = use_of(tx, SQLITE_LOG, STMT_CHECKPOINT_THIN);
  use_int(&t, 1, (int64_t)c->size);
  use_int(&t, 2, c->time_us);
  return use_run(&t, ctx, "checkpoint", NULL);
}

static sv_status one_checkpoint(struct sqlite_use *u, struct sv_ctx *ctx,
                                struct store_checkpoint *ret) {
  bool row;
  SV_TRY(use_row(u, ctx, "checkpoint", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such checkpoint");
  }
  struct sqlite_row r = row_of(u, ctx);
  struct store_checkpoint c = {.size = (uint64_t)row_int(&r)};
  row_fixed(&r, c.root, sizeof c.root);
  c.time_us = row_int(&r);
  c.note = row_text(&r);
  use_end(u);
  if (r.failed) {
    return SV_FAIL(ctx, CORRUPT, "a checkpoint's row");
  }
  *ret = c;
  return SV_DONE;
}

static sv_status log_checkpoint_last(struct store_tx *tx, struct sv_ctx *ctx,
                                     struct store_checkpoint *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_CHECKPOINT_LAST);
  return one_checkpoint(&u, ctx, ret);
}

static sv_status log_checkpoint_after(struct store_tx *tx, struct sv_ctx *ctx, uint64_t size,
                                      struct store_checkpoint *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_CHECKPOINT_AFTER);
  use_int(&u, 1, (int64_t)size);
  return one_checkpoint(&u, ctx, ret);
}

static sv_status log_audit_head(struct store_tx *tx, struct sv_ctx *ctx,
                                struct store_audit_head *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_AUDIT_HEAD);
  bool row;
  SV_TRY(use_row(&u, ctx, "audit", &row));
  struct sqlite_row r = row_of(&u, ctx);
  struct store_audit_head head = {0};
  if (row) {
    head.seq = (uint64_t)row_int(&r);
    row_fixed(&r, head.link, sizeof head.link);
  }
  use_end(&u);
  if (!row || r.failed) {
    return SV_FAIL(ctx, CORRUPT, "the audit's chain");
  }
  *ret = head;
  return SV_DONE;
}

static sv_status log_record_digest(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, uint8_t ret[32]) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_RECORD);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  bool row;
  SV_TRY(use_row(&u, ctx, "record", &row));
  struct sqlite_row r = row_of(&u, ctx);
  if (row) {
    row_fixed(&r, ret, 32);
  }
  use_end(&u);
  return row && !r.failed ? SV_DONE : SV_FAIL(ctx, NOT_FOUND, "no such document");
}

/* --- erasure --- */

static sv_status run_on(struct store_tx *tx, struct sv_ctx *ctx, int statement, const char *number,
                        uint32_t version, int *ret_changed) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, statement);
  if (sqlite3_bind_parameter_count(u.s) > 0) {
    use_text(&u, 1, number);
  }
  if (sqlite3_bind_parameter_count(u.s) > 1) {
    use_int(&u, 2, version);
  }
  return use_run(&u, ctx, "erase", ret_changed);
}

static sv_status log_document_erase(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                    uint32_t version) {
  int changed;
  SV_TRY(run_on(tx, ctx, STMT_ERASE, number, version, &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, NOT_ISSUED, "there is no such document, or it is being made");
  }
  struct vault_place place = {VAULT_DOCUMENT, number, version};
  SV_TRY(vault_destroy(tx, ctx, &place));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_COPIES, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_AUDIENCE, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_TAILS, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_LEVELS, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_PARTS, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_SEALS, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_PERSONS, number, version, NULL));
  SV_TRY(run_on(tx, ctx, STMT_ERASE_LINES, number, version, NULL));
  return run_on(tx, ctx, STMT_ERASE_LINE_KEYS, number, version, NULL);
}

static sv_status log_erasable(struct store_tx *tx, struct sv_ctx *ctx, enum model_kind kind,
                              const char *day, uint64_t after_row, struct store_erasable *ret,
                              size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_LOG, STMT_ERASABLE);
  use_int(&u, 1, kind);
  use_text(&u, 2, day);
  use_int(&u, 3, (int64_t)limit);
  use_int(&u, 4, (int64_t)after_row);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "erasable", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    struct store_erasable *e = &ret[n++];
    e->row = (uint64_t)row_int(&r);
    e->number = row_text(&r);
    e->version = (uint32_t)row_int(&r);
    e->kind = (enum model_kind)row_int(&r);
    e->state = (enum model_state)row_int(&r);
    e->issue_date = row_text(&r);
    e->valid_until = row_text(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "rows to erase");
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

const struct store_log_ops sqlite_log_ops = {
    .size = log_size,
    .leaf_add = log_leaf_add,
    .leaf = log_leaf,
    .leaf_of = log_leaf_of,
    .node_add = log_node_add,
    .node = log_node,
    .checkpoint_add = log_checkpoint_add,
    .checkpoint_last = log_checkpoint_last,
    .checkpoint_after = log_checkpoint_after,
    .audit_head = log_audit_head,
    .record_digest = log_record_digest,
    .document_erase = log_document_erase,
    .erasable = log_erasable,
    .document_after = sqlite_document_after,
    .series = sqlite_series,
    .rows_check = sqlite_rows_check,
    .rules_check = sqlite_rules_check,
    .table = sqlite_table,
};
