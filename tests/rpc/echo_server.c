/* A server of the wire's own tests.
 *   echo-server [--tls CERT KEY] [--client-ca FILE] [--require-peer] [--workers N] [--queue N] [--watchers N] [--loops N] [--public HOST]
 *               [--port N] [--quiet]
 *               [--fast] [--idle MS] [--age MS] [--ping MS] [--connections N]
 * Headers x-echo-header and x-echo-trailer (and the same with -bin) of a call come back where their names say.
 * Prints "port N" and serves until SIGTERM; SIGHUP reloads the certificates. */
#include <rpc/echo.pb-c.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "rpc/server.h"

struct echo {
  struct loop *loop;
  struct rpc_server *server;
  atomic_int cancelled, expired;
};

static sv_status request_read(struct rpc_call *call, struct sv_ctx *ctx,
                              const Test__V1__EchoRequest **ret, bool *ret_end) {
  struct sv_bytes wire;
  ProtobufCMessage *m = NULL;
  SV_TRY(rpc_call_read(call, ctx, &wire, ret_end));
  if (*ret_end) {
    return SV_DONE;
  }
  SV_TRY(rpc_unpack(ctx, &test__v1__echo_request__descriptor, wire, &m));
  *ret = (const Test__V1__EchoRequest *)(void *)m;
  return SV_DONE;
}

static sv_status response_write(struct rpc_call *call, struct sv_ctx *ctx,
                                const Test__V1__EchoResponse *response) {
  struct sv_bytes wire;
  SV_TRY(rpc_pack(ctx, &response->base, &wire));
  return rpc_call_write(call, ctx, wire);
}

/* Each value as often as it came, in its order. */
static sv_status metadata_echo(struct rpc_call *call, struct sv_ctx *ctx) {
  const char *at = NULL, *name, *value;
  struct sv_bytes *values;
  size_t n;
  while (rpc_call_metadata_next(call, &at, &name, &value)) {
    if (strcmp(name, "x-echo-header") == 0) {
      SV_TRY(rpc_call_header(call, ctx, name, sv_bytes_str(value)));
    } else if (strcmp(name, "x-echo-trailer") == 0) {
      SV_TRY(rpc_call_trailer(call, ctx, name, sv_bytes_str(value)));
    }
  }
  SV_TRY(rpc_call_metadata_bin(call, ctx, "x-echo-header-bin", &values, &n));
  for (size_t i = 0; i < n; i++) {
    SV_TRY(rpc_call_header(call, ctx, "x-echo-header-bin", values[i]));
  }
  SV_TRY(rpc_call_metadata_bin(call, ctx, "x-echo-trailer-bin", &values, &n));
  for (size_t i = 0; i < n; i++) {
    SV_TRY(rpc_call_trailer(call, ctx, "x-echo-trailer-bin", values[i]));
  }
  return SV_DONE;
}

static sv_status unary(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  const Test__V1__EchoRequest *request = NULL;
  bool end = false;
  (void)service;
  SV_TRY(request_read(call, ctx, &request, &end));
  rpc_call_request_id(call, request->text);
  SV_TRY(metadata_echo(call, ctx));
  Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
  response.text = request->text;
  response.data = request->data;
  response.peer = sv_arena_strdup(ctx->mem, rpc_call_peer(call)->spiffe);
  const char *note = rpc_call_metadata(call, "x-note");
  if (note) {
    response.text = sv_arena_strdup(ctx->mem, note);
  }
  return response_write(call, ctx, &response);
}

static sv_status server_stream(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  const Test__V1__EchoRequest *request = NULL;
  bool end = false;
  (void)service;
  SV_TRY(request_read(call, ctx, &request, &end));
  SV_TRY(metadata_echo(call, ctx));
  int count = request->count;
  size_t size = (size_t)(request->size > 0 ? request->size : 0);
  uint8_t *data = calloc(1, size + 1);
  sv_status s = data ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "answer");
  for (int i = 0; i < count && !sv_failed(s); i++) {
    Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
    response.count = i;
    response.data = (ProtobufCBinaryData){.data = data, .len = size};
    s = response_write(call, ctx, &response);
    rpc_call_recycle(call, ctx);
  }
  free(data);
  return s;
}

static sv_status client_stream(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
  bool end = false;
  (void)service;
  for (;;) {
    const Test__V1__EchoRequest *request = NULL;
    SV_TRY(request_read(call, ctx, &request, &end));
    if (end) {
      return response_write(call, ctx, &response);
    }
    response.count++;
    response.size += (int64_t)request->data.len;
    if (request->millis > 0) {
      SV_TRY(rpc_call_pause(call, ctx, (uint64_t)request->millis * 1000000U));
    }
    rpc_call_recycle(call, ctx);
  }
}

static sv_status bidi(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  for (;;) {
    const Test__V1__EchoRequest *request = NULL;
    bool end = false;
    SV_TRY(request_read(call, ctx, &request, &end));
    if (end) {
      return SV_DONE;
    }
    Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
    response.text = request->text;
    response.data = request->data;
    SV_TRY(response_write(call, ctx, &response));
    rpc_call_recycle(call, ctx);
  }
}

static sv_status fail(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  const Test__V1__EchoRequest *request = NULL;
  bool end = false;
  (void)service;
  SV_TRY(request_read(call, ctx, &request, &end));
  SV_TRY(metadata_echo(call, ctx));
  for (int i = 0; i < request->count; i++) {
    sv_ctx_violate(ctx, "is required", "occupants[%d].person.surname", i);
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  for (int r = SV_OK + 1; r < SV_REASON_COUNT; r++) {
    if (strcmp(sv_reason_name((enum sv_reason)r), request->reason) == 0) {
      return sv_ctx_fail(ctx, (enum sv_reason)r, "as asked");
    }
  }
  return SV_FAIL(ctx, NOT_FOUND, "no reason of that name");
}

static sv_status sleep_for(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct echo *echo = service;
  const Test__V1__EchoRequest *request = NULL;
  bool end = false;
  SV_TRY(request_read(call, ctx, &request, &end));
  uint64_t until_ns = sv_monotonic_ns() + (uint64_t)request->millis * 1000000U;
  sv_status s = sv_ctx_alive(ctx);
  while (!sv_failed(s) && sv_monotonic_ns() < until_ns) {
    const struct timespec step = {.tv_nsec = 5000000};
    (void)nanosleep(&step, NULL); /* work, which a stop lets finish: unlike rpc_call_pause */
    s = sv_ctx_alive(ctx);
  }
  if (s.reason == SV_CANCELLED) {
    (void)atomic_fetch_add(&echo->cancelled, 1);
  } else if (s.reason == SV_DEADLINE) {
    (void)atomic_fetch_add(&echo->expired, 1);
  }
  SV_TRY(s);
  Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
  return response_write(call, ctx, &response);
}

static sv_status watch(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  const Test__V1__EchoRequest *request = NULL;
  bool end = false;
  (void)service;
  SV_TRY(request_read(call, ctx, &request, &end));
  Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
  SV_TRY(response_write(call, ctx, &response));
  for (;;) {
    SV_TRY(rpc_call_pause(call, ctx, RPC_SECOND_NS));
  }
}

static sv_status slept(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct echo *echo = service;
  Test__V1__EchoResponse response = TEST__V1__ECHO_RESPONSE__INIT;
  response.count = atomic_load(&echo->cancelled);
  response.size = atomic_load(&echo->expired);
  return response_write(call, ctx, &response);
}

#define METHOD(name, function, ...)                                                     \
  {                                                                                     \
    .path = "/test.v1.EchoService/" name, .input = &test__v1__echo_request__descriptor, \
    .output = &test__v1__echo_response__descriptor, .handle = (function), __VA_ARGS__   \
  }
static const struct rpc_method methods[] = {
    METHOD("Unary", unary, .where = RPC_ON_WORKER),
    METHOD("ServerStream", server_stream, .server_streaming = true, .may_wait = true),
    METHOD("ClientStream", client_stream, .client_streaming = true, .may_wait = true),
    METHOD("Bidi", bidi, .client_streaming = true, .server_streaming = true, .may_wait = true),
    METHOD("Fail", fail, .where = RPC_ON_LOOP),
    METHOD("Sleep", sleep_for, .may_wait = true),
    METHOD("Watch", watch, .server_streaming = true, .where = RPC_ON_WATCHER),
    METHOD("Slept", slept, .where = RPC_ON_LOOP, .open_to_all = true),
};

static void on_stopped(void *arg) {
  const struct echo *echo = arg;
  loop_stop(echo->loop);
}

static void on_term(void *arg) {
  struct echo *echo = arg;
  rpc_server_stop(echo->server, 0, 3 * RPC_SECOND_NS, on_stopped, echo);
}

static void on_hangup(void *arg) {
  struct echo *echo = arg;
  struct sv_ctx ctx = sv_ctx_over(NULL);
  sv_status s = rpc_server_reload(echo->server, &ctx);
  sv_log(SV_LOG_INFO, "reload", SV_LOG_TEXT("reason", sv_reason_name(s.reason)));
}

struct options {
  const char *public_host; /* NULL: no doors beside the first */
  struct rpc_listen door;
  struct rpc_server_config config;
  size_t workers, queue, watchers;
};

static bool options_read(int argc, char **argv, struct options *o) {
  for (int i = 1; i < argc; i++) {
    const char *a = argv[i];
    int left = argc - i - 1;
    if (strcmp(a, "--tls") == 0 && left >= 2) {
      o->door.certificate_path = argv[++i];
      o->door.key_path = argv[++i];
    } else if (strcmp(a, "--client-ca") == 0 && left >= 1) {
      o->door.client_ca_path = argv[++i];
    } else if (strcmp(a, "--require-peer") == 0) {
      o->door.require_peer = true;
    } else if (strcmp(a, "--workers") == 0 && left >= 1) {
      o->workers = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--queue") == 0 && left >= 1) {
      o->queue = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--public") == 0 && left >= 1) {
      o->public_host = argv[++i];
    } else if (strcmp(a, "--loops") == 0 && left >= 1) {
      o->config.loops = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--watchers") == 0 && left >= 1) {
      o->watchers = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--connections") == 0 && left >= 1) {
      o->config.limits.connection_max = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--port") == 0 && left >= 1) {
      o->door.port = (uint16_t)strtoul(argv[++i], NULL, 10);
    } else if (strcmp(a, "--idle") == 0 && left >= 1) {
      o->config.limits.idle_ns = strtoull(argv[++i], NULL, 10) * 1000000U;
    } else if (strcmp(a, "--age") == 0 && left >= 1) {
      o->config.limits.connection_age_ns = strtoull(argv[++i], NULL, 10) * 1000000U;
    } else if (strcmp(a, "--ping") == 0 && left >= 1) {
      o->config.limits.ping_ns = o->config.limits.ping_answer_ns =
          strtoull(argv[++i], NULL, 10) * 1000000U;
    } else if (strcmp(a, "--quiet") == 0) {
      sv_log_level_set(SV_LOG_WARN);
    } else if (strcmp(a, "--fast") == 0) {
      struct rpc_limits *l = &o->config.limits; /* time limits that a test can wait for */
      l->handshake_ns = l->headers_ns = l->message_ns = l->stall_ns = RPC_SECOND_NS;
    } else {
      (void)fprintf(stderr, "unknown argument %s\n", a);
      return false;
    }
  }
  return true;
}

static int serve(struct sv_ctx *ctx, const struct options *o) {
  struct echo echo = {.loop = NULL};
  struct workers *workers = NULL;
  struct rpc_server_config config = o->config;
  const struct rpc_listen doors[] = {o->door,
                                     {.address = "127.0.0.1",
                                      .certificate_path = o->door.certificate_path,
                                      .key_path = o->door.key_path,
                                      .open_only = true,
                                      .names = &o->public_host,
                                      .name_n = 1},
                                     {.address = "127.0.0.1", .admin = true, .open_only = true}};
  config.listen = doors;
  config.listen_n = o->public_host ? 3 : 1;
  const struct rpc_service service = {.name = "test.v1.EchoService",
                                      .methods = methods,
                                      .method_n = sizeof methods / sizeof methods[0],
                                      .service = &echo};
  bool ok =
      !sv_failed(loop_open(ctx, &echo.loop)) &&
      !sv_failed(workers_open(ctx, echo.loop, o->workers, o->queue, &workers)) &&
      !sv_failed(workers_open(ctx, echo.loop, o->watchers, 0, &config.watchers)) &&
      !sv_failed(sv_metrics_open(ctx, &config.metrics)) &&
      !sv_failed(rpc_server_open(ctx, echo.loop, workers, &config, &service, 1, &echo.server)) &&
      !sv_failed(loop_on_signal(echo.loop, ctx, SIGTERM, on_term, &echo)) &&
      !sv_failed(loop_on_signal(echo.loop, ctx, SIGHUP, on_hangup, &echo));
  if (ok) {
    for (size_t i = 1; i < config.listen_n; i++) {
      (void)fprintf(stdout, "door %u\n", rpc_server_port_of(echo.server, i));
    }
    (void)fprintf(stdout, "port %u\n", rpc_server_port(echo.server));
    (void)fflush(stdout);
    loop_run(echo.loop);
  } else {
    (void)fprintf(stderr, "%s: %s\n", sv_reason_name(ctx->fault.reason), ctx->detail);
  }
  workers_close(config.watchers);
  workers_close(workers);
  rpc_server_close(echo.server);
  loop_close(echo.loop);
  sv_metrics_close(config.metrics);
  return ok ? 0 : 1;
}

int main(int argc, char **argv) {
  struct options o = {.door = {.address = "127.0.0.1"},
                      .config = {.limits = rpc_limits_default()},
                      .workers = 4,
                      .queue = 1000,
                      .watchers = 16};
  (void)signal(SIGPIPE, SIG_IGN);
  if (!options_read(argc, argv, &o)) {
    return 2;
  }
  struct sv_arena *mem = sv_arena_open((size_t)1 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  int rv = mem ? serve(&ctx, &o) : 1;
  sv_arena_close(mem);
  return rv;
}
