/* The objects of one PDF file, over libharu's object layer: its cross references, its page tree, its writer. Values are
 * written by us as text; nothing of libharu's fonts, images or PDF/A calls is used. */
#pragma once
#include "base/ctx.h"
#include "base/sig_slot.h"

struct pdf_objects;

/* Whether the libharu at hand is the one this file was written against. */
sv_status pdf_library_check(struct sv_ctx *ctx);

/* One document, one thread. ret: caller, pdf_objects_close, which accepts NULL; bytes given to it are borrowed until
 * then. Fails: NO_MEMORY, RENDER. */
sv_status pdf_objects_open(struct sv_ctx *ctx, struct pdf_objects **ret);
void pdf_objects_close(struct pdf_objects *pdf);

/* From here on, objects are the document's own. What came before stands first in the file; where the same objects were
 * made before, with the same number of pages, it is the same bytes: every other object keeps its number too. */
void pdf_static_end(struct pdf_objects *pdf);
/* A new object's number; 0 after a failure, which pdf_objects_save reports. */
uint32_t pdf_object(struct pdf_objects *pdf);
/* A page's number: it joins the page tree, which writes its /Parent and /Type. */
uint32_t pdf_page(struct pdf_objects *pdf);
/* What stands between << and >> of an object: text without them. The catalog and Info have such a place too. */
void pdf_dict(struct pdf_objects *pdf, uint32_t object, const char *entries);
void pdf_stream(struct pdf_objects *pdf, uint32_t object, const char *entries,
                struct sv_bytes data);
void pdf_catalog(struct pdf_objects *pdf, const char *entries);
void pdf_info(struct pdf_objects *pdf, const char *entries);
/* A signature dictionary with empty /ByteRange and /Contents of contents_room characters. One a document. */
void pdf_signature(struct pdf_objects *pdf, uint32_t object, const char *entries,
                   size_t contents_room);

/* Writes the file. id: the two halves of /ID. ret_pdf in ctx->mem, writable. Fails: RENDER, NO_MEMORY. */
sv_status pdf_objects_save(struct pdf_objects *pdf, const uint8_t id[static 32],
                           struct sv_bytes *ret_pdf, struct sv_sig_slot *ret_slot);
