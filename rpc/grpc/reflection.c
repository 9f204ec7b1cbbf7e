/* One conversation: a question, its answer, the next. A question that has no answer is an answer too (ErrorResponse):
 * the stream goes on. v1 and v1alpha are the same on the wire, so both speak with the generated code of v1. */
#include "rpc/grpc/reflection.h"

#include <grpc/reflection/v1/reflection.pb-c.h>
#include <stdlib.h>

#include "rpc/grpc/descriptors.h"

typedef Grpc__Reflection__V1__ServerReflectionRequest request_message;
typedef Grpc__Reflection__V1__ServerReflectionResponse response_message;
typedef Grpc__Reflection__V1__ErrorResponse error_message;

static const char *const own_names[] = {"grpc.reflection.v1.ServerReflection",
                                        "grpc.reflection.v1alpha.ServerReflection"};
enum { OWN_NAMES = sizeof own_names / sizeof own_names[0] };

struct rpc_reflection {
  struct rpc_descriptors descriptors;
  size_t n;
  const char *names[];
};

/* Bytes and texts of generated structs lack const; they are only read. */
static void *lend(const void *p) {
  union {
    const void *in;
    void *out;
  } u = {.in = p};
  return u.out;
}

sv_status rpc_reflection_open(struct sv_ctx *ctx, struct sv_bytes descriptor_set,
                              const char *const *names, size_t n,
                              struct rpc_reflection **ret_reflection) {
  const struct rpc_descriptors d = {.set = descriptor_set};
  SV_TRY(rpc_descriptors_check(ctx, &d));
  struct rpc_reflection *r = calloc(1, sizeof *r + (n + OWN_NAMES) * sizeof r->names[0]);
  if (!r) {
    return SV_FAIL(ctx, NO_MEMORY, "reflection");
  }
  r->descriptors = d;
  r->n = n + OWN_NAMES;
  for (size_t i = 0; i < r->n; i++) {
    struct rpc_descriptor_file file;
    r->names[i] = i < n ? names[i] : own_names[i - n];
    if (!rpc_descriptors_symbol(&d, sv_bytes_str(r->names[i]), &file)) {
      sv_status s = SV_FAIL(ctx, CONFIG, "descriptor set: nothing of %s", r->names[i]);
      free(r);
      return s;
    }
  }
  *ret_reflection = r;
  return SV_DONE;
}

void rpc_reflection_close(struct rpc_reflection *reflection) { free(reflection); }

/* --- answers --- */

static sv_status answer_error(struct sv_ctx *ctx, enum sv_code code, const char *text,
                              response_message *response) {
  error_message *e = SV_NEW(ctx->mem, error_message);
  if (!e) {
    return SV_FAIL(ctx, NO_MEMORY, "reflection");
  }
  grpc__reflection__v1__error_response__init(e);
  e->error_code = (int32_t)code;
  e->error_message = lend(text);
  response->error_response = e;
  response->message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ERROR_RESPONSE;
  return SV_DONE;
}

static sv_status answer_files(const struct rpc_reflection *r, struct sv_ctx *ctx,
                              const struct rpc_descriptor_file *file, response_message *response) {
  struct rpc_descriptor_file files[RPC_DESCRIPTOR_FILES_MAX];
  size_t n = rpc_descriptors_closure(&r->descriptors, file, files);
  Grpc__Reflection__V1__FileDescriptorResponse *answer =
      SV_NEW(ctx->mem, Grpc__Reflection__V1__FileDescriptorResponse);
  ProtobufCBinaryData *list = SV_ARRAY(ctx->mem, n, ProtobufCBinaryData);
  if (!answer || !list) {
    return SV_FAIL(ctx, NO_MEMORY, "reflection");
  }
  for (size_t i = 0; i < n; i++) {
    list[i] = (ProtobufCBinaryData){.len = files[i].bytes.n, .data = lend(files[i].bytes.p)};
  }
  grpc__reflection__v1__file_descriptor_response__init(answer);
  answer->file_descriptor_proto = list;
  answer->n_file_descriptor_proto = n;
  response->file_descriptor_response = answer;
  response->message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_FILE_DESCRIPTOR_RESPONSE;
  return SV_DONE;
}

static sv_status answer_services(const struct rpc_reflection *r, struct sv_ctx *ctx,
                                 response_message *response) {
  typedef Grpc__Reflection__V1__ServiceResponse item;
  Grpc__Reflection__V1__ListServiceResponse *answer =
      SV_NEW(ctx->mem, Grpc__Reflection__V1__ListServiceResponse);
  item *items = SV_ARRAY(ctx->mem, r->n, item);
  item **list = SV_ARRAY(ctx->mem, r->n, item *);
  if (!answer || !items || !list) {
    return SV_FAIL(ctx, NO_MEMORY, "reflection");
  }
  for (size_t i = 0; i < r->n; i++) {
    grpc__reflection__v1__service_response__init(&items[i]);
    items[i].name = lend(r->names[i]);
    list[i] = &items[i];
  }
  grpc__reflection__v1__list_service_response__init(answer);
  answer->service = list;
  answer->n_service = r->n;
  response->list_services_response = answer;
  response->message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_LIST_SERVICES_RESPONSE;
  return SV_DONE;
}

/* proto3 alone is served: no message of ours has extensions. */
static sv_status answer_extension_numbers(const struct rpc_reflection *r, struct sv_ctx *ctx,
                                          const char *type, response_message *response) {
  if (!rpc_descriptors_is_message(&r->descriptors, sv_bytes_str(type))) {
    return answer_error(ctx, SV_CODE_NOT_FOUND, "no message of that name", response);
  }
  Grpc__Reflection__V1__ExtensionNumberResponse *answer =
      SV_NEW(ctx->mem, Grpc__Reflection__V1__ExtensionNumberResponse);
  if (!answer) {
    return SV_FAIL(ctx, NO_MEMORY, "reflection");
  }
  grpc__reflection__v1__extension_number_response__init(answer);
  answer->base_type_name = lend(type);
  response->all_extension_numbers_response = answer;
  response->message_response_case =
      GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_ALL_EXTENSION_NUMBERS_RESPONSE;
  return SV_DONE;
}

static sv_status answer(const struct rpc_reflection *r, struct sv_ctx *ctx,
                        const request_message *request, response_message *response) {
  struct rpc_descriptor_file file;
  switch (request->message_request_case) {
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_BY_FILENAME:
      return rpc_descriptors_file(&r->descriptors, sv_bytes_str(request->file_by_filename), &file)
                 ? answer_files(r, ctx, &file, response)
                 : answer_error(ctx, SV_CODE_NOT_FOUND, "no file of that name", response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_SYMBOL:
      return rpc_descriptors_symbol(&r->descriptors, sv_bytes_str(request->file_containing_symbol),
                                    &file)
                 ? answer_files(r, ctx, &file, response)
                 : answer_error(ctx, SV_CODE_NOT_FOUND, "no file declares that", response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_FILE_CONTAINING_EXTENSION:
      return answer_error(ctx, SV_CODE_NOT_FOUND, "no file has that extension", response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_ALL_EXTENSION_NUMBERS_OF_TYPE:
      return answer_extension_numbers(r, ctx, request->all_extension_numbers_of_type, response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_LIST_SERVICES:
      return answer_services(r, ctx, response);
    case GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST__NOT_SET:
    default:
      return answer_error(ctx, SV_CODE_INVALID_ARGUMENT, "no question that is known here",
                          response);
  }
}

static sv_status converse(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  for (;;) {
    struct sv_bytes wire;
    ProtobufCMessage *m = NULL;
    bool end = false;
    SV_TRY(rpc_call_read(call, ctx, &wire, &end));
    if (end) {
      return SV_DONE;
    }
    SV_TRY(rpc_unpack(ctx, &grpc__reflection__v1__server_reflection_request__descriptor, wire, &m));
    request_message *request = (request_message *)(void *)m;
    response_message response = GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__INIT;
    response.valid_host = request->host;
    response.original_request = request;
    SV_TRY(answer(service, ctx, request, &response));
    SV_TRY(rpc_pack(ctx, &response.base, &wire));
    SV_TRY(rpc_call_write(call, ctx, wire));
    rpc_call_recycle(call, ctx);
  }
}

#define METHOD(version)                                                                         \
  {                                                                                             \
    .path = "/grpc.reflection." version ".ServerReflection/ServerReflectionInfo",               \
    .client_streaming = true, .server_streaming = true, .may_wait = true,                       \
    .input = &grpc__reflection__v1__server_reflection_request__descriptor,                      \
    .output = &grpc__reflection__v1__server_reflection_response__descriptor, .handle = converse \
  }
const struct rpc_method rpc_reflection_methods[RPC_REFLECTION_METHODS] = {METHOD("v1"),
                                                                          METHOD("v1alpha")};
