/* grpc.testing.TestService, which the interoperability tests of every gRPC call.   interop-server PORT [CERT KEY]
 * Prints "port N" and serves until SIGTERM. UnimplementedCall is what its name says. */
#include <interop/interop.pb-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/server.h"

static const uint8_t descriptor_set[] = {
#include "interop_descriptor_set.inc"
};

enum { ANSWER_MAX_BYTES = 4 * 1024 * 1024 };

/* --- what all methods do --- */

/* NULL after the client's last message. */
static sv_status request_read(struct rpc_call *call, struct sv_ctx *ctx,
                              const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret) {
  struct sv_bytes wire;
  bool end = false;
  SV_TRY(rpc_call_read(call, ctx, &wire, &end));
  if (end) {
    *ret = NULL;
    return SV_DONE;
  }
  return rpc_unpack(ctx, type, wire, ret);
}

static sv_status response_write(struct rpc_call *call, struct sv_ctx *ctx,
                                const ProtobufCMessage *response) {
  struct sv_bytes wire;
  SV_TRY(rpc_pack(ctx, response, &wire));
  return rpc_call_write(call, ctx, wire);
}

static sv_status metadata_echo(struct rpc_call *call, struct sv_ctx *ctx) {
  static const char initial[] = "x-grpc-test-echo-initial";
  static const char trailing[] = "x-grpc-test-echo-trailing-bin";
  const char *text = rpc_call_metadata(call, initial);
  if (text) {
    SV_TRY(rpc_call_header(call, ctx, initial, sv_bytes_str(text)));
  }
  struct sv_bytes *values;
  size_t n;
  SV_TRY(rpc_call_metadata_bin(call, ctx, trailing, &values, &n));
  for (size_t i = 0; i < n; i++) {
    SV_TRY(rpc_call_trailer(call, ctx, trailing, values[i]));
  }
  return SV_DONE;
}

static sv_status status_echo(struct rpc_call *call, struct sv_ctx *ctx,
                             const Grpc__Testing__EchoStatus *status) {
  if (!status || status->code == 0) {
    return SV_DONE;
  }
  bool known = status->code > 0 && status->code <= (int32_t)SV_CODE_UNAUTHENTICATED;
  return rpc_call_fail(call, ctx, known ? (enum sv_code)status->code : SV_CODE_UNKNOWN,
                       status->message);
}

static sv_status compression_check(struct rpc_call *call, struct sv_ctx *ctx,
                                   const Grpc__Testing__BoolValue *expected) {
  return expected && expected->value != rpc_call_was_compressed(call)
             ? rpc_call_fail(call, ctx, SV_CODE_INVALID_ARGUMENT,
                             "the message is not compressed as it says")
             : SV_DONE;
}

static void compression_choose(struct rpc_call *call, const Grpc__Testing__BoolValue *wanted) {
  if (wanted) {
    (void)rpc_call_compress(call, wanted->value);
  }
}

static sv_status payload_make(struct rpc_call *call, struct sv_ctx *ctx,
                              Grpc__Testing__PayloadType type, int32_t size,
                              Grpc__Testing__Payload *ret) {
  if (type != GRPC__TESTING__PAYLOAD_TYPE__COMPRESSABLE || size < 0 || size > ANSWER_MAX_BYTES) {
    return rpc_call_fail(call, ctx, SV_CODE_INVALID_ARGUMENT, "no such payload");
  }
  grpc__testing__payload__init(ret);
  ret->body =
      (ProtobufCBinaryData){.len = (size_t)size, .data = sv_arena_alloc(ctx->mem, (size_t)size)};
  return ret->body.data ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "payload");
}

/* --- methods --- */

static sv_status empty_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  const Grpc__Testing__Empty response = GRPC__TESTING__EMPTY__INIT;
  return response_write(call, ctx, &response.base);
}

static sv_status unary_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  ProtobufCMessage *m = NULL;
  SV_TRY(request_read(call, ctx, &grpc__testing__simple_request__descriptor, &m));
  const Grpc__Testing__SimpleRequest *request = (const Grpc__Testing__SimpleRequest *)(void *)m;
  SV_TRY(metadata_echo(call, ctx));
  SV_TRY(compression_check(call, ctx, request->expect_compressed));
  SV_TRY(status_echo(call, ctx, request->response_status));
  Grpc__Testing__SimpleResponse response = GRPC__TESTING__SIMPLE_RESPONSE__INIT;
  Grpc__Testing__Payload payload;
  SV_TRY(payload_make(call, ctx, request->response_type, request->response_size, &payload));
  response.payload = &payload;
  compression_choose(call, request->response_compressed);
  return response_write(call, ctx, &response.base);
}

static sv_status streaming_input_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  Grpc__Testing__StreamingInputCallResponse response =
      GRPC__TESTING__STREAMING_INPUT_CALL_RESPONSE__INIT;
  for (;;) {
    ProtobufCMessage *m = NULL;
    SV_TRY(request_read(call, ctx, &grpc__testing__streaming_input_call_request__descriptor, &m));
    if (!m) {
      return response_write(call, ctx, &response.base);
    }
    const Grpc__Testing__StreamingInputCallRequest *request =
        (const Grpc__Testing__StreamingInputCallRequest *)(void *)m;
    SV_TRY(compression_check(call, ctx, request->expect_compressed));
    int32_t n = request->payload ? (int32_t)request->payload->body.len : 0;
    if (__builtin_add_overflow(response.aggregated_payload_size, n,
                               &response.aggregated_payload_size)) {
      return rpc_call_fail(call, ctx, SV_CODE_OUT_OF_RANGE, "more bytes than can be told");
    }
    rpc_call_recycle(call, ctx);
  }
}

/* Headers that announce compression go out with the first answer, which may itself be plain. */
static void compression_announce(struct rpc_call *call,
                                 const Grpc__Testing__StreamingOutputCallRequest *request) {
  for (size_t i = 0; i < request->n_response_parameters; i++) {
    compression_choose(call, request->response_parameters[i]->compressed);
  }
}

static sv_status answers_write(struct rpc_call *call, struct sv_ctx *ctx,
                               const Grpc__Testing__StreamingOutputCallRequest *request) {
  compression_announce(call, request);
  for (size_t i = 0; i < request->n_response_parameters; i++) {
    const Grpc__Testing__ResponseParameters *p = request->response_parameters[i];
    Grpc__Testing__StreamingOutputCallResponse response =
        GRPC__TESTING__STREAMING_OUTPUT_CALL_RESPONSE__INIT;
    Grpc__Testing__Payload payload;
    if (p->interval_us > 0) {
      SV_TRY(rpc_call_pause(call, ctx, (uint64_t)p->interval_us * 1000U));
    }
    SV_TRY(payload_make(call, ctx, request->response_type, p->size, &payload));
    response.payload = &payload;
    compression_choose(call, p->compressed);
    SV_TRY(response_write(call, ctx, &response.base));
  }
  return status_echo(call, ctx, request->response_status);
}

static sv_status output_read(struct rpc_call *call, struct sv_ctx *ctx,
                             const Grpc__Testing__StreamingOutputCallRequest **ret) {
  ProtobufCMessage *m = NULL;
  SV_TRY(request_read(call, ctx, &grpc__testing__streaming_output_call_request__descriptor, &m));
  *ret = (const Grpc__Testing__StreamingOutputCallRequest *)(void *)m;
  return SV_DONE;
}

static sv_status streaming_output_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  const Grpc__Testing__StreamingOutputCallRequest *request = NULL;
  SV_TRY(output_read(call, ctx, &request));
  SV_TRY(metadata_echo(call, ctx));
  return answers_write(call, ctx, request);
}

static sv_status full_duplex_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  SV_TRY(metadata_echo(call, ctx));
  for (;;) {
    const Grpc__Testing__StreamingOutputCallRequest *request = NULL;
    SV_TRY(output_read(call, ctx, &request));
    if (!request) {
      return SV_DONE;
    }
    SV_TRY(answers_write(call, ctx, request));
    rpc_call_recycle(call, ctx);
  }
}

/* Requests wait in the call's arena, whose cap bounds them. */
static sv_status half_duplex_call(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  struct waiting {
    const Grpc__Testing__StreamingOutputCallRequest *request;
    struct waiting *next;
  } *first = NULL, **last = &first;
  SV_TRY(metadata_echo(call, ctx));
  for (;;) {
    struct waiting *w = SV_NEW(ctx->mem, struct waiting);
    if (!w) {
      return SV_FAIL(ctx, NO_MEMORY, "requests");
    }
    SV_TRY(output_read(call, ctx, &w->request));
    if (!w->request) {
      break;
    }
    *last = w;
    last = &w->next;
  }
  for (const struct waiting *w = first; w; w = w->next) {
    SV_TRY(answers_write(call, ctx, w->request));
  }
  return SV_DONE;
}

#define METHOD(name, in, out, function, ...)                                                \
  {                                                                                         \
    .path = "/grpc.testing.TestService/" name, .input = &grpc__testing__##in##__descriptor, \
    .output = &grpc__testing__##out##__descriptor, .handle = (function), __VA_ARGS__        \
  }
static const struct rpc_method methods[] = {
    METHOD("EmptyCall", empty, empty, empty_call, .where = RPC_ON_LOOP),
    METHOD("UnaryCall", simple_request, simple_response, unary_call, .where = RPC_ON_WORKER),
    METHOD("StreamingOutputCall", streaming_output_call_request, streaming_output_call_response,
           streaming_output_call, .server_streaming = true),
    METHOD("StreamingInputCall", streaming_input_call_request, streaming_input_call_response,
           streaming_input_call, .client_streaming = true),
    METHOD("FullDuplexCall", streaming_output_call_request, streaming_output_call_response,
           full_duplex_call, .client_streaming = true, .server_streaming = true),
    METHOD("HalfDuplexCall", streaming_output_call_request, streaming_output_call_response,
           half_duplex_call, .client_streaming = true, .server_streaming = true),
};

/* --- life --- */

struct interop {
  struct loop *loop;
  struct rpc_server *server;
};

static void on_stopped(void *arg) {
  const struct interop *t = arg;
  loop_stop(t->loop);
}

static void on_term(void *arg) {
  struct interop *t = arg;
  rpc_server_stop(t->server, 0, RPC_SECOND_NS, on_stopped, t);
}

static int serve(struct sv_ctx *ctx, const struct rpc_server_config *config) {
  struct interop t = {.loop = NULL};
  struct workers *workers = NULL;
  const struct rpc_service service = {.name = "grpc.testing.TestService",
                                      .methods = methods,
                                      .method_n = sizeof methods / sizeof methods[0],
                                      .service = &t};
  bool ok = !sv_failed(loop_open(ctx, &t.loop)) &&
            !sv_failed(workers_open(ctx, t.loop, 8, 1000, &workers)) &&
            !sv_failed(rpc_server_open(ctx, t.loop, workers, config, &service, 1, &t.server)) &&
            !sv_failed(loop_on_signal(t.loop, ctx, SIGTERM, on_term, &t));
  if (ok) {
    (void)fprintf(stdout, "port %u\n", rpc_server_port(t.server));
    (void)fflush(stdout);
    loop_run(t.loop);
  } else {
    (void)fprintf(stderr, "%s: %s\n", sv_reason_name(ctx->fault.reason), ctx->detail);
  }
  workers_close(workers);
  rpc_server_close(t.server);
  loop_close(t.loop);
  return ok ? 0 : 1;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 4) {
    (void)fprintf(stderr, "usage: interop-server PORT [CERT KEY]\n");
    return 2;
  }
  const struct rpc_listen door = {.address = "127.0.0.1",
                                  .port = (uint16_t)strtoul(argv[1], NULL, 10),
                                  .certificate_path = argc == 4 ? argv[2] : NULL,
                                  .key_path = argc == 4 ? argv[3] : NULL};
  const struct rpc_server_config config = {
      .listen = &door,
      .listen_n = 1,
      .limits = rpc_limits_default(),
      .descriptor_set = sv_bytes_of(descriptor_set, sizeof descriptor_set)};
  (void)signal(SIGPIPE, SIG_IGN);
  sv_log_level_set(SV_LOG_WARN);
  struct sv_arena *mem = sv_arena_open((size_t)1 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  int rv = mem ? serve(&ctx, &config) : 1;
  sv_arena_close(mem);
  return rv;
}
