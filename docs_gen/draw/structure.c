/* Elements come from two lists, the static one of each page and the document's own; their order keys put them into one
 * reading order. Every element is an indirect object: direct ones pass validators and lose their cells in readers. */
#include "docs_gen/draw/structure.h"

#include <stdlib.h>

#include "docs_gen/draw/xmp.h"

struct node {
  const struct list_element *element;
  uint32_t object, page; /* page from 1 */
  struct sv_buf kids;    /* text of /K */
  size_t kid_n;
};

struct tree {
  const struct assemble_input *in;
  struct sv_ctx *ctx;
  struct pdf_objects *pdf;
  const uint32_t *page_objects;
  struct node *nodes;
  size_t n;
  uint32_t root, document;
};

static int by_order(const void *a, const void *b) {
  const struct node *x = a, *y = b;
  return (x->element->order > y->element->order) - (x->element->order < y->element->order);
}

static struct node *node_of(struct tree *t, uint32_t order) {
  size_t low = 0, high = t->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (t->nodes[middle].element->order < order) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < t->n && t->nodes[low].element->order == order ? &t->nodes[low] : NULL;
}

/* All elements, once each, in order; the static ones of a page count once a page. */
static sv_status collect(struct tree *t) {
  size_t room = t->in->list->element_n + 1;
  for (uint32_t i = 0; i < t->in->page_count; i++) {
    room += t->in->pages[i].fixed->list->element_n;
  }
  t->nodes = SV_ARRAY(t->ctx->mem, room, struct node);
  struct list_element *form = SV_NEW(t->ctx->mem, struct list_element);
  if (!t->nodes || !form) {
    return SV_FAIL(t->ctx, NO_MEMORY, "structure");
  }
  size_t n = 0;
  for (size_t i = 0; i < t->in->list->element_n; i++) {
    const struct list_element *e = &t->in->list->elements[i];
    t->nodes[n++] = (struct node){.element = e, .page = e->page};
  }
  for (uint32_t p = 0; p < t->in->page_count; p++) {
    const struct list *fixed = t->in->pages[p].fixed->list;
    for (size_t i = 0; i < fixed->element_n; i++) {
      t->nodes[n++] = (struct node){.element = &fixed->elements[i], .page = p + 1};
    }
  }
  if (t->in->contents_room) {
    *form = (struct list_element){
        .type = "Form", .order = t->in->signature_order, .page = t->in->signature_page};
    t->nodes[n++] = (struct node){.element = form, .page = t->in->signature_page};
  }
  qsort(t->nodes, n, sizeof *t->nodes, by_order);
  for (size_t i = 0; i < n; i++) { /* the same element from both lists is one */
    if (t->n == 0 || t->nodes[t->n - 1].element->order != t->nodes[i].element->order) {
      t->nodes[t->n++] = t->nodes[i];
    }
  }
  for (size_t i = 0; i < t->n; i++) {
    t->nodes[i].object = pdf_object(t->pdf);
    t->nodes[i].kids = sv_buf_in(t->ctx->mem, 0);
  }
  return SV_DONE;
}

/* The marks of one list on one page: each to its element, and to its place in the page's array of parents. */
static sv_status place_marks(struct tree *t, const struct list *list, const struct content *content,
                             uint32_t *parents) {
  for (size_t i = 0; i < content->mark_n; i++) {
    const struct content_mark *m = &content->marks[i];
    struct node *node = node_of(t, list->elements[m->element - 1].order);
    if (!node) {
      return SV_FAIL(t->ctx, RENDER, "a mark without an element");
    }
    sv_buf_printf(&node->kids, " %u", m->mcid);
    node->kid_n++;
    parents[m->mcid] = node->object;
  }
  return SV_DONE;
}

static sv_status parent_tree(struct tree *t, uint32_t widget, uint32_t form, uint32_t *ret) {
  struct sv_buf b = sv_buf_in(t->ctx->mem, 0);
  sv_buf_str(&b, "/Nums[");
  for (uint32_t p = 0; p < t->in->page_count; p++) {
    const struct assemble_page *page = &t->in->pages[p];
    uint32_t n = page->content.next_mcid;
    uint32_t *parents = SV_ARRAY(t->ctx->mem, n, uint32_t);
    if (!parents) {
      return SV_FAIL(t->ctx, NO_MEMORY, "parent tree");
    }
    SV_TRY(place_marks(t, page->fixed->list, &page->fixed->content, parents));
    SV_TRY(place_marks(t, t->in->list, &page->content, parents));
    sv_buf_printf(&b, "%u[", p);
    for (uint32_t i = 0; i < n; i++) {
      sv_buf_printf(&b, "%u 0 R ", parents[i]);
    }
    sv_buf_str(&b, "]\n");
  }
  if (widget) {
    sv_buf_printf(&b, "%u %u 0 R", t->in->page_count, form);
  }
  sv_buf_put(&b, "]", 2);
  if (b.failed) {
    return SV_FAIL(t->ctx, NO_MEMORY, "parent tree");
  }
  *ret = pdf_object(t->pdf);
  pdf_dict(t->pdf, *ret, (const char *)b.p);
  return SV_DONE;
}

/* Children of the document and of grouping elements, in order. */
static sv_status link_parents(struct tree *t, struct sv_buf *top) {
  for (size_t i = 0; i < t->n; i++) {
    const struct list_element *e = t->nodes[i].element;
    struct node *parent = e->parent ? node_of(t, e->parent) : NULL;
    if (e->parent && !parent) {
      return SV_FAIL(t->ctx, RENDER, "%s %u has no parent %u", e->type, e->order, e->parent);
    }
    struct sv_buf *kids = parent ? &parent->kids : top;
    sv_buf_printf(kids, " %u 0 R", t->nodes[i].object);
  }
  return SV_DONE;
}

/* Width and height of a Figure's box in points (PDF 32000-1 14.8.5.4.3). */
static void put_box(struct sv_buf *b, const int32_t box[4]) {
  sv_buf_str(b, "/A<</O/Layout/Placement/Block/BBox[");
  for (int i = 0; i < 4; i++) {
    sv_buf_printf(b, "%.2f ", box[i] * 72.0 / 25400);
  }
  sv_buf_str(b, "]>>");
}

static sv_status put_node(struct tree *t, struct node *node, uint32_t widget) {
  const struct list_element *e = node->element;
  struct node *parent = e->parent ? node_of(t, e->parent) : NULL;
  struct sv_buf b = sv_buf_in(t->ctx->mem, 0);
  sv_buf_printf(&b, "/Type/StructElem/S/%s/P %u 0 R", e->type,
                parent ? parent->object : t->document);
  if (node->page) {
    sv_buf_printf(&b, "/Pg %u 0 R", t->page_objects[node->page - 1]);
  }
  if (e->language) {
    sv_buf_printf(&b, "/Lang(%s)", e->language);
  }
  if (e->scope) {
    sv_buf_printf(&b, "/A<</O/Table/Scope/%s>>", e->scope);
  }
  if (e->alt) {
    const char *alt = xmp_pdf_string(t->ctx, e->alt);
    sv_buf_printf(&b, "/Alt%s", alt ? alt : "()");
    put_box(&b, e->box);
  }
  if (strcmp(e->type, "Form") == 0) {
    sv_buf_printf(&b, "/K<</Type/OBJR/Obj %u 0 R/Pg %u 0 R>>", widget,
                  t->page_objects[node->page - 1]);
  } else {
    sv_buf_u8(&node->kids, 0);
    sv_buf_printf(&b, "/K[%s]", node->kids.failed ? "" : (const char *)node->kids.p);
  }
  sv_buf_u8(&b, 0);
  if (b.failed || node->kids.failed) {
    return SV_FAIL(t->ctx, NO_MEMORY, "structure");
  }
  pdf_dict(t->pdf, node->object, (const char *)b.p);
  return SV_DONE;
}

sv_status structure_put(const struct assemble_input *input, struct pdf_objects *pdf,
                        const uint32_t *page_objects, uint32_t widget, uint32_t root) {
  struct tree t = {.in = input, .ctx = input->ctx, .pdf = pdf, .page_objects = page_objects};
  t.root = root;
  t.document = pdf_object(pdf);
  SV_TRY(collect(&t));
  struct node *form = widget ? node_of(&t, input->signature_order) : NULL;
  uint32_t parents;
  SV_TRY(parent_tree(&t, widget, form ? form->object : 0, &parents));
  struct sv_buf top = sv_buf_in(t.ctx->mem, 0);
  SV_TRY(link_parents(&t, &top));
  for (size_t i = 0; i < t.n; i++) {
    SV_TRY(put_node(&t, &t.nodes[i], widget));
  }
  sv_buf_u8(&top, 0);
  const char *document = sv_arena_printf(t.ctx->mem, "/Type/StructElem/S/Document/P %u 0 R/K[%s]",
                                         t.root, top.failed ? "" : (const char *)top.p);
  const char *tree = sv_arena_printf(
      t.ctx->mem, "/Type/StructTreeRoot/K[%u 0 R]/ParentTree %u 0 R/ParentTreeNextKey %u",
      t.document, parents, input->page_count + 1);
  if (top.failed || !document || !tree) {
    return SV_FAIL(t.ctx, NO_MEMORY, "structure");
  }
  pdf_dict(pdf, t.document, document);
  pdf_dict(pdf, t.root, tree);
  return SV_DONE;
}
