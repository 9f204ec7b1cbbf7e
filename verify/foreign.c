/* Walks from the trailer through all references. Each object is met once; the values of one nest at most as deep as the reader
 * lets them. */
#include "verify/foreign.h"

struct walk {
  struct sv_ctx *ctx;
  struct pdfio *p;
  bool *met;
  uint32_t *queue;
  uint32_t n;
  uint32_t size;
};

static void meet(struct walk *w, const struct pdfio_value *v) {
  switch (v->type) {
    case PDFIO_REF:
      if (v->ref.number < w->size && !w->met[v->ref.number]) {
        w->met[v->ref.number] = true;
        w->queue[w->n++] = v->ref.number;
      }
      break;
    case PDFIO_ARRAY:
      for (size_t i = 0; i < v->array.n; i++) {
        meet(w, v->array.items[i]);
      }
      break;
    case PDFIO_DICT:
    case PDFIO_STREAM:
      for (size_t i = 0; i < v->dict.n; i++) {
        meet(w, v->dict.pairs[i].value);
      }
      break;
    default:
      break;
  }
}

/* What nothing refers to although it is in use: the file's own frame. */
static bool is_frame(const struct pdfio_value *v) {
  const struct pdfio_value *type = pdfio_direct(v, "Type");
  return v->type == PDFIO_NULL || (v->type == PDFIO_STREAM &&
                                   (pdfio_is_name(type, "XRef") || pdfio_is_name(type, "ObjStm")));
}

static sv_status find_unused(struct walk *w, bool *ret) {
  meet(w, pdfio_trailer(w->p));
  for (uint32_t i = 0; i < w->n; i++) {
    const struct pdfio_value *v;
    SV_TRY(pdfio_object(w->p, w->queue[i], &v));
    meet(w, v);
  }
  for (uint32_t i = 1; i < w->size && !*ret; i++) {
    const struct pdfio_value *v;
    if (!w->met[i]) {
      SV_TRY(pdfio_object(w->p, i, &v));
      *ret = !is_frame(v);
    }
  }
  return SV_DONE;
}

static sv_status has_unused(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf, bool *ret) {
  struct walk w = {.ctx = ctx, .p = p, .size = pdfio_size(p)};
  *ret = true;
  if (w.size > VERIFY_FOREIGN_OBJECTS_MAX || pdf.n > VERIFY_FOREIGN_BYTES_MAX) {
    return SV_DONE;
  }
  w.met = SV_ARRAY(ctx->mem, w.size, bool);
  w.queue = SV_ARRAY(ctx->mem, w.size, uint32_t);
  if (!w.met || !w.queue) {
    return SV_FAIL(ctx, NO_MEMORY, "walk of %u objects", w.size);
  }
  *ret = false;
  sv_status s = find_unused(&w, ret);
  if (s.reason == SV_PDF_FORMAT) { /* what can't be read can't be shown either */
    sv_ctx_clear(ctx);
    *ret = true;
    return SV_DONE;
  }
  return s;
}

/* Whether a revision up to `last` (counted from 1) writes an object that one before it had. */
static bool writes_twice(const struct pdfio *p, size_t last, bool *seen, uint32_t size) {
  memset(seen, 0, size);
  for (size_t r = 0; r < last && r < pdfio_revision_count(p); r++) {
    for (size_t i = 0; i < pdfio_revision_objects(p, r); i++) {
      uint32_t number = pdfio_revision_object(p, r, i);
      if (number == 0 || number >= size) {
        continue;
      }
      if (seen[number]) {
        return true;
      }
      seen[number] = true;
    }
  }
  return false;
}

static sv_status has_layers(struct pdfio *p, bool *ret) {
  const struct pdfio_value *root;
  const struct pdfio_value *layers;
  SV_TRY(pdfio_entry(p, pdfio_trailer(p), "Root", &root));
  SV_TRY(pdfio_entry(p, root, "OCProperties", &layers));
  *ret = layers->type != PDFIO_NULL;
  return SV_DONE;
}

sv_status verify_foreign(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf,
                         struct verify_found *found, size_t n) {
  bool unused;
  bool layers = true;
  uint32_t size = pdfio_size(p);
  bool *seen = SV_ARRAY(ctx->mem, size, bool);
  if (!seen) {
    return SV_FAIL(ctx, NO_MEMORY, "objects of a file");
  }
  SV_TRY(has_unused(ctx, p, pdf, &unused));
  sv_status s = has_layers(p, &layers);
  if (s.reason == SV_PDF_FORMAT) {
    sv_ctx_clear(ctx);
  } else {
    SV_TRY(s);
  }
  for (size_t i = 0; i < n; i++) {
    if (unused || writes_twice(p, found[i].revision, seen, size)) {
      verify_found_fault(&found[i], VERIFY_UNUSED_OBJECTS, "objects unused or written twice");
    }
    if (layers) {
      verify_found_fault(&found[i], VERIFY_HIDDEN_LAYERS, "layers");
    }
  }
  return SV_DONE;
}
