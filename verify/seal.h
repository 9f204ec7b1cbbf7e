/* Judges the bytes of a bar code (Doc 9303-13, appendix D). */
#pragma once
#include "verify/registry.h"
#include "verify/report.h"
#include "verify/trust.h"

/* Zones as they were read (two lines of 36 or 44, three of 30, with or without line ends); NULL or "": not asked. */
struct verify_shown {
  const char *
      holder_mrz; /* of the bearer's own document: HOLDER_MISMATCH when it is not the one committed to */
  const char
      *printed_mrz; /* of the page of a letter: PRINTED_MRZ when the seal says something else */
};

/* As verify_pdf, with these differences: bytes that are no seal at all are NOT_OURS with WRONG_FORMAT, and a seal that is
 * bent is INVALID with WRONG_FORMAT; a good seal of somebody else whom we know is NOT_OURS; UNKNOWN_CERTIFICATE,
 * INVALID_SIGNATURE and the like are INVALID, EXPIRED_CERTIFICATE is CHECK.
 * seal        hostile; borrowed.
 * shown       what else is at hand; NULL: nothing. A manifest's page seal with a holder: NOT_LISTED when no line of this
 *             page commits to it. */
sv_status verify_seal(struct sv_ctx *ctx, const struct verify_trust *trust,
                      const struct verify_registry *registry, int64_t now_us, struct sv_bytes seal,
                      const struct verify_shown *shown, struct verify_report *ret);
