/* proto3 JSON by the descriptors of protobuf-c. Any thread.
 * In: lowerCamelCase and original names; 64-bit numbers as strings or numbers; base64 of both alphabets, padded or not;
 * enums by name or number; null is absent; google.protobuf.Timestamp in RFC 3339. Unknown and repeated keys, two members
 * of one oneof, and more than RPC_PROTOBUF_DEPTH_MAX levels are faults, told with their path. A bare number over 2^63 - 1
 * is a fault: write it as a string. Out: lowerCamelCase, defaults left out; also maps, google.protobuf.Duration, and
 * google.protobuf.Any of google.rpc's details, for google.rpc.Status. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/ctx.h"

/* The message is in ctx->mem; the text need not end in NUL. A fault is also a violation with its path.
 * Fails: JSON_FORMAT, LIMIT_EXCEEDED (elements), NO_MEMORY. */
sv_status json_to_message(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                          struct sv_bytes text, ProtobufCMessage **ret_message);
/* Appends to out. Fails: NO_MEMORY, INTERNAL (a Timestamp out of its range). */
sv_status json_from_message(struct sv_ctx *ctx, const ProtobufCMessage *message, struct sv_buf *out,
                            bool pretty);

/* "some_name" to "someName"; room for strlen + 1. */
void json_name(const char *field, char *name);
