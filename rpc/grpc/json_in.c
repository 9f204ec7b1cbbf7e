/* JSON to the structs of protobuf-c: the text is scanned for its size first (jansson spends hundreds of bytes a value),
 * parsed whole, then walked by the descriptor. Nothing of the text is told back but key names, cut and cleaned. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "rpc/grpc/json.h"
#include "rpc/grpc/precheck.h"
#include "rpc/limits.h"

SV_AUTO_DEFINE(json_t, json_decref)

enum { PATH_ROOM = 192, KEY_SHOWN = 48, NUMBER_ROOM = 32 };

struct walk {
  struct sv_ctx *ctx;
  char path[PATH_ROOM];
  size_t path_n;
};

/* --- faults and paths --- */

static sv_status fault(struct walk *w, const char *message) {
  sv_ctx_violate(w->ctx, message, "%s", w->path_n ? w->path : ".");
  return SV_FAIL(w->ctx, JSON_FORMAT, "%s: %s", w->path_n ? w->path : ".", message);
}

static size_t path_push_key(struct walk *w, const char *key) {
  size_t before = w->path_n;
  if (w->path_n > 0 && w->path_n + 1 < PATH_ROOM) {
    w->path[w->path_n++] = '.';
  }
  for (size_t i = 0; key[i] && i < KEY_SHOWN && w->path_n + 1 < PATH_ROOM; i++) {
    unsigned char c = (unsigned char)key[i];
    w->path[w->path_n++] = c > 0x20 && c < 0x7f ? (char)c : '?';
  }
  w->path[w->path_n] = '\0';
  return before;
}

static size_t path_push_index(struct walk *w, size_t i) {
  size_t before = w->path_n;
  int n = snprintf(w->path + w->path_n, PATH_ROOM - w->path_n, "[%zu]", i);
  size_t room = PATH_ROOM - 1 - w->path_n;
  w->path_n += n < 0 ? 0 : (size_t)n > room ? room : (size_t)n;
  return before;
}

static void path_pop(struct walk *w, size_t before) {
  w->path_n = before;
  w->path[before] = '\0';
}

/* --- scalars --- */

/* An integral number, as JSON number or decimal string, into sign and magnitude. */
static bool integer_read(const json_t *v, bool *ret_negative, uint64_t *ret_magnitude) {
  if (json_is_integer(v)) {
    json_int_t i = json_integer_value(v);
    *ret_negative = i < 0;
    *ret_magnitude = i < 0 ? (uint64_t)0 - (uint64_t)i : (uint64_t)i;
    return true;
  }
  if (json_is_real(v)) {
    double d = json_real_value(v);
    if (d != floor(d) || d < -9007199254740992.0 || d > 9007199254740992.0) {
      return false;
    }
    *ret_negative = d < 0;
    *ret_magnitude = (uint64_t)fabs(d);
    return true;
  }
  if (!json_is_string(v) || json_string_length(v) >= NUMBER_ROOM) {
    return false;
  }
  const char *s = json_string_value(v);
  *ret_negative = s[0] == '-';
  s += *ret_negative ? 1 : 0;
  uint64_t m = 0;
  bool some = false;
  for (; *s; s++, some = true) {
    if (*s < '0' || *s > '9' || __builtin_mul_overflow(m, 10U, &m) ||
        __builtin_add_overflow(m, (uint64_t)(*s - '0'), &m)) {
      return false;
    }
  }
  *ret_magnitude = m;
  return some;
}

static bool signed_read(const json_t *v, int64_t min, int64_t max, int64_t *ret) {
  bool negative;
  uint64_t m;
  if (!integer_read(v, &negative, &m) || m > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
    return false;
  }
  int64_t i = negative ? (int64_t)(0 - m) : (int64_t)m;
  *ret = i;
  return i >= min && i <= max;
}

static bool unsigned_read(const json_t *v, uint64_t max, uint64_t *ret) {
  bool negative;
  return integer_read(v, &negative, ret) && (!negative || *ret == 0) && *ret <= max;
}

static bool double_read(const json_t *v, double *ret) {
  if (json_is_number(v)) {
    *ret = json_number_value(v);
    return true;
  }
  if (!json_is_string(v) || json_string_length(v) == 0 || json_string_length(v) >= NUMBER_ROOM) {
    return false;
  }
  const char *s = json_string_value(v);
  if (strcmp(s, "NaN") == 0 || strcmp(s, "Infinity") == 0 || strcmp(s, "-Infinity") == 0) {
    *ret = s[0] == 'N' ? (double)NAN : s[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    return true;
  }
  if (strspn(s, "0123456789+-.eE") != strlen(s)) {
    return false;
  }
  char *end = NULL;
  *ret = strtod(s, &end);
  return *end == '\0' && isfinite(*ret);
}

static sv_status number_set(struct walk *w, ProtobufCType type, const json_t *v, void *at) {
  int64_t i = 0;
  uint64_t u = 0;
  double d = 0;
  switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      if (!signed_read(v, INT32_MIN, INT32_MAX, &i)) {
        return fault(w, "is not a whole number of 32 bits");
      }
      memcpy(at, &(int32_t){(int32_t)i}, sizeof(int32_t));
      return SV_DONE;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      if (!signed_read(v, INT64_MIN, INT64_MAX, &i)) {
        return fault(w, "is not a whole number of 64 bits");
      }
      memcpy(at, &i, sizeof i);
      return SV_DONE;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      if (!unsigned_read(v, UINT32_MAX, &u)) {
        return fault(w, "is not a whole number from 0, of 32 bits");
      }
      memcpy(at, &(uint32_t){(uint32_t)u}, sizeof(uint32_t));
      return SV_DONE;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      if (!unsigned_read(v, UINT64_MAX, &u)) {
        return fault(w, "is not a whole number from 0, of 64 bits");
      }
      memcpy(at, &u, sizeof u);
      return SV_DONE;
    case PROTOBUF_C_TYPE_FLOAT:
      if (!double_read(v, &d) || (isfinite(d) && fabs(d) > 3.4028234663852886e38)) {
        return fault(w, "is not a number");
      }
      memcpy(at, &(float){(float)d}, sizeof(float));
      return SV_DONE;
    default:
      if (!double_read(v, &d)) {
        return fault(w, "is not a number");
      }
      memcpy(at, &d, sizeof d);
      return SV_DONE;
  }
}

static sv_status text_set(struct walk *w, const json_t *v, void *at) {
  if (!json_is_string(v)) {
    return fault(w, "is not a text");
  }
  size_t n = json_string_length(v);
  char *copy = sv_arena_strndup(w->ctx->mem, json_string_value(v), n);
  if (!copy) {
    return SV_FAIL(w->ctx, NO_MEMORY, "a text of %zu bytes", n);
  }
  memcpy(at, &copy, sizeof copy);
  return SV_DONE;
}

static sv_status bytes_set(struct walk *w, const json_t *v, void *at) {
  if (!json_is_string(v)) {
    return fault(w, "is not base64");
  }
  size_t n = json_string_length(v);
  ProtobufCBinaryData data = {.data = sv_arena_alloc(w->ctx->mem, 3 * (n + 3) / 4)};
  if (!data.data) {
    return SV_FAIL(w->ctx, NO_MEMORY, "base64 of %zu bytes", n);
  }
  if (!sv_unbase64(json_string_value(v), n, data.data, &data.len)) {
    return fault(w, "is not base64");
  }
  memcpy(at, &data, sizeof data);
  return SV_DONE;
}

static sv_status enum_set(struct walk *w, const ProtobufCEnumDescriptor *type, const json_t *v,
                          void *at) {
  int64_t i = 0;
  if (json_is_string(v)) {
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(v));
    if (!value) {
      return fault(w, "is not a name of this enumeration");
    }
    i = value->value;
  } else if (!signed_read(v, INT32_MIN, INT32_MAX, &i)) {
    return fault(w, "is not a value of this enumeration");
  }
  memcpy(at, &(int32_t){(int32_t)i}, sizeof(int32_t));
  return SV_DONE;
}

/* --- messages --- */

static sv_status message_read(struct walk *w, const ProtobufCMessageDescriptor *type,
                              const json_t *v, size_t depth, ProtobufCMessage **ret);

static ProtobufCMessage *message_new(struct sv_arena *mem, const ProtobufCMessageDescriptor *type) {
  ProtobufCMessage *m = sv_arena_alloc(mem, type->sizeof_message);
  if (m) {
    type->message_init(m);
  }
  return m;
}

static void *member_at(ProtobufCMessage *m, size_t offset) { return (char *)m + offset; }

/* google.protobuf.Timestamp from RFC 3339: seconds at tag 1, nanos at tag 2. */
static sv_status timestamp_read(struct walk *w, const ProtobufCMessageDescriptor *type,
                                const json_t *v, ProtobufCMessage **ret) {
  int64_t wall_us = 0;
  if (!json_is_string(v) || !sv_time_parse(json_string_value(v), &wall_us, NULL)) {
    return fault(w, "is not a time of RFC 3339");
  }
  int32_t nanos = 0;
  const char *dot = strchr(json_string_value(v), '.');
  if (dot) {
    size_t digits = strspn(dot + 1, "0123456789");
    if (digits > 9) {
      return fault(w, "has a fraction of more than nine digits");
    }
    for (size_t i = 0; i < 9; i++) {
      nanos = nanos * 10 + (i < digits ? dot[1 + i] - '0' : 0);
    }
  }
  ProtobufCMessage *m = message_new(w->ctx->mem, type);
  if (!m) {
    return SV_FAIL(w->ctx, NO_MEMORY, "a time");
  }
  int64_t seconds = wall_us / 1000000;
  if (seconds < INT64_C(-62135596800) || seconds > INT64_C(253402300799)) {
    return fault(w, "is not a time from year 1 to 9999");
  }
  memcpy(member_at(m, type->fields[0].offset), &seconds, sizeof seconds);
  memcpy(member_at(m, type->fields[1].offset), &nanos, sizeof nanos);
  *ret = m;
  return SV_DONE;
}

static sv_status value_set(struct walk *w, const ProtobufCFieldDescriptor *f, const json_t *v,
                           size_t depth, void *at) {
  switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
      if (!json_is_boolean(v)) {
        return fault(w, "is neither true nor false");
      }
      memcpy(at, &(protobuf_c_boolean){json_is_true(v) ? 1 : 0}, sizeof(protobuf_c_boolean));
      return SV_DONE;
    case PROTOBUF_C_TYPE_STRING:
      return text_set(w, v, at);
    case PROTOBUF_C_TYPE_BYTES:
      return bytes_set(w, v, at);
    case PROTOBUF_C_TYPE_ENUM:
      return enum_set(w, f->descriptor, v, at);
    case PROTOBUF_C_TYPE_MESSAGE: {
      ProtobufCMessage *m = NULL;
      SV_TRY(message_read(w, f->descriptor, v, depth + 1, &m));
      memcpy(at, &m, sizeof(m));
      return SV_DONE;
    }
    default:
      return number_set(w, f->type, v, at);
  }
}

static size_t element_size(ProtobufCType type) {
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
      return sizeof(char *);
    case PROTOBUF_C_TYPE_MESSAGE:
      return sizeof(ProtobufCMessage *);
    case PROTOBUF_C_TYPE_BYTES:
      return sizeof(ProtobufCBinaryData);
    default:
      return 4;
  }
}

static sv_status repeated_set(struct walk *w, const ProtobufCFieldDescriptor *f, const json_t *v,
                              size_t depth, ProtobufCMessage *m) {
  if (!json_is_array(v)) {
    return fault(w, "is not a list");
  }
  size_t n = json_array_size(v);
  size_t size = element_size(f->type);
  char *array = sv_arena_array(w->ctx->mem, n, size);
  if (!array) {
    return SV_FAIL(w->ctx, NO_MEMORY, "a list of %zu", n);
  }
  for (size_t i = 0; i < n; i++) {
    size_t before = path_push_index(w, i);
    if (json_is_null(json_array_get(v, i))) {
      return fault(w, "is null inside a list");
    }
    SV_TRY(value_set(w, f, json_array_get(v, i), depth, array + i * size));
    path_pop(w, before);
  }
  memcpy(member_at(m, f->quantifier_offset), &n, sizeof n);
  memcpy(member_at(m, f->offset), &array, sizeof(array));
  return SV_DONE;
}

static sv_status field_set(struct walk *w, const ProtobufCFieldDescriptor *f, const json_t *v,
                           size_t depth, ProtobufCMessage *m) {
  if (f->label == PROTOBUF_C_LABEL_REPEATED) {
    return repeated_set(w, f, v, depth, m);
  }
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t *chosen = member_at(m, f->quantifier_offset);
    if (*chosen != 0) {
      return fault(w, "excludes another member that is set");
    }
    SV_TRY(value_set(w, f, v, depth, member_at(m, f->offset)));
    *chosen = f->id;
    return SV_DONE;
  }
  return value_set(w, f, v, depth, member_at(m, f->offset));
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

/* Is the key the field's name, either way? */
static bool names(const char *key, const char *field) {
  if (strcmp(key, field) == 0) {
    return true;
  }
  char camel[128];
  if (strlen(field) >= sizeof camel) {
    return false;
  }
  json_name(field, camel);
  return strcmp(key, camel) == 0;
}

static const ProtobufCFieldDescriptor *field_named(const ProtobufCMessageDescriptor *type,
                                                   const char *key) {
  for (unsigned i = 0; i < type->n_fields; i++) {
    if (names(key, type->fields[i].name)) {
      return &type->fields[i];
    }
  }
  return NULL;
}

static sv_status object_read(struct walk *w, const ProtobufCMessageDescriptor *type,
                             const json_t *v, size_t depth, ProtobufCMessage *m) {
  uint64_t seen = 0;
  union {
    const json_t *in;
    json_t *out;
  } u = {.in = v};
  for (void *it = json_object_iter(u.out); it; it = json_object_iter_next(u.out, it)) {
    const char *key = json_object_iter_key(it);
    const json_t *member = json_object_iter_value(it);
    size_t before = path_push_key(w, key);
    const ProtobufCFieldDescriptor *f = field_named(type, key);
    if (!f) {
      return fault(w, "is no field of this message");
    }
    uint64_t bit = UINT64_C(1) << ((size_t)(f - type->fields) % 64);
    if (type->n_fields <= 64 && seen & bit) {
      return fault(w, "is there twice, under both of its names");
    }
    seen |= bit;
    if (!json_is_null(member)) {
      SV_TRY(field_set(w, f, member, depth, m));
    }
    path_pop(w, before);
  }
  return SV_DONE;
}

static sv_status message_read(struct walk *w, const ProtobufCMessageDescriptor *type,
                              const json_t *v, size_t depth, ProtobufCMessage **ret) {
  if (depth > RPC_PROTOBUF_DEPTH_MAX) {
    return fault(w, "is nested too deep");
  }
  if (strcmp(type->name, "google.protobuf.Timestamp") == 0) {
    return timestamp_read(w, type, v, ret);
  }
  if (!json_is_object(v)) {
    return fault(w, "is not an object");
  }
  ProtobufCMessage *m = message_new(w->ctx->mem, type);
  if (!m) {
    return SV_FAIL(w->ctx, NO_MEMORY, "%s", type->name);
  }
  SV_TRY(object_read(w, type, v, depth, m));
  *ret = m;
  return SV_DONE;
}

/* Values and levels of a text, by its punctuation outside of strings; the parser judges the rest. */
static sv_status size_check(struct walk *w, struct sv_bytes text) {
  size_t values = 1, depth = 0;
  bool inside = false;
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = text.p[i];
    if (inside) {
      i += c == '\\' ? 1 : 0;
      inside = c != '"';
      continue;
    }
    inside = c == '"';
    values += c == ',' || c == '{' || c == '[' ? 1 : 0;
    depth += c == '{' || c == '[' ? 1 : 0;
    depth -= (c == '}' || c == ']') && depth > 0 ? 1 : 0;
    if (depth > 2 * RPC_PROTOBUF_DEPTH_MAX) {
      return fault(w, "is nested too deep");
    }
  }
  if (values > RPC_PROTOBUF_ELEMENTS_MAX) {
    return SV_FAIL(w->ctx, LIMIT_EXCEEDED, "JSON of more than %d values",
                   RPC_PROTOBUF_ELEMENTS_MAX);
  }
  return SV_DONE;
}

sv_status json_to_message(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *type,
                          struct sv_bytes text, ProtobufCMessage **ret_message) {
  struct walk w = {.ctx = ctx};
  SV_TRY(size_check(&w, text));
  json_error_t error;
  SV_AUTO(json_decref)
  json_t *root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
  if (!root) {
    enum json_error_code code = json_error_code(&error);
    (void)snprintf(w.path, sizeof w.path, "line %d, column %d", error.line, error.column);
    w.path_n = strlen(w.path);
    return fault(&w, code == json_error_duplicate_key ? "a key is there twice" : "is not JSON");
  }
  ProtobufCMessage *m = NULL;
  SV_TRY(message_read(&w, type, root, 1, &m));
  *ret_message = m;
  return SV_DONE;
}
