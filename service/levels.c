/* Raising what is below, renewing what is about to die. Invariants: a step is registered whole, in one act, after the one
 * before it; the bytes that a step was made for are the bytes that it is appended to. */
#include "service/levels.h"

#include <string.h>

#include "crypto/digest.h"
#include "service/inside.h"
#include "store/audience.h"

enum { LEVELS_AT_ONCE = SERVICE_AUGMENT_MAX, TRIES_TOLD = 20, STEPS_MAX = 8 };
static const int64_t second_us = 1000000, hour_us = 3600LL * 1000000, day_us = 86400LL * 1000000,
                     retry_max_us = 21600LL * 1000000;

int64_t levels_renewal_us(const struct service *s, int64_t stamp_not_after_us) {
  int64_t now_us = sv_wall_us();
  int64_t due_us = stamp_not_after_us - (int64_t)s->parts.policy->levels.renew_days * day_us;
  /* an authority whose certificate is short-lived: half of what is left */
  return due_us > now_us ? due_us : now_us + (stamp_not_after_us - now_us) / 2;
}

/* --- what is kept of a file --- */

sv_status levels_keep(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      const struct levels_made *made, const char *actor) {
  if (made->wanted <= SEAL_B_B) {
    return SV_DONE;
  }
  SV_TRY(tx->levels->put(
      tx, ctx,
      &(struct store_level){
          .file = *file, .level = made->level, .wanted = made->wanted, .due_us = made->due_us}));
  if (made->tail.n) {
    struct store_tail tail = {.step = 0, .level = made->level, .bytes = made->tail};
    memcpy(tail.file_sha256, made->file_sha256, sizeof tail.file_sha256);
    SV_TRY(tx->levels->tail_add(tx, ctx, file, &tail));
  }
  if (made->missed == SV_OK) {
    return SV_DONE;
  }
  char *what = sv_arena_printf(ctx->mem, "%s of %s: %s", seal_level_name(made->level),
                               seal_level_name(made->wanted), sv_reason_name(made->missed));
  return what ? tx->life->audit(tx, ctx,
                                &(struct store_audit){.actor = actor,
                                                      .act = "below_level",
                                                      .number = file->number,
                                                      .version = file->version,
                                                      .reason = what})
              : SV_FAIL(ctx, NO_MEMORY, "level");
}

sv_status levels_file(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      bool all, struct sv_bytes *pdf) {
  struct store_tail *tails;
  size_t n, total = pdf->n, count = 0;
  SV_TRY(tx->levels->tails(tx, ctx, file, true, &tails, &n));
  for (size_t i = 0; i < n && (all || tails[i].step == 0); i++) {
    total += tails[i].bytes.n;
    count++;
  }
  if (count == 0) {
    return SV_DONE;
  }
  uint8_t *p = sv_arena_alloc(ctx->mem, total);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "a file of %zu bytes", total);
  }
  memcpy(p, pdf->p, pdf->n);
  size_t at = pdf->n;
  for (size_t i = 0; i < count; i++) {
    memcpy(p + at, tails[i].bytes.p, tails[i].bytes.n);
    at += tails[i].bytes.n;
  }
  *pdf = sv_bytes_of(p, total);
  return SV_DONE;
}

/* A file without a row was made at the lowest level and is wanted no higher. */
static sv_status level_find(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                            struct store_level *ret) {
  sv_status s = tx->levels->find(tx, ctx, file, ret);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    *ret = (struct store_level){
        .file = *file, .level = SEAL_B_B, .wanted = SEAL_B_B, .due_us = STORE_LEVEL_NEVER};
    return SV_DONE;
  }
  return s;
}

sv_status levels_tell(struct store_tx *tx, struct sv_ctx *ctx, const struct store_file *file,
                      const uint8_t pdf_sha256[static 32], const char **ret_level,
                      uint8_t ret_sha256[static 32]) {
  struct store_level level;
  struct store_tail *tails;
  size_t n;
  SV_TRY(level_find(tx, ctx, file, &level));
  *ret_level = seal_level_name((enum seal_level)level.level);
  memcpy(ret_sha256, pdf_sha256, 32);
  if (level.wanted <= SEAL_B_B) {
    return SV_DONE; /* most files: nothing was appended */
  }
  SV_TRY(tx->levels->tails(tx, ctx, file, false, &tails, &n));
  if (n) {
    memcpy(ret_sha256, tails[n - 1].file_sha256, 32);
  }
  return SV_DONE;
}

/* --- one step --- */

struct raising {
  struct service *s;
  const char *actor;
  struct store_file file;
  bool renew;               /* though it is where it is wanted: its proof is about to end */
  struct store_level level; /* as it stands */
  struct store_document row;
  struct sv_bytes bytes; /* of the file as it is now */
  uint32_t step;         /* the next */
  struct seal_raised raised;
  uint8_t file_sha256[32];
};

/* The whole file, which must be what the registry says that it is: nothing is built on bytes that were changed. */
static sv_status bytes_read(struct store_tx *tx, struct sv_ctx *ctx, struct raising *r) {
  uint8_t kept[32], made[32];
  const struct store_file *f = &r->file;
  struct store_tail *tails;
  size_t n;
  if (f->audience == MODEL_AUTHORITY) {
    SV_TRY(tx->ops->pdf(tx, ctx, f->number, f->version, f->copy, &r->bytes, kept));
  } else {
    struct store_audience_copy copy;
    SV_TRY(tx->audience->find(tx, ctx, f->number, f->version, f->audience, &copy));
    r->bytes = copy.pdf;
    memcpy(kept, copy.pdf_sha256, sizeof kept);
  }
  SV_TRY(levels_file(tx, ctx, f, true, &r->bytes));
  SV_TRY(tx->levels->tails(tx, ctx, f, false, &tails, &n));
  r->step = n ? tails[n - 1].step + 1 : 1;
  crypto_sha256(r->bytes, made);
  return memcmp(made, n ? tails[n - 1].file_sha256 : kept, sizeof made) == 0
             ? SV_DONE
             : SV_FAIL(ctx, CORRUPT, "the file of %s is not what its digest says", f->number);
}

static sv_status look_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct raising *r = arg;
  SV_TRY(tx->ops->document_find(tx, ctx, r->file.number, r->file.version, &r->row));
  if (r->row.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", r->file.number);
  }
  enum seal_level wanted = (enum seal_level)r->level.wanted;
  SV_TRY(level_find(tx, ctx, &r->file, &r->level));
  if (wanted > r->level.wanted) {
    r->level.wanted = wanted;
  }
  return bytes_read(tx, ctx, r);
}

static int64_t due_after(const struct raising *r) {
  if (r->raised.level < r->level.wanted) {
    return sv_wall_us();
  }
  return r->raised.level == SEAL_B_LTA ? levels_renewal_us(r->s, r->raised.stamp_not_after_us)
                                       : STORE_LEVEL_NEVER;
}

static sv_status step_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct raising *r = arg;
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, r->file.number, r->file.version, &now));
  if (now.state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", r->file.number);
  }
  struct store_tail tail = {.step = r->step, .level = r->raised.level, .bytes = r->raised.tail};
  memcpy(tail.file_sha256, r->file_sha256, sizeof tail.file_sha256);
  SV_TRY(tx->levels->tail_add(tx, ctx, &r->file, &tail));
  r->level.level = r->raised.level;
  r->level.due_us = due_after(r);
  r->level.tries = 0;
  SV_TRY(tx->levels->put(tx, ctx, &r->level));
  return tx->life->audit(tx, ctx,
                         &(struct store_audit){.actor = r->actor,
                                               .act = "augment",
                                               .number = r->file.number,
                                               .version = r->file.version,
                                               .reason = seal_level_name(r->raised.level)});
}

static sv_status digest_of(struct sv_ctx *ctx, struct sv_bytes a, struct sv_bytes b,
                           uint8_t ret[static 32]) {
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  SV_TRY(crypto_hash_open(ctx, CRYPTO_SHA256, &h));
  crypto_hash_update(h, a);
  crypto_hash_update(h, b);
  crypto_hash_final(h, ret);
  return SV_DONE;
}

static sv_status step_take(struct raising *r, struct sv_ctx *ctx) {
  service_hold(r->s);
  sv_status status =
      seal_raise(r->s->parts.services, ctx, r->bytes, (enum seal_level)r->level.level, &r->raised);
  service_release(r->s);
  SV_TRY(status);
  SV_TRY(digest_of(ctx, r->bytes, r->raised.tail, r->file_sha256));
  return store_write(r->s->parts.store, ctx, step_act, r);
}

/* Up to what is wanted, and one time-stamp more where it is to be renewed. A step that somebody else took meanwhile is
 * a step. */
static sv_status climb(struct raising *r, struct sv_ctx *ctx) {
  for (int i = 0; i < STEPS_MAX; i++) {
    SV_TRY(store_read(r->s->parts.store, ctx, look_act, r));
    if (r->level.level >= r->level.wanted && !(r->renew && r->level.level == SEAL_B_LTA)) {
      return SV_DONE;
    }
    r->renew = r->renew && r->level.level < r->level.wanted;
    sv_status status = step_take(r, ctx);
    if (status.reason == SV_VERSION_CHANGED) {
      sv_ctx_clear(ctx);
      r->renew = false;
      continue;
    }
    SV_TRY(status);
  }
  return SV_DONE;
}

/* --- the sweeper's part --- */

/* Somebody may have raised the file meanwhile, or erased it: then nothing is put off. */
static sv_status put_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct store_level *again = arg, now;
  SV_TRY(tx->levels->find(tx, ctx, &again->file, &now));
  if (now.level != again->level || now.due_us == STORE_LEVEL_NEVER) {
    return SV_DONE;
  }
  now.due_us = again->due_us;
  now.tries = again->tries;
  return tx->levels->put(tx, ctx, &now);
}

/* Later, and later each time. */
static sv_status put_off(struct service *s, struct sv_ctx *ctx, const struct store_level *level) {
  struct store_level again = *level;
  again.tries += again.tries < TRIES_TOLD;
  int64_t wait_us = second_us << (again.tries < TRIES_TOLD ? again.tries : TRIES_TOLD);
  again.due_us = sv_wall_us() + (wait_us < retry_max_us ? wait_us : retry_max_us);
  return store_write(s->parts.store, ctx, put_act, &again);
}

struct due {
  struct store_level rows[LEVELS_AT_ONCE];
  size_t limit, n;
  uint64_t below;
};

static sv_status due_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct due *d = arg;
  SV_TRY(tx->levels->below(tx, ctx, &d->below));
  return tx->levels->due(tx, ctx, sv_wall_us(), d->rows, d->limit, &d->n);
}

static sv_status below_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->levels->below(tx, ctx, arg);
}

static sv_status one_sweep(struct service *s, struct sv_ctx *ctx, const struct store_level *level) {
  struct raising r = {.s = s,
                      .actor = "sweeper",
                      .file = level->file,
                      .level = *level,
                      .renew = level->level >= level->wanted};
  struct sv_ctx own = sv_ctx_over(ctx->mem);
  own.cancelled = ctx->cancelled;
  sv_status status = climb(&r, &own);
  if (!sv_failed(status) || status.reason == SV_ERASED) {
    return SV_DONE;
  }
  struct store_level now = r.level.file.number ? r.level : *level; /* as far as it came */
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  (void)put_off(s, &aside, &now).reason;
  return sv_ctx_fail(ctx, status.reason, "raising %s/%u: %.180s", level->file.number,
                     level->file.version, own.detail);
}

static sv_status restamp_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->levels->restamp(tx, ctx, *(const int64_t *)arg, sv_wall_us());
}

/* Time-stamps whose algorithms are about to fall are due, whatever their certificates say; looked for once an hour. */
static sv_status restamp(struct service *s, struct sv_ctx *ctx) {
  int64_t since_us = s->parts.policy->levels.stamps_since_us, now_us = sv_wall_us();
  if (since_us == 0 || now_us < s->restamp_us) {
    return SV_DONE;
  }
  SV_TRY(store_write(s->parts.store, ctx, restamp_act, &since_us));
  s->restamp_us = now_us + hour_us;
  return SV_DONE;
}

sv_status levels_sweep(struct service *s, struct sv_ctx *ctx, size_t limit, bool *ret_left) {
  struct due d = {.limit = limit < LEVELS_AT_ONCE ? limit : LEVELS_AT_ONCE};
  sv_status first = SV_DONE;
  if (!s->parts.services) {
    return SV_DONE;
  }
  SV_TRY(restamp(s, ctx));
  SV_TRY(store_read(s->parts.store, ctx, due_act, &d));
  bool stop = false;
  for (size_t i = 0; i < d.n && !stop; i++) {
    struct sv_ctx one = sv_ctx_over(ctx->mem);
    one.cancelled = ctx->cancelled;
    sv_status status = one_sweep(s, &one, &d.rows[i]);
    if (sv_failed(status) && !sv_failed(first)) {
      first = sv_ctx_fail(ctx, status.reason, "%s", one.detail);
    }
    /* what is wrong with one file is not with the next; who can't be asked now can't be for any */
    stop = status.reason == SV_TIMESTAMP || status.reason == SV_REVOCATION ||
           status.reason == SV_CANCELLED || status.reason == SV_STORE;
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  SV_TRY(store_read(s->parts.store, &aside, below_act, &d.below));
  sv_metrics_set(s->parts.metrics, SV_GAUGE_BELOW_LEVEL, (int64_t)d.below);
  *ret_left = *ret_left || (d.n == d.limit && !stop);
  return first;
}

/* --- by order --- */

static sv_status augment_check(struct sv_ctx *ctx, const struct service *s,
                               const struct service_augment *a) {
  enum seal_level level = seal_level_of(a->level);
  if (a->due ? a->number[0] != '\0' : a->number[0] == '\0') {
    sv_ctx_violate(ctx, "is required, unless what is due is asked for", "number");
  }
  if (a->level[0] && level < SEAL_B_T) {
    sv_ctx_violate(ctx, "is not B-T, B-LT or B-LTA", "level");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  return s->parts.services ? SV_DONE
                           : SV_FAIL(ctx, UNIMPLEMENTED, "no time-stamp authority is configured");
}

struct ordering {
  struct service *s;
  const struct service_caller *caller;
  const struct service_augment *a;
  struct store_level level;
  struct service_issued *out;
  bool
      not_theirs; /* of what is due: another authority's, or a kind that the caller may not raise */
};

static sv_status order_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct ordering *o = arg;
  struct store_document *d = &o->out->document;
  SV_TRY(service_own_document(tx, ctx, o->caller->authority->id, o->a->number, o->a->version, d));
  SV_TRY(policy_allows(ctx, o->caller, SERVICE_ACT_AugmentDocument, d->kind));
  if (d->state == MODEL_ERASED) {
    return SV_FAIL(ctx, ERASED, "%s", d->number);
  }
  if (d->record.n == 0) {
    return SV_FAIL(ctx, NOT_ISSUED, "state %d", (int)d->state);
  }
  struct store_file file = {d->number, d->version, o->a->copy ? o->a->copy : d->copy,
                            MODEL_AUTHORITY};
  if (file.copy > d->copy) {
    return SV_FAIL(ctx, NOT_FOUND, "copy %u of %s", file.copy, d->number);
  }
  SV_TRY(level_find(tx, ctx, &file, &o->level));
  uint32_t asked = o->a->level[0] ? (uint32_t)seal_level_of(o->a->level)
                                  : o->s->parts.policy->levels.wanted[d->kind];
  if (asked > o->level.wanted) {
    o->level.wanted = asked;
  }
  return SV_DONE;
}

static sv_status told_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct service_issued *doc = arg;
  struct store_document row = doc->document;
  SV_TRY(tx->ops->document_find(tx, ctx, row.number, row.version, &doc->document));
  return service_row_read(tx, ctx, doc, false);
}

static sv_status one_augment(struct ordering *o, struct sv_ctx *ctx) {
  struct raising r = {.s = o->s,
                      .actor = o->caller->spiffe,
                      .file = o->level.file,
                      .level = o->level,
                      .renew = o->a->renew && o->level.level == SEAL_B_LTA};
  SV_TRY(climb(&r, ctx));
  return store_read(o->s->parts.store, ctx, told_act, o->out);
}

static sv_status theirs_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct ordering *o = arg;
  struct store_document *d = &o->out->document;
  SV_TRY(tx->ops->document_find(tx, ctx, o->level.file.number, o->level.file.version, d));
  o->not_theirs = strcmp(d->authority, o->caller->authority->id) != 0 ||
                  !(policy_kinds(o->caller, SERVICE_ACT_AugmentDocument) & (1U << d->kind));
  return SV_DONE;
}

static sv_status due_augment(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, struct service_issued *ret,
                             size_t *ret_n, bool *ret_more) {
  struct due d = {.limit = LEVELS_AT_ONCE};
  SV_TRY(store_read(s->parts.store, ctx, due_act, &d));
  *ret_n = 0;
  *ret_more = d.n == d.limit;
  for (size_t i = 0; i < d.n; i++) {
    struct ordering o = {.s = s, .caller = caller, .level = d.rows[i], .out = &ret[*ret_n]};
    SV_TRY(store_read(s->parts.store, ctx, theirs_act, &o));
    if (o.not_theirs) {
      continue;
    }
    struct raising r = {.s = s, .actor = caller->spiffe, .file = o.level.file, .level = o.level};
    SV_TRY(climb(&r, ctx));
    SV_TRY(store_read(s->parts.store, ctx, told_act, o.out));
    ++*ret_n;
  }
  return SV_DONE;
}

sv_status service_augment(struct service *s, struct sv_ctx *ctx,
                          const struct service_caller *caller, const struct service_augment *a,
                          struct service_issued *ret, size_t *ret_n, bool *ret_more) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_AugmentDocument, MODEL_KIND_NONE));
  SV_TRY(augment_check(ctx, s, a));
  if (a->due) {
    return due_augment(s, ctx, caller, ret, ret_n, ret_more);
  }
  struct ordering o = {.s = s, .caller = caller, .a = a, .out = ret};
  SV_TRY(store_read(s->parts.store, ctx, order_act, &o));
  SV_TRY(one_augment(&o, ctx));
  *ret_n = 1;
  *ret_more = false;
  return SV_DONE;
}
