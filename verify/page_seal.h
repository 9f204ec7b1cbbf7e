/* The visible seals against the record they stand for: those of the registry, and those that are drawn on the pages.
 * For verify/pdf.c. */
#pragma once
#include "formats/record/record.h"
#include "pdfio/reader.h"
#include "verify/registry.h"
#include "verify/report.h"

/* NULL when a seal names this record: number, version and digest. Otherwise what differs; static. */
const char *verify_seal_of_record(struct sv_ctx *ctx, struct sv_bytes seal,
                                  const struct record_facts *facts,
                                  const uint8_t record_sha256[static 32]);

/* Reads the bar codes that the pages draw and compares each with the record and, when rows are given, with the seal that
 * the registry has for its page; adds TWIN_MISMATCH. Fails: PDF_FORMAT when a page can't be read, NO_MEMORY. */
sv_status verify_page_seals(struct sv_ctx *ctx, struct pdfio *p, const struct record_facts *facts,
                            const uint8_t record_sha256[static 32],
                            const struct verify_seal_row *rows, size_t row_n,
                            struct verify_report *report);
