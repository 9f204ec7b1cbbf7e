/* The life of a request.
 *
 *   HEADERS --on_request: checks--> BODY --start--> RUNNING --first message--> RESPONDING
 *      |                             |                |                            |
 *      `-----------------------------`--- answer -----`----------------------------`--> ENDING --closed--> freed
 *
 * Invariants: ENDING: the verdict is given, headers went to the session, what the client still sends is dropped and its
 * window given back. A verdict of the loop cancels the call, so that its handler stops. */
#include "rpc/grpc/stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/grpc/header_text.h"

enum stream_state { ST_HEADERS, ST_BODY, ST_RUNNING, ST_RESPONDING, ST_ENDING, ST_STATES };

static const bool stream_moves[ST_STATES][ST_STATES] = {
    [ST_HEADERS] = {[ST_BODY] = true, [ST_ENDING] = true},
    [ST_BODY] = {[ST_RUNNING] = true, [ST_ENDING] = true},
    [ST_RUNNING] = {[ST_RESPONDING] = true, [ST_ENDING] = true},
    [ST_RESPONDING] = {[ST_ENDING] = true},
};

enum { CONTENT_TYPE_ROOM = 64, HEADERS_MAX = 4 + RPC_METADATA_MAX };

struct rpc_stream {
  struct rpc_connection *c;
  int32_t id;
  enum stream_state state;
  struct rpc_call *call;
  const struct rpc_route *route;
  bool post, path_seen;
  bool timeout_bad, encoding_unknown;
  char content_type[CONTENT_TYPE_ROOM]; /* "" when absent or too long to echo */
  bool content_type_ok;
  uint64_t timeout_ns; /* UINT64_MAX: none */
  struct rpc_frame_reader reader;
  size_t messages;
  size_t uncredited; /* data whose window was not given back */
  size_t held;       /* our part of the connection's held bytes */
  uint64_t progress_ns;
  struct loop_timer *deadline;
  struct rpc_stream *previous, *next;
};

static void move(struct rpc_stream *st, enum stream_state to) {
  SV_ASSERT(stream_moves[st->state][to]);
  st->state = to;
}

/* --- answers --- */

static size_t metadata_put(const struct rpc_metadata *m, struct h2_header *h) {
  for (size_t i = 0; i < m->n; i++) {
    const char *name = m->item[i].name;
    const char *value = m->item[i].value;
    h[i] = (struct h2_header){name, value, strlen(name), strlen(value)};
  }
  return m->n;
}

static size_t response_headers(const struct rpc_stream *st,
                               struct h2_header h[static HEADERS_MAX]) {
  size_t n = 0;
  h[n++] = H2_HEADER(":status", "200");
  h[n++] = H2_HEADER("content-type", st->content_type[0] ? st->content_type : "application/grpc");
  h[n++] = H2_HEADER("grpc-accept-encoding", "identity,gzip");
  if (st->call->out_encoding == RPC_GZIP) {
    h[n++] = H2_HEADER("grpc-encoding", "gzip");
  }
  n += metadata_put(&st->call->headers, h + n);
  return n;
}

static size_t trailers_of(struct rpc_stream *st, struct h2_header h[static H2_TRAILERS_MAX]) {
  static const char *const codes[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                      "9", "10", "11", "12", "13", "14", "15", "16"};
  const struct rpc_verdict *v = &st->call->verdict;
  size_t n = 0;
  h[n++] = H2_HEADER("grpc-status", codes[v->code]);
  if (v->message) {
    h[n++] = H2_HEADER("grpc-message", v->message);
  }
  if (v->details) {
    h[n++] = H2_HEADER("grpc-status-details-bin", v->details);
  }
  n += metadata_put(&st->call->trailers, h + n);
  return n;
}

static void credit_all(struct rpc_stream *st) {
  if (st->uncredited > 0) {
    h2_session_consume(st->c->session, st->id, st->uncredited);
    st->uncredited = 0;
  }
}

/* The verdict is there: send it, after what is queued. */
static void answer(struct rpc_stream *st) {
  bool headers_out = st->state == ST_RESPONDING;
  struct h2_header h[HEADERS_MAX + H2_TRAILERS_MAX];
  size_t n = 0;
  bool ok = true;
  if (headers_out) {
    h2_session_resume(st->c->session, st->id);
  } else if (st->call->verdict.code == SV_CODE_OK || rpc_call_has_output(st->call) ||
             st->call->headers.n > 0) {
    n = response_headers(st, h);
    ok = h2_session_respond(st->c->session, st->id, h, n, true);
  } else {
    n = response_headers(st, h);
    n += trailers_of(st, h + n);
    ok = h2_session_respond(st->c->session, st->id, h, n, false);
  }
  if (!ok) {
    h2_session_reset(st->c->session, st->id, H2_INTERNAL_ERROR);
  }
  move(st, ST_ENDING);
  rpc_frame_reader_free(&st->reader);
  credit_all(st);
}

/* A verdict of the loop, without or before the handler's. */
static void refuse(struct rpc_stream *st, struct sv_ctx *ctx, sv_status status) {
  if (st->state != ST_ENDING) {
    rpc_call_judge(st->call, ctx, status);
    rpc_call_cancel(st->call);
    if (rpc_call_finished(st->call)) { /* else the handler is just about to say so itself */
      answer(st);
    }
  }
}

#define REFUSE(st, reason, ...)                                            \
  do {                                                                     \
    struct sv_ctx refuse_ctx_ = sv_ctx_over(NULL);                         \
    sv_status refuse_status_ = SV_FAIL(&refuse_ctx_, reason, __VA_ARGS__); \
    refuse((st), &refuse_ctx_, refuse_status_);                            \
  } while (0)

/* Not gRPC: a bare HTTP status. */
static void refuse_http(struct rpc_stream *st, const char *code) {
  struct h2_header h[2] = {H2_HEADER(":status", code)};
  size_t n = 1;
  if (strcmp(code, "405") == 0) {
    h[n++] = H2_HEADER("allow", "POST");
  }
  (void)h2_session_respond(st->c->session, st->id, h, n, false);
  move(st, ST_ENDING);
  sv_log(SV_LOG_INFO, "refused", SV_LOG_TEXT("http", code));
}

/* --- the handler --- */

static void account(struct rpc_stream *st) {
  size_t now = st->state == ST_ENDING ? 0 : rpc_call_unread(st->call) + st->reader.frame.n;
  st->c->held = st->c->held - st->held + now;
  st->held = now;
}

/* Something was read or written by the handler, or the verdict is there. */
static void look(struct rpc_stream *st) {
  bool finished = rpc_call_finished(st->call);
  account(st);
  if (st->state == ST_RUNNING && !finished && rpc_call_has_output(st->call)) {
    struct h2_header h[HEADERS_MAX];
    size_t n = response_headers(st, h);
    if (!h2_session_respond(st->c->session, st->id, h, n, true)) {
      h2_session_reset(st->c->session, st->id, H2_INTERNAL_ERROR);
    }
    st->progress_ns = sv_monotonic_ns();
    move(st, ST_RESPONDING);
  } else if (st->state == ST_RUNNING || st->state == ST_RESPONDING) {
    if (finished) {
      answer(st);
    } else {
      h2_session_resume(st->c->session, st->id);
    }
  } else if (st->state == ST_ENDING) {
    h2_session_resume(st->c->session, st->id);
  }
  if (rpc_call_unread(st->call) < RPC_READ_MARK_BYTES) {
    credit_all(st);
  }
}

static void on_woken(void *user) {
  struct rpc_stream *st = user;
  struct rpc_connection *c = st->c;
  look(st);
  rpc_connection_pump(c);
}

static struct rpc_call *call_of(struct workers_job *job) {
  return (struct rpc_call *)(void *)((char *)job - offsetof(struct rpc_call, job));
}

static void on_run(struct workers_job *job) { rpc_call_run(call_of(job)); }

static void on_done(struct workers_job *job) {
  struct rpc_call *call = call_of(job);
  struct rpc_connection *c = call->connection;
  if (call->user) {
    on_woken(call->user);
  }
  rpc_call_release(call);
  rpc_connection_handler_done(c);
}

static void start(struct rpc_stream *st) {
  struct rpc_call *call = st->call;
  if (call->method->where == RPC_ON_LOOP) {
    move(st, ST_RUNNING);
    rpc_call_run(call);
    look(st);
    return;
  }
  if (st->c->handlers >= RPC_HANDLERS_MAX) {
    REFUSE(st, QUEUE_FULL, "%zu handlers of one connection in flight", st->c->handlers);
    return;
  }
  struct sv_ctx ctx = sv_ctx_over(NULL);
  const struct rpc_host *host = st->c->host;
  struct workers *pool = call->method->where == RPC_ON_WATCHER ? host->watchers : host->workers;
  call->job = (struct workers_job){
      .run = on_run, .done = on_done, .may_wait = call->method->may_wait && pool == host->workers};
  rpc_call_hold(call);
  move(st, ST_RUNNING);
  rpc_connection_handler_started(st->c);
  sv_status s = workers_submit(pool, &ctx, &call->job);
  if (sv_failed(s)) {
    rpc_call_release(call);
    refuse(st, &ctx, s);
    rpc_connection_handler_done(st->c);
  }
}

/* --- the request --- */

static void on_deadline(void *arg) {
  struct rpc_stream *st = arg;
  REFUSE(st, DEADLINE, "passed while the call was open");
  rpc_connection_pump(st->c);
}

static void *on_begin(void *user, int32_t id) {
  struct rpc_connection *c = user;
  struct rpc_stream *st = calloc(1, sizeof *st);
  struct rpc_call *call = st ? rpc_call_new(c->host->loop, &c->host->limits) : NULL;
  if (!call) {
    free(st);
    return NULL;
  }
  call->connection = c;
  call->woken = on_woken;
  call->user = st;
  *st = (struct rpc_stream){.c = c,
                            .id = id,
                            .call = call,
                            .timeout_ns = UINT64_MAX,
                            .reader = rpc_frame_reader_over(c->host->limits.message_max_bytes),
                            .progress_ns = call->start_ns,
                            .next = c->streams};
  if (c->streams) {
    c->streams->previous = st;
  }
  c->streams = st;
  return st;
}

static void metadata_keep(struct rpc_call *call, struct sv_bytes name, struct sv_bytes value) {
  char *p = realloc(call->metadata, call->metadata_n + name.n + value.n + 2);
  if (p) {
    call->metadata = p;
    p += call->metadata_n;
    memcpy(p, name.p, name.n);
    p[name.n] = '\0';
    memcpy(p + name.n + 1, value.p, value.n);
    p[name.n + 1 + value.n] = '\0';
    call->metadata_n += name.n + value.n + 2;
  }
}

static void content_type_take(struct rpc_stream *st, struct sv_bytes value) {
  st->content_type_ok = rpc_content_type_ok(value);
  if (value.n < CONTENT_TYPE_ROOM) {
    memcpy(st->content_type, value.p, value.n);
    st->content_type[value.n] = '\0';
  }
}

static void encoding_take(struct rpc_stream *st, struct sv_bytes value) {
  if (sv_bytes_equal(value, sv_bytes_str("gzip"))) {
    st->call->in_encoding = RPC_GZIP;
  } else if (!sv_bytes_equal(value, sv_bytes_str("identity"))) {
    st->encoding_unknown = true;
  }
}

static void on_header(void *user, void *stream, struct sv_bytes name, struct sv_bytes value) {
  struct rpc_connection *c = user;
  struct rpc_stream *st = stream;
#define IS(text) sv_bytes_equal(name, sv_bytes_of(text, sizeof(text) - 1))
  if (IS(":method")) {
    st->post = sv_bytes_equal(value, sv_bytes_str("POST"));
  } else if (IS(":path")) {
    st->route = rpc_routes_find(c->host->routes, value);
  } else if (IS("content-type")) {
    content_type_take(st, value);
  } else if (IS("grpc-timeout")) {
    st->timeout_bad = !rpc_timeout_parse(value, &st->timeout_ns);
  } else if (IS("grpc-encoding")) {
    encoding_take(st, value);
  } else if (IS("grpc-accept-encoding")) {
    st->call->accepts_gzip = rpc_list_has(value, "gzip");
  } else if (name.n > 0 && name.p[0] != ':' && memchr(value.p, 0, value.n) == NULL) {
    metadata_keep(st->call, name, value);
  }
#undef IS
}

static sv_status peer_take(struct rpc_stream *st, struct sv_ctx *ctx) {
  const struct tls_peer *peer = link_peer(st->c->link);
  struct rpc_call *call = st->call;
  bool health = strncmp(call->method->path, "/grpc.health.v1.", 16) == 0;
  if (peer->state == TLS_PEER_KNOWN && sv_wall_us() < peer->not_after_us) {
    memcpy(call->spiffe, peer->spiffe, sizeof call->spiffe);
    memcpy(call->peer.certificate_sha256, peer->certificate_sha256,
           sizeof call->peer.certificate_sha256);
    return SV_DONE;
  }
  if (peer->state != TLS_PEER_NONE && !health) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_INVALID, "not verified, expired, or without SPIFFE ID");
  }
  if (st->c->host->require_peer && !health) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_REQUIRED, "none was presented");
  }
  return SV_DONE;
}

static sv_status deadline_take(struct rpc_stream *st, struct sv_ctx *ctx) {
  const struct rpc_limits *limits = &st->c->host->limits;
  uint64_t timeout = st->timeout_ns;
  if (limits->deadline_max_ns && timeout > limits->deadline_max_ns &&
      !(st->call->method->server_streaming && timeout == UINT64_MAX)) {
    timeout = limits->deadline_max_ns;
  }
  if (timeout == UINT64_MAX) {
    return SV_DONE;
  }
  if (timeout == 0) {
    return SV_FAIL(ctx, DEADLINE, "had passed at the start");
  }
  uint64_t at;
  st->call->deadline_ns =
      __builtin_add_overflow(st->call->start_ns, timeout, &at) ? UINT64_MAX : at;
  if (st->call->method->where != RPC_ON_LOOP || st->call->method->server_streaming) {
    SV_TRY(loop_timer_open(st->c->host->loop, ctx, on_deadline, st, &st->deadline));
    loop_timer_set(st->deadline, timeout);
  }
  return SV_DONE;
}

static sv_status request_check(struct rpc_stream *st, struct sv_ctx *ctx) {
  if (!st->route) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "unknown path");
  }
  st->call->method = st->route->method;
  st->call->service = st->route->service;
  if (st->timeout_bad) {
    return SV_FAIL(ctx, HEADER_MALFORMED, "grpc-timeout");
  }
  if (st->encoding_unknown) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "grpc-encoding");
  }
  SV_TRY(peer_take(st, ctx));
  return deadline_take(st, ctx);
}

static void on_request(void *user, void *stream, bool too_large) {
  struct rpc_stream *st = stream;
  (void)user;
  if (st->state != ST_HEADERS) {
    return;
  }
  if (too_large) {
    refuse_http(st, "431");
  } else if (!st->post) {
    refuse_http(st, "405");
  } else if (!st->content_type_ok) {
    refuse_http(st, "415");
  } else {
    struct sv_ctx ctx = sv_ctx_over(NULL);
    sv_status s = request_check(st, &ctx);
    if (sv_failed(s)) {
      refuse(st, &ctx, s);
      return;
    }
    if (st->call->in_encoding == RPC_GZIP && st->call->accepts_gzip) {
      st->call->out_encoding = RPC_GZIP;
    }
    move(st, ST_BODY);
  }
}

static void on_message(struct rpc_stream *st, struct rpc_frame frame) {
  st->messages++;
  if (!st->call->method->client_streaming && st->messages > 1) {
    free(frame.bytes);
    REFUSE(st, UNIMPLEMENTED, "more than one message on a unary request");
  } else if (frame.compressed && st->call->in_encoding == RPC_IDENTITY) {
    free(frame.bytes);
    REFUSE(st, MESSAGE_MALFORMED, "compressed, without an encoding");
  } else if (!rpc_call_arrived(st->call, frame)) {
    REFUSE(st, NO_MEMORY, "a message");
  } else if (st->call->method->client_streaming && st->state == ST_BODY) {
    start(st);
  }
}

static void on_data(void *user, void *stream, struct sv_bytes bytes) {
  struct rpc_connection *c = user;
  struct rpc_stream *st = stream;
  st->uncredited += bytes.n;
  while (st->state != ST_ENDING && bytes.n > 0) {
    struct rpc_frame frame;
    enum rpc_frame_step step = rpc_frame_read(&st->reader, &bytes, &frame);
    switch (step) {
      case RPC_FRAME_MORE:
        break;
      case RPC_FRAME_READY:
        on_message(st, frame);
        break;
      case RPC_FRAME_TOO_LARGE:
        REFUSE(st, MESSAGE_TOO_LARGE, "by its prefix");
        break;
      case RPC_FRAME_BAD_FLAG:
        REFUSE(st, MESSAGE_MALFORMED, "unknown flag of a frame");
        break;
      case RPC_FRAME_NO_MEMORY:
        REFUSE(st, NO_MEMORY, "a message");
        break;
    }
  }
  account(st);
  if (c->held > RPC_CONNECTION_HELD_MAX_BYTES) {
    REFUSE(st, LIMIT_EXCEEDED, "unread messages of one connection");
    account(st);
  }
  if (st->state == ST_ENDING || rpc_call_unread(st->call) < RPC_READ_MARK_BYTES) {
    credit_all(st);
  }
}

static void on_end(void *user, void *stream) {
  struct rpc_stream *st = stream;
  (void)user;
  if (st->state == ST_ENDING) {
    return;
  }
  if (rpc_frame_partial(&st->reader)) {
    REFUSE(st, MESSAGE_MALFORMED, "the last message is cut");
    return;
  }
  if (!st->call->method->client_streaming && st->messages == 0) {
    REFUSE(st, UNIMPLEMENTED, "no message on a unary request");
    return;
  }
  rpc_call_half_closed(st->call);
  if (st->state == ST_BODY) {
    start(st);
  }
}

static void stream_free(struct rpc_stream *st) {
  struct rpc_connection *c = st->c;
  if (st->previous) {
    st->previous->next = st->next;
  } else {
    c->streams = st->next;
  }
  if (st->next) {
    st->next->previous = st->previous;
  }
  c->held -= st->held;
  st->call->user = NULL;
  rpc_call_cancel(st->call);
  if (st->state == ST_BODY) {
    struct sv_ctx ctx = sv_ctx_over(NULL);
    rpc_call_judge(st->call, &ctx, SV_FAIL(&ctx, CANCELLED, "the client left before its request"));
  }
  if (st->call->parked) {
    st->call->gone(st->call, st->call->gone_arg);
  }
  loop_timer_close(st->deadline);
  rpc_frame_reader_free(&st->reader);
  rpc_call_release(st->call);
  free(st);
}

static void on_closed(void *user, void *stream, uint32_t code) {
  struct rpc_connection *c = user;
  (void)code;
  stream_free(stream);
  c->busy_ns = sv_monotonic_ns();
}

static size_t on_pull(void *user, void *stream, uint8_t *bytes, size_t n, bool *ret_end) {
  struct rpc_stream *st = stream;
  (void)user;
  st->progress_ns = sv_monotonic_ns();
  return rpc_call_pull(st->call, bytes, n, ret_end);
}

static size_t on_trailers(void *user, void *stream, struct h2_header h[static H2_TRAILERS_MAX]) {
  (void)user;
  return trailers_of(stream, h);
}

static void on_pong(void *user) {
  struct rpc_connection *c = user;
  c->ping_ns = 0;
  if (c->phase == RPC_NOTICED) {
    c->noticed_ns = 0; /* the tick, or the next pump, says the rest */
  }
}

const struct h2_events rpc_stream_events = {
    .begin = on_begin,
    .header = on_header,
    .request = on_request,
    .data = on_data,
    .end = on_end,
    .closed = on_closed,
    .pull = on_pull,
    .trailers = on_trailers,
    .pong = on_pong,
};

void rpc_streams_drop(struct rpc_connection *c) {
  while (c->streams) {
    stream_free(c->streams);
  }
}

void rpc_streams_stop(struct rpc_connection *c) {
  for (struct rpc_stream *st = c->streams; st; st = st->next) {
    if (st->call->parked) {
      REFUSE(st, UNAVAILABLE, "the server stops");
    } else {
      rpc_call_stop(st->call);
    }
  }
}

void rpc_streams_tick(struct rpc_connection *c, uint64_t now_ns) {
  const struct rpc_limits *limits = &c->host->limits;
  for (struct rpc_stream *st = c->streams; st; st = st->next) {
    uint64_t waited = now_ns - st->progress_ns;
    bool answering =
        st->state == ST_ENDING || (st->state == ST_RESPONDING && rpc_call_has_output(st->call));
    if (answering && waited > limits->stall_ns) {
      rpc_call_cancel(st->call);
      h2_session_reset(c->session, st->id, H2_CANCEL);
    } else if (st->state == ST_BODY && waited > limits->message_ns) {
      REFUSE(st, DEADLINE, "the request was not complete in its time");
    }
  }
}
