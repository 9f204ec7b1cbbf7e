/* Every bound of the wire in one place. Times in nanoseconds. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define RPC_SECOND_NS UINT64_C(1000000000)

struct rpc_limits {
  size_t
      message_max_bytes; /* in; refused from the five-byte prefix, and again after decompression */
  size_t call_arena_bytes;    /* cap of ctx->mem */
  size_t connection_max;      /* open at a time */
  uint64_t handshake_ns;      /* TLS and the HTTP/2 preface */
  uint64_t headers_ns;        /* a header block, from its first frame */
  uint64_t message_ns;        /* waiting for (the rest of) a client's message */
  uint64_t stall_ns;          /* output that the peer does not take */
  uint64_t idle_ns;           /* a connection without streams */
  uint64_t ping_ns;           /* silence before our own PING */
  uint64_t ping_answer_ns;    /* then the peer is dead */
  uint64_t connection_age_ns; /* then GOAWAY; spread by a tenth */
  uint64_t
      deadline_max_ns; /* given to calls that ask for none or for more; 0: none. Not for server streams */
};

enum {
  RPC_LOOPS_MAX = 16,
  RPC_DOORS_MAX = 4,
  RPC_STREAMS_MAX = 100,
  RPC_HEADER_LIST_MAX_BYTES = 16 * 1024,
  RPC_HEADER_COUNT_MAX = 100,
  RPC_STREAM_WINDOW_BYTES = 256 * 1024,
  RPC_CONNECTION_WINDOW_BYTES = 1024 * 1024,
  RPC_READ_MARK_BYTES =
      256 * 1024, /* complete messages waiting for a handler, before windows stay closed */
  RPC_WRITE_MARK_BYTES = 256 * 1024, /* answers waiting for the wire, before the handler blocks */
  RPC_OUTPUT_MARK_BYTES =
      128 * 1024, /* bytes in the socket's buffer, before HTTP/2 is no longer asked */
  RPC_CONNECTION_HELD_MAX_BYTES = 32 * 1024 * 1024, /* of unread messages on one connection */
  RPC_HANDLERS_MAX = 128, /* in flight a connection, also of streams that were reset */
  RPC_PROTOBUF_DEPTH_MAX = 100,
  RPC_PROTOBUF_ELEMENTS_MAX = 100000,
  RPC_RETRY_DELAY_MS = 500,
};

/* Suspicious frames spend tokens of one bucket a connection; an empty bucket ends it with ENHANCE_YOUR_CALM. */
enum {
  RPC_BUDGET_TOKENS = 2000,
  RPC_BUDGET_REFILL_PER_S = 400,
  RPC_COST_RESET = 2,      /* RST_STREAM by the peer before its answer */
  RPC_COST_OWN_RESET = 20, /* RST_STREAM that the peer's fault made us send */
  RPC_COST_CONTINUATION = 20,
  RPC_COST_SETTINGS = 20,
  RPC_COST_PING = 4,
  RPC_COST_EMPTY_DATA = 10,
  RPC_COST_PRIORITY = 2,
  RPC_COST_UNKNOWN = 10,
};

static inline struct rpc_limits rpc_limits_default(void) {
  return (struct rpc_limits){
      .message_max_bytes = (size_t)4 * 1024 * 1024,
      .call_arena_bytes = (size_t)64 * 1024 * 1024,
      .connection_max = 4096,
      .handshake_ns = 10 * RPC_SECOND_NS,
      .headers_ns = 10 * RPC_SECOND_NS,
      .message_ns = 30 * RPC_SECOND_NS,
      .stall_ns = 30 * RPC_SECOND_NS,
      .idle_ns = 300 * RPC_SECOND_NS,
      .ping_ns = 60 * RPC_SECOND_NS,
      .ping_answer_ns = 20 * RPC_SECOND_NS,
      .connection_age_ns = 3600 * RPC_SECOND_NS,
      .deadline_max_ns = 120 * RPC_SECOND_NS,
  };
}
