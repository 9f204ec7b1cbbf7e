/* Hostile bytes into the pre-check and the unpacker; what passes is packed, written as JSON, and read back: the second
 * JSON is the first. The first byte chooses the type. */
#include <rpc/echo.pb-c.h>
#include <salvo/v1/issuance.pb-c.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/precheck.h"
#include "rpc/grpc/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sv_status round_trip(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                            struct sv_bytes wire) {
  ProtobufCMessage *m = NULL, *again = NULL;
  struct sv_bytes packed;
  struct sv_buf first = sv_buf_in(ctx->mem, 0), second = sv_buf_in(ctx->mem, 0);
  SV_TRY(rpc_unpack(ctx, type, wire, &m));
  SV_TRY(rpc_pack(ctx, m, &packed));
  SV_ASSERT(!sv_failed(rpc_precheck(ctx, type, packed)));
  SV_TRY(json_from_message(ctx, m, &first, false)); /* fails for a time out of its range */
  sv_status s = json_to_message(ctx, type, sv_buf_bytes(&first), &again);
  SV_ASSERT(!sv_failed(s) || s.reason == SV_NO_MEMORY);
  SV_TRY(s);
  SV_TRY(json_from_message(ctx, again, &second, false));
  SV_ASSERT(sv_bytes_equal(sv_buf_bytes(&first), sv_buf_bytes(&second)));
  return SV_DONE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) {
    return 0;
  }
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  const ProtobufCMessageDescriptor *type =
      data[0] & 1 ? &salvo__v1__issue_document_request__descriptor : &test__v1__shapes__descriptor;
  sv_status s = round_trip(&ctx, type, sv_bytes_of(data + 1, size - 1));
  (void)s.reason;
  sv_arena_close(mem);
  return 0;
}
