/* A sorted array, filled by a walk over descriptors in which each is met once. */
#include "rpc/grpc/json_types.h"

#include <google/protobuf/any.pb-c.h>
#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/empty.pb-c.h>
#include <google/protobuf/field_mask.pb-c.h>
#include <google/protobuf/struct.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <google/protobuf/wrappers.pb-c.h>
#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <stdlib.h>

struct json_types {
  size_t n, room;
  const ProtobufCMessageDescriptor **sorted;
};

static const ProtobufCMessageDescriptor *const known[] = {
    &google__protobuf__any__descriptor,          &google__protobuf__duration__descriptor,
    &google__protobuf__empty__descriptor,        &google__protobuf__field_mask__descriptor,
    &google__protobuf__list_value__descriptor,   &google__protobuf__struct__descriptor,
    &google__protobuf__value__descriptor,        &google__protobuf__timestamp__descriptor,
    &google__protobuf__bool_value__descriptor,   &google__protobuf__bytes_value__descriptor,
    &google__protobuf__double_value__descriptor, &google__protobuf__float_value__descriptor,
    &google__protobuf__int32_value__descriptor,  &google__protobuf__int64_value__descriptor,
    &google__protobuf__string_value__descriptor, &google__protobuf__uint32_value__descriptor,
    &google__protobuf__uint64_value__descriptor, &google__rpc__bad_request__descriptor,
    &google__rpc__error_info__descriptor,        &google__rpc__precondition_failure__descriptor,
    &google__rpc__retry_info__descriptor,        &google__rpc__status__descriptor,
};

const ProtobufCMessageDescriptor *json_type_known(const char *name) {
  for (size_t i = 0; i < sizeof known / sizeof(known[0]); i++) {
    if (strcmp(known[i]->name, name) == 0) {
      return known[i];
    }
  }
  return NULL;
}

/* Where the name is, or would be. */
static size_t place_of(const struct json_types *t, const char *name) {
  size_t low = 0, high = t->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (strcmp(t->sorted[middle]->name, name) < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

static bool is_at(const struct json_types *t, size_t place, const char *name) {
  return place < t->n && strcmp(t->sorted[place]->name, name) == 0;
}

static sv_status add(struct json_types *t, struct sv_ctx *ctx,
                     const ProtobufCMessageDescriptor *type) {
  size_t place = place_of(t, type->name);
  if (is_at(t, place, type->name)) {
    return SV_DONE;
  }
  if (t->n == t->room) {
    size_t room = t->room ? 2 * t->room : 64;
    const ProtobufCMessageDescriptor **more = reallocarray(t->sorted, room, sizeof(*more));
    if (!more) {
      return SV_FAIL(ctx, NO_MEMORY, "message types");
    }
    t->sorted = more;
    t->room = room;
  }
  memmove(t->sorted + place + 1, t->sorted + place, (t->n - place) * sizeof(t->sorted[0]));
  t->sorted[place] = type;
  t->n++;
  for (unsigned i = 0; i < type->n_fields; i++) { /* as deep as types nest for the first time */
    if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE) {
      SV_TRY(add(t, ctx, type->fields[i].descriptor));
    }
  }
  return SV_DONE;
}

void json_types_close(struct json_types *types) {
  if (types) {
    free(types->sorted);
    free(types);
  }
}
SV_AUTO_DEFINE(struct json_types, json_types_close)

sv_status json_types_open(struct sv_ctx *ctx, const ProtobufCMessageDescriptor *const *roots,
                          size_t n, struct json_types **ret_types) {
  SV_AUTO(json_types_close) struct json_types *t = calloc(1, sizeof *t);
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "message types");
  }
  for (size_t i = 0; i < sizeof known / sizeof(known[0]); i++) {
    SV_TRY(add(t, ctx, known[i]));
  }
  for (size_t i = 0; i < n; i++) {
    SV_TRY(add(t, ctx, roots[i]));
  }
  *ret_types = SV_TAKE(t);
  return SV_DONE;
}

const ProtobufCMessageDescriptor *json_types_find(const struct json_types *types,
                                                  const char *name) {
  if (!types) {
    return json_type_known(name);
  }
  size_t place = place_of(types, name);
  return is_at(types, place, name) ? types->sorted[place] : NULL;
}
