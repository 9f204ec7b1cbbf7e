/* The display list of a document as text: what golden tests hold. */
#pragma once
#include "docs_gen/document.h"

/* ret in ctx->mem. Fails as docs_render. */
sv_status docs_dump(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *request,
                    const char **ret);
