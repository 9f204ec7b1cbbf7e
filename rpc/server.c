/* Holds the doors, a shard for each loop, and the way to the end.
 *
 *   SERVING --rpc_server_stop--> NOTICE (health NOT_SERVING) --notice_ns--> DRAINING --all gone, or drain_ns--> STOPPED
 *
 * The first shard is on the caller's loop; the others have a thread each. What a shard is to do is posted to its loop.
 * Invariant: `stopped` is called once, on entering STOPPED, with no connection left but those whose handlers still run. */
#include "rpc/server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/metrics.h"
#include "rpc/grpc/descriptors.h"
#include "rpc/grpc/health.h"
#include "rpc/grpc/json_types.h"
#include "rpc/grpc/reflection.h"
#include "rpc/shard.h"

enum server_state { SRV_SERVING, SRV_NOTICE, SRV_DRAINING, SRV_STOPPED, SRV_STATES };

static const bool server_moves[SRV_STATES][SRV_STATES] = {
    [SRV_SERVING] = {[SRV_NOTICE] = true},
    [SRV_NOTICE] = {[SRV_DRAINING] = true},
    [SRV_DRAINING] = {[SRV_STOPPED] = true},
};

/* After the drain's deadline, handlers get this long to see that they are cancelled. */
#define CUT_GRACE_NS (2 * RPC_SECOND_NS)

/* A configured port: our own copies. */
struct server_door {
  struct rpc_door door;
  char *certificate, *key, *client_ca, *trust_domain;
  SSL_CTX *tls; /* the newest, under the server's lock */
};

/* A shard and what is posted to it. */
struct server_loop {
  struct shard shard;
  struct rpc_server *server;
  struct loop *own; /* NULL: the caller's */
  pthread_t thread;
  bool started;
  struct loop_closure drain, cut, reload, quit;
  struct loop_closure emptied; /* to the first loop */
};

enum { OWN_PAGES = 3 };

struct rpc_server {
  struct loop *loop;
  struct workers *workers;
  struct sv_metrics *metrics;
  enum server_state state;
  pthread_mutex_t lock;
  size_t door_n;
  struct server_door doors[RPC_DOORS_MAX];
  uint16_t ports[RPC_DOORS_MAX];
  struct rpc_routes *routes;
  struct json_types *types;
  struct rpc_health *health;
  struct rpc_reflection *reflection; /* NULL: none is served */
  struct rpc_page *pages;            /* our own, then those of the configuration */
  size_t page_n;
  struct loop_timer *step;
  uint64_t drain_ns;
  bool cut;
  size_t emptied;
  void (*stopped)(void *arg);
  void *stopped_arg;
  size_t loop_n;
  struct server_loop loops[RPC_LOOPS_MAX];
};

static void move(struct rpc_server *s, enum server_state to) {
  SV_ASSERT(server_moves[s->state][to]);
  s->state = to;
}

/* --- the end --- */

static void on_drain(void *arg) { shard_drain(&((struct server_loop *)arg)->shard); }
static void on_cut(void *arg) { shard_cut(&((struct server_loop *)arg)->shard); }
static void on_quit(void *arg) { loop_stop(((struct server_loop *)arg)->shard.loop); }

static void end(struct rpc_server *s) {
  move(s, SRV_STOPPED);
  loop_timer_unset(s->step);
  s->stopped(s->stopped_arg);
}

static void on_emptied(void *arg) {
  struct rpc_server *s = ((struct server_loop *)arg)->server;
  s->emptied++;
  if (s->emptied == s->loop_n && s->state == SRV_DRAINING) {
    end(s);
  }
}

/* On the shard's loop. */
static void on_shard_empty(struct shard *shard) {
  struct server_loop *l = shard->user;
  loop_post(l->server->loop, &l->emptied);
}

static void on_step(void *arg) {
  struct rpc_server *s = arg;
  if (s->state == SRV_NOTICE) {
    move(s, SRV_DRAINING);
    for (size_t i = 0; i < s->loop_n; i++) {
      loop_post(s->loops[i].shard.loop, &s->loops[i].drain);
    }
    loop_timer_set(s->step, s->drain_ns);
  } else if (s->state == SRV_DRAINING && !s->cut) {
    s->cut = true;
    for (size_t i = 0; i < s->loop_n; i++) {
      loop_post(s->loops[i].shard.loop, &s->loops[i].cut);
    }
    loop_timer_set(s->step, CUT_GRACE_NS);
  } else if (s->state == SRV_DRAINING) {
    /* handlers that do not see their cancellation: the caller's workers_close waits for them */
    sv_log(SV_LOG_ERROR, "drain_incomplete", SV_LOG_NUM("loops", s->loop_n - s->emptied));
    end(s);
  }
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

/* --- certificates --- */

static sv_status keep(struct sv_ctx *ctx, const char *text, char **ret_copy) {
  *ret_copy = text ? strdup(text) : NULL;
  return text && !*ret_copy ? SV_FAIL(ctx, NO_MEMORY, "configuration") : SV_DONE;
}

static sv_status tls_load(const struct server_door *d, struct sv_ctx *ctx, SSL_CTX **ret_tls) {
  if (!d->certificate && !d->key) {
    *ret_tls = NULL;
    return SV_DONE;
  }
  if (!d->certificate || !d->key) {
    return SV_FAIL(ctx, CONFIG, "a certificate and its key go together");
  }
  struct tls_files files = {
      .certificate_path = d->certificate, .key_path = d->key, .client_ca_path = d->client_ca};
  return tls_context_open(ctx, &files, ret_tls);
}

static sv_status door_open(struct sv_ctx *ctx, const struct rpc_listen *from,
                           struct server_door *d) {
  SV_TRY(keep(ctx, from->certificate_path, &d->certificate));
  SV_TRY(keep(ctx, from->key_path, &d->key));
  SV_TRY(keep(ctx, from->client_ca_path, &d->client_ca));
  SV_TRY(keep(ctx, from->trust_domain, &d->trust_domain));
  d->door = (struct rpc_door){.trust_domain = d->trust_domain,
                              .require_peer = from->require_peer,
                              .any_peer = from->any_peer,
                              .open_only = from->open_only,
                              .admin = from->admin,
                              .names = from->names,
                              .name_n = from->name_n};
  return tls_load(d, ctx, &d->tls);
}

static void door_close(struct server_door *d) {
  tls_context_close(d->tls);
  free(d->certificate);
  free(d->key);
  free(d->client_ca);
  free(d->trust_domain);
}

static SSL_CTX *tls_of(struct rpc_server *s, size_t door) {
  (void)pthread_mutex_lock(&s->lock);
  SSL_CTX *tls = tls_context_share(s->doors[door].tls);
  (void)pthread_mutex_unlock(&s->lock);
  return tls;
}

/* On the shard's loop. */
static void on_reload(void *arg) {
  struct server_loop *l = arg;
  for (size_t i = 0; i < l->server->door_n; i++) {
    shard_tls_set(&l->shard, i, tls_of(l->server, i));
  }
}

sv_status rpc_server_reload(struct rpc_server *s, struct sv_ctx *ctx) {
  SSL_CTX *fresh[RPC_DOORS_MAX] = {NULL};
  sv_status status = SV_DONE;
  for (size_t i = 0; i < s->door_n && !sv_failed(status); i++) {
    status = tls_load(&s->doors[i], ctx, &fresh[i]);
  }
  (void)pthread_mutex_lock(&s->lock);
  for (size_t i = 0; i < s->door_n && !sv_failed(status); i++) {
    SSL_CTX *old = s->doors[i].tls;
    s->doors[i].tls = fresh[i];
    fresh[i] = old;
  }
  (void)pthread_mutex_unlock(&s->lock);
  for (size_t i = 0; i < s->door_n; i++) {
    tls_context_close(fresh[i]);
  }
  SV_TRY(status);
  for (size_t i = 0; i < s->loop_n; i++) {
    loop_post(s->loops[i].shard.loop, &s->loops[i].reload);
  }
  return SV_DONE;
}

/* --- what is served --- */

static const char *healthz_write(struct sv_ctx *ctx, void *arg, struct sv_buf *body) {
  (void)ctx;
  (void)arg;
  sv_buf_str(body, "alive\n");
  return "200";
}

static const char *readyz_write(struct sv_ctx *ctx, void *arg, struct sv_buf *body) {
  const struct rpc_server *s = arg;
  bool serving = rpc_health_is_serving(s->health);
  (void)ctx;
  sv_buf_str(body, serving ? "ready\n" : "stopping\n");
  return serving ? "200" : "503";
}

static const char *metrics_write(struct sv_ctx *ctx, void *arg, struct sv_buf *body) {
  const struct rpc_server *s = arg;
  (void)ctx;
  if (!s->metrics) {
    return "404";
  }
  sv_metrics_set(s->metrics, SV_GAUGE_QUEUE_DEPTH, (int64_t)workers_queued(s->workers));
  sv_metrics_write(s->metrics, body);
  return "200";
}

static sv_status pages_fill(struct rpc_server *s, struct sv_ctx *ctx,
                            const struct rpc_server_config *config) {
  static const char type[] = "text/plain; charset=utf-8";
  s->page_n = OWN_PAGES + config->page_n;
  s->pages = calloc(s->page_n, sizeof *s->pages);
  if (!s->pages) {
    return SV_FAIL(ctx, NO_MEMORY, "pages");
  }
  s->pages[0] =
      (struct rpc_page){.path = "/healthz", .content_type = type, .write = healthz_write, .arg = s};
  s->pages[1] =
      (struct rpc_page){.path = "/readyz", .content_type = type, .write = readyz_write, .arg = s};
  s->pages[2] = (struct rpc_page){.path = "/metrics",
                                  .admin = true,
                                  .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                  .write = metrics_write,
                                  .arg = s};
  for (size_t i = 0; i < config->page_n; i++) {
    s->pages[OWN_PAGES + i] = config->pages[i];
  }
  return SV_DONE;
}

static sv_status health_and_reflection(struct rpc_server *s, struct sv_ctx *ctx,
                                       const struct rpc_server_config *config,
                                       const struct rpc_service *services, size_t service_n) {
  struct loop *loops[RPC_LOOPS_MAX];
  const char **names = calloc(service_n + 1, sizeof *names);
  if (!names) {
    return SV_FAIL(ctx, NO_MEMORY, "services");
  }
  for (size_t i = 0; i < service_n; i++) {
    names[i] = services[i].name;
  }
  for (size_t i = 0; i < s->loop_n; i++) {
    loops[i] = s->loops[i].shard.loop;
  }
  sv_status status = rpc_health_open(ctx, names, service_n, loops, s->loop_n, &s->health);
  if (!sv_failed(status) && config->descriptor_set.n > 0) {
    names[service_n] = "grpc.health.v1.Health";
    status = rpc_reflection_open(ctx, config->descriptor_set, names, service_n + 1, &s->reflection);
  }
  free(names);
  return status;
}

static void method_add(struct rpc_server *s, const struct rpc_server_config *config,
                       const struct rpc_method *method, void *service) {
  const struct rpc_descriptors d = {.set = config->descriptor_set};
  bool unary = !method->client_streaming && !method->server_streaming;
  rpc_routes_add(s->routes, method, service,
                 unary && rpc_descriptors_method_is_safe(&d, method->path),
                 sv_metrics_method(config->metrics, method->path));
}

static sv_status routes_fill(struct rpc_server *s, struct sv_ctx *ctx,
                             const struct rpc_server_config *config,
                             const struct rpc_service *services, size_t service_n) {
  const size_t health_n = sizeof rpc_health_methods / sizeof rpc_health_methods[0];
  size_t n = health_n + RPC_REFLECTION_METHODS;
  for (size_t i = 0; i < service_n; i++) {
    n += services[i].method_n;
  }
  SV_TRY(rpc_routes_open(ctx, n, &s->routes));
  for (size_t i = 0; i < health_n; i++) {
    method_add(s, config, &rpc_health_methods[i], s->health);
  }
  for (size_t i = 0; s->reflection && i < RPC_REFLECTION_METHODS; i++) {
    method_add(s, config, &rpc_reflection_methods[i], s->reflection);
  }
  for (size_t i = 0; i < service_n; i++) {
    for (size_t m = 0; m < services[i].method_n; m++) {
      method_add(s, config, &services[i].methods[m], services[i].service);
    }
  }
  return SV_DONE;
}

static sv_status types_fill(struct rpc_server *s, struct sv_ctx *ctx,
                            const struct rpc_service *services, size_t service_n) {
  size_t n = 0, room = 0;
  for (size_t i = 0; i < service_n; i++) {
    room += 2 * services[i].method_n;
  }
  const ProtobufCMessageDescriptor **roots = calloc(room + 1, sizeof(*roots));
  if (!roots) {
    return SV_FAIL(ctx, NO_MEMORY, "message types");
  }
  for (size_t i = 0; i < service_n; i++) {
    for (size_t m = 0; m < services[i].method_n; m++) {
      roots[n++] = services[i].methods[m].input;
      roots[n++] = services[i].methods[m].output;
    }
  }
  sv_status status = json_types_open(ctx, roots, n, &s->types);
  free(roots);
  return status;
}

/* --- loops --- */

static void *loop_main(void *arg) {
  struct server_loop *l = arg;
  loop_run(l->shard.loop);
  return NULL;
}

static sv_status threads_start(struct rpc_server *s, struct sv_ctx *ctx) {
  sigset_t all, before; /* signals belong to the first loop's thread */
  sv_status status = SV_DONE;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 1; i < s->loop_n && !sv_failed(status); i++) {
    s->loops[i].started = pthread_create(&s->loops[i].thread, NULL, loop_main, &s->loops[i]) == 0;
    status = s->loops[i].started ? SV_DONE : SV_FAIL(ctx, INTERNAL, "no thread for a loop");
  }
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  return status;
}

static sv_status loops_open(struct rpc_server *s, struct sv_ctx *ctx, size_t n) {
  for (size_t i = 0; i < n; i++) {
    struct server_loop *l = &s->loops[i];
    l->server = s;
    l->drain = (struct loop_closure){.fn = on_drain, .arg = l};
    l->cut = (struct loop_closure){.fn = on_cut, .arg = l};
    l->reload = (struct loop_closure){.fn = on_reload, .arg = l};
    l->quit = (struct loop_closure){.fn = on_quit, .arg = l};
    l->emptied = (struct loop_closure){.fn = on_emptied, .arg = l};
    if (i > 0) {
      SV_TRY(loop_open(ctx, &l->own));
    }
    l->shard.loop = l->own ? l->own : s->loop;
    s->loop_n = i + 1;
  }
  return SV_DONE;
}

static sv_status shards_open(struct rpc_server *s, struct sv_ctx *ctx,
                             const struct rpc_server_config *config,
                             const struct rpc_host *common) {
  for (size_t i = 0; i < s->loop_n; i++) {
    struct server_loop *l = &s->loops[i];
    struct rpc_host host = *common;
    host.loop = l->own ? l->own : s->loop;
    host.limits.connection_max = (config->limits.connection_max + s->loop_n - 1) / s->loop_n;
    l->shard.empty = on_shard_empty;
    l->shard.user = l;
    SV_TRY(shard_open(&l->shard, ctx, &host));
    for (size_t d = 0; d < s->door_n; d++) {
      uint16_t port = i > 0 ? s->ports[d] : config->listen[d].port;
      SV_TRY(shard_listen(&l->shard, ctx, &s->doors[d].door, tls_of(s, d),
                          config->listen[d].address, port, s->loop_n > 1));
      s->ports[d] = shard_port(&l->shard, d);
    }
  }
  return SV_DONE;
}

static void loops_close(struct rpc_server *s) {
  for (size_t i = 0; i < s->loop_n; i++) {
    struct server_loop *l = &s->loops[i];
    if (l->started) {
      loop_post(l->own, &l->quit);
      (void)pthread_join(l->thread, NULL);
    }
    shard_close(&l->shard);
  }
  for (size_t i = 0; i < s->loop_n; i++) {
    loop_close(s->loops[i].own);
  }
}

void rpc_server_close(struct rpc_server *s) {
  if (!s) {
    return;
  }
  loops_close(s);
  loop_timer_close(s->step);
  rpc_health_close(s->health);
  rpc_reflection_close(s->reflection);
  rpc_routes_close(s->routes);
  json_types_close(s->types);
  for (size_t i = 0; i < s->door_n; i++) {
    door_close(&s->doors[i]);
  }
  (void)pthread_mutex_destroy(&s->lock);
  free(s->pages);
  free(s);
}
SV_AUTO_DEFINE(struct rpc_server, rpc_server_close)

sv_status rpc_server_open(struct sv_ctx *ctx, struct loop *loop, struct workers *workers,
                          const struct rpc_server_config *config,
                          const struct rpc_service *services, size_t service_n,
                          struct rpc_server **ret_server) {
  SV_ASSERT(config->listen_n >= 1 && config->listen_n <= RPC_DOORS_MAX);
  SV_ASSERT(config->loops <= RPC_LOOPS_MAX);
  SV_AUTO(rpc_server_close) struct rpc_server *s = calloc(1, sizeof *s);
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "server");
  }
  s->loop = loop;
  s->workers = workers;
  s->metrics = config->metrics;
  (void)pthread_mutex_init(&s->lock, NULL);
  for (size_t i = 0; i < config->listen_n; i++) {
    s->door_n = i + 1;
    SV_TRY(door_open(ctx, &config->listen[i], &s->doors[i]));
  }
  SV_TRY(loops_open(s, ctx, config->loops > 1 ? config->loops : 1));
  SV_TRY(health_and_reflection(s, ctx, config, services, service_n));
  SV_TRY(routes_fill(s, ctx, config, services, service_n));
  SV_TRY(types_fill(s, ctx, services, service_n));
  SV_TRY(pages_fill(s, ctx, config));
  SV_TRY(loop_timer_open(loop, ctx, on_step, s, &s->step));
  struct rpc_host common = {.workers = workers,
                            .watchers = config->watchers ? config->watchers : workers,
                            .limits = config->limits,
                            .routes = s->routes,
                            .types = s->types,
                            .pages = s->pages,
                            .page_n = s->page_n,
                            .origins = config->origins,
                            .origin_n = config->origin_n,
                            .plain_errors = config->plain_errors};
  SV_TRY(shards_open(s, ctx, config, &common));
  SV_TRY(threads_start(s, ctx));
  *ret_server = SV_TAKE(s);
  return SV_DONE;
}

uint16_t rpc_server_port(const struct rpc_server *s) { return s->ports[0]; }

uint16_t rpc_server_port_of(const struct rpc_server *s, size_t door) {
  return door < s->door_n ? s->ports[door] : 0;
}

void rpc_server_health_set(struct rpc_server *s, const char *service, bool serving) {
  rpc_health_set(s->health, service, serving);
}
