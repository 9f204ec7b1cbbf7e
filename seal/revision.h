/* One more revision of a PDF (ISO 32000-1 7.5.6): what was there stays, byte for byte, and objects follow it. For files of
 * our own alone: a catalog that stands in the file; the cross reference is of the kind that the
 * file has. Inside seal/ only; one thread. */
#pragma once
#include "pdfio/reader.h"

struct revision;

/* pdf is borrowed for the revision's life, which is the call's. Fails: PDF_FORMAT for another file than ours, NO_MEMORY. */
sv_status revision_open(struct sv_ctx *ctx, struct sv_bytes pdf, struct revision **ret);
struct pdfio *revision_reader(struct revision *r);

/* The number of a new object. */
uint32_t revision_number(struct revision *r);
/* entries: what stands between << and >>. A number that the file has already is replaced. */
void revision_dict(struct revision *r, uint32_t number, const char *entries);
void revision_stream(struct revision *r, uint32_t number, struct sv_bytes data);
/* An object written as text; ret_at: where the text begins, from the revision's start. */
void revision_text(struct revision *r, uint32_t number, const char *text, size_t *ret_at);

/* The catalog with entries before its end, and a field more in its form where field is not 0. Once a revision.
 * Fails: PDF_FORMAT. */
sv_status revision_catalog(struct revision *r, const char *entries, uint32_t field);

/* The revision's bytes, which are the caller's to write into. Fails: NO_MEMORY, LIMIT_EXCEEDED. */
sv_status revision_close(struct revision *r, uint8_t **ret, size_t *ret_n);
