/* The table of verify/reasons.inc: a reason without a row does not compile. */
#include "verify/words.h"

enum { EN, ES, FR, HT, PT };

static int language_of(const char *tag) {
  static const char *const tags[] = {"en", "es", "fr", "ht", "pt"};
  for (int i = 0; i <= PT; i++) {
    if (strncmp(tag, tags[i], 2) == 0 && (tag[2] == 0 || tag[2] == '-')) {
      return i;
    }
  }
  return ES;
}

const char *verify_reason_text(enum verify_reason reason, const char *language) {
  int l = language_of(language);
  switch (reason) {
#define X(name, en, es, fr, ht, pt)                        \
  case VERIFY_##name: {                                    \
    static const char *const row[] = {en, es, fr, ht, pt}; \
    return row[l];                                         \
  }
#include "verify/reasons.inc"
#undef X
    case VERIFY_NO_REASON:
      break;
  }
  return "";
}
