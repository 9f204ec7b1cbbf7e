/* The closing block of a flight manifest, on the last page of lines or on one of its own. */
#include "docs_gen/layout/manifest.h"

static void totals(struct canvas *c, const struct layout *l, double y) {
  static const enum template_word rows[] = {WORD_total_passengers, WORD_total_accompanying,
                                            WORD_total_crew, WORD_total_on_board};
  static const enum template_word heads[] = {WORD_expected, WORD_total_counted, WORD_difference,
                                             WORD_local_time, WORD_initials};
  static const double rights[] = {96, 120, 144, 168, 195};
  static const double boxes[][2] = {{104, 120}, {128, 144}, {149, 168}, {173, 195}};
  const struct model_manifest *m = &l->content->manifest;
  struct counts n = manifest_count(m, 0, m->occupant_count);
  const unsigned v[] = {n.passengers, n.accompanying, n.crew, manifest_total(n)};
  canvas_rule(c, 15, 195, y, 0.5);
  manifest_block_head(c, ORDER_CLOSING, 15, y + 5.2, &LAYOUT_WORD(l, totals));
  manifest_open_group(c, "Table", ORDER_CLOSING + 1, 0);
  manifest_open_group(c, "TR", ORDER_CLOSING + 2, ORDER_CLOSING + 1);
  manifest_open_group(c, "TD", ORDER_CLOSING + 3, ORDER_CLOSING + 2);
  for (uint32_t i = 0; i < 5; i++) {
    manifest_open_head(c, ORDER_CLOSING + 4 + i, ORDER_CLOSING + 2);
    manifest_column_head(c, rights[i], y + 3.4, 1, &l->captions->words[heads[i]]);
  }
  canvas_artifact(c);
  canvas_rule(c, 15, 195, y + 8.3, 0.12);
  for (uint32_t i = 0; i < 4; i++) {
    double top = y + 8.3 + 7.0 * i;
    uint32_t row = ORDER_CLOSING + 20 + 10 * i;
    bool strong = i == 3;
    manifest_open_group(c, "TR", row, ORDER_CLOSING + 1);
    struct list_element label = {
        .type = "TH", .order = row + 1, .parent = row, .scope = "Row", .page = c->page};
    c->element = list_element(&c->list, &label);
    canvas_pair(c, 15, top + 4.9, (struct style){strong ? FACE_SANS_BOLD : FACE_SANS, 8.4},
                (struct style){strong ? FACE_SANS_BOLD_ITALIC : FACE_SANS_ITALIC, 8.4},
                l->captions->words[rows[i]].first, l->captions->words[rows[i]].second);
    canvas_open_in(c, "TD", row + 2, row);
    canvas_text_right(c, 96, top + 4.9, style_strong, layout_printf(c, "%u", v[i]));
    canvas_artifact(c);
    for (uint32_t k = 0; k < 4; k++) {
      manifest_open_group(c, "TD", row + 3 + k, row);
      canvas_box(c, boxes[k][0], top + 0.9, boxes[k][1] - boxes[k][0], 5.2, 0.3);
    }
    canvas_rule(c, 15, 195, top + 7.0, i >= 2 ? 0.3 : 0.12);
  }
}

static void closing_signatures(struct canvas *c, const struct layout *l, double y) {
  static const double xs[] = {15, 77, 139};
  static const enum template_word who[] = {WORD_leader, WORD_captain, WORD_receiving_authority};
  manifest_block_head(c, ORDER_CLOSING + 80, 15, y, &LAYOUT_WORD(l, closing_signatures));
  for (uint32_t i = 0; i < 3; i++) {
    layout_microtext(c, l, xs[i], y + 15.5, 56);
    canvas_open(c, "P", ORDER_CLOSING + 81 + i);
    const struct pair *p = &l->captions->words[who[i]];
    canvas_pair(c, xs[i], y + 18.7, style_small, style_small_en, p->first, p->second);
    canvas_pair(c, xs[i], y + 21.9, style_small, style_small_en, LAYOUT_PAIR(l, name_date_time));
    canvas_artifact(c);
  }
}

/* Where the closing block begins: under the last line, or at the top of a page of its own. */
static double closing_top(const struct layout *l, size_t *ret_lines) {
  size_t first;
  *ret_lines = manifest_page_lines(l->content, l->page_count, &first);
  return *ret_lines ? manifest_table_top + manifest_row_height * (double)*ret_lines : 35.0;
}

double manifest_authority_top(const struct layout *l) {
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
    canvas_text_in(c, c->languages[0], 44, y + 9, style_strong, LAYOUT_WORD(l, awaiting).first);
    canvas_text_in(c, c->languages[1], 44, y + 13, post_en, LAYOUT_WORD(l, awaiting).second);
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
  canvas_text(c, 44, y + 9.2, layout_fitted(c, name, o->name, 66), o->name);
  layout_posts(c, l, 44, y + 13.2, 66, post, post_en, o);
  layout_signature_lines(c, l, 44, y + 18.6, 3.0, 66);
  c->page = page;
  canvas_artifact(c);
  if (l->issue->approval_count) {
    const struct model_officer *second = &l->issue->approvals[l->issue->approval_count - 1].officer;
    layout_field(c, ORDER_BEHIND, 115, y + 4.4, WORD_countersigned, l);
    canvas_open(c, "P", ORDER_BEHIND + 1);
    canvas_text(c, 115, y + 9.2, layout_fitted(c, name, second->name, 80), second->name);
    layout_posts(c, l, 115, y + 13.2, 80, post, post_en, second);
    canvas_artifact(c);
  }
}

void manifest_closing(struct canvas *c, const struct layout *l) {
  size_t lines;
  double y = closing_top(l, &lines);
  if (lines) {
    size_t first;
    size_t n = manifest_page_lines(l->content, l->page_count, &first);
    canvas_open(c, "P", ORDER_PAGE_FOOT + FOOT_STEP * c->page - 1);
    double width =
        canvas_pair_centre(c, 92, y + 4.6, style_note, style_note, LAYOUT_PAIR(l, end_of_list));
    canvas_artifact(c);
    canvas_rule(c, 25, 92 - width / 2 - 3, y + 3.5, 0.3);
    canvas_rule(c, 92 + width / 2 + 3, 159, y + 3.5, 0.3);
    manifest_page_count(c, l, manifest_count(&l->content->manifest, first, n), y + 10.5);
    y += 17;
  } else {
    y += 6;
  }
  totals(c, l, y);
  closing_signatures(c, l, y + 36.3 + 7.6);
  closing_authority(c, l, manifest_authority_top(l));
}
