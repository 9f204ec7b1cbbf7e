/* Connection attempts go through all addresses of a name, within one deadline. The socket is non-blocking throughout. */
#include "rpc/client/transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct transport {
  int fd;
  SSL *ssl;        /* NULL: clear text */
  bool write_want; /* TLS can't read before it has written */
};

SV_AUTO_DEFINE(SSL_CTX, SSL_CTX_free)

void transport_close(struct transport *t) {
  if (t) {
    if (t->ssl) {
      (void)SSL_shutdown(t->ssl);
      SSL_free(t->ssl);
    }
    if (t->fd >= 0) {
      (void)close(t->fd);
    }
    free(t);
  }
}
SV_AUTO_DEFINE(struct transport, transport_close)

/* Milliseconds for poll, rounded up; -1 without a deadline. */
static int wait_ms(const struct sv_ctx *ctx) {
  if (!ctx->deadline_ns) {
    return -1;
  }
  uint64_t now = sv_monotonic_ns();
  uint64_t left = ctx->deadline_ns > now ? (ctx->deadline_ns - now + 999999) / 1000000 : 0;
  return left > 1000000 ? 1000000 : (int)left;
}

static sv_status wait_for(int fd, short events, struct sv_ctx *ctx) {
  for (;;) {
    SV_TRY(sv_ctx_alive(ctx));
    struct pollfd p = {.fd = fd, .events = events};
    int n = poll(&p, 1, wait_ms(ctx));
    if (n > 0) {
      return SV_DONE;
    }
    if (n < 0 && errno != EINTR) {
      return SV_FAIL(ctx, UNREACHABLE, "poll: %s", strerrordesc_np(errno));
    }
  }
}

/* ret_fault: an errno, when the address does not answer. */
static sv_status address_connect(struct sv_ctx *ctx, const struct addrinfo *ai, int *ret_fd,
                                 int *ret_fault) {
  int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  int fault = fd < 0 ? errno : 0;
  if (fd >= 0 && connect(fd, ai->ai_addr, ai->ai_addrlen) != 0) {
    fault = errno;
    if (fault == EINPROGRESS) {
      sv_status s = wait_for(fd, POLLOUT, ctx);
      if (sv_failed(s)) {
        (void)close(fd);
        return s;
      }
      socklen_t n = sizeof fault;
      if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &n) != 0) {
        fault = errno;
      }
    }
  }
  if (fault != 0 && fd >= 0) {
    (void)close(fd);
  }
  *ret_fd = fault == 0 ? fd : -1;
  *ret_fault = fault;
  return SV_DONE;
}

static sv_status socket_connect(struct sv_ctx *ctx, const struct transport_config *config,
                                int *ret_fd) {
  struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
  struct addrinfo *list = NULL;
  char service[8];
  (void)snprintf(service, sizeof service, "%u", config->port);
  int rv = getaddrinfo(config->host, service, &hints, &list);
  if (rv != 0) {
    return SV_FAIL(ctx, UNREACHABLE, "%s: %s", config->host, gai_strerror(rv));
  }
  int fd = -1;
  int fault = 0;
  sv_status s = SV_DONE;
  for (const struct addrinfo *ai = list; ai && fd < 0 && !sv_failed(s); ai = ai->ai_next) {
    s = address_connect(ctx, ai, &fd, &fault);
  }
  freeaddrinfo(list);
  SV_TRY(s);
  if (fd < 0) {
    return SV_FAIL(ctx, UNREACHABLE, "%s port %u: %s", config->host, config->port,
                   strerrordesc_np(fault));
  }
  int on = 1;
  (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  *ret_fd = fd;
  return SV_DONE;
}

static sv_status tls_settings(struct sv_ctx *ctx, const struct transport_config *config,
                              SSL_CTX *tls) {
  static const unsigned char h2[] = {2, 'h', '2'};
  SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
  if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_alpn_protos(tls, h2, sizeof h2) != 0) {
    return SV_FAIL(ctx, INTERNAL, "TLS settings");
  }
  if (SSL_CTX_load_verify_file(tls, config->ca_path) != 1) {
    return SV_FAIL(ctx, CONFIG, "%s: no CA certificates in it", config->ca_path);
  }
  if (config->certificate_path &&
      SSL_CTX_use_certificate_chain_file(tls, config->certificate_path) != 1) {
    return SV_FAIL(ctx, CONFIG, "%s: not a readable certificate", config->certificate_path);
  }
  if (config->certificate_path &&
      (!config->key_path ||
       SSL_CTX_use_PrivateKey_file(tls, config->key_path, SSL_FILETYPE_PEM) != 1)) {
    return SV_FAIL(ctx, CONFIG, "%s: not the certificate's private key",
                   config->key_path ? config->key_path : "(no key)");
  }
  return SV_DONE;
}

static bool name_expect(SSL *ssl, const char *name) {
  X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
  if (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1) {
    return true;
  }
  return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

static sv_status handshake_fault(struct transport *t, struct sv_ctx *ctx) {
  long verify = SSL_get_verify_result(t->ssl);
  if (verify != X509_V_OK) {
    return SV_FAIL(ctx, UNREACHABLE, "the server's certificate: %s",
                   X509_verify_cert_error_string(verify));
  }
  const char *why = ERR_reason_error_string(ERR_peek_last_error());
  return SV_FAIL(ctx, UNREACHABLE, "TLS: %s", why ? why : "the connection was closed");
}

static sv_status handshake(struct transport *t, struct sv_ctx *ctx) {
  for (;;) {
    ERR_clear_error();
    int rv = SSL_connect(t->ssl);
    if (rv == 1) {
      break;
    }
    int why = SSL_get_error(t->ssl, rv);
    if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) {
      return handshake_fault(t, ctx);
    }
    SV_TRY(wait_for(t->fd, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, ctx));
  }
  const unsigned char *name = NULL;
  unsigned n = 0;
  SSL_get0_alpn_selected(t->ssl, &name, &n);
  if (!sv_bytes_equal(sv_bytes_of(name, n), sv_bytes_str("h2"))) {
    return SV_FAIL(ctx, UNREACHABLE, "the server does not speak HTTP/2");
  }
  return SV_DONE;
}

sv_status transport_open(struct sv_ctx *ctx, const struct transport_config *config,
                         struct transport **ret_transport) {
  SV_AUTO(transport_close) struct transport *t = calloc(1, sizeof *t);
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "connection");
  }
  t->fd = -1;
  SV_AUTO(SSL_CTX_free) SSL_CTX *tls = NULL;
  if (config->ca_path) {
    ERR_clear_error();
    tls = SSL_CTX_new(TLS_client_method());
    if (!tls) {
      return SV_FAIL(ctx, NO_MEMORY, "TLS");
    }
    SV_TRY(tls_settings(ctx, config, tls));
  }
  SV_TRY(socket_connect(ctx, config, &t->fd));
  if (tls) {
    t->ssl = SSL_new(tls);
    const char *name = config->server_name ? config->server_name : config->host;
    if (!t->ssl || SSL_set_fd(t->ssl, t->fd) != 1 || !name_expect(t->ssl, name)) {
      return SV_FAIL(ctx, NO_MEMORY, "TLS");
    }
    SV_TRY(handshake(t, ctx));
  }
  *ret_transport = SV_TAKE(t);
  return SV_DONE;
}

/* Of a TLS call that returned rv <= 0. */
static sv_status tls_blocked(struct transport *t, struct sv_ctx *ctx, int rv) {
  int why = SSL_get_error(t->ssl, rv);
  if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
    t->write_want = why == SSL_ERROR_WANT_WRITE;
    return SV_DONE;
  }
  if (why == SSL_ERROR_ZERO_RETURN) {
    return SV_FAIL(ctx, UNREACHABLE, "the server closed the connection");
  }
  const char *text = ERR_reason_error_string(ERR_peek_last_error());
  return SV_FAIL(ctx, UNREACHABLE, "TLS: %s", text ? text : "the connection was lost");
}

static sv_status plain_blocked(struct sv_ctx *ctx) {
  if (errno == EAGAIN || errno == EINTR) {
    return SV_DONE;
  }
  return SV_FAIL(ctx, UNREACHABLE, "%s", strerrordesc_np(errno));
}

sv_status transport_send(struct transport *t, struct sv_ctx *ctx, struct sv_bytes bytes,
                         size_t *ret_n) {
  *ret_n = 0;
  if (bytes.n == 0) {
    return SV_DONE;
  }
  if (t->ssl) {
    ERR_clear_error();
    int rv = SSL_write(t->ssl, bytes.p, bytes.n > INT32_MAX ? INT32_MAX : (int)bytes.n);
    if (rv <= 0) {
      return tls_blocked(t, ctx, rv);
    }
    *ret_n = (size_t)rv;
    return SV_DONE;
  }
  ssize_t n = send(t->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
  if (n < 0) {
    return plain_blocked(ctx);
  }
  *ret_n = (size_t)n;
  return SV_DONE;
}

sv_status transport_receive(struct transport *t, struct sv_ctx *ctx, uint8_t *bytes, size_t room,
                            size_t *ret_n) {
  *ret_n = 0;
  if (t->ssl) {
    ERR_clear_error();
    int rv = SSL_read(t->ssl, bytes, (int)room);
    if (rv <= 0) {
      return tls_blocked(t, ctx, rv);
    }
    *ret_n = (size_t)rv;
    return SV_DONE;
  }
  ssize_t n = recv(t->fd, bytes, room, 0);
  if (n == 0) {
    return SV_FAIL(ctx, UNREACHABLE, "the server closed the connection");
  }
  if (n < 0) {
    return plain_blocked(ctx);
  }
  *ret_n = (size_t)n;
  return SV_DONE;
}

sv_status transport_wait(struct transport *t, struct sv_ctx *ctx, bool sending) {
  short events = sending || t->write_want ? POLLIN | POLLOUT : POLLIN;
  return wait_for(t->fd, events, ctx);
}
