/* What the writers of JSON share. Inside rpc/grpc/json_*.c alone. */
#pragma once
#include "rpc/grpc/json.h"

struct json_writer {
  struct sv_ctx *ctx;
  const struct json_types *types;
  struct sv_buf *out;
  bool pretty;
  size_t level;
};

typedef sv_status (*json_known_writer)(struct json_writer *w, const ProtobufCMessage *m);
/* How a well-known type is written; NULL: as an object of its fields. */
json_known_writer json_known_writer_of(const ProtobufCMessageDescriptor *type);

void json_put_line(struct json_writer *w);
void json_put_open(struct json_writer *w, char bracket);
void json_put_close(struct json_writer *w, char bracket, bool empty);
void json_put_text(struct json_writer *w, const char *s);
/* Begins a member: comma, line, name. */
void json_put_key(struct json_writer *w, const char *name, bool *first);
void json_put_double(struct json_writer *w, double d, bool single);
sv_status json_put_base64(struct json_writer *w, struct sv_bytes bytes);
sv_status json_put_value(struct json_writer *w, const ProtobufCFieldDescriptor *f, const void *at);
sv_status json_put_members(struct json_writer *w, const ProtobufCMessage *m, bool *first);
sv_status json_put_message(struct json_writer *w, const ProtobufCMessage *m);
