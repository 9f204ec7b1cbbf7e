/* Connections of one loop in a list. Invariant: `empty` is told at most once, after shard_drain, with no connection left
 * but those whose handlers still run. */
#include "rpc/shard.h"

#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "rpc/grpc/stream.h"

#define TICK_NS UINT64_C(500000000)
#define TRIM_NS (10 * RPC_SECOND_NS)
enum { TRIM_LEAST = 32 };

static void tell_when_empty(struct shard *s) {
  if (s->draining && s->connection_n == 0 && s->empty) {
    void (*empty)(struct shard *) = SV_TAKE(s->empty);
    loop_timer_unset(s->tick);
    empty(s);
  }
}

static void on_gone(void *user, struct rpc_connection *c) {
  struct shard *s = user;
  if (c->previous) {
    c->previous->next = c->next;
  } else {
    s->connections = c->next;
  }
  if (c->next) {
    c->next->previous = c->previous;
  }
  s->connection_n--;
  s->some_gone = true;
  tell_when_empty(s);
}

static void on_accepted(void *user, int fd) {
  struct shard_door *d = user;
  struct shard *s = d->shard;
  struct sv_ctx ctx = sv_ctx_over(NULL);
  struct rpc_connection *c = NULL;
  if (s->connection_n >= s->host.limits.connection_max) {
    (void)close(fd);
    sv_log(SV_LOG_WARN, "connection_refused", SV_LOG_NUM("open", s->connection_n));
    return;
  }
  if (sv_failed(rpc_connection_open(&ctx, &s->host, d->door, fd, d->tls, &c))) {
    sv_log(SV_LOG_WARN, "connection_failed", SV_LOG_TEXT("detail", ctx.detail));
    return;
  }
  c->next = s->connections;
  if (c->next) {
    c->next->previous = c;
  }
  s->connections = c;
  s->connection_n++;
  s->most_n = s->connection_n > s->most_n ? s->connection_n : s->most_n;
}

/* The allocator keeps what was freed in the middle of its heap: after a crowd has left, or once in a while, its pages go
 * back to the system. */
static void trim(struct shard *s, uint64_t now_ns) {
  bool crowd_left = s->most_n >= TRIM_LEAST && s->connection_n <= s->most_n / 2;
  if (s->some_gone && (crowd_left || now_ns - s->trimmed_ns > TRIM_NS)) {
    (void)malloc_trim(0);
    s->some_gone = false;
    s->most_n = s->connection_n;
    s->trimmed_ns = now_ns;
  }
}

static void on_tick(void *arg) {
  struct shard *s = arg;
  uint64_t now_ns = sv_monotonic_ns();
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = s->connections; c; c = next) {
    next = c->next;
    rpc_connection_tick(c, now_ns);
  }
  trim(s, now_ns);
  loop_timer_set(s->tick, TICK_NS);
}

sv_status shard_open(struct shard *s, struct sv_ctx *ctx, const struct rpc_host *host) {
  *s = (struct shard){.host = *host, .loop = host->loop, .empty = s->empty, .user = s->user};
  s->host.connection_gone = on_gone;
  s->host.user = s;
  SV_TRY(loop_timer_open(s->loop, ctx, on_tick, s, &s->tick));
  loop_timer_set(s->tick, TICK_NS);
  return SV_DONE;
}

sv_status shard_listen(struct shard *s, struct sv_ctx *ctx, const struct rpc_door *door,
                       SSL_CTX *tls, const char *address, uint16_t port, bool shared) {
  SV_ASSERT(s->door_n < RPC_DOORS_MAX);
  struct shard_door *d = &s->doors[s->door_n++];
  *d = (struct shard_door){.shard = s, .door = door, .tls = tls};
  return listener_open(ctx, s->loop, address, port, shared, on_accepted, d, &d->listener);
}

uint16_t shard_port(const struct shard *s, size_t door) {
  return listener_port(s->doors[door].listener);
}

void shard_close(struct shard *s) {
  for (size_t i = 0; i < s->door_n; i++) {
    listener_close(s->doors[i].listener);
  }
  if (s->loop) {
    loop_flush(s->loop); /* the last handlers' ends */
  }
  while (s->connections) {
    struct rpc_connection *c = s->connections;
    s->connections = c->next;
    if (c->next) {
      c->next->previous = NULL;
    }
    rpc_connection_drop(c);
  }
  loop_timer_close(s->tick);
  for (size_t i = 0; i < s->door_n; i++) {
    tls_context_close(s->doors[i].tls);
  }
}

void shard_tls_set(struct shard *s, size_t door, SSL_CTX *tls) {
  struct shard_door *d = &s->doors[door];
  tls_context_close(d->tls);
  d->tls = tls;
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = tls ? s->connections : NULL; c; c = next) {
    next =
        c->next; /* who is there is judged anew, by a new handshake: old tickets are worth nothing */
    if (c->phase != RPC_GONE && c->door == d->door) {
      rpc_connection_renew(c);
    }
  }
}

void shard_drain(struct shard *s) {
  s->draining = true;
  for (size_t i = 0; i < s->door_n; i++) {
    listener_close(SV_TAKE(s->doors[i].listener));
  }
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = s->connections; c; c = next) {
    next = c->next;
    if (c->phase != RPC_GONE) {
      rpc_streams_stop(c);
      rpc_connection_leave(c);
    }
  }
  tell_when_empty(s);
}

void shard_cut(struct shard *s) {
  if (s->connection_n > 0) {
    sv_log(SV_LOG_WARN, "drain_cut", SV_LOG_NUM("connections", s->connection_n));
  }
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = s->connections; c; c = next) {
    next = c->next;
    rpc_connection_cut(c);
  }
}
