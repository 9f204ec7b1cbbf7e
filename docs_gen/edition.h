/* A set of templates as it was read at one moment, with what its documents share. Editions are counted: a
 * reload puts another in place, and the old one goes when nothing is drawn from it any more. */
#pragma once
#include <pthread.h>

#include "docs_gen/draw/assemble.h"
#include "docs_gen/draw/kept_trees.h"
#include "docs_gen/layout/layout.h"

/* What all editions share: read once, never written again. */
struct house;

struct edition_means {
  struct faces faces;
  struct layout_ornaments ornaments;
  struct sv_bytes icc;         /* deflated */
  struct deflaters *deflaters; /* of level 1 */
};

struct edition {
  struct sv_arena *mem;
  unsigned holders; /* under the lock of who counts them: document.c */
  struct templates templates;
  pthread_mutex_t lock; /* of what is made when it is first asked for */
  struct kept_trees *trees;
  struct look *_Atomic *looks;  /* by pair of languages and template */
  size_t sheet_n;               /* looks on every paper, in every variant */
  struct house *_Atomic houses; /* a list, of which nobody's is the last */
};

/* Reads a folder of templates and tries each template in each pair of languages.
 * Fails    TEMPLATE with file and line: what a text lacks, or why it can't be on its page; IO, NO_MEMORY. */
sv_status edition_open(struct sv_ctx *ctx, const struct edition_means *means, const char *dir,
                       struct edition **ret);
void edition_close(struct edition *e);

/* What documents of the layout's template and languages embed; made on first use, from then on only read. Fails: RENDER,
 * NO_MEMORY. */
sv_status edition_look(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                       const struct layout *l, const struct look **ret);
/* The same while the lock is held. */
sv_status edition_look_of(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                          const struct layout *l, const struct look **ret);
size_t edition_look_slot(const struct edition *e, const struct layout *l);
/* The half of a page that documents share as a display list, for dumps. */
sv_status edition_list(const struct edition_means *means, struct sv_ctx *ctx,
                       const struct layout *l, enum layout_part part, const struct list **ret);
enum layout_part edition_part(const struct layout *l, uint32_t page);
/* How many different parts its pages have, and which of them a page has: they stand in the order of pages. */
uint32_t edition_kinds_of_pages(const struct layout *l);
size_t edition_part_index(const struct layout *l, uint32_t page);
/* The page that a half is drawn for: marks count anew on each. */
uint16_t edition_part_page(enum layout_part part);

/* Layout of a content: template, languages, pages. request: borrowed. Fails: TEMPLATE, when the set has no such template,
 * RENDER. */
sv_status edition_layout(const struct edition *e, const struct edition_means *means,
                         struct sv_ctx *ctx, const struct docs_request *request,
                         struct layout *ret);
/* Draws a document's own half. */
void edition_draw(struct canvas *c, const struct layout *l);
/* Whether every template@version of both has the same digest in both. */
sv_status edition_follows(const struct edition *next, const struct edition *before,
                          struct sv_ctx *ctx);
