/* What all documents of a template in a pair of languages embed: one font a face, cut to what the template's own words and
 * a specimen of it need, and the ornaments of their own halves. A character outside of it comes from the face's blocks.
 * Made once, then only read. */
#pragma once
#include "docs_gen/layout/list.h"

enum { LOOK_FORMS = 6 };

/* An ornament as a form of its own (PDF 32000-1 8.10), in 0.01 mm about its origin. */
struct look_form {
  const uint8_t *content; /* tells it from others */
  struct sv_bytes deflated;
};

/* The space of a face's font: code 0: none. */
struct look_space {
  uint16_t cid;
  int32_t advance; /* FACE_UNITS */
};

struct look {
  const char *language; /* of the documents: what a text is in where nothing says another */
  const struct face_subset *fonts[FACE_PRIMARY_COUNT]; /* NULL: the face is not used */
  struct look_space spaces[FACE_PRIMARY_COUNT];
  const uint16_t
      *cids[TEXT_FONT_DYNAMIC]; /* by code of a block's font: ours, 0: none; NULL: none at all */
  struct look_form forms[LOOK_FORMS];
  size_t form_n;
};

/* What has been seen of a template. */
struct look_seen {
  const struct faces *faces;
  bool chars[FACE_PRIMARY_COUNT][FACE_CHARS];
  bool used[FACE_PRIMARY_COUNT];
  struct sv_bytes ornaments[LOOK_FORMS]; /* of documents' own halves */
  size_t ornament_n;
};

/* own: of documents' own halves, where values stand: their faces get what values are made of as well. */
void look_note(struct look_seen *seen, const struct list *list, bool own);
/* A face whose text is in no specimen: what its values are made of. */
void look_note_values(struct look_seen *seen, enum face_id face);
/* ret in mem; what is needed on the way in ctx->mem. Fails: RENDER, NO_MEMORY. */
sv_status look_make(struct sv_ctx *ctx, struct sv_arena *mem, const struct look_seen *seen,
                    struct look *ret);
