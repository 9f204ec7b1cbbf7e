/* Numbers and the codes typed beside them. */
#include "model/number.h"

#include <string.h>

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const char alnum[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

static char kind_letter(enum model_kind kind) {
  switch (kind) {
    case MODEL_SAFE_CONDUCT:
      return 'S';
    case MODEL_FLIGHT_MANIFEST:
      return 'M';
    case MODEL_DISBURSEMENT_RECEIPT:
      return 'R';
    case MODEL_KIND_NONE:
      break;
  }
  return '?';
}

char model_check_37_36(const char *text, unsigned n) {
  unsigned p = 36;
  for (unsigned i = 0; i < n; i++) {
    const char *at = text[i] ? strchr(alnum, text[i]) : NULL;
    if (!at) {
      return 0;
    }
    unsigned s = p + (unsigned)(at - alnum);
    s = s % 36 == 0 ? 36 : s % 36;
    p = s * 2 % 37;
  }
  return alnum[(37 - p) % 36];
}

void model_number_format(enum model_kind kind, int year, uint32_t sequence,
                         char number[static 10]) {
  number[0] = kind_letter(kind);
  number[1] = (char)('0' + year / 10 % 10);
  number[2] = (char)('0' + year % 10);
  for (int i = 7; i >= 3; i--) {
    number[i] = crockford[sequence & 31];
    sequence >>= 5;
  }
  number[8] = model_check_37_36(number, 8);
  number[9] = '\0';
}

bool model_number_parse(const char *number, enum model_kind *ret_kind, int *ret_year,
                        uint32_t *ret_sequence) {
  if (strlen(number) != 9 || number[1] < '0' || number[1] > '9' || number[2] < '0' ||
      number[2] > '9') {
    return false;
  }
  enum model_kind kind = MODEL_KIND_NONE;
  for (int k = MODEL_SAFE_CONDUCT; k <= MODEL_DISBURSEMENT_RECEIPT; k++) {
    if (kind_letter((enum model_kind)k) == number[0]) {
      kind = (enum model_kind)k;
    }
  }
  uint32_t sequence = 0;
  for (int i = 3; i < 8; i++) {
    const char *at = strchr(crockford, number[i]);
    if (!at) {
      return false;
    }
    sequence = sequence << 5 | (uint32_t)(at - crockford);
  }
  if (kind == MODEL_KIND_NONE || model_check_37_36(number, 8) != number[8]) {
    return false;
  }
  if (ret_kind) {
    *ret_kind = kind;
  }
  if (ret_year) {
    *ret_year = (number[1] - '0') * 10 + (number[2] - '0');
  }
  if (ret_sequence) {
    *ret_sequence = sequence;
  }
  return true;
}

void model_check_code_format(const uint8_t mac[static 9], char code[static 16]) {
  unsigned bit = 0;
  char *out = code;
  for (int i = 0; i < 13; i++) {
    unsigned v = 0;
    for (int k = 0; k < 5; k++, bit++) {
      v = v << 1 | (mac[bit / 8] >> (7 - bit % 8) & 1U);
    }
    if (i == 4 || i == 8) {
      *out++ = '-';
    }
    *out++ = crockford[v];
  }
  *out = '\0';
}
