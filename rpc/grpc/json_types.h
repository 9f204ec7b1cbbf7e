/* Message types by their full names: protobuf-c keeps no list, and google.protobuf.Any names its content. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/ctx.h"

struct json_types;

/* The roots' types, all that they contain, and those of json_type_known. Caller: json_types_close, which accepts NULL.
 * Fails: NO_MEMORY. */
sv_status json_types_open(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *const *roots,
                          size_t n, struct json_types **ret_types);
void json_types_close(struct json_types *types);

/* types may be NULL: those of json_type_known alone. NULL: not there. */
const ProtobufCMessageDescriptor *json_types_find(const struct json_types *types, const char *name);
/* google.protobuf's well-known types and the details of google.rpc. */
const ProtobufCMessageDescriptor *json_type_known(const char *name);
