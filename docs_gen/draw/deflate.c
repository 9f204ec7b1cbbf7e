/* The one file that knows libdeflate. */
#include "docs_gen/draw/deflate.h"

#include <libdeflate.h>

SV_AUTO_DEFINE(struct libdeflate_compressor, libdeflate_free_compressor)

sv_status deflate_bytes(struct sv_ctx *ctx, struct sv_bytes in, int level, struct sv_bytes *ret) {
  SV_AUTO(libdeflate_free_compressor)
  struct libdeflate_compressor *deflater = libdeflate_alloc_compressor(level);
  if (!deflater) {
    return SV_FAIL(ctx, NO_MEMORY, "compressor");
  }
  size_t room = libdeflate_zlib_compress_bound(deflater, in.n);
  uint8_t *out = sv_arena_alloc(ctx->mem, room);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "%zu bytes to deflate", in.n);
  }
  size_t n = libdeflate_zlib_compress(deflater, in.p, in.n, out, room);
  if (n == 0) {
    return SV_FAIL(ctx, INTERNAL, "deflate of %zu bytes", in.n);
  }
  *ret = sv_bytes_of(out, n);
  return SV_DONE;
}
