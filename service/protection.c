/* Holds, facts and alarms. Invariants: a hold never ends by itself and never by one officer; a fact holds no name and no
 * reference in clear; the answer to a request_id is the same for ever. */
#include "service/protection.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "model/names.h"
#include "model/rules.h"
#include "service/asked.h"
#include "service/change.h"
#include "service/refuge.h"
#include "service/rules.h"

static const int64_t hour_us = (int64_t)3600 * 1000000;

static bool of_the_desk(const struct service_caller *caller) {
  return policy_kinds(caller, SERVICE_ACT_LiftHold) != 0;
}

static sv_status tell(struct store_tx *tx, struct sv_ctx *ctx, const struct service_caller *caller,
                      const char *act, const char *reason) {
  struct change change = {.actor = caller->spiffe,
                          .act = act,
                          .reason = reason,
                          .authority = caller->authority->id,
                          .number = ""};
  return service_changed(tx, ctx, &change);
}

static sv_status today_of(struct sv_ctx *ctx, const struct service_caller *caller,
                          struct sv_date *ret) {
  return sv_date_in_zone(sv_wall_us(), caller->authority->zone, ret)
             ? SV_DONE
             : SV_FAIL(ctx, CONFIG, "time zone of authority %s", caller->authority->id);
}

/* --- placing --- */

struct placing {
  struct asked asked;
  const struct likeness *person;
  int cause;
  const char *states;
  struct sv_bytes sealed;
  bool remember; /* under the request_id; a fact remembers for itself */
  struct store_hold hold;
  uint32_t suspended;
  bool refused;
};

static sv_status keys_add(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                          const char *subject) {
  for (size_t i = 0; i < person->exact_count; i++) {
    SV_TRY(tx->protection->person_add(tx, ctx, person->exact[i].v, false, subject));
  }
  for (size_t i = 0; i < person->shown_count; i++) {
    SV_TRY(tx->protection->person_add(tx, ctx, person->shown[i].v, true, subject));
  }
  return SV_DONE;
}

/* The desk's second call for the same person and cause confirms the first hold. */
static sv_status confirm_existing(struct store_tx *tx, struct sv_ctx *ctx, struct placing *p,
                                  bool *ret_existed) {
  const struct service_caller *caller = p->asked.caller;
  *ret_existed = false;
  if (!of_the_desk(caller)) {
    return SV_DONE; /* who is not of the desk learns nothing of other holds */
  }
  sv_status s = tx->protection->hold_of(tx, ctx, caller->authority->id, p->cause, p->person->self.v,
                                        "", &p->hold);
  if (s.reason == SV_NOT_FOUND) {
    sv_ctx_clear(ctx);
    return SV_DONE;
  }
  SV_TRY(s);
  if (strcmp(p->hold.states, p->states) != 0) {
    return SV_DONE;
  }
  *ret_existed = true;
  if (p->hold.confirmed) {
    return SV_DONE;
  }
  p->hold.confirmed = true;
  SV_TRY(tx->protection->hold_change(tx, ctx, &p->hold));
  return tell(tx, ctx, caller, "confirm-hold", "");
}

/* Somebody who places holds by the dozen stops flights: his holds end at a number, and the desk hears of it. */
static sv_status budget_check(struct store_tx *tx, struct sv_ctx *ctx, struct placing *p) {
  const struct service_caller *caller = p->asked.caller;
  uint32_t allowed = p->asked.s->parts.policy->safeguards.holds_per_day, placed;
  if (of_the_desk(caller) || allowed == 0) {
    return SV_DONE;
  }
  SV_TRY(
      tx->protection->holds_placed(tx, ctx, caller->spiffe, sv_wall_us() - 24 * hour_us, &placed));
  p->refused = placed >= allowed;
  if (!p->refused) {
    return SV_DONE;
  }
  SV_TRY(tell(tx, ctx, caller, "refuse", sv_reason_name(SV_LIMIT_EXCEEDED)));
  return service_alarm(tx, ctx, caller->authority->id, "", 0, "");
}

static sv_status hold_make(struct store_tx *tx, struct sv_ctx *ctx, struct placing *p) {
  const struct service_caller *caller = p->asked.caller;
  struct store_line line = {0};
  likeness_to_line(p->person, &line);
  p->hold = (struct store_hold){.authority = caller->authority->id,
                                .cause = p->cause,
                                .states = p->states,
                                .confirmed = of_the_desk(caller),
                                .placed_by = caller->spiffe,
                                .place_us = sv_wall_us(),
                                .first_by = "",
                                .lifted_by = "",
                                .lift_fact = "",
                                .near_to = "",
                                .number = "",
                                .occupant_id = "",
                                .sealed = p->sealed};
  memcpy(p->hold.fact_key, line.fact_key, sizeof p->hold.fact_key);
  memcpy(p->hold.self, line.self, sizeof p->hold.self);
  SV_TRY(refuge_hold_name(ctx, &p->hold.name));
  SV_TRY(tx->protection->hold_add(tx, ctx, &p->hold));
  SV_TRY(keys_add(tx, ctx, p->person, p->hold.name));
  SV_TRY(tell(tx, ctx, caller, "place-hold", ""));
  struct refuge_cause cause = {.subject = p->hold.name,
                               .actor = caller->spiffe,
                               .person = p->person,
                               .hold = true,
                               .states = p->states};
  return refuge_suspend(tx, ctx, &cause, &p->suspended);
}

static sv_status place_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct placing *p = arg;
  struct store_act_row known;
  bool existed;
  if (p->remember) {
    SV_TRY(asked_before(tx, ctx, &p->asked, &known, &existed));
    if (existed) {
      p->suspended = (uint32_t)known.detail;
      return tx->protection->hold_find(tx, ctx, known.subject, &p->hold);
    }
  }
  SV_TRY(confirm_existing(tx, ctx, p, &existed));
  if (!existed) {
    SV_TRY(budget_check(tx, ctx, p));
    if (p->refused) {
      return SV_DONE; /* the alarm has to stay: the refusal comes after the act */
    }
    SV_TRY(hold_make(tx, ctx, p));
  }
  return p->remember ? asked_remember(tx, ctx, &p->asked, p->hold.name, p->suspended) : SV_DONE;
}

static void place_check(struct sv_ctx *ctx, const struct service_hold_request *r,
                        struct sv_date today) {
  model_person_check(ctx, &r->person, "person", today);
  model_travel_document_check(ctx, &r->document, "travel_document");
  if (r->cause < HOLD_PENDING_CLAIM || r->cause > HOLD_SCREENING) {
    sv_ctx_violate(ctx,
                   r->cause == HOLD_CAUSE_NONE   ? "is required"
                   : r->cause == HOLD_NEAR_MATCH ? "is placed by the registry alone"
                                                 : "is not a known value",
                   "cause");
  }
  if (r->states.n > 40) {
    sv_ctx_violate(ctx, "has too many elements", "states");
    return;
  }
  for (size_t i = 0; i < r->states.n; i++) {
    const char *fault = model_territory_fault(r->states.v[i]);
    if (fault) {
      sv_ctx_violate(ctx, fault, "states[%zu]", i);
    }
  }
}

sv_status service_hold_place(struct service *s, struct sv_ctx *ctx,
                             const struct service_caller *caller,
                             const struct service_hold_request *r, struct service_hold *ret,
                             uint32_t *ret_suspended) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_PlaceHold, MODEL_KIND_NONE));
  struct placing p = {.cause = r->cause, .remember = true};
  struct likeness person;
  struct sv_date today;
  SV_TRY(today_of(ctx, caller, &today));
  asked_open(s, ctx, caller, "PlaceHold", r->request_id, r->encoded, &p.asked);
  place_check(ctx, r, today);
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(likeness_of(s, ctx, &r->person, &r->document, &person));
  SV_TRY(refuge_states(ctx, &r->states, &p.states));
  SV_TRY(refuge_person_seal(s, ctx, &r->person, &r->document, &p.sealed));
  p.person = &person;
  SV_TRY(store_write(s->parts.store, ctx, place_act, &p));
  if (p.refused) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "holds of a caller in a day");
  }
  *ret = (struct service_hold){.row = p.hold};
  *ret_suspended = p.suspended;
  return SV_DONE;
}

/* --- lifting --- */

struct lifting {
  struct asked asked;
  const char *name;
  const char *fact_id;
  struct store_hold hold;
  bool pending;
};

static sv_status own_hold(struct store_tx *tx, struct sv_ctx *ctx,
                          const struct service_caller *caller, const char *name,
                          struct store_hold *ret) {
  SV_TRY(tx->protection->hold_find(tx, ctx, name, ret));
  return strcmp(ret->authority, caller->authority->id) == 0
             ? SV_DONE
             : SV_FAIL(ctx, NOT_FOUND, "a hold of another authority");
}

static sv_status decision_check(struct store_tx *tx, struct sv_ctx *ctx, struct lifting *l) {
  struct store_fact fact = {0};
  sv_status s = tx->protection->fact_find(tx, ctx, l->hold.authority, l->fact_id, &fact);
  if (sv_failed(s) && s.reason != SV_NOT_FOUND) {
    return s;
  }
  bool of_person = memcmp(fact.person_key, l->hold.fact_key[0], sizeof fact.person_key) == 0 ||
                   memcmp(fact.person_key, l->hold.fact_key[1], sizeof fact.person_key) == 0;
  if (sv_failed(s) || fact.kind != FACT_DECISION || !of_person) {
    sv_ctx_clear(ctx);
    sv_ctx_violate(ctx, "is no decision on record of this person", "decision_fact");
  }
  return sv_ctx_violations_status(ctx);
}

static sv_status hold_end(struct store_tx *tx, struct sv_ctx *ctx, struct lifting *l) {
  l->hold.lifted_by = l->asked.caller->spiffe;
  l->hold.lift_fact = l->fact_id;
  l->hold.lift_us = sv_wall_us();
  SV_TRY(tx->protection->hold_change(tx, ctx, &l->hold));
  if (l->hold.cause == HOLD_NEAR_MATCH) {
    SV_TRY(tx->protection->difference_add(tx, ctx, l->hold.near_to, l->hold.self));
  }
  SV_TRY(tell(tx, ctx, l->asked.caller, "lift-hold", ""));
  return refuge_relieve(tx, ctx, l->asked.s, l->asked.caller->spiffe);
}

static sv_status lift_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct lifting *l = arg;
  const char *officer = l->asked.caller->spiffe;
  struct store_act_row known;
  bool existed;
  SV_TRY(asked_before(tx, ctx, &l->asked, &known, &existed));
  SV_TRY(own_hold(tx, ctx, l->asked.caller, l->name, &l->hold));
  if (existed) {
    l->pending = known.detail != 0;
    return SV_DONE;
  }
  if (l->hold.lift_us) {
    return SV_FAIL(ctx, NOT_ISSUED, "the hold was lifted before");
  }
  SV_TRY(decision_check(tx, ctx, l));
  l->pending = l->hold.first_by[0] == '\0';
  if (l->pending) {
    l->hold.first_by = officer;
    SV_TRY(tx->protection->hold_change(tx, ctx, &l->hold));
    SV_TRY(tell(tx, ctx, l->asked.caller, "lift-hold-first", ""));
  } else if (strcmp(l->hold.first_by, officer) == 0) {
    return SV_FAIL(ctx, ROLE_MISSING, "the second officer is the first");
  } else {
    SV_TRY(hold_end(tx, ctx, l));
  }
  return asked_remember(tx, ctx, &l->asked, l->hold.name, l->pending);
}

sv_status service_hold_lift(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, const char *request_id,
                            const char *name, const char *decision_fact, struct sv_bytes encoded,
                            struct service_hold *ret, bool *ret_pending) {
  static const char prefix[] = "facts/";
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_LiftHold, MODEL_KIND_NONE));
  if (!policy_is_officer(caller)) {
    return SV_FAIL(ctx, ROLE_MISSING, "a system can't lift a hold");
  }
  struct lifting l = {.name = name};
  asked_open(s, ctx, caller, "LiftHold", request_id, encoded, &l.asked);
  if (strncmp(decision_fact, prefix, sizeof prefix - 1) != 0) {
    sv_ctx_violate(ctx, decision_fact[0] ? "is not a name \"facts/...\"" : "is required",
                   "decision_fact");
  }
  SV_TRY(sv_ctx_violations_status(ctx));
  l.fact_id = decision_fact + sizeof prefix - 1;
  SV_TRY(store_write(s->parts.store, ctx, lift_act, &l));
  *ret = (struct service_hold){.row = l.hold};
  *ret_pending = l.pending;
  return SV_DONE;
}

/* --- reading --- */

static sv_status hold_show(struct service *s, struct sv_ctx *ctx, struct service_hold *h) {
  if (h->row.sealed.n == 0) {
    return SV_DONE; /* found by keys alone: the manifest's line tells who it is */
  }
  SV_TRY(refuge_person_open(s, ctx, h->row.sealed, &h->person, &h->document));
  h->shown = true;
  return SV_DONE;
}

struct reading {
  const struct service_caller *caller;
  const char *name;
  uint64_t before;
  struct store_hold *rows;
  size_t limit, n;
};

static sv_status read_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct reading *r = arg;
  if (r->name) {
    SV_TRY(own_hold(tx, ctx, r->caller, r->name, r->rows));
    r->n = 1;
  } else {
    SV_TRY(tx->protection->hold_list(tx, ctx, r->caller->authority->id, r->before, r->rows,
                                     r->limit, &r->n));
  }
  return tell(tx, ctx, r->caller, r->name ? "read-hold" : "list-holds", "");
}

sv_status service_hold_read(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, const char *name,
                            struct service_hold *ret) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_GetHold, MODEL_KIND_NONE));
  *ret = (struct service_hold){0};
  struct reading r = {.caller = caller, .name = name, .rows = &ret->row};
  SV_TRY(store_write(s->parts.store, ctx, read_act, &r));
  return hold_show(s, ctx, ret);
}

sv_status service_hold_list(struct service *s, struct sv_ctx *ctx,
                            const struct service_caller *caller, uint32_t limit,
                            const char *page_token, struct service_hold *ret, size_t *ret_n,
                            const char **ret_next) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_ListHolds, MODEL_KIND_NONE));
  struct reading r = {.caller = caller,
                      .limit = limit == 0                 ? 50
                               : limit > SERVICE_PAGE_MAX ? SERVICE_PAGE_MAX
                                                          : limit};
  if (page_token[0]) {
    char *end;
    r.before = strtoull(page_token, &end, 10);
    if (*end || r.before == 0 || page_token[0] == '-') {
      sv_ctx_violate(ctx, "is not a token of the page before", "page_token");
      return sv_ctx_violations_status(ctx);
    }
  }
  r.rows = SV_ARRAY(ctx->mem, r.limit, struct store_hold);
  if (!r.rows) {
    return SV_FAIL(ctx, NO_MEMORY, "rows of a page");
  }
  SV_TRY(store_write(s->parts.store, ctx, read_act, &r));
  for (size_t i = 0; i < r.n; i++) {
    ret[i] = (struct service_hold){.row = r.rows[i]};
    SV_TRY(hold_show(s, ctx, &ret[i]));
  }
  *ret_n = r.n;
  *ret_next = r.n == r.limit
                  ? sv_arena_printf(ctx->mem, "%llu", (unsigned long long)r.rows[r.n - 1].row)
                  : "";
  return *ret_next ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "page token");
}

/* --- facts --- */

struct recording {
  struct placing placing; /* of a claim */
  struct store_fact fact;
  bool claim;
};

static sv_status fact_known(struct store_tx *tx, struct sv_ctx *ctx, struct recording *r,
                            bool *ret_known) {
  struct store_act_row known;
  SV_TRY(asked_before(tx, ctx, &r->placing.asked, &known, ret_known));
  if (!*ret_known) {
    return SV_DONE;
  }
  SV_TRY(tx->protection->fact_find(tx, ctx, r->fact.authority, r->fact.id, &r->fact));
  return r->fact.hold[0] ? tx->protection->hold_find(tx, ctx, r->fact.hold, &r->placing.hold)
                         : SV_DONE;
}

static sv_status record_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct recording *r = arg;
  bool known;
  SV_TRY(fact_known(tx, ctx, r, &known));
  if (known) {
    return SV_DONE;
  }
  if (r->claim) { /* whoever hears it: no number of claims in a day is too many */
    bool existed;
    SV_TRY(confirm_existing(tx, ctx, &r->placing, &existed));
    if (!existed) {
      SV_TRY(hold_make(tx, ctx, &r->placing));
    }
    r->fact.hold = r->placing.hold.name;
  }
  SV_TRY(tx->protection->fact_add(tx, ctx, &r->fact));
  SV_TRY(tell(tx, ctx, r->placing.asked.caller, "record-fact",
              rules_fact_name((enum fact_kind)r->fact.kind)));
  return asked_remember(tx, ctx, &r->placing.asked, r->fact.id, 0);
}

static bool needs_reference(int kind) {
  return (FACT_BIT(kind) &
          (FACT_BIT(FACT_DECISION) | FACT_BIT(FACT_BEST_INTEREST) | FACT_BIT(FACT_RECEIVING_ADULT) |
           FACT_BIT(FACT_ADMISSION_GUARANTEE) | FACT_BIT(FACT_FAMILY_GROUP))) != 0;
}

static bool needs_language(int kind) {
  return kind == FACT_SCREENING_NO_CLAIM || kind == FACT_CONSENT;
}

static const char *language_fault(const char *v) {
  size_t n = strlen(v);
  for (const char *p = v; *p; p++) {
    bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
    if (!letter && !(p > v && (*p == '-' || (*p >= '0' && *p <= '9')))) {
      return "is not a language tag (BCP 47)";
    }
  }
  return n >= 2 && n <= 35 ? NULL : "is not a language tag (BCP 47)";
}

static void fact_check(struct sv_ctx *ctx, const struct service_fact_request *r,
                       struct sv_date today) {
  if (r->kind <= FACT_NONE || r->kind >= FACT_KINDS) {
    sv_ctx_violate(ctx, r->kind == FACT_NONE ? "is required" : "is not a known value", "kind");
    return;
  }
  model_person_check(ctx, &r->person, "person", today);
  model_travel_document_check(ctx, &r->document, "travel_document");
  if (r->fact_us == 0) {
    sv_ctx_violate(ctx, "is required", "fact_time");
  } else if (r->fact_us > sv_wall_us() + hour_us / 12) { /* five minutes for clocks that differ */
    sv_ctx_violate(ctx, "is in the future", "fact_time");
  }
  if (r->expiry_us && r->expiry_us <= r->fact_us) {
    sv_ctx_violate(ctx, "is not after fact_time", "expiry_time");
  }
  if (r->language[0] ? language_fault(r->language) != NULL : needs_language(r->kind)) {
    sv_ctx_violate(ctx, r->language[0] ? language_fault(r->language) : "is required", "language");
  }
  const char *fault = r->reference[0] == '\0'     ? NULL
                      : strlen(r->reference) > 64 ? "is too long"
                                                  : model_token_fault(r->reference);
  if (fault || (needs_reference(r->kind) && r->reference[0] == '\0')) {
    sv_ctx_violate(ctx, fault ? fault : "is required", "reference");
  }
}

sv_status service_fact_record(struct service *s, struct sv_ctx *ctx,
                              const struct service_caller *caller,
                              const struct service_fact_request *request, const char **ret_name,
                              struct service_hold *ret_hold) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_RecordFact, MODEL_KIND_NONE));
  struct recording r = {.claim = request->kind == FACT_SCREENING_CLAIM,
                        .placing = {.cause = HOLD_PENDING_CLAIM, .states = ""}};
  struct likeness person;
  struct sv_date today;
  SV_TRY(today_of(ctx, caller, &today));
  asked_open(s, ctx, caller, "RecordFact", request->request_id, request->encoded, &r.placing.asked);
  fact_check(ctx, request, today);
  SV_TRY(sv_ctx_violations_status(ctx));
  SV_TRY(likeness_of(s, ctx, &request->person, &request->document, &person));
  r.placing.person = &person;
  if (r.claim) {
    SV_TRY(refuge_person_seal(s, ctx, &request->person, &request->document, &r.placing.sealed));
  }
  r.fact = (struct store_fact){.id = r.placing.asked.request_id,
                               .authority = caller->authority->id,
                               .kind = request->kind,
                               .fact_us = request->fact_us,
                               .expiry_us = request->expiry_us,
                               .language = request->language,
                               .interpreter = request->interpreter,
                               .hold = "",
                               .recorded_by = caller->spiffe,
                               .time_us = sv_wall_us()};
  memcpy(r.fact.person_key, person.fact[0].v, sizeof r.fact.person_key);
  if (request->reference[0]) {
    service_mac(s, "reference", sv_bytes_str(request->reference), r.fact.reference_mac);
  }
  SV_TRY(store_write(s->parts.store, ctx, record_act, &r));
  *ret_name = sv_arena_printf(ctx->mem, "facts/%s", r.placing.asked.request_id);
  *ret_hold = (struct service_hold){.row = r.placing.hold};
  return *ret_name ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "name of a fact");
}

/* --- alarms --- */

struct alarms {
  struct store_event_query query;
  struct store_event *rows;
  size_t n;
  uint64_t last;
};

static sv_status alarms_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct alarms *a = arg;
  return tx->life->events_after(tx, ctx, &a->query, a->rows, &a->n, &a->last);
}

sv_status service_alarms(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                         uint64_t after, struct store_event *ret, size_t limit, size_t *ret_n,
                         uint64_t *ret_last) {
  SV_TRY(policy_allows(ctx, caller, SERVICE_ACT_WatchAlarms, MODEL_KIND_NONE));
  struct alarms a = {.query = {.topic = STORE_ALARM,
                               .authority = caller->authority->id,
                               .kinds = SERVICE_ALL_KINDS,
                               .after = after,
                               .limit = limit},
                     .rows = ret};
  SV_TRY(store_read(s->parts.store, ctx, alarms_act, &a));
  *ret_n = a.n;
  *ret_last = a.n == limit ? ret[a.n - 1].event : a.last > after ? a.last : after;
  return SV_DONE;
}

/* --- the sweeper --- */

static sv_status sweep_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  enum { ALARMS_AT_ONCE = 64 };
  struct service *s = arg;
  int64_t patience_us = s->parts.policy->safeguards.hold_unconfirmed_hours * hour_us;
  int64_t now_us = sv_wall_us();
  struct store_hold *rows = SV_ARRAY(ctx->mem, ALARMS_AT_ONCE, struct store_hold);
  size_t n = 0;
  if (!rows) {
    return SV_FAIL(ctx, NO_MEMORY, "unconfirmed holds");
  }
  if (patience_us) {
    SV_TRY(tx->protection->holds_unconfirmed(tx, ctx, now_us - patience_us, now_us - patience_us,
                                             rows, ALARMS_AT_ONCE, &n));
  }
  for (size_t i = 0; i < n; i++) {
    rows[i].alarm_us = now_us;
    SV_TRY(tx->protection->hold_change(tx, ctx, &rows[i]));
    SV_TRY(service_alarm(tx, ctx, rows[i].authority, rows[i].number, 0, rows[i].occupant_id));
  }
  return refuge_relieve(tx, ctx, s, "sweeper");
}

sv_status protection_sweep(struct service *s, struct sv_ctx *ctx) {
  return store_write(s->parts.store, ctx, sweep_act, s);
}
