/* One connection's bytes, in clear text or under TLS. On the loop's thread. */
#pragma once
#include "base/ctx.h"
#include "rpc/listen/tls.h"
#include "runtime/loop.h"

struct link;

/* None of them may call link_close but closed, which has to. */
struct link_events {
  void (*opened)(void *user); /* the handshake is done; at once in clear text */
  bool (*bytes)(void *user, struct sv_bytes bytes); /* false: no more are wanted; see link_finish */
  void (*drained)(void *user);                      /* most of what was sent has left */
  void (*closed)(void *user); /* by the peer, by a fault, or after link_finish */
};

struct link_config {
  SSL_CTX *tls; /* NULL: clear text */
  const char *trust_domain;
  bool any_peer; /* see tls_peer_judge */
  const struct link_events *events;
  void *user;
};

/* Takes fd over, also on failure. The events start with the next turn of the loop. Fails: NO_MEMORY. */
sv_status link_open(struct sv_ctx *ctx, struct loop *loop, int fd, const struct link_config *config,
                    struct link **ret_link);
void link_close(struct link *link);

/* Queues bytes (copied). False when memory is out. */
bool link_send(struct link *link, struct sv_bytes bytes);
/* Bytes queued and not yet taken by the socket. */
size_t link_pending(const struct link *link);
/* Sends what is queued, throws away what still comes, and tells closed when the peer has closed too, or soon after. */
void link_finish(struct link *link);
/* Tells closed on the loop's next turn, whatever is queued. */
void link_cut(struct link *link);
bool link_is_open(const struct link *link);
/* Is a request for this host (without a port) right here? See tls_serves. */
bool link_serves(const struct link *link, struct sv_bytes host);
/* Valid once opened. */
const struct tls_peer *link_peer(const struct link *link);
