/* What the gate said of the occupants of a manifest. What holds does not depend on the order in which marks came in: the
 * latest mark_time does, and of two at the same moment the one that takes a person off. Inside service/ only. */
#pragma once
#include "base/ctx.h"
#include "store/protection.h"

/* MarkOccupantRequest.Mark of the API. */
enum mark {
  MARK_NONE = 0,
  MARK_CHECKED = 1,
  MARK_BOARDED = 2,
  MARK_OFFLOADED = 3,
  MARK_REFUSED = 4,
  MARK_NO_SHOW = 5,
};
/* Whether it says that the person does not fly. */
static inline bool mark_is_off(int mark) { return mark >= MARK_OFFLOADED; }
/* "BOARDED"; static storage. */
const char *mark_name(int mark);

enum {
  MARKS_MAX = 2048, /* of a manifest */
  /* of which the rest is for those that take somebody off: no number of checks may bar an offload */
  MARKS_ABOARD_MAX = 1536,
  MARKS_TOLERANCE_US = 5 * 60 * 1000 * 1000 /* by which two clocks may differ */
};

struct marks {
  struct store_mark *v;
  size_t n;
};
/* Inside an act. Fails: LIMIT_EXCEEDED when there are more than can be judged. */
sv_status marks_read(struct store_tx *tx, struct sv_ctx *ctx, const char *number,
                     struct marks *ret);
/* The mark that holds of an occupant, CHECKED aside; NULL: none. Lent by m. */
const struct store_mark *marks_final(const struct marks *m, const char *occupant_id);
/* Whether a mark and one on record contradict each other so that the desk has to look: aboard after off, or two devices
 * whose clocks can't tell which came first. */
bool marks_contradict(const struct marks *m, const struct store_mark *mark);
