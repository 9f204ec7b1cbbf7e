/* The Document Security Store of a PDF (ISO 32000-2 12.8.4.3): certificates, and statements about them. Nothing of it is
 * believed for being there: each statement is judged by its signature. For verify/pdf.c. */
#pragma once
#include "pdfio/reader.h"
#include "verify/trust.h"

enum { VERIFY_STORE_ITEMS_MAX = 64, VERIFY_STORE_BYTES_MAX = 2 * 1024 * 1024 };

struct verify_store {
  bool present;
  bool left_out; /* something in it can't be read, or is over the limits */
  struct sv_bytes certs[VERIFY_STORE_ITEMS_MAX];
  size_t cert_n;
  bool ocsp_tells
      [VERIFY_STORE_ITEMS_MAX]; /* of some certificate that was judged; set while judging */
  bool crl_tells[VERIFY_STORE_ITEMS_MAX];
  struct sv_bytes ocsps[VERIFY_STORE_ITEMS_MAX];
  struct sv_bytes crls[VERIFY_STORE_ITEMS_MAX];
  size_t ocsp_n;
  size_t crl_n;
};

/* Reads the newest store; streams that can't be read, and what is over the limits, are as if they were not there.
 * ret in ctx->mem. Fails: NO_MEMORY, CANCELLED, DEADLINE. */
sv_status verify_store_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_store *ret);

/* Once the signatures are judged: NULL when each certificate leads to an anchor and each statement told something;
 * otherwise what is of no use (static). No signature is over the newest store: whatever is in it must stand for itself.
 * Fails: NO_MEMORY. */
sv_status verify_store_judge(struct sv_ctx *ctx, const struct verify_trust *trust,
                             const struct verify_store *store, const char **ret_fault);
