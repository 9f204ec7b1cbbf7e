/* Walks the page tree and reads inline images. Our writer draws a bar code as an image mask in the page's own content:
 *   BI /W n /H n /IM true /BPC 1 /D[1 0] /F/AHx ID hex> EI       (a set bit is dark)
 * Invariants: at most PAGES_MAX pages, CODES_MAX codes and CONTENT_MAX bytes of a page's content are looked at, and more of
 * any is an error, so that nothing can hide behind a limit. */
#include "verify/page_code.h"

#include "formats/datamatrix/reader.h"
#include "pdfio/lexer.h"

enum {
  PAGES_MAX = 200,
  TREE_DEPTH_MAX = 8,
  NODES_MAX = 2 * PAGES_MAX,
  CODES_MAX = 8, /* a page */
  STREAMS_MAX = 16,
  CONTENT_MAX = 4 * 1024 * 1024,
};

struct walk {
  struct sv_ctx *ctx;
  struct pdfio *p;
  struct verify_page_codes *found;
  uint32_t page;
  int nodes; /* of the page tree, so far */
};

/* --- one bar code ------------------------------------------------------------------------------------------------- */

static int hex_of(uint8_t c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  c |= 0x20;
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The rows of a mask: hexadecimal up to '>', white space apart. */
static sv_status read_rows(struct walk *w, struct pdfio_lexer *l, unsigned modules,
                           struct sv_bytes *ret) {
  size_t n = (size_t)modules * ((modules + 7) / 8);
  uint8_t *rows = sv_arena_alloc(w->ctx->mem, n);
  size_t digits = 0;
  if (!rows) {
    return SV_FAIL(w->ctx, NO_MEMORY, "symbol");
  }
  for (; l->at < l->text.n && l->text.p[l->at] != '>'; l->at++) {
    uint8_t c = l->text.p[l->at];
    if (pdfio_is_space(c)) {
      continue;
    }
    if (hex_of(c) < 0 || digits == 2 * n) {
      return SV_FAIL(w->ctx, SEAL_FORMAT, "the data of a symbol");
    }
    rows[digits / 2] |= (uint8_t)(hex_of(c) << (digits % 2 ? 0 : 4));
    digits++;
  }
  if (digits != 2 * n || l->at == l->text.n) {
    return SV_FAIL(w->ctx, SEAL_FORMAT, "the data of a symbol");
  }
  *ret = sv_bytes_of(rows, n);
  return SV_DONE;
}

/* The dictionary of an inline image, after BI and past ID. */
struct image {
  int64_t width;
  int64_t height;
  bool mask;
  bool dark_is_one;
  bool hex;
};

static sv_status read_image_keys(struct walk *w, struct pdfio_lexer *l, struct image *ret) {
  struct image m = {0};
  for (int i = 0; i < 16; i++) {
    const struct pdfio_value *key;
    const struct pdfio_value *v;
    pdfio_skip_space(l);
    if (pdfio_keyword(l, "ID")) {
      *ret = m;
      return SV_DONE;
    }
    SV_TRY(pdfio_value_read(l, 0, &key));
    SV_TRY(pdfio_value_read(l, 0, &v));
    if (pdfio_is_name(key, "W") && v->type == PDFIO_INT) {
      m.width = v->integer;
    } else if (pdfio_is_name(key, "H") && v->type == PDFIO_INT) {
      m.height = v->integer;
    } else if (pdfio_is_name(key, "IM") && v->type == PDFIO_BOOL) {
      m.mask = v->boolean;
    } else if (pdfio_is_name(key, "D") && v->type == PDFIO_ARRAY && v->array.n == 2) {
      m.dark_is_one = v->array.items[0]->type == PDFIO_INT && v->array.items[0]->integer == 1;
    } else if (pdfio_is_name(key, "F")) {
      m.hex = pdfio_is_name(v, "AHx");
    }
  }
  return SV_FAIL(w->ctx, SEAL_FORMAT, "an inline image");
}

/* An inline image of ours is a code and nothing else. */
static sv_status read_code(struct walk *w, struct pdfio_lexer *l, struct sv_bytes *ret) {
  struct image m;
  struct sv_bytes rows;
  SV_TRY(read_image_keys(w, l, &m));
  if (!m.mask || !m.dark_is_one || !m.hex || m.width != m.height || m.width < 1 ||
      m.width > DATAMATRIX_MODULES_MAX) {
    return SV_FAIL(w->ctx, SEAL_FORMAT, "an inline image that is no bar code");
  }
  SV_TRY(read_rows(w, l, (unsigned)m.width, &rows));
  return datamatrix_read(w->ctx, rows, (unsigned)m.width, ret);
}

/* --- pages ---------------------------------------------------------------------------------------------------------- */

/* What may begin an inline image, a string or a comment; the rest is passed over at once. */
enum { MARKS = 3 };
static const char mark_of[MARKS] = {'B', '(', '%'};

struct marks {
  size_t at[MARKS]; /* where each is next, from some place on; the end where it is no more */
  bool known[MARKS];
};

static size_t next_mark(struct marks *m, struct sv_bytes text, size_t from) {
  size_t next = text.n;
  for (int i = 0; i < MARKS; i++) {
    if (!m->known[i] || m->at[i] < from) {
      const uint8_t *p = from < text.n ? memchr(text.p + from, mark_of[i], text.n - from) : NULL;
      m->at[i] = p ? (size_t)(p - text.p) : text.n;
      m->known[i] = true;
    }
    next = m->at[i] < next ? m->at[i] : next;
  }
  return next;
}

/* Moves past a string, a comment or one other byte: an operator in a text is none. */
static sv_status skip_one(struct pdfio_lexer *l) {
  uint8_t c = l->text.p[l->at];
  const struct pdfio_value *string;
  if (c == '(') {
    return pdfio_value_read(l, 0, &string);
  }
  if (c == '%') {
    pdfio_skip_space(l);
    return SV_DONE;
  }
  l->at++;
  return SV_DONE;
}

static bool starts_word(const struct pdfio_lexer *l) {
  return l->at == 0 || pdfio_is_space(l->text.p[l->at - 1]) ||
         pdfio_is_delimiter(l->text.p[l->at - 1]);
}

static sv_status scan_content(struct walk *w, struct sv_bytes content, int *codes) {
  size_t nodes = PDFIO_NODES_MAX;
  struct pdfio_lexer l = {.ctx = w->ctx, .text = content, .nodes = &nodes};
  struct marks marks = {0};
  for (;;) {
    l.at = next_mark(&marks, content, l.at);
    if (l.at == content.n) {
      return SV_DONE;
    }
    if (l.text.p[l.at] != 'B' || !starts_word(&l) || !pdfio_keyword(&l, "BI")) {
      SV_TRY(skip_one(&l));
      continue;
    }
    if (++*codes > CODES_MAX) {
      return SV_FAIL(w->ctx, PDF_FORMAT, "more than %d bar codes on a page", CODES_MAX);
    }
    struct sv_bytes seal;
    sv_status s = read_code(w, &l, &seal);
    if (sv_failed(s) && s.reason != SV_SEAL_FORMAT && s.reason != SV_PDF_FORMAT) {
      return s;
    }
    sv_ctx_clear(w->ctx);
    w->found->take(w->found, w->page, sv_failed(s) ? NULL : &seal);
  }
}

static sv_status scan_page(struct walk *w, const struct pdfio_value *page) {
  const struct pdfio_value *contents;
  struct sv_bytes data;
  int codes = 0;
  if (++w->page > PAGES_MAX) {
    return SV_FAIL(w->ctx, PDF_FORMAT, "more than %d pages", PAGES_MAX);
  }
  SV_TRY(pdfio_entry(w->p, page, "Contents", &contents));
  if (contents->type == PDFIO_STREAM) {
    SV_TRY(pdfio_data(w->p, contents, CONTENT_MAX, &data));
    return scan_content(w, data, &codes);
  }
  if (contents->type == PDFIO_ARRAY && contents->array.n > STREAMS_MAX) {
    return SV_FAIL(w->ctx, PDF_FORMAT, "more than %d contents of a page", STREAMS_MAX);
  }
  for (size_t i = 0; contents->type == PDFIO_ARRAY && i < contents->array.n; i++) {
    const struct pdfio_value *stream;
    SV_TRY(pdfio_resolve(w->p, contents->array.items[i], &stream));
    SV_TRY(pdfio_data(w->p, stream, CONTENT_MAX, &data));
    SV_TRY(scan_content(w, data, &codes));
  }
  return SV_DONE;
}

static sv_status scan_tree(struct walk *w, const struct pdfio_value *node, int depth) {
  const struct pdfio_value *kids;
  if (depth > TREE_DEPTH_MAX || ++w->nodes > NODES_MAX) {
    return SV_FAIL(w->ctx, PDF_FORMAT, "a page tree that is too deep or too wide");
  }
  SV_TRY(sv_ctx_alive(w->ctx));
  SV_TRY(pdfio_entry(w->p, node, "Kids", &kids));
  if (kids->type != PDFIO_ARRAY) {
    return scan_page(w, node);
  }
  for (size_t i = 0; i < kids->array.n; i++) {
    const struct pdfio_value *kid;
    SV_TRY(pdfio_resolve(w->p, kids->array.items[i], &kid));
    SV_TRY(scan_tree(w, kid, depth + 1));
  }
  return SV_DONE;
}

sv_status verify_page_codes(struct sv_ctx *ctx, struct pdfio *p, struct verify_page_codes *found) {
  const struct pdfio_value *root;
  const struct pdfio_value *pages;
  struct walk w = {.ctx = ctx, .p = p, .found = found};
  SV_TRY(pdfio_entry(p, pdfio_trailer(p), "Root", &root));
  SV_TRY(pdfio_entry(p, root, "Pages", &pages));
  return scan_tree(&w, pages, 0);
}
