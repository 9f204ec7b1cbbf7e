/* Rows of seven bytes: a type, four bytes of offset, two of generation. */
#include "pdfio/xref_write.h"

enum { ROW = 7 };

static void put_row(struct sv_buf *out, uint64_t at) {
  uint8_t row[ROW] = {1, (uint8_t)(at >> 24), (uint8_t)(at >> 16), (uint8_t)(at >> 8), (uint8_t)at};
  sv_buf_put(out, row, sizeof row);
}

static void put_index(struct sv_buf *out, const struct pdfio_xref_tail *t) {
  sv_buf_str(out, "/Index[");
  for (size_t i = 0, n; i < t->n; i += n) {
    n = 1;
    while (i + n < t->n && t->rows[i + n].number == t->rows[i].number + n) {
      n++;
    }
    sv_buf_printf(out, "%s%u %zu", i ? " " : "", t->rows[i].number, n);
  }
  sv_buf_str(out, "]");
}

void pdfio_xref_put(struct sv_buf *out, const struct pdfio_xref_tail *t) {
  sv_buf_printf(out, "%u 0 obj\n<</Type/XRef/Size %u/Root %u 0 R", t->object, t->size, t->root);
  if (t->info) {
    sv_buf_printf(out, "/Info %u 0 R", t->info);
  }
  sv_buf_printf(out, "/Prev %llu/ID%.*s/W[1 4 2]", (unsigned long long)t->prev, (int)t->id.n,
                (const char *)t->id.p);
  put_index(out, t);
  sv_buf_printf(out, "/Length %zu>>\nstream\n", ROW * t->n);
  for (size_t i = 0; i < t->n; i++) {
    put_row(out, t->rows[i].at);
  }
  sv_buf_printf(out, "\nendstream\nendobj\nstartxref\n%llu\n%%%%EOF\n", (unsigned long long)t->at);
}
