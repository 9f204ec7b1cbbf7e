/* zlib with its memory in the call's arena. */
#include "rpc/grpc/gzip.h"

#include <zlib.h>

enum { GZIP_WINDOW_BITS = 15 + 16 };

static voidpf arena_alloc(voidpf mem, uInt n, uInt size) { return sv_arena_array(mem, n, size); }

static void arena_free(voidpf mem, voidpf p) {
  (void)mem;
  (void)p;
}

static Bytef *lend(const uint8_t *p) {
  union {
    const uint8_t *in;
    Bytef *out;
  } u = {.in = p};
  return u.out;
}

sv_status rpc_gunzip(struct sv_ctx *ctx, struct sv_bytes packed, size_t max,
                     struct sv_bytes *ret_bytes) {
  z_stream z = {.zalloc = arena_alloc,
                .zfree = arena_free,
                .opaque = ctx->mem,
                .next_in = lend(packed.p),
                .avail_in = (uInt)packed.n};
  if (packed.n > UINT32_MAX || inflateInit2(&z, GZIP_WINDOW_BITS) != Z_OK) {
    return SV_FAIL(ctx, NO_MEMORY, "inflate");
  }
  struct sv_buf out = sv_buf_in(ctx->mem, max + 1);
  uint8_t part[16384];
  int rv = Z_OK;
  while (rv == Z_OK && !out.failed && out.n <= max) {
    z.next_out = part;
    z.avail_out = sizeof part;
    rv = inflate(&z, Z_NO_FLUSH);
    size_t n = sizeof part - z.avail_out;
    sv_buf_put(&out, part, n > max + 1 - out.n ? max + 1 - out.n : n);
  }
  unsigned left = z.avail_in;
  (void)inflateEnd(&z);
  if (out.n > max) {
    return SV_FAIL(ctx, MESSAGE_TOO_LARGE, "over %zu bytes when unpacked", max);
  }
  if (out.failed || rv == Z_MEM_ERROR) {
    return SV_FAIL(ctx, NO_MEMORY, "inflate");
  }
  if (rv != Z_STREAM_END || left != 0) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "not one gzip member");
  }
  *ret_bytes = sv_buf_bytes(&out);
  return SV_DONE;
}

sv_status rpc_gzip(struct sv_ctx *ctx, struct sv_bytes bytes, struct sv_bytes *ret_packed) {
  z_stream z = {.zalloc = arena_alloc, .zfree = arena_free, .opaque = ctx->mem};
  if (bytes.n > UINT32_MAX / 2 ||
      deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return SV_FAIL(ctx, NO_MEMORY, "deflate");
  }
  size_t room = deflateBound(&z, bytes.n);
  uint8_t *out = sv_arena_alloc(ctx->mem, room);
  if (!out) {
    (void)deflateEnd(&z);
    return SV_FAIL(ctx, NO_MEMORY, "deflate");
  }
  z.next_in = lend(bytes.p);
  z.avail_in = (uInt)bytes.n;
  z.next_out = out;
  z.avail_out = (uInt)room;
  int rv = deflate(&z, Z_FINISH);
  size_t n = z.total_out;
  (void)deflateEnd(&z);
  if (rv != Z_STREAM_END) {
    return SV_FAIL(ctx, INTERNAL, "deflate");
  }
  *ret_packed = sv_bytes_of(out, n);
  return SV_DONE;
}
