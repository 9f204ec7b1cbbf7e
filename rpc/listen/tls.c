/* OpenSSL's side of the listener. A client certificate that does not verify does not end the handshake: the peer then
 * reads a status with a reason, where an alert would reach most clients as "connection lost". The key's possession is
 * proven in either case. Invariant: only a chain without any fault makes a peer KNOWN. */
#include "rpc/listen/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <strings.h>
#include <time.h>

enum { TLS_HOST_ROOM = 256 };

SV_AUTO_DEFINE(SSL_CTX, SSL_CTX_free)
SV_AUTO_DEFINE(X509, X509_free)
SV_AUTO_DEFINE(GENERAL_NAMES, GENERAL_NAMES_free)

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                   const unsigned char *in, unsigned in_n, void *arg) {
  static const unsigned char h2[] = {2, 'h', '2'};
  (void)ssl;
  (void)arg;
  struct sv_cursor c = sv_cursor_over(sv_bytes_of(in, in_n));
  uint8_t n;
  struct sv_bytes name;
  while (sv_cursor_u8(&c, &n) && sv_cursor_take(&c, n, &name)) {
    if (sv_bytes_equal(name, sv_bytes_of(h2 + 1, 2))) {
      *out = name.p;
      *out_n = n;
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Goes on; the session keeps the fault (SSL_get_verify_result). */
static int on_verify(int ok, X509_STORE_CTX *store) {
  (void)ok;
  (void)store;
  return 1;
}

/* Certificates work out once what their extensions say: here, and not on the first of several loops that asks. */
static void extensions_read(SSL_CTX *tls) {
  const STACK_OF(X509_OBJECT) *all = X509_STORE_get0_objects(SSL_CTX_get_cert_store(tls));
  for (int i = 0; i < sk_X509_OBJECT_num(all); i++) {
    X509 *cert = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(all, i));
    if (cert) {
      (void)X509_check_purpose(cert, -1, 0);
    }
  }
}

static sv_status client_ca_load(struct sv_ctx *ctx, SSL_CTX *tls, const char *path) {
  STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
  if (!names || SSL_CTX_load_verify_file(tls, path) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return SV_FAIL(ctx, CONFIG, "%s: no client CA certificates in it", path);
  }
  SSL_CTX_set_client_CA_list(tls, names);
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, on_verify);
  SSL_CTX_set_verify_depth(tls, 4);
  extensions_read(tls);
  return SV_DONE;
}

sv_status tls_context_open(struct sv_ctx *ctx, const struct tls_files *files, SSL_CTX **ret_tls) {
  ERR_clear_error();
  SV_AUTO(SSL_CTX_free) SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
  if (!tls) {
    return SV_FAIL(ctx, NO_MEMORY, "TLS context");
  }
  static const unsigned char session_context[] = "salvoconducto";
  SSL_CTX_set_options(tls, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                               SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF); /* tickets alone */
  (void)SSL_CTX_set_num_tickets(tls, 1);
  SSL_CTX_set_alpn_select_cb(tls, on_alpn, NULL);
  if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
      SSL_CTX_set_session_id_context(tls, session_context, sizeof session_context - 1) != 1) {
    return SV_FAIL(ctx, INTERNAL, "TLS settings");
  }
  if (SSL_CTX_use_certificate_chain_file(tls, files->certificate_path) != 1) {
    return SV_FAIL(ctx, CONFIG, "%s: not a readable certificate chain", files->certificate_path);
  }
  if (SSL_CTX_use_PrivateKey_file(tls, files->key_path, SSL_FILETYPE_PEM) != 1) {
    return SV_FAIL(ctx, CONFIG, "%s: not a readable private key, or not the certificate's",
                   files->key_path);
  }
  if (files->client_ca_path) {
    SV_TRY(client_ca_load(ctx, tls, files->client_ca_path));
  }
  ERR_clear_error();
  *ret_tls = SV_TAKE(tls);
  return SV_DONE;
}

void tls_context_close(SSL_CTX *tls) { SSL_CTX_free(tls); }

SSL_CTX *tls_context_share(SSL_CTX *tls) {
  if (tls) {
    (void)SSL_CTX_up_ref(tls);
  }
  return tls;
}

static bool segment(struct sv_cursor *c, struct sv_bytes *ret) {
  const uint8_t *start = c->p;
  while (c->p < c->end && *c->p != '/') {
    uint8_t b = *c->p;
    bool ok = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') ||
              b == '.' || b == '_' || b == '-';
    if (!ok) {
      return false;
    }
    c->p++;
  }
  *ret = sv_bytes_of(start, (size_t)(c->p - start));
  bool dots = sv_bytes_equal(*ret, sv_bytes_str(".")) || sv_bytes_equal(*ret, sv_bytes_str(".."));
  return ret->n > 0 && !dots;
}

static bool slash(struct sv_cursor *c) {
  uint8_t b;
  return sv_cursor_u8(c, &b) && b == '/';
}

bool tls_spiffe_ok(struct sv_bytes uri, const char *trust_domain) {
  struct sv_cursor c = sv_cursor_over(uri);
  struct sv_bytes scheme, domain, word, authority, kind, id;
  if (uri.n >= TLS_SPIFFE_ROOM || !sv_cursor_take(&c, 9, &scheme) ||
      !sv_bytes_equal(scheme, sv_bytes_str("spiffe://"))) {
    return false;
  }
  if (!segment(&c, &domain) || !slash(&c) || !segment(&c, &word) || !slash(&c) ||
      !segment(&c, &authority) || !slash(&c) || !segment(&c, &kind) || !slash(&c) ||
      !segment(&c, &id) || sv_cursor_left(&c) != 0) {
    return false;
  }
  for (size_t i = 0; i < domain.n; i++) {
    if (domain.p[i] >= 'A' && domain.p[i] <= 'Z') {
      return false;
    }
  }
  return sv_bytes_equal(word, sv_bytes_str("authority")) &&
         (sv_bytes_equal(kind, sv_bytes_str("officer")) ||
          sv_bytes_equal(kind, sv_bytes_str("system"))) &&
         (!trust_domain || sv_bytes_equal(domain, sv_bytes_str(trust_domain)));
}

/* The one URI of the subject's alternative names. */
static bool spiffe_of(X509 *cert, const char *trust_domain, char spiffe[static TLS_SPIFFE_ROOM]) {
  SV_AUTO(GENERAL_NAMES_free)
  GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
  struct sv_bytes uri = {0};
  size_t uris = 0;
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_URI) {
      const ASN1_IA5STRING *s = name->d.uniformResourceIdentifier;
      uri = sv_bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
      uris++;
    }
  }
  if (uris != 1 || !tls_spiffe_ok(uri, trust_domain)) {
    return false;
  }
  memcpy(spiffe, uri.p, uri.n);
  spiffe[uri.n] = '\0';
  return true;
}

struct tls_peer tls_peer_judge(SSL *ssl, const char *trust_domain, bool any_peer) {
  struct tls_peer peer = {.state = TLS_PEER_NONE};
  SV_AUTO(X509_free) X509 *cert = SSL_get1_peer_certificate(ssl);
  if (!cert) {
    return peer;
  }
  peer.state = TLS_PEER_INVALID;
  struct tm tm;
  unsigned n = 0;
  if (X509_digest(cert, EVP_sha256(), peer.certificate_sha256, &n) != 1 ||
      ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1) {
    return peer;
  }
  peer.not_after_us = (int64_t)timegm(&tm) * 1000000;
  if (SSL_get_verify_result(ssl) == X509_V_OK && X509_check_ca(cert) == 0 &&
      (spiffe_of(cert, trust_domain, peer.spiffe) || any_peer)) {
    peer.state = TLS_PEER_KNOWN;
  }
  ERR_clear_error();
  return peer;
}

bool tls_serves(const SSL *ssl, struct sv_bytes host) {
  const char *named = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  char name[TLS_HOST_ROOM];
  if (!named ||
      (strlen(named) == host.n && strncasecmp(named, (const char *)host.p, host.n) == 0)) {
    return true;
  }
  if (host.n == 0 || host.n >= sizeof name || memchr(host.p, 0, host.n)) {
    return false;
  }
  memcpy(name, host.p, host.n);
  name[host.n] = '\0';
  if (name[0] == '[' && name[host.n - 1] == ']') {
    name[host.n - 1] = '\0';
  }
  X509 *own = SSL_get_certificate(ssl);
  return own && (X509_check_host(own, (const char *)host.p, host.n, 0, NULL) == 1 ||
                 X509_check_ip_asc(own, name[0] == '[' ? name + 1 : name, 0) == 1);
}

bool tls_is_h2(const SSL *ssl) {
  const unsigned char *name = NULL;
  unsigned n = 0;
  SSL_get0_alpn_selected(ssl, &name, &n);
  return sv_bytes_equal(sv_bytes_of(name, n), sv_bytes_str("h2"));
}
