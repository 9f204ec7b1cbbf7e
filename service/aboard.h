/* A manifest in force as the gate meets it: read outside of acts, looked at again inside, and the versions that the
 * registry itself makes of it. Inside service/ only. */
#pragma once
#include "service/interlock.h"

struct aboard {
  struct service *s;
  const struct service_caller *caller;
  struct store_document row;    /* the current version; its state is that of the last look */
  struct model_content content; /* of it, completed */
  struct persons persons;       /* of content */
  const char *today;
  struct store_document
      next; /* out, of aboard_again: the version that is being made; number NULL: none */
};

/* Outside of acts; fills *ret in its place, which must not move afterwards. Fails: NOT_FOUND (no manifest of this
 * authority), NOT_ISSUED (never in force), ERASED. */
sv_status aboard_read(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                      const char *number, struct aboard *ret);
/* Inside an act: the row as it stands, and what is being made. *ret_moved: another version is current, so it has to be read
 * anew. */
sv_status aboard_again(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a, bool *ret_moved);

/* Place of the line of an occupant who is on it; content.occupant_count when there is none. */
size_t aboard_line(const struct aboard *a, const char *occupant_id);
/* Whether the occupant of a line is taken off by the version that is being made. */
bool aboard_leaves(const struct aboard *a, size_t line);
/* Whether a version is being made that has its number and only waits for its page. */
static inline bool aboard_busy(const struct aboard *a) {
  return a->next.number && a->next.state == MODEL_RESERVED;
}

/* Inside an act: the line must not fly. Whom a hold, a letter or a likeness protects suspends the manifest; the desk is
 * alarmed in any case. */
sv_status aboard_stop(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a, size_t line,
                      const struct interlock_line *judged);

/* Inside an act: takes the number of a version that the registry makes. A draft that nobody decided on yet gives way. Not
 * while aboard_busy. Fails: LIMIT_EXCEEDED (the versions are used up; the last one is for closing). */
struct aboard_version {
  const char *request_id; /* of the row: none that a caller can give */
  const uint8_t *input_mac;
  const char *gone; /* who is off it, parted by a comma */
  enum model_state_reason reason;
  bool closing;
};
sv_status aboard_reserve(struct store_tx *tx, struct sv_ctx *ctx, struct aboard *a,
                         const struct aboard_version *v, struct store_document *ret);

/* Finishes the version that bars the way, whoever asked for it; afterwards it is in force, or void. */
sv_status aboard_unbar(struct aboard *a, struct sv_ctx *ctx);
/* A version's row once it is decided, finished here where its worker is gone; with its PDF. */
sv_status aboard_await(struct aboard *a, struct sv_ctx *ctx, uint32_t version,
                       struct service_issued *ret);
