/* DER by definite lengths (X.690 10.1). */
#include "pki/der.h"

size_t der_head(uint8_t tag, size_t n, uint8_t head[static 6]) {
  size_t at = 0;
  head[at++] = tag;
  if (n > 0x7F) {
    unsigned bytes = 1 + (n > 0xFF) + (n > 0xFFFF) + (n > 0xFFFFFF);
    head[at++] = (uint8_t)(0x80 | bytes);
    for (unsigned i = bytes; i-- > 1;) {
      head[at++] = (uint8_t)(n >> 8 * i);
    }
  }
  head[at++] = (uint8_t)n;
  return at;
}

struct sv_bytes der_join(struct sv_arena *mem, uint8_t tag, const struct sv_bytes *parts,
                         size_t n) {
  size_t total = 0;
  for (size_t i = 0; i < n; i++) {
    if (!parts[i].p) {
      return (struct sv_bytes){0};
    }
    total += parts[i].n;
  }
  uint8_t *p = sv_arena_alloc(mem, der_size(total));
  if (!p) {
    return (struct sv_bytes){0};
  }
  uint8_t *at = p + der_head(tag, total, p);
  for (size_t i = 0; i < n; i++) {
    memcpy(at, parts[i].p, parts[i].n);
    at += parts[i].n;
  }
  return sv_bytes_of(p, (size_t)(at - p));
}

static bool take_length(struct sv_cursor *c, size_t *ret) {
  uint8_t first;
  if (!sv_cursor_u8(c, &first)) {
    return false;
  }
  if (first < 0x80) {
    *ret = first;
    return true;
  }
  unsigned bytes = first & 0x7F;
  if (bytes < 1 || bytes > 4) {
    return false;
  }
  size_t v = 0;
  for (unsigned i = 0; i < bytes; i++) {
    uint8_t b;
    if (!sv_cursor_u8(c, &b) || (i == 0 && b == 0)) {
      return false;
    }
    v = v << 8 | b;
  }
  *ret = v;
  return v >= 0x80;
}

bool der_take(struct sv_cursor *c, uint8_t tag, struct sv_bytes *ret) {
  struct sv_cursor at = *c;
  uint8_t t;
  size_t n;
  struct sv_bytes value;
  if (!sv_cursor_u8(&at, &t) || t != tag || !take_length(&at, &n) ||
      !sv_cursor_take(&at, n, &value)) {
    return false;
  }
  *c = at;
  *ret = value;
  return true;
}
