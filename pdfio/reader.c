/* Objects by number: where the newest section has them, at an offset or in an object stream, each read once.
 * Invariants: an object that is needed to read itself is an error; objects that need one another nest at most
 * PDFIO_DEPTH_MAX deep; no reader follows an offset without checking that its object is the one that was asked for. */
#include "pdfio/reader.h"

#include "pdfio/filter.h"
#include "pdfio/reader_struct.h"

static const struct pdfio_value null_value = {.type = PDFIO_NULL};

static sv_status bad(struct pdfio *p, const char *what, size_t at) {
  return SV_FAIL(p->ctx, PDF_FORMAT, "%s at %zu", what, at);
}

struct pdfio_lexer pdfio_lexer_at(struct pdfio *p, size_t at) {
  SV_ASSERT(at <= p->file.n);
  return (struct pdfio_lexer){
      .ctx = p->ctx, .text = p->file, .at = at, .in_file = true, .refs = true, .nodes = &p->nodes};
}

const struct pdfio_value *pdfio_direct(const struct pdfio_value *v, const char *key) {
  if (!v || (v->type != PDFIO_DICT && v->type != PDFIO_STREAM)) {
    return NULL;
  }
  struct sv_bytes wanted = sv_bytes_str(key);
  for (size_t i = 0; i < v->dict.n; i++) {
    if (sv_bytes_equal(v->dict.pairs[i].key, wanted)) {
      return v->dict.pairs[i].value;
    }
  }
  return NULL;
}

bool pdfio_is_name(const struct pdfio_value *v, const char *name) {
  return v && v->type == PDFIO_NAME && sv_bytes_equal(v->bytes, sv_bytes_str(name));
}

/* The length may be an object of its own, which must be a plain integer. */
static sv_status stream_length(struct pdfio *p, const struct pdfio_value *dict, size_t *ret) {
  const struct pdfio_value *v;
  SV_TRY(pdfio_entry(p, dict, "Length", &v));
  if (v->type != PDFIO_INT || v->integer < 0 || (uint64_t)v->integer > p->file.n) {
    return bad(p, "length of a stream", dict->at);
  }
  *ret = (size_t)v->integer;
  return SV_DONE;
}

/* After the keyword: CR LF or LF, the data, an optional line end, endstream (7.3.8.1). */
static sv_status read_stream_data(struct pdfio *p, struct pdfio_lexer *l,
                                  const struct pdfio_value *dict, const struct pdfio_value **ret) {
  size_t length = 0;
  l->at += l->at < l->text.n && l->text.p[l->at] == '\r';
  if (l->at >= l->text.n || l->text.p[l->at++] != '\n') {
    return bad(p, "line end after stream", l->at);
  }
  SV_TRY(stream_length(p, dict, &length));
  if (length > l->text.n - l->at) {
    return bad(p, "a stream longer than the file", l->at);
  }
  struct pdfio_value *v = SV_NEW(p->ctx->mem, struct pdfio_value);
  if (!v) {
    return SV_FAIL(p->ctx, NO_MEMORY, "stream");
  }
  *v = *dict;
  v->type = PDFIO_STREAM;
  v->dict.data = sv_bytes_of(l->text.p + l->at, length);
  l->at += length;
  l->at += l->at < l->text.n && l->text.p[l->at] == '\r';
  l->at += l->at < l->text.n && l->text.p[l->at] == '\n';
  if (!pdfio_keyword(l, "endstream")) {
    return bad(p, "no endstream", l->at);
  }
  v->end = l->at;
  *ret = v;
  return SV_DONE;
}

sv_status pdfio_read_indirect(struct pdfio *p, struct pdfio_lexer *l, uint32_t *ret_number,
                              uint16_t *ret_generation, const struct pdfio_value **ret) {
  uint64_t number;
  uint64_t generation;
  if (!pdfio_digits(l, &number) || number > UINT32_MAX) {
    return bad(p, "no object", l->at);
  }
  pdfio_skip_space(l);
  if (!pdfio_digits(l, &generation) || generation > UINT16_MAX) {
    return bad(p, "no object", l->at);
  }
  pdfio_skip_space(l);
  if (!pdfio_keyword(l, "obj")) {
    return bad(p, "no object", l->at);
  }
  const struct pdfio_value *v;
  SV_TRY(pdfio_value_read(l, 0, &v));
  pdfio_skip_space(l);
  if (v->type == PDFIO_DICT && pdfio_keyword(l, "stream")) {
    SV_TRY(read_stream_data(p, l, v, &v));
    pdfio_skip_space(l);
  }
  if (!pdfio_keyword(l, "endobj")) {
    return bad(p, "no endobj", l->at);
  }
  *ret_number = (uint32_t)number;
  *ret_generation = (uint16_t)generation;
  *ret = v;
  return SV_DONE;
}

sv_status pdfio_open(struct sv_ctx *ctx, struct sv_bytes file, struct pdfio **ret) {
  struct pdfio *p = SV_NEW(ctx->mem, struct pdfio);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "reader");
  }
  p->ctx = ctx;
  p->file = file;
  p->nodes = PDFIO_NODES_MAX;
  if (file.n < 8 || memcmp(file.p, "%PDF-", 5) != 0) {
    return SV_FAIL(ctx, PDF_FORMAT, "no PDF header");
  }
  SV_TRY(pdfio_read_xref(p));
  if (pdfio_direct(pdfio_trailer(p), "Encrypt")) {
    return SV_FAIL(ctx, PDF_FORMAT, "encrypted");
  }
  *ret = p;
  return SV_DONE;
}

size_t pdfio_revision_count(const struct pdfio *p) { return p->section_count; }
const struct pdfio_revision *pdfio_revision(const struct pdfio *p, size_t i) {
  SV_ASSERT(i < p->section_count);
  return &p->sections[p->section_count - 1 - i].info;
}
const struct pdfio_value *pdfio_trailer(const struct pdfio *p) {
  return p->sections[0].info.trailer;
}
uint32_t pdfio_size(const struct pdfio *p) { return p->size; }

static struct pdfio_object_entry *find_in(struct pdfio_section *s, uint32_t number) {
  size_t low = 0;
  size_t high = s->n;
  while (low < high) {
    size_t mid = low + (high - low) / 2;
    if (s->entries[mid].number < number) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < s->n && s->entries[low].number == number ? &s->entries[low] : NULL;
}

/* As the section (newest is 0) and those before it have it. */
static struct pdfio_object_entry *find_from(struct pdfio *p, size_t section, uint32_t number) {
  for (size_t i = section; i < p->section_count; i++) {
    struct pdfio_object_entry *e = find_in(&p->sections[i], number);
    if (e) {
      return e->place == PDFIO_FREE ? NULL : e;
    }
  }
  return NULL;
}
static struct pdfio_object_entry *find_entry(struct pdfio *p, uint32_t number) {
  return find_from(p, 0, number);
}

static sv_status read_at_offset(struct pdfio *p, const struct pdfio_object_entry *e,
                                const struct pdfio_value **ret) {
  uint32_t number;
  uint16_t generation;
  if (e->where >= p->file.n) {
    return bad(p, "an offset outside the file", (size_t)e->where);
  }
  struct pdfio_lexer l = pdfio_lexer_at(p, (size_t)e->where);
  SV_TRY(pdfio_read_indirect(p, &l, &number, &generation, ret));
  return number == e->number && generation == e->generation
             ? SV_DONE
             : bad(p, "another object", (size_t)e->where);
}

/* The head of an object stream: pairs of object number and offset. */
static sv_status read_head(struct pdfio *p, struct pdfio_container *c) {
  struct pdfio_lexer l = pdfio_lexer_at(p, 0);
  l.text = sv_bytes_of(c->data.p, c->first);
  l.in_file = false;
  c->numbers = SV_ARRAY(p->ctx->mem, c->n, uint32_t);
  c->offsets = SV_ARRAY(p->ctx->mem, c->n, size_t);
  if (!c->numbers || !c->offsets) {
    return SV_FAIL(p->ctx, NO_MEMORY, "object stream");
  }
  for (uint32_t i = 0; i < c->n; i++) {
    uint64_t number;
    uint64_t offset;
    pdfio_skip_space(&l);
    if (!pdfio_digits(&l, &number) || number > UINT32_MAX) {
      return bad(p, "head of an object stream", l.at);
    }
    pdfio_skip_space(&l);
    if (!pdfio_digits(&l, &offset) || offset > c->data.n - c->first) {
      return bad(p, "head of an object stream", l.at);
    }
    c->numbers[i] = (uint32_t)number;
    c->offsets[i] = (size_t)offset;
  }
  return SV_DONE;
}

static sv_status object_of(struct pdfio *p, struct pdfio_object_entry *e,
                           const struct pdfio_value **ret);

/* Decodes an object stream once. */
static sv_status open_container(struct pdfio *p, struct pdfio_object_entry *e,
                                struct pdfio_container **ret) {
  if (!e || e->place != PDFIO_AT_OFFSET) {
    return bad(p, "no object stream", 0);
  }
  if (e->container) {
    *ret = e->container;
    return SV_DONE;
  }
  const struct pdfio_value *v;
  const struct pdfio_value *n;
  const struct pdfio_value *first;
  SV_TRY(object_of(p, e, &v));
  SV_TRY(pdfio_entry(p, v, "N", &n));
  SV_TRY(pdfio_entry(p, v, "First", &first));
  struct pdfio_container *c = SV_NEW(p->ctx->mem, struct pdfio_container);
  if (!c) {
    return SV_FAIL(p->ctx, NO_MEMORY, "object stream");
  }
  if (v->type != PDFIO_STREAM || !pdfio_is_name(pdfio_direct(v, "Type"), "ObjStm")) {
    return bad(p, "no object stream", v->at);
  }
  SV_TRY(pdfio_data(p, v, PDFIO_STREAM_MAX, &c->data));
  if (n->type != PDFIO_INT || n->integer < 0 || n->integer > PDFIO_OBJECTS_MAX ||
      first->type != PDFIO_INT || first->integer < 0 || (uint64_t)first->integer > c->data.n) {
    return bad(p, "head of an object stream", v->at);
  }
  c->n = (uint32_t)n->integer;
  c->first = (size_t)first->integer;
  SV_TRY(read_head(p, c));
  e->container = c;
  *ret = c;
  return SV_DONE;
}

/* The section (newest is 0) that an entry is of. An object stream is looked for from there on: a later one of the same number
 * holds nothing for earlier rows. */
static size_t section_with(const struct pdfio *p, const struct pdfio_object_entry *e) {
  size_t i = 0;
  while (i + 1 < p->section_count &&
         !(e >= p->sections[i].entries && e < p->sections[i].entries + p->sections[i].n)) {
    i++;
  }
  return i;
}

static sv_status read_in_stream(struct pdfio *p, const struct pdfio_object_entry *e,
                                const struct pdfio_value **ret) {
  struct pdfio_container *c = NULL;
  if (e->where > UINT32_MAX) {
    return bad(p, "no object stream", 0);
  }
  SV_TRY(open_container(p, find_from(p, section_with(p, e), (uint32_t)e->where), &c));
  if (e->index >= c->n || c->numbers[e->index] != e->number) {
    return bad(p, "another object in an object stream", e->index);
  }
  struct pdfio_lexer l = pdfio_lexer_at(p, 0);
  l.text = c->data;
  l.in_file = false;
  l.at = c->first + c->offsets[e->index];
  return pdfio_value_read(&l, 0, ret);
}

static sv_status object_of(struct pdfio *p, struct pdfio_object_entry *e,
                           const struct pdfio_value **ret) {
  if (!e) {
    *ret = &null_value;
    return SV_DONE;
  }
  if (!e->value) {
    if (e->reading || p->depth == PDFIO_DEPTH_MAX) {
      return bad(p, "objects in a loop", (size_t)e->where);
    }
    SV_TRY(sv_ctx_alive(p->ctx));
    e->reading = true;
    p->depth++;
    sv_status s = e->place == PDFIO_AT_OFFSET ? read_at_offset(p, e, &e->value)
                                              : read_in_stream(p, e, &e->value);
    e->reading = false;
    p->depth--;
    SV_TRY(s);
  }
  *ret = e->value;
  return SV_DONE;
}

sv_status pdfio_object(struct pdfio *p, uint32_t number, const struct pdfio_value **ret) {
  return object_of(p, find_entry(p, number), ret);
}

sv_status pdfio_object_at(struct pdfio *p, size_t revision, uint32_t number,
                          const struct pdfio_value **ret) {
  SV_ASSERT(revision < p->section_count);
  return object_of(p, find_from(p, p->section_count - 1 - revision, number), ret);
}

/* An object of another generation is none (7.3.10). */
static struct pdfio_object_entry *as_referred(struct pdfio_object_entry *e,
                                              const struct pdfio_value *ref) {
  return e && e->generation == ref->ref.generation ? e : NULL;
}

sv_status pdfio_resolve_at(struct pdfio *p, size_t revision, const struct pdfio_value *v,
                           const struct pdfio_value **ret) {
  for (int i = 0; v->type == PDFIO_REF; i++) {
    if (i == PDFIO_DEPTH_MAX) {
      return bad(p, "references in a loop", v->at);
    }
    struct pdfio_object_entry *e = find_from(p, p->section_count - 1 - revision, v->ref.number);
    SV_TRY(object_of(p, as_referred(e, v), &v));
  }
  *ret = v;
  return SV_DONE;
}

sv_status pdfio_entry_at(struct pdfio *p, size_t revision, const struct pdfio_value *v,
                         const char *key, const struct pdfio_value **ret) {
  const struct pdfio_value *found = pdfio_direct(v, key);
  if (!found) {
    *ret = &null_value;
    return SV_DONE;
  }
  return pdfio_resolve_at(p, revision, found, ret);
}

sv_status pdfio_resolve(struct pdfio *p, const struct pdfio_value *v,
                        const struct pdfio_value **ret) {
  for (int i = 0; v->type == PDFIO_REF; i++) {
    if (i == PDFIO_DEPTH_MAX) {
      return bad(p, "references in a loop", v->at);
    }
    SV_TRY(object_of(p, as_referred(find_entry(p, v->ref.number), v), &v));
  }
  *ret = v;
  return SV_DONE;
}

sv_status pdfio_entry(struct pdfio *p, const struct pdfio_value *v, const char *key,
                      const struct pdfio_value **ret) {
  const struct pdfio_value *found = pdfio_direct(v, key);
  if (!found) {
    *ret = &null_value;
    return SV_DONE;
  }
  return pdfio_resolve(p, found, ret);
}

static sv_status int_entry(struct pdfio *p, const struct pdfio_value *v, const char *key,
                           int fallback, int *ret) {
  const struct pdfio_value *n;
  SV_TRY(pdfio_entry(p, v, key, &n));
  if (n->type == PDFIO_NULL) {
    *ret = fallback;
    return SV_DONE;
  }
  if (n->type != PDFIO_INT || n->integer < 0 || n->integer > INT32_MAX) {
    return bad(p, "parameter of a filter", v->at);
  }
  *ret = (int)n->integer;
  return SV_DONE;
}

/* The only member of an array of one, or the value itself. */
static const struct pdfio_value *sole(const struct pdfio_value *v) {
  return v->type == PDFIO_ARRAY && v->array.n == 1 ? v->array.items[0] : v;
}

sv_status pdfio_data(struct pdfio *p, const struct pdfio_value *stream, size_t cap,
                     struct sv_bytes *ret) {
  const struct pdfio_value *filter;
  const struct pdfio_value *parms;
  if (stream->type != PDFIO_STREAM) {
    return bad(p, "no stream", stream->at);
  }
  SV_TRY(pdfio_entry(p, stream, "Filter", &filter));
  SV_TRY(pdfio_entry(p, stream, "DecodeParms", &parms));
  SV_TRY(pdfio_resolve(p, sole(filter), &filter));
  SV_TRY(pdfio_resolve(p, sole(parms), &parms));
  if (filter->type == PDFIO_NULL || (filter->type == PDFIO_ARRAY && filter->array.n == 0)) {
    *ret = stream->dict.data;
    return ret->n <= cap ? SV_DONE : bad(p, "a stream over its limit", stream->at);
  }
  if (!pdfio_is_name(filter, "FlateDecode")) {
    return bad(p, "a filter that is not read", stream->at);
  }
  struct pdfio_predictor how;
  SV_TRY(int_entry(p, parms, "Predictor", 1, &how.predictor));
  SV_TRY(int_entry(p, parms, "Colors", 1, &how.colors));
  SV_TRY(int_entry(p, parms, "BitsPerComponent", 8, &how.bits));
  SV_TRY(int_entry(p, parms, "Columns", 1, &how.columns));
  struct sv_bytes plain;
  SV_TRY(pdfio_inflate(p->ctx, stream->dict.data, cap, &plain));
  return pdfio_unpredict(p->ctx, plain, &how, ret);
}

/* --- object streams without doubt --- */

static bool only_space(const struct pdfio_container *c, size_t from, size_t to) {
  while (from < to && (c->data.p[from] == ' ' || c->data.p[from] == '\n')) {
    from++;
  }
  return from == to;
}

/* Object i of a stream: the section has it there, and it ends where the next begins. */
static sv_status check_member(struct pdfio *p, struct pdfio_section *s, uint32_t stream,
                              const struct pdfio_container *c, uint32_t i) {
  struct pdfio_object_entry *e = find_in(s, c->numbers[i]);
  const struct pdfio_value *v;
  if (!e || e->place != PDFIO_IN_STREAM || e->where != stream || e->index != i) {
    return bad(p, "an object in a stream and elsewhere", c->numbers[i]);
  }
  SV_TRY(object_of(p, e, &v));
  size_t next = i + 1 < c->n ? c->first + c->offsets[i + 1] : c->data.n;
  if (v->at != c->first + c->offsets[i] || v->end > next || !only_space(c, v->end, next)) {
    return bad(p, "bytes of an object stream that belong to no object", v->end);
  }
  return SV_DONE;
}

static sv_status check_container(struct pdfio *p, struct pdfio_section *s,
                                 struct pdfio_object_entry *e) {
  const struct pdfio_container *c = e->container;
  SV_TRY(sv_ctx_alive(p->ctx));
  if (pdfio_direct(e->value, "Extends") || (c->n && c->offsets[0] != 0)) {
    return bad(p, "an object stream with more than its objects", (size_t)e->where);
  }
  for (uint32_t i = 0; i < c->n; i++) {
    SV_TRY(check_member(p, s, e->number, c, i));
  }
  return SV_DONE;
}

sv_status pdfio_streams_check(struct pdfio *p) {
  for (size_t k = 0; k < p->section_count; k++) {
    struct pdfio_section *s = &p->sections[k];
    struct pdfio_object_entry *last = NULL;
    for (size_t i = 0; i < s->n; i++) {
      struct pdfio_container *c;
      if (s->entries[i].place != PDFIO_IN_STREAM || (last && last->number == s->entries[i].where)) {
        continue;
      }
      last = s->entries[i].where < PDFIO_OBJECTS_MAX ? find_in(s, (uint32_t)s->entries[i].where)
                                                     : NULL;
      SV_TRY(open_container(p, last, &c));
    }
    for (size_t i = 0; i < s->n; i++) {
      if (s->entries[i].container) {
        SV_TRY(check_container(p, s, &s->entries[i]));
      }
    }
  }
  return SV_DONE;
}
