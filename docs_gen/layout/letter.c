/* The safe-conduct letter and the emergency travel document: one page, folded in four (design of the pages, sections 1
 * and 7). The orders below are the order of reading. */
#include <math.h>

#include "docs_gen/layout/layout.h"

enum {
  ORDER_PORTRAIT = 30,
  ORDER_IDENTITY = 31,
  ORDER_CLAUSE = 60,
  ORDER_VALIDITY = 70,
  ORDER_BASIS = 80,
  ORDER_AUTHORITY = 90,
  ORDER_COUNTERSIGNED = LAYOUT_SIGNATURE_ORDER + 10,
  ORDER_CHECKING = LAYOUT_SIGNATURE_ORDER + 30,
  ORDER_FOOT = LAYOUT_SIGNATURE_ORDER + 50,
  ORDER_MRZ = LAYOUT_SIGNATURE_ORDER + 60,
};

static const double row_pitch = 11.9, row_first = 69.6;

static double row_y(int row) { return row_first + row * row_pitch; }

/* Where things stand in a row of the identity block; with a third language captions have a second line. */
static const struct identity_row {
  double caption, third, value, native;
  double sizes[2], halves[2], halves_pt; /* of names in one line, and in two */
} row_of_two = {2.2, 0, 7.0, 7.6, {13, 10.5}, {5.5, 9.2}, 9.2},
  row_of_three = {1.4, 2.45, 8.5, 9.1, {11.5, 10.5}, {6.6, 9.9}, 8.4};

static const struct identity_row *row_for(const struct layout *l) {
  return l->t->third.language ? &row_of_three : &row_of_two;
}

/* How much lower the block of the signature stands. */
static double lowered(const struct layout *l) { return l->t->single_journey ? 7 : 0; }

/* ---- static half ---- */

/* The clause in the third language, below the others: it flows through both columns, so that the fold stays clear. */
static void clause_third(struct canvas *c, const struct layout *l, bool filled) {
  enum { COLUMN_LINES = 4 };
  static const double top = 159.4, leading = 4.3, xs[] = {15, 115};
  const struct style style = {FACE_SERIF_ITALIC, 9.2};
  const char *lines[2 * COLUMN_LINES];
  const char *text = l->t->third.clause;
  c->language = l->t->third.language;
  canvas_open(c, "P", ORDER_CLAUSE + 2);
  int n = canvas_break(c, style, 80, filled ? layout_filled(c, l, text) : text, lines,
                       2 * COLUMN_LINES);
  if (n < 0) {
    c->path = c->path ? "safe_conduct.holder" : NULL;
    canvas_no_room(c, "the clause in the third language", text);
  }
  int left = (n + 1) / 2;
  for (int i = 0; i < n; i++) {
    canvas_text(c, xs[i >= left], top + (i < left ? i : i - left) * leading, style, lines[i]);
  }
}

/* Both columns of the clause; in the document's own half when it has places for fields. */
static void clause(struct canvas *c, const struct layout *l, bool filled) {
  static const double xs[] = {15, 115};
  const struct template_clause *set = &l->t->clause_set;
  const struct style style = {FACE_SERIF, set->pt};
  c->band = BAND_MIDDLE;
  double y = l->t->single_journey ? 127.65 : 130.35;
  for (int i = 0; i < 2; i++) {
    const char *text = i ? l->t->clause.second : l->t->clause.first;
    c->language = c->languages[i];
    canvas_open(c, "P", ORDER_CLAUSE + (uint32_t)i);
    const char *words = filled ? layout_filled(c, l, text) : text;
    if (canvas_paragraph(c, xs[i], y, set->leading_mm, style, 80, words, set->lines) < 0) {
      c->path = c->path ? "safe_conduct.holder" : NULL;
      canvas_no_room(c, "the clause", text);
    }
  }
  if (l->t->third.language) {
    clause_third(c, l, filled);
  }
  c->language = NULL;
  canvas_artifact(c);
}

/* "UN SOLO VIAJE" over "SINGLE JOURNEY / VOYAGE UNIQUE", before the date at 115. */
static void single_journey(struct canvas *c, const struct layout *l) {
  const struct style style = {FACE_SANS_BOLD_ITALIC, 8};
  const struct pair *p = &LAYOUT_WORD(l, single_journey);
  const char *second = p->second;
  if (l->t->third.language) {
    second = layout_printf(c, "%s / ", p->second);
  }
  canvas_open(c, "P", ORDER_VALIDITY + 3);
  canvas_text_in(c, c->languages[0], 62, 190.9, (struct style){FACE_SANS_BOLD, 8}, p->first);
  double w = canvas_text_in(c, c->languages[1], 62, 194.6, style, second);
  if (l->t->third.language) {
    const char *third = l->t->third.single_journey;
    canvas_text_in(c, l->t->third.language, 62 + w, 194.6, layout_fitted(c, style, third, 51 - w),
                   third);
  }
  canvas_artifact(c);
}

/* A caption of the identity block. */
static void identity_field(struct canvas *c, const struct layout *l, uint32_t order, double x,
                           int row, enum template_word word) {
  const struct identity_row *r = row_for(l);
  double y = row_y(row) + r->caption;
  layout_field(c, order, x, y, word, l);
  if (l->t->third.language) {
    canvas_open(c, "P", order);
    canvas_text_in(c, l->t->third.language, x, y + r->third, style_caption_en,
                   l->t->third.captions->words[word].first);
    canvas_artifact(c);
  }
}

static void validity_static(struct canvas *c, const struct layout *l) {
  c->band = BAND_VALIDITY;
  canvas_rule(c, 15, 195, 184, 0.5);
  canvas_rule(c, 15, 195, 197, 0.12);
  layout_field(c, ORDER_VALIDITY, 15, 187.6, WORD_issued, l);
  layout_field(c, ORDER_VALIDITY + 2, 62, 187.6,
               l->t->single_journey ? WORD_validity : WORD_valid_from, l);
  layout_field(c, ORDER_VALIDITY + 4, 115, 187.6, WORD_valid_until, l);
  if (l->t->single_journey) {
    single_journey(c, l);
    layout_field(c, ORDER_BASIS, 15, 200.4, WORD_fixed_route, l);
    canvas_rule(c, 15, 195, 215.2, 0.12);
    return;
  }
  layout_field(c, ORDER_BASIS, 15, 200.4, WORD_authority_place, l);
  layout_field(c, ORDER_BASIS + 2, 115, 200.4, WORD_area, l);
  layout_field(c, ORDER_BASIS + 4, 157, 200.4, WORD_legal_basis, l);
  canvas_rule(c, 15, 195, 207.6, 0.12);
}

static void duty_desk(struct canvas *c, const struct layout *l) {
  const char *telephone = l->house->duty_telephone;
  if (telephone && *telephone) {
    c->band = BAND_FOOT;
    canvas_open(c, "P", ORDER_FOOT);
    double w = canvas_pair(c, 115, 278.45, style_small, style_small_en, LAYOUT_PAIR(l, duty_desk));
    canvas_text(c, 115 + w + 1.6, 278.45, (struct style){FACE_SANS_BOLD, 6.4}, telephone);
    canvas_artifact(c);
  }
}

static void checking(struct canvas *c, const struct layout *l) {
  c->band = BAND_SIGNATURE;
  layout_checking(c, l, 142, 214.2 + lowered(l), 3.6, 53, ORDER_CHECKING);
}

/* What depends on who issues alone. */
static void house(struct canvas *c, const struct layout *l) {
  layout_letterhead(c, l);
  c->band = BAND_SIGNATURE;
  layout_seal(c, l, 28, 230 + lowered(l), 13);
  if (!l->t->checking_personal) {
    checking(c, l);
  }
  duty_desk(c, l);
}

static void proves_nothing(struct canvas *c, const struct layout *l) {
  double y = l->t->single_journey ? 267.4 : 263.2;
  canvas_open(c, "P", ORDER_COUNTERSIGNED + 4);
  canvas_text_in(c, c->languages[0], 45, y, style_small, LAYOUT_WORD(l, proves_nothing).first);
  canvas_text_in(c, c->languages[1], 45, y + 2.9, style_small_en,
                 LAYOUT_WORD(l, proves_nothing).second);
  canvas_artifact(c);
}

void letter_static(struct canvas *c, const struct layout *l) {
  layout_letterhead_static(c, l, 27);
  layout_strip_static(c, l);
  layout_strip_captions(c, l, WORD_version, 157, WORD_code);
  c->band = BAND_UPPER;
  identity_field(c, l, ORDER_IDENTITY, 56, 0, WORD_surname);
  identity_field(c, l, ORDER_IDENTITY + 4, 56, 2, WORD_birth_date);
  identity_field(c, l, ORDER_IDENTITY + 6, 115, 2, WORD_sex);
  identity_field(c, l, ORDER_IDENTITY + 8, 137, 2, WORD_nationality);
  identity_field(c, l, ORDER_IDENTITY + 14, 115, 3, WORD_holder_signature);
  c->band = BAND_MIDDLE;
  canvas_ornament(c, "panel", 105, 148.5, l->ornaments->panel_letter);
  if (!l->t->clause_filled) {
    clause(c, l, false);
  }
  validity_static(c, l);
  c->band = BAND_SIGNATURE;
  layout_field(c, ORDER_AUTHORITY, 15, 214.2 + lowered(l), WORD_for_authority, l);
  if (l->variant != LAYOUT_DRAFT) {
    proves_nothing(c, l);
  }
  layout_form(c, l, 115, ORDER_FOOT + 2);
  layout_housed(c, l, house);
}

/* ---- the document's own half ---- */

/* 13 pt to 113 wide, else 10.5, else two lines of 9.2 pt (11.5, 10.5 and 8.4 beside a third language): never condensed, never
 * cut. */
static void name_value(struct canvas *c, const struct layout *l, int row, const char *name) {
  const struct identity_row *r = row_for(l);
  double y = row_y(row);
  for (int i = 0; i < 2; i++) {
    const struct style style = {FACE_SANS_BOLD, r->sizes[i]};
    if (canvas_width(c, style, name) <= 113) {
      canvas_text(c, 56, y + r->value, style, name);
      return;
    }
  }
  const struct style style = {FACE_SANS_BOLD, r->halves_pt};
  const char *lines[2];
  if (!canvas_halves(c, style, 113, name, lines)) {
    canvas_too_long(c, "a name");
    return;
  }
  canvas_text(c, 56, y + r->halves[0], style, lines[0]);
  canvas_text(c, 56, y + r->halves[1], style, lines[1]);
}

/* In place of a portrait, 35 by 45 mm from its lower left corner: an ornament, which documents share (0.01 mm). */
static const char silhouette[] =
    ".8902 .9176 .9294 rg 0 0 3500 4500 re f "
    ".6353 .7059 .7451 rg 30 0 m 30 640 460 860 920 940 c 1160 980 1250 1060 1250 1300 c "
    "1250 1900 l 2250 1900 l 2250 1300 l 2250 1060 2340 980 2580 940 c 3040 860 3470 640 "
    "3470 0 c h f "
    ".7255 .7804 .8118 rg 1750 4090 m 2360 4090 2750 3600 2750 2900 c 2750 2150 2360 1180 "
    "1750 1180 c 1140 1180 750 2150 750 2900 c 750 3600 1140 4090 1750 4090 c h f ";

static void portrait(struct canvas *c, const struct layout *l) {
  bool there = l->content->letter.holder.portrait_jpeg.n > 0;
  struct list_element e = {
      .type = "Figure",
      .order = ORDER_PORTRAIT,
      .alt = there ? LAYOUT_WORD(l, alt_portrait).first : LAYOUT_WORD(l, alt_no_portrait).first,
      .language = c->languages[0],
      .page = c->page};
  canvas_area(c, 15, 70, 35, 45, e.box);
  c->element = list_element(&c->list, &e);
  if (there) {
    struct list_item item = {
        .op = LIST_PICTURE, .page = c->page, .element = c->element, .x = e.box[0], .y = e.box[1]};
    item.picture.w = 35000, item.picture.h = 45000;
    list_put(&c->list, &item);
  } else {
    canvas_ornament(c, "silhouette", 15, 115,
                    sv_bytes_of((const uint8_t *)silhouette, sizeof silhouette - 1));
  }
  canvas_artifact(c);
}

static void identity(struct canvas *c, const struct layout *l) {
  const struct model_person *p = &l->content->letter.holder;
  const struct identity_row *r = row_for(l);
  portrait(c, l);
  canvas_open(c, "P", ORDER_IDENTITY + 1);
  c->path = c->path ? "safe_conduct.holder.surname" : NULL;
  name_value(c, l, 0, p->surname);
  if (*p->given_names) { /* an unused field has no caption */
    identity_field(c, l, ORDER_IDENTITY + 2, 56, 1, WORD_given_names);
    canvas_open(c, "P", ORDER_IDENTITY + 3);
    c->path = c->path ? "safe_conduct.holder.given_names" : NULL;
    name_value(c, l, 1, p->given_names);
  }
  canvas_open(c, "P", ORDER_IDENTITY + 5);
  canvas_text(c, 56, row_y(2) + r->value, style_value, layout_date(c, l, p->birth_date));
  canvas_open(c, "P", ORDER_IDENTITY + 7);
  canvas_text(c, 115, row_y(2) + r->value, style_value, p->sex);
  canvas_open(c, "P", ORDER_IDENTITY + 9);
  canvas_text(c, 137, row_y(2) + r->value, style_value, p->nationality);
  if (*p->native_name) {
    identity_field(c, l, ORDER_IDENTITY + 10, 56, 3, WORD_native_name);
    canvas_open(c, "P", ORDER_IDENTITY + 11);
    c->path = c->path ? "safe_conduct.holder.native_name" : NULL;
    canvas_within(c, 56, row_y(3) + r->native, 56, (struct style){FACE_SANS, 13.5}, 8.5,
                  "a name in its own script", p->native_name);
  } else if (l->t->single_journey) { /* its row of authority and place is the route's */
    const char *place = l->content->letter.issuing_place;
    identity_field(c, l, ORDER_IDENTITY + 10, 56, 3, WORD_authority);
    canvas_open(c, "P", ORDER_IDENTITY + 11);
    c->path = c->path ? "safe_conduct.issuing_place" : NULL;
    canvas_within(c, 56, row_y(3) + r->value, 56, style_value, 6.5, "a place of issue",
                  *place ? place : l->house->place);
  }
  canvas_artifact(c);
  layout_microtext(c, l, 115, 115.0, 80);
}

static const char *area_text(struct canvas *c, const struct layout *l) {
  const struct model_safe_conduct *m = &l->content->letter;
  if (!m->print_not_valid_for || m->not_valid_for.n == 0) {
    return l->t->area.first;
  }
  const char *text = LAYOUT_WORD(l, area_except).first;
  for (size_t i = 0; i < m->not_valid_for.n; i++) {
    text = layout_printf(c, "%s%s %s", text, i ? "," : "", m->not_valid_for.v[i]);
  }
  return text;
}

/* A value of the second row of the validity block, smaller when it must be. */
static void row_value(struct canvas *c, double x, double y, double width, const char *text) {
  static const double sizes[] = {9, 7.6, 6.4};
  for (int i = 0; i < 3; i++) {
    if (canvas_width(c, (struct style){FACE_SANS, sizes[i]}, text) <= width) {
      canvas_text(c, x, y, (struct style){FACE_SANS, sizes[i]}, text);
      return;
    }
  }
  canvas_too_long(c, "a value of the validity block");
}

static void basis(struct canvas *c, const struct layout *l) {
  const struct model_safe_conduct *m = &l->content->letter;
  const char *place = *m->issuing_place ? m->issuing_place : l->house->place;
  const char *law = "";
  for (size_t i = 0; i < l->t->basis_n; i++) {
    if (strcmp(l->t->bases[i].id, m->legal_basis) == 0) {
      law = l->t->bases[i].text.first;
    }
  }
  canvas_open(c, "P", ORDER_BASIS + 1);
  c->path = c->path ? "safe_conduct.issuing_place" : NULL;
  row_value(c, 15, 205.0, 97,
            layout_printf(c, "%s, %s", layout_own(l, 0).name, place ? place : ""));
  canvas_open(c, "P", ORDER_BASIS + 3);
  c->path = c->path ? "safe_conduct.not_valid_for" : NULL;
  row_value(c, 115, 205.0, 41, area_text(c, l));
  canvas_open(c, "P", ORDER_BASIS + 5);
  row_value(c, 157, 205.0, 38, law);
  canvas_artifact(c);
}

static void stop(struct canvas *c, const struct layout *l, size_t i, size_t n, double x) {
  const char *code = l->content->letter.route.v[i], *place = template_place_name(l->captions, code);
  bool first = i == 0, last = i + 1 == n;
  double dot = first ? x + 1.2 : last ? x - 1.2 : x;
  place = place ? place : "";
  const struct style strong = {FACE_SANS_BOLD, 10.5};
  const double apart = 180.0 / (double)(n > 1 ? n - 1 : 1) - 1; /* the ends are not centred */
  const struct style small =
      layout_fitted(c, (struct style){FACE_SANS, 7.6}, place, apart / (n > 2 ? 1.5 : 2));
  if (first || last) {
    canvas_circle(c, dot, 204.4, 1.2, 0);
  } else {
    c->ink = INK_WHITE;
    canvas_circle(c, dot, 204.4, 1.2, 0);
    c->ink = INK_BLACK;
    canvas_circle(c, dot, 204.4, 1.2, 0.5);
  }
  const struct pair *what = first  ? NULL
                            : last ? &LAYOUT_WORD(l, destination)
                                   : &LAYOUT_WORD(l, transit);
  canvas_open(c, "P", ORDER_BASIS + 1 + (uint32_t)i);
  if (first) {
    canvas_text(c, x, 209.9, strong, code);
    canvas_text(c, x, 213.4, small, place);
  } else if (last) {
    canvas_text_right(c, x, 209.9, strong, code);
    canvas_text_right(c, x, 213.4, small, place);
    canvas_pair_right(c, x, 201.7, style_caption, style_caption, what->first, what->second);
  } else {
    canvas_text_centre(c, x, 209.9, strong, code);
    canvas_text_centre(c, x, 213.4, small, place);
    canvas_pair_centre(c, x, 201.7, style_caption, style_caption, what->first, what->second);
  }
  canvas_artifact(c);
}

static void route(struct canvas *c, const struct layout *l) {
  size_t n = l->content->letter.route.n;
  canvas_rule(c, 15, 195, 204.4, 0.5);
  for (size_t i = 0; i < n; i++) {
    double x = n > 1 ? 15 + 180.0 * (double)i / (double)(n - 1) : 15;
    if (i > 0) {
      double middle = x - 90.0 / (double)(n - 1);
      canvas_triangle(c, middle - 0.4, 203.2, middle + 1.7, 204.4, middle - 0.4, 205.6);
    }
    stop(c, l, i, n, x);
  }
}

static void validity(struct canvas *c, const struct layout *l) {
  const struct model_safe_conduct *m = &l->content->letter;
  const struct style date = {FACE_SANS, 12};
  const char *issued = l->issue->issue_date && *l->issue->issue_date ? l->issue->issue_date : "—";
  canvas_open(c, "P", ORDER_VALIDITY + 1);
  canvas_text(c, 15, 193.6, date, layout_date(c, l, issued));
  if (!l->t->single_journey) {
    canvas_open(c, "P", ORDER_VALIDITY + 3);
    canvas_text(c, 62, 193.6, date, layout_date(c, l, m->valid_from));
  }
  canvas_open(c, "P", ORDER_VALIDITY + 5);
  canvas_text(c, 115, 194.0, (struct style){FACE_SANS_BOLD, 17}, layout_date(c, l, m->valid_until));
  canvas_artifact(c);
}

static void countersigner(struct canvas *c, const struct layout *l) {
  if (l->issue->approval_count == 0) {
    return;
  }
  const struct model_officer *o = &l->issue->approvals[l->issue->approval_count - 1].officer;
  double dy = l->t->single_journey ? 5.2 : 0;
  layout_field(c, ORDER_COUNTERSIGNED, 45, 250.0 + dy, WORD_countersigned, l);
  canvas_open(c, "P", ORDER_COUNTERSIGNED + 1);
  canvas_text(c, 45, 253.9 + dy, layout_fitted(c, style_head, o->name, 65), o->name);
  layout_posts(c, l, 45, 257.9 + dy, 65, (struct style){FACE_SANS, 8},
               (struct style){FACE_SANS_ITALIC, 8}, o);
  canvas_artifact(c);
}

static void signature(struct canvas *c, const struct layout *l) {
  double dy = lowered(l);
  if (l->variant == LAYOUT_DRAFT) {
    canvas_open(c, "P", ORDER_COUNTERSIGNED);
    canvas_text_in(c, c->languages[0], 45, 220.8 + dy, style_strong,
                   LAYOUT_WORD(l, awaiting).first);
    canvas_text_in(c, c->languages[1], 45, 224.9 + dy, (struct style){FACE_SANS_ITALIC, 8},
                   LAYOUT_WORD(l, awaiting).second);
    canvas_artifact(c);
    canvas_rule(c, 45, 95, 231 + dy, 0.12);
    return;
  }
  const struct model_officer *o = &l->issue->signatory;
  uint16_t page = c->page;
  c->page = l->request->contents_room ? LIST_APPEARANCE : page;
  if (c->page == page) {
    canvas_open(c, "P", ORDER_AUTHORITY + 1);
  }
  canvas_text(c, 45, 220.8 + dy, layout_fitted(c, style_strong, o->name, 50), o->name);
  for (size_t i = 0; i < 2; i++) {
    struct layout_post own = layout_post(l, o, i);
    struct style style = {i ? FACE_SANS_ITALIC : FACE_SANS, 8};
    canvas_text_in(c, own.language, 45, (i ? 228.5 : 224.9) + dy,
                   layout_fitted(c, style, own.post, 50), own.post);
  }
  canvas_rule(c, 45, 95, 231 + dy, 0.12);
  layout_signature_lines(c, l, 45, 234.5 + dy, 2.95, 50);
  c->page = page;
  canvas_artifact(c);
  countersigner(c, l);
}

static void mrz(struct canvas *c, const struct layout *l) {
  c->band = BAND_MRZ;
  if (l->variant == LAYOUT_DRAFT || !l->request->mrz[0] || !l->request->mrz[1]) {
    canvas_open(c, "P", ORDER_MRZ);
    canvas_pair(c, 5, 284.4, style_small, style_small_en, LAYOUT_PAIR(l, mrz_at_issue));
    canvas_artifact(c);
    return;
  }
  const struct style ocr = {FACE_OCR_B, 9.9585};
  double x =
      5.0 - canvas_bearing(c, ocr, l->request->mrz[0]); /* the ink of the first character at 5.0 */
  for (int i = 0; i < 2; i++) {
    canvas_open(c, "P", ORDER_MRZ + (uint32_t)i);
    canvas_text(c, x, i == 0 ? 282.48 : 288.83, ocr, l->request->mrz[i]);
  }
  canvas_artifact(c);
}

void letter_draw(struct canvas *c, const struct layout *l) {
  layout_unhoused(c, l, house);
  layout_strip(c, l, layout_printf(c, "%u", l->issue->version), 157,
               layout_printf(c, "%s %s", l->t->document_code, l->content->letter.issuing_state));
  c->band = BAND_UPPER;
  layout_code(c, l, 195, 70, true, false, 22.0, ORDER_IDENTITY + 20);
  identity(c, l);
  if (l->t->clause_filled) {
    clause(c, l, true);
  }
  c->band = BAND_VALIDITY;
  validity(c, l);
  if (l->t->single_journey) {
    route(c, l);
  } else {
    basis(c, l);
  }
  c->path = NULL;
  c->band = BAND_SIGNATURE;
  signature(c, l);
  layout_code(c, l, 115, 212.4 + lowered(l), false, true, 22.0, ORDER_CHECKING - 4);
  if (l->t->checking_personal) {
    checking(c, l);
  }
  mrz(c, l);
}

void letter_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) {
  paper_area(paper_of(l->paper), l->t->blocks, BAND_SIGNATURE, 45, 214 + lowered(l), 50, 44, box);
  *ret_page = 1;
}
