/* Display lists: appending, and their text dump. */
#include "docs_gen/layout/list.h"

struct list list_in(struct sv_ctx *ctx) {
  return (struct list){.ctx = ctx, .fault = SV_DONE};
}

/* Room for one more; the old block stays in the arena until the call ends. */
static void *grown(struct list *list, void *old, size_t n, size_t *room, size_t size) {
  if (n < *room) {
    return old;
  }
  size_t more = *room ? *room * 2 : 64;
  void *p = sv_arena_array(list->ctx->mem, more, size);
  if (!p) {
    list->fault = SV_FAIL(list->ctx, NO_MEMORY, "display list of %zu", more);
    return NULL;
  }
  if (n) {
    memcpy(p, old, n * size);
  }
  *room = more;
  return p;
}

void list_put(struct list *list, const struct list_item *item) {
  if (sv_failed(list->fault)) {
    return;
  }
  struct list_item *items = grown(list, list->items, list->n, &list->room, sizeof *items);
  if (items) {
    size_t chain = item->page % LIST_STREAMS;
    list->items = items;
    items[list->n++] = *item;
    items[list->n - 1].next = 0;
    *(list->last[chain] ? &items[list->last[chain] - 1].next : &list->first[chain]) =
        (uint32_t)list->n;
    list->last[chain] = (uint32_t)list->n;
  }
}

const struct list_item *list_next(const struct list *list, uint16_t page,
                                  const struct list_item *before) {
  uint32_t at = before ? before->next : list->first[page % LIST_STREAMS];
  while (at && list->items[at - 1].page != page) {
    at = list->items[at - 1].next;
  }
  return at ? &list->items[at - 1] : NULL;
}

uint32_t list_order(const struct list_element *element, uint32_t page) {
  return element->order + element->each_page * page;
}

uint16_t list_element(struct list *list, const struct list_element *element) {
  size_t oldest = list->element_n > 4 ? list->element_n - 4 : 0;
  for (size_t i = list->element_n; i > oldest;
       i--) { /* one reopened later is joined by its order in the tree */
    const struct list_element *e = &list->elements[i - 1];
    if (e->page == element->page && list_order(e, e->page) == list_order(element, element->page)) {
      if (strcmp(e->type, element->type) != 0) {
        list->fault = SV_FAIL(list->ctx, RENDER, "element %u is a %s and a %s", element->order,
                              element->type, e->type);
      }
      return (uint16_t)i;
    }
  }
  if (sv_failed(list->fault)) {
    return 0;
  }
  struct list_element *e =
      grown(list, list->elements, list->element_n, &list->element_room, sizeof *e);
  if (!e) {
    return 0;
  }
  list->elements = e;
  e[list->element_n++] = *element;
  return (uint16_t)list->element_n;
}

static const char *const ink_names[] = {
    [INK_BLACK] = "black", [INK_WHITE] = "white", [INK_BLUE] = "ink", [INK_OUTLINE] = "outline"};

static void dump_text(const struct list *list, const struct list_item *item, struct sv_buf *out) {
  static const char *const faces[] = {"sans",  "sans-bold",  "sans-italic",  "sans-bold-italic",
                                      "serif", "serif-bold", "serif-italic", "serif-bold-italic",
                                      "mono",  "mono-bold",  "ocr-b"};
  (void)list;
  int64_t width = (int64_t)item->text.line.width * item->text.size_mpt / FACE_UNITS * 127 / 360;
  sv_buf_printf(out, " %s %d.%03d w%lld", faces[item->text.line.face], item->text.size_mpt / 1000,
                item->text.size_mpt % 1000, (long long)width);
  if (item->text.turn_cdeg) {
    sv_buf_printf(out, " turn %d", item->text.turn_cdeg);
  }
  if (item->text.language) {
    sv_buf_printf(out, " %s", item->text.language);
  }
  sv_buf_printf(out, " |%s|", item->text.line.text);
}

static void dump_path(const struct list_item *item, struct sv_buf *out) {
  if (item->op == LIST_STROKE) {
    sv_buf_printf(out, " w%d", item->path.width);
  }
  const struct list_point *p = item->path.points;
  for (const char *s = item->path.segments; *s; s++) {
    sv_buf_printf(out, " %c", *s);
    for (int i = 0; i < (*s == 'Z' ? 0 : *s == 'C' ? 3 : 1); i++, p++) {
      sv_buf_printf(out, " %d,%d", p->x, p->y);
    }
  }
}

sv_status list_dump(const struct list *list, struct sv_buf *out) {
  static const char *const ops[] = {"text", "stroke", "fill", "code", "picture", "ornament"};
  for (size_t i = 0; i < list->n; i++) {
    const struct list_item *item = &list->items[i];
    if (item->page == LIST_APPEARANCE) {
      sv_buf_str(out, "sig");
    } else {
      sv_buf_printf(out, "p%u", item->page);
    }
    sv_buf_printf(out, " %s %s", ops[item->op], ink_names[item->ink]);
    if (item->op != LIST_STROKE && item->op != LIST_FILL) {
      sv_buf_printf(out, " %d,%d", item->x, item->y);
    }
    if (item->element) {
      const struct list_element *e = &list->elements[item->element - 1];
      sv_buf_printf(out, " %s#%u", e->type, list_order(e, item->page));
    }
    switch (item->op) {
      case LIST_TEXT:
        dump_text(list, item, out);
        break;
      case LIST_STROKE:
      case LIST_FILL:
        dump_path(item, out);
        break;
      case LIST_CODE:
        sv_buf_printf(out, " %u modules edge %d", item->code.modules, item->code.edge);
        break;
      case LIST_PICTURE:
        sv_buf_printf(out, " %d x %d", item->picture.w, item->picture.h);
        break;
      case LIST_ORNAMENT:
        sv_buf_printf(out, " %s", item->ornament.name);
        break;
    }
    sv_buf_u8(out, '\n');
  }
  return out->failed ? SV_FAIL(list->ctx, NO_MEMORY, "dump of a display list") : list->fault;
}
