/* The slots of the contract over SQLite. Every statement is prepared at start; text and blobs are bound static (they
 * outlive the step) and copied out into the call's arena. Invariant: each slot leaves its statement reset. */
#include <stdio.h>

#include "base/clock.h"
#include "model/number.h"
#include "store/sqlite_row.h"

#define DOCUMENT_COLUMNS                                                                           \
  "d.number, d.version, d.copy, d.authority, d.kind, d.request_id, d.input_mac, d.state, "         \
  "d.state_reason, d.supersedes, d.superseded_by, d.template, d.languages, d.issue_date, "         \
  "d.valid_from, d.valid_until, d.issue_time_us, d.issued_by, d.request, d.salt, d.secret, "       \
  "d.content_sha256, d.record_sha256, d.record, d.signer_certificate_sha256, d.seal_certificate, " \
  "d.status_list, d.status_index, d.case_key, d.lease_until_us, d.obligation, d.amount_minor, "    \
  "d.sequence, d.obligated_minor, d.paid_before_minor, d.amendment, d.row"
#define OBLIGATION_COLUMNS                                                                \
  "authority, id, request_id, input_mac, award_number, awarding_agency, recipient_name, " \
  "recipient_id, currency, obligated_minor, disbursed_minor, period_start, period_end, "  \
  "amendment, receipts, closed"

static const char *const stmt_texts[STMT_COUNT] = {
    [STMT_REQUEST_FIND] =
        "SELECT " DOCUMENT_COLUMNS
        " FROM documents d WHERE authority = ?1 AND request_id = ?2 AND state <> 10",
    [STMT_SERIES_NEXT] =
        "INSERT INTO series (kind, year, last) VALUES (?1, ?2, 1) "
        "ON CONFLICT (kind, year) DO UPDATE SET last = last + 1 RETURNING last",
    [STMT_RESERVE] =
        "INSERT INTO documents (number, version, copy, authority, kind, request_id, input_mac, "
        "state, state_reason, "
        "supersedes, superseded_by, template, languages, issue_date, valid_from, valid_until, "
        "issue_time_us, "
        "issued_by, request, salt, secret, content_sha256, record_sha256, record, "
        "signer_certificate_sha256, "
        "seal_certificate, status_list, status_index, case_key, lease_until_us, obligation, "
        "amount_minor, sequence, "
        "obligated_minor, paid_before_minor, amendment) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, 1, 0, "
        "?7, '', ?8, ?9, ?10, "
        "?11, ?12, ?13, ?14, ?15, ?16, ?17, x'', x'', x'', x'', '', ?18, ?19, ?20, ?21, ?22, ?23, "
        "?24, ?25, ?26, ?27)",
    [STMT_FIND_VERSION] =
        "SELECT " DOCUMENT_COLUMNS " FROM documents d WHERE number = ?1 AND version = ?2",
    [STMT_FIND_NEWEST] =
        "SELECT " DOCUMENT_COLUMNS
        " FROM documents d WHERE number = ?1 ORDER BY state IN (1, 2, 9, 10), version DESC LIMIT 1",
    [STMT_FIND_PDF] =
        "SELECT " DOCUMENT_COLUMNS
        ", c.copy FROM copies c JOIN documents d ON d.number = c.number AND d.version = c.version "
        "WHERE c.pdf_sha256 = ?1",
    [STMT_ISSUE] =
        "UPDATE documents SET state = 3, content_sha256 = ?3, record_sha256 = ?4, record = ?5, "
        "signer_certificate_sha256 = ?6, seal_certificate = ?7, lease_until_us = 0 "
        "WHERE number = ?1 AND version = ?2 AND state = 1",
    [STMT_COPY_ADD] =
        "INSERT INTO copies (number, version, copy, pdf, pdf_sha256, reason, time_us) "
        "VALUES (?1, ?2, 1, ?3, ?4, 0, ?5)",
    [STMT_SEAL_ADD] =
        "INSERT INTO seals (number, version, copy, page, seal) VALUES (?1, ?2, 1, ?3, ?4)",
    [STMT_STATE] =
        "UPDATE documents SET state = ?3, state_reason = ?4, superseded_by = ?5, lease_until_us = "
        "0 "
        "WHERE number = ?1 AND version = ?2",
    [STMT_LEASE_EXTEND] =
        "UPDATE documents SET lease_until_us = ?3 WHERE number = ?1 AND version = ?2 AND state = 1",
    [STMT_LEASES_ENDED] = "SELECT " DOCUMENT_COLUMNS
                          " FROM documents d WHERE state = 1 AND lease_until_us < ?1 ORDER BY "
                          "lease_until_us LIMIT ?2",
    [STMT_LIST] =
        "SELECT " DOCUMENT_COLUMNS
        " FROM documents d WHERE authority = ?1 AND ((?2 >> kind) & 1) = 1 AND (?3 = 0 OR "
        "state = ?3) "
        "AND row < ?4 ORDER BY row DESC LIMIT ?5",
    [STMT_LIST_CASE] =
        "SELECT " DOCUMENT_COLUMNS
        " FROM documents d WHERE authority = ?1 AND case_key = ?6 AND ((?2 >> kind) & 1) = 1 "
        "AND (?3 = 0 OR state = ?3) AND row < ?4 ORDER BY row DESC LIMIT ?5",
    [STMT_PDF] =
        "SELECT pdf_sha256, pdf FROM copies WHERE number = ?1 AND version = ?2 AND (?3 = 0 OR copy "
        "= ?3) "
        "ORDER BY copy DESC LIMIT 1",
    [STMT_SEALS] =
        "SELECT page, seal FROM seals WHERE number = ?1 AND version = ?2 AND copy = ?3 ORDER BY "
        "page",
    [STMT_STATUS_TAKEN] = "SELECT 1 FROM documents WHERE status_list = ?1 AND status_index = ?2",
    [STMT_PERSON_ADD] =
        "INSERT OR REPLACE INTO person_keys (key, number, not_valid_for, route) VALUES (?1, ?2, "
        "?3, ?4)",
    [STMT_PERSON_FIND] =
        "SELECT p.number, d.state, d.valid_until, p.not_valid_for, p.route FROM person_keys p "
        "JOIN documents d ON d.number = p.number AND d.version = (SELECT max(version) FROM "
        "documents m WHERE m.number "
        "= p.number) WHERE p.key = ?1 LIMIT ?2",
    [STMT_OBLIGATION_ADD] =
        "INSERT INTO obligations (" OBLIGATION_COLUMNS
        ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, ?11, ?12, 0, 0, 0) "
        "ON CONFLICT DO NOTHING",
    [STMT_OBLIGATION_FIND] =
        "SELECT " OBLIGATION_COLUMNS " FROM obligations WHERE authority = ?1 AND id = ?2",
    [STMT_OBLIGATION_REQUEST] =
        "SELECT " OBLIGATION_COLUMNS " FROM obligations WHERE authority = ?1 AND request_id = ?2",
    [STMT_OBLIGATION_DISBURSE] =
        "UPDATE obligations SET disbursed_minor = disbursed_minor + ?3, receipts = max(receipts, "
        "?4), closed = CASE WHEN ?5 THEN ?4 WHEN closed = ?4 THEN 0 ELSE closed END "
        "WHERE authority = ?1 AND id = ?2 AND obligated_minor - disbursed_minor >= ?3",
    [STMT_AUDIT] =
        "INSERT INTO audit (time_us, actor, act, number, version, reason) VALUES (?1, ?2, ?3, ?4, "
        "?5, ?6)",
};

/* --- binding and reading --- */

struct use {
  struct sqlite_tx *t;
  sqlite3_stmt *s;
  int rc;
};

static struct use use_of(struct store_tx *tx, enum stmt which) {
  struct sqlite_tx *t = (struct sqlite_tx *)tx;
  return (struct use){.t = t, .s = t->stmts[which], .rc = SQLITE_OK};
}

static void bind_text(struct use *u, int i, const char *v) {
  u->rc |= sqlite3_bind_text(u->s, i, v ? v : "", -1, SQLITE_STATIC);
}
static void bind_int(struct use *u, int i, int64_t v) { u->rc |= sqlite3_bind_int64(u->s, i, v); }
static void bind_blob(struct use *u, int i, const void *p, size_t n) {
  u->rc |=
      n ? sqlite3_bind_blob64(u->s, i, p, n, SQLITE_STATIC) : sqlite3_bind_zeroblob(u->s, i, 0);
}

static sv_status use_failed(struct use *u, struct sv_ctx *ctx, const char *what) {
  sv_status s = SV_FAIL(ctx, STORE, "%s: %s", what, sqlite3_errmsg(u->t->db));
  (void)sqlite3_reset(u->s);
  (void)sqlite3_clear_bindings(u->s);
  return s;
}

static void use_end(struct use *u) {
  (void)sqlite3_reset(u->s);
  (void)sqlite3_clear_bindings(u->s);
}

/* A step that gives a row or not. */
static sv_status step_row(struct use *u, struct sv_ctx *ctx, const char *what, bool *ret_row) {
  int rc = u->rc == SQLITE_OK ? sqlite3_step(u->s) : u->rc;
  if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
    return use_failed(u, ctx, what);
  }
  *ret_row = rc == SQLITE_ROW;
  return SV_DONE;
}

/* A statement without result; how many rows it changed. */
static sv_status run(struct use *u, struct sv_ctx *ctx, const char *what, int *ret_changed) {
  bool row;
  SV_TRY(step_row(u, ctx, what, &row));
  if (ret_changed) {
    *ret_changed = sqlite3_changes(u->t->db);
  }
  use_end(u);
  return SV_DONE;
}

struct reader {
  struct sv_ctx *ctx;
  sqlite3_stmt *s;
  int col;
  bool failed;
};

static const char *read_text(struct reader *r) {
  const unsigned char *p = sqlite3_column_text(r->s, r->col);
  int n = sqlite3_column_bytes(r->s, r->col++);
  char *copy = sv_arena_strndup(r->ctx->mem, (const char *)p, p ? (size_t)n : 0);
  r->failed |= !copy;
  return copy ? copy : "";
}
static int64_t read_int(struct reader *r) { return sqlite3_column_int64(r->s, r->col++); }
static struct sv_bytes read_blob(struct reader *r) {
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
/* A blob of a fixed size; all zero while it is empty. */
static void read_fixed(struct reader *r, uint8_t *out, size_t n) {
  const void *p = sqlite3_column_blob(r->s, r->col);
  int have = sqlite3_column_bytes(r->s, r->col++);
  memset(out, 0, n);
  if (have == (int)n) {
    memcpy(out, p, n);
  } else if (have != 0) {
    r->failed = true;
  }
}

static sv_status read_document(struct use *u, struct sv_ctx *ctx, struct store_document *ret,
                               uint32_t *ret_copy) {
  struct reader r = {.ctx = ctx, .s = u->s};
  struct store_document d = {0};
  d.number = read_text(&r);
  d.version = (uint32_t)read_int(&r);
  d.copy = (uint32_t)read_int(&r);
  d.authority = read_text(&r);
  d.kind = (enum model_kind)read_int(&r);
  d.request_id = read_text(&r);
  read_fixed(&r, d.input_mac, 32);
  d.state = (enum model_state)read_int(&r);
  d.state_reason = (enum model_state_reason)read_int(&r);
  d.supersedes = read_text(&r);
  d.superseded_by = read_text(&r);
  d.template_name = read_text(&r);
  d.languages = read_text(&r);
  d.issue_date = read_text(&r);
  d.valid_from = read_text(&r);
  d.valid_until = read_text(&r);
  d.issue_time_us = read_int(&r);
  d.issued_by = read_text(&r);
  d.request = read_blob(&r);
  read_fixed(&r, d.salt, sizeof d.salt);
  read_fixed(&r, d.secret, sizeof d.secret);
  read_fixed(&r, d.content_sha256, 32);
  read_fixed(&r, d.record_sha256, 32);
  d.record = read_blob(&r);
  read_fixed(&r, d.signer_certificate_sha256, 32);
  d.seal_certificate = read_text(&r);
  d.status_list = read_text(&r);
  d.status_index = (uint32_t)read_int(&r);
  struct sv_bytes case_key = read_blob(&r);
  d.case_key = case_key.n == 32 ? case_key.p : NULL;
  d.lease_until_us = read_int(&r);
  d.obligation = read_text(&r);
  d.amount_minor = read_int(&r);
  d.sequence = (uint32_t)read_int(&r);
  d.obligated_minor = read_int(&r);
  d.paid_before_minor = read_int(&r);
  d.amendment = (uint32_t)read_int(&r);
  d.row = (uint64_t)read_int(&r);
  if (ret_copy) {
    *ret_copy = (uint32_t)read_int(&r);
  }
  if (r.failed) {
    use_end(u);
    return SV_FAIL(ctx, CORRUPT, "a document's row, or out of memory reading it");
  }
  *ret = d;
  return SV_DONE;
}

static sv_status one_document(struct use *u, struct sv_ctx *ctx, struct store_document *ret,
                              uint32_t *ret_copy) {
  bool row;
  SV_TRY(step_row(u, ctx, "document", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such document");
  }
  SV_TRY(read_document(u, ctx, ret, ret_copy));
  use_end(u);
  return SV_DONE;
}

static sv_status many_documents(struct use *u, struct sv_ctx *ctx, struct store_document *ret,
                                size_t limit, size_t *ret_n) {
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(step_row(u, ctx, "documents", &row));
    if (!row || n == limit) {
      break;
    }
    SV_TRY(read_document(u, ctx, &ret[n], NULL));
    n++;
  }
  use_end(u);
  *ret_n = n;
  return SV_DONE;
}

/* --- documents --- */

static sv_status tx_request_find(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                 const char *request_id, struct store_document *ret) {
  struct use u = use_of(tx, STMT_REQUEST_FIND);
  bind_text(&u, 1, authority);
  bind_text(&u, 2, request_id);
  return one_document(&u, ctx, ret, NULL);
}

static sv_status tx_series_next(struct store_tx *tx, struct sv_ctx *ctx, enum model_kind kind,
                                int year, uint32_t *ret) {
  struct use u = use_of(tx, STMT_SERIES_NEXT);
  bind_int(&u, 1, kind);
  bind_int(&u, 2, year);
  bool row;
  SV_TRY(step_row(&u, ctx, "series", &row));
  int64_t next = row ? sqlite3_column_int64(u.s, 0) : 0;
  use_end(&u);
  if (next < 1) {
    return SV_FAIL(ctx, CORRUPT, "series of kind %d", (int)kind);
  }
  if (next > MODEL_SERIES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "the series of the year is used up");
  }
  *ret = (uint32_t)next;
  return SV_DONE;
}

static sv_status tx_document_reserve(struct store_tx *tx, struct sv_ctx *ctx,
                                     const struct store_document *d) {
  struct use u = use_of(tx, STMT_RESERVE);
  bind_text(&u, 1, d->number);
  bind_int(&u, 2, d->version);
  bind_text(&u, 3, d->authority);
  bind_int(&u, 4, d->kind);
  bind_text(&u, 5, d->request_id);
  bind_blob(&u, 6, d->input_mac, 32);
  bind_text(&u, 7, d->supersedes);
  bind_text(&u, 8, d->template_name);
  bind_text(&u, 9, d->languages);
  bind_text(&u, 10, d->issue_date);
  bind_text(&u, 11, d->valid_from);
  bind_text(&u, 12, d->valid_until);
  bind_int(&u, 13, d->issue_time_us);
  bind_text(&u, 14, d->issued_by);
  bind_blob(&u, 15, d->request.p, d->request.n);
  bind_blob(&u, 16, d->salt, sizeof d->salt);
  bind_blob(&u, 17, d->secret, sizeof d->secret);
  bind_text(&u, 18, d->status_list);
  bind_int(&u, 19, d->status_index);
  if (d->case_key) {
    bind_blob(&u, 20, d->case_key, 32);
  }
  bind_int(&u, 21, d->lease_until_us);
  bind_text(&u, 22, d->obligation);
  bind_int(&u, 23, d->amount_minor);
  bind_int(&u, 24, d->sequence);
  bind_int(&u, 25, d->obligated_minor);
  bind_int(&u, 26, d->paid_before_minor);
  bind_int(&u, 27, d->amendment);
  return run(&u, ctx, "reserve", NULL);
}

static sv_status tx_document_find(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                  uint32_t version, struct store_document *ret) {
  struct use u = use_of(tx, version ? STMT_FIND_VERSION : STMT_FIND_NEWEST);
  bind_text(&u, 1, number);
  if (version) {
    bind_int(&u, 2, version);
  }
  return one_document(&u, ctx, ret, NULL);
}

static sv_status tx_document_by_pdf(struct store_tx *tx, struct sv_ctx *ctx,
                                    const uint8_t pdf_sha256[32], struct store_document *ret,
                                    uint32_t *ret_copy) {
  struct use u = use_of(tx, STMT_FIND_PDF);
  bind_blob(&u, 1, pdf_sha256, 32);
  return one_document(&u, ctx, ret, ret_copy);
}

static sv_status tx_document_issue(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, const struct store_issue *i) {
  struct use u = use_of(tx, STMT_ISSUE);
  bind_text(&u, 1, number);
  bind_int(&u, 2, version);
  bind_blob(&u, 3, i->content_sha256, 32);
  bind_blob(&u, 4, i->record_sha256, 32);
  bind_blob(&u, 5, i->record.p, i->record.n);
  bind_blob(&u, 6, i->signer_certificate_sha256, 32);
  bind_text(&u, 7, i->seal_certificate);
  int changed;
  SV_TRY(run(&u, ctx, "issue", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, NOT_ISSUED, "the document is not reserved any more");
  }
  struct use c = use_of(tx, STMT_COPY_ADD);
  bind_text(&c, 1, number);
  bind_int(&c, 2, version);
  bind_blob(&c, 3, i->pdf.p, i->pdf.n);
  bind_blob(&c, 4, i->pdf_sha256, 32);
  bind_int(&c, 5, sv_wall_us());
  SV_TRY(run(&c, ctx, "copy", NULL));
  for (size_t k = 0; k < i->seal_count; k++) {
    struct use s = use_of(tx, STMT_SEAL_ADD);
    bind_text(&s, 1, number);
    bind_int(&s, 2, version);
    bind_int(&s, 3, i->seals[k].page);
    bind_blob(&s, 4, i->seals[k].seal.p, i->seals[k].seal.n);
    SV_TRY(run(&s, ctx, "seal", NULL));
  }
  return SV_DONE;
}

static sv_status tx_document_state(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, enum model_state state,
                                   enum model_state_reason reason, const char *superseded_by) {
  struct use u = use_of(tx, STMT_STATE);
  bind_text(&u, 1, number);
  bind_int(&u, 2, version);
  bind_int(&u, 3, state);
  bind_int(&u, 4, reason);
  bind_text(&u, 5, superseded_by);
  int changed;
  SV_TRY(run(&u, ctx, "state", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, NOT_FOUND, "no such document");
}

static sv_status tx_lease_extend(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                 uint32_t version, int64_t until_us) {
  struct use u = use_of(tx, STMT_LEASE_EXTEND);
  bind_text(&u, 1, number);
  bind_int(&u, 2, version);
  bind_int(&u, 3, until_us);
  return run(&u, ctx, "lease", NULL);
}

static sv_status tx_leases_ended(struct store_tx *tx, struct sv_ctx *ctx, int64_t now_us,
                                 struct store_document *ret, size_t limit, size_t *ret_n) {
  struct use u = use_of(tx, STMT_LEASES_ENDED);
  bind_int(&u, 1, now_us);
  bind_int(&u, 2, (int64_t)limit);
  return many_documents(&u, ctx, ret, limit, ret_n);
}

static sv_status tx_document_list(struct store_tx *tx, struct sv_ctx *ctx,
                                  const struct store_list_query *q, struct store_document *ret,
                                  size_t *ret_n) {
  struct use u = use_of(tx, q->case_key ? STMT_LIST_CASE : STMT_LIST);
  bind_text(&u, 1, q->authority);
  bind_int(&u, 2, q->kinds);
  bind_int(&u, 3, q->state);
  bind_int(&u, 4, q->before_row ? (int64_t)q->before_row : INT64_MAX);
  bind_int(&u, 5, q->limit);
  if (q->case_key) {
    bind_blob(&u, 6, q->case_key, 32);
  }
  return many_documents(&u, ctx, ret, q->limit, ret_n);
}

static sv_status tx_pdf(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                        uint32_t version, uint32_t copy, struct sv_bytes *ret,
                        uint8_t ret_sha256[32]) {
  struct use u = use_of(tx, STMT_PDF);
  bind_text(&u, 1, number);
  bind_int(&u, 2, version);
  bind_int(&u, 3, copy);
  bool row;
  SV_TRY(step_row(&u, ctx, "pdf", &row));
  if (!row) {
    use_end(&u);
    return SV_FAIL(ctx, NOT_FOUND, "no such copy");
  }
  struct reader r = {.ctx = ctx, .s = u.s};
  read_fixed(&r, ret_sha256, 32);
  struct sv_bytes pdf = ret ? read_blob(&r) : (struct sv_bytes){0};
  use_end(&u);
  if (r.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "bytes of a PDF");
  }
  if (ret) {
    *ret = pdf;
  }
  return SV_DONE;
}

static sv_status tx_seals(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          uint32_t version, uint32_t copy, struct store_seal *ret, size_t *ret_n) {
  struct use u = use_of(tx, STMT_SEALS);
  bind_text(&u, 1, number);
  bind_int(&u, 2, version);
  bind_int(&u, 3, copy);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(step_row(&u, ctx, "seals", &row));
    if (!row || n == STORE_SEALS_MAX) {
      break;
    }
    struct reader r = {.ctx = ctx, .s = u.s};
    ret[n].page = (uint32_t)read_int(&r);
    ret[n].seal = read_blob(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "bytes of a seal");
    }
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_status_index_taken(struct store_tx *tx, struct sv_ctx *ctx, const char *list,
                                       uint32_t index, bool *ret) {
  struct use u = use_of(tx, STMT_STATUS_TAKEN);
  bind_text(&u, 1, list);
  bind_int(&u, 2, index);
  SV_TRY(step_row(&u, ctx, "status index", ret));
  use_end(&u);
  return SV_DONE;
}

/* --- persons --- */

static sv_status tx_person_add(struct store_tx *tx, struct sv_ctx *ctx,
                               const uint8_t key[STORE_PERSON_KEY_BYTES],
                               const struct store_protection *p) {
  struct use u = use_of(tx, STMT_PERSON_ADD);
  bind_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  bind_text(&u, 2, p->number);
  bind_text(&u, 3, p->not_valid_for);
  bind_text(&u, 4, p->route);
  return run(&u, ctx, "person key", NULL);
}

static sv_status tx_person_find(struct store_tx *tx, struct sv_ctx *ctx,
                                const uint8_t key[STORE_PERSON_KEY_BYTES],
                                struct store_protection *ret, size_t limit, size_t *ret_n) {
  struct use u = use_of(tx, STMT_PERSON_FIND);
  bind_blob(&u, 1, key, STORE_PERSON_KEY_BYTES);
  bind_int(&u, 2, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(step_row(&u, ctx, "person", &row));
    if (!row || n == limit) {
      break;
    }
    struct reader r = {.ctx = ctx, .s = u.s};
    ret[n].number = read_text(&r);
    ret[n].state = (enum model_state)read_int(&r);
    ret[n].valid_until = read_text(&r);
    ret[n].not_valid_for = read_text(&r);
    ret[n].route = read_text(&r);
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

/* --- obligations --- */

static sv_status one_obligation(struct use *u, struct sv_ctx *ctx, struct store_obligation *ret) {
  bool row;
  SV_TRY(step_row(u, ctx, "obligation", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such obligation");
  }
  struct reader r = {.ctx = ctx, .s = u->s};
  struct store_obligation o = {0};
  o.authority = read_text(&r);
  o.id = read_text(&r);
  o.request_id = read_text(&r);
  read_fixed(&r, o.input_mac, 32);
  o.award_number = read_text(&r);
  o.awarding_agency = read_text(&r);
  o.recipient_name = read_text(&r);
  o.recipient_id = read_text(&r);
  o.currency = read_text(&r);
  o.obligated_minor = read_int(&r);
  o.disbursed_minor = read_int(&r);
  o.period_start = read_text(&r);
  o.period_end = read_text(&r);
  o.amendment = (uint32_t)read_int(&r);
  o.receipts = (uint32_t)read_int(&r);
  o.closed = read_int(&r) != 0;
  use_end(u);
  if (r.failed) {
    return SV_FAIL(ctx, CORRUPT, "an obligation's row, or out of memory reading it");
  }
  *ret = o;
  return SV_DONE;
}

static sv_status tx_obligation_add(struct store_tx *tx, struct sv_ctx *ctx,
                                   const struct store_obligation *o) {
  struct use u = use_of(tx, STMT_OBLIGATION_ADD);
  bind_text(&u, 1, o->authority);
  bind_text(&u, 2, o->id);
  bind_text(&u, 3, o->request_id);
  bind_blob(&u, 4, o->input_mac, 32);
  bind_text(&u, 5, o->award_number);
  bind_text(&u, 6, o->awarding_agency);
  bind_text(&u, 7, o->recipient_name);
  bind_text(&u, 8, o->recipient_id);
  bind_text(&u, 9, o->currency);
  bind_int(&u, 10, o->obligated_minor);
  bind_text(&u, 11, o->period_start);
  bind_text(&u, 12, o->period_end);
  int changed;
  SV_TRY(run(&u, ctx, "obligation", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "obligation");
}

static sv_status tx_obligation_find(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                    const char *id, struct store_obligation *ret) {
  struct use u = use_of(tx, STMT_OBLIGATION_FIND);
  bind_text(&u, 1, authority);
  bind_text(&u, 2, id);
  return one_obligation(&u, ctx, ret);
}

static sv_status tx_obligation_by_request(struct store_tx *tx, struct sv_ctx *ctx,
                                          const char *authority, const char *request_id,
                                          struct store_obligation *ret) {
  struct use u = use_of(tx, STMT_OBLIGATION_REQUEST);
  bind_text(&u, 1, authority);
  bind_text(&u, 2, request_id);
  return one_obligation(&u, ctx, ret);
}

static sv_status tx_obligation_disburse(struct store_tx *tx, struct sv_ctx *ctx,
                                        const char *authority, const char *id, int64_t minor,
                                        uint32_t sequence, bool close) {
  struct use u = use_of(tx, STMT_OBLIGATION_DISBURSE);
  bind_text(&u, 1, authority);
  bind_text(&u, 2, id);
  bind_int(&u, 3, minor);
  bind_int(&u, 4, sequence);
  bind_int(&u, 5, close);
  int changed;
  SV_TRY(run(&u, ctx, "disburse", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, BALANCE_EXCEEDED, "obligation");
}

static sv_status tx_audit(struct store_tx *tx, struct sv_ctx *ctx, const struct store_audit *a) {
  struct use u = use_of(tx, STMT_AUDIT);
  bind_int(&u, 1, sv_wall_us());
  bind_text(&u, 2, a->actor);
  bind_text(&u, 3, a->act);
  bind_text(&u, 4, a->number);
  bind_int(&u, 5, a->version);
  bind_text(&u, 6, a->reason);
  return run(&u, ctx, "audit", NULL);
}

static const struct store_tx_ops tx_ops = {
    .request_find = tx_request_find,
    .series_next = tx_series_next,
    .document_reserve = tx_document_reserve,
    .document_find = tx_document_find,
    .document_by_pdf = tx_document_by_pdf,
    .document_issue = tx_document_issue,
    .document_state = tx_document_state,
    .lease_extend = tx_lease_extend,
    .leases_ended = tx_leases_ended,
    .document_list = tx_document_list,
    .pdf = tx_pdf,
    .seals = tx_seals,
    .status_index_taken = tx_status_index_taken,
    .person_add = tx_person_add,
    .person_find = tx_person_find,
    .obligation_add = tx_obligation_add,
    .obligation_find = tx_obligation_find,
    .obligation_by_request = tx_obligation_by_request,
    .obligation_disburse = tx_obligation_disburse,
    .audit = tx_audit,
};

/* --- connections --- */

sv_status sqlite_exec(struct sv_ctx *ctx, sqlite3 *db, const char *sql) {
  if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
    return SV_FAIL(ctx, STORE, "%.20s: %s", sql, sqlite3_errmsg(db));
  }
  return SV_DONE;
}

sv_status sqlite_tx_open(struct sv_ctx *ctx, const char *path, struct sqlite_tx *ret) {
  *ret = (struct sqlite_tx){.tx = {.ops = &tx_ops}};
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2(path, &ret->db, flags, NULL) != SQLITE_OK) {
    sv_status s = SV_FAIL(ctx, STORE, "%s: %s", path, sqlite3_errmsg(ret->db));
    sqlite_tx_close(ret);
    return s;
  }
  (void)sqlite3_busy_timeout(ret->db, 5000);
  sv_status s =
      sqlite_exec(ctx, ret->db,
                  "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; "
                  "PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 4000;");
  if (sv_failed(s)) {
    sqlite_tx_close(ret);
  }
  return s;
}

sv_status sqlite_tx_prepare(struct sv_ctx *ctx, struct sqlite_tx *t) {
  for (int i = 0; i < STMT_COUNT; i++) {
    if (sqlite3_prepare_v3(t->db, stmt_texts[i], -1, SQLITE_PREPARE_PERSISTENT, &t->stmts[i],
                           NULL) != SQLITE_OK) {
      return SV_FAIL(ctx, STORE, "statement %d: %s", i, sqlite3_errmsg(t->db));
    }
  }
  return SV_DONE;
}

void sqlite_tx_close(struct sqlite_tx *t) {
  for (int i = 0; i < STMT_COUNT; i++) {
    (void)sqlite3_finalize(t->stmts[i]);
    t->stmts[i] = NULL;
  }
  (void)sqlite3_close(t->db);
  t->db = NULL;
}
