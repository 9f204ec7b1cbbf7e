/* The first bytes of all documents of a template in a pair of languages on one paper, with as many kinds of pages: profile,
 * the look's fonts and forms, static halves of pages. Made once, then only read. */
#pragma once
#include "docs_gen/draw/content.h"
#include "docs_gen/draw/objects.h"

enum { BEGINNING_PARTS = 4 };

/* A page part made when the templates were compiled: its content deflated, its list for the structure. */
struct assemble_static {
  struct sv_bytes deflated;
  const struct list *list; /* its elements alone */
  struct content content;
  bool fonts[TEXT_FONTS];
};

struct beginning {
  struct pdf_beginning file;
  uint32_t icc;
  uint32_t fonts[TEXT_FONTS]; /* 0: not in it */
  uint32_t forms[LOOK_FORMS];
  const struct assemble_static *parts[BEGINNING_PARTS];
  uint32_t contents[BEGINNING_PARTS];
  size_t part_n;
};

/* parts: part_n of them, borrowed. icc: deflated. ret in ctx->mem. Fails: RENDER, NO_MEMORY. */
sv_status beginning_make(struct sv_ctx *ctx, const struct look *look,
                         const struct assemble_static *const *parts, size_t part_n,
                         struct sv_bytes icc, struct beginning *ret);
