/* Sheets of paper. Pages have one set of measures, those of A4 from its top left corner; another sheet only says how far each
 * band of a page moves, so that nothing is laid out twice. */
#pragma once
#include "docs_gen/template/template.h"

/* What moves together, from the top of a page to its foot: the blocks of template.h in their order, and the zone. */
enum band {
  BAND_HEAD, /* what hangs from the upper edge: letterhead, running heads and the lists under them */
  BAND_TITLE,
  BAND_STRIP,
  BAND_UPPER,     /* identity; flight and legs; parties and lines */
  BAND_MIDDLE,    /* the panel about the middle of the sheet, where a letter is folded */
  BAND_VALIDITY,  /* and a manifest's versions */
  BAND_SIGNATURE, /* and the rules of a manifest */
  BAND_COUNT,     /* under the lines of a manifest's page */
  BAND_ACCOUNT,   /* a receipt's panel, ledger and officers */
  BAND_FOOT,      /* what stands on the lower edge */
  BAND_MRZ, /* on the lower and on the left edge, where readers look for it (Doc 9303-6 4.2) */
  BANDS
};

struct paper {
  double width, height;  /* mm */
  const char *media_box; /* the sheet in points (PDF 32000-1 7.7.3.3) */
  struct {
    double right, up; /* mm, from where it is on A4 */
  } bands[BANDS];
  /* Lines of a page, and the most above a closing block on the same page. */
  size_t manifest_lines, manifest_closing_lines;
  /* Of the only page, the first, a middle one, and the last. */
  size_t receipt_alone, receipt_first, receipt_middle, receipt_last;
};

/* A constant; what is no paper of the model is A4. */
const struct paper *paper_of(enum model_paper paper);

/* How far a band is moved on this sheet by a template that places its blocks otherwise: mm to the right and up.
 * blocks: of a template, BLOCK_COUNT; NULL: none is placed. */
void paper_move(const struct paper *paper, const struct template_block_place *blocks,
                enum band band, double *ret_right, double *ret_up);
/* A rectangle of the A4 page on this sheet: left, bottom, right, top in micrometres from the lower left corner. */
void paper_area(const struct paper *paper, const struct template_block_place *blocks,
                enum band band, double x, double y, double w, double h, int32_t box[static 4]);
