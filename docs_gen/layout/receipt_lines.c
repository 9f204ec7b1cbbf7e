/* The table of a receipt: which lines stand on which page, what they say, and sums that are carried over. */
#include "docs_gen/layout/receipt.h"
#include "model/codes.h"

/* ---- pages ---- */

/* The table of a receipt that goes on may use the whole of its first page, and stands above the panel of the last one. */
uint32_t receipt_pages(const struct model_content *content) {
  const struct paper *paper = paper_of(content->paper);
  size_t n = content->receipt.line_count, pages = 2;
  if (n <= paper->receipt_alone) {
    return 1;
  }
  size_t left = n > paper->receipt_first ? n - paper->receipt_first : 0;
  for (; left > paper->receipt_last; pages++) {
    left = left > paper->receipt_middle ? left - paper->receipt_middle : 0;
  }
  return (uint32_t)pages;
}

/* Lines of a page: the first pages are filled, but a sum that is carried forward is never that of a lone last line. */
static size_t page_lines(const struct model_content *content, uint32_t page, size_t *ret_first) {
  const struct paper *paper = paper_of(content->paper);
  const struct model_receipt *r = &content->receipt;
  uint32_t pages = receipt_pages(content);
  size_t first = 0, n = 0;
  for (uint32_t p = 1; p <= page; p++) {
    first += n;
    size_t left = r->line_count - first,
           room = p == 1 ? paper->receipt_first : paper->receipt_middle;
    size_t keep = p < pages ? pages - p + 1 : 0; /* two for the last page, one for others */
    n = p == pages ? left : left > room + keep ? room : left > keep ? left - keep : 0;
    n = pages == 1 ? left : n;
    if (p < pages && n > room) {
      n = room;
    }
  }
  *ret_first = first;
  return n;
}

/* ---- lines ---- */

static const struct style head = {FACE_SANS_BOLD, 6.4}, head_en = {FACE_SANS_ITALIC, 6.4};

int receipt_digits(const char *currency) {
  int exponent = model_currency_exponent(currency);
  return exponent < 0 ? 2 : exponent;
}

static const double row_height = 9.2, first_table_top = 102.5;

/* On the first page those without a currency in them stand in the static half; later ones are none of the structure. */
enum heads { HEADS_FIXED, HEADS_OWN, HEADS_LATER };

static void table_heads(struct canvas *c, const struct layout *l, double top, enum heads which) {
  static const struct {
    enum template_word word;
    double x;
    bool right, currency;
  } heads[] = {{WORD_line_number, 15, false, false}, {WORD_item, 22, false, false},
               {WORD_manifest, 84, false, false},    {WORD_persons, 131, true, false},
               {WORD_quantity, 143, true, false},    {WORD_unit_price, 168, true, true},
               {WORD_amount, 195, true, true}};
  bool first = which != HEADS_LATER;
  if (first) {
    list_element(&c->list,
                 &(struct list_element){.type = "Table", .order = ORDER_TABLE, .page = c->page});
    list_element(
        &c->list,
        &(struct list_element){
            .type = "TR", .order = ORDER_TABLE + 1, .parent = ORDER_TABLE, .page = c->page});
  }
  c->pagination = !first;
  if (which != HEADS_OWN) {
    canvas_rule(c, 15, 195, top, 0.5);
    canvas_rule(c, 15, 195, top + 8.6, 0.3);
  }
  for (uint32_t i = 0; i < 7; i++) {
    if (first && heads[i].currency != (which == HEADS_OWN)) {
      continue;
    }
    const struct pair *p = &l->captions->words[heads[i].word];
    const char *es = heads[i].currency
                         ? layout_printf(c, "%s, %s", p->first, l->content->receipt.currency)
                         : p->first;
    if (first) {
      c->element = list_element(&c->list, &(struct list_element){.type = "TH",
                                                                 .order = ORDER_TABLE + 2 + i,
                                                                 .parent = ORDER_TABLE + 1,
                                                                 .scope = "Column",
                                                                 .page = c->page});
    }
    double x = heads[i].x;
    canvas_text_in(c, c->languages[0], heads[i].right ? x - canvas_width(c, head, es) : x,
                   top + 3.8, head, es);
    canvas_text_in(c, c->languages[1], heads[i].right ? x - canvas_width(c, head_en, p->second) : x,
                   top + 6.6, head_en, p->second);
  }
  canvas_artifact(c);
  c->pagination = false;
}

static const struct pair *type_name(const struct layout *l, enum model_line_type type) {
  switch (type) {
    case MODEL_CHARTER:
      return &LAYOUT_WORD(l, line_charter);
    case MODEL_COMMERCIAL_TICKET:
      return &LAYOUT_WORD(l, line_ticket);
    case MODEL_LINE_ESCORT:
      return &LAYOUT_WORD(l, line_escort);
    case MODEL_MEDICAL:
      return &LAYOUT_WORD(l, line_medical);
    case MODEL_GROUND:
      return &LAYOUT_WORD(l, line_ground);
    case MODEL_TRAINING:
      return &LAYOUT_WORD(l, line_training);
    default:
      return &LAYOUT_WORD(l, line_other);
  }
}

static void item_cell(struct canvas *c, const struct layout *l,
                      const struct model_receipt_line *line, double y) {
  static const double sizes[] = {8.4, 7.6, 7};
  const char *text = *line->description ? line->description : type_name(l, line->type)->first;
  int i = 0;
  while (i < 3 && canvas_width(c, (struct style){FACE_SANS, sizes[i]}, text) > 60) {
    i++;
  }
  const struct style es = {FACE_SANS, i < 3 ? sizes[i] : 6.4}, en = {FACE_SANS_ITALIC, 7};
  if (i == 3) {
    const char *lines[2];
    if (!canvas_halves(c, es, 60, text, lines)) {
      canvas_too_long(c, "a description");
      return;
    }
    canvas_text(c, 22, y + 2.9, es, lines[0]);
    canvas_text(c, 22, y + 5.5, es, lines[1]);
  } else {
    canvas_text(c, 22, y + 4.0, es, text);
  }
  const char *date =
      *line->service_date ? layout_printf(c, ", %s", layout_date(c, l, line->service_date)) : "";
  canvas_text_in(c, c->languages[1], 22, y + (i == 3 ? 8.1 : 7.4),
                 i == 3 ? (struct style){FACE_SANS_ITALIC, 6.2} : en,
                 layout_printf(c, "%s%s", type_name(l, line->type)->second, date));
}

static void open_cell(struct canvas *c, uint32_t row, uint32_t i) {
  canvas_open_in(c, "TD", row + i, row);
}

static void line_path(struct canvas *c, size_t i, const char *field) {
  c->path = c->path ? layout_printf(c, "disbursement_receipt.lines[%zu].%s", i, field) : NULL;
}

static void line_row(struct canvas *c, const struct layout *l, size_t i, double y) {
  const struct model_receipt_line *line = &l->content->receipt.lines[i];
  int exponent = receipt_digits(l->content->receipt.currency);
  const struct style number = {FACE_SANS, 9};
  uint32_t row = ORDER_LINES + 10 * (uint32_t)i;
  list_element(&c->list, &(struct list_element){
                             .type = "TR", .order = row, .parent = ORDER_TABLE, .page = c->page});
  line_path(c, i, "description");
  open_cell(c, row, 1);
  canvas_text_right(c, 18.6, y + 4.0, number, layout_printf(c, "%zu", i + 1));
  open_cell(c, row, 2);
  item_cell(c, l, line, y);
  open_cell(c, row, 3);
  if (*line->manifest_number) {
    canvas_text(c, 84, y + 4.0, (struct style){FACE_MONO_BOLD, 7.6},
                layout_number(c, line->manifest_number));
  }
  open_cell(c, row, 4);
  if (line->passenger_count) {
    canvas_text_right(c, 131, y + 4.0, number, layout_printf(c, "%u", line->passenger_count));
  }
  line_path(c, i, "quantity_thousandths");
  open_cell(c, row, 5);
  canvas_within_right(c, 143, y + 4.0, 11, number, 6, "a quantity",
                      layout_quantity(c, line->quantity_thousandths));
  line_path(c, i, "unit_price_minor");
  open_cell(c, row, 6);
  canvas_within_right(c, 168, y + 4.0, 23.5, number, 6, "a unit price",
                      layout_money(c, line->unit_price_minor, exponent));
  line_path(c, i, "amount_minor");
  open_cell(c, row, 7);
  canvas_within_right(c, 195, y + 4.0, 25.5, number, 6, "an amount",
                      layout_money(c, line->amount_minor, exponent));
  canvas_artifact(c);
}

/* A sum under the table, or carried over from the page before. */
static void sum_row(struct canvas *c, const struct layout *l, enum template_word word, double y,
                    int64_t minor, bool final, uint32_t order) {
  const struct style amount = {FACE_SANS_BOLD, final ? 10.5 : 8.4};
  canvas_open(c, "P", order);
  canvas_pair(c, 22, y, style_head, style_head_en, l->captions->words[word].first,
              l->captions->words[word].second);
  canvas_text_right(c, 195, y, amount,
                    layout_money(c, minor, receipt_digits(l->content->receipt.currency)));
  canvas_artifact(c);
  if (final) { /* twice 0.18, 0.7 apart: an account ends */
    canvas_rule(c, 168, 195, y + 2.0, 0.18);
    canvas_rule(c, 168, 195, y + 2.7, 0.18);
  }
}

void receipt_table_static(struct canvas *c, const struct layout *l) {
  table_heads(c, l, first_table_top, HEADS_FIXED);
}

void receipt_table(struct canvas *c, const struct layout *l) {
  const struct model_receipt *r = &l->content->receipt;
  size_t first, n = page_lines(l->content, c->page, &first);
  bool last = c->page == l->page_count;
  double top = c->page == 1 ? first_table_top : 29.0, y = top + 8.6;
  int64_t sum = 0;
  for (size_t i = 0; i < first + n; i++) {
    sum += i < first ? r->lines[i].amount_minor : 0;
  }
  table_heads(c, l, top, c->page == 1 ? HEADS_OWN : HEADS_LATER);
  if (c->page > 1) {
    sum_row(c, l, WORD_brought_forward, y + 5.4, sum, false, ORDER_AMOUNT - 200 + 2 * c->page);
    y += row_height;
    canvas_rule(c, 15, 195, y, 0.12);
  }
  for (size_t i = first; i < first + n; i++, y += row_height) {
    line_row(c, l, i, y);
    sum += r->lines[i].amount_minor;
    canvas_rule(c, 15, 195, y + row_height, i + 1 == first + n ? 0.3 : 0.12);
  }
  sum_row(c, l, last ? WORD_total_disbursed : WORD_carried_forward, y + 5.4,
          last ? r->amount_minor : sum, last, ORDER_AMOUNT - 199 + 2 * c->page);
}
