/* Structure trees that were written before, deflated: most documents of a template have the tree of another. Bounded; any
 * thread. */
#pragma once
#include "docs_gen/draw/pack.h"

struct kept_trees;

/* NULL when memory is out. Caller: kept_trees_close, which accepts NULL. */
struct kept_trees *kept_trees_open(void);
void kept_trees_close(struct kept_trees *trees);

/* key: everything that the tree's bytes depend on. *ret in ctx->mem, without numbers; ret->n 0: not kept. Fails: NO_MEMORY. */
sv_status kept_trees_find(struct kept_trees *trees, struct sv_ctx *ctx, struct sv_bytes key,
                          struct pack_stream *ret);
void kept_trees_keep(struct kept_trees *trees, struct sv_bytes key,
                     const struct pack_stream *stream);
