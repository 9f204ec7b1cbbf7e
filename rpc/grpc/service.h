/* What a method is, and what its handler may do with a call.
 * A handler is straight-line code on a worker: it reads, works, writes, and returns the call's status, which becomes the
 * trailers. Everything here is for the handler's thread alone unless it says otherwise. */
#pragma once
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/ctx.h"

struct rpc_call; /* one call, as a worker sees it */

struct rpc_peer {
  const char *spiffe;             /* "" when no certificate */
  uint8_t certificate_sha256[32]; /* of its DER; zeros when none */
};

enum rpc_where {
  RPC_ON_WORKER,
  RPC_ON_LOOP, /* microseconds, never blocks: unary methods alone */
  RPC_ON_WATCHER, /* a stream that mostly waits (rpc_call_pause): a pool of its own, full is QUEUE_FULL at once */
};

struct rpc_method {
  const char *path; /* "/salvo.v1.IssuanceService/IssueDocument" */
  bool client_streaming, server_streaming;
  enum rpc_where where;
  bool open_to_all; /* needs no certificate, where a door lets such calls in */
  bool may_wait; /* on a stranger, or on the client: such calls hold at most half of the workers */
  const ProtobufCMessageDescriptor *input, *output;
  /* Under ctx's deadline and cancellation. Returns the call's status. */
  sv_status (*handle)(struct rpc_call *call, struct sv_ctx *ctx, void *service);
};

/* Lent until the handler returns. */
const struct rpc_peer *rpc_call_peer(const struct rpc_call *call);

/* The value of a header of the request, or NULL; of several, the first. Names are lower case. Lent until the handler
 * returns. */
const char *rpc_call_metadata(const struct rpc_call *call, const char *name);

/* The next message of the client, pre-checked against the method's input, in ctx->mem: blocks. ret_end true, and no
 * message, after the client has half-closed. Of a unary or server-streaming method the one message is guaranteed.
 * Fails: CANCELLED, DEADLINE, MESSAGE_TOO_LARGE, MESSAGE_MALFORMED, LIMIT_EXCEEDED (elements), NO_MEMORY. */
sv_status rpc_call_read(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes *ret_message,
                        bool *ret_end);

/* Queues one message (copied); blocks while more than a mark is queued.
 * A thread of the handler's own may write, with a ctx of its own, while the handler reads: one at a time, and none after
 * the handler returned. Fails: CANCELLED (the peer is gone), DEADLINE, NO_MEMORY. */
sv_status rpc_call_write(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes message);

/* One header of the answer, before its first message; or one trailer, before the handler returns. Names are lower case;
 * the value of a name that ends in -bin is any bytes (base64 is the layer's), of any other printable ASCII. Copied.
 * Fails: INTERNAL (not such a name or value, reserved, too late, more than 32), NO_MEMORY. */
sv_status rpc_call_header(struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                          struct sv_bytes value);
sv_status rpc_call_trailer(struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                           struct sv_bytes value);

/* A status that has no reason in the table: this code (not OK) and this text (UTF-8, copied), without details. The
 * handler returns what this returns. */
sv_status rpc_call_fail(struct rpc_call *call, struct sv_ctx *ctx, enum sv_code code,
                        const char *message);
/* The same with details: the bytes of a google.rpc.Status of this code and this message. Copied. */
sv_status rpc_call_fail_with(struct rpc_call *call, struct sv_ctx *ctx, enum sv_code code,
                             const char *message, struct sv_bytes status);

/* Of a stream: sends the headers now, before there is a message. */
void rpc_call_headers_send(struct rpc_call *call);

/* The query of a Connect GET, as it came; NULL: the request was no GET. Lent until the handler returns. */
const char *rpc_call_query(const struct rpc_call *call);

/* The next header of the request, in order: begin with *at = NULL. False after the last. */
bool rpc_call_metadata_next(const struct rpc_call *call, const char **at, const char **ret_name,
                            const char **ret_value);

/* All values of a header whose name ends in -bin, decoded, in the order in which they came. One header may carry several,
 * commas between them; each may be padded or not (PROTOCOL-HTTP2.md, "Custom-Metadata"). In ctx->mem; none: n is 0.
 * Fails: HEADER_MALFORMED (no base64), NO_MEMORY. */
sv_status rpc_call_metadata_bin(const struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                                struct sv_bytes **ret_values, size_t *ret_n);

/* Whether the messages from now on are compressed; by default those that gain are, when the client's were. False when
 * they can't be: the client does not accept it, or the headers, which announce it, are out without it. */
bool rpc_call_compress(struct rpc_call *call, bool on);
/* Was the message that was read last compressed? */
bool rpc_call_was_compressed(const struct rpc_call *call);

/* For the log line; copied, at most 36 characters. */
void rpc_call_request_id(struct rpc_call *call, const char *uuid);

/* For streams that live long: forgets all that is in ctx->mem (and the violations, which live there). The layer itself
 * keeps nothing there while the handler runs. */
void rpc_call_recycle(struct rpc_call *call, struct sv_ctx *ctx);

/* A wait of a stream that has nothing to say: returns after wait_ns, or at once with CANCELLED, DEADLINE, or
 * UNAVAILABLE (the server stops). */
sv_status rpc_call_pause(struct rpc_call *call, struct sv_ctx *ctx, uint64_t wait_ns);

/* Wire bytes to a message in ctx->mem and back. Unpacking pre-checks: depth, UTF-8, NUL, number of elements.
 * Fails: MESSAGE_MALFORMED, LIMIT_EXCEEDED, NO_MEMORY. Any thread. */
sv_status rpc_unpack(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                     struct sv_bytes wire, ProtobufCMessage **ret_message);
sv_status rpc_pack(struct sv_ctx *ctx, const ProtobufCMessage *message, struct sv_bytes *ret_wire);
