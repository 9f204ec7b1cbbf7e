/* Revocation, prints, events. Invariants: an act and what it writes down are one; an officer's word counts once. */
#include "service/life.h"

#include <string.h>

#include "service/asked.h"
#include "service/change.h"
#include "service/refuge.h"

/* --- revocation --- */

static bool reason_fits(enum model_kind kind, enum model_state_reason reason) {
  switch (reason) {
    case MODEL_REASON_ISSUED_IN_ERROR:
    case MODEL_REASON_DECISION:
    case MODEL_REASON_KEY_COMPROMISE:
      return true;
    case MODEL_REASON_LOST:
    case MODEL_REASON_STOLEN:
    case MODEL_REASON_HOLDER_REQUEST:
      return kind == MODEL_SAFE_CONDUCT;
    default:
      return false;
  }
}

static const char *reason_word(enum model_state_reason reason) {
  static const char *const words[] = {
      [MODEL_REASON_LOST] = "LOST",
      [MODEL_REASON_STOLEN] = "STOLEN",
      [MODEL_REASON_ISSUED_IN_ERROR] = "ISSUED_IN_ERROR",
      [MODEL_REASON_HOLDER_REQUEST] = "HOLDER_REQUEST",
      [MODEL_REASON_DECISION] = "DECISION",
      [MODEL_REASON_KEY_COMPROMISE] = "KEY_COMPROMISE",
  };
  return (size_t)reason < sizeof words / sizeof words[0] && words[reason] ? words[reason] : "";
}

struct revoking {
  struct asked asked;
  const struct service_revocation *r;
  struct service_issued *out;
  bool pending;
};

static sv_status revocable(struct store_tx *tx, struct sv_ctx *ctx, const struct revoking *v,
                           struct store_document *ret) {
  const struct service_revocation *r = v->r;
  struct store_document d;
  SV_TRY(service_own_document(tx, ctx, v->asked.caller->authority->id, r->number, 0, &d));
  SV_TRY(policy_allows(ctx, v->asked.caller, SERVICE_ACT_RevokeDocument, d.kind));
  if (d.version != r->version) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the current version is %u", d.version);
  }
  if (d.state != MODEL_ISSUED && d.state != MODEL_SUSPENDED) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d.state);
  }
  if (d.kind == MODEL_DISBURSEMENT_RECEIPT) {
    return SV_FAIL(ctx, NOT_ISSUED, "a receipt is reversed, never revoked");
  }
  if (!reason_fits(d.kind, r->reason)) {
    sv_ctx_violate(ctx, "is no ground to revoke this kind of document", "reason");
    return sv_ctx_violations_status(ctx);
  }
  *ret = d;
  return SV_DONE;
}

/* The first officer's word is kept, the second one's decides; another reason begins anew. */
static sv_status second_word(struct store_tx *tx, struct sv_ctx *ctx, struct revoking *v,
                             const struct store_document *d) {
  struct store_approval words[STORE_APPROVALS_MAX];
  size_t n;
  SV_TRY(tx->life->approvals(tx, ctx, d->number, d->version, STORE_REVOKE, words,
                             STORE_APPROVALS_MAX, &n));
  if (n && words[0].reason == v->r->reason) {
    return strcmp(words[0].officer, v->asked.caller->spiffe) != 0
               ? SV_DONE
               : SV_FAIL(ctx, ROLE_MISSING, "the same officer twice");
  }
  SV_TRY(tx->life->approvals_drop(tx, ctx, d->number, d->version, STORE_REVOKE));
  struct store_approval first = {.number = d->number,
                                 .version = d->version,
                                 .question = STORE_REVOKE,
                                 .officer = v->asked.caller->spiffe,
                                 .reason = v->r->reason,
                                 .time_us = sv_wall_us()};
  SV_TRY(tx->life->approval_add(tx, ctx, &first));
  v->pending = true;
  return SV_DONE;
}

static sv_status revoke_answer(struct store_tx *tx, struct sv_ctx *ctx, struct revoking *v,
                               const char *number, uint32_t version) {
  SV_TRY(tx->ops->document_find(tx, ctx, number, version, &v->out->document));
  return service_row_read(tx, ctx, v->out, false);
}

static sv_status revoke_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct revoking *v = arg;
  struct store_act_row before;
  bool known;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  if (known) {
    v->pending = before.detail != 0;
    return revoke_answer(tx, ctx, v, before.subject, v->r->version);
  }
  struct store_document d;
  SV_TRY(revocable(tx, ctx, v, &d));
  struct model_content content = {0};
  SV_TRY(v->asked.s->parts.request_decode(ctx, d.request, &content));
  if (interlock_protects(&content)) {
    SV_TRY(second_word(tx, ctx, v, &d));
  }
  const char *actor = v->asked.caller->spiffe;
  if (!v->pending) {
    SV_TRY(tx->ops->document_state(tx, ctx, d.number, d.version, MODEL_REVOKED, v->r->reason,
                                   d.superseded_by));
  }
  SV_TRY(service_row_changed(tx, ctx, &d, actor, v->pending ? "revoke asked" : "revoke",
                             reason_word(v->r->reason)));
  if (!v->pending && d.kind == MODEL_SAFE_CONDUCT) {
    SV_TRY(refuge_relieve(tx, ctx, v->asked.s, actor));
  }
  SV_TRY(asked_remember(tx, ctx, &v->asked, d.number, v->pending));
  return revoke_answer(tx, ctx, v, d.number, d.version);
}

sv_status service_revoke(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const struct service_revocation *r, struct service_issued *ret,
                         bool *ret_pending) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_RevokeDocument, MODEL_KIND_NONE));
  if (!policy_is_officer(caller)) {
    return SV_FAIL(ctx, ROLE_MISSING, "systems revoke nothing");
  }
  *ret = (struct service_issued){0};
  struct revoking v = {.r = r, .out = ret};
  asked_open(s, ctx, caller, "RevokeDocument", r->request_id, r->encoded, &v.asked);
  if (r->version == 0) {
    sv_ctx_violate(ctx, "is required", "version");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(store_write(s->parts.store, ctx, revoke_act, &v));
  *ret_pending = v.pending;
  return SV_DONE;
}

/* --- prints --- */

struct printing {
  struct asked asked;
  const struct service_print *p;
  uint32_t times;
};

static sv_status print_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct printing *v = arg;
  struct store_act_row before;
  bool known;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  if (known) {
    v->times = (uint32_t)before.detail;
    return SV_DONE;
  }
  struct store_document d;
  SV_TRY(service_own_document(tx, ctx, v->asked.caller->authority->id, v->p->number, v->p->version,
                              &d));
  SV_TRY(policy_allows(ctx, v->asked.caller, SERVICE_ACT_RecordPrint, d.kind));
  if (d.record.n == 0) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d.state);
  }
  if (v->p->copy > d.copy) {
    return SV_FAIL(ctx, NOT_FOUND, "no such copy");
  }
  struct store_print row = {.authority = d.authority,
                            .number = d.number,
                            .version = d.version,
                            .copy = v->p->copy ? v->p->copy : d.copy,
                            .stock_number = v->p->stock_number,
                            .spoiled = v->p->spoiled,
                            .actor = v->asked.caller->spiffe};
  SV_TRY(tx->life->print_add(tx, ctx, &row, &v->times));
  SV_TRY(service_row_changed(tx, ctx, &d, row.actor, v->p->spoiled ? "spoil" : "print", ""));
  return asked_remember(tx, ctx, &v->asked, d.number, v->times);
}

static const char *stock_fault(const char *v) {
  for (const char *p = v; *p; p++) {
    bool ok = (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-';
    if (!ok) {
      return "may have capital letters, digits and hyphens only";
    }
  }
  return strlen(v) <= 20 ? NULL : "has more than 20 characters";
}

sv_status service_print_record(struct service *s, struct sv_ctx *ctx,
                               const struct service_caller *caller, const struct service_print *p,
                               uint32_t *ret_times) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_RecordPrint, MODEL_KIND_NONE));
  struct printing v = {.p = p};
  asked_open(s, ctx, caller, "RecordPrint", p->request_id, p->encoded, &v.asked);
  const char *fault = stock_fault(p->stock_number);
  if (fault) {
    sv_ctx_violate(ctx, fault, "stock_number");
  } else if (p->spoiled && p->stock_number[0] == '\0') {
    sv_ctx_violate(ctx, "is required of a spoiled sheet", "stock_number");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(store_write(s->parts.store, ctx, print_act, &v));
  *ret_times = v.times;
  return SV_DONE;
}

/* --- events --- */

struct watching {
  struct store_event_query query;
  struct store_event *events;
  struct service_event *out;
  size_t n;
  uint64_t last;
};

static sv_status events_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct watching *w = arg;
  SV_TRY(tx->life->events_after(tx, ctx, &w->query, w->events, &w->n, &w->last));
  for (size_t i = 0; i < w->n; i++) {
    const struct store_event *e = &w->events[i];
    w->out[i] = (struct service_event){.event = e->event};
    SV_TRY(tx->ops->document_find(tx, ctx, e->number, e->version, &w->out[i].document.document));
    SV_TRY(service_row_read(tx, ctx, &w->out[i].document, false));
  }
  return SV_DONE;
}

sv_status service_events(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         uint64_t after, enum model_kind kind, struct service_event *ret,
                         size_t limit, size_t *ret_n, uint64_t *ret_last) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_WatchDocuments, kind));
  uint8_t kinds = policy_kinds(caller, SERVICE_ACT_WatchDocuments);
  if (kind != MODEL_KIND_NONE) {
    kinds &= (uint8_t)(1U << kind);
  }
  struct watching w = {.query = {.topic = STORE_DOCUMENT_EVENT,
                                 .authority = caller->authority->id,
                                 .kinds = kinds,
                                 .after = after,
                                 .limit = limit},
                       .out = ret};
  w.events = SV_ARRAY(ctx->mem, limit, struct store_event);
  if (!w.events) {
    return SV_FAIL(ctx, NO_MEMORY, "events");
  }
  SV_TRY(store_read(s->parts.store, ctx, events_act, &w));
  *ret_n = w.n;
  *ret_last = w.n == limit ? w.events[w.n - 1].event : w.last;
  return SV_DONE;
}
