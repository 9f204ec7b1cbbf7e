/* BoardingService: the handlers of the gate. */
#include "service/boarding.h"
#include "rpc/api/convert.h"

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

static sv_status check_occupant(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, CheckOccupantRequest, check_occupant_request, m);
  bool zone = m->bearer_case == SALVO__V1__CHECK_OCCUPANT_REQUEST__BEARER_MRZ;
  bool line = m->bearer_case == SALVO__V1__CHECK_OCCUPANT_REQUEST__BEARER_OCCUPANT_ID;
  struct service_check check = {.number = m->manifest_number,
                                .mrz = zone ? m->mrz : "",
                                .occupant_id = line ? m->occupant_id : ""};
  struct service_checked checked;
  SV_TRY(service_check(service, ctx, &caller, &check, &checked));
  Salvo__V1__CheckOccupantResponse answer = SALVO__V1__CHECK_OCCUPANT_RESPONSE__INIT;
  answer.listed = checked.listed;
  answer.occupant_id = text(checked.occupant_id);
  answer.headline = text(checked.headline);
  return convert_answer(call, ctx, &answer.base);
}

static sv_status mark_occupant(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, MarkOccupantRequest, mark_occupant_request, m);
  convert_request_id(call, m->request_id);
  struct service_mark mark = {.request_id = m->request_id,
                              .number = m->manifest_number,
                              .version = m->manifest_version,
                              .occupant_id = m->occupant_id,
                              .mark = (int)m->mark,
                              .mark_us = convert_time(m->mark_time),
                              .device = m->device_id};
  SV_TRY(rpc_pack(ctx, &m->base, &mark.encoded));
  struct service_marked marked;
  SV_TRY(service_mark(service, ctx, &caller, &mark, &marked));
  Salvo__V1__MarkOccupantResponse answer = SALVO__V1__MARK_OCCUPANT_RESPONSE__INIT;
  answer.known = marked.known;
  if (marked.made) {
    answer.manifest = convert_document(ctx, &marked.manifest, true);
    if (!answer.manifest) {
      return CONVERT_NO_MEMORY(ctx);
    }
  }
  return convert_answer(call, ctx, &answer.base);
}

static sv_status close_manifest(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, CloseManifestRequest, close_manifest_request, m);
  convert_request_id(call, m->request_id);
  struct service_closing closing = {.request_id = m->request_id,
                                    .number = m->manifest_number,
                                    .version = m->manifest_version,
                                    .expected_boarded = m->expected_boarded};
  SV_TRY(rpc_pack(ctx, &m->base, &closing.encoded));
  struct service_issued doc;
  SV_TRY(service_close_manifest(service, ctx, &caller, &closing, &doc));
  Salvo__V1__CloseManifestResponse answer = SALVO__V1__CLOSE_MANIFEST_RESPONSE__INIT;
  answer.manifest = convert_document(ctx, &doc, true);
  answer.pdf = convert_pdf(doc.pdf);
  return answer.manifest ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

/* waits: whether the version that takes somebody off may have to wait for a time-stamp authority. */
/* clang-format off */
#define BOARDING_METHODS(waits)                                                           \
{                                                                                         \
    {.path = "/salvo.v1.BoardingService/CheckOccupant",                                   \
     .input = &salvo__v1__check_occupant_request__descriptor,                             \
     .output = &salvo__v1__check_occupant_response__descriptor,                           \
     .handle = check_occupant},                                                           \
    {.path = "/salvo.v1.BoardingService/MarkOccupant",                                    \
     .may_wait = (waits),                                                                 \
     .input = &salvo__v1__mark_occupant_request__descriptor,                              \
     .output = &salvo__v1__mark_occupant_response__descriptor,                            \
     .handle = mark_occupant},                                                            \
    {.path = "/salvo.v1.BoardingService/CloseManifest",                                   \
     .may_wait = (waits),                                                                 \
     .input = &salvo__v1__close_manifest_request__descriptor,                             \
     .output = &salvo__v1__close_manifest_response__descriptor,                           \
     .handle = close_manifest},                                                           \
}
/* clang-format on */
const struct rpc_method api_boarding_methods[] = BOARDING_METHODS(false);
const struct rpc_method api_boarding_methods_waiting[] = BOARDING_METHODS(true);
const size_t api_boarding_method_n = sizeof api_boarding_methods / sizeof api_boarding_methods[0];
