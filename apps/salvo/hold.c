/* hold place REQUEST.json | lift REQUEST.json | get NAME | list [--page-size N] [--page-token T] | watch [--after EVENT] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "salvo/v1/operations.pb-c.h"

static const char usage[] =
    "hold place REQUEST.json | lift REQUEST.json | get NAME | list [--page-size N] [--page-token "
    "T] | watch [--after EVENT]";

static void hold_print(const Salvo__V1__Hold *h) {
  if (!h) {
    return;
  }
  const ProtobufCEnumValue *cause =
      protobuf_c_enum_descriptor_get_value(&salvo__v1__hold__cause__descriptor, (int)h->cause);
  (void)printf("%s  %s  %s  placed by %s%s", h->name, cause ? cause->name : "?",
               h->lift_time   ? "lifted"
               : h->confirmed ? "confirmed"
                              : "UNCONFIRMED",
               h->placed_by[0] ? h->placed_by : "the registry",
               h->near_match_of[0] ? "  resembles " : "");
  (void)printf("%s", h->near_match_of);
  if (h->manifest_number[0]) {
    (void)printf("  on %s %s", h->manifest_number, h->occupant_id);
  }
  (void)putchar('\n');
}

static int hold_place(struct salvo *s, const char *path) {
  ProtobufCMessage *request, *answer;
  int code = call_request_read(s, path, &salvo__v1__place_hold_request__descriptor, &request);
  if (code == EXIT_DONE) {
    code = call_unary(s, "/salvo.v1.ProtectionService/PlaceHold", request,
                      &salvo__v1__place_hold_response__descriptor, &answer);
  }
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__PlaceHoldResponse *r = (const Salvo__V1__PlaceHoldResponse *)(void *)answer;
  hold_print(r->hold);
  (void)printf("manifests suspended: %u\n", r->suspended_manifests);
  return EXIT_DONE;
}

static int hold_lift(struct salvo *s, const char *path) {
  ProtobufCMessage *request, *answer;
  int code = call_request_read(s, path, &salvo__v1__lift_hold_request__descriptor, &request);
  if (code == EXIT_DONE) {
    code = call_unary(s, "/salvo.v1.ProtectionService/LiftHold", request,
                      &salvo__v1__lift_hold_response__descriptor, &answer);
  }
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__LiftHoldResponse *r = (const Salvo__V1__LiftHoldResponse *)(void *)answer;
  hold_print(r->hold);
  if (r->pending_second_officer) {
    (void)puts("a second officer has to lift it too");
  }
  return EXIT_DONE;
}

static int hold_get(struct salvo *s, char *name) {
  Salvo__V1__GetHoldRequest request = SALVO__V1__GET_HOLD_REQUEST__INIT;
  ProtobufCMessage *answer;
  request.name = name;
  int code = call_unary(s, "/salvo.v1.ProtectionService/GetHold", &request.base,
                        &salvo__v1__get_hold_response__descriptor, &answer);
  return code == EXIT_DONE ? json_print(s, answer) : code;
}

static int hold_list(struct salvo *s, struct arguments a) {
  Salvo__V1__ListHoldsRequest request = SALVO__V1__LIST_HOLDS_REQUEST__INIT;
  const char *size = argument_take(&a, "--page-size"), *token = argument_take(&a, "--page-token");
  ProtobufCMessage *answer;
  request.page_size = size ? (int32_t)strtol(size, NULL, 10) : 0;
  request.page_token = (char *)(uintptr_t)(token ? token : "");
  if (a.count != 0) {
    return usage_fault(usage);
  }
  int code = call_unary(s, "/salvo.v1.ProtectionService/ListHolds", &request.base,
                        &salvo__v1__list_holds_response__descriptor, &answer);
  if (code != EXIT_DONE || s->json) {
    return code != EXIT_DONE ? code : json_print(s, answer);
  }
  const Salvo__V1__ListHoldsResponse *r = (const Salvo__V1__ListHoldsResponse *)(void *)answer;
  for (size_t i = 0; i < r->n_holds; i++) {
    hold_print(r->holds[i]);
  }
  if (r->next_page_token[0]) {
    (void)printf("next page: --page-token %s\n", r->next_page_token);
  }
  return EXIT_DONE;
}

int command_hold(struct salvo *s, struct arguments a) {
  const char *act = a.count > 0 ? a.v[0] : "";
  if (strcmp(act, "list") == 0) {
    return hold_list(s, (struct arguments){a.count - 1, a.v + 1});
  }
  if (strcmp(act, "watch") == 0) {
    return watch_alarms(s, (struct arguments){a.count - 1, a.v + 1});
  }
  if (a.count != 2) {
    return usage_fault(usage);
  }
  return strcmp(act, "place") == 0  ? hold_place(s, a.v[1])
         : strcmp(act, "lift") == 0 ? hold_lift(s, a.v[1])
         : strcmp(act, "get") == 0  ? hold_get(s, a.v[1])
                                    : usage_fault(usage);
}
