/* A box a text: its width, from a little below the baseline to the height of capitals. Tight leading is no fault: only what
 * covers ink of another text is. */
#include "docs_gen/layout/overlap.h"

enum {
  SLACK_UM = 60,   /* boxes that touch */
  EDGE_UM = 4500,  /* printers leave as much blank */
  HALF_UM = 90000, /* of what is written on, from the middle of the sheet */
  TINY_MPT = 3000,
};

struct box {
  int32_t left, bottom, right, top;
  const struct list_text *text; /* NULL: a code or a picture */
};

static int32_t of_em(int64_t mpt, int64_t part, int64_t whole) { /* micrometres */
  return (int32_t)(mpt * part / whole * 127 / 360);
}

static bool box_of(const struct list_item *item, struct box *ret) {
  if (item->op == LIST_CODE) {
    *ret =
        (struct box){item->x, item->y, item->x + item->code.edge, item->y + item->code.edge, NULL};
    return true;
  }
  if (item->op == LIST_PICTURE) {
    *ret =
        (struct box){item->x, item->y, item->x + item->picture.w, item->y + item->picture.h, NULL};
    return true;
  }
  const struct list_text *t = &item->text;
  if (item->op != LIST_TEXT || t->turn_cdeg || t->size_mpt < TINY_MPT || t->line.n == 0) {
    return false;
  }
  int32_t width = of_em(t->size_mpt, t->line.width, FACE_UNITS) + t->track * (int32_t)t->line.n;
  *ret = (struct box){item->x, item->y - of_em(t->size_mpt, 12, 100), item->x + width,
                      item->y + of_em(t->size_mpt, 68, 100), t};
  return true;
}

static bool touch(const struct box *a, const struct box *b) {
  return a->left + SLACK_UM < b->right && b->left + SLACK_UM < a->right &&
         a->bottom + SLACK_UM < b->top && b->bottom + SLACK_UM < a->top;
}

static size_t boxes_of(const struct list *list, uint16_t page, bool any_page, struct box *ret) {
  size_t n = 0;
  for (size_t i = 0; list && i < list->n; i++) {
    bool here = any_page || list->items[i].page == page;
    n += here && box_of(&list->items[i], &ret[n]) ? 1 : 0;
  }
  return n;
}

const struct list_text *overlap_find(const struct paper *paper, const struct list *fixed,
                                     const struct list *own, uint16_t page,
                                     const char **ret_other) {
  struct box *v = SV_ARRAY(own->ctx->mem, own->n + (fixed ? fixed->n : 0) + 1, struct box);
  const int32_t right = (int32_t)(paper->width * 500) + HALF_UM + SLACK_UM;
  *ret_other = "";
  if (!v) {
    return NULL;
  }
  size_t n = boxes_of(fixed, page, true, v);
  n += boxes_of(own, page, false, v + n);
  for (size_t i = 0; i < n; i++) {
    if (v[i].text && (v[i].left < EDGE_UM || v[i].right > right || v[i].bottom < EDGE_UM)) {
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
