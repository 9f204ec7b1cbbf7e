/* Whether the texts of a page leave each other, the codes and the edges room. */
#pragma once
#include "docs_gen/layout/list.h"
#include "docs_gen/layout/paper.h"

/* The first text of a page that runs into another one, into a bar code, a picture, or over the edge; NULL: none. fixed: the
 * page's static half, or NULL. Turned and tiny texts (watermark, seal, microtext) are drawn under others on purpose.
 * ret_other: what it runs into, "" for an edge or a picture; in the lists' arena. */
const struct list_text *overlap_find(const struct paper *paper, const struct list *fixed,
                                     const struct list *own, uint16_t page, const char **ret_other);
