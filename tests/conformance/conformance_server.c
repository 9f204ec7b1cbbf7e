/* The server under test of the Connect conformance suite: a ServerCompatRequest on standard input says what it has to be,
 * a ServerCompatResponse on standard output where it listens; each with four bytes of length before it. Serves until
 * SIGTERM. */
#include <connectrpc/conformance/v1/server_compat.pb-c.h>
#include <connectrpc/conformance/v1/service.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "rpc/server.h"

typedef Connectrpc__Conformance__V1__Header header_message;
typedef Connectrpc__Conformance__V1__Error error_message;
typedef Connectrpc__Conformance__V1__UnaryResponseDefinition unary_definition;
typedef Connectrpc__Conformance__V1__StreamResponseDefinition stream_definition;
typedef Connectrpc__Conformance__V1__ConformancePayload payload_message;
typedef Connectrpc__Conformance__V1__ConformancePayload__RequestInfo info_message;

static const uint8_t descriptor_set[] = {
#include "conformance_descriptor_set.inc"
};

#define TYPE(name) &connectrpc__conformance__v1__##name##__descriptor
#define URL "type.googleapis.com/"
enum { HEADERS_MAX = 100, REQUESTS_MAX = 1000, MESSAGE_MAX = 4 * 1024 * 1024 };

/* Generated structs lack const; they are only read. */
static char *lend(const char *text) {
  union {
    const char *in;
    char *out;
  } u = {.in = text};
  return u.out;
}

/* --- what was seen of the request --- */

/* The requests since the last answer. */
struct seen {
  size_t n;
  Google__Protobuf__Any *items[REQUESTS_MAX];
};

static sv_status seen_add(struct seen *s, struct sv_ctx *ctx, const char *type,
                          struct sv_bytes wire) {
  Google__Protobuf__Any *any = SV_NEW(ctx->mem, Google__Protobuf__Any);
  if (!any || s->n == REQUESTS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "requests");
  }
  google__protobuf__any__init(any);
  any->type_url = sv_arena_printf(ctx->mem, "%s%s", URL, type);
  any->value.len = wire.n;
  any->value.data = sv_arena_alloc(ctx->mem, wire.n);
  if (!any->type_url || !any->value.data) {
    return SV_FAIL(ctx, NO_MEMORY, "requests");
  }
  if (wire.n > 0) {
    memcpy(any->value.data, wire.p, wire.n);
  }
  s->items[s->n++] = any;
  return SV_DONE;
}

static header_message *header_named(struct sv_ctx *ctx, header_message **list, size_t *n,
                                    const char *name) {
  for (size_t i = 0; i < *n; i++) {
    if (strcmp(list[i]->name, name) == 0) {
      return list[i];
    }
  }
  header_message *h = *n < HEADERS_MAX ? SV_NEW(ctx->mem, header_message) : NULL;
  if (h) {
    connectrpc__conformance__v1__header__init(h);
    h->name = lend(name);
    h->value = SV_ARRAY(ctx->mem, HEADERS_MAX, char *);
    list[(*n)++] = h;
  }
  return h && h->value ? h : NULL;
}

static sv_status headers_fill(struct rpc_call *call, struct sv_ctx *ctx, info_message *info) {
  const char *at = NULL, *name, *value;
  info->request_headers = SV_ARRAY(ctx->mem, HEADERS_MAX, header_message *);
  while (info->request_headers && rpc_call_metadata_next(call, &at, &name, &value)) {
    header_message *h = header_named(ctx, info->request_headers, &info->n_request_headers, name);
    if (!h || h->n_value == HEADERS_MAX) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "headers");
    }
    h->value[h->n_value++] = lend(value);
  }
  return info->request_headers ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "headers");
}

/* "a=b&c=d", as it came: the suite compares what it sent without escapes. */
static sv_status query_fill(struct rpc_call *call, struct sv_ctx *ctx, info_message *info) {
  char *query = rpc_call_query(call) ? sv_arena_strdup(ctx->mem, rpc_call_query(call)) : NULL;
  if (!query) {
    return SV_DONE;
  }
  Connectrpc__Conformance__V1__ConformancePayload__ConnectGetInfo *get =
      SV_NEW(ctx->mem, Connectrpc__Conformance__V1__ConformancePayload__ConnectGetInfo);
  header_message **list = SV_ARRAY(ctx->mem, HEADERS_MAX, header_message *);
  if (!get || !list) {
    return SV_FAIL(ctx, NO_MEMORY, "query");
  }
  connectrpc__conformance__v1__conformance_payload__connect_get_info__init(get);
  get->query_params = list;
  char *rest = NULL;
  for (char *pair = strtok_r(query, "&", &rest); pair; pair = strtok_r(NULL, "&", &rest)) {
    char *value = strchr(pair, '=');
    if (!value) {
      continue;
    }
    *value++ = '\0';
    header_message *h = header_named(ctx, list, &get->n_query_params, pair);
    if (!h || h->n_value == HEADERS_MAX) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "query");
    }
    h->value[h->n_value++] = value;
  }
  info->connect_get_info = get;
  return SV_DONE;
}

static void requests_fill(struct seen *s, info_message *info) {
  info->requests = s->items;
  info->n_requests = s->n;
}

static sv_status info_fill(struct rpc_call *call, struct sv_ctx *ctx, struct seen *s,
                           info_message *info) {
  connectrpc__conformance__v1__conformance_payload__request_info__init(info);
  SV_TRY(headers_fill(call, ctx, info));
  SV_TRY(query_fill(call, ctx, info));
  requests_fill(s, info);
  if (ctx->deadline_ns) {
    uint64_t now_ns = sv_monotonic_ns();
    info->timeout_case =
        CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__REQUEST_INFO__TIMEOUT_TIMEOUT_MS;
    info->timeout_ms =
        ctx->deadline_ns > now_ns ? (int64_t)((ctx->deadline_ns - now_ns) / 1000000U) : 0;
  }
  return SV_DONE;
}

/* --- what is answered --- */

typedef sv_status (*metadata_adder)(struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                                    struct sv_bytes value);

static sv_status metadata_add(struct rpc_call *call, struct sv_ctx *ctx, metadata_adder add,
                              header_message **list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    char *name = sv_arena_strdup(ctx->mem, list[i]->name);
    for (char *p = name; p && *p; p++) {
      *p = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
    }
    for (size_t k = 0; name && k < list[i]->n_value; k++) {
      SV_TRY(add(call, ctx, name, sv_bytes_str(list[i]->value[k])));
    }
  }
  return SV_DONE;
}

/* The error asked for; info, when there is one, is its last detail. */
static sv_status error_give(struct rpc_call *call, struct sv_ctx *ctx, const error_message *e,
                            const info_message *info) {
  Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
  const char *text =
      e->text_case == CONNECTRPC__CONFORMANCE__V1__ERROR__TEXT_MESSAGE ? e->message : "";
  Google__Protobuf__Any last = GOOGLE__PROTOBUF__ANY__INIT;
  struct sv_bytes wire;
  status.code = (int32_t)e->code;
  status.message = lend(text);
  status.details = SV_ARRAY(ctx->mem, e->n_details + 1, Google__Protobuf__Any *);
  if (!status.details) {
    return SV_FAIL(ctx, NO_MEMORY, "details");
  }
  for (size_t i = 0; i < e->n_details; i++) {
    status.details[status.n_details++] = e->details[i];
  }
  if (info) {
    SV_TRY(rpc_pack(ctx, &info->base, &wire));
    last.type_url = lend(URL "connectrpc.conformance.v1.ConformancePayload.RequestInfo");
    last.value = (ProtobufCBinaryData){.len = wire.n, .data = (uint8_t *)(uintptr_t)wire.p};
    status.details[status.n_details++] = &last;
  }
  SV_TRY(rpc_pack(ctx, &status.base, &wire));
  enum sv_code code = e->code >= 1 && e->code <= 16 ? (enum sv_code)e->code : SV_CODE_UNKNOWN;
  return rpc_call_fail_with(call, ctx, code, text,
                            status.n_details > 0 ? wire : (struct sv_bytes){0});
}

/* All responses are { payload = 1 }. */
static sv_status payload_write(struct rpc_call *call, struct sv_ctx *ctx,
                               payload_message *payload) {
  Connectrpc__Conformance__V1__UnaryResponse response =
      CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE__INIT;
  struct sv_bytes wire;
  response.payload = payload;
  SV_TRY(rpc_pack(ctx, &response.base, &wire));
  return rpc_call_write(call, ctx, wire);
}

static sv_status delay(struct rpc_call *call, struct sv_ctx *ctx, uint32_t ms) {
  return ms > 0 ? rpc_call_pause(call, ctx, (uint64_t)ms * 1000000U) : SV_DONE;
}

static sv_status unary_answer(struct rpc_call *call, struct sv_ctx *ctx, struct seen *s,
                              const unary_definition *d) {
  info_message info;
  SV_TRY(info_fill(call, ctx, s, &info));
  payload_message payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
  payload.request_info = &info;
  if (d) {
    SV_TRY(metadata_add(call, ctx, rpc_call_header, d->response_headers, d->n_response_headers));
    SV_TRY(metadata_add(call, ctx, rpc_call_trailer, d->response_trailers, d->n_response_trailers));
    SV_TRY(delay(call, ctx, d->response_delay_ms));
    if (d->response_case ==
        CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_ERROR) {
      return error_give(call, ctx, d->error, &info);
    }
    if (d->response_case ==
        CONNECTRPC__CONFORMANCE__V1__UNARY_RESPONSE_DEFINITION__RESPONSE_RESPONSE_DATA) {
      payload.data = d->response_data;
    }
  }
  return payload_write(call, ctx, &payload);
}

/* --- methods --- */

/* The next request and its type's name among those seen. NULL after the last. */
static sv_status request_read(struct rpc_call *call, struct sv_ctx *ctx,
                              const ProtobufCMessageDescriptor *type, struct seen *s,
                              ProtobufCMessage **ret) {
  struct sv_bytes wire;
  bool end = false;
  *ret = NULL;
  SV_TRY(rpc_call_read(call, ctx, &wire, &end));
  if (end) {
    return SV_DONE;
  }
  SV_TRY(seen_add(s, ctx, type->name, wire));
  return rpc_unpack(ctx, type, wire, ret);
}

static struct seen *seen_new(struct sv_ctx *ctx) { return SV_NEW(ctx->mem, struct seen); }

/* UnaryRequest and IdempotentUnaryRequest are the same but for their names. */
static sv_status unary_of(struct rpc_call *call, struct sv_ctx *ctx,
                          const ProtobufCMessageDescriptor *type) {
  struct seen *s = seen_new(ctx);
  ProtobufCMessage *m = NULL;
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "request");
  }
  SV_TRY(request_read(call, ctx, type, s, &m));
  SV_TRY(rpc_unpack(ctx, TYPE(unary_request),
                    sv_bytes_of(s->items[0]->value.data, s->items[0]->value.len), &m));
  return unary_answer(
      call, ctx, s,
      ((const Connectrpc__Conformance__V1__UnaryRequest *)(void *)m)->response_definition);
}

static sv_status unary(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  return unary_of(call, ctx, TYPE(unary_request));
}

static sv_status idempotent_unary(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  (void)service;
  return unary_of(call, ctx, TYPE(idempotent_unary_request));
}

static sv_status client_stream(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct seen *s = seen_new(ctx);
  const unary_definition *definition = NULL;
  (void)service;
  for (ProtobufCMessage *m = NULL; s;) {
    SV_TRY(request_read(call, ctx, TYPE(client_stream_request), s, &m));
    if (!m) {
      return unary_answer(call, ctx, s, definition);
    }
    if (s->n == 1) {
      definition = ((const Connectrpc__Conformance__V1__ClientStreamRequest *)(void *)m)
                       ->response_definition;
    }
  }
  return SV_FAIL(ctx, NO_MEMORY, "requests");
}

/* A stream of answers as they are asked for. */
struct conversation {
  struct seen *seen;
  const stream_definition *definition; /* NULL: none was given */
  size_t sent;
};

static sv_status conversation_begin(struct rpc_call *call, struct sv_ctx *ctx,
                                    struct conversation *c, const stream_definition *d) {
  c->definition = d;
  if (d) {
    SV_TRY(metadata_add(call, ctx, rpc_call_header, d->response_headers, d->n_response_headers));
    SV_TRY(metadata_add(call, ctx, rpc_call_trailer, d->response_trailers, d->n_response_trailers));
  }
  return SV_DONE;
}

static size_t answers(const struct conversation *c) {
  return c->definition ? c->definition->n_response_data : 0;
}

/* The next answer. The first has all that is known of the request, later ones the requests since the last, if any. */
static sv_status answer_next(struct rpc_call *call, struct sv_ctx *ctx, struct conversation *c,
                             bool with_requests) {
  info_message info;
  payload_message payload = CONNECTRPC__CONFORMANCE__V1__CONFORMANCE_PAYLOAD__INIT;
  payload.data = c->definition->response_data[c->sent];
  if (c->sent == 0) {
    SV_TRY(info_fill(call, ctx, c->seen, &info));
    payload.request_info = &info;
  } else if (with_requests) {
    connectrpc__conformance__v1__conformance_payload__request_info__init(&info);
    requests_fill(c->seen, &info);
    payload.request_info = &info;
  }
  SV_TRY(delay(call, ctx, c->definition->response_delay_ms));
  SV_TRY(payload_write(call, ctx, &payload));
  c->sent++;
  c->seen->n = with_requests ? 0 : c->seen->n;
  return SV_DONE;
}

/* What is left to be answered, and the error. */
static sv_status conversation_end(struct rpc_call *call, struct sv_ctx *ctx,
                                  struct conversation *c) {
  if (answers(c) > 0) {
    rpc_call_headers_send(call);
  }
  while (c->sent < answers(c)) {
    SV_TRY(answer_next(call, ctx, c, false));
  }
  if (!c->definition || !c->definition->error) {
    return SV_DONE;
  }
  info_message info;
  SV_TRY(info_fill(call, ctx, c->seen, &info));
  return error_give(call, ctx, c->definition->error, c->sent == 0 ? &info : NULL);
}

static sv_status server_stream(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct conversation c = {.seen = seen_new(ctx)};
  ProtobufCMessage *m = NULL;
  (void)service;
  if (!c.seen) {
    return SV_FAIL(ctx, NO_MEMORY, "request");
  }
  SV_TRY(request_read(call, ctx, TYPE(server_stream_request), c.seen, &m));
  SV_TRY(conversation_begin(
      call, ctx, &c,
      ((const Connectrpc__Conformance__V1__ServerStreamRequest *)(void *)m)->response_definition));
  return conversation_end(call, ctx, &c);
}

static sv_status bidi_stream(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct conversation c = {.seen = seen_new(ctx)};
  bool full_duplex = false, first = true;
  (void)service;
  while (c.seen) {
    ProtobufCMessage *m = NULL;
    SV_TRY(request_read(call, ctx, TYPE(bidi_stream_request), c.seen, &m));
    if (!m) {
      return conversation_end(call, ctx, &c);
    }
    const Connectrpc__Conformance__V1__BidiStreamRequest *request =
        (const Connectrpc__Conformance__V1__BidiStreamRequest *)(void *)m;
    if (first) {
      first = false;
      full_duplex = request->full_duplex;
      SV_TRY(conversation_begin(call, ctx, &c, request->response_definition));
      if (full_duplex && answers(&c) > 0) {
        rpc_call_headers_send(call);
      }
    }
    if (full_duplex && c.sent >= answers(&c)) {
      return conversation_end(call, ctx, &c);
    }
    if (full_duplex) {
      SV_TRY(answer_next(call, ctx, &c, true));
    }
  }
  return SV_FAIL(ctx, NO_MEMORY, "requests");
}

#define METHOD(name, in, out, function, ...)                                          \
  {                                                                                   \
    .path = "/connectrpc.conformance.v1.ConformanceService/" name, .input = TYPE(in), \
    .output = TYPE(out), .handle = (function), __VA_ARGS__                            \
  }
static const struct rpc_method methods[] = {
    METHOD("Unary", unary_request, unary_response, unary, .where = RPC_ON_WORKER),
    METHOD("IdempotentUnary", idempotent_unary_request, idempotent_unary_response, idempotent_unary,
           .where = RPC_ON_WORKER),
    METHOD("ServerStream", server_stream_request, server_stream_response, server_stream,
           .server_streaming = true),
    METHOD("ClientStream", client_stream_request, client_stream_response, client_stream,
           .client_streaming = true),
    METHOD("BidiStream", bidi_stream_request, bidi_stream_response, bidi_stream,
           .client_streaming = true, .server_streaming = true),
};

/* --- life --- */

struct conformance {
  struct loop *loop;
  struct rpc_server *server;
  char folder[64]; /* of the certificates, which come as bytes */
};

static void on_stopped(void *arg) { loop_stop(((const struct conformance *)arg)->loop); }

static void on_term(void *arg) {
  struct conformance *c = arg;
  rpc_server_stop(c->server, 0, RPC_SECOND_NS, on_stopped, c);
}

static sv_status exactly(struct sv_ctx *ctx, uint8_t *p, size_t n) {
  return fread(p, 1, n, stdin) == n ? SV_DONE : SV_FAIL(ctx, IO, "standard input ends too soon");
}

static sv_status wish_read(struct sv_ctx *ctx,
                           const Connectrpc__Conformance__V1__ServerCompatRequest **ret) {
  uint8_t prefix[4];
  uint32_t n = 0;
  ProtobufCMessage *m = NULL;
  SV_TRY(exactly(ctx, prefix, sizeof prefix));
  struct sv_cursor c = sv_cursor_over(sv_bytes_of(prefix, sizeof prefix));
  uint8_t *p = sv_cursor_u32(&c, &n) && n < MESSAGE_MAX ? sv_arena_alloc(ctx->mem, n) : NULL;
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "a request of %u bytes", n);
  }
  SV_TRY(exactly(ctx, p, n));
  SV_TRY(rpc_unpack(ctx, TYPE(server_compat_request), sv_bytes_of(p, n), &m));
  *ret = (const Connectrpc__Conformance__V1__ServerCompatRequest *)(void *)m;
  return SV_DONE;
}

static sv_status place_tell(struct sv_ctx *ctx, uint16_t port, ProtobufCBinaryData certificate) {
  Connectrpc__Conformance__V1__ServerCompatResponse response =
      CONNECTRPC__CONFORMANCE__V1__SERVER_COMPAT_RESPONSE__INIT;
  struct sv_bytes wire;
  response.host = lend("127.0.0.1");
  response.port = port;
  response.pem_cert = certificate;
  SV_TRY(rpc_pack(ctx, &response.base, &wire));
  const uint8_t prefix[4] = {(uint8_t)(wire.n >> 24), (uint8_t)(wire.n >> 16),
                             (uint8_t)(wire.n >> 8), (uint8_t)wire.n};
  bool ok = fwrite(prefix, 1, sizeof prefix, stdout) == sizeof prefix &&
            fwrite(wire.p, 1, wire.n, stdout) == wire.n && fflush(stdout) == 0;
  return ok ? SV_DONE : SV_FAIL(ctx, IO, "standard output");
}

static sv_status file_put(struct sv_ctx *ctx, const char *folder, const char *name,
                          ProtobufCBinaryData bytes, const char **ret_path) {
  char *path = sv_arena_printf(ctx->mem, "%s/%s", folder, name);
  FILE *f = path ? fopen(path, "wex") : NULL;
  bool ok = f && fwrite(bytes.data, 1, bytes.len, f) == bytes.len;
  ok = (f && fclose(f) == 0) && ok;
  *ret_path = path;
  return ok ? SV_DONE : SV_FAIL(ctx, IO, "%s", name);
}

static sv_status files_put(struct sv_ctx *ctx, struct conformance *c,
                           const Connectrpc__Conformance__V1__ServerCompatRequest *wish,
                           struct rpc_listen *door) {
  const char *base = getenv("TMPDIR");
  (void)snprintf(c->folder, sizeof c->folder, "%s/conformance.XXXXXX", base ? base : "/tmp");
  if (!wish->use_tls) {
    c->folder[0] = '\0';
    return SV_DONE;
  }
  if (!wish->server_creds || !mkdtemp(c->folder)) {
    c->folder[0] = '\0';
    return SV_FAIL(ctx, CONFIG, "no certificate was given, or no folder for it");
  }
  SV_TRY(file_put(ctx, c->folder, "cert.pem", wish->server_creds->cert, &door->certificate_path));
  SV_TRY(file_put(ctx, c->folder, "key.pem", wish->server_creds->key, &door->key_path));
  if (wish->client_tls_cert.len > 0) {
    SV_TRY(file_put(ctx, c->folder, "ca.pem", wish->client_tls_cert, &door->client_ca_path));
    door->require_peer = door->any_peer = true;
  }
  return SV_DONE;
}

static void files_remove(const struct conformance *c, const struct rpc_listen *door) {
  const char *const paths[] = {door->certificate_path, door->key_path, door->client_ca_path};
  for (size_t i = 0; i < sizeof paths / sizeof(paths[0]); i++) {
    if (paths[i]) {
      (void)unlink(paths[i]);
    }
  }
  if (c->folder[0]) {
    (void)rmdir(c->folder);
  }
}

static sv_status serve(struct sv_ctx *ctx, struct conformance *c, struct workers **workers) {
  const Connectrpc__Conformance__V1__ServerCompatRequest *wish = NULL;
  struct rpc_listen door = {.address = "127.0.0.1"};
  const struct rpc_service service = {.name = "connectrpc.conformance.v1.ConformanceService",
                                      .methods = methods,
                                      .method_n = sizeof methods / sizeof methods[0]};
  struct rpc_server_config config = {
      .listen = &door,
      .listen_n = 1,
      .limits = rpc_limits_default(),
      .plain_errors = true,
      .descriptor_set = sv_bytes_of(descriptor_set, sizeof descriptor_set)};
  config.limits.deadline_max_ns = 0; /* what is echoed is what was asked for */
  SV_TRY(wish_read(ctx, &wish));
  if (wish->message_receive_limit > 0) {
    config.limits.message_max_bytes = wish->message_receive_limit;
  }
  SV_TRY(loop_open(ctx, &c->loop));
  SV_TRY(workers_open(ctx, c->loop, 64, 1000, workers));
  sv_status s = files_put(ctx, c, wish, &door);
  if (!sv_failed(s)) {
    s = rpc_server_open(ctx, c->loop, *workers, &config, &service, 1, &c->server);
  }
  files_remove(c, &door);
  SV_TRY(s);
  SV_TRY(loop_on_signal(c->loop, ctx, SIGTERM, on_term, c));
  SV_TRY(place_tell(ctx, rpc_server_port(c->server),
                    wish->use_tls ? wish->server_creds->cert : (ProtobufCBinaryData){0}));
  loop_run(c->loop);
  return SV_DONE;
}

int main(void) {
  struct conformance c = {.loop = NULL};
  struct workers *workers = NULL;
  (void)signal(SIGPIPE, SIG_IGN);
  sv_log_level_set(SV_LOG_ERROR);
  struct sv_arena *mem = sv_arena_open((size_t)16 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  sv_status s = mem ? serve(&ctx, &c, &workers) : SV_FAIL(&ctx, NO_MEMORY, "start");
  if (sv_failed(s)) {
    (void)fprintf(stderr, "%s: %s\n", sv_reason_name(s.reason), ctx.detail);
  }
  workers_close(workers);
  rpc_server_close(c.server);
  loop_close(c.loop);
  sv_arena_close(mem);
  return sv_failed(s) ? 1 : 0;
}
