/* Plain GET: pages of a few bytes, made on the loop. */
#pragma once
#include "base/ctx.h"

struct rpc_page {
  const char *path; /* "/healthz" */
  bool admin;       /* on the operator's door alone */
  const char *content_type;
  /* Appends the body; returns the HTTP status, "200". Never blocks. */
  const char *(*write)(struct sv_ctx *ctx, void *arg, struct sv_buf *body);
  void *arg;
};
