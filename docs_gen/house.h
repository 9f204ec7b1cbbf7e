/* What documents of one authority share: halves of pages with its names, its seal and its ways of checking in them, and the first
 * bytes of files with those halves. Made when first asked for, from then on only read, gone with the edition. */
#pragma once
#include "docs_gen/edition.h"

struct house;

/* A house of that authority, or nobody's (NULL), whose halves have words of templates alone. Its name is copied. While the
 * edition is opened, or its lock is held. Fails: NO_MEMORY. */
sv_status house_open(struct sv_ctx *ctx, struct edition *e,
                     const struct model_authority *authority);

/* All of an edition, with everything that was made for them. */
void house_close_all(struct edition *e);

/* Makes before it is asked for what documents of that authority begin with, in the languages that requests have when they name
 * none. Fails: RENDER, TEMPLATE, NO_MEMORY. */
sv_status house_prepare(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                        const struct model_authority *authority);
/* The same for every authority that another edition met. */
sv_status house_prepare_all(struct edition *e, const struct edition_means *means,
                            struct sv_ctx *ctx, struct edition *before);

/* The first bytes of documents of the layout, with their halves. l->housed says afterwards whether what depends on the
 * authority alone is in them: it is not where that is named with characters that no font of an edition has, whatever was drawn
 * before. Fails: RENDER, NO_MEMORY. Thread: any. */
sv_status house_beginning(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                          struct layout *l, const struct beginning **ret);
