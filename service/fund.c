/* Obligations: what receipts are drawn on. */
#include <string.h>

#include "base/fields.h"
#include "crypto/digest.h"
#include "model/codes.h"
#include "model/names.h"
#include "service/change.h"
#include "service/inside.h"

static const char *id_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    bool ok = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
              *p == '-';
    if (!ok) {
      return "may have letters, digits and hyphens only";
    }
  }
  return NULL;
}

static const char *currency_fault(const char *v) {
  return model_currency_exponent(v) >= 0 ? NULL : "is not a currency of ISO 4217 with a minor unit";
}

static const char *day_fault(const char *v) {
  struct sv_date d;
  return sv_date_parse(v, &d) ? NULL : "is not a date (YYYY-MM-DD)";
}

static const struct sv_field_rule obligation_rules[] = {
    {"name", offsetof(struct store_obligation, id), 1, 40, SV_REQUIRED, id_fault},
    SV_FIELD(struct store_obligation, award_number, 1, 40, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, awarding_agency, 1, 60, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, recipient_name, 1, 60, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, recipient_id, 1, 35, SV_OPTIONAL, model_text_fault),
    SV_FIELD(struct store_obligation, currency, 3, 3, SV_REQUIRED, currency_fault),
    SV_FIELD(struct store_obligation, period_start, 10, 10, SV_REQUIRED, day_fault),
    SV_FIELD(struct store_obligation, period_end, 10, 10, SV_REQUIRED, day_fault),
};

static const int64_t OBLIGATED_MAX =
    999999999999999; /* what the ledger of a receipt has room for */

struct creation {
  struct store_obligation row;
  const char *actor;
};

static sv_status create_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct creation *c = arg;
  struct store_obligation known;
  sv_status s =
      tx->funding->obligation_by_request(tx, ctx, c->row.authority, c->row.request_id, &known);
  if (!sv_failed(s)) {
    if (!crypto_equal(known.input_mac, c->row.input_mac, 32)) {
      return SV_FAIL(ctx, REQUEST_ID_REUSED, "other content");
    }
    c->row = known;
    return SV_DONE;
  }
  if (s.reason != SV_NOT_FOUND) {
    return s;
  }
  sv_ctx_clear(ctx);
  SV_TRY(tx->funding->obligation_add(tx, ctx, &c->row));
  struct change change = {.actor = c->actor,
                          .act = "obligate",
                          .reason = "",
                          .authority = c->row.authority,
                          .number = c->row.id};
  SV_TRY(service_changed(tx, ctx, &change));
  return tx->funding->obligation_find(tx, ctx, c->row.authority, c->row.id, &c->row);
}

sv_status service_obligation_create(struct service *s, struct sv_ctx *ctx,
                                    const struct service_caller *caller, const char *request_id,
                                    const struct store_obligation *obligation,
                                    struct sv_bytes encoded, struct store_obligation *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_CreateObligation, MODEL_DISBURSEMENT_RECEIPT));
  char id[37];
  if (!service_uuid(request_id, id)) {
    sv_ctx_violate(ctx, request_id[0] ? "is not a UUID" : "is required", "request_id");
  }
  sv_fields_check(ctx, obligation, obligation_rules,
                  sizeof obligation_rules / sizeof obligation_rules[0], "obligation");
  if (obligation->obligated_minor <= 0 || obligation->obligated_minor > OBLIGATED_MAX) {
    sv_ctx_violate(
        ctx, obligation->obligated_minor > 0 ? "is more than 999999999999999" : "is not positive",
        "obligation.obligated_minor");
  }
  if (strcmp(obligation->period_start, obligation->period_end) > 0) {
    sv_ctx_violate(ctx, "is before period_start", "obligation.period_end");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  struct creation c = {.row = *obligation, .actor = caller->spiffe};
  c.row.authority = caller->authority->id;
  c.row.request_id = id;
  service_mac(s, "input", encoded, c.row.input_mac);
  SV_TRY(store_write(s->parts.store, ctx, create_act, &c));
  *ret = c.row;
  return SV_DONE;
}

struct obligation_lookup {
  const char *authority, *id;
  struct store_obligation *out;
};

static sv_status obligation_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct obligation_lookup *l = arg;
  return tx->funding->obligation_find(tx, ctx, l->authority, l->id, l->out);
}

sv_status service_obligation(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, const char *name,
                             struct store_obligation *ret) {
  static const char prefix[] = "obligations/";
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetObligation, MODEL_DISBURSEMENT_RECEIPT));
  if (strncmp(name, prefix, sizeof prefix - 1) != 0) {
    sv_ctx_violate(ctx, "is not a resource name \"obligations/ID\"", "name");
    return sv_ctx_violations_status(ctx);
  }
  struct obligation_lookup l = {caller->authority->id, name + sizeof prefix - 1, ret};
  return store_read(s->parts.store, ctx, obligation_act, &l);
}
