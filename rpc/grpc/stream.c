/* The life of a request.
 *
 *   HEADERS --a body for a page--> UNWANTED --its end--> ENDING
 *   HEADERS --on_request: checks--> BODY --start--> RUNNING --first message--> RESPONDING
 *      |                             |                |                            |
 *      `-----------------------------`--- answer -----`----------------------------`--> ENDING --closed--> freed
 *
 * Invariants: ENDING: the verdict is given, headers went to the session, what the client still sends is dropped and its
 * window given back. A verdict of the loop cancels the call, so that its handler stops. */
#include <stdlib.h>

#include "rpc/grpc/stream_struct.h"

static const bool stream_moves[ST_STATES][ST_STATES] = {
    [ST_HEADERS] = {[ST_UNWANTED] = true, [ST_BODY] = true, [ST_ENDING] = true},
    [ST_UNWANTED] = {[ST_ENDING] = true},
    [ST_BODY] = {[ST_RUNNING] = true, [ST_ENDING] = true},
    [ST_RUNNING] = {[ST_RESPONDING] = true, [ST_ENDING] = true},
    [ST_RESPONDING] = {[ST_ENDING] = true},
};

static void move(struct rpc_stream *st, enum stream_state to) {
  SV_ASSERT(stream_moves[st->state][to]);
  st->state = to;
}

/* --- answers --- */

static void credit_all(struct rpc_stream *st) {
  if (st->uncredited > 0) {
    h2_session_consume(st->c->session, st->id, st->uncredited);
    st->uncredited = 0;
  }
}

/* The verdict is there: send it, after what is queued. */
static void answer(struct rpc_stream *st) {
  bool ok = true;
  if (st->state == ST_RESPONDING) {
    h2_session_resume(st->c->session, st->id);
  } else {
    ok = answer_headers(st, !answer_is_bare(st));
  }
  if (!ok) {
    h2_session_reset(st->c->session, st->id, H2_INTERNAL_ERROR);
  }
  move(st, ST_ENDING);
  rpc_frame_reader_free(&st->reader);
  credit_all(st);
}

/* A verdict of the loop, without or before the handler's. */
static void refuse(struct rpc_stream *st, struct sv_ctx *ctx, sv_status status, bool own) {
  if (st->state != ST_ENDING) {
    if (own) {
      rpc_call_judge_own(st->call, ctx, status);
    } else {
      rpc_call_judge(st->call, ctx, status);
    }
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
    refuse((st), &refuse_ctx_, refuse_status_, false);                     \
  } while (0)

/* What is no call: an answer of plain HTTP, and nothing more. */
static void end_plain(struct rpc_stream *st, bool answered) {
  if (!answered) {
    h2_session_reset(st->c->session, st->id, H2_INTERNAL_ERROR);
  }
  move(st, ST_ENDING);
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
  bool early =
      st->call->method->server_streaming; /* a unary call's headers depend on its verdict */
  if (st->state == ST_RUNNING && !finished && early && rpc_call_has_begun(st->call)) {
    if (!answer_headers(st, true)) {
      h2_session_reset(st->c->session, st->id, H2_INTERNAL_ERROR);
    }
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
  if (rpc_call_unread(st->call) < st->c->host->limits.read_mark_bytes) {
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
  st->pace = (struct rpc_pace){0};
  if (call->method->where == RPC_ON_LOOP) {
    move(st, ST_RUNNING);
    rpc_call_run(call);
    look(st);
    return;
  }
  if (st->c->handlers >= st->c->host->limits.handler_max) {
    REFUSE(st, QUEUE_FULL, "%zu handlers of one connection in flight", st->c->handlers);
    return;
  }
  struct sv_ctx ctx = sv_ctx_over(NULL);
  const struct rpc_host *host = st->c->host;
  struct workers *pool = call->method->where == RPC_ON_WATCHER ? host->watchers : host->workers;
  call->job = (struct workers_job){.run = on_run,
                                   .done = on_done,
                                   .loop = host->loop,
                                   .may_wait = call->method->may_wait && pool == host->workers};
  rpc_call_hold(call);
  move(st, ST_RUNNING);
  rpc_connection_handler_started(st->c);
  sv_status s = workers_submit(pool, &ctx, &call->job);
  if (sv_failed(s)) {
    rpc_call_release(call);
    refuse(st, &ctx, s, false);
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
  call->types = c->host->types;
  call->plain_errors = c->host->plain_errors;
  *st = (struct rpc_stream){.c = c,
                            .id = id,
                            .call = call,
                            .heads.timeout = {{.ns = UINT64_MAX}, {.ns = UINT64_MAX}},
                            .reader = rpc_frame_reader_over(c->host->limits.message_max_bytes),
                            .next = c->streams};
  if (c->streams) {
    c->streams->previous = st;
  }
  c->streams = st;
  return st;
}

static void on_header(void *user, void *stream, struct sv_bytes name, struct sv_bytes value) {
  (void)user;
  request_header(stream, name, value);
}

sv_status deadline_timer_open(struct rpc_stream *st, struct sv_ctx *ctx, uint64_t timeout_ns) {
  SV_TRY(loop_timer_open(st->c->host->loop, ctx, on_deadline, st, &st->deadline));
  loop_timer_set(st->deadline, timeout_ns);
  return SV_DONE;
}

static void on_message(struct rpc_stream *st, struct rpc_frame frame);

static void call_begin(struct rpc_stream *st) {
  struct sv_ctx ctx = sv_ctx_over(NULL);
  bool own = false;
  sv_status s = request_check(st, &ctx, &own);
  if (sv_failed(s)) {
    refuse(st, &ctx, s, own);
    return;
  }
  move(st, ST_BODY);
  if (st->call->dialect.protocol == RPC_CONNECT_GET) { /* the query was the message */
    struct rpc_frame frame = rpc_frame_whole(&st->reader);
    frame.compressed = st->call->in_encoding == RPC_GZIP;
    on_message(st, frame);
  }
}

static void on_request(void *user, void *stream, bool too_large) {
  struct rpc_stream *st = stream;
  (void)user;
  if (st->state != ST_HEADERS) {
    return;
  }
  if (too_large) {
    end_plain(st, answer_refusal(st, "431"));
    return;
  }
  enum request_method method = st->heads.method;
  if (method == METHOD_OPTIONS && !st->heads.misdirected && !st->heads.two_hosts) {
    end_plain(st, answer_preflight(st));
    return;
  }
  if (st->page && !st->heads.misdirected && !st->heads.two_hosts &&
      (method == METHOD_GET || method == METHOD_HEAD)) {
    end_plain(st, answer_page(st));
    return;
  }
  st->refusal = request_refusal(st);
  if (st->refusal &&
      st->page) { /* as HTTP's own clients expect: after their body, if there is one */
    move(st, ST_UNWANTED);
    return;
  }
  if (st->refusal) {
    end_plain(st, answer_refusal(st, st->refusal));
    return;
  }
  call_begin(st);
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

static void on_step(struct rpc_stream *st, enum rpc_frame_step step) {
  switch (step) {
    case RPC_FRAME_MORE:
    case RPC_FRAME_READY:
      break;
    case RPC_FRAME_TOO_LARGE:
      REFUSE(st, MESSAGE_TOO_LARGE, "before it was buffered");
      break;
    case RPC_FRAME_BAD_FLAG:
      REFUSE(st, MESSAGE_MALFORMED, "unknown flag of a frame");
      break;
    case RPC_FRAME_NO_MEMORY:
      REFUSE(st, NO_MEMORY, "a message");
      break;
  }
}

static void frames_take(struct rpc_stream *st, struct sv_bytes bytes) {
  while (st->state != ST_ENDING && bytes.n > 0) {
    struct rpc_frame frame;
    enum rpc_frame_step step = rpc_frame_read(&st->reader, &bytes, &frame);
    if (step == RPC_FRAME_READY) {
      on_message(st, frame);
    } else {
      on_step(st, step);
    }
  }
}

static void text_take(struct rpc_stream *st, struct sv_bytes text) {
  enum { PART = 4096 };
  uint8_t bytes[3 * (PART / 4 + 1)];
  while (st->state != ST_ENDING && text.n > 0) {
    size_t part = text.n < PART ? text.n : PART, n;
    if (!rpc_web_text_read(&st->text, sv_bytes_of(text.p, part), bytes, &n)) {
      REFUSE(st, MESSAGE_MALFORMED, "not base64");
      return;
    }
    frames_take(st, sv_bytes_of(bytes, n));
    text = sv_bytes_of(text.p + part, text.n - part);
  }
}

static void body_take(struct rpc_stream *st, struct sv_bytes bytes) {
  switch (st->call->dialect.protocol) {
    case RPC_CONNECT:
      on_step(st, rpc_frame_append(&st->reader, bytes));
      break;
    case RPC_CONNECT_GET:
      REFUSE(st, MESSAGE_MALFORMED, "a body with GET");
      break;
    case RPC_GRPC_WEB_TEXT:
      text_take(st, bytes);
      break;
    default:
      frames_take(st, bytes);
      break;
  }
}

static void on_data(void *user, void *stream, struct sv_bytes bytes) {
  struct rpc_connection *c = user;
  struct rpc_stream *st = stream;
  st->uncredited += bytes.n;
  if (st->state == ST_UNWANTED) { /* within its time, whatever comes */
    credit_all(st);
    return;
  }
  st->pace.bytes += bytes.n;
  if (st->state != ST_ENDING) {
    body_take(st, bytes);
  }
  account(st);
  if (c->held > c->host->limits.held_max_bytes) {
    REFUSE(st, LIMIT_EXCEEDED, "unread messages of one connection");
    account(st);
  }
  if (st->state == ST_ENDING || rpc_call_unread(st->call) < st->c->host->limits.read_mark_bytes) {
    credit_all(st);
  }
}

static void on_end(void *user, void *stream) {
  struct rpc_stream *st = stream;
  (void)user;
  if (st->state == ST_ENDING) {
    return;
  }
  if (st->state == ST_UNWANTED) {
    end_plain(st, answer_refusal(st, st->refusal));
    return;
  }
  if (st->call->dialect.protocol == RPC_CONNECT) {
    struct rpc_frame frame = rpc_frame_whole(&st->reader);
    frame.compressed = st->call->in_encoding == RPC_GZIP && frame.n > 0;
    on_message(st, frame);
    if (st->state == ST_ENDING) {
      return;
    }
  }
  if (rpc_frame_partial(&st->reader) || rpc_web_text_partial(&st->text)) {
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
  free(st->page_body);
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
  if (st->page_body) {
    size_t left = st->page_n - st->page_at;
    n = n < left ? n : left;
    memcpy(bytes, st->page_body + st->page_at, n);
    st->page_at += n;
    *ret_end = st->page_at == st->page_n;
  } else {
    n = rpc_call_pull(st->call, bytes, n, ret_end);
  }
  st->pace.bytes += n;
  return n;
}

static size_t on_trailers(void *user, void *stream, struct h2_header h[static H2_TRAILERS_MAX]) {
  (void)user;
  return answer_trailers(stream, h);
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
  size_t streams = h2_session_streams(c->session); /* they share the link */
  size_t rate = limits->rate_min_bytes_s / (streams > 0 ? streams : 1);
  for (struct rpc_stream *st = c->streams; st; st = st->next) {
    bool asking = st->state == ST_UNWANTED || st->state == ST_BODY;
    bool answering =
        st->state == ST_ENDING || (st->state == ST_RESPONDING && rpc_call_has_output(st->call));
    uint64_t limit_ns = asking ? limits->message_ns : limits->stall_ns;
    if (!rpc_pace_late(&st->pace, asking || answering, limit_ns, rate, now_ns)) {
      continue;
    }
    if (answering) {
      rpc_call_cancel(st->call);
      h2_session_reset(c->session, st->id, H2_CANCEL);
    } else if (st->state == ST_UNWANTED) {
      end_plain(st, answer_refusal(st, st->refusal));
    } else {
      REFUSE(st, DEADLINE, "the request was not complete in its time");
    }
  }
}
