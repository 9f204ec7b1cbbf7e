/* For json_oracle_test.py: a line in, a line out. "in TYPE JSON" gives the hexadecimal wire of a message of test.v1,
 * "out TYPE HEX" gives its JSON; a fault gives "fault REASON DETAIL". */
#include <rpc/echo.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

static const ProtobufCMessageDescriptor *const roots[] = {&test__v1__shapes__descriptor,
                                                          &test__v1__known__descriptor};

static sv_status in(struct sv_ctx *ctx, const struct json_types *types,
                    const ProtobufCMessageDescriptor *type, const char *text) {
  ProtobufCMessage *m = NULL;
  struct sv_bytes wire;
  SV_TRY(json_read(ctx, types, type, sv_bytes_str(text), &m));
  SV_TRY(rpc_pack(ctx, m, &wire));
  char *hex = sv_arena_alloc(ctx->mem, 2 * wire.n + 1);
  if (!hex) {
    return SV_FAIL(ctx, NO_MEMORY, "hex");
  }
  sv_hex(wire.p, wire.n, hex);
  (void)puts(hex);
  return SV_DONE;
}

static sv_status out(struct sv_ctx *ctx, const struct json_types *types,
                     const ProtobufCMessageDescriptor *type, const char *hex) {
  size_t n = strlen(hex) / 2;
  uint8_t *wire = sv_arena_alloc(ctx->mem, n);
  ProtobufCMessage *m = NULL;
  struct sv_buf json = sv_buf_in(ctx->mem, 0);
  if (!wire || !sv_unhex(hex, wire, n)) {
    return SV_FAIL(ctx, NO_MEMORY, "hex");
  }
  SV_TRY(rpc_unpack(ctx, type, sv_bytes_of(wire, n), &m));
  SV_TRY(json_write(ctx, types, m, &json, false));
  (void)printf("%.*s\n", (int)json.n, (const char *)json.p);
  return SV_DONE;
}

static sv_status answer(struct sv_ctx *ctx, const struct json_types *types, char *line) {
  char *name = strchr(line, ' ');
  char *rest = name ? strchr(name + 1, ' ') : NULL;
  if (!rest) {
    return SV_FAIL(ctx, INTERNAL, "not a question");
  }
  *rest++ = '\0';
  const char *full = sv_arena_printf(ctx->mem, "test.v1.%s", name + 1);
  const ProtobufCMessageDescriptor *type = full ? json_types_find(types, full) : NULL;
  if (!type) {
    return SV_FAIL(ctx, INTERNAL, "no such type");
  }
  return line[0] == 'i' ? in(ctx, types, type, rest) : out(ctx, types, type, rest);
}

int main(void) {
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  struct json_types *types = NULL;
  struct sv_ctx start = sv_ctx_over(NULL);
  if (sv_failed(json_types_open(&start, roots, sizeof roots / sizeof(roots[0]), &types))) {
    return 1;
  }
  while ((n = getline(&line, &room, stdin)) > 0) {
    line[n - 1] = '\0';
    struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
    struct sv_ctx ctx = sv_ctx_over(mem);
    sv_status s = answer(&ctx, types, line);
    if (sv_failed(s)) {
      (void)printf("fault %s %s\n", sv_reason_name(s.reason), ctx.detail);
    }
    (void)fflush(stdout);
    sv_arena_close(mem);
  }
  json_types_close(types);
  free(line);
  return 0;
}
