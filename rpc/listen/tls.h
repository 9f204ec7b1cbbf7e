/* TLS of the server: 1.2 and 1.3, ALPN h2, and who the client certificate says the peer is. */
#pragma once
#include "base/ctx.h"

typedef struct ssl_ctx_st SSL_CTX;
typedef struct ssl_st SSL;

enum { TLS_SPIFFE_ROOM = 256 };

enum tls_peer_state {
  TLS_PEER_NONE,    /* no certificate */
  TLS_PEER_KNOWN,   /* a certificate of our client CA with one SPIFFE ID */
  TLS_PEER_INVALID, /* a certificate that is not acceptable */
};

struct tls_peer {
  enum tls_peer_state state;
  char spiffe[TLS_SPIFFE_ROOM]; /* "" unless known */
  uint8_t certificate_sha256[32];
  int64_t not_after_us; /* of the wall clock: to be judged at each call */
};

struct tls_files {
  const char *certificate_path; /* chain, leaf first */
  const char *key_path;
  const char *client_ca_path; /* NULL: no client certificate is asked for */
};

/* Caller: tls_context_close, which accepts NULL; connections keep what they use. Fails: CONFIG, with the file's name. */
sv_status tls_context_open(struct sv_ctx *ctx, const struct tls_files *files, SSL_CTX **ret_tls);
void tls_context_close(SSL_CTX *tls);
/* One more that has to be closed. NULL gives NULL. Any thread. */
SSL_CTX *tls_context_share(SSL_CTX *tls);

/* Judges the peer of a finished handshake, resumed or not. trust_domain NULL: any. any_peer: whose certificate verifies
 * is known, with the SPIFFE ID that it has or none. */
struct tls_peer tls_peer_judge(SSL *ssl, const char *trust_domain, bool any_peer);
/* Is a request for this host (without a port) right on this connection? Yes, when the client named no server (SNI), this
 * one, or one that our certificate does not tell from it: RFC 9113, section 9.1.1. */
bool tls_serves(const SSL *ssl, struct sv_bytes host);
/* Was h2 agreed on? */
bool tls_is_h2(const SSL *ssl);

/* spiffe://TRUST-DOMAIN/authority/AUTHORITY/officer/ID or .../system/ID, of letters, digits, '.', '_' and '-'.
 * SPIFFE ID, sections 2.1 to 2.3. */
bool tls_spiffe_ok(struct sv_bytes uri, const char *trust_domain);
