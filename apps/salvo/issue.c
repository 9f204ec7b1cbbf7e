/* issue REQUEST.json -o OUT.pdf */
#include <stdio.h>

#include "apps/salvo/salvo.h"
#include "salvo/v1/issuance.pb-c.h"

int command_issue(struct salvo *s, struct arguments a) {
  const char *out = argument_take(&a, "-o");
  if (a.count != 1 || !out) {
    return usage_fault("issue REQUEST.json -o OUT.pdf");
  }
  ProtobufCMessage *request, *answer;
  int code = call_request_read(s, a.v[0], &salvo__v1__issue_document_request__descriptor, &request);
  if (code == EXIT_DONE) {
    code = call_unary(s, "/salvo.v1.IssuanceService/IssueDocument", request,
                      &salvo__v1__issue_document_response__descriptor, &answer);
  }
  if (code != EXIT_DONE) {
    return code;
  }
  Salvo__V1__IssueDocumentResponse *r = (Salvo__V1__IssueDocumentResponse *)(void *)answer;
  if (r->document && r->document->state == SALVO__V1__DOCUMENT__STATE__STATE_PENDING_APPROVAL) {
    if (s->json) {
      return json_print(s, answer);
    }
    (void)printf(
        "%s version %u is a draft: officers read it with `salvo download %s --draft` and "
        "agree with `salvo approve %s`\n",
        r->document->number, r->document->version, r->document->number, r->document->number);
    return EXIT_DONE;
  }
  if (r->pdf.len == 0 && r->document) {
    (void)fprintf(stderr, "salvo: issued %s; get its file with: salvo download %s -o %s\n",
                  r->document->number, r->document->number, out);
    return EXIT_REFUSED;
  }
  sv_status status = file_write(s->ctx, out, sv_bytes_of(r->pdf.data, r->pdf.len));
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  if (s->json) {
    r->pdf = (ProtobufCBinaryData){0}; /* it is in the file */
    return json_print(s, answer);
  }
  if (!r->document) {
    (void)printf("a preview, without number and signature: %s (%zu bytes)\n", out, r->pdf.len);
    return EXIT_DONE;
  }
  (void)printf("issued %s version %u: %s (%zu bytes)\n", r->document->number, r->document->version,
               out, r->pdf.len);
  return EXIT_DONE;
}
