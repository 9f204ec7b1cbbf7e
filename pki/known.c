/* What a trust has met: certificates of good paths, by the digest of their DER. Only what an anchor vouches for gets in, so
 * that strangers can't fill it; it is never emptied, so that what it lends lives as long as the trust. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "pki/trust_struct.h"

static const struct pki_cert *anchor_with(const struct pki_trust *t,
                                          const uint8_t sha256[static 32]) {
  for (size_t i = 0; i < t->anchor_count; i++) {
    if (memcmp(t->anchors[i].sha256, sha256, 32) == 0) {
      return &t->anchors[i];
    }
  }
  return NULL;
}

/* Under the lock. */
static struct pki_known *known_with(const struct pki_trust *t, const uint8_t sha256[static 32]) {
  for (size_t i = 0; i < *t->known_count; i++) {
    if (memcmp(t->known[i]->cert.sha256, sha256, 32) == 0) {
      return t->known[i];
    }
  }
  return NULL;
}

const struct pki_cert *pki_trust_known(const struct pki_trust *t, struct sv_bytes der) {
  uint8_t sha256[32];
  crypto_sha256(der, sha256);
  const struct pki_cert *c = anchor_with(t, sha256);
  if (!c) {
    (void)pthread_mutex_lock(t->lock);
    const struct pki_known *k = known_with(t, sha256);
    (void)pthread_mutex_unlock(t->lock);
    c = k ? &k->cert : NULL;
  }
  return c;
}

bool pki_known_path(const struct pki_trust *t, const struct pki_cert *signer,
                    struct pki_path *ret) {
  (void)pthread_mutex_lock(t->lock);
  const struct pki_known *k = known_with(t, signer->sha256);
  bool found = k && k->issuer_count > 0;
  if (found) {
    ret->certs[0] = &k->cert;
    memcpy(&ret->certs[1], k->issuers, k->issuer_count * sizeof k->issuers[0]);
    ret->count = k->issuer_count + 1;
  }
  (void)pthread_mutex_unlock(t->lock);
  return found;
}

/* The entry of a certificate, made when there is none; NULL when there is no room or memory. Under the lock. */
static struct pki_known *entry_for(const struct pki_trust *t, const struct pki_cert *c) {
  struct pki_known *k = known_with(t, c->sha256);
  if (k || *t->known_count == PKI_KNOWN_MAX) {
    return k;
  }
  struct sv_ctx aside = sv_ctx_over(NULL);
  k = calloc(1, sizeof *k);
  if (!k || sv_failed(pki_cert_fill(&aside, c->x509, &k->cert))) {
    free(k);
    return NULL;
  }
  pki_cert_make_ready(&k->cert);
  t->known[(*t->known_count)++] = k;
  return k;
}

void pki_known_keep(const struct pki_trust *t, const struct pki_path *path) {
  const struct pki_cert *issuers[PKI_CHAIN_MAX];
  bool good = path->count > 1;
  (void)pthread_mutex_lock(t->lock);
  struct pki_known *signer = good ? entry_for(t, path->certs[0]) : NULL;
  for (size_t i = 1; signer && i < path->count && good; i++) {
    const struct pki_cert *anchor = anchor_with(t, path->certs[i]->sha256);
    const struct pki_known *k = anchor ? NULL : entry_for(t, path->certs[i]);
    issuers[i - 1] = anchor ? anchor : k ? &k->cert : NULL;
    good = issuers[i - 1] != NULL;
  }
  if (signer && good && signer->issuer_count == 0) {
    memcpy(signer->issuers, issuers, (path->count - 1) * sizeof issuers[0]);
    signer->issuer_count = path->count - 1;
  }
  (void)pthread_mutex_unlock(t->lock);
}
