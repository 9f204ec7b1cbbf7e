/* A subset as the objects of a composite font (PDF 32000-1 9.7). */
#pragma once
#include "docs_gen/draw/objects.h"
#include "docs_gen/text/face.h"

/* The number of the font. pack: takes the dictionaries; NULL: they are objects of the file. 0 when memory is out. */
uint32_t font_put(struct pdf_objects *pdf, struct sv_ctx *ctx, const struct face_subset *subset,
                  struct pack *pack);
