/* The well-known types of google.protobuf, each with a JSON of its own ("ProtoJSON Format", protobuf.dev). */
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>

#include "rpc/grpc/json_walk.h"
#include "rpc/grpc/service.h"
#include "rpc/limits.h"

enum { NANO_DIGITS = 9 };
#define DURATION_SECONDS_MAX INT64_C(315576000000)

static sv_status no_memory(struct json_walk *w) { return SV_FAIL(w->ctx, NO_MEMORY, "JSON"); }

/* Digits after a point, at most nine; *end is what follows them. */
static bool fraction_read(const char *s, const char **end, int32_t *ret_nanos) {
  size_t n = strspn(s, "0123456789");
  int32_t nanos = 0;
  for (size_t i = 0; i < NANO_DIGITS; i++) {
    nanos = nanos * 10 + (i < n ? s[i] - '0' : 0);
  }
  *end = s + n;
  *ret_nanos = nanos;
  return n >= 1 && n <= NANO_DIGITS;
}

/* RFC 3339 */
static sv_status timestamp_read(struct json_walk *w, const struct json_value *v, size_t depth,
                                ProtobufCMessage *m) {
  Google__Protobuf__Timestamp *t = (Google__Protobuf__Timestamp *)(void *)m;
  int64_t wall_us = 0;
  (void)depth;
  if (v->kind != JSON_STRING || !sv_time_parse(v->text, &wall_us, NULL)) {
    return json_walk_fault(w, "is not a time of RFC 3339");
  }
  const char *dot = strchr(v->text, '.'), *end;
  if (dot && !fraction_read(dot + 1, &end, &t->nanos)) {
    return json_walk_fault(w, "has a fraction of more than nine digits");
  }
  t->seconds = wall_us / 1000000; /* without its fraction */
  if (t->seconds < INT64_C(-62135596800) || t->seconds > INT64_C(253402300799)) {
    return json_walk_fault(w, "is not a time from year 1 to 9999");
  }
  return SV_DONE;
}

/* "-1.5s" */
static bool duration_parse(const char *s, Google__Protobuf__Duration *d) {
  bool negative = *s == '-';
  s += negative ? 1 : 0;
  size_t n = strspn(s, "0123456789");
  int64_t seconds = 0;
  if (n == 0 || n > 12) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    seconds = seconds * 10 + (s[i] - '0');
  }
  s += n;
  int32_t nanos = 0;
  if (*s == '.' && !fraction_read(s + 1, &s, &nanos)) {
    return false;
  }
  d->seconds = negative ? -seconds : seconds;
  d->nanos = negative ? -nanos : nanos;
  return strcmp(s, "s") == 0 &&
         (seconds < DURATION_SECONDS_MAX || (seconds == DURATION_SECONDS_MAX && nanos == 0));
}

static sv_status duration_read(struct json_walk *w, const struct json_value *v, size_t depth,
                               ProtobufCMessage *m) {
  (void)depth;
  if (v->kind != JSON_STRING || !duration_parse(v->text, (Google__Protobuf__Duration *)(void *)m)) {
    return json_walk_fault(w, "is not a duration in seconds, like \"1.5s\"");
  }
  return SV_DONE;
}

/* "userName" to "user_name"; room for 2n + 1. */
static bool snake_put(const char *s, size_t n, char *out) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '_') {
      return false;
    }
    if (s[i] >= 'A' && s[i] <= 'Z') {
      *out++ = '_';
      *out++ = (char)(s[i] - 'A' + 'a');
    } else {
      *out++ = s[i];
    }
  }
  *out = '\0';
  return true;
}

static sv_status field_mask_read(struct json_walk *w, const struct json_value *v, size_t depth,
                                 ProtobufCMessage *m) {
  Google__Protobuf__FieldMask *mask = (Google__Protobuf__FieldMask *)(void *)m;
  (void)depth;
  if (v->kind != JSON_STRING) {
    return json_walk_fault(w, "is not a list of paths in one text");
  }
  size_t n = v->text_n > 0 ? 1 : 0;
  for (size_t i = 0; i < v->text_n; i++) {
    n += v->text[i] == ',' ? 1 : 0;
  }
  if (n > RPC_PROTOBUF_ELEMENTS_MAX) {
    return SV_FAIL(w->ctx, LIMIT_EXCEEDED, "a mask of %zu paths", n);
  }
  mask->paths = SV_ARRAY(w->ctx->mem, n, char *);
  if (!mask->paths) {
    return no_memory(w);
  }
  for (const char *s = v->text; mask->n_paths < n; s += strcspn(s, ",") + 1) {
    size_t length = strcspn(s, ",");
    char *path = sv_arena_alloc(w->ctx->mem, 2 * length + 1);
    if (!path) {
      return no_memory(w);
    }
    if (!snake_put(s, length, path)) {
      return json_walk_fault(w, "has a path that is not in lowerCamelCase");
    }
    mask->paths[mask->n_paths++] = path;
  }
  return SV_DONE;
}

/* A wrapper is its value. */
static sv_status wrapper_read(struct json_walk *w, const struct json_value *v, size_t depth,
                              ProtobufCMessage *m) {
  const ProtobufCFieldDescriptor *f = &m->descriptor->fields[0];
  return json_walk_value(w, f, v, depth, (char *)m + f->offset);
}

static sv_status struct_read(struct json_walk *w, const struct json_value *v, size_t depth,
                             ProtobufCMessage *m) {
  Google__Protobuf__Struct *s = (Google__Protobuf__Struct *)(void *)m;
  if (v->kind != JSON_OBJECT) {
    return json_walk_fault(w, "is not an object");
  }
  s->fields = SV_ARRAY(w->ctx->mem, v->n, Google__Protobuf__Struct__FieldsEntry *);
  if (!s->fields) {
    return no_memory(w);
  }
  for (const struct json_value *item = v->first; item; item = item->next) {
    Google__Protobuf__Struct__FieldsEntry *entry =
        SV_NEW(w->ctx->mem, Google__Protobuf__Struct__FieldsEntry);
    char *key = sv_arena_strdup(w->ctx->mem, item->key);
    ProtobufCMessage *value = NULL;
    if (!entry || !key) {
      return no_memory(w);
    }
    google__protobuf__struct__fields_entry__init(entry);
    size_t before = json_walk_key(w, item->key);
    SV_TRY(json_walk_message(w, &google__protobuf__value__descriptor, item, depth + 1, &value));
    json_walk_pop(w, before);
    entry->key = key;
    entry->value = (Google__Protobuf__Value *)(void *)value;
    s->fields[s->n_fields++] = entry;
  }
  return SV_DONE;
}

static sv_status list_read(struct json_walk *w, const struct json_value *v, size_t depth,
                           ProtobufCMessage *m) {
  Google__Protobuf__ListValue *list = (Google__Protobuf__ListValue *)(void *)m;
  if (v->kind != JSON_ARRAY) {
    return json_walk_fault(w, "is not a list");
  }
  list->values = SV_ARRAY(w->ctx->mem, v->n, Google__Protobuf__Value *);
  if (!list->values) {
    return no_memory(w);
  }
  for (const struct json_value *item = v->first; item; item = item->next) {
    ProtobufCMessage *value = NULL;
    size_t before = json_walk_index(w, list->n_values);
    SV_TRY(json_walk_message(w, &google__protobuf__value__descriptor, item, depth + 1, &value));
    json_walk_pop(w, before);
    list->values[list->n_values++] = (Google__Protobuf__Value *)(void *)value;
  }
  return SV_DONE;
}

static sv_status value_text_read(struct json_walk *w, const struct json_value *v,
                                 Google__Protobuf__Value *value) {
  value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
  value->string_value = sv_arena_strdup(w->ctx->mem, v->text);
  return value->string_value ? SV_DONE : no_memory(w);
}

static sv_status value_read(struct json_walk *w, const struct json_value *v, size_t depth,
                            ProtobufCMessage *m) {
  Google__Protobuf__Value *value = (Google__Protobuf__Value *)(void *)m;
  ProtobufCMessage *inner = NULL;
  switch (v->kind) {
    case JSON_NULL:
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
      return SV_DONE;
    case JSON_FALSE:
    case JSON_TRUE:
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
      value->bool_value = v->kind == JSON_TRUE;
      return SV_DONE;
    case JSON_NUMBER:
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
      return json_double(v, &value->number_value) ? SV_DONE : json_walk_fault(w, "is not a number");
    case JSON_STRING:
      return value_text_read(w, v, value);
    case JSON_ARRAY:
      SV_TRY(json_walk_message(w, &google__protobuf__list_value__descriptor, v, depth + 1, &inner));
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
      value->list_value = (Google__Protobuf__ListValue *)(void *)inner;
      return SV_DONE;
    case JSON_OBJECT:
      SV_TRY(json_walk_message(w, &google__protobuf__struct__descriptor, v, depth + 1, &inner));
      value->kind_case = GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
      value->struct_value = (Google__Protobuf__Struct *)(void *)inner;
      return SV_DONE;
  }
  return json_walk_fault(w, "is no JSON value");
}

static sv_status any_content_read(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                                  const struct json_value *v, size_t depth,
                                  ProtobufCMessage **ret) {
  if (!json_known_reader_of(type)) {
    SV_TRY(json_walk_new(w, type, ret));
    return json_walk_members(w, v, depth, "@type", *ret);
  }
  const struct json_value *value = json_member(v, "value");
  if (!value || v->n != 2) {
    return json_walk_fault(w, "does not have its content in \"value\" alone");
  }
  size_t before = json_walk_key(w, "value");
  SV_TRY(json_walk_message(w, type, value, depth + 1, ret));
  json_walk_pop(w, before);
  return SV_DONE;
}

static sv_status any_read(struct json_walk *w, const struct json_value *v, size_t depth,
                          ProtobufCMessage *m) {
  Google__Protobuf__Any *any = (Google__Protobuf__Any *)(void *)m;
  if (v->kind != JSON_OBJECT) {
    return json_walk_fault(w, "is not an object");
  }
  if (v->n == 0) {
    return SV_DONE;
  }
  const struct json_value *url = json_member(v, "@type");
  const char *slash = url && url->kind == JSON_STRING ? strrchr(url->text, '/') : NULL;
  const ProtobufCMessageDescriptor *type = slash ? json_types_find(w->types, slash + 1) : NULL;
  if (!type) {
    return json_walk_fault(w, "has no \"@type\" that is known here");
  }
  ProtobufCMessage *content = NULL;
  struct sv_bytes wire;
  SV_TRY(any_content_read(w, type, v, depth, &content));
  SV_TRY(rpc_pack(w->ctx, content, &wire));
  any->type_url = sv_arena_strdup(w->ctx->mem, url->text);
  any->value.data = sv_arena_alloc(w->ctx->mem, wire.n);
  if (!any->type_url || !any->value.data) {
    return no_memory(w);
  }
  if (wire.n > 0) {
    memcpy(any->value.data, wire.p, wire.n);
  }
  any->value.len = wire.n;
  return SV_DONE;
}

json_known_reader json_known_reader_of(const ProtobufCMessageDescriptor *type) {
  static const struct {
    const ProtobufCMessageDescriptor *type;
    json_known_reader read;
  } readers[] = {
      {&google__protobuf__timestamp__descriptor, timestamp_read},
      {&google__protobuf__duration__descriptor, duration_read},
      {&google__protobuf__field_mask__descriptor, field_mask_read},
      {&google__protobuf__any__descriptor, any_read},
      {&google__protobuf__struct__descriptor, struct_read},
      {&google__protobuf__list_value__descriptor, list_read},
      {&google__protobuf__value__descriptor, value_read},
      {&google__protobuf__bool_value__descriptor, wrapper_read},
      {&google__protobuf__bytes_value__descriptor, wrapper_read},
      {&google__protobuf__double_value__descriptor, wrapper_read},
      {&google__protobuf__float_value__descriptor, wrapper_read},
      {&google__protobuf__int32_value__descriptor, wrapper_read},
      {&google__protobuf__int64_value__descriptor, wrapper_read},
      {&google__protobuf__string_value__descriptor, wrapper_read},
      {&google__protobuf__uint32_value__descriptor, wrapper_read},
      {&google__protobuf__uint64_value__descriptor, wrapper_read},
  };
  for (size_t i = 0; i < sizeof readers / sizeof readers[0]; i++) {
    if (readers[i].type == type) {
      return readers[i].read;
    }
  }
  return NULL;
}
