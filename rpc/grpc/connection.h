/* One connection: a link's bytes through an HTTP/2 session into streams. Inside rpc/ alone; on the loop's thread. */
#pragma once
#include "rpc/grpc/pace.h"
#include "rpc/grpc/routes.h"
#include "rpc/h2/session.h"
#include "rpc/limits.h"
#include "rpc/listen/link.h"
#include "runtime/loop.h"
#include "runtime/workers.h"

struct rpc_connection;

struct json_types;

/* Who may come in where. */
struct rpc_door {
  const char *trust_domain; /* of the peers' SPIFFE IDs; NULL: any */
  bool require_peer;        /* for every method but health */
  bool any_peer;            /* a certificate that verifies will do, without a SPIFFE ID */
  bool open_only;           /* methods that are open to all, and health */
  bool admin;               /* pages of the operator too */
  const char *const *names; /* hosts that requests may be for; none: any */
  size_t name_n;
};

/* What connections need of their server's loop. Outlives them. */
struct rpc_host {
  struct loop *loop;
  struct workers *workers, *watchers;
  struct rpc_limits limits;
  const struct rpc_routes *routes;
  const struct json_types *types;
  const struct rpc_page *pages; /* plain GET */
  size_t page_n;
  const char *const *origins; /* of pages that may call from a browser, beside our own */
  size_t origin_n;
  bool plain_errors; /* errors of the layer have no details */
  void (*connection_gone)(void *user, struct rpc_connection *connection);
  void *user;
};

struct rpc_stream;

enum rpc_connection_phase {
  RPC_SERVING, /* --rpc_connection_leave--> */
  RPC_NOTICED, /* GOAWAY(2^31-1) and a PING went out --pong, or a second--> */
  RPC_LEAVING, /* GOAWAY(last) went out: ends with its last stream --> */
  RPC_GONE,    /* no link, no session; waits for its handlers, then is freed */
  RPC_PHASES,
};

struct rpc_connection {
  const struct rpc_host *host;
  const struct rpc_door *door;
  struct link *link;
  struct h2_session *session;
  enum rpc_connection_phase phase;
  struct rpc_stream *streams;
  size_t handlers;                     /* in flight, also of streams that are gone */
  size_t held;                         /* bytes of unread messages */
  uint64_t opened_ns, age_ns, idle_ns; /* our own parts of the limits */
  uint64_t heard_ns;                   /* last bytes from the peer */
  uint64_t ping_ns;                    /* our PING went out; 0: none is open */
  uint64_t busy_ns;                    /* when the last stream ended */
  size_t sent;                         /* bytes ever given to the link */
  size_t left;                         /* and those that had left it at the last look */
  struct rpc_pace pace;                /* of the output */
  uint64_t noticed_ns;
  struct rpc_connection *previous, *next; /* of the server */
};

/* Takes fd over, also on failure. Ends with connection_gone, which unlists it; it frees itself after that.
 * Fails: NO_MEMORY. */
sv_status rpc_connection_open(struct sv_ctx *ctx, const struct rpc_host *host,
                              const struct rpc_door *door, int fd, SSL_CTX *tls,
                              struct rpc_connection **ret_connection);
/* The graceful end. */
void rpc_connection_leave(struct rpc_connection *c);
/* The same for what has to come back with a new handshake; one that is in its handshake is not cut. */
void rpc_connection_renew(struct rpc_connection *c);
/* The hard end, on the loop's next turn. */
void rpc_connection_cut(struct rpc_connection *c);
/* Frees at once, without connection_gone; no handler may be in flight. For the server's own end. */
void rpc_connection_drop(struct rpc_connection *c);
/* Once in a while: time limits, pings, age. */
void rpc_connection_tick(struct rpc_connection *c, uint64_t now_ns);

/* --- for streams --- */
/* Moves what the session has to say into the link. */
void rpc_connection_pump(struct rpc_connection *c);
void rpc_connection_handler_started(struct rpc_connection *c);
void rpc_connection_handler_done(struct rpc_connection *c);
