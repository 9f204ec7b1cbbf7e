/* obligation create REQUEST.json | get NAME */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "salvo/v1/operations.pb-c.h"

static int obligation_print(struct salvo *s, const ProtobufCMessage *answer,
                            const Salvo__V1__Obligation *o) {
  if (s->json || !o) {
    return json_print(s, answer);
  }
  (void)printf("%s  %s  obligated %lld, disbursed %lld, balance %lld (minor units of %s)%s\n",
               o->name, o->award_number, (long long)o->obligated_minor,
               (long long)o->disbursed_minor, (long long)o->balance_minor, o->currency,
               o->closed ? ", closed" : "");
  return EXIT_DONE;
}

int command_obligation(struct salvo *s, struct arguments a) {
  bool create = a.count == 2 && strcmp(a.v[0], "create") == 0;
  if (!create && !(a.count == 2 && strcmp(a.v[0], "get") == 0)) {
    return usage_fault("obligation create REQUEST.json | get NAME");
  }
  ProtobufCMessage *request, *answer;
  if (create) {
    int code =
        call_request_read(s, a.v[1], &salvo__v1__create_obligation_request__descriptor, &request);
    if (code == EXIT_DONE) {
      code = call_unary(s, "/salvo.v1.FundingService/CreateObligation", request,
                        &salvo__v1__create_obligation_response__descriptor, &answer);
    }
    return code != EXIT_DONE
               ? code
               : obligation_print(
                     s, answer,
                     ((const Salvo__V1__CreateObligationResponse *)(const void *)answer)
                         ->obligation);
  }
  Salvo__V1__GetObligationRequest get = SALVO__V1__GET_OBLIGATION_REQUEST__INIT;
  get.name = a.v[1];
  int code = call_unary(s, "/salvo.v1.FundingService/GetObligation", &get.base,
                        &salvo__v1__get_obligation_response__descriptor, &answer);
  return code != EXIT_DONE
             ? code
             : obligation_print(
                   s, answer,
                   ((const Salvo__V1__GetObligationResponse *)(const void *)answer)->obligation);
}
