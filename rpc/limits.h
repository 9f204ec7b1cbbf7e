/* Every bound of the wire in one place. Times in nanoseconds. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define RPC_SECOND_NS UINT64_C(1000000000)

/* Suspicious frames spend tokens of one bucket a connection; an empty bucket ends it with ENHANCE_YOUR_CALM. */
struct rpc_budget {
  size_t tokens, refill_per_s;
  size_t reset;     /* costs: RST_STREAM by the peer */
  size_t own_reset; /* RST_STREAM that the peer's fault made us send */
  size_t continuation, settings, ping, empty_data, priority;
  size_t unknown; /* a frame of a type that is not known */
};

struct rpc_limits {
  size_t message_max_bytes; /* in; from the five-byte prefix, and again after decompression */
  size_t call_arena_bytes;  /* cap of ctx->mem */
  size_t connection_max;    /* open at a time */
  size_t stream_max;        /* of one connection */
  size_t header_list_max_bytes, header_max;
  size_t stream_window_bytes, connection_window_bytes;
  size_t read_mark_bytes;   /* messages waiting for a handler, before windows stay closed */
  size_t write_mark_bytes;  /* answers waiting for the wire, before the handler blocks */
  size_t output_mark_bytes; /* in the socket's buffer, before HTTP/2 is no longer asked */
  size_t held_max_bytes;    /* of unread messages on one connection */
  size_t handler_max;       /* in flight a connection, also of streams that were reset */
  size_t rate_min_bytes_s;  /* of a body or an answer on its way, beside the times below; 0: none */
  struct rpc_budget budget;
  uint64_t handshake_ns;      /* TLS and the HTTP/2 preface */
  uint64_t headers_ns;        /* a header block, from its first frame */
  uint64_t message_ns;        /* waiting for (the rest of) a client's message */
  uint64_t stall_ns;          /* output that the peer does not take */
  uint64_t idle_ns;           /* a connection without streams; spread by a tenth */
  uint64_t ping_ns;           /* silence before our own PING */
  uint64_t ping_answer_ns;    /* then the peer is dead */
  uint64_t connection_age_ns; /* then GOAWAY; spread by a tenth */
  uint64_t
      deadline_max_ns; /* given to calls that ask for none or for more; 0: none. Not for server streams */
};

/* Of the program and of the formats: not for a configuration. */
enum {
  RPC_LOOPS_MAX = 16,
  RPC_DOORS_MAX = 4,
  RPC_MESSAGE_COST_BYTES = 64, /* what a message that waits takes beside its bytes */
  RPC_PROTOBUF_DEPTH_MAX = 100,
  RPC_PROTOBUF_ELEMENTS_MAX = 100000,
  RPC_RETRY_DELAY_MS = 500,
};

static inline struct rpc_limits rpc_limits_default(void) {
  const size_t kib = 1024, mib = kib * kib;
  return (struct rpc_limits){
      .message_max_bytes = 4 * mib,
      .call_arena_bytes = 64 * mib,
      .connection_max = 4096,
      .stream_max = 100,
      .header_list_max_bytes = 16 * kib,
      .header_max = 100,
      .stream_window_bytes = 256 * kib,
      .connection_window_bytes = mib,
      .read_mark_bytes = 256 * kib,
      .write_mark_bytes = 256 * kib,
      .output_mark_bytes = 128 * kib,
      .held_max_bytes = 32 * mib,
      .handler_max = 128,
      .rate_min_bytes_s = 512,
      .budget = {.tokens = 2000,
                 .refill_per_s = 400,
                 .reset = 2,
                 .own_reset = 20,
                 .continuation = 20,
                 .settings = 20,
                 .ping = 4,
                 .empty_data = 10,
                 .priority = 2,
                 .unknown = 10},
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
