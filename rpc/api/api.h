/* The services of salvo.v1 on the RPC layer: protobuf stops here. Handlers unpack, call service/, pack. */
#pragma once
#include "model/document.h"
#include "rpc/server.h"
#include "salvo/v1/verification.pb-c.h"
#include "service/service.h"

enum { API_SERVICES = 8 };

/* The services, handled by `service`, which is borrowed. */
void api_services(struct service *service, struct rpc_service ret[static API_SERVICES]);

/* The contract as a FileDescriptorSet, for rpc_server_config. Static storage. */
struct sv_bytes api_descriptor_set(void);

/* service_parts.request_decode: a stored IssueDocumentRequest back into a content. */
sv_status api_request_decode(struct sv_ctx *ctx, struct sv_bytes request,
                             struct model_content *ret);

/* A report as the API gives it; NULL when memory is out. For the command line's judging without a server too. */
Salvo__V1__VerificationReport *api_report(struct sv_ctx *ctx, const struct service_report *report);
