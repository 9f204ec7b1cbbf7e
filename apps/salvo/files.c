/* Files whole, and messages as JSON. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "apps/salvo/salvo.h"
#include "rpc/grpc/json.h"

sv_status file_read(struct sv_ctx *ctx, const char *path, size_t max, struct sv_bytes *ret) {
  bool standard = strcmp(path, "-") == 0;
  FILE *f = standard ? stdin : fopen(path, "rbe");
  if (!f) {
    return SV_FAIL(ctx, IO, "%s: %s", path, strerror(errno));
  }
  struct sv_buf out = sv_buf_in(ctx->mem, max);
  uint8_t part[65536];
  size_t n;
  while (!out.failed && (n = fread(part, 1, sizeof part, f)) > 0) {
    sv_buf_put(&out, part, n);
  }
  bool bad = ferror(f);
  if (!standard) {
    (void)fclose(f);
  }
  if (bad || out.failed) {
    return SV_FAIL(ctx, IO, "%s: %s", path, bad ? "can't be read" : "is too large");
  }
  *ret = sv_buf_bytes(&out);
  return SV_DONE;
}

static bool write_all(FILE *f, struct sv_bytes data) {
  return (data.n == 0 || fwrite(data.p, 1, data.n, f) == data.n) && fflush(f) == 0;
}

sv_status file_write(struct sv_ctx *ctx, const char *path, struct sv_bytes data) {
  if (strcmp(path, "-") == 0) {
    return write_all(stdout, data) ? SV_DONE
                                   : SV_FAIL(ctx, IO, "standard output: %s", strerror(errno));
  }
  char *aside = sv_arena_printf(ctx->mem, "%s.%ld.part", path, (long)getpid());
  FILE *f = aside ? fopen(aside, "wbe") : NULL;
  if (!f) {
    return SV_FAIL(ctx, IO, "%s: %s", path, strerror(errno));
  }
  bool ok = write_all(f, data) && fsync(fileno(f)) == 0;
  ok = fclose(f) == 0 && ok;
  if (!ok || rename(aside, path) != 0) {
    (void)unlink(aside);
    return SV_FAIL(ctx, IO, "%s: %s", path, strerror(errno));
  }
  return SV_DONE;
}

int json_print(struct salvo *s, const ProtobufCMessage *message) {
  struct sv_buf out = sv_buf_in(s->ctx->mem, 0);
  sv_status status = json_from_message(s->ctx, message, &out, true);
  if (!sv_failed(status)) {
    sv_buf_u8(&out, '\n');
    status = file_write(s->ctx, "-", sv_buf_bytes(&out));
  }
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}
