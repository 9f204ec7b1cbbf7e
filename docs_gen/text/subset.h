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

/* codes    in the order of their CIDs, from 1; for a CFF face sorted by gid, each gid once.
 * number   makes the six letters before the name differ between subsets of one document.
 * level    of libdeflate.
 * Fails    RENDER (HarfBuzz refuses the face), NO_MEMORY. */
sv_status subset_make(struct sv_ctx *ctx, const struct face *face, struct subset_code *codes,
                      size_t n, unsigned number, int level, struct face_subset *ret);
