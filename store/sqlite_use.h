/* What the files of the SQLite backend share: a connection, its prepared statements in groups, binding and reading. Inside
 * store/ only. A slot is: use_of, use_text/int/blob, then use_run, or use_row and row_*, then use_end. Text and blobs are
 * bound static (they outlive the step) and copied out into the call's arena. Invariant: each slot leaves its statement
 * reset. */
#pragma once
#include <sqlite3.h>

#include "store/keys.h"
#include "store/log.h"
#include "store/protection.h"

enum sqlite_group_id {
  SQLITE_DOCUMENTS,
  SQLITE_COPIES,
  SQLITE_LIFE,
  SQLITE_FUNDING,
  SQLITE_PROTECTION,
  SQLITE_FLIGHTS,
  SQLITE_LOG,
  SQLITE_VAULT,
  SQLITE_AUDIENCE,
  SQLITE_LEVELS,
  SQLITE_KEY_LIVES,
  SQLITE_GROUP_COUNT,
};

/* The statements of one file: their texts, in the order of its own enum. */
struct sqlite_group {
  const char *const *texts;
  size_t n;
};
extern const struct sqlite_group sqlite_documents_group, sqlite_copies_group, sqlite_life_group,
    sqlite_funding_group, sqlite_protection_group, sqlite_flights_group, sqlite_log_group,
    sqlite_vault_group, sqlite_audience_group, sqlite_levels_group, sqlite_key_lives_group;
extern const struct store_document_ops sqlite_document_ops;
extern const struct store_life_ops sqlite_life_ops;
extern const struct store_funding_ops sqlite_funding_ops;
extern const struct store_protection_ops sqlite_protection_ops;
extern const struct store_log_ops sqlite_log_ops;
extern const struct store_audience_ops sqlite_audience_ops;
extern const struct store_level_ops sqlite_level_ops;
extern const struct store_key_life_ops sqlite_key_life_ops;

/* A connection and its statements; used by one thread at a time. Its first member makes it a store_tx. */
struct sqlite_tx {
  struct store_tx tx;
  sqlite3 *db;
  const struct store_keys *keys; /* of the store */
  sqlite3_stmt **stmts[SQLITE_GROUP_COUNT];
};

enum sqlite_mode {
  SQLITE_MODE_WRITER,
  SQLITE_MODE_READER,  /* of a store that this process writes */
  SQLITE_MODE_AUDITOR, /* the file is opened read-only: another process may write it */
};

/* Opens a connection with the backend's settings; prepares every statement (after the schema exists). keys outlive it. */
sv_status sqlite_tx_open(struct sv_ctx *ctx, const char *path, enum sqlite_mode mode,
                         const struct store_keys *keys, struct sqlite_tx *ret);
sv_status sqlite_tx_prepare(struct sv_ctx *ctx, struct sqlite_tx *t);
void sqlite_tx_close(struct sqlite_tx *t);
sv_status sqlite_exec(struct sv_ctx *ctx, sqlite3 *db, const char *sql);

struct sqlite_use {
  struct sqlite_tx *t;
  sqlite3_stmt *s;
  int rc;
};
struct sqlite_use use_of(struct store_tx *tx, enum sqlite_group_id group, int statement);
void use_text(struct sqlite_use *u, int i, const char *v); /* NULL: "" */
void use_int(struct sqlite_use *u, int i, int64_t v);
void use_blob(struct sqlite_use *u, int i, const void *p, size_t n);
/* A step that gives a row or not. */
sv_status use_row(struct sqlite_use *u, struct sv_ctx *ctx, const char *what, bool *ret_row);
/* A statement without result; how many rows it changed (NULL: nobody asks). */
sv_status use_run(struct sqlite_use *u, struct sv_ctx *ctx, const char *what, int *ret_changed);
void use_end(struct sqlite_use *u);

/* The columns of the row at hand, from the left; a fault is remembered and asked for once. */
struct sqlite_row {
  struct sv_ctx *ctx;
  sqlite3_stmt *s;
  int col;
  bool failed;
};
static inline struct sqlite_row row_of(const struct sqlite_use *u, struct sv_ctx *ctx) {
  return (struct sqlite_row){.ctx = ctx, .s = u->s};
}
const char *row_text(struct sqlite_row *r);
int64_t row_int(struct sqlite_row *r);
struct sv_bytes row_blob(struct sqlite_row *r);
/* A blob of a fixed size; all zero while it is empty. */
void row_fixed(struct sqlite_row *r, uint8_t *out, size_t n);

/* Slots of store/log.h that live beside the statements they share. */
sv_status sqlite_document_after(struct store_tx *tx, struct sv_ctx *ctx, uint64_t row,
                                struct store_document *ret);
sv_status sqlite_series(struct store_tx *tx, struct sv_ctx *ctx, struct store_series *ret,
                        size_t limit, size_t *ret_n);
sv_status sqlite_rows_check(struct store_tx *tx, struct sv_ctx *ctx, store_fault *fault, void *arg,
                            uint64_t *ret_rows);
sv_status sqlite_rules_check(struct store_tx *tx, struct sv_ctx *ctx, store_fault *fault,
                             void *arg);
sv_status sqlite_table(struct store_tx *tx, struct sv_ctx *ctx, const char *table, store_cells *row,
                       void *arg);
/* Copies: slots of struct store_document_ops. The first is what a copy_add and an issue have in common. */
sv_status sqlite_copy_put(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          uint32_t version, const struct store_copy *copy);
sv_status sqlite_copy_add(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          uint32_t version, const struct store_copy *copy);
sv_status sqlite_copies(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                        uint32_t version, struct store_copy *ret, size_t limit, size_t *ret_n);
sv_status sqlite_pdf(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                     uint32_t copy, struct sv_bytes *ret, uint8_t ret_sha256[32]);
sv_status sqlite_seals(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                       uint32_t version, uint32_t copy, struct store_seal *ret, size_t *ret_n);
/* Flights and boarding: slots of struct store_protection_ops. */
sv_status sqlite_flight_put(struct store_tx *tx, struct sv_ctx *ctx, const struct store_flight *f);
sv_status sqlite_line_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_line *l);
sv_status sqlite_line_key_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_line *l,
                              const uint8_t key[STORE_PERSON_KEY_BYTES], bool near);
sv_status sqlite_lines_find(struct store_tx *tx, struct sv_ctx *ctx,
                            const uint8_t key[STORE_PERSON_KEY_BYTES],
                            const struct store_line *after, struct store_line_found *ret,
                            size_t limit, size_t *ret_n);
sv_status sqlite_line_exact_keys(struct store_tx *tx, struct sv_ctx *ctx,
                                 const struct store_line *l, uint8_t (*ret)[STORE_PERSON_KEY_BYTES],
                                 size_t limit, size_t *ret_n);
sv_status sqlite_flights_suspended(struct store_tx *tx, struct sv_ctx *ctx,
                                   struct store_flight *ret, size_t limit, size_t *ret_n);
sv_status sqlite_mark_add(struct store_tx *tx, struct sv_ctx *ctx, const struct store_mark *m);
sv_status sqlite_marks_of(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          struct store_mark *ret, size_t limit, size_t *ret_n);
sv_status sqlite_boarded_put(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                             uint32_t boarded);
sv_status sqlite_boarded_count(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                               uint32_t *ret);
/* The keys of persons that a statement gives, one a row. */
sv_status sqlite_person_keys(struct sqlite_use *u, struct sv_ctx *ctx,
                             uint8_t (*ret)[STORE_PERSON_KEY_BYTES], size_t limit, size_t *ret_n);
/* Seals what an older schema kept in clear; inside a transaction. */
sv_status sqlite_seal_plain(struct sv_ctx *ctx, struct sqlite_tx *t);
