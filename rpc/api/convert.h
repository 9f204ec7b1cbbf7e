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

#define CONVERT_NO_MEMORY(ctx) SV_FAIL((ctx), NO_MEMORY, "answer")
