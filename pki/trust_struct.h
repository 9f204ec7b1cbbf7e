/* The insides of a trust, for the files of pki/ alone. */
#pragma once
#include <pthread.h>

#include "pki/cert_struct.h"

enum { PKI_TRUST_MAX = 256, PKI_KNOWN_MAX = 256, PKI_CRLS_MAX = 64 };

/* A certificate that stood on a good path, and the path from its issuer on when it was a signer. Never changed or freed
 * before the trust: what it lends stays. */
struct pki_known {
  struct pki_cert cert;
  const struct pki_cert *issuers[PKI_CHAIN_MAX];
  size_t issuer_count; /* 0: it was an issuer itself */
};

struct pki_trust {
  X509_STORE *store; /* the anchors, as OpenSSL looks for paths */
  struct pki_cert anchors[PKI_TRUST_MAX];
  size_t anchor_count;
  struct pki_cert signers[PKI_TRUST_MAX];
  size_t signer_count;
  X509_CRL *crls[PKI_CRLS_MAX];
  size_t crl_count;
  pthread_mutex_t *lock; /* over known; entries themselves are read without it */
  struct pki_known **known;
  size_t *known_count;
};

/* The path that is kept for a signer; false when there is none. */
bool pki_known_path(const struct pki_trust *t, const struct pki_cert *signer, struct pki_path *ret);
/* Keeps a path. Nothing is kept when there is no room or memory: then it is found again. */
void pki_known_keep(const struct pki_trust *t, const struct pki_path *path);
