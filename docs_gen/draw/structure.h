/* The structure tree of a document (PDF 32000-1 14.7, 14.8; ISO 14289-1). */
#pragma once
#include "docs_gen/draw/assemble.h"
#include "docs_gen/draw/objects.h"

/* Puts StructTreeRoot, its elements and its parent tree, all in one object stream. page_objects: of the pages; widget 0: none.
 * Fails: RENDER (an element names a parent that is not there), NO_MEMORY. */
sv_status structure_put(const struct assemble_input *input, struct pdf_objects *pdf,
                        const uint32_t *page_objects, uint32_t widget, uint32_t *ret_root);
