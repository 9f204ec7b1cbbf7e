/* Invariant: a place is read and written under the lock; what is handed out is a copy. */
#include "docs_gen/draw/kept_trees.h"

#include <pthread.h>
#include <stdlib.h>

enum { PLACES = 64, KEPT_BYTES_MAX = 512 * 1024 };

struct place {
  uint64_t hash;
  uint8_t *bytes; /* key, then the deflated stream */
  size_t key_n, stream_n;
  size_t first, n;
};

struct kept_trees {
  pthread_mutex_t mutex;
  size_t next; /* the place that is given away next */
  struct place places[PLACES];
};

struct kept_trees *kept_trees_open(void) {
  struct kept_trees *t = calloc(1, sizeof *t);
  if (t && pthread_mutex_init(&t->mutex, NULL) != 0) {
    free(t);
    return NULL;
  }
  return t;
}

void kept_trees_close(struct kept_trees *trees) {
  if (trees) {
    for (size_t i = 0; i < PLACES; i++) {
      free(trees->places[i].bytes);
    }
    (void)pthread_mutex_destroy(&trees->mutex);
    free(trees);
  }
}

/* To pass over most places quickly: the whole key is compared as well. */
static uint64_t hash_of(struct sv_bytes key) {
  uint64_t h = key.n, word = 0;
  size_t i = 0;
  for (; i + 8 <= key.n; i += 8) {
    memcpy(&word, key.p + i, 8);
    h = (h ^ word) * 0x9e3779b97f4a7c15U;
    h ^= h >> 29;
  }
  for (; i < key.n; i++) {
    h = (h ^ key.p[i]) * 0x9e3779b97f4a7c15U;
  }
  return h;
}

static const struct place *find(const struct kept_trees *trees, uint64_t hash,
                                struct sv_bytes key) {
  for (size_t i = 0; i < PLACES; i++) {
    const struct place *p = &trees->places[i];
    if (p->bytes && p->hash == hash && sv_bytes_equal(sv_bytes_of(p->bytes, p->key_n), key)) {
      return p;
    }
  }
  return NULL;
}

sv_status kept_trees_find(struct kept_trees *trees, struct sv_ctx *ctx, struct sv_bytes key,
                          struct pack_stream *ret) {
  struct pack_stream stream = {.n = 0};
  uint8_t *copy = NULL;
  uint64_t hash = hash_of(key);
  (void)pthread_mutex_lock(&trees->mutex);
  const struct place *p = find(trees, hash, key);
  if (p && (copy = sv_arena_alloc(ctx->mem, p->stream_n)) != NULL) {
    memcpy(copy, p->bytes + p->key_n, p->stream_n);
    stream = (struct pack_stream){
        .deflated = sv_bytes_of(copy, p->stream_n), .first = p->first, .n = p->n};
  }
  (void)pthread_mutex_unlock(&trees->mutex);
  if (p && !copy) {
    return SV_FAIL(ctx, NO_MEMORY, "structure");
  }
  *ret = stream;
  return SV_DONE;
}

void kept_trees_keep(struct kept_trees *trees, struct sv_bytes key,
                     const struct pack_stream *stream) {
  size_t n = key.n + stream->deflated.n;
  uint8_t *bytes = n <= KEPT_BYTES_MAX ? malloc(n) : NULL;
  if (!bytes) {
    return;
  }
  memcpy(bytes, key.p, key.n);
  memcpy(bytes + key.n, stream->deflated.p, stream->deflated.n);
  (void)pthread_mutex_lock(&trees->mutex);
  struct place *p = &trees->places[trees->next];
  trees->next = (trees->next + 1) % PLACES;
  free(p->bytes);
  *p = (struct place){.hash = hash_of(key),
                      .bytes = bytes,
                      .key_n = key.n,
                      .stream_n = stream->deflated.n,
                      .first = stream->first,
                      .n = stream->n};
  (void)pthread_mutex_unlock(&trees->mutex);
}
