/* States of a digest at every step of a file, and beginnings that files share.
 * Invariant: what is taken over from a beginning is compared byte by byte; a state alone is never believed. */
#include "crypto/trail.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
  STEP = 4096,
  STEPS = 64,      /* states are kept of the first 256 KiB */
  GAIN = 4,        /* steps that a new beginning must save */
  BEGINNINGS = 16, /* 4 MiB at most */
  MET = 16,        /* files remembered by their digests alone, to be compared with the next */
};

struct beginning {
  uint8_t *bytes;
  size_t steps; /* 0: free */
  struct crypto_hash *state;
  uint64_t used;
};

struct met {
  size_t steps; /* 0: free */
  uint8_t matter[32];
  uint8_t sha256[STEPS][32]; /* after step i + 1 */
};

struct crypto_beginnings {
  pthread_mutex_t mutex; /* over all that follows */
  uint64_t clock;
  struct beginning known[BEGINNINGS];
  size_t next_met;
  struct met met[MET];
};

struct crypto_trail {
  struct sv_bytes file;
  struct crypto_beginnings *beginnings;
  size_t first, steps; /* states stand from the first to this one */
  struct crypto_hash *states[STEPS + 1];
  uint8_t sha256[32];
};

struct crypto_beginnings *crypto_beginnings_open(void) {
  struct crypto_beginnings *b = calloc(1, sizeof *b);
  if (b) {
    (void)pthread_mutex_init(&b->mutex, NULL);
  }
  return b;
}

static void beginning_free(struct beginning *k) {
  crypto_hash_close(k->state);
  free(k->bytes);
  *k = (struct beginning){.steps = 0};
}

void crypto_beginnings_close(struct crypto_beginnings *b) {
  if (b) {
    for (size_t i = 0; i < BEGINNINGS; i++) {
      beginning_free(&b->known[i]);
    }
    (void)pthread_mutex_destroy(&b->mutex);
    free(b);
  }
}

/* --- going through a file --- */

/* The longest beginning that the file has, under the lock. */
static struct beginning *longest(struct crypto_beginnings *b, struct sv_bytes file) {
  struct beginning *best = NULL;
  for (size_t i = 0; i < BEGINNINGS; i++) {
    struct beginning *k = &b->known[i];
    size_t n = k->steps * STEP;
    if (n && n <= file.n && (!best || k->steps > best->steps) && memcmp(k->bytes, file.p, n) == 0) {
      best = k;
    }
  }
  return best;
}

static sv_status begin(struct sv_ctx *ctx, struct crypto_trail *t) {
  struct crypto_beginnings *b = t->beginnings;
  sv_status s = SV_DONE;
  if (b) {
    (void)pthread_mutex_lock(&b->mutex);
    struct beginning *k = longest(b, t->file);
    if (k) {
      t->first = k->steps;
      k->used = ++b->clock;
      s = crypto_hash_copy(ctx, k->state, &t->states[t->first]);
    }
    (void)pthread_mutex_unlock(&b->mutex);
  }
  t->steps = t->first;
  return t->first ? s : crypto_hash_open(ctx, CRYPTO_SHA256, &t->states[0]);
}

static sv_status walk(struct sv_ctx *ctx, struct crypto_trail *t) {
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  SV_TRY(begin(ctx, t));
  SV_TRY(crypto_hash_copy(ctx, t->states[t->first], &h));
  while (t->steps < STEPS && (t->steps + 1) * STEP <= t->file.n) {
    crypto_hash_update(h, sv_bytes_of(t->file.p + t->steps * STEP, STEP));
    SV_TRY(crypto_hash_copy(ctx, h, &t->states[t->steps + 1]));
    t->steps++;
  }
  size_t done = t->steps * STEP;
  if (done < t->file.n) {
    crypto_hash_update(h, sv_bytes_of(t->file.p + done, t->file.n - done));
  }
  crypto_hash_final(h, t->sha256);
  return SV_DONE;
}

sv_status crypto_trail_open(struct sv_ctx *ctx, struct crypto_beginnings *b, struct sv_bytes file,
                            struct crypto_trail **ret) {
  SV_AUTO(crypto_trail_close) struct crypto_trail *t = calloc(1, sizeof *t);
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "digest states");
  }
  t->file = file;
  t->beginnings = b;
  SV_TRY(walk(ctx, t));
  *ret = SV_TAKE(t);
  return SV_DONE;
}

void crypto_trail_close(struct crypto_trail *t) {
  if (t) {
    for (size_t i = 0; i <= STEPS; i++) {
      crypto_hash_close(t->states[i]);
    }
    free(t);
  }
}

void crypto_trail_sha256(const struct crypto_trail *t, uint8_t ret[static 32]) {
  memcpy(ret, t->sha256, sizeof t->sha256);
}

size_t crypto_trail_known(const struct crypto_trail *t) { return t->first * STEP; }

sv_status crypto_trail_after(struct sv_ctx *ctx, const struct crypto_trail *t, size_t n,
                             struct crypto_hash **ret) {
  SV_ASSERT(n <= t->file.n);
  size_t step = n / STEP < t->steps ? n / STEP : t->steps;
  size_t done = step >= t->first ? step * STEP : 0;
  SV_TRY(done || t->first == 0 ? crypto_hash_copy(ctx, t->states[step], ret)
                               : crypto_hash_open(ctx, CRYPTO_SHA256, ret));
  if (done < n) {
    crypto_hash_update(*ret, sv_bytes_of(t->file.p + done, n - done));
  }
  return SV_DONE;
}

/* --- what files have in common --- */

static sv_status remember(struct sv_ctx *ctx, const struct crypto_trail *t, struct sv_bytes matter,
                          struct met *ret) {
  memset(ret, 0, sizeof *ret);
  crypto_sha256(matter, ret->matter);
  ret->steps = t->steps;
  for (size_t i = t->first + 1; i <= t->steps; i++) {
    SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
    SV_TRY(crypto_hash_copy(ctx, t->states[i], &h));
    crypto_hash_final(h, ret->sha256[i - 1]);
  }
  return SV_DONE;
}

/* Steps that a file has in common with one met before, beyond those that are known of it. */
static size_t common(const struct met *a, const struct met *b, size_t first) {
  size_t n = 0;
  if (memcmp(a->matter, b->matter, sizeof a->matter) == 0) {
    return 0;
  }
  for (size_t i = first; i < a->steps && i < b->steps; i++) {
    if (memcmp(a->sha256[i], b->sha256[i], sizeof a->sha256[i]) != 0) {
      break;
    }
    n = i + 1;
  }
  return n;
}

/* In the place that was of no use for the longest time. */
static sv_status keep(struct sv_ctx *ctx, struct crypto_beginnings *b, const struct crypto_trail *t,
                      size_t steps) {
  struct beginning *place = &b->known[0];
  for (size_t i = 1; i < BEGINNINGS; i++) {
    place = b->known[i].used < place->used ? &b->known[i] : place;
  }
  struct beginning k = {.bytes = malloc(steps * STEP), .steps = steps, .used = ++b->clock};
  if (!k.bytes) {
    return SV_FAIL(ctx, NO_MEMORY, "beginning");
  }
  memcpy(k.bytes, t->file.p, steps * STEP);
  sv_status s = crypto_hash_copy(ctx, t->states[steps], &k.state);
  if (sv_failed(s)) {
    free(k.bytes);
    return s;
  }
  beginning_free(place);
  *place = k;
  return SV_DONE;
}

sv_status crypto_trail_learn(struct sv_ctx *ctx, const struct crypto_trail *t,
                             struct sv_bytes matter) {
  struct crypto_beginnings *b = t->beginnings;
  struct met own;
  size_t best = 0;
  sv_status s = SV_DONE;
  if (!b || t->steps < t->first + GAIN || t->first * 2 > t->steps) {
    return SV_DONE; /* little is left to be gained */
  }
  SV_TRY(remember(ctx, t, matter, &own));
  (void)pthread_mutex_lock(&b->mutex);
  for (size_t i = 0; i < MET; i++) {
    size_t n = common(&own, &b->met[i], t->first);
    best = n > best ? n : best;
  }
  if (best >= t->first + GAIN) {
    s = keep(ctx, b, t, best);
  }
  b->met[b->next_met++ % MET] = own;
  (void)pthread_mutex_unlock(&b->mutex);
  return s;
}

/* --- pieces --- */

sv_status crypto_pieces_digest(struct sv_ctx *ctx, enum crypto_digest kind,
                               struct crypto_pieces pieces, uint8_t *ret) {
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  const struct crypto_trail *t = kind == CRYPTO_SHA256 && pieces.n ? pieces.trail : NULL;
  if (t) {
    SV_ASSERT(pieces.piece[0].p == t->file.p);
    SV_TRY(crypto_trail_after(ctx, t, pieces.piece[0].n, &h));
  } else {
    SV_TRY(crypto_hash_open(ctx, kind, &h));
  }
  for (size_t i = t ? 1 : 0; i < pieces.n; i++) {
    crypto_hash_update(h, pieces.piece[i]);
  }
  crypto_hash_final(h, ret);
  return SV_DONE;
}
