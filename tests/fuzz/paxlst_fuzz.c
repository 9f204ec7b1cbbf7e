/* Hostile bytes into formats/paxlst/paxlst.h. */
#include "formats/paxlst/paxlst.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct paxlst p;
  struct model_manifest m;
  sv_status s = paxlst_read(&ctx, sv_bytes_of(data, size), &p);
  if (!sv_failed(s)) {
    s = paxlst_manifest(&ctx, &p, &m);
  }
  (void)s.reason;
  sv_arena_close(mem);
  return 0;
}
