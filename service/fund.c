/* Obligations: what receipts are drawn on. Invariants: no amendment takes the total under what is disbursed, and each has a
 * signed record that names the one before. */
#include <string.h>

#include "base/fields.h"
#include "crypto/digest.h"
#include "model/codes.h"
#include "model/names.h"
#include "service/asked.h"
#include "service/change.h"
#include "service/inside.h"
#include "service/keys.h"

static const int64_t OBLIGATED_MAX =
    999999999999999; /* what the ledger of a receipt has room for */
enum { OBLIGATION_ID_MAX = 40, AMENDMENTS_MAX = 999 };

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
    {"name", offsetof(struct store_obligation, id), 1, OBLIGATION_ID_MAX, SV_REQUIRED, id_fault},
    SV_FIELD(struct store_obligation, award_number, 1, 40, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, awarding_agency, 1, 60, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, recipient_name, 1, 60, SV_REQUIRED, model_text_fault),
    SV_FIELD(struct store_obligation, recipient_id, 1, 35, SV_OPTIONAL, model_text_fault),
    SV_FIELD(struct store_obligation, currency, 3, 3, SV_REQUIRED, currency_fault),
    SV_FIELD(struct store_obligation, period_start, 10, 10, SV_REQUIRED, day_fault),
    SV_FIELD(struct store_obligation, period_end, 10, 10, SV_REQUIRED, day_fault),
};

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

/* "ID" of "obligations/ID"; a violation of the field and NULL for another form. */
static const char *id_of(struct sv_ctx *ctx, const char *name) {
  static const char prefix[] = "obligations/";
  if (strncmp(name, prefix, sizeof prefix - 1) != 0) {
    sv_ctx_violate(ctx, "is not a resource name \"obligations/ID\"", "name");
    return NULL;
  }
  return name + sizeof prefix - 1;
}

sv_status service_obligation(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, const char *name,
                             struct store_obligation *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetObligation, MODEL_DISBURSEMENT_RECEIPT));
  struct obligation_lookup l = {caller->authority->id, id_of(ctx, name), ret};
  SV_TRY(sv_ctx_violations_status(ctx));
  return store_read(s->parts.store, ctx, obligation_act, &l);
}

/* --- lists --- */

struct obligations_page {
  const char *authority, *after;
  struct store_obligation *out;
  size_t limit, n;
};

static sv_status page_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct obligations_page *p = arg;
  return tx->funding->obligation_list(tx, ctx, p->authority, p->after, p->out, p->limit, &p->n);
}

sv_status service_obligations(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller, uint32_t limit,
                              const char *page_token, struct store_obligation *ret, size_t *ret_n,
                              const char **ret_next) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ListObligations, MODEL_DISBURSEMENT_RECEIPT));
  if (strlen(page_token) > OBLIGATION_ID_MAX || id_fault(page_token)) {
    sv_ctx_violate(ctx, "is not a token of the page before", "page_token");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  limit = limit == 0 ? 50 : limit > SERVICE_PAGE_MAX ? SERVICE_PAGE_MAX : limit;
  struct obligations_page p = {
      .authority = caller->authority->id, .after = page_token, .out = ret, .limit = limit};
  SV_TRY(store_read(s->parts.store, ctx, page_act, &p));
  *ret_n = p.n;
  *ret_next = p.n == limit ? ret[p.n - 1].id : "";
  return SV_DONE;
}

/* --- amendments --- */

struct amending {
  struct asked asked;
  const struct service_amendment *a;
  const char *id;
  struct store_obligation o;
  bool known;                  /* asked before: o is the answer */
  struct store_amendment made; /* in the second act */
  uint8_t previous_sha256[32];
};

/* What the obligation can't become. */
static sv_status amendment_check(struct sv_ctx *ctx, const struct service_amendment *a,
                                 const struct store_obligation *o, int64_t *ret_total) {
  int64_t total;
  if (a->amendment != o->amendment) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the current amendment is %u", o->amendment);
  }
  if (o->closed) {
    return SV_FAIL(ctx, OBLIGATION_CLOSED, "closed");
  }
  if (o->amendment >= AMENDMENTS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "an obligation may have %d amendments", AMENDMENTS_MAX);
  }
  if (a->period_end[0] && strcmp(a->period_end, o->period_start) < 0) {
    sv_ctx_violate(ctx, "is before period_start", "period_end");
  }
  if (__builtin_add_overflow(o->obligated_minor, a->change_minor, &total) ||
      total > OBLIGATED_MAX) {
    sv_ctx_violate(ctx, "takes the total over 999999999999999", "change_minor");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  if (total < o->disbursed_minor) {
    const char *text =
        sv_arena_printf(ctx->mem, "at most %lld minor units of %s can be taken back",
                        (long long)(o->obligated_minor - o->disbursed_minor), o->currency);
    sv_ctx_violate(ctx, text ? text : "is more than what is left", "change_minor");
    return SV_FAIL(ctx, BALANCE_EXCEEDED, "less than was disbursed");
  }
  *ret_total = total;
  return SV_DONE;
}

static sv_status previous_digest(struct store_tx *tx, struct sv_ctx *ctx, struct amending *m) {
  struct store_amendment *all = SV_ARRAY(ctx->mem, m->o.amendment, struct store_amendment);
  size_t n;
  if (!all) {
    return SV_FAIL(ctx, NO_MEMORY, "amendments");
  }
  SV_TRY(tx->funding->amendments(tx, ctx, m->o.authority, m->id, all, m->o.amendment, &n));
  if (n != m->o.amendment) {
    return SV_FAIL(ctx, CORRUPT, "amendments of %s are missing", m->id);
  }
  if (n) {
    crypto_sha256(all[n - 1].record, m->previous_sha256);
  }
  return SV_DONE;
}

static sv_status amendable(struct store_tx *tx, struct sv_ctx *ctx, struct amending *m,
                           int64_t *ret_total) {
  struct store_act_row before;
  SV_TRY(asked_before(tx, ctx, &m->asked, &before, &m->known));
  SV_TRY(tx->funding->obligation_find(tx, ctx, m->asked.caller->authority->id, m->id, &m->o));
  return m->known ? SV_DONE : amendment_check(ctx, m->a, &m->o, ret_total);
}

static sv_status before_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct amending *m = arg;
  SV_TRY(amendable(tx, ctx, m, &m->made.obligated_minor));
  return m->known ? SV_DONE : previous_digest(tx, ctx, m);
}

/* The record and its signature: no lock is held. What it says of the obligation holds as long as the amendment that the
 * caller saw is the current one. */
static sv_status amendment_sign(struct service *s, struct sv_ctx *ctx, struct amending *m) {
  struct store_amendment *row = &m->made;
  row->authority = m->o.authority;
  row->id = m->id;
  row->amendment = m->o.amendment + 1;
  row->change_minor = m->a->change_minor;
  row->period_end = m->a->period_end[0] ? m->a->period_end : m->o.period_end;
  row->actor = m->asked.caller->spiffe;
  row->time_us = sv_wall_us() / 1000000 * 1000000;
  struct record_amendment said = {.authority = row->authority,
                                  .obligation = row->id,
                                  .amendment = row->amendment,
                                  .change_minor = row->change_minor,
                                  .obligated_minor = row->obligated_minor,
                                  .currency = m->o.currency,
                                  .period_start = m->o.period_start,
                                  .period_end = row->period_end,
                                  .actor = row->actor,
                                  .time_us = row->time_us};
  said.previous_sha256 = m->o.amendment ? m->previous_sha256 : NULL;
  SV_TRY(crypto_random(ctx, said.salt, sizeof said.salt));
  SV_TRY(record_amendment_write(ctx, &said, &row->record));
  struct seal_subject subject = {.number = m->o.id, .version = row->amendment};
  crypto_sha256(row->record, subject.record_sha256);
  service_hold(s);
  sv_status status = keys_ready(s, ctx);
  status = sv_failed(status)
               ? status
               : seal_record(s->parts.seal, ctx, &subject, row->record, &row->signature);
  service_release(s);
  return status;
}

static sv_status amend_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct amending *m = arg;
  int64_t total;
  SV_TRY(amendable(tx, ctx, m, &total));
  if (m->known) {
    return SV_DONE;
  }
  const struct store_amendment *row = &m->made;
  uint8_t digest[32];
  crypto_sha256(row->record, digest);
  SV_TRY(tx->funding->amendment_add(tx, ctx, row));
  struct change change = {.actor = row->actor,
                          .act = "amend",
                          .reason = "",
                          .authority = row->authority,
                          .number = row->id,
                          .version = row->amendment,
                          .record_sha256 = digest};
  SV_TRY(service_changed(tx, ctx, &change));
  SV_TRY(asked_remember(tx, ctx, &m->asked, row->id, row->amendment));
  return tx->funding->obligation_find(tx, ctx, row->authority, row->id, &m->o);
}

static sv_status amend(struct service *s, struct sv_ctx *ctx, struct amending *m) {
  SV_TRY(store_read(s->parts.store, ctx, before_act, m));
  if (m->known) {
    return SV_DONE;
  }
  SV_TRY(amendment_sign(s, ctx, m));
  return store_write(s->parts.store, ctx, amend_act, m);
}

sv_status service_obligation_amend(struct service *s, struct sv_ctx *ctx,
                                   const struct service_caller *caller,
                                   const struct service_amendment *a,
                                   struct store_obligation *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_AmendObligation, MODEL_DISBURSEMENT_RECEIPT));
  struct amending m = {.a = a};
  asked_open(s, ctx, caller, "AmendObligation", a->request_id, a->encoded, &m.asked);
  m.id = id_of(ctx, a->name);
  const char *fault = a->period_end[0] ? day_fault(a->period_end) : NULL;
  if (fault) {
    sv_ctx_violate(ctx, fault, "period_end");
  }
  if (a->change_minor == 0 && a->period_end[0] == '\0') {
    sv_ctx_violate(ctx, "is required where period_end is empty", "change_minor");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  sv_status status = amend(s, ctx, &m);
  if (status.reason == SV_BALANCE_EXCEEDED || status.reason == SV_OBLIGATION_CLOSED) {
    struct sv_ctx aside = sv_ctx_over(ctx->mem); /* the refusal stands, written down or not */
    sv_status audited = service_audit(
        s, &aside,
        &(struct store_audit){caller->spiffe, "refuse", "", 0, sv_reason_name(status.reason)});
    (void)audited.reason;
  }
  SV_TRY(status);
  *ret = m.o;
  return SV_DONE;
}
