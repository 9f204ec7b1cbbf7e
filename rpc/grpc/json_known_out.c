/* The well-known types of google.protobuf as JSON: what json_known_in.c reads. */
#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <inttypes.h>
#include <math.h>

#include "rpc/grpc/json_put.h"
#include "rpc/grpc/service.h"

/* ".5", in three, six or nine digits; nothing for 0 */
static void fraction_put(struct json_writer *w, int32_t nanos) {
  if (nanos % 1000 != 0) {
    sv_buf_printf(w->out, ".%09d", nanos);
  } else if (nanos % 1000000 != 0) {
    sv_buf_printf(w->out, ".%06d", nanos / 1000);
  } else if (nanos != 0) {
    sv_buf_printf(w->out, ".%03d", nanos / 1000000);
  }
}

static sv_status timestamp_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__Timestamp *t = (const Google__Protobuf__Timestamp *)(const void *)m;
  if (t->seconds < INT64_C(-62135596800) || t->seconds > INT64_C(253402300799) || t->nanos < 0 ||
      t->nanos > 999999999) {
    return SV_FAIL(w->ctx, INTERNAL, "a time out of its range");
  }
  char text[21];
  sv_time_format(t->seconds * 1000000, text);
  sv_buf_printf(w->out, "\"%.19s", text);
  fraction_put(w, t->nanos);
  sv_buf_str(w->out, "Z\"");
  return SV_DONE;
}

static sv_status duration_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__Duration *d = (const Google__Protobuf__Duration *)(const void *)m;
  const int64_t max = INT64_C(315576000000);
  bool negative = d->seconds < 0 || d->nanos < 0;
  if (d->seconds < -max || d->seconds > max || d->nanos < -999999999 || d->nanos > 999999999 ||
      (negative && (d->seconds > 0 || d->nanos > 0))) {
    return SV_FAIL(w->ctx, INTERNAL, "a duration out of its range");
  }
  sv_buf_printf(w->out, "\"%s%" PRId64, negative ? "-" : "",
                d->seconds < 0 ? -d->seconds : d->seconds);
  fraction_put(w, d->nanos < 0 ? -d->nanos : d->nanos);
  sv_buf_str(w->out, "s\"");
  return SV_DONE;
}

/* "user_name" as "userName", which must lead back. */
static bool camel_put(struct json_writer *w, const char *path) {
  for (const char *p = path; *p; p++) {
    if (*p >= 'A' && *p <= 'Z') {
      return false;
    }
    if (*p == '_') {
      p++;
      if (*p < 'a' || *p > 'z') {
        return false;
      }
      sv_buf_u8(w->out, (uint8_t)(*p - 'a' + 'A'));
    } else if (*p == '"' || *p == '\\' || (unsigned char)*p < 0x20) {
      return false;
    } else {
      sv_buf_u8(w->out, (uint8_t)*p);
    }
  }
  return true;
}

static sv_status field_mask_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__FieldMask *mask = (const Google__Protobuf__FieldMask *)(const void *)m;
  sv_buf_u8(w->out, '"');
  for (size_t i = 0; i < mask->n_paths; i++) {
    if (i > 0) {
      sv_buf_u8(w->out, ',');
    }
    if (!camel_put(w, mask->paths[i])) {
      return SV_FAIL(w->ctx, INTERNAL, "a path of a mask that is not in snake_case");
    }
  }
  sv_buf_u8(w->out, '"');
  return SV_DONE;
}

static sv_status any_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__Any *any = (const Google__Protobuf__Any *)(const void *)m;
  bool first = true;
  json_put_open(w, '{');
  if (any->type_url[0] != '\0' || any->value.len > 0) {
    const char *slash = strrchr(any->type_url, '/');
    const ProtobufCMessageDescriptor *type =
        json_types_find(w->types, slash ? slash + 1 : any->type_url);
    struct sv_bytes value = sv_bytes_of(any->value.data, any->value.len);
    ProtobufCMessage *content = NULL;
    json_put_key(w, "@type", &first);
    json_put_text(w, any->type_url);
    if (type) {
      SV_TRY(rpc_unpack(w->ctx, type, value, &content));
    }
    if (content && !json_known_writer_of(type)) {
      SV_TRY(json_put_members(w, content, &first));
    } else {
      json_put_key(w, "value", &first);
      SV_TRY(content ? json_put_message(w, content) : json_put_base64(w, value));
    }
  }
  json_put_close(w, '}', first);
  return SV_DONE;
}

static sv_status wrapper_put(struct json_writer *w, const ProtobufCMessage *m) {
  const ProtobufCFieldDescriptor *f = &m->descriptor->fields[0];
  return json_put_value(w, f, (const char *)m + f->offset);
}

static sv_status struct_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__Struct *s = (const Google__Protobuf__Struct *)(const void *)m;
  bool first = true;
  json_put_open(w, '{');
  for (size_t i = 0; i < s->n_fields; i++) {
    json_put_key(w, s->fields[i]->key, &first);
    if (s->fields[i]->value) {
      SV_TRY(json_put_message(w, &s->fields[i]->value->base));
    } else {
      sv_buf_str(w->out, "null");
    }
  }
  json_put_close(w, '}', first);
  return SV_DONE;
}

static sv_status list_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__ListValue *list = (const Google__Protobuf__ListValue *)(const void *)m;
  json_put_open(w, '[');
  for (size_t i = 0; i < list->n_values; i++) {
    if (i > 0) {
      sv_buf_u8(w->out, ',');
    }
    json_put_line(w);
    SV_TRY(json_put_message(w, &list->values[i]->base));
  }
  json_put_close(w, ']', list->n_values == 0);
  return SV_DONE;
}

static sv_status any_value_put(struct json_writer *w, const ProtobufCMessage *m) {
  const Google__Protobuf__Value *v = (const Google__Protobuf__Value *)(const void *)m;
  switch (v->kind_case) {
    case GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE:
      if (!isfinite(v->number_value)) {
        return SV_FAIL(w->ctx, INTERNAL, "a number that JSON does not have");
      }
      json_put_double(w, v->number_value, false);
      return SV_DONE;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE:
      json_put_text(w, v->string_value);
      return SV_DONE;
    case GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE:
      sv_buf_str(w->out, v->bool_value ? "true" : "false");
      return SV_DONE;
    case GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE:
      return struct_put(w, &v->struct_value->base);
    case GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE:
      return list_put(w, &v->list_value->base);
    default:
      sv_buf_str(w->out, "null");
      return SV_DONE;
  }
}

json_known_writer json_known_writer_of(const ProtobufCMessageDescriptor *type) {
  static const struct {
    const ProtobufCMessageDescriptor *type;
    json_known_writer put;
  } writers[] = {
      {&google__protobuf__timestamp__descriptor, timestamp_put},
      {&google__protobuf__duration__descriptor, duration_put},
      {&google__protobuf__field_mask__descriptor, field_mask_put},
      {&google__protobuf__any__descriptor, any_put},
      {&google__protobuf__struct__descriptor, struct_put},
      {&google__protobuf__list_value__descriptor, list_put},
      {&google__protobuf__value__descriptor, any_value_put},
      {&google__protobuf__bool_value__descriptor, wrapper_put},
      {&google__protobuf__bytes_value__descriptor, wrapper_put},
      {&google__protobuf__double_value__descriptor, wrapper_put},
      {&google__protobuf__float_value__descriptor, wrapper_put},
      {&google__protobuf__int32_value__descriptor, wrapper_put},
      {&google__protobuf__int64_value__descriptor, wrapper_put},
      {&google__protobuf__string_value__descriptor, wrapper_put},
      {&google__protobuf__uint32_value__descriptor, wrapper_put},
      {&google__protobuf__uint64_value__descriptor, wrapper_put},
  };
  for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
    if (writers[i].type == type) {
      return writers[i].put;
    }
  }
  return NULL;
}
