/* What came after a signed revision (rules 4 and 5): security stores and document time-stamps, or something else. For
 * verify/pdf.c. */
#pragma once
#include "pdfio/reader.h"

struct verify_revision {
  const char *fault; /* NULL: nothing but a DSS or a DocTimeStamp was added; in ctx->mem */
  bool store;        /* it writes a DSS */
  bool stamp;        /* it adds a DocTimeStamp field */
};

/* Judges the revisions after the first. Allowed are, each in its strict form: in the catalog a DSS, /Extensions ESIC,
 * and one field more in AcroForm /Fields; the DSS and its streams and VRI as new objects; a field without appearance,
 * and its DocTimeStamp. No other object may be written, and each byte must belong to one of these.
 * ret  room for PDFIO_REVISIONS_MAX; the first entry stays empty.
 * Fails: NO_MEMORY, CANCELLED, DEADLINE. */
sv_status verify_revisions(struct sv_ctx *ctx, struct pdfio *p, struct verify_revision *ret);
