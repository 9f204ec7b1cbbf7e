/* Length-prefixed messages of gRPC over HTTP/2: a flag byte, four bytes of length, the message. Bytes in any portions. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum { RPC_PREFIX_BYTES = 5 };

struct rpc_frame {
  uint8_t *bytes; /* malloc; may be NULL when n is 0 */
  size_t n;
  bool compressed;
};

struct rpc_frame_reader {
  size_t max;
  uint8_t prefix[RPC_PREFIX_BYTES];
  size_t prefix_n;
  struct rpc_frame frame; /* n is what arrived so far */
  size_t want, room;
};

enum rpc_frame_step {
  RPC_FRAME_MORE, /* all bytes taken, no message complete */
  RPC_FRAME_READY, /* ret_frame is complete: the caller frees its bytes; call again with what is left */
  RPC_FRAME_TOO_LARGE, /* by its prefix: nothing was buffered. The reader is spent, as in what follows */
  RPC_FRAME_BAD_FLAG,
  RPC_FRAME_NO_MEMORY,
};

static inline struct rpc_frame_reader rpc_frame_reader_over(size_t max) {
  return (struct rpc_frame_reader){.max = max};
}
/* Moves *bytes on. */
enum rpc_frame_step rpc_frame_read(struct rpc_frame_reader *r, struct sv_bytes *bytes,
                                   struct rpc_frame *ret_frame);
/* Is a message begun and not complete? */
bool rpc_frame_partial(const struct rpc_frame_reader *r);
void rpc_frame_reader_free(struct rpc_frame_reader *r);

void rpc_frame_prefix(uint8_t prefix[static RPC_PREFIX_BYTES], uint8_t flag, uint32_t n);

/* A message without a prefix: its bytes in any portions. Fails as rpc_frame_read, with RPC_FRAME_MORE for all is well. */
enum rpc_frame_step rpc_frame_append(struct rpc_frame_reader *r, struct sv_bytes bytes);
/* All that was appended; the caller frees its bytes. */
struct rpc_frame rpc_frame_whole(struct rpc_frame_reader *r);
