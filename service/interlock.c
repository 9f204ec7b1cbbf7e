/* The interlocks: who may not be on a flight, and what an obligation can't bear. Both run inside the transaction that
 * takes the number, and again in the one that makes the document.
 * Nothing here says why: a block is the one neutral text, whatever it rests on (documents.md, decisions 2 and 3). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/mrz/mrz.h"
#include "model/codes.h"
#include "model/rules.h"
#include "service/inside.h"
#include "store/protection.h"

/* --- persons --- */

static int word_compare(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All words of the name in the zone's alphabet, sorted: "surname and given names swapped" is the same person. */
static sv_status name_words(struct sv_ctx *ctx, const struct model_person *p, const char **ret) {
  char *whole = sv_arena_printf(ctx->mem, "%s %s", p->surname, p->given_names);
  if (!whole) {
    return SV_FAIL(ctx, NO_MEMORY, "name");
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  const char *latin = whole;
  if (!sv_failed(mrz_transliterate(&aside, whole, &latin, NULL))) {
    whole = sv_arena_strdup(ctx->mem, latin);
  }
  const char *words[64];
  size_t n = 0;
  char *save = NULL;
  for (char *w = whole ? strtok_r(whole, "< ", &save) : NULL; w && n < 64;
       w = strtok_r(NULL, "< ", &save)) {
    words[n++] = w;
  }
  qsort(words, n, sizeof words[0], word_compare);
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < n; i++) {
    sv_buf_str(&out, words[i]);
    sv_buf_u8(&out, ' ');
  }
  sv_buf_u8(&out, 0);
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "name");
  }
  *ret = (const char *)out.p;
  return SV_DONE;
}

static sv_status key_add(const struct service *s, struct sv_ctx *ctx, struct person_keys *keys,
                         const char *text) {
  if (!text) {
    return SV_FAIL(ctx, NO_MEMORY, "person key");
  }
  SV_ASSERT(keys->n < PERSON_KEYS);
  service_mac(s, "person", sv_bytes_str(text), keys->key[keys->n++]);
  return SV_DONE;
}

void service_letter_key(const struct service *s, const char *issuing_state, const char *number,
                        uint8_t ret[static STORE_PERSON_KEY_BYTES]) {
  char text[64], state[4]; /* "D" and "DEU" issue the same passport */
  bool known = model_state_territory(issuing_state, state);
  (void)snprintf(text, sizeof text, "document|%.3s|%.22s", known ? state : issuing_state, number);
  service_mac(s, "person", sv_bytes_str(text), ret);
}

sv_status service_person_keys(const struct service *s, struct sv_ctx *ctx,
                              const struct model_person *person,
                              const struct model_travel_document *document,
                              struct person_keys *ret) {
  ret->n = 0;
  if (document->number[0]) {
    service_letter_key(s, document->issuing_state, document->number, ret->key[ret->n++]);
  }
  const char *words;
  SV_TRY(name_words(ctx, person, &words));
  SV_TRY(key_add(
      s, ctx, ret,
      sv_arena_printf(ctx->mem, "name|%s|%s|%s", person->birth_date, person->nationality, words)));
  SV_TRY(key_add(s, ctx, ret, sv_arena_printf(ctx->mem, "birth|%s|%s", person->birth_date, words)));
  return SV_DONE;
}

sv_status service_manifest_keys(const struct service *s, struct sv_ctx *ctx,
                                const struct model_manifest *m, struct manifest_keys *ret) {
  ret->manifest = m;
  ret->occupants = SV_ARRAY(ctx->mem, m->occupant_count, struct person_keys);
  if (!ret->occupants) {
    return SV_FAIL(ctx, NO_MEMORY, "keys of %zu occupants", m->occupant_count);
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    SV_TRY(service_person_keys(s, ctx, &m->occupants[i].person, &m->occupants[i].travel_document,
                               &ret->occupants[i]));
  }
  return SV_DONE;
}

static bool listed(const char *list, const char *state) {
  size_t n = strlen(state);
  for (const char *p = list; (p = strstr(p, state)); p++) {
    if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0')) {
      return true;
    }
  }
  return false;
}

/* Whether the letter keeps its holder away from a state: one of no return; where it names none, every state but those of
 * its own route. */
static bool protects_against(const struct store_protection *p, const char *state) {
  return p->not_valid_for[0] ? listed(p->not_valid_for, state) : !listed(p->route, state);
}

static bool flight_conflicts(const struct store_protection *p, const struct model_manifest *m) {
  char state[4];
  for (size_t i = 0; i < m->leg_count; i++) {
    if (model_airport_state(m->legs[i].to, state) && protects_against(p, state)) {
      return true;
    }
  }
  for (size_t i = 0; i < m->alternates.n; i++) {
    if (model_airport_state(m->alternates.v[i], state) && protects_against(p, state)) {
      return true;
    }
  }
  return false;
}

static sv_status occupant_blocked(struct store_tx *tx, struct sv_ctx *ctx,
                                  const struct person_keys *keys, const struct model_manifest *m,
                                  const char *today, bool *ret) {
  enum { PROTECTIONS_MAX = 32 };
  struct store_protection found[PROTECTIONS_MAX];
  *ret = false;
  for (size_t k = 0; k < keys->n; k++) {
    size_t n;
    SV_TRY(tx->protection->person_find(tx, ctx, keys->key[k], found, PROTECTIONS_MAX, &n));
    for (size_t i = 0; i < n; i++) {
      bool active = found[i].state == MODEL_ISSUED && strcmp(found[i].valid_until, today) >= 0;
      *ret = *ret || (active && flight_conflicts(&found[i], m));
    }
    *ret = *ret || n == PROTECTIONS_MAX; /* more than can be judged: deny */
  }
  return SV_DONE;
}

sv_status interlock_manifest(struct store_tx *tx, struct sv_ctx *ctx,
                             const struct manifest_keys *keys, const char *today) {
  const struct model_manifest *m = keys->manifest;
  size_t blocked_count = 0;
  for (size_t i = 0; i < m->occupant_count; i++) {
    bool blocked;
    SV_TRY(occupant_blocked(tx, ctx, &keys->occupants[i], m, today, &blocked));
    if (blocked) {
      blocked_count++;
      sv_ctx_violate(ctx, sv_reason_text(SV_HOLD), "flight_manifest.occupants/%s",
                     m->occupants[i].occupant_id);
    }
  }
  return blocked_count ? SV_FAIL(ctx, HOLD, "%zu occupants", blocked_count) : SV_DONE;
}

/* --- funds --- */

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
