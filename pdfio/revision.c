/* Appended revisions, byte by byte. Invariant: what pdfio_revision_check accepts has nothing that a reader could take for
 * something else: no bytes between objects, no object that the table does not list, no second table. */
#include <stdio.h>
#include <stdlib.h>

#include "pdfio/reader_struct.h"
#include "pdfio/xref_write.h"

static const struct pdfio_section *section_of(const struct pdfio *p, size_t revision) {
  SV_ASSERT(revision < p->section_count);
  return &p->sections[p->section_count - 1 - revision];
}

static sv_status out_of_place(struct pdfio *p, const char *what, size_t at) {
  return SV_FAIL(p->ctx, PDF_FORMAT, "appended revision: %s at %zu", what, at);
}

size_t pdfio_revision_objects(const struct pdfio *p, size_t revision) {
  return section_of(p, revision)->n;
}

uint32_t pdfio_revision_object(const struct pdfio *p, size_t revision, size_t i) {
  const struct pdfio_section *s = section_of(p, revision);
  SV_ASSERT(i < s->n);
  return s->entries[i].number;
}

static int by_place(const void *a, const void *b) {
  uint64_t x = (*(const struct pdfio_object_entry *const *)a)->where;
  uint64_t y = (*(const struct pdfio_object_entry *const *)b)->where;
  return (x > y) - (x < y);
}

/* The section's entries in the order of the file; not the cross reference stream's own. */
static sv_status entries_by_place(struct pdfio *p, const struct pdfio_section *s,
                                  const struct pdfio_object_entry ***ret, size_t *ret_n) {
  const struct pdfio_object_entry **list =
      SV_ARRAY(p->ctx->mem, s->n, const struct pdfio_object_entry *);
  if (!list) {
    return SV_FAIL(p->ctx, NO_MEMORY, "entries of a revision");
  }
  size_t n = 0;
  for (size_t i = 0; i < s->n; i++) {
    bool head = s->entries[i].number == 0 && s->entries[i].place == PDFIO_FREE;
    if ((s->entries[i].place != PDFIO_AT_OFFSET && !head) || (s->entries[i].number == 0 && !head)) {
      return out_of_place(p, "an object that is freed, in a stream or nothing", s->info.xref_at);
    }
    bool self = s->info.xref_stream && s->entries[i].number == s->info.xref_object;
    if (!head && !self) { /* of the list of free objects, which many writers repeat */
      list[n++] = &s->entries[i];
    }
  }
  qsort(list, n, sizeof *list, by_place);
  *ret = list;
  *ret_n = n;
  return SV_DONE;
}

static void skip_spaces(struct pdfio_lexer *l) {
  while (l->at < l->text.n && pdfio_is_space(l->text.p[l->at])) {
    l->at++;
  }
}

/* White space of another kind than ours reads alike, and is a byte that was changed. */
static bool only_plain_space(const uint8_t *from, size_t n) {
  for (const uint8_t *cr = from; (cr = memchr(cr, '\r', n - (size_t)(cr - from))); cr++) {
    if ((size_t)(cr - from) + 1 == n || cr[1] != '\n') {
      return false;
    }
  }
  return !memchr(from, 0, n) && !memchr(from, '\t', n) && !memchr(from, '\f', n);
}

/* "7 0 obj", each word apart from the next: a reader may take "7 00obj" for the same. */
static bool head_is_plain(const struct pdfio *p, const struct pdfio_object_entry *e) {
  char head[24];
  size_t n = (size_t)snprintf(head, sizeof head, "%u 0 obj\n", e->number);
  return n <= p->file.n - e->where && memcmp(p->file.p + e->where, head, n) == 0;
}

static sv_status check_objects(struct pdfio *p, const struct pdfio_section *s, size_t from) {
  const struct pdfio_object_entry **list = NULL;
  struct pdfio_lexer l = pdfio_lexer_at(p, from);
  size_t n = 0;
  SV_TRY(entries_by_place(p, s, &list, &n));
  for (size_t i = 0; i < n; i++) {
    uint32_t number;
    uint16_t generation;
    const struct pdfio_value *value;
    skip_spaces(&l);
    if (list[i]->where != l.at) {
      return out_of_place(p, "bytes that belong to no object", l.at);
    }
    SV_TRY(sv_ctx_alive(p->ctx));
    SV_TRY(pdfio_read_indirect(p, &l, &number, &generation, &value));
    size_t head = value->type == PDFIO_STREAM ? (size_t)(value->dict.data.p - p->file.p) : l.at;
    if (number != list[i]->number || generation != 0 || l.comments_met ||
        !head_is_plain(p, list[i]) || !only_plain_space(p->file.p + from, head - from) ||
        !only_plain_space(p->file.p + value->end - 10, l.at - value->end + 10)) {
      return out_of_place(p, "another object, a comment, or other white space than ours", l.at);
    }
    from = l.at;
  }
  skip_spaces(&l);
  if (!only_plain_space(p->file.p + from, l.at - from)) {
    return out_of_place(p, "other white space than ours", from);
  }
  return l.at == s->info.xref_at ? SV_DONE
                                 : out_of_place(p, "bytes before the cross reference", l.at);
}

/* From the table to the end there is no comment but %%EOF. */
static bool table_is_plain(const struct pdfio *p, const struct pdfio_section *s) {
  size_t n = s->info.end - s->info.xref_at;
  const uint8_t *from = p->file.p + s->info.xref_at;
  const uint8_t *first = memchr(from, '%', n);
  return first && n - (size_t)(first - from) <= sizeof "%%EOF\r\n" - 1 && only_plain_space(from, n);
}

/* One more than the highest number so far. */
static bool size_is_exact(const struct pdfio_section *s, const struct pdfio_section *before) {
  const struct pdfio_value *size = pdfio_direct(s->info.trailer, "Size");
  const struct pdfio_value *old = pdfio_direct(before->info.trailer, "Size");
  if (!size || !old || size->type != PDFIO_INT || old->type != PDFIO_INT) {
    return false;
  }
  int64_t highest = s->n ? (int64_t)s->entries[s->n - 1].number + 1 : 0;
  return size->integer == (highest > old->integer ? highest : old->integer);
}

/* An appended cross reference stream is an object of its own: of a number that was free, and in its own rows. A reader that
 * looks for objects by their heads would else take it for whatever has that number. */
static bool stream_is_new(const struct pdfio_section *s, const struct pdfio_section *before) {
  const struct pdfio_value *old = pdfio_direct(before->info.trailer, "Size");
  for (size_t i = 0; i < s->n; i++) {
    const struct pdfio_object_entry *e = &s->entries[i];
    if (e->number == s->info.xref_object) {
      return (int64_t)e->number >= old->integer && e->place == PDFIO_AT_OFFSET &&
             e->where == s->info.xref_at && e->generation == 0;
    }
  }
  return false;
}

static uint32_t reference(const struct pdfio_value *v) {
  return v && v->type == PDFIO_REF && v->ref.generation == 0 ? v->ref.number : 0;
}

/* A cross reference stream from its head to the end: the very bytes that we write for such rows. */
static sv_status stream_is_ours(struct pdfio *p, const struct pdfio_section *s,
                                const struct pdfio_section *before, bool *ret) {
  const struct pdfio_value *id = pdfio_direct(before->info.trailer, "ID");
  const struct pdfio_value *size = pdfio_direct(s->info.trailer, "Size");
  struct pdfio_xref_row *rows = SV_ARRAY(p->ctx->mem, s->n, struct pdfio_xref_row);
  struct sv_buf text = sv_buf_in(p->ctx->mem, 0);
  if (!rows) {
    return SV_FAIL(p->ctx, NO_MEMORY, "rows of a cross reference");
  }
  for (size_t i = 0; i < s->n; i++) {
    rows[i] = (struct pdfio_xref_row){s->entries[i].number, s->entries[i].where};
  }
  pdfio_xref_put(
      &text, &(struct pdfio_xref_tail){
                 .object = s->info.xref_object,
                 .size = (uint32_t)size->integer,
                 .root = reference(pdfio_direct(s->info.trailer, "Root")),
                 .info = reference(pdfio_direct(s->info.trailer, "Info")),
                 .prev = before->info.xref_at,
                 .at = s->info.xref_at,
                 .id = id ? sv_bytes_of(p->file.p + id->at, id->end - id->at) : sv_bytes_str(""),
                 .rows = rows,
                 .n = s->n});
  *ret = !text.failed &&
         sv_bytes_equal(sv_buf_bytes(&text),
                        sv_bytes_of(p->file.p + s->info.xref_at, s->info.end - s->info.xref_at));
  return text.failed ? SV_FAIL(p->ctx, NO_MEMORY, "cross reference") : SV_DONE;
}

sv_status pdfio_revision_check(struct pdfio *p, size_t revision) {
  const struct pdfio_section *s = section_of(p, revision);
  SV_ASSERT(revision > 0);
  const struct pdfio_section *before = section_of(p, revision - 1);
  const struct pdfio_value *prev = pdfio_direct(s->info.trailer, "Prev");
  if (s->info.xref_stream != before->info.xref_stream || before->info.end == 0 ||
      s->info.end == 0 || before->info.end > s->info.xref_at) {
    return out_of_place(p, "no cross reference where one must be", s->info.xref_at);
  }
  if (!prev || prev->type != PDFIO_INT || (uint64_t)prev->integer != before->info.xref_at) {
    return out_of_place(p, "Prev", s->info.xref_at);
  }
  if (!size_is_exact(s, before)) {
    return out_of_place(p, "Size", s->info.xref_at);
  }
  bool plain = !s->info.xref_stream && table_is_plain(p, s);
  if (s->info.xref_stream) {
    if (!stream_is_new(s, before)) {
      return out_of_place(p, "a cross reference in the place of something else", s->info.xref_at);
    }
    SV_TRY(stream_is_ours(p, s, before, &plain));
  }
  if (!plain) {
    return out_of_place(p, "a comment, or another form than ours", s->info.xref_at);
  }
  return check_objects(p, s, before->info.end);
}

static bool dictionaries_alike(const struct pdfio *p, const struct pdfio_value *a,
                               const struct pdfio_value *b) {
  if (a->dict.n != b->dict.n) {
    return false;
  }
  for (size_t i = 0; i < a->dict.n; i++) {
    const struct pdfio_value *other = NULL;
    for (size_t k = 0; k < b->dict.n && !other; k++) {
      other = sv_bytes_equal(a->dict.pairs[i].key, b->dict.pairs[k].key) ? b->dict.pairs[k].value
                                                                         : NULL;
    }
    if (!other || !pdfio_alike(p, a->dict.pairs[i].value, other)) {
      return false;
    }
  }
  return true;
}

static bool arrays_alike(const struct pdfio *p, const struct pdfio_value *a,
                         const struct pdfio_value *b) {
  bool alike = a->array.n == b->array.n;
  for (size_t i = 0; alike && i < a->array.n; i++) {
    alike = pdfio_alike(p, a->array.items[i], b->array.items[i]);
  }
  return alike;
}

bool pdfio_alike(const struct pdfio *p, const struct pdfio_value *a, const struct pdfio_value *b) {
  if (a->type != b->type || !a->in_file || !b->in_file) {
    return false;
  }
  switch (a->type) {
    case PDFIO_ARRAY:
      return arrays_alike(p, a, b);
    case PDFIO_DICT:
      return dictionaries_alike(p, a, b);
    case PDFIO_REF:
      return a->ref.number == b->ref.number && a->ref.generation == b->ref.generation;
    case PDFIO_STREAM:
      return false;
    default:
      return sv_bytes_equal(sv_bytes_of(p->file.p + a->at, a->end - a->at),
                            sv_bytes_of(p->file.p + b->at, b->end - b->at));
  }
}
