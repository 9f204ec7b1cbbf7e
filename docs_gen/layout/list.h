/* The display list: what stands where on the pages, in micrometres from the bottom left corner. Layout writes it, pens
 * read it. A list is in an arena; an append that fails sets `fault`, tested once at the end. */
#pragma once
#include "docs_gen/text/shape.h"

enum list_ink {
  INK_BLACK,
  INK_WHITE,
  INK_BLUE,
  INK_OUTLINE,
};

enum list_op {
  LIST_TEXT,
  LIST_STROKE,   /* a path, stroked */
  LIST_FILL,     /* a path, filled */
  LIST_CODE,     /* a bar code */
  LIST_PICTURE,  /* the portrait */
  LIST_ORNAMENT, /* content operators made by layout/ornament.c, in 0.01 mm */
};

/* An element of the structure tree (PDF 32000-1 14.8). `order` is its key and its place among its siblings. */
struct list_element {
  const char *type; /* "P", "TD" */
  uint32_t order;
  uint32_t each_page; /* every page of a part has one of its own: `order` is so much more a page */
  uint32_t parent;    /* order of its parent; 0: the document */
  const char *alt;    /* of a Figure, else NULL */
  const char *language; /* "es"; NULL: the document's */
  const char *scope;    /* of a TH, else NULL */
  int32_t box[4];       /* of a Figure, micrometres */
  uint16_t page;
};

/* Which stream of the file an item is drawn in: a page (from 1), or the appearance of the signature. */
enum { LIST_APPEARANCE = 0xffff, LIST_STREAMS = 128 };

struct list_point {
  int32_t x, y;
};

/* Segments of a path: 'M' and 'L' take a point, 'C' three, 'Z' none. */
struct list_path {
  const char *segments;
  const struct list_point *points;
  int32_t width; /* of the stroke */
};

struct list_text {
  struct text_line line;
  int32_t size_mpt;     /* thousandths of a point */
  int32_t track_nm;     /* added after each character, nanometres */
  const char *language; /* of this run; NULL: its element's */
  bool outline;         /* stroked, 0.35 mm */
  int32_t turn_cdeg;    /* anticlockwise, hundredths of a degree, about its origin */
};

struct list_code {
  const uint8_t *rows; /* packed bits, rows from the top, each begins a byte */
  uint16_t modules;
  int32_t edge;
};

struct list_item {
  enum list_op op;
  enum list_ink ink;
  uint16_t page;
  uint16_t element; /* index + 1; 0: an artifact */
  bool pagination;  /* an artifact that repeats on pages */
  uint32_t
      next; /* of the same stream, or of another that shares its chain: index + 1; 0: the last */
  int32_t x, y;
  union {
    struct list_text text;
    struct list_path path;
    struct list_code code;
    struct {
      int32_t w, h;
    } picture;
    struct {
      const char *name;
      struct sv_bytes content;
    } ornament;
  };
};

struct list {
  struct sv_ctx *ctx;
  struct list_item *items;
  size_t n, room;
  uint32_t first[LIST_STREAMS],
      last[LIST_STREAMS]; /* by page modulo LIST_STREAMS: index + 1; 0: none */
  struct list_element *elements;
  size_t element_n, element_room;
  sv_status fault;
  const char *fault_text; /* of a template, where one is at fault; never a value */
};

struct list list_in(struct sv_ctx *ctx);
void list_put(struct list *list, const struct list_item *item);
/* The items of a page one by one, in their order: the first for before NULL; NULL after the last. */
const struct list_item *list_next(const struct list *list, uint16_t page,
                                  const struct list_item *before);
/* Where an element that stands on a page has its place. */
uint32_t list_order(const struct list_element *element, uint32_t page);
/* Index + 1 of the element; the same as before when it was among the last few. 0 on failure. */
uint16_t list_element(struct list *list, const struct list_element *element);
/* The whole list as text, one item a line, for people and golden tests. */
sv_status list_dump(const struct list *list, struct sv_buf *out);
