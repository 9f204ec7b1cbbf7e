/* zlib streams for /FlateDecode. */
#pragma once
#include "base/ctx.h"

/* A compressor to be used again and again by one thread: its memory is what costs time. level 1 to 12. */
struct deflater;
struct deflater *deflater_open(int level);
void deflater_close(struct deflater *d);
/* ret in ctx->mem. Fails: NO_MEMORY. */
sv_status deflater_run(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                       struct sv_bytes *ret);

/* Bytes as the data of a stream, and what its dictionary says of them: deflated where there are enough of them to be worth the
 * time, which is spent before the first byte. Fails as deflater_run. */
struct deflated {
  struct sv_bytes bytes;
  const char *filter; /* "/Filter/FlateDecode" or "" */
};
enum { DEFLATE_LEAST = 1100, DEFLATE_SMALL = 16 * 1024 };
/* What is made for one document: small ones by fixed codes (fixed_deflate.h), in half the time and some bytes more. As deflater_run. */
sv_status deflater_once(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                        struct sv_bytes *ret);
sv_status deflater_stream(struct deflater *d, struct sv_ctx *ctx, struct sv_bytes in,
                          struct deflated *ret);

/* Compressors that calls take and give back, of one level; any thread. NULL when memory is out. Caller: deflaters_close, which
 * accepts NULL. */
struct deflaters;
struct deflaters *deflaters_open(int level);
void deflaters_close(struct deflaters *d);
/* NULL when memory is out. */
struct deflater *deflaters_take(struct deflaters *d);
/* Accepts NULL. */
void deflaters_give(struct deflaters *d, struct deflater *one);

/* Once, with a compressor of its own. level 1 to 12. ret in ctx->mem. Fails: NO_MEMORY. Thread: any. */
sv_status deflate_bytes(struct sv_ctx *ctx, struct sv_bytes in, int level, struct sv_bytes *ret);
