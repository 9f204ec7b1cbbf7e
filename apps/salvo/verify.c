/* verify [--trust TRUST.pem [--tsa-trust TSA.pem]] [--lang LANGUAGE] FILE.pdf: by the server, or by verify/ itself. Both end in one report. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "rpc/api/api.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/verification.pb-c.h"
#include "verify/headline.h"
#include "verify/pdf.h"

enum {
  CHUNK = 64 * 1024,
  VERIFY_TIMEOUT_S = 120,
  READ_MAX = VERIFY_PDF_MAX + 1,
  TRUST_MAX = 1024 * 1024
};

static int exit_of(int verdict) {
  switch (verdict) {
    case VERIFY_VALID:
      return EXIT_DONE;
    case VERIFY_CHECK:
      return EXIT_CHECK;
    case VERIFY_NOT_OURS:
    case VERIFY_UNREADABLE:
      return EXIT_NOT_OURS;
    default:
      return EXIT_REFUSED;
  }
}

static void signature_print(const Salvo__V1__VerificationReport__Signature *g) {
  (void)printf("           signature: %s%s%s, %s, %s, covers %s", g->signer,
               g->profile[0] ? ", " : "", g->profile, g->intact ? "intact" : "NOT intact",
               g->trusted ? "trusted" : "not trusted",
               g->covers_whole_file ? "the whole file" : "a part of the file");
  if (g->proven_time) {
    char when[21];
    sv_time_format(g->proven_time->seconds * 1000000, when);
    (void)printf(", proven %s", when);
  }
  (void)printf("\n");
  for (size_t i = 0; i < g->n_reason_texts; i++) {
    (void)printf("             - %s\n", g->reason_texts[i]);
  }
}

static int report_print(struct salvo *s, const char *path, Salvo__V1__VerificationReport *r) {
  int code = exit_of((int)r->verdict);
  if (s->json) {
    Salvo__V1__VerifyDocumentResponse whole = SALVO__V1__VERIFY_DOCUMENT_RESPONSE__INIT;
    whole.report = r;
    int printed = json_print(s, &whole.base);
    return printed == EXIT_DONE ? code : printed;
  }
  (void)printf("%-10s %s", verify_verdict_name((enum verify_verdict)r->verdict), path);
  for (size_t i = 0; i < r->n_reasons; i++) {
    (void)printf("%s%s", i ? ", " : "  ", verify_reason_name((enum verify_reason)r->reasons[i]));
  }
  if (r->document) {
    (void)printf("  %s version %u copy %u", r->document->number, r->document->version,
                 r->document->copy);
  }
  (void)printf("\n           %s\n", r->headline);
  if (r->seal_mrz[0]) { /* what whoever holds the page compares */
    (void)printf("           the page has to say:\n             %.36s\n             %s\n",
                 r->seal_mrz, r->seal_mrz + strcspn(r->seal_mrz, "\n") + 1);
  }
  for (size_t i = 0; i < r->n_reason_texts; i++) {
    (void)printf("           - %s\n", r->reason_texts[i]);
  }
  for (size_t i = 0; i < r->n_signatures; i++) {
    signature_print(r->signatures[i]);
  }
  return code;
}

struct upload {
  struct sv_ctx *ctx;
  struct sv_bytes pdf;
  size_t at;
  const char *language;
  bool first;
};

static bool chunk_give(void *user, struct sv_bytes *ret) {
  struct upload *u = user;
  if (!u->first && u->at >= u->pdf.n) {
    return false;
  }
  size_t n = u->pdf.n - u->at < CHUNK ? u->pdf.n - u->at : CHUNK;
  Salvo__V1__VerifyDocumentRequest m = SALVO__V1__VERIFY_DOCUMENT_REQUEST__INIT;
  m.chunk = (ProtobufCBinaryData){.len = n, .data = (uint8_t *)(uintptr_t)u->pdf.p + u->at};
  if (u->first) {
    m.language = (char *)(uintptr_t)u->language;
  }
  u->first = false;
  u->at += n;
  return !sv_failed(rpc_pack(u->ctx, &m.base, ret));
}

static int by_server(struct salvo *s, const char *path, struct sv_bytes pdf, const char *language) {
  int open = call_open(s);
  if (open != EXIT_DONE) {
    return open;
  }
  struct upload u = {.ctx = s->ctx, .pdf = pdf, .language = language, .first = true};
  struct rpc_result result;
  ProtobufCMessage *m;
  sv_status status =
      rpc_client_client_stream(s->client, s->ctx, "/salvo.v1.VerificationService/VerifyDocument",
                               chunk_give, &u, (uint64_t)VERIFY_TIMEOUT_S * 1000000000U, &result);
  if (!sv_failed(status) && result.code != SV_CODE_OK) {
    return call_refused(s, &result);
  }
  if (!sv_failed(status)) {
    status =
        rpc_unpack(s->ctx, &salvo__v1__verify_document_response__descriptor, result.response, &m);
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  Salvo__V1__VerificationReport *r = ((Salvo__V1__VerifyDocumentResponse *)(void *)m)->report;
  return r ? report_print(s, path, r)
           : call_failed(s, SV_FAIL(s->ctx, INTERNAL, "an answer without a report"));
}

/* The file's verdict by what is on this machine alone; tsa_path may be NULL. */
static sv_status judged(struct sv_ctx *ctx, struct sv_bytes pdf, const char *trust_path,
                        const char *tsa_path, struct verify_report *ret) {
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  struct sv_bytes pem;
  SV_TRY(verify_trust_open(ctx, &trust_path, 1, &trust));
  if (tsa_path) {
    SV_TRY(file_read(ctx, tsa_path, TRUST_MAX, &pem));
    SV_TRY(verify_trust_stamps(ctx, trust, pem));
  }
  return verify_pdf(ctx, trust, NULL, sv_wall_us(), pdf, ret);
}

static int alone(struct salvo *s, const char *path, struct sv_bytes pdf, const char *trust_path,
                 const char *tsa_path, const char *language) {
  struct service_report r = {0};
  sv_status status = judged(s->ctx, pdf, trust_path, tsa_path, &r.report);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  r.headline = verify_headline(s->ctx, &r.report, language);
  r.language = language;
  Salvo__V1__VerificationReport *m = api_report(s->ctx, &r);
  return m ? report_print(s, path, m) : call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "report"));
}

static int offline(struct salvo *s, struct arguments a, const char *language) {
  struct service_report r = {0};
  const char *path;
  int code = offline_verify(s, a, &path, &r.report);
  if (code != EXIT_DONE) {
    return code;
  }
  r.headline = verify_headline(s->ctx, &r.report, language);
  r.language = language;
  Salvo__V1__VerificationReport *m = api_report(s->ctx, &r);
  return m ? report_print(s, path, m) : call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "report"));
}

int command_verify(struct salvo *s, struct arguments a) {
  const char *trust = argument_take(&a, "--trust"), *tsa = argument_take(&a, "--tsa-trust");
  const char *given = argument_take(&a, "--lang"), *language = argument_take(&a, "--language");
  language = given ? given : language ? language : "en";
  for (int i = 0; i < a.count; i++) {
    if (strcmp(a.v[i], "--offline") == 0) {
      memmove(&a.v[i], &a.v[i + 1], (size_t)(a.count - i - 1) * sizeof a.v[0]);
      a.count--;
      return offline(s, a, language);
    }
  }
  if (a.count != 1) {
    return usage_fault(
        "verify [--trust TRUST.pem [--tsa-trust TSA.pem]] [--lang LANGUAGE] FILE.pdf");
  }
  struct sv_bytes pdf;
  sv_status status = file_read(s->ctx, a.v[0], READ_MAX, &pdf);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  return trust ? alone(s, a.v[0], pdf, trust, tsa, language) : by_server(s, a.v[0], pdf, language);
}
