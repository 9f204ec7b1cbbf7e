/* A recursive walk, at most RPC_PROTOBUF_DEPTH_MAX deep. Unknown fields are skipped, and counted: the unpacker keeps them. */
#include "rpc/grpc/precheck.h"

#include "rpc/limits.h"

enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct walk {
  struct sv_ctx *ctx;
  size_t elements;
};

static bool varint(struct sv_cursor *c, uint64_t *ret) {
  uint64_t v = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    uint8_t b;
    if (!sv_cursor_u8(c, &b) || (shift == 63 && b > 1)) {
      return false;
    }
    v |= (uint64_t)(b & 0x7f) << shift;
    if (b < 0x80) {
      *ret = v;
      return true;
    }
  }
  return false;
}

bool rpc_text_ok(struct sv_bytes text) {
  const uint8_t *p = text.p;
  size_t n = text.n;
  while (n > 0) {
    if (p[0] == 0) {
      return false;
    }
    if (p[0] < 0x80) {
      p++;
      n--;
      continue;
    }
    size_t len = p[0] >= 0xc2 && p[0] <= 0xdf ? 2 : p[0] >= 0xe0 && p[0] <= 0xef ? 3 : 4;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < len) {
      return false;
    }
    uint8_t low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    uint8_t high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high) {
      return false;
    }
    for (size_t i = 2; i < len; i++) {
      if ((p[i] & 0xc0) != 0x80) {
        return false;
      }
    }
    p += len;
    n -= len;
  }
  return true;
}

static sv_status count(struct walk *w, size_t n) {
  w->elements += n;
  if (w->elements > RPC_PROTOBUF_ELEMENTS_MAX) {
    return SV_FAIL(w->ctx, LIMIT_EXCEEDED, "more than %d elements in a message",
                   RPC_PROTOBUF_ELEMENTS_MAX);
  }
  return SV_DONE;
}

static enum wire_type wire_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
      return WIRE_32;
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return WIRE_64;
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
      return WIRE_BYTES;
    default:
      return WIRE_VARINT;
  }
}

static sv_status packed_check(struct walk *w, const ProtobufCFieldDescriptor *f,
                              struct sv_bytes body) {
  enum wire_type wire = wire_of(f->type);
  size_t n = 0;
  if (wire == WIRE_VARINT) {
    struct sv_cursor c = sv_cursor_over(body);
    uint64_t v;
    while (sv_cursor_left(&c) > 0) {
      if (!varint(&c, &v)) {
        return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "%s: a packed number is broken", f->name);
      }
      n++;
    }
  } else {
    size_t size = wire == WIRE_32 ? 4 : 8;
    if (body.n % size != 0) {
      return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "%s: packed numbers are cut", f->name);
    }
    n = body.n / size;
  }
  return count(w, n);
}

static sv_status message_check(struct walk *w, const ProtobufCMessageDescriptor *type,
                               struct sv_bytes wire, size_t depth);

static sv_status known_check(struct walk *w, const ProtobufCFieldDescriptor *f, enum wire_type wire,
                             struct sv_bytes body, size_t depth) {
  enum wire_type want = wire_of(f->type);
  if (wire == WIRE_BYTES && want != WIRE_BYTES && f->label == PROTOBUF_C_LABEL_REPEATED) {
    return packed_check(w, f, body);
  }
  if (wire != want) {
    return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "%s: wire type %d", f->name, (int)wire);
  }
  if (f->type == PROTOBUF_C_TYPE_STRING && !rpc_text_ok(body)) {
    if (memchr(body.p, 0,
               body.n)) { /* protobuf allows it, a C string can't hold it: the client's fault */
      sv_ctx_violate(w->ctx, "has a NUL character", "%s", f->name);
      return sv_ctx_violations_status(w->ctx);
    }
    return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "%s: not UTF-8 text", f->name);
  }
  if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
    return message_check(w, f->descriptor, body, depth + 1);
  }
  return SV_DONE;
}

/* The value of a field whose tag was read; body is empty for numbers. */
static bool value_take(struct sv_cursor *c, enum wire_type wire, struct sv_bytes *ret_body) {
  uint64_t v;
  struct sv_bytes fixed;
  *ret_body = (struct sv_bytes){0};
  switch (wire) {
    case WIRE_VARINT:
      return varint(c, &v);
    case WIRE_64:
      return sv_cursor_take(c, 8, &fixed);
    case WIRE_32:
      return sv_cursor_take(c, 4, &fixed);
    case WIRE_BYTES:
      return varint(c, &v) && v <= SIZE_MAX && sv_cursor_take(c, (size_t)v, ret_body);
  }
  return false;
}

/* A singular message that comes twice would be merged: no honest client sends it. */
static bool seen_twice(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *f,
                       uint64_t *seen) {
  size_t i = (size_t)(f - type->fields);
  if (f->type != PROTOBUF_C_TYPE_MESSAGE || f->label == PROTOBUF_C_LABEL_REPEATED || i >= 64) {
    return false;
  }
  uint64_t bit = UINT64_C(1) << i;
  bool twice = (*seen & bit) != 0;
  *seen |= bit;
  return twice;
}

static sv_status message_check(struct walk *w, const ProtobufCMessageDescriptor *type,
                               struct sv_bytes wire_bytes, size_t depth) {
  if (depth > RPC_PROTOBUF_DEPTH_MAX) {
    return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "messages nested over %d deep",
                   RPC_PROTOBUF_DEPTH_MAX);
  }
  struct sv_cursor c = sv_cursor_over(wire_bytes);
  uint64_t seen = 0;
  while (sv_cursor_left(&c) > 0) {
    uint64_t tag;
    struct sv_bytes body;
    if (!varint(&c, &tag) || tag > UINT32_MAX || tag >> 3 == 0) {
      return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "a tag is broken");
    }
    if (!value_take(&c, (enum wire_type)(tag & 7), &body)) {
      return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "field %u is cut or of a refused wire type",
                     (unsigned)(tag >> 3));
    }
    SV_TRY(count(w, 1));
    const ProtobufCFieldDescriptor *f =
        protobuf_c_message_descriptor_get_field(type, (unsigned)(tag >> 3));
    if (f) {
      if (seen_twice(type, f, &seen)) {
        return SV_FAIL(w->ctx, MESSAGE_MALFORMED, "%s: sent twice", f->name);
      }
      SV_TRY(known_check(w, f, (enum wire_type)(tag & 7), body, depth));
    }
  }
  return SV_DONE;
}

sv_status rpc_precheck(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                       struct sv_bytes wire) {
  struct walk w = {.ctx = ctx};
  return message_check(&w, type, wire, 1);
}
