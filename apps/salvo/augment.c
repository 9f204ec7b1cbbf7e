/* augment: documents to a higher PAdES level, or another time-stamp for what is about to lose its proof. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"

static const char usage[] = "augment NUMBER... [--level B-T|B-LT|B-LTA] [--renew] | augment --due";

/* Takes a word without a value out of the arguments. */
static bool word_take(struct arguments *a, const char *name) {
  for (int i = 0; i < a->count; i++) {
    if (strcmp(a->v[i], name) == 0) {
      memmove(a->v + i, a->v + i + 1, (size_t)(a->count - i - 1) * sizeof *a->v);
      a->count--;
      return true;
    }
  }
  return false;
}

static int ask(struct salvo *s, const Salvo__V1__AugmentDocumentRequest *request, bool *ret_more) {
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.RegistryService/AugmentDocument", &request->base,
                        &salvo__v1__augment_document_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  const Salvo__V1__AugmentDocumentResponse *r =
      (const Salvo__V1__AugmentDocumentResponse *)(const void *)answer;
  *ret_more = r->more && r->n_documents > 0;
  if (s->json) {
    return json_print(s, answer);
  }
  for (size_t i = 0; i < r->n_documents; i++) {
    (void)printf("%s  v%u c%u  %s\n", r->documents[i]->number, r->documents[i]->version,
                 r->documents[i]->copy, r->documents[i]->level);
  }
  return EXIT_DONE;
}

int command_augment(struct salvo *s, struct arguments a) {
  Salvo__V1__AugmentDocumentRequest request = SALVO__V1__AUGMENT_DOCUMENT_REQUEST__INIT;
  const char *level = argument_take(&a, "--level");
  bool more = true;
  int code = EXIT_DONE;
  request.renew = word_take(&a, "--renew");
  request.due = word_take(&a, "--due");
  request.level = (char *)(uintptr_t)(level ? level : "");
  if (request.due ? a.count != 0 || level || request.renew : a.count == 0) {
    return usage_fault(usage);
  }
  while (request.due && more && code == EXIT_DONE) {
    code = ask(s, &request, &more);
  }
  for (int i = 0; i < a.count && code == EXIT_DONE; i++) {
    request.number = a.v[i];
    code = ask(s, &request, &more);
  }
  return code;
}
