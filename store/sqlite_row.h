/* Statements of the SQLite backend: prepared once a connection, bound and read in one place. Inside store/ only. */
#pragma once
#include <sqlite3.h>

#include "store/store.h"

/* Each statement of the backend; the text is in sqlite_tx.c. */
enum stmt {
  STMT_REQUEST_FIND,
  STMT_SERIES_NEXT,
  STMT_RESERVE,
  STMT_FIND_VERSION,
  STMT_FIND_NEWEST,
  STMT_FIND_PDF,
  STMT_ISSUE,
  STMT_COPY_ADD,
  STMT_SEAL_ADD,
  STMT_STATE,
  STMT_LEASE_EXTEND,
  STMT_LEASES_ENDED,
  STMT_LIST,
  STMT_LIST_CASE,
  STMT_PDF,
  STMT_SEALS,
  STMT_STATUS_TAKEN,
  STMT_PERSON_ADD,
  STMT_PERSON_FIND,
  STMT_OBLIGATION_ADD,
  STMT_OBLIGATION_FIND,
  STMT_OBLIGATION_REQUEST,
  STMT_OBLIGATION_DISBURSE,
  STMT_AUDIT,
  STMT_COUNT
};

/* A connection and its statements; used by one thread at a time. Its first member makes it a store_tx. */
struct sqlite_tx {
  struct store_tx tx;
  sqlite3 *db;
  sqlite3_stmt *stmts[STMT_COUNT];
};

/* Opens a connection with the backend's settings and prepares every statement (after the schema exists). */
sv_status sqlite_tx_open(struct sv_ctx *ctx, const char *path, struct sqlite_tx *ret);
sv_status sqlite_tx_prepare(struct sv_ctx *ctx, struct sqlite_tx *t);
void sqlite_tx_close(struct sqlite_tx *t);
sv_status sqlite_exec(struct sv_ctx *ctx, sqlite3 *db, const char *sql);
