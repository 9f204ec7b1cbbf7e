/* US Letter is 17.6 mm lower and 5.9 mm wider than A4. The height is taken from the air between the bands, a little more at
 * each, so that the panel stays about the fold; lists give up lines instead. */
#include "docs_gen/layout/paper.h"

#include <math.h>

static const struct paper papers[MODEL_PAPERS] = {
    [MODEL_A4] = {.width = 210,
                  .height = 297,
                  .media_box = "595.276 841.89",
                  .manifest_lines = 25,
                  .manifest_closing_lines = 11,
                  .receipt_alone = 5,
                  .receipt_first = 17,
                  .receipt_middle = 20,
                  .receipt_last = 9},
    [MODEL_LETTER] = {.width = 215.9,
                      .height = 279.4,
                      .media_box = "612 792",
                      .bands = {[BAND_HEAD] = {2.95, 0},
                                [BAND_TITLE] = {2.95, 4.6},
                                [BAND_STRIP] = {2.95, 5.8},
                                [BAND_UPPER] = {2.95, 7.4},
                                [BAND_MIDDLE] = {2.95, 8.8},
                                [BAND_VALIDITY] = {2.95, 12.3},
                                [BAND_SIGNATURE] = {2.95, 14.8},
                                [BAND_COUNT] = {2.95, 15.8},
                                [BAND_ACCOUNT] = {2.95, 16.6},
                                [BAND_FOOT] = {2.95, 17.6},
                                [BAND_MRZ] = {0, 17.6}},
                      .manifest_lines = 23,
                      .manifest_closing_lines = 8,
                      .receipt_alone = 4,
                      .receipt_first = 15,
                      .receipt_middle = 18,
                      .receipt_last = 9},
};

const struct paper *paper_of(enum model_paper paper) {
  return &papers[paper == MODEL_LETTER ? MODEL_LETTER : MODEL_A4];
}

static int32_t um(double mm) { return (int32_t)lround(mm * 1000); }

/* Where blocks stand on the standard pages: what a template's own places are measured from. */
static const struct {
  double x, y;
} standard[BLOCK_COUNT] = {
    [BLOCK_letterhead] = {15, 9},  [BLOCK_title] = {15, 37},   [BLOCK_strip] = {15, 57},
    [BLOCK_upper] = {15, 69},      [BLOCK_middle] = {10, 116}, [BLOCK_validity] = {15, 184},
    [BLOCK_signature] = {15, 211}, [BLOCK_count] = {15, 232},  [BLOCK_account] = {15, 173},
    [BLOCK_foot] = {15, 275},
};
_Static_assert((int)BAND_FOOT == (int)BLOCK_foot && (int)BAND_MRZ == (int)BLOCK_COUNT,
               "bands are the blocks in their order, and the zone");

void paper_move(const struct paper *paper, const struct template_block_place *blocks,
                enum band band, double *ret_right, double *ret_up) {
  *ret_right = paper->bands[band].right;
  *ret_up = paper->bands[band].up;
  if (blocks && band < BAND_MRZ &&
      blocks[band].given) { /* the zone stands where readers look for it */
    *ret_right += blocks[band].x - standard[band].x;
    *ret_up -= blocks[band].y - standard[band].y;
  }
}

void paper_area(const struct paper *paper, const struct template_block_place *blocks,
                enum band band, double x, double y, double w, double h, int32_t box[static 4]) {
  double right, up;
  paper_move(paper, blocks, band, &right, &up);
  box[0] = um(x) + um(right);
  box[3] = um(paper->height) - um(y) + um(up);
  box[1] = box[3] - um(h);
  box[2] = box[0] + um(w);
}
