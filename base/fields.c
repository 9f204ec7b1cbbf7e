/* The walker of field tables, and the little UTF-8 that everyone needs. */
#include "base/fields.h"

uint32_t sv_utf8_next(const char **s) {
  const uint8_t *p = (const uint8_t *)*s;
  if (p[0] == 0) {
    return 0;
  }
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  int more = p[0] < 0x80             ? 0
             : (p[0] & 0xe0) == 0xc0 ? 1
             : (p[0] & 0xf0) == 0xe0 ? 2
             : (p[0] & 0xf8) == 0xf0 ? 3
                                     : -1;
  if (more < 0) {
    *s += 1;
    return 0xfffd;
  }
  uint32_t cp = more == 0 ? p[0] : p[0] & (0x3fU >> more);
  for (int i = 1; i <= more; i++) {
    if ((p[i] & 0xc0) != 0x80) {
      *s += 1;
      return 0xfffd;
    }
    cp = cp << 6 | (p[i] & 0x3f);
  }
  if (cp < least[more] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000)) {
    *s += 1;
    return 0xfffd;
  }
  *s += more + 1;
  return cp;
}

size_t sv_utf8_length(const char *s) {
  size_t n = 0;
  while (sv_utf8_next(&s)) {
    n++;
  }
  return n;
}

size_t sv_utf8_put(uint32_t cp, char out[static 4]) {
  if (cp < 0x80) {
    out[0] = (char)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (char)(0xc0 | cp >> 6);
    out[1] = (char)(0x80 | (cp & 0x3f));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (char)(0xe0 | cp >> 12);
    out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
    out[2] = (char)(0x80 | (cp & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | cp >> 18);
  out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
  out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
  out[3] = (char)(0x80 | (cp & 0x3f));
  return 4;
}

void sv_fields_check(struct sv_ctx *ctx, const void *record, const struct sv_field_rule *rules,
                     size_t n, const char *path) {
  for (size_t i = 0; i < n; i++) {
    const struct sv_field_rule *r = &rules[i];
    const char *value;
    memcpy(&value, (const char *)record + r->offset, sizeof value);
    const char *fault = NULL;
    if (value[0] == '\0') {
      fault = r->need == SV_REQUIRED ? "is required" : NULL;
    } else {
      size_t length = sv_utf8_length(value);
      if (length < r->min) {
        fault = "is too short";
      } else if (length > r->max) {
        fault = "is too long";
      } else if (r->check) {
        fault = r->check(value);
      }
    }
    if (fault) {
      sv_ctx_violate(ctx, fault, "%s%s%s", path, path[0] ? "." : "", r->name);
    }
  }
}
