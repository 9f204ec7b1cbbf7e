/* A second sheet of the same letter. Invariants: a copy says what the record says, which does not change; the newest copy
 * is the one in force; the page is made before the act that counts it. */
#include <string.h>

#include "crypto/digest.h"
#include "service/asked.h"
#include "service/change.h"
#include "service/finish.h"
#include "service/life.h"
#include "service/refuge.h"

struct reissuing {
  struct asked asked;
  const struct service_reissue *r;
  struct store_document row; /* with the number and the place in the status list of the new copy */
  const struct store_copy *made; /* NULL while it is still to be drawn */
  struct levels_made levels;
  struct service_issued *out;
  bool answered;
};

static sv_status reissuable(struct store_tx *tx, struct sv_ctx *ctx, const struct reissuing *v,
                            struct store_document *ret) {
  struct store_document d;
  SV_TRY(service_own_document(tx, ctx, v->asked.caller->authority->id, v->r->number, 0, &d));
  SV_TRY(policy_allows(ctx, v->asked.caller, SERVICE_ACT_ReissueDocument, d.kind));
  if (d.version != v->r->version) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the current version is %u", d.version);
  }
  if (d.kind != MODEL_SAFE_CONDUCT) {
    sv_ctx_violate(ctx, "is of a document whose file may be printed again", "number");
    return sv_ctx_violations_status(ctx);
  }
  if (d.state != MODEL_ISSUED) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d.state);
  }
  if (d.copy >= STORE_COPIES_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "the copies of a letter are used up");
  }
  *ret = d;
  return SV_DONE;
}

static sv_status copy_answer(struct store_tx *tx, struct sv_ctx *ctx, struct reissuing *v) {
  v->answered = true;
  SV_TRY(tx->ops->document_find(tx, ctx, v->r->number, v->r->version, &v->out->document));
  return service_row_read(tx, ctx, v->out, true);
}

/* Whether a copy can be made, and as which. */
static sv_status begin_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reissuing *v = arg;
  struct store_act_row before;
  bool known;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  if (known) {
    return copy_answer(tx, ctx, v);
  }
  SV_TRY(reissuable(tx, ctx, v, &v->row));
  v->row.copy++;
  return issue_status_index(tx, ctx, &v->row);
}

static sv_status copy_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reissuing *v = arg;
  struct store_act_row before;
  struct store_document now;
  bool known, taken;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &known));
  if (known) {
    return copy_answer(tx, ctx, v);
  }
  SV_TRY(reissuable(tx, ctx, v, &now));
  SV_TRY(tx->ops->status_index_taken(tx, ctx, v->row.status_list, v->made->status_index, &taken));
  if (taken || now.copy + 1 != v->made->copy) {
    return SV_FAIL(ctx, VERSION_CHANGED, "copy %u was made meanwhile", now.copy);
  }
  SV_TRY(tx->ops->copy_add(tx, ctx, now.number, now.version, v->made));
  SV_TRY(levels_keep(tx, ctx,
                     &(struct store_file){now.number, now.version, v->made->copy, MODEL_AUTHORITY},
                     &v->levels, v->asked.caller->spiffe));
  SV_TRY(service_row_changed(tx, ctx, &now, v->asked.caller->spiffe, "reissue",
                             v->r->reason == MODEL_REASON_DAMAGED ? "DAMAGED" : "MISPRINT"));
  SV_TRY(asked_remember(tx, ctx, &v->asked, now.number, v->made->copy));
  return copy_answer(tx, ctx, v);
}

static sv_status copy_make(struct service *s, struct sv_ctx *ctx, struct reissuing *v,
                           struct store_copy *ret) {
  struct model_content content;
  struct produced made;
  SV_TRY(refuge_row_content(s, ctx, &v->row, &content));
  SV_TRY(service_produce(s, ctx, &content, &v->row,
                         &(struct produce_place){.copy_reason = v->r->reason}, &made));
  if (!crypto_equal(made.issue.record_sha256, v->row.record_sha256, 32)) {
    return SV_FAIL(ctx, CORRUPT, "the record of %s can't be made again", v->row.number);
  }
  v->levels = made.levels;
  *ret = (struct store_copy){.copy = v->row.copy,
                             .reason = v->r->reason,
                             .time_us = sv_wall_us(),
                             .status_index = v->row.status_index,
                             .pdf = made.issue.pdf,
                             .static_bytes = made.issue.static_bytes,
                             .seals = made.issue.seals,
                             .seal_count = made.issue.seal_count};
  memcpy(ret->pdf_sha256, made.issue.pdf_sha256, 32);
  memcpy(ret->static_sha256, made.issue.static_sha256, 32);
  return SV_DONE;
}

sv_status service_reissue(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct service_reissue *r,
                          struct service_issued *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ReissueDocument, MODEL_KIND_NONE));
  *ret = (struct service_issued){0};
  struct reissuing v = {.r = r, .out = ret};
  asked_open(s, ctx, caller, "ReissueDocument", r->request_id, r->encoded, &v.asked);
  if (r->version == 0) {
    sv_ctx_violate(ctx, "is required", "version");
  }
  if (r->reason != MODEL_REASON_DAMAGED && r->reason != MODEL_REASON_MISPRINT) {
    sv_ctx_violate(ctx, "is neither DAMAGED nor MISPRINT: a letter that is lost gets a new number",
                   "reason");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(store_read(s->parts.store, ctx, begin_act, &v));
  if (v.answered) {
    return SV_DONE;
  }
  struct store_copy made;
  SV_TRY(copy_make(s, ctx, &v, &made));
  v.made = &made;
  return store_write(s->parts.store, ctx, copy_act, &v);
}
