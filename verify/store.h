/* The Document Security Store of a PDF (ISO 32000-2 12.8.4.3): certificates, and statements about them. Nothing of it is
 * believed for being there: each statement is judged by its signature. For verify/pdf.c. */
#pragma once
#include "pdfio/reader.h"

enum { VERIFY_STORE_ITEMS_MAX = 64, VERIFY_STORE_BYTES_MAX = 2 * 1024 * 1024 };

struct verify_store {
  bool present;
  struct sv_bytes ocsps[VERIFY_STORE_ITEMS_MAX];
  struct sv_bytes crls[VERIFY_STORE_ITEMS_MAX];
  size_t ocsp_n;
  size_t crl_n;
};

/* Reads the newest store; streams that can't be read, and what is over the limits, are as if they were not there.
 * ret in ctx->mem. Fails: NO_MEMORY, CANCELLED, DEADLINE. */
sv_status verify_store_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_store *ret);
