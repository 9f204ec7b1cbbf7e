/* What was read leaves no copy behind but the one in the arena. */
#include "apps/salvod/files.h"

#include <stdio.h>

#include "crypto/digest.h"

enum { FILE_MAX = 1024 * 1024 };

sv_status file_read(struct sv_ctx *ctx, const char *path, struct sv_bytes *ret) {
  FILE *f = fopen(path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, CONFIG, "%s can't be opened", path);
  }
  struct sv_buf out = sv_buf_in(ctx->mem, FILE_MAX);
  uint8_t part[4096];
  size_t n;
  while ((n = fread(part, 1, sizeof part, f)) > 0) {
    sv_buf_put(&out, part, n);
  }
  bool bad = ferror(f) || out.failed;
  (void)fclose(f);
  crypto_wipe(part, sizeof part);
  *ret = sv_buf_bytes(&out);
  return bad ? SV_FAIL(ctx, CONFIG, "%s can't be read", path) : SV_DONE;
}
