/* Objects are written one after the other into a buffer; their places are noted, sorted, and become the cross reference.
 * Invariant: nothing of the file is read but through pdfio, and nothing of it is changed. */
#include "seal/revision.h"

#include "pdfio/xref_write.h"

#include <stdlib.h>

enum { OBJECTS_MAX = 256, REVISION_MAX = 24 * 1024 * 1024 };

struct placed {
  uint32_t number;
  size_t at; /* from the file's start */
};

struct revision {
  struct sv_ctx *ctx;
  struct sv_bytes pdf;
  struct pdfio *reader;
  const struct pdfio_revision *before;
  const struct pdfio_value *root, *catalog, *info, *id;
  struct sv_buf out;
  struct placed placed[OBJECTS_MAX];
  size_t n;
  bool too_many;
  uint32_t next;
};

/* The text of a value that stands in the file. */
static struct sv_bytes text_of(const struct revision *r, const struct pdfio_value *v) {
  return sv_bytes_of(r->pdf.p + v->at, v->end - v->at);
}

static bool stands(const struct pdfio_value *v, enum pdfio_type type) {
  return v && v->type == type && v->in_file;
}

sv_status revision_open(struct sv_ctx *ctx, struct sv_bytes pdf, struct revision **ret) {
  struct revision *r = SV_NEW(ctx->mem, struct revision);
  if (!r) {
    return SV_FAIL(ctx, NO_MEMORY, "revision");
  }
  r->ctx = ctx;
  r->pdf = pdf;
  SV_TRY(pdfio_open(ctx, pdf, &r->reader));
  const struct pdfio_value *trailer = pdfio_trailer(r->reader);
  size_t last = pdfio_revision_count(r->reader) - 1;
  if (last + 1 >= PDFIO_REVISIONS_MAX) { /* one more, and nobody of ours could read it */
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "%d revisions are in the file", PDFIO_REVISIONS_MAX);
  }
  r->root = pdfio_direct(trailer, "Root");
  r->info = pdfio_direct(trailer, "Info");
  r->id = pdfio_direct(trailer, "ID");
  r->before = pdfio_revision(r->reader, last);
  if (!stands(r->root, PDFIO_REF) || !stands(r->id, PDFIO_ARRAY) || pdf.n == 0 ||
      pdf.p[pdf.n - 1] != '\n') {
    return SV_FAIL(ctx, PDF_FORMAT, "a file of another writer can't be raised");
  }
  SV_TRY(pdfio_resolve(r->reader, r->root, &r->catalog));
  if (!stands(r->catalog, PDFIO_DICT)) {
    return SV_FAIL(ctx, PDF_FORMAT, "a catalog that is no dictionary in the file");
  }
  r->next = pdfio_size(r->reader);
  r->out = sv_buf_in(ctx->mem, REVISION_MAX);
  *ret = r;
  return SV_DONE;
}

struct pdfio *revision_reader(struct revision *r) {
  return r->reader;
}

uint32_t revision_number(struct revision *r) { return r->next++; }

static void place(struct revision *r, uint32_t number, size_t at) {
  if (r->n == OBJECTS_MAX) {
    r->too_many = true;
    return;
  }
  r->placed[r->n++] = (struct placed){number, at};
}

static void begin(struct revision *r, uint32_t number) {
  place(r, number, r->pdf.n + r->out.n);
  sv_buf_printf(&r->out, "%u 0 obj\n", number);
}

void revision_text(struct revision *r, uint32_t number, const char *text, size_t *ret_at) {
  begin(r, number);
  *ret_at = r->out.n;
  sv_buf_str(&r->out, text);
  sv_buf_str(&r->out, "\nendobj\n");
}

void revision_dict(struct revision *r, uint32_t number, const char *entries) {
  begin(r, number);
  sv_buf_printf(&r->out, "<<%s>>\nendobj\n", entries);
}

void revision_stream(struct revision *r, uint32_t number, struct sv_bytes data) {
  begin(r, number);
  sv_buf_printf(&r->out, "<</Length %zu>>\nstream\n", data.n);
  sv_buf_put(&r->out, data.p, data.n);
  sv_buf_str(&r->out, "\nendstream\nendobj\n");
}

sv_status revision_catalog(struct revision *r, const char *entries, uint32_t field) {
  struct sv_bytes text = text_of(r, r->catalog);
  size_t end = text.n - 2; /* before ">>" */
  const struct pdfio_value *fields = pdfio_direct(pdfio_direct(r->catalog, "AcroForm"), "Fields");
  if (field && !stands(fields, PDFIO_ARRAY)) {
    return SV_FAIL(r->ctx, PDF_FORMAT, "a form whose fields do not stand in the catalog");
  }
  begin(r, r->root->ref.number);
  size_t at = 0;
  if (field) {
    at = fields->end - 1 - r->catalog->at; /* before "]" */
    sv_buf_put(&r->out, text.p, at);
    sv_buf_printf(&r->out, " %u 0 R", field);
  }
  sv_buf_put(&r->out, text.p + at, end - at);
  sv_buf_printf(&r->out, "%s>>\nendobj\n", entries);
  return SV_DONE;
}

/* --- the end --- */

static int by_number(const void *a, const void *b) {
  const struct placed *x = a, *y = b;
  return (x->number > y->number) - (x->number < y->number);
}

static void table_put(struct revision *r, size_t at) {
  struct sv_bytes id = text_of(r, r->id);
  sv_buf_str(&r->out, "xref\n");
  for (size_t i = 0; i < r->n;) {
    size_t n = 1;
    while (i + n < r->n && r->placed[i + n].number == r->placed[i].number + n) {
      n++;
    }
    sv_buf_printf(&r->out, "%u %zu\n", r->placed[i].number, n);
    for (size_t k = 0; k < n; k++) {
      sv_buf_printf(&r->out, "%010zu 00000 n\r\n", r->placed[i + k].at);
    }
    i += n;
  }
  sv_buf_printf(&r->out, "trailer\n<</Size %u/Root %u 0 R", r->next, r->root->ref.number);
  if (stands(r->info, PDFIO_REF)) {
    sv_buf_printf(&r->out, "/Info %u 0 R", r->info->ref.number);
  }
  sv_buf_printf(&r->out, "/Prev %zu/ID%.*s>>\nstartxref\n%zu\n%%%%EOF\n", r->before->xref_at,
                (int)id.n, (const char *)id.p, at);
}

/* Streams go on as streams (7.5.8.4 has no mixture that all readers take). */
static void stream_put(struct revision *r, size_t at) {
  struct pdfio_xref_row rows[OBJECTS_MAX];
  for (size_t i = 0; i < r->n; i++) {
    rows[i] = (struct pdfio_xref_row){r->placed[i].number, r->placed[i].at};
  }
  uint32_t info = stands(r->info, PDFIO_REF) ? r->info->ref.number : 0;
  pdfio_xref_put(&r->out, &(struct pdfio_xref_tail){.object = r->next - 1,
                                                    .size = r->next,
                                                    .root = r->root->ref.number,
                                                    .info = info,
                                                    .prev = r->before->xref_at,
                                                    .at = at,
                                                    .id = text_of(r, r->id),
                                                    .rows = rows,
                                                    .n = r->n});
}

sv_status revision_close(struct revision *r, uint8_t **ret, size_t *ret_n) {
  size_t xref_at = r->pdf.n + r->out.n;
  bool stream = r->before->xref_stream;
  if (stream) {
    place(r, revision_number(r), xref_at);
  }
  qsort(r->placed, r->n, sizeof r->placed[0], by_number);
  (stream ? stream_put : table_put)(r, xref_at);
  if (r->too_many) {
    return SV_FAIL(r->ctx, LIMIT_EXCEEDED, "more than %d objects in a revision", OBJECTS_MAX);
  }
  if (r->out.failed) {
    return SV_FAIL(r->ctx, NO_MEMORY, "a revision");
  }
  *ret = r->out.p;
  *ret_n = r->out.n;
  return SV_DONE;
}
