/* The table of reasons, as functions. */
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>

struct reason_row {
  const char *name;
  const char *text;
  enum sv_code code;
};

static const struct reason_row reason_rows[SV_REASON_COUNT] = {[SV_OK] = {"OK", "", SV_CODE_OK},
#define X(reason, code, text) [SV_##reason] = {#reason, text, SV_CODE_##code},
                                                               SV_REASONS(X)
#undef X
};

static const struct reason_row *row_of(enum sv_reason reason) {
  SV_ASSERT((unsigned)reason < SV_REASON_COUNT);
  return &reason_rows[reason];
}

const char *sv_reason_name(enum sv_reason reason) { return row_of(reason)->name; }

const char *sv_reason_text(enum sv_reason reason) { return row_of(reason)->text; }

enum sv_code sv_reason_code(enum sv_reason reason) { return row_of(reason)->code; }

void sv_assert_failed(const char *cond, const char *file, int line) {
  (void)fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, cond);
  abort();
}
