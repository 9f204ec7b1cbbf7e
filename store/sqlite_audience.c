/* Copies for an audience over SQLite. Their bytes are sealed with the data key of their document: who erases it has erased
 * them. */
#include "store/audience.h"

#include <stdio.h>

#include "store/vault.h"

#define COLUMNS "number, version, audience, actor, time_us, pdf_sha256"

enum { STMT_ADD, STMT_FIND, STMT_BY_PDF, STMT_ALL, STMT_COUNT };
static const char *const texts[STMT_COUNT] = {
    [STMT_ADD] = "INSERT INTO audience_copies (" COLUMNS
                 ", pdf) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
    [STMT_FIND] = "SELECT " COLUMNS
                  ", pdf FROM audience_copies WHERE number = ?1 AND version = ?2 AND audience = ?3",
    [STMT_BY_PDF] = "SELECT " COLUMNS " FROM audience_copies WHERE pdf_sha256 = ?1",
    [STMT_ALL] = "SELECT " COLUMNS
                 " FROM audience_copies WHERE number = ?1 AND version = ?2 ORDER BY audience",
};
const struct sqlite_group sqlite_audience_group = {texts, STMT_COUNT};

enum { COLUMN_MAX = 24 };

/* The name under which a copy's bytes are sealed: each is bound to its audience. */
static const char *column_of(enum model_audience audience, char name[static COLUMN_MAX]) {
  (void)snprintf(name, COLUMN_MAX, "audience %u", (unsigned)audience);
  return name;
}

static sv_status row_read(struct sqlite_row *r, struct store_audience_copy *ret) {
  *ret = (struct store_audience_copy){.number = row_text(r), .version = (uint32_t)row_int(r)};
  ret->audience = (enum model_audience)row_int(r);
  ret->actor = row_text(r);
  ret->time_us = row_int(r);
  row_fixed(r, ret->pdf_sha256, sizeof ret->pdf_sha256);
  return r->failed || ret->audience <= MODEL_AUTHORITY || ret->audience >= MODEL_AUDIENCES
             ? SV_FAIL(r->ctx, CORRUPT, "the row of a copy for an audience")
             : SV_DONE;
}

static sv_status tx_add(struct store_tx *tx, struct sv_ctx *ctx,
                        const struct store_audience_copy *c) {
  struct vault_place place = {VAULT_DOCUMENT, c->number, c->version};
  struct sv_bytes sealed;
  char column[COLUMN_MAX];
  SV_TRY(vault_seal_at(tx, ctx, &place, column_of(c->audience, column), c->pdf, &sealed));
  struct sqlite_use u = use_of(tx, SQLITE_AUDIENCE, STMT_ADD);
  use_text(&u, 1, c->number);
  use_int(&u, 2, c->version);
  use_int(&u, 3, c->audience);
  use_text(&u, 4, c->actor);
  use_int(&u, 5, c->time_us);
  use_blob(&u, 6, c->pdf_sha256, sizeof c->pdf_sha256);
  use_blob(&u, 7, sealed.p, sealed.n);
  int changed;
  SV_TRY(use_run(&u, ctx, "copy for an audience", &changed));
  return changed == 1 ? SV_DONE
                      : SV_FAIL(ctx, ALREADY_EXISTS, "copy for audience %u", (unsigned)c->audience);
}

static sv_status tx_find(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                         uint32_t version, enum model_audience audience,
                         struct store_audience_copy *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_AUDIENCE, STMT_FIND);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  use_int(&u, 3, audience);
  bool found;
  SV_TRY(use_row(&u, ctx, "copy for an audience", &found));
  if (!found) {
    use_end(&u);
    return SV_FAIL(ctx, NOT_FOUND, "copy for audience %u", (unsigned)audience);
  }
  struct sqlite_row r = row_of(&u, ctx);
  struct store_audience_copy c;
  sv_status s = row_read(&r, &c);
  struct sv_bytes sealed = row_blob(&r);
  use_end(&u);
  SV_TRY(s);
  struct vault_place place = {VAULT_DOCUMENT, number, version};
  char column[COLUMN_MAX];
  SV_TRY(r.failed ? SV_FAIL(ctx, NO_MEMORY, "bytes of a copy")
                  : vault_open_at(tx, ctx, &place, column_of(audience, column), sealed, &c.pdf));
  *ret = c;
  return SV_DONE;
}

static sv_status tx_by_pdf(struct store_tx *tx, struct sv_ctx *ctx, const uint8_t pdf_sha256[32],
                           struct store_audience_copy *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_AUDIENCE, STMT_BY_PDF);
  use_blob(&u, 1, pdf_sha256, 32);
  bool found;
  SV_TRY(use_row(&u, ctx, "copy for an audience", &found));
  struct sqlite_row r = row_of(&u, ctx);
  sv_status s = found ? row_read(&r, ret) : SV_FAIL(ctx, NOT_FOUND, "copy for an audience");
  use_end(&u);
  return s;
}

static sv_status tx_all(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                        uint32_t version, struct store_audience_copy *ret, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_AUDIENCE, STMT_ALL);
  use_text(&u, 1, number);
  use_int(&u, 2, version);
  size_t n = 0;
  for (;;) {
    bool found;
    SV_TRY(use_row(&u, ctx, "copies for audiences", &found));
    if (!found || n == MODEL_AUDIENCES) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    sv_status s = row_read(&r, &ret[n++]);
    if (sv_failed(s)) {
      use_end(&u);
      return s;
    }
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

const struct store_audience_ops sqlite_audience_ops = {
    .add = tx_add, .find = tx_find, .by_pdf = tx_by_pdf, .all = tx_all};
