/* Invariants:
 *   1. nothing goes that an erasure by order would refuse, or of which a version ended too late;
 *   2. holds and obligations are looked at in the act that erases;
 *   3. what has to stay does not keep what comes after it from going: the sweeper goes on from where it was. */
#include "service/retention.h"

#include <string.h>

#include "service/erase.h"
#include "service/likeness.h"
#include "service/refuge.h"
#include "store/log.h"

enum { AT_ONCE = 16 };
static const int64_t day_us = 86400LL * 1000000, hour_us = 3600LL * 1000000;

/* --- what stays --- */

static sv_status held(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                      bool *ret) {
  for (size_t k = 0; k < person->exact_count; k++) {
    struct store_protection found[STORE_FOUND_MAX];
    size_t n;
    SV_TRY(tx->protection->person_find(tx, ctx, person->exact[k].v, found, STORE_FOUND_MAX, &n));
    *ret = *ret || n == STORE_FOUND_MAX; /* more than can be judged */
    for (size_t i = 0; i < n; i++) {
      *ret = *ret || found[i].hold;
    }
  }
  return SV_DONE;
}

static sv_status persons_held(struct store_tx *tx, struct sv_ctx *ctx, struct service *s,
                              const struct store_document *row, bool *ret) {
  struct model_content content = {0};
  struct persons persons;
  SV_TRY(refuge_row_content(s, ctx, row, &content));
  SV_TRY(service_persons(s, ctx, &content, &persons));
  for (size_t i = 0; i < persons.n; i++) {
    SV_TRY(held(tx, ctx, &persons.known[i], ret));
  }
  return SV_DONE;
}

/* The years of a receipt begin when its award is accounted for: not while the obligation is open. */
static sv_status stays(struct store_tx *tx, struct sv_ctx *ctx, struct service *s,
                       const struct store_document *row, bool *ret) {
  if (row->request.n == 0) {
    return SV_DONE;
  }
  if (row->kind != MODEL_DISBURSEMENT_RECEIPT) {
    return persons_held(tx, ctx, s, row, ret);
  }
  struct store_obligation o;
  SV_TRY(tx->funding->obligation_find(tx, ctx, row->authority, row->obligation, &o));
  *ret = *ret || !o.closed;
  return SV_DONE;
}

/* --- one number --- */

struct ending {
  struct service *s;
  const char *number;
  const char *before;
};

static sv_status ending_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct ending *e = arg;
  bool keep = false;
  for (uint32_t v = 1; !keep; v++) {
    struct store_document row;
    sv_status s = tx->ops->document_find(tx, ctx, e->number, v, &row);
    if (s.reason == SV_NOT_FOUND && v > 1) {
      sv_ctx_clear(ctx);
      break;
    }
    SV_TRY(s);
    SV_TRY(stays(tx, ctx, e->s, &row, &keep));
  }
  struct erase_order order = {"sweeper", e->number, "RETENTION", e->before};
  return keep ? SV_DONE : erase_in_act(tx, ctx, &order);
}

/* --- a kind --- */

struct due {
  enum model_kind kind;
  char before[11];
  uint64_t after_row;
  struct store_erasable rows[AT_ONCE];
  size_t limit, n;
};

static sv_status due_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct due *d = arg;
  return tx->log->erasable(tx, ctx, d->kind, d->before, d->after_row, d->rows, d->limit, &d->n);
}

/* A number that can't be judged (its row was changed, its authority left the policy) stays, and the first such fault is told
 * when the others are done. */
static sv_status kind_sweep(struct service *s, struct sv_ctx *ctx, enum model_kind kind,
                            size_t limit, bool *ret_left) {
  uint32_t days = s->parts.policy->retention.days[kind];
  if (days == 0) {
    return SV_DONE;
  }
  struct due d = {.kind = kind, .limit = limit, .after_row = s->retention_row[kind]};
  /* a day is over in every zone twelve hours after it is in UTC */
  sv_date_format(sv_date_of_days((sv_wall_us() - day_us / 2) / day_us - days), d.before);
  SV_TRY(store_read(s->parts.store, ctx, due_act, &d));
  sv_status first = SV_DONE;
  for (size_t i = 0; i < d.n; i++) {
    struct ending e = {s, d.rows[i].number, d.before};
    struct sv_ctx own = sv_ctx_over(ctx->mem);
    sv_status one = store_write(s->parts.store, &own, ending_act, &e);
    if (sv_failed(one) && one.reason != SV_NOT_ISSUED && !sv_failed(first)) {
      first = sv_ctx_fail(ctx, one.reason, "retention of %s: %s", e.number, own.detail);
    }
    s->retention_row[kind] = d.rows[i].row;
  }
  if (d.n < limit) {
    s->retention_row[kind] = 0;
  }
  *ret_left = *ret_left || d.n == limit;
  return first;
}

/* --- events --- */

static sv_status purge_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->life->events_purge(tx, ctx, *(const int64_t *)arg);
}

static sv_status events_sweep(struct service *s, struct sv_ctx *ctx) {
  int64_t now_us = sv_wall_us();
  int64_t before_us = now_us - (int64_t)s->parts.policy->retention.event_days * day_us;
  if (s->parts.policy->retention.event_days == 0 || now_us < s->purge_us) {
    return SV_DONE;
  }
  SV_TRY(store_write(s->parts.store, ctx, purge_act, &before_us));
  s->purge_us = now_us + hour_us;
  return SV_DONE;
}

sv_status retention_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left) {
  limit = limit < AT_ONCE ? limit : AT_ONCE;
  sv_status first = events_sweep(s, ctx);
  for (int kind = MODEL_SAFE_CONDUCT; kind <= MODEL_DISBURSEMENT_RECEIPT; kind++) {
    sv_status one = kind_sweep(s, ctx, (enum model_kind)kind, limit, ret_left);
    first = sv_failed(first) ? first : one;
  }
  return first;
}
