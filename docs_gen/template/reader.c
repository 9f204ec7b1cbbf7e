/* The one file that knows cmark. Everything read here is checked now, so that no document finds a fault later. */
#include "docs_gen/template/reader.h"

#include <cmark.h>
#include <errno.h>
#include <stdio.h>

SV_AUTO_DEFINE(FILE, fclose)
SV_AUTO_DEFINE(cmark_node, cmark_node_free)
SV_AUTO_DEFINE(cmark_iter, cmark_iter_free)

enum { FILE_MAX_BYTES = 64 * 1024 };

static bool is_utf8(const char *s, size_t n) {
  const uint8_t *p = (const uint8_t *)s, *end = p + n;
  while (p < end) {
    unsigned more = *p < 0x80   ? 0
                    : *p < 0xc2 ? 9
                    : *p < 0xe0 ? 1
                    : *p < 0xf0 ? 2
                    : *p < 0xf5 ? 3
                                : 9;
    if (more == 9 || more > (size_t)(end - p - 1) || *p == 0) {
      return false;
    }
    for (p++; more > 0; more--, p++) {
      if ((*p & 0xc0) != 0x80) {
        return false;
      }
    }
  }
  return true;
}

sv_status reader_file(struct sv_ctx *ctx, const char *path, const char **ret) {
  SV_AUTO(fclose) FILE *f = fopen(path, "re");
  if (!f && errno == ENOENT) {
    *ret = NULL;
    return SV_DONE;
  }
  char *text = sv_arena_alloc(ctx->mem, FILE_MAX_BYTES + 1);
  if (!text) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", path);
  }
  size_t n = f ? fread(text, 1, FILE_MAX_BYTES, f) : 0;
  if (!f || ferror(f)) {
    return SV_FAIL(ctx, IO, "%s: can't be read", path);
  }
  if (n == FILE_MAX_BYTES || !is_utf8(text, n)) {
    return SV_FAIL(ctx, TEMPLATE, "%s: too large or not UTF-8", path);
  }
  text[n] = 0;
  *ret = text;
  return SV_DONE;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

static char *trimmed(struct sv_ctx *ctx, const char *from, const char *to) {
  while (from < to && blank(*from)) {
    from++;
  }
  while (to > from && blank(to[-1])) {
    to--;
  }
  return sv_arena_strndup(ctx->mem, from, (size_t)(to - from));
}

sv_status reader_conf(struct sv_ctx *ctx, const char *path, const char *text, reader_line *line,
                      void *user) {
  for (int number = 1; *text; number++) {
    const char *end = text + strcspn(text, "\n"), *equals = memchr(text, '=', (size_t)(end - text));
    const char *first = text + strspn(text, " \t\r");
    if (first < end && *first != '#') {
      char *key = equals ? trimmed(ctx, text, equals) : NULL;
      char *value = equals ? trimmed(ctx, equals + 1, end) : NULL;
      const char *fault = !equals          ? "no '='"
                          : !key || !value ? "no memory"
                                           : line(user, key, value, number);
      if (fault) {
        return SV_FAIL(ctx, TEMPLATE, "%s:%d: %s", path, number, fault);
      }
    }
    text = *end ? end + 1 : end;
  }
  return SV_DONE;
}

static bool is_plain(cmark_node_type type) {
  switch (type) {
    case CMARK_NODE_DOCUMENT:
    case CMARK_NODE_LIST:
    case CMARK_NODE_ITEM:
    case CMARK_NODE_PARAGRAPH:
    case CMARK_NODE_TEXT:
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
      return true;
    default:
      return false;
  }
}

static int line_of(cmark_node *node) {
  while (node && cmark_node_get_start_line(node) == 0) {
    node = cmark_node_parent(node);
  }
  return node ? cmark_node_get_start_line(node) : 0;
}

sv_status reader_paragraphs(struct sv_ctx *ctx, const char *path, const char *text,
                            struct reader_paragraph *ret, size_t max, size_t *ret_n) {
  SV_AUTO(cmark_node_free)
  cmark_node *root = cmark_parse_document(text, strlen(text), CMARK_OPT_VALIDATE_UTF8);
  SV_AUTO(cmark_iter_free) cmark_iter *iter = cmark_iter_new(root);
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  size_t n = 0;
  for (cmark_event_type event; (event = cmark_iter_next(iter)) != CMARK_EVENT_DONE;) {
    cmark_node *node = cmark_iter_get_node(iter);
    cmark_node_type type = cmark_node_get_type(node);
    if (!is_plain(type)) {
      return SV_FAIL(ctx, TEMPLATE, "%s:%d: %s is not allowed", path, line_of(node),
                     cmark_node_get_type_string(node));
    }
    if (type == CMARK_NODE_TEXT) {
      sv_buf_str(&b, cmark_node_get_literal(node));
    } else if (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK) {
      sv_buf_u8(&b, ' ');
    } else if (type == CMARK_NODE_PARAGRAPH && event == CMARK_EVENT_EXIT) {
      if (n == max) {
        return SV_FAIL(ctx, TEMPLATE, "%s:%d: more than %zu paragraphs", path, line_of(node), max);
      }
      sv_buf_u8(&b, 0);
      ret[n++] = (struct reader_paragraph){(const char *)b.p, line_of(node)};
      if (b.failed) {
        return SV_FAIL(ctx, NO_MEMORY, "%s", path);
      }
      b = sv_buf_in(ctx->mem, 0);
    }
  }
  *ret_n = n;
  return SV_DONE;
}
