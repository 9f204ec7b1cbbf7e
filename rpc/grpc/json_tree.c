/* A recursive descent that is as deep as its caller allows. Invariants:
 *  1. UTF-8 is checked once, for the whole text, so what is copied out of it is UTF-8;
 *  2. a string needs no more room than its text, because no escape is shorter than what it stands for. */
#include "rpc/grpc/json_tree.h"

#include <stdlib.h>

#include "rpc/grpc/precheck.h"

struct parser {
  struct sv_ctx *ctx;
  const uint8_t *start, *p, *end;
  size_t depth, depth_max, values, values_max;
  const char *message; /* of the first fault */
};

static sv_status fault(struct parser *r, const char *message) {
  if (!r->message) {
    r->message = message;
  }
  return SV_FAIL(r->ctx, JSON_FORMAT, "%s", message);
}

static void blanks_skip(struct parser *r) {
  while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r')) {
    r->p++;
  }
}

static bool take(struct parser *r, char c) {
  blanks_skip(r);
  if (r->p < r->end && *r->p == (uint8_t)c) {
    r->p++;
    return true;
  }
  return false;
}

/* --- strings --- */

static bool hex4(struct parser *r, uint32_t *ret) {
  uint32_t v = 0;
  if (r->end - r->p < 4) {
    return false;
  }
  for (int i = 0; i < 4; i++) {
    uint8_t c = r->p[i];
    uint8_t digit = c >= '0' && c <= '9' ? c - '0' : (uint8_t)((c | 0x20) - 'a' + 10);
    if (digit > 15 || (c > '9' && (c | 0x20) < 'a')) {
      return false;
    }
    v = v << 4 | digit;
  }
  r->p += 4;
  *ret = v;
  return true;
}

static char *utf8_put(char *out, uint32_t c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 0x3f));
  } else {
    if (c < 0x10000) {
      *out++ = (char)(0xe0 | c >> 12);
    } else {
      *out++ = (char)(0xf0 | c >> 18);
      *out++ = (char)(0x80 | (c >> 12 & 0x3f));
    }
    *out++ = (char)(0x80 | (c >> 6 & 0x3f));
    *out++ = (char)(0x80 | (c & 0x3f));
  }
  return out;
}

static sv_status unicode_read(struct parser *r, char **out) {
  uint32_t c, low;
  if (!hex4(r, &c)) {
    return fault(r, "is not JSON");
  }
  if (c >= 0xd800 && c < 0xdc00) {
    if (r->end - r->p < 6 || r->p[0] != '\\' || r->p[1] != 'u') {
      return fault(r, "has half a surrogate pair");
    }
    r->p += 2;
    if (!hex4(r, &low) || low < 0xdc00 || low > 0xdfff) {
      return fault(r, "has half a surrogate pair");
    }
    c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
  } else if (c >= 0xdc00 && c <= 0xdfff) {
    return fault(r, "has half a surrogate pair");
  }
  if (c == 0) {
    return fault(r, "has a NUL character");
  }
  *out = utf8_put(*out, c);
  return SV_DONE;
}

static sv_status escape_read(struct parser *r, char **out) {
  static const char from[] = "\"\\/bfnrt";
  static const char to[] = "\"\\/\b\f\n\r\t";
  uint8_t c = r->p < r->end ? *r->p++ : 0;
  if (c == 'u') {
    return unicode_read(r, out);
  }
  const char *at = c ? strchr(from, c) : NULL;
  if (!at) {
    return fault(r, "is not JSON");
  }
  *(*out)++ = to[at - from];
  return SV_DONE;
}

/* After the opening quote. */
static sv_status string_read(struct parser *r, const char **ret_text, size_t *ret_n) {
  const uint8_t *close = r->p;
  while (close < r->end && *close != '"') {
    close += *close == '\\' ? 2 : 1;
  }
  if (close >= r->end) {
    r->p = r->end;
    return fault(r, "is not JSON");
  }
  char *text = sv_arena_alloc(r->ctx->mem, (size_t)(close - r->p) + 1);
  char *out = text;
  if (!text) {
    return SV_FAIL(r->ctx, NO_MEMORY, "a text of JSON");
  }
  while (r->p < close) {
    uint8_t c = *r->p++;
    if (c < 0x20) {
      return fault(r, "is not JSON");
    }
    if (c == '\\') {
      SV_TRY(escape_read(r, &out));
    } else {
      *out++ = (char)c;
    }
  }
  r->p = close + 1;
  *ret_text = text;
  *ret_n = (size_t)(out - text);
  return SV_DONE;
}

/* --- numbers and words --- */

static size_t digits(const struct parser *r, size_t at) {
  size_t n = 0;
  while (r->p + at + n < r->end && r->p[at + n] >= '0' && r->p[at + n] <= '9') {
    n++;
  }
  return n;
}

static bool is_at(const struct parser *r, size_t at, const char *any) {
  return r->p + at < r->end && strchr(any, r->p[at]) && r->p[at];
}

static sv_status number_read(struct parser *r, struct json_value *v) {
  size_t n = is_at(r, 0, "-") ? 1 : 0;
  size_t whole = digits(r, n);
  if (whole == 0 || (whole > 1 && r->p[n] == '0')) {
    return fault(r, "is not JSON");
  }
  n += whole;
  if (is_at(r, n, ".")) {
    size_t fraction = digits(r, n + 1);
    if (fraction == 0) {
      return fault(r, "is not JSON");
    }
    n += 1 + fraction;
  }
  if (is_at(r, n, "eE")) {
    n += is_at(r, n + 1, "+-") ? 2 : 1;
    size_t exponent = digits(r, n);
    if (exponent == 0) {
      return fault(r, "is not JSON");
    }
    n += exponent;
  }
  v->kind = JSON_NUMBER;
  v->text = sv_arena_strndup(r->ctx->mem, (const char *)r->p, n);
  v->text_n = n;
  r->p += n;
  return v->text ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "a number of JSON");
}

static bool word_take(struct parser *r, const char *word) {
  size_t n = strlen(word);
  if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n) != 0) {
    return false;
  }
  r->p += n;
  return true;
}

/* --- values --- */

static int key_order(const void *a, const void *b) {
  const struct json_value *const *x = a, *const *y = b;
  return strcmp((*x)->key, (*y)->key);
}

/* Sorted, because a hostile object may have any number of keys. */
static sv_status keys_check(struct parser *r, const struct json_value *object) {
  const struct json_value **keys = SV_ARRAY(r->ctx->mem, object->n, const struct json_value *);
  size_t n = 0;
  if (!keys) {
    return SV_FAIL(r->ctx, NO_MEMORY, "keys of JSON");
  }
  for (const struct json_value *m = object->first; m; m = m->next) {
    keys[n++] = m;
  }
  qsort(keys, n, sizeof(keys[0]), key_order);
  for (size_t i = 1; i < n; i++) {
    if (strcmp(keys[i - 1]->key, keys[i]->key) == 0) {
      return fault(r, "a key is there twice");
    }
  }
  return SV_DONE;
}

static sv_status value_read(struct parser *r, struct json_value *v);

static sv_status key_read(struct parser *r, struct json_value *member) {
  size_t n;
  if (!take(r, '"')) {
    return fault(r, "is not JSON");
  }
  SV_TRY(string_read(r, &member->key, &n));
  return take(r, ':') ? SV_DONE : fault(r, "is not JSON");
}

static sv_status children_read(struct parser *r, struct json_value *v, char close) {
  struct json_value **last = &v->first;
  if (take(r, close)) {
    return SV_DONE;
  }
  if (++r->depth > r->depth_max) {
    return fault(r, "is nested too deep");
  }
  do {
    struct json_value *child = SV_NEW(r->ctx->mem, struct json_value);
    if (!child) {
      return SV_FAIL(r->ctx, NO_MEMORY, "JSON");
    }
    if (close == '}') {
      SV_TRY(key_read(r, child));
    }
    SV_TRY(value_read(r, child));
    *last = child;
    last = &child->next;
    v->n++;
  } while (take(r, ','));
  r->depth--;
  return take(r, close) ? SV_DONE : fault(r, "is not JSON");
}

static sv_status value_read(struct parser *r, struct json_value *v) {
  if (++r->values > r->values_max) {
    return SV_FAIL(r->ctx, LIMIT_EXCEEDED, "JSON of more than %zu values", r->values_max);
  }
  if (take(r, '"')) {
    v->kind = JSON_STRING;
    return string_read(r, &v->text, &v->text_n);
  }
  if (take(r, '{')) {
    v->kind = JSON_OBJECT;
    SV_TRY(children_read(r, v, '}'));
    return v->n > 1 ? keys_check(r, v) : SV_DONE;
  }
  if (take(r, '[')) {
    v->kind = JSON_ARRAY;
    return children_read(r, v, ']');
  }
  if (word_take(r, "null")) {
    v->kind = JSON_NULL;
    return SV_DONE;
  }
  if (word_take(r, "true") || word_take(r, "false")) {
    v->kind = r->p[-2] == 'u' ? JSON_TRUE : JSON_FALSE;
    return SV_DONE;
  }
  return number_read(r, v);
}

static sv_status root_read(struct parser *r, struct json_value *root) {
  if (!rpc_text_ok(sv_bytes_of(r->start, (size_t)(r->end - r->start)))) {
    return fault(r, "is not UTF-8");
  }
  SV_TRY(value_read(r, root));
  blanks_skip(r);
  return r->p == r->end ? SV_DONE : fault(r, "is not JSON");
}

static struct json_fault fault_of(const struct parser *r) {
  struct json_fault f = {.message = r->message ? r->message : "", .line = 1, .column = 1};
  for (const uint8_t *p = r->start; p < r->p; p++) {
    f.column = *p == '\n' ? 1 : f.column + 1;
    f.line += *p == '\n' ? 1 : 0;
  }
  return f;
}

sv_status json_parse(struct sv_ctx *ctx, struct sv_bytes text, size_t depth_max, size_t values_max,
                     struct json_value **ret_root, struct json_fault *ret_fault) {
  static const uint8_t nothing = 0;
  const uint8_t *start = text.n > 0 ? text.p : &nothing;
  struct parser r = {.ctx = ctx,
                     .start = start,
                     .p = start,
                     .end = start + text.n,
                     .depth_max = depth_max,
                     .values_max = values_max};
  struct json_value *root = SV_NEW(ctx->mem, struct json_value);
  if (!root) {
    return SV_FAIL(ctx, NO_MEMORY, "JSON");
  }
  sv_status s = root_read(&r, root);
  if (s.reason == SV_JSON_FORMAT) {
    *ret_fault = fault_of(&r);
  }
  SV_TRY(s);
  *ret_root = root;
  return SV_DONE;
}

const struct json_value *json_member(const struct json_value *object, const char *key) {
  for (const struct json_value *m = object->first; m; m = m->next) {
    if (strcmp(m->key, key) == 0) {
      return m;
    }
  }
  return NULL;
}
