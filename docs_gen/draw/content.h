/* A display list as content streams (PDF 32000-1 7.8.2): text, paths, bar codes, and the marks that tie them to the
 * structure tree. */
#pragma once
#include "docs_gen/draw/look.h"

/* A stretch of content that belongs to an element of the list. */
struct content_mark {
  uint16_t element; /* index + 1 */
  uint32_t mcid;
};

struct content {
  struct sv_bytes bytes; /* not yet deflated */
  struct content_mark *marks;
  size_t mark_n;
  uint32_t next_mcid;
  bool forms[LOOK_FORMS]; /* those of the look that it draws */
};

/* Writes the items of one page, or of the appearance (which has no marks).
 * look         whose fonts and forms are used where they have what is drawn.
 * first_mcid   where the page's numbers go on.
 * fonts        TEXT_FONTS flags, set for those used.
 * Fails        NO_MEMORY. */
sv_status content_write(const struct list *list, const struct look *look, uint16_t page,
                        uint32_t first_mcid, bool *fonts, struct content *ret);
