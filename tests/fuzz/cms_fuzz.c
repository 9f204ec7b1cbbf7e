/* Can the bytes of /Contents hurt the judge of signatures? */
#include "pki/cms.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  struct sv_bytes piece = sv_bytes_str("content");
  struct pki_cms r;
  if (!sv_failed(pki_cms_verify(&ctx, sv_bytes_of(p, n), crypto_pieces_of(&piece, 1), &r))) {
    SV_ASSERT(r.der_bytes <= n);
    pki_chain_close(r.chain);
  }
  sv_arena_close(arena);
  return 0;
}
