/* Text to glyphs: order of directions, faces run by run, and codes that lead back to the very text.
 * A string of the primary faces' tables costs a table look-up a character; all else goes through FriBidi and HarfBuzz.
 * Lengths are in FACE_UNITS of an em unless their name says otherwise. */
#pragma once
#include "docs_gen/text/face.h"

/* Number of a font in a document: face * FACE_BLOCKS + block, or one cut for this document alone. */
enum {
  TEXT_FONT_DYNAMIC = FACE_PRIMARY_COUNT * FACE_BLOCKS,
  TEXT_DYNAMIC_MAX = 16,
  TEXT_FONT_LOOK = TEXT_FONT_DYNAMIC + TEXT_DYNAMIC_MAX, /* the template's own, by face */
  TEXT_FONTS = TEXT_FONT_LOOK + FACE_PRIMARY_COUNT,
};

/* A glyph as a path, for those that must not speak. Segments as in a display list: M, L, C, Z. */
struct text_point {
  int32_t x, y;
};
struct text_outline {
  const char *segments;
  const struct text_point *points;
};

struct text_glyph {
  uint16_t font;
  uint16_t cid;
  int32_t x; /* of its origin, from the line's left edge */
  int32_t y; /* above the baseline */
  int32_t advance;
  const struct text_outline
      *outline; /* drawn instead of the code: its cluster's text was given by another glyph */
  bool unseen;  /* text alone: it carries a character and draws nothing */
};

/* Glyphs in the order of the text, whatever its direction. */
struct text_line {
  const char *text;
  enum face_id face;
  struct text_glyph *glyphs;
  size_t n;
  int32_t width;
  uint32_t missing; /* the first character without a glyph in any face; 0: none */
};

/* The fonts that one document cuts for itself. In the arena of ctx. */
struct text_session {
  struct sv_ctx *ctx;
  const struct faces *faces;
  struct text_dynamic *dynamic[TEXT_DYNAMIC_MAX];
  size_t dynamic_count;
};

/* Shapes one line. Fails: NO_MEMORY; a character without a glyph is no failure but ret->missing. */
sv_status text_shape(struct text_session *session, enum face_id face, const char *utf8,
                     struct text_line *ret);
/* The same with kerning, for text of templates: every character must be in the face's table, else ret->missing. */
sv_status text_shape_kerned(struct text_session *session, enum face_id face, const char *utf8,
                            struct text_line *ret);
/* The width alone, for text of the face's table; -1 when it must be shaped. Nothing is allocated. */
int32_t text_width(const struct faces *faces, enum face_id face, const char *utf8, size_t n);

/* Cuts what the session used of a dynamic font (index from 0). */
sv_status text_dynamic_subset(struct text_session *session, size_t index, struct face_subset *ret);
