/* Calls the echo server with our own client, for e2e_test.py.
 *   echo-client HOST PORT [--ca F] [--cert F --key F] [--name N] [--timeout MS] CALL ARGS...
 *   CALL: unary TEXT SIZE | server-stream COUNT SIZE | client-stream COUNT SIZE | bidi COUNT SIZE | fail REASON COUNT |
 *         sleep MS 0 | nothing x 0;  a `+` and another call go on over the same connection
 * A line a call: "answer CODE REASON VIOLATIONS FIRST-PATH | MESSAGE | COUNT BYTES PEER", or "none REASON | DETAIL". */
#include <rpc/echo.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/client/client.h"
#include "rpc/grpc/service.h"

struct counts {
  struct sv_bytes request;
  int64_t left;
  int64_t messages, bytes;
};

static bool next(void *user, struct sv_bytes *ret_message) {
  struct counts *c = user;
  *ret_message = c->request;
  return c->left-- > 0;
}

static sv_status count(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  struct counts *c = user;
  struct sv_arena *mem = sv_arena_open((size_t)16 << 20);
  struct sv_ctx own = sv_ctx_over(mem);
  ProtobufCMessage *m = NULL;
  sv_status s = rpc_unpack(&own, &test__v1__echo_response__descriptor, message, &m);
  if (!sv_failed(s)) {
    c->messages++;
    c->bytes += (int64_t)((const Test__V1__EchoResponse *)(void *)m)->data.len;
  }
  sv_arena_close(mem);
  return sv_failed(s) ? sv_ctx_fail(ctx, s.reason, "an answer") : SV_DONE;
}

static void print(struct sv_ctx *ctx, sv_status s, const struct rpc_result *r,
                  const struct counts *c) {
  if (sv_failed(s)) {
    (void)printf("none %s | %s\n", sv_reason_name(s.reason), ctx->detail);
    return;
  }
  const char *peer = "";
  int64_t messages = c->messages, bytes = c->bytes;
  ProtobufCMessage *m = NULL;
  if (r->response.n > 0 &&
      !sv_failed(rpc_unpack(ctx, &test__v1__echo_response__descriptor, r->response, &m))) {
    const Test__V1__EchoResponse *response = (const Test__V1__EchoResponse *)(void *)m;
    peer = response->peer;
    messages = response->count;
    bytes = response->size ? response->size : (int64_t)response->data.len;
  }
  (void)printf("answer %d %s %zu %s | %s | %lld %lld %s\n", (int)r->code,
               r->reason[0] ? r->reason : "-", r->violation_n,
               r->violation_n ? r->violations[0].path : "-", r->message, (long long)messages,
               (long long)bytes, peer);
}

static void call(struct rpc_client *client, char **argv, uint64_t timeout_ns) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct rpc_result r = {.message = "", .reason = ""};
  Test__V1__EchoRequest request = TEST__V1__ECHO_REQUEST__INIT;
  struct counts c = {0};
  sv_status s = SV_DONE;
  const char *what = argv[0];
  long first = strtol(argv[1], NULL, 10), second = strtol(argv[2], NULL, 10);
  request.data.len = (size_t)second;
  request.data.data = calloc(1, (size_t)second + 1);
  if (strcmp(what, "unary") == 0 || strcmp(what, "nothing") == 0) {
    request.text = argv[1];
    s = rpc_pack(&ctx, &request.base, &c.request);
    s = sv_failed(s) ? s
                     : rpc_client_unary(client, &ctx,
                                        what[0] == 'u' ? "/test.v1.EchoService/Unary"
                                                       : "/test.v1.EchoService/Nothing",
                                        c.request, timeout_ns, &r);
  } else if (strcmp(what, "server-stream") == 0) {
    request.count = (int32_t)first;
    request.size = (int32_t)second;
    request.data.len = 0;
    s = rpc_pack(&ctx, &request.base, &c.request);
    s = sv_failed(s) ? s
                     : rpc_client_server_stream(client, &ctx, "/test.v1.EchoService/ServerStream",
                                                c.request, timeout_ns, count, &c, &r);
  } else if (strcmp(what, "client-stream") == 0) {
    c.left = first;
    s = rpc_pack(&ctx, &request.base, &c.request);
    s = sv_failed(s) ? s
                     : rpc_client_client_stream(client, &ctx, "/test.v1.EchoService/ClientStream",
                                                next, &c, timeout_ns, &r);
  } else if (strcmp(what, "bidi") == 0) {
    c.left = first;
    s = rpc_pack(&ctx, &request.base, &c.request);
    s = sv_failed(s) ? s
                     : rpc_client_bidi(client, &ctx, "/test.v1.EchoService/Bidi", next, count, &c,
                                       timeout_ns, &r);
  } else {
    request.reason = argv[1];
    request.count = (int32_t)second;
    request.millis = (int32_t)first;
    request.data.len = 0;
    s = rpc_pack(&ctx, &request.base, &c.request);
    s = sv_failed(s) ? s
                     : rpc_client_unary(client, &ctx,
                                        what[0] == 'f' ? "/test.v1.EchoService/Fail"
                                                       : "/test.v1.EchoService/Sleep",
                                        c.request, timeout_ns, &r);
  }
  print(&ctx, s, &r, &c);
  free(request.data.data);
  sv_arena_close(mem);
}

int main(int argc, char **argv) {
  struct rpc_client_config config = {.host = argc > 1 ? argv[1] : "",
                                     .port = (uint16_t)(argc > 2 ? strtol(argv[2], NULL, 10) : 0)};
  uint64_t timeout_ns = 0;
  int i = 3;
  for (; i + 1 < argc && strncmp(argv[i], "--", 2) == 0; i += 2) {
    if (strcmp(argv[i], "--ca") == 0) {
      config.ca_path = argv[i + 1];
    } else if (strcmp(argv[i], "--cert") == 0) {
      config.certificate_path = argv[i + 1];
    } else if (strcmp(argv[i], "--key") == 0) {
      config.key_path = argv[i + 1];
    } else if (strcmp(argv[i], "--name") == 0) {
      config.server_name = argv[i + 1];
    } else if (strcmp(argv[i], "--retries") == 0) {
      config.retries = (unsigned)strtoul(argv[i + 1], NULL, 10);
    } else if (strcmp(argv[i], "--timeout") == 0) {
      timeout_ns = strtoull(argv[i + 1], NULL, 10) * 1000000U;
    }
  }
  struct sv_arena *mem = sv_arena_open((size_t)1 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct rpc_client *client = NULL;
  if (sv_failed(rpc_client_open(&ctx, &config, &client))) {
    return 1;
  }
  for (; i + 2 < argc; i += 4) {
    call(client, argv + i, timeout_ns);
  }
  rpc_client_close(client);
  sv_arena_close(mem);
  return 0;
}
