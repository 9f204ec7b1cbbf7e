/* Whose copy of a manifest shows what (safeguard NR-14): a table that a lawyer can read, and the manifest as one reader may see
 * it. What the table does not give to an audience is not hidden on its copy: it is not in it. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

#define MODEL_TO(audience) (1U << (audience))
#define MODEL_TO_ALL                                                             \
  (MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_GATE) | MODEL_TO(MODEL_OPERATOR) | \
   MODEL_TO(MODEL_DESTINATION))

/* field, what it is, who has it on paper; 0: on no copy, nor on the document itself. */
/* clang-format off */
#define MODEL_SHOWN(X)                                                                                                  \
  X(FLIGHT, "flight number, operator, registration, legs with their times", MODEL_TO_ALL)                               \
  X(COUNTS, "how many are on board on each leg, by category", MODEL_TO_ALL)                                             \
  X(SEATS, "seats of the aircraft", MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_OPERATOR))                               \
  X(ALTERNATES, "declared alternates", MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_OPERATOR))                            \
  X(VERSIONS, "versions of the manifest and their times", MODEL_TO_ALL)                                                 \
  X(REASONS, "why there is a version", MODEL_TO(MODEL_AUTHORITY))                                                       \
  X(CHANGES, "which lines a version changed", MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_GATE))                         \
  X(SURNAME, "surname", MODEL_TO_ALL)                                                                                   \
  X(GIVEN_NAMES, "given names; an operator has their initials (Annex 9, Appendix 2)",                                   \
    MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_GATE) | MODEL_TO(MODEL_DESTINATION))                                     \
  X(CATEGORY, "category: passenger, accompanying, crew", MODEL_TO_ALL)                                                  \
  X(STRETCH, "from where to where", MODEL_TO_ALL)                                                                       \
  X(SEAT, "seat", MODEL_TO(MODEL_AUTHORITY) | MODEL_TO(MODEL_GATE) | MODEL_TO(MODEL_OPERATOR))                          \
  X(BAGS, "number of bags", MODEL_TO_ALL)                                                                               \
  X(OFFLOADED, "that a line was taken off, without its name and without a reason", MODEL_TO_ALL)                        \
  X(ROLE, "role within the category", 0)                                                                                \
  X(BIRTH, "birth date, birth place, sex, nationality, name in its own script", 0)                                      \
  X(PAPER, "travel document", 0)                                                                                        \
  X(SERVICE, "service codes", 0)                                                                                        \
  X(FACTS, "claims, letters, screenings, decisions, guardians, case references", 0)
/* clang-format on */

enum model_shown {
#define X(name, text, to) MODEL_SHOWN_##name,
  MODEL_SHOWN(X)
#undef X
      MODEL_SHOWN_COUNT
};

struct model_shown_row {
  const char *text;
  unsigned to; /* bits of 1 << audience */
};
extern const struct model_shown_row model_shown_table[MODEL_SHOWN_COUNT];

/* NONE is the document itself, as for AUTHORITY. */
bool model_shows(enum model_audience audience, enum model_shown field);
/* "GATE"; "" for NONE. Static storage. */
const char *model_audience_name(enum model_audience audience);

/* The manifest as an audience may see it: fields that it may not have are empty, roles stand for their category alone. The
 * lines and their order are the same. ret shares what it shows. Fails: NO_MEMORY. Thread: any. */
sv_status model_audience_manifest(struct sv_ctx *ctx, const struct model_manifest *m,
                                  enum model_audience audience, struct model_manifest *ret);
