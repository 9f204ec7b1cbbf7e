/* What changed from one version of a manifest to the next. */
#pragma once
#include "base/ctx.h"
#include "model/document.h"

/* Sets `changed` of every line that is new, differs from the line of its occupant in `before`, or lost its occupant, and
 * names the occupants by what happened to them. Lists are in ctx->mem, in the order of the lines; strings are shared.
 * Fails: NO_MEMORY. Thread: any. */
sv_status model_revision_find(struct sv_ctx *ctx, const struct model_manifest *before,
                              struct model_manifest *now, struct model_revision *ret);

/* "2–4, 17": the numbers of the lines that changed, at most three runs; "—" for none. ret in ctx->mem, NULL when memory
 * is out. */
const char *model_lines_changed(struct sv_arena *mem, const struct model_manifest *m);
