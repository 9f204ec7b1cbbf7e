/* The server of gRPC, gRPC-Web and Connect: its doors, their connections, and the services that answer on them. One loop
 * or several; handlers on workers. All functions on the loop's thread (or before it runs) unless they say otherwise. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"
#include "rpc/grpc/page.h"
#include "rpc/grpc/service.h"
#include "rpc/limits.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

struct rpc_server;
struct sv_metrics;

/* One port, and who may come in there. */
struct rpc_listen {
  const char *address; /* "127.0.0.1", "::" */
  uint16_t port;       /* 0: any free one, told by rpc_server_port */
  /* PEM files. All NULL: clear-text HTTP/2 with prior knowledge, for tests and behind a local proxy. */
  const char *certificate_path; /* chain, leaf first */
  const char *key_path;
  const char *client_ca_path; /* NULL: no certificate is asked for */
  const char *trust_domain;   /* of the peers' SPIFFE IDs; NULL: any */
  /* Calls without an acceptable peer are refused (UNAUTHENTICATED) before their handler, but for health. */
  bool require_peer;
  bool any_peer; /* a certificate that verifies will do, without a SPIFFE ID */
  bool
      open_only; /* no peer is asked for; only methods that are open_to_all, and health, are served */
  bool admin;    /* pages of the operator too: /metrics */
  const char *const
      *names; /* hosts whose requests are right here, others are 421; none: any. Borrowed */
  size_t name_n;
};

struct rpc_server_config {
  const struct rpc_listen *listen; /* the first is what rpc_server_port tells */
  size_t listen_n;                 /* 1 to RPC_DOORS_MAX */
  size_t
      loops; /* threads that share the ports; 0 and 1: the caller's loop alone; to RPC_LOOPS_MAX */
  struct rpc_limits limits; /* rpc_limits_default() */
  /* A FileDescriptorSet of every service (health and reflection too) with all imports: it is told by reflection, to
   * acceptable peers. Borrowed until rpc_server_close. Empty: no reflection. */
  struct sv_bytes descriptor_set;
  /* For methods with RPC_ON_WATCHER, one thread a stream: open it with queue_max 0. Borrowed; NULL: the other workers. */
  struct workers *watchers;
  /* Plain GET, beside /healthz and /readyz. Borrowed. */
  const struct rpc_page *pages;
  size_t page_n;
  /* "https://host": pages of these origins may call from a browser, beside those of the server's own. Borrowed. */
  const char *const *origins;
  size_t origin_n;
  struct sv_metrics
      *metrics; /* counts calls, and is told at /metrics of admin doors. Borrowed; NULL: neither */
  bool plain_errors; /* errors of the layer are a code and a text, without ErrorInfo and the like */
};

/* Methods that share a service pointer. Borrowed until rpc_server_close. */
struct rpc_service {
  const char *name; /* "salvo.v1.IssuanceService", for health */
  const struct rpc_method *methods;
  size_t method_n;
  void *service; /* handed to the handlers */
};

/* Opens the port; connections are served once the loop runs. Health starts as SERVING for "" and every service.
 * Borrows loop, workers and the services' arrays; copies the rest.
 * Fails: CONFIG (address, files, descriptor set), NO_MEMORY, IO. Caller: rpc_server_close. */
sv_status rpc_server_open(struct sv_ctx *ctx, struct loop *loop, struct workers *workers,
                          const struct rpc_server_config *config,
                          const struct rpc_service *services, size_t service_n,
                          struct rpc_server **ret_server);
uint16_t rpc_server_port(const struct rpc_server *server);
/* Of any of the doors. */
uint16_t rpc_server_port_of(const struct rpc_server *server, size_t door);

/* Certificates and client CA anew from the same files; connections are told to come again (GOAWAY), their calls finish.
 * On failure the old ones stay. Fails: CONFIG. */
sv_status rpc_server_reload(struct rpc_server *server, struct sv_ctx *ctx);

/* service NULL: all of them and "". */
void rpc_server_health_set(struct rpc_server *server, const char *service, bool serving);

/* Graceful stop: health NOT_SERVING at once; after notice_ns (the balancer's interval) the port is closed and every
 * connection told GOAWAY; calls finish until drain_ns later, then the rest is cut. Then `stopped` runs on the loop,
 * exactly once. A second stop changes nothing. */
void rpc_server_stop(struct rpc_server *server, uint64_t notice_ns, uint64_t drain_ns,
                     void (*stopped)(void *arg), void *arg);

/* Cuts what is left and frees. Workers must have run every accepted call (workers_close) and the loop must not be
 * running. Accepts NULL. */
void rpc_server_close(struct rpc_server *server);
