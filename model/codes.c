/* Binary search over the generated tables. */
#include "model/codes.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct code_row {
  const char *code;
  const char *text;
};

static const struct code_row state_rows[] = {
#include "model_states.inc"
};
static const struct code_row airport_rows[] = {
#include "model_airports.inc"
};
static const struct code_row currency_rows[] = {
#include "model_currencies.inc"
};

static int row_compare(const void *key, const void *row) {
  return strcmp(key, ((const struct code_row *)row)->code);
}

#define FIND(rows, code)                                                              \
  ((const struct code_row *)bsearch((code), (rows), sizeof(rows) / sizeof((rows)[0]), \
                                    sizeof((rows)[0]), row_compare))

bool model_state_known(const char *code) { return FIND(state_rows, code) != NULL; }

bool model_state_issues(const char *code) {
  const struct code_row *r = FIND(state_rows, code);
  return r && strcmp(r->text, "person") != 0;
}

bool model_state_territory(const char *code, char territory[static 4]) {
  const struct code_row *r = FIND(state_rows, code);
  if (!r || strcmp(r->text, "person") == 0 || strcmp(r->text, "org") == 0 ||
      strcmp(r->text, "withdrawn") == 0) {
    return false;
  }
  const char *of = strcmp(code, "D") == 0 ? "DEU" : strncmp(code, "GB", 2) == 0 ? "GBR" : code;
  memcpy(territory, of, 4);
  return true;
}

bool model_airport_known(const char *code) { return FIND(airport_rows, code) != NULL; }

bool model_airport_state(const char *code, char state[static 4]) {
  const struct code_row *r = FIND(airport_rows, code);
  if (r) {
    memcpy(state, r->text, 3);
    state[3] = '\0';
  }
  return r != NULL;
}

int model_currency_exponent(const char *code) {
  const struct code_row *r = FIND(currency_rows, code);
  return r && r->text[0] >= '0' && r->text[0] <= '9' ? r->text[0] - '0' : -1;
}
