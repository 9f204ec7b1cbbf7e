/* PDF syntax (ISO 32000-1, 7.2 and 7.3). Invariant: at never passes the end of text; every node is counted. */
#include "pdfio/lexer.h"

#include "pdfio/reader.h"

enum { ITEMS_FIRST = 8, TEXT_MAX = 1024 * 1024, KEYS_MAX = 1024 };

bool pdfio_is_space(uint8_t c) {
  return c == 0 || c == 9 || c == 10 || c == 12 || c == 13 || c == 32;
}

bool pdfio_is_delimiter(uint8_t c) {
  return c == '(' || c == ')' || c == '<' || c == '>' || c == '[' || c == ']' || c == '{' ||
         c == '}' || c == '/' || c == '%';
}

static bool is_regular(uint8_t c) { return !pdfio_is_space(c) && !pdfio_is_delimiter(c); }

/* The byte at an offset ahead, 0 past the end. */
static uint8_t peek(const struct pdfio_lexer *l, size_t ahead) {
  return ahead < l->text.n - l->at ? l->text.p[l->at + ahead] : 0;
}
static bool at_end(const struct pdfio_lexer *l) { return l->at >= l->text.n; }

void pdfio_skip_space(struct pdfio_lexer *l) {
  while (!at_end(l)) {
    uint8_t c = l->text.p[l->at];
    if (c == '%') {
      l->comments_met = true;
      while (!at_end(l) && l->text.p[l->at] != '\n' && l->text.p[l->at] != '\r') {
        l->at++;
      }
    } else if (pdfio_is_space(c)) {
      l->at++;
    } else {
      return;
    }
  }
}

bool pdfio_keyword(struct pdfio_lexer *l, const char *word) {
  size_t n = strlen(word);
  if (l->text.n - l->at < n || memcmp(l->text.p + l->at, word, n) != 0 ||
      (l->at + n < l->text.n && is_regular(l->text.p[l->at + n]))) {
    return false;
  }
  l->at += n;
  return true;
}

bool pdfio_digits(struct pdfio_lexer *l, uint64_t *ret) {
  uint64_t v = 0;
  size_t n = 0;
  for (; peek(l, n) >= '0' && peek(l, n) <= '9'; n++) {
    if (n == 18) {
      return false;
    }
    v = v * 10 + (uint64_t)(peek(l, n) - '0');
  }
  if (n == 0) {
    return false;
  }
  l->at += n;
  *ret = v;
  return true;
}

static sv_status bad(struct pdfio_lexer *l, const char *what) {
  return SV_FAIL(l->ctx, PDF_FORMAT, "%s at %zu", what, l->at);
}

static sv_status new_node(struct pdfio_lexer *l, enum pdfio_type type, struct pdfio_value **ret) {
  if (*l->nodes == 0) {
    return SV_FAIL(l->ctx, PDF_FORMAT, "more than %d values", PDFIO_NODES_MAX);
  }
  --*l->nodes;
  struct pdfio_value *v = SV_NEW(l->ctx->mem, struct pdfio_value);
  if (!v) {
    return SV_FAIL(l->ctx, NO_MEMORY, "PDF value");
  }
  v->type = type;
  v->in_file = l->in_file;
  v->at = l->at;
  *ret = v;
  return SV_DONE;
}

static int hex_of(uint8_t c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static sv_status read_name(struct pdfio_lexer *l, struct pdfio_value *v) {
  size_t n = 0;
  l->at++;
  while (l->at + n < l->text.n && is_regular(l->text.p[l->at + n])) {
    n++;
  }
  uint8_t *out = sv_arena_alloc(l->ctx->mem, n);
  if (!out) {
    return SV_FAIL(l->ctx, NO_MEMORY, "name");
  }
  size_t len = 0;
  const uint8_t *p = l->text.p + l->at;
  for (size_t i = 0; i < n; i++) {
    if (p[i] == '#') {
      if (n - i < 3 || hex_of(p[i + 1]) < 0 || hex_of(p[i + 2]) < 0) {
        return bad(l, "name with a bad #");
      }
      out[len++] = (uint8_t)(hex_of(p[i + 1]) << 4 | hex_of(p[i + 2]));
      i += 2;
    } else {
      out[len++] = p[i];
    }
  }
  l->at += n;
  v->bytes = sv_bytes_of(out, len);
  return SV_DONE;
}

static sv_status read_hex_string(struct pdfio_lexer *l, struct pdfio_value *v) {
  const uint8_t *end = memchr(l->text.p + l->at, '>', l->text.n - l->at);
  if (!end) {
    return bad(l, "hexadecimal string without an end");
  }
  size_t n = (size_t)(end - (l->text.p + l->at));
  uint8_t *out = sv_arena_alloc(l->ctx->mem, n / 2 + 1);
  if (!out) {
    return SV_FAIL(l->ctx, NO_MEMORY, "string");
  }
  size_t digits = 0;
  for (l->at++; l->text.p[l->at] != '>'; l->at++) {
    int d = hex_of(l->text.p[l->at]);
    if (d < 0 && !pdfio_is_space(l->text.p[l->at])) {
      return bad(l, "hexadecimal string");
    }
    if (d >= 0) {
      out[digits / 2] = (uint8_t)(digits % 2 ? out[digits / 2] | d : d << 4);
      digits++;
    }
  }
  l->at++;
  v->bytes = sv_bytes_of(out, (digits + 1) / 2);
  return SV_DONE;
}

/* The byte or bytes that an escape stands for; -1: nothing (a continued line). */
static int read_escape(struct pdfio_lexer *l) {
  uint8_t c = peek(l, 0);
  l->at += at_end(l) ? 0 : 1;
  if (c >= '0' && c <= '7') {
    int v = c - '0';
    for (int i = 0; i < 2 && peek(l, 0) >= '0' && peek(l, 0) <= '7'; i++) {
      v = v * 8 + (l->text.p[l->at++] - '0');
    }
    return v & 0xFF;
  }
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case '\r':
      l->at += peek(l, 0) == '\n';
      return -1;
    case '\n':
      return -1;
    default:
      return c;
  }
}

static sv_status read_literal_string(struct pdfio_lexer *l, struct pdfio_value *v) {
  struct sv_buf out = sv_buf_in(l->ctx->mem, TEXT_MAX);
  int depth = 1;
  for (l->at++; !at_end(l);) {
    uint8_t c = l->text.p[l->at++];
    if (c == '\\') {
      int e = read_escape(l);
      if (e >= 0) {
        sv_buf_u8(&out, (uint8_t)e);
      }
      continue;
    }
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (depth == 0) {
      v->bytes = sv_buf_bytes(&out);
      return out.failed ? SV_FAIL(l->ctx, PDF_FORMAT, "a string is too long") : SV_DONE;
    }
    sv_buf_u8(&out, c);
  }
  return bad(l, "string without an end");
}

/* An integer, or a real of up to 18 digits on either side. */
static sv_status read_number(struct pdfio_lexer *l, struct pdfio_value *v) {
  bool minus = peek(l, 0) == '-';
  l->at += minus || peek(l, 0) == '+';
  uint64_t whole = 0;
  bool some = pdfio_digits(l, &whole);
  v->type = PDFIO_INT;
  v->integer = minus ? -(int64_t)whole : (int64_t)whole;
  if (peek(l, 0) == '.') {
    double value = (double)whole;
    double unit = 0.1;
    l->at++;
    for (; peek(l, 0) >= '0' && peek(l, 0) <= '9'; l->at++, unit /= 10) {
      value += unit * (peek(l, 0) - '0');
      some = true;
    }
    v->type = PDFIO_REAL;
    v->real = minus ? -value : value;
  }
  return some && !(l->at < l->text.n && is_regular(l->text.p[l->at])) ? SV_DONE : bad(l, "number");
}

/* "number generation R" in place of an integer that was just read. */
static void read_reference(struct pdfio_lexer *l, struct pdfio_value *v) {
  struct pdfio_lexer ahead = *l;
  uint64_t generation;
  if (v->type != PDFIO_INT || v->integer < 0 || v->integer > UINT32_MAX || !l->refs) {
    return;
  }
  pdfio_skip_space(&ahead);
  if (!pdfio_digits(&ahead, &generation) || generation > UINT16_MAX) {
    return;
  }
  size_t gap = ahead.at;
  pdfio_skip_space(&ahead);
  if (ahead.at == gap || !pdfio_keyword(&ahead, "R")) {
    return;
  }
  v->type = PDFIO_REF;
  v->ref.number = (uint32_t)v->integer;
  v->ref.generation = (uint16_t)generation;
  l->at = ahead.at;
}

/* A growing list of pointers in the arena. */
struct list {
  const struct pdfio_value **v;
  size_t n;
  size_t room;
};

static bool list_add(struct sv_arena *mem, struct list *list, const struct pdfio_value *v) {
  if (list->n == list->room) {
    size_t room = list->room ? 2 * list->room : ITEMS_FIRST;
    const struct pdfio_value **grown = SV_ARRAY(mem, room, const struct pdfio_value *);
    if (!grown) {
      return false;
    }
    if (list->n) {
      memcpy(grown, list->v, list->n * sizeof *grown);
    }
    list->v = grown;
    list->room = room;
  }
  list->v[list->n++] = v;
  return true;
}

/* Values up to a closing mark. */
static sv_status read_items(struct pdfio_lexer *l, int depth, const char *close,
                            struct list *list) {
  size_t n = strlen(close);
  for (;;) {
    pdfio_skip_space(l);
    if (l->text.n - l->at >= n && memcmp(l->text.p + l->at, close, n) == 0) {
      l->at += n;
      return SV_DONE;
    }
    const struct pdfio_value *item;
    SV_TRY(pdfio_value_read(l, depth + 1, &item));
    if (!list_add(l->ctx->mem, list, item)) {
      return SV_FAIL(l->ctx, NO_MEMORY, "PDF list");
    }
  }
}

static sv_status read_dict(struct pdfio_lexer *l, int depth, struct pdfio_value *v) {
  struct list list = {0};
  l->at += 2;
  SV_TRY(read_items(l, depth, ">>", &list));
  size_t n = list.n / 2;
  struct pdfio_pair *pairs = SV_ARRAY(l->ctx->mem, n, struct pdfio_pair);
  if (list.n % 2 != 0) {
    return bad(l, "a key without a value");
  }
  if (n > KEYS_MAX) {
    return bad(l, "too many keys");
  }
  if (!pairs) {
    return SV_FAIL(l->ctx, NO_MEMORY, "dictionary");
  }
  for (size_t i = 0; i < n; i++) {
    const struct pdfio_value *key = list.v[2 * i];
    if (key->type != PDFIO_NAME) {
      return bad(l, "a key that is no name");
    }
    pairs[i] = (struct pdfio_pair){key->bytes, list.v[2 * i + 1]};
    for (size_t k = 0; k < i; k++) {
      if (sv_bytes_equal(pairs[k].key, key->bytes)) {
        return bad(l, "a key that stands twice");
      }
    }
  }
  v->dict.pairs = pairs;
  v->dict.n = n;
  return SV_DONE;
}

static sv_status read_array(struct pdfio_lexer *l, int depth, struct pdfio_value *v) {
  struct list list = {0};
  l->at++;
  SV_TRY(read_items(l, depth, "]", &list));
  v->array.items = list.v;
  v->array.n = list.n;
  return SV_DONE;
}

static sv_status read_word(struct pdfio_lexer *l, struct pdfio_value *v) {
  if (pdfio_keyword(l, "null")) {
    v->type = PDFIO_NULL;
  } else if (pdfio_keyword(l, "true") || pdfio_keyword(l, "false")) {
    v->type = PDFIO_BOOL;
    v->boolean = l->text.p[l->at - 2] == 'u';
  } else {
    return bad(l, "no value");
  }
  return SV_DONE;
}

sv_status pdfio_value_read(struct pdfio_lexer *l, int depth, const struct pdfio_value **ret) {
  if (depth > PDFIO_DEPTH_MAX) {
    return bad(l, "nested too deep");
  }
  pdfio_skip_space(l);
  if (at_end(l)) {
    return bad(l, "the end where a value was expected");
  }
  struct pdfio_value *v;
  uint8_t c = l->text.p[l->at];
  SV_TRY(new_node(l, PDFIO_NULL, &v));
  if (c == '/') {
    v->type = PDFIO_NAME;
    SV_TRY(read_name(l, v));
  } else if (c == '(') {
    v->type = PDFIO_STRING;
    SV_TRY(read_literal_string(l, v));
  } else if (c == '<' && peek(l, 1) == '<') {
    v->type = PDFIO_DICT;
    SV_TRY(read_dict(l, depth, v));
  } else if (c == '<') {
    v->type = PDFIO_STRING;
    SV_TRY(read_hex_string(l, v));
  } else if (c == '[') {
    v->type = PDFIO_ARRAY;
    SV_TRY(read_array(l, depth, v));
  } else if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
    SV_TRY(read_number(l, v));
    read_reference(l, v);
  } else {
    SV_TRY(read_word(l, v));
  }
  v->end = l->at;
  *ret = v;
  return SV_DONE;
}
