/* What the readers of JSON share: where they are, and how a fault there is told. Inside rpc/grpc/json_*.c alone. */
#pragma once
#include "rpc/grpc/json.h"
#include "rpc/grpc/json_tree.h"

enum { JSON_PATH_ROOM = 192 };

struct json_walk {
  struct sv_ctx *ctx;
  const struct json_types *types;
  char path[JSON_PATH_ROOM];
  size_t path_n;
};

sv_status json_walk_fault(struct json_walk *w, const char *message);
/* Both return what json_walk_pop takes back. */
size_t json_walk_key(struct json_walk *w, const char *key);
size_t json_walk_index(struct json_walk *w, size_t i);
void json_walk_pop(struct json_walk *w, size_t before);

/* One value by a field's type, into the place of that type. */
sv_status json_walk_value(struct json_walk *w, const ProtobufCFieldDescriptor *f,
                          const struct json_value *v, size_t depth, void *at);
/* Members into a message that is initialised. skip: a key that is not looked at, or NULL. */
sv_status json_walk_members(struct json_walk *w, const struct json_value *v, size_t depth,
                            const char *skip, ProtobufCMessage *m);
sv_status json_walk_message(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                            const struct json_value *v, size_t depth, ProtobufCMessage **ret);
sv_status json_walk_new(struct json_walk *w, const ProtobufCMessageDescriptor *type,
                        ProtobufCMessage **ret);

/* How a well-known type is read; NULL: as an object of its fields. */
typedef sv_status (*json_known_reader)(struct json_walk *w, const struct json_value *v,
                                       size_t depth, ProtobufCMessage *m);
json_known_reader json_known_reader_of(const ProtobufCMessageDescriptor *type);

/* --- scalars; false: the value is not of that kind --- */
bool json_signed(const struct json_value *v, int64_t min, int64_t max, int64_t *ret);
bool json_unsigned(const struct json_value *v, uint64_t max, uint64_t *ret);
bool json_double(const struct json_value *v, double *ret);
