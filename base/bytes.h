/* Borrowed views of bytes, and a cursor that reads them with every bound checked. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct sv_bytes {
  const uint8_t *p; /* may be NULL when n is 0 */
  size_t n;
};

static inline struct sv_bytes sv_bytes_of(const void *p, size_t n) {
  return (struct sv_bytes){.p = p, .n = n};
}
static inline struct sv_bytes sv_bytes_str(const char *s) { return sv_bytes_of(s, strlen(s)); }
static inline bool sv_bytes_equal(struct sv_bytes a, struct sv_bytes b) {
  return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* A reader: each take_ returns false, and moves nothing, when too little is left. */
struct sv_cursor {
  const uint8_t *p;
  const uint8_t *end;
};

static inline struct sv_cursor sv_cursor_over(struct sv_bytes b) {
  return (struct sv_cursor){b.p, b.n ? b.p + b.n : b.p};
}
static inline size_t sv_cursor_left(const struct sv_cursor *c) { return (size_t)(c->end - c->p); }
bool sv_cursor_u8(struct sv_cursor *c, uint8_t *ret);
bool sv_cursor_u16(struct sv_cursor *c, uint16_t *ret); /* big-endian */
bool sv_cursor_u32(struct sv_cursor *c, uint32_t *ret); /* big-endian */
bool sv_cursor_take(struct sv_cursor *c, size_t n, struct sv_bytes *ret);

/* Hexadecimal, lower case; hex has room for 2n + 1. */
void sv_hex(const uint8_t *p, size_t n, char *hex);
/* Reads exactly n bytes from 2n hexadecimal digits of either case, nothing else before the NUL. */
bool sv_unhex(const char *hex, uint8_t *p, size_t n);

/* Base64 of RFC 4648 section 4. out has room for 4 * ((n + 2) / 3) + 1. */
void sv_base64(const uint8_t *p, size_t n, char *out);
/* Accepts the standard and the URL alphabet, with or without padding. ret_n is at most 3 * (strlen + 3) / 4; false on
 * any other character or trailing bits. */
bool sv_unbase64(const char *text, size_t text_n, uint8_t *out, size_t *ret_n);
