/* Documents over SQLite: one row a (number, version). */
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "model/number.h"
#include "store/vault.h"

#define DOCUMENT_COLUMNS                                                                           \
  "d.number, d.version, d.copy, d.authority, d.kind, d.request_id, d.input_mac, d.state, "         \
  "d.state_reason, d.supersedes, d.superseded_by, d.template, d.languages, d.issue_date, "         \
  "d.valid_from, d.valid_until, d.issue_time_us, d.issued_by, d.request, d.salt, d.secret, "       \
  "d.content_sha256, d.record_sha256, d.record, d.signer_certificate_sha256, d.seal_certificate, " \
  "d.status_list, d.status_index, d.case_key, d.lease_until_us, d.obligation, d.amount_minor, "    \
  "d.sequence, d.obligated_minor, d.paid_before_minor, d.amendment, d.approvals_needed, "          \
  "d.draft_until_us, d.version_reason, d.gone, d.closing, d.paper, d.template_sha256, d.row"

enum {
  STMT_REQUEST_FIND,
  STMT_SERIES_NEXT,
  STMT_RESERVE,
  STMT_FIND_VERSION,
  STMT_FIND_NEWEST,
  STMT_FIND_PDF,
  STMT_ISSUE,
  STMT_STATE,
  STMT_LEASE_EXTEND,
  STMT_LEASES_ENDED,
  STMT_LIST,
  STMT_LIST_CASE,
  STMT_STATUS_TAKEN,
  STMT_STATUS_PLACES,
  STMT_DRAFT_RESERVE,
  STMT_DRAFTS_ENDED,
  STMT_AFTER,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
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
        "obligated_minor, paid_before_minor, amendment, approvals_needed, draft_until_us, "
        "version_reason, gone, closing, paper) VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?28, 0, "
        "?7, '', ?8, ?9, ?10, "
        "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?34, x'', x'', x'', '', ?18, ?19, ?20, ?21, ?22, ?23, "
        "?24, ?25, ?26, ?27, ?29, ?30, ?31, ?32, ?33, ?35)",
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
        "UPDATE documents SET state = CASE closing WHEN 1 THEN 5 ELSE 3 END, content_sha256 = ?3, "
        "record_sha256 = ?4, record = ?5, "
        "signer_certificate_sha256 = ?6, seal_certificate = ?7, template = ?8, template_sha256 = "
        "?9, "
        "lease_until_us = 0 "
        "WHERE number = ?1 AND version = ?2 AND state = 1",
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
    [STMT_STATUS_TAKEN] =
        "SELECT 1 FROM documents WHERE status_list = ?1 AND status_index = ?2 UNION ALL "
        "SELECT 1 FROM copies WHERE status_index = ?2 AND status_index >= 0", /* as its index says */
    [STMT_STATUS_PLACES] =
        "SELECT CASE c.copy WHEN 1 THEN d.status_index ELSE c.status_index END, "
        "d.state, c.copy < d.copy FROM documents d JOIN copies c ON c.number = d.number AND "
        "c.version = d.version WHERE d.status_list = ?1 AND (?2 IS NULL OR d.number = ?2 AND "
        "d.version = ?3)",
    [STMT_DRAFT_RESERVE] =
        "UPDATE documents SET state = 1, lease_until_us = ?3, issue_time_us = ?4 WHERE number = ?1 "
        "AND version = ?2 "
        "AND state = 2",
    [STMT_DRAFTS_ENDED] = "SELECT " DOCUMENT_COLUMNS
                          " FROM documents d WHERE state = 2 AND draft_until_us < ?1 ORDER BY "
                          "draft_until_us LIMIT ?2",
    [STMT_AFTER] =
        "SELECT " DOCUMENT_COLUMNS " FROM documents d WHERE row > ?1 ORDER BY row LIMIT 1",
};
const struct sqlite_group sqlite_documents_group = {texts, STMT_COUNT};

/* What of a row is sealed, in clear. */
static sv_status document_open(struct sqlite_use *u, struct sv_ctx *ctx, struct sv_bytes secret,
                               struct store_document *d) {
  if (secret.n == 0) { /* erased */
    return SV_DONE;
  }
  struct vault_place place = {VAULT_DOCUMENT, d->number, d->version};
  struct vault_key key;
  SV_TRY(vault_key_take(&u->t->tx, ctx, &place, false, &key));
  sv_status s = vault_open(ctx, &key, "request", d->request, &d->request);
  if (!sv_failed(s)) {
    s = vault_open(ctx, &key, "record", d->record, &d->record);
  }
  if (!sv_failed(s)) {
    s = vault_open(ctx, &key, "secret", secret, &secret);
  }
  crypto_wipe(key.key, sizeof key.key);
  SV_TRY(s);
  if (secret.n != sizeof d->secret) {
    return SV_FAIL(ctx, CORRUPT, "the secret of %s", d->number);
  }
  memcpy(d->secret, secret.p, sizeof d->secret);
  return SV_DONE;
}

static sv_status read_document(struct sqlite_use *u, struct sv_ctx *ctx, struct store_document *ret,
                               uint32_t *ret_copy) {
  struct sqlite_row r = {.ctx = ctx, .s = u->s};
  struct store_document d = {0};
  d.number = row_text(&r);
  d.version = (uint32_t)row_int(&r);
  d.copy = (uint32_t)row_int(&r);
  d.authority = row_text(&r);
  d.kind = (enum model_kind)row_int(&r);
  d.request_id = row_text(&r);
  row_fixed(&r, d.input_mac, 32);
  d.state = (enum model_state)row_int(&r);
  d.state_reason = (enum model_state_reason)row_int(&r);
  d.supersedes = row_text(&r);
  d.superseded_by = row_text(&r);
  d.template_name = row_text(&r);
  d.languages = row_text(&r);
  d.issue_date = row_text(&r);
  d.valid_from = row_text(&r);
  d.valid_until = row_text(&r);
  d.issue_time_us = row_int(&r);
  d.issued_by = row_text(&r);
  d.request = row_blob(&r);
  row_fixed(&r, d.salt, sizeof d.salt);
  struct sv_bytes secret = row_blob(&r);
  row_fixed(&r, d.content_sha256, 32);
  row_fixed(&r, d.record_sha256, 32);
  d.record = row_blob(&r);
  row_fixed(&r, d.signer_certificate_sha256, 32);
  d.seal_certificate = row_text(&r);
  d.status_list = row_text(&r);
  d.status_index = (uint32_t)row_int(&r);
  struct sv_bytes case_key = row_blob(&r);
  d.case_key = case_key.n == 32 ? case_key.p : NULL;
  d.lease_until_us = row_int(&r);
  d.obligation = row_text(&r);
  d.amount_minor = row_int(&r);
  d.sequence = (uint32_t)row_int(&r);
  d.obligated_minor = row_int(&r);
  d.paid_before_minor = row_int(&r);
  d.amendment = (uint32_t)row_int(&r);
  d.approvals_needed = (uint32_t)row_int(&r);
  d.draft_until_us = row_int(&r);
  d.version_reason = (enum model_state_reason)row_int(&r);
  d.gone = row_text(&r);
  d.closing = row_int(&r) != 0;
  d.paper = (enum model_paper)row_int(&r);
  d.template_sha256 = row_blob(&r);
  d.row = (uint64_t)row_int(&r);
  if (ret_copy) {
    *ret_copy = (uint32_t)row_int(&r);
  }
  if (r.failed) {
    use_end(u);
    return SV_FAIL(ctx, CORRUPT, "a document's row, or out of memory reading it");
  }
  sv_status opened = document_open(u, ctx, secret, &d);
  if (sv_failed(opened)) {
    use_end(u);
    return opened;
  }
  *ret = d;
  return SV_DONE;
}

static sv_status one_document(struct sqlite_use *u, struct sv_ctx *ctx, struct store_document *ret,
                              uint32_t *ret_copy) {
  bool row;
  SV_TRY(use_row(u, ctx, "document", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such document");
  }
  SV_TRY(read_document(u, ctx, ret, ret_copy));
  use_end(u);
  return SV_DONE;
}

static sv_status many_documents(struct sqlite_use *u, struct sv_ctx *ctx,
                                struct store_document *ret, size_t limit, size_t *ret_n) {
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(u, ctx, "documents", &row));
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
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_REQUEST_FIND);
  use_text(&u, 1, authority);
  use_text(&u, 2, request_id);
  return one_document(&u, ctx, ret, NULL);
}

static sv_status tx_series_next(struct store_tx *tx, struct sv_ctx *ctx, enum model_kind kind,
                                int year, uint32_t *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_SERIES_NEXT);
  use_int(&u, 1, kind);
  use_int(&u, 2, year);
  bool row;
  SV_TRY(use_row(&u, ctx, "series", &row));
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

static sv_status document_put(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *d, struct sv_bytes request,
                              struct sv_bytes secret) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_RESERVE);
  use_text(&u, 1, d->number);
  use_int(&u, 2, d->version);
  use_text(&u, 3, d->authority);
  use_int(&u, 4, d->kind);
  use_text(&u, 5, d->request_id);
  use_blob(&u, 6, d->input_mac, 32);
  use_text(&u, 7, d->supersedes);
  use_text(&u, 8, d->template_name);
  use_text(&u, 9, d->languages);
  use_text(&u, 10, d->issue_date);
  use_text(&u, 11, d->valid_from);
  use_text(&u, 12, d->valid_until);
  use_int(&u, 13, d->issue_time_us);
  use_text(&u, 14, d->issued_by);
  use_blob(&u, 15, request.p, request.n);
  use_blob(&u, 16, d->salt, sizeof d->salt);
  use_blob(&u, 17, secret.p, secret.n);
  use_text(&u, 18, d->status_list);
  use_int(&u, 19, d->status_index);
  if (d->case_key) {
    use_blob(&u, 20, d->case_key, 32);
  }
  use_int(&u, 21, d->lease_until_us);
  use_text(&u, 22, d->obligation);
  use_int(&u, 23, d->amount_minor);
  use_int(&u, 24, d->sequence);
  use_int(&u, 25, d->obligated_minor);
  use_int(&u, 26, d->paid_before_minor);
  use_int(&u, 27, d->amendment);
  use_int(&u, 28, d->state);
  use_int(&u, 29, d->approvals_needed);
  use_int(&u, 30, d->draft_until_us);
  use_int(&u, 31, d->version_reason);
  use_text(&u, 32, d->gone);
  use_int(&u, 33, d->closing);
  use_int(&u, 35, d->paper == MODEL_PAPER_NONE ? MODEL_A4 : d->paper);
  use_blob(&u, 34, d->content_sha256, 32);
  return use_run(&u, ctx, "reserve", NULL);
}

static sv_status tx_document_reserve(struct store_tx *tx, struct sv_ctx *ctx,
                                     const struct store_document *d) {
  struct vault_place place = {VAULT_DOCUMENT, d->number, d->version};
  struct vault_key key;
  struct sv_bytes request = {0}, secret = {0};
  SV_TRY(vault_key_take(tx, ctx, &place, true, &key));
  sv_status sealed = vault_seal(ctx, &key, "request", d->request, &request);
  if (!sv_failed(sealed)) {
    sealed = vault_seal(ctx, &key, "secret", sv_bytes_of(d->secret, sizeof d->secret), &secret);
  }
  crypto_wipe(key.key, sizeof key.key);
  SV_TRY(sealed);
  return document_put(tx, ctx, d, request, secret);
}

sv_status sqlite_document_after(struct store_tx *tx, struct sv_ctx *ctx, uint64_t row,
                                struct store_document *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_AFTER);
  use_int(&u, 1, (int64_t)row);
  return one_document(&u, ctx, ret, NULL);
}

static sv_status tx_document_find(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                  uint32_t version, struct store_document *ret) {
  struct sqlite_use u =
      use_of(tx, SQLITE_DOCUMENTS, version ? STMT_FIND_VERSION : STMT_FIND_NEWEST);
  use_text(&u, 1, number);
  if (version) {
    use_int(&u, 2, version);
  }
  return one_document(&u, ctx, ret, NULL);
}

static sv_status tx_document_by_pdf(struct store_tx *tx, struct sv_ctx *ctx,
                                    const uint8_t pdf_sha256[32], struct store_document *ret,
                                    uint32_t *ret_copy) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_FIND_PDF);
  use_blob(&u, 1, pdf_sha256, 32);
  return one_document(&u, ctx, ret, ret_copy);
}

static sv_status tx_document_issue(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, const struct store_issue *i) {
  struct vault_place place = {VAULT_DOCUMENT, number, version};
  struct sv_bytes record;
  SV_TRY(vault_seal_at(tx, ctx, &place, "record", i->record, &record));
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_ISSUE);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_blob(&u, 3, i->content_sha256, 32);
  use_blob(&u, 4, i->record_sha256, 32);
  use_blob(&u, 5, record.p, record.n);
  use_blob(&u, 6, i->signer_certificate_sha256, 32);
  use_text(&u, 7, i->seal_certificate);
  use_text(&u, 8, i->template_name);
  use_blob(&u, 9, i->template_sha256, 32);
  int changed;
  SV_TRY(use_run(&u, ctx, "issue", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, NOT_ISSUED, "the document is not reserved any more");
  }
  struct store_copy copy = {.copy = 1,
                            .time_us = sv_wall_us(),
                            .status_index = STORE_INDEX_OF_DOCUMENT,
                            .pdf = i->pdf,
                            .static_bytes = i->static_bytes,
                            .seals = i->seals,
                            .seal_count = i->seal_count};
  memcpy(copy.pdf_sha256, i->pdf_sha256, 32);
  memcpy(copy.static_sha256, i->static_sha256, 32);
  return sqlite_copy_put(tx, ctx, number, version, &copy);
}

static sv_status tx_draft_reserve(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                  uint32_t version, int64_t lease_until_us, int64_t issue_time_us) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_DRAFT_RESERVE);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, lease_until_us);
  use_int(&u, 4, issue_time_us);
  int changed;
  SV_TRY(use_run(&u, ctx, "draft", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, NOT_ISSUED, "the document is no draft any more");
}

static sv_status tx_drafts_ended(struct store_tx *tx, struct sv_ctx *ctx, int64_t now_us,
                                 struct store_document *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_DRAFTS_ENDED);
  use_int(&u, 1, now_us);
  use_int(&u, 2, (int64_t)limit);
  return many_documents(&u, ctx, ret, limit, ret_n);
}

static sv_status tx_document_state(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                   uint32_t version, enum model_state state,
                                   enum model_state_reason reason, const char *superseded_by) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_STATE);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, state);
  use_int(&u, 4, reason);
  use_text(&u, 5, superseded_by);
  int changed;
  SV_TRY(use_run(&u, ctx, "state", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, NOT_FOUND, "no such document");
}

static sv_status tx_lease_extend(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                                 uint32_t version, int64_t until_us) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_LEASE_EXTEND);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, until_us);
  return use_run(&u, ctx, "lease", NULL);
}

static sv_status tx_leases_ended(struct store_tx *tx, struct sv_ctx *ctx, int64_t now_us,
                                 struct store_document *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_LEASES_ENDED);
  use_int(&u, 1, now_us);
  use_int(&u, 2, (int64_t)limit);
  return many_documents(&u, ctx, ret, limit, ret_n);
}

static sv_status tx_document_list(struct store_tx *tx, struct sv_ctx *ctx,
                                  const struct store_list_query *q, struct store_document *ret,
                                  size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, q->case_key ? STMT_LIST_CASE : STMT_LIST);
  use_text(&u, 1, q->authority);
  use_int(&u, 2, q->kinds);
  use_int(&u, 3, q->state);
  use_int(&u, 4, q->before_row ? (int64_t)q->before_row : INT64_MAX);
  use_int(&u, 5, q->limit);
  if (q->case_key) {
    use_blob(&u, 6, q->case_key, 32);
  }
  return many_documents(&u, ctx, ret, q->limit, ret_n);
}

static sv_status tx_status_places(struct store_tx *tx, struct sv_ctx *ctx, const char *list,
                                  const char *number, uint32_t version, store_place_take *take,
                                  void *arg) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_STATUS_PLACES);
  use_text(&u, 1, list);
  if (number) {
    use_text(&u, 2, number);
  }
  use_int(&u, 3, version);
  sv_status s = SV_DONE;
  bool row = true;
  while (!sv_failed(s) && row) {
    s = use_row(&u, ctx, "status places", &row);
    if (!sv_failed(s) && row) {
      struct sqlite_row r = row_of(&u, ctx);
      struct store_place place = {.index = (uint32_t)row_int(&r)};
      place.state = (enum model_state)row_int(&r);
      place.replaced = row_int(&r) != 0;
      s = take(arg, ctx, &place);
    }
  }
  use_end(&u);
  return s;
}

static sv_status tx_status_index_taken(struct store_tx *tx, struct sv_ctx *ctx, const char *list,
                                       uint32_t index, bool *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_DOCUMENTS, STMT_STATUS_TAKEN);
  use_text(&u, 1, list);
  use_int(&u, 2, index);
  SV_TRY(use_row(&u, ctx, "status index", ret));
  use_end(&u);
  return SV_DONE;
}

const struct store_document_ops sqlite_document_ops = {
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
    .pdf = sqlite_pdf,
    .seals = sqlite_seals,
    .copy_add = sqlite_copy_add,
    .copies = sqlite_copies,
    .draft_reserve = tx_draft_reserve,
    .drafts_ended = tx_drafts_ended,
    .status_index_taken = tx_status_index_taken,
    .status_places = tx_status_places,
};
