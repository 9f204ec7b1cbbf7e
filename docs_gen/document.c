/* Drawing, over the edition of the templates that is in force. Invariant: after docs_open nothing of struct docs is written
 * but which edition that is; a call draws from one edition from its beginning to its end. */
#include "docs_gen/document.h"

#include <stdio.h>
#include <stdlib.h>

#include "docs_gen/draw/deflate.h"
#include "docs_gen/draw/jpeg.h"
#include "docs_gen/draw/objects.h"
#include "docs_gen/dump.h"
#include "docs_gen/edition.h"
#include "docs_gen/house.h"
#include "docs_gen/layout/ornament.h"
#include "docs_gen/layout/overlap.h"
#include "docs_gen/specimen.h"

enum { DOCS_ARENA_BYTES = 64 * 1024 * 1024 };

/* Which edition is in force. */
struct force {
  pthread_mutex_t lock;
  struct edition *edition;
};

struct docs {
  struct sv_arena *mem;
  struct edition_means means;
  const char *dir;
  struct force *force;
};

SV_AUTO_DEFINE(struct docs, docs_close)
SV_AUTO_DEFINE(FILE, fclose)

/* ---- editions ---- */

/* An edition that a call holds. */
struct held {
  struct force *force;
  struct edition *edition;
};

static void held_drop(struct held *h) {
  (void)pthread_mutex_lock(&h->force->lock);
  bool last = --h->edition->holders == 0;
  (void)pthread_mutex_unlock(&h->force->lock);
  if (last) {
    edition_close(h->edition);
  }
}

static struct held hold(const struct docs *docs) {
  (void)pthread_mutex_lock(&docs->force->lock);
  struct edition *e = docs->force->edition;
  e->holders++;
  (void)pthread_mutex_unlock(&docs->force->lock);
  return (struct held){docs->force, e};
}
#define HOLD(name, docs) __attribute__((cleanup(held_drop))) struct held name = hold(docs)

/* ---- opening ---- */

static sv_status read_icc(struct sv_ctx *ctx, struct sv_bytes *ret) {
  static const char path[] = "/usr/share/color/icc/sRGB.icc";
  uint8_t profile[16 * 1024];
  SV_AUTO(fclose) FILE *f = fopen(path, "re");
  size_t n = f ? fread(profile, 1, sizeof profile, f) : 0;
  if (n < 128 || n == sizeof profile) {
    return SV_FAIL(ctx, TEMPLATE, "%s: not a colour profile", path);
  }
  return deflate_bytes(ctx, sv_bytes_of(profile, n), 9, ret);
}

static sv_status make_ornaments(struct sv_ctx *ctx, struct layout_ornaments *ret) {
  SV_TRY(ornament_crest(ctx, 15.4, &ret->crest));
  SV_TRY(ornament_crest(ctx, 9.6, &ret->crest_small));
  SV_TRY(ornament_panel(ctx, 30.5, &ret->panel_letter));
  SV_TRY(ornament_panel(ctx, 20.5, &ret->panel_manifest));
  SV_TRY(ornament_panel(ctx, 16, &ret->panel_receipt));
  SV_TRY(ornament_seal(ctx, 13, &ret->seal_letter));
  SV_TRY(ornament_roll_lines(ctx, 1, &ret->roll_line));
  SV_TRY(ornament_roll_lines(ctx, LAYOUT_ROLL_LINES, &ret->roll_lines));
  return ornament_seal(ctx, 12, &ret->seal_small);
}

static sv_status force_open(struct sv_ctx *ctx, struct docs *docs) {
  struct force *f = SV_NEW(ctx->mem, struct force);
  if (!f || pthread_mutex_init(&f->lock, NULL) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "documents");
  }
  docs->force = f;
  SV_TRY(edition_open(ctx, &docs->means, docs->dir, &f->edition));
  f->edition->holders = 1;
  return SV_DONE;
}

static sv_status open_parts(struct sv_ctx *ctx, const char *dir, struct docs *docs) {
  SV_TRY(pdf_library_check(ctx));
  SV_TRY(faces_open(ctx, &docs->means.faces));
  SV_TRY(make_ornaments(ctx, &docs->means.ornaments));
  SV_TRY(read_icc(ctx, &docs->means.icc));
  docs->means.deflaters = deflaters_open(1);
  if (!docs->means.deflaters) {
    return SV_FAIL(ctx, NO_MEMORY, "documents");
  }
  docs->dir = sv_arena_strdup(ctx->mem, dir);
  return docs->dir ? force_open(ctx, docs) : SV_FAIL(ctx, NO_MEMORY, "documents");
}

sv_status docs_open(struct sv_ctx *ctx, const char *templates_dir, struct docs **ret) {
  SV_AUTO(docs_close) struct docs *docs = calloc(1, sizeof *docs);
  if (!docs || !(docs->mem = sv_arena_open(DOCS_ARENA_BYTES))) {
    return SV_FAIL(ctx, NO_MEMORY, "documents");
  }
  struct sv_ctx own = sv_ctx_over(docs->mem);
  sv_status status = open_parts(&own, templates_dir, docs);
  if (sv_failed(status)) {
    return sv_ctx_fail(ctx, status.reason, "%s", own.detail);
  }
  *ret = SV_TAKE(docs);
  return SV_DONE;
}

sv_status docs_prepare(const struct docs *docs, struct sv_ctx *ctx,
                       const struct model_authority *authority) {
  HOLD(now, docs);
  return house_prepare(now.edition, &docs->means, ctx, authority);
}

sv_status docs_reload(struct docs *docs, struct sv_ctx *ctx) {
  struct edition *next;
  SV_TRY(edition_open(ctx, &docs->means, docs->dir, &next));
  next->holders = 1;
  HOLD(now, docs);
  sv_status good = edition_follows(next, now.edition, ctx);
  if (!sv_failed(good)) {
    good = house_prepare_all(next, &docs->means, ctx, now.edition);
  }
  if (sv_failed(good)) {
    edition_close(next);
    return good;
  }
  (void)pthread_mutex_lock(&docs->force->lock);
  struct held before = {docs->force, docs->force->edition};
  docs->force->edition = next;
  (void)pthread_mutex_unlock(&docs->force->lock);
  held_drop(&before);
  return SV_DONE;
}

void docs_close(struct docs *docs) {
  if (docs) {
    if (docs->force) {
      edition_close(docs->force->edition);
      (void)pthread_mutex_destroy(&docs->force->lock);
    }
    faces_close(&docs->means.faces);
    deflaters_close(docs->means.deflaters);
    sv_arena_close(docs->mem);
    free(docs);
  }
}

/* ---- questions ---- */

static const struct template *template_for(const struct edition *e,
                                           const struct model_content *content) {
  int i = templates_find(&e->templates, content);
  return i < 0 ? NULL : &e->templates.v[0][i];
}

static const char *kept(struct sv_ctx *ctx, const char *text) {
  return text ? sv_arena_strdup(ctx->mem, text) : NULL;
}

const char *docs_template_for(const struct docs *docs, struct sv_ctx *ctx,
                              const struct model_content *content) {
  HOLD(now, docs);
  const struct template *t = template_for(now.edition, content);
  return kept(ctx, t ? t->name : NULL);
}

bool docs_template_sha256(const struct docs *docs, const struct model_content *content,
                          uint8_t ret_sha256[static 32]) {
  HOLD(now, docs);
  const struct template *t = template_for(now.edition, content);
  if (t) {
    memcpy(ret_sha256, t->sha256, 32);
  }
  return t != NULL;
}

const char *docs_template_at(const struct docs *docs, struct sv_ctx *ctx, size_t i,
                             uint8_t ret_sha256[static 32]) {
  HOLD(now, docs);
  const struct templates *set = &now.edition->templates;
  if (i >= set->template_n) {
    return NULL;
  }
  memcpy(ret_sha256, set->v[0][i].sha256, 32);
  return kept(ctx, set->v[0][i].name);
}

const char *docs_language_at(const struct docs *docs, struct sv_ctx *ctx, size_t i) {
  HOLD(now, docs);
  const struct templates *set = &now.edition->templates;
  return kept(ctx, i < set->language_n ? set->languages[i].code : NULL);
}

bool docs_language_known(const struct docs *docs, const char *tag) {
  HOLD(now, docs);
  return templates_language(&now.edition->templates, tag) >= 0;
}

const char *docs_legal_basis_at(const struct docs *docs, struct sv_ctx *ctx,
                                const struct model_content *content, size_t i) {
  HOLD(now, docs);
  const struct template *t = template_for(now.edition, content);
  return kept(ctx, t && i < t->basis_n ? t->bases[i].id : NULL);
}

bool docs_legal_basis_known(const struct docs *docs, const struct model_content *content,
                            const char *id) {
  HOLD(now, docs);
  const struct template *t = template_for(now.edition, content);
  for (size_t i = 0; t && i < t->basis_n; i++) {
    if (strcmp(t->bases[i].id, id) == 0) {
      return true;
    }
  }
  return false;
}

uint32_t docs_page_count(const struct docs *docs, const struct model_content *content) {
  (void)docs;
  return layout_pages(content);
}

size_t docs_page_lines(const struct model_content *content, uint32_t page, size_t *ret_first) {
  *ret_first = 0;
  return content->kind == MODEL_FLIGHT_MANIFEST ? manifest_page_lines(content, page, ret_first) : 0;
}

/* ---- drawing ---- */

/* What one document needs while it is drawn. */
struct drawing {
  struct text_session session;
  struct canvas canvas;
  struct layout layout;
  struct datamatrix codes[ASSEMBLE_PAGES_MAX];
  struct assemble_input file;
};

static uint16_t least_modules(enum model_kind kind, uint32_t page) {
  if (kind == MODEL_DISBURSEMENT_RECEIPT) {
    return 64;
  }
  return kind == MODEL_FLIGHT_MANIFEST && page > 1 ? 72 : 52;
}

static sv_status make_codes(struct sv_ctx *ctx, const struct docs_request *r, struct drawing *d) {
  for (size_t i = 0; i < r->seal_count; i++) {
    uint32_t page = r->seals[i].page;
    if (page < 1 || page > d->layout.page_count) {
      return SV_FAIL(ctx, RENDER, "a seal for page %u", page);
    }
    SV_TRY(datamatrix_write(ctx, r->seals[i].seal, least_modules(r->content->kind, page),
                            &d->codes[page - 1]));
  }
  return SV_DONE;
}

static sv_status begin(const struct docs *docs, const struct edition *e, struct sv_ctx *ctx,
                       const struct docs_request *r, struct drawing **ret) {
  struct drawing *d = SV_NEW(ctx->mem, struct drawing);
  if (!d) {
    return SV_FAIL(ctx, NO_MEMORY, "drawing");
  }
  SV_TRY(edition_layout(e, &docs->means, ctx, r, &d->layout));
  d->layout.codes = d->codes;
  d->session = (struct text_session){.ctx = ctx, .faces = &docs->means.faces};
  d->canvas = canvas_on(&d->session, paper_of(d->layout.paper), d->layout.t->blocks, 1,
                        d->layout.captions->languages);
  *ret = d;
  return SV_DONE;
}

static sv_status write_pages(const struct docs *docs, struct edition *e, struct drawing *d) {
  struct assemble_input *f = &d->file;
  SV_TRY(edition_look(e, &docs->means, f->ctx, &d->layout, &f->look));
  f->trees = e->trees;
  f->deflaters = docs->means.deflaters;
  for (uint32_t page = 1; page <= d->layout.page_count; page++) {
    struct assemble_page *p = &f->pages[page - 1];
    p->part = edition_part_index(&d->layout, page);
    p->fixed = f->beginning->parts[p->part];
    SV_TRY(content_write(&d->canvas.list, f->look, (uint16_t)page, p->fixed->content.next_mcid,
                         f->fonts, &p->content));
    for (size_t i = 0; i < TEXT_FONT_LOOK; i++) {
      f->fonts[i] = f->fonts[i] || p->fixed->fonts[i];
    }
  }
  struct content appearance;
  SV_TRY(content_write(&d->canvas.list, f->look, LIST_APPEARANCE, 0, f->fonts, &appearance));
  f->appearance = appearance.bytes;
  return SV_DONE;
}

static void signature_box(struct drawing *d) {
  struct assemble_input *f = &d->file;
  switch (d->layout.t->kind) {
    case MODEL_SAFE_CONDUCT:
      letter_signature_box(&d->layout, f->signature_box, &f->signature_page);
      break;
    case MODEL_FLIGHT_MANIFEST:
      manifest_signature_box(&d->layout, f->signature_box, &f->signature_page);
      break;
    default:
      receipt_signature_box(&d->layout, f->signature_box, &f->signature_page);
  }
}

static void attach(struct assemble_input *f, const char *name, const char *type,
                   const char *description, struct sv_bytes bytes) {
  if (bytes.n) {
    f->attachments[f->attachment_count++] =
        (struct docs_attachment){name, type, description, bytes};
  }
}

static void describe(struct sv_ctx *ctx, const struct docs_request *r, struct drawing *d) {
  struct assemble_input *f = &d->file;
  const struct model_issue *issue = r->issue;
  f->ctx = ctx;
  f->text = &d->session;
  f->list = &d->canvas.list;
  f->page_count = d->layout.page_count;
  f->media_box = paper_of(d->layout.paper)->media_box;
  attach(f, "passengers.edi", "application#2FEDIFACT", "PAXLST, UN/EDIFACT D.15B", r->passengers);
  attach(f, "record.json", "application#2Fjson", d->layout.captions->words[WORD_attachment].first,
         r->record);
  f->title = *issue->number ? issue->number : d->layout.captions->words[WORD_draft_mark].first;
  f->time_us = issue->issue_time_us;
  f->contents_room = issue->preview ? 0 : r->contents_room;
  f->language = d->layout.captions->languages[0];
  f->signer_name = issue->signatory.name ? issue->signatory.name : "";
  f->signature_order = LAYOUT_SIGNATURE_ORDER;
  f->signature_alt = d->layout.captions->words[WORD_electronic_signature].first;
  memcpy(f->id, issue->record_sha256, 32);
  f->id[30] ^= (uint8_t)issue->version;
  f->id[31] ^= (uint8_t)issue->copy;
  f->id[29] ^= (uint8_t)issue->audience;
  signature_box(d);
}

/* Fills what a template of that name is for. */
static sv_status preview_content(const struct edition *e, struct sv_ctx *ctx, const char *name,
                                 struct specimen *s) {
  const struct templates *set = &e->templates;
  for (size_t i = 0; i < set->template_n; i++) {
    const struct template *t = &set->v[0][i];
    size_t n = strlen(name);
    if (strncmp(t->name, name, n) == 0 && (t->name[n] == 0 || t->name[n] == '@')) {
      SV_TRY(specimen_make(ctx, t->kind, t->purpose, s));
      s->content.template_name = name;
      s->content.letter.legal_basis = t->basis_n ? t->bases[0].id : "";
      return SV_DONE;
    }
  }
  return SV_FAIL(ctx, TEMPLATE, "no template %s", name);
}

static sv_status draw(struct sv_ctx *ctx, const struct docs_request *r, struct drawing *d) {
  SV_TRY(make_codes(ctx, r, d));
  SV_TRY(sv_ctx_alive(ctx));
  edition_draw(&d->canvas, &d->layout);
  return d->canvas.list.fault;
}

sv_status docs_render(const struct docs *docs, struct sv_ctx *ctx,
                      const struct docs_request *request, struct sv_bytes *ret_pdf,
                      struct sv_sig_slot *ret_slot) {
  HOLD(now, docs);
  struct drawing *d;
  SV_TRY(begin(docs, now.edition, ctx, request, &d));
  SV_TRY(house_beginning(now.edition, &docs->means, ctx, &d->layout, &d->file.beginning));
  SV_TRY(draw(ctx, request, d));
  describe(ctx, request, d);
  SV_TRY(write_pages(docs, now.edition, d));
  if (request->content->kind == MODEL_SAFE_CONDUCT &&
      request->content->letter.holder.portrait_jpeg.n) {
    struct assemble_picture *p = &d->file.portrait;
    SV_TRY(jpeg_strip(ctx, request->content->letter.holder.portrait_jpeg, &p->jpeg, &p->width,
                      &p->height, &p->components));
  }
  SV_TRY(sv_ctx_alive(ctx));
  return assemble(&d->file, ret_pdf, ret_slot);
}

sv_status docs_preview(const struct docs *docs, struct sv_ctx *ctx, const char *name,
                       const char *const languages[static 2], enum model_paper paper,
                       struct sv_bytes *ret_pdf) {
  struct specimen *s = SV_NEW(ctx->mem, struct specimen);
  struct sv_sig_slot slot;
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", name);
  }
  HOLD(now, docs);
  SV_TRY(preview_content(now.edition, ctx, name, s));
  for (int i = 0; i < 2; i++) {
    if (templates_language(&now.edition->templates, languages[i]) < 0) {
      return SV_FAIL(ctx, TEMPLATE, "no language %s", languages[i]);
    }
  }
  const char *asked[] = {languages[0], languages[1]};
  s->content.languages = (struct model_texts){asked, 2};
  s->content.paper = paper;
  return docs_render(docs, ctx, &s->request, ret_pdf, &slot);
}

sv_status docs_dump(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *request,
                    const char **ret) {
  HOLD(now, docs);
  struct drawing *d;
  SV_TRY(begin(docs, now.edition, ctx, request, &d));
  SV_TRY(draw(ctx, request, d));
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (uint32_t page = 1; page <= d->layout.page_count; page++) {
    sv_buf_printf(&out, "# static part of page %u\n", page);
    const struct list *fixed;
    struct layout plain = layout_plain(&d->layout);
    SV_TRY(edition_list(&docs->means, ctx, &plain, edition_part(&plain, page), &fixed));
    SV_TRY(list_dump(fixed, &out));
  }
  sv_buf_str(&out, "# the document's own\n");
  SV_TRY(list_dump(&d->canvas.list, &out));
  sv_buf_u8(&out, 0);
  if (out.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "dump");
  }
  *ret = (const char *)out.p;
  return SV_DONE;
}

sv_status docs_crowded(const struct docs *docs, struct sv_ctx *ctx,
                       const struct docs_request *request, const char **ret_text,
                       uint32_t *ret_page) {
  HOLD(now, docs);
  struct drawing *d;
  SV_TRY(begin(docs, now.edition, ctx, request, &d));
  SV_TRY(draw(ctx, request, d));
  struct layout plain = layout_plain(&d->layout);
  for (uint32_t page = 1; page <= d->layout.page_count; page++) {
    const struct list *fixed;
    const char *other;
    SV_TRY(edition_list(&docs->means, ctx, &plain, edition_part(&plain, page), &fixed));
    const struct list_text *text =
        overlap_find(d->canvas.paper, fixed, &d->canvas.list, (uint16_t)page, &other);
    if (text) {
      *ret_text = text->line.text, *ret_page = page;
      return SV_DONE;
    }
  }
  *ret_text = NULL, *ret_page = 0;
  return SV_DONE;
}

/* ---- checking before a number is taken ---- */

/* An authority of empty texts: what it says is policy's affair, checked with policy. */
static const struct model_issue blank_issue = {
    .issue_date = "2026-12-31",
    .supersedes = "",
    .version = 1,
    .copy = 1,
    .authority = {.id = "",
                  .state = "",
                  .state_es = "",
                  .state_en = "",
                  .ministry_es = "",
                  .ministry_en = "",
                  .name_es = "",
                  .name_en = "",
                  .seal_text = "",
                  .place = "",
                  .zone = "",
                  .duty_telephone = "",
                  .verify_url = ""},
    .signatory = {.id = "", .name = "", .post_es = "", .post_en = "", .short_id = ""},
    .requester = {.id = "", .name = "", .post_es = "", .post_en = "", .short_id = ""},
    .ledger = {.obligation_id = "",
               .award_number = "",
               .awarding_agency = "",
               .recipient_name = "",
               .recipient_id = "",
               .period_start = "",
               .period_end = ""},
    .preview = true,
};

sv_status docs_check_content(const struct docs *docs, struct sv_ctx *ctx,
                             const struct model_content *content,
                             const struct model_authority *authority) {
  struct model_issue issue = blank_issue;
  issue.authority = authority ? *authority : issue.authority;
  struct docs_request request = {.content = content, .issue = &issue};
  HOLD(now, docs);
  struct drawing *d;
  SV_TRY(begin(docs, now.edition, ctx, &request, &d));
  d->canvas.path = "";
  if (content->kind == MODEL_SAFE_CONDUCT && content->letter.holder.portrait_jpeg.n) {
    struct assemble_picture p;
    struct sv_ctx own = sv_ctx_over(ctx->mem);
    if (sv_failed(jpeg_strip(&own, content->letter.holder.portrait_jpeg, &p.jpeg, &p.width,
                             &p.height, &p.components))) {
      sv_ctx_violate(ctx, "not a JPEG of 8 bits and 1 or 3 components",
                     "safe_conduct.holder.portrait_jpeg");
    }
  }
  edition_draw(&d->canvas, &d->layout);
  SV_TRY(d->canvas.list.fault);
  return sv_ctx_violations_status(ctx);
}

/* A canvas for trying texts on: nothing of it is kept. */
static struct canvas trial_canvas(const struct docs *docs, struct sv_ctx *ctx,
                                  struct text_session *session) {
  static const char *const languages[2] = {"es", "en"};
  *session = (struct text_session){.ctx = ctx, .faces = &docs->means.faces};
  return canvas_on(session, paper_of(MODEL_A4), NULL, 1, languages);
}

sv_status docs_check_authority(const struct docs *docs, struct sv_ctx *ctx,
                               const struct model_authority *authority) {
  struct text_session session;
  struct canvas c = trial_canvas(docs, ctx, &session);
  layout_authority_check(&c, authority);
  SV_TRY(c.list.fault);
  return sv_ctx_violations_status(ctx);
}

sv_status docs_check_officer(const struct docs *docs, struct sv_ctx *ctx,
                             const struct model_officer *officer) {
  struct text_session session;
  struct canvas c = trial_canvas(docs, ctx, &session);
  layout_officer_check(&c, officer);
  SV_TRY(c.list.fault);
  return sv_ctx_violations_status(ctx);
}
