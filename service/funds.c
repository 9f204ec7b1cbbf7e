/* What an obligation can't bear: checked inside the act that takes a receipt's number, and again in the one that makes the
 * document. */
#include <string.h>

#include "model/codes.h"
#include "model/rules.h"
#include "service/inside.h"
#include "store/protection.h"

static sv_status base_amount(struct sv_ctx *ctx, const struct model_receipt *r,
                             const struct store_obligation *o, int64_t *ret) {
  if (strcmp(r->currency, o->currency) == 0) {
    if (r->base_currency[0] && strcmp(r->base_currency, o->currency) != 0) {
      sv_ctx_violate(ctx, "is not the obligation's currency", "disbursement_receipt.base_currency");
      return sv_ctx_violations_status(ctx);
    }
    *ret = r->amount_minor;
    return SV_DONE;
  }
  if (strcmp(r->base_currency, o->currency) != 0) {
    sv_ctx_violate(
        ctx, "is not the obligation's currency; give base_currency and exchange_rate_millionths",
        "disbursement_receipt.currency");
    return sv_ctx_violations_status(ctx);
  }
  if (!model_exchange(r->amount_minor, model_currency_exponent(r->currency),
                      r->exchange_rate_millionths, model_currency_exponent(o->currency), ret)) {
    sv_ctx_violate(ctx, "is out of range", "disbursement_receipt.exchange_rate_millionths");
  } else if (*ret == 0 || *ret == INT64_MIN) {
    sv_ctx_violate(ctx, "makes nothing of the amount in the obligation's currency",
                   "disbursement_receipt.exchange_rate_millionths");
  }
  return sv_ctx_violations_status(ctx);
}

static sv_status reversal_check(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                const struct model_receipt *r, const char *obligation,
                                int64_t base_minor) {
  struct store_document original;
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  sv_status s = tx->ops->document_find(tx, &aside, r->reversal_of, 0, &original);
  if (sv_failed(s) && s.reason != SV_NOT_FOUND) {
    return SV_FAIL(ctx, STORE, "%s", aside.detail);
  }
  if (sv_failed(s) || strcmp(original.authority, authority) != 0 ||
      original.kind != MODEL_DISBURSEMENT_RECEIPT || original.state != MODEL_ISSUED ||
      strcmp(original.obligation, obligation) != 0) {
    sv_ctx_violate(ctx, "is not an issued receipt of this obligation",
                   "disbursement_receipt.reversal_of");
  } else if (original.superseded_by[0]) {
    sv_ctx_violate(ctx, "is a receipt that was reversed before",
                   "disbursement_receipt.reversal_of");
  } else if (base_minor == INT64_MIN || original.amount_minor != -base_minor) {
    sv_ctx_violate(ctx, "is not the negative of the reversed amount",
                   "disbursement_receipt.amount_minor");
  }
  return sv_ctx_violations_status(ctx);
}

/* --- charter lines --- */

/* A reversal gives back what its receipt billed. */
static bool bills(const struct model_receipt *r, size_t line) {
  return r->payment_type != MODEL_REVERSAL && r->lines[line].type == MODEL_CHARTER;
}

/* Passengers of a line's manifest on the lines up to and with this one. */
static uint64_t billed_to(const struct model_receipt *r, size_t line) {
  uint64_t n = 0;
  for (size_t i = 0; i <= line; i++) {
    if (bills(r, i) && strcmp(r->lines[i].manifest_number, r->lines[line].manifest_number) == 0) {
      n += r->lines[i].passenger_count;
    }
  }
  return n;
}

static sv_status closed_manifest(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                                 const char *number, uint32_t *ret_boarded, bool *ret_closed) {
  struct store_document row;
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  sv_status s = tx->ops->document_find(tx, &aside, number, 0, &row);
  bool closed = !sv_failed(s) && row.kind == MODEL_FLIGHT_MANIFEST && row.state == MODEL_CLOSED &&
                strcmp(row.authority, authority) == 0;
  if (closed) {
    s = tx->protection->boarded_count(tx, &aside, number, ret_boarded);
  }
  if (sv_failed(s) && s.reason != SV_NOT_FOUND) {
    return sv_ctx_fail(ctx, s.reason, "%s", aside.detail);
  }
  *ret_closed = closed && !sv_failed(s);
  return SV_DONE;
}

static sv_status charter_line(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                              const struct model_receipt *r, size_t line, const char *number) {
  const char *manifest = r->lines[line].manifest_number;
  uint32_t boarded = 0;
  bool closed;
  SV_TRY(closed_manifest(tx, ctx, authority, manifest, &boarded, &closed));
  if (!closed) {
    sv_ctx_violate(ctx, "is not a closed manifest of this authority",
                   "disbursement_receipt.lines[%zu].manifest_number", line);
    return SV_DONE;
  }
  uint64_t others;
  SV_TRY(tx->funding->billed(tx, ctx, manifest, number, &others));
  if (others + billed_to(r, line) > boarded) {
    char *text = sv_arena_printf(
        ctx->mem, "is more than boarded: %u did, %llu are billed before", boarded,
        (unsigned long long)(others + billed_to(r, line) - r->lines[line].passenger_count));
    sv_ctx_violate(ctx, text ? text : "is more than boarded",
                   "disbursement_receipt.lines[%zu].passenger_count", line);
  }
  return SV_DONE;
}

sv_status interlock_charter(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            const struct model_receipt *r, const char *number) {
  for (size_t i = 0; i < r->line_count; i++) {
    if (bills(r, i)) {
      SV_TRY(charter_line(tx, ctx, authority, r, i, number));
    }
  }
  return sv_ctx_violations_status(ctx);
}

sv_status interlock_bill(struct store_tx *tx, struct sv_ctx *ctx, const struct model_receipt *r,
                         const char *number) {
  for (size_t i = 0; i < r->line_count; i++) {
    bool last = bills(r, i); /* of its manifest: it has the sum */
    for (size_t k = i + 1; last && k < r->line_count; k++) {
      last = !bills(r, k) || strcmp(r->lines[k].manifest_number, r->lines[i].manifest_number) != 0;
    }
    if (last) {
      SV_TRY(tx->funding->bill_add(tx, ctx, r->lines[i].manifest_number, number,
                                   (uint32_t)billed_to(r, i)));
    }
  }
  return SV_DONE;
}

sv_status interlock_period(struct sv_ctx *ctx, const struct model_receipt *r,
                           const struct store_obligation *o) {
  if (strcmp(r->payment_date, o->period_start) >= 0 &&
      strcmp(r->payment_date, o->period_end) <= 0) {
    return SV_DONE;
  }
  sv_ctx_violate(ctx, "is outside the period of the obligation",
                 "disbursement_receipt.payment_date");
  return SV_FAIL(ctx, OBLIGATION_CLOSED, "period");
}

sv_status interlock_receipt(struct store_tx *tx, struct sv_ctx *ctx, const char *authority,
                            const struct model_receipt *r, struct store_obligation *ret_obligation,
                            int64_t *ret_base_minor) {
  struct store_obligation o;
  const char *id = r->obligation + strlen("obligations/");
  SV_TRY(tx->funding->obligation_find(tx, ctx, authority, id, &o));
  int64_t base;
  SV_TRY(base_amount(ctx, r, &o, &base));
  if (o.closed && r->payment_type != MODEL_REVERSAL) {
    return SV_FAIL(ctx, OBLIGATION_CLOSED, "closed");
  }
  SV_TRY(interlock_period(ctx, r, &o));
  SV_TRY(interlock_charter(tx, ctx, authority, r, ""));
  if (r->payment_type == MODEL_REVERSAL) {
    SV_TRY(reversal_check(tx, ctx, authority, r, id, base));
  } else if (base > o.obligated_minor - o.disbursed_minor) {
    const char *text =
        sv_arena_printf(ctx->mem, "the balance is %lld minor units of %s",
                        (long long)(o.obligated_minor - o.disbursed_minor), o.currency);
    sv_ctx_violate(ctx, text ? text : "is over the balance", "disbursement_receipt.amount_minor");
    return SV_FAIL(ctx, BALANCE_EXCEEDED, "a receipt over its obligation");
  }
  *ret_obligation = o;
  *ret_base_minor = base;
  return SV_DONE;
}
