/* approve, reject, reissue, revoke: what an officer decides about a number. Each reads the document first: an officer
 * decides about the version that he sees. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "salvo/v1/issuance.pb-c.h"
#include "salvo/v1/registry.pb-c.h"

struct decision {
  const char *number, *out, *digest;
  char request_id[37];
  uint32_t version;
  int reason;
  const Salvo__V1__Document *seen;
};

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

/* Takes NUMBER and the options, and reads the document. */
static int decision_open(struct salvo *s, struct arguments a, bool reason_wanted, const char *usage,
                         struct decision *d) {
  const char *reason = argument_take(&a, "--reason"), *id = argument_take(&a, "--request-id");
  d->out = argument_take(&a, "-o");
  d->digest = argument_take(&a, "--digest");
  bool good = number_of(argument_take(&a, "--version"), &d->version) && a.count == 1 &&
              (reason != NULL) == reason_wanted && (!id || strlen(id) == 36);
  if (good && reason) {
    good = enum_value(&salvo__v1__document__state_reason__descriptor, "STATE_REASON_", reason,
                      &d->reason);
  }
  if (!good) {
    return usage_fault(usage);
  }
  d->number = a.v[0];
  (void)snprintf(d->request_id, sizeof d->request_id, "%s", id ? id : "");
  sv_status named = id ? SV_DONE : uuid_new(s->ctx, d->request_id);
  if (sv_failed(named)) {
    return call_failed(s, named);
  }
  Salvo__V1__GetDocumentRequest request = SALVO__V1__GET_DOCUMENT_REQUEST__INIT;
  request.number = text(d->number);
  request.version = d->version;
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.RegistryService/GetDocument", &request.base,
                        &salvo__v1__get_document_response__descriptor, &answer);
  if (code == EXIT_DONE) {
    d->seen = ((const Salvo__V1__GetDocumentResponse *)(const void *)answer)->document;
    d->version = d->seen ? d->seen->version : 0;
  }
  return code;
}

/* Tells what became of the document, and keeps its file. */
static int decision_tell(struct salvo *s, const struct decision *d, const ProtobufCMessage *answer,
                         const Salvo__V1__Document *document, ProtobufCBinaryData pdf) {
  if (d->out && pdf.len) {
    sv_status status = file_write(s->ctx, d->out, sv_bytes_of(pdf.data, pdf.len));
    if (sv_failed(status)) {
      return call_failed(s, status);
    }
  }
  if (s->json) {
    return json_print(s, answer);
  }
  if (document) {
    document_print(document);
  }
  if (d->out && pdf.len) {
    (void)printf("%s: %s (%zu bytes)\n", d->number, d->out, pdf.len);
  }
  return EXIT_DONE;
}

int command_approve(struct salvo *s, struct arguments a) {
  struct decision d = {0};
  int code =
      decision_open(s, a, false, "approve NUMBER --digest HEX [--version N] [-o OUT.pdf]", &d);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__ApproveDocumentRequest request = SALVO__V1__APPROVE_DOCUMENT_REQUEST__INIT;
  uint8_t digest[32];
  request.request_id = d.request_id;
  request.number = text(d.number);
  request.version = d.version;
  if (!d.digest || strlen(d.digest) != 64 || !sv_unhex(d.digest, digest, sizeof digest)) {
    return usage_fault(
        "--digest: 64 hexadecimal digits, the content_sha256 of the draft that was read "
        "(salvo get NUMBER --version N)");
  }
  request.content_sha256 = (ProtobufCBinaryData){.len = sizeof digest, .data = digest};
  ProtobufCMessage *answer;
  code = call_unary(s, "/salvo.v1.IssuanceService/ApproveDocument", &request.base,
                    &salvo__v1__approve_document_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__ApproveDocumentResponse *r = (Salvo__V1__ApproveDocumentResponse *)(void *)answer;
  ProtobufCBinaryData pdf = r->pdf;
  r->pdf = (ProtobufCBinaryData){0}; /* it is in the file */
  return decision_tell(s, &d, answer, r->document, pdf);
}

int command_reject(struct salvo *s, struct arguments a) {
  struct decision d = {0};
  int code = decision_open(
      s, a, true,
      "reject NUMBER --reason CORRECTION|ISSUED_IN_ERROR|HOLDER_REQUEST|DECISION [--version N]",
      &d);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__RejectDocumentRequest request = SALVO__V1__REJECT_DOCUMENT_REQUEST__INIT;
  request.request_id = d.request_id;
  request.number = text(d.number);
  request.version = d.version;
  request.reason = (Salvo__V1__Document__StateReason)d.reason;
  ProtobufCMessage *answer;
  code = call_unary(s, "/salvo.v1.IssuanceService/RejectDocument", &request.base,
                    &salvo__v1__reject_document_response__descriptor, &answer);
  return code != EXIT_DONE
             ? code
             : decision_tell(
                   s, &d, answer,
                   ((const Salvo__V1__RejectDocumentResponse *)(const void *)answer)->document,
                   (ProtobufCBinaryData){0});
}

int command_reissue(struct salvo *s, struct arguments a) {
  struct decision d = {0};
  int code = decision_open(s, a, true, "reissue NUMBER --reason DAMAGED|MISPRINT -o OUT.pdf", &d);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__ReissueDocumentRequest request = SALVO__V1__REISSUE_DOCUMENT_REQUEST__INIT;
  request.request_id = d.request_id;
  request.number = text(d.number);
  request.version = d.version;
  request.reason = (Salvo__V1__Document__StateReason)d.reason;
  ProtobufCMessage *answer;
  code = call_unary(s, "/salvo.v1.IssuanceService/ReissueDocument", &request.base,
                    &salvo__v1__reissue_document_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__ReissueDocumentResponse *r = (Salvo__V1__ReissueDocumentResponse *)(void *)answer;
  ProtobufCBinaryData pdf = r->pdf;
  r->pdf = (ProtobufCBinaryData){0};
  return decision_tell(s, &d, answer, r->document, pdf);
}

int command_revoke(struct salvo *s, struct arguments a) {
  struct decision d = {0};
  int code = decision_open(s, a, true,
                           "revoke NUMBER --reason "
                           "LOST|STOLEN|HOLDER_REQUEST|ISSUED_IN_ERROR|DECISION|KEY_COMPROMISE",
                           &d);
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__RevokeDocumentRequest request = SALVO__V1__REVOKE_DOCUMENT_REQUEST__INIT;
  request.request_id = d.request_id;
  request.number = text(d.number);
  request.version = d.version;
  request.reason = (Salvo__V1__Document__StateReason)d.reason;
  ProtobufCMessage *answer;
  code = call_unary(s, "/salvo.v1.IssuanceService/RevokeDocument", &request.base,
                    &salvo__v1__revoke_document_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  const Salvo__V1__RevokeDocumentResponse *r =
      (const Salvo__V1__RevokeDocumentResponse *)(const void *)answer;
  if (r->pending_second_officer && !s->json) {
    (void)printf("a second officer has to confirm with the same reason\n");
  }
  return decision_tell(s, &d, answer, r->document, (ProtobufCBinaryData){0});
}
