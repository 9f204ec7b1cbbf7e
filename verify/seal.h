/* Judges the bytes of a bar code (Doc 9303-13, appendix D). */
#pragma once
#include "verify/registry.h"
#include "verify/report.h"
#include "verify/trust.h"

/* As verify_pdf; UNREADABLE with WRONG_FORMAT when the bytes are no seal at all, NOT_OURS for a good seal of somebody
 * else whom we know, INVALID with UNKNOWN_CERTIFICATE, INVALID_SIGNATURE and so on.
 * seal        hostile; borrowed.
 * holder_mrz  the bearer's own document as read (two lines of 36 or 44, three of 30, with or without line ends), for a
 *             holder check against the commitment; NULL: no check.
 * A manifest's page seal with a holder: NOT_LISTED when no line of this page commits to it. */
sv_status verify_seal(struct sv_ctx *ctx, const struct verify_trust *trust,
                      const struct verify_registry *registry, int64_t now_us, struct sv_bytes seal,
                      const char *holder_mrz, struct verify_report *ret);
