/* The keys under which a person is found again, all blinded (HMAC with the registry's key): exact ones, and near ones that
 * forgive one or two of what goes wrong with names: spelling, order, a name left out, spaces, another nationality, a day
 * or month unknown or swapped. Inside service/ only. Thread: any.
 *
 * Near keys come in two sets: what a record of the person is filed under (shown) and what is looked up for the person
 * (sought). A is like B when shown(A) and sought(B) meet, and then shown(B) and sought(A) meet too. */
#pragma once
#include "service/inside.h"
#include "store/protection.h"

enum {
  LIKENESS_KEY_BYTES = STORE_PERSON_KEY_BYTES,
  LIKENESS_EXACT_MAX = 3, /* a letter's own number may be one */
  LIKENESS_NEAR_MAX = 24,
  LIKENESS_FACT_MAX = 2,
};

struct likeness_key {
  uint8_t v[LIKENESS_KEY_BYTES];
};

struct likeness {
  struct likeness_key
      exact[LIKENESS_EXACT_MAX]; /* travel document; birth date, nationality, name */
  size_t exact_count;
  struct likeness_key shown[LIKENESS_NEAR_MAX];
  size_t shown_count;
  struct likeness_key sought[LIKENESS_NEAR_MAX];
  size_t sought_count;
  /* Under which facts are on record: travel document with birth date, or the name where there is no document. The
   * first is the one to record under. */
  struct likeness_key fact[LIKENESS_FACT_MAX];
  size_t fact_count;
  struct likeness_key
      self; /* all of the description: this person, told apart from another one like him */
};

/* Fails: NO_MEMORY. */
sv_status likeness_of(const struct service *s, struct sv_ctx *ctx,
                      const struct model_person *person,
                      const struct model_travel_document *document, struct likeness *ret);

/* The key of a letter's own number, shown as a travel document. */
void likeness_of_document(const struct service *s, const char *issuing_state, const char *number,
                          struct likeness_key *ret);

/* What a line keeps of a person. */
void likeness_to_line(const struct likeness *person, struct store_line *line);

/* How a word of a name sounds, roughly: doubled letters, vowels, V/W/B, Y/I/J, K/C/Q, PH/F, Z/S, silent H are one.
 * word is in the zone's alphabet; out has room for strlen(word) + 1. */
void likeness_sound(const char *word, char *out);
