/* Bundles and trust lists as a device reads them: what is read is written the same. */
#include "formats/bundle/bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)8 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct sv_bytes in = sv_bytes_of(data, size), again;
  struct bundle b;
  struct bundle_trust t;
  char name[16];
  uint64_t sequence;
  bool named = bundle_name(in, name, &sequence);
  if (!sv_failed(bundle_read(&ctx, in, &b))) {
    SV_ASSERT(named && sequence == b.sequence);
    SV_ASSERT(!sv_failed(bundle_write(&ctx, &b, &again)));
  }
  sv_ctx_clear(&ctx);
  if (!sv_failed(bundle_trust_read(&ctx, in, &t))) {
    SV_ASSERT(named && sequence == t.sequence);
    SV_ASSERT(!sv_failed(bundle_trust_write(&ctx, &t, &again)) && sv_bytes_equal(again, in));
  }
  sv_arena_close(mem);
  return 0;
}
