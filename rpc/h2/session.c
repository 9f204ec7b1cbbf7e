/* nghttp2 behind events. Invariants:
 *  1. a stream's user pointer is set from begin to closed, and closed is told at most once: not when the session goes first;
 *  2. once `dying`, no event is told but closed;
 *  3. the connection's window is given back as bytes arrive, a stream's when its bytes were dealt with. */
#include "rpc/h2/session.h"

#include <nghttp2/nghttp2.h>
#include <stdlib.h>

#include "rpc/h2/budget.h"

struct h2_session {
  nghttp2_session *ng;
  const struct h2_events *events;
  void *user;
  const struct rpc_limits *limits;
  struct h2_budget budget;
  uint64_t now_ns; /* of the feed in hand */
  uint64_t headers_since_ns;
  size_t headers_bytes, headers_count;
  bool headers_too_large;
  bool ping_after_notice; /* the library sends PINGs first: ours has to be behind the GOAWAY */
  bool greeted;
  bool dying;
  size_t streams;
};

static void spend(struct h2_session *s, size_t cost, const char *word) {
  if (!s->dying && !h2_budget_spend(&s->budget, cost, s->now_ns)) {
    h2_session_abort(s, H2_ENHANCE_YOUR_CALM, word);
  }
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *user) {
  struct h2_session *s = user;
  const struct rpc_budget *cost = s->budget.rule;
  (void)ng;
  if (hd->type != NGHTTP2_CONTINUATION) {
    s->headers_since_ns = 0;
  }
  switch (hd->type) {
    case NGHTTP2_CONTINUATION:
      spend(s, cost->continuation, "too_many_continuations");
      break;
    case NGHTTP2_SETTINGS:
      spend(s, hd->flags & NGHTTP2_FLAG_ACK ? 0 : cost->settings, "too_many_settings");
      break;
    case NGHTTP2_PING:
      spend(s, hd->flags & NGHTTP2_FLAG_ACK ? 0 : cost->ping, "too_many_pings");
      break;
    case NGHTTP2_PRIORITY:
      spend(s, cost->priority, "too_many_priorities");
      break;
    case NGHTTP2_RST_STREAM:
      spend(s, cost->reset, "too_many_resets");
      break;
    case NGHTTP2_DATA:
      if (hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM)) {
        spend(s, cost->empty_data, "too_much_empty_data");
      }
      break;
    case NGHTTP2_HEADERS:
    case NGHTTP2_WINDOW_UPDATE:
      break;
    default:
      spend(s, cost->unknown, "too_many_unknown_frames");
      break;
  }
  return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *user) {
  struct h2_session *s = user;
  s->headers_since_ns = s->now_ns;
  s->headers_bytes = s->headers_count = 0;
  s->headers_too_large = false;
  if (frame->headers.cat != NGHTTP2_HCAT_REQUEST) {
    return 0; /* a client's trailers: read and dropped */
  }
  void *stream = NULL;
  if (!s->dying && s->streams < s->limits->stream_max) {
    stream = s->events->begin(s->user, frame->hd.stream_id);
  }
  if (!stream) {
    (void)nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id, H2_REFUSED_STREAM);
    return 0;
  }
  s->streams++;
  (void)nghttp2_session_set_stream_user_data(ng, frame->hd.stream_id, stream);
  return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
                     void *user) {
  struct h2_session *s = user;
  (void)flags;
  s->headers_bytes += name_n + value_n + 32;
  s->headers_count++;
  if (s->headers_bytes > s->limits->header_list_max_bytes ||
      s->headers_count > s->limits->header_max) {
    s->headers_too_large = true;
  }
  void *stream = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);
  if (stream && !s->dying && !s->headers_too_large && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    s->events->header(s->user, stream, sv_bytes_of(name, name_n), sv_bytes_of(value, value_n));
  }
  return 0;
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user) {
  struct h2_session *s = user;
  void *stream = frame->hd.stream_id > 0
                     ? nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id)
                     : NULL;
  if (frame->hd.type == NGHTTP2_SETTINGS) {
    s->greeted = true;
  }
  if (frame->hd.type == NGHTTP2_HEADERS) {
    s->headers_since_ns = 0;
  }
  if (frame->hd.type == NGHTTP2_DATA && frame->data.padlen > 0 &&
      frame->hd.length == frame->data.padlen && !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM)) {
    spend(s, s->budget.rule->empty_data, "too_much_empty_data"); /* nothing but padding */
  }
  if (s->dying) {
    return 0;
  }
  if (frame->hd.type == NGHTTP2_PING && frame->hd.flags & NGHTTP2_FLAG_ACK) {
    s->events->pong(s->user);
  }
  if (stream && frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
    s->events->request(s->user, stream, s->headers_too_large);
  }
  if (stream && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
      frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
    s->events->end(s->user, stream);
  }
  return 0;
}

static int on_data_chunk(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *bytes,
                         size_t n, void *user) {
  struct h2_session *s = user;
  (void)flags;
  (void)nghttp2_session_consume_connection(ng, n);
  void *stream = nghttp2_session_get_stream_user_data(ng, id);
  if (stream && !s->dying) {
    s->events->data(s->user, stream, sv_bytes_of(bytes, n));
  } else {
    (void)nghttp2_session_consume_stream(ng, id, n);
  }
  return 0;
}

/* Requirement 3 of the design: an answer that is complete before the request is ends with RST_STREAM(NO_ERROR). */
static int on_frame_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *user) {
  struct h2_session *s = user;
  if (frame->hd.type == NGHTTP2_GOAWAY && s->ping_after_notice) {
    s->ping_after_notice = false;
    h2_session_ping(s);
  }
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != H2_NO_ERROR) {
    spend(s, s->budget.rule->own_reset, "too_many_faults");
  }
  if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
      frame->hd.flags & NGHTTP2_FLAG_END_STREAM &&
      nghttp2_session_get_stream_remote_close(ng, frame->hd.stream_id) == 0) {
    (void)nghttp2_submit_rst_stream(ng, NGHTTP2_FLAG_NONE, frame->hd.stream_id, H2_NO_ERROR);
  }
  return 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t code, void *user) {
  struct h2_session *s = user;
  void *stream = nghttp2_session_get_stream_user_data(ng, id);
  if (stream) {
    (void)nghttp2_session_set_stream_user_data(ng, id, NULL);
    s->streams--;
    s->events->closed(s->user, stream, code);
  }
  return 0;
}

static nghttp2_nv header_nv(const struct h2_header *h) {
  /* nghttp2 copies names and values; its fields lack const */
  union {
    const char *in;
    uint8_t *out;
  } name = {.in = h->name}, value = {.in = h->value};
  return (nghttp2_nv){.name = name.out,
                      .value = value.out,
                      .namelen = h->name_n,
                      .valuelen = h->value_n,
                      .flags = NGHTTP2_NV_FLAG_NONE};
}

static ssize_t on_body(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t room, uint32_t *flags,
                       nghttp2_data_source *source, void *user) {
  struct h2_session *s = user;
  (void)source;
  void *stream = nghttp2_session_get_stream_user_data(ng, id);
  if (!stream) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  bool end = false;
  size_t n = s->events->pull(s->user, stream, buf, room, &end);
  if (n == 0 && !end) {
    return NGHTTP2_ERR_DEFERRED;
  }
  if (end) {
    struct h2_header trailers[H2_TRAILERS_MAX];
    nghttp2_nv nv[H2_TRAILERS_MAX];
    size_t count = s->events->trailers(s->user, stream, trailers);
    for (size_t i = 0; i < count; i++) {
      nv[i] = header_nv(&trailers[i]);
    }
    *flags |= NGHTTP2_DATA_FLAG_EOF | (count > 0 ? NGHTTP2_DATA_FLAG_NO_END_STREAM : 0);
    if (count > 0 && nghttp2_submit_trailer(ng, id, nv, count) != 0) {
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
  }
  return (ssize_t)n;
}

/* Frames of types that we do not know are counted, which takes that the library knows them, and are dropped. */
static int on_unknown(nghttp2_session *ng, void **payload, const nghttp2_frame_hd *hd, void *user) {
  (void)ng;
  (void)hd;
  (void)user;
  *payload = NULL;
  return 0;
}

static void unknown_types_set(nghttp2_option *opt) {
  for (int type = NGHTTP2_CONTINUATION + 1; type <= UINT8_MAX; type++) {
    nghttp2_option_set_user_recv_extension_type(opt, (uint8_t)type);
  }
}

static int session_new(struct h2_session *s) {
  nghttp2_session_callbacks *cb = NULL;
  nghttp2_option *opt = NULL;
  if (nghttp2_session_callbacks_new(&cb) != 0 || nghttp2_option_new(&opt) != 0) {
    nghttp2_session_callbacks_del(cb);
    return NGHTTP2_ERR_NOMEM;
  }
  nghttp2_session_callbacks_set_on_begin_frame_callback(cb, on_begin_frame);
  nghttp2_session_callbacks_set_unpack_extension_callback(cb, on_unknown);
  unknown_types_set(opt);
  nghttp2_session_callbacks_set_on_begin_headers_callback(cb, on_begin_headers);
  nghttp2_session_callbacks_set_on_header_callback(cb, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(cb, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(cb, on_data_chunk);
  nghttp2_session_callbacks_set_on_frame_send_callback(cb, on_frame_sent);
  nghttp2_session_callbacks_set_on_stream_close_callback(cb, on_stream_close);
  nghttp2_option_set_no_auto_window_update(opt, 1);
  nghttp2_option_set_max_outbound_ack(opt,
                                      s->limits->budget.tokens + 1); /* the bucket is smaller */
  /* our own bucket judges; the library's default punishes honest clients that cancel */
  nghttp2_option_set_stream_reset_rate_limit(opt, 100000, 10000);
  int rv = nghttp2_session_server_new2(&s->ng, cb, s, opt);
  nghttp2_option_del(opt);
  nghttp2_session_callbacks_del(cb);
  return rv;
}

sv_status h2_session_open(struct sv_ctx *ctx, const struct rpc_limits *limits,
                          const struct h2_events *events, void *user,
                          struct h2_session **ret_session) {
  struct h2_session *s = calloc(1, sizeof *s);
  if (s) {
    *s = (struct h2_session){
        .limits = limits, .events = events, .user = user, .now_ns = sv_monotonic_ns()};
    s->budget = h2_budget_full(&limits->budget, s->now_ns);
  }
  if (!s || session_new(s) != 0) {
    free(s);
    return SV_FAIL(ctx, NO_MEMORY, "HTTP/2 session");
  }
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, (uint32_t)limits->stream_max},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)limits->header_list_max_bytes},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, (uint32_t)limits->stream_window_bytes},
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
  };
  if (nghttp2_submit_settings(s->ng, NGHTTP2_FLAG_NONE, settings,
                              sizeof settings / sizeof settings[0]) != 0 ||
      nghttp2_session_set_local_window_size(s->ng, NGHTTP2_FLAG_NONE, 0,
                                            (int32_t)limits->connection_window_bytes) != 0) {
    h2_session_close(s);
    return SV_FAIL(ctx, NO_MEMORY, "HTTP/2 settings");
  }
  *ret_session = s;
  return SV_DONE;
}

void h2_session_close(struct h2_session *session) {
  if (session) {
    nghttp2_session_del(session->ng);
    free(session);
  }
}

bool h2_session_feed(struct h2_session *s, struct sv_bytes bytes) {
  if (s->dying) {
    return false;
  }
  s->now_ns = sv_monotonic_ns();
  ssize_t n = nghttp2_session_mem_recv(s->ng, bytes.p, bytes.n);
  if (n < 0) {
    if (n == NGHTTP2_ERR_FLOODED || n == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS) {
      h2_session_abort(s, H2_ENHANCE_YOUR_CALM, "flood");
    } else {
      h2_session_abort(s, n == NGHTTP2_ERR_NOMEM ? H2_INTERNAL_ERROR : H2_PROTOCOL_ERROR, "");
    }
  }
  return !s->dying;
}

bool h2_session_pull(struct h2_session *s, struct sv_bytes *ret_bytes) {
  const uint8_t *p = NULL;
  s->now_ns = sv_monotonic_ns();
  ssize_t n = nghttp2_session_mem_send(s->ng, &p);
  if (n < 0) {
    s->dying = true;
    *ret_bytes = (struct sv_bytes){0};
    return false;
  }
  *ret_bytes = sv_bytes_of(p, (size_t)n);
  return true;
}

bool h2_session_over(const struct h2_session *s) {
  return s->dying || (!nghttp2_session_want_read(s->ng) && !nghttp2_session_want_write(s->ng));
}

bool h2_session_greeted(const struct h2_session *s) { return s->greeted; }

uint64_t h2_session_headers_since_ns(const struct h2_session *s) { return s->headers_since_ns; }

size_t h2_session_streams(const struct h2_session *s) { return s->streams; }

bool h2_session_respond(struct h2_session *s, int32_t id, const struct h2_header *headers, size_t n,
                        bool body) {
  SV_ASSERT(n <= H2_HEADERS_MAX);
  nghttp2_nv nv[H2_HEADERS_MAX];
  for (size_t i = 0; i < n; i++) {
    nv[i] = header_nv(&headers[i]);
  }
  nghttp2_data_provider provider = {.read_callback = on_body};
  return nghttp2_submit_response(s->ng, id, nv, n, body ? &provider : NULL) == 0;
}

void h2_session_resume(struct h2_session *s, int32_t id) {
  /* fails when nothing was deferred, which is no fault */
  (void)nghttp2_session_resume_data(s->ng, id);
}

void h2_session_reset(struct h2_session *s, int32_t id, enum h2_code code) {
  (void)nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, (uint32_t)code);
}

void h2_session_consume(struct h2_session *s, int32_t id, size_t n) {
  (void)nghttp2_session_consume_stream(s->ng, id, n);
}

void h2_session_ping(struct h2_session *s) {
  (void)nghttp2_submit_ping(s->ng, NGHTTP2_FLAG_NONE, NULL);
}

void h2_session_notice(struct h2_session *s) {
  s->ping_after_notice = nghttp2_submit_shutdown_notice(s->ng) == 0;
}

void h2_session_goaway(struct h2_session *s) {
  (void)nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
                              nghttp2_session_get_last_proc_stream_id(s->ng), H2_NO_ERROR, NULL, 0);
}

void h2_session_abort(struct h2_session *s, enum h2_code code, const char *word) {
  if (!s->dying) {
    s->dying = true;
    (void)nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
                                nghttp2_session_get_last_proc_stream_id(s->ng), (uint32_t)code,
                                (const uint8_t *)word, strlen(word));
  }
}
