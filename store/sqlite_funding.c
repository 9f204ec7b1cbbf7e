/* Obligations over SQLite: balances change by one statement that refuses what is over them. */
#include "store/sqlite_use.h"

#define OBLIGATION_COLUMNS                                                                \
  "authority, id, request_id, input_mac, award_number, awarding_agency, recipient_name, " \
  "recipient_id, currency, obligated_minor, disbursed_minor, period_start, period_end, "  \
  "amendment, receipts, closed"

enum {
  STMT_OBLIGATION_ADD,
  STMT_OBLIGATION_FIND,
  STMT_OBLIGATION_REQUEST,
  STMT_OBLIGATION_DISBURSE,
  STMT_AMEND,
  STMT_AMENDMENT_ADD,
  STMT_AMENDMENTS,
  STMT_OBLIGATION_LIST,
  STMT_BILL_ADD,
  STMT_BILLED,
  STMT_COUNT
};
static const char *const texts[STMT_COUNT] = {
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
    [STMT_AMEND] =
        "UPDATE obligations SET obligated_minor = ?4, period_end = ?5, amendment = ?3 "
        "WHERE authority = ?1 AND id = ?2 AND amendment = ?3 - 1",
    [STMT_AMENDMENT_ADD] =
        "INSERT INTO amendments (authority, id, amendment, change_minor, obligated_minor, "
        "period_end, actor, time_us, record, signature) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
        "?9, ?10)",
    [STMT_AMENDMENTS] =
        "SELECT amendment, change_minor, obligated_minor, period_end, actor, time_us, record, "
        "signature FROM amendments WHERE authority = ?1 AND id = ?2 ORDER BY amendment LIMIT ?3",
    [STMT_OBLIGATION_LIST] =
        "SELECT " OBLIGATION_COLUMNS
        " FROM obligations WHERE authority = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    [STMT_BILL_ADD] =
        "INSERT INTO bills (manifest, receipt, passengers) VALUES (?1, ?2, ?3) ON "
        "CONFLICT DO NOTHING",
    [STMT_BILLED] =
        "SELECT coalesce(sum(b.passengers), 0) FROM bills b JOIN documents d ON d.number = "
        "b.receipt WHERE b.manifest = ?1 AND b.receipt <> ?2 AND d.state NOT IN (9, 10) AND "
        "d.superseded_by = ''",
};
const struct sqlite_group sqlite_funding_group = {texts, STMT_COUNT};

/* --- obligations --- */

static sv_status read_obligation(struct sqlite_use *u, struct sv_ctx *ctx,
                                 struct store_obligation *ret) {
  struct sqlite_row r = row_of(u, ctx);
  struct store_obligation o = {0};
  o.authority = row_text(&r);
  o.id = row_text(&r);
  o.request_id = row_text(&r);
  row_fixed(&r, o.input_mac, 32);
  o.award_number = row_text(&r);
  o.awarding_agency = row_text(&r);
  o.recipient_name = row_text(&r);
  o.recipient_id = row_text(&r);
  o.currency = row_text(&r);
  o.obligated_minor = row_int(&r);
  o.disbursed_minor = row_int(&r);
  o.period_start = row_text(&r);
  o.period_end = row_text(&r);
  o.amendment = (uint32_t)row_int(&r);
  o.receipts = (uint32_t)row_int(&r);
  o.closed = row_int(&r) != 0;
  if (r.failed) {
    use_end(u);
    return SV_FAIL(ctx, CORRUPT, "an obligation's row, or out of memory reading it");
  }
  *ret = o;
  return SV_DONE;
}

static sv_status one_obligation(struct sqlite_use *u, struct sv_ctx *ctx,
                                struct store_obligation *ret) {
  bool row;
  SV_TRY(use_row(u, ctx, "obligation", &row));
  if (!row) {
    use_end(u);
    return SV_FAIL(ctx, NOT_FOUND, "no such obligation");
  }
  SV_TRY(read_obligation(u, ctx, ret));
  use_end(u);
  return SV_DONE;
}

static sv_status tx_obligation_add(struct store_tx *tx, struct sv_ctx *ctx,
                                   const struct store_obligation *o) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_OBLIGATION_ADD);
  use_text(&u, 1, o->authority);
  use_text(&u, 2, o->id);
  use_text(&u, 3, o->request_id);
  use_blob(&u, 4, o->input_mac, 32);
  use_text(&u, 5, o->award_number);
  use_text(&u, 6, o->awarding_agency);
  use_text(&u, 7, o->recipient_name);
  use_text(&u, 8, o->recipient_id);
  use_text(&u, 9, o->currency);
  use_int(&u, 10, o->obligated_minor);
  use_text(&u, 11, o->period_start);
  use_text(&u, 12, o->period_end);
  int changed;
  SV_TRY(use_run(&u, ctx, "obligation", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "obligation");
}

static sv_status tx_obligation_find(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                    const char *id, struct store_obligation *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_OBLIGATION_FIND);
  use_text(&u, 1, authority);
  use_text(&u, 2, id);
  return one_obligation(&u, ctx, ret);
}

static sv_status tx_obligation_by_request(struct store_tx *tx, struct sv_ctx *ctx,
                                          const char *authority, const char *request_id,
                                          struct store_obligation *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_OBLIGATION_REQUEST);
  use_text(&u, 1, authority);
  use_text(&u, 2, request_id);
  return one_obligation(&u, ctx, ret);
}

static sv_status tx_obligation_disburse(struct store_tx *tx, struct sv_ctx *ctx,
                                        const char *authority, const char *id, int64_t minor,
                                        uint32_t sequence, bool close) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_OBLIGATION_DISBURSE);
  use_text(&u, 1, authority);
  use_text(&u, 2, id);
  use_int(&u, 3, minor);
  use_int(&u, 4, sequence);
  use_int(&u, 5, close);
  int changed;
  SV_TRY(use_run(&u, ctx, "disburse", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, BALANCE_EXCEEDED, "obligation");
}

static sv_status tx_amendment_add(struct store_tx *tx, struct sv_ctx *ctx,
                                  const struct store_amendment *a) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_AMEND);
  use_text(&u, 1, a->authority);
  use_text(&u, 2, a->id);
  use_int(&u, 3, a->amendment);
  use_int(&u, 4, a->obligated_minor);
  use_text(&u, 5, a->period_end);
  int changed;
  SV_TRY(use_run(&u, ctx, "amend", &changed));
  if (changed != 1) {
    return SV_FAIL(ctx, VERSION_CHANGED, "amendment %u is not the next", a->amendment);
  }
  struct sqlite_use add = use_of(tx, SQLITE_FUNDING, STMT_AMENDMENT_ADD);
  use_text(&add, 1, a->authority);
  use_text(&add, 2, a->id);
  use_int(&add, 3, a->amendment);
  use_int(&add, 4, a->change_minor);
  use_int(&add, 5, a->obligated_minor);
  use_text(&add, 6, a->period_end);
  use_text(&add, 7, a->actor);
  use_int(&add, 8, a->time_us);
  use_blob(&add, 9, a->record.p, a->record.n);
  use_blob(&add, 10, a->signature.p, a->signature.n);
  return use_run(&add, ctx, "amendment", NULL);
}

static sv_status tx_amendments(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                               const char *id, struct store_amendment *ret, size_t limit,
                               size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_AMENDMENTS);
  use_text(&u, 1, authority);
  use_text(&u, 2, id);
  use_int(&u, 3, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "amendments", &row));
    if (!row || n == limit) {
      break;
    }
    struct sqlite_row r = row_of(&u, ctx);
    ret[n] = (struct store_amendment){
        .authority = authority, .id = id, .amendment = (uint32_t)row_int(&r)};
    ret[n].change_minor = row_int(&r);
    ret[n].obligated_minor = row_int(&r);
    ret[n].period_end = row_text(&r);
    ret[n].actor = row_text(&r);
    ret[n].time_us = row_int(&r);
    ret[n].record = row_blob(&r);
    ret[n].signature = row_blob(&r);
    if (r.failed) {
      use_end(&u);
      return SV_FAIL(ctx, NO_MEMORY, "amendments");
    }
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

static sv_status tx_obligation_list(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                    const char *after_id, struct store_obligation *ret,
                                    size_t limit, size_t *ret_n) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_OBLIGATION_LIST);
  use_text(&u, 1, authority);
  use_text(&u, 2, after_id);
  use_int(&u, 3, (int64_t)limit);
  size_t n = 0;
  for (;;) {
    bool row;
    SV_TRY(use_row(&u, ctx, "obligations", &row));
    if (!row || n == limit) {
      break;
    }
    SV_TRY(read_obligation(&u, ctx, &ret[n]));
    n++;
  }
  use_end(&u);
  *ret_n = n;
  return SV_DONE;
}

/* --- bills --- */

static sv_status tx_bill_add(struct store_tx *tx, struct sv_ctx *ctx, const char *manifest,
                             const char *receipt, uint32_t passengers) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_BILL_ADD);
  use_text(&u, 1, manifest);
  use_text(&u, 2, receipt);
  use_int(&u, 3, passengers);
  int changed;
  SV_TRY(use_run(&u, ctx, "bill", &changed));
  return changed == 1 ? SV_DONE : SV_FAIL(ctx, ALREADY_EXISTS, "bill");
}

static sv_status tx_billed(struct store_tx *tx, struct sv_ctx *ctx, const char *manifest,
                           const char *but, uint64_t *ret) {
  struct sqlite_use u = use_of(tx, SQLITE_FUNDING, STMT_BILLED);
  use_text(&u, 1, manifest);
  use_text(&u, 2, but);
  bool row;
  SV_TRY(use_row(&u, ctx, "bills", &row));
  struct sqlite_row r = row_of(&u, ctx);
  int64_t n = row ? row_int(&r) : -1;
  use_end(&u);
  if (n < 0) {
    return SV_FAIL(ctx, CORRUPT, "bills of %s", manifest);
  }
  *ret = (uint64_t)n;
  return SV_DONE;
}

const struct store_funding_ops sqlite_funding_ops = {
    .obligation_add = tx_obligation_add,
    .obligation_find = tx_obligation_find,
    .obligation_by_request = tx_obligation_by_request,
    .obligation_disburse = tx_obligation_disburse,
    .amendment_add = tx_amendment_add,
    .amendments = tx_amendments,
    .obligation_list = tx_obligation_list,
    .bill_add = tx_bill_add,
    .billed = tx_billed,
};
