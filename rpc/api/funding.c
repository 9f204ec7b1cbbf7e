/* What changes an obligation, and the list of all: the handlers. */
#include "rpc/api/convert.h"

sv_status funding_amend_obligation(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, AmendObligationRequest, amend_obligation_request, m);
  convert_request_id(call, m->request_id);
  struct service_amendment a = {.request_id = m->request_id,
                                .name = m->name,
                                .amendment = m->amendment,
                                .change_minor = m->change_minor,
                                .period_end = m->period_end};
  SV_TRY(rpc_pack(ctx, &m->base, &a.encoded));
  struct store_obligation row;
  SV_TRY(service_obligation_amend(service, ctx, &caller, &a, &row));
  Salvo__V1__AmendObligationResponse answer = SALVO__V1__AMEND_OBLIGATION_RESPONSE__INIT;
  answer.obligation = convert_obligation(ctx, &row);
  return answer.obligation ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

sv_status funding_list_obligations(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ListObligationsRequest, list_obligations_request, m);
  if (m->page_size < 0) {
    sv_ctx_violate(ctx, "is negative", "page_size");
    return sv_ctx_violations_status(ctx);
  }
  struct store_obligation *rows = SV_ARRAY(ctx->mem, SERVICE_PAGE_MAX, struct store_obligation);
  if (!rows) {
    return CONVERT_NO_MEMORY(ctx);
  }
  size_t n;
  const char *next;
  SV_TRY(service_obligations(service, ctx, &caller, (uint32_t)m->page_size, m->page_token, rows, &n,
                             &next));
  Salvo__V1__ListObligationsResponse answer = SALVO__V1__LIST_OBLIGATIONS_RESPONSE__INIT;
  answer.obligations = SV_ARRAY(ctx->mem, n, Salvo__V1__Obligation *);
  answer.next_page_token = (char *)(uintptr_t)next;
  for (size_t i = 0; answer.obligations && i < n; i++) {
    answer.obligations[i] = convert_obligation(ctx, &rows[i]);
    if (!answer.obligations[i]) {
      return CONVERT_NO_MEMORY(ctx);
    }
    answer.n_obligations++;
  }
  return answer.obligations ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}
