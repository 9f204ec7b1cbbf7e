/* obligation create REQUEST.json | amend REQUEST.json | get NAME | list [--page-size N] [--page-token T] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "salvo/v1/operations.pb-c.h"

static const char usage[] =
    "obligation create REQUEST.json | amend REQUEST.json | get NAME | list [--page-size N] "
    "[--page-token T]";

static void obligation_line(const Salvo__V1__Obligation *o) {
  (void)printf("%s  %s  obligated %lld, disbursed %lld, balance %lld (minor units of %s)", o->name,
               o->award_number, (long long)o->obligated_minor, (long long)o->disbursed_minor,
               (long long)o->balance_minor, o->currency);
  if (o->amendment) {
    (void)printf(", amendment %u", o->amendment);
  }
  (void)puts(o->closed ? ", closed" : "");
}

static int obligation_print(struct salvo *s, const ProtobufCMessage *answer,
                            const Salvo__V1__Obligation *o) {
  if (s->json || !o) {
    return json_print(s, answer);
  }
  obligation_line(o);
  return EXIT_DONE;
}

static int obligation_create(struct salvo *s, const char *path) {
  ProtobufCMessage *request, *answer;
  int code =
      call_request_read(s, path, &salvo__v1__create_obligation_request__descriptor, &request);
  if (code == EXIT_DONE) {
    code = call_unary(s, "/salvo.v1.FundingService/CreateObligation", request,
                      &salvo__v1__create_obligation_response__descriptor, &answer);
  }
  return code != EXIT_DONE
             ? code
             : obligation_print(
                   s, answer,
                   ((const Salvo__V1__CreateObligationResponse *)(const void *)answer)->obligation);
}

static int obligation_amend(struct salvo *s, const char *path) {
  ProtobufCMessage *request, *answer;
  int code = call_request_read(s, path, &salvo__v1__amend_obligation_request__descriptor, &request);
  if (code == EXIT_DONE) {
    code = call_unary(s, "/salvo.v1.FundingService/AmendObligation", request,
                      &salvo__v1__amend_obligation_response__descriptor, &answer);
  }
  return code != EXIT_DONE
             ? code
             : obligation_print(
                   s, answer,
                   ((const Salvo__V1__AmendObligationResponse *)(const void *)answer)->obligation);
}

static int obligation_get(struct salvo *s, char *name) {
  Salvo__V1__GetObligationRequest get = SALVO__V1__GET_OBLIGATION_REQUEST__INIT;
  ProtobufCMessage *answer;
  get.name = name;
  int code = call_unary(s, "/salvo.v1.FundingService/GetObligation", &get.base,
                        &salvo__v1__get_obligation_response__descriptor, &answer);
  return code != EXIT_DONE
             ? code
             : obligation_print(
                   s, answer,
                   ((const Salvo__V1__GetObligationResponse *)(const void *)answer)->obligation);
}

static int obligation_list(struct salvo *s, struct arguments a) {
  Salvo__V1__ListObligationsRequest request = SALVO__V1__LIST_OBLIGATIONS_REQUEST__INIT;
  const char *size = argument_take(&a, "--page-size"), *token = argument_take(&a, "--page-token");
  ProtobufCMessage *answer;
  request.page_size = size ? (int32_t)strtol(size, NULL, 10) : 0;
  request.page_token = (char *)(uintptr_t)(token ? token : "");
  if (a.count != 0) {
    return usage_fault(usage);
  }
  int code = call_unary(s, "/salvo.v1.FundingService/ListObligations", &request.base,
                        &salvo__v1__list_obligations_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__ListObligationsResponse *r =
      (const Salvo__V1__ListObligationsResponse *)(void *)answer;
  for (size_t i = 0; i < r->n_obligations; i++) {
    obligation_line(r->obligations[i]);
  }
  if (r->next_page_token[0]) {
    (void)printf("next page: --page-token %s\n", r->next_page_token);
  }
  return EXIT_DONE;
}

int command_obligation(struct salvo *s, struct arguments a) {
  const char *act = a.count > 0 ? a.v[0] : "";
  if (strcmp(act, "list") == 0) {
    return obligation_list(s, (struct arguments){a.count - 1, a.v + 1});
  }
  if (a.count != 2) {
    return usage_fault(usage);
  }
  return strcmp(act, "create") == 0  ? obligation_create(s, a.v[1])
         : strcmp(act, "amend") == 0 ? obligation_amend(s, a.v[1])
         : strcmp(act, "get") == 0   ? obligation_get(s, a.v[1])
                                     : usage_fault(usage);
}
