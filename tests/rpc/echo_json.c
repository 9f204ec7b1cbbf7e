/* For json_oracle_test.py: a line in, a line out. "in JSON" gives the hexadecimal wire of test.v1.Shapes, "out HEX" gives
 * its JSON; a fault gives "fault REASON DETAIL". */
#include <rpc/echo.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

static sv_status in(struct sv_ctx *ctx, const char *text) {
  ProtobufCMessage *m = NULL;
  struct sv_bytes wire;
  SV_TRY(json_to_message(ctx, &test__v1__shapes__descriptor, sv_bytes_str(text), &m));
  SV_TRY(rpc_pack(ctx, m, &wire));
  char *hex = sv_arena_alloc(ctx->mem, 2 * wire.n + 1);
  if (!hex) {
    return SV_FAIL(ctx, NO_MEMORY, "hex");
  }
  sv_hex(wire.p, wire.n, hex);
  (void)puts(hex);
  return SV_DONE;
}

static sv_status out(struct sv_ctx *ctx, const char *hex) {
  size_t n = strlen(hex) / 2;
  uint8_t *wire = sv_arena_alloc(ctx->mem, n);
  ProtobufCMessage *m = NULL;
  struct sv_buf json = sv_buf_in(ctx->mem, 0);
  if (!wire || !sv_unhex(hex, wire, n)) {
    return SV_FAIL(ctx, NO_MEMORY, "hex");
  }
  SV_TRY(rpc_unpack(ctx, &test__v1__shapes__descriptor, sv_bytes_of(wire, n), &m));
  SV_TRY(json_from_message(ctx, m, &json, false));
  (void)printf("%.*s\n", (int)json.n, (const char *)json.p);
  return SV_DONE;
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  while ((n = getline(&line, &room, stdin)) > 0) {
    line[n - 1] = '\0';
    struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
    struct sv_ctx ctx = sv_ctx_over(mem);
    sv_status s = strncmp(line, "in ", 3) == 0 ? in(&ctx, line + 3) : out(&ctx, line + 4);
    if (sv_failed(s)) {
      (void)printf("fault %s %s\n", sv_reason_name(s.reason), ctx.detail);
    }
    (void)fflush(stdout);
    sv_arena_close(mem);
  }
  free(line);
  return 0;
}
