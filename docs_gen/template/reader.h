/* The files of a template folder: lines "key = value", and CommonMark of plain paragraphs and lists. */
#pragma once
#include "base/ctx.h"

/* Reads a file of at most 64 KiB that is valid UTF-8. *ret is NUL-terminated, in ctx->mem; NULL when there is none. */
sv_status reader_file(struct sv_ctx *ctx, const char *path, const char **ret);

/* Called once a line; returns NULL, or what is wrong with it. */
typedef const char *reader_line(void *user, const char *key, const char *value, int line);
/* "#" begins a comment line; blanks round key and value don't count. Fails: TEMPLATE with file and line. */
sv_status reader_conf(struct sv_ctx *ctx, const char *path, const char *text, reader_line *line,
                      void *user);

struct reader_paragraph {
  const char *text;
  int line;
};
/* The paragraphs (or list items) of a CommonMark text, soft breaks as spaces. HTML, links, images, code and headings are
 * faults: a clause is words alone. Fails: TEMPLATE with file and line. */
sv_status reader_paragraphs(struct sv_ctx *ctx, const char *path, const char *text,
                            struct reader_paragraph *ret, size_t max, size_t *ret_n);
