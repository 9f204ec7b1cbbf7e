/* Cuts a face down to some glyphs and writes what PDF needs beside it: widths, CIDs, and the way back to text. */
#pragma once
#include "docs_gen/text/face.h"

/* One code of the subset: a glyph as it stands for a text. Two codes may share a glyph (space and no-break space). */
struct subset_code {
  uint32_t gid;
  int32_t advance;     /* FACE_UNITS */
  const char *unicode; /* UTF-8, not empty */
  uint16_t ret_cid;
};

enum subset_order {
  SUBSET_AS_GIVEN, /* CIDs from 1 on, in the order of the codes, and a table from them to the glyphs */
  SUBSET_BY_GLYPH, /* CIDs are glyph numbers, without a table, where no two codes share a glyph */
};

/* codes    sorted anew for SUBSET_BY_GLYPH; ret_cid is set. A CFF face takes this order alone, and each glyph once.
 * number   makes the six letters before the name differ between subsets of one document.
 * level    of libdeflate.
 * Fails    RENDER (HarfBuzz refuses the face), NO_MEMORY. */
sv_status subset_make(struct sv_ctx *ctx, const struct face *face, struct subset_code *codes,
                      size_t n, unsigned number, enum subset_order order, int level,
                      struct face_subset *ret);
