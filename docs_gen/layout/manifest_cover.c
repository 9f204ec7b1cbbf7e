/* The cover of a flight manifest: it names nobody, so that it can go to people who must not have the list. */
#include "base/clock.h"
#include "docs_gen/layout/manifest.h"
#include "model/revision.h"

/* ---- static half ---- */

void manifest_cover_static(struct canvas *c, const struct layout *l) {
  layout_letterhead_static(c, l, 25);
  layout_strip_static(c, l);
  layout_strip_captions(c, l, WORD_version, 150, WORD_recipient);
  c->band = BAND_UPPER;
  layout_field(c, ORDER_FLIGHT, 15, 73.2, WORD_flight, l);
  layout_field(c, ORDER_FLIGHT + 2, 62, 73.2, WORD_date, l);
  layout_field(c, ORDER_FLIGHT + 4, 115, 73.2, WORD_operator, l);
  layout_field(c, ORDER_FLIGHT + 6, 115, 82.7, WORD_registration, l);
  layout_field(c, ORDER_FLIGHT + 8, 150, 82.7, WORD_seats, l);
  layout_field_within(c, ORDER_FLIGHT + 10, 172, 82.7, 23, WORD_alternates, l);
  layout_form(c, l, 15, ORDER_FORM);
  layout_housed(c, l, layout_letterhead);
}

/* ---- own half ---- */

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
      manifest_count_one(&counts, o);
    }
  }
  return counts;
}

static const char *clock_text(struct canvas *c, const char *time) { /* 07:30 -05:00, true minus */
  const char *offset = strlen(time) >= 22 ? time + strlen(time) - 6 : "";
  if (time[strlen(time) - 1] == 'Z') {
    return layout_printf(c, "%.5s UTC", time + 11);
  }
  return layout_printf(c, "%.5s %s%s", time + 11, *offset == '-' ? "−" : "+",
                       *offset ? offset + 1 : "");
}

/* One line, or two that are most equal. */
static void alternates_value(struct canvas *c, const char *text) {
  const char *lines[2];
  if (canvas_width(c, (struct style){FACE_SANS, 7}, text) <= 23 ||
      !canvas_halves(c, (struct style){FACE_SANS, 6}, 23, text, lines)) {
    canvas_within(c, 172, 87.4, 23, style_value, 6, "alternates", text);
    return;
  }
  canvas_text(c, 172, 86.0, (struct style){FACE_SANS, 6}, lines[0]);
  canvas_text(c, 172, 88.5, (struct style){FACE_SANS, 6}, lines[1]);
}

static void cover_flight(struct canvas *c, const struct layout *l) {
  const struct model_manifest *m = &l->content->manifest;
  canvas_open(c, "P", ORDER_FLIGHT + 1);
  canvas_text(c, 15, 81.6,
              layout_fitted(c, (struct style){FACE_SANS_BOLD, 24}, m->flight_number, 45),
              m->flight_number);
  canvas_open(c, "P", ORDER_FLIGHT + 3);
  canvas_text(c, 62, 81.6, (struct style){FACE_SANS_BOLD, 12}, manifest_date(c, l));
  canvas_open(c, "P", ORDER_FLIGHT + 5);
  c->path = c->path ? "flight_manifest.operator" : NULL;
  canvas_within(c, 115, 78.2, 80, style_value, 7.5, "operator", m->operator_name);
  c->path = c->path ? "" : NULL;
  canvas_open(c, "P", ORDER_FLIGHT + 7);
  canvas_text(c, 115, 87.4, style_value, m->registration);
  canvas_open(c, "P", ORDER_FLIGHT + 9);
  canvas_text(c, 150, 87.4, style_value,
              manifest_shows(l, MODEL_SHOWN_SEATS) ? layout_printf(c, "%u", m->seats) : "—");
  canvas_open(c, "P", ORDER_FLIGHT + 11);
  const char *alternates = m->alternates.n ? m->alternates.v[0] : "—";
  for (size_t i = 1; i < m->alternates.n; i++) {
    alternates = layout_printf(c, "%s, %s", alternates, m->alternates.v[i]);
  }
  alternates_value(c, alternates);
  canvas_artifact(c);
}

/* Eight legs leave the blocks below them as much room as seven. */
static double leg_pitch(const struct model_manifest *m) {
  return m->leg_count <= 2 ? 8.0 : m->leg_count <= 7 ? 5.4 : 4.7;
}

/* How much lower than the plan the cover stands below its legs: it has room for three of the closer rows. */
static double below_legs(const struct model_manifest *m) {
  return m->leg_count > 3 ? (double)m->leg_count * leg_pitch(m) - 3 * 5.4 : 0;
}

/* A code and the name of its place, in the room up to the next column. */
static void place(struct canvas *c, const struct layout *l, double x, double right, double y,
                  const char *code) {
  double w = canvas_text(c, x, y, style_strong, code);
  const char *name = template_place_name(l->captions, code);
  if (name) {
    double at = x + (w < 8.5 ? 10 : w + 1.5);
    canvas_text(c, at, y, layout_fitted(c, (struct style){FACE_SANS, 8}, name, right - 1.5 - at),
                name);
  }
}

static void leg_row(struct canvas *c, const struct layout *l, size_t i, double y) {
  const struct model_leg *leg = &l->content->manifest.legs[i];
  struct counts n = count_leg(&l->content->manifest, i);
  uint32_t row = ORDER_LEGS + 20 + 20 * (uint32_t)i;
  manifest_open_group(c, "TR", row, ORDER_LEGS + 1);
  canvas_open_in(c, "TD", row + 1, row);
  place(c, l, 15, 52, y, leg->from);
  canvas_open_in(c, "TD", row + 2, row);
  place(c, l, 52, 84, y, leg->to);
  canvas_open_in(c, "TD", row + 3, row);
  canvas_text(c, 84, y, (struct style){FACE_SANS, 8.6}, clock_text(c, leg->departure_time));
  canvas_open_in(c, "TD", row + 4, row);
  canvas_text(c, 112, y, (struct style){FACE_SANS, 8.6}, clock_text(c, leg->arrival_time));
  const unsigned v[] = {n.passengers, n.accompanying, n.crew, manifest_total(n)};
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
  double pitch = leg_pitch(m);
  canvas_rule(c, 15, 195, 93, 0.5);
  manifest_block_head(c, ORDER_LEGS, 15, 98.1, &LAYOUT_WORD(l, legs));
  manifest_open_group(c, "Table", ORDER_LEGS + 1, 0);
  manifest_open_group(c, "TR", ORDER_LEGS + 2, ORDER_LEGS + 1);
  for (uint32_t i = 0; i < 8; i++) {
    manifest_open_head(c, ORDER_LEGS + 3 + i, ORDER_LEGS + 2);
    manifest_column_head(c, xs[i], 102.8, i > 3, &l->captions->words[words[i]]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, 107.6, 0.3);
  for (size_t i = 0; i < m->leg_count; i++) {
    double y = m->leg_count > 2 ? 111.4 + (double)i * pitch : 112.6 + (double)i * pitch;
    leg_row(c, l, i, y);
    canvas_rule(c, 15, 195, m->leg_count > 2 ? y + 1.6 : y + 3.0, 0.12);
  }
}

static void cover_count_labels(struct canvas *c, const struct layout *l, double dy) {
  static const double xs[] = {15, 115, 144, 177};
  const enum template_word words[] = {WORD_count_on_board, WORD_count_passengers,
                                      WORD_count_accompanying, WORD_count_crew};
  for (int i = 0; i < 4; i++) {
    const struct pair *p = &l->captions->words[words[i]];
    canvas_open(c, "P", ORDER_COUNTS + 2 * (uint32_t)i + 1);
    canvas_text_in(c, c->languages[0], xs[i], 156.1 + dy, (struct style){FACE_SERIF, 9.5},
                   p->first);
    canvas_text_in(c, c->languages[1], xs[i], 160.3 + dy, (struct style){FACE_SERIF_ITALIC, 9.5},
                   p->second);
  }
  canvas_artifact(c);
}

static void cover_counts(struct canvas *c, const struct layout *l, double dy) {
  const struct model_manifest *m = &l->content->manifest;
  struct counts n = manifest_count(m, 0, m->occupant_count);
  const unsigned v[] = {manifest_total(n), n.passengers, n.accompanying, n.crew};
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
  size_t n = m->occupant_count;
  if (l->issue->version <= 1) {
    return n > 1 ? layout_printf(c, "1–%zu", n) : "1";
  }
  const char *text = model_lines_changed(c->list.ctx->mem, m);
  return text ? text : "";
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
  manifest_open_group(c, "TR", row, ORDER_VERSIONS + 1);
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
  if (manifest_shows(l, MODEL_SHOWN_REASONS)) {
    const struct pair *why = version_reason(l, v->reason);
    canvas_pair(c, 84, y, style, style_en, why->first, why->second);
  } else {
    canvas_text(c, 84, y, style, "—");
  }
  canvas_open_in(c, "TD", row + 4, row);
  const char *lines = manifest_shows(l, MODEL_SHOWN_CHANGES) ? v->lines : "—";
  canvas_text(c, 140, y, layout_fitted(c, (struct style){FACE_SANS, 8.6}, lines, 20.5), lines);
  canvas_open_in(c, "TD", row + 5, row);
  const struct pair *state = v->current ? &LAYOUT_WORD(l, this_paper) : &LAYOUT_WORD(l, superseded);
  canvas_pair_within(c, 162, y, 32.5, style, style_en, state->first, state->second);
  canvas_artifact(c);
}

static void cover_versions(struct canvas *c, const struct layout *l, double dy) {
  static const enum template_word words[] = {WORD_version, WORD_time_utc, WORD_reason, WORD_lines,
                                             WORD_state};
  static const double xs[] = {15, 45, 84, 140, 162};
  canvas_rule(c, 15, 195, 176 + dy, 0.5);
  manifest_block_head(c, ORDER_VERSIONS, 15, 181.1 + dy, &LAYOUT_WORD(l, versions));
  manifest_open_group(c, "Table", ORDER_VERSIONS + 1, 0);
  manifest_open_group(c, "TR", ORDER_VERSIONS + 2, ORDER_VERSIONS + 1);
  for (uint32_t i = 0; i < 5; i++) {
    manifest_open_head(c, ORDER_VERSIONS + 3 + i, ORDER_VERSIONS + 2);
    manifest_column_head(c, xs[i], 185.8 + dy, 0, &l->captions->words[words[i]]);
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

void manifest_cover(struct canvas *c, const struct layout *l) {
  double dy = below_legs(&l->content->manifest);
  layout_unhoused(c, l, layout_letterhead);
  manifest_extract_bar(c, l);
  layout_strip(c, l, layout_printf(c, "%u", l->issue->version), 150, manifest_recipient(l)->first);
  c->band = BAND_UPPER;
  cover_flight(c, l);
  cover_legs(c, l);
  c->band = BAND_MIDDLE;
  cover_counts(c, l, dy);
  cover_count_labels(c, l, dy);
  c->band = BAND_VALIDITY;
  cover_versions(c, l, dy);
  c->band = BAND_SIGNATURE;
  canvas_open(c, "H2", ORDER_RULES);
  canvas_pair(c, 15, 220.1 + dy, (struct style){FACE_SANS_BOLD, 7.6},
              (struct style){FACE_SANS_BOLD_ITALIC, 7.6}, LAYOUT_PAIR(l, rules));
  manifest_steps(c, l, &l->t->rules, 15, 224.8 + dy, 3.6, 80, true, 1.05, ORDER_RULES + 1);
  layout_code(c, l, 115, 218 + dy, false, true, 22.0, ORDER_CODE);
  layout_checking(c, l, 142, 219.7 + dy, 3.6, 53, ORDER_CHECKING);
}
