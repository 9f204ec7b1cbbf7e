/* Can bytes of a bar code hurt the reader of seals? And does what it accepts in version 4 read the same when rewritten? */
#include "formats/vds/vds_profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  struct vds_seal s;
  struct vds_document d;
  if (!sv_failed(vds_read(&ctx, sv_bytes_of(p, n), &s))) {
    SV_ASSERT(s.signed_part.n + s.signature.n < n);
    (void)!sv_failed(vds_document_read(&ctx, &s, &d));
  }
  sv_arena_close(arena);
  return 0;
}
