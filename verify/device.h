/* Judging without a network: by a trust list and a status bundle (formats/bundle) alone, and by what the device remembers.
 * A bar code's bytes, or a PDF with the bar code in it. */
#pragma once
#include "formats/bundle/bundle.h"
#include "verify/memory.h"
#include "verify/seal.h"

struct verify_device {
  const struct tlog_key
      *key; /* of trust lists and bundles: the one thing that the device has to be given by hand */
  struct sv_bytes trust_list; /* a signed note */
  struct sv_bytes bundle;     /* signed notes, as bundle_open reads them */
  int64_t clock_us;
  int64_t fresh_us; /* how old a bundle may be; 0, or more than it says itself: as it says */
  struct verify_memory *memory; /* changed by what is judged; NULL: it remembers nothing */
};

/* Green needs a fresh bundle that covers the paper. Without one:
 * STATUS_UNKNOWN  no place in the list, a bundle that has run out, or whose log is not the one that the device knows
 * STATUS_STALE    a bundle, or trust list, that is older than allowed, or than one that was used before
 * CLOCK_WRONG     the clock stands before what is known to have been: then that counts
 * COPY_SEEN       this very letter was shown before; COPY_REPLACED: a newer copy of it was
 * shown as verify_seal has it. Fails: CORRUPT (a trust list or bundle that is none), NO_MEMORY,
 * DEADLINE, CANCELLED; LIMIT_EXCEEDED. */
sv_status verify_by_device(struct sv_ctx *ctx, const struct verify_device *device,
                           struct sv_bytes paper, const struct verify_shown *shown,
                           struct verify_report *ret);
