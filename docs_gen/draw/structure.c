/* Elements come from two lists, the static one of each page and the document's own; their order keys put them into one
 * reading order. Every element is an indirect object: direct ones pass validators and lose their cells in readers.
 * Invariant: the tree's bytes are the same whether it was kept or is written anew. */
#include "docs_gen/draw/structure.h"

#include <stdlib.h>

#include "docs_gen/draw/kept_trees.h"
#include "docs_gen/draw/xmp.h"

enum { LEVEL = 6 }; /* of deflate: trees are large, alike, and mostly kept */

SV_AUTO_DEFINE(struct deflater, deflater_close)

struct node {
  const struct list_element *element;
  uint32_t order;        /* of the element on its page */
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
  uint32_t root, document, parents; /* one after the other; then the elements */
  struct pack pack;
};

static int by_order(const void *a, const void *b) {
  const struct node *x = a, *y = b;
  return (x->order > y->order) - (x->order < y->order);
}

static struct node *node_of(struct tree *t, uint32_t order) {
  size_t low = 0, high = t->n;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (t->nodes[middle].order < order) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < t->n && t->nodes[low].order == order ? &t->nodes[low] : NULL;
}

static struct node node_on(const struct list_element *e, uint32_t page) {
  return (struct node){.element = e, .order = list_order(e, page), .page = page};
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
    t->nodes[n++] = node_on(e, e->page);
  }
  for (uint32_t p = 0; p < t->in->page_count; p++) {
    const struct list *fixed = t->in->pages[p].fixed->list;
    for (size_t i = 0; i < fixed->element_n; i++) {
      t->nodes[n++] = node_on(&fixed->elements[i], p + 1);
    }
  }
  if (t->in->contents_room) {
    *form = (struct list_element){
        .type = "Form", .order = t->in->signature_order, .page = t->in->signature_page};
    t->nodes[n++] = node_on(form, t->in->signature_page);
  }
  qsort(t->nodes, n, sizeof *t->nodes, by_order);
  for (size_t i = 0; i < n; i++) { /* the same element from both lists is one */
    const struct list_element *e = t->nodes[i].element;
    if (t->n && t->nodes[t->n - 1].order == t->nodes[i].order &&
        strcmp(t->nodes[t->n - 1].element->type, e->type) != 0) {
      return SV_FAIL(t->ctx, RENDER, "element %u is a %s and a %s", t->nodes[i].order, e->type,
                     t->nodes[t->n - 1].element->type);
    }
    if (t->n == 0 || t->nodes[t->n - 1].order != t->nodes[i].order) {
      t->nodes[t->n++] = t->nodes[i];
    }
  }
  uint32_t first = pdf_numbers(t->pdf, (uint32_t)t->n + 2);
  t->document = first;
  t->parents = first + 1;
  for (size_t i = 0; i < t->n; i++) {
    t->nodes[i].object = first + 2 + (uint32_t)i;
    t->nodes[i].kids = sv_buf_in(t->ctx->mem, 0);
  }
  return first ? SV_DONE : SV_FAIL(t->ctx, RENDER, "%zu elements", t->n);
}

/* The marks of one list on one page: each to its element, and to its place in the page's array of parents. */
static sv_status place_marks(struct tree *t, const struct list *list, uint32_t page,
                             const struct content *content, uint32_t *parents) {
  for (size_t i = 0; i < content->mark_n; i++) {
    const struct content_mark *m = &content->marks[i];
    struct node *node = node_of(t, list_order(&list->elements[m->element - 1], page));
    if (!node) {
      return SV_FAIL(t->ctx, RENDER, "a mark without an element");
    }
    sv_buf_u8(&node->kids, ' ');
    pack_number(&node->kids, m->mcid);
    node->kid_n++;
    parents[m->mcid] = node->object;
  }
  return SV_DONE;
}

static sv_status parent_tree(struct tree *t, uint32_t widget, uint32_t form) {
  struct sv_buf *b = &t->pack.body;
  pack_next(&t->pack, t->parents);
  sv_buf_str(b, "<</Nums[");
  for (uint32_t p = 0; p < t->in->page_count; p++) {
    const struct assemble_page *page = &t->in->pages[p];
    uint32_t n = page->content.next_mcid;
    uint32_t *parents = SV_ARRAY(t->ctx->mem, n, uint32_t);
    if (!parents) {
      return SV_FAIL(t->ctx, NO_MEMORY, "parent tree");
    }
    SV_TRY(place_marks(t, page->fixed->list, p + 1, &page->fixed->content, parents));
    SV_TRY(place_marks(t, t->in->list, p + 1, &page->content, parents));
    pack_number(b, p);
    sv_buf_u8(b, '[');
    for (uint32_t i = 0; i < n; i++) {
      pack_reference(b, parents[i]);
      sv_buf_u8(b, ' ');
    }
    sv_buf_str(b, "]\n");
  }
  if (widget) {
    sv_buf_printf(b, "%u %u 0 R", t->in->page_count, form);
  }
  sv_buf_str(b, "]>>");
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
    sv_buf_u8(kids, ' ');
    pack_reference(kids, t->nodes[i].object);
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
  struct sv_buf *b = &t->pack.body;
  pack_next(&t->pack, node->object);
  sv_buf_str(b, "<</Type/StructElem/S/");
  sv_buf_str(b, e->type);
  sv_buf_str(b, "/P ");
  pack_reference(b, parent ? parent->object : t->document);
  if (node->page) {
    sv_buf_str(b, "/Pg ");
    pack_reference(b, t->page_objects[node->page - 1]);
  }
  if (e->language) {
    sv_buf_printf(b, "/Lang(%s)", e->language);
  }
  if (e->scope) {
    sv_buf_printf(b, "/A<</O/Table/Scope/%s>>", e->scope);
  }
  if (e->alt) {
    const char *alt = xmp_pdf_string(t->ctx, e->alt);
    sv_buf_printf(b, "/Alt%s", alt ? alt : "()");
    put_box(b, e->box);
  }
  if (strcmp(e->type, "Form") == 0) {
    sv_buf_printf(b, "/K<</Type/OBJR/Obj %u 0 R/Pg %u 0 R>>>>", widget,
                  t->page_objects[node->page - 1]);
  } else {
    sv_buf_str(b, "/K[");
    sv_buf_put(b, node->kids.p, node->kids.n);
    sv_buf_str(b, "]>>");
  }
  return node->kids.failed ? SV_FAIL(t->ctx, NO_MEMORY, "structure") : SV_DONE;
}

/* ---- keeping ---- */

/* What a tree's bytes depend on, as bytes; room is for all of it. */
struct key {
  uint8_t *p;
  size_t n;
};

static void key_put(struct key *key, const void *p, size_t n) {
  memcpy(key->p + key->n, p, n);
  key->n += n;
}
static void key_number(struct key *key, uint32_t v) { key_put(key, &v, sizeof v); }
static void key_text(struct key *key, const char *text) {
  size_t n = strlen(text);
  key_number(key, (uint32_t)n);
  key_put(key, text, n);
}

static size_t key_room(const struct assemble_input *in) {
  size_t n = 64;
  for (uint32_t p = 0; p < in->page_count; p++) {
    n += 24 + 8 * in->pages[p].content.mark_n;
  }
  for (size_t i = 0; i < in->list->element_n; i++) {
    const struct list_element *e = &in->list->elements[i];
    n += 64 + strlen(e->type) + (e->alt ? strlen(e->alt) : 0) +
         (e->language ? strlen(e->language) : 0) + (e->scope ? strlen(e->scope) : 0);
  }
  return n;
}

/* Most elements are cells: what they don't have takes no room. */
static void key_element(struct key *key, const struct list_element *e) {
  const uint32_t has = (e->alt ? 1U : 0) | (e->language ? 2U : 0) | (e->scope ? 4U : 0);
  const uint32_t place[] = {list_order(e, e->page), e->parent, (uint32_t)e->page << 8 | has};
  key_put(key, place, sizeof place);
  key_text(key, e->type);
  if (e->alt) {
    key_put(key, e->box, sizeof e->box); /* which a Figure alone shows */
    key_text(key, e->alt);
  }
  if (e->language) {
    key_text(key, e->language);
  }
  if (e->scope) {
    key_text(key, e->scope);
  }
}

static sv_status key_of(const struct tree *t, uint32_t widget, struct sv_bytes *ret) {
  const struct assemble_input *in = t->in;
  struct key key = {.p = sv_arena_alloc(t->ctx->mem, key_room(in))};
  if (!key.p) {
    return SV_FAIL(t->ctx, NO_MEMORY, "structure");
  }
  const uint32_t numbers[] = {t->root, in->page_count,      t->page_objects[0],
                              widget,  in->signature_order, in->signature_page};
  key_put(&key, numbers, sizeof numbers);
  for (uint32_t p = 0; p < in->page_count;
       p++) { /* a static half is the same as long as its place */
    const struct content *c = &in->pages[p].content;
    key_put(&key, &in->pages[p].fixed, sizeof in->pages[p].fixed);
    key_number(&key, c->next_mcid);
    key_number(&key, (uint32_t)c->mark_n);
    for (size_t i = 0; i < c->mark_n; i++) {
      key_number(&key, c->marks[i].element);
      key_number(&key, c->marks[i].mcid);
    }
  }
  for (size_t i = 0; i < in->list->element_n; i++) {
    key_element(&key, &in->list->elements[i]);
  }
  *ret = sv_bytes_of(key.p, key.n);
  return SV_DONE;
}

static sv_status write_tree(struct tree *t, uint32_t widget, struct pack_stream *ret) {
  SV_AUTO(deflater_close) struct deflater *deflater = deflater_open(LEVEL);
  t->pack = pack_in(t->ctx);
  if (!deflater) {
    return SV_FAIL(t->ctx, NO_MEMORY, "compressor");
  }
  SV_TRY(collect(t));
  struct node *form = widget ? node_of(t, t->in->signature_order) : NULL;
  struct sv_buf top = sv_buf_in(t->ctx->mem, 0);
  SV_TRY(link_parents(t, &top));
  pack_next(&t->pack, t->root);
  sv_buf_printf(&t->pack.body,
                "<</Type/StructTreeRoot/K[%u 0 R]/ParentTree %u 0 R/ParentTreeNextKey %u>>",
                t->document, t->parents, t->in->page_count + 1);
  pack_next(&t->pack, t->document);
  sv_buf_printf(&t->pack.body, "<</Type/StructElem/S/Document/P %u 0 R/K[", t->root);
  sv_buf_put(&t->pack.body, top.p, top.n);
  sv_buf_str(&t->pack.body, "]>>");
  SV_TRY(parent_tree(t, widget, form ? form->object : 0));
  for (size_t i = 0; i < t->n; i++) {
    SV_TRY(put_node(t, &t->nodes[i], widget));
  }
  if (top.failed) {
    return SV_FAIL(t->ctx, NO_MEMORY, "structure");
  }
  return pack_close(&t->pack, t->ctx, deflater, ret);
}

sv_status structure_put(const struct assemble_input *input, struct pdf_objects *pdf,
                        const uint32_t *page_objects, uint32_t widget, uint32_t *ret_root) {
  struct tree t = {.in = input, .ctx = input->ctx, .pdf = pdf, .page_objects = page_objects};
  struct pack_stream stream;
  struct sv_bytes key;
  t.root = pdf_numbers(pdf, 1);
  SV_TRY(key_of(&t, widget, &key));
  SV_TRY(kept_trees_find(input->trees, t.ctx, key, &stream));
  if (stream.n == 0) {
    SV_TRY(write_tree(&t, widget, &stream));
    kept_trees_keep(input->trees, key, &stream);
  } else if (!pdf_numbers(pdf, (uint32_t)stream.n - 1)) {
    return SV_FAIL(t.ctx, RENDER, "%zu elements", stream.n);
  }
  stream.first_number = t.root;
  pdf_packed(pdf, &stream);
  *ret_root = t.root;
  return SV_DONE;
}
