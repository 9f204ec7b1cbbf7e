/* The one file that knows libdeflate. */
#include "docs_gen/draw/deflate.h"

#include <libdeflate.h>

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

sv_status deflate_bytes(struct sv_ctx *ctx, struct sv_bytes in, int level, struct sv_bytes *ret) {
  SV_AUTO(deflater_close) struct deflater *d = deflater_open(level);
  if (!d) {
    return SV_FAIL(ctx, NO_MEMORY, "compressor");
  }
  return deflater_run(d, ctx, in, ret);
}
