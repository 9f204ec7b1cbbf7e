/* From a signer to the certificate that issued itself. Invariant: each certificate of a path issued the one before, by name
 * and by signature; a path has no loop, for it has at most PKI_CHAIN_MAX certificates. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "pki/cert_struct.h"
#include "pki/stamp.h"

struct pki_issuers {
  X509 *certs[PKI_ISSUERS_MAX];
  size_t n;
};

static sv_status issuer_add(struct sv_ctx *ctx, struct pki_issuers *issuers, X509 *x) {
  if (X509_check_ca(x) <= 0) {
    return SV_DONE;
  }
  if (issuers->n == PKI_ISSUERS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d certificates of CAs", PKI_ISSUERS_MAX);
  }
  if (X509_up_ref(x) != 1) {
    return SV_FAIL(ctx, NO_MEMORY, "a certificate of a CA");
  }
  issuers->certs[issuers->n++] = x;
  return SV_DONE;
}

sv_status pki_issuers_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_issuers **ret) {
  SV_AUTO(pki_issuers_close) struct pki_issuers *issuers = calloc(1, sizeof *issuers);
  SV_AUTO(BIO_free_all) BIO *in = NULL;
  if (!issuers) {
    return SV_FAIL(ctx, NO_MEMORY, "certificates of CAs in %zu bytes", pem.n);
  }
  SV_TRY(pki_pem_open(ctx, pem, &in));
  for (;;) {
    SV_AUTO(X509_free) X509 *x = NULL;
    SV_TRY(pki_pem_next(ctx, in, &x));
    if (!x) {
      break;
    }
    SV_TRY(issuer_add(ctx, issuers, x));
  }
  if (issuers->n == 0) {
    return SV_FAIL(ctx, CERT_FORMAT, "no certificate of a CA");
  }
  *ret = SV_TAKE(issuers);
  return SV_DONE;
}

void pki_issuers_close(struct pki_issuers *issuers) {
  if (issuers) {
    for (size_t i = 0; i < issuers->n; i++) {
      X509_free(issuers->certs[i]);
    }
    free(issuers);
  }
}

static bool issued(X509 *issuer, X509 *x) {
  bool good =
      X509_check_issued(issuer, x) == X509_V_OK && X509_verify(x, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return good;
}

static X509 *issuer_of(X509 *x, const struct pki_chain *chain, const struct pki_issuers *issuers) {
  for (size_t i = 1; i < chain->count; i++) {
    if (issued(chain->certs[i]->x509, x)) {
      return chain->certs[i]->x509;
    }
  }
  for (size_t i = 0; i < issuers->n; i++) {
    if (issued(issuers->certs[i], x)) {
      return issuers->certs[i];
    }
  }
  return NULL;
}

/* DER of the path's certificates; returns how many. */
static size_t path_find(struct sv_ctx *ctx, const struct pki_chain *chain,
                        const struct pki_issuers *issuers, struct sv_bytes der[PKI_CHAIN_MAX],
                        bool *ret_whole) {
  X509 *x = chain->certs[0]->x509;
  size_t n = 0;
  *ret_whole = false;
  while (x && n < PKI_CHAIN_MAX && !*ret_whole) {
    int size = i2d_X509(x, NULL);
    uint8_t *p = size > 0 ? sv_arena_alloc(ctx->mem, (size_t)size) : NULL;
    uint8_t *end = p;
    if (!p || i2d_X509(x, &end) != size) {
      return 0;
    }
    der[n++] = sv_bytes_of(p, (size_t)size);
    *ret_whole = issued(x, x);
    x = issuer_of(x, chain, issuers);
  }
  return n;
}

sv_status pki_path_open(struct sv_ctx *ctx, const struct pki_chain *chain,
                        const struct pki_issuers *issuers, struct pki_chain **ret,
                        bool *ret_whole) {
  struct sv_bytes der[PKI_CHAIN_MAX];
  bool whole;
  size_t n = path_find(ctx, chain, issuers, der, &whole);
  if (n == 0) {
    return SV_FAIL(ctx, NO_MEMORY, "a path of certificates");
  }
  SV_TRY(pki_chain_of_der(ctx, der, n, ret));
  *ret_whole = whole;
  return SV_DONE;
}
