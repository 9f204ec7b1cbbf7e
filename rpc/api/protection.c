/* ProtectionService: the handlers of holds, facts and alarms. */
#include <string.h>

#include "rpc/api/convert.h"
#include "salvo/v1/operations.pb-c.h"
#include "service/protection.h"

enum { ALARMS_AT_ONCE = 64 };
static const uint64_t alarm_poll_ns = 250 * 1000 * 1000;

static char *text(const char *s) { return (char *)(uintptr_t)s; } /* packing only reads */

static bool states_put(struct sv_ctx *ctx, const char *list, Salvo__V1__Hold *m) {
  char *copy = sv_arena_strdup(ctx->mem, list);
  m->states = SV_ARRAY(ctx->mem, strlen(list) + 1, char *);
  if (!copy || !m->states) {
    return false;
  }
  char *save = NULL;
  for (char *s = strtok_r(copy, ",", &save); s; s = strtok_r(NULL, ",", &save)) {
    m->states[m->n_states++] = s;
  }
  return true;
}

static bool person_put(struct sv_ctx *ctx, const struct service_hold *h, Salvo__V1__Hold *m) {
  m->person = SV_NEW(ctx->mem, Salvo__V1__Person);
  m->travel_document = SV_NEW(ctx->mem, Salvo__V1__TravelDocument);
  if (!m->person || !m->travel_document) {
    return false;
  }
  salvo__v1__person__init(m->person);
  salvo__v1__travel_document__init(m->travel_document);
  m->person->surname = text(h->person.surname);
  m->person->given_names = text(h->person.given_names);
  m->person->native_name = text(h->person.native_name);
  m->person->birth_date = text(h->person.birth_date);
  m->person->birth_place = text(h->person.birth_place);
  m->person->sex = text(h->person.sex);
  m->person->nationality = text(h->person.nationality);
  m->travel_document->type = text(h->document.type);
  m->travel_document->number = text(h->document.number);
  m->travel_document->issuing_state = text(h->document.issuing_state);
  m->travel_document->expiry_date = text(h->document.expiry_date);
  return true;
}

/* desk: what the protection desk alone may see goes in. NULL when memory is out. */
static Salvo__V1__Hold *hold_message(struct sv_ctx *ctx, const struct service_hold *h, bool desk) {
  Salvo__V1__Hold *m = SV_NEW(ctx->mem, Salvo__V1__Hold);
  if (!m) {
    return NULL;
  }
  salvo__v1__hold__init(m);
  m->name = text(h->row.name);
  m->cause = (Salvo__V1__Hold__Cause)h->row.cause;
  m->confirmed = h->row.confirmed;
  m->placed_by = text(h->row.placed_by ? h->row.placed_by : "");
  m->place_time = convert_timestamp(ctx, h->row.place_us);
  m->lift_time = h->row.lift_us ? convert_timestamp(ctx, h->row.lift_us) : NULL;
  bool ok = m->place_time && (!h->row.lift_us || m->lift_time) && states_put(ctx, h->row.states, m);
  if (desk) {
    m->near_match_of = text(h->row.near_to);
    m->manifest_number = text(h->row.number);
    m->occupant_id = text(h->row.occupant_id);
    ok = ok && (!h->shown || person_put(ctx, h, m));
  }
  return ok ? m : NULL;
}

static sv_status place_hold(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, PlaceHoldRequest, place_hold_request, m);
  convert_request_id(call, m->request_id);
  struct service_hold_request request = {.request_id = m->request_id,
                                         .person = convert_person(m->person),
                                         .document = convert_travel_document(m->travel_document),
                                         .cause = (int)m->cause};
  SV_TRY(convert_texts(ctx, m->states, m->n_states, &request.states));
  SV_TRY(rpc_pack(ctx, &m->base, &request.encoded));
  struct service_hold hold;
  Salvo__V1__PlaceHoldResponse answer = SALVO__V1__PLACE_HOLD_RESPONSE__INIT;
  SV_TRY(service_hold_place(service, ctx, &caller, &request, &hold, &answer.suspended_manifests));
  answer.hold = hold_message(ctx, &hold, false);
  return answer.hold ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status lift_hold(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, LiftHoldRequest, lift_hold_request, m);
  convert_request_id(call, m->request_id);
  struct sv_bytes encoded;
  struct service_hold hold;
  bool pending;
  SV_TRY(rpc_pack(ctx, &m->base, &encoded));
  SV_TRY(service_hold_lift(service, ctx, &caller, m->request_id, m->name, m->decision_fact, encoded,
                           &hold, &pending));
  Salvo__V1__LiftHoldResponse answer = SALVO__V1__LIFT_HOLD_RESPONSE__INIT;
  answer.hold = hold_message(ctx, &hold, false);
  answer.pending_second_officer = pending;
  return answer.hold ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status get_hold(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetHoldRequest, get_hold_request, m);
  struct service_hold hold;
  SV_TRY(service_hold_read(service, ctx, &caller, m->name, &hold));
  Salvo__V1__GetHoldResponse answer = SALVO__V1__GET_HOLD_RESPONSE__INIT;
  answer.hold = hold_message(ctx, &hold, true);
  return answer.hold ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status list_holds(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ListHoldsRequest, list_holds_request, m);
  if (m->page_size < 0) {
    sv_ctx_violate(ctx, "is negative", "page_size");
    return sv_ctx_violations_status(ctx);
  }
  struct service_hold *holds = SV_ARRAY(ctx->mem, SERVICE_PAGE_MAX, struct service_hold);
  if (!holds) {
    return CONVERT_NO_MEMORY(ctx);
  }
  size_t n;
  const char *next;
  SV_TRY(service_hold_list(service, ctx, &caller, (uint32_t)m->page_size, m->page_token, holds, &n,
                           &next));
  Salvo__V1__ListHoldsResponse answer = SALVO__V1__LIST_HOLDS_RESPONSE__INIT;
  answer.holds = SV_ARRAY(ctx->mem, n, Salvo__V1__Hold *);
  answer.next_page_token = text(next);
  for (size_t i = 0; answer.holds && i < n; i++) {
    answer.holds[i] = hold_message(ctx, &holds[i], true);
    if (!answer.holds[i]) {
      return CONVERT_NO_MEMORY(ctx);
    }
    answer.n_holds++;
  }
  return answer.holds ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

static sv_status record_fact(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, RecordFactRequest, record_fact_request, m);
  convert_request_id(call, m->request_id);
  struct service_fact_request request = {.request_id = m->request_id,
                                         .kind = (int)m->kind,
                                         .person = convert_person(m->person),
                                         .document = convert_travel_document(m->travel_document),
                                         .fact_us = convert_time(m->fact_time),
                                         .expiry_us = convert_time(m->expiry_time),
                                         .language = m->language,
                                         .interpreter = m->interpreter,
                                         .reference = m->reference};
  SV_TRY(rpc_pack(ctx, &m->base, &request.encoded));
  struct service_hold hold;
  const char *name;
  SV_TRY(service_fact_record(service, ctx, &caller, &request, &name, &hold));
  Salvo__V1__RecordFactResponse answer = SALVO__V1__RECORD_FACT_RESPONSE__INIT;
  answer.fact = text(name);
  if (hold.row.name) {
    answer.hold = hold_message(ctx, &hold, false);
    if (!answer.hold) {
      return CONVERT_NO_MEMORY(ctx);
    }
  }
  return convert_answer(call, ctx, &answer.base);
}

static sv_status alarms_send(struct rpc_call *call, struct sv_ctx *ctx,
                             const struct store_event *events, size_t n) {
  for (size_t i = 0; i < n; i++) {
    Salvo__V1__WatchAlarmsResponse answer = SALVO__V1__WATCH_ALARMS_RESPONSE__INIT;
    answer.event = events[i].event;
    answer.manifest_number = text(events[i].number);
    answer.occupant_id = text(events[i].occupant_id);
    answer.time = convert_timestamp(ctx, events[i].time_us);
    if (!answer.time) {
      return CONVERT_NO_MEMORY(ctx);
    }
    SV_TRY(convert_answer(call, ctx, &answer.base));
  }
  return SV_DONE;
}

/* Alarms after the one that the watcher knows, then each as it is raised, until nobody watches any more. */
static sv_status watch_alarms(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  uint64_t after;
  {
    BEGIN(call, ctx, service, caller, WatchAlarmsRequest, watch_alarms_request, m);
    (void)caller;
    after = m->after_event;
  }
  rpc_call_headers_send(call);
  for (;;) {
    rpc_call_recycle(call, ctx);
    struct service_caller caller; /* anew: a certificate or a role may have gone */
    SV_TRY(convert_caller(call, ctx, service, &caller));
    struct store_event *events = SV_ARRAY(ctx->mem, ALARMS_AT_ONCE, struct store_event);
    if (!events) {
      return CONVERT_NO_MEMORY(ctx);
    }
    size_t n;
    SV_TRY(service_alarms(service, ctx, &caller, after, events, ALARMS_AT_ONCE, &n, &after));
    SV_TRY(alarms_send(call, ctx, events, n));
    if (n < ALARMS_AT_ONCE) {
      SV_TRY(rpc_call_pause(call, ctx, alarm_poll_ns));
    }
  }
}

const struct rpc_method api_protection_methods[] = {
    {.path = "/salvo.v1.ProtectionService/PlaceHold",
     .input = &salvo__v1__place_hold_request__descriptor,
     .output = &salvo__v1__place_hold_response__descriptor,
     .handle = place_hold},
    {.path = "/salvo.v1.ProtectionService/LiftHold",
     .input = &salvo__v1__lift_hold_request__descriptor,
     .output = &salvo__v1__lift_hold_response__descriptor,
     .handle = lift_hold},
    {.path = "/salvo.v1.ProtectionService/GetHold",
     .input = &salvo__v1__get_hold_request__descriptor,
     .output = &salvo__v1__get_hold_response__descriptor,
     .handle = get_hold},
    {.path = "/salvo.v1.ProtectionService/ListHolds",
     .input = &salvo__v1__list_holds_request__descriptor,
     .output = &salvo__v1__list_holds_response__descriptor,
     .handle = list_holds},
    {.path = "/salvo.v1.ProtectionService/RecordFact",
     .input = &salvo__v1__record_fact_request__descriptor,
     .output = &salvo__v1__record_fact_response__descriptor,
     .handle = record_fact},
    {.path = "/salvo.v1.ProtectionService/WatchAlarms",
     .server_streaming = true,
     .where = RPC_ON_WATCHER,
     .input = &salvo__v1__watch_alarms_request__descriptor,
     .output = &salvo__v1__watch_alarms_response__descriptor,
     .handle = watch_alarms},
};
const size_t api_protection_method_n =
    sizeof api_protection_methods / sizeof api_protection_methods[0];
