/* What an obligation can't bear: checked inside the act that takes a receipt's number, and again in the one that makes the
 * document. */
#include <string.h>

#include "model/codes.h"
#include "model/rules.h"
#include "service/inside.h"

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
  if (strcmp(r->payment_date, o.period_start) < 0 || strcmp(r->payment_date, o.period_end) > 0) {
    sv_ctx_violate(ctx, "is outside the period of the obligation",
                   "disbursement_receipt.payment_date");
    return SV_FAIL(ctx, OBLIGATION_CLOSED, "period");
  }
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
