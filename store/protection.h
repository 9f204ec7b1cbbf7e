/* The registry's memory of persons: who is protected, what is on record of whom, who is on which flight and who boarded. Keyed
 * digests alone, never a name (what identifies a held person to the protection desk is sealed by the service). Part of the
 * contract of store.h.
 *
 * An act sees and changes a consistent state with every other writer shut out. That is what keeps a hold, the issue of a
 * letter, the finishing of a manifest and its closing apart: a backend with more than one writer has to lock, sorted, the
 * person keys, the manifest and the obligation that an act names, before its first look. */
#pragma once
#include "store/store.h"

/* A letter, of a kind and with the states that it says something about. */
struct store_letter {
  const char *number;
  enum model_purpose purpose;
  bool protects;             /* keeps its holder off flights */
  const char *not_valid_for; /* parted by a comma; "": everywhere but the route */
  const char *route;         /* states, parted by a comma */
};

/* What a person key leads to: a letter, or a hold that was not lifted. */
struct store_protection {
  const char *subject; /* number, or "holds/..." */
  bool near;           /* the key is one of likeness alone */
  bool hold;
  struct store_letter letter; /* of a letter */
  enum model_state state;
  const char *valid_until;
  const char *states; /* of a hold: states of no return, parted by a comma; "": all */
  int cause;
};

struct store_hold {
  const char *name; /* "holds/..." */
  const char *authority;
  int cause; /* Hold.Cause of the API */
  const char *states;
  bool confirmed;
  const char *placed_by; /* SPIFFE ID; "" for the registry itself */
  int64_t place_us;
  uint8_t fact_key[2][STORE_PERSON_KEY_BYTES]; /* of the person; zero where unknown */
  uint8_t self[STORE_PERSON_KEY_BYTES];
  const char *first_by; /* the first officer who lifts it; "" */
  const char *lifted_by;
  const char *lift_fact;
  int64_t lift_us;         /* 0: in force */
  const char *near_to;     /* of a near match: the subject that the person resembles */
  const char *number;      /* the manifest on which it was found; "" */
  const char *occupant_id; /* there */
  struct sv_bytes sealed;  /* person and travel document, for the protection desk; n 0: none */
  int64_t alarm_us;        /* the last alarm about it */
  uint64_t row;            /* order, for lists */
};

/* Something on record of a person. Keeps no name and no reference. */
struct store_fact {
  const char *id; /* without "facts/" */
  const char *authority;
  int kind; /* RecordFactRequest.Kind of the API */
  uint8_t person_key[STORE_PERSON_KEY_BYTES];
  uint8_t reference_mac[32]; /* zero where there is no reference */
  int64_t fact_us;
  int64_t expiry_us; /* 0: none */
  const char *language;
  bool interpreter;
  const char *hold; /* that it placed; "" */
  const char *recorded_by;
  int64_t time_us;
};

/* A manifest that is in force: where it goes and who is on it. */
struct store_flight {
  const char *number;
  uint32_t version;
  const char *authority;
  const char *states; /* of all legs and alternates, parted by a comma */
};
struct store_line {
  const char *number;
  const char *occupant_id;
  uint8_t self[STORE_PERSON_KEY_BYTES];
  uint8_t fact_key[2][STORE_PERSON_KEY_BYTES];
};
/* A line that a key leads to. */
struct store_line_found {
  struct store_flight flight;
  struct store_line line;
  bool near;
  enum model_state state; /* of the manifest */
};

struct store_mark {
  const char *authority;
  const char *number;
  uint32_t version; /* as the device knew it */
  const char *occupant_id;
  int mark; /* MarkOccupantRequest.Mark of the API */
  int64_t mark_us;
  const char *device;
  const char *actor;
  int64_t time_us;
};

enum { STORE_FOUND_MAX = 64, STORE_FACTS_MAX = 64 };

/* Where a list does not end within `limit`, *ret_n is limit: more than can be judged, so deny. */
struct store_protection_ops {
  sv_status (*letter_add)(struct store_tx *, struct sv_ctx *, const struct store_letter *);
  /* The key leads to the subject. Again: nothing changes, but that an exact key stays exact. */
  sv_status (*person_add)(struct store_tx *, struct sv_ctx *,
                          const uint8_t key[STORE_PERSON_KEY_BYTES], bool near,
                          const char *subject);
  /* Letters in any state, holds that are in force. */
  sv_status (*person_find)(struct store_tx *, struct sv_ctx *,
                           const uint8_t key[STORE_PERSON_KEY_BYTES], struct store_protection *ret,
                           size_t limit, size_t *ret_n);
  /* Decided for ever: the person described by `self` is not the one of the subject. */
  sv_status (*difference_add)(struct store_tx *, struct sv_ctx *, const char *subject,
                              const uint8_t self[STORE_PERSON_KEY_BYTES]);
  sv_status (*difference_known)(struct store_tx *, struct sv_ctx *, const char *subject,
                                const uint8_t self[STORE_PERSON_KEY_BYTES], bool *ret);

  /* ALREADY_EXISTS. */
  sv_status (*hold_add)(struct store_tx *, struct sv_ctx *, const struct store_hold *);
  /* NOT_FOUND. */
  sv_status (*hold_find)(struct store_tx *, struct sv_ctx *, const char *name,
                         struct store_hold *ret);
  /* confirmed, first_by, lifted_by, lift_fact, lift_us and alarm_us become those of the row. NOT_FOUND. */
  sv_status (*hold_change)(struct store_tx *, struct sv_ctx *, const struct store_hold *);
  /* Newest first, before a row (0: from the newest). */
  sv_status (*hold_list)(struct store_tx *, struct sv_ctx *, const char *authority,
                         uint64_t before_row, struct store_hold *ret, size_t limit, size_t *ret_n);
  /* The hold in force on this very person, of this authority and cause; near_to "": whatever it is near to. NOT_FOUND. */
  sv_status (*hold_of)(struct store_tx *, struct sv_ctx *, const char *authority, int cause,
                       const uint8_t self[STORE_PERSON_KEY_BYTES], const char *near_to,
                       struct store_hold *ret);
  /* How many a caller placed since. */
  sv_status (*holds_placed)(struct store_tx *, struct sv_ctx *, const char *actor, int64_t since_us,
                            uint32_t *ret);
  /* In force and unconfirmed, placed before and without an alarm since; oldest first. */
  sv_status (*holds_unconfirmed)(struct store_tx *, struct sv_ctx *, int64_t placed_before_us,
                                 int64_t alarm_before_us, struct store_hold *ret, size_t limit,
                                 size_t *ret_n);

  /* ALREADY_EXISTS for the same authority and id. */
  sv_status (*fact_add)(struct store_tx *, struct sv_ctx *, const struct store_fact *);
  /* NOT_FOUND. */
  sv_status (*fact_find)(struct store_tx *, struct sv_ctx *, const char *authority, const char *id,
                         struct store_fact *ret);
  /* Of a person, newest first. */
  sv_status (*facts_of)(struct store_tx *, struct sv_ctx *, const char *authority,
                        const uint8_t person_key[STORE_PERSON_KEY_BYTES], struct store_fact *ret,
                        size_t limit, size_t *ret_n);
  /* The persons of whom a fact of this kind with this reference is on record, each once. */
  sv_status (*persons_of_reference)(struct store_tx *, struct sv_ctx *, const char *authority,
                                    int kind, const uint8_t reference_mac[32],
                                    uint8_t (*ret)[STORE_PERSON_KEY_BYTES], size_t limit,
                                    size_t *ret_n);

  /* Replaces what is known of the number, its lines too: they are to be added anew. */
  sv_status (*flight_put)(struct store_tx *, struct sv_ctx *, const struct store_flight *);
  sv_status (*line_add)(struct store_tx *, struct sv_ctx *, const struct store_line *);
  sv_status (*line_key_add)(struct store_tx *, struct sv_ctx *, const struct store_line *,
                            const uint8_t key[STORE_PERSON_KEY_BYTES], bool near);
  /* The exact keys of a line. */
  sv_status (*line_exact_keys)(struct store_tx *, struct sv_ctx *, const struct store_line *,
                               uint8_t (*ret)[STORE_PERSON_KEY_BYTES], size_t limit, size_t *ret_n);
  /* Manifests that are SUSPENDED. */
  sv_status (*flights_suspended)(struct store_tx *, struct sv_ctx *, struct store_flight *ret,
                                 size_t limit, size_t *ret_n);
  /* Lines of manifests that are ISSUED or SUSPENDED, by number and occupant, after a line ("" and "": from the first). */
  sv_status (*lines_find)(struct store_tx *, struct sv_ctx *,
                          const uint8_t key[STORE_PERSON_KEY_BYTES], const struct store_line *after,
                          struct store_line_found *ret, size_t limit, size_t *ret_n);

  sv_status (*mark_add)(struct store_tx *, struct sv_ctx *, const struct store_mark *);
  /* In the order in which they came. */
  sv_status (*marks_of)(struct store_tx *, struct sv_ctx *, const char *number,
                        struct store_mark *ret, size_t limit, size_t *ret_n);
  sv_status (*boarded_put)(struct store_tx *, struct sv_ctx *, const char *number,
                           uint32_t boarded);
  /* How many boarded a manifest that was closed. NOT_FOUND where none was. */
  sv_status (*boarded_count)(struct store_tx *, struct sv_ctx *, const char *number, uint32_t *ret);
};
