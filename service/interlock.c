/* The interlocks on persons: who may not be on a flight, and who may not have a second letter. They run inside the
 * transaction that takes the number, and again in the one that makes the document, at each check at the gate, and at
 * closing. Nothing here says why: a hold, a letter, a likeness and a person of whom nothing is known are the one neutral
 * text (documents.md, decisions 2 and 3); only a flight without any of these is told which rule is not met. */
#include "service/interlock.h"

#include <string.h>

#include "model/codes.h"
#include "model/rules.h"
#include "service/change.h"

bool interlock_protects(const struct model_content *c) {
  return c->kind == MODEL_SAFE_CONDUCT && (c->letter.purpose == MODEL_PROTECTION_STAY ||
                                           c->letter.purpose == MODEL_ASYLUM_SAFE_CONDUCT);
}

sv_status service_persons(struct service *s, struct sv_ctx *ctx,
                          const struct model_content *content, struct persons *ret) {
  const struct model_manifest *m = &content->manifest;
  *ret = (struct persons){.s = s, .content = content};
  ret->n = content->kind == MODEL_FLIGHT_MANIFEST ? m->occupant_count
           : content->kind == MODEL_SAFE_CONDUCT  ? 1
                                                  : 0;
  ret->known = SV_ARRAY(ctx->mem, ret->n, struct likeness);
  if (!ret->known) {
    return SV_FAIL(ctx, NO_MEMORY, "keys of %zu persons", ret->n);
  }
  if (content->kind == MODEL_SAFE_CONDUCT) {
    const struct model_safe_conduct *l = &content->letter;
    return likeness_of(s, ctx, &l->holder, &l->identity_document, &ret->known[0]);
  }
  for (size_t i = 0; i < ret->n; i++) {
    SV_TRY(likeness_of(s, ctx, &m->occupants[i].person, &m->occupants[i].travel_document,
                       &ret->known[i]));
  }
  return SV_DONE;
}

/* --- what is known of a line --- */

struct line_facts {
  struct rules_fact *v;
  size_t n;
  const char *fault;
};

/* A flight while it is judged. */
struct inquiry {
  const struct persons *p;
  const struct model_manifest *m;
  const char *authority;
  const char *today;
  const char *states;
  int64_t now_us;
  struct line_facts *facts; /* a line each */
  bool custody;
  bool monitor;
};

static bool code_given(const struct model_occupant *o, const char *const *codes, size_t n) {
  for (size_t i = 0; i < o->service_codes.n; i++) {
    for (size_t k = 0; k < n; k++) {
      if (strcmp(o->service_codes.v[i], codes[k]) == 0) {
        return true;
      }
    }
  }
  return false;
}

static bool custody_code(const struct model_occupant *o) {
  static const char *const codes[] = {"DEPA", "DEPO"};
  return code_given(o, codes, 2);
}

static bool medical_code(const struct model_occupant *o) {
  static const char *const codes[] = {"MEDA", "MEDP", "PREG", "STCR", "OXYG"};
  return code_given(o, codes, 5);
}

static bool key_of_person(const struct likeness *person, const uint8_t key[LIKENESS_KEY_BYTES]) {
  for (size_t i = 0; i < person->fact_count; i++) {
    if (memcmp(person->fact[i].v, key, LIKENESS_KEY_BYTES) == 0) {
      return true;
    }
  }
  return false;
}

static bool key_on_flight(const struct inquiry *q, const uint8_t key[LIKENESS_KEY_BYTES]) {
  for (size_t i = 0; i < q->p->n; i++) {
    if (!q->m->occupants[i].offloaded && key_of_person(&q->p->known[i], key)) {
      return true;
    }
  }
  return false;
}

/* Who else stands behind the reference of a decision or of a family group. */
static sv_status reference_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct inquiry *q,
                                 const struct likeness *person, const struct store_fact *row,
                                 struct rules_fact *fact) {
  if (row->kind != FACT_DECISION && row->kind != FACT_FAMILY_GROUP) {
    return SV_DONE;
  }
  uint8_t keys[STORE_FACTS_MAX][STORE_PERSON_KEY_BYTES];
  size_t n;
  SV_TRY(tx->protection->persons_of_reference(tx, ctx, q->authority, row->kind, row->reference_mac,
                                              keys, STORE_FACTS_MAX, &n));
  fact->shared = n == STORE_FACTS_MAX;
  fact->split = n == STORE_FACTS_MAX;
  for (size_t i = 0; i < n; i++) {
    fact->shared = fact->shared || !key_of_person(person, keys[i]);
    fact->split = fact->split || !key_on_flight(q, keys[i]);
  }
  return SV_DONE;
}

/* The ids that a line names have to be on record, of this person: else somebody was mistaken about whom it rests on. */
static sv_status named_facts_check(struct store_tx *tx, struct sv_ctx *ctx, const struct inquiry *q,
                                   size_t i, const char **ret_fault) {
  static const char prefix[] = "facts/";
  const struct model_texts *named = &q->m->occupants[i].facts;
  for (size_t k = 0; k < named->n; k++) {
    struct store_fact row = {0};
    bool is_name = strncmp(named->v[k], prefix, sizeof prefix - 1) == 0;
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    sv_status s = is_name ? tx->protection->fact_find(tx, &aside, q->authority,
                                                      named->v[k] + sizeof prefix - 1, &row)
                          : (sv_status){SV_NOT_FOUND};
    if (sv_failed(s) && s.reason != SV_NOT_FOUND) {
      return sv_ctx_fail(ctx, s.reason, "%s", aside.detail);
    }
    if (sv_failed(s) || !key_of_person(&q->p->known[i], row.person_key)) {
      *ret_fault = "names a fact that is not on record of this person";
    }
  }
  return SV_DONE;
}

static sv_status line_facts_read(struct store_tx *tx, struct sv_ctx *ctx, struct inquiry *q,
                                 size_t i) {
  const struct likeness *person = &q->p->known[i];
  struct line_facts *f = &q->facts[i];
  struct store_fact rows[STORE_FACTS_MAX];
  f->v = SV_ARRAY(ctx->mem, (size_t)STORE_FACTS_MAX * person->fact_count, struct rules_fact);
  if (!f->v) {
    return SV_FAIL(ctx, NO_MEMORY, "facts of a line");
  }
  for (size_t k = 0; k < person->fact_count; k++) {
    size_t n;
    SV_TRY(tx->protection->facts_of(tx, ctx, q->authority, person->fact[k].v, rows, STORE_FACTS_MAX,
                                    &n));
    for (size_t r = 0; r < n; r++) {
      struct rules_fact *fact = &f->v[f->n++];
      *fact = (struct rules_fact){.kind = (enum fact_kind)rows[r].kind,
                                  .fact_us = rows[r].fact_us,
                                  .expiry_us = rows[r].expiry_us,
                                  .language = rows[r].language[0] != '\0'};
      SV_TRY(reference_judge(tx, ctx, q, person, &rows[r], fact));
    }
  }
  return named_facts_check(tx, ctx, q, i, &f->fault);
}

static bool fact_given(const struct inquiry *q, size_t i, enum fact_kind kind) {
  for (size_t k = 0; k < q->facts[i].n; k++) {
    const struct rules_fact *f = &q->facts[i].v[k];
    if (f->kind == kind && (f->expiry_us == 0 || f->expiry_us >= q->now_us)) {
      return true;
    }
  }
  return false;
}

static sv_status inquiry_open(struct store_tx *tx, struct sv_ctx *ctx, struct inquiry *q) {
  q->now_us = sv_wall_us();
  q->facts = SV_ARRAY(ctx->mem, q->p->n, struct line_facts);
  if (!q->facts) {
    return SV_FAIL(ctx, NO_MEMORY, "facts of a flight");
  }
  SV_TRY(refuge_flight_states(ctx, q->m, &q->states));
  for (size_t i = 0; i < q->p->n; i++) {
    const struct model_occupant *o = &q->m->occupants[i];
    if (o->offloaded) {
      continue;
    }
    if (model_role_is_passenger(o->role)) {
      SV_TRY(line_facts_read(tx, ctx, q, i));
    }
    q->custody = q->custody || custody_code(o) || fact_given(q, i, FACT_CUSTODY);
    q->monitor = q->monitor || o->role == MODEL_MONITOR || fact_given(q, i, FACT_MONITOR);
  }
  return SV_DONE;
}

/* --- judging a line --- */

static const struct model_leg *leg_of(const struct model_manifest *m, const char *embark) {
  for (size_t i = 0; i < m->leg_count; i++) {
    if (strcmp(m->legs[i].from, embark) == 0) {
      return &m->legs[i];
    }
  }
  return &m->legs[0];
}

static const struct model_occupant *guardian_of(const struct model_manifest *m,
                                                const struct model_occupant *o) {
  for (size_t i = 0; i < m->occupant_count; i++) {
    const struct model_occupant *g = &m->occupants[i];
    if (g != o && o->guardian_occupant_id[0] && !g->offloaded &&
        strcmp(g->occupant_id, o->guardian_occupant_id) == 0) {
      return g;
    }
  }
  return NULL;
}

static const char *state_copy(struct sv_ctx *ctx, const char *state) {
  const char *copy = sv_arena_strdup(ctx->mem, state);
  return copy ? copy : ""; /* "" is the state of nobody: denied */
}

static struct rules_line line_of(struct sv_ctx *ctx, const struct inquiry *q, size_t i,
                                 const struct refuge *refuge) {
  const struct model_occupant *o = &q->m->occupants[i];
  const struct model_leg *leg = leg_of(q->m, o->embark);
  const struct model_occupant *guardian = guardian_of(q->m, o);
  const char *day = sv_arena_strndup(ctx->mem, leg->departure_time, 10); /* in the zone there */
  const char *debark = o->debark[0] ? o->debark : q->m->legs[q->m->leg_count - 1].to;
  char destination[4] = "", nationality[4];
  bool of_state = model_state_territory(o->person.nationality, nationality);
  struct rules_line l = {
      .role = o->role,
      .birth_date = o->person.birth_date,
      .nationality = of_state ? state_copy(ctx, nationality) : o->person.nationality,
      .destination = model_airport_state(debark, destination) ? state_copy(ctx, destination) : "",
      .flight_day = day ? day : "",
      .now_us = q->now_us,
      .facts = q->facts[i].v,
      .fact_count = q->facts[i].n,
      .held = refuge->held || refuge->near_to,
      .protected_letter = refuge->letter,
      .custody = custody_code(o),
      .medical = medical_code(o),
      .custody_flight = q->custody,
      .monitor_aboard = q->monitor,
      .limits = &q->p->s->parts.policy->safeguards,
  };
  l.departure_us = INT64_MAX;
  (void)sv_time_parse(leg->departure_time, &l.departure_us, NULL);
  l.adult_aboard = guardian && rules_adult(guardian->person.birth_date, l.flight_day);
  l.adult_is_escort = guardian && guardian->role == MODEL_ESCORT;
  return l;
}

sv_status interlock_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                          const char *authority, const char *today, size_t first, size_t end,
                          struct interlock_line *ret) {
  struct inquiry q = {.p = p, .m = &p->content->manifest, .authority = authority, .today = today};
  SV_TRY(inquiry_open(tx, ctx, &q));
  for (size_t i = first; i < end; i++) {
    struct interlock_line *l = &ret[i];
    *l = (struct interlock_line){.skipped = q.m->occupants[i].offloaded};
    if (l->skipped) {
      continue;
    }
    SV_TRY(refuge_find(tx, ctx, &p->known[i], q.states, today, &l->refuge));
    struct rules_line line = line_of(ctx, &q, i, &l->refuge);
    l->verdict = rules_judge(&line);
    l->fact_fault = q.facts[i].fault;
  }
  return SV_DONE;
}

bool interlock_line_held(const struct interlock_line *l) { return !l->skipped && l->verdict.hold; }

bool interlock_line_clear(const struct interlock_line *l) {
  return !l->skipped && !l->verdict.hold && !l->fact_fault && l->verdict.unmet_count == 0;
}

/* --- a manifest --- */

static sv_status near_keep(struct sv_ctx *ctx, struct persons *p,
                           const struct interlock_line *lines) {
  p->near = SV_ARRAY(ctx->mem, p->n, struct persons_near);
  if (!p->near) {
    return SV_FAIL(ctx, NO_MEMORY, "near matches");
  }
  p->near_count = 0;
  for (size_t i = 0; i < p->n; i++) {
    const struct refuge *r = &lines[i].refuge;
    if (r->near_to && !r->held && !r->letter && p->near_count < PERSONS_NEAR_MAX) {
      p->near[p->near_count++] = (struct persons_near){i, r->near_to, r->near_states};
    }
  }
  return SV_DONE;
}

static sv_status unmet_tell(struct sv_ctx *ctx, const struct persons *p,
                            const struct interlock_line *lines) {
  size_t told = 0;
  for (size_t i = 0; i < p->n; i++) {
    const struct rules_verdict *v = &lines[i].verdict;
    const char *id = p->content->manifest.occupants[i].occupant_id;
    if (lines[i].fact_fault) {
      told++;
      sv_ctx_violate(ctx, lines[i].fact_fault, "flight_manifest.occupants/%s", id);
    }
    for (size_t k = 0; k < v->unmet_count; k++) {
      const char *text = sv_arena_printf(ctx->mem, "%s: %s", v->unmet_rules[k], v->unmet[k]);
      told++;
      sv_ctx_violate(ctx, text ? text : v->unmet_rules[k], "flight_manifest.occupants/%s", id);
    }
  }
  return told ? SV_FAIL(ctx, RULE_UNMET, "%zu safeguards", told) : SV_DONE;
}

static sv_status interlock_manifest(struct store_tx *tx, struct sv_ctx *ctx, struct persons *p,
                                    const struct store_document *row, const char *today) {
  struct interlock_line *lines = SV_ARRAY(ctx->mem, p->n, struct interlock_line);
  if (!lines) {
    return SV_FAIL(ctx, NO_MEMORY, "lines of a manifest");
  }
  SV_TRY(interlock_judge(tx, ctx, p, row->authority, today, 0, p->n, lines));
  SV_TRY(near_keep(ctx, p, lines));
  size_t held = 0;
  for (size_t i = 0; i < p->n; i++) {
    if (interlock_line_held(&lines[i])) {
      held++;
      sv_ctx_violate(ctx, sv_reason_text(SV_HOLD), "flight_manifest.occupants/%s",
                     p->content->manifest.occupants[i].occupant_id);
    }
  }
  if (held) {
    return SV_FAIL(ctx, HOLD, "%zu occupants", held);
  }
  SV_TRY(unmet_tell(ctx, p, lines));
  p->second_officer = false;
  for (size_t i = 0; i < p->n; i++) {
    p->second_officer = p->second_officer || lines[i].verdict.warning_count > 0;
  }
  return SV_DONE;
}

/* --- a letter: NR-16 --- */

static bool letter_in_force(const struct store_protection *p, const struct model_content *c,
                            const struct store_document *row) {
  return !p->hold && !p->near && p->letter.purpose == c->letter.purpose &&
         p->state == MODEL_ISSUED && strcmp(p->valid_until, row->issue_date) >= 0 &&
         strcmp(p->subject, row->supersedes) != 0 &&
         strcmp(p->subject, row->number ? row->number : "") != 0;
}

static sv_status interlock_letter(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                                  const struct store_document *row) {
  const struct likeness *holder = &p->known[0];
  for (size_t k = 0; k < holder->exact_count; k++) {
    struct store_protection found[STORE_FOUND_MAX];
    size_t n;
    SV_TRY(tx->protection->person_find(tx, ctx, holder->exact[k].v, found, STORE_FOUND_MAX, &n));
    for (size_t i = 0; i < n; i++) {
      if (letter_in_force(&found[i], p->content, row)) {
        sv_ctx_violate(ctx, sv_reason_text(SV_HOLD), "safe_conduct.holder");
        return SV_FAIL(ctx, HOLD, "a second letter of a kind");
      }
    }
  }
  return SV_DONE;
}

sv_status interlock_persons(struct store_tx *tx, struct sv_ctx *ctx, struct persons *p,
                            const struct store_document *row, bool finalising) {
  (void)finalising; /* the same holds at both moments */
  const char *today;
  switch (p->content->kind) {
    case MODEL_FLIGHT_MANIFEST:
      SV_TRY(refuge_today(p->s, ctx, row->authority, &today));
      return interlock_manifest(tx, ctx, p, row, today);
    case MODEL_SAFE_CONDUCT:
      return interlock_letter(tx, ctx, p, row);
    default:
      return SV_DONE;
  }
}

/* --- after a refusal --- */

struct near_holds {
  const struct persons *p;
  const char *authority;
};

/* The likeness becomes a hold on exactly this person, so that the protection desk decides on it, once. */
static sv_status near_holds_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  const struct near_holds *h = arg;
  for (size_t i = 0; i < h->p->near_count; i++) {
    const struct persons_near *near = &h->p->near[i];
    const struct model_occupant *o = &h->p->content->manifest.occupants[near->index];
    const struct likeness *person = &h->p->known[near->index];
    struct store_line line = {.number = "", .occupant_id = o->occupant_id};
    likeness_to_line(person, &line);
    struct refuge_near n = {.authority = h->authority,
                            .exact = person->exact,
                            .exact_count = person->exact_count,
                            .line = &line,
                            .near_to = near->near_to,
                            .states = near->states};
    SV_TRY(refuge_person_seal(h->p->s, ctx, &o->person, &o->travel_document, &n.sealed));
    SV_TRY(refuge_near_hold(tx, ctx, &n));
  }
  return service_alarm(tx, ctx, h->authority, "", 0, "");
}

void interlock_refused(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const struct persons *p) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct near_holds holds = {p, authority};
  sv_status written = store_write(s->parts.store, &aside, near_holds_act, &holds);
  (void)written.reason; /* the refusal stands whether or not it could be written down */
}

/* --- issued --- */

static sv_status line_index(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                            const struct store_line *line) {
  SV_TRY(tx->protection->line_add(tx, ctx, line));
  for (size_t k = 0; k < person->exact_count; k++) {
    SV_TRY(tx->protection->line_key_add(tx, ctx, line, person->exact[k].v, false));
  }
  for (size_t k = 0; k < person->shown_count; k++) {
    SV_TRY(tx->protection->line_key_add(tx, ctx, line, person->shown[k].v, true));
  }
  return SV_DONE;
}

static sv_status manifest_issued(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                                 const struct store_document *row) {
  const struct model_manifest *m = &p->content->manifest;
  struct store_flight flight = {
      .number = row->number, .version = row->version, .authority = row->authority};
  SV_TRY(refuge_flight_states(ctx, m, &flight.states));
  SV_TRY(tx->protection->flight_put(tx, ctx, &flight));
  for (size_t i = 0; i < p->n && !row->closing; i++) {
    if (!m->occupants[i].offloaded) {
      struct store_line line = {.number = row->number, .occupant_id = m->occupants[i].occupant_id};
      likeness_to_line(&p->known[i], &line);
      SV_TRY(line_index(tx, ctx, &p->known[i], &line));
    }
  }
  if (m->version_reason == MODEL_REASON_DIVERSION) { /* NR-11 */
    return service_alarm(tx, ctx, row->authority, row->number, row->version, "");
  }
  return SV_DONE;
}

static sv_status letter_issued(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                               const struct store_document *row) {
  const struct model_safe_conduct *l = &p->content->letter;
  const struct likeness *holder = &p->known[0];
  struct store_letter letter = {
      .number = row->number, .purpose = l->purpose, .protects = interlock_protects(p->content)};
  SV_TRY(refuge_states(ctx, &l->not_valid_for, &letter.not_valid_for));
  SV_TRY(refuge_states(ctx, &l->route, &letter.route));
  SV_TRY(tx->protection->letter_add(tx, ctx, &letter));
  for (size_t k = 0; k < holder->exact_count; k++) {
    SV_TRY(tx->protection->person_add(tx, ctx, holder->exact[k].v, false, row->number));
  }
  struct likeness shown = *holder; /* the letter itself may be shown as the travel document */
  likeness_of_document(p->s, l->issuing_state, row->number, &shown.exact[shown.exact_count]);
  SV_TRY(
      tx->protection->person_add(tx, ctx, shown.exact[shown.exact_count++].v, false, row->number));
  if (!letter.protects) {
    return SV_DONE;
  }
  for (size_t k = 0; k < holder->shown_count; k++) {
    SV_TRY(tx->protection->person_add(tx, ctx, holder->shown[k].v, true, row->number));
  }
  struct refuge_cause cause = {
      .subject = row->number, .actor = row->issued_by, .person = &shown, .letter = &letter};
  uint32_t suspended;
  return refuge_suspend(tx, ctx, &cause, &suspended);
}

sv_status protection_issued(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                            const struct store_document *row) {
  switch (p->content->kind) {
    case MODEL_FLIGHT_MANIFEST:
      return manifest_issued(tx, ctx, p, row);
    case MODEL_SAFE_CONDUCT:
      return letter_issued(tx, ctx, p, row);
    default:
      return SV_DONE;
  }
}
