/* One pass over the wire bytes of a message, by its descriptor, before anything is allocated for it: the unpacker of
 * protobuf-c has no limit of depth, no UTF-8 check, and millions of allocations to give to four megabytes. */
#pragma once
#include <protobuf-c/protobuf-c.h>

#include "base/ctx.h"

/* Fails: FIELD_INVALID (a string holds NUL; the violation names its field), MESSAGE_MALFORMED (truncated, groups, wrong
 * wire type, bad tag, a string that is no UTF-8, a singular message sent twice, more than RPC_PROTOBUF_DEPTH_MAX
 * levels), LIMIT_EXCEEDED (more than RPC_PROTOBUF_ELEMENTS_MAX fields and packed elements). Any thread. */
sv_status rpc_precheck(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                       struct sv_bytes wire);

/* Valid UTF-8 (no surrogates, no overlong forms) without NUL? */
bool rpc_text_ok(struct sv_bytes text);
