/* What a stranger's file has inside of what was signed that a reader does not see: objects that nothing refers to or that were
 * written twice, and layers (rule 5). For verify/pdf.c. */
#pragma once
#include "verify/signature.h"

/* Adds UNUSED_OBJECTS and HIDDEN_LAYERS to each signature. A file of more than VERIFY_FOREIGN_OBJECTS_MAX objects or
 * VERIFY_FOREIGN_BYTES_MAX bytes is not walked, and told to have them.
 * Fails: NO_MEMORY, CANCELLED, DEADLINE. */
enum { VERIFY_FOREIGN_OBJECTS_MAX = 20000, VERIFY_FOREIGN_BYTES_MAX = 4 * 1024 * 1024 };
sv_status verify_foreign(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf,
                         struct verify_found *found, size_t n);
