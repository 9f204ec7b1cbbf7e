/* The bar codes that the pages of a file draw. For verify/. */
#pragma once
#include "pdfio/reader.h"

/* First member of the taker's own struct. */
struct verify_page_codes {
  /* The bytes of a code, in the order of the pages and of their contents; NULL: it can't be read. page is 1 for the first. */
  void (*take)(struct verify_page_codes *self, uint32_t page, const struct sv_bytes *bytes);
};

/* Fails: PDF_FORMAT when a page can't be read, or has more than is looked at; NO_MEMORY, CANCELLED, DEADLINE. */
sv_status verify_page_codes(struct sv_ctx *ctx, struct pdfio *p, struct verify_page_codes *found);
