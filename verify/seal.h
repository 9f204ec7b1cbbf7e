/* Judges the bytes of a bar code (Doc 9303-13, appendix D). */
#pragma once
#include "verify/registry.h"
#include "verify/report.h"
#include "verify/trust.h"

/* As verify_pdf, with these differences: bytes that are no seal at all are NOT_OURS with WRONG_FORMAT, and a seal that is
 * bent is INVALID with WRONG_FORMAT; a good seal of somebody else whom we know is NOT_OURS; UNKNOWN_CERTIFICATE,
 * INVALID_SIGNATURE and the like are INVALID, EXPIRED_CERTIFICATE is CHECK.
 * seal        hostile; borrowed.
 * holder_mrz  the bearer's own document as read (two lines of 36 or 44, three of 30, with or without line ends), for a
 *             holder check against the commitment; NULL: no check.
 * A manifest's page seal with a holder: NOT_LISTED when no line of this page commits to it. */
sv_status verify_seal(struct sv_ctx *ctx, const struct verify_trust *trust,
                      const struct verify_registry *registry, int64_t now_us, struct sv_bytes seal,
                      const char *holder_mrz, struct verify_report *ret);
