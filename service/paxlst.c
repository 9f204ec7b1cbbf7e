/* The passenger list message of a manifest, attached to the authority's own document and given out alone. Invariants: it is made of the row, so the same version gives the same bytes; none
 * goes out about a flight that is under a hold; who took one out is in the audit before it leaves. */
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

sv_status service_paxlst_of(struct service *s, struct sv_ctx *ctx, const struct store_document *row,
                            const struct model_content *content,
                            const struct model_authority *authority, struct sv_bytes *ret) {
  struct listing l = {.s = s, .number = row->number, .row = *row, .content = *content};
  if (row->version > 1) {
    SV_TRY(store_read(s->parts.store, ctx, revision_act, &l));
  }
  return message_write(ctx, &l, authority, ret);
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
