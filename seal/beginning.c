/* Invariant: a place below n is never written again, so it is read without the lock; n only grows. */
#include "seal/beginning.h"

#include <pthread.h>
#include <stdlib.h>

enum { PLACES = 32, BYTES_MAX = 1024 * 1024 };

struct place {
  uint8_t *bytes;
  size_t n;
  struct crypto_hash *state;
  uint8_t sha256[32];
};

struct beginnings {
  pthread_mutex_t mutex; /* over n, and over copying a state */
  size_t n;
  struct place places[PLACES];
};

struct beginnings *beginnings_open(void) {
  struct beginnings *b = calloc(1, sizeof *b);
  if (b) {
    (void)pthread_mutex_init(&b->mutex, NULL);
  }
  return b;
}

void beginnings_close(struct beginnings *b) {
  if (b) {
    for (size_t i = 0; i < b->n; i++) {
      crypto_hash_close(b->places[i].state);
      free(b->places[i].bytes);
    }
    (void)pthread_mutex_destroy(&b->mutex);
    free(b);
  }
}

static size_t known_count(struct beginnings *b) {
  (void)pthread_mutex_lock(&b->mutex);
  size_t n = b->n;
  (void)pthread_mutex_unlock(&b->mutex);
  return n;
}

static struct place *place_find(struct beginnings *b, struct sv_bytes bytes) {
  size_t n = known_count(b);
  for (size_t i = 0; i < n; i++) {
    if (sv_bytes_equal(sv_bytes_of(b->places[i].bytes, b->places[i].n), bytes)) {
      return &b->places[i];
    }
  }
  return NULL;
}

static sv_status state_copy(struct beginnings *b, struct sv_ctx *ctx,
                            const struct crypto_hash *from, struct crypto_hash **ret) {
  (void)pthread_mutex_lock(&b->mutex);
  sv_status s = crypto_hash_copy(ctx, from, ret);
  (void)pthread_mutex_unlock(&b->mutex);
  return s;
}

/* Keeps a beginning where there is room for it; two threads that meet a new one at once keep it twice, which is no harm. */
static void place_keep(struct beginnings *b, struct sv_ctx *ctx, struct sv_bytes bytes,
                       const struct crypto_hash *state, const uint8_t sha256[static 32]) {
  if (bytes.n > BYTES_MAX || known_count(b) == PLACES) {
    return;
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct place p = {.bytes = malloc(bytes.n), .n = bytes.n};
  bool made = p.bytes && !sv_failed(crypto_hash_copy(&aside, state, &p.state));
  if (made) {
    memcpy(p.bytes, bytes.p, bytes.n);
    memcpy(p.sha256, sha256, sizeof p.sha256);
    (void)pthread_mutex_lock(&b->mutex);
    made = b->n < PLACES;
    if (made) {
      b->places[b->n++] = p;
    }
    (void)pthread_mutex_unlock(&b->mutex);
  }
  if (!made) {
    crypto_hash_close(p.state);
    free(p.bytes);
  }
}

sv_status beginning_digest(struct beginnings *b, struct sv_ctx *ctx, struct sv_bytes bytes,
                           struct crypto_hash **ret_state, uint8_t ret_sha256[static 32]) {
  const struct place *known = bytes.n ? place_find(b, bytes) : NULL;
  if (known) {
    SV_TRY(state_copy(b, ctx, known->state, ret_state));
    memcpy(ret_sha256, known->sha256, 32);
    return SV_DONE;
  }
  SV_AUTO(crypto_hash_close) struct crypto_hash *state = NULL;
  SV_AUTO(crypto_hash_close) struct crypto_hash *own = NULL;
  SV_TRY(crypto_hash_open(ctx, CRYPTO_SHA256, &state));
  crypto_hash_update(state, bytes);
  SV_TRY(crypto_hash_copy(ctx, state, &own));
  crypto_hash_final(own, ret_sha256);
  if (bytes.n) {
    place_keep(b, ctx, bytes, state, ret_sha256);
  }
  *ret_state = SV_TAKE(state);
  return SV_DONE;
}
