/* Can a file or a bar code hurt the judges? The input is judged as both. Run from the source folder. */
#include <stdlib.h>

#include "verify/pdf.h"
#include "verify/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct verify_trust *trust_once(void) {
  static struct verify_trust *trust;
  if (!trust) {
    struct sv_arena *arena = sv_arena_open(1 << 20);
    struct sv_ctx ctx = sv_ctx_over(arena);
    const char *path = "tests/vectors/vds/utts5b.pem";
    SV_ASSERT(!sv_failed(verify_trust_open(&ctx, &path, 1, &trust)));
    sv_arena_close(arena);
  }
  return trust;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(32 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  struct verify_report r;
  int64_t now_us = 1782000000LL * 1000000;
  if (!sv_failed(verify_pdf(&ctx, trust_once(), NULL, now_us, sv_bytes_of(p, n), &r))) {
    SV_ASSERT(r.verdict != VERIFY_VALID && r.verdict != VERIFY_NONE);
  }
  sv_ctx_clear(&ctx);
  if (!sv_failed(verify_seal(&ctx, trust_once(), NULL, now_us, sv_bytes_of(p, n), NULL, &r))) {
    SV_ASSERT(r.verdict != VERIFY_VALID && r.verdict != VERIFY_NONE);
  }
  sv_arena_close(arena);
  return 0;
}
