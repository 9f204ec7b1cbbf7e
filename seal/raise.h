/* Raising a sealed PDF (ETSI EN 319 142-1 6): B-B to B-T, B-LT, B-LTA, and a B-LTA once more before its time-stamp dies.
 * Each step appends revisions; the signed one stays as it is. No signing key is needed. Blocks: on workers only. */
#pragma once
#include "seal/services.h"

enum seal_level {
  SEAL_LEVEL_NONE = 0,
  SEAL_B_B = 1,
  SEAL_B_T = 2,   /* a time-stamp proves when */
  SEAL_B_LT = 3,  /* with everything to judge the certificates by */
  SEAL_B_LTA = 4, /* with a time-stamp over that */
};
/* "B-B", ...; "" for none. */
const char *seal_level_name(enum seal_level level);
/* SEAL_LEVEL_NONE for an unknown name. */
enum seal_level seal_level_of(const char *name);

/* What a step added. */
struct seal_raised {
  struct sv_bytes tail; /* to be appended to the file; in the call's memory */
  enum seal_level level;
  int64_t
      stamp_not_after_us; /* when the last time-stamp's certificates begin to end; 0: the step took none */
};
/* One step up: to B-T by a document time-stamp, to B-LT by a DSS, to B-LTA by a document time-stamp over it; from B-LTA
 * to B-LTA by what judges the time-stamps so far, and one more; in the last 30 days of the last one's certificates, the
 * time-stamp alone where their status can't be had.
 * pdf   of ours, as it is now; have is its level.
 * Fails: TIMESTAMP, REVOCATION, SIGNER (its certificate is revoked), PDF_FORMAT, LIMIT_EXCEEDED (16 signatures and time-stamps, 32
 * revisions), CANCELLED, DEADLINE, NO_MEMORY. */
sv_status seal_raise(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes pdf,
                     enum seal_level have, struct seal_raised *ret);
