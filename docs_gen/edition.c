/* Editions. Invariants: what is checked when an edition is opened is not checked again; a look is made once, under the lock, and
 * published whole. */
#include "docs_gen/edition.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "docs_gen/draw/deflate.h"
#include "docs_gen/house.h"
#include "docs_gen/layout/overlap.h"
#include "docs_gen/specimen.h"

/* Texts and looks of every template in every pair of languages: what nobody asks for takes none of it. */
enum { EDITION_ARENA_BYTES = 192 * 1024 * 1024, TRIAL_ARENA_BYTES = 64 * 1024 * 1024 };

SV_AUTO_DEFINE(struct edition, edition_close)
SV_AUTO_DEFINE(struct sv_arena, sv_arena_close)

/* ---- layout of a content ---- */

sv_status edition_layout(const struct edition *e, const struct edition_means *means,
                         struct sv_ctx *ctx, const struct docs_request *r, struct layout *ret) {
  size_t pair = templates_pair_of(&e->templates, r->content);
  int t = templates_find(&e->templates, r->content);
  if (t < 0) {
    return SV_FAIL(ctx, TEMPLATE, "no template %s for kind %d", r->content->template_name,
                   (int)r->content->kind);
  }
  *ret = (struct layout){
      .captions = &e->templates.captions[pair],
      .t = &e->templates.v[pair][t],
      .ornaments = &means->ornaments,
      .variant = r->issue->preview    ? LAYOUT_DRAFT
                 : r->issue->specimen ? LAYOUT_SPECIMEN
                                      : LAYOUT_PLAIN,
      .paper = r->content->paper == MODEL_LETTER ? MODEL_LETTER : MODEL_A4,
      .request = r,
      .page_count = layout_pages(r->content),
      .content = r->content,
      .issue = r->issue,
      .house = &r->issue->authority,
  };
  return ret->page_count <= ASSEMBLE_PAGES_MAX ? SV_DONE
                                               : SV_FAIL(ctx, RENDER, "%u pages", ret->page_count);
}

void edition_draw(struct canvas *c, const struct layout *l) {
  switch (l->t->kind) {
    case MODEL_SAFE_CONDUCT:
      letter_draw(c, l);
      break;
    case MODEL_FLIGHT_MANIFEST:
      manifest_draw(c, l);
      break;
    default:
      receipt_draw(c, l);
  }
}

/* ---- lists of static halves ---- */

static void draw_static(struct canvas *c, const struct layout *l, enum layout_part part) {
  switch (l->t->kind) {
    case MODEL_SAFE_CONDUCT:
      letter_static(c, l);
      break;
    case MODEL_FLIGHT_MANIFEST:
      manifest_static(c, l, part);
      break;
    default:
      receipt_static(c, l, part);
  }
}

enum layout_part edition_part(const struct layout *l, uint32_t page) {
  if (page == 1) {
    return l->page_count == 1 ? LAYOUT_ONLY : LAYOUT_FIRST;
  }
  bool closing = l->t->kind == MODEL_FLIGHT_MANIFEST && page == l->page_count;
  return page == 2 ? LAYOUT_SECOND : closing ? LAYOUT_CLOSING : LAYOUT_LATER;
}

uint32_t edition_kinds_of_pages(const struct layout *l) {
  uint32_t most = l->t->kind == MODEL_FLIGHT_MANIFEST ? 4 : 3;
  return l->page_count < most ? l->page_count : most;
}

size_t edition_part_index(const struct layout *l, uint32_t page) {
  return edition_part(l, page) == LAYOUT_CLOSING ? edition_kinds_of_pages(l) - 1
         : page < 3                              ? page - 1
                                                 : 2;
}

uint16_t edition_part_page(enum layout_part part) {
  return part == LAYOUT_ONLY ? 1 : (uint16_t)(part + 1);
}

static struct canvas *static_canvas(const struct edition_means *means, struct sv_ctx *ctx,
                                    const struct layout *l, enum layout_part part) {
  struct text_session *session = SV_NEW(ctx->mem, struct text_session);
  struct canvas *c = SV_NEW(ctx->mem, struct canvas);
  if (!session || !c) {
    return NULL;
  }
  *session = (struct text_session){.ctx = ctx, .faces = &means->faces};
  /* any page of that part: the marks count anew on each */
  *c = canvas_on(session, paper_of(l->paper), l->t->blocks, edition_part_page(part),
                 l->captions->languages);
  c->kerned = true;
  draw_static(c, l, part);
  return c;
}

sv_status edition_list(const struct edition_means *means, struct sv_ctx *ctx,
                       const struct layout *l, enum layout_part part, const struct list **ret) {
  struct canvas *c = static_canvas(means, ctx, l, part);
  if (!c) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", l->t->name);
  }
  SV_TRY(c->list.fault);
  *ret = &c->list;
  return SV_DONE;
}

size_t edition_look_slot(const struct edition *e, const struct layout *l) {
  size_t pair = (size_t)(l->captions - e->templates.captions);
  return pair * e->templates.template_n + (size_t)(l->t - e->templates.v[pair]);
}

/* ---- specimens ---- */

/* Nobody's document of one template in one pair of languages on one paper, as a draft or as it would be issued: its own
 * half. */
struct trial_page {
  struct layout layout;
  struct canvas canvas;
};

static sv_status specimen_draw(const struct edition *e, const struct edition_means *means,
                               struct sv_ctx *ctx, size_t pair, size_t index,
                               enum model_paper paper, bool preview, struct trial_page *ret) {
  const struct template *template = &e->templates.v[pair][index];
  struct specimen *s = SV_NEW(ctx->mem, struct specimen);
  struct datamatrix *codes = SV_ARRAY(ctx->mem, ASSEMBLE_PAGES_MAX, struct datamatrix);
  struct text_session *session = SV_NEW(ctx->mem, struct text_session);
  const char **asked = SV_ARRAY(ctx->mem, 2, const char *);
  if (!s || !codes || !session || !asked) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", template->name);
  }
  SV_TRY(specimen_make(ctx, template->kind, template->purpose, s));
  asked[0] = e->templates.captions[pair].languages[0];
  asked[1] = e->templates.captions[pair].languages[1];
  s->content.template_name = template->name;
  s->content.languages = (struct model_texts){asked, 2};
  s->content.paper = paper;
  s->issue.preview = preview;
  if (!preview && template->kind == MODEL_FLIGHT_MANIFEST) {
    s->issue.audience = MODEL_DESTINATION; /* the copies have a bar more */
  }
  if (template->basis_n) {
    s->content.letter.legal_basis = template->bases[0].id;
  }
  SV_TRY(edition_layout(e, means, ctx, &s->request, &ret->layout));
  ret->layout.codes = codes;
  *session = (struct text_session){.ctx = ctx, .faces = &means->faces};
  ret->canvas = canvas_on(session, paper_of(ret->layout.paper), ret->layout.t->blocks, 1,
                          ret->layout.captions->languages);
  edition_draw(&ret->canvas, &ret->layout);
  return SV_DONE;
}

/* ---- looks ---- */

static sv_status look_see(const struct edition *e, const struct edition_means *means,
                          struct sv_ctx *ctx, const struct layout *l, struct look_seen *seen) {
  size_t pair = (size_t)(l->captions - e->templates.captions);
  size_t index = (size_t)(l->t - e->templates.v[pair]);
  for (int v = 0; v < LAYOUT_VARIANTS; v++) {
    for (int p = l->t->kind == MODEL_SAFE_CONDUCT ? LAYOUT_ONLY : 0; p < LAYOUT_PARTS; p++) {
      const struct list *list;
      struct layout sheet = *l;
      sheet.variant = (enum layout_variant)v, sheet.paper = MODEL_A4;
      SV_TRY(edition_list(means, ctx, &sheet, (enum layout_part)p, &list));
      look_note(seen, list, false);
    }
  }
  struct trial_page page;
  SV_TRY(specimen_draw(e, means, ctx, pair, index, MODEL_A4, false, &page));
  look_note(seen, &page.canvas.list, true);
  look_note_values(seen, FACE_MONO);
  if (l->t->kind == MODEL_SAFE_CONDUCT) {
    look_note_values(seen, FACE_OCR_B);
  }
  return page.canvas.list.fault;
}

static sv_status look_start(struct edition *e, const struct edition_means *means,
                            struct sv_ctx *ctx, const struct layout *l, struct look **ret) {
  struct look_seen *seen = SV_NEW(ctx->mem, struct look_seen);
  struct look *look = SV_NEW(e->mem, struct look);
  if (!seen || !look) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", l->t->name);
  }
  seen->faces = &means->faces;
  SV_TRY(look_see(e, means, ctx, l, seen));
  SV_TRY(look_make(ctx, e->mem, seen, look));
  look->language = l->captions->languages[0];
  *ret = look;
  return SV_DONE;
}

sv_status edition_look_of(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                          const struct layout *l, const struct look **ret) {
  struct look *_Atomic *slot = &e->looks[edition_look_slot(e, l)];
  struct look *look = atomic_load_explicit(slot, memory_order_relaxed);
  if (!look) {
    SV_TRY(look_start(e, means, ctx, l, &look));
    atomic_store_explicit(slot, look, memory_order_release);
  }
  *ret = look;
  return SV_DONE;
}

sv_status edition_look(struct edition *e, const struct edition_means *means, struct sv_ctx *ctx,
                       const struct layout *l, const struct look **ret) {
  *ret = atomic_load_explicit(&e->looks[edition_look_slot(e, l)], memory_order_acquire);
  if (*ret) {
    return SV_DONE;
  }
  struct layout plain = layout_plain(l);
  (void)pthread_mutex_lock(&e->lock);
  sv_status made = edition_look_of(e, means, ctx, &plain, ret);
  (void)pthread_mutex_unlock(&e->lock);
  return made;
}

/* ---- trying an edition ---- */

struct trial {
  const struct edition *e;
  const struct edition_means *means;
  struct sv_ctx *ctx;     /* of the caller */
  struct sv_ctx *scratch; /* of one template in one pair of languages */
};

/* "captions/fr.txt:31: what (safe_conduct/transit_exit@1, fr / ht)" */
static sv_status refuse(const struct trial *t, const struct layout *l, const char *text,
                        const char *what, const char *other) {
  const char *where = text ? templates_where(&t->e->templates, t->scratch, text) : "";
  return SV_FAIL(t->ctx, TEMPLATE, "%s: %s%s%s%s (%s in %s and %s%s)", *where ? where : "templates",
                 what, *other ? " “" : "", other, *other ? "”" : "", l->t->name,
                 l->captions->languages[0], l->captions->languages[1],
                 l->paper == MODEL_LETTER ? " on Letter" : "");
}

static sv_status fault_of(const struct trial *t, const struct layout *l, const struct list *list) {
  const char *detail = t->scratch->detail;
  return sv_failed(list->fault) ? refuse(t, l, list->fault_text, detail, "") : SV_DONE;
}

static sv_status try_pages(const struct trial *t, const struct layout *l, const struct list *own) {
  for (uint32_t page = 1; page <= l->page_count; page++) {
    const char *other;
    const struct canvas *c = static_canvas(t->means, t->scratch, l, edition_part(l, page));
    if (!c) {
      return SV_FAIL(t->ctx, NO_MEMORY, "%s", l->t->name);
    }
    SV_TRY(fault_of(t, l, &c->list));
    const struct list_text *text = overlap_find(c->paper, &c->list, own, (uint16_t)page, &other);
    if (text) {
      bool fixed = *templates_where(&t->e->templates, t->scratch, text->line.text) != 0;
      return refuse(t, l, fixed ? text->line.text : other,
                    fixed ? "the text runs into" : "the text is run into by",
                    fixed ? other : text->line.text);
    }
  }
  return SV_DONE;
}

/* A specimen of one template in one pair of languages on one paper, as a draft or as it would be issued. */
static sv_status try_one(const struct trial *t, size_t pair, size_t index, enum model_paper paper,
                         bool preview) {
  struct trial_page p;
  sv_status drawn = specimen_draw(t->e, t->means, t->scratch, pair, index, paper, preview, &p);
  if (sv_failed(drawn)) {
    return sv_ctx_fail(t->ctx, drawn.reason, "%s", t->scratch->detail);
  }
  SV_TRY(fault_of(t, &p.layout, &p.canvas.list));
  return try_pages(t, &p.layout, &p.canvas.list);
}

/* What a draft has of its own stands within bands, which are the same on every paper. */
static const struct {
  enum model_paper paper;
  bool preview;
} looks[] = {{MODEL_A4, false}, {MODEL_A4, true}, {MODEL_LETTER, false}};

static sv_status try_all(struct sv_ctx *ctx, const struct edition *e,
                         const struct edition_means *means) {
  SV_AUTO(sv_arena_close) struct sv_arena *mem = sv_arena_open(TRIAL_ARENA_BYTES);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  for (size_t pair = 0; pair < templates_pairs(&e->templates); pair++) {
    for (size_t i = 0; i < e->templates.template_n; i++) {
      for (size_t k = 0; k < sizeof looks / sizeof *looks; k++) {
        sv_arena_reset(mem);
        struct sv_ctx scratch = sv_ctx_over(mem);
        SV_TRY(try_one(&(struct trial){e, means, ctx, &scratch}, pair, i, looks[k].paper,
                       looks[k].preview));
      }
    }
  }
  return SV_DONE;
}

/* ---- opening ---- */

static sv_status places_take(struct sv_ctx *ctx, struct edition *e) {
  size_t looks_n = templates_pairs(&e->templates) * e->templates.template_n;
  e->sheet_n = looks_n * MODEL_PAPERS * LAYOUT_VARIANTS;
  e->looks = sv_arena_array(e->mem, looks_n, sizeof *e->looks);
  e->trees = kept_trees_open();
  return e->looks && e->trees ? house_open(ctx, e, NULL) : SV_FAIL(ctx, NO_MEMORY, "templates");
}

/* Of the languages that requests have when they name none, every look; the rest when it is first asked for. */
static sv_status first_pair(struct sv_ctx *ctx, struct edition *e,
                            const struct edition_means *means) {
  SV_AUTO(sv_arena_close) struct sv_arena *mem = sv_arena_open(TRIAL_ARENA_BYTES);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  for (size_t i = 0; i < e->templates.template_n; i++) {
    const struct look *made;
    sv_arena_reset(mem);
    struct sv_ctx scratch = sv_ctx_over(mem);
    struct layout l = {.captions = &e->templates.captions[0],
                       .t = &e->templates.v[0][i],
                       .ornaments = &means->ornaments};
    sv_status status = edition_look(e, means, &scratch, &l, &made);
    if (sv_failed(status)) {
      return sv_ctx_fail(ctx, status.reason, "%s", scratch.detail);
    }
  }
  return SV_DONE;
}

sv_status edition_open(struct sv_ctx *ctx, const struct edition_means *means, const char *dir,
                       struct edition **ret) {
  SV_AUTO(edition_close) struct edition *e = calloc(1, sizeof *e);
  if (!e || pthread_mutex_init(&e->lock, NULL) != 0) {
    free(SV_TAKE(e));
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  e->mem = sv_arena_open(EDITION_ARENA_BYTES);
  if (!e->mem) {
    return SV_FAIL(ctx, NO_MEMORY, "templates");
  }
  struct sv_ctx own = sv_ctx_over(e->mem);
  sv_status status = templates_open(&own, dir, &e->templates);
  if (sv_failed(status)) {
    return sv_ctx_fail(ctx, status.reason, "%s", own.detail);
  }
  SV_TRY(places_take(ctx, e));
  SV_TRY(try_all(ctx, e, means));
  SV_TRY(first_pair(ctx, e, means));
  *ret = SV_TAKE(e);
  return SV_DONE;
}

void edition_close(struct edition *e) {
  if (e) {
    (void)pthread_mutex_destroy(&e->lock);
    kept_trees_close(e->trees);
    house_close_all(e);
    sv_arena_close(e->mem);
    free(e);
  }
}

sv_status edition_follows(const struct edition *next, const struct edition *before,
                          struct sv_ctx *ctx) {
  for (size_t i = 0; i < next->templates.template_n; i++) {
    const struct template *t = &next->templates.v[0][i];
    for (size_t k = 0; k < before->templates.template_n; k++) {
      const struct template *was = &before->templates.v[0][k];
      if (strcmp(t->name, was->name) == 0 && memcmp(t->sha256, was->sha256, 32) != 0) {
        return SV_FAIL(ctx, TEMPLATE, "%s: its texts changed and its version did not", t->name);
      }
    }
  }
  return SV_DONE;
}
