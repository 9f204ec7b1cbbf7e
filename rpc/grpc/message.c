/* protobuf-c over the call's arena: what it frees is freed with the call. */
#include "rpc/grpc/precheck.h"
#include "rpc/grpc/service.h"

struct arena_allocator {
  ProtobufCAllocator base;
  struct sv_arena *mem;
  bool out_of_memory;
};

static void *arena_alloc(void *data, size_t n) {
  struct arena_allocator *a = data;
  void *p = sv_arena_alloc(a->mem, n);
  a->out_of_memory = a->out_of_memory || p == NULL;
  return p;
}

static void arena_free(void *data, void *p) {
  (void)data;
  (void)p;
}

sv_status rpc_unpack(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                     struct sv_bytes wire, ProtobufCMessage **ret_message) {
  SV_TRY(rpc_precheck(ctx, type, wire));
  struct arena_allocator a = {.base = {.alloc = arena_alloc, .free = arena_free}, .mem = ctx->mem};
  a.base.allocator_data = &a;
  static const uint8_t nothing = 0;
  ProtobufCMessage *m =
      protobuf_c_message_unpack(type, &a.base, wire.n, wire.n > 0 ? wire.p : &nothing);
  if (!m && a.out_of_memory) {
    return SV_FAIL(ctx, NO_MEMORY, "%s of %zu bytes", type->name, wire.n);
  }
  if (!m) {
    return SV_FAIL(ctx, MESSAGE_MALFORMED, "%s of %zu bytes", type->name, wire.n);
  }
  *ret_message = m;
  return SV_DONE;
}

sv_status rpc_pack(struct sv_ctx *ctx, const ProtobufCMessage *message, struct sv_bytes *ret_wire) {
  size_t n = protobuf_c_message_get_packed_size(message);
  uint8_t *p = sv_arena_alloc(ctx->mem, n);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "%s of %zu bytes", message->descriptor->name, n);
  }
  size_t wrote = protobuf_c_message_pack(message, p);
  SV_ASSERT(wrote == n);
  *ret_wire = sv_bytes_of(p, n);
  return SV_DONE;
}
