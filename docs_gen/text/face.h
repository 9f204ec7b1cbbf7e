/* The faces of the pages, and the subsets of them that are ready to embed.
 * A primary face is cut once, at start, into blocks of characters (capitals and digits, small letters, signs, Western, and
 * the capitals and the small letters of further Latin, Greek and Cyrillic); what a document needs beside the fonts of its template (draw/look.h) comes from these. Faces of other scripts, and rare characters, are cut per document.
 * Immutable after faces_open; shared by all workers. */
#pragma once
#include <hb.h>
#include <stdint.h>

#include "base/ctx.h"

enum face_id {
  FACE_SANS,
  FACE_SANS_BOLD,
  FACE_SANS_ITALIC,
  FACE_SANS_BOLD_ITALIC,
  FACE_SERIF,
  FACE_SERIF_BOLD,
  FACE_SERIF_ITALIC,
  FACE_SERIF_BOLD_ITALIC,
  FACE_MONO,
  FACE_MONO_BOLD,
  FACE_OCR_B,
  FACE_PRIMARY_COUNT,
};

enum {
  FACE_BLOCKS = 16,
  FACE_MAX = 64,       /* primary faces and those of other scripts */
  FACE_CHARS = 0x2300, /* code points with an entry in the table */
  FACE_UNITS = 64000,  /* of an em: every length of this folder */
  FACE_NO_BLOCK = 0xff,
};

/* A character of a block: how it is shown and how wide it is. */
struct face_char {
  uint16_t cid;
  uint8_t block; /* FACE_NO_BLOCK: not in any */
  int32_t advance;
  int32_t bearing; /* from the origin to its ink */
};

/* A subset as PDF wants it (PDF 32000-1 9.7): all streams deflated. */
struct face_subset {
  const char *name; /* "QXABCD+NotoSans-Regular" */
  bool cff;         /* FontFile3 /CIDFontType0C instead of FontFile2 */
  struct sv_bytes program;
  size_t program_length;      /* before deflate */
  struct sv_bytes cid_to_gid; /* TrueType only */
  struct sv_bytes to_unicode;
  unsigned code_end;      /* one more than the highest code */
  const char *widths;     /* the /W array */
  const char *descriptor; /* entries of the FontDescriptor but FontName and FontFile */
};

struct face {
  const char *file;
  const char *name; /* PostScript */
  hb_face_t *hb;
  hb_font_t *font; /* scaled to FACE_UNITS */
  bool cff;
  const char *descriptor;
  struct face_char *chars;                 /* FACE_CHARS of them; primary faces only */
  struct face_subset *blocks[FACE_BLOCKS]; /* NULL: the face has none of its characters */
};

struct faces {
  struct face v[FACE_MAX];
  size_t n;
};

/* ctx->mem must outlive the faces. Fails: TEMPLATE (a face is missing or broken), NO_MEMORY. */
sv_status faces_open(struct sv_ctx *ctx, struct faces *ret);
void faces_close(struct faces *faces);

/* The table's entry, NULL when the face has no block with the character. */
static inline const struct face_char *face_char_of(const struct face *face, uint32_t cp) {
  bool in = cp < FACE_CHARS && face->chars && face->chars[cp].block != FACE_NO_BLOCK;
  return in ? &face->chars[cp] : NULL;
}
/* The face that has a glyph for the character: `want` when it has one, else the first of the other scripts' faces; -1:
 * none. */
int faces_with_glyph(const struct faces *faces, enum face_id want, uint32_t cp);
