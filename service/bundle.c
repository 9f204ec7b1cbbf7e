/* One builder. Invariants: a bundle is of one snapshot of the registry, whose log has as many leaves as its sequence says; a
 * place says the worst that holds of it. */
#include "service/bundle.h"

#include <pthread.h>
#include <stdlib.h>

#include "crypto/ed25519.h"
#include "formats/bundle/bundle.h"
#include "model/number.h"
#include "service/inside.h"
#include "service/keys.h"
#include "service/log.h"
#include "store/log.h"

enum {
  TRUST_PLACE = 'A' + 26 /* the trust list is kept behind the lists */,
  LISTS = 27,
  LEAVES_MAX = 4 * BUNDLE_CHANGES_MAX
};
static const int64_t hour_us = 3600LL * 1000 * 1000, kept_us = 600LL * 1000 * 1000;

/* --- whole lists, kept --- */

struct bundle_cache {
  pthread_mutex_t mutex;
  struct {
    uint64_t sequence;
    int64_t made_us;
    uint8_t *note;
    size_t n;
  } lists[LISTS];
};

struct bundle_cache *bundle_cache_open(void) {
  struct bundle_cache *c = calloc(1, sizeof *c);
  if (c) {
    (void)pthread_mutex_init(&c->mutex, NULL);
  }
  return c;
}

void bundle_cache_close(struct bundle_cache *c) {
  if (c) {
    for (size_t i = 0; i < LISTS; i++) {
      free(c->lists[i].note);
    }
    (void)pthread_mutex_destroy(&c->mutex);
    free(c);
  }
}

void bundle_cache_forget(struct bundle_cache *c) {
  (void)pthread_mutex_lock(&c->mutex);
  for (size_t i = 0; i < LISTS; i++) {
    free(c->lists[i].note);
    c->lists[i].note = NULL;
  }
  (void)pthread_mutex_unlock(&c->mutex);
}

static bool cache_take(struct bundle_cache *c, struct sv_ctx *ctx, char list, uint64_t sequence,
                       struct sv_bytes *ret) {
  size_t i = (size_t)(list - 'A');
  bool found = false;
  (void)pthread_mutex_lock(&c->mutex);
  if (c->lists[i].note && c->lists[i].sequence == sequence &&
      sv_wall_us() - c->lists[i].made_us < kept_us) {
    uint8_t *copy = sv_arena_alloc(ctx->mem, c->lists[i].n);
    found = copy != NULL;
    if (found) {
      memcpy(copy, c->lists[i].note, c->lists[i].n);
      *ret = sv_bytes_of(copy, c->lists[i].n);
    }
  }
  (void)pthread_mutex_unlock(&c->mutex);
  return found;
}

static void cache_put(struct bundle_cache *c, char list, uint64_t sequence, struct sv_bytes note) {
  size_t i = (size_t)(list - 'A');
  uint8_t *copy = malloc(note.n);
  if (!copy) {
    return; /* it is made again */
  }
  memcpy(copy, note.p, note.n);
  (void)pthread_mutex_lock(&c->mutex);
  free(c->lists[i].note);
  c->lists[i].note = copy;
  c->lists[i].n = note.n;
  c->lists[i].sequence = sequence;
  c->lists[i].made_us = sv_wall_us();
  (void)pthread_mutex_unlock(&c->mutex);
}

/* --- building --- */

struct building {
  struct bundle b;
  uint8_t *bits; /* of a whole list, or marks of places that are among the changes */
  struct bundle_change *changes;
  bool too_many;
};

static enum bundle_status status_of(const struct store_place *p) {
  switch (p->state) {
    case MODEL_ISSUED:
    case MODEL_CLOSED:
    case MODEL_EXPIRED: /* the seal says until when it is valid */
      return p->replaced ? BUNDLE_REPLACED : BUNDLE_VALID;
    case MODEL_SUPERSEDED:
      return BUNDLE_REPLACED;
    case MODEL_SUSPENDED:
      return BUNDLE_SUSPENDED;
    default:
      return BUNDLE_REVOKED;
  }
}

static sv_status place_whole(void *arg, struct sv_ctx *ctx, const struct store_place *p) {
  struct building *b = arg;
  (void)ctx;
  if (p->index < BUNDLE_PLACES) {
    bundle_status_set(b->bits, p->index, status_of(p));
  }
  return SV_DONE;
}

static sv_status place_changed(void *arg, struct sv_ctx *ctx, const struct store_place *p) {
  struct building *b = arg;
  (void)ctx;
  if (p->index >= BUNDLE_PLACES || bundle_status_at(b->bits, p->index)) {
    return SV_DONE; /* told already, as it is now */
  }
  b->too_many = b->too_many || b->b.change_count == BUNDLE_CHANGES_MAX;
  if (!b->too_many) {
    bundle_status_set(b->bits, p->index, BUNDLE_REPLACED);
    b->changes[b->b.change_count++] = (struct bundle_change){p->index, status_of(p)};
  }
  return SV_DONE;
}

static sv_status changes_find(struct store_tx *tx, struct sv_ctx *ctx, struct building *b,
                              const char *list) {
  if (b->b.sequence - b->b.after > LEAVES_MAX) {
    b->too_many = true;
    return SV_DONE;
  }
  for (uint64_t i = b->b.after; i < b->b.sequence && !b->too_many; i++) {
    struct store_leaf leaf;
    SV_TRY(tx->log->leaf(tx, ctx, i, &leaf));
    if (model_number_parse(leaf.subject, NULL, NULL, NULL)) {
      SV_TRY(tx->ops->status_places(tx, ctx, list, leaf.subject, leaf.version, place_changed, b));
    }
  }
  return SV_DONE;
}

static sv_status build_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct building *b = arg;
  const char list[2] = {b->b.list, '\0'};
  struct store_checkpoint last;
  SV_TRY(tx->log->size(tx, ctx, &b->b.sequence));
  if (b->b.after > b->b.sequence) {
    return SV_FAIL(ctx, OUT_OF_RANGE, "the log has %llu leaves", (unsigned long long)b->b.sequence);
  }
  sv_status s = tx->log->checkpoint_last(tx, ctx, &last);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    b->b.checkpoint = "";
  } else {
    SV_TRY(s);
    b->b.checkpoint = last.note;
  }
  if (b->b.after) {
    b->changes = SV_ARRAY(ctx->mem, BUNDLE_CHANGES_MAX, struct bundle_change);
    if (!b->changes) {
      return SV_FAIL(ctx, NO_MEMORY, "changes");
    }
    SV_TRY(changes_find(tx, ctx, b, list));
    if (!b->too_many) {
      b->b.changes = b->changes;
      return SV_DONE;
    }
  }
  b->b.after = 0;
  b->b.bits = b->bits;
  memset(b->bits, 0, BUNDLE_BITS_BYTES);
  return tx->ops->status_places(tx, ctx, list, NULL, 0, place_whole, b);
}

/* --- signing --- */

static sv_status note_sign(struct service *s, struct sv_ctx *ctx, uint64_t sequence,
                           struct sv_bytes text, struct sv_bytes *ret) {
  struct seal_key *key = s->parts.trust_key;
  struct seal_subject subject = {.number = "", .version = (uint32_t)sequence};
  struct tlog_key known = {.name = s->parts.trust_name};
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  const char *note;
  uint8_t digest[32];
  keys_note_sha256(key, digest);
  SV_TRY(keys_usable(s, ctx, digest));
  SV_TRY(seal_key_sign(key, ctx, SEAL_TRUST, &subject, text, raw, &n));
  memcpy(known.public_key, key->note_public, sizeof known.public_key);
  if (n != CRYPTO_ED25519_SIGNATURE_BYTES || !crypto_ed25519_verify(known.public_key, text, raw)) {
    return SV_FAIL(ctx, SIGNER, "the signature is not the trust key's");
  }
  SV_TRY(tlog_checkpoint_note(ctx, text, &known, raw, &note));
  *ret = sv_bytes_str(note);
  return SV_DONE;
}

static sv_status trust_key_check(struct service *s, struct sv_ctx *ctx) {
  return s->parts.trust_key ? SV_DONE : SV_FAIL(ctx, UNIMPLEMENTED, "this server has no trust key");
}

static sv_status size_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  return tx->log->size(tx, ctx, arg);
}

static sv_status bundle_make(struct service *s, struct sv_ctx *ctx, char letter,
                             uint64_t after_sequence, struct sv_bytes *ret) {
  int64_t now = sv_wall_us() / 1000000 * 1000000;
  struct building b = {.b = {.list = letter,
                             .after = after_sequence,
                             .not_before_us = now,
                             .fresh_until_us = now + SERVICE_FRESH_HOURS * hour_us,
                             .expires_us = now + SERVICE_BUNDLE_DAYS * 24 * hour_us}};
  b.bits = sv_arena_alloc(ctx->mem, BUNDLE_BITS_BYTES);
  if (!b.bits) {
    return SV_FAIL(ctx, NO_MEMORY, "bundle");
  }
  memset(b.bits, 0, BUNDLE_BITS_BYTES);
  SV_TRY(store_read(s->parts.store, ctx, build_act, &b));
  struct sv_bytes text;
  SV_TRY(bundle_write(ctx, &b.b, &text));
  SV_TRY(note_sign(s, ctx, b.b.sequence, text, ret));
  if (b.b.after == 0) {
    cache_put(s->bundles, letter, b.b.sequence, *ret);
  }
  return SV_DONE;
}

/* Of those who sign papers: what became of keys for notes is for whoever has them by hand. */
static sv_status lives_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct bundle_trust *t = arg;
  struct store_key_life *lives;
  size_t n;
  SV_TRY(tx->key_lives->all(tx, ctx, &lives, &n));
  for (size_t i = 0; i < n && t->key_count < BUNDLE_KEYS_MAX; i++) {
    if (strcmp(lives[i].purpose, "DOCUMENT") != 0 && strcmp(lives[i].purpose, "VISIBLE") != 0) {
      continue;
    }
    struct bundle_key *k = &t->keys[t->key_count++];
    *k = (struct bundle_key){.from_us = lives[i].from_us,
                             .until_us = lives[i].until_us,
                             .compromised_us = lives[i].compromised_us};
    memcpy(k->sha256, lives[i].sha256, sizeof k->sha256);
  }
  return SV_DONE;
}

static sv_status trust_make(struct service *s, struct sv_ctx *ctx, struct sv_bytes *ret) {
  int64_t now = sv_wall_us() / 1000000 * 1000000;
  struct bundle_trust *t = SV_NEW(ctx->mem, struct bundle_trust);
  struct tlog_key log = {.name = s->parts.log_origin};
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  *t = (struct bundle_trust){.sequence = (uint64_t)(now / 1000000),
                             .not_before_us = now,
                             .expires_us = now + SERVICE_TRUST_DAYS * 24 * hour_us};
  memcpy(log.public_key, s->parts.log_key->note_public, sizeof log.public_key);
  SV_TRY(tlog_key_write(ctx, &log, &t->log_key));
  SV_TRY(bundle_trust_add_pem(ctx, t, s->parts.trust_pem, false));
  if (s->parts.stamps_pem.n) {
    SV_TRY(bundle_trust_add_pem(ctx, t, s->parts.stamps_pem, true));
  }
  SV_TRY(store_read(s->parts.store, ctx, lives_act, t));
  struct sv_bytes text;
  SV_TRY(bundle_trust_write(ctx, t, &text));
  SV_TRY(note_sign(s, ctx, t->sequence, text, ret));
  cache_put(s->bundles, TRUST_PLACE, 0, *ret);
  return SV_DONE;
}

sv_status service_status_bundle(struct service *s, struct sv_ctx *ctx,
                                const struct service_caller *caller, const char *list,
                                uint64_t after_sequence, struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetStatusBundle, MODEL_KIND_NONE));
  SV_TRY(trust_key_check(s, ctx));
  if (list[0] && (list[0] < 'A' || list[0] > 'Z' || list[1])) {
    sv_ctx_violate(ctx, "is no list", "status_list");
    return sv_ctx_violations_status(ctx);
  }
  char letter = list[0] ? list[0] : 'A';
  uint64_t size;
  SV_TRY(store_read(s->parts.store, ctx, size_act, &size));
  if (after_sequence == 0 && cache_take(s->bundles, ctx, letter, size, ret)) {
    return SV_DONE;
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  aside.deadline_ns = ctx->deadline_ns;
  aside.cancelled = ctx->cancelled;
  (void)service_log_sign(s, &aside).reason; /* a bundle may go without the newest checkpoint */
  SV_TRY(service_turn_take(s, ctx));        /* what is built first is signed first */
  service_hold(s);
  sv_status status = bundle_make(s, ctx, letter, after_sequence, ret);
  service_release(s);
  service_turn_end(s);
  return status;
}

sv_status service_trust_list(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller, struct sv_bytes *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetTrustList, MODEL_KIND_NONE));
  SV_TRY(trust_key_check(s, ctx));
  SV_TRY(service_turn_take(s, ctx));
  service_hold(s);
  sv_status status =
      cache_take(s->bundles, ctx, TRUST_PLACE, 0, ret) ? SV_DONE : trust_make(s, ctx, ret);
  service_release(s);
  service_turn_end(s);
  return status;
}
