/* The end of a manifest. Invariants: on the closing version is whoever boarded and nobody else; the head count, the marks and
 * the rules agree in the act that takes its number, and the rules again in the one that closes. */
#include <string.h>

#include "crypto/digest.h"
#include "service/aboard.h"
#include "service/asked.h"
#include "service/boarding.h"
#include "service/budget.h"
#include "service/change.h"
#include "service/marks.h"

struct closing {
  struct asked asked;
  const struct service_closing *c;
  const char *row_request_id;
  struct aboard aboard;
  struct model_content last; /* who boarded; the lines are its own */
  const char *gone;
  uint32_t version; /* that was taken */
  bool known, moved, barred;
  enum sv_reason refused; /* what the act wrote stays */
};

/* A closing that was begun is its row; one that came to nothing is void, and forgotten. */
static sv_status known_look(struct store_tx *tx, struct sv_ctx *ctx, struct closing *v) {
  struct store_act_row before;
  struct store_document row;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &v->known));
  sv_status s =
      tx->ops->request_find(tx, ctx, v->asked.caller->authority->id, v->row_request_id, &row);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  v->version = row.version;
  return SV_DONE;
}

static const char *line_path(struct sv_ctx *ctx, const char *id) {
  const char *path = sv_arena_printf(ctx->mem, "occupants/%s", id);
  return path ? path : "occupants";
}

/* Who is marked as boarded and on no line of this version. */
static void strangers_tell(struct sv_ctx *ctx, const struct closing *v, const struct marks *marks) {
  for (size_t i = 0; i < marks->n; i++) {
    const struct store_mark *k = &marks->v[i];
    if (marks_final(marks, k->occupant_id) == k && k->mark == MARK_BOARDED &&
        aboard_line(&v->aboard, k->occupant_id) == v->aboard.persons.n) {
      sv_ctx_violate(ctx, "is marked as boarded and not on the manifest", "%s",
                     line_path(ctx, k->occupant_id));
    }
  }
}

/* Who boarded, in lines of their own, and who is gone. */
static sv_status heads_count(struct sv_ctx *ctx, struct closing *v, const struct marks *marks) {
  const struct model_manifest *m = &v->aboard.content.manifest;
  struct model_occupant *lines = SV_ARRAY(ctx->mem, m->occupant_count, struct model_occupant);
  struct sv_buf gone = sv_buf_in(ctx->mem, 0);
  uint32_t heads = 0;
  if (!lines) {
    return SV_FAIL(ctx, NO_MEMORY, "lines of a closing version");
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    lines[i] = m->occupants[i];
    const struct store_mark *final = marks_final(marks, lines[i].occupant_id);
    if (!lines[i].offloaded && !final) {
      sv_ctx_violate(ctx, "has no final mark", "%s", line_path(ctx, lines[i].occupant_id));
    }
    lines[i].offloaded = lines[i].offloaded || !final || mark_is_off(final->mark);
    heads += !lines[i].offloaded;
    if (lines[i].offloaded) {
      sv_buf_printf(&gone, "%s%s", gone.n ? "," : "", lines[i].occupant_id);
    }
  }
  strangers_tell(ctx, v, marks);
  if (heads != v->c->expected_boarded) {
    const char *text = sv_arena_printf(ctx->mem, "%u are marked as boarded", heads);
    sv_ctx_violate(ctx, text ? text : "differs", "expected_boarded");
  }
  if (ctx->violation_count) {
    return SV_FAIL(ctx, HEAD_COUNT, "%u heads, %u expected", heads, v->c->expected_boarded);
  }
  sv_buf_u8(&gone, 0);
  v->gone = (const char *)gone.p;
  v->last = v->aboard.content;
  v->last.manifest.occupants = lines;
  return gone.failed ? SV_FAIL(ctx, NO_MEMORY, "who is gone") : SV_DONE;
}

static sv_status line_stop(struct store_tx *tx, struct sv_ctx *ctx, struct closing *v, size_t i,
                           const struct interlock_line *judged) {
  const char *id = v->last.manifest.occupants[i].occupant_id;
  if (interlock_line_held(judged)) {
    v->refused = SV_HOLD;
  } else if (v->refused != SV_HOLD) {
    v->refused = SV_RULE_UNMET;
    sv_ctx_violate(ctx, "does not meet a safeguard: the flight desk knows which", "%s",
                   line_path(ctx, id));
  }
  return aboard_stop(tx, ctx, &v->aboard, i, judged);
}

/* Everyone who boarded, once more, on the flight as it leaves. */
static sv_status heads_judge(struct store_tx *tx, struct sv_ctx *ctx, struct closing *v) {
  struct persons p = v->aboard.persons;
  struct interlock_line *lines = SV_ARRAY(ctx->mem, p.n, struct interlock_line);
  if (!lines) {
    return SV_FAIL(ctx, NO_MEMORY, "lines of a manifest");
  }
  p.content = &v->last;
  SV_TRY(interlock_judge(tx, ctx, &p, v->aboard.row.authority, v->aboard.today, 0, p.n, lines));
  for (size_t i = 0; i < p.n; i++) {
    if (!lines[i].skipped && !interlock_line_clear(&lines[i])) {
      SV_TRY(line_stop(tx, ctx, v, i, &lines[i]));
    }
  }
  return SV_DONE;
}

static sv_status state_check(struct sv_ctx *ctx, struct closing *v) {
  const struct store_document *row = &v->aboard.row;
  if (row->state != MODEL_ISSUED && row->state != MODEL_SUSPENDED) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)row->state);
  }
  if (v->c->version != row->version) {
    return SV_FAIL(ctx, VERSION_CHANGED, "the current version is %u", row->version);
  }
  if (row->state == MODEL_SUSPENDED) {
    v->refused = SV_HOLD;
  }
  return SV_DONE;
}

static sv_status last_reserve(struct store_tx *tx, struct sv_ctx *ctx, struct closing *v) {
  struct aboard_version next = {.request_id = v->row_request_id,
                                .input_mac = v->asked.input_mac,
                                .gone = v->gone,
                                .reason = MODEL_REASON_DEPARTURE,
                                .closing = true};
  struct store_document made;
  SV_TRY(aboard_reserve(tx, ctx, &v->aboard, &next, &made));
  v->version = made.version;
  return v->known ? SV_DONE : asked_remember(tx, ctx, &v->asked, v->c->number, made.version);
}

static sv_status close_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct closing *v = arg;
  struct marks marks;
  v->moved = v->barred = false;
  SV_TRY(known_look(tx, ctx, v));
  if (v->version) {
    return SV_DONE;
  }
  SV_TRY(aboard_again(tx, ctx, &v->aboard, &v->moved));
  v->barred = aboard_busy(&v->aboard);
  if (v->moved || v->barred) {
    return SV_DONE;
  }
  SV_TRY(state_check(ctx, v));
  if (!v->refused) {
    SV_TRY(marks_read(tx, ctx, v->c->number, &marks));
    SV_TRY(heads_count(ctx, v, &marks));
    SV_TRY(heads_judge(tx, ctx, v));
  }
  if (!v->refused) {
    return last_reserve(tx, ctx, v);
  }
  const struct store_document *row = &v->aboard.row;
  return tx->life->audit(tx, ctx,
                         &(struct store_audit){v->asked.caller->spiffe, "refuse", row->number,
                                               row->version, sv_reason_name(v->refused)});
}

static sv_status close_settle(struct service *s, struct sv_ctx *ctx, struct closing *v,
                              struct service_issued *ret) {
  for (;;) {
    SV_TRY(sv_ctx_alive(ctx));
    SV_TRY(aboard_read(s, ctx, v->asked.caller, v->c->number, &v->aboard));
    SV_TRY(store_write(s->parts.store, ctx, close_act, v));
    if (v->refused) {
      return sv_ctx_fail(ctx, v->refused, "closing");
    }
    if (v->version) {
      return aboard_await(&v->aboard, ctx, v->version, ret);
    }
    if (v->barred) {
      SV_TRY(aboard_unbar(&v->aboard, ctx));
    }
  }
}

sv_status service_close_manifest(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller,
                                 const struct service_closing *c, struct service_issued *ret) {
  int64_t start_us = sv_wall_us();
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_CloseManifest, MODEL_KIND_NONE));
  struct closing v = {.c = c};
  asked_open(s, ctx, caller, "CloseManifest", c->request_id, c->encoded, &v.asked);
  if (c->version == 0) {
    sv_ctx_violate(ctx, "is required", "manifest_version");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  v.row_request_id = sv_arena_printf(ctx->mem, "close:%s", v.asked.request_id);
  if (!v.row_request_id) {
    return SV_FAIL(ctx, NO_MEMORY, "request id of a version");
  }
  SV_TRY(budget_refusals_left(s, ctx, caller));
  *ret = (struct service_issued){0};
  sv_status status = close_settle(s, ctx, &v, ret);
  if (status.reason == SV_HOLD || status.reason == SV_RULE_UNMET) {
    budget_refused(s, ctx, caller);
  }
  if (status.reason == SV_HOLD) {
    ctx->violation_count = 0; /* the gate is not told who */
    service_quantum_wait(ctx, start_us);
  }
  if (status.reason == SV_HEAD_COUNT) {
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    struct store_audit row = {caller->spiffe, "refuse", c->number, c->version, "HEAD_COUNT"};
    sv_status audited = service_audit(s, &aside, &row);
    (void)audited.reason; /* the refusal stands whether or not it could be written down */
  }
  return status;
}
