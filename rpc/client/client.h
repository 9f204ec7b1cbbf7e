/* A gRPC client for the command line: one connection, one call at a time, blocking. One thread. */
#pragma once
#include "base/ctx.h"

struct rpc_client;

struct rpc_client_config {
  const char *host; /* a name or an address */
  uint16_t port;
  const char *ca_path;          /* PEM; NULL: clear text (tests) */
  const char *certificate_path; /* with key_path; NULL: none is presented */
  const char *key_path;
  const char *server_name;  /* what the certificate has to be for; NULL: the host */
  size_t message_max_bytes; /* of an answer; 0: 64 MiB */
  /* Unary calls that end UNAVAILABLE, or reach nobody, are made again so often, after 0.1 s, 0.2 s, 0.4 s and so on with
   * jitter, or what the server says, within the timeout: for methods that are safe to repeat, by their request_id. */
  unsigned retries;
};

/* What the server said. Texts and bytes are in ctx->mem. */
struct rpc_result {
  enum sv_code code;
  const char *message;                   /* of grpc-message; "" when OK */
  const char *reason;                    /* of ErrorInfo: "HOLD"; "" when the server gave none */
  const struct sv_violation *violations; /* of BadRequest */
  size_t violation_n;
  uint32_t retry_after_ms;  /* of RetryInfo; 0: not said */
  struct sv_bytes details;  /* google.rpc.Status */
  struct sv_bytes response; /* the one message of a call whose answer is no stream, when OK */
};

/* What a google.rpc.Status says that came inside a message: of an item of a batch. Without a response. */
void rpc_result_of_status(struct sv_ctx *ctx, struct sv_bytes status, struct rpc_result *ret);

/* The next message to send, valid until the next call; false: there are no more. */
typedef bool rpc_client_source(void *user, struct sv_bytes *ret_message);
/* Takes one message, valid during the call. A failure ends the call with it. */
typedef sv_status rpc_client_sink(void *user, struct sv_ctx *ctx, struct sv_bytes message);

/* Connects when first used. config's texts are copied. Fails: NO_MEMORY. Caller: rpc_client_close (accepts NULL). */
sv_status rpc_client_open(struct sv_ctx *ctx, const struct rpc_client_config *config,
                          struct rpc_client **ret_client);
void rpc_client_close(struct rpc_client *client);

/* Calls. path: "/package.Service/Method". timeout_ns 0: none. DONE means that the server gave an answer, OK or not:
 * see ret_result->code. Fails, without an answer: UNREACHABLE (ctx->detail says why), DEADLINE, MESSAGE_TOO_LARGE,
 * MESSAGE_MALFORMED (no gRPC), CONFIG (own certificate files), NO_MEMORY. */
sv_status rpc_client_unary(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                           struct sv_bytes request, uint64_t timeout_ns,
                           struct rpc_result *ret_result);
/* One request, many answers. */
sv_status rpc_client_server_stream(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                                   struct sv_bytes request, uint64_t timeout_ns,
                                   rpc_client_sink *sink, void *user,
                                   struct rpc_result *ret_result);
/* Many requests, one answer. */
sv_status rpc_client_client_stream(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                                   rpc_client_source *source, void *user, uint64_t timeout_ns,
                                   struct rpc_result *ret_result);
/* Both: requests are asked for as the server takes them. */
sv_status rpc_client_bidi(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                          rpc_client_source *source, rpc_client_sink *sink, void *user,
                          uint64_t timeout_ns, struct rpc_result *ret_result);
