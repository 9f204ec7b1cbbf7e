/* Invariants: a house is published whole and never changed; a half is made once, under the edition's lock, and published whole.
 * Which authorities there are is policy's affair: they are few, and known when a server starts. */
#include "docs_gen/house.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "docs_gen/draw/deflate.h"

struct house {
  struct sv_arena *mem;
  struct sv_bytes key; /* n 0: nobody's */
  struct model_authority authority;
  struct assemble_static *_Atomic *statics;    /* by sheet and part */
  const struct beginning *_Atomic *beginnings; /* by sheet and kinds of pages */
  struct house *next;
};

/* Room for every template in every pair of languages: what nobody asks for takes none of it. */
enum { HOUSE_BYTES = 640 * 1024 * 1024 };

/* In place of a beginning where the authority's names have characters that no font of an edition has: such documents begin as
 * nobody's do. */
static const struct beginning strange;

/* ---- who ---- */

static void key_text(struct sv_buf *b, const char *text) {
  sv_buf_str(b, text ? text : "");
  sv_buf_u8(b, 0);
}

/* All that is drawn of an authority, as bytes. */
static struct sv_bytes key_of(struct sv_ctx *ctx, const struct model_authority *a) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  const char *const texts[] = {a->id,        a->state,     a->state_es,    a->state_en,
                               a->name_es,   a->name_en,   a->ministry_es, a->ministry_en,
                               a->place,     a->seal_text, a->zone,        a->duty_telephone,
                               a->verify_url};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    key_text(&b, texts[i]);
  }
  for (size_t i = 0; i < a->more_n; i++) {
    key_text(&b, a->more[i].language);
    key_text(&b, a->more[i].state);
    key_text(&b, a->more[i].ministry);
    key_text(&b, a->more[i].name);
  }
  return b.failed ? (struct sv_bytes){NULL, 0} : sv_buf_bytes(&b);
}

static void *kept(struct sv_arena *mem, const void *p, size_t n) {
  void *copy = sv_arena_alloc(mem, n ? n : 1);
  if (copy && n) {
    memcpy(copy, p, n);
  }
  return copy;
}

static const char *kept_text(struct sv_arena *mem, const char *text, bool *ok) {
  const char *copy = text ? sv_arena_strdup(mem, text) : NULL;
  *ok = *ok && (copy || !text);
  return copy;
}

static bool authority_copy(struct sv_arena *mem, const struct model_authority *a,
                           struct model_authority *ret) {
  bool ok = true;
  struct model_names *more = SV_ARRAY(mem, a->more_n ? a->more_n : 1, struct model_names);
  for (size_t i = 0; more && i < a->more_n; i++) {
    more[i] = (struct model_names){
        kept_text(mem, a->more[i].language, &ok), kept_text(mem, a->more[i].state, &ok),
        kept_text(mem, a->more[i].ministry, &ok), kept_text(mem, a->more[i].name, &ok)};
  }
  *ret = (struct model_authority){.id = kept_text(mem, a->id, &ok),
                                  .state = kept_text(mem, a->state, &ok),
                                  .state_es = kept_text(mem, a->state_es, &ok),
                                  .state_en = kept_text(mem, a->state_en, &ok),
                                  .ministry_es = kept_text(mem, a->ministry_es, &ok),
                                  .ministry_en = kept_text(mem, a->ministry_en, &ok),
                                  .name_es = kept_text(mem, a->name_es, &ok),
                                  .name_en = kept_text(mem, a->name_en, &ok),
                                  .seal_text = kept_text(mem, a->seal_text, &ok),
                                  .place = kept_text(mem, a->place, &ok),
                                  .zone = kept_text(mem, a->zone, &ok),
                                  .duty_telephone = kept_text(mem, a->duty_telephone, &ok),
                                  .verify_url = kept_text(mem, a->verify_url, &ok),
                                  .more = more,
                                  .more_n = a->more_n};
  return ok && more;
}

static void house_close(struct house *h) {
  if (h) {
    sv_arena_close(h->mem);
    free(h);
  }
}
SV_AUTO_DEFINE(struct house, house_close)

void house_close_all(struct edition *e) {
  struct house *h = atomic_load_explicit(&e->houses, memory_order_acquire);
  while (h) {
    struct house *next = h->next;
    house_close(h);
    h = next;
  }
}

sv_status house_open(struct sv_ctx *ctx, struct edition *e, const struct model_authority *a) {
  SV_AUTO(house_close) struct house *h = calloc(1, sizeof *h);
  bool made = h && (h->mem = sv_arena_open(HOUSE_BYTES)) != NULL;
  if (made && a) {
    struct sv_bytes key = key_of(ctx, a);
    h->key = sv_bytes_of(kept(h->mem, key.p, key.n), key.n);
    made = key.n && h->key.p && authority_copy(h->mem, a, &h->authority);
  }
  if (made) {
    h->statics = sv_arena_array(h->mem, e->sheet_n * LAYOUT_PARTS, sizeof *h->statics);
    h->beginnings = sv_arena_array(h->mem, e->sheet_n * BEGINNING_PARTS, sizeof *h->beginnings);
  }
  if (!made || !h->statics || !h->beginnings) {
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  h->next = atomic_load_explicit(&e->houses, memory_order_relaxed);
  atomic_store_explicit(&e->houses, SV_TAKE(h), memory_order_release);
  return SV_DONE;
}

/* That of a key; nobody's has none. NULL: there is no such house yet. */
static struct house *house_find(struct edition *e, struct sv_bytes key) {
  struct house *h = atomic_load_explicit(&e->houses, memory_order_acquire);
  while (h && !sv_bytes_equal(h->key, key)) {
    h = h->next;
  }
  return h;
}

static sv_status house_for(struct edition *e, struct sv_ctx *ctx, const struct model_authority *a,
                           struct house **ret) {
  struct sv_bytes key = key_of(ctx, a);
  if (!key.p) {
    return SV_FAIL(ctx, NO_MEMORY, "authority");
  }
  *ret = house_find(e, key);
  if (!*ret) {
    (void)pthread_mutex_lock(&e->lock);
    sv_status made = house_find(e, key) ? SV_DONE : house_open(ctx, e, a);
    *ret = house_find(e, key);
    (void)pthread_mutex_unlock(&e->lock);
    SV_TRY(made);
  }
  return SV_DONE;
}

/* ---- halves ---- */

/* A template in a pair of languages on one paper, in one variant. */
static size_t sheet_of(const struct edition *e, const struct layout *l) {
  return (edition_look_slot(e, l) * MODEL_PAPERS + l->paper) * LAYOUT_VARIANTS + l->variant;
}

/* Fonts cut for one document can't be in what many share. */
static bool is_strange(const bool fonts[static TEXT_FONTS]) {
  for (size_t i = TEXT_FONT_DYNAMIC; i < TEXT_FONT_LOOK; i++) {
    if (fonts[i]) {
      return true;
    }
  }
  return false;
}

/* Drawn in the call's arena; what documents need of it is kept. ret is left alone where the house is strange. */
static sv_status static_make(struct edition *e, struct house *h, const struct edition_means *means,
                             struct sv_ctx *ctx, const struct layout *l, enum layout_part part,
                             struct assemble_static **ret) {
  const struct list *list;
  const struct look *look;
  struct assemble_static made = {.list = NULL};
  SV_TRY(edition_list(means, ctx, l, part, &list));
  SV_TRY(edition_look_of(e, means, ctx, l, &look));
  SV_TRY(content_write(list, look, edition_part_page(part), 0, made.fonts, &made.content));
  if (l->housed && is_strange(made.fonts)) {
    return SV_DONE;
  }
  SV_TRY(deflate_bytes(ctx, made.content.bytes, 12, &made.deflated));
  struct assemble_static *s = SV_NEW(h->mem, struct assemble_static);
  struct list *own = SV_NEW(h->mem, struct list);
  if (!s || !own) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", l->t->name);
  }
  *own = (struct list){.element_n = list->element_n};
  own->elements = kept(h->mem, list->elements, list->element_n * sizeof *list->elements);
  made.list = own;
  made.content.bytes = (struct sv_bytes){NULL, 0};
  made.content.marks =
      kept(h->mem, made.content.marks, made.content.mark_n * sizeof *made.content.marks);
  made.deflated.p = kept(h->mem, made.deflated.p, made.deflated.n);
  if (!own->elements || !made.content.marks || !made.deflated.p) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", l->t->name);
  }
  *s = made;
  *ret = s;
  return SV_DONE;
}

/* Under the lock. l: of a static half. ret NULL: the house is strange. */
static sv_status static_of(struct edition *e, struct house *h, const struct edition_means *means,
                           struct sv_ctx *ctx, const struct layout *l, enum layout_part part,
                           const struct assemble_static **ret) {
  struct assemble_static *_Atomic *slot = &h->statics[sheet_of(e, l) * LAYOUT_PARTS + part];
  struct assemble_static *s = atomic_load_explicit(slot, memory_order_relaxed);
  if (!s) {
    SV_TRY(static_make(e, h, means, ctx, l, part, &s));
    atomic_store_explicit(slot, s, memory_order_release);
  }
  *ret = s;
  return SV_DONE;
}

/* Under the lock: the parts that so many pages have, and what stands before them. */
static sv_status beginning_start(struct edition *e, struct house *h,
                                 const struct edition_means *means, struct sv_ctx *ctx,
                                 const struct layout *l, size_t part_n,
                                 const struct beginning **ret) {
  const struct assemble_static *parts[BEGINNING_PARTS];
  const struct look *look;
  struct beginning made;
  SV_TRY(edition_look_of(e, means, ctx, l, &look));
  for (size_t i = 0; i < part_n; i++) {
    SV_TRY(static_of(e, h, means, ctx, l, edition_part(l, (uint32_t)i + 1), &parts[i]));
    if (!parts[i]) {
      *ret = &strange;
      return SV_DONE;
    }
  }
  SV_TRY(beginning_make(ctx, look, parts, part_n, means->icc, &made));
  made.file.bytes.p = kept(h->mem, made.file.bytes.p, made.file.bytes.n);
  made.file.rows = kept(h->mem, made.file.rows, made.file.row_n * sizeof *made.file.rows);
  struct beginning *b = SV_NEW(h->mem, struct beginning);
  if (!made.file.bytes.p || !made.file.rows || !b) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", l->t->name);
  }
  *b = made;
  *ret = b;
  return SV_DONE;
}

static sv_status beginning_of(struct edition *e, struct house *h, const struct edition_means *means,
                              struct sv_ctx *ctx, const struct layout *l,
                              const struct beginning **ret) {
  uint32_t part_n = edition_kinds_of_pages(l);
  const struct beginning *_Atomic *slot =
      &h->beginnings[sheet_of(e, l) * BEGINNING_PARTS + part_n - 1];
  const struct beginning *b = atomic_load_explicit(slot, memory_order_acquire);
  if (!b) {
    struct layout plain = layout_plain(l);
    plain.page_count = part_n; /* as of the least document of as many kinds */
    plain.housed = h->key.n > 0;
    plain.house = plain.housed ? &h->authority : NULL;
    (void)pthread_mutex_lock(&e->lock);
    b = atomic_load_explicit(slot, memory_order_relaxed);
    sv_status made = b ? SV_DONE : beginning_start(e, h, means, ctx, &plain, part_n, &b);
    if (!sv_failed(made)) {
      atomic_store_explicit(slot, b, memory_order_release);
    }
    (void)pthread_mutex_unlock(&e->lock);
    SV_TRY(made);
  }
  *ret = b;
  return SV_DONE;
}

sv_status house_beginning(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                          struct layout *l, const struct beginning **ret) {
  struct house *h;
  SV_TRY(house_for(e, ctx, l->house, &h));
  SV_TRY(beginning_of(e, h, means, ctx, l, ret));
  if (*ret == &strange) {
    h = house_find(e, (struct sv_bytes){NULL, 0});
    SV_TRY(beginning_of(e, h, means, ctx, l, ret));
  }
  l->housed = h->key.n > 0;
  return SV_DONE;
}

/* ---- beforehand ---- */

enum { SCRATCH_BYTES = 64 * 1024 * 1024 };

SV_AUTO_DEFINE(struct sv_arena, sv_arena_close)

sv_status house_prepare(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                        const struct model_authority *authority) {
  SV_AUTO(sv_arena_close) struct sv_arena *mem = sv_arena_open(SCRATCH_BYTES);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  for (size_t i = 0; i < LAYOUT_VARIANTS * e->templates.template_n; i++) {
    const struct template *t = &e->templates.v[0][i / LAYOUT_VARIANTS];
    const struct beginning *made;
    sv_arena_reset(mem);
    struct sv_ctx scratch = sv_ctx_over(mem);
    struct layout l = {.captions = &e->templates.captions[0],
                       .t = t,
                       .ornaments = &means->ornaments,
                       .variant = (enum layout_variant)(i % LAYOUT_VARIANTS),
                       .paper = MODEL_A4,
                       .page_count = t->kind == MODEL_FLIGHT_MANIFEST ? BEGINNING_PARTS : 1,
                       .house = authority};
    sv_status status = house_beginning(e, means, &scratch, &l, &made);
    if (sv_failed(status)) {
      return sv_ctx_fail(ctx, status.reason, "%s", scratch.detail);
    }
  }
  return SV_DONE;
}

sv_status house_prepare_all(struct edition *e, const struct edition_means *means,
                            struct sv_ctx *ctx, struct edition *before) {
  for (struct house *h = atomic_load_explicit(&before->houses, memory_order_acquire); h;
       h = h->next) {
    if (h->key.n) {
      SV_TRY(house_prepare(e, means, ctx, &h->authority));
    }
  }
  return SV_DONE;
}
