/* Hostile bytes into rpc/grpc/frame.h: the messages are the same however the bytes are cut. The first byte is the cut. */
#include <stdlib.h>

#include "base/status.h"
#include "rpc/grpc/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
  uint64_t digest;
  size_t messages;
  enum rpc_frame_step end;
};

static struct seen read_in_portions(struct sv_bytes all, size_t portion) {
  struct seen s = {.digest = 14695981039346656037U, .end = RPC_FRAME_MORE};
  struct rpc_frame_reader r = rpc_frame_reader_over(4096);
  while (all.n > 0 && (s.end == RPC_FRAME_MORE || s.end == RPC_FRAME_READY)) {
    struct sv_bytes part = sv_bytes_of(all.p, all.n < portion ? all.n : portion);
    all.p += part.n;
    all.n -= part.n;
    do {
      struct rpc_frame f;
      s.end = rpc_frame_read(&r, &part, &f);
      if (s.end == RPC_FRAME_READY) {
        SV_ASSERT(f.n <= 4096);
        s.messages++;
        s.digest = (s.digest ^ f.n ^ (f.compressed ? 1U << 20 : 0)) * 1099511628211U;
        for (size_t i = 0; i < f.n; i++) {
          s.digest = (s.digest ^ f.bytes[i]) * 1099511628211U;
        }
        free(f.bytes);
      }
    } while (s.end == RPC_FRAME_READY && part.n > 0);
    if (s.end == RPC_FRAME_READY) {
      s.end = RPC_FRAME_MORE; /* a boundary of the portion, no state of the stream */
    }
  }
  rpc_frame_reader_free(&r);
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) {
    return 0;
  }
  struct sv_bytes all = sv_bytes_of(data + 1, size - 1);
  struct seen whole = read_in_portions(all, size);
  struct seen cut = read_in_portions(all, data[0] % 16 + 1U);
  SV_ASSERT(whole.messages == cut.messages && whole.digest == cut.digest && whole.end == cut.end);
  return 0;
}
