/* JSON to the structs of protobuf-c: the text becomes a tree, the tree is walked by the descriptor. Nothing of the text
 * is told back but key names, cut and cleaned. */
#include <google/protobuf/struct.pb-c.h>
#include <math.h>
#include <stdio.h>

#include "rpc/grpc/json_walk.h"
#include "rpc/limits.h"

enum { KEY_SHOWN = 48 };

/* --- faults and paths --- */

sv_status json_walk_fault(struct json_walk *w, const char *message) {
  sv_ctx_violate(w->ctx, message, "%s", w->path_n ? w->path : ".");
  return SV_FAIL(w->ctx, JSON_FORMAT, "%s: %s", w->path_n ? w->path : ".", message);
}

size_t json_walk_key(struct json_walk *w, const char *key) {
  size_t before = w->path_n;
  if (w->path_n > 0 && w->path_n + 1 < JSON_PATH_ROOM) {
    w->path[w->path_n++] = '.';
  }
  for (size_t i = 0; key[i] && i < KEY_SHOWN && w->path_n + 1 < JSON_PATH_ROOM; i++) {
    unsigned char c = (unsigned char)key[i];
    w->path[w->path_n++] = c > 0x20 && c < 0x7f ? (char)c : '?';
  }
  w->path[w->path_n] = '\0';
  return before;
}

size_t json_walk_index(struct json_walk *w, size_t i) {
  size_t before = w->path_n;
  int n = snprintf(w->path + w->path_n, JSON_PATH_ROOM - w->path_n, "[%zu]", i);
  size_t room = JSON_PATH_ROOM - 1 - w->path_n;
  w->path_n += n < 0 ? 0 : (size_t)n > room ? room : (size_t)n;
  return before;
}

void json_walk_pop(struct json_walk *w, size_t before) {
  w->path_n = before;
  w->path[before] = '\0';
}

/* --- scalars --- */

static sv_status number_set(struct json_walk *w, ProtobufCType type, const struct json_value *v,
                            void *at) {
  int64_t i = 0;
  uint64_t u = 0;
  double d = 0;
  switch (type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
      if (!json_signed(v, INT32_MIN, INT32_MAX, &i)) {
        return json_walk_fault(w, "is not a whole number of 32 bits");
      }
      memcpy(at, &(int32_t){(int32_t)i}, sizeof(int32_t));
      return SV_DONE;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
      if (!json_signed(v, INT64_MIN, INT64_MAX, &i)) {
        return json_walk_fault(w, "is not a whole number of 64 bits");
      }
      memcpy(at, &i, sizeof i);
      return SV_DONE;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
      if (!json_unsigned(v, UINT32_MAX, &u)) {
        return json_walk_fault(w, "is not a whole number from 0, of 32 bits");
      }
      memcpy(at, &(uint32_t){(uint32_t)u}, sizeof(uint32_t));
      return SV_DONE;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
      if (!json_unsigned(v, UINT64_MAX, &u)) {
        return json_walk_fault(w, "is not a whole number from 0, of 64 bits");
      }
      memcpy(at, &u, sizeof u);
      return SV_DONE;
    case PROTOBUF_C_TYPE_FLOAT:
      if (!json_double(v, &d) || (isfinite(d) && fabs(d) > 3.4028234663852886e38)) {
        return json_walk_fault(w, "is not a number");
      }
      memcpy(at, &(float){(float)d}, sizeof(float));
      return SV_DONE;
    default:
      if (!json_double(v, &d)) {
        return json_walk_fault(w, "is not a number");
      }
      memcpy(at, &d, sizeof d);
      return SV_DONE;
  }
}

static sv_status text_set(struct json_walk *w, const struct json_value *v, void *at) {
  if (v->kind != JSON_STRING) {
    return json_walk_fault(w, "is not a text");
  }
  memcpy(at, &v->text, sizeof(v->text)); /* the tree lives as long as the message */
  return SV_DONE;
}

static sv_status bytes_set(struct json_walk *w, const struct json_value *v, void *at) {
  if (v->kind != JSON_STRING) {
    return json_walk_fault(w, "is not base64");
  }
  ProtobufCBinaryData data = {.data = sv_arena_alloc(w->ctx->mem, 3 * (v->text_n + 3) / 4)};
  if (!data.data) {
    return SV_FAIL(w->ctx, NO_MEMORY, "base64 of %zu bytes", v->text_n);
  }
  if (!sv_unbase64(v->text, v->text_n, data.data, &data.len)) {
    return json_walk_fault(w, "is not base64");
  }
  memcpy(at, &data, sizeof data);
  return SV_DONE;
}

static bool is_null_value(const ProtobufCFieldDescriptor *f) {
  return f->type == PROTOBUF_C_TYPE_ENUM &&
         f->descriptor == &google__protobuf__null_value__descriptor;
}

static sv_status enum_set(struct json_walk *w, const ProtobufCEnumDescriptor *type,
                          const struct json_value *v, void *at) {
  int64_t i = 0;
  if (v->kind == JSON_STRING) {
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(type, v->text);
    if (!value) {
      return json_walk_fault(w, "is not a name of this enumeration");
    }
    i = value->value;
  } else if (v->kind == JSON_NULL && type == &google__protobuf__null_value__descriptor) {
    i = 0;
  } else if (!json_signed(v, INT32_MIN, INT32_MAX, &i)) {
    return json_walk_fault(w, "is not a value of this enumeration");
  }
  memcpy(at, &(int32_t){(int32_t)i}, sizeof(int32_t));
  return SV_DONE;
}

/* --- messages --- */

sv_status json_walk_new(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                        ProtobufCMessage **ret) {
  ProtobufCMessage *m = sv_arena_alloc(w->ctx->mem, type->sizeof_message);
  if (!m) {
    return SV_FAIL(w->ctx, NO_MEMORY, "%s", type->name);
  }
  type->message_init(m);
  *ret = m;
  return SV_DONE;
}

static void *member_at(ProtobufCMessage *m, size_t offset) { return (char *)m + offset; }

sv_status json_walk_value(struct json_walk *w, const ProtobufCFieldDescriptor *f,
                          const struct json_value *v, size_t depth, void *at) {
  switch (f->type) {
    case PROTOBUF_C_TYPE_BOOL:
      if (v->kind != JSON_TRUE && v->kind != JSON_FALSE) {
        return json_walk_fault(w, "is neither true nor false");
      }
      memcpy(at, &(protobuf_c_boolean){v->kind == JSON_TRUE ? 1 : 0}, sizeof(protobuf_c_boolean));
      return SV_DONE;
    case PROTOBUF_C_TYPE_STRING:
      return text_set(w, v, at);
    case PROTOBUF_C_TYPE_BYTES:
      return bytes_set(w, v, at);
    case PROTOBUF_C_TYPE_ENUM:
      return enum_set(w, f->descriptor, v, at);
    case PROTOBUF_C_TYPE_MESSAGE: {
      ProtobufCMessage *m = NULL;
      SV_TRY(json_walk_message(w, f->descriptor, v, depth + 1, &m));
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

/* Null is a value of its own for these, and the absence of one for all others. */
static bool takes_null(const ProtobufCFieldDescriptor *f) {
  return is_null_value(f) || (f->type == PROTOBUF_C_TYPE_MESSAGE &&
                              f->descriptor == &google__protobuf__value__descriptor);
}

/* A key of a map is a text, whatever its type is. */
static sv_status map_key_set(struct json_walk *w, const ProtobufCFieldDescriptor *f,
                             const char *key, void *at) {
  struct json_value v = {.kind = JSON_STRING, .text = key, .text_n = strlen(key)};
  if (f->type == PROTOBUF_C_TYPE_BOOL) {
    v.kind = strcmp(key, "true") == 0    ? JSON_TRUE
             : strcmp(key, "false") == 0 ? JSON_FALSE
                                         : JSON_NULL;
  }
  return json_walk_value(w, f, &v, 0, at);
}

static sv_status map_entry_read(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                                const struct json_value *v, size_t depth, ProtobufCMessage **ret) {
  const ProtobufCFieldDescriptor *value = &type->fields[1];
  ProtobufCMessage *m = NULL;
  SV_TRY(json_walk_new(w, type, &m));
  SV_TRY(map_key_set(w, &type->fields[0], v->key, member_at(m, type->fields[0].offset)));
  if (v->kind == JSON_NULL && !takes_null(value)) {
    return json_walk_fault(w, "is null inside a map");
  }
  SV_TRY(json_walk_value(w, value, v, depth, member_at(m, value->offset)));
  *ret = m;
  return SV_DONE;
}

static sv_status element_set(struct json_walk *w, const ProtobufCFieldDescriptor *f, bool map,
                             const struct json_value *v, size_t depth, void *at) {
  if (map) {
    ProtobufCMessage *m = NULL;
    SV_TRY(map_entry_read(w, f->descriptor, v, depth, &m));
    memcpy(at, &m, sizeof(m));
    return SV_DONE;
  }
  if (v->kind == JSON_NULL && !takes_null(f)) {
    return json_walk_fault(w, "is null inside a list");
  }
  return json_walk_value(w, f, v, depth, at);
}

static sv_status repeated_set(struct json_walk *w, const ProtobufCFieldDescriptor *f,
                              const struct json_value *v, size_t depth, ProtobufCMessage *m) {
  bool map = json_is_map(m->descriptor, f);
  if (v->kind != (map ? JSON_OBJECT : JSON_ARRAY)) {
    return json_walk_fault(w, map ? "is not an object" : "is not a list");
  }
  size_t size = element_size(f->type);
  char *array = sv_arena_array(w->ctx->mem, v->n, size);
  if (!array) {
    return SV_FAIL(w->ctx, NO_MEMORY, "a list of %zu", v->n);
  }
  size_t i = 0;
  for (const struct json_value *item = v->first; item; item = item->next, i++) {
    size_t before = map ? json_walk_key(w, item->key) : json_walk_index(w, i);
    SV_TRY(element_set(w, f, map, item, depth, array + i * size));
    json_walk_pop(w, before);
  }
  memcpy(member_at(m, f->quantifier_offset), &v->n, sizeof v->n);
  memcpy(member_at(m, f->offset), &array, sizeof(array));
  return SV_DONE;
}

static sv_status field_set(struct json_walk *w, const ProtobufCFieldDescriptor *f,
                           const struct json_value *v, size_t depth, ProtobufCMessage *m) {
  if (f->label == PROTOBUF_C_LABEL_REPEATED) {
    return repeated_set(w, f, v, depth, m);
  }
  if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
    uint32_t *chosen = member_at(m, f->quantifier_offset);
    if (*chosen != 0) {
      return json_walk_fault(w, "excludes another member that is set");
    }
    SV_TRY(json_walk_value(w, f, v, depth, member_at(m, f->offset)));
    *chosen = f->id;
    return SV_DONE;
  }
  return json_walk_value(w, f, v, depth, member_at(m, f->offset));
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

sv_status json_walk_members(struct json_walk *w, const struct json_value *v, size_t depth,
                            const char *skip, ProtobufCMessage *m) {
  const ProtobufCMessageDescriptor *type = m->descriptor;
  uint8_t *seen = sv_arena_alloc(w->ctx->mem, type->n_fields);
  if (!seen) {
    return SV_FAIL(w->ctx, NO_MEMORY, "%s", type->name);
  }
  for (const struct json_value *member = v->first; member; member = member->next) {
    if (skip && strcmp(member->key, skip) == 0) {
      continue;
    }
    size_t before = json_walk_key(w, member->key);
    const ProtobufCFieldDescriptor *f = field_named(type, member->key);
    if (!f) {
      return json_walk_fault(w, "is no field of this message");
    }
    if (seen[f - type->fields]++) {
      return json_walk_fault(w, "is there twice, under both of its names");
    }
    if (member->kind != JSON_NULL || (takes_null(f) && f->label != PROTOBUF_C_LABEL_REPEATED)) {
      SV_TRY(field_set(w, f, member, depth, m));
    }
    json_walk_pop(w, before);
  }
  return SV_DONE;
}

sv_status json_walk_message(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                            const struct json_value *v, size_t depth, ProtobufCMessage **ret) {
  if (depth > RPC_PROTOBUF_DEPTH_MAX) {
    return json_walk_fault(w, "is nested too deep");
  }
  json_known_reader known = json_known_reader_of(type);
  ProtobufCMessage *m = NULL;
  if (!known && v->kind != JSON_OBJECT) {
    return json_walk_fault(w, "is not an object");
  }
  SV_TRY(json_walk_new(w, type, &m));
  SV_TRY(known ? known(w, v, depth, m) : json_walk_members(w, v, depth, NULL, m));
  *ret = m;
  return SV_DONE;
}

sv_status json_read(struct sv_ctx *ctx, const struct json_types *types,
                    const ProtobufCMessageDescriptor *type, struct sv_bytes text,
                    ProtobufCMessage **ret_message) {
  struct json_walk w = {.ctx = ctx, .types = types};
  struct json_value *root = NULL;
  struct json_fault fault;
  sv_status s = json_parse(ctx, text, (size_t)2 * RPC_PROTOBUF_DEPTH_MAX, RPC_PROTOBUF_ELEMENTS_MAX,
                           &root, &fault);
  if (s.reason == SV_JSON_FORMAT) {
    (void)snprintf(w.path, sizeof w.path, "line %zu, column %zu", fault.line, fault.column);
    w.path_n = strlen(w.path);
    return json_walk_fault(&w, fault.message);
  }
  SV_TRY(s);
  ProtobufCMessage *m = NULL;
  SV_TRY(json_walk_message(&w, type, root, 1, &m));
  *ret_message = m;
  return SV_DONE;
}
