/* Takes SignedData apart and judges its one signer. Every element must stand where RFC 5652 5.1 has it, and nothing
 * may follow: what another reader could take for something else is refused. */
#include "pki/signed_data.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "pki/der.h"

SV_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)

enum { RSA_BITS_MIN = 2048, EC_BITS_MIN = 256, ATTRIBUTES_MAX = 32 };

#define BYTES(a) sv_bytes_of((a), sizeof(a))

static const uint8_t oid_signed_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                          0xF7, 0x0D, 0x01, 0x07, 0x02};
static const uint8_t oid_content_type[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                           0xF7, 0x0D, 0x01, 0x09, 0x03};
static const uint8_t oid_message_digest[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                             0xF7, 0x0D, 0x01, 0x09, 0x04};
/* signing-certificate-v2 (RFC 5035) and signing-certificate (RFC 2634) */
static const uint8_t oid_ess_v2[] = {0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                     0x0D, 0x01, 0x09, 0x10, 0x02, 0x2F};
static const uint8_t oid_ess_v1[] = {0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                     0x0D, 0x01, 0x09, 0x10, 0x02, 0x0C};
/* the values of 2.16.840.1.101.3.4.2.1 to .3 but for the last byte */
static const uint8_t sha2_prefix[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};

/* Takes an element as a whole: tag, length and value. */
static bool take_whole(struct sv_cursor *c, uint8_t tag, struct sv_bytes *ret) {
  const uint8_t *from = c->p;
  struct sv_bytes value;
  if (!der_take(c, tag, &value)) {
    return false;
  }
  *ret = sv_bytes_of(from, (size_t)(c->p - from));
  return true;
}

/* The OID of an AlgorithmIdentifier whose parameters are left to the one who uses it. */
static bool take_algorithm(struct sv_cursor *c, struct sv_bytes *ret_oid) {
  struct sv_bytes body;
  if (!der_take(c, 0x30, &body)) {
    return false;
  }
  struct sv_cursor in = sv_cursor_over(body);
  return der_take(&in, 0x06, ret_oid);
}

/* The same without parameters, or with NULL (RFC 5754 2). */
static bool take_plain_algorithm(struct sv_cursor *c, struct sv_bytes *ret_oid) {
  struct sv_bytes body;
  struct sv_bytes null = {.n = 0};
  if (!der_take(c, 0x30, &body)) {
    return false;
  }
  struct sv_cursor in = sv_cursor_over(body);
  return der_take(&in, 0x06, ret_oid) && (sv_cursor_left(&in) == 0 || der_take(&in, 0x05, &null)) &&
         null.n == 0 && sv_cursor_left(&in) == 0;
}

static const char *read_certificates(struct sv_cursor *c, struct pki_signed *s) {
  struct sv_bytes set;
  if (!der_take(c, 0xA0, &set)) {
    return NULL; /* optional */
  }
  struct sv_cursor in = sv_cursor_over(set);
  while (sv_cursor_left(&in)) {
    if (s->certificate_count == PKI_SIGNED_CERTIFICATES_MAX) {
      return "more than 16 certificates";
    }
    if (!take_whole(&in, 0x30, &s->certificates[s->certificate_count])) {
      return "something else than certificates among the certificates";
    }
    s->certificate_count++;
  }
  return NULL;
}

static const char *read_content(struct sv_cursor *c, struct pki_signed *s) {
  struct sv_bytes body;
  struct sv_bytes wrapped;
  if (!der_take(c, 0x30, &body)) {
    return "no encapsulated content";
  }
  struct sv_cursor in = sv_cursor_over(body);
  if (!der_take(&in, 0x06, &s->content_type)) {
    return "no content type";
  }
  if (der_take(&in, 0xA0, &wrapped)) {
    struct sv_cursor inner = sv_cursor_over(wrapped);
    if (!der_take(&inner, 0x04, &s->content) || sv_cursor_left(&inner)) {
      return "content that is no octet string";
    }
  }
  return sv_cursor_left(&in) ? "bytes after the content" : NULL;
}

/* Parameters are for RSASSA-PSS alone. */
static bool take_signature_algorithm(struct sv_cursor *c, struct sv_bytes *ret_oid) {
  static const uint8_t pss[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A};
  struct sv_cursor at = *c;
  return take_plain_algorithm(c, ret_oid) ||
         (*c = at, take_algorithm(c, ret_oid) && sv_bytes_equal(*ret_oid, BYTES(pss)));
}

static const char *read_signer(struct sv_cursor *c, struct pki_signed *s) {
  struct sv_bytes set;
  struct sv_bytes body;
  struct sv_bytes version;
  if (!der_take(c, 0x31, &set) || sv_cursor_left(c)) {
    return "no set of signers at the end";
  }
  struct sv_cursor in = sv_cursor_over(set);
  if (!der_take(&in, 0x30, &body) || sv_cursor_left(&in)) {
    return "not exactly one signer";
  }
  in = sv_cursor_over(body);
  if (!der_take(&in, 0x02, &version)) {
    return "no version of the signer";
  }
  s->by_key_id = der_peek(&in) == 0x80;
  bool named =
      s->by_key_id ? der_take(&in, 0x80, &s->signer_id) : take_whole(&in, 0x30, &s->signer_id);
  if (!named || version.n != 1 || version.p[0] != (s->by_key_id ? 3 : 1) ||
      !take_plain_algorithm(&in, &s->digest_oid)) {
    return "the signer is not named";
  }
  if (!der_take(&in, 0xA0, &s->attributes)) {
    return "no signed attributes";
  }
  if (!take_signature_algorithm(&in, &s->signature_oid) || !der_take(&in, 0x04, &s->signature)) {
    return "no signature";
  }
  (void)der_take(&in, 0xA1, &s->unsigned_attributes);
  return sv_cursor_left(&in) ? "bytes after the signer" : NULL;
}

/* The digests that a reader is to prepare: that of the one signer. It carries no weight, and so must not vary. */
static bool digests_agree(struct sv_bytes set, struct sv_bytes wanted) {
  struct sv_cursor c = sv_cursor_over(set);
  struct sv_bytes oid;
  return take_plain_algorithm(&c, &oid) && sv_bytes_equal(oid, wanted) && sv_cursor_left(&c) == 0;
}

static const char *read_signed_data(struct sv_bytes body, struct pki_signed *s) {
  struct sv_bytes version;
  struct sv_bytes digests;
  struct sv_bytes crls;
  struct sv_cursor in = sv_cursor_over(body);
  if (!der_take(&in, 0x02, &version) || version.n != 1 ||
      (version.p[0] != 1 && version.p[0] != 3) || !der_take(&in, 0x31, &digests)) {
    return "no version or digest algorithms";
  }
  const char *fault = read_content(&in, s);
  fault = fault ? fault : read_certificates(&in, s);
  if (fault) {
    return fault;
  }
  if (der_take(&in, 0xA1, &crls)) {
    return "revocation lists inside, which belong into a store";
  }
  fault = read_signer(&in, s);
  return fault || digests_agree(digests, s->digest_oid)
             ? fault
             : "digest algorithms that are not the signer's";
}

const char *pki_signed_read(struct sv_bytes cms, struct pki_signed *ret) {
  struct sv_cursor c = sv_cursor_over(cms);
  struct sv_bytes info;
  struct sv_bytes type;
  struct sv_bytes wrapped;
  struct sv_bytes body;
  *ret = (struct pki_signed){0};
  if (!der_take(&c, 0x30, &info)) {
    return "not DER";
  }
  ret->der_bytes = (size_t)(c.p - cms.p);
  c = sv_cursor_over(info);
  if (!take_whole(&c, 0x06, &type) || !sv_bytes_equal(type, BYTES(oid_signed_data)) ||
      !der_take(&c, 0xA0, &wrapped) || sv_cursor_left(&c)) {
    return "not signed data";
  }
  c = sv_cursor_over(wrapped);
  if (!der_take(&c, 0x30, &body) || sv_cursor_left(&c)) {
    return "not signed data";
  }
  return read_signed_data(body, ret);
}

/* How often the attribute stands there; its set of values when it is met. -1: not attributes. */
static int find_attribute(struct sv_bytes attributes, struct sv_bytes oid, struct sv_bytes *ret) {
  struct sv_cursor c = sv_cursor_over(attributes);
  int found = 0;
  for (int n = 0; sv_cursor_left(&c); n++) {
    struct sv_bytes body;
    struct sv_bytes type;
    struct sv_bytes values;
    if (n == ATTRIBUTES_MAX || !der_take(&c, 0x30, &body)) {
      return -1;
    }
    struct sv_cursor in = sv_cursor_over(body);
    if (!take_whole(&in, 0x06, &type) || !der_take(&in, 0x31, &values) || sv_cursor_left(&in)) {
      return -1;
    }
    if (sv_bytes_equal(type, oid)) {
      *ret = values;
      found++;
    }
  }
  return found;
}

bool pki_signed_value(struct sv_bytes attributes, struct sv_bytes oid, struct sv_bytes *ret) {
  struct sv_bytes values;
  if (find_attribute(attributes, oid, &values) != 1) {
    return false;
  }
  struct sv_cursor c = sv_cursor_over(values);
  return take_whole(&c, der_peek(&c), ret) && sv_cursor_left(&c) == 0;
}

bool pki_signed_has(struct sv_bytes attributes, struct sv_bytes oid) {
  struct sv_bytes values;
  return find_attribute(attributes, oid, &values) != 0;
}

bool pki_digest_of_oid(struct sv_bytes oid, enum crypto_digest *ret) {
  if (oid.n != sizeof sha2_prefix + 1 || memcmp(oid.p, sha2_prefix, sizeof sha2_prefix) != 0) {
    return false;
  }
  switch (oid.p[sizeof sha2_prefix]) {
    case 1:
      *ret = CRYPTO_SHA256;
      return true;
    case 2:
      *ret = CRYPTO_SHA384;
      return true;
    case 3:
      *ret = CRYPTO_SHA512;
      return true;
    default:
      return false;
  }
}

static bool is_signer(const struct pki_signed *s, const struct pki_cert *c) {
  if (!s->by_key_id) {
    return sv_bytes_equal(s->signer_id, sv_bytes_of(c->issuer_serial, c->issuer_serial_n));
  }
  const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(c->x509);
  return id && sv_bytes_equal(s->signer_id, sv_bytes_of(ASN1_STRING_get0_data(id),
                                                        (size_t)ASN1_STRING_length(id)));
}

/* Puts the last certificate first; the others keep their order. */
static void last_to_front(struct pki_chain *chain) {
  const struct pki_cert *signer = chain->certs[chain->count - 1];
  memmove(&chain->certs[1], &chain->certs[0], (chain->count - 1) * sizeof signer);
  chain->certs[0] = signer;
}

static sv_status add_known(struct sv_ctx *ctx, const struct pki_trust *known, struct sv_bytes der,
                           struct pki_chain *chain) {
  const struct pki_cert *c = known ? pki_trust_known(known, der) : NULL;
  return c ? pki_chain_lend(ctx, chain, c) : pki_chain_add_der(ctx, chain, der);
}

sv_status pki_signed_chain(struct sv_ctx *ctx, const struct pki_trust *known,
                           const struct pki_signed *s, struct pki_chain **ret) {
  SV_AUTO(pki_chain_close) struct pki_chain *chain = calloc(1, sizeof *chain);
  bool found = false;
  if (!chain) {
    return SV_FAIL(ctx, NO_MEMORY, "chain");
  }
  for (size_t i = 0; i < s->certificate_count && chain->count < PKI_CHAIN_MAX; i++) {
    sv_status added = add_known(ctx, known, s->certificates[i], chain);
    if (added.reason == SV_NO_MEMORY) {
      return added;
    }
    if (sv_failed(
            added)) { /* one that can't be read is as one that is not there, and said to be so */
      sv_ctx_clear(ctx);
      chain->partial = true;
    } else if (!found && is_signer(s, chain->certs[chain->count - 1])) {
      found = true;
      last_to_front(chain);
    }
  }
  chain->partial = chain->partial || s->certificate_count > chain->count;
  *ret = found ? SV_TAKE(chain) : NULL;
  return SV_DONE;
}

static sv_status content_matches(struct sv_ctx *ctx, const struct pki_signed *s,
                                 enum crypto_digest kind, struct crypto_pieces content, bool *ret) {
  uint8_t digest[CRYPTO_DIGEST_MAX];
  SV_TRY(crypto_pieces_digest(ctx, kind, content, digest));
  struct sv_bytes value;
  struct sv_bytes stated;
  *ret = false;
  if (pki_signed_value(s->attributes, BYTES(oid_message_digest), &value)) {
    struct sv_cursor c = sv_cursor_over(value);
    *ret = der_take(&c, 0x04, &stated) && stated.n == crypto_digest_size(kind) &&
           crypto_equal(stated.p, digest, stated.n);
  }
  return SV_DONE;
}

/* The first ESSCertID of SigningCertificate or SigningCertificateV2: both begin SEQUENCE { SEQUENCE OF { id ... */
static bool first_ess_id(struct sv_bytes value, struct sv_cursor *ret) {
  struct sv_cursor c = sv_cursor_over(value);
  struct sv_bytes body;
  for (int depth = 0; depth < 3; depth++) {
    if (!der_take(&c, 0x30, &body)) {
      return false;
    }
    c = sv_cursor_over(body);
  }
  *ret = c;
  return true;
}

static bool ess_v2_names(struct sv_bytes value, const struct pki_cert *signer) {
  struct sv_cursor c;
  struct sv_bytes oid;
  struct sv_bytes hash;
  enum crypto_digest kind = CRYPTO_SHA256;
  if (!first_ess_id(value, &c)) {
    return false;
  }
  if (der_peek(&c) == 0x30 && (!take_algorithm(&c, &oid) || !pki_digest_of_oid(oid, &kind))) {
    return false;
  }
  uint8_t digest[CRYPTO_DIGEST_MAX];
  if (kind == CRYPTO_SHA256) {
    memcpy(digest, signer->sha256, sizeof signer->sha256);
  } else {
    crypto_digest(kind, sv_bytes_of(signer->der, signer->der_n), digest);
  }
  return der_take(&c, 0x04, &hash) && hash.n == crypto_digest_size(kind) &&
         crypto_equal(hash.p, digest, hash.n);
}

/* The older form has SHA-1 alone; the hash only names a certificate, it signs nothing. */
static bool ess_v1_names(struct sv_bytes value, const struct pki_cert *signer) {
  struct sv_cursor c;
  struct sv_bytes hash;
  uint8_t sha1[EVP_MAX_MD_SIZE];
  unsigned n = 0;
  return first_ess_id(value, &c) && der_take(&c, 0x04, &hash) &&
         EVP_Digest(signer->der, signer->der_n, sha1, &n, EVP_sha1(), NULL) == 1 && hash.n == n &&
         crypto_equal(hash.p, sha1, n);
}

static bool names_certificate(const struct pki_signed *s, const struct pki_cert *signer,
                              enum pki_ess ess) {
  struct sv_bytes value;
  if (pki_signed_has(s->attributes, BYTES(oid_ess_v2))) {
    return pki_signed_value(s->attributes, BYTES(oid_ess_v2), &value) &&
           ess_v2_names(value, signer);
  }
  if (ess == PKI_ESS_IF_THERE && !pki_signed_has(s->attributes, BYTES(oid_ess_v1))) {
    return true;
  }
  return ess != PKI_ESS_V2 && pki_signed_value(s->attributes, BYTES(oid_ess_v1), &value) &&
         ess_v1_names(value, signer);
}

enum scheme { SCHEME_NONE, SCHEME_ECDSA, SCHEME_RSA, SCHEME_PSS };

/* How the signature was made; SCHEME_NONE when that is not allowed, or another digest than the attributes' is named. */
static enum scheme scheme_of(struct sv_bytes oid, enum crypto_digest kind) {
  static const uint8_t ecdsa[] = {0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03};     /* .2 to .4 */
  static const uint8_t rsa[] = {0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01}; /* PKCS #1 */
  uint8_t last = oid.n ? oid.p[oid.n - 1] : 0;
  unsigned nth = kind == CRYPTO_SHA256 ? 0 : kind == CRYPTO_SHA384 ? 1 : 2;
  if (oid.n == sizeof ecdsa + 1 && memcmp(oid.p, ecdsa, sizeof ecdsa) == 0) {
    return last == 2 + nth ? SCHEME_ECDSA : SCHEME_NONE;
  }
  if (oid.n == sizeof rsa + 1 && memcmp(oid.p, rsa, sizeof rsa) == 0) {
    return last == 10 ? SCHEME_PSS : last == 1 || last == 11 + nth ? SCHEME_RSA : SCHEME_NONE;
  }
  return SCHEME_NONE;
}

static bool key_allowed(const EVP_PKEY *key, enum scheme scheme) {
  bool ec = EVP_PKEY_is_a(key, "EC") != 0;
  bool rsa = EVP_PKEY_is_a(key, "RSA") != 0 || EVP_PKEY_is_a(key, "RSA-PSS") != 0;
  return scheme == SCHEME_ECDSA ? ec && EVP_PKEY_get_bits(key) >= EC_BITS_MIN
                                : rsa && EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
}

/* By a key that was made ready before. */
static bool ready_holds(const struct pki_signed *s, const EVP_PKEY_CTX *ready,
                        enum crypto_digest kind, struct crypto_pieces signed_bytes,
                        struct sv_ctx *ctx) {
  uint8_t digest[CRYPTO_DIGEST_MAX];
  SV_AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *own = EVP_PKEY_CTX_dup(ready);
  bool good =
      own && !sv_failed(crypto_pieces_digest(ctx, kind, signed_bytes, digest)) &&
      EVP_PKEY_verify(own, s->signature.p, s->signature.n, digest, crypto_digest_size(kind)) == 1;
  ERR_clear_error();
  return good;
}

static bool any_holds(const struct pki_signed *s, EVP_PKEY *key, enum scheme scheme,
                      enum crypto_digest kind, struct crypto_pieces signed_bytes) {
  const EVP_MD *md = kind == CRYPTO_SHA256   ? EVP_sha256()
                     : kind == CRYPTO_SHA384 ? EVP_sha384()
                                             : EVP_sha512();
  SV_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
  EVP_PKEY_CTX *params = NULL;
  bool good =
      ctx && EVP_DigestVerifyInit(ctx, &params, md, NULL, key) == 1 &&
      (scheme != SCHEME_PSS || (EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) == 1 &&
                                EVP_PKEY_CTX_set_rsa_mgf1_md(params, md) == 1));
  for (size_t i = 0; i < signed_bytes.n; i++) {
    good =
        good && EVP_DigestVerifyUpdate(ctx, signed_bytes.piece[i].p, signed_bytes.piece[i].n) == 1;
  }
  good = good && EVP_DigestVerifyFinal(ctx, s->signature.p, s->signature.n) == 1;
  ERR_clear_error();
  return good;
}

static bool signature_holds(struct sv_ctx *ctx, const struct pki_signed *s,
                            const struct pki_cert *signer, EVP_PKEY *key, enum scheme scheme,
                            enum crypto_digest kind) {
  uint8_t head[6]; /* what is signed is the SET, not its implicit tag (RFC 5652 5.4) */
  struct sv_bytes piece[] = {sv_bytes_of(head, der_head(0x31, s->attributes.n, head)),
                             s->attributes};
  return scheme == SCHEME_ECDSA && signer->ready
             ? ready_holds(s, signer->ready, kind, crypto_pieces_of(piece, 2), ctx)
             : any_holds(s, key, scheme, kind, crypto_pieces_of(piece, 2));
}

sv_status pki_signed_judge(struct sv_ctx *ctx, const struct pki_signed *s,
                           const struct pki_chain *chain, struct sv_bytes content_type,
                           enum pki_ess ess, struct crypto_pieces content, enum pki_cms_fault *ret,
                           const char **ret_why) {
  const struct pki_cert *signer = pki_chain_signer(chain);
  EVP_PKEY *key = X509_get0_pubkey(signer->x509);
  struct sv_bytes type;
  enum crypto_digest kind;
  if (!pki_signed_value(s->attributes, BYTES(oid_content_type), &type) ||
      !sv_bytes_equal(type, content_type)) {
    *ret = PKI_CMS_FORMAT;
    *ret_why = "signed attributes without one content-type of this content";
    return SV_DONE;
  }
  enum scheme scheme =
      pki_digest_of_oid(s->digest_oid, &kind) ? scheme_of(s->signature_oid, kind) : SCHEME_NONE;
  if (!key || scheme == SCHEME_NONE || !key_allowed(key, scheme)) {
    ERR_clear_error();
    *ret = PKI_CMS_WEAK;
    *ret_why = "digest, signature algorithm or key is not allowed";
    return SV_DONE;
  }
  bool same;
  SV_TRY(content_matches(ctx, s, kind, content, &same));
  if (!same) {
    *ret = PKI_CMS_CONTENT;
    *ret_why = "the message digest differs";
  } else if (!names_certificate(s, signer, ess)) {
    *ret = PKI_CMS_CERTIFICATE;
    *ret_why = "signing-certificate is absent or names another certificate";
  } else if (!signature_holds(ctx, s, signer, key, scheme, kind)) {
    *ret = PKI_CMS_SIGNATURE;
    *ret_why = "the signature does not verify";
  } else {
    *ret = PKI_CMS_GOOD;
    *ret_why = "";
  }
  return SV_DONE;
}
