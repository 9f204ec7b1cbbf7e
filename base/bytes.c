/* Cursors and the two printable forms of bytes. */
#include "base/bytes.h"

bool sv_cursor_take(struct sv_cursor *c, size_t n, struct sv_bytes *ret) {
  if (sv_cursor_left(c) < n) {
    return false;
  }
  *ret = sv_bytes_of(c->p, n);
  c->p += n;
  return true;
}

bool sv_cursor_u8(struct sv_cursor *c, uint8_t *ret) {
  struct sv_bytes b;
  if (!sv_cursor_take(c, 1, &b)) {
    return false;
  }
  *ret = b.p[0];
  return true;
}

bool sv_cursor_u16(struct sv_cursor *c, uint16_t *ret) {
  struct sv_bytes b;
  if (!sv_cursor_take(c, 2, &b)) {
    return false;
  }
  *ret = (uint16_t)((unsigned)b.p[0] << 8 | b.p[1]);
  return true;
}

bool sv_cursor_u32(struct sv_cursor *c, uint32_t *ret) {
  struct sv_bytes b;
  if (!sv_cursor_take(c, 4, &b)) {
    return false;
  }
  *ret = (uint32_t)b.p[0] << 24 | (uint32_t)b.p[1] << 16 | (uint32_t)b.p[2] << 8 | b.p[3];
  return true;
}

void sv_hex(const uint8_t *p, size_t n, char *hex) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < n; i++) {
    *hex++ = digits[p[i] >> 4];
    *hex++ = digits[p[i] & 15];
  }
  *hex = '\0';
}

static int hex_value(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  if (c >= 'A' && c <= 'F') {
    return c - 'A' + 10;
  }
  return -1;
}

bool sv_unhex(const char *hex, uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int hi = hex_value(hex[0]);
    int lo = hi < 0 ? -1 : hex_value(hex[1]);
    if (lo < 0) {
      return false;
    }
    p[i] = (uint8_t)(hi << 4 | lo);
    hex += 2;
  }
  return *hex == '\0';
}

void sv_base64(const uint8_t *p, size_t n, char *out) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  size_t i = 0;
  for (; i + 3 <= n; i += 3) {
    uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
    *out++ = digits[v >> 18];
    *out++ = digits[v >> 12 & 63];
    *out++ = digits[v >> 6 & 63];
    *out++ = digits[v & 63];
  }
  if (n - i == 1) {
    uint32_t v = (uint32_t)p[i] << 16;
    *out++ = digits[v >> 18];
    *out++ = digits[v >> 12 & 63];
    *out++ = '=';
    *out++ = '=';
  } else if (n - i == 2) {
    uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8;
    *out++ = digits[v >> 18];
    *out++ = digits[v >> 12 & 63];
    *out++ = digits[v >> 6 & 63];
    *out++ = '=';
  }
  *out = '\0';
}

static int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') {
    return c - 'A';
  }
  if (c >= 'a' && c <= 'z') {
    return c - 'a' + 26;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 52;
  }
  if (c == '+' || c == '-') {
    return 62;
  }
  return c == '/' || c == '_' ? 63 : -1;
}

bool sv_unbase64(const char *text, size_t text_n, uint8_t *out, size_t *ret_n) {
  size_t n = text_n;
  if (n % 4 == 0 && n > 0 && text[n - 1] == '=') {
    n--;
    if (text[n - 1] == '=') {
      n--;
    }
  }
  if (n % 4 == 1) {
    return false;
  }
  uint32_t acc = 0;
  unsigned bits = 0;
  size_t o = 0;
  for (size_t i = 0; i < n; i++) {
    int v = base64_value(text[i]);
    if (v < 0) {
      return false;
    }
    acc = (acc << 6 | (uint32_t)v) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[o++] = (uint8_t)(acc >> bits);
    }
  }
  if (acc & ((1U << bits) - 1)) {
    return false;
  }
  *ret_n = o;
  return true;
}
