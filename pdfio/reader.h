/* Reads PDF files: objects, cross references of both kinds, object streams, revisions. Strict and bounded: what a
 * signed file of ours never has (an encrypted file, a dictionary with a key twice, overlapping subsections, a hybrid
 * cross reference, a loop) is an error. No signature logic.
 *
 * The bytes are borrowed for the life of the reader, which lives in ctx->mem and is closed with it. One thread. */
#pragma once
#include "base/ctx.h"
#include "pdfio/value.h"

enum {
  PDFIO_DEPTH_MAX = 64,
  PDFIO_REVISIONS_MAX = 32,
  PDFIO_OBJECTS_MAX = 200000,
  PDFIO_NODES_MAX = 1000000,
  PDFIO_STREAM_MAX = 16 * 1024 * 1024, /* of one decoded stream, at most */
};

struct pdfio;

struct pdfio_revision {
  size_t xref_at; /* what its startxref says */
  size_t end;     /* after the line end that follows %%EOF; 0 when that is not where it must be */
  bool xref_stream;
  uint32_t xref_object; /* number of that stream; 0: a table */
  const struct pdfio_value *trailer;
};

/* Fails: PDF_FORMAT with what is wrong, NO_MEMORY, CANCELLED, DEADLINE. */
sv_status pdfio_open(struct sv_ctx *ctx, struct sv_bytes file, struct pdfio **ret);

/* Oldest first. */
size_t pdfio_revision_count(const struct pdfio *p);
const struct pdfio_revision *pdfio_revision(const struct pdfio *p, size_t i);
/* The newest trailer's dictionary. */
const struct pdfio_value *pdfio_trailer(const struct pdfio *p);
/* One more than the highest object number. */
uint32_t pdfio_size(const struct pdfio *p);

/* An object, as the newest revision has it: a shared null when there is none. Fails: PDF_FORMAT when it can't be read. */
sv_status pdfio_object(struct pdfio *p, uint32_t number, const struct pdfio_value **ret);
/* Follows references to what is not one. */
sv_status pdfio_resolve(struct pdfio *p, const struct pdfio_value *v,
                        const struct pdfio_value **ret);
/* An entry of a dictionary or stream, resolved; the shared null when v is none or has no such key. */
sv_status pdfio_entry(struct pdfio *p, const struct pdfio_value *v, const char *key,
                      const struct pdfio_value **ret);
/* The same unresolved; NULL when absent. */
const struct pdfio_value *pdfio_direct(const struct pdfio_value *v, const char *key);
bool pdfio_is_name(const struct pdfio_value *v, const char *name);

/* The data of a stream through its filters (FlateDecode with the PNG predictors; none). ret in ctx->mem.
 * Fails: PDF_FORMAT (another filter, bad data, more than cap bytes), NO_MEMORY. */
sv_status pdfio_data(struct pdfio *p, const struct pdfio_value *stream, size_t cap,
                     struct sv_bytes *ret);

/* --- revisions, one by one (0 is the oldest) --- */

/* An object as that revision had it. */
sv_status pdfio_object_at(struct pdfio *p, size_t revision, uint32_t number,
                          const struct pdfio_value **ret);
/* Follows references as of that revision. */
sv_status pdfio_resolve_at(struct pdfio *p, size_t revision, const struct pdfio_value *v,
                           const struct pdfio_value **ret);
sv_status pdfio_entry_at(struct pdfio *p, size_t revision, const struct pdfio_value *v,
                         const char *key, const struct pdfio_value **ret);
/* The numbers of the objects that the revision writes, ascending; n is pdfio_revision_objects. */
size_t pdfio_revision_objects(const struct pdfio *p, size_t revision);
uint32_t pdfio_revision_object(const struct pdfio *p, size_t revision, size_t i);
/* Whether each byte that an appended revision adds is white space between, or part of, an object that its cross reference
 * lists, that cross reference, its trailer and the end, in this order and without comments; /Prev is the revision before. A
 * file whose first cross reference is a stream goes on with streams, in the form of xref_write.h.
 * Fails: PDF_FORMAT with what is out of place, NO_MEMORY. */
sv_status pdfio_revision_check(struct pdfio *p, size_t revision);
/* Whether object streams leave no doubt: each holds exactly the objects that the cross reference of its revision has in it,
 * one after the other and nothing between, and extends no other. Fails: PDF_FORMAT with what is in doubt, NO_MEMORY. */
sv_status pdfio_streams_check(struct pdfio *p);
/* Whether two values of the file are written alike: references by number, dictionaries key by key, everything else letter by
 * letter. Streams, and what stands inside object streams, are never alike. */
bool pdfio_alike(const struct pdfio *p, const struct pdfio_value *a, const struct pdfio_value *b);
