/* The manifest in force. Invariants: a version that takes somebody off holds exactly the lines of the one before, less him;
 * nothing is decided on a version that is no longer current. */
#include "service/aboard.h"

#include <string.h>

#include "crypto/digest.h"
#include "service/change.h"
#include "service/finish.h"
#include "service/flight.h"

enum {
  VERSIONS_MAX = 255,
  LEASE_US =
      15 * 1000 * 1000 /* who was taken off is on a paper in force until the version is made */
};

struct current {
  const char *authority;
  const char *number;
  struct store_document row;
};

static sv_status current_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct current *c = arg;
  SV_TRY(tx->ops->document_find(tx, ctx, c->number, 0, &c->row));
  return c->row.kind == MODEL_FLIGHT_MANIFEST && strcmp(c->row.authority, c->authority) == 0
             ? SV_DONE
             : SV_FAIL(ctx, NOT_FOUND, "no manifest of this authority");
}

sv_status aboard_read(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                      const char *number, struct aboard *ret) {
  struct current c = {.authority = caller->authority->id, .number = number};
  SV_TRY(store_read(s->parts.store, ctx, current_act, &c));
  *ret = (struct aboard){.s = s, .caller = caller, .row = c.row};
  switch (c.row.state) {
    case MODEL_ISSUED:
    case MODEL_SUSPENDED:
    case MODEL_CLOSED:
    case MODEL_REVOKED:
      break;
    case MODEL_ERASED:
      return SV_FAIL(ctx, ERASED, "%s", number);
    default:
      return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)c.row.state);
  }
  SV_TRY(refuge_row_content(s, ctx, &ret->row, &ret->content));
  SV_TRY(service_persons(s, ctx, &ret->content, &ret->persons));
  return refuge_today(s, ctx, ret->row.authority, &ret->today);
}

sv_status aboard_again(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a, bool *ret_moved) {
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, a->row.number, 0, &now));
  *ret_moved = now.version != a->row.version;
  a->row = now;
  a->next = (struct store_document){0};
  for (uint32_t v = now.version + 1; v <= VERSIONS_MAX; v++) {
    struct store_document next;
    sv_status s = tx->ops->document_find(tx, ctx, now.number, v, &next);
    if (s.reason == SV_NOT_FOUND) {
      sv_ctx_clear(ctx);
      return SV_DONE;
    }
    SV_TRY(s);
    if (next.state == MODEL_RESERVED || next.state == MODEL_PENDING_APPROVAL) {
      a->next = next;
      return SV_DONE;
    }
  }
  return SV_DONE;
}

size_t aboard_line(const struct aboard *a, const char *occupant_id) {
  const struct model_manifest *m = &a->content.manifest;
  size_t i = 0;
  while (i < m->occupant_count &&
         (m->occupants[i].offloaded || strcmp(m->occupants[i].occupant_id, occupant_id) != 0)) {
    i++;
  }
  return i;
}

bool aboard_leaves(const struct aboard *a, size_t line) {
  return aboard_busy(a) && a->next.version_reason && a->next.gone &&
         refuge_listed(a->next.gone, a->content.manifest.occupants[line].occupant_id);
}

static sv_status near_hold(struct store_tx *tx, struct sv_ctx *ctx, const struct aboard *a,
                           size_t i, const struct refuge *r) {
  const struct model_occupant *o = &a->content.manifest.occupants[i];
  const struct likeness *person = &a->persons.known[i];
  struct store_line line = {.number = a->row.number, .occupant_id = o->occupant_id};
  likeness_to_line(person, &line);
  struct refuge_near near = {.authority = a->row.authority,
                             .exact = person->exact,
                             .exact_count = person->exact_count,
                             .line = &line,
                             .version = a->row.version,
                             .near_to = r->near_to,
                             .states = r->near_states};
  SV_TRY(refuge_person_seal(a->s, ctx, &o->person, &o->travel_document, &near.sealed));
  return refuge_near_hold(tx, ctx, &near);
}

sv_status aboard_stop(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a, size_t line,
                      const struct interlock_line *judged) {
  const struct refuge *r = &judged->refuge;
  struct store_document *row = &a->row;
  if (r->near_to && !r->held && !r->letter) {
    SV_TRY(near_hold(tx, ctx, a, line, r));
  }
  if (refuge_given(r) && row->state == MODEL_ISSUED) {
    SV_TRY(tx->ops->document_state(tx, ctx, row->number, row->version, MODEL_SUSPENDED,
                                   row->state_reason, row->superseded_by));
    SV_TRY(service_row_changed(tx, ctx, row, "interlock", "suspend", "HOLD"));
    row->state = MODEL_SUSPENDED;
  }
  return service_alarm(tx, ctx, row->authority, row->number, row->version,
                       a->content.manifest.occupants[line].occupant_id);
}

/* --- versions of the registry's own --- */

static sv_status draft_end(struct store_tx *tx, struct sv_ctx *ctx, const struct aboard *a,
                           const struct aboard_version *v) {
  const struct store_document *draft = &a->next;
  if (!draft->number) {
    return SV_DONE;
  }
  SV_ASSERT(draft->state == MODEL_PENDING_APPROVAL);
  SV_TRY(
      tx->ops->document_state(tx, ctx, draft->number, draft->version, MODEL_VOID, v->reason, ""));
  return service_row_changed(tx, ctx, draft, a->caller->spiffe, "void",
                             v->closing ? "DEPARTURE" : "OFFLOAD");
}

sv_status aboard_reserve(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a,
                         const struct aboard_version *v, struct store_document *ret) {
  const struct store_document *row = &a->row;
  SV_TRY(draft_end(tx, ctx, a, v));
  *ret = (struct store_document){.number = row->number,
                                 .copy = 1,
                                 .authority = row->authority,
                                 .kind = row->kind,
                                 .request_id = v->request_id,
                                 .state = MODEL_RESERVED,
                                 .supersedes = row->number,
                                 .template_name = row->template_name,
                                 .languages = row->languages,
                                 .paper = row->paper,
                                 .issue_date = a->today,
                                 .valid_from = "",
                                 .valid_until = "",
                                 .issue_time_us = sv_wall_us() / 1000000 * 1000000,
                                 .issued_by = a->caller->spiffe,
                                 .request = row->request,
                                 .lease_until_us = sv_wall_us() + LEASE_US,
                                 .obligation = "",
                                 .version_reason = v->reason,
                                 .gone = v->gone,
                                 .closing = v->closing};
  memcpy(ret->input_mac, v->input_mac, sizeof ret->input_mac);
  SV_TRY(issue_next_version(tx, ctx, row, &ret->version));
  if (ret->version == VERSIONS_MAX && !v->closing) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "the last version is the closing's");
  }
  SV_TRY(issue_status_index(tx, ctx, ret));
  SV_TRY(crypto_random(ctx, ret->salt, sizeof ret->salt));
  SV_TRY(crypto_random(ctx, ret->secret, sizeof ret->secret));
  SV_TRY(tx->ops->document_reserve(tx, ctx, ret));
  return service_row_changed(tx, ctx, ret, a->caller->spiffe, "reserve",
                             v->closing ? "DEPARTURE" : "OFFLOAD");
}

/* The worker of the row is waited for, or was lost. */
static sv_status row_finish(struct service *s, struct sv_ctx *ctx, const struct store_document *row,
                            struct service_issued *ret) {
  struct model_content content;
  struct flight *flight;
  SV_TRY(refuge_row_content(s, ctx, row, &content));
  SV_TRY(flight_begin(s, ctx, row->authority, row->request_id, &flight));
  sv_status status = finish_row(s, ctx, row->issued_by, &content, row, ret);
  flight_end(s, flight);
  return status;
}

struct version_look {
  const char *number;
  uint32_t version;
  struct service_issued *out;
};

static sv_status version_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct version_look *l = arg;
  SV_TRY(tx->ops->document_find(tx, ctx, l->number, l->version, &l->out->document));
  return service_row_read(tx, ctx, l->out, true);
}

sv_status aboard_await(struct aboard *a, struct sv_ctx *ctx, uint32_t version,
                       struct service_issued *ret) {
  *ret = (struct service_issued){0};
  struct version_look l = {a->row.number, version, ret};
  SV_TRY(store_read(a->s->parts.store, ctx, version_act, &l));
  if (ret->document.state != MODEL_RESERVED) {
    return SV_DONE;
  }
  struct store_document row = ret->document;
  return row_finish(a->s, ctx, &row, ret);
}

sv_status aboard_unbar(struct aboard *a, struct sv_ctx *ctx) {
  struct sv_ctx aside =
      sv_ctx_over(ctx->mem); /* what forbids another's version is not this call's fault */
  aside.deadline_ns = ctx->deadline_ns;
  aside.cancelled = ctx->cancelled;
  struct service_issued out = {0};
  sv_status status = row_finish(a->s, &aside, &a->next, &out);
  if (!sv_failed(status) || finish_fault_is_final(status.reason)) {
    return SV_DONE;
  }
  struct version_look l = {a->row.number, a->next.version, &out};
  SV_TRY(store_read(a->s->parts.store, ctx, version_act, &l));
  return out.document.state == MODEL_RESERVED ? sv_ctx_fail(ctx, status.reason, "%s", aside.detail)
                                              : SV_DONE;
}
