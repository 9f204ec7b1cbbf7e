/* The reader buffers what has arrived, never what was only promised. */
#include "rpc/grpc/frame.h"

#include <stdlib.h>

enum { FRAME_FIRST_ROOM = 4096 };

static bool room_for(struct rpc_frame_reader *r, size_t n) {
  size_t need = r->frame.n + n;
  if (need <= r->room) {
    return true;
  }
  size_t room = r->room * 2 > FRAME_FIRST_ROOM ? r->room * 2 : FRAME_FIRST_ROOM;
  room = room < need ? need : room;
  room = room > r->want ? r->want : room;
  uint8_t *p = realloc(r->frame.bytes, room);
  if (!p) {
    return false;
  }
  r->frame.bytes = p;
  r->room = room;
  return true;
}

static void take(struct sv_bytes *bytes, size_t n) {
  bytes->p += n;
  bytes->n -= n;
}

static enum rpc_frame_step prefix_read(struct rpc_frame_reader *r, struct sv_bytes *bytes) {
  size_t n = RPC_PREFIX_BYTES - r->prefix_n;
  n = n > bytes->n ? bytes->n : n;
  if (n > 0) {
    memcpy(r->prefix + r->prefix_n, bytes->p, n);
    r->prefix_n += n;
    take(bytes, n);
  }
  if (r->prefix_n < RPC_PREFIX_BYTES) {
    return RPC_FRAME_MORE;
  }
  struct sv_cursor c = sv_cursor_over(sv_bytes_of(r->prefix, RPC_PREFIX_BYTES));
  uint8_t flag;
  uint32_t want;
  if (!sv_cursor_u8(&c, &flag) || !sv_cursor_u32(&c, &want) || flag > 1) {
    return RPC_FRAME_BAD_FLAG;
  }
  if (want > r->max) {
    return RPC_FRAME_TOO_LARGE;
  }
  r->frame.compressed = flag == 1;
  r->want = want;
  return RPC_FRAME_READY;
}

enum rpc_frame_step rpc_frame_read(struct rpc_frame_reader *r, struct sv_bytes *bytes,
                                   struct rpc_frame *ret_frame) {
  if (r->prefix_n < RPC_PREFIX_BYTES) {
    enum rpc_frame_step step = prefix_read(r, bytes);
    if (step != RPC_FRAME_READY) {
      return step;
    }
  }
  size_t n = r->want - r->frame.n;
  n = n > bytes->n ? bytes->n : n;
  if (n > 0) {
    if (!room_for(r, n)) {
      return RPC_FRAME_NO_MEMORY;
    }
    memcpy(r->frame.bytes + r->frame.n, bytes->p, n);
    r->frame.n += n;
    take(bytes, n);
  }
  if (r->frame.n < r->want) {
    return RPC_FRAME_MORE;
  }
  *ret_frame = r->frame;
  *r = rpc_frame_reader_over(r->max);
  return RPC_FRAME_READY;
}

bool rpc_frame_partial(const struct rpc_frame_reader *r) { return r->prefix_n > 0; }

void rpc_frame_reader_free(struct rpc_frame_reader *r) {
  free(r->frame.bytes);
  *r = rpc_frame_reader_over(r->max);
}

enum rpc_frame_step rpc_frame_append(struct rpc_frame_reader *r, struct sv_bytes bytes) {
  if (bytes.n > r->max - r->frame.n) {
    return RPC_FRAME_TOO_LARGE;
  }
  r->want = r->max;
  if (bytes.n > 0) {
    if (!room_for(r, bytes.n)) {
      return RPC_FRAME_NO_MEMORY;
    }
    memcpy(r->frame.bytes + r->frame.n, bytes.p, bytes.n);
    r->frame.n += bytes.n;
  }
  return RPC_FRAME_MORE;
}

struct rpc_frame rpc_frame_whole(struct rpc_frame_reader *r) {
  struct rpc_frame frame = r->frame;
  *r = rpc_frame_reader_over(r->max);
  return frame;
}

void rpc_frame_prefix(uint8_t prefix[static RPC_PREFIX_BYTES], uint8_t flag, uint32_t n) {
  prefix[0] = flag;
  prefix[1] = (uint8_t)(n >> 24);
  prefix[2] = (uint8_t)(n >> 16);
  prefix[3] = (uint8_t)(n >> 8);
  prefix[4] = (uint8_t)n;
}
