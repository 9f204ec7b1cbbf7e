/* grpc.reflection.v1 and v1alpha: what the server offers, told to clients that come without a contract. On workers. */
#pragma once
#include "rpc/grpc/service.h"

struct rpc_reflection;

/* descriptor_set: a FileDescriptorSet, with all imports, borrowed until close.
 * names: of the services that are to be listed, copied as pointers; reflection adds its own two.
 * Fails: CONFIG (a broken set, a service that it does not declare), NO_MEMORY. Caller: rpc_reflection_close. */
sv_status rpc_reflection_open(struct sv_ctx *ctx, struct sv_bytes descriptor_set,
                              const char *const *names, size_t n,
                              struct rpc_reflection **ret_reflection);
void rpc_reflection_close(struct rpc_reflection *reflection); /* accepts NULL */

enum { RPC_REFLECTION_METHODS = 2 };
/* Its methods, with the reflection as their service. */
extern const struct rpc_method rpc_reflection_methods[RPC_REFLECTION_METHODS];
