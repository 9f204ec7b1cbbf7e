/* Who is protected against which flight, and what follows for manifests in force. All of it runs inside acts. Inside
 * service/ only. */
#pragma once
#include "service/likeness.h"
#include "store/protection.h"

/* Hold.Cause of the API. */
enum hold_cause {
  HOLD_CAUSE_NONE = 0,
  HOLD_PENDING_CLAIM = 1,
  HOLD_APPEAL = 2,
  HOLD_PROTECTION_LETTER = 3,
  HOLD_COURT_ORDER = 4,
  HOLD_SCREENING = 5,
  HOLD_NEAR_MATCH = 6,
};

/* What keeps a person off a flight. */
struct refuge {
  bool held;   /* a hold, or more than can be judged */
  bool letter; /* a letter that protects */
  const char
      *near_to; /* NULL, or the subject that the person resembles and was not told apart from */
  const char *near_states;
};
/* flight_states: of all legs and alternates, parted by a comma. today: "YYYY-MM-DD". */
sv_status refuge_find(struct store_tx *tx, struct sv_ctx *ctx, const struct likeness *person,
                      const char *flight_states, const char *today, struct refuge *ret);
static inline bool refuge_given(const struct refuge *r) {
  return r->held || r->letter || r->near_to;
}

/* The states that a flight touches: legs and declared alternates. */
sv_status refuge_flight_states(struct sv_ctx *ctx, const struct model_manifest *m,
                               const char **ret);
/* States as they are compared: "D" is "DEU"; an airport counts as its state. */
sv_status refuge_states(struct sv_ctx *ctx, const struct model_texts *stops, const char **ret);

/* Today in the zone of an authority, "YYYY-MM-DD". Fails: CONFIG. */
sv_status refuge_today(struct service *s, struct sv_ctx *ctx, const char *authority,
                       const char **ret);

/* Who is meant, for the protection desk alone: encrypted at rest. Fails: CRYPTO, CORRUPT, NO_MEMORY. */
sv_status refuge_person_seal(const struct service *s, struct sv_ctx *ctx,
                             const struct model_person *person,
                             const struct model_travel_document *document, struct sv_bytes *ret);
sv_status refuge_person_open(const struct service *s, struct sv_ctx *ctx, struct sv_bytes sealed,
                             struct model_person *ret_person,
                             struct model_travel_document *ret_document);

/* A name for a new hold. Fails: CRYPTO. */
sv_status refuge_hold_name(struct sv_ctx *ctx, const char **ret);
/* A hold of cause NEAR_MATCH on a person known by keys alone, unless there is one; the desk is alarmed. */
struct refuge_near {
  const char *authority;
  const struct likeness_key *exact;
  size_t exact_count;
  const struct store_line *line; /* self and fact keys; number and occupant_id, or "" */
  uint32_t version;
  const char *near_to;
  const char *states;
  struct sv_bytes sealed;
};
sv_status refuge_near_hold(struct store_tx *tx, struct sv_ctx *ctx, const struct refuge_near *n);

/* NR-12: every ISSUED manifest, of any authority, on which a person like this one is and which touches the states of no
 * return becomes SUSPENDED, with audit, event and alarm. against: a hold's states, or a letter's. */
struct refuge_cause {
  const char *subject;
  const char *actor;
  const struct likeness *person;
  bool hold;
  const char *states;                /* of a hold */
  const struct store_letter *letter; /* of a letter */
};
sv_status refuge_suspend(struct store_tx *tx, struct sv_ctx *ctx, const struct refuge_cause *cause,
                         uint32_t *ret_suspended);

/* Whether a word is in a list parted by commas. */
bool refuge_listed(const char *list, const char *word);

/* Inside an act: whether anybody who is still on this manifest is protected against it. row: its version. */
sv_status refuge_aboard(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                        const struct store_document *row, bool *ret);

/* What a row says: its request, completed, without who is gone from the version. */
sv_status refuge_row_content(struct service *s, struct sv_ctx *ctx,
                             const struct store_document *row, struct model_content *ret);

/* A protection ended: SUSPENDED manifests on which nobody is protected any more are ISSUED again. */
sv_status refuge_relieve(struct store_tx *tx, struct sv_ctx *ctx, struct service *s,
                         const char *actor);
