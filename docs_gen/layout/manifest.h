/* Parts of the manifest's layout, for its own files alone. */
#pragma once
#include "docs_gen/layout/layout.h"
#include "model/audience.h"

enum {
  ORDER_EXTRACT = 8, /* between the letterhead and the title */
  ORDER_FLIGHT = 30,
  ORDER_LEGS = 100,
  ORDER_COUNTS = 300,
  ORDER_VERSIONS = 320,
  ORDER_RULES = 500,
  ORDER_CODE = 600,
  ORDER_CHECKING = 610,
  ORDER_FORM = 640,
  ORDER_TABLE = 1000,
  ORDER_LINES = 1100,      /* 20 a line */
  ORDER_PAGE_FOOT = 20000, /* FOOT_STEP a page */
  FOOT_STEP = 40,
  ORDER_CLOSING = 30000,
  ORDER_BEHIND = LAYOUT_SIGNATURE_ORDER + 10,
};

/* Geometry of the table: every page has the same, and as many lines as the paper holds. */
static const double manifest_row_height = 7.8, manifest_table_top = 45.4;

struct counts {
  unsigned passengers, accompanying, crew;
};
unsigned manifest_total(struct counts n);
/* Who is expected of occupants [first, first + n): the offloaded are not. */
struct counts manifest_count(const struct model_manifest *m, size_t first, size_t n);
void manifest_count_one(struct counts *n, const struct model_occupant *o);

/* A column head of two lines; align 0 left, 1 right, 2 centre. */
void manifest_column_head(struct canvas *c, double x, double y, int align,
                          const struct pair *words);
void manifest_block_head(struct canvas *c, uint32_t order, double x, double y,
                         const struct pair *words);
/* A head cell with scope Column is open afterwards. */
void manifest_open_head(struct canvas *c, uint32_t order, uint32_t row);
/* A grouping element, or an empty cell. */
void manifest_open_group(struct canvas *c, const char *type, uint32_t order, uint32_t parent);
void manifest_steps(struct canvas *c, const struct layout *l, const struct template_steps *s,
                    double x, double y, double indent, double width, bool numbered, double gap,
                    uint32_t order);
const char *manifest_date(struct canvas *c, const struct layout *l);
/* "P 19  A 5  C 0  = 24" and two boxes to write in. */
void manifest_page_count(struct canvas *c, const struct layout *l, struct counts n, double y);

/* Whom a copy is for: of the template, or the audience's own words. */
const struct pair *manifest_recipient(const struct layout *l);
/* The bar over a page that is a copy for an audience; nothing on the document itself. */
void manifest_extract_bar(struct canvas *c, const struct layout *l);
bool manifest_shows(const struct layout *l, enum model_shown field);

void manifest_cover_static(struct canvas *c, const struct layout *l);
void manifest_cover(struct canvas *c, const struct layout *l);
void manifest_closing(struct canvas *c, const struct layout *l);
double manifest_authority_top(const struct layout *l);
