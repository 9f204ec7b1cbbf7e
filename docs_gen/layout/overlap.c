/* A box a text: its width, from a little below the baseline to the height of capitals. Tight leading is no fault: only what
 * covers ink of another text is, and words of two fields that could be read as one. */
#include "docs_gen/layout/overlap.h"

enum {
  SLACK_UM = 60,   /* boxes that touch */
  EDGE_UM = 4500,  /* printers leave as much blank */
  HALF_UM = 90000, /* of what is written on, from the middle of the sheet */
  ZONE_UM = 23200, /* high: the machine-readable zone, which has an edge of its own */
  GAP_UM = 600,    /* between words of two elements */
  TINY_MPT = 3000,
};

struct box {
  int32_t left, bottom, right, top;
  const struct list_text *text; /* NULL: a code or a picture */
  const struct list *list;
  uint16_t element;
};

static int32_t of_em(int64_t mpt, int64_t part, int64_t whole) { /* micrometres */
  return (int32_t)(mpt * part / whole * 127 / 360);
}

static bool box_of(const struct list_item *item, struct box *ret) {
  if (item->op == LIST_CODE) {
    *ret = (struct box){.left = item->x,
                        .bottom = item->y,
                        .right = item->x + item->code.edge,
                        .top = item->y + item->code.edge};
    return true;
  }
  if (item->op == LIST_PICTURE) {
    *ret = (struct box){.left = item->x,
                        .bottom = item->y,
                        .right = item->x + item->picture.w,
                        .top = item->y + item->picture.h};
    return true;
  }
  const struct list_text *t = &item->text;
  if (item->op != LIST_TEXT || t->turn_cdeg || t->size_mpt < TINY_MPT || t->line.n == 0) {
    return false;
  }
  int32_t width = of_em(t->size_mpt, t->line.width, FACE_UNITS) +
                  (int32_t)((int64_t)t->track_nm * (int64_t)t->line.n / 1000);
  *ret = (struct box){.left = item->x,
                      .bottom = item->y - of_em(t->size_mpt, 12, 100),
                      .right = item->x + width,
                      .top = item->y + of_em(t->size_mpt, 68, 100),
                      .text = t};
  return true;
}

/* Words of one element may follow each other closely; those of two are kept apart. */
static bool touch(const struct box *a, const struct box *b) {
  bool parts = a->list == b->list && a->element == b->element;
  int32_t gap = a->text && b->text && !parts ? GAP_UM : -SLACK_UM;
  return a->left < b->right + gap && b->left < a->right + gap && a->bottom + SLACK_UM < b->top &&
         b->bottom + SLACK_UM < a->top;
}

/* Whether a text leaves the margins of the sheet. */
static bool leaves(const struct box *a, const struct paper *paper) {
  const int32_t middle = (int32_t)(paper->width * 500), room = HALF_UM + SLACK_UM;
  const int32_t left = a->top < ZONE_UM ? EDGE_UM : middle - room;
  const int32_t hangs = of_em(a->text->size_mpt, 1, 10); /* the side bearing of large type */
  return a->left + hangs < left || a->right > middle + room || a->bottom < EDGE_UM;
}

static size_t boxes_of(const struct list *list, uint16_t page, bool any_page, struct box *ret) {
  size_t n = 0;
  for (size_t i = 0; list && i < list->n; i++) {
    bool here = any_page || list->items[i].page == page;
    if (here && box_of(&list->items[i], &ret[n])) {
      ret[n].list = list;
      ret[n++].element = list->items[i].element;
    }
  }
  return n;
}

const struct list_text *overlap_find(const struct paper *paper, const struct list *fixed,
                                     const struct list *own, uint16_t page,
                                     const char **ret_other) {
  struct box *v = SV_ARRAY(own->ctx->mem, own->n + (fixed ? fixed->n : 0) + 1, struct box);
  *ret_other = "";
  if (!v) {
    return NULL;
  }
  size_t n = boxes_of(fixed, page, true, v);
  n += boxes_of(own, page, false, v + n);
  for (size_t i = 0; i < n; i++) {
    if (v[i].text && leaves(&v[i], paper)) {
      return v[i].text;
    }
    for (size_t k = 0; k < i; k++) {
      if ((v[i].text || v[k].text) && touch(&v[i], &v[k])) {
        *ret_other = v[i].text && v[k].text ? v[k].text->line.text : "";
        return v[i].text ? v[i].text : v[k].text;
      }
    }
  }
  return NULL;
}
