/* Invented documents of every kind, for tests and for looking at. */
#pragma once
#include "docs_gen/document.h"

struct sample {
  const char *name;
  struct model_content content;
  struct model_issue issue;
  struct docs_request request;
};

enum { SAMPLE_COUNT = 17 };

/* Sample i, wholly in ctx->mem. */
sv_status sample_make(struct sv_ctx *ctx, size_t i, struct sample *ret);
/* The sample on other paper, where docs_page_count says so many pages. */
void sample_on(struct sv_ctx *ctx, struct sample *s, enum model_paper paper, uint32_t pages);
