/* The machine-readable twin: record.json attached to a PDF (catalog /AF). For verify/pdf.c. */
#pragma once
#include "formats/record/record.h"
#include "pdfio/reader.h"

struct verify_twin {
  bool attached; /* a file of that name is there */
  bool readable; /* exactly one, and a record of ours */
  struct sv_bytes json;
  uint8_t sha256[32]; /* of the record: of these bytes, or the one that a copy names */
  struct record_facts facts;
};

/* Fails: PDF_FORMAT when the catalog can't be read, NO_MEMORY. ret in ctx->mem. */
sv_status verify_twin_read(struct sv_ctx *ctx, struct pdfio *p, struct verify_twin *ret);
