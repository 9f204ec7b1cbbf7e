/* Judges a PDF: stricter than any peer, because it accepts one way of signing, ours. */
#pragma once
#include "verify/registry.h"
#include "verify/report.h"
#include "verify/trust.h"
#include "verify/wire.h"

enum { VERIFY_PDF_MAX = 32 * 1024 * 1024 };

/* What a judge goes by. */
struct verify_means {
  const struct verify_trust *trust;
  const struct verify_registry *registry; /* NULL: none at hand */
  const struct verify_wire *wire;         /* NULL: nobody can be asked about certificates */
  int64_t now_us; /* the clock that the caller stands for; it is stated in the report */
};

/* VALID       our signature over the first revision, nothing after it but what raises its level, the record attached, and
 *             the registry confirms all of it
 * CHECK       good, but something is to be looked at: no registry at hand (STATUS_UNKNOWN), an expired certificate
 *             without a proof that the signature is older, a proof that was not renewed (PROOF_EXPIRED)
 * INVALID     ours or posing as ours, and not to be accepted; reasons say why
 * HOLD        suspended; no reason is given
 * NOT_OURS    a PDF that is none of ours, however well signed
 * UNREADABLE  no PDF (WRONG_FORMAT)
 * pdf       hostile; borrowed for the call.
 * Fails     NO_MEMORY, CANCELLED, DEADLINE, and what the registry fails with; every fault of the file is a verdict.
 * Thread    any. */
sv_status verify_pdf_by(struct sv_ctx *ctx, const struct verify_means *means, struct sv_bytes pdf,
                        struct verify_report *ret);
/* The same without a wire. */
sv_status verify_pdf(struct sv_ctx *ctx, const struct verify_trust *trust,
                     const struct verify_registry *registry, int64_t now_us, struct sv_bytes pdf,
                     struct verify_report *ret);
