/* proto3 JSON by the descriptors of protobuf-c, and the well-known types. Any thread.
 * In: lowerCamelCase and original names; 64-bit numbers as strings or numbers; base64 of both alphabets, padded or not;
 * enums by name or number; null is absent. Unknown and repeated keys, two members of one oneof, and more than
 * RPC_PROTOBUF_DEPTH_MAX levels are faults, told with their path; so is a NUL in a text, which no C string holds.
 * Out: lowerCamelCase, defaults left out; an Any whose type is not known has its bytes as "value". */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/ctx.h"
#include "rpc/grpc/json_types.h"

/* The message is in ctx->mem; the text need not end in NUL. A fault is also a violation with its path. types is what
 * an Any may hold; NULL: json_type_known alone. Fails: JSON_FORMAT, LIMIT_EXCEEDED (elements), NO_MEMORY. */
sv_status json_read(struct sv_ctx *ctx, const struct json_types *types,
                    const ProtobufCMessageDescriptor *type, struct sv_bytes text,
                    ProtobufCMessage **ret_message);
/* Appends to out. Fails: NO_MEMORY, INTERNAL (a Timestamp, Duration or FieldMask out of its range). */
sv_status json_write(struct sv_ctx *ctx, const struct json_types *types,
                     const ProtobufCMessage *message, struct sv_buf *out, bool pretty);
/* A text in quotes, escaped: for those who write JSON of their own. */
void json_text_put(struct sv_buf *out, const char *text);

static inline sv_status json_to_message(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                                        struct sv_bytes text, ProtobufCMessage **ret_message) {
  return json_read(ctx, NULL, type, text, ret_message);
}
static inline sv_status json_from_message(struct sv_ctx *ctx, const ProtobufCMessage *message,
                                          struct sv_buf *out, bool pretty) {
  return json_write(ctx, NULL, message, out, pretty);
}

/* "some_name" to "someName"; room for strlen + 1. */
void json_name(const char *field, char *name);
/* Is the repeated field of this message a map? protobuf-c sees messages of key and value. */
bool json_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field);
