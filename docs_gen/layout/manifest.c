/* The flight manifest: a cover that names nobody, pages of 25 lines, a closing block on the last page or on one of its
 * own (design of the pages, section 8). The occupants are in the order of the lines. */
#include "base/clock.h"
#include "docs_gen/layout/layout.h"

enum {
  LINES_A_PAGE = 25,
  CLOSING_LINES_MOST = 11, /* with more on the last page the closing block has a page of its own */
  ORDER_FLIGHT = 30,
  ORDER_LEGS = 100,
  ORDER_COUNTS = 300,
  ORDER_VERSIONS = 320,
  ORDER_RULES = 500,
  ORDER_CODE = 600,
  ORDER_CHECKING = 610,
  ORDER_FORM = 640,
  ORDER_TABLE = 1000,
  ORDER_LINES = 1100,      /* 20 a line */
  ORDER_PAGE_FOOT = 20000, /* 40 a page */
  ORDER_CLOSING = 30000,
  ORDER_BEHIND = LAYOUT_SIGNATURE_ORDER + 10,
};

static const double row_height = 7.8, table_top = 45.4;

/* ---- pages ---- */

uint32_t manifest_pages(const struct model_manifest *m) {
  size_t n = m->occupant_count, full = (n + LINES_A_PAGE - 1) / LINES_A_PAGE;
  size_t last = n - (full ? full - 1 : 0) * LINES_A_PAGE;
  return (uint32_t)(1 + full + (full == 0 || last > CLOSING_LINES_MOST ? 1 : 0));
}

size_t manifest_page_lines(const struct model_manifest *m, uint32_t page, size_t *ret_first) {
  *ret_first = 0;
  if (page < 2) {
    return 0;
  }
  size_t first = (size_t)(page - 2) * LINES_A_PAGE;
  if (first >= m->occupant_count) {
    return 0;
  }
  *ret_first = first;
  size_t left = m->occupant_count - first;
  return left < LINES_A_PAGE ? left : LINES_A_PAGE;
}

struct counts {
  unsigned passengers, accompanying, crew;
};
static unsigned total(struct counts n) { return n.passengers + n.accompanying + n.crew; }

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

static void count(struct counts *n, const struct model_occupant *o) {
  if (!o->offloaded) {
    char category = category_of(o->role);
    *(category == 'P' ? &n->passengers : category == 'A' ? &n->accompanying : &n->crew) += 1;
  }
}

static struct counts count_range(const struct model_manifest *m, size_t first, size_t n) {
  struct counts counts = {0, 0, 0};
  for (size_t i = first; i < first + n; i++) {
    count(&counts, &m->occupants[i]);
  }
  return counts;
}

/* Who is on board on a leg: embarked at its start or before, not yet out. */
static struct counts count_leg(const struct model_manifest *m, size_t leg) {
  struct counts counts = {0, 0, 0};
  for (size_t i = 0; i < m->occupant_count; i++) {
    const struct model_occupant *o = &m->occupants[i];
    size_t in = 0, out = m->leg_count;
    for (size_t k = 0; k < m->leg_count; k++) {
      in = strcmp(m->legs[k].from, o->embark) == 0 ? k : in;
    }
    for (size_t k = m->leg_count; k > in; k--) {
      out = strcmp(m->legs[k - 1].to, o->debark) == 0 ? k : out;
    }
    if (in <= leg && leg < out) {
      count(&counts, o);
    }
  }
  return counts;
}

/* ---- cover, static half ---- */

static const struct style head = {FACE_SANS_BOLD, 6.4}, head_en = {FACE_SANS_ITALIC, 6.4};

/* A column head of two lines; align 0 left, 1 right, 2 centre. */
static void column_head(struct canvas *c, double x, double y, int align, const struct pair *words) {
  for (int i = 0; i < 2; i++) {
    const char *text = i ? words->en : words->es;
    const struct style style = i ? head_en : head;
    double width = canvas_width(c, style, text);
    canvas_text_in(c, i ? "en" : "es",
                   align == 0   ? x
                   : align == 1 ? x - width
                                : x - width / 2,
                   y + 2.8 * i, style, text);
  }
}

static void block_head(struct canvas *c, uint32_t order, double x, double y,
                       const struct pair *words) {
  canvas_open(c, "H2", order);
  canvas_pair(c, x, y, style_head, style_head_en, words->es, words->en);
  canvas_artifact(c);
}

/* A head cell with scope Column. */
static void open_head(struct canvas *c, uint32_t order, uint32_t row) {
  struct list_element e = {
      .type = "TH", .order = order, .parent = row, .scope = "Column", .page = c->page};
  c->element = list_element(&c->list, &e);
}

static void open_group(struct canvas *c, const char *type, uint32_t order, uint32_t parent) {
  list_element(&c->list, &(struct list_element){
                             .type = type, .order = order, .parent = parent, .page = c->page});
}

static void cover_counts_static(struct canvas *c, const struct layout *l) {
  static const double xs[] = {15, 115, 144, 177};
  const enum template_word words[] = {WORD_count_on_board, WORD_count_passengers,
                                      WORD_count_accompanying, WORD_count_crew};
  for (int i = 0; i < 4; i++) {
    const struct pair *p = &l->captions->words[words[i]];
    canvas_open(c, "P", ORDER_COUNTS + 2 * (uint32_t)i + 1);
    canvas_text_in(c, "es", xs[i], 156.1, (struct style){FACE_SERIF, 9.5}, p->es);
    canvas_text_in(c, "en", xs[i], 160.3, (struct style){FACE_SERIF_ITALIC, 9.5}, p->en);
  }
  canvas_artifact(c);
}

static void cover_static(struct canvas *c, const struct layout *l) {
  layout_letterhead_static(c, l, 25);
  layout_strip_static(c, l);
  layout_strip_captions(c, l, WORD_version, 150, WORD_recipient);
  layout_field(c, ORDER_FLIGHT, 15, 73.2, WORD_flight, l);
  layout_field(c, ORDER_FLIGHT + 2, 62, 73.2, WORD_date, l);
  layout_field(c, ORDER_FLIGHT + 4, 115, 73.2, WORD_operator, l);
  layout_field(c, ORDER_FLIGHT + 6, 115, 82.7, WORD_registration, l);
  layout_field(c, ORDER_FLIGHT + 8, 150, 82.7, WORD_seats, l);
  layout_field(c, ORDER_FLIGHT + 10, 172, 82.7, WORD_alternates, l);
  canvas_open(c, "P", ORDER_FORM);
  canvas_text_in(c, "es", 15, 281.85, style_small,
                 layout_printf(c, "%s %s", l->t->form.es, l->t->form_note.es));
  canvas_open(c, "P", ORDER_FORM + 1);
  canvas_text_in(c, "en", 15, 285.25, style_small_en,
                 layout_printf(c, "%s %s", l->t->form.en, l->t->form_note.en));
  canvas_artifact(c);
}

/* ---- cover, own half ---- */

static const char *clock_text(struct canvas *c, const char *time) { /* 07:30 -05:00, true minus */
  const char *offset = strlen(time) >= 22 ? time + strlen(time) - 6 : "";
  if (time[strlen(time) - 1] == 'Z') {
    return layout_printf(c, "%.5s UTC", time + 11);
  }
  return layout_printf(c, "%.5s %s%s", time + 11, *offset == '-' ? "−" : "+",
                       *offset ? offset + 1 : "");
}

static const char *flight_date(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  return m->leg_count ? layout_date(c, l, layout_printf(c, "%.10s", m->legs[0].departure_time))
                      : "";
}

static void cover_flight(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  canvas_open(c, "P", ORDER_FLIGHT + 1);
  canvas_text(c, 15, 81.6, (struct style){FACE_SANS_BOLD, 24}, m->flight_number);
  canvas_open(c, "P", ORDER_FLIGHT + 3);
  canvas_text(c, 62, 81.6, (struct style){FACE_SANS_BOLD, 12}, flight_date(c, l));
  canvas_open(c, "P", ORDER_FLIGHT + 5);
  double pt = 10.5;
  while (pt > 7 && canvas_width(c, (struct style){FACE_SANS, pt}, m->operator_name) > 80) {
    pt -= 0.5;
  }
  if (pt <= 7) {
    c->path = c->path ? "flight_manifest.operator" : NULL;
    canvas_too_long(c, "operator");
  }
  canvas_text(c, 115, 78.2, (struct style){FACE_SANS, pt}, m->operator_name);
  canvas_open(c, "P", ORDER_FLIGHT + 7);
  canvas_text(c, 115, 87.4, style_value, m->registration);
  canvas_open(c, "P", ORDER_FLIGHT + 9);
  canvas_printf(c, 150, 87.4, style_value, "%u", m->seats);
  canvas_open(c, "P", ORDER_FLIGHT + 11);
  const char *alternates = m->alternates.n ? m->alternates.v[0] : "—";
  for (size_t i = 1; i < m->alternates.n; i++) {
    alternates = layout_printf(c, "%s, %s", alternates, m->alternates.v[i]);
  }
  pt = 10.5;
  while (pt > 5.5 && canvas_width(c, (struct style){FACE_SANS, pt}, alternates) > 23) {
    pt -= 0.5;
  }
  canvas_text(c, 172, 87.4, (struct style){FACE_SANS, pt}, alternates);
  canvas_artifact(c);
}

static const double leg_pitch_two = 8.0, leg_pitch_more = 5.4;

/* How much lower than the plan the cover stands below its legs. */
static double below_legs(const struct model_manifest *m) {
  return m->leg_count > 3 ? (double)(m->leg_count - 3) * leg_pitch_more : 0;
}

static void place(struct canvas *c, const struct layout *l, double x, double y, const char *code) {
  double w = canvas_text(c, x, y, style_strong, code);
  const char *name = template_place_name(l->captions, code);
  if (name) {
    canvas_text(c, x + (w < 8.5 ? 10 : w + 1.5), y, (struct style){FACE_SANS, 8}, name);
  }
}

static void leg_row(struct canvas *c, const struct layout *l, size_t i, double y) {
  const struct model_leg *leg = &l->content->manifest.legs[i];
  struct counts n = count_leg(&l->content->manifest, i);
  uint32_t row = ORDER_LEGS + 20 + 20 * (uint32_t)i;
  open_group(c, "TR", row, ORDER_LEGS + 1);
  canvas_open_in(c, "TD", row + 1, row);
  place(c, l, 15, y, leg->from);
  canvas_open_in(c, "TD", row + 2, row);
  place(c, l, 52, y, leg->to);
  canvas_open_in(c, "TD", row + 3, row);
  canvas_text(c, 84, y, (struct style){FACE_SANS, 8.6}, clock_text(c, leg->departure_time));
  canvas_open_in(c, "TD", row + 4, row);
  canvas_text(c, 112, y, (struct style){FACE_SANS, 8.6}, clock_text(c, leg->arrival_time));
  const unsigned v[] = {n.passengers, n.accompanying, n.crew, total(n)};
  static const double xs[] = {150, 167, 180, 195};
  for (uint32_t k = 0; k < 4; k++) {
    canvas_open_in(c, "TD", row + 5 + k, row);
    canvas_text_right(c, xs[k], y, k == 3 ? style_strong : style_value,
                      layout_printf(c, "%u", v[k]));
  }
  canvas_artifact(c);
}

static void cover_legs(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  static const enum template_word words[] = {WORD_from,    WORD_to,         WORD_departure,
                                             WORD_arrival, WORD_passengers, WORD_accompanying,
                                             WORD_crew,    WORD_on_board};
  static const double xs[] = {15, 52, 84, 112, 150, 167, 180, 195};
  double pitch = m->leg_count > 2 ? leg_pitch_more : leg_pitch_two;
  canvas_rule(c, 15, 195, 93, 0.5);
  block_head(c, ORDER_LEGS, 15, 98.1, &LAYOUT_WORD(l, legs));
  open_group(c, "Table", ORDER_LEGS + 1, 0);
  open_group(c, "TR", ORDER_LEGS + 2, ORDER_LEGS + 1);
  for (uint32_t i = 0; i < 8; i++) {
    open_head(c, ORDER_LEGS + 3 + i, ORDER_LEGS + 2);
    column_head(c, xs[i], 102.8, i > 3, &l->captions->words[words[i]]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, 107.6, 0.3);
  for (size_t i = 0; i < m->leg_count; i++) {
    double y = m->leg_count > 2 ? 111.4 + (double)i * pitch : 112.6 + (double)i * pitch;
    leg_row(c, l, i, y);
    canvas_rule(c, 15, 195, m->leg_count > 2 ? y + 1.6 : y + 3.0, 0.12);
  }
}

static void cover_counts(struct canvas *c, const struct layout *l, double dy) {
  const struct model_manifest *m = &l->content->manifest;
  struct counts n = count_range(m, 0, m->occupant_count);
  const unsigned v[] = {total(n), n.passengers, n.accompanying, n.crew};
  static const double xs[] = {15, 115, 144, 177};
  canvas_artifact(c);
  canvas_ornament(c, "panel", 105, 148.5 + dy, l->ornaments->panel_manifest);
  for (uint32_t i = 0; i < 4; i++) {
    canvas_open(c, "P", ORDER_COUNTS + 2 * i);
    canvas_text(c, xs[i], 150.9 + dy, (struct style){FACE_SANS_BOLD, i == 0 ? 40 : 26},
                layout_printf(c, "%u", v[i]));
  }
  canvas_artifact(c);
}

static const struct pair *version_reason(const struct layout *l, enum model_state_reason reason) {
  switch (reason) {
    case MODEL_REASON_NONE:
      return &LAYOUT_WORD(l, version_initial);
    case MODEL_REASON_OFFLOAD:
      return &LAYOUT_WORD(l, version_offload);
    case MODEL_REASON_ADDITION:
      return &LAYOUT_WORD(l, version_addition);
    case MODEL_REASON_DIVERSION:
      return &LAYOUT_WORD(l, version_diversion);
    case MODEL_REASON_DEPARTURE:
      return &LAYOUT_WORD(l, version_departure);
    case MODEL_REASON_CORRECTION:
    case MODEL_REASON_ISSUED_IN_ERROR:
      return &LAYOUT_WORD(l, version_correction);
    default:
      return &LAYOUT_WORD(l, version_decision);
  }
}

/* "17", "5, 17", "1–61" out of the marks of the occupants. */
static const char *changed_lines(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  const char *text = "";
  size_t listed = 0, n = m->occupant_count;
  if (l->issue->version <= 1) {
    return n > 1 ? layout_printf(c, "1–%zu", n) : "1";
  }
  for (size_t i = 0; i < n; i++) {
    size_t end = i;
    while (end < n && m->occupants[end].changed) {
      end++;
    }
    if (end == i) {
      continue;
    }
    if (++listed > 3) {
      return layout_printf(c, "%s…", text);
    }
    text = end - i > 1 ? layout_printf(c, "%s%s%zu–%zu", text, *text ? ", " : "", i + 1, end)
                       : layout_printf(c, "%s%s%zu", text, *text ? ", " : "", i + 1);
    i = end;
  }
  return *text ? text : "—";
}

struct version_row {
  uint32_t version;
  int64_t time_us;
  enum model_state_reason reason;
  const char *lines;
  bool current;
};

static void version_cells(struct canvas *c, const struct layout *l, const struct version_row *v,
                          double y, uint32_t row) {
  const struct style plain = {FACE_SANS, 8.2}, strong = {FACE_SANS_BOLD, 8.2},
                     style = v->current ? strong : plain;
  const struct style style_en = v->current ? strong : plain;
  open_group(c, "TR", row, ORDER_VERSIONS + 1);
  canvas_open_in(c, "TD", row + 1, row);
  if (v->current) {
    canvas_bar(c, 15, y - 4.2, 6.2, 5.6);
    c->ink = INK_WHITE;
  }
  canvas_text_centre(c, 18.1, y, v->current ? style_head : (struct style){FACE_SANS, 8.6},
                     layout_printf(c, "%u", v->version));
  c->ink = INK_BLACK;
  canvas_open_in(c, "TD", row + 2, row);
  char time[21];
  sv_time_format(v->time_us, time);
  canvas_printf(c, 45, y, (struct style){FACE_SANS, 8.6}, "%.10s %.5s", time, time + 11);
  canvas_open_in(c, "TD", row + 3, row);
  const struct pair *why = version_reason(l, v->reason);
  canvas_pair(c, 84, y, style, style_en, why->es, why->en);
  canvas_open_in(c, "TD", row + 4, row);
  canvas_text(c, 140, y, (struct style){FACE_SANS, 8.6}, v->lines);
  canvas_open_in(c, "TD", row + 5, row);
  const struct pair *state = v->current ? &LAYOUT_WORD(l, this_paper) : &LAYOUT_WORD(l, superseded);
  canvas_pair(c, 162, y, style, style_en, state->es, state->en);
  canvas_artifact(c);
}

static void cover_versions(struct canvas *c, const struct layout *l, double dy) {
  static const enum template_word words[] = {WORD_version, WORD_time_utc, WORD_reason, WORD_lines,
                                             WORD_state};
  static const double xs[] = {15, 45, 84, 140, 162};
  canvas_rule(c, 15, 195, 176 + dy, 0.5);
  block_head(c, ORDER_VERSIONS, 15, 181.1 + dy, &LAYOUT_WORD(l, versions));
  open_group(c, "Table", ORDER_VERSIONS + 1, 0);
  open_group(c, "TR", ORDER_VERSIONS + 2, ORDER_VERSIONS + 1);
  for (uint32_t i = 0; i < 5; i++) {
    open_head(c, ORDER_VERSIONS + 3 + i, ORDER_VERSIONS + 2);
    column_head(c, xs[i], 185.8 + dy, 0, &l->captions->words[words[i]]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, 190.6 + dy, 0.3);
  struct version_row own = {l->issue->version, l->issue->issue_time_us,
                            l->content->manifest.version_reason, changed_lines(c, l), true};
  for (size_t i = 0; i < 3 && i <= l->issue->version_count; i++) {
    double y = 195.0 + 6.6 * (double)i + dy;
    struct version_row row = own;
    if (i > 0) {
      const struct model_version *v = &l->issue->versions[i - 1];
      row = (struct version_row){v->version, v->issue_time_us, v->reason, v->lines_changed, false};
    }
    version_cells(c, l, &row, y, ORDER_VERSIONS + 20 + 10 * (uint32_t)i);
    canvas_rule(c, 15, 195, y + 2.3, 0.12);
  }
}

static void steps(struct canvas *c, const struct layout *l, const struct template_steps *s,
                  double x, double y, double indent, double width, bool numbered, double gap,
                  uint32_t order) {
  for (size_t i = 0; i < s->n; i++) {
    canvas_open(c, "P", order + (uint32_t)i);
    if (numbered) {
      canvas_printf(c, x, y, (struct style){FACE_SANS_BOLD, 6.8}, "%zu", i + 1);
    }
    c->language = "es";
    int n = canvas_paragraph(c, x + indent, y, 2.95, style_note, width - indent,
                             layout_filled(c, l, s->v[i].es), 3);
    y += (n > 0 ? n : 1) * 2.95;
    c->language = "en";
    int m = canvas_paragraph(c, x + indent, y, 2.95, style_note_en, width - indent,
                             layout_filled(c, l, s->v[i].en), 3);
    y += (m > 0 ? m : 1) * 2.95 + gap;
    c->language = NULL;
    if (n < 0 || m < 0) {
      canvas_too_long(c, "a rule of the manifest");
    }
  }
  canvas_artifact(c);
}

static void cover_draw(struct canvas *c, const struct layout *l) {
  double dy = below_legs(&l->content->manifest);
  layout_letterhead(c, l);
  layout_strip(c, l, layout_printf(c, "%u", l->issue->version), 150, l->t->recipient.es);
  cover_flight(c, l);
  cover_legs(c, l);
  cover_counts(c, l, dy);
  cover_counts_static(c, l);
  cover_versions(c, l, dy);
  canvas_open(c, "H2", ORDER_RULES);
  canvas_pair(c, 15, 220.1 + dy, (struct style){FACE_SANS_BOLD, 7.6},
              (struct style){FACE_SANS_BOLD_ITALIC, 7.6}, LAYOUT_PAIR(l, rules));
  steps(c, l, &l->t->rules, 15, 224.8 + dy, 3.6, 80, true, 1.05, ORDER_RULES + 1);
  layout_code(c, l, 115, 218 + dy, false, true, 22.0, ORDER_CODE);
  layout_checking(c, l, 142, 219.7 + dy, 3.6, 53, ORDER_CHECKING);
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
    open_group(c, "Table", ORDER_TABLE, 0);
    open_group(c, "TR", ORDER_TABLE + 1, ORDER_TABLE);
  }
  canvas_artifact(c);
  canvas_pair_centre(c, 170.75, 37.7, group, group_en, LAYOUT_PAIR(l, roll_call));
  canvas_rule(c, 162.6, 178.9, 38.5, 0.12);
  for (uint32_t i = 0; i < 10; i++) {
    if (first) {
      open_head(c, ORDER_TABLE + 2 + i, ORDER_TABLE + 1);
    }
    column_head(c, heads[i].x, 41.0, heads[i].align, &l->captions->words[heads[i].word]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, table_top, 0.3);
}

static void page_static(struct canvas *c, const struct layout *l, bool first) {
  layout_watermark(c, l);
  c->pagination = true;
  canvas_artifact(c);
  canvas_ornament(c, "crest", 20 - 4.8, 9.6, l->ornaments->crest_small);
  c->ink = INK_BLUE;
  canvas_pair(c, 28, 14.2, (struct style){FACE_SERIF_BOLD, 10.5},
              (struct style){FACE_SERIF_BOLD_ITALIC, 10.5}, l->t->title.es, l->t->title.en);
  c->ink = INK_BLACK;
  canvas_rule(c, 15, 195, 23.5, 0.5);
  canvas_rule(c, 15, 195, 35.0, 0.3);
  canvas_text(c, 15, 286.8, style_small, l->t->form.es);
  c->pagination = false;
  if (first) {
    table_heads(c, l, true);
  }
}

void manifest_static(struct canvas *c, const struct layout *l, enum layout_part part) {
  if (part == LAYOUT_FIRST) {
    cover_static(c, l);
  } else {
    page_static(c, l, part == LAYOUT_SECOND);
  }
}

static void running_head(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  c->pagination = true;
  canvas_artifact(c);
  canvas_text(
      c, 28, 18.6, (struct style){FACE_SANS, 8},
      layout_printf(c, "%s, %s", l->issue->authority.state_es, l->issue->authority.name_es));
  const char *number = l->variant == LAYOUT_DRAFT ? LAYOUT_WORD(l, draft_mark).es
                                                  : layout_number(c, l->issue->number);
  canvas_text_right(c, 195, 14.2, (struct style){FACE_MONO_BOLD, 11.5}, number);
  canvas_text_right(c, 195, 18.6, (struct style){FACE_SANS, 8},
                    layout_printf(c, "%s %u · %s %u · %s: %s", LAYOUT_WORD(l, sheet_version).es,
                                  l->issue->version, LAYOUT_WORD(l, sheet_copy).es, l->issue->copy,
                                  LAYOUT_WORD(l, sheet_for).es, l->t->recipient.es));
  double x =
      15 + canvas_text(c, 15, 31.2, (struct style){FACE_SANS_BOLD, 17}, m->flight_number) + 4.2;
  x += canvas_text(c, x, 31.2, style_strong, flight_date(c, l)) + 13.6;
  for (size_t i = 0; i <= m->leg_count && m->leg_count; i++) {
    if (i > 0) {
      canvas_line(c, x + 2.0, 30.0, x + 5.4, 30.0, 0.35);
      canvas_triangle(c, x + 4.6, 29.1, x + 6.4, 30.0, x + 4.6, 30.9);
      x += 8.2;
    }
    const char *code = i < m->leg_count ? m->legs[i].from : m->legs[i - 1].to;
    x += canvas_text(c, x, 31.2, style_strong, code);
  }
  const char *of = layout_printf(c, "%u / %u", c->page, l->page_count);
  const struct style page = {FACE_SANS_BOLD, 13};
  canvas_text_right(c, 195, 31.2, page, of);
  const struct pair *word = &LAYOUT_WORD(l, page);
  canvas_pair_right(c, 195 - canvas_width(c, page, of) - 2.2, 31.2, style_caption, style_caption_en,
                    word->es, word->en);
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

static void tick_boxes(struct canvas *c, double y, bool struck) {
  static const double xs[] = {163.5, 173.0};
  for (int i = 0; i < 2; i++) {
    canvas_box(c, xs[i], y + 1.4, 5.0, 5.0, 0.22);
    if (struck) {
      canvas_line(c, xs[i], y + 6.4, xs[i] + 5.0, y + 1.4, 0.22);
    }
  }
}

static void offloaded_line(struct canvas *c, const struct layout *l, double y, uint32_t row) {
  canvas_open_in(c, "TD", row + 2, row);
  canvas_pair(c, 25, y + 5.1, (struct style){FACE_SANS_BOLD, 8.6},
              (struct style){FACE_SANS_BOLD_ITALIC, 8.6}, LAYOUT_PAIR(l, offloaded));
  for (uint32_t i = 3; i < 8; i++) { /* cells that have lost everything */
    open_group(c, "TD", row + i, row);
  }
  canvas_artifact(c);
  canvas_rule(c, 73, 158.5, y + 3.9, 0.12);
  tick_boxes(c, y, true);
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
                     layout_printf(c, "%u", o->bags));
  canvas_artifact(c);
  tick_boxes(c, y, false);
}

static void table_rows(struct canvas *c, const struct layout *l, size_t first, size_t n) {
  for (size_t k = 0; k < n; k++) {
    size_t i = first + k;
    const struct model_occupant *o = &l->content->manifest.occupants[i];
    double y = table_top + row_height * (double)k;
    uint32_t row = ORDER_LINES + 20 * (uint32_t)i;
    open_group(c, "TR", row, ORDER_TABLE);
    if (o->changed) {
      canvas_bar(c, 11.6, y + 1, 0.9, row_height - 2);
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
      open_group(c, "TD", row + box, row);
    }
    canvas_rule(c, 15, 195, y + row_height, (k + 1) % 5 == 0 ? 0.3 : 0.09);
  }
}

/* "P 19  A 5  C 0  = 24" and two boxes to write in. */
static void page_count(struct canvas *c, const struct layout *l, struct counts n, double y) {
  const struct style strong = {FACE_SANS_BOLD, 8.4}, plain = {FACE_SANS, 8.4};
  uint32_t order = ORDER_PAGE_FOOT + 40 * c->page;
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
  canvas_printf(c, 109, y, strong, "= %u", total(n));
  canvas_open(c, "P", order + 1);
  canvas_pair_right(c, 159, y, (struct style){FACE_SANS, 7.4},
                    (struct style){FACE_SANS_ITALIC, 7.4}, LAYOUT_PAIR(l, counted));
  double w = canvas_pair(c, 181.5, y, (struct style){FACE_SANS, 7.6},
                         (struct style){FACE_SANS_ITALIC, 7.6}, LAYOUT_PAIR(l, of));
  canvas_printf(c, 181.5 + w + 1.4, y, (struct style){FACE_SANS_BOLD, 8.4}, "%u", total(n));
  canvas_artifact(c);
  canvas_box(c, 161.8, y - 4.0, 8.4, 5.6, 0.3);
  canvas_box(c, 171.3, y - 4.0, 8.4, 5.6, 0.3);
}

static void page_foot(struct canvas *c, const struct layout *l) {
  static const enum template_word words[] = {WORD_category_p, WORD_category_a, WORD_category_c};
  static const char letters[][2] = {"P", "A", "C"};
  const struct style strong = {FACE_SANS_BOLD, 7.2}, strong_en = {FACE_SANS_BOLD_ITALIC, 7.2};
  uint32_t order = ORDER_PAGE_FOOT + 40 * c->page + 2;
  canvas_open(c, "P", order);
  canvas_pair(c, 15, 252.8, strong, strong_en, LAYOUT_PAIR(l, categories));
  for (uint32_t i = 0; i < 3; i++) {
    canvas_open(c, "P", order + 1 + i);
    double y = 256.4 + 3.4 * i;
    canvas_text(c, 15, y, strong, letters[i]);
    canvas_pair(c, 19, y, (struct style){FACE_SANS, 7.2}, (struct style){FACE_SANS_ITALIC, 7.2},
                l->captions->words[words[i]].es, l->captions->words[words[i]].en);
  }
  canvas_open(c, "P", order + 5);
  canvas_text_in(c, "es", 15, 268.0, style_note, LAYOUT_WORD(l, margin_bar).es);
  canvas_text_in(c, "en", 15, 270.95, style_note_en, LAYOUT_WORD(l, margin_bar).en);
  canvas_open(c, "P", order + 6);
  canvas_pair(c, 84, 252.8, strong, strong_en, LAYOUT_PAIR(l, stairs));
  steps(c, l, &l->t->stairs, 84, 256.4, 0, 79, false, 0.9, order + 7);
}

/* ---- closing ---- */

static void totals(struct canvas *c, const struct layout *l, double y) {
  static const enum template_word rows[] = {WORD_total_passengers, WORD_total_accompanying,
                                            WORD_total_crew, WORD_total_on_board};
  static const enum template_word heads[] = {WORD_expected, WORD_total_counted, WORD_difference,
                                             WORD_local_time, WORD_initials};
  static const double rights[] = {96, 120, 144, 168, 195};
  static const double boxes[][2] = {{104, 120}, {128, 144}, {149, 168}, {173, 195}};
  const struct model_manifest *m = &l->content->manifest;
  struct counts n = count_range(m, 0, m->occupant_count);
  const unsigned v[] = {n.passengers, n.accompanying, n.crew, total(n)};
  canvas_rule(c, 15, 195, y, 0.5);
  block_head(c, ORDER_CLOSING, 15, y + 5.2, &LAYOUT_WORD(l, totals));
  open_group(c, "Table", ORDER_CLOSING + 1, 0);
  open_group(c, "TR", ORDER_CLOSING + 2, ORDER_CLOSING + 1);
  open_group(c, "TD", ORDER_CLOSING + 3, ORDER_CLOSING + 2);
  for (uint32_t i = 0; i < 5; i++) {
    open_head(c, ORDER_CLOSING + 4 + i, ORDER_CLOSING + 2);
    column_head(c, rights[i], y + 3.4, 1, &l->captions->words[heads[i]]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, y + 8.3, 0.12);
  for (uint32_t i = 0; i < 4; i++) {
    double top = y + 8.3 + 7.0 * i;
    uint32_t row = ORDER_CLOSING + 20 + 10 * i;
    bool strong = i == 3;
    open_group(c, "TR", row, ORDER_CLOSING + 1);
    struct list_element label = {
        .type = "TH", .order = row + 1, .parent = row, .scope = "Row", .page = c->page};
    c->element = list_element(&c->list, &label);
    canvas_pair(c, 15, top + 4.9, (struct style){strong ? FACE_SANS_BOLD : FACE_SANS, 8.4},
                (struct style){strong ? FACE_SANS_BOLD_ITALIC : FACE_SANS_ITALIC, 8.4},
                l->captions->words[rows[i]].es, l->captions->words[rows[i]].en);
    canvas_open_in(c, "TD", row + 2, row);
    canvas_text_right(c, 96, top + 4.9, style_strong, layout_printf(c, "%u", v[i]));
    canvas_artifact(c);
    for (uint32_t k = 0; k < 4; k++) {
      open_group(c, "TD", row + 3 + k, row);
      canvas_box(c, boxes[k][0], top + 0.9, boxes[k][1] - boxes[k][0], 5.2, 0.3);
    }
    canvas_rule(c, 15, 195, top + 7.0, i >= 2 ? 0.3 : 0.12);
  }
}

static void closing_signatures(struct canvas *c, const struct layout *l, double y) {
  static const double xs[] = {15, 77, 139};
  static const enum template_word who[] = {WORD_leader, WORD_captain, WORD_receiving_authority};
  block_head(c, ORDER_CLOSING + 80, 15, y, &LAYOUT_WORD(l, closing_signatures));
  for (uint32_t i = 0; i < 3; i++) {
    layout_microtext(c, l, xs[i], y + 15.5, 56);
    canvas_open(c, "P", ORDER_CLOSING + 81 + i);
    const struct pair *p = &l->captions->words[who[i]];
    canvas_pair(c, xs[i], y + 18.7, style_small, style_small_en, p->es, p->en);
    canvas_pair(c, xs[i], y + 21.9, style_small, style_small_en, LAYOUT_PAIR(l, name_date_time));
    canvas_artifact(c);
  }
}

/* Where the closing block begins: under the last line, or at the top of a page of its own. */
static double closing_top(const struct layout *l, size_t *ret_lines) {
  size_t first;
  *ret_lines = manifest_page_lines(&l->content->manifest, l->page_count, &first);
  return *ret_lines ? table_top + row_height * (double)*ret_lines : 35.0;
}

static double authority_top(const struct layout *l) {
  size_t lines;
  double y = closing_top(l, &lines);
  return (lines ? y + 17 : y + 6) + 36.3 + 34.6; /* totals, then the signatures at closing */
}

static void closing_authority(struct canvas *c, const struct layout *l, double y) {
  const struct style name = {FACE_SANS_BOLD, 10.5}, post = {FACE_SANS, 7.6},
                     post_en = {FACE_SANS_ITALIC, 7.6};
  canvas_rule(c, 15, 195, y, 0.12);
  layout_seal(c, l, 27, y + 15.6, 12);
  if (l->variant == LAYOUT_DRAFT) {
    canvas_open(c, "P", ORDER_BEHIND);
    canvas_text_in(c, "es", 44, y + 9, style_strong, LAYOUT_WORD(l, awaiting).es);
    canvas_text_in(c, "en", 44, y + 13, post_en, LAYOUT_WORD(l, awaiting).en);
    canvas_artifact(c);
    return;
  }
  layout_field(c, ORDER_CLOSING + 90, 44, y + 4.4, WORD_for_authority, l);
  uint16_t page = c->page;
  c->page = l->request->contents_room ? LIST_APPEARANCE : page;
  if (c->page == page) {
    canvas_open(c, "P", ORDER_CLOSING + 91);
  }
  const struct model_officer *o = &l->issue->signatory;
  canvas_text(c, 44, y + 9.2, name, o->name);
  canvas_pair(c, 44, y + 13.2, post, post_en, o->post_es, o->post_en);
  layout_signature_lines(c, l, 44, y + 18.6, 3.0);
  c->page = page;
  canvas_artifact(c);
  if (l->issue->approval_count) {
    const struct model_officer *second = &l->issue->approvals[l->issue->approval_count - 1].officer;
    layout_field(c, ORDER_BEHIND, 115, y + 4.4, WORD_countersigned, l);
    canvas_open(c, "P", ORDER_BEHIND + 1);
    canvas_text(c, 115, y + 9.2, name, second->name);
    canvas_pair(c, 115, y + 13.2, post, post_en, second->post_es, second->post_en);
    canvas_artifact(c);
  }
}

static void closing_draw(struct canvas *c, const struct layout *l) {
  size_t lines;
  double y = closing_top(l, &lines);
  if (lines) {
    size_t first;
    size_t n = manifest_page_lines(&l->content->manifest, l->page_count, &first);
    canvas_open(c, "P", ORDER_PAGE_FOOT + 40 * c->page - 1);
    double width =
        canvas_pair_centre(c, 92, y + 4.6, style_note, style_note, LAYOUT_PAIR(l, end_of_list));
    canvas_artifact(c);
    canvas_rule(c, 25, 92 - width / 2 - 3, y + 3.5, 0.3);
    canvas_rule(c, 92 + width / 2 + 3, 159, y + 3.5, 0.3);
    page_count(c, l, count_range(&l->content->manifest, first, n), y + 10.5);
    y += 17;
  } else {
    y += 6;
  }
  totals(c, l, y);
  closing_signatures(c, l, y + 36.3 + 7.6);
  closing_authority(c, l, authority_top(l));
}

void manifest_draw(struct canvas *c, const struct layout *l) {
  cover_draw(c, l);
  for (uint16_t page = 2; page <= l->page_count; page++) {
    size_t first, n = manifest_page_lines(&l->content->manifest, page, &first);
    c->page = page;
    running_head(c, l);
    if (page > 2 && n) {
      table_heads(c, l, false);
      c->pagination = false;
    }
    table_rows(c, l, first, n);
    c->path = c->path ? "" : NULL;
    if (page == l->page_count) {
      closing_draw(c, l);
    } else {
      page_count(c, l, count_range(&l->content->manifest, first, n), 245.4);
      page_foot(c, l);
    }
    layout_code(c, l, 195, 250.6, true, true, 30.5, ORDER_PAGE_FOOT + 40 * (uint32_t)page + 30);
  }
  c->page = 1;
}

static int32_t up(double mm) { return 297000 - (int32_t)(mm * 1000); }

void manifest_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) {
  double y = authority_top(l);
  box[0] = 44000, box[1] = up(y + 29), box[2] = 110000, box[3] = up(y + 5);
  *ret_page = (uint16_t)l->page_count;
}
