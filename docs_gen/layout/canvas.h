/* The layout's hand: puts text, rules and boxes on a page, in millimetres from the top left corner of an A4 page, y of text
 * being its baseline; the sheet moves each band of the page to where it has it. Everything goes into a display list; a fault is remembered there. */
#pragma once
#include "docs_gen/layout/list.h"
#include "docs_gen/layout/paper.h"

struct style {
  enum face_id face;
  double pt;
};

struct canvas {
  struct list list;
  struct text_session *text;
  const struct paper *paper;
  const struct template_block_place *blocks; /* of the template; NULL: none is placed */
  enum band band;                            /* what follows belongs to it */
  uint16_t page;
  uint16_t element;
  uint32_t each_page; /* of elements: struct list_element */
  bool pagination;
  bool kerned; /* words of templates */
  enum list_ink ink;
  const char *languages[2]; /* of the page */
  const char *language;     /* of what follows; NULL: the document's */
  /* where a text without a glyph, or that can't fit, is reported; NULL: not */
  const char *path;
};

struct canvas canvas_on(struct text_session *session, const struct paper *paper,
                        const struct template_block_place *blocks, uint16_t page,
                        const char *const languages[static 2]);
/* A rectangle as boxes of elements have it, in the band of the canvas: paper_area. */
void canvas_area(const struct canvas *c, double x, double y, double w, double h,
                 int32_t box[static 4]);

/* What follows belongs to this element of the structure until canvas_artifact. */
void canvas_open(struct canvas *c, const char *type, uint32_t order);
void canvas_open_in(struct canvas *c, const char *type, uint32_t order, uint32_t parent);
void canvas_artifact(struct canvas *c);

/* Text at x, ending at x, or about x. Empty text puts nothing. The result is its width. */
double canvas_text(struct canvas *c, double x, double y, struct style style, const char *text);
double canvas_text_right(struct canvas *c, double x, double y, struct style style,
                         const char *text);
double canvas_text_centre(struct canvas *c, double x, double y, struct style style,
                          const char *text);
/* In a language, for one run. */
double canvas_text_in(struct canvas *c, const char *language, double x, double y,
                      struct style style, const char *text);
double canvas_printf(struct canvas *c, double x, double y, struct style style, const char *format,
                     ...) __attribute__((format(printf, 5, 6)));
/* "one / other", the first in the first language of the page, the second in the second and in its own style; right: x is the right edge. */
double canvas_pair(struct canvas *c, double x, double y, struct style first, struct style second,
                   const char *one, const char *other);
double canvas_pair_right(struct canvas *c, double x, double y, struct style first,
                         struct style second, const char *one, const char *other);
double canvas_pair_centre(struct canvas *c, double x, double y, struct style first,
                          struct style second, const char *one, const char *other);
/* The same in so much room: smaller where it has to be. A fault of the words when that is not enough. */
double canvas_pair_within(struct canvas *c, double x, double y, double width, struct style first,
                          struct style second, const char *one, const char *other);
/* A caption: 6.2 pt. */
double canvas_caption(struct canvas *c, double x, double y, const char *one, const char *other);
/* A value in so much room: by half points smaller than its style, but not under `least`; canvas_too_long when that is not
 * enough. right: x is the right edge. */
double canvas_within(struct canvas *c, double x, double y, double width, struct style style,
                     double least, const char *what, const char *text);
double canvas_within_right(struct canvas *c, double x, double y, double width, struct style style,
                           double least, const char *what, const char *text);
double canvas_tracked(struct canvas *c, double x, double y, struct style style, double track_mm,
                      const char *text);
/* Spread to an exact length. */
void canvas_spread(struct canvas *c, double x, double y, struct style style, double length,
                   const char *text);
/* Turned anticlockwise; outline: stroked letters. */
void canvas_turned(struct canvas *c, double x, double y, struct style style, double degrees,
                   bool outline, const char *text);

double canvas_width(struct canvas *c, struct style style, const char *text);
/* From the origin of the first character to its ink. */
double canvas_bearing(const struct canvas *c, struct style style, const char *text);

void canvas_rule(struct canvas *c, double x0, double x1, double y, double width);
void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1, double width);
void canvas_box(struct canvas *c, double x, double y, double w, double h, double width);
void canvas_bar(struct canvas *c, double x, double y, double w, double h); /* filled */
void canvas_circle(struct canvas *c, double x, double y, double r,
                   double width); /* width 0: filled */
void canvas_triangle(struct canvas *c, double x0, double y0, double x1, double y1, double x2,
                     double y2);
void canvas_ornament(struct canvas *c, const char *name, double x, double y,
                     struct sv_bytes content);

/* A path by hand, in millimetres of the page: "M x y L x y C ... Z". */
void canvas_path(struct canvas *c, const char *segments, const double *xy, size_t points,
                 double width);

/* Breaks text into lines no wider than `width`, only at spaces, never at a no-break space; lines in the arena. Returns
 * their number, at most max; -1 when they don't fit. */
int canvas_break(struct canvas *c, struct style style, double width, const char *text,
                 const char **lines, int max);
/* Puts such lines from y down, no lone word at the end where it can be helped; returns how many, -1 when they don't fit. */
int canvas_paragraph(struct canvas *c, double x, double y, double leading, struct style style,
                     double width, const char *text, int max);
/* Two lines broken where they are most equal; false when one is wider than `width`. */
bool canvas_halves(struct canvas *c, struct style style, double width, const char *text,
                   const char *lines[static 2]);

/* Records that a text has no place: a violation at canvas->path when set, else RENDER. */
void canvas_too_long(struct canvas *c, const char *what);
/* The same for a text of a template, which messages may quote. */
void canvas_no_room(struct canvas *c, const char *what, const char *text);
