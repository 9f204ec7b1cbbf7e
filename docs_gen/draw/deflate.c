/* The one file that knows libdeflate. */
#include "docs_gen/draw/deflate.h"

#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>

#include "docs_gen/draw/fixed_deflate.h"

SV_AUTO_DEFINE(struct deflater, deflater_close)

/* struct deflater is libdeflate's compressor under our name. */
static struct libdeflate_compressor *inner(struct deflater *d) {
  return (struct libdeflate_compressor *)d;
}

struct deflater *deflater_open(int level) {
  return (struct deflater *)libdeflate_alloc_compressor(level);
}

void deflater_close(struct deflater *d) {
  if (d) {
    libdeflate_free_compressor(inner(d));
  }
}

/* ---- a store of them: as many as there are workers are soon there ---- */

enum { KEPT = 64 };

struct deflaters {
  pthread_mutex_t mutex;
  int level;
  size_t n;
  struct deflater *v[KEPT];
};

struct deflaters *deflaters_open(int level) {
  struct deflaters *d = calloc(1, sizeof *d);
  if (d && pthread_mutex_init(&d->mutex, NULL) != 0) {
    free(d);
    return NULL;
  }
  if (d) {
    d->level = level;
  }
  return d;
}

void deflaters_close(struct deflaters *d) {
  if (d) {
    while (d->n) {
      deflater_close(d->v[--d->n]);
    }
    (void)pthread_mutex_destroy(&d->mutex);
    free(d);
  }
}

struct deflater *deflaters_take(struct deflaters *d) {
  (void)pthread_mutex_lock(&d->mutex);
  struct deflater *one = d->n ? d->v[--d->n] : NULL;
  (void)pthread_mutex_unlock(&d->mutex);
  return one ? one : deflater_open(d->level);
}

void deflaters_give(struct deflaters *d, struct deflater *one) {
  (void)pthread_mutex_lock(&d->mutex);
  if (one && d->n < KEPT) {
    d->v[d->n++] = one;
    one = NULL;
  }
  (void)pthread_mutex_unlock(&d->mutex);
  deflater_close(one);
}

sv_status deflater_run(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                       struct sv_bytes *ret) {
  size_t room = libdeflate_zlib_compress_bound(inner(d), in.n);
  uint8_t *out = sv_arena_alloc(ctx->mem, room);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "%zu bytes to deflate", in.n);
  }
  size_t n = libdeflate_zlib_compress(inner(d), in.p, in.n, out, room);
  if (n == 0) {
    return SV_FAIL(ctx, INTERNAL, "deflate of %zu bytes", in.n);
  }
  *ret = sv_bytes_of(out, n);
  return SV_DONE;
}

/* Framed as zlib's (RFC 1950). */
static sv_status small_stream(struct sv_ctx *ctx, struct sv_bytes in, struct sv_bytes *ret) {
  uint8_t *out = sv_arena_alloc(ctx->mem, 2 + fixed_deflate_bound(in.n) + 4);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "%zu bytes to deflate", in.n);
  }
  out[0] = 0x78, out[1] = 0x01;
  size_t n = 2 + fixed_deflate(in.p, in.n, out + 2);
  uint32_t sum = libdeflate_adler32(1, in.p, in.n);
  for (int shift = 24; shift >= 0; shift -= 8) {
    out[n++] = (uint8_t)(sum >> shift);
  }
  *ret = sv_bytes_of(out, n);
  return SV_DONE;
}

sv_status deflater_once(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                        struct sv_bytes *ret) {
  return in.n <= DEFLATE_SMALL ? small_stream(ctx, in, ret) : deflater_run(d, ctx, in, ret);
}

sv_status deflater_stream(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                          struct deflated *ret) {
  if (in.n < DEFLATE_LEAST) {
    *ret = (struct deflated){in, ""};
    return SV_DONE;
  }
  ret->filter = "/Filter/FlateDecode";
  return deflater_once(d, ctx, in, &ret->bytes);
}

sv_status deflate_bytes(struct sv_ctx *ctx, struct sv_bytes in, int level, struct sv_bytes *ret) {
  SV_AUTO(deflater_close) struct deflater *d = deflater_open(level);
  if (!d) {
    return SV_FAIL(ctx, NO_MEMORY, "compressor");
  }
  return deflater_run(d, ctx, in, ret);
}
