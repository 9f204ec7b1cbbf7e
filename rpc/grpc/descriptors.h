/* A FileDescriptorSet as bytes, searched in place: which file declares a name, and what a file imports.
 * The set is walked at each question, so nothing is kept and nothing can go stale. Any thread. */
#pragma once
#include "base/ctx.h"

/* All bytes borrowed from the set. */
struct rpc_descriptors {
  struct sv_bytes set;
};

/* One file of the set: a FileDescriptorProto. */
struct rpc_descriptor_file {
  struct sv_bytes name, bytes;
};

enum { RPC_DESCRIPTOR_FILES_MAX = 256 };

/* Every file has a name, is there once, and comes after what it imports, as protoc writes them.
 * Fails: CONFIG. */
sv_status rpc_descriptors_check(struct sv_ctx *ctx, const struct rpc_descriptors *d);

/* False: no such file. */
bool rpc_descriptors_file(const struct rpc_descriptors *d, struct sv_bytes name,
                          struct rpc_descriptor_file *ret_file);

/* The file that declares a full name: of a message, field, oneof, enum, value, extension, service or method. */
bool rpc_descriptors_symbol(const struct rpc_descriptors *d, struct sv_bytes symbol,
                            struct rpc_descriptor_file *ret_file);
/* Is the method, "/package.Service/Method", marked NO_SIDE_EFFECTS? */
bool rpc_descriptors_method_is_safe(const struct rpc_descriptors *d, const char *path);
bool rpc_descriptors_is_message(const struct rpc_descriptors *d, struct sv_bytes symbol);

/* The file and everything that it imports, itself first, each once. Returns how many. */
size_t rpc_descriptors_closure(const struct rpc_descriptors *d,
                               const struct rpc_descriptor_file *file,
                               struct rpc_descriptor_file ret[static RPC_DESCRIPTOR_FILES_MAX]);
