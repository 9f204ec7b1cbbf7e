/* A burst a wake-up at most, so that the connections get their turn; out of descriptors, it rests for a moment. */
#include "rpc/listen/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 512, ACCEPT_BURST = 64 };
#define ACCEPT_REST_NS UINT64_C(100000000)

struct listener {
  int fd;
  uint16_t port;
  struct event *readable;
  struct loop_timer *rest;
  void (*accepted)(void *user, int fd);
  void *user;
};

static void on_readable(evutil_socket_t fd, short what, void *arg) {
  struct listener *l = arg;
  (void)what;
  for (int i = 0; i < ACCEPT_BURST; i++) {
    int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer >= 0) {
      int on = 1;
      (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      l->accepted(l->user, peer);
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      (void)event_del(l->readable);
      loop_timer_set(l->rest, ACCEPT_REST_NS);
      return;
    } else if (errno != ECONNABORTED && errno != EINTR) {
      return;
    }
  }
}

static void on_rested(void *arg) {
  const struct listener *l = arg;
  (void)event_add(l->readable, NULL);
}

void listener_close(struct listener *l) {
  if (l) {
    if (l->readable) {
      event_free(l->readable);
    }
    loop_timer_close(l->rest);
    if (l->fd >= 0) {
      (void)close(l->fd);
    }
    free(l);
  }
}
SV_AUTO_DEFINE(struct listener, listener_close)

static int socket_bound(const struct addrinfo *ai, bool shared) {
  int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int on = 1;
  if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
                  (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
                  bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 || listen(fd, LISTEN_BACKLOG) != 0)) {
    int keep = errno;
    (void)close(fd);
    errno = keep;
    fd = -1;
  }
  return fd;
}

static uint16_t port_of(int fd) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } at = {0};
  socklen_t n = sizeof at;
  if (getsockname(fd, &at.any, &n) != 0) {
    return 0;
  }
  return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

sv_status listener_open(struct sv_ctx *ctx, struct loop *loop, const char *address, uint16_t port,
                        bool shared, void (*accepted)(void *user, int fd), void *user,
                        struct listener **ret_listener) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC,
                           .ai_socktype = SOCK_STREAM,
                           .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
  struct addrinfo *ai = NULL;
  char service[8];
  (void)snprintf(service, sizeof service, "%u", port);
  if (getaddrinfo(address, service, &hints, &ai) != 0) {
    return SV_FAIL(ctx, CONFIG, "\"%s\" is no address to listen on", address);
  }
  int fd = socket_bound(ai, shared);
  int fault = errno;
  freeaddrinfo(ai);
  if (fd < 0) {
    return SV_FAIL(ctx, IO, "listen on %s port %u: %s", address, port, strerrordesc_np(fault));
  }
  SV_AUTO(listener_close) struct listener *l = calloc(1, sizeof *l);
  if (!l) {
    (void)close(fd);
    return SV_FAIL(ctx, NO_MEMORY, "listener");
  }
  l->fd = fd;
  l->port = port_of(fd);
  l->accepted = accepted;
  l->user = user;
  SV_TRY(loop_timer_open(loop, ctx, on_rested, l, &l->rest));
  l->readable = event_new(loop_base(loop), fd, EV_READ | EV_PERSIST, on_readable, l);
  if (!l->readable || event_add(l->readable, NULL) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "listener");
  }
  *ret_listener = SV_TAKE(l);
  return SV_DONE;
}

uint16_t listener_port(const struct listener *l) { return l->port; }
