/* What happens to a document after it was issued: the handlers of approval, revocation, copies,
 * prints and the stream of changes. */
#include "service/life.h"
#include "rpc/api/convert.h"
#include "service/approval.h"

enum { EVENTS_AT_ONCE = 64, POLLS_A_HEARTBEAT = 60 };
static const uint64_t event_poll_ns = 250 * 1000 * 1000;

sv_status life_revoke_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, RevokeDocumentRequest, revoke_document_request, m);
  convert_request_id(call, m->request_id);
  struct service_revocation r = {.request_id = m->request_id,
                                 .number = m->number,
                                 .version = m->version,
                                 .reason = (enum model_state_reason)m->reason};
  SV_TRY(rpc_pack(ctx, &m->base, &r.encoded));
  struct service_issued doc;
  bool pending;
  SV_TRY(service_revoke(service, ctx, &caller, &r, &doc, &pending));
  Salvo__V1__RevokeDocumentResponse answer = SALVO__V1__REVOKE_DOCUMENT_RESPONSE__INIT;
  answer.document = convert_document(ctx, &doc, true);
  answer.pending_second_officer = pending;
  return answer.document ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

sv_status life_approve_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ApproveDocumentRequest, approve_document_request, m);
  convert_request_id(call, m->request_id);
  struct service_approval a = {
      .request_id = m->request_id,
      .number = m->number,
      .version = m->version,
      .content_sha256 = sv_bytes_of(m->content_sha256.data, m->content_sha256.len)};
  SV_TRY(rpc_pack(ctx, &m->base, &a.encoded));
  struct service_issued doc;
  SV_TRY(service_approve(service, ctx, &caller, &a, &doc));
  Salvo__V1__ApproveDocumentResponse answer = SALVO__V1__APPROVE_DOCUMENT_RESPONSE__INIT;
  answer.document = convert_document(ctx, &doc, true);
  answer.pdf = convert_pdf(doc.pdf);
  return answer.document ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

sv_status life_reject_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, RejectDocumentRequest, reject_document_request, m);
  convert_request_id(call, m->request_id);
  struct service_rejection r = {.request_id = m->request_id,
                                .number = m->number,
                                .version = m->version,
                                .reason = (enum model_state_reason)m->reason};
  SV_TRY(rpc_pack(ctx, &m->base, &r.encoded));
  struct service_issued doc;
  SV_TRY(service_reject(service, ctx, &caller, &r, &doc));
  Salvo__V1__RejectDocumentResponse answer = SALVO__V1__REJECT_DOCUMENT_RESPONSE__INIT;
  answer.document = convert_document(ctx, &doc, true);
  return answer.document ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

sv_status life_reissue_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ReissueDocumentRequest, reissue_document_request, m);
  convert_request_id(call, m->request_id);
  struct service_reissue r = {.request_id = m->request_id,
                              .number = m->number,
                              .version = m->version,
                              .reason = (enum model_state_reason)m->reason};
  SV_TRY(rpc_pack(ctx, &m->base, &r.encoded));
  struct service_issued doc;
  SV_TRY(service_reissue(service, ctx, &caller, &r, &doc));
  Salvo__V1__ReissueDocumentResponse answer = SALVO__V1__REISSUE_DOCUMENT_RESPONSE__INIT;
  answer.document = convert_document(ctx, &doc, true);
  answer.pdf = convert_pdf(doc.pdf);
  return answer.document ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

sv_status life_record_print(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, RecordPrintRequest, record_print_request, m);
  convert_request_id(call, m->request_id);
  struct service_print p = {.request_id = m->request_id,
                            .number = m->number,
                            .version = m->version,
                            .copy = m->copy,
                            .stock_number = m->stock_number,
                            .spoiled = m->spoiled};
  SV_TRY(rpc_pack(ctx, &m->base, &p.encoded));
  Salvo__V1__RecordPrintResponse answer = SALVO__V1__RECORD_PRINT_RESPONSE__INIT;
  SV_TRY(service_print_record(service, ctx, &caller, &p, &answer.times_printed));
  return convert_answer(call, ctx, &answer.base);
}

static sv_status events_send(struct rpc_call *call, struct sv_ctx *ctx,
                             const struct service_event *events, size_t n) {
  for (size_t i = 0; i < n; i++) {
    Salvo__V1__WatchDocumentsResponse answer = SALVO__V1__WATCH_DOCUMENTS_RESPONSE__INIT;
    answer.event = events[i].event;
    answer.document = convert_document(ctx, &events[i].document, true);
    if (!answer.document) {
      return CONVERT_NO_MEMORY(ctx);
    }
    SV_TRY(convert_answer(call, ctx, &answer.base));
  }
  return SV_DONE;
}

static sv_status heartbeat(struct rpc_call *call, struct sv_ctx *ctx, uint64_t event) {
  Salvo__V1__WatchDocumentsResponse answer = SALVO__V1__WATCH_DOCUMENTS_RESPONSE__INIT;
  answer.event = event;
  return convert_answer(call, ctx, &answer.base);
}

/* Changes after the one that the watcher knows, then each as it happens, until nobody watches any more. */
sv_status life_watch_documents(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  uint64_t after;
  enum model_kind kind;
  {
    BEGIN(call, ctx, service, caller, WatchDocumentsRequest, watch_documents_request, m);
    (void)caller;
    if (m->kind < 0 || m->kind > SALVO__V1__DOCUMENT_KIND__DOCUMENT_KIND_DISBURSEMENT_RECEIPT) {
      sv_ctx_violate(ctx, "is not a known value", "kind");
      return sv_ctx_violations_status(ctx);
    }
    after = m->after_event;
    kind = (enum model_kind)m->kind;
  }
  rpc_call_headers_send(call);
  for (unsigned quiet = 0;; quiet++) {
    rpc_call_recycle(call, ctx);
    struct service_caller caller; /* anew: a certificate or a role may have gone */
    SV_TRY(convert_caller(call, ctx, service, &caller));
    struct service_event *events = SV_ARRAY(ctx->mem, EVENTS_AT_ONCE, struct service_event);
    if (!events) {
      return CONVERT_NO_MEMORY(ctx);
    }
    size_t n;
    SV_TRY(service_events(service, ctx, &caller, after, kind, events, EVENTS_AT_ONCE, &n, &after));
    SV_TRY(events_send(call, ctx, events, n));
    quiet = n ? 0 : quiet;
    if (quiet == POLLS_A_HEARTBEAT) {
      SV_TRY(heartbeat(call, ctx, after));
      quiet = 0;
    }
    if (n < EVENTS_AT_ONCE) {
      SV_TRY(rpc_call_pause(call, ctx, event_poll_ns));
    }
  }
}
