/* A document of each kind that is nobody's: what templates are tried with, and shown by. The State is UTO. */
#pragma once
#include "docs_gen/document.h"

struct specimen {
  struct model_content content;
  struct model_issue issue;
  struct docs_request request; /* of that content and issue: a preview, without seals */
};

/* A manifest of 30 lines, a receipt of 6 and of one page more, or a letter of some purpose. In ctx->mem, where *ret has to
 * stay as well. Fails: NO_MEMORY. */
sv_status specimen_make(struct sv_ctx *ctx, enum model_kind kind, enum model_purpose purpose,
                        struct specimen *ret);
