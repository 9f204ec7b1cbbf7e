/* An nghttp2 client session, stepped: send what can be sent, read what is there, wait for either. Invariants: one stream
 * at a time; `call` is set while one runs; after a fault of the connection the session is thrown away, and the next call
 * connects anew. */
#include "rpc/client/client.h"

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "rpc/client/transport.h"
#include "rpc/grpc/frame.h"
#include "rpc/grpc/header_text.h"
#include "rpc/grpc/service.h"

enum { CLIENT_MESSAGE_MAX = 64 * 1024 * 1024, CLIENT_WINDOW = 4 * 1024 * 1024 };

struct client_call {
  struct sv_ctx *ctx;
  rpc_client_source *source;
  rpc_client_sink *sink;
  void *user;
  int32_t id;
  /* the message being sent */
  uint8_t prefix[RPC_PREFIX_BYTES];
  size_t prefix_sent;
  struct sv_bytes sending;
  bool sending_some;
  /* what comes back */
  struct rpc_frame_reader reader;
  int http_status;
  int grpc_status; /* -1: not yet */
  const char *message;
  struct sv_bytes details;
  bool closed;
  uint32_t close_code;
  sv_status fault;
};

struct rpc_client {
  struct transport_config config;
  unsigned retries;
  size_t message_max;
  struct transport *transport;
  nghttp2_session *session;
  struct sv_bytes out; /* of the session, not yet sent */
  struct client_call *call;
};

/* --- what the session asks and tells --- */

static ssize_t on_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
                       nghttp2_data_source *source, void *user) {
  struct client_call *call = ((struct rpc_client *)user)->call;
  (void)ng;
  (void)source;
  size_t n = 0;
  if (!call || call->id != id) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  while (n < room) {
    if (!call->sending_some) {
      if (!call->source(call->user, &call->sending)) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        break;
      }
      call->sending_some = true;
      call->prefix_sent = 0;
      rpc_frame_prefix(call->prefix, false, (uint32_t)call->sending.n);
    }
    size_t part = RPC_PREFIX_BYTES - call->prefix_sent;
    part = part < room - n ? part : room - n;
    memcpy(buf + n, call->prefix + call->prefix_sent, part);
    call->prefix_sent += part;
    n += part;
    part = call->sending.n < room - n ? call->sending.n : room - n;
    if (part > 0) {
      memcpy(buf + n, call->sending.p, part);
      call->sending.p += part;
      call->sending.n -= part;
      n += part;
    }
    call->sending_some = call->sending.n > 0 || call->prefix_sent < RPC_PREFIX_BYTES;
  }
  return (ssize_t)n;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
                     void *user) {
  struct client_call *call = ((struct rpc_client *)user)->call;
  (void)ng;
  (void)flags;
  if (!call || frame->hd.stream_id != call->id) {
    return 0;
  }
  struct sv_bytes n = sv_bytes_of(name, name_n), v = sv_bytes_of(value, value_n);
  char number[8] = "";
  memcpy(number, value, value_n < sizeof number ? value_n : sizeof number - 1);
  if (sv_bytes_equal(n, sv_bytes_str(":status"))) {
    call->http_status = (int)strtol(number, NULL, 10);
  } else if (sv_bytes_equal(n, sv_bytes_str("grpc-status"))) {
    char *end = number;
    long code = strtol(number, &end, 10);
    call->grpc_status =
        end != number && *end == '\0' && code >= 0 && code <= 16 ? (int)code : SV_CODE_UNKNOWN;
  } else if (sv_bytes_equal(n, sv_bytes_str("grpc-message"))) {
    char *text = sv_arena_alloc(call->ctx->mem, v.n + 1);
    if (text) {
      (void)rpc_percent_decode(v, text);
      call->message = text;
    }
  } else if (sv_bytes_equal(n, sv_bytes_str("grpc-status-details-bin"))) {
    (void)rpc_bin_decode(call->ctx->mem, v, &call->details);
  }
  return 0;
}

static sv_status data_take(struct client_call *call, struct sv_bytes bytes) {
  while (bytes.n > 0) {
    struct rpc_frame frame;
    switch (rpc_frame_read(&call->reader, &bytes, &frame)) {
      case RPC_FRAME_MORE:
        return SV_DONE;
      case RPC_FRAME_READY: {
        sv_status s = frame.compressed
                          ? SV_FAIL(call->ctx, MESSAGE_MALFORMED, "an answer in an encoding")
                          : call->sink(call->user, call->ctx, sv_bytes_of(frame.bytes, frame.n));
        free(frame.bytes);
        SV_TRY(s);
        break;
      }
      case RPC_FRAME_TOO_LARGE:
        return SV_FAIL(call->ctx, MESSAGE_TOO_LARGE, "an answer over %zu bytes", call->reader.max);
      case RPC_FRAME_BAD_FLAG:
        return SV_FAIL(call->ctx, MESSAGE_MALFORMED, "an answer's frame");
      case RPC_FRAME_NO_MEMORY:
        return SV_FAIL(call->ctx, NO_MEMORY, "an answer");
    }
  }
  return SV_DONE;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes, size_t n,
                   void *user) {
  struct client_call *call = ((struct rpc_client *)user)->call;
  (void)ng;
  (void)flags;
  if (call && call->id == id && call->http_status == 200 && !sv_failed(call->fault)) {
    call->fault = data_take(call, sv_bytes_of(bytes, n));
  }
  return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user) {
  struct client_call *call = ((struct rpc_client *)user)->call;
  (void)ng;
  if (call && call->id == id) {
    call->closed = true;
    call->close_code = code;
  }
  return 0;
}

/* --- the connection --- */

static void disconnect(struct rpc_client *client) {
  nghttp2_session_del(SV_TAKE(client->session));
  transport_close(SV_TAKE(client->transport));
  client->out = (struct sv_bytes){0};
}

static int session_new(struct rpc_client *client) {
  nghttp2_session_callbacks *cb = NULL;
  nghttp2_option *opt = NULL;
  if (nghttp2_session_callbacks_new(&cb) != 0 || nghttp2_option_new(&opt) != 0) {
    nghttp2_session_callbacks_del(cb);
    return NGHTTP2_ERR_NOMEM;
  }
  nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
  nghttp2_option_set_no_closed_streams(opt, 1);
  int rv = nghttp2_session_client_new2(&client->session, cb, client, opt);
  nghttp2_option_del(opt);
  nghttp2_session_callbacks_del(cb);
  static const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, CLIENT_WINDOW},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, 16384},
  };
  if (rv == 0) {
    rv = nghttp2_submit_settings(client->session, NGHTTP2_FLAG_NONE, settings,
                                 sizeof settings / sizeof settings[0]);
  }
  if (rv == 0) {
    rv =
        nghttp2_session_set_local_window_size(client->session, NGHTTP2_FLAG_NONE, 0, CLIENT_WINDOW);
  }
  return rv;
}

/* Sends and reads what goes without waiting. */
static sv_status move_bytes(struct rpc_client *client, struct sv_ctx *ctx, bool *ret_moved) {
  size_t n = 0;
  *ret_moved = false;
  if (client->out.n == 0) {
    const uint8_t *p = NULL;
    ssize_t out_n = nghttp2_session_mem_send(client->session, &p);
    if (out_n < 0) {
      return SV_FAIL(ctx, UNREACHABLE, "HTTP/2: %s", nghttp2_strerror((int)out_n));
    }
    client->out = sv_bytes_of(p, (size_t)out_n);
  }
  SV_TRY(transport_send(client->transport, ctx, client->out, &n));
  client->out.p += n;
  client->out.n -= n;
  *ret_moved = n > 0;
  uint8_t in[16384];
  SV_TRY(transport_receive(client->transport, ctx, in, sizeof in, &n));
  if (n > 0) {
    *ret_moved = true;
    ssize_t rv = nghttp2_session_mem_recv(client->session, in, n);
    if (rv < 0) {
      return SV_FAIL(ctx, UNREACHABLE, "HTTP/2: %s", nghttp2_strerror((int)rv));
    }
  }
  return SV_DONE;
}

static sv_status connect_when_needed(struct rpc_client *client, struct sv_ctx *ctx) {
  if (client->session) {
    /* hears of a GOAWAY or an end that came while nobody listened */
    struct sv_ctx quiet = sv_ctx_over(ctx->mem);
    bool moved = true;
    sv_status s = SV_DONE;
    while (moved && !sv_failed(s)) {
      s = move_bytes(client, &quiet, &moved);
    }
    if (!sv_failed(s) && nghttp2_session_check_request_allowed(client->session)) {
      return SV_DONE;
    }
  }
  disconnect(client);
  SV_TRY(transport_open(ctx, &client->config, &client->transport));
  if (session_new(client) != 0) {
    disconnect(client);
    return SV_FAIL(ctx, NO_MEMORY, "HTTP/2 session");
  }
  return SV_DONE;
}

static sv_status step(struct rpc_client *client, struct sv_ctx *ctx) {
  bool moved = false;
  SV_TRY(sv_ctx_alive(ctx));
  SV_TRY(move_bytes(client, ctx, &moved));
  if (!moved && !client->call->closed) {
    SV_TRY(transport_wait(client->transport, ctx, client->out.n > 0));
  }
  return SV_DONE;
}

/* --- a call --- */

static nghttp2_nv nv(const char *name, const char *value) {
  union {
    const char *in;
    uint8_t *out;
  } n = {.in = name}, v = {.in = value};
  return (nghttp2_nv){.name = n.out,
                      .value = v.out,
                      .namelen = strlen(name),
                      .valuelen = strlen(value),
                      .flags = NGHTTP2_NV_FLAG_NONE};
}

static sv_status submit(struct rpc_client *client, struct client_call *call, const char *path,
                        uint64_t timeout_ns) {
  char authority[300], timeout[10] = "";
  (void)snprintf(authority, sizeof authority, "%s:%u",
                 client->config.server_name ? client->config.server_name : client->config.host,
                 client->config.port);
  nghttp2_nv headers[] = {
      nv(":method", "POST"),
      nv(":scheme", client->config.ca_path ? "https" : "http"),
      nv(":path", path),
      nv(":authority", authority),
      nv("te", "trailers"),
      nv("content-type", "application/grpc"),
      nv("user-agent", "salvo/0.1"),
      nv("grpc-timeout", timeout),
  };
  size_t n = sizeof headers / sizeof headers[0];
  if (timeout_ns > 0) {
    rpc_timeout_format(timeout_ns, timeout);
    headers[n - 1] = nv("grpc-timeout", timeout);
  } else {
    n--;
  }
  nghttp2_data_provider body = {.read_callback = on_body};
  int32_t id = nghttp2_submit_request(client->session, NULL, headers, n, &body, NULL);
  if (id < 0) {
    return SV_FAIL(call->ctx, UNREACHABLE, "HTTP/2: %s", nghttp2_strerror(id));
  }
  call->id = id;
  return SV_DONE;
}

static enum sv_code code_of_http(int status) {
  switch (status) {
    case 400:
      return SV_CODE_INTERNAL;
    case 401:
      return SV_CODE_UNAUTHENTICATED;
    case 403:
      return SV_CODE_PERMISSION_DENIED;
    case 404:
      return SV_CODE_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return SV_CODE_UNAVAILABLE;
    default:
      return SV_CODE_UNKNOWN;
  }
}

static bool any_is(const Google__Protobuf__Any *any, const char *name) {
  const char *slash = strrchr(any->type_url, '/');
  return slash && strcmp(slash + 1, name) == 0;
}

static void violations_take(struct sv_ctx *ctx, const Google__Rpc__BadRequest *bad,
                            struct rpc_result *r) {
  struct sv_violation *list = SV_ARRAY(ctx->mem, bad->n_field_violations, struct sv_violation);
  for (size_t i = 0; list && i < bad->n_field_violations; i++) {
    list[i] = (struct sv_violation){.path = bad->field_violations[i]->field,
                                    .message = bad->field_violations[i]->description};
  }
  r->violations = list;
  r->violation_n = list ? bad->n_field_violations : 0;
}

/* What can't be read is left out: the code and the message stand without it. */
static void details_take(struct sv_ctx *caller, struct sv_bytes details, struct rpc_result *r) {
  struct sv_ctx ctx = sv_ctx_over(caller->mem);
  ProtobufCMessage *m = NULL;
  if (details.n == 0 ||
      sv_failed(rpc_unpack(&ctx, &google__rpc__status__descriptor, details, &m))) {
    return;
  }
  r->details = details;
  const Google__Rpc__Status *status = (const Google__Rpc__Status *)(void *)m;
  for (size_t i = 0; i < status->n_details; i++) {
    const Google__Protobuf__Any *any = status->details[i];
    struct sv_bytes value = sv_bytes_of(any->value.data, any->value.len);
    if (any_is(any, "google.rpc.ErrorInfo") &&
        !sv_failed(rpc_unpack(&ctx, &google__rpc__error_info__descriptor, value, &m))) {
      r->reason = ((const Google__Rpc__ErrorInfo *)(void *)m)->reason;
    } else if (any_is(any, "google.rpc.BadRequest") &&
               !sv_failed(rpc_unpack(&ctx, &google__rpc__bad_request__descriptor, value, &m))) {
      violations_take(&ctx, (const Google__Rpc__BadRequest *)(void *)m, r);
    } else if (any_is(any, "google.rpc.RetryInfo") &&
               !sv_failed(rpc_unpack(&ctx, &google__rpc__retry_info__descriptor, value, &m))) {
      const Google__Protobuf__Duration *d =
          ((const Google__Rpc__RetryInfo *)(void *)m)->retry_delay;
      bool sane = d && d->seconds >= 0 && d->seconds < 86400 && d->nanos >= 0;
      r->retry_after_ms = sane ? (uint32_t)(d->seconds * 1000 + d->nanos / 1000000) : 0;
    }
  }
}

void rpc_result_of_status(struct sv_ctx *ctx, struct sv_bytes status, struct rpc_result *ret) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  ProtobufCMessage *m = NULL;
  *ret = (struct rpc_result){.code = SV_CODE_UNKNOWN, .message = "", .reason = ""};
  if (sv_failed(rpc_unpack(&aside, &google__rpc__status__descriptor, status, &m))) {
    return;
  }
  const Google__Rpc__Status *s = (const Google__Rpc__Status *)(void *)m;
  ret->code = s->code > 0 && s->code <= 16 ? (enum sv_code)s->code : SV_CODE_UNKNOWN;
  ret->message = s->message;
  details_take(ctx, status, ret);
}

static sv_status result_of(struct client_call *call, struct rpc_result *r) {
  *r = (struct rpc_result){.message = "", .reason = ""};
  if (call->grpc_status < 0 && call->http_status == 0) {
    return SV_FAIL(call->ctx, UNREACHABLE, "the server dropped the call: %s",
                   nghttp2_http2_strerror(call->close_code));
  }
  if (call->grpc_status < 0 && call->http_status == 200) {
    return SV_FAIL(call->ctx, UNREACHABLE, "the answer broke off: %s",
                   nghttp2_http2_strerror(call->close_code));
  }
  r->code =
      call->grpc_status >= 0 ? (enum sv_code)call->grpc_status : code_of_http(call->http_status);
  if (call->message) {
    r->message = call->message;
  }
  details_take(call->ctx, call->details, r);
  return SV_DONE;
}

static sv_status run(struct rpc_client *client, struct client_call *call, const char *path,
                     uint64_t timeout_ns) {
  SV_TRY(connect_when_needed(client, call->ctx));
  client->call = call;
  SV_TRY(submit(client, call, path, timeout_ns));
  while (!call->closed && !sv_failed(call->fault)) {
    SV_TRY(step(client, call->ctx));
  }
  return call->fault;
}

static sv_status exchange(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                          uint64_t timeout_ns, rpc_client_source *source, rpc_client_sink *sink,
                          void *user, struct rpc_result *ret_result) {
  struct client_call call = {.ctx = ctx,
                             .source = source,
                             .sink = sink,
                             .user = user,
                             .grpc_status = -1,
                             .reader = rpc_frame_reader_over(client->message_max)};
  uint64_t before = ctx->deadline_ns;
  if (timeout_ns > 0) {
    uint64_t at = sv_monotonic_ns() + timeout_ns;
    ctx->deadline_ns = before && before < at ? before : at;
  }
  sv_status s = run(client, &call, path, timeout_ns);
  /* an answer that came before the connection broke counts */
  if (sv_failed(s) && s.reason == SV_UNREACHABLE && call.grpc_status >= 0) {
    sv_ctx_clear(ctx);
    s = SV_DONE;
    disconnect(client);
  }
  client->call = NULL;
  ctx->deadline_ns = before;
  bool partial = rpc_frame_partial(&call.reader);
  rpc_frame_reader_free(&call.reader);
  if (sv_failed(s)) {
    disconnect(client); /* the stream may be open still */
    return s;
  }
  struct rpc_result result;
  SV_TRY(result_of(&call, &result));
  if (partial && result.code == SV_CODE_OK) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "the last message of the answer is cut");
  }
  *ret_result = result;
  return SV_DONE;
}

/* --- the four shapes --- */

struct adapter {
  struct sv_bytes request; /* one, for those who have one */
  bool sent;
  rpc_client_source *source;
  rpc_client_sink *sink;
  void *user;
  struct sv_bytes response;
  size_t responses;
};

static bool one_source(void *user, struct sv_bytes *ret_message) {
  struct adapter *a = user;
  if (a->sent) {
    return false;
  }
  a->sent = true;
  *ret_message = a->request;
  return true;
}

static bool user_source(void *user, struct sv_bytes *ret_message) {
  const struct adapter *a = user;
  return a->source(a->user, ret_message);
}

static sv_status one_sink(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  struct adapter *a = user;
  uint8_t *copy = sv_arena_alloc(ctx->mem, message.n);
  if (!copy) {
    return SV_FAIL(ctx, NO_MEMORY, "an answer of %zu bytes", message.n);
  }
  if (message.n > 0) {
    memcpy(copy, message.p, message.n);
  }
  a->response = sv_bytes_of(copy, message.n);
  a->responses++;
  return SV_DONE;
}

static sv_status user_sink(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  const struct adapter *a = user;
  return a->sink(a->user, ctx, message);
}

static sv_status exchange_one(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                              uint64_t timeout_ns, rpc_client_source *source, struct adapter *a,
                              struct rpc_result *ret_result) {
  struct rpc_result result;
  SV_TRY(exchange(client, ctx, path, timeout_ns, source, one_sink, a, &result));
  if (result.code == SV_CODE_OK && a->responses != 1) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "%zu answers in place of one", a->responses);
  }
  result.response = a->response;
  *ret_result = result;
  return SV_DONE;
}

/* Doubled at each attempt, less up to a half by the bits of a clock: clients of one outage must not come back as one. */
static uint64_t backoff_ns(unsigned attempt, uint32_t retry_after_ms) {
  const uint64_t first_ns = 100000000, max_ns = 5000000000;
  uint64_t ns = attempt < 6 ? first_ns << attempt : max_ns;
  ns = ns < max_ns ? ns : max_ns;
  ns -= ns / 2 * (sv_monotonic_ns() / 64 % 1000) / 1000;
  uint64_t asked_ns = (uint64_t)retry_after_ms * 1000000U;
  return asked_ns > ns ? asked_ns : ns;
}

sv_status rpc_client_unary(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                           struct sv_bytes request, uint64_t timeout_ns,
                           struct rpc_result *ret_result) {
  uint64_t start_ns = sv_monotonic_ns(), left_ns = timeout_ns;
  for (unsigned attempt = 0;; attempt++) {
    struct adapter a = {.request = request};
    struct rpc_result result = {.code = SV_CODE_UNAVAILABLE};
    sv_status s = exchange_one(client, ctx, path, left_ns, one_source, &a, &result);
    bool again =
        s.reason == SV_UNREACHABLE || (!sv_failed(s) && result.code == SV_CODE_UNAVAILABLE);
    uint64_t wait_ns = backoff_ns(attempt, result.retry_after_ms);
    uint64_t passed_ns = sv_monotonic_ns() - start_ns;
    if (!again || attempt >= client->retries ||
        (timeout_ns > 0 && passed_ns + wait_ns >= timeout_ns)) {
      SV_TRY(s);
      *ret_result = result;
      return SV_DONE;
    }
    sv_ctx_clear(ctx);
    const struct timespec nap = {.tv_sec = (time_t)(wait_ns / 1000000000U),
                                 .tv_nsec = (long)(wait_ns % 1000000000U)};
    (void)nanosleep(&nap, NULL);
    left_ns = timeout_ns > 0 ? timeout_ns - (sv_monotonic_ns() - start_ns) : 0;
    if (left_ns > timeout_ns) { /* the nap was longer than asked for */
      left_ns = 1;
    }
  }
}

sv_status rpc_client_client_stream(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                                   rpc_client_source *source, void *user, uint64_t timeout_ns,
                                   struct rpc_result *ret_result) {
  struct adapter a = {.source = source, .user = user};
  return exchange_one(client, ctx, path, timeout_ns, user_source, &a, ret_result);
}

sv_status rpc_client_server_stream(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                                   struct sv_bytes request, uint64_t timeout_ns,
                                   rpc_client_sink *sink, void *user,
                                   struct rpc_result *ret_result) {
  struct adapter a = {.request = request, .sink = sink, .user = user};
  return exchange(client, ctx, path, timeout_ns, one_source, user_sink, &a, ret_result);
}

sv_status rpc_client_bidi(struct rpc_client *client, struct sv_ctx *ctx, const char *path,
                          rpc_client_source *source, rpc_client_sink *sink, void *user,
                          uint64_t timeout_ns, struct rpc_result *ret_result) {
  struct adapter a = {.source = source, .sink = sink, .user = user};
  return exchange(client, ctx, path, timeout_ns, user_source, user_sink, &a, ret_result);
}

/* --- opening --- */

void rpc_client_close(struct rpc_client *client) {
  if (client) {
    disconnect(client);
    free(client);
  }
}

/* Copies behind the struct, so that one free ends all. */
static const char *copy_text(char **at, const char *text) {
  if (!text) {
    return NULL;
  }
  size_t n = strlen(text) + 1;
  char *copy = memcpy(*at, text, n);
  *at += n;
  return copy;
}

static size_t text_room(const char *text) { return text ? strlen(text) + 1 : 0; }

sv_status rpc_client_open(struct sv_ctx *ctx, const struct rpc_client_config *config,
                          struct rpc_client **ret_client) {
  size_t room = text_room(config->host) + text_room(config->ca_path) +
                text_room(config->certificate_path) + text_room(config->key_path) +
                text_room(config->server_name);
  struct rpc_client *client = calloc(1, sizeof *client + room);
  if (!client) {
    return SV_FAIL(ctx, NO_MEMORY, "client");
  }
  char *at = (char *)(client + 1);
  client->config = (struct transport_config){
      .host = copy_text(&at, config->host),
      .port = config->port,
      .ca_path = copy_text(&at, config->ca_path),
      .certificate_path = copy_text(&at, config->certificate_path),
      .key_path = copy_text(&at, config->key_path),
      .server_name = copy_text(&at, config->server_name),
  };
  client->retries = config->retries;
  client->message_max = config->message_max_bytes ? config->message_max_bytes : CLIENT_MESSAGE_MAX;
  *ret_client = client;
  return SV_DONE;
}
