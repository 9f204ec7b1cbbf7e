/* The objects of one PDF file, over libharu's object layer: its page tree, its dictionaries, its writer. Values are written by
 * us as text; nothing of libharu's fonts, images or PDF/A calls is used, nor its cross references, which know no streams. */
#pragma once
#include "base/sig_slot.h"
#include "docs_gen/draw/pack.h"

struct pdf_objects;

/* The first bytes of many files: header and objects, with the rows that lead to them. Numbers below row_n are taken, of which
 * PDF_OWN_FIRST are left to each file's own catalog and page tree. */
enum { PDF_OWN_FIRST = 3 };
struct pdf_beginning {
  struct sv_bytes bytes;
  const struct pdf_row *rows;
  uint32_t row_n;
};

/* Whether the libharu at hand is the one this file was written against. */
sv_status pdf_library_check(struct sv_ctx *ctx);

/* One document, one thread.
 * beginning  what stands before it, borrowed until closed; NULL: nothing, and pdf_beginning_save is what follows.
 * ret        caller, pdf_objects_close, which accepts NULL; bytes given to it are borrowed until then.
 * Fails      NO_MEMORY, RENDER. */
sv_status pdf_objects_open(struct sv_ctx *ctx, const struct pdf_beginning *beginning,
                           struct pdf_objects **ret);
void pdf_objects_close(struct pdf_objects *pdf);

/* A new object's number; 0 after a failure, which saving reports. */
uint32_t pdf_object(struct pdf_objects *pdf);
/* The first of n numbers that packed objects will have. */
uint32_t pdf_numbers(struct pdf_objects *pdf, uint32_t n);
/* A page's number: it joins the page tree, which writes its /Parent and /Type. */
uint32_t pdf_page(struct pdf_objects *pdf);
/* What stands between << and >> of an object: text without them; NULL is a failure, which saving reports. The catalog and Info have such a place too. */
void pdf_dict(struct pdf_objects *pdf, uint32_t object, const char *entries);
void pdf_stream(struct pdf_objects *pdf, uint32_t object, const char *entries,
                struct sv_bytes data);
void pdf_catalog(struct pdf_objects *pdf, const char *entries);
void pdf_info(struct pdf_objects *pdf, const char *entries);
/* An object stream: the objects that were packed have numbers from pdf_numbers. */
void pdf_packed(struct pdf_objects *pdf, const struct pack_stream *stream);
/* A signature dictionary with empty /ByteRange and /Contents of contents_room characters. One a document. */
void pdf_signature(struct pdf_objects *pdf, uint32_t object, const char *entries,
                   size_t contents_room);

/* What was made becomes a beginning. ret in ctx->mem. Fails: RENDER, NO_MEMORY. */
sv_status pdf_beginning_save(struct pdf_objects *pdf, struct pdf_beginning *ret);
/* Writes the file. id: the two halves of /ID. ret_pdf in ctx->mem, writable. Fails: RENDER, NO_MEMORY. */
sv_status pdf_objects_save(struct pdf_objects *pdf, struct deflater *deflater,
                           const uint8_t id[static 32], struct sv_bytes *ret_pdf,
                           struct sv_sig_slot *ret_slot);
