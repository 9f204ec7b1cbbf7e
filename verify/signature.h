/* The signatures of a PDF, each judged by itself: rules 1 to 4, 6 and 7. For verify/pdf.c. */
#pragma once
#include "pdfio/reader.h"
#include "pki/cms.h"
#include "verify/report.h"
#include "verify/trust.h"

struct verify_found {
  struct verify_signature say;
  enum pki_fault trust; /* PKI_UNTRUSTED when no signer was found */
  const char *why;      /* of the first reason */
};

/* Finds the signature fields (AcroForm) and judges each. The trust of a signer is judged at at_us.
 * ret  at most VERIFY_SIGNATURES_MAX, in ctx->mem.
 * Fails: PDF_FORMAT when the form can't be read, NO_MEMORY. */
sv_status verify_signatures(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf,
                            const struct verify_trust *trust, int64_t at_us,
                            struct verify_found *ret, size_t *ret_n);

/* Whether raw bytes hold a CMS of a signer of ours somewhere in a long hexadecimal string: for a file too broken to be
 * read. Fails: NO_MEMORY. */
sv_status verify_scan_for_ours(struct sv_ctx *ctx, struct sv_bytes pdf,
                               const struct verify_trust *trust, int64_t at_us, bool *ret);
