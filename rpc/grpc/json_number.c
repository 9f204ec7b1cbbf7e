/* Numbers of proto3 JSON, from the text that was written: no digit is lost on the way. */
#include <math.h>
#include <stdlib.h>

#include "rpc/grpc/json_walk.h"

static bool decimal_read(const char *s, bool *ret_negative, uint64_t *ret_magnitude) {
  uint64_t m = 0;
  *ret_negative = *s == '-';
  s += *ret_negative ? 1 : 0;
  const char *first = s;
  for (; *s; s++) {
    if (*s < '0' || *s > '9' || __builtin_mul_overflow(m, 10U, &m) ||
        __builtin_add_overflow(m, (uint64_t)(*s - '0'), &m)) {
      return false;
    }
  }
  *ret_magnitude = m;
  return s > first;
}

/* An integral number, as JSON number or decimal string. */
static bool integer_read(const struct json_value *v, bool *ret_negative, uint64_t *ret_magnitude) {
  if (v->kind != JSON_NUMBER && v->kind != JSON_STRING) {
    return false;
  }
  if (v->kind == JSON_STRING || v->text[strcspn(v->text, ".eE")] == '\0') {
    return decimal_read(v->text, ret_negative, ret_magnitude);
  }
  double d = strtod(v->text, NULL);
  if (d != floor(d) || !(fabs(d) < 18446744073709551616.0)) {
    return false;
  }
  *ret_negative = d < 0;
  *ret_magnitude = (uint64_t)fabs(d);
  return true;
}

bool json_signed(const struct json_value *v, int64_t min, int64_t max, int64_t *ret) {
  bool negative;
  uint64_t m;
  if (!integer_read(v, &negative, &m) || m > (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
    return false;
  }
  int64_t i = negative ? (int64_t)(0 - m) : (int64_t)m;
  *ret = i;
  return i >= min && i <= max;
}

bool json_unsigned(const struct json_value *v, uint64_t max, uint64_t *ret) {
  bool negative;
  return integer_read(v, &negative, ret) && (!negative || *ret == 0) && *ret <= max;
}

bool json_double(const struct json_value *v, double *ret) {
  if (v->kind != JSON_NUMBER && v->kind != JSON_STRING) {
    return false;
  }
  const char *s = v->text;
  if (strcmp(s, "NaN") == 0 || strcmp(s, "Infinity") == 0 || strcmp(s, "-Infinity") == 0) {
    *ret = s[0] == 'N' ? (double)NAN : s[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    return true;
  }
  if (s[0] == '\0' || strspn(s, "0123456789+-.eE") != v->text_n) {
    return false;
  }
  char *end = NULL;
  *ret = strtod(s, &end);
  return *end == '\0' && isfinite(*ret);
}
