/* Cross references (ISO 32000-1, 7.5.4 and 7.5.8): tables and streams, from the newest to the oldest.
 * Invariants: no section is read twice; the numbers of a section are unique; all sections together have at most
 * PDFIO_OBJECTS_MAX entries. */
#include <stdlib.h>

#include "pdfio/reader_struct.h"

enum { TAIL = 1024, ENTRY_BYTES = 20 };

static sv_status bad(struct pdfio *p, const char *what, size_t at) {
  return SV_FAIL(p->ctx, PDF_FORMAT, "%s at %zu", what, at);
}

static sv_status add_entry(struct pdfio *p, struct pdfio_section *s,
                           const struct pdfio_object_entry *e) {
  if (e->number >= PDFIO_OBJECTS_MAX || p->entry_count == PDFIO_OBJECTS_MAX) {
    return SV_FAIL(p->ctx, PDF_FORMAT, "more than %d objects", PDFIO_OBJECTS_MAX);
  }
  if (s->n == s->room) {
    size_t room = s->room ? 2 * s->room : 64;
    struct pdfio_object_entry *grown = SV_ARRAY(p->ctx->mem, room, struct pdfio_object_entry);
    if (!grown) {
      return SV_FAIL(p->ctx, NO_MEMORY, "cross reference");
    }
    if (s->n) {
      memcpy(grown, s->entries, s->n * sizeof *grown);
    }
    s->entries = grown;
    s->room = room;
  }
  s->entries[s->n++] = *e;
  p->entry_count++;
  return SV_DONE;
}

static int by_number(const void *a, const void *b) {
  uint32_t x = ((const struct pdfio_object_entry *)a)->number;
  uint32_t y = ((const struct pdfio_object_entry *)b)->number;
  return (x > y) - (x < y);
}

static sv_status sort_entries(struct pdfio *p, struct pdfio_section *s) {
  if (s->n == 0) {
    return SV_DONE;
  }
  qsort(s->entries, s->n, sizeof *s->entries, by_number);
  for (size_t i = 1; i < s->n; i++) {
    if (s->entries[i].number == s->entries[i - 1].number) {
      return bad(p, "an object that stands twice in one cross reference", s->info.xref_at);
    }
  }
  return SV_DONE;
}

/* n digits, no sign, no space. */
static bool fixed_digits(const uint8_t *t, int n, uint64_t *ret) {
  uint64_t v = 0;
  for (int i = 0; i < n; i++) {
    if (t[i] < '0' || t[i] > '9') {
      return false;
    }
    v = v * 10 + (uint64_t)(t[i] - '0');
  }
  *ret = v;
  return true;
}

/* "nnnnnnnnnn ggggg n" and two bytes of line end. */
static bool table_entry(const uint8_t *t, struct pdfio_object_entry *e) {
  uint64_t generation;
  if (!fixed_digits(t, 10, &e->where) || t[10] != ' ' || !fixed_digits(t + 11, 5, &generation) ||
      generation > UINT16_MAX || t[16] != ' ' || (t[17] != 'n' && t[17] != 'f')) {
    return false;
  }
  bool line_end =
      (t[18] == ' ' && (t[19] == '\n' || t[19] == '\r')) || (t[18] == '\r' && t[19] == '\n');
  e->generation = (uint16_t)generation;
  e->place = t[17] == 'n' ? PDFIO_AT_OFFSET : PDFIO_FREE;
  return line_end;
}

static sv_status read_subsection(struct pdfio *p, struct pdfio_lexer *l, struct pdfio_section *s,
                                 uint64_t first, uint64_t count) {
  while (l->at < l->text.n && (l->text.p[l->at] == ' ' || l->text.p[l->at] == '\r')) {
    l->at++;
  }
  if (l->at >= l->text.n || l->text.p[l->at++] != '\n' ||
      count > (l->text.n - l->at) / ENTRY_BYTES || first > PDFIO_OBJECTS_MAX) {
    return bad(p, "subsection of a cross reference", l->at);
  }
  for (uint64_t i = 0; i < count; i++, l->at += ENTRY_BYTES) {
    struct pdfio_object_entry e = {.number = (uint32_t)(first + i)};
    if (!table_entry(l->text.p + l->at, &e)) {
      return bad(p, "entry of a cross reference", l->at);
    }
    SV_TRY(add_entry(p, s, &e));
  }
  return SV_DONE;
}

static sv_status read_table(struct pdfio *p, struct pdfio_lexer *l, struct pdfio_section *s) {
  for (;;) {
    uint64_t first;
    uint64_t count;
    pdfio_skip_space(l);
    if (pdfio_keyword(l, "trailer")) {
      break;
    }
    if (!pdfio_digits(l, &first) || l->at >= l->text.n || l->text.p[l->at++] != ' ' ||
        !pdfio_digits(l, &count)) {
      return bad(p, "head of a subsection", l->at);
    }
    SV_TRY(read_subsection(p, l, s, first, count));
  }
  SV_TRY(pdfio_value_read(l, 0, &s->info.trailer));
  if (s->info.trailer->type != PDFIO_DICT) {
    return bad(p, "trailer", l->at);
  }
  return pdfio_direct(s->info.trailer, "XRefStm") ? bad(p, "hybrid cross reference", l->at)
                                                  : SV_DONE;
}

/* A direct integer of a dictionary; fallback when absent, -1 when it is anything else. */
static int64_t direct_int(const struct pdfio_value *dict, const char *key, int64_t fallback) {
  const struct pdfio_value *v = pdfio_direct(dict, key);
  if (!v) {
    return fallback;
  }
  return v->type == PDFIO_INT && v->integer >= 0 ? v->integer : -1;
}

static uint64_t big_endian(const uint8_t *t, size_t n) {
  uint64_t v = 0;
  for (size_t i = 0; i < n; i++) {
    v = v << 8 | t[i];
  }
  return v;
}

/* One row of a cross reference stream; a type that is not known is a null object (7.5.8.3). */
static struct pdfio_object_entry stream_entry(const uint8_t *row, const size_t w[3],
                                              uint32_t number) {
  struct pdfio_object_entry e = {.number = number};
  uint64_t type = w[0] ? big_endian(row, w[0]) : 1;
  uint64_t second = big_endian(row + w[0], w[1]);
  uint64_t third = big_endian(row + w[0] + w[1], w[2]);
  if (type == 1) {
    e.place = PDFIO_AT_OFFSET;
    e.where = second;
    e.generation = third > UINT16_MAX ? UINT16_MAX : (uint16_t)third;
  } else if (type == 2) {
    e.place = PDFIO_IN_STREAM;
    e.where = second;
    e.index = third > UINT32_MAX ? UINT32_MAX : (uint32_t)third;
  }
  return e;
}

static bool stream_widths(const struct pdfio_value *dict, size_t w[3]) {
  const struct pdfio_value *v = pdfio_direct(dict, "W");
  if (!v || v->type != PDFIO_ARRAY || v->array.n != 3) {
    return false;
  }
  for (int i = 0; i < 3; i++) {
    const struct pdfio_value *n = v->array.items[i];
    if (n->type != PDFIO_INT || n->integer < 0 || n->integer > 8) {
      return false;
    }
    w[i] = (size_t)n->integer;
  }
  return w[0] + w[1] + w[2] > 0;
}

static sv_status read_stream_rows(struct pdfio *p, struct pdfio_section *s, struct sv_bytes rows,
                                  const size_t w[3]) {
  const struct pdfio_value *index = pdfio_direct(s->info.trailer, "Index");
  int64_t whole[2] = {0, direct_int(s->info.trailer, "Size", -1)};
  size_t pairs =
      index ? (index->type == PDFIO_ARRAY && index->array.n % 2 == 0 ? index->array.n / 2 : 0) : 1;
  size_t width = w[0] + w[1] + w[2];
  for (size_t k = 0; k < pairs; k++) {
    for (size_t i = 0; index && i < 2; i++) {
      const struct pdfio_value *v = index->array.items[2 * k + i];
      whole[i] = v->type == PDFIO_INT ? v->integer : -1;
    }
    if (whole[0] < 0 || whole[0] > PDFIO_OBJECTS_MAX || whole[1] < 0 ||
        (uint64_t)whole[1] > rows.n / width) {
      return bad(p, "index of a cross reference stream", s->info.xref_at);
    }
    for (int64_t i = 0; i < whole[1]; i++, rows.p += width, rows.n -= width) {
      struct pdfio_object_entry e = stream_entry(rows.p, w, (uint32_t)(whole[0] + i));
      SV_TRY(add_entry(p, s, &e));
    }
  }
  return rows.n == 0 && pairs > 0 ? SV_DONE
                                  : bad(p, "rows of a cross reference stream", s->info.xref_at);
}

/* What the rows say of the stream itself is where it is. */
static sv_status check_self(struct pdfio *p, const struct pdfio_section *s, uint32_t number,
                            uint16_t generation) {
  for (size_t i = 0; i < s->n; i++) {
    const struct pdfio_object_entry *e = &s->entries[i];
    if (e->number == number && (e->place != PDFIO_AT_OFFSET || e->where != s->info.xref_at ||
                                e->generation != generation)) {
      return bad(p, "a cross reference stream that is elsewhere", s->info.xref_at);
    }
  }
  return SV_DONE;
}

static sv_status read_stream(struct pdfio *p, struct pdfio_lexer *l, struct pdfio_section *s) {
  uint32_t number;
  uint16_t generation;
  SV_TRY(pdfio_read_indirect(p, l, &number, &generation, &s->info.trailer));
  size_t w[3];
  if (s->info.trailer->type != PDFIO_STREAM ||
      !pdfio_is_name(pdfio_direct(s->info.trailer, "Type"), "XRef") ||
      !stream_widths(s->info.trailer, w)) {
    return bad(p, "no cross reference", s->info.xref_at);
  }
  s->info.xref_stream = true;
  s->info.xref_object = number;
  struct sv_bytes rows;
  SV_TRY(pdfio_data(p, s->info.trailer, PDFIO_STREAM_MAX, &rows));
  SV_TRY(read_stream_rows(p, s, rows, w));
  return check_self(p, s, number, generation);
}

/* startxref, the section's own offset, %%EOF and at most one line end; 0 when that is not what follows. */
static size_t revision_end(struct pdfio_lexer l, size_t xref_at) {
  uint64_t at;
  pdfio_skip_space(&l);
  if (!pdfio_keyword(&l, "startxref")) {
    return 0;
  }
  while (l.at < l.text.n && pdfio_is_space(l.text.p[l.at])) {
    l.at++;
  }
  if (!pdfio_digits(&l, &at) || at != xref_at) {
    return 0;
  }
  while (l.at < l.text.n && pdfio_is_space(l.text.p[l.at])) {
    l.at++;
  }
  if (l.text.n - l.at < 5 || memcmp(l.text.p + l.at, "%%EOF", 5) != 0) {
    return 0;
  }
  l.at += 5;
  l.at += l.at < l.text.n && l.text.p[l.at] == '\r';
  l.at += l.at < l.text.n && l.text.p[l.at] == '\n';
  return l.at;
}

static sv_status read_section(struct pdfio *p, size_t at) {
  for (size_t i = 0; i < p->section_count; i++) {
    if (p->sections[i].info.xref_at == at) {
      return bad(p, "cross references in a loop", at);
    }
  }
  if (p->section_count == PDFIO_REVISIONS_MAX) {
    return SV_FAIL(p->ctx, PDF_FORMAT, "more than %d revisions", PDFIO_REVISIONS_MAX);
  }
  struct pdfio_section *s = &p->sections[p->section_count++];
  struct pdfio_lexer l = pdfio_lexer_at(p, at);
  s->info.xref_at = at;
  if (pdfio_keyword(&l, "xref")) {
    SV_TRY(read_table(p, &l, s));
  } else {
    SV_TRY(read_stream(p, &l, s));
  }
  s->info.end = revision_end(l, at);
  return sort_entries(p, s);
}

/* /Size is one more than the highest number of this section and those before it (7.5.5, table 15). */
static sv_status check_sizes(struct pdfio *p) {
  uint32_t highest = 0;
  for (size_t i = p->section_count; i-- > 0;) {
    struct pdfio_section *s = &p->sections[i];
    if (s->n && s->entries[s->n - 1].number > highest) {
      highest = s->entries[s->n - 1].number;
    }
    int64_t size = direct_int(s->info.trailer, "Size", -1);
    if (size < 1 || size > PDFIO_OBJECTS_MAX || (uint64_t)size <= highest) {
      return bad(p, "wrong Size", s->info.xref_at);
    }
    p->size = (uint32_t)size;
  }
  return SV_DONE;
}

/* The last startxref of the file. */
static sv_status find_start(struct pdfio *p, size_t *ret) {
  size_t from = p->file.n > TAIL ? p->file.n - TAIL : 0;
  for (size_t at = p->file.n; at-- > from;) {
    struct pdfio_lexer l = pdfio_lexer_at(p, at);
    uint64_t v;
    if (p->file.p[at] == 's' && pdfio_keyword(&l, "startxref")) {
      pdfio_skip_space(&l);
      if (!pdfio_digits(&l, &v) || v >= p->file.n) {
        return bad(p, "startxref", at);
      }
      *ret = (size_t)v;
      return SV_DONE;
    }
  }
  return SV_FAIL(p->ctx, PDF_FORMAT, "no startxref");
}

sv_status pdfio_read_xref(struct pdfio *p) {
  size_t at = 0;
  SV_TRY(find_start(p, &at));
  for (;;) {
    SV_TRY(sv_ctx_alive(p->ctx));
    SV_TRY(read_section(p, at));
    int64_t prev = direct_int(p->sections[p->section_count - 1].info.trailer, "Prev", 0);
    if (prev == 0 && !pdfio_direct(p->sections[p->section_count - 1].info.trailer, "Prev")) {
      return check_sizes(p);
    }
    if (prev <= 0 || (uint64_t)prev >= p->file.n) {
      return bad(p, "Prev", at);
    }
    at = (size_t)prev;
  }
}
