/* The gate: who may board, what happened to whom, and the end of a manifest. Every function authorises, and runs on a
 * worker. A manifest of another authority is NOT_FOUND.
 *
 * Invariants:
 *   1. a person who is held, unknown to the rules, offloaded or never on the manifest is told apart by nothing in an answer;
 *   2. a mark that takes a person off answers once the version without him is in force, and neither is lost;
 *   3. a closed manifest has no marks and no versions after it. */
#pragma once
#include "service/service.h"

struct service_check {
  const char *number;
  const char *mrz; /* "" or the zone of the bearer's document: TD1, TD2, TD3, MRV-A, MRV-B */
  const char *occupant_id; /* "" or the line; one of the two */
};
struct service_checked {
  bool
      listed; /* the manifest is in force, the person is on its current version, and every rule holds now */
  const char *occupant_id; /* "" where not listed */
  const char *headline;    /* one sentence */
};
/* Whom a hold, a letter or a likeness protects suspends the manifest and alarms the desk. What is not listed is answered on
 * the grid of service_quantum_wait. Fails: FIELD_INVALID, NOT_FOUND, NOT_ISSUED (never in force), ROLE_MISSING. */
sv_status service_check(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                        const struct service_check *check, struct service_checked *ret);

struct service_mark {
  const char *request_id;
  const char *number;
  uint32_t version; /* as the device knew it */
  const char *occupant_id;
  int mark;        /* enum mark of service/marks.h */
  int64_t mark_us; /* 0: not given */
  const char *device;
  struct sv_bytes encoded;
};
struct service_marked {
  bool known; /* by this request_id, on record before */
  bool made;  /* manifest is the version without the person, in force or followed by later ones */
  struct service_issued manifest;
};
/* Marks may come late and in any order: the latest time holds. OFFLOADED, REFUSED and NO_SHOW make the next version.
 * Whoever is off by a mark stays on record; the last one may go too: the version with
 * nobody on it is in force, and can be closed with a head count of 0.
 * Fails: FIELD_INVALID (mark_time in the future or before the version, an occupant who was not on it), REQUEST_ID_REUSED,
 * NOT_FOUND, HOLD (BOARDED, and the person may not fly or the manifest is suspended; on the grid), NOT_ISSUED (closed,
 * revoked), LIMIT_EXCEEDED (marks, versions), ROLE_MISSING, VERSION_CHANGED: the device's version was never in force; or
 * BOARDED is the latest word on somebody who is off the current version: it is kept, and the desk is alarmed. */
sv_status service_mark(struct service *s, struct sv_ctx *ctx, const struct service_caller *caller,
                       const struct service_mark *mark, struct service_marked *ret);

struct service_closing {
  const char *request_id;
  const char *number;
  uint32_t version;
  uint32_t expected_boarded; /* heads, crew and escorts among them */
  struct sv_bytes encoded;
};
/* The last version: those who boarded, and nobody else. Everyone on the manifest needs a final mark.
 * Fails: FIELD_INVALID, REQUEST_ID_REUSED, NOT_FOUND, VERSION_CHANGED, NOT_ISSUED, HOLD (on the grid), RULE_UNMET,
 * HEAD_COUNT (also: somebody without a final mark, or marked as boarded and off the manifest), LIMIT_EXCEEDED,
 * ROLE_MISSING. */
sv_status service_close_manifest(struct service *s, struct sv_ctx *ctx,
                                 const struct service_caller *caller,
                                 const struct service_closing *closing, struct service_issued *ret);
