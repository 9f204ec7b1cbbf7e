/* Invariants: the registry's lives and their leaves are written in one act; what the trust knows of keys changes while
 * nobody signs or judges. */
#include "service/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"
#include "service/change.h"
#include "service/inside.h"
#include "verify/trust.h"

enum { PURPOSES = 4 };

struct telling {
  const uint8_t *now[PURPOSES]; /* what signs */
  bool others_end;
  int64_t time_us;
};
static const char *const purposes[PURPOSES] = {"DOCUMENT", "VISIBLE", "LOG", "TRUST"};

void keys_note_sha256(const struct seal_key *key, uint8_t ret[static 32]) {
  crypto_sha256(sv_bytes_of(key->note_public, SEAL_NOTE_PUBLIC_BYTES), ret);
}

/* --- beginning and end --- */

static sv_status life_change(struct store_tx *tx, struct sv_ctx *ctx, const char *actor,
                             const char *act, const char *reason,
                             const struct store_key_life *life) {
  char hex[65];
  sv_hex(life->sha256, sizeof life->sha256, hex);
  SV_TRY(tx->key_lives->put(tx, ctx, life));
  return service_changed(tx, ctx,
                         &(struct change){.actor = actor,
                                          .act = act,
                                          .reason = reason,
                                          .authority = "",
                                          .number = hex,
                                          .record_sha256 = life->sha256});
}

static struct store_key_life *life_of(struct store_key_life *lives, size_t n,
                                      const uint8_t sha256[static 32]) {
  for (size_t i = 0; i < n; i++) {
    if (memcmp(lives[i].sha256, sha256, sizeof lives[i].sha256) == 0) {
      return &lives[i];
    }
  }
  return NULL;
}

/* A key of before that comes back goes on where it was. */
static sv_status begin(struct store_tx *tx, struct sv_ctx *ctx, const struct telling *t,
                       int purpose, const struct store_key_life *known) {
  struct store_key_life life = {.from_us = t->time_us};
  if (known && known->until_us == 0) {
    return SV_DONE;
  }
  if (known) {
    life = *known;
    life.until_us = 0;
  } else {
    memcpy(life.sha256, t->now[purpose], sizeof life.sha256);
    (void)snprintf(life.purpose, sizeof life.purpose, "%s", purposes[purpose]);
  }
  return life_change(tx, ctx, "signer", "key", life.purpose, &life);
}

static bool signs(const struct telling *t, const struct store_key_life *life) {
  for (int p = 0; p < PURPOSES; p++) {
    if (memcmp(t->now[p], life->sha256, sizeof life->sha256) == 0) {
      return true;
    }
  }
  return false;
}

static sv_status tell_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct telling *t = arg;
  struct store_key_life *lives;
  size_t n;
  SV_TRY(tx->key_lives->all(tx, ctx, &lives, &n));
  for (int p = 0; p < PURPOSES; p++) {
    SV_TRY(begin(tx, ctx, t, p, life_of(lives, n, t->now[p])));
  }
  for (size_t i = 0; t->others_end && i < n; i++) {
    if (lives[i].until_us == 0 && !signs(t, &lives[i])) {
      lives[i].until_us = t->time_us;
      SV_TRY(life_change(tx, ctx, "signer", "key-retired", lives[i].purpose, &lives[i]));
    }
  }
  return SV_DONE;
}

/* --- what the trust knows --- */

sv_status keys_told(struct service *s, struct sv_ctx *ctx) {
  return verify_trust_lives(ctx, s->parts.trust, s->lives, s->life_count);
}

static sv_status all_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct service *s = arg;
  struct store_key_life *lives;
  size_t n;
  SV_TRY(tx->key_lives->all(tx, ctx, &lives, &n));
  struct verify_key_life *known = calloc(n + 1, sizeof *known);
  if (!known) {
    return SV_FAIL(ctx, NO_MEMORY, "lives of keys");
  }
  for (size_t i = 0; i < n; i++) {
    known[i] = (struct verify_key_life){.until_us = lives[i].until_us,
                                        .compromised_us = lives[i].compromised_us};
    memcpy(known[i].sha256, lives[i].sha256, sizeof known[i].sha256);
  }
  free(s->lives);
  s->lives = known;
  s->life_count = n;
  return SV_DONE;
}

static sv_status learn(void *arg, struct sv_ctx *ctx, struct service_parts *parts) {
  struct service *s = arg;
  return store_read(parts->store, ctx, all_act, s);
}

/* service_rotate hands what was learned to the trust. */
static sv_status lives_learn(struct service *s, struct sv_ctx *ctx) {
  return service_rotate(s, ctx, learn, s);
}

struct listing {
  struct store_key_life *lives;
  size_t n;
};

static sv_status list_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct listing *l = arg;
  return tx->key_lives->all(tx, ctx, &l->lives, &l->n);
}

static bool as_learned(const struct service *s, const struct store_key_life *lives, size_t n) {
  bool same = n == s->life_count;
  for (size_t i = 0; i < n && same; i++) {
    const struct verify_key_life *l = &s->lives[i];
    same = memcmp(l->sha256, lives[i].sha256, sizeof l->sha256) == 0 &&
           l->until_us == lives[i].until_us && l->compromised_us == lives[i].compromised_us;
  }
  return same;
}

sv_status service_keys_learn(struct service *s, struct sv_ctx *ctx) {
  struct listing l;
  SV_TRY(store_read(s->parts.store, ctx, list_act, &l));
  service_hold(s);
  bool same = as_learned(s, l.lives, l.n);
  service_release(s);
  return same ? SV_DONE : lives_learn(s, ctx);
}

static sv_status tell(struct service *s, struct sv_ctx *ctx, const struct service_keyset *keys,
                      bool others_end) {
  struct telling t = {.now = {keys->document, keys->visible, keys->log, keys->trust},
                      .others_end = others_end,
                      .time_us = sv_wall_us()};
  SV_TRY(store_write(s->parts.store, ctx, tell_act, &t));
  return lives_learn(s, ctx);
}

sv_status service_keys_announce(struct service *s, struct sv_ctx *ctx,
                                const struct service_keyset *keys) {
  return tell(s, ctx, keys, false);
}

sv_status service_keys_tell(struct service *s, struct sv_ctx *ctx) {
  struct service_keyset keys;
  SV_ASSERT(s->parts.log_key && s->parts.trust_key);
  service_hold(s);
  memcpy(keys.document, seal_signer_sha256(s->parts.seal), sizeof keys.document);
  memcpy(keys.visible, seal_vds_sha256(s->parts.seal), sizeof keys.visible);
  keys_note_sha256(s->parts.log_key, keys.log);
  keys_note_sha256(s->parts.trust_key, keys.trust);
  service_release(s);
  return tell(s, ctx, &keys, true);
}

sv_status keys_usable(const struct service *s, struct sv_ctx *ctx,
                      const uint8_t sha256[static 32]) {
  for (size_t i = 0; i < s->life_count; i++) {
    if (s->lives[i].compromised_us && memcmp(s->lives[i].sha256, sha256, 32) == 0) {
      return SV_FAIL(ctx, KEY_COMPROMISED, "a key that is reported as compromised");
    }
  }
  return SV_DONE;
}

sv_status keys_ready(const struct service *s, struct sv_ctx *ctx) {
  int64_t now = sv_wall_us();
  SV_TRY(keys_usable(s, ctx, seal_signer_sha256(s->parts.seal)));
  SV_TRY(keys_usable(s, ctx, seal_vds_sha256(s->parts.seal)));
  return now <= seal_signer_not_after_us(s->parts.seal) &&
                 now <= seal_vds_not_after_us(s->parts.seal)
             ? SV_DONE
             : SV_FAIL(ctx, KEY_EXPIRED, "a certificate of those who sign has ended");
}

/* --- for callers --- */

sv_status service_keys(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       struct store_key_life **ret, size_t *ret_n) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ListKeys, MODEL_KIND_NONE));
  struct listing l;
  SV_TRY(store_read(s->parts.store, ctx, list_act, &l));
  *ret = l.lives;
  *ret_n = l.n;
  return SV_DONE;
}

struct reporting {
  const char *actor;
  const uint8_t *sha256;
  int64_t since_us;
  bool news;
  struct store_key_life out;
};

static sv_status report_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reporting *r = arg;
  struct store_key_life *lives;
  size_t n;
  char since[21], reason[64];
  SV_TRY(tx->key_lives->all(tx, ctx, &lives, &n));
  struct store_key_life *life = life_of(lives, n, r->sha256);
  if (!life) {
    return SV_FAIL(ctx, NOT_FOUND, "no key of that digest ever signed here");
  }
  r->news = life->compromised_us == 0 || r->since_us < life->compromised_us;
  if (r->news) {
    life->compromised_us = r->since_us;
    sv_time_format(r->since_us, since);
    (void)snprintf(reason, sizeof reason, "%s since %s", life->purpose, since);
    SV_TRY(life_change(tx, ctx, r->actor, "key-compromised", reason, life));
  }
  r->out = *life;
  return SV_DONE;
}

sv_status service_key_compromised(struct service *s, struct sv_ctx *ctx,
                                  const struct service_caller *caller,
                                  const uint8_t sha256[static 32], int64_t since_us,
                                  struct store_key_life *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ReportKeyCompromise, MODEL_KIND_NONE));
  if (!policy_is_officer(caller)) {
    return SV_FAIL(ctx, ROLE_MISSING, "a system can't report a key");
  }
  if (since_us <= 0 || since_us > sv_wall_us()) {
    sv_ctx_violate(ctx, "is not a moment of the past", "since");
    return sv_ctx_violations_status(ctx);
  }
  struct reporting r = {.actor = caller->spiffe, .sha256 = sha256, .since_us = since_us};
  SV_TRY(store_write(s->parts.store, ctx, report_act, &r));
  *ret = r.out;
  if (r.news) {
    sv_log(SV_LOG_ERROR, "key_compromised", SV_LOG_TEXT("purpose", r.out.purpose));
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem); /* whether or not the caller still waits */
  sv_status learned = service_keys_learn(s, &aside);
  return sv_failed(learned) ? sv_ctx_fail(ctx, learned.reason, "%s", aside.detail) : SV_DONE;
}
