/* The insides of certificates, for the files of pki/ alone. */
#pragma once
#include <openssl/x509.h>

#include "pki/cert.h"

SV_AUTO_DEFINE(X509, X509_free)
SV_AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
SV_AUTO_DEFINE(BIO, BIO_free_all)
SV_AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)

struct pki_cert {
  X509 *x509;
  EVP_PKEY_CTX
  *ready; /* to verify by its key, copied each time; NULL: not made, or no elliptic curve */
  char *subject;
  char *common_name;
  char *organisation;
  char *country;
  char *serial_hex;
  uint8_t *der;
  size_t der_n;
  uint8_t *issuer_serial; /* DER of IssuerAndSerialNumber */
  size_t issuer_serial_n;
  uint8_t sha256[32];
  int64_t not_before_us;
  int64_t not_after_us;
};

struct pki_chain {
  const struct pki_cert *certs[PKI_CHAIN_MAX];
  struct pki_cert *own
      [PKI_CHAIN_MAX]; /* those that end with the chain, in any order; the others are lent by a trust */
  size_t count;
  size_t own_count;
  bool partial; /* where it comes from there were certificates that can't be read, or too many */
};

/* Reads PEM block by block. A block of TRUSTED CERTIFICATE is refused: the uses that it allows and forbids would be kept here
 * and lost wherever its certificate goes. X509 CERTIFICATE is another word for CERTIFICATE (RFC 7468, section 5.1).
 * pem      borrowed as long as the BIO lives; at most PKI_PEM_MAX bytes.
 * ret      caller: BIO_free_all.  Fails: CERT_FORMAT, LIMIT_EXCEEDED, NO_MEMORY. */
sv_status pki_pem_open(struct sv_ctx *ctx, struct sv_bytes pem, BIO **ret);
/* The next certificate, past blocks of other kinds; NULL at the end. Caller: X509_free.
 * Fails: CERT_FORMAT when a block is broken, which must not pass for the end. */
sv_status pki_pem_next(struct sv_ctx *ctx, BIO *in, X509 **ret);

/* Adds what a certificate says: a copy of x, or c that is lent for longer than the chain lives.
 * Fails: CERT_FORMAT (also when the chain is full), NO_MEMORY. */
sv_status pki_chain_add(struct sv_ctx *ctx, struct pki_chain *chain, X509 *x);
sv_status pki_chain_add_der(struct sv_ctx *ctx, struct pki_chain *chain, struct sv_bytes der);
sv_status pki_chain_lend(struct sv_ctx *ctx, struct pki_chain *chain, const struct pki_cert *c);

/* Fills c from x, of which it takes a reference. Fails: CERT_FORMAT, NO_MEMORY; c is then empty. */
sv_status pki_cert_fill(struct sv_ctx *ctx, X509 *x, struct pki_cert *c);
/* The same from DER, which must be all of it and encoded as we would. */
sv_status pki_cert_of_der(struct sv_ctx *ctx, struct sv_bytes der, struct pki_cert *c);
void pki_cert_clear(struct pki_cert *c);
/* For a certificate that verifies often. Before it is shared between threads. */
void pki_cert_make_ready(struct pki_cert *c);

/* r || s of `half` bytes each into the DER of ECDSA-Sig-Value, and back. The first: caller OPENSSL_free; 0 on failure. */
size_t pki_raw_to_der(struct sv_bytes raw, uint8_t **ret_der);
bool pki_der_to_raw(struct sv_bytes der, size_t half, uint8_t *ret_raw);
/* The digest that belongs to a key of so many bits (Doc 9303-13, table 4). */
const EVP_MD *pki_digest_for(const EVP_PKEY *key);
