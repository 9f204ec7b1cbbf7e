/* Between the messages of the API and the structs of the model. Inside rpc/api/ only. Strings are shared with the
 * message, which lives in the same arena. */
#pragma once
#include "rpc/api/api.h"
#include "salvo/v1/issuance.pb-c.h"
#include "salvo/v1/operations.pb-c.h"
#include "salvo/v1/registry.pb-c.h"
#include "salvo/v1/verification.pb-c.h"

sv_status convert_content(struct sv_ctx *ctx, const Salvo__V1__IssueDocumentRequest *m,
                          struct model_content *ret);

/* own: of the issuing authority, who sees all. NULL when memory is out. */
Salvo__V1__Document *convert_document(struct sv_ctx *ctx, const struct service_issued *doc,
                                      bool own);
Salvo__V1__Obligation *convert_obligation(struct sv_ctx *ctx, const struct store_obligation *o);

/* The caller behind a call; the request's id goes to the log. */
sv_status convert_caller(struct rpc_call *call, struct sv_ctx *ctx, const struct service *s,
                         struct service_caller *ret);
/* The one message of a unary call, unpacked. */
sv_status convert_request(struct rpc_call *call, struct sv_ctx *ctx,
                          const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret);
sv_status convert_answer(struct rpc_call *call, struct sv_ctx *ctx,
                         const ProtobufCMessage *message);

/* convert_caller, what the method costs him, and convert_request. */
sv_status convert_begin(struct rpc_call *call, struct sv_ctx *ctx, struct service *s,
                        const ProtobufCMessageDescriptor *type, struct service_caller *ret_caller,
                        ProtobufCMessage **ret);

/* The start of every handler: who calls, and the one request. */
#define BEGIN(call, ctx, service, caller, Type, type, request)                              \
  struct service_caller caller;                                                             \
  ProtobufCMessage *request##_message;                                                      \
  SV_TRY(convert_begin((call), (ctx), (service), &salvo__v1__##type##__descriptor, &caller, \
                       &request##_message));                                                \
  const Salvo__V1__##Type *request = (const Salvo__V1__##Type *)(const void *)request##_message

/* For the log, which holds nothing that a caller may write as he likes: a UUID or nothing. */
void convert_request_id(struct rpc_call *call, const char *text);

/* A missing message is one whose fields are all empty. */
struct model_person convert_person(const Salvo__V1__Person *p);
struct model_travel_document convert_travel_document(const Salvo__V1__TravelDocument *d);
sv_status convert_texts(struct sv_ctx *ctx, char **v, size_t n, struct model_texts *ret);
/* 0 for none. */
int64_t convert_time(const Google__Protobuf__Timestamp *t);
/* A PDF in an answer; empty above 3 MiB: then DownloadDocument gives it. */
ProtobufCBinaryData convert_pdf(struct sv_bytes pdf);
/* NULL when memory is out. */
Google__Protobuf__Timestamp *convert_timestamp(struct sv_ctx *ctx, int64_t us);

/* The methods of the services that have a file of their own. */
extern const struct rpc_method api_protection_methods[];
extern const size_t api_protection_method_n;
extern const struct rpc_method api_boarding_methods[];
extern const struct rpc_method api_boarding_methods_waiting[]; /* as many */
extern const size_t api_boarding_method_n;
extern const struct rpc_method api_log_methods[];
extern const size_t api_log_method_n;
extern const struct rpc_method api_key_methods[];
extern const size_t api_key_method_n;

/* Handlers of rpc/api/life.c, in the services that api.c lists. */
sv_status life_revoke_document(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status life_approve_document(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status life_reject_document(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status life_reissue_document(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status life_record_print(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status life_watch_documents(struct rpc_call *call, struct sv_ctx *ctx, void *service);

/* IssueDocument without its call: what one message asks for, and what is answered. ret: initialised; what it lends is in
 * ctx->mem. */
sv_status convert_issue(struct sv_ctx *ctx, struct service *service,
                        const struct service_caller *caller,
                        const Salvo__V1__IssueDocumentRequest *m,
                        Salvo__V1__IssueDocumentResponse *ret);

/* Handler of rpc/api/batch.c. */
sv_status batch_issue_documents(struct rpc_call *call, struct sv_ctx *ctx, void *service);

/* Handlers of rpc/api/funding.c. */
sv_status funding_amend_obligation(struct rpc_call *call, struct sv_ctx *ctx, void *service);
sv_status funding_list_obligations(struct rpc_call *call, struct sv_ctx *ctx, void *service);

#define CONVERT_NO_MEMORY(ctx) SV_FAIL((ctx), NO_MEMORY, "answer")
