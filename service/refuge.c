/* The registry of protection against the flights in force. Invariants: in no act's end is a manifest ISSUED on which somebody
 * is protected against it, whatever came first, the manifest or the protection; what can't be judged counts as protected. */
#include "service/refuge.h"

#include <string.h>

#include "crypto/aead.h"
#include "model/codes.h"
#include "service/change.h"

/* --- states --- */

static bool listed(const char *list, const char *state, size_t n) {
  for (const char *p = list; (p = strstr(p, state)); p++) {
    if ((p == list || p[-1] == ',') && (p[n] == ',' || p[n] == '\0')) {
      return true;
    }
  }
  return false;
}

bool refuge_listed(const char *list, const char *word) { return listed(list, word, strlen(word)); }

/* Whether a letter keeps its holder away from a state: one of no return; where it names none, every state but those of
 * its own route. */
static bool letter_against(const struct store_letter *l, const char *state) {
  size_t n = strlen(state);
  return l->not_valid_for[0] ? listed(l->not_valid_for, state, n) : !listed(l->route, state, n);
}

static bool hold_against(const char *states, const char *state) {
  return states[0] == '\0' || listed(states, state, strlen(state));
}

/* letter NULL: a hold of these states. A flight of which no state is known touches all. */
static bool against_flight(const struct store_letter *letter, const char *hold_states,
                           const char *flight_states) {
  if (flight_states[0] == '\0') {
    return true;
  }
  for (const char *p = flight_states; *p; p += strcspn(p, ","), p += *p == ',') {
    char state[8] = {0};
    size_t n = strcspn(p, ",");
    memcpy(state, p, n < sizeof state ? n : sizeof state - 1);
    if (letter ? letter_against(letter, state) : hold_against(hold_states, state)) {
      return true;
    }
  }
  return false;
}

static void state_put(struct sv_buf *out, const char *stop, bool airport_first) {
  char state[4];
  bool known = airport_first
                   ? model_airport_state(stop, state)
                   : model_state_territory(stop, state) || model_airport_state(stop, state);
  sv_buf_printf(out, "%s%s", out->n ? "," : "", known ? state : stop);
}

static sv_status states_end(struct sv_ctx *ctx, struct sv_buf *out, const char **ret) {
  sv_buf_u8(out, 0);
  if (out->failed) {
    return SV_FAIL(ctx, NO_MEMORY, "list of states");
  }
  *ret = (const char *)out->p;
  return SV_DONE;
}

sv_status refuge_states(struct sv_ctx *ctx, const struct model_texts *stops, const char **ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < stops->n; i++) {
    /* a code that is both an airport and a state counts as the state: the narrower route */
    state_put(&out, stops->v[i], false);
  }
  return states_end(ctx, &out, ret);
}

sv_status refuge_flight_states(struct sv_ctx *ctx, const struct model_manifest *m,
                               const char **ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < m->leg_count; i++) {
    state_put(&out, m->legs[i].to, true);
  }
  for (size_t i = 0; i < m->alternates.n; i++) {
    state_put(&out, m->alternates.v[i], true);
  }
  return states_end(ctx, &out, ret);
}

/* --- finding --- */

static sv_status near_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                            const struct store_protection *p, struct refuge *r) {
  bool different;
  SV_TRY(tx->protection->difference_known(tx, ctx, p->subject, person->self.v, &different));
  if (!different && !r->near_to) {
    r->near_to = p->subject;
    r->near_states = p->hold ? p->states : p->letter.not_valid_for;
  }
  return SV_DONE;
}

static sv_status key_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                           const struct likeness_key *key, const char *flight_states,
                           const char *today, struct refuge *r) {
  struct store_protection found[STORE_FOUND_MAX];
  size_t n;
  SV_TRY(tx->protection->person_find(tx, ctx, key->v, found, STORE_FOUND_MAX, &n));
  r->held = r->held || n == STORE_FOUND_MAX; /* more than can be judged: deny */
  for (size_t i = 0; i < n; i++) {
    const struct store_protection *p = &found[i];
    bool in_force = p->hold || (p->letter.protects && p->state == MODEL_ISSUED &&
                                strcmp(p->valid_until, today) >= 0);
    if (!in_force || !against_flight(p->hold ? NULL : &p->letter, p->states, flight_states)) {
      continue;
    }
    if (p->near) {
      SV_TRY(near_judge(tx, ctx, person, p, r));
    } else if (p->hold) {
      r->held = true;
    } else {
      r->letter = true;
    }
  }
  return SV_DONE;
}

sv_status refuge_find(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                      const char *flight_states, const char *today, struct refuge *ret) {
  *ret = (struct refuge){0};
  for (size_t i = 0; i < person->exact_count; i++) {
    SV_TRY(key_judge(tx, ctx, person, &person->exact[i], flight_states, today, ret));
  }
  for (size_t i = 0; i < person->sought_count; i++) {
    SV_TRY(key_judge(tx, ctx, person, &person->sought[i], flight_states, today, ret));
  }
  return SV_DONE;
}

sv_status refuge_today(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const char **ret) {
  const struct model_authority *a = policy_authority(s->parts.policy, authority);
  struct sv_date day;
  char text[11];
  if (!a || !sv_date_in_zone(sv_wall_us(), a->zone, &day)) {
    return SV_FAIL(ctx, CONFIG, "time zone of authority %s", authority);
  }
  sv_date_format(day, text);
  *ret = sv_arena_strdup(ctx->mem, text);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "date");
}

/* --- what the desk reads --- */

/* The fields in their order, each ended by a line feed, which no name holds. */
static const char **sealed_fields(struct model_person *p, struct model_travel_document *d,
                                  size_t i) {
  const char **fields[] = {&p->surname,     &p->given_names,   &p->native_name, &p->birth_date,
                           &p->birth_place, &p->sex,           &p->nationality, &d->type,
                           &d->number,      &d->issuing_state, &d->expiry_date};
  return i < sizeof fields / sizeof fields[0] ? fields[i] : NULL;
}

static void seal_key(const struct service *s, uint8_t key[static CRYPTO_AEAD_KEY_BYTES]) {
  service_mac(s, "hold-seal", sv_bytes_str("key"), key);
}

sv_status refuge_person_seal(const struct service *s, struct sv_ctx *ctx,
                             const struct model_person *person,
                             const struct model_travel_document *document, struct sv_bytes *ret) {
  struct model_person p = *person;
  struct model_travel_document d = *document;
  struct sv_buf plain = sv_buf_in(ctx->mem, 0);
  const char **field;
  for (size_t i = 0; (field = sealed_fields(&p, &d, i)); i++) {
    sv_buf_str(&plain, *field);
    sv_buf_u8(&plain, '\n');
  }
  if (plain.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "person of a hold");
  }
  uint8_t key[CRYPTO_AEAD_KEY_BYTES];
  seal_key(s, key);
  sv_status sealed = crypto_aead_seal(ctx, key, sv_bytes_str("hold"), sv_buf_bytes(&plain), ret);
  crypto_wipe(key, sizeof key);
  crypto_wipe(plain.p, plain.n);
  return sealed;
}

sv_status refuge_person_open(const struct service *s, struct sv_ctx *ctx, struct sv_bytes sealed,
                             struct model_person *ret_person,
                             struct model_travel_document *ret_document) {
  uint8_t key[CRYPTO_AEAD_KEY_BYTES];
  struct sv_bytes plain;
  seal_key(s, key);
  sv_status opened = crypto_aead_open(ctx, key, sv_bytes_str("hold"), sealed, &plain);
  crypto_wipe(key, sizeof key);
  SV_TRY(opened);
  *ret_person = (struct model_person){0};
  const char *at = (const char *)plain.p, *end = at + plain.n;
  const char **field;
  for (size_t i = 0; (field = sealed_fields(ret_person, ret_document, i)); i++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) {
      return SV_FAIL(ctx, CORRUPT, "the person of a hold");
    }
    *field = sv_arena_strndup(ctx->mem, at, (size_t)(stop - at));
    if (!*field) {
      return SV_FAIL(ctx, NO_MEMORY, "person of a hold");
    }
    at = stop + 1;
  }
  return SV_DONE;
}

/* --- near matches --- */

sv_status refuge_hold_name(struct sv_ctx *ctx, const char **ret) {
  uint8_t random[16];
  char hex[33];
  SV_TRY(crypto_random(ctx, random, sizeof random));
  sv_hex(random, sizeof random, hex);
  *ret = sv_arena_printf(ctx->mem, "holds/%s", hex);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "name of a hold");
}

sv_status refuge_near_hold(struct store_tx *tx, struct sv_ctx *ctx, const struct refuge_near *n) {
  struct store_hold hold;
  sv_status known = tx->protection->hold_of(tx, ctx, n->authority, HOLD_NEAR_MATCH, n->line->self,
                                            n->near_to, &hold);
  if (known.reason != SV_NOT_FOUND) {
    return known;
  }
  sv_ctx_clear(ctx);
  hold = (struct store_hold){.authority = n->authority,
                             .cause = HOLD_NEAR_MATCH,
                             .states = n->states ? n->states : "",
                             .place_us = sv_wall_us(),
                             .near_to = n->near_to,
                             .number = n->line->number,
                             .occupant_id = n->line->occupant_id,
                             .sealed = n->sealed};
  hold.alarm_us = hold.place_us;
  memcpy(hold.fact_key, n->line->fact_key, sizeof hold.fact_key);
  memcpy(hold.self, n->line->self, sizeof hold.self);
  SV_TRY(refuge_hold_name(ctx, &hold.name));
  SV_TRY(tx->protection->hold_add(tx, ctx, &hold));
  for (size_t i = 0; i < n->exact_count; i++) {
    SV_TRY(tx->protection->person_add(tx, ctx, n->exact[i].v, false, hold.name));
  }
  struct change change = {.actor = "interlock",
                          .act = "place-hold",
                          .reason = "NEAR_MATCH",
                          .authority = n->authority,
                          .number = "",
                          .version = 0};
  SV_TRY(service_changed(tx, ctx, &change));
  return service_alarm(tx, ctx, n->authority, n->line->number, n->version, n->line->occupant_id);
}

/* --- suspending --- */

struct suspension {
  const struct refuge_cause *cause;
  uint32_t suspended; /* that were ISSUED before */
};

static bool keys_shared(const struct likeness_key *keys, size_t n, const struct likeness *person) {
  for (size_t i = 0; i < n; i++) {
    for (size_t k = 0; k < person->exact_count; k++) {
      if (memcmp(keys[i].v, person->exact[k].v, LIKENESS_KEY_BYTES) == 0) {
        return true;
      }
    }
  }
  return false;
}

/* Somebody like the protected one, not himself: the desk has to tell them apart. */
static sv_status line_hold(struct store_tx *tx, struct sv_ctx *ctx,
                           const struct refuge_cause *cause, const struct store_line_found *l) {
  struct likeness_key exact[LIKENESS_EXACT_MAX];
  size_t n;
  SV_TRY(tx->protection->line_exact_keys(tx, ctx, &l->line, (uint8_t(*)[32])exact,
                                         LIKENESS_EXACT_MAX, &n));
  if (keys_shared(exact, n, cause->person)) {
    return SV_DONE; /* himself, whom his exact keys find too */
  }
  struct refuge_near near = {.authority = l->flight.authority,
                             .exact = exact,
                             .exact_count = n,
                             .line = &l->line,
                             .version = l->flight.version,
                             .near_to = cause->subject,
                             .states = cause->hold ? cause->states : cause->letter->not_valid_for};
  return refuge_near_hold(tx, ctx, &near);
}

static sv_status manifest_suspend(struct store_tx *tx, struct sv_ctx *ctx, struct suspension *s,
                                  const struct store_line_found *l) {
  struct store_document row;
  SV_TRY(tx->ops->document_find(tx, ctx, l->flight.number, l->flight.version, &row));
  if (row.state == MODEL_ISSUED) {
    SV_TRY(tx->ops->document_state(tx, ctx, row.number, row.version, MODEL_SUSPENDED,
                                   row.state_reason, row.superseded_by));
    SV_TRY(service_row_changed(tx, ctx, &row, s->cause->actor, "suspend", "HOLD"));
    s->suspended++;
  }
  return service_alarm(tx, ctx, row.authority, row.number, row.version, l->line.occupant_id);
}

static sv_status line_judge(struct store_tx *tx, struct sv_ctx *ctx, struct suspension *s,
                            const struct store_line_found *l) {
  const struct refuge_cause *c = s->cause;
  if (!against_flight(c->hold ? NULL : c->letter, c->states, l->flight.states)) {
    return SV_DONE;
  }
  if (l->near) {
    bool different;
    SV_TRY(tx->protection->difference_known(tx, ctx, c->subject, l->line.self, &different));
    if (different) {
      return SV_DONE;
    }
    SV_TRY(line_hold(tx, ctx, c, l));
  }
  return manifest_suspend(tx, ctx, s, l);
}

/* All lines under a key, a page at a time: none may be left in force because they are many. */
static sv_status key_suspend(struct store_tx *tx, struct sv_ctx *ctx, struct suspension *s,
                             const struct likeness_key *key) {
  struct store_line last = {.number = "", .occupant_id = ""};
  for (;;) {
    struct store_line_found found[STORE_FOUND_MAX];
    size_t n;
    SV_TRY(tx->protection->lines_find(tx, ctx, key->v, &last, found, STORE_FOUND_MAX, &n));
    for (size_t i = 0; i < n; i++) {
      SV_TRY(line_judge(tx, ctx, s, &found[i]));
    }
    if (n < STORE_FOUND_MAX) {
      return SV_DONE;
    }
    last = found[n - 1].line;
  }
}

sv_status refuge_suspend(struct store_tx *tx, struct sv_ctx *ctx, const struct refuge_cause *cause,
                         uint32_t *ret_suspended) {
  struct suspension s = {.cause = cause};
  const struct likeness *p = cause->person;
  for (size_t i = 0; i < p->exact_count; i++) {
    SV_TRY(key_suspend(tx, ctx, &s, &p->exact[i]));
  }
  for (size_t i = 0; i < p->sought_count; i++) {
    SV_TRY(key_suspend(tx, ctx, &s, &p->sought[i]));
  }
  *ret_suspended = s.suspended;
  return SV_DONE;
}

/* --- relieving --- */

/* The words that the number was taken with, while they are there; else those in force. */
static void template_keep(const struct service *s, struct sv_ctx *ctx,
                          const struct store_document *row, struct model_content *c) {
  const char *asked = c->template_name;
  c->template_name = row->template_name;
  if (!row->template_name[0] || !docs_template_for(s->parts.docs, ctx, c)) {
    c->template_name = asked;
  }
}

sv_status refuge_row_content(struct service *s, struct sv_ctx *ctx,
                             const struct store_document *row, struct model_content *ret) {
  const struct model_authority *authority = policy_authority(s->parts.policy, row->authority);
  if (!authority) {
    return SV_FAIL(ctx, CONFIG, "an authority left the policy");
  }
  *ret = (struct model_content){0};
  SV_TRY(s->parts.request_decode(ctx, row->request, ret));
  template_keep(s, ctx, row, ret);
  struct model_manifest *m = &ret->manifest;
  if (row->version_reason) { /* a version that the registry made */
    m->version_reason = row->version_reason;
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    m->occupants[i].offloaded =
        m->occupants[i].offloaded ||
        (row->gone && refuge_listed(row->gone, m->occupants[i].occupant_id));
  }
  return service_content_complete(s, ctx, authority, ret);
}

sv_status refuge_aboard(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                        const struct store_document *row, bool *ret) {
  const struct model_manifest *m = &p->content->manifest;
  const char *states, *today;
  SV_TRY(refuge_flight_states(ctx, m, &states));
  SV_TRY(refuge_today(p->s, ctx, row->authority, &today));
  *ret = false;
  for (size_t i = 0; i < p->n && !*ret; i++) {
    if (m->occupants[i].offloaded) {
      continue;
    }
    struct refuge r;
    SV_TRY(refuge_find(tx, ctx, &p->known[i], states, today, &r));
    *ret = refuge_given(&r);
  }
  return SV_DONE;
}

static sv_status manifest_protected(struct store_tx *tx, struct sv_ctx *ctx, struct service *s,
                                    const struct store_document *row, bool *ret) {
  struct model_content content;
  struct persons p;
  SV_TRY(refuge_row_content(s, ctx, row, &content));
  SV_TRY(service_persons(s, ctx, &content, &p));
  return refuge_aboard(tx, ctx, &p, row, ret);
}

sv_status refuge_relieve(struct store_tx *tx, struct sv_ctx *ctx, struct service *s,
                         const char *actor) {
  enum { SUSPENDED_MAX = 256 };
  struct store_flight *flights = SV_ARRAY(ctx->mem, SUSPENDED_MAX, struct store_flight);
  if (!flights) {
    return SV_FAIL(ctx, NO_MEMORY, "suspended manifests");
  }
  size_t n;
  SV_TRY(tx->protection->flights_suspended(tx, ctx, flights, SUSPENDED_MAX, &n));
  for (size_t i = 0; i < n; i++) {
    struct store_document row;
    bool protected_still;
    SV_TRY(tx->ops->document_find(tx, ctx, flights[i].number, flights[i].version, &row));
    SV_TRY(manifest_protected(tx, ctx, s, &row, &protected_still));
    if (!protected_still) {
      SV_TRY(tx->ops->document_state(tx, ctx, row.number, row.version, MODEL_ISSUED,
                                     row.state_reason, row.superseded_by));
      SV_TRY(service_row_changed(tx, ctx, &row, actor, "relieve", ""));
    }
  }
  return SV_DONE;
}
