/* Marks in time. */
#include "service/marks.h"

#include <string.h>

const char *mark_name(int mark) {
  static const char *const names[] = {"", "CHECKED", "BOARDED", "OFFLOADED", "REFUSED", "NO_SHOW"};
  return mark > MARK_NONE && mark <= MARK_NO_SHOW ? names[mark] : names[0];
}

sv_status marks_read(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                     struct marks *ret) {
  *ret = (struct marks){.v = SV_ARRAY(ctx->mem, MARKS_MAX, struct store_mark)};
  if (!ret->v) {
    return SV_FAIL(ctx, NO_MEMORY, "marks");
  }
  SV_TRY(tx->protection->marks_of(tx, ctx, number, ret->v, MARKS_MAX, &ret->n));
  return ret->n < MARKS_MAX ? SV_DONE : SV_FAIL(ctx, LIMIT_EXCEEDED, "%d marks", MARKS_MAX);
}

static bool later(const struct store_mark *a, const struct store_mark *b) {
  return a->mark_us != b->mark_us ? a->mark_us > b->mark_us
                                  : mark_is_off(a->mark) && !mark_is_off(b->mark);
}

const struct store_mark *marks_final(const struct marks *m, const char *occupant_id) {
  const struct store_mark *final = NULL;
  for (size_t i = 0; i < m->n; i++) {
    const struct store_mark *k = &m->v[i];
    if (k->mark != MARK_CHECKED && strcmp(k->occupant_id, occupant_id) == 0 &&
        (!final || later(k, final))) {
      final = k;
    }
  }
  return final;
}

bool marks_contradict(const struct marks *m, const struct store_mark *mark) {
  bool off = mark_is_off(mark->mark);
  for (size_t i = 0; i < m->n && mark->mark != MARK_CHECKED; i++) {
    const struct store_mark *k = &m->v[i];
    if (k->mark == MARK_CHECKED || strcmp(k->occupant_id, mark->occupant_id) != 0 ||
        mark_is_off(k->mark) == off) {
      continue;
    }
    int64_t off_us = off ? mark->mark_us : k->mark_us;
    int64_t aboard_us = off ? k->mark_us : mark->mark_us;
    bool unsure =
        strcmp(k->device, mark->device) != 0 && off_us - aboard_us < (int64_t)MARKS_TOLERANCE_US;
    if (aboard_us > off_us || unsure) {
      return true;
    }
  }
  return false;
}
