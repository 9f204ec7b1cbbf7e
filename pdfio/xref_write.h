/* A cross reference stream as this house appends it (ISO 32000-1 7.5.8): one form, not compressed, so that it can be compared
 * byte by byte. */
#pragma once
#include "base/ctx.h"

/* An object at an offset, of generation 0. */
struct pdfio_xref_row {
  uint32_t number;
  uint64_t at;
};

struct pdfio_xref_tail {
  uint32_t object;                   /* of the stream; it has a row too */
  uint32_t size, root, info;         /* info 0: none */
  uint64_t prev, at;                 /* at: of the stream itself */
  struct sv_bytes id;                /* the array's text */
  const struct pdfio_xref_row *rows; /* by number */
  size_t n;
};

/* From the stream's head to %%EOF and its line end. */
void pdfio_xref_put(struct sv_buf *out, const struct pdfio_xref_tail *tail);
