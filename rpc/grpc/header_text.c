/* Small grammars of "gRPC over HTTP2" (PROTOCOL-HTTP2.md). Pure functions over borrowed bytes. */
#include "rpc/grpc/header_text.h"

#include <stdio.h>
#include <strings.h>

static const struct {
  char unit;
  uint64_t ns;
} timeout_units[] = {
    {'n', 1},
    {'u', 1000},
    {'m', 1000000},
    {'S', 1000000000},
    {'M', UINT64_C(60) * 1000000000},
    {'H', UINT64_C(3600) * 1000000000},
};
enum { TIMEOUT_UNITS = sizeof timeout_units / sizeof timeout_units[0], TIMEOUT_DIGITS_MAX = 8 };

bool rpc_timeout_parse(struct sv_bytes text, uint64_t *ret_ns) {
  if (text.n < 2 || text.n > TIMEOUT_DIGITS_MAX + 1) {
    return false;
  }
  uint64_t v = 0;
  for (size_t i = 0; i + 1 < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9') {
      return false;
    }
    v = v * 10 + (uint64_t)(text.p[i] - '0');
  }
  for (size_t i = 0; i < TIMEOUT_UNITS; i++) {
    if (text.p[text.n - 1] == (uint8_t)timeout_units[i].unit) {
      uint64_t ns;
      *ret_ns = __builtin_mul_overflow(v, timeout_units[i].ns, &ns) ? UINT64_MAX : ns;
      return true;
    }
  }
  return false;
}

void rpc_timeout_format(uint64_t ns, char text[static 10]) {
  size_t i = 0;
  while (i + 1 < TIMEOUT_UNITS && ns / timeout_units[i].ns > 99999999) {
    i++;
  }
  uint64_t v = ns / timeout_units[i].ns;
  v = v > 99999999 ? 99999999 : v;
  (void)snprintf(text, 10, "%u%c", (unsigned)(v == 0 ? 1 : v), timeout_units[i].unit);
}

void rpc_percent_encode(struct sv_bytes text, char *out) {
  static const char digits[] = "0123456789ABCDEF";
  for (size_t i = 0; i < text.n; i++) {
    uint8_t c = text.p[i];
    if (c >= 0x20 && c <= 0x7e && c != '%') {
      *out++ = (char)c;
    } else {
      *out++ = '%';
      *out++ = digits[c >> 4];
      *out++ = digits[c & 15];
    }
  }
  *out = '\0';
}

size_t rpc_percent_decode(struct sv_bytes text, char *out) {
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    char hex[3] = "";
    uint8_t c;
    if (text.p[i] == '%' && text.n - i > 2) {
      memcpy(hex, text.p + i + 1, 2);
      if (sv_unhex(hex, &c, 1)) {
        out[n++] = (char)c;
        i += 2;
        continue;
      }
    }
    out[n++] = (char)text.p[i];
  }
  out[n] = '\0';
  return n;
}

char *rpc_bin_encode(struct sv_arena *mem, struct sv_bytes bytes) {
  char *text = sv_arena_alloc(mem, 4 * ((bytes.n + 2) / 3) + 1);
  if (text) {
    sv_base64(bytes.p, bytes.n, text);
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '=') {
      text[--n] = '\0';
    }
  }
  return text;
}

bool rpc_bin_decode(struct sv_arena *mem, struct sv_bytes text, struct sv_bytes *ret_bytes) {
  uint8_t *out = sv_arena_alloc(mem, 3 * ((text.n + 3) / 4) + 3);
  size_t n;
  if (!out || !sv_unbase64((const char *)text.p, text.n, out, &n)) {
    return false;
  }
  *ret_bytes = sv_bytes_of(out, n);
  return true;
}

bool rpc_content_type_ok(struct sv_bytes text) {
  static const char base[] = "application/grpc";
  const size_t n = sizeof base - 1;
  if (text.n < n || strncasecmp((const char *)text.p, base, n) != 0) {
    return false;
  }
  return text.n == n || text.p[n] == ';' || (text.p[n] == '+' && text.n > n + 1);
}

bool rpc_list_has(struct sv_bytes list, const char *word) {
  const size_t n = strlen(word);
  size_t i = 0;
  while (i < list.n) {
    while (i < list.n && (list.p[i] == ' ' || list.p[i] == ',' || list.p[i] == '\t')) {
      i++;
    }
    size_t start = i;
    while (i < list.n && list.p[i] != ',' && list.p[i] != ';' && list.p[i] != ' ') {
      i++;
    }
    if (i - start == n && strncasecmp((const char *)list.p + start, word, n) == 0) {
      return true;
    }
    while (i < list.n && list.p[i] != ',') {
      i++;
    }
  }
  return false;
}
