/* Can an OCSP answer or a revocation list hurt who reads it? The certificate asked about is the first of a kept pair. */
#include <stdio.h>

#include "pki/revocation.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* The specimen signer of ICAO, as its own issuer: nobody has its key, so nothing it is told may count. */
static const struct pki_chain *pair(void) {
  static struct pki_chain *chain;
  if (!chain) {
    static uint8_t pem[8192];
    struct sv_arena *arena = sv_arena_open(1 << 20);
    struct sv_ctx ctx = sv_ctx_over(arena);
    FILE *f = fopen("tests/vectors/vds/utts5b.pem", "rb");
    SV_ASSERT(f);
    size_t n = fread(pem, 1, sizeof pem, f);
    (void)fclose(f);
    SV_ASSERT(!sv_failed(pki_chain_open(&ctx, sv_bytes_of(pem, n), &chain)));
    sv_arena_close(arena);
  }
  return chain;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  const struct pki_cert *c = pki_chain_signer(pair());
  struct pki_revocation r;
  if (!sv_failed(pki_ocsp_judge(&ctx, sv_bytes_of(p, n), c, c, 1782000000LL * 1000000, &r))) {
    SV_ASSERT(r.state == PKI_REVOCATION_NOT_FOR_IT);
  }
  if (!sv_failed(pki_crl_judge(&ctx, sv_bytes_of(p, n), c, c, 1782000000LL * 1000000, &r))) {
    SV_ASSERT(r.state == PKI_REVOCATION_NOT_FOR_IT);
  }
  (void)pki_ocsp_has_nonce(sv_bytes_of(p, n), p, n < 32 ? n : 32);
  sv_arena_close(arena);
  return 0;
}
