/* Checking and marking at the gate. */
#include "service/boarding.h"

#include <string.h>

#include "crypto/digest.h"
#include "formats/mrz/mrz.h"
#include "formats/vds/vds_profile.h"
#include "model/names.h"
#include "service/aboard.h"
#include "service/asked.h"
#include "service/budget.h"
#include "service/change.h"
#include "service/marks.h"

/* One line as the rules see it now. */
static sv_status line_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct aboard *a,
                            size_t line, struct interlock_line *ret) {
  struct interlock_line *lines = SV_ARRAY(ctx->mem, a->persons.n, struct interlock_line);
  if (!lines) {
    return SV_FAIL(ctx, NO_MEMORY, "lines of a manifest");
  }
  SV_TRY(interlock_judge(tx, ctx, &a->persons, a->row.authority, a->today, line, line + 1, lines));
  *ret = lines[line];
  return SV_DONE;
}

static sv_status refusal_tell(struct store_tx *tx, struct sv_ctx *ctx, const struct aboard *a,
                              enum sv_reason reason) {
  return tx->life->audit(tx, ctx,
                         &(struct store_audit){a->caller->spiffe, "refuse", a->row.number,
                                               a->row.version, sv_reason_name(reason)});
}

/* --- checking --- */

struct checking {
  struct aboard aboard;
  size_t line; /* occupant_count: none */
  bool listed, moved;
};

/* As the page's own commitments compare: fillers and case of numbers don't matter. */
static sv_status line_of_bearer(struct sv_ctx *ctx, const struct aboard *a, const char *mrz,
                                size_t *ret) {
  const struct model_manifest *m = &a->content.manifest;
  struct sv_bytes salt = sv_bytes_of(a->row.salt, sizeof a->row.salt);
  struct mrz_fields f;
  char lines[96];
  if (!mrz_part_lines(mrz, lines) || sv_failed(mrz_parse(ctx, lines, &f))) {
    sv_ctx_clear(ctx);
    sv_ctx_violate(ctx, "is no machine readable zone whose check digits hold", "mrz");
    return sv_ctx_violations_status(ctx);
  }
  uint8_t his[32], theirs[32];
  vds_commitment_mrz(salt, f.issuer, f.number, f.birth, his, sizeof his);
  *ret = m->occupant_count;
  for (size_t i = 0; i < m->occupant_count; i++) {
    const struct model_occupant *o = &m->occupants[i];
    vds_commitment(salt, o->travel_document.issuing_state, o->travel_document.number,
                   o->person.birth_date, theirs, sizeof theirs);
    if (!o->offloaded && o->travel_document.number[0] && crypto_equal(his, theirs, sizeof his)) {
      *ret = i;
    }
  }
  return SV_DONE;
}

/* Off by a mark that there was no version left for. */
static bool marked_off(const struct aboard *a, const struct marks *marks, size_t line) {
  const struct store_mark *final =
      marks_final(marks, a->content.manifest.occupants[line].occupant_id);
  return final && mark_is_off(final->mark);
}

static sv_status check_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct checking *c = arg;
  struct aboard *a = &c->aboard;
  SV_TRY(aboard_again(tx, ctx, a, &c->moved));
  if (c->moved) {
    return SV_DONE;
  }
  struct marks marks;
  SV_TRY(marks_read(tx, ctx, a->row.number, &marks));
  const char *word = "NOT_LISTED";
  bool in_force = a->row.state == MODEL_ISSUED;
  if ((in_force || a->row.state == MODEL_SUSPENDED) && c->line < a->persons.n &&
      !aboard_leaves(a, c->line) && !marked_off(a, &marks, c->line)) {
    struct interlock_line judged;
    SV_TRY(line_judge(tx, ctx, a, c->line, &judged));
    c->listed = in_force && interlock_line_clear(&judged);
    if (!interlock_line_clear(&judged)) {
      word = sv_reason_name(interlock_line_held(&judged) ? SV_HOLD : SV_RULE_UNMET);
      SV_TRY(aboard_stop(tx, ctx, a, c->line, &judged));
    }
  }
  return tx->life->audit(tx, ctx,
                         &(struct store_audit){a->caller->spiffe, "check", a->row.number,
                                               a->row.version, c->listed ? "" : word});
}

static sv_status check_once(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, const struct service_check *check,
                            struct checking *c) {
  *c = (struct checking){0};
  SV_TRY(aboard_read(s, ctx, caller, check->number, &c->aboard));
  c->line = aboard_line(&c->aboard, check->occupant_id);
  if (check->mrz[0]) {
    SV_TRY(line_of_bearer(ctx, &c->aboard, check->mrz, &c->line));
  }
  return store_write(s->parts.store, ctx, check_act, c);
}

sv_status service_check(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        const struct service_check *check, struct service_checked *ret) {
  int64_t start_us = sv_wall_us();
  struct checking c;
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_CheckOccupant, MODEL_KIND_NONE));
  if (!check->mrz[0] == !check->occupant_id[0]) {
    sv_ctx_violate(ctx, "is required: the bearer's zone, or the occupant's id", "bearer");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(budget_refusals_left(s, ctx, caller));
  do {
    SV_TRY(sv_ctx_alive(ctx));
    SV_TRY(check_once(s, ctx, caller, check, &c));
  } while (c.moved);
  if (!c.listed) {
    *ret = (struct service_checked){
        .occupant_id = "",
        .headline = "STOP: not listed on this manifest. Nobody boards; call the duty desk."};
    budget_refused(s, ctx, caller);
    service_quantum_wait(ctx, start_us);
    return SV_DONE;
  }
  *ret = (struct service_checked){
      .listed = true,
      .occupant_id = c.aboard.content.manifest.occupants[c.line].occupant_id,
      .headline = sv_arena_printf(ctx->mem, "BOARD: listed on version %u, in force now.",
                                  c.aboard.row.version)};
  return ret->headline ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "headline");
}

/* --- marking --- */

/* What is remembered of a mark: the version that answers it, or one of these. */
enum { MADE_NONE = 0, MADE_CONFLICT = -1, MADE_FULL = -2 };

struct marking {
  struct asked asked;
  const struct service_mark *m;
  const char *row_request_id; /* of the version that this mark makes */
  struct aboard aboard;
  size_t line; /* on the current version; occupant_count: off it */
  struct marks marks;
  int64_t outcome;
  bool known, moved, barred;
  bool held; /* refused: what the act wrote stays */
};

static struct store_mark mark_row(const struct marking *v) {
  return (struct store_mark){.authority = v->asked.caller->authority->id,
                             .number = v->m->number,
                             .version = v->m->version,
                             .occupant_id = v->m->occupant_id,
                             .mark = v->m->mark,
                             .mark_us = v->m->mark_us,
                             .device = v->m->device,
                             .actor = v->asked.caller->spiffe,
                             .time_us = sv_wall_us()};
}

static sv_status desk_alarm(struct store_tx *tx, struct sv_ctx *ctx, const struct marking *v) {
  const struct store_document *row = &v->aboard.row;
  return service_alarm(tx, ctx, row->authority, row->number, row->version, v->m->occupant_id);
}

static sv_status boarding_refuse(struct store_tx *tx, struct sv_ctx *ctx, struct marking *v) {
  v->held = true;
  return refusal_tell(tx, ctx, &v->aboard, SV_HOLD);
}

static sv_status boarded(struct store_tx *tx, struct sv_ctx *ctx, struct marking *v) {
  struct aboard *a = &v->aboard;
  const struct store_mark *final = marks_final(&v->marks, v->m->occupant_id);
  bool listed = v->line < a->persons.n && !aboard_leaves(a, v->line);
  v->outcome = MADE_NONE;
  if (!listed && final && mark_is_off(final->mark) && final->mark_us >= v->m->mark_us) {
    return SV_DONE; /* what was before he left */
  }
  if (!listed) {
    v->outcome = MADE_CONFLICT;
    return desk_alarm(tx, ctx, v);
  }
  struct interlock_line judged;
  SV_TRY(line_judge(tx, ctx, a, v->line, &judged));
  if (!interlock_line_clear(&judged)) {
    SV_TRY(aboard_stop(tx, ctx, a, v->line, &judged));
    return boarding_refuse(tx, ctx, v);
  }
  return a->row.state == MODEL_SUSPENDED ? boarding_refuse(tx, ctx, v) : SV_DONE;
}

static sv_status taken_off(struct store_tx *tx, struct sv_ctx *ctx, struct marking *v) {
  struct aboard *a = &v->aboard;
  const struct store_mark *final = marks_final(&v->marks, v->m->occupant_id);
  if (final && !mark_is_off(final->mark) && final->mark_us > v->m->mark_us) {
    v->outcome = MADE_NONE; /* he came aboard afterwards: the desk is told of the two */
    return SV_DONE;
  }
  if (v->line == a->persons.n) {
    v->outcome = a->row.version;
    return SV_DONE;
  }
  if (aboard_leaves(a, v->line)) {
    v->outcome = a->next.version;
    return SV_DONE;
  }
  if (aboard_busy(a)) {
    v->barred = true;
    return SV_DONE;
  }
  const char *gone = a->row.gone ? a->row.gone : "";
  gone = sv_arena_printf(ctx->mem, "%s%s%s", gone, gone[0] ? "," : "", v->m->occupant_id);
  if (!gone) {
    return SV_FAIL(ctx, NO_MEMORY, "who is gone");
  }
  struct aboard_version next = {.request_id = v->row_request_id,
                                .input_mac = v->asked.input_mac,
                                .gone = gone,
                                .reason = MODEL_REASON_OFFLOAD};
  struct store_document made;
  sv_status s = aboard_reserve(tx, ctx, a, &next, &made);
  if (s.reason ==
      SV_LIMIT_EXCEEDED) { /* that he is off is known all the same, and closing says it */
    sv_ctx_clear(ctx);
    v->outcome = MADE_FULL;
    return desk_alarm(tx, ctx, v);
  }
  v->outcome = made.version;
  return s;
}

/* A mark that was answered before. *ret_open: its version came to nothing, so it is to be made again. */
static sv_status known_look(struct store_tx *tx, struct sv_ctx *ctx, struct marking *v,
                            bool *ret_open) {
  struct store_act_row before;
  *ret_open = true;
  SV_TRY(asked_before(tx, ctx, &v->asked, &before, &v->known));
  if (!v->known) {
    return SV_DONE;
  }
  v->outcome = before.detail;
  *ret_open = false;
  if (before.detail > 0) {
    struct store_document row;
    SV_TRY(tx->ops->document_find(tx, ctx, v->m->number, (uint32_t)before.detail, &row));
    *ret_open = row.state == MODEL_VOID;
  }
  return SV_DONE;
}

static sv_status mark_keep(struct store_tx *tx, struct sv_ctx *ctx, struct marking *v) {
  struct store_mark row = mark_row(v);
  if (marks_contradict(&v->marks, &row) && v->outcome != MADE_CONFLICT) {
    SV_TRY(desk_alarm(tx, ctx, v));
  }
  SV_TRY(tx->protection->mark_add(tx, ctx, &row));
  SV_TRY(service_row_changed(tx, ctx, &v->aboard.row, row.actor, "mark", mark_name(row.mark)));
  return asked_remember(tx, ctx, &v->asked, v->m->number, v->outcome);
}

static sv_status mark_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct marking *v = arg;
  struct aboard *a = &v->aboard;
  bool open;
  v->moved = v->barred = v->held = false;
  SV_TRY(known_look(tx, ctx, v, &open));
  if (!open) {
    return SV_DONE;
  }
  SV_TRY(aboard_again(tx, ctx, a, &v->moved));
  v->barred = aboard_busy(a) && a->next.closing;
  if (v->moved || v->barred) {
    return SV_DONE;
  }
  if (a->row.state != MODEL_ISSUED && a->row.state != MODEL_SUSPENDED) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)a->row.state);
  }
  SV_TRY(marks_read(tx, ctx, v->m->number, &v->marks));
  if (!mark_is_off(v->m->mark) && v->marks.n >= MARKS_ABOARD_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "%d marks", MARKS_ABOARD_MAX);
  }
  if (mark_is_off(v->m->mark)) {
    SV_TRY(taken_off(tx, ctx, v));
  } else if (v->m->mark == MARK_BOARDED) {
    SV_TRY(boarded(tx, ctx, v));
  }
  return v->barred || v->held || v->known ? SV_DONE : mark_keep(tx, ctx, v);
}

struct device_version {
  const struct service_mark *m;
  struct store_document row;
};

static sv_status device_version_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct device_version *d = arg;
  sv_status s = tx->ops->document_find(tx, ctx, d->m->number, d->m->version, &d->row);
  bool seen = !sv_failed(s) && d->row.record.n > 0;
  if (s.reason == SV_NOT_FOUND || (!sv_failed(s) && !seen)) {
    sv_ctx_clear(ctx);
    return SV_FAIL(ctx, VERSION_CHANGED, "the device's version was never in force");
  }
  return s;
}

/* With or without his line still being in force: a desk may settle two marks that contradict each other. */
static bool named_on(const struct model_manifest *m, const char *occupant_id) {
  for (size_t i = 0; i < m->occupant_count; i++) {
    if (strcmp(m->occupants[i].occupant_id, occupant_id) == 0) {
      return true;
    }
  }
  return false;
}

/* What the device saw: a version that was in force, with this person on it, before he was marked. */
static sv_status device_check(struct sv_ctx *ctx, const struct marking *v) {
  struct device_version d = {.m = v->m};
  struct model_content seen;
  SV_TRY(store_read(v->asked.s->parts.store, ctx, device_version_act, &d));
  SV_TRY(refuge_row_content(v->asked.s, ctx, &d.row, &seen));
  if (!named_on(&seen.manifest, v->m->occupant_id)) {
    sv_ctx_violate(ctx, "is nobody on that version of the manifest", "occupant_id");
  }
  if (v->m->mark_us < d.row.issue_time_us - (int64_t)MARKS_TOLERANCE_US) {
    sv_ctx_violate(ctx, "is before that version of the manifest", "mark_time");
  }
  return sv_ctx_violations_status(ctx);
}

static void mark_check(struct sv_ctx *ctx, const struct service_mark *m) {
  if (m->version == 0) {
    sv_ctx_violate(ctx, "is required", "manifest_version");
  }
  if (m->occupant_id[0] == '\0') {
    sv_ctx_violate(ctx, "is required", "occupant_id");
  }
  if (m->mark <= MARK_NONE || m->mark > MARK_NO_SHOW) {
    sv_ctx_violate(ctx, m->mark == MARK_NONE ? "is required" : "is not a known value", "mark");
  }
  if (m->mark_us == 0) {
    sv_ctx_violate(ctx, "is required", "mark_time");
  } else if (m->mark_us > sv_wall_us() + (int64_t)MARKS_TOLERANCE_US) {
    sv_ctx_violate(ctx, "is in the future", "mark_time");
  }
  const char *fault = m->device[0] == '\0'     ? "is required"
                      : strlen(m->device) > 64 ? "is too long"
                                               : model_token_fault(m->device);
  if (fault) {
    sv_ctx_violate(ctx, fault, "device_id");
  }
}

/* Until the mark is on record, and what it takes off is off. */
static sv_status mark_settle(struct service *s, struct sv_ctx *ctx, struct marking *v,
                             struct service_issued *ret) {
  for (;;) {
    SV_TRY(sv_ctx_alive(ctx));
    SV_TRY(aboard_read(s, ctx, v->asked.caller, v->m->number, &v->aboard));
    v->line = aboard_line(&v->aboard, v->m->occupant_id);
    SV_TRY(store_write(s->parts.store, ctx, mark_act, v));
    if (v->barred) {
      SV_TRY(aboard_unbar(&v->aboard, ctx));
    } else if (!v->moved && v->outcome > 0 && !v->held) {
      SV_TRY(aboard_await(&v->aboard, ctx, (uint32_t)v->outcome, ret));
      if (ret->document.state != MODEL_VOID) {
        return SV_DONE;
      }
    } else if (!v->moved) {
      return SV_DONE;
    }
  }
}

sv_status service_mark(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       const struct service_mark *m, struct service_marked *ret) {
  int64_t start_us = sv_wall_us();
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_MarkOccupant, MODEL_KIND_NONE));
  struct marking v = {.m = m};
  asked_open(s, ctx, caller, "MarkOccupant", m->request_id, m->encoded, &v.asked);
  mark_check(ctx, m);
  SV_TRY(sv_ctx_violations_status(ctx));
  v.row_request_id = sv_arena_printf(ctx->mem, "mark:%s", v.asked.request_id);
  if (!v.row_request_id) {
    return SV_FAIL(ctx, NO_MEMORY, "request id of a version");
  }
  SV_TRY(aboard_read(s, ctx, caller, m->number, &v.aboard)); /* whose it is comes first */
  SV_TRY(device_check(ctx, &v));
  if (m->mark == MARK_BOARDED) {
    SV_TRY(budget_refusals_left(s, ctx, caller));
  }
  *ret = (struct service_marked){0};
  SV_TRY(mark_settle(s, ctx, &v, &ret->manifest));
  ret->known = v.known;
  ret->made = v.outcome > 0 && !v.held;
  if (v.held) {
    budget_refused(s, ctx, caller);
    service_quantum_wait(ctx, start_us);
    return SV_FAIL(ctx, HOLD, "a mark of BOARDED");
  }
  if (v.outcome == MADE_FULL) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "the versions are used up: the mark is kept, for closing");
  }
  return v.outcome == MADE_CONFLICT
             ? SV_FAIL(ctx, VERSION_CHANGED, "boarded, and off the current version: kept")
             : SV_DONE;
}
