/* The passenger list message of a manifest, attached to the authority's own document and given out alone. Invariants: it is
 * made of the row, so the same version gives the same bytes; none is given out alone about a flight that is under a hold
 * (the document that was made before the hold has its own, and its authority may have that); who took one out is in the
 * audit before it leaves; nobody stays on a flight for want of one. */
#include <string.h>

#include "formats/paxlst/paxlst.h"
#include "model/revision.h"
#include "service/inside.h"
#include "service/refuge.h"

struct listing {
  struct service *s;
  const struct service_caller *caller;
  const char *number;
  uint32_t version;
  struct store_document row;
  struct model_content content;
  struct model_revision revision;
};

static sv_status state_check(struct sv_ctx *ctx, const struct store_document *d) {
  if (d->state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", d->number);
  }
  bool out = d->record.n != 0 && d->state != MODEL_SUSPENDED;
  return out ? SV_DONE : SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d->state);
}

/* Who the version before had and this one has not. */
static sv_status revision_find(struct store_tx *tx, struct sv_ctx *ctx, struct listing *l) {
  for (uint32_t v = l->row.version; v > 1;) {
    struct store_document row;
    struct model_content before;
    SV_TRY(tx->ops->document_find(tx, ctx, l->number, --v, &row));
    if (row.record.n != 0) {
      SV_TRY(refuge_row_content(l->s, ctx, &row, &before));
      return model_revision_find(ctx, &before.manifest, &l->content.manifest, &l->revision);
    }
  }
  return SV_DONE;
}

static sv_status listing_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct listing *l = arg;
  SV_TRY(service_own_document(tx, ctx, l->caller->authority->id, l->number, l->version, &l->row));
  SV_TRY(policy_allows_copy(ctx, l->caller, l->row.kind, POLICY_PAXLST));
  if (l->row.kind != MODEL_FLIGHT_MANIFEST) {
    sv_ctx_violate(ctx, "is of manifests only", "view");
    return sv_ctx_violations_status(ctx);
  }
  SV_TRY(state_check(ctx, &l->row));
  SV_TRY(refuge_row_content(l->s, ctx, &l->row, &l->content));
  return revision_find(tx, ctx, l);
}

static enum paxlst_stage stage_of(const struct store_document *row) {
  return row->state == MODEL_REVOKED ? PAXLST_CANCELLED
         : row->closing              ? PAXLST_CLOSED
         : row->version > 1          ? PAXLST_CHANGE
                                     : PAXLST_NEW;
}

/* Of a row and its content, after who is off since the version before was found. */
static sv_status message_write(struct sv_ctx *ctx, const struct listing *l,
                               const struct model_authority *authority, struct sv_bytes *ret) {
  struct paxlst_occasion o = {.stage = stage_of(&l->row),
                              .number = l->row.number,
                              .version = l->row.version,
                              .time_us = l->row.issue_time_us,
                              .authority = authority,
                              .removed = &l->revision.removed};
  return paxlst_write(ctx, &l->content.manifest, &o, ret);
}

static sv_status revision_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return revision_find(tx, ctx, arg);
}

/* A first version is refused. A manifest in force may be older than the checks of today: its next version goes without the
 * message, and one that the registry makes (somebody is off) whatever it is that the message can't carry. */
static bool goes_without(const struct store_document *row, enum sv_reason reason) {
  return (row->version > 1 && reason == SV_MRZ_FORMAT) ||
         (row->version_reason && (reason == SV_FIELD_INVALID || reason == SV_LIMIT_EXCEEDED));
}

sv_status service_paxlst_of(struct service *s, struct sv_ctx *ctx, const struct store_document *row,
                            const struct model_content *content,
                            const struct model_authority *authority, struct sv_bytes *ret,
                            enum sv_reason *ret_left) {
  struct listing l = {.s = s, .number = row->number, .row = *row, .content = *content};
  if (row->version > 1) {
    SV_TRY(store_read(s->parts.store, ctx, revision_act, &l));
  }
  size_t violations = ctx->violation_count;
  sv_status status = message_write(ctx, &l, authority, ret);
  *ret_left = SV_OK;
  if (goes_without(row, status.reason)) {
    sv_ctx_clear(ctx);
    ctx->violation_count = violations; /* nobody asked for these names now */
    *ret = (struct sv_bytes){0};
    *ret_left = status.reason;
    return SV_DONE;
  }
  return status;
}

sv_status service_paxlst_left(struct store_tx *tx, struct sv_ctx *ctx,
                              const struct store_document *row, enum sv_reason left,
                              const char *actor) {
  struct store_audit a = {.actor = actor,
                          .act = "without_list",
                          .number = row->number,
                          .version = row->version,
                          .reason = sv_reason_name(left)};
  return left == SV_OK ? SV_DONE : tx->life->audit(tx, ctx, &a);
}

sv_status service_paxlst(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         const char *number, uint32_t version, struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_DownloadDocument, MODEL_KIND_NONE));
  struct listing l = {.s = s, .caller = caller, .number = number, .version = version};
  SV_TRY(store_read(s->parts.store, ctx, listing_act, &l));
  struct sv_bytes out;
  SV_TRY(message_write(ctx, &l, caller->authority, &out));
  SV_TRY(service_audit(s, ctx,
                       &(struct store_audit){.actor = caller->spiffe,
                                             .act = "download",
                                             .number = l.row.number,
                                             .version = l.row.version,
                                             .reason = "PAXLST"}));
  *ret = out;
  return SV_DONE;
}
