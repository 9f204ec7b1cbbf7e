/* get, list, download: what the registry has. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/registry.pb-c.h"

enum { DOWNLOAD_TIMEOUT_S = 300, DOWNLOAD_MAX = 256 * 1024 * 1024 };

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

bool enum_value(const ProtobufCEnumDescriptor *type, const char *prefix, const char *word,
                int *ret) {
  char whole[64];
  const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value_by_name(type, word);
  if (!v) {
    (void)snprintf(whole, sizeof whole, "%s%s", prefix, word);
    v = protobuf_c_enum_descriptor_get_value_by_name(type, whole);
  }
  if (v) {
    *ret = v->value;
  }
  return v != NULL;
}

const char *enum_name(const ProtobufCEnumDescriptor *type, const char *prefix, int value) {
  const ProtobufCEnumValue *v = protobuf_c_enum_descriptor_get_value(type, value);
  size_t n = strlen(prefix);
  return !v ? "?" : strncmp(v->name, prefix, n) == 0 ? v->name + n : v->name;
}

bool number_of(const char *v, uint32_t *ret) {
  if (!v) {
    return true;
  }
  char *end;
  unsigned long n = strtoul(v, &end, 10);
  if (*v < '0' || *v > '9' || *end || n > INT32_MAX) {
    return false;
  }
  *ret = (uint32_t)n;
  return true;
}

void document_print(const Salvo__V1__Document *d) {
  (void)printf("%s  v%u c%u  %-20s %-10s %s", d->number, d->version, d->copy,
               enum_name(&salvo__v1__document_kind__descriptor, "DOCUMENT_KIND_", (int)d->kind),
               enum_name(&salvo__v1__document__state__descriptor, "STATE_", (int)d->state),
               d->issue_date);
  if (d->valid_until[0]) {
    (void)printf("  valid %s to %s", d->valid_from, d->valid_until);
  }
  if (d->level[0]) {
    (void)printf("  %s", d->level);
  }
  if (d->state == SALVO__V1__DOCUMENT__STATE__STATE_PENDING_APPROVAL &&
      d->content_sha256.len == 32) { /* what an officer names who agrees */
    char hex[65];
    sv_hex(d->content_sha256.data, 32, hex);
    (void)printf("  digest %s", hex);
  }
  (void)printf("\n");
}

int command_get(struct salvo *s, struct arguments a) {
  Salvo__V1__GetDocumentRequest request = SALVO__V1__GET_DOCUMENT_REQUEST__INIT;
  if (!number_of(argument_take(&a, "--version"), &request.version) || a.count != 1) {
    return usage_fault("get NUMBER [--version N]");
  }
  request.number = a.v[0];
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.RegistryService/GetDocument", &request.base,
                        &salvo__v1__get_document_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__GetDocumentResponse *r =
      (const Salvo__V1__GetDocumentResponse *)(const void *)answer;
  if (r->document) {
    document_print(r->document);
  }
  return EXIT_DONE;
}

int command_list(struct salvo *s, struct arguments a) {
  Salvo__V1__ListDocumentsRequest request = SALVO__V1__LIST_DOCUMENTS_REQUEST__INIT;
  const char *kind = argument_take(&a, "--kind"), *state = argument_take(&a, "--state");
  const char *reference = argument_take(&a, "--case"), *token = argument_take(&a, "--page-token");
  int kind_value = 0, state_value = 0;
  uint32_t size = 0;
  bool good = number_of(argument_take(&a, "--page-size"), &size) &&
              (!kind || enum_value(&salvo__v1__document_kind__descriptor, "DOCUMENT_KIND_", kind,
                                   &kind_value)) &&
              (!state ||
               enum_value(&salvo__v1__document__state__descriptor, "STATE_", state, &state_value));
  if (!good || a.count != 0) {
    return usage_fault(
        "list [--kind SAFE_CONDUCT|FLIGHT_MANIFEST|DISBURSEMENT_RECEIPT] [--state STATE] [--case "
        "REFERENCE] "
        "[--page-size N] [--page-token T]");
  }
  request.kind = (Salvo__V1__DocumentKind)kind_value;
  request.state = (Salvo__V1__Document__State)state_value;
  request.page_size = (int32_t)size;
  request.case_reference = text(reference ? reference : "");
  request.page_token = text(token ? token : "");
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.RegistryService/ListDocuments", &request.base,
                        &salvo__v1__list_documents_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__ListDocumentsResponse *r =
      (const Salvo__V1__ListDocumentsResponse *)(const void *)answer;
  for (size_t i = 0; i < r->n_documents; i++) {
    document_print(r->documents[i]);
  }
  if (r->next_page_token[0]) {
    (void)printf("more: --page-token %s\n", r->next_page_token);
  }
  return EXIT_DONE;
}

static sv_status chunk_take(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  ProtobufCMessage *m;
  SV_TRY(rpc_unpack(ctx, &salvo__v1__download_document_response__descriptor, message, &m));
  const Salvo__V1__DownloadDocumentResponse *r =
      (const Salvo__V1__DownloadDocumentResponse *)(const void *)m;
  struct sv_buf *out = user;
  sv_buf_put(out, r->chunk.data, r->chunk.len);
  return out->failed ? SV_FAIL(ctx, NO_MEMORY, "the document is too large") : SV_DONE;
}

int document_fetch(struct salvo *s, const Salvo__V1__DownloadDocumentRequest *request,
                   const char *out, size_t *ret_n) {
  int open = call_open(s);
  if (open != EXIT_DONE) {
    return open;
  }
  struct sv_buf bytes = sv_buf_in(s->ctx->mem, DOWNLOAD_MAX);
  struct sv_bytes wire;
  struct rpc_result result;
  sv_status status = rpc_pack(s->ctx, &request->base, &wire);
  if (!sv_failed(status)) {
    status = rpc_client_server_stream(
        s->client, s->ctx, "/salvo.v1.RegistryService/DownloadDocument", wire,
        (uint64_t)DOWNLOAD_TIMEOUT_S * 1000000000U, chunk_take, &bytes, &result);
  }
  if (!sv_failed(status) && result.code != SV_CODE_OK) {
    return call_refused(s, &result);
  }
  if (!sv_failed(status)) {
    status = file_write(s->ctx, out, sv_buf_bytes(&bytes));
  }
  *ret_n = bytes.n;
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}

int command_download(struct salvo *s, struct arguments a) {
  Salvo__V1__DownloadDocumentRequest request = SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__INIT;
  const char *out = argument_take(&a, "-o"), *audience = argument_take(&a, "--for");
  int to = 0;
  bool good = number_of(argument_take(&a, "--version"), &request.version) &&
              number_of(argument_take(&a, "--copy"), &request.copy) &&
              (!audience || enum_value(&salvo__v1__download_document_request__audience__descriptor,
                                       "AUDIENCE_", audience, &to));
  bool record = a.count == 2 && strcmp(a.v[1], "--record") == 0;
  bool draft = a.count == 2 && strcmp(a.v[1], "--draft") == 0;
  bool paxlst = a.count == 2 && strcmp(a.v[1], "--paxlst") == 0;
  if (!good || !out || (a.count != 1 && !record && !draft && !paxlst)) {
    return usage_fault(
        "download NUMBER -o OUT.pdf [--version N] [--copy N] [--record | --draft | --paxlst | "
        "--for GATE|OPERATOR|DESTINATION]");
  }
  request.number = a.v[0];
  request.audience = (Salvo__V1__DownloadDocumentRequest__Audience)to;
  request.view = record   ? SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_RECORD
                 : draft  ? SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_DRAFT
                 : paxlst ? SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_PAXLST
                          : SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__VIEW__VIEW_PDF;
  size_t n;
  int code = document_fetch(s, &request, out, &n);
  if (code == EXIT_DONE && !s->json && strcmp(out, "-") != 0) {
    (void)printf("%s: %s (%zu bytes)\n", a.v[0], out, n);
  }
  return code;
}
