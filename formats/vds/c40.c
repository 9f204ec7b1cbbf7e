/* Three characters in two bytes. A value is 3 for space, 4 to 13 for digits, 14 to 39 for letters; 0 pads the third
 * place of the last pair; a single last character is 0xFE and its ASCII code + 1 (Doc 9303-13, 2.6). */
#include "formats/vds/c40.h"

enum { C40_SPACE = 3, C40_UNLATCH = 0xFE };

static int value_of(char c) {
  if (c == ' ' || c == '<') {
    return C40_SPACE;
  }
  if (c >= '0' && c <= '9') {
    return c - '0' + 4;
  }
  if (c >= 'A' && c <= 'Z') {
    return c - 'A' + 14;
  }
  return -1;
}

static char char_of(unsigned v) {
  if (v == C40_SPACE) {
    return ' ';
  }
  if (v >= 4 && v <= 13) {
    return (char)('0' + v - 4);
  }
  if (v >= 14 && v <= 39) {
    return (char)('A' + v - 14);
  }
  return '\0';
}

bool vds_c40_encode(const char *text, size_t n, uint8_t *ret) {
  for (size_t i = 0; i < n; i++) {
    if (value_of(text[i]) < 0) {
      return false;
    }
  }
  size_t i = 0;
  for (; n - i >= 2; i += 3) {
    unsigned third = n - i >= 3 ? (unsigned)value_of(text[i + 2]) : 0;
    unsigned v =
        1600u * (unsigned)value_of(text[i]) + 40u * (unsigned)value_of(text[i + 1]) + third + 1;
    *ret++ = (uint8_t)(v >> 8);
    *ret++ = (uint8_t)v;
    if (n - i == 2) {
      return true;
    }
  }
  if (n - i == 1) {
    *ret++ = C40_UNLATCH;
    *ret = (uint8_t)((text[i] == '<' ? ' ' : text[i]) + 1);
  }
  return true;
}

bool vds_c40_decode(struct sv_bytes in, char *ret, size_t *ret_n) {
  size_t n = 0;
  if (in.n % 2 != 0) {
    return false;
  }
  for (size_t i = 0; i < in.n; i += 2) {
    bool last = i + 2 == in.n;
    if (in.p[i] == C40_UNLATCH) {
      char c = (char)(in.p[i + 1] - 1);
      if (!last || c == '<' || value_of(c) < 0) {
        return false;
      }
      ret[n++] = c;
      break;
    }
    unsigned v = (unsigned)in.p[i] << 8 | in.p[i + 1];
    if (v == 0) {
      return false;
    }
    v--;
    unsigned u[3] = {v / 1600, v / 40 % 40, v % 40};
    for (int k = 0; k < 3; k++) {
      if (k == 2 && u[k] == 0 && last) {
        break;
      }
      char c = char_of(u[k]);
      if (c == '\0') {
        return false;
      }
      ret[n++] = c;
    }
  }
  ret[n] = '\0';
  *ret_n = n;
  return true;
}
