/* Hostile text into rpc/grpc/json.h; what is read is written and read again: the second writing is the first. */
#include <rpc/echo.pb-c.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sv_status round_trip(struct sv_ctx *ctx, struct sv_bytes text) {
  ProtobufCMessage *m = NULL, *again = NULL;
  struct sv_bytes wire;
  struct sv_buf first = sv_buf_in(ctx->mem, 0), second = sv_buf_in(ctx->mem, 0);
  SV_TRY(json_to_message(ctx, &test__v1__shapes__descriptor, text, &m));
  SV_TRY(json_from_message(ctx, m, &first, false));
  SV_TRY(rpc_pack(ctx, m, &wire));
  sv_status s = rpc_unpack(ctx, &test__v1__shapes__descriptor, wire, &again);
  SV_ASSERT(!sv_failed(s) || s.reason == SV_NO_MEMORY);
  SV_TRY(s);
  SV_TRY(json_from_message(ctx, again, &second, false));
  SV_ASSERT(sv_bytes_equal(sv_buf_bytes(&first), sv_buf_bytes(&second)));
  return SV_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  sv_status s = round_trip(&ctx, sv_bytes_of(data, size));
  (void)s.reason;
  sv_arena_close(mem);
  return 0;
}
