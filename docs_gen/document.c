/* Opening, compiling and drawing. Invariant: after docs_open nothing of struct docs is written again. */
#include "docs_gen/document.h"

#include <stdio.h>
#include <stdlib.h>

#include "docs_gen/draw/assemble.h"
#include "docs_gen/draw/deflate.h"
#include "docs_gen/draw/jpeg.h"
#include "docs_gen/draw/objects.h"
#include "docs_gen/dump.h"
#include "docs_gen/layout/layout.h"
#include "docs_gen/layout/ornament.h"

enum { DOCS_ARENA_BYTES = 64 * 1024 * 1024 };

struct docs {
  struct sv_arena *mem;
  struct faces faces;
  struct templates templates;
  struct layout_ornaments ornaments;
  struct sv_bytes icc;
  struct assemble_static *statics[TEMPLATE_COUNT][LAYOUT_VARIANTS][LAYOUT_PARTS];
};

SV_AUTO_DEFINE(struct docs, docs_close)
SV_AUTO_DEFINE(FILE, fclose)

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
  return ornament_seal(ctx, 12, &ret->seal_small);
}

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

static sv_status compile(struct sv_ctx *ctx, const struct docs *docs, const struct template *t,
                         enum layout_variant variant, enum layout_part part,
                         struct assemble_static **ret) {
  struct assemble_static *s = SV_NEW(ctx->mem, struct assemble_static);
  struct text_session *session = SV_NEW(ctx->mem, struct text_session);
  struct canvas *c = SV_NEW(ctx->mem, struct canvas);
  if (!s || !session || !c) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", t->name);
  }
  *session = (struct text_session){.ctx = ctx, .faces = &docs->faces};
  *c = canvas_on(session,
                 (uint16_t)(part + 1)); /* any page of that part: the marks count anew on each */
  c->kerned = true;
  draw_static(c,
              &(struct layout){.captions = &docs->templates.captions,
                               .t = t,
                               .ornaments = &docs->ornaments,
                               .variant = variant},
              part);
  if (sv_failed(c->list.fault) || session->dynamic_count) {
    return SV_FAIL(ctx, TEMPLATE, "%s: a text does not fit or has characters outside the faces",
                   t->name);
  }
  SV_TRY(content_write(&c->list, (uint16_t)(part + 1), 0, s->fonts, &s->content));
  SV_TRY(deflate_bytes(ctx, s->content.bytes, 9, &s->deflated));
  s->list = &c->list;
  *ret = s;
  return SV_DONE;
}

static sv_status open_parts(struct sv_ctx *ctx, const char *dir, struct docs *docs) {
  SV_TRY(pdf_library_check(ctx));
  SV_TRY(faces_open(ctx, &docs->faces));
  SV_TRY(templates_open(ctx, dir, &docs->templates));
  SV_TRY(make_ornaments(ctx, &docs->ornaments));
  SV_TRY(read_icc(ctx, &docs->icc));
  for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
    const struct template *t = &docs->templates.v[i];
    int parts = t->kind == MODEL_SAFE_CONDUCT ? 1 : LAYOUT_PARTS;
    for (int v = 0; v < LAYOUT_VARIANTS; v++) {
      for (int p = 0; p < parts; p++) {
        SV_TRY(compile(ctx, docs, t, (enum layout_variant)v, (enum layout_part)p,
                       &docs->statics[i][v][p]));
      }
    }
  }
  return SV_DONE;
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

void docs_close(struct docs *docs) {
  if (docs) {
    faces_close(&docs->faces);
    sv_arena_close(docs->mem);
    free(docs);
  }
}

/* ---- questions ---- */

const char *docs_template_for(const struct docs *docs, const struct model_content *content) {
  const struct template *t = template_of(&docs->templates, content);
  return t ? t->name : NULL;
}

const char *docs_legal_basis_at(const struct docs *docs, const struct model_content *content,
                                size_t i) {
  const struct template *t = template_of(&docs->templates, content);
  return t && i < t->basis_n ? t->bases[i].id : NULL;
}

bool docs_legal_basis_known(const struct docs *docs, const struct model_content *content,
                            const char *id) {
  const char *known;
  for (size_t i = 0; (known = docs_legal_basis_at(docs, content, i)) != NULL; i++) {
    if (strcmp(known, id) == 0) {
      return true;
    }
  }
  return false;
}

uint32_t docs_page_count(const struct docs *docs, const struct model_content *content) {
  (void)docs;
  switch (content->kind) {
    case MODEL_FLIGHT_MANIFEST:
      return manifest_pages(&content->manifest);
    case MODEL_DISBURSEMENT_RECEIPT:
      return receipt_pages(&content->receipt);
    default:
      return 1;
  }
}

size_t docs_page_lines(const struct model_content *content, uint32_t page, size_t *ret_first) {
  *ret_first = 0;
  return content->kind == MODEL_FLIGHT_MANIFEST
             ? manifest_page_lines(&content->manifest, page, ret_first)
             : 0;
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
    SV_TRY(datamatrix_encode(ctx, r->seals[i].seal, least_modules(r->content->kind, page),
                             &d->codes[page - 1]));
  }
  return SV_DONE;
}

static void draw_own(struct drawing *d) {
  switch (d->layout.t->kind) {
    case MODEL_SAFE_CONDUCT:
      letter_draw(&d->canvas, &d->layout);
      break;
    case MODEL_FLIGHT_MANIFEST:
      manifest_draw(&d->canvas, &d->layout);
      break;
    default:
      receipt_draw(&d->canvas, &d->layout);
  }
}

static sv_status begin(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *r,
                       struct drawing **ret) {
  const struct template *t = template_of(&docs->templates, r->content);
  struct drawing *d = SV_NEW(ctx->mem, struct drawing);
  if (!t) {
    return SV_FAIL(ctx, TEMPLATE, "no template for kind %d", (int)r->content->kind);
  }
  if (!d) {
    return SV_FAIL(ctx, NO_MEMORY, "drawing");
  }
  d->session = (struct text_session){.ctx = ctx, .faces = &docs->faces};
  d->canvas = canvas_on(&d->session, 1);
  d->layout = (struct layout){
      .captions = &docs->templates.captions,
      .t = t,
      .ornaments = &docs->ornaments,
      .variant = r->issue->preview    ? LAYOUT_DRAFT
                 : r->issue->specimen ? LAYOUT_SPECIMEN
                                      : LAYOUT_PLAIN,
      .request = r,
      .codes = d->codes,
      .page_count = docs_page_count(docs, r->content),
      .content = r->content,
      .issue = r->issue,
  };
  if (d->layout.page_count > ASSEMBLE_PAGES_MAX) {
    return SV_FAIL(ctx, RENDER, "%u pages", d->layout.page_count);
  }
  *ret = d;
  return SV_DONE;
}

static const struct assemble_static *static_of(const struct docs *docs, const struct drawing *d,
                                               uint32_t page) {
  size_t i = (size_t)(d->layout.t - docs->templates.v);
  enum layout_part part = page == 1 ? LAYOUT_FIRST : page == 2 ? LAYOUT_SECOND : LAYOUT_LATER;
  return docs->statics[i][d->layout.variant][part];
}

static sv_status write_pages(const struct docs *docs, struct drawing *d) {
  struct assemble_input *f = &d->file;
  for (uint32_t page = 1; page <= d->layout.page_count; page++) {
    struct assemble_page *p = &f->pages[page - 1];
    p->fixed = static_of(docs, d, page);
    SV_TRY(content_write(&d->canvas.list, (uint16_t)page, p->fixed->content.next_mcid, f->fonts,
                         &p->content));
    for (size_t i = 0; i < TEXT_FONTS; i++) {
      f->fonts[i] = f->fonts[i] || p->fixed->fonts[i];
    }
  }
  struct content appearance;
  SV_TRY(content_write(&d->canvas.list, LIST_APPEARANCE, 0, f->fonts, &appearance));
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

static void describe(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *r,
                     struct drawing *d) {
  struct assemble_input *f = &d->file;
  const struct model_issue *issue = r->issue;
  f->ctx = ctx;
  f->text = &d->session;
  f->list = &d->canvas.list;
  f->page_count = d->layout.page_count;
  f->icc = docs->icc;
  f->record = r->record;
  f->record_description = docs->templates.captions.words[WORD_attachment].es;
  f->title = *issue->number ? issue->number : docs->templates.captions.words[WORD_draft_mark].es;
  f->time_us = issue->issue_time_us;
  f->contents_room = issue->preview ? 0 : r->contents_room;
  f->signer_name = issue->signatory.name ? issue->signatory.name : "";
  f->signature_order = LAYOUT_SIGNATURE_ORDER;
  f->signature_alt = docs->templates.captions.words[WORD_electronic_signature].es;
  memcpy(f->id, issue->record_sha256, 32);
  f->id[30] ^= (uint8_t)issue->version;
  f->id[31] ^= (uint8_t)issue->copy;
  f->id[29] ^= (uint8_t)issue->audience;
  signature_box(d);
}

static sv_status draw(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *r,
                      struct drawing **ret) {
  SV_TRY(begin(docs, ctx, r, ret));
  struct drawing *d = *ret;
  SV_TRY(make_codes(ctx, r, d));
  SV_TRY(sv_ctx_alive(ctx));
  draw_own(d);
  return d->canvas.list.fault;
}

sv_status docs_render(const struct docs *docs, struct sv_ctx *ctx,
                      const struct docs_request *request, struct sv_bytes *ret_pdf,
                      struct sv_sig_slot *ret_slot) {
  struct drawing *d;
  SV_TRY(draw(docs, ctx, request, &d));
  describe(docs, ctx, request, d);
  SV_TRY(write_pages(docs, d));
  if (request->content->kind == MODEL_SAFE_CONDUCT &&
      request->content->letter.holder.portrait_jpeg.n) {
    struct assemble_picture *p = &d->file.portrait;
    SV_TRY(jpeg_strip(ctx, request->content->letter.holder.portrait_jpeg, &p->jpeg, &p->width,
                      &p->height, &p->components));
  }
  SV_TRY(sv_ctx_alive(ctx));
  return assemble(&d->file, ret_pdf, ret_slot);
}

sv_status docs_dump(const struct docs *docs, struct sv_ctx *ctx, const struct docs_request *request,
                    const char **ret) {
  struct drawing *d;
  SV_TRY(draw(docs, ctx, request, &d));
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (uint32_t page = 1; page <= d->layout.page_count && page <= 3; page++) {
    sv_buf_printf(&out, "# static part of page %u\n", page);
    SV_TRY(list_dump(static_of(docs, d, page)->list, &out));
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
                             const struct model_content *content) {
  struct docs_request request = {.content = content, .issue = &blank_issue};
  struct drawing *d;
  SV_TRY(begin(docs, ctx, &request, &d));
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
  draw_own(d);
  SV_TRY(d->canvas.list.fault);
  return sv_ctx_violations_status(ctx);
}
