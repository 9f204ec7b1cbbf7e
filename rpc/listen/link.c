/* A bufferevent and its state.
 *
 *   OPENING --on_event(connected)--> OPEN --link_finish--> FINISHING --flushed--> LINGERING --EOF, time, bytes--> CLOSED
 *      \______________________________\____________________\______________________link_cut, EOF, error____________/
 *
 * LINGERING: our side is shut, what comes is thrown away: closing at once, with bytes unread, would make the kernel
 * send a reset that takes our last words with it.
 * CLOSED is told exactly once, from the loop itself and never from inside another call. */
#include "rpc/listen/link.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum link_state {
  LINK_OPENING,
  LINK_OPEN,
  LINK_FINISHING,
  LINK_LINGERING,
  LINK_CLOSED,
  LINK_STATES
};

static const bool link_moves[LINK_STATES][LINK_STATES] = {
    [LINK_OPENING] = {[LINK_OPEN] = true, [LINK_CLOSED] = true},
    [LINK_OPEN] = {[LINK_FINISHING] = true, [LINK_CLOSED] = true},
    [LINK_FINISHING] = {[LINK_LINGERING] = true, [LINK_CLOSED] = true},
    [LINK_LINGERING] = {[LINK_CLOSED] = true},
};

enum { LINK_BURST_BYTES = 64 * 1024, LINK_LOW_BYTES = 32 * 1024, LINK_LINGER_BYTES = 1024 * 1024 };
#define LINK_LINGER_NS UINT64_C(1000000000)

struct link {
  struct bufferevent *bev;
  const struct link_events *events;
  void *user;
  const char *trust_domain;
  bool any_peer;
  enum link_state state;
  struct loop_timer *turn; /* the loop's next turn */
  size_t thrown_away;
  struct tls_peer peer;
};

static void move(struct link *l, enum link_state to) {
  SV_ASSERT(link_moves[l->state][to]);
  l->state = to;
}

static void end(struct link *l) {
  if (l->state != LINK_CLOSED) {
    move(l, LINK_CLOSED);
    (void)bufferevent_disable(l->bev, EV_READ | EV_WRITE);
    loop_timer_set(l->turn, 0);
  }
}

/* All is sent. */
static void linger(struct link *l) {
  move(l, LINK_LINGERING);
  SSL *ssl = bufferevent_openssl_get_ssl(l->bev);
  if (ssl) {
    (void)SSL_shutdown(ssl);
    ERR_clear_error();
  }
  (void)shutdown(bufferevent_getfd(l->bev), SHUT_WR);
  loop_timer_set(l->turn, LINK_LINGER_NS);
}

static void opened(struct link *l) {
  move(l, LINK_OPEN);
  SSL *ssl = bufferevent_openssl_get_ssl(l->bev);
  if (ssl) {
    if (!tls_is_h2(ssl)) {
      end(l);
      return;
    }
    l->peer = tls_peer_judge(ssl, l->trust_domain, l->any_peer);
  }
  l->events->opened(l->user);
}

static void on_turn(void *arg) {
  struct link *l = arg;
  if (l->state == LINK_CLOSED) {
    l->events->closed(l->user);
  } else if (l->state == LINK_OPENING) {
    opened(l);
  } else if (l->state == LINK_FINISHING && link_pending(l) == 0) {
    linger(l); /* else on_written does: this turn may be the one of the opening */
  } else if (l->state == LINK_LINGERING) {
    end(l);
  }
}

static void on_read(struct bufferevent *bev, void *arg) {
  struct link *l = arg;
  struct evbuffer *in = bufferevent_get_input(bev);
  struct evbuffer_iovec part;
  if (l->state == LINK_OPENING && !bufferevent_openssl_get_ssl(bev)) {
    opened(l); /* the first bytes were quicker than the turn */
  }
  while (l->state == LINK_OPEN && evbuffer_peek(in, -1, NULL, &part, 1) > 0 && part.iov_len > 0) {
    size_t n = part.iov_len;
    bool more = l->events->bytes(l->user, sv_bytes_of(part.iov_base, n));
    (void)evbuffer_drain(in, n);
    if (!more && l->state == LINK_OPEN) {
      link_finish(l);
    }
  }
  if (l->state != LINK_OPEN) {
    l->thrown_away += evbuffer_get_length(in);
    (void)evbuffer_drain(in, evbuffer_get_length(in));
    if (l->thrown_away > LINK_LINGER_BYTES) {
      end(l);
    }
  }
}

static void on_written(struct bufferevent *bev, void *arg) {
  struct link *l = arg;
  (void)bev;
  if (l->state == LINK_FINISHING && link_pending(l) == 0) {
    linger(l);
  } else if (l->state == LINK_OPEN) {
    l->events->drained(l->user);
  }
}

static void on_event(struct bufferevent *bev, short what, void *arg) {
  struct link *l = arg;
  (void)bev;
  if (what & BEV_EVENT_CONNECTED && l->state == LINK_OPENING) {
    opened(l);
  }
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) {
    end(l);
  }
}

void link_close(struct link *l) {
  if (l) {
    loop_timer_close(l->turn);
    if (l->bev) {
      bufferevent_free(l->bev);
    }
    free(l);
  }
}
SV_AUTO_DEFINE(struct link, link_close)

static struct bufferevent *bufferevent_make(struct loop *loop, int fd, SSL_CTX *tls) {
  struct bufferevent *bev = NULL;
  if (!tls) {
    bev = bufferevent_socket_new(loop_base(loop), fd, BEV_OPT_CLOSE_ON_FREE);
  } else {
    SSL *ssl = SSL_new(tls);
    if (ssl) {
      bev = bufferevent_openssl_socket_new(loop_base(loop), fd, ssl, BUFFEREVENT_SSL_ACCEPTING,
                                           BEV_OPT_CLOSE_ON_FREE);
      if (!bev) {
        SSL_free(ssl);
      }
    }
  }
  if (!bev) {
    (void)close(fd);
  }
  return bev;
}

sv_status link_open(struct sv_ctx *ctx, struct loop *loop, int fd, const struct link_config *config,
                    struct link **ret_link) {
  SV_AUTO(link_close) struct link *l = calloc(1, sizeof *l);
  if (!l) {
    (void)close(fd);
    return SV_FAIL(ctx, NO_MEMORY, "connection");
  }
  l->events = config->events;
  l->user = config->user;
  l->trust_domain = config->trust_domain;
  l->any_peer = config->any_peer;
  l->bev = bufferevent_make(loop, fd, config->tls);
  if (!l->bev) {
    return SV_FAIL(ctx, NO_MEMORY, "connection");
  }
  SV_TRY(loop_timer_open(loop, ctx, on_turn, l, &l->turn));
  (void)bufferevent_set_max_single_read(l->bev, LINK_BURST_BYTES);
  (void)bufferevent_set_max_single_write(l->bev, LINK_BURST_BYTES);
  bufferevent_setwatermark(l->bev, EV_WRITE, LINK_LOW_BYTES, 0);
  bufferevent_setcb(l->bev, on_read, on_written, on_event, l);
  if (bufferevent_enable(l->bev, EV_READ | EV_WRITE) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "connection");
  }
  if (config->tls) {
    bufferevent_openssl_set_allow_dirty_shutdown(l->bev, 1);
  } else {
    loop_timer_set(l->turn, 0);
  }
  *ret_link = SV_TAKE(l);
  return SV_DONE;
}

bool link_send(struct link *l, struct sv_bytes bytes) {
  if (l->state != LINK_OPEN) {
    return true; /* nobody to read it */
  }
  return bufferevent_write(l->bev, bytes.p, bytes.n) == 0;
}

size_t link_pending(const struct link *l) {
  return evbuffer_get_length(bufferevent_get_output(l->bev));
}

void link_finish(struct link *l) {
  if (l->state == LINK_OPENING) {
    end(l);
  } else if (l->state == LINK_OPEN) {
    move(l, LINK_FINISHING);
    if (link_pending(l) == 0) {
      loop_timer_set(l->turn, 0); /* not from inside a read of the same link */
    }
  }
}

void link_cut(struct link *l) { end(l); }

bool link_is_open(const struct link *l) { return l->state == LINK_OPEN; }

const struct tls_peer *link_peer(const struct link *l) { return &l->peer; }

bool link_serves(const struct link *l, struct sv_bytes host) {
  const SSL *ssl = bufferevent_openssl_get_ssl(l->bev);
  return !ssl || tls_serves(ssl, host);
}
