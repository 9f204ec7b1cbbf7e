/* Copies of a document over SQLite: the bytes of their PDFs and their seals. One row a (number, version, copy). */
#include <stdio.h>

#include "store/vault.h"

enum {
  STMT_COPY_ADD,
  STMT_COPY_NEWEST,
  STMT_COPIES,
  STMT_SEAL_ADD,
  STMT_SEALS,
  STMT_PDF,
  STMT_PART_KNOWN,
  STMT_PART_ADD,
  STMT_PART,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
    [STMT_COPY_ADD] =
        "INSERT INTO copies (number, version, copy, pdf, pdf_sha256, reason, time_us, "
        "status_index, prefix_sha256) "
        "VALUES (?1, ?2, ?6, ?3, ?4, ?7, ?5, ?8, ?9)",
    [STMT_COPY_NEWEST] =
        "UPDATE documents SET copy = ?3 WHERE number = ?1 AND version = ?2 AND copy = ?3 - 1 AND "
        "state IN (3, 4, 5)",
    [STMT_COPIES] =
        "SELECT copy, reason, time_us, status_index, pdf_sha256 FROM copies WHERE number = ?1 AND "
        "version = ?2 ORDER BY copy LIMIT ?3",
    [STMT_SEAL_ADD] =
        "INSERT INTO seals (number, version, copy, page, seal) VALUES (?1, ?2, ?5, ?3, ?4)",
    [STMT_SEALS] =
        "SELECT page, seal FROM seals WHERE number = ?1 AND version = ?2 AND copy = ?3 ORDER BY "
        "page",
    [STMT_PDF] =
        "SELECT pdf_sha256, pdf, copy, prefix_sha256 FROM copies WHERE number = ?1 AND version = "
        "?2 AND (?3 = 0 OR copy "
        "= ?3) "
        "ORDER BY copy DESC LIMIT 1",
    [STMT_PART_KNOWN] = "SELECT 1 FROM pdf_parts WHERE sha256 = ?1",
    [STMT_PART_ADD] = "INSERT INTO pdf_parts (sha256, bytes) VALUES (?1, ?2)",
    [STMT_PART] = "SELECT bytes FROM pdf_parts WHERE sha256 = ?1",
};
const struct sqlite_group sqlite_copies_group = {texts, STMT_COUNT};

enum { PDF_COLUMN_MAX = 16 };

/* The name under which a copy's bytes are sealed: each copy's are bound to it. */
static const char *pdf_column(uint32_t copy, char name[static PDF_COLUMN_MAX]) {
  (void)snprintf(name, PDF_COLUMN_MAX, "pdf %u", copy);
  return name;
}

/* A PDF is what all of its template begin with, stored once by its digest and holding nobody's data, and a tail. */
static sv_status prefix_put(struct store_tx *tx, struct sv_ctx *ctx,
                            const struct store_copy *copy) {
  SV_ASSERT(copy->static_bytes <= copy->pdf.n);
  struct sqlite_use known = use_of(tx, SQLITE_COPIES, STMT_PART_KNOWN);
  use_blob(&known, 1, copy->static_sha256, 32);
  bool row;
  SV_TRY(use_row(&known, ctx, "part of a pdf", &row));
  use_end(&known);
  if (row) {
    return SV_DONE;
  }
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_PART_ADD);
  use_blob(&u, 1, copy->static_sha256, 32);
  use_blob(&u, 2, copy->pdf.p, copy->static_bytes);
  return use_run(&u, ctx, "part of a pdf", NULL);
}

sv_status sqlite_copy_put(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          uint32_t version, const struct store_copy *copy) {
  struct vault_place place = {VAULT_DOCUMENT, number, version};
  struct sv_bytes tail =
      sv_bytes_of(copy->pdf.p + copy->static_bytes, copy->pdf.n - copy->static_bytes);
  char column[PDF_COLUMN_MAX];
  SV_TRY(vault_seal_at(tx, ctx, &place, pdf_column(copy->copy, column), tail, &tail));
  if (copy->static_bytes) {
    SV_TRY(prefix_put(tx, ctx, copy));
  }
  struct sqlite_use c = use_of(tx, SQLITE_COPIES, STMT_COPY_ADD);
  use_text(&c, 1, number);
  use_int(&c, 2, version);
  use_blob(&c, 3, tail.p, tail.n);
  use_blob(&c, 9, copy->static_sha256, copy->static_bytes ? 32 : 0);
  use_blob(&c, 4, copy->pdf_sha256, 32);
  use_int(&c, 5, copy->time_us);
  use_int(&c, 6, copy->copy);
  use_int(&c, 7, copy->reason);
  use_int(&c, 8, copy->status_index == STORE_INDEX_OF_DOCUMENT ? -1 : (int64_t)copy->status_index);
  SV_TRY(use_run(&c, ctx, "copy", NULL));
  for (size_t k = 0; k < copy->seal_count; k++) {
    struct sqlite_use s = use_of(tx, SQLITE_COPIES, STMT_SEAL_ADD);
    use_text(&s, 1, number);
    use_int(&s, 2, version);
    use_int(&s, 3, copy->seals[k].page);
    use_blob(&s, 4, copy->seals[k].seal.p, copy->seals[k].seal.n);
    use_int(&s, 5, copy->copy);
    SV_TRY(use_run(&s, ctx, "seal", NULL));
  }
  return SV_DONE;
}

sv_status sqlite_copy_add(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                          uint32_t version, const struct store_copy *copy) {
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_COPY_NEWEST);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, copy->copy);
  int changed;
  SV_TRY(use_run(&u, ctx, "copy", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, VERSION_CHANGED, "copy %u is not the next", copy->copy);
  }
  return sqlite_copy_put(tx, ctx, number, version, copy);
}

sv_status sqlite_copies(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                        uint32_t version, struct store_copy *ret, size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_COPIES);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "copies", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    ret[n] = (struct store_copy){.copy = (uint32_t)row_int(&r)};
    ret[n].reason = (enum model_state_reason)row_int(&r);
    ret[n].time_us = row_int(&r);
    int64_t index = row_int(&r);
    ret[n].status_index = index < 0 ? STORE_INDEX_OF_DOCUMENT : (uint32_t)index;
    row_fixed(&r, ret[n].pdf_sha256, 32);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, CORRUPT, "a copy's row");
    }
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

/* The bytes of a copy out of its two parts. */
static sv_status pdf_open(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                          uint32_t copy, struct sv_bytes sealed, struct sv_bytes prefix_sha256,
                          struct sv_bytes *ret) {
  char column[PDF_COLUMN_MAX];
  struct sv_bytes tail;
  SV_TRY(vault_open_at(tx, ctx, place, pdf_column(copy, column), sealed, &tail));
  if (prefix_sha256.n == 0) {
    *ret = tail;
    return SV_DONE;
  }
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_PART);
  use_blob(&u, 1, prefix_sha256.p, prefix_sha256.n);
  bool row;
  SV_TRY(use_row(&u, ctx, "part of a pdf", &row));
  struct sqlite_row r = row_of(&u, ctx);
  struct sv_bytes prefix = row ? row_blob(&r) : (struct sv_bytes){0};
  use_end(&u);
  struct sv_buf whole = sv_buf_in(ctx->mem, 0);
  sv_buf_put(&whole, prefix.p, prefix.n);
  sv_buf_put(&whole, tail.p, tail.n);
  if (r.failed || whole.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "bytes of a PDF");
  }
  if (!row) {
    return SV_FAIL(ctx, CORRUPT, "the first part of the PDF of %s is gone", place->subject);
  }
  *ret = sv_buf_bytes(&whole);
  return SV_DONE;
}

sv_status sqlite_pdf(struct store_tx *tx, struct sv_ctx *ctx, const char *number, uint32_t version,
                     uint32_t copy, struct sv_bytes *ret, uint8_t ret_sha256[32]) {
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_PDF);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, copy);
  bool row;
  SV_TRY(use_row(&u, ctx, "pdf", &row));
  if (!row) {
    use_end(&u);
    return SV_FAIL(ctx, NOT_FOUND, "no such copy");
  }
  struct sqlite_row r = {.ctx = ctx, .s = u.s};
  row_fixed(&r, ret_sha256, 32);
  struct sv_bytes tail = {0}, prefix = {0};
  uint32_t found = 0;
  if (ret) {
    tail = row_blob(&r);
    found = (uint32_t)row_int(&r);
    prefix = row_blob(&r);
  }
  use_end(&u);
  if (r.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "bytes of a PDF");
  }
  struct vault_place place = {VAULT_DOCUMENT, number, version};
  return ret ? pdf_open(tx, ctx, &place, found, tail, prefix, ret) : SV_DONE;
}

sv_status sqlite_seals(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                       uint32_t version, uint32_t copy, struct store_seal *ret, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_COPIES, STMT_SEALS);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, copy);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "seals", &row));
    if (!row || n == STORE_SEALS_MAX) {
      break;
    }
    struct sqlite_row r = {.ctx = ctx, .s = u.s};
    ret[n].page = (uint32_t)row_int(&r);
    ret[n].seal = row_blob(&r);
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
