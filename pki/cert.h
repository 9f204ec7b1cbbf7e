/* Certificates: chains of a signer, and the anchors and signers that a verifier trusts. Handles outlive a call, are
 * immutable once open, and may be read by any thread. */
#pragma once
#include "base/ctx.h"

enum { PKI_CHAIN_MAX = 6, PKI_PEM_MAX = 1024 * 1024, PKI_RAW_MAX = 132, PKI_CERT_MAX = 16384 };

struct pki_cert;  /* lent by the chain or trust that it belongs to */
struct pki_chain; /* the signer first, then its issuers */
struct pki_trust;

/* One or more certificates in PEM, in the order of the chain. Every certificate must have issued the one before.
 * Fails: CERT_FORMAT, NO_MEMORY. ret: caller, pki_chain_close, which accepts NULL. */
sv_status pki_chain_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_chain **ret);
/* The same from certificates in DER, as they come; that they belong together is not judged. n: 1 to PKI_CHAIN_MAX. */
sv_status pki_chain_of_der(struct sv_ctx *ctx, const struct sv_bytes *ders, size_t n,
                           struct pki_chain **ret);
void pki_chain_close(struct pki_chain *chain);
SV_AUTO_DEFINE(struct pki_chain, pki_chain_close)
size_t pki_chain_count(const struct pki_chain *chain);
const struct pki_cert *pki_chain_at(const struct pki_chain *chain, size_t i);
static inline const struct pki_cert *pki_chain_signer(const struct pki_chain *chain) {
  return pki_chain_at(chain, 0);
}

/* What a certificate says; all lent by it, "" when absent, UTF-8. */
const char *pki_cert_subject(const struct pki_cert *c); /* RFC 4514: "CN=UT-DOC-07,O=...,C=UT" */
const char *pki_cert_common_name(const struct pki_cert *c);
const char *pki_cert_organisation(const struct pki_cert *c);
const char *pki_cert_country(const struct pki_cert *c);
const char *pki_cert_serial_hex(
    const struct pki_cert *c); /* capitals, as many digits as bytes need: "A7" */
const uint8_t *pki_cert_sha256(const struct pki_cert *c); /* 32 bytes, of the DER */
struct sv_bytes pki_cert_der(const struct pki_cert *c);
int64_t pki_cert_not_before_us(const struct pki_cert *c);
int64_t pki_cert_not_after_us(const struct pki_cert *c);
/* Whether the document type ("PL") is in the list of the extension of Doc 9303-12; true without that extension. */
bool pki_cert_allows_type(const struct pki_cert *c, const char *type);
/* Bytes of r || s of this key; 0 when it is not an elliptic curve that we know. */
size_t pki_cert_raw_size(const struct pki_cert *c);
/* The uncompressed point of a P-256 key; false for any other key. */
bool pki_cert_point(const struct pki_cert *c, uint8_t ret[static 65]);
/* Whether r || s is this key's signature; the digest follows from the size of the key (Doc 9303-13, table 4):
 * SHA-224 up to 224 bits, then SHA-256, SHA-384, SHA-512. */
bool pki_cert_verify_raw(const struct pki_cert *c, struct sv_bytes tbs, struct sv_bytes raw);

/* Anchors (certificates of CAs), signers of visible seals (all others), and revocation lists, in PEM, any order.
 * Fails: CERT_FORMAT, NO_MEMORY. ret: caller, pki_trust_close, which accepts NULL. */
sv_status pki_trust_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_trust **ret);
void pki_trust_close(struct pki_trust *trust);
SV_AUTO_DEFINE(struct pki_trust, pki_trust_close)

/* The seal signer "UT" + "TS" with a certificate reference in hexadecimal; NULL when unknown. Lent by trust. */
const struct pki_cert *pki_trust_seal_signer(const struct pki_trust *trust,
                                             const char signer[static 4], const char *reference);

enum pki_fault {
  PKI_TRUSTED,
  PKI_UNTRUSTED, /* no path to an anchor, or one that does not hold */
  PKI_EXPIRED,   /* not within its validity at that time */
  PKI_REVOKED,
  PKI_WRONG_USE, /* its key usage does not allow this */
  PKI_WEAK,      /* keys or digests under 112 bits */
};

/* From a signer to an anchor that issued itself; all lent by the trust and the chain. */
struct pki_path {
  const struct pki_cert *certs[PKI_CHAIN_MAX];
  size_t count;
};
/* Finds the path of the chain's signer at a time; use and revocation are not judged. EXPIRED: a path with a certificate
 * that was not valid then; it is in ret all the same. Otherwise ret is empty unless TRUSTED.
 * The trust remembers certificates on good paths, so that they are neither parsed nor verified again. */
enum pki_fault pki_trust_path(const struct pki_trust *trust, const struct pki_chain *chain,
                              int64_t at_us, struct pki_path *ret);
/* A certificate that the trust has, by its DER: an anchor, or one of a good path. Lent; NULL when it has none. */
const struct pki_cert *pki_trust_known(const struct pki_trust *trust, struct sv_bytes der);

/* nonRepudiation, as a critical or plain key usage. */
bool pki_cert_may_sign_documents(const struct pki_cert *c);

/* Whether the chain's signer may sign documents and leads to an anchor at a time, and the trust's own lists did not revoke
 * a certificate of the path by then. */
enum pki_fault pki_trust_document(const struct pki_trust *trust, const struct pki_chain *chain,
                                  int64_t at_us);
/* Whether every certificate after the signer is an anchor, byte for byte, or leads to one: an issuer's certificate that was
 * changed inside a CMS is replaced by the anchor when a path is looked for, and would pass unseen. */
bool pki_trust_issuers_intact(const struct pki_trust *trust, const struct pki_chain *chain,
                              int64_t at_us);
/* Whether a seal signer of the list may be used at a time. A signer whose issuer is among the anchors must have been
 * issued by it; one whose issuer is not is trusted because it is listed. */
enum pki_fault pki_trust_seal(const struct pki_trust *trust, const struct pki_cert *signer,
                              int64_t at_us);
