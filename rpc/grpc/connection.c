/* Link below, streams above, an HTTP/2 session between. Invariants:
 *  1. nghttp2 is asked for output only outside of its own callbacks (pump), and not above the output's mark;
 *  2. phase GONE: link and session are closed, streams freed; the struct lives until its last handler is done. */
#include "rpc/grpc/connection.h"

#include <stdlib.h>
#include <unistd.h>

#include "rpc/grpc/stream.h"

static const bool phase_moves[RPC_PHASES][RPC_PHASES] = {
    [RPC_SERVING] = {[RPC_NOTICED] = true, [RPC_GONE] = true},
    [RPC_NOTICED] = {[RPC_LEAVING] = true, [RPC_GONE] = true},
    [RPC_LEAVING] = {[RPC_GONE] = true},
};

static void move(struct rpc_connection *c, enum rpc_connection_phase to) {
  SV_ASSERT(phase_moves[c->phase][to]);
  c->phase = to;
}

static void free_when_idle(struct rpc_connection *c) {
  if (c->phase == RPC_GONE && c->handlers == 0) {
    c->host->connection_gone(c->host->user, c);
    free(c);
  }
}

static void release(struct rpc_connection *c) {
  rpc_streams_drop(c);
  h2_session_close(SV_TAKE(c->session));
  link_close(SV_TAKE(c->link));
}

void rpc_connection_handler_started(struct rpc_connection *c) { c->handlers++; }

void rpc_connection_handler_done(struct rpc_connection *c) {
  c->handlers--;
  free_when_idle(c);
}

void rpc_connection_pump(struct rpc_connection *c) {
  if (c->phase == RPC_GONE || !link_is_open(c->link)) {
    return;
  }
  bool alive = true;
  struct sv_bytes out = {.n = 1};
  while (alive && out.n > 0 && link_pending(c->link) < c->host->limits.output_mark_bytes) {
    alive = h2_session_pull(c->session, &out);
    if (alive && out.n > 0 && !link_send(c->link, out)) {
      alive = false;
    }
    c->sent += out.n;
  }
  if (!alive || (out.n == 0 && h2_session_over(c->session))) {
    link_finish(c->link);
  }
}

static void on_opened(void *user) {
  struct rpc_connection *c = user;
  c->heard_ns = sv_monotonic_ns();
  rpc_connection_pump(c);
}

static bool on_bytes(void *user, struct sv_bytes bytes) {
  struct rpc_connection *c = user;
  c->heard_ns = sv_monotonic_ns();
  bool alive = h2_session_feed(c->session, bytes);
  if (c->phase == RPC_NOTICED && c->noticed_ns == 0) {
    move(c, RPC_LEAVING);
    h2_session_goaway(c->session);
  }
  rpc_connection_pump(c);
  return alive;
}

static void on_drained(void *user) { rpc_connection_pump(user); }

static void on_closed(void *user) {
  struct rpc_connection *c = user;
  release(c);
  move(c, RPC_GONE);
  free_when_idle(c);
}

static const struct link_events connection_link_events = {
    .opened = on_opened,
    .bytes = on_bytes,
    .drained = on_drained,
    .closed = on_closed,
};

/* Within a tenth below the limit, by the bits of a clock: all connections of one second must not end in one second. */
static uint64_t spread(uint64_t limit_ns, uint64_t now_ns) {
  return limit_ns - limit_ns / 10 * (now_ns / 1024 % 1000) / 1000;
}

sv_status rpc_connection_open(struct sv_ctx *ctx, const struct rpc_host *host,
                              const struct rpc_door *door, int fd, SSL_CTX *tls,
                              struct rpc_connection **ret_connection) {
  struct rpc_connection *c = calloc(1, sizeof *c);
  if (!c) {
    (void)close(fd);
    return SV_FAIL(ctx, NO_MEMORY, "connection");
  }
  uint64_t now_ns = sv_monotonic_ns();
  c->host = host;
  c->door = door;
  c->opened_ns = c->heard_ns = c->busy_ns = now_ns;
  c->age_ns = spread(host->limits.connection_age_ns, now_ns);
  c->idle_ns = spread(host->limits.idle_ns, now_ns);
  struct link_config config = {.tls = tls,
                               .trust_domain = door->trust_domain,
                               .any_peer = door->any_peer,
                               .events = &connection_link_events,
                               .user = c};
  sv_status s = link_open(ctx, host->loop, fd, &config, &c->link);
  if (!sv_failed(s)) {
    s = h2_session_open(ctx, &host->limits, &rpc_stream_events, c, &c->session);
  }
  if (sv_failed(s)) {
    link_close(c->link);
    free(c);
    return s;
  }
  *ret_connection = c;
  return SV_DONE;
}

void rpc_connection_leave(struct rpc_connection *c) {
  if (c->phase == RPC_SERVING) {
    if (!link_is_open(c->link)) {
      link_cut(c->link);
      return;
    }
    move(c, RPC_NOTICED);
    c->noticed_ns = sv_monotonic_ns();
    h2_session_notice(c->session);
    rpc_connection_pump(c);
  }
}

void rpc_connection_renew(struct rpc_connection *c) {
  if (link_is_open(c->link)) {
    rpc_connection_leave(c);
  } else {
    c->age_ns = 1; /* whose handshake is under way finishes it, and is old at the next look */
  }
}

void rpc_connection_cut(struct rpc_connection *c) {
  if (c->phase != RPC_GONE) {
    link_cut(c->link);
  }
}

void rpc_connection_drop(struct rpc_connection *c) {
  SV_ASSERT(c->handlers == 0);
  if (c->phase != RPC_GONE) {
    release(c);
  }
  free(c);
}

static bool expired(uint64_t since_ns, uint64_t limit_ns, uint64_t now_ns) {
  return now_ns > since_ns && now_ns - since_ns > limit_ns;
}

/* What ends the connection hard; the reasons are the time limits of rpc_limits. */
static bool hopeless(struct rpc_connection *c, uint64_t now_ns) {
  const struct rpc_limits *limits = &c->host->limits;
  size_t pending = link_pending(c->link);
  size_t left = c->sent - pending;
  c->pace.bytes += left - c->left;
  c->left = left;
  bool stalled =
      rpc_pace_late(&c->pace, pending > 0, limits->stall_ns, limits->rate_min_bytes_s, now_ns);
  uint64_t headers_ns = h2_session_headers_since_ns(c->session);
  return (!h2_session_greeted(c->session) && expired(c->opened_ns, limits->handshake_ns, now_ns)) ||
         (headers_ns && expired(headers_ns, limits->headers_ns, now_ns)) || stalled ||
         (c->ping_ns && expired(c->ping_ns, limits->ping_answer_ns, now_ns));
}

void rpc_connection_tick(struct rpc_connection *c, uint64_t now_ns) {
  const struct rpc_limits *limits = &c->host->limits;
  if (c->phase == RPC_GONE) {
    return;
  }
  if (hopeless(c, now_ns)) {
    link_cut(c->link);
    return;
  }
  if (!link_is_open(c->link)) {
    return;
  }
  rpc_streams_tick(c, now_ns);
  bool idle = h2_session_streams(c->session) == 0 && c->handlers == 0;
  if (c->phase == RPC_SERVING && (expired(c->opened_ns, c->age_ns, now_ns) ||
                                  (idle && expired(c->busy_ns, c->idle_ns, now_ns)))) {
    rpc_connection_leave(c);
  } else if (c->phase == RPC_NOTICED && expired(c->noticed_ns, RPC_SECOND_NS, now_ns)) {
    move(c, RPC_LEAVING);
    h2_session_goaway(c->session);
  } else if (c->phase == RPC_SERVING && !c->ping_ns &&
             expired(c->heard_ns, limits->ping_ns, now_ns)) {
    c->ping_ns = now_ns;
    h2_session_ping(c->session);
  }
  rpc_connection_pump(c);
}
