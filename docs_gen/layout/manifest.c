/* The flight manifest: pages of lines for the roll-call at the stairs (design of the pages, section 8). The occupants
 * are in the order of the lines. */
#include "docs_gen/layout/manifest.h"

/* ---- pages ---- */

/* With more lines on the last page than the paper has room for above it, the closing block has a page of its own. */
uint32_t manifest_pages(const struct model_content *content) {
  const struct paper *paper = paper_of(content->paper);
  size_t a_page = paper->manifest_lines, n = content->manifest.occupant_count;
  size_t full = (n + a_page - 1) / a_page, last = n - (full ? full - 1 : 0) * a_page;
  return (uint32_t)(1 + full + (full == 0 || last > paper->manifest_closing_lines ? 1 : 0));
}

size_t manifest_page_lines(const struct model_content *content, uint32_t page, size_t *ret_first) {
  size_t a_page = paper_of(content->paper)->manifest_lines, n = content->manifest.occupant_count;
  *ret_first = 0;
  if (page < 2) {
    return 0;
  }
  size_t first = (size_t)(page - 2) * a_page;
  if (first >= n) {
    return 0;
  }
  *ret_first = first;
  return n - first < a_page ? n - first : a_page;
}

unsigned manifest_total(struct counts n) { return n.passengers + n.accompanying + n.crew; }

static char category_of(enum model_role role) {
  switch (role) {
    case MODEL_CREW:
      return 'C';
    case MODEL_RETURNEE:
    case MODEL_VOLUNTARY_RETURNEE:
      return 'P';
    default:
      return 'A';
  }
}

void manifest_count_one(struct counts *n, const struct model_occupant *o) {
  if (!o->offloaded) {
    char category = category_of(o->role);
    *(category == 'P' ? &n->passengers : category == 'A' ? &n->accompanying : &n->crew) += 1;
  }
}

struct counts manifest_count(const struct model_manifest *m, size_t first, size_t n) {
  struct counts counts = {0, 0, 0};
  for (size_t i = first; i < first + n; i++) {
    manifest_count_one(&counts, &m->occupants[i]);
  }
  return counts;
}

/* ---- shared by the cover and the closing page ---- */

static const struct style head = {FACE_SANS_BOLD, 6.4}, head_en = {FACE_SANS_ITALIC, 6.4};

/* A column head of two lines; align 0 left, 1 right, 2 centre. */
void manifest_column_head(struct canvas *c, double x, double y, int align,
                          const struct pair *words) {
  for (int i = 0; i < 2; i++) {
    const char *text = i ? words->second : words->first;
    const struct style style = i ? head_en : head;
    double width = canvas_width(c, style, text);
    canvas_text_in(c, i ? c->languages[1] : c->languages[0],
                   align == 0   ? x
                   : align == 1 ? x - width
                                : x - width / 2,
                   y + 2.8 * i, style, text);
  }
}

void manifest_block_head(struct canvas *c, uint32_t order, double x, double y,
                         const struct pair *words) {
  canvas_open(c, "H2", order);
  canvas_pair(c, x, y, style_head, style_head_en, words->first, words->second);
  canvas_artifact(c);
}

/* A head cell with scope Column. */
void manifest_open_head(struct canvas *c, uint32_t order, uint32_t row) {
  struct list_element e = {
      .type = "TH", .order = order, .parent = row, .scope = "Column", .page = c->page};
  c->element = list_element(&c->list, &e);
}

void manifest_open_group(struct canvas *c, const char *type, uint32_t order, uint32_t parent) {
  list_element(&c->list, &(struct list_element){
                             .type = type, .order = order, .parent = parent, .page = c->page});
}

const char *manifest_date(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  return m->leg_count ? layout_date(c, l, layout_printf(c, "%.10s", m->legs[0].departure_time))
                      : "";
}

void manifest_steps(struct canvas *c, const struct layout *l, const struct template_steps *s,
                    double x, double y, double indent, double width, bool numbered, double gap,
                    uint32_t order) {
  for (size_t i = 0; i < s->n; i++) {
    canvas_open(c, "P", order + (uint32_t)i);
    if (numbered) {
      canvas_printf(c, x, y, (struct style){FACE_SANS_BOLD, 6.8}, "%zu", i + 1);
    }
    c->language = c->languages[0];
    int n = canvas_paragraph(c, x + indent, y, 2.95, style_note, width - indent,
                             layout_filled(c, l, s->v[i].first), 3);
    y += (n > 0 ? n : 1) * 2.95;
    c->language = c->languages[1];
    int m = canvas_paragraph(c, x + indent, y, 2.95, style_note_en, width - indent,
                             layout_filled(c, l, s->v[i].second), 3);
    y += (m > 0 ? m : 1) * 2.95 + gap;
    c->language = NULL;
    if (n < 0 || m < 0) {
      canvas_no_room(c, "a rule of the manifest", n < 0 ? s->v[i].first : s->v[i].second);
    }
  }
  canvas_artifact(c);
}

/* Stop i of the route, from 0 to the number of legs. */
static const char *manifest_stop(const struct model_manifest *m, size_t i) {
  return i < m->leg_count ? m->legs[i].from : m->legs[i - 1].to;
}

/* ---- table pages ---- */

/* Column heads: cells of the table on its first page, an artifact of pagination on the others. */
static void table_heads(struct canvas *c, const struct layout *l, bool first) {
  static const struct {
    enum template_word word;
    double x;
    int align;
  } heads[] = {{WORD_line_number, 22, 1},     {WORD_surname, 25, 0},
               {WORD_given_names, 73, 0},     {WORD_category, 117.5, 2},
               {WORD_from_to, 124, 0},        {WORD_seat, 146.5, 2},
               {WORD_bags, 156.5, 2},         {WORD_identity_box, 166, 2},
               {WORD_on_board_box, 175.5, 2}, {WORD_note, 181.5, 0}};
  const struct style group = {FACE_SANS_BOLD, 6.4}, group_en = {FACE_SANS_BOLD_ITALIC, 6.4};
  c->pagination = !first;
  if (first) {
    manifest_open_group(c, "Table", ORDER_TABLE, 0);
    manifest_open_group(c, "TR", ORDER_TABLE + 1, ORDER_TABLE);
  }
  canvas_artifact(c);
  canvas_pair_centre(c, 170.75, 37.7, group, group_en, LAYOUT_PAIR(l, roll_call));
  canvas_rule(c, 162.6, 178.9, 38.5, 0.12);
  for (uint32_t i = 0; i < 10; i++) {
    if (first) {
      manifest_open_head(c, ORDER_TABLE + 2 + i, ORDER_TABLE + 1);
    }
    manifest_column_head(c, heads[i].x, 41.0, heads[i].align, &l->captions->words[heads[i].word]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, manifest_table_top, 0.3);
}

static void page_foot(struct canvas *c, const struct layout *l);

/* Whether the foot of a page in the middle is the same in every document: a template may put its fields there. */
static bool foot_is_fixed(const struct layout *l) {
  bool fixed = true;
  for (size_t i = 0; i < l->t->stairs.n; i++) {
    fixed =
        fixed && !strstr(l->t->stairs.v[i].first, "{{") && !strstr(l->t->stairs.v[i].second, "{{");
  }
  return fixed;
}

static void page_static(struct canvas *c, const struct layout *l, enum layout_part part) {
  layout_later_head_static(c, l);
  c->pagination = true;
  canvas_rule(c, 15, 195, 35.0, 0.3);
  c->band = BAND_FOOT;
  canvas_text(c, 15, 286.8, style_small, l->t->form.first);
  c->band = BAND_HEAD;
  c->pagination = false;
  if (part == LAYOUT_CLOSING) {
    return; /* which may have no line */
  }
  c->kerned = part == LAYOUT_SECOND;
  table_heads(c, l, part == LAYOUT_SECOND);
  c->pagination = false;
  if (part == LAYOUT_LATER && foot_is_fixed(l)) {
    page_foot(c, l);
  }
}

void manifest_static(struct canvas *c, const struct layout *l, enum layout_part part) {
  if (part == LAYOUT_FIRST || part == LAYOUT_ONLY) {
    manifest_cover_static(c, l);
  } else {
    page_static(c, l, part);
  }
}

bool manifest_shows(const struct layout *l, enum model_shown field) {
  return model_shows(l->issue->audience, field);
}

const struct pair *manifest_recipient(const struct layout *l) {
  switch (l->issue->audience) {
    case MODEL_GATE:
      return &LAYOUT_WORD(l, for_gate);
    case MODEL_OPERATOR:
      return &LAYOUT_WORD(l, for_operator);
    case MODEL_DESTINATION:
      return &LAYOUT_WORD(l, for_destination);
    default:
      return &l->t->recipient;
  }
}

void manifest_extract_bar(struct canvas *c, const struct layout *l) {
  if (l->issue->audience <= MODEL_AUTHORITY) {
    return;
  }
  const struct style es = {FACE_SANS_BOLD, 7.6}, en = {FACE_SANS_BOLD_ITALIC, 7.6};
  const struct pair *to = manifest_recipient(l), *what = &LAYOUT_WORD(l, extract);
  canvas_artifact(c);
  c->band = BAND_HEAD;
  canvas_bar(c, 15, 4.6, 180, 4.4);
  c->ink = INK_WHITE;
  if (c->page == 1) {
    canvas_open(c, "P", ORDER_EXTRACT);
  }
  const struct pair *for_whom = &LAYOUT_WORD(l, sheet_for);
  canvas_text_in(c, c->languages[0], 17, 7.7, es,
                 layout_printf(c, "%s %s", for_whom->first, to->first));
  canvas_text_in(c, c->languages[1], 47, 7.7, en,
                 layout_printf(c, "%s %s", for_whom->second, to->second));
  canvas_pair_right(c, 193, 7.7, (struct style){FACE_SANS, 6.8},
                    (struct style){FACE_SANS_ITALIC, 6.8}, what->first, what->second);
  canvas_artifact(c);
  c->ink = INK_BLACK;
}

static double arrow(struct canvas *c, double x) {
  canvas_line(c, x + 2.0, 30.0, x + 5.4, 30.0, 0.35);
  canvas_triangle(c, x + 4.6, 29.1, x + 6.4, 30.0, x + 4.6, 30.9);
  return x + 8.2;
}

/* Every stop, or where there is no room for all the first and the last: the cover has the legs. */
static void route(struct canvas *c, const struct model_manifest *m, double x, double right) {
  double width = 0;
  for (size_t i = 0; i <= m->leg_count && m->leg_count; i++) {
    width += canvas_width(c, style_strong, manifest_stop(m, i)) + (i ? 8.2 : 0);
  }
  bool all = x + width <= right;
  for (size_t i = 0; i <= m->leg_count && m->leg_count; i++) {
    bool left_out = !all && i > 0 && i < m->leg_count;
    if (left_out && i > 1) {
      continue;
    }
    x = i > 0 ? arrow(c, x) : x;
    x += canvas_text(c, x, 31.2, style_strong, left_out ? "…" : manifest_stop(m, i));
  }
}

static void running_head(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  c->pagination = true;
  canvas_artifact(c);
  manifest_extract_bar(c, l);
  const char *number = l->variant == LAYOUT_DRAFT ? LAYOUT_WORD(l, draft_mark).first
                                                  : layout_number(c, l->issue->number);
  layout_running_head(
      c, l, number,
      layout_printf(c, "%s %u · %s %u · %s %s", LAYOUT_WORD(l, sheet_version).first,
                    l->issue->version, LAYOUT_WORD(l, sheet_copy).first, l->issue->copy,
                    LAYOUT_WORD(l, sheet_for).first, manifest_recipient(l)->first));
  const char *of = layout_printf(c, "%u / %u", c->page, l->page_count);
  const struct style page = {FACE_SANS_BOLD, 13}, flight = {FACE_SANS_BOLD, 17};
  double right = 195 - canvas_text_right(c, 195, 31.2, page, of) - 2.2;
  right -= canvas_pair_right(c, right, 31.2, style_caption, style_caption_en, LAYOUT_PAIR(l, page));
  double x = 15 + canvas_text(c, 15, 31.2, layout_fitted(c, flight, m->flight_number, 40),
                              m->flight_number);
  x += 4.2 + canvas_text(c, x + 4.2, 31.2, style_strong, manifest_date(c, l));
  route(c, m, x + 13.6, right - 3);
  c->pagination = false;
}

/* 9 pt, 8.4 pt, two lines of 7.6 pt: no shrinking below. */
static void line_name(struct canvas *c, double x, double y, double width, enum face_id face,
                      const char *text) {
  static const double sizes[] = {9, 8.4};
  for (int i = 0; i < 2; i++) {
    if (canvas_width(c, (struct style){face, sizes[i]}, text) <= width) {
      canvas_text(c, x, y + 5.1, (struct style){face, sizes[i]}, text);
      return;
    }
  }
  const char *lines[2];
  if (!canvas_halves(c, (struct style){face, 7.6}, width, text, lines)) {
    canvas_too_long(c, "a name on a line");
    return;
  }
  canvas_text(c, x, y + 3.6, (struct style){face, 7.6}, lines[0]);
  canvas_text(c, x, y + 6.7, (struct style){face, 7.6}, lines[1]);
}

static void strike_boxes(struct canvas *c, double y) {
  static const double xs[] = {163.5, 173.0};
  for (int i = 0; i < 2; i++) {
    canvas_line(c, xs[i], y + 6.4, xs[i] + 5.0, y + 1.4, 0.22);
  }
}

/* Rules and boxes are drawings that all documents share: a page of lines has them in five or six pieces. */
static void table_lines(struct canvas *c, const struct layout *l, size_t n) {
  canvas_artifact(c);
  for (size_t k = 0; k < n;) {
    bool many = n - k >= LAYOUT_ROLL_LINES;
    canvas_ornament(c, many ? "lines" : "line", 105,
                    manifest_table_top + manifest_row_height * (double)k,
                    many ? l->ornaments->roll_lines : l->ornaments->roll_line);
    k += many ? LAYOUT_ROLL_LINES : 1;
  }
}

static void offloaded_line(struct canvas *c, const struct layout *l, double y, uint32_t row) {
  canvas_open_in(c, "TD", row + 2, row);
  canvas_pair(c, 25, y + 5.1, (struct style){FACE_SANS_BOLD, 8.6},
              (struct style){FACE_SANS_BOLD_ITALIC, 8.6}, LAYOUT_PAIR(l, offloaded));
  for (uint32_t i = 3; i < 8; i++) { /* cells that have lost everything */
    manifest_open_group(c, "TD", row + i, row);
  }
  canvas_artifact(c);
  canvas_rule(c, 73, 158.5, y + 3.9, 0.12);
  strike_boxes(c, y);
}

static const char *seat_text(const struct model_occupant *o) {
  for (size_t i = 0; i < o->service_codes.n; i++) {
    if (strcmp(o->service_codes.v[i], "INFT") == 0) {
      return "INF";
    }
  }
  return o->role == MODEL_CREW && !*o->seat ? "—" : o->seat;
}

static void occupant_line(struct canvas *c, const struct layout *l, size_t i, double y,
                          uint32_t row) {
  const struct model_occupant *o = &l->content->manifest.occupants[i];
  static const char categories[][2] = {"P", "A", "C"};
  char category = category_of(o->role);
  c->path = c->path ? layout_printf(c, "flight_manifest.occupants[%zu].person.surname", i) : NULL;
  canvas_open_in(c, "TD", row + 2, row);
  line_name(c, 25, y, 45.5, FACE_SANS_BOLD, o->person.surname);
  c->path =
      c->path ? layout_printf(c, "flight_manifest.occupants[%zu].person.given_names", i) : NULL;
  canvas_open_in(c, "TD", row + 3, row);
  line_name(c, 73, y, 39, FACE_SANS, o->person.given_names);
  canvas_open_in(c, "TD", row + 4, row);
  canvas_text_centre(c, 117.5, y + 5.1, style_head,
                     categories[category == 'P'   ? 0
                                : category == 'A' ? 1
                                                  : 2]);
  canvas_open_in(c, "TD", row + 5, row);
  canvas_text(c, 124, y + 5.1, (struct style){FACE_SANS, 8.6},
              layout_printf(c, "%s–%s", o->embark, o->debark));
  canvas_open_in(c, "TD", row + 6, row);
  canvas_text_centre(c, 146.5, y + 5.1, (struct style){FACE_SANS, 9}, seat_text(o));
  canvas_open_in(c, "TD", row + 7, row);
  canvas_text_centre(c, 156.5, y + 5.1, (struct style){FACE_SANS, 9},
                     manifest_shows(l, MODEL_SHOWN_BAGS) ? layout_printf(c, "%u", o->bags) : "");
}

static void table_rows(struct canvas *c, const struct layout *l, size_t first, size_t n) {
  table_lines(c, l, n);
  for (size_t k = 0; k < n; k++) {
    size_t i = first + k;
    const struct model_occupant *o = &l->content->manifest.occupants[i];
    double y = manifest_table_top + manifest_row_height * (double)k;
    uint32_t row = ORDER_LINES + 20 * (uint32_t)i;
    manifest_open_group(c, "TR", row, ORDER_TABLE);
    if (o->changed) {
      canvas_bar(c, 11.6, y + 1, 0.9, manifest_row_height - 2);
    }
    struct list_element number = {
        .type = "TH", .order = row + 1, .parent = row, .scope = "Row", .page = c->page};
    c->element = list_element(&c->list, &number);
    canvas_text_right(c, 22, y + 5.1, (struct style){FACE_SANS_BOLD, 8.6},
                      layout_printf(c, "%zu", i + 1));
    if (o->offloaded) {
      offloaded_line(c, l, y, row);
    } else {
      occupant_line(c, l, i, y, row);
    }
    for (uint32_t box = 8; box < 11; box++) { /* the cells for a pen */
      manifest_open_group(c, "TD", row + box, row);
    }
  }
  canvas_artifact(c);
}

/* "P 19  A 5  C 0  = 24" and two boxes to write in. */
void manifest_page_count(struct canvas *c, const struct layout *l, struct counts n, double y) {
  const struct style strong = {FACE_SANS_BOLD, 8.4}, plain = {FACE_SANS, 8.4};
  uint32_t order = ORDER_PAGE_FOOT + FOOT_STEP * c->page;
  canvas_open(c, "P", order);
  canvas_pair(c, 15, y, (struct style){FACE_SANS_BOLD, 7.6},
              (struct style){FACE_SANS_BOLD_ITALIC, 7.6}, LAYOUT_PAIR(l, on_this_page));
  const unsigned v[] = {n.passengers, n.accompanying, n.crew};
  static const double xs[] = {73, 86, 98};
  static const char letters[][2] = {"P", "A", "C"};
  for (int i = 0; i < 3; i++) {
    double w = canvas_text(c, xs[i], y, strong, letters[i]);
    canvas_text(c, xs[i] + w + 2.1, y, plain, layout_printf(c, "%u", v[i]));
  }
  canvas_printf(c, 109, y, strong, "= %u", manifest_total(n));
  canvas_open(c, "P", order + 1);
  canvas_pair_right(c, 159, y, (struct style){FACE_SANS, 7.4},
                    (struct style){FACE_SANS_ITALIC, 7.4}, LAYOUT_PAIR(l, counted));
  const char *total = layout_printf(c, "%u", manifest_total(n));
  double w = canvas_width(c, strong, total), x = 180.9;
  x += 1.2 + canvas_pair_within(c, x, y, 195 - x - 1.2 - w, (struct style){FACE_SANS, 7.6},
                                (struct style){FACE_SANS_ITALIC, 7.6}, LAYOUT_PAIR(l, of));
  canvas_text(c, x, y, strong, total);
  canvas_artifact(c);
  canvas_box(c, 161.8, y - 4.0, 8.4, 5.6, 0.3);
  canvas_box(c, 171.3, y - 4.0, 8.4, 5.6, 0.3);
}

static void page_foot(struct canvas *c, const struct layout *l) {
  static const enum template_word words[] = {WORD_category_p, WORD_category_a, WORD_category_c};
  static const char letters[][2] = {"P", "A", "C"};
  const struct style strong = {FACE_SANS_BOLD, 7.2}, strong_en = {FACE_SANS_BOLD_ITALIC, 7.2};
  uint32_t order = ORDER_PAGE_FOOT + 2;
  c->band = BAND_FOOT;
  c->each_page = FOOT_STEP;
  canvas_open(c, "P", order);
  canvas_pair(c, 15, 252.8, strong, strong_en, LAYOUT_PAIR(l, categories));
  for (uint32_t i = 0; i < 3; i++) {
    canvas_open(c, "P", order + 1 + i);
    double y = 256.4 + 3.4 * i;
    canvas_text(c, 15, y, strong, letters[i]);
    canvas_pair(c, 19, y, (struct style){FACE_SANS, 7.2}, (struct style){FACE_SANS_ITALIC, 7.2},
                l->captions->words[words[i]].first, l->captions->words[words[i]].second);
  }
  canvas_open(c, "P", order + 5);
  canvas_text_in(c, c->languages[0], 15, 268.0, style_note, LAYOUT_WORD(l, margin_bar).first);
  canvas_text_in(c, c->languages[1], 15, 270.95, style_note_en, LAYOUT_WORD(l, margin_bar).second);
  canvas_open(c, "P", order + 6);
  canvas_pair(c, 84, 252.8, strong, strong_en, LAYOUT_PAIR(l, stairs));
  manifest_steps(c, l, &l->t->stairs, 84, 256.4, 0, 79, false, 0.9, order + 7);
  c->each_page = 0;
}

void manifest_draw(struct canvas *c, const struct layout *l) {
  manifest_cover(c, l);
  for (uint16_t page = 2; page <= l->page_count; page++) {
    size_t first, n = manifest_page_lines(l->content, page, &first);
    c->page = page;
    c->band = BAND_HEAD;
    running_head(c, l);
    if (page > 2 && page == l->page_count && n) {
      table_heads(c, l, false);
      c->pagination = false;
    }
    table_rows(c, l, first, n);
    c->path = c->path ? "" : NULL;
    if (page == l->page_count) {
      manifest_closing(c, l);
    } else {
      c->band = BAND_COUNT;
      manifest_page_count(c, l, manifest_count(&l->content->manifest, first, n), 245.4);
      if (page == 2 || !foot_is_fixed(l)) {
        page_foot(c, l);
      }
    }
    c->band = BAND_FOOT;
    layout_code(c, l, 195, 250.6, true, true, 30.5,
                ORDER_PAGE_FOOT + FOOT_STEP * (uint32_t)page + 30);
  }
  c->page = 1;
}

void manifest_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) {
  paper_area(paper_of(l->paper), l->t->blocks, BAND_HEAD, 44, manifest_authority_top(l) + 5, 66, 24,
             box);
  *ret_page = (uint16_t)l->page_count;
}
