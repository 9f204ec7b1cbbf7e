/* The structs of protobuf-c to JSON, written as they are walked. Trust: messages come from our own code or were unpacked
 * after the pre-check, so depth is bounded and texts are UTF-8. */
#include <google/protobuf/struct.pb-c.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/grpc/json_put.h"

void json_put_line(struct json_writer *w) {
  if (w->pretty) {
    sv_buf_u8(w->out, '\n');
    for (size_t i = 0; i < w->level; i++) {
      sv_buf_str(w->out, "  ");
    }
  }
}

void json_put_open(struct json_writer *w, char bracket) {
  sv_buf_u8(w->out, (uint8_t)bracket);
  w->level++;
}

void json_put_close(struct json_writer *w, char bracket, bool empty) {
  w->level--;
  if (!empty) {
    json_put_line(w);
  }
  sv_buf_u8(w->out, (uint8_t)bracket);
}

void json_put_text(struct json_writer *w, const char *s) {
  sv_buf_u8(w->out, '"');
  for (const char *p = s; *p; p++) {
    unsigned char c = (unsigned char)*p;
    if (c == '"' || c == '\\') {
      sv_buf_u8(w->out, '\\');
      sv_buf_u8(w->out, c);
    } else if (c == '\n') {
      sv_buf_str(w->out, "\\n");
    } else if (c < 0x20 || c == 0x7f) {
      sv_buf_printf(w->out, "\\u%04x", c);
    } else {
      sv_buf_u8(w->out, c);
    }
  }
  sv_buf_u8(w->out, '"');
}

/* begins a member: comma, line, name */
void json_put_key(struct json_writer *w, const char *name, bool *first) {
  if (!*first) {
    sv_buf_u8(w->out, ',');
  }
  *first = false;
  json_put_line(w);
  json_put_text(w, name);
  sv_buf_str(w->out, w->pretty ? ": " : ":");
}

static void field_key_put(struct json_writer *w, const char *field, bool *first) {
  char name[128];
  SV_ASSERT(strlen(field) < sizeof name);
  json_name(field, name);
  json_put_key(w, name, first);
}

sv_status json_put_base64(struct json_writer *w, struct sv_bytes bytes) {
  char *text = sv_arena_alloc(w->ctx->mem, 4 * ((bytes.n + 2) / 3) + 1);
  if (!text) {
    return SV_FAIL(w->ctx, NO_MEMORY, "base64 of %zu bytes", bytes.n);
  }
  sv_base64(bytes.p, bytes.n, text);
  sv_buf_u8(w->out, '"');
  sv_buf_str(w->out, text);
  sv_buf_u8(w->out, '"');
  return SV_DONE;
}

/* The shortest decimal that reads back as the same number. */
void json_put_double(struct json_writer *w, double d, bool single) {
  if (!isfinite(d)) {
    sv_buf_str(w->out, isnan(d) ? "\"NaN\"" : d < 0 ? "\"-Infinity\"" : "\"Infinity\"");
    return;
  }
  if (d == 0 && signbit(d)) {
    sv_buf_str(w->out, "-0.0"); /* "-0" is read as a whole number, which has no minus zero */
    return;
  }
  char text[40];
  for (int digits = single ? 6 : 15; digits <= 17; digits++) {
    (void)snprintf(text, sizeof text, "%.*g", digits, d);
    double back = strtod(text, NULL);
    if (single ? (float)back == (float)d : back == d) {
      break;
    }
  }
  sv_buf_str(w->out, text);
}

sv_status json_put_value(struct json_writer *w, const ProtobufCFieldDescriptor *f, const void *at) {
  union {
    int32_t i32;
    uint32_t u32;
    int64_t i64;
    uint64_t u64;
    float f32;
    double f64;
    protobuf_c_boolean flag;
    const char *text;
    ProtobufCBinaryData bytes;
    const ProtobufCMessage *message;
  } v;
  switch (f->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      memcpy(&v.i32, at, sizeof v.i32);
      sv_buf_printf(w->out, "%" PRId32, v.i32);
      break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      memcpy(&v.u32, at, sizeof v.u32);
      sv_buf_printf(w->out, "%" PRIu32, v.u32);
      break;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      memcpy(&v.i64, at, sizeof v.i64);
      sv_buf_printf(w->out, "\"%" PRId64 "\"", v.i64);
      break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      memcpy(&v.u64, at, sizeof v.u64);
      sv_buf_printf(w->out, "\"%" PRIu64 "\"", v.u64);
      break;
    case PROTOBUF_C_TYPE_FLOAT:
      memcpy(&v.f32, at, sizeof v.f32);
      json_put_double(w, (double)v.f32, true);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      memcpy(&v.f64, at, sizeof v.f64);
      json_put_double(w, v.f64, false);
      break;
    case PROTOBUF_C_TYPE_BOOL:
      memcpy(&v.flag, at, sizeof v.flag);
      sv_buf_str(w->out, v.flag ? "true" : "false");
      break;
    case PROTOBUF_C_TYPE_ENUM: {
      memcpy(&v.i32, at, sizeof v.i32);
      if (f->descriptor == &google__protobuf__null_value__descriptor) {
        sv_buf_str(w->out, "null");
        break;
      }
      const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(f->descriptor, v.i32);
      if (name) {
        json_put_text(w, name->name);
      } else {
        sv_buf_printf(w->out, "%" PRId32, v.i32);
      }
      break;
    }
    case PROTOBUF_C_TYPE_STRING:
      memcpy(&v.text, at, sizeof(v.text));
      json_put_text(w, v.text ? v.text : "");
      break;
    case PROTOBUF_C_TYPE_BYTES:
      memcpy(&v.bytes, at, sizeof v.bytes);
      return json_put_base64(w, sv_bytes_of(v.bytes.data, v.bytes.len));
    case PROTOBUF_C_TYPE_MESSAGE:
      memcpy(&v.message, at, sizeof(v.message));
      return json_put_message(w, v.message);
  }
  return SV_DONE;
}

static size_t size_of(ProtobufCType type) {
  switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
      return 8;
    case PROTOBUF_C_TYPE_BOOL:
      return sizeof(protobuf_c_boolean);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    default:
      return 4;
  }
}

/* Is a singular field without presence at its default? */
static bool at_default(const ProtobufCFieldDescriptor *f, const void *at) {
  static const uint8_t zeros[8] = {0};
  const char *text;
  ProtobufCBinaryData bytes;
  double d;
  float single;
  switch (f->type) {
    case PROTOBUF_C_TYPE_DOUBLE: /* minus zero too: protobuf-c does not pack it */
      memcpy(&d, at, sizeof d);
      return d == 0;
    case PROTOBUF_C_TYPE_FLOAT:
      memcpy(&single, at, sizeof single);
      return single == 0;
    case PROTOBUF_C_TYPE_STRING:
      memcpy(&text, at, sizeof(text));
      return !text || text[0] == '\0';
    case PROTOBUF_C_TYPE_BYTES:
      memcpy(&bytes, at, sizeof bytes);
      return bytes.len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
      memcpy(&text, at, sizeof(text));
      return text == NULL;
    default:
      return memcmp(at, zeros, size_of(f->type)) == 0;
  }
}

void json_name(const char *field, char *name) {
  bool upper = false;
  for (; *field; field++) {
    if (*field == '_') {
      upper = true;
    } else {
      *name++ = upper && *field >= 'a' && *field <= 'z' ? (char)(*field - 'a' + 'A') : *field;
      upper = false;
    }
  }
  *name = '\0';
}

bool json_is_map(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *f) {
  if (f->type != PROTOBUF_C_TYPE_MESSAGE || f->label != PROTOBUF_C_LABEL_REPEATED) {
    return false;
  }
  /* map<K, V> some_name: the compiler makes a message SomeNameEntry inside of this one, and reserves its name */
  const ProtobufCMessageDescriptor *entry = f->descriptor;
  char name[128];
  size_t n = strlen(type->name);
  if (strlen(f->name) >= sizeof name || strncmp(entry->name, type->name, n) != 0 ||
      entry->name[n] != '.' || entry->n_fields != 2 || strcmp(entry->fields[0].name, "key") != 0 ||
      strcmp(entry->fields[1].name, "value") != 0) {
    return false;
  }
  json_name(f->name, name);
  name[0] = name[0] >= 'a' && name[0] <= 'z' ? (char)(name[0] - 'a' + 'A') : name[0];
  size_t name_n = strlen(name);
  return strncmp(entry->name + n + 1, name, name_n) == 0 &&
         strcmp(entry->name + n + 1 + name_n, "Entry") == 0;
}

/* A key of a map is always a text. */
static sv_status map_key_put(struct json_writer *w, const ProtobufCFieldDescriptor *f,
                             const void *at, bool *first) {
  const char *text = NULL;
  if (f->type == PROTOBUF_C_TYPE_STRING) {
    memcpy(&text, at, sizeof(text));
    json_put_key(w, text ? text : "", first);
    return SV_DONE;
  }
  struct sv_buf digits = sv_buf_in(w->ctx->mem, 0);
  struct json_writer own = {.ctx = w->ctx, .out = &digits};
  SV_TRY(json_put_value(&own, f, at));
  sv_buf_u8(&digits, 0);
  if (digits.failed) {
    return SV_FAIL(w->ctx, NO_MEMORY, "a key");
  }
  char *key = (char *)digits.p;
  if (key[0] == '"') { /* of 64 bits */
    key[strlen(key) - 1] = '\0';
    key++;
  }
  json_put_key(w, key, first);
  return SV_DONE;
}

static sv_status map_entry_put(struct json_writer *w, const ProtobufCMessage *entry, bool *first) {
  const ProtobufCFieldDescriptor *f = entry->descriptor->fields;
  const void *value = (const char *)entry + f[1].offset;
  SV_TRY(map_key_put(w, &f[0], (const char *)entry + f[0].offset, first));
  const ProtobufCMessage *m = NULL;
  if (f[1].type == PROTOBUF_C_TYPE_MESSAGE) {
    memcpy(&m, value, sizeof(m));
    if (!m) { /* left out on the wire: the default */
      ProtobufCMessage *nothing = sv_arena_alloc(
          w->ctx->mem, ((const ProtobufCMessageDescriptor *)f[1].descriptor)->sizeof_message);
      if (!nothing) {
        return SV_FAIL(w->ctx, NO_MEMORY, "a value");
      }
      ((const ProtobufCMessageDescriptor *)f[1].descriptor)->message_init(nothing);
      m = nothing;
    }
    return json_put_message(w, m);
  }
  return json_put_value(w, &f[1], value);
}

static sv_status repeated_put(struct json_writer *w, const ProtobufCMessageDescriptor *type,
                              const ProtobufCFieldDescriptor *f, const char *array, size_t n) {
  bool map = json_is_map(type, f);
  bool first = true;
  json_put_open(w, map ? '{' : '[');
  for (size_t i = 0; i < n; i++) {
    const char *at = array + i * size_of(f->type);
    if (map) {
      const ProtobufCMessage *entry;
      memcpy(&entry, at, sizeof(entry));
      SV_TRY(map_entry_put(w, entry, &first));
      continue;
    }
    if (!first) {
      sv_buf_u8(w->out, ',');
    }
    first = false;
    json_put_line(w);
    SV_TRY(json_put_value(w, f, at));
  }
  json_put_close(w, map ? '}' : ']', n == 0);
  return SV_DONE;
}

sv_status json_put_members(struct json_writer *w, const ProtobufCMessage *m, bool *first) {
  for (unsigned i = 0; i < m->descriptor->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
    const char *at = (const char *)m + f->offset;
    const char *quantifier = (const char *)m + f->quantifier_offset;
    if (f->label == PROTOBUF_C_LABEL_REPEATED) {
      size_t n;
      const char *array;
      memcpy(&n, quantifier, sizeof n);
      memcpy(&array, at, sizeof(array));
      if (n > 0) {
        field_key_put(w, f->name, first);
        SV_TRY(repeated_put(w, m->descriptor, f, array, n));
      }
      continue;
    }
    bool there;
    if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) { /* a union: its case says what may be read */
      uint32_t chosen;
      memcpy(&chosen, quantifier, sizeof chosen);
      there = chosen == f->id;
    } else {
      there = !at_default(f, at);
    }
    if (there) {
      field_key_put(w, f->name, first);
      SV_TRY(json_put_value(w, f, at));
    }
  }
  return SV_DONE;
}

sv_status json_put_message(struct json_writer *w, const ProtobufCMessage *m) {
  json_known_writer known = json_known_writer_of(m->descriptor);
  if (known) {
    return known(w, m);
  }
  bool first = true;
  json_put_open(w, '{');
  SV_TRY(json_put_members(w, m, &first));
  json_put_close(w, '}', first);
  return SV_DONE;
}

void json_text_put(struct sv_buf *out, const char *text) {
  struct json_writer w = {.out = out};
  json_put_text(&w, text);
}

sv_status json_write(struct sv_ctx *ctx, const struct json_types *types,
                     const ProtobufCMessage *message, struct sv_buf *out, bool pretty) {
  struct json_writer w = {.ctx = ctx, .types = types, .out = out, .pretty = pretty};
  SV_TRY(json_put_message(&w, message));
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "JSON of %s", message->descriptor->name) : SV_DONE;
}
