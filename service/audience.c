/* Copies of a manifest for an audience (safeguard NR-14). Invariants: a copy is in the registry, with who asked for it, before
 * anybody has it; a version has one copy an audience, so that who asks again has the same bytes; none is made of a manifest
 * that is not in force. */
#include "store/audience.h"

#include <string.h>

#include "crypto/digest.h"
#include "model/audience.h"
#include "service/inside.h"
#include "service/refuge.h"

struct copying {
  struct service *s;
  const struct service_caller *caller;
  const char *number;
  uint32_t version;
  enum model_audience audience;
  struct store_document row;
  struct model_content content;
  struct service_issued issued; /* the seals of the document */
  struct store_audience_copy copy;
  struct levels_made levels;
  bool known;
};

/* The audit says who had it, each time. */
static sv_status audit_give(struct store_tx *tx, struct sv_ctx *ctx, const struct copying *c) {
  return tx->life->audit(tx, ctx,
                         &(struct store_audit){.actor = c->caller->spiffe,
                                               .act = "download",
                                               .number = c->row.number,
                                               .version = c->row.version,
                                               .reason = model_audience_name(c->audience)});
}

static struct store_file file_of(const struct copying *c) {
  return (struct store_file){c->row.number, c->row.version, c->row.copy, c->audience};
}

static sv_status known_take(struct store_tx *tx, struct sv_ctx *ctx, struct copying *c) {
  sv_status s = tx->audience->find(tx, ctx, c->row.number, c->row.version, c->audience, &c->copy);
  c->known = !sv_failed(s);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  struct store_file file = file_of(c);
  SV_TRY(levels_file(tx, ctx, &file, true, &c->copy.pdf));
  return audit_give(tx, ctx, c);
}

static sv_status in_force(struct sv_ctx *ctx, const struct store_document *d) {
  return d->state == MODEL_ISSUED || d->state == MODEL_CLOSED
             ? SV_DONE
             : SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d->state);
}

static sv_status look_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct copying *c = arg;
  SV_TRY(service_own_document(tx, ctx, c->caller->authority->id, c->number, c->version, &c->row));
  SV_TRY(policy_allows_copy(ctx, c->caller, c->row.kind, c->audience));
  if (c->row.kind != MODEL_FLIGHT_MANIFEST) {
    sv_ctx_violate(ctx, "is of manifests only", "audience");
    return sv_ctx_violations_status(ctx);
  }
  if (c->row.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", c->number);
  }
  SV_TRY(known_take(tx, ctx, c));
  if (c->known) {
    return SV_DONE;
  }
  SV_TRY(in_force(ctx, &c->row));
  SV_TRY(refuge_row_content(c->s, ctx, &c->row, &c->content));
  c->issued.document = c->row;
  return service_row_read(tx, ctx, &c->issued, false);
}

/* Whoever is second has the copy of the first. */
static sv_status keep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct copying *c = arg;
  struct store_audience_copy mine = c->copy;
  struct store_document now;
  SV_TRY(known_take(tx, ctx, c));
  if (c->known) {
    return SV_DONE;
  }
  c->copy = mine;
  SV_TRY(tx->ops->document_find(tx, ctx, c->row.number, c->row.version, &now));
  SV_TRY(in_force(ctx, &now));
  SV_TRY(tx->audience->add(tx, ctx, &c->copy));
  struct store_file file = file_of(c);
  SV_TRY(levels_keep(tx, ctx, &file, &c->levels, c->caller->spiffe));
  SV_TRY(levels_file(tx, ctx, &file, true, &c->copy.pdf));
  return audit_give(tx, ctx, c);
}

static sv_status copy_make(struct service *s, struct sv_ctx *ctx, struct copying *c) {
  struct produced made;
  SV_TRY(service_produce_copy(s, ctx, &c->content, &c->row, c->issued.seals, c->issued.seal_count,
                              c->audience, &made));
  c->levels = made.levels;
  c->copy = (struct store_audience_copy){.number = c->row.number,
                                         .version = c->row.version,
                                         .audience = c->audience,
                                         .actor = c->caller->spiffe,
                                         .time_us = sv_wall_us(),
                                         .pdf = made.issue.pdf};
  memcpy(c->copy.pdf_sha256, made.issue.pdf_sha256, sizeof c->copy.pdf_sha256);
  return store_write(s->parts.store, ctx, keep_act, c);
}

sv_status service_audience_copy(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *number,
                                uint32_t version, enum model_audience audience,
                                struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_DownloadDocument, MODEL_KIND_NONE));
  struct copying c = {
      .s = s, .caller = caller, .number = number, .version = version, .audience = audience};
  SV_TRY(store_write(s->parts.store, ctx, look_act, &c));
  if (!c.known) {
    SV_TRY(copy_make(s, ctx, &c));
  }
  *ret = c.copy.pdf;
  return SV_DONE;
}
