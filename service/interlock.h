/* Judging the lines of a manifest by the rules, inside an act. Inside service/ only. */
#pragma once
#include "service/refuge.h"
#include "service/rules.h"

struct interlock_line {
  struct rules_verdict verdict;
  struct refuge refuge;
  const char *fact_fault; /* NULL, or what is wrong with a fact that the line names */
  bool skipped;           /* offloaded: nobody */
};

/* Lines [first, end) of a manifest as they stand at this moment; the whole flight is looked at. authority: whose facts
 * count. ret has room for all lines, and those outside the range stay as they are. */
sv_status interlock_judge(struct store_tx *tx, struct sv_ctx *ctx, const struct persons *p,
                          const char *authority, const char *today, size_t first, size_t end,
                          struct interlock_line *ret);
/* Whether the line is to be told as HOLD. */
bool interlock_line_held(const struct interlock_line *l);
/* Whether the line may fly. */
bool interlock_line_clear(const struct interlock_line *l);
