/* Blocks that all kinds share: title, strip, codes, seal, checking. */
#include <math.h>

#include "base/fields.h"
#include "docs_gen/layout/layout.h"

const struct style style_caption = {FACE_SANS, 6.2}, style_caption_en = {FACE_SANS_ITALIC, 6.2},
                   style_value = {FACE_SANS, 10.5}, style_strong = {FACE_SANS_BOLD, 10.5},
                   style_small = {FACE_SANS, 6.4}, style_small_en = {FACE_SANS_ITALIC, 6.4},
                   style_note = {FACE_SANS, 6.8}, style_note_en = {FACE_SANS_ITALIC, 6.8},
                   style_head = {FACE_SANS_BOLD, 9}, style_head_en = {FACE_SANS_BOLD_ITALIC, 9},
                   style_mono_small = {FACE_MONO, 6.5},
                   style_mono_small_bold = {FACE_MONO_BOLD, 6.5};

/* ---- letterhead ---- */

/* Where a letter is folded. */
static void ticks(struct canvas *c) {
  c->band = BAND_MIDDLE;
  canvas_line(c, 4.5, 148.5, 7.5, 148.5, 0.12);
  canvas_line(c, 202.5, 148.5, 205.5, 148.5, 0.12);
  c->band = BAND_FOOT;
  canvas_line(c, 105, 290, 105, 292.5, 0.12);
  c->band = BAND_HEAD;
  canvas_line(c, 105, 4.5, 105, 7, 0.12);
}

static void crest_figure(struct canvas *c, const struct layout *l) {
  struct list_element e = {.type = "Figure",
                           .order = 1,
                           .alt = LAYOUT_WORD(l, alt_crest).first,
                           .page = c->page,
                           .language = c->languages[0]};
  canvas_area(c, 105 - 7.7, 9.6, 15.4, 18.3, e.box);
  c->element = list_element(&c->list, &e);
  canvas_ornament(c, "crest", 105 - 7.7, 9.6, l->ornaments->crest);
  canvas_artifact(c);
}

/* Both in one size: the second has no gutter behind it. */
static void title_line(struct canvas *c, double y, double pt, const char *es, const char *en) {
  pt = layout_fitted(c, (struct style){FACE_SERIF_BOLD, pt}, en, 80).pt;
  c->ink = INK_BLUE;
  c->language = c->languages[0];
  canvas_open(c, "H1", 10);
  canvas_text_in(c, c->languages[0], 15, y, (struct style){FACE_SERIF_BOLD, pt}, es);
  c->language = NULL;
  canvas_open(c, "P", 12);
  canvas_text_in(c, c->languages[1], 115, y, (struct style){FACE_SERIF_BOLD, pt}, en);
  canvas_artifact(c);
  c->ink = INK_BLACK;
}

void layout_letterhead_static(struct canvas *c, const struct layout *l, double title_pt) {
  layout_watermark(c, l);
  if (l->t->kind == MODEL_SAFE_CONDUCT) {
    ticks(c);
  }
  c->band = BAND_HEAD;
  crest_figure(c, l);
  c->band = BAND_TITLE;
  if (*l->t->title_second.first) {
    title_line(c, 38.4, 18.5, l->t->title.first, l->t->title.second);
    title_line(c, 46.0, 18.5, l->t->title_second.first, l->t->title_second.second);
  } else {
    title_line(c, 46.4, title_pt, l->t->title.first, l->t->title.second);
  }
  if (l->t->third.language) { /* the title once more, in place of the subtitle */
    c->language = l->t->third.language;
    canvas_open(c, "P", 14);
    canvas_text(c, 15, 52.4, (struct style){FACE_SERIF_ITALIC, 10.5}, l->t->third.title);
    c->language = NULL;
    canvas_artifact(c);
    return;
  }
  canvas_open(c, "P", 14);
  canvas_text_in(c, c->languages[0], 15, 52.4, (struct style){FACE_SERIF, 10.5},
                 l->t->subtitle.first);
  canvas_open(c, "P", 15);
  canvas_text_in(c, c->languages[1], 115, 52.4, (struct style){FACE_SERIF_ITALIC, 10.5},
                 l->t->subtitle.second);
  canvas_artifact(c);
}

static const char *or_empty(const char *s) { return s ? s : ""; }

/* ---- strip ---- */

static void draft_bar(struct canvas *c, const struct layout *l) {
  c->band = BAND_STRIP;
  canvas_bar(c, 15, 56.75, 180, 9.45);
  c->ink = INK_WHITE;
  canvas_open(c, "P", 20);
  const struct pair *p = &LAYOUT_WORD(l, draft_bar);
  const struct style second = {FACE_SANS_BOLD_ITALIC, 10.5};
  canvas_text_in(c, c->languages[0], 18, 63.0, layout_fitted(c, style_strong, p->first, 94),
                 p->first);
  canvas_text_in(c, c->languages[1], 115, 63.0, layout_fitted(c, second, p->second, 77), p->second);
  canvas_artifact(c);
  c->ink = INK_BLACK;
}

void layout_field(struct canvas *c, uint32_t order, double x, double caption_y,
                  enum template_word word, const struct layout *l) {
  const struct pair *p = &l->captions->words[word];
  canvas_open(c, "P", order);
  canvas_caption(c, x, caption_y, p->first, p->second);
  canvas_artifact(c);
}

void layout_field_within(struct canvas *c, uint32_t order, double x, double caption_y, double width,
                         enum template_word word, const struct layout *l) {
  const struct pair *p = &l->captions->words[word];
  canvas_open(c, "P", order);
  canvas_pair_within(c, x, caption_y, width, style_caption, style_caption_en, p->first, p->second);
  canvas_artifact(c);
}

void layout_later_head_static(struct canvas *c, const struct layout *l) {
  layout_watermark(c, l);
  c->band = BAND_HEAD;
  c->pagination = true;
  canvas_artifact(c);
  canvas_ornament(c, "crest", 20 - 4.8, 9.6, l->ornaments->crest_small);
  c->ink = INK_BLUE;
  canvas_pair(c, 28, 14.2, (struct style){FACE_SERIF_BOLD, 10.5},
              (struct style){FACE_SERIF_BOLD_ITALIC, 10.5}, l->t->title.first, l->t->title.second);
  c->ink = INK_BLACK;
  canvas_rule(c, 15, 195, 23.5, 0.5);
  c->pagination = false;
}

void layout_form(struct canvas *c, const struct layout *l, double x, uint32_t order) {
  c->band = BAND_FOOT;
  canvas_open(c, "P", order);
  canvas_text_in(c, c->languages[0], x, 281.85, style_small,
                 layout_printf(c, "%s %s", l->t->form.first, l->t->form_note.first));
  canvas_open(c, "P", order + 1);
  canvas_text_in(c, c->languages[1], x, 285.25, style_small_en,
                 layout_printf(c, "%s %s", l->t->form.second, l->t->form_note.second));
  canvas_artifact(c);
}

void layout_strip_static(struct canvas *c, const struct layout *l) {
  if (l->variant == LAYOUT_DRAFT) {
    draft_bar(c, l);
    return;
  }
  c->band = BAND_STRIP;
  canvas_rule(c, 15, 195, 57.0, 0.5);
  canvas_rule(c, 15, 195, 66.2, 0.12);
}

void layout_strip_captions(struct canvas *c, const struct layout *l, enum template_word second,
                           double x4, enum template_word fourth) {
  if (l->variant == LAYOUT_DRAFT) {
    return;
  }
  c->band = BAND_STRIP;
  layout_field(c, 20, 15, 60.3, WORD_number, l);
  layout_field(c, 22, 75, 60.3, second, l);
  layout_field(c, 24, 115, 60.3, WORD_copy, l);
  layout_field(c, 26, x4, 60.3, fourth, l);
  layout_field(c, 28, 181, 60.3, WORD_page, l);
}

static const struct pair *copy_reason(const struct layout *l) {
  switch (l->issue->copy_reason) {
    case MODEL_REASON_LOST:
      return &LAYOUT_WORD(l, reason_lost);
    case MODEL_REASON_STOLEN:
      return &LAYOUT_WORD(l, reason_stolen);
    case MODEL_REASON_DAMAGED:
      return &LAYOUT_WORD(l, reason_damaged);
    default:
      return &LAYOUT_WORD(l, reason_misprint);
  }
}

/* A black tab with white text: not a plain original. Returns its right edge. */
static double black_tab(struct canvas *c, double x, const char *text) {
  const struct style style = {FACE_SANS_BOLD, 9.5};
  double width = canvas_width(c, style, text) + 3.2;
  canvas_bar(c, x, 60.95, width, 4.4);
  c->ink = INK_WHITE;
  canvas_text(c, x + 1.6, 64.5, style, text);
  c->ink = INK_BLACK;
  return x + width;
}

/* The size that both texts need to have room in a width. */
static double both_fitted(struct canvas *c, double pt, double width, const char *es,
                          const char *en) {
  return fmin(layout_fitted(c, (struct style){FACE_SANS, pt}, es, width).pt,
              layout_fitted(c, (struct style){FACE_SANS_ITALIC, pt}, en, width).pt);
}

/* Why there is a second copy, in what room is left before the next cell; which copy it cancels where that can still be read:
 * it is the one before. */
static void copy_why(struct canvas *c, const struct layout *l, double x, double room,
                     uint32_t copy) {
  const struct pair *why = copy_reason(l), *cancels = &LAYOUT_WORD(l, cancels_copy);
  const char *es = layout_printf(c, "%s; %s %u", why->first, cancels->first, copy - 1);
  const char *en = layout_printf(c, "%s; %s %u", why->second, cancels->second, copy - 1);
  double pt = both_fitted(c, 5.8, room, es, en);
  if (pt < 4.6) {
    es = why->first, en = why->second;
    pt = both_fitted(c, 5.8, room, es, en);
  }
  canvas_text_in(c, c->languages[0], x, 62.95, (struct style){FACE_SANS, pt}, es);
  canvas_text_in(c, c->languages[1], x, 65.1, (struct style){FACE_SANS_ITALIC, pt}, en);
}

static void copy_cell(struct canvas *c, const struct layout *l, double next) {
  uint32_t copy = l->issue->copy;
  const struct model_receipt *r =
      l->content->kind == MODEL_DISBURSEMENT_RECEIPT ? &l->content->receipt : NULL;
  canvas_open(c, "P", 25);
  if (r && r->payment_type == MODEL_REVERSAL) {
    black_tab(
        c, 115,
        layout_printf(c, "%s %s", LAYOUT_WORD(l, annuls).first, layout_number(c, r->reversal_of)));
  } else if (copy <= 1) {
    canvas_printf(c, 115, 64.7, style_strong, "1 · %s", LAYOUT_WORD(l, original).first);
  } else {
    double x =
        black_tab(c, 115, layout_printf(c, "%s %u", LAYOUT_WORD(l, copy_tab).first, copy)) + 2;
    copy_why(c, l, x, next - 1.5 - x, copy);
  }
  canvas_artifact(c);
}

static void version_cell(struct canvas *c, const struct layout *l, const char *second) {
  canvas_open(c, "P", 23);
  double x = 75 + canvas_text(c, 75, 64.7, style_strong, second);
  const char *before = l->issue->supersedes;
  if (before && *before && l->content->kind == MODEL_SAFE_CONDUCT) {
    const struct pair *replaces = &LAYOUT_WORD(l, replaces);
    double w = canvas_text_in(c, c->languages[0], x + 1.8, 62.95, (struct style){FACE_SANS, 5.8},
                              replaces->first);
    w = fmax(w, canvas_text_in(c, c->languages[1], x + 1.8, 65.1,
                               (struct style){FACE_SANS_ITALIC, 5.8}, replaces->second));
    canvas_text(c, x + 2.6 + w, 64.2, (struct style){FACE_MONO_BOLD, 7}, layout_number(c, before));
  }
  canvas_artifact(c);
}

void layout_strip(struct canvas *c, const struct layout *l, const char *second, double x4,
                  const char *fourth) {
  if (l->variant == LAYOUT_DRAFT) {
    return;
  }
  c->band = BAND_STRIP;
  canvas_open(c, "P", 21);
  canvas_text(c, 15, 64.7, (struct style){FACE_MONO_BOLD, 11.5},
              layout_number(c, l->issue->number));
  version_cell(c, l, second);
  copy_cell(c, l, x4);
  canvas_open(c, "P", 27);
  canvas_text(c, x4, 64.7, style_strong, fourth);
  canvas_open(c, "P", 29);
  canvas_printf(c, 181, 64.7, style_strong, "%u / %u", c->page, l->page_count);
  canvas_artifact(c);
}

/* ---- states ---- */

void layout_watermark(struct canvas *c, const struct layout *l) {
  if (l->variant == LAYOUT_PLAIN) {
    return;
  }
  const char *word = l->variant == LAYOUT_DRAFT ? LAYOUT_WORD(l, draft_mark).first
                                                : LAYOUT_WORD(l, specimen_mark).first;
  const struct style style = {FACE_SANS_BOLD, 128};
  const double pi = 3.14159265358979323846, turn = 52 * pi / 180;
  double length = canvas_width(c, style, word), height = 128 * 0.714 * 25.4 / 72;
  /* centred on the crossing of the axes */
  double x = 105 - length / 2 * cos(turn) + height / 2 * sin(turn);
  double y = 148.5 + length / 2 * sin(turn) + height / 2 * cos(turn);
  canvas_artifact(c);
  c->band = BAND_MIDDLE;
  c->ink = INK_OUTLINE;
  canvas_turned(c, x, y, style, 52, true, word);
  c->ink = INK_BLACK;
}

static void no_seal(struct canvas *c, const struct layout *l, double x, double y, double edge,
                    uint32_t order) {
  canvas_box(c, x, y, edge, edge, 0.22);
  double k = edge * 0.36;
  canvas_line(c, x, y, x + k, y + k, 0.22);
  canvas_line(c, x + edge, y, x + edge - k, y + k, 0.22);
  canvas_line(c, x, y + edge, x + k, y + edge - k, 0.22);
  canvas_line(c, x + edge, y + edge, x + edge - k, y + edge - k, 0.22);
  canvas_open(c, "P", order);
  canvas_text_centre(c, x + edge / 2, y + edge / 2 - 0.35, (struct style){FACE_SANS_BOLD, 6.2},
                     LAYOUT_WORD(l, no_seal).first);
  canvas_text_centre(c, x + edge / 2, y + edge / 2 + 2.1,
                     (struct style){FACE_SANS_BOLD_ITALIC, 6.2}, LAYOUT_WORD(l, no_seal).second);
  canvas_artifact(c);
}

/* ---- bar codes ---- */

static void code_figure(struct canvas *c, const struct layout *l, const struct datamatrix *code,
                        double x, double y, double edge, uint32_t order) {
  struct list_element e = {.type = "Figure",
                           .order = order,
                           .alt = LAYOUT_WORD(l, alt_code).first,
                           .language = c->languages[0],
                           .page = c->page};
  canvas_area(c, x, y, edge, edge, e.box);
  c->element = list_element(&c->list, &e);
  struct list_item item = {.op = LIST_CODE,
                           .ink = INK_BLACK,
                           .page = c->page,
                           .element = c->element,
                           .x = e.box[0],
                           .y = e.box[1]};
  item.code = (struct list_code){
      .rows = code->rows, .modules = code->modules, .edge = (int32_t)lround(edge * 1000)};
  list_put(&c->list, &item);
  canvas_artifact(c);
}

void layout_code(struct canvas *c, const struct layout *l, double x, double y, bool right,
                 bool captioned, double box, uint32_t order) {
  const struct datamatrix *code = &l->codes[c->page - 1];
  double edge = code->modules ? code->modules * LAYOUT_MODULE_UM_10 / 10000.0 : box;
  double left = right ? x - edge : x;
  if (code->modules == 0) {
    no_seal(c, l, left, y, edge, order);
    return;
  }
  code_figure(c, l, code, left, y, edge, order);
  if (!captioned) {
    return;
  }
  const char *number = layout_number(c, l->issue->number), *check = l->issue->check_code;
  canvas_open(c, "P", order + 1);
  if (right) {
    canvas_text_right(c, x, y + edge + 3.4, style_mono_small_bold, number);
    check = layout_printf(c, "%s %u %s", LAYOUT_WORD(l, page_short).first, c->page, check);
    canvas_text_right(c, x, y + edge + 6.6, style_mono_small, check);
  } else {
    canvas_text(c, left, y + edge + 3.4, style_mono_small_bold, number);
    canvas_text(c, left, y + edge + 6.6, style_mono_small, check);
  }
  canvas_artifact(c);
}

/* ---- seal ---- */

/* Text on a circle, clockwise from the bottom, over 98.5 % of it. */
static void seal_text(struct canvas *c, double x, double y, double radius, const char *text) {
  const double pi = 3.14159265358979323846;
  const struct style style = {FACE_SANS_BOLD, 5.1};
  double total = canvas_width(c, style, text), n = (double)sv_utf8_length(text);
  double spread = 2 * pi * radius * 0.985, gap = (spread - total) / n, at = 0;
  c->ink = INK_BLUE;
  for (const char *s = text; *s && !sv_failed(c->list.fault);) {
    const char *start = s;
    sv_utf8_next(&s);
    const char *letter = sv_arena_strndup(c->list.ctx->mem, start, (size_t)(s - start));
    if (!letter) {
      c->list.fault = SV_FAIL(c->list.ctx, NO_MEMORY, "seal");
      break;
    }
    double width = canvas_width(c, style, letter), middle = at + width / 2;
    double angle =
        -pi / 2 - middle / radius; /* of the letter's middle, anticlockwise from the right */
    double turn = angle - pi / 2;  /* the letter stands on the circle */
    double cx = x + radius * cos(angle), cy = y - radius * sin(angle);
    canvas_turned(c, cx - width / 2 * cos(turn), cy + width / 2 * sin(turn), style, turn * 180 / pi,
                  false, letter);
    at += width + gap;
  }
  c->ink = INK_BLACK;
}

void layout_seal(struct canvas *c, const struct layout *l, double x, double y, double radius) {
  canvas_artifact(c);
  if (l->variant == LAYOUT_DRAFT) {
    canvas_circle(c, x, y, radius, 0.22);
    canvas_open(c, "P", 899900);
    canvas_text_centre(c, x, y - 0.4, (struct style){FACE_SANS_BOLD, 6.2},
                       LAYOUT_WORD(l, unsigned).first);
    canvas_text_centre(c, x, y + 2.05, (struct style){FACE_SANS_BOLD_ITALIC, 6.2},
                       LAYOUT_WORD(l, unsigned).second);
    canvas_artifact(c);
    return;
  }
  canvas_ornament(c, "seal", x, y,
                  radius > 12.5 ? l->ornaments->seal_letter : l->ornaments->seal_small);
  const struct model_authority *a = l->house;
  seal_text(c, x, y, radius - 3.05,
            layout_printf(c, "%s · %s · ", layout_upper(c, or_empty(a->state_es)),
                          layout_upper(c, or_empty(a->seal_text))));
}

/* ---- checking ---- */

void layout_checking(struct canvas *c, const struct layout *l, double x, double y, double indent,
                     double width, uint32_t order) {
  const double leading = 2.95;
  canvas_open(c, "P", order);
  canvas_text_in(c, c->languages[0], x, y, (struct style){FACE_SANS_BOLD, 7.6},
                 LAYOUT_WORD(l, how_to_check).first);
  canvas_text_in(c, c->languages[1], x, y + 3.2, (struct style){FACE_SANS_BOLD_ITALIC, 7.6},
                 LAYOUT_WORD(l, how_to_check).second);
  double at = y + 7.9;
  for (size_t i = 0; i < l->t->checking.n; i++) {
    canvas_open(c, "P", order + 1 + (uint32_t)i);
    canvas_printf(c, x, at, (struct style){FACE_SANS_BOLD, 6.8}, "%zu", i + 1);
    const char *text = layout_filled(c, l, l->t->checking.v[i].first);
    c->language = c->languages[0];
    int n = canvas_paragraph(c, x + indent, at, leading, style_note, width - indent, text, 4);
    at += (n > 0 ? n : 1) * leading;
    c->language = c->languages[1];
    int m = canvas_paragraph(c, x + indent, at, leading, style_note_en, width - indent,
                             layout_filled(c, l, l->t->checking.v[i].second), 4);
    c->language = NULL;
    at += (m > 0 ? m : 1) * leading + 1.2;
    if (n < 0 || m < 0) {
      canvas_no_room(c, "a step of checking",
                     n < 0 ? l->t->checking.v[i].first : l->t->checking.v[i].second);
    }
  }
  canvas_artifact(c);
}

/* ---- small things ---- */

void layout_microtext(struct canvas *c, const struct layout *l, double x, double y, double length) {
  const struct style style = {FACE_SANS_BOLD, 2.0};
  const char *number =
      l->variant == LAYOUT_DRAFT ? LAYOUT_WORD(l, draft_mark).first : l->issue->number;
  const char *once =
      layout_printf(c, "%s %s %s %s ", l->t->micro.first, number, l->t->micro.second, number);
  double width = canvas_width(c, style, once);
  int times = width > 0 ? (int)(length / width + 0.5) : 1;
  struct sv_buf b = sv_buf_in(c->list.ctx->mem, 0);
  for (int i = 0; i < times; i++) {
    sv_buf_str(&b, once);
  }
  if (b.n == 0) {
    return;
  }
  b.p[b.n - 1] = 0; /* the last space */
  canvas_artifact(c);
  canvas_spread(c, x, y, style, length, (const char *)b.p);
}

struct style layout_fitted(struct canvas *c, struct style style, const char *text, double width) {
  double has = canvas_width(c, style, text);
  if (has > width) {
    style.pt *= width / has;
  }
  return style;
}

void layout_signature_lines(struct canvas *c, const struct layout *l, double x, double y,
                            double leading, double width) {
  const struct pair *head = &LAYOUT_WORD(l, electronic_signature);
  const char *both = layout_printf(c, "%s / %s", head->first, head->second);
  double pt = layout_fitted(c, (struct style){FACE_SANS_BOLD, 6.6}, both, width).pt;
  canvas_pair(c, x, y, (struct style){FACE_SANS_BOLD, pt},
              (struct style){FACE_SANS_BOLD_ITALIC, pt}, head->first, head->second);
  for (size_t i = 0; i < l->request->signer_line_count && i < 4; i++) {
    const char *line = l->request->signer_lines[i];
    canvas_text(c, x, y += leading, layout_fitted(c, style_small, line, width), line);
  }
  canvas_text(c, x, y + leading, style_small, layout_time(c, l->issue->issue_time_us));
}

struct layout layout_plain(const struct layout *l) {
  struct layout plain = *l;
  plain.request = NULL, plain.codes = NULL, plain.content = NULL, plain.issue = NULL;
  plain.house = NULL, plain.housed = false;
  return plain;
}

uint32_t layout_pages(const struct model_content *content) {
  switch (content->kind) {
    case MODEL_FLIGHT_MANIFEST:
      return manifest_pages(content);
    case MODEL_DISBURSEMENT_RECEIPT:
      return receipt_pages(content);
    default:
      return 1;
  }
}
