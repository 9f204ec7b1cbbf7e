/* The display list of a document as text: what golden tests hold. */
#pragma once
#include "docs_gen/document.h"

/* ret in ctx->mem. Fails as docs_render. */
sv_status docs_dump(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *request,
                    const char **ret);

/* The first text of the document that runs into another one, a code, a picture or the edge, and its page; *ret_text is NULL
 * when every text has its room. In ctx->mem. Fails as docs_render. */
sv_status docs_crowded(const struct docs *docs, struct sv_ctx *ctx,
                       const struct docs_request *request, const char **ret_text,
                       uint32_t *ret_page);
