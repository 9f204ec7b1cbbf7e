/* The handlers. Each is: caller, unpack, one call of service/, pack. */
#include "rpc/api/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc/api/convert.h"
#include "service/approval.h"
#include "service/budget.h"
#include "service/bundle.h"
#include "service/typed.h"

enum {
  PDF_INLINE_MAX = 3 * 1024 * 1024,
  CHUNK_BYTES = 64 * 1024,
};

sv_status convert_caller(struct rpc_call *call, struct sv_ctx *ctx, const struct service *s,
                         struct service_caller *ret) {
  return policy_caller_find(service_policy_of(s), ctx, rpc_call_peer(call)->spiffe, ret);
}

sv_status convert_request(struct rpc_call *call, struct sv_ctx *ctx,
                          const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret) {
  struct sv_bytes wire;
  bool end;
  SV_TRY(rpc_call_read(call, ctx, &wire, &end));
  if (end) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "no request message");
  }
  return rpc_unpack(ctx, type, wire, ret);
}

/* "GetDocument" of "GetDocumentRequest": a method is named after its request. */
static int act_of(const ProtobufCMessageDescriptor *type) {
  static const char suffix[] = "Request";
  char name[64];
  size_t n = strlen(type->short_name), m = sizeof suffix - 1;
  if (n <= m || n - m >= sizeof name || strcmp(type->short_name + n - m, suffix) != 0) {
    return -1;
  }
  memcpy(name, type->short_name, n - m);
  name[n - m] = '\0';
  return service_act_of(name);
}

sv_status convert_begin(struct rpc_call *call, struct sv_ctx *ctx, struct service *s,
                        const ProtobufCMessageDescriptor *type, struct service_caller *ret_caller,
                        ProtobufCMessage **ret) {
  SV_TRY(convert_caller(call, ctx, s, ret_caller));
  int act = act_of(type);
  if (act >= 0) {
    SV_TRY(service_admit(s, ctx, ret_caller, (enum service_act)act));
  }
  return convert_request(call, ctx, type, ret);
}

sv_status convert_answer(struct rpc_call *call, struct sv_ctx *ctx,
                         const ProtobufCMessage *message) {
  struct sv_bytes wire;
  SV_TRY(rpc_pack(ctx, message, &wire));
  return rpc_call_write(call, ctx, wire);
}

void convert_request_id(struct rpc_call *call, const char *text) {
  char uuid[37];
  if (service_uuid(text, uuid)) {
    rpc_call_request_id(call, uuid);
  }
}

ProtobufCBinaryData convert_pdf(struct sv_bytes pdf) {
  bool inline_too = pdf.n <= PDF_INLINE_MAX;
  return (ProtobufCBinaryData){.len = inline_too ? pdf.n : 0,
                               .data = inline_too ? (uint8_t *)(uintptr_t)pdf.p : NULL};
}

/* --- issuance --- */

sv_status convert_issue(struct sv_ctx *ctx, struct service *service,
                        const struct service_caller *caller,
                        const Salvo__V1__IssueDocumentRequest *m,
                        Salvo__V1__IssueDocumentResponse *ret) {
  struct service_issue_request request = {.request_id = m->request_id,
                                          .supersedes = m->supersedes,
                                          .supersedes_version = m->supersedes_version,
                                          .validate_only = m->validate_only};
  SV_TRY(convert_content(ctx, m, &request.content));
  SV_TRY(rpc_pack(ctx, &m->base, &request.encoded));
  struct service_issued *issued =
      SV_NEW(ctx->mem, struct service_issued); /* the answer lends from it */
  if (!issued) {
    return CONVERT_NO_MEMORY(ctx);
  }
  SV_TRY(service_issue(service, ctx, caller, &request, issued));
  if (!m->validate_only) {
    ret->document = convert_document(ctx, issued, true);
    if (!ret->document) {
      return CONVERT_NO_MEMORY(ctx);
    }
  }
  ret->pdf = convert_pdf(issued->pdf);
  return SV_DONE;
}

static sv_status issue_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, IssueDocumentRequest, issue_document_request, m);
  convert_request_id(call, m->request_id);
  Salvo__V1__IssueDocumentResponse answer = SALVO__V1__ISSUE_DOCUMENT_RESPONSE__INIT;
  SV_TRY(convert_issue(ctx, service, &caller, m, &answer));
  return convert_answer(call, ctx, &answer.base);
}

/* waits: whether a document that is made may have to wait for a time-stamp authority. */
/* clang-format off */
#define ISSUANCE_METHODS(waits)                                                           \
{                                                                                         \
    {.path = "/salvo.v1.IssuanceService/IssueDocument",                                   \
     .may_wait = (waits),                                                                 \
     .input = &salvo__v1__issue_document_request__descriptor,                             \
     .output = &salvo__v1__issue_document_response__descriptor,                           \
     .handle = issue_document},                                                           \
    {.path = "/salvo.v1.IssuanceService/BatchIssueDocuments",                             \
     .client_streaming = true,                                                            \
     .server_streaming = true,                                                            \
     .may_wait = true,                                                                    \
     .input = &salvo__v1__batch_issue_documents_request__descriptor,                      \
     .output = &salvo__v1__batch_issue_documents_response__descriptor,                    \
     .handle = batch_issue_documents},                                                    \
    {.path = "/salvo.v1.IssuanceService/ApproveDocument",                                 \
     .may_wait = (waits),                                                                 \
     .input = &salvo__v1__approve_document_request__descriptor,                           \
     .output = &salvo__v1__approve_document_response__descriptor,                         \
     .handle = life_approve_document},                                                    \
    {.path = "/salvo.v1.IssuanceService/RejectDocument",                                  \
     .input = &salvo__v1__reject_document_request__descriptor,                            \
     .output = &salvo__v1__reject_document_response__descriptor,                          \
     .handle = life_reject_document},                                                     \
    {.path = "/salvo.v1.IssuanceService/ReissueDocument",                                 \
     .may_wait = (waits),                                                                 \
     .input = &salvo__v1__reissue_document_request__descriptor,                           \
     .output = &salvo__v1__reissue_document_response__descriptor,                         \
     .handle = life_reissue_document},                                                    \
    {.path = "/salvo.v1.IssuanceService/RevokeDocument",                                  \
     .input = &salvo__v1__revoke_document_request__descriptor,                            \
     .output = &salvo__v1__revoke_document_response__descriptor,                          \
     .handle = life_revoke_document},                                                     \
}
/* clang-format on */
static const struct rpc_method issuance_methods[] = ISSUANCE_METHODS(false);
static const struct rpc_method issuance_methods_waiting[] = ISSUANCE_METHODS(true);

/* --- registry --- */

static sv_status get_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetDocumentRequest, get_document_request, m);
  struct service_issued doc;
  SV_TRY(service_document(service, ctx, &caller, m->number, m->version, &doc));
  Salvo__V1__GetDocumentResponse answer = SALVO__V1__GET_DOCUMENT_RESPONSE__INIT;
  answer.document = convert_document(ctx, &doc, true);
  return answer.document ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status list_documents(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ListDocumentsRequest, list_documents_request, m);
  if (m->page_size < 0) {
    sv_ctx_violate(ctx, "is negative", "page_size");
  }
  if (m->kind < 0 || m->kind > SALVO__V1__DOCUMENT_KIND__DOCUMENT_KIND_DISBURSEMENT_RECEIPT) {
    sv_ctx_violate(ctx, "is not a known value", "kind");
  }
  if (m->state < 0 || m->state > SALVO__V1__DOCUMENT__STATE__STATE_ERASED) {
    sv_ctx_violate(ctx, "is not a known value", "state");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  struct store_list_query query = {.state = (enum model_state)m->state,
                                   .limit = (uint32_t)m->page_size};
  struct service_issued *docs = SV_ARRAY(ctx->mem, SERVICE_PAGE_MAX, struct service_issued);
  if (!docs) {
    return CONVERT_NO_MEMORY(ctx);
  }
  size_t n;
  const char *next;
  SV_TRY(service_list(service, ctx, &caller, (enum model_kind)m->kind, &query, m->case_reference,
                      m->page_token, docs, &n, &next));
  Salvo__V1__ListDocumentsResponse answer = SALVO__V1__LIST_DOCUMENTS_RESPONSE__INIT;
  answer.documents = SV_ARRAY(ctx->mem, n, Salvo__V1__Document *);
  answer.next_page_token = (char *)(uintptr_t)next;
  for (size_t i = 0; answer.documents && i < n; i++) {
    answer.documents[i] = convert_document(ctx, &docs[i], true);
    if (!answer.documents[i]) {
      return CONVERT_NO_MEMORY(ctx);
    }
    answer.n_documents++;
  }
  return answer.documents ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status download_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, DownloadDocumentRequest, download_document_request, m);
  enum service_view view = SERVICE_VIEW_PDF;
  bool draft = m->view == SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_DRAFT;
  bool paxlst = m->view == SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_PAXLST;
  switch (m->view) {
    case SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_UNSPECIFIED:
    case SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_PDF:
      break;
    case SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_RECORD:
      view = SERVICE_VIEW_RECORD;
      break;
    case SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_DRAFT:
    case SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_PAXLST:
      break;
    default:
      return SV_FAIL(ctx, UNIMPLEMENTED, "view %d", (int)m->view);
  }
  bool copy = m->audience > SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__AUDIENCE__AUDIENCE_AUTHORITY;
  if (m->audience < 0 || (int)m->audience >= MODEL_AUDIENCES) {
    sv_ctx_violate(ctx, "is not a known value", "audience");
  } else if (copy && (draft || paxlst || view != SERVICE_VIEW_PDF || m->copy > 1)) {
    sv_ctx_violate(ctx, "has a copy of the PDF alone", "audience");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  struct sv_bytes bytes;
  SV_TRY(copy     ? service_audience_copy(service, ctx, &caller, m->number, m->version,
                                          (enum model_audience)m->audience, &bytes)
         : draft  ? service_draft(service, ctx, &caller, m->number, m->version, &bytes)
         : paxlst ? service_paxlst(service, ctx, &caller, m->number, m->version, &bytes)
                  : service_download(service, ctx, &caller, m->number, m->version, m->copy, view,
                                     &bytes));
  for (size_t at = 0; at < bytes.n; at += CHUNK_BYTES) {
    size_t n = bytes.n - at < CHUNK_BYTES ? bytes.n - at : CHUNK_BYTES;
    Salvo__V1__DownloadDocumentResponse answer = SALVO__V1__DOWNLOAD_DOCUMENT_RESPONSE__INIT;
    answer.chunk = (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)bytes.p + at};
    SV_TRY(convert_answer(call, ctx, &answer.base));
  }
  return SV_DONE;
}

static sv_status augment_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, AugmentDocumentRequest, augment_document_request, m);
  struct service_augment a = {.number = m->number,
                              .version = m->version,
                              .copy = m->copy,
                              .level = m->level,
                              .renew = m->renew,
                              .due = m->due};
  struct service_issued *docs = SV_ARRAY(ctx->mem, SERVICE_AUGMENT_MAX, struct service_issued);
  Salvo__V1__AugmentDocumentResponse answer = SALVO__V1__AUGMENT_DOCUMENT_RESPONSE__INIT;
  answer.documents = SV_ARRAY(ctx->mem, SERVICE_AUGMENT_MAX, Salvo__V1__Document *);
  if (!docs || !answer.documents) {
    return CONVERT_NO_MEMORY(ctx);
  }
  bool more;
  SV_TRY(service_augment(service, ctx, &caller, &a, docs, &answer.n_documents, &more));
  answer.more = more;
  for (size_t i = 0; i < answer.n_documents; i++) {
    answer.documents[i] = convert_document(ctx, &docs[i], true);
    if (!answer.documents[i]) {
      return CONVERT_NO_MEMORY(ctx);
    }
  }
  return convert_answer(call, ctx, &answer.base);
}

static const struct rpc_method registry_methods[] = {
    {.path = "/salvo.v1.RegistryService/GetDocument",
     .input = &salvo__v1__get_document_request__descriptor,
     .output = &salvo__v1__get_document_response__descriptor,
     .handle = get_document},
    {.path = "/salvo.v1.RegistryService/ListDocuments",
     .input = &salvo__v1__list_documents_request__descriptor,
     .output = &salvo__v1__list_documents_response__descriptor,
     .handle = list_documents},
    {.path = "/salvo.v1.RegistryService/DownloadDocument",
     .server_streaming = true,
     .may_wait = true,
     .input = &salvo__v1__download_document_request__descriptor,
     .output = &salvo__v1__download_document_response__descriptor,
     .handle = download_document},
    {.path = "/salvo.v1.RegistryService/WatchDocuments",
     .server_streaming = true,
     .where = RPC_ON_WATCHER,
     .input = &salvo__v1__watch_documents_request__descriptor,
     .output = &salvo__v1__watch_documents_response__descriptor,
     .handle = life_watch_documents},
    {.path = "/salvo.v1.RegistryService/RecordPrint",
     .input = &salvo__v1__record_print_request__descriptor,
     .output = &salvo__v1__record_print_response__descriptor,
     .handle = life_record_print},
    {.path = "/salvo.v1.RegistryService/AugmentDocument",
     .may_wait = true,
     .input = &salvo__v1__augment_document_request__descriptor,
     .output = &salvo__v1__augment_document_response__descriptor,
     .handle = augment_document},
};

/* --- verification --- */

/* A file on its way in. Not in the call's arena, which is emptied after each message: a file of the greatest size would
 * be in it three times over. */
struct upload {
  uint8_t *p;
  size_t n, room;
  char language[12];
};

static void upload_close(struct upload *u) {
  if (u) {
    free(u->p);
    free(u);
  }
}
SV_AUTO_DEFINE(struct upload, upload_close)

static sv_status upload_put(struct sv_ctx *ctx, struct upload *u, const uint8_t *p, size_t n) {
  if (n > VERIFY_PDF_MAX - u->n) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "a PDF to verify may have %d bytes", VERIFY_PDF_MAX);
  }
  if (n > u->room - u->n) {
    size_t room = 2 * (u->n + n) < VERIFY_PDF_MAX ? 2 * (u->n + n) : VERIFY_PDF_MAX;
    uint8_t *more = realloc(u->p, room);
    if (!more) {
      return SV_FAIL(ctx, NO_MEMORY, "a PDF to verify");
    }
    u->p = more;
    u->room = room;
  }
  if (n) {
    memcpy(u->p + u->n, p, n);
    u->n += n;
  }
  return SV_DONE;
}

static sv_status upload_read(struct rpc_call *call, struct sv_ctx *ctx, struct upload *u) {
  for (bool first = true;; first = false) {
    struct sv_bytes wire;
    bool end;
    SV_TRY(rpc_call_read(call, ctx, &wire, &end));
    if (end) {
      return SV_DONE;
    }
    ProtobufCMessage *message;
    SV_TRY(rpc_unpack(ctx, &salvo__v1__verify_document_request__descriptor, wire, &message));
    const Salvo__V1__VerifyDocumentRequest *m =
        (const Salvo__V1__VerifyDocumentRequest *)(const void *)message;
    if (first && strlen(m->language) < sizeof u->language) {
      (void)snprintf(u->language, sizeof u->language, "%s", m->language);
    }
    SV_TRY(upload_put(ctx, u, m->chunk.data, m->chunk.len));
    rpc_call_recycle(call, ctx);
  }
}

static sv_status verify_document(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct service_caller caller;
  SV_TRY(convert_caller(call, ctx, service, &caller));
  SV_TRY(service_admit(service, ctx, &caller, SERVICE_ACT_VerifyDocument));
  SV_AUTO(upload_close) struct upload *u = calloc(1, sizeof *u);
  if (!u) {
    return CONVERT_NO_MEMORY(ctx);
  }
  SV_TRY(upload_read(call, ctx, u));
  struct service_report report;
  SV_TRY(service_verify_pdf(service, ctx, &caller, sv_bytes_of(u->p, u->n), u->language, &report));
  Salvo__V1__VerifyDocumentResponse answer = SALVO__V1__VERIFY_DOCUMENT_RESPONSE__INIT;
  answer.report = api_report(ctx, &report);
  return answer.report ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status verify_seal_bytes(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, VerifySealRequest, verify_seal_request, m);
  struct service_report report;
  struct verify_shown shown = {m->holder_mrz, m->printed_mrz};
  SV_TRY(service_verify_seal(service, ctx, &caller, sv_bytes_of(m->seal.data, m->seal.len), &shown,
                             m->language, &report));
  Salvo__V1__VerifySealResponse answer = SALVO__V1__VERIFY_SEAL_RESPONSE__INIT;
  answer.report = api_report(ctx, &report);
  return answer.report ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

/* The one call that the public has too: who shows no certificate is a stranger. */
static sv_status verify_number(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct service_caller known, *caller = NULL;
  if (rpc_call_peer(call)->spiffe[0]) {
    SV_TRY(convert_caller(call, ctx, service, &known));
    SV_TRY(service_admit(service, ctx, &known, SERVICE_ACT_VerifyNumber));
    caller = &known;
  }
  ProtobufCMessage *message;
  SV_TRY(convert_request(call, ctx, &salvo__v1__verify_number_request__descriptor, &message));
  const Salvo__V1__VerifyNumberRequest *m =
      (const Salvo__V1__VerifyNumberRequest *)(const void *)message;
  struct service_report report;
  SV_TRY(service_verify_number(service, ctx, caller, m->number, m->code, m->language, &report));
  Salvo__V1__VerifyNumberResponse answer = SALVO__V1__VERIFY_NUMBER_RESPONSE__INIT;
  answer.report = api_report(ctx, &report);
  return answer.report ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status get_trust_list(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetTrustListRequest, get_trust_list_request, m);
  (void)m;
  struct sv_bytes note;
  SV_TRY(service_trust_list(service, ctx, &caller, &note));
  Salvo__V1__GetTrustListResponse answer = SALVO__V1__GET_TRUST_LIST_RESPONSE__INIT;
  answer.trust_list = (ProtobufCBinaryData){.len = note.n, .data = (uint8_t *)(uintptr_t)note.p};
  return convert_answer(call, ctx, &answer.base);
}

static sv_status get_status_bundle(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetStatusBundleRequest, get_status_bundle_request, m);
  struct sv_bytes note;
  SV_TRY(service_status_bundle(service, ctx, &caller, m->status_list, m->after_sequence, &note));
  Salvo__V1__GetStatusBundleResponse answer = SALVO__V1__GET_STATUS_BUNDLE_RESPONSE__INIT;
  answer.status_bundle = (ProtobufCBinaryData){.len = note.n, .data = (uint8_t *)(uintptr_t)note.p};
  return convert_answer(call, ctx, &answer.base);
}

static const struct rpc_method verification_methods[] = {
    {.path = "/salvo.v1.VerificationService/VerifyDocument",
     .client_streaming = true,
     .may_wait = true,
     .input = &salvo__v1__verify_document_request__descriptor,
     .output = &salvo__v1__verify_document_response__descriptor,
     .handle = verify_document},
    {.path = "/salvo.v1.VerificationService/VerifySeal",
     .input = &salvo__v1__verify_seal_request__descriptor,
     .output = &salvo__v1__verify_seal_response__descriptor,
     .handle = verify_seal_bytes},
    {.path = "/salvo.v1.VerificationService/VerifyNumber",
     .open_to_all = true,
     .input = &salvo__v1__verify_number_request__descriptor,
     .output = &salvo__v1__verify_number_response__descriptor,
     .handle = verify_number},
    {.path = "/salvo.v1.VerificationService/GetTrustList",
     .input = &salvo__v1__get_trust_list_request__descriptor,
     .output = &salvo__v1__get_trust_list_response__descriptor,
     .handle = get_trust_list},
    {.path = "/salvo.v1.VerificationService/GetStatusBundle",
     .input = &salvo__v1__get_status_bundle_request__descriptor,
     .output = &salvo__v1__get_status_bundle_response__descriptor,
     .handle = get_status_bundle},
};

/* --- funding --- */

static const char *id_of_name(const char *name) {
  static const char prefix[] = "obligations/";
  return strncmp(name, prefix, sizeof prefix - 1) == 0 ? name + sizeof prefix - 1
         : name[0]                                     ? "/"
                                                       : "";
}

static sv_status create_obligation(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, CreateObligationRequest, create_obligation_request, m);
  convert_request_id(call, m->request_id);
  static const Salvo__V1__Obligation none = SALVO__V1__OBLIGATION__INIT;
  const Salvo__V1__Obligation *o = m->obligation ? m->obligation : &none;
  struct store_obligation row = {.id = id_of_name(o->name),
                                 .award_number = o->award_number,
                                 .awarding_agency = o->awarding_agency,
                                 .recipient_name = o->recipient_name,
                                 .recipient_id = o->recipient_id,
                                 .currency = o->currency,
                                 .obligated_minor = o->obligated_minor,
                                 .period_start = o->period_start,
                                 .period_end = o->period_end};
  struct sv_bytes encoded;
  SV_TRY(rpc_pack(ctx, &m->base, &encoded));
  SV_TRY(service_obligation_create(service, ctx, &caller, m->request_id, &row, encoded, &row));
  Salvo__V1__CreateObligationResponse answer = SALVO__V1__CREATE_OBLIGATION_RESPONSE__INIT;
  answer.obligation = convert_obligation(ctx, &row);
  return answer.obligation ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status get_obligation(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetObligationRequest, get_obligation_request, m);
  struct store_obligation row;
  SV_TRY(service_obligation(service, ctx, &caller, m->name, &row));
  Salvo__V1__GetObligationResponse answer = SALVO__V1__GET_OBLIGATION_RESPONSE__INIT;
  answer.obligation = convert_obligation(ctx, &row);
  return answer.obligation ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static const struct rpc_method funding_methods[] = {
    {.path = "/salvo.v1.FundingService/CreateObligation",
     .input = &salvo__v1__create_obligation_request__descriptor,
     .output = &salvo__v1__create_obligation_response__descriptor,
     .handle = create_obligation},
    {.path = "/salvo.v1.FundingService/GetObligation",
     .input = &salvo__v1__get_obligation_request__descriptor,
     .output = &salvo__v1__get_obligation_response__descriptor,
     .handle = get_obligation},
    {.path = "/salvo.v1.FundingService/AmendObligation",
     .input = &salvo__v1__amend_obligation_request__descriptor,
     .output = &salvo__v1__amend_obligation_response__descriptor,
     .handle = funding_amend_obligation},
    {.path = "/salvo.v1.FundingService/ListObligations",
     .input = &salvo__v1__list_obligations_request__descriptor,
     .output = &salvo__v1__list_obligations_response__descriptor,
     .handle = funding_list_obligations},
};

#define SERVICE_OF(full_name, table, n)                                          \
  (struct rpc_service) {                                                         \
    .name = (full_name), .methods = (table), .method_n = (n), .service = service \
  }
#define SERVICE(full_name, table) SERVICE_OF(full_name, table, sizeof(table) / sizeof((table)[0]))

void api_services(struct service *service, struct rpc_service ret[static API_SERVICES]) {
  bool waits = service_asks_others(service);
  ret[0] = waits ? SERVICE("salvo.v1.IssuanceService", issuance_methods_waiting)
                 : SERVICE("salvo.v1.IssuanceService", issuance_methods);
  ret[1] = SERVICE("salvo.v1.RegistryService", registry_methods);
  ret[2] = SERVICE("salvo.v1.VerificationService", verification_methods);
  ret[3] = SERVICE("salvo.v1.FundingService", funding_methods);
  ret[4] =
      SERVICE_OF("salvo.v1.ProtectionService", api_protection_methods, api_protection_method_n);
  ret[5] = SERVICE_OF("salvo.v1.LogService", api_log_methods, api_log_method_n);
  ret[6] = SERVICE_OF("salvo.v1.BoardingService",
                      waits ? api_boarding_methods_waiting : api_boarding_methods,
                      api_boarding_method_n);
  ret[7] = SERVICE_OF("salvo.v1.KeyService", api_key_methods, api_key_method_n);
}
