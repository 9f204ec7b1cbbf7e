/* Holds the listener, the connections, and the way to the end.
 *
 *   SERVING --rpc_server_stop--> NOTICE (health NOT_SERVING) --notice_ns--> DRAINING --all gone, or drain_ns--> STOPPED
 *
 * Invariant: `stopped` is called once, on entering STOPPED, with no connection left but those whose handlers still run. */
#include "rpc/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "rpc/grpc/connection.h"
#include "rpc/grpc/health.h"
#include "rpc/grpc/reflection.h"
#include "rpc/grpc/stream.h"
#include "rpc/listen/listener.h"

enum server_state { SRV_SERVING, SRV_NOTICE, SRV_DRAINING, SRV_STOPPED, SRV_STATES };

static const bool server_moves[SRV_STATES][SRV_STATES] = {
    [SRV_SERVING] = {[SRV_NOTICE] = true},
    [SRV_NOTICE] = {[SRV_DRAINING] = true},
    [SRV_DRAINING] = {[SRV_STOPPED] = true},
};

#define TICK_NS UINT64_C(500000000)
/* After the drain's deadline, handlers get this long to see that they are cancelled. */
#define CUT_GRACE_NS (2 * RPC_SECOND_NS)

struct server_files {
  char *certificate, *key, *client_ca, *trust_domain;
};

struct rpc_server {
  struct rpc_host host;
  enum server_state state;
  struct server_files files;
  SSL_CTX *tls;
  struct listener *listener;
  uint16_t port;
  struct rpc_routes *routes;
  struct rpc_health *health;
  struct rpc_reflection *reflection; /* NULL: none is served */
  struct rpc_connection *connections;
  size_t connection_n;
  struct loop_timer *tick, *step;
  uint64_t drain_ns;
  uint64_t cut_ns; /* when what was left was cut; 0: not yet */
  void (*stopped)(void *arg);
  void *stopped_arg;
};

static void move(struct rpc_server *s, enum server_state to) {
  SV_ASSERT(server_moves[s->state][to]);
  s->state = to;
}

/* --- connections --- */

static void finish_when_empty(struct rpc_server *s) {
  if (s->state == SRV_DRAINING && s->connection_n == 0) {
    move(s, SRV_STOPPED);
    loop_timer_unset(s->tick);
    loop_timer_unset(s->step);
    s->stopped(s->stopped_arg);
  }
}

static void on_gone(void *user, struct rpc_connection *c) {
  struct rpc_server *s = user;
  if (c->previous) {
    c->previous->next = c->next;
  } else {
    s->connections = c->next;
  }
  if (c->next) {
    c->next->previous = c->previous;
  }
  s->connection_n--;
  if (s->state == SRV_DRAINING && s->connection_n == 0) {
    loop_timer_set(s->step, 0); /* not from inside a connection's own end */
  }
}

static void on_accepted(void *user, int fd) {
  struct rpc_server *s = user;
  struct sv_ctx ctx = sv_ctx_over(NULL);
  struct rpc_connection *c = NULL;
  if (s->connection_n >= s->host.limits.connection_max) {
    (void)close(fd);
    sv_log(SV_LOG_WARN, "connection_refused", SV_LOG_NUM("open", s->connection_n));
    return;
  }
  if (sv_failed(rpc_connection_open(&ctx, &s->host, fd, s->tls, s->files.trust_domain, &c))) {
    sv_log(SV_LOG_WARN, "connection_failed", SV_LOG_TEXT("detail", ctx.detail));
    return;
  }
  c->next = s->connections;
  if (c->next) {
    c->next->previous = c;
  }
  s->connections = c;
  s->connection_n++;
}

static void on_tick(void *arg) {
  struct rpc_server *s = arg;
  uint64_t now_ns = sv_monotonic_ns();
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = s->connections; c; c = next) {
    next = c->next;
    rpc_connection_tick(c, now_ns);
  }
  loop_timer_set(s->tick, TICK_NS);
}

/* --- the end --- */

static void drain(struct rpc_server *s) {
  move(s, SRV_DRAINING);
  listener_close(SV_TAKE(s->listener));
  struct rpc_connection *next = NULL;
  for (struct rpc_connection *c = s->connections; c; c = next) {
    next = c->next;
    if (c->phase != RPC_GONE) {
      rpc_streams_stop(c);
      rpc_connection_leave(c);
    }
  }
  loop_timer_set(s->step, s->connection_n == 0 ? 0 : s->drain_ns);
}

static void on_step(void *arg) {
  struct rpc_server *s = arg;
  if (s->state == SRV_NOTICE) {
    drain(s);
    return;
  }
  if (s->state != SRV_DRAINING) {
    return;
  }
  uint64_t now_ns = sv_monotonic_ns();
  if (s->connection_n > 0 && s->cut_ns == 0) {
    s->cut_ns = now_ns;
    sv_log(SV_LOG_WARN, "drain_cut", SV_LOG_NUM("connections", s->connection_n));
    for (struct rpc_connection *c = s->connections; c; c = c->next) {
      rpc_connection_cut(c);
    }
    loop_timer_set(s->step, CUT_GRACE_NS);
    return;
  }
  if (s->connection_n > 0) {
    /* handlers that do not see their cancellation: the caller's workers_close waits for them */
    sv_log(SV_LOG_ERROR, "drain_incomplete", SV_LOG_NUM("connections", s->connection_n));
    move(s, SRV_STOPPED);
    s->stopped(s->stopped_arg);
    return;
  }
  finish_when_empty(s);
}

void rpc_server_stop(struct rpc_server *s, uint64_t notice_ns, uint64_t drain_ns,
                     void (*stopped)(void *arg), void *arg) {
  if (s->state != SRV_SERVING) {
    return;
  }
  move(s, SRV_NOTICE);
  s->drain_ns = drain_ns;
  s->stopped = stopped;
  s->stopped_arg = arg;
  rpc_health_set(s->health, NULL, false);
  loop_timer_set(s->step, notice_ns);
}

/* --- opening --- */

static sv_status keep(struct sv_ctx *ctx, const char *text, char **ret_copy) {
  *ret_copy = text ? strdup(text) : NULL;
  return text && !*ret_copy ? SV_FAIL(ctx, NO_MEMORY, "configuration") : SV_DONE;
}

static sv_status files_keep(struct sv_ctx *ctx, const struct rpc_server_config *config,
                            struct server_files *files) {
  SV_TRY(keep(ctx, config->certificate_path, &files->certificate));
  SV_TRY(keep(ctx, config->key_path, &files->key));
  SV_TRY(keep(ctx, config->client_ca_path, &files->client_ca));
  return keep(ctx, config->trust_domain, &files->trust_domain);
}

static sv_status tls_load(struct rpc_server *s, struct sv_ctx *ctx, SSL_CTX **ret_tls) {
  if (!s->files.certificate && !s->files.key) {
    *ret_tls = NULL;
    return SV_DONE;
  }
  if (!s->files.certificate || !s->files.key) {
    return SV_FAIL(ctx, CONFIG, "a certificate and its key go together");
  }
  struct tls_files files = {.certificate_path = s->files.certificate,
                            .key_path = s->files.key,
                            .client_ca_path = s->files.client_ca};
  return tls_context_open(ctx, &files, ret_tls);
}

sv_status rpc_server_reload(struct rpc_server *s, struct sv_ctx *ctx) {
  SSL_CTX *tls = NULL;
  SV_TRY(tls_load(s, ctx, &tls));
  tls_context_close(s->tls);
  s->tls = tls;
  if (tls) { /* who is there is judged anew, by a new handshake: tickets of the old context are worth nothing */
    for (struct rpc_connection *c = s->connections; c; c = c->next) {
      if (c->phase != RPC_GONE) {
        rpc_connection_leave(c);
      }
    }
  }
  return SV_DONE;
}

static sv_status routes_fill(struct rpc_server *s, struct sv_ctx *ctx,
                             const struct rpc_server_config *config,
                             const struct rpc_service *services, size_t service_n) {
  const size_t health_n = sizeof rpc_health_methods / sizeof rpc_health_methods[0];
  size_t n = health_n + RPC_REFLECTION_METHODS;
  const char **names = calloc(service_n + 1, sizeof *names);
  if (!names) {
    return SV_FAIL(ctx, NO_MEMORY, "services");
  }
  for (size_t i = 0; i < service_n; i++) {
    n += services[i].method_n;
    names[i] = services[i].name;
  }
  sv_status status = rpc_health_open(ctx, names, service_n, &s->health);
  if (!sv_failed(status) && config->descriptor_set.n > 0) {
    names[service_n] = "grpc.health.v1.Health";
    status = rpc_reflection_open(ctx, config->descriptor_set, names, service_n + 1, &s->reflection);
  }
  free(names);
  SV_TRY(status);
  SV_TRY(rpc_routes_open(ctx, n, &s->routes));
  for (size_t i = 0; i < health_n; i++) {
    rpc_routes_add(s->routes, &rpc_health_methods[i], s->health);
  }
  for (size_t i = 0; s->reflection && i < RPC_REFLECTION_METHODS; i++) {
    rpc_routes_add(s->routes, &rpc_reflection_methods[i], s->reflection);
  }
  for (size_t i = 0; i < service_n; i++) {
    for (size_t m = 0; m < services[i].method_n; m++) {
      rpc_routes_add(s->routes, &services[i].methods[m], services[i].service);
    }
  }
  s->host.routes = s->routes;
  return SV_DONE;
}

void rpc_server_close(struct rpc_server *s) {
  if (!s) {
    return;
  }
  listener_close(s->listener);
  loop_flush(s->host.loop); /* the last handlers' ends */
  while (s->connections) {
    struct rpc_connection *c = s->connections;
    s->connections = c->next;
    if (c->next) {
      c->next->previous = NULL;
    }
    rpc_connection_drop(c);
  }
  loop_timer_close(s->tick);
  loop_timer_close(s->step);
  rpc_health_close(s->health);
  rpc_reflection_close(s->reflection);
  rpc_routes_close(s->routes);
  tls_context_close(s->tls);
  free(s->files.certificate);
  free(s->files.key);
  free(s->files.client_ca);
  free(s->files.trust_domain);
  free(s);
}
SV_AUTO_DEFINE(struct rpc_server, rpc_server_close)

sv_status rpc_server_open(struct sv_ctx *ctx, struct loop *loop, struct workers *workers,
                          const struct rpc_server_config *config,
                          const struct rpc_service *services, size_t service_n,
                          struct rpc_server **ret_server) {
  SV_AUTO(rpc_server_close) struct rpc_server *s = calloc(1, sizeof *s);
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "server");
  }
  s->host = (struct rpc_host){.loop = loop,
                              .workers = workers,
                              .watchers = config->watchers ? config->watchers : workers,
                              .limits = config->limits,
                              .require_peer = config->require_peer,
                              .connection_gone = on_gone,
                              .user = s};
  SV_TRY(files_keep(ctx, config, &s->files));
  SV_TRY(tls_load(s, ctx, &s->tls));
  SV_TRY(routes_fill(s, ctx, config, services, service_n));
  SV_TRY(loop_timer_open(loop, ctx, on_tick, s, &s->tick));
  SV_TRY(loop_timer_open(loop, ctx, on_step, s, &s->step));
  SV_TRY(listener_open(ctx, loop, config->address, config->port, on_accepted, s, &s->listener));
  s->port = listener_port(s->listener);
  loop_timer_set(s->tick, TICK_NS);
  *ret_server = SV_TAKE(s);
  return SV_DONE;
}

uint16_t rpc_server_port(const struct rpc_server *s) { return s->port; }

void rpc_server_health_set(struct rpc_server *s, const char *service, bool serving) {
  rpc_health_set(s->health, service, serving);
}
