/* When was it signed, at the latest, and were the certificates good then? Time-stamps from the newest to the oldest, each
 * judged at the time that those after it prove (ETSI EN 319 102-1 5.6); then the signers at theirs. Rule 7. For
 * verify/pdf.c. */
#pragma once
#include "verify/revision.h"
#include "verify/signature.h"
#include "verify/store.h"
#include "verify/wire.h"

struct verify_proof {
  const struct verify_trust *trust;
  struct verify_store *store;              /* notes in it what told something */
  const struct verify_wire *wire;          /* NULL: none */
  const struct verify_revision *revisions; /* as many as the file has */
  size_t revision_count;
  int64_t now_us;
  int64_t registered_us; /* the registry proves that the signature was there; 0: it does not */
};

/* Adds to each signature and time-stamp: trusted, proven time, level, and reasons for what does not hold.
 * PROOF_EXPIRED  a time-stamp whose authority's certificates had ended before another one, or now, could vouch for it.
 * Fails: NO_MEMORY, CANCELLED, DEADLINE. */
sv_status verify_prove(struct sv_ctx *ctx, const struct verify_proof *with,
                       struct verify_found *found, size_t n);
