/* The structs of protobuf-c to JSON, written as they are walked. Trust: messages come from our own code or were unpacked
 * after the pre-check, so depth is bounded and texts are UTF-8. */
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/rpc/error_details.pb-c.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

struct writer {
  struct sv_ctx *ctx;
  struct sv_buf *out;
  bool pretty;
  size_t level;
};

static void line(struct writer *w) {
  if (w->pretty) {
    sv_buf_u8(w->out, '\n');
    for (size_t i = 0; i < w->level; i++) {
      sv_buf_str(w->out, "  ");
    }
  }
}

static void open_with(struct writer *w, char bracket) {
  sv_buf_u8(w->out, (uint8_t)bracket);
  w->level++;
}

static void close_with(struct writer *w, char bracket, bool empty) {
  w->level--;
  if (!empty) {
    line(w);
  }
  sv_buf_u8(w->out, (uint8_t)bracket);
}

static void text_put(struct writer *w, const char *s) {
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
static void key_put(struct writer *w, const char *name, bool *first) {
  if (!*first) {
    sv_buf_u8(w->out, ',');
  }
  *first = false;
  line(w);
  text_put(w, name);
  sv_buf_str(w->out, w->pretty ? ": " : ":");
}

static void field_key_put(struct writer *w, const char *field, bool *first) {
  char name[128];
  SV_ASSERT(strlen(field) < sizeof name);
  json_name(field, name);
  key_put(w, name, first);
}

static sv_status base64_put(struct writer *w, struct sv_bytes bytes) {
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
static void double_put(struct writer *w, double d, bool single) {
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

static sv_status timestamp_put(struct writer *w, const Google__Protobuf__Timestamp *t) {
  if (t->seconds < INT64_C(-62135596800) || t->seconds > INT64_C(253402300799) || t->nanos < 0 ||
      t->nanos > 999999999) {
    return SV_FAIL(w->ctx, INTERNAL, "a time out of its range");
  }
  char text[21];
  sv_time_format(t->seconds * 1000000, text);
  sv_buf_printf(w->out, "\"%.19s", text);
  if (t->nanos % 1000000 != 0) {
    sv_buf_printf(w->out, t->nanos % 1000 != 0 ? ".%09d" : ".%06d",
                  t->nanos % 1000 != 0 ? t->nanos : t->nanos / 1000);
  } else if (t->nanos != 0) {
    sv_buf_printf(w->out, ".%03d", t->nanos / 1000000);
  }
  sv_buf_str(w->out, "Z\"");
  return SV_DONE;
}

static sv_status message_put(struct writer *w, const ProtobufCMessage *m);
static sv_status members_put(struct writer *w, const ProtobufCMessage *m, bool *first);

static const ProtobufCMessageDescriptor *any_type(const char *type_url) {
  static const ProtobufCMessageDescriptor *const known[] = {
      &google__rpc__error_info__descriptor,
      &google__rpc__bad_request__descriptor,
      &google__rpc__precondition_failure__descriptor,
      &google__rpc__retry_info__descriptor,
  };
  const char *slash = strrchr(type_url, '/');
  for (size_t i = 0; slash && i < sizeof known / sizeof known[0]; i++) {
    if (strcmp(slash + 1, known[i]->name) == 0) {
      return known[i];
    }
  }
  return NULL;
}

static sv_status any_put(struct writer *w, const Google__Protobuf__Any *any) {
  const ProtobufCMessageDescriptor *type = any_type(any->type_url);
  struct sv_bytes value = sv_bytes_of(any->value.data, any->value.len);
  bool first = true;
  open_with(w, '{');
  key_put(w, "@type", &first);
  text_put(w, any->type_url);
  if (type) {
    ProtobufCMessage *m = NULL;
    SV_TRY(rpc_unpack(w->ctx, type, value, &m));
    SV_TRY(members_put(w, m, &first));
  } else {
    key_put(w, "value", &first);
    SV_TRY(base64_put(w, value));
  }
  close_with(w, '}', false);
  return SV_DONE;
}

static sv_status value_put(struct writer *w, const ProtobufCFieldDescriptor *f, const void *at) {
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
      double_put(w, (double)v.f32, true);
      break;
    case PROTOBUF_C_TYPE_DOUBLE:
      memcpy(&v.f64, at, sizeof v.f64);
      double_put(w, v.f64, false);
      break;
    case PROTOBUF_C_TYPE_BOOL:
      memcpy(&v.flag, at, sizeof v.flag);
      sv_buf_str(w->out, v.flag ? "true" : "false");
      break;
    case PROTOBUF_C_TYPE_ENUM: {
      memcpy(&v.i32, at, sizeof v.i32);
      const ProtobufCEnumValue *name = protobuf_c_enum_descriptor_get_value(f->descriptor, v.i32);
      if (name) {
        text_put(w, name->name);
      } else {
        sv_buf_printf(w->out, "%" PRId32, v.i32);
      }
      break;
    }
    case PROTOBUF_C_TYPE_STRING:
      memcpy(&v.text, at, sizeof(v.text));
      text_put(w, v.text ? v.text : "");
      break;
    case PROTOBUF_C_TYPE_BYTES:
      memcpy(&v.bytes, at, sizeof v.bytes);
      return base64_put(w, sv_bytes_of(v.bytes.data, v.bytes.len));
    case PROTOBUF_C_TYPE_MESSAGE:
      memcpy(&v.message, at, sizeof(v.message));
      return message_put(w, v.message);
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

/* map<string, string>, as protobuf-c sees it: repeated messages of key and value */
static bool is_map(const ProtobufCFieldDescriptor *f) {
  if (f->type != PROTOBUF_C_TYPE_MESSAGE || f->label != PROTOBUF_C_LABEL_REPEATED) {
    return false;
  }
  const ProtobufCMessageDescriptor *entry = f->descriptor;
  size_t n = strlen(entry->name);
  return n > 5 && strcmp(entry->name + n - 5, "Entry") == 0 && entry->n_fields == 2 &&
         strcmp(entry->fields[0].name, "key") == 0 &&
         entry->fields[0].type == PROTOBUF_C_TYPE_STRING &&
         strcmp(entry->fields[1].name, "value") == 0;
}

static sv_status repeated_put(struct writer *w, const ProtobufCFieldDescriptor *f,
                              const char *array, size_t n) {
  bool map = is_map(f);
  bool first = true;
  open_with(w, map ? '{' : '[');
  for (size_t i = 0; i < n; i++) {
    const char *at = array + i * size_of(f->type);
    if (map) {
      const ProtobufCMessage *entry;
      memcpy(&entry, at, sizeof(entry));
      const ProtobufCFieldDescriptor *fields = entry->descriptor->fields;
      const char *key;
      memcpy(&key, (const char *)entry + fields[0].offset, sizeof(key));
      key_put(w, key, &first);
      SV_TRY(value_put(w, &fields[1], (const char *)entry + fields[1].offset));
      continue;
    }
    if (!first) {
      sv_buf_u8(w->out, ',');
    }
    first = false;
    line(w);
    SV_TRY(value_put(w, f, at));
  }
  close_with(w, map ? '}' : ']', n == 0);
  return SV_DONE;
}

static sv_status members_put(struct writer *w, const ProtobufCMessage *m, bool *first) {
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
        SV_TRY(repeated_put(w, f, array, n));
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
      SV_TRY(value_put(w, f, at));
    }
  }
  return SV_DONE;
}

static sv_status message_put(struct writer *w, const ProtobufCMessage *m) {
  bool first = true;
  if (m->descriptor == &google__protobuf__timestamp__descriptor) {
    return timestamp_put(w, (const Google__Protobuf__Timestamp *)(const void *)m);
  }
  if (m->descriptor == &google__protobuf__any__descriptor) {
    return any_put(w, (const Google__Protobuf__Any *)(const void *)m);
  }
  if (m->descriptor == &google__protobuf__duration__descriptor) {
    const Google__Protobuf__Duration *d = (const Google__Protobuf__Duration *)(const void *)m;
    sv_buf_printf(w->out, d->nanos ? "\"%" PRId64 ".%09ds\"" : "\"%" PRId64 "s\"", d->seconds,
                  d->nanos);
    return SV_DONE;
  }
  open_with(w, '{');
  SV_TRY(members_put(w, m, &first));
  close_with(w, '}', first);
  return SV_DONE;
}

sv_status json_from_message(struct sv_ctx *ctx, const ProtobufCMessage *message, struct sv_buf *out,
                            bool pretty) {
  struct writer w = {.ctx = ctx, .out = out, .pretty = pretty};
  SV_TRY(message_put(&w, message));
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "JSON of %s", message->descriptor->name) : SV_DONE;
}
