/* The signatures and document time-stamps of a PDF, each judged by itself: rules 1 to 3, 6 and 7. For verify/pdf.c. */
#pragma once
#include "pdfio/reader.h"
#include "pki/timestamp.h"
#include "verify/report.h"
#include "verify/trust.h"

struct verify_found {
  struct verify_signature say;
  bool document_stamp;     /* a DocTimeStamp: all there is of it is its token */
  bool plain;              /* of the form that was there before PAdES: a stranger's at best */
  bool baseline;           /* a signature with what ETSI EN 319 142-1 asks of B-B */
  enum pki_fault trust;    /* PKI_UNTRUSTED when no signer was found */
  const char *why;         /* of the first reason */
  struct pki_chain *chain; /* of a signature: its signer first; NULL when not found */
  struct pki_token stamp;  /* the token of a DocTimeStamp, or of a signature's time-stamp */
  bool stamped;            /* there is such a token */
  size_t end;              /* where its bytes end; 0 when that could not be read */
  size_t revision;         /* whose end that is, counted from 1; 0: none */
};
/* Adds a reason to what is said of it. */
void verify_found_fault(struct verify_found *f, enum verify_reason reason, const char *why);

/* A file as it is judged. */
struct verify_file {
  struct sv_bytes pdf;
  const struct crypto_trail *trail; /* over pdf */
  struct pdfio *reader;
  const struct verify_trust *trust;
  int64_t at_us; /* as of when a signer is asked whose he is */
};

/* Finds the signature fields (AcroForm) and judges each. Reasons of trust are for the one who knows the proven time
 * (verify/proof.h).
 * ret  at most VERIFY_SIGNATURES_MAX, in the order of the form; caller: verify_found_close for each, also on failure.
 * Fails: PDF_FORMAT when the form can't be read, NO_MEMORY. */
sv_status verify_signatures(struct sv_ctx *ctx, const struct verify_file *file,
                            struct verify_found *ret, size_t *ret_n);
void verify_found_close(struct verify_found *f);

/* Whether raw bytes hold a CMS of a signer of ours somewhere in a long hexadecimal string: for a file too broken to be
 * read. Fails: NO_MEMORY. */
sv_status verify_scan_for_ours(struct sv_ctx *ctx, struct sv_bytes pdf,
                               const struct verify_trust *trust, int64_t at_us, bool *ret);
