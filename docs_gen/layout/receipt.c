/* The disbursement receipt: its lines grow by pages, and the blocks from the panel down stand on the last page, always
 * at the same height (design of the pages, section 9). */
#include "docs_gen/layout/receipt.h"

/* ---- static half ---- */

static void parties_static(struct canvas *c, const struct layout *l) {
  static const struct {
    enum template_word word;
    double x, y;
  } fields[] = {
      {WORD_payee, 15, 71.2},     {WORD_agency, 115, 71.2},     {WORD_payee_id, 15, 81.4},
      {WORD_award, 115, 81.4},    {WORD_amendment, 157, 81.4},  {WORD_payment_date, 15, 91.6},
      {WORD_reference, 62, 91.6}, {WORD_obligation, 115, 91.6}, {WORD_period, 157, 91.6}};
  c->band = BAND_UPPER;
  for (uint32_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    layout_field(c, ORDER_PARTIES + 2 * i, fields[i].x, fields[i].y, fields[i].word, l);
  }
}

/* ---- parties ---- */

/* The obligation's, in which the ledger is kept. */
static const char *base_currency(const struct model_receipt *r) {
  return *r->base_currency ? r->base_currency : r->currency;
}

static void party(struct canvas *c, uint32_t i, double x, double y, double width, bool strong,
                  const char *path, const char *text) {
  const struct style style = {strong ? FACE_SANS_BOLD : FACE_SANS,
                              i == 8 ? 8.4 : 9.2}; /* a period is longer than its column at 9.2 */
  c->path = c->path ? path : NULL;
  canvas_open(c, "P", ORDER_PARTIES + 2 * i + 1);
  canvas_within(c, x, y, width, style, 6.4, "a party of the receipt", text);
  canvas_artifact(c);
}

/* Groups of four, as references are read aloud. */
static const char *grouped(struct canvas *c, const char *text) {
  char out[80];
  size_t n = 0;
  if (strchr(text, ' ')) {
    return text;
  }
  for (size_t i = 0; text[i] && n + 2 < sizeof out; i++) {
    if (i && i % 4 == 0) {
      out[n++] = ' ';
    }
    out[n++] = text[i];
  }
  out[n] = 0;
  return layout_printf(c, "%s", out);
}

static void parties(struct canvas *c, const struct layout *l) {
  const struct model_receipt *r = &l->content->receipt;
  const struct model_ledger *g = &l->issue->ledger;
  const char *slash = strchr(r->obligation, '/');
  const char *reference =
      *r->remittance_reference ? grouped(c, r->remittance_reference) : r->end_to_end_id;
  party(c, 0, 15, 75.6, 97, true, "disbursement_receipt.payee_name", r->payee_name);
  party(c, 1, 115, 75.6, 80, true, "", g->awarding_agency);
  party(c, 2, 15, 85.8, 97, false, "disbursement_receipt.payee_id", r->payee_id);
  party(c, 3, 115, 85.8, 40, false, "", g->award_number);
  party(c, 4, 157, 85.8, 38, false, "", layout_printf(c, "%u", g->amendment));
  party(c, 5, 15, 96.0, 45, true, "", layout_date(c, l, r->payment_date));
  party(c, 6, 62, 96.0, 51, false, "disbursement_receipt.remittance_reference", reference);
  party(c, 7, 115, 96.0, 40, false, "disbursement_receipt.obligation",
        slash ? slash + 1 : r->obligation);
  party(c, 8, 157, 96.0, 38, false, "",
        layout_printf(c, "%s / %s", g->period_start, g->period_end));
}

/* ---- amount ---- */

/* The amount in words: 9.6 pt in two lines, else 8.4 pt in three. */
static void words_block(struct canvas *c, const char *const words[2],
                        const char *const languages[2]) {
  const char *lines[2][3];
  for (int step = 0; step < 3; step++) {
    static const double sizes[] = {9.6, 8.4, 7.2};
    double pt = sizes[step];
    int most = step == 0 ? 2 : 3;
    const struct style style[2] = {{FACE_SERIF, pt}, {FACE_SERIF_ITALIC, pt}};
    int a = canvas_break(c, style[0], 80, words[0], lines[0], most),
        b = canvas_break(c, style[1], 80, words[1], lines[1], most);
    if (a < 0 || b < 0) {
      continue;
    }
    double leading = step == 0 ? 4.1 : 3.6, y = step == 0 ? 180.9 : 179.6;
    double second = step == 0 ? 189.5 : 190.4;
    for (int k = 0; k < 2; k++) {
      canvas_open(c, "P", ORDER_AMOUNT + 4 + (uint32_t)k);
      for (int i = 0; i < (k ? b : a); i++) {
        canvas_text_in(c, languages[k], 115, (k ? second : y) + i * leading, style[k], lines[k][i]);
      }
    }
    canvas_artifact(c);
    return;
  }
  c->path = c->path ? "disbursement_receipt.amount_minor" : NULL;
  canvas_too_long(c, "the amount in words");
}

/* Amounts are in words by rule in Spanish and English alone, whatever the languages of the page; English first where the
 * page begins with it. */
static void amount_words(struct canvas *c, const struct layout *l) {
  static const char *const codes[] = {[WORDS_ES] = "es", [WORDS_EN] = "en"};
  const struct model_receipt *r = &l->content->receipt;
  struct words_currency currency = template_currency(l->captions, r->currency);
  int english = strcmp(c->languages[0], "en") == 0;
  const char *words[2], *languages[2];
  for (int i = 0; i < 2; i++) {
    enum words_language language = i == english ? WORDS_ES : WORDS_EN;
    languages[i] = codes[language];
    if (sv_failed(words_of_amount(c->list.ctx, r->amount_minor, &currency,
                                  receipt_digits(r->currency), language, &words[i]))) {
      c->list.fault = SV_FAIL(c->list.ctx, NO_MEMORY, "words");
      return;
    }
  }
  words_block(c, words, languages);
}

static void amount_panel(struct canvas *c, const struct layout *l) {
  const struct model_receipt *r = &l->content->receipt;
  int exponent = receipt_digits(r->currency);
  canvas_open(c, "P", ORDER_AMOUNT + 1);
  const char *figure =
      layout_printf(c, "%s %s", r->currency, layout_money(c, r->amount_minor, exponent));
  c->path = c->path ? "disbursement_receipt.amount_minor" : NULL;
  canvas_within(c, 15, 187.6, 80, (struct style){FACE_SANS_BOLD, 19}, 12, "the amount", figure);
  if (*r->base_currency && strcmp(r->base_currency, r->currency) != 0) {
    const struct pair *p = &LAYOUT_WORD(l, exchange);
    canvas_open(c, "P", ORDER_AMOUNT + 2);
    double w = canvas_caption(c, 15, 192.6, p->first, p->second);
    const char *rate = layout_quantity(c, r->exchange_rate_millionths / 1000);
    if (r->exchange_rate_millionths % 1000) {
      rate = layout_printf(c, "%lld.%06lld", (long long)(r->exchange_rate_millionths / 1000000),
                           (long long)(r->exchange_rate_millionths % 1000000));
    }
    canvas_printf(c, 15 + w + 1.6, 192.6, style_caption, "1 %s = %s %s", r->currency, rate,
                  r->base_currency);
  }
  amount_words(c, l);
}

/* ---- ledger and officers ---- */

static const struct {
  enum template_word word;
  bool strong;
  double rule;
} ledger_rows[] = {
    {WORD_obligated, false, 0.12}, {WORD_paid_before, false, 0.12},
    {WORD_opening, true, 0.3},     {WORD_this_payment, false, 0.12},
    {WORD_closing, true, 0.3},     {WORD_paid_to_date, false, 0.12},
};
enum { LEDGER_ROWS = sizeof ledger_rows / sizeof *ledger_rows };

static uint32_t ledger_order(size_t i) { return ORDER_LEDGER + 10 + 10 * (uint32_t)i; }
static double ledger_top(size_t i) { return 209.4 + 5.8 * (double)i; }

static void ledger_frame(struct canvas *c, const struct layout *l) {
  list_element(&c->list,
               &(struct list_element){.type = "Table", .order = ORDER_LEDGER + 1, .page = c->page});
  canvas_rule(c, 15, 95, 209.4, 0.3);
  for (size_t i = 0; i < LEDGER_ROWS; i++) {
    bool strong = ledger_rows[i].strong;
    const struct style es = {strong ? FACE_SANS_BOLD : FACE_SANS, 8},
                       en = {strong ? FACE_SANS_BOLD_ITALIC : FACE_SANS_ITALIC, 8};
    uint32_t order = ledger_order(i);
    list_element(&c->list,
                 &(struct list_element){
                     .type = "TR", .order = order, .parent = ORDER_LEDGER + 1, .page = c->page});
    c->element = list_element(
        &c->list,
        &(struct list_element){
            .type = "TH", .order = order + 1, .parent = order, .scope = "Row", .page = c->page});
    const struct pair *p = &l->captions->words[ledger_rows[i].word];
    canvas_pair(c, 15, ledger_top(i) + 4.1, es, en, p->first, p->second);
    canvas_artifact(c);
    canvas_rule(c, 15, 95, ledger_top(i + 1), ledger_rows[i].rule);
  }
  canvas_rule(c, 74, 95, ledger_top(5) + 0.7, 0.18);
}

static void ledger_amount(struct canvas *c, const struct layout *l, size_t i, const char *sign,
                          int64_t minor) {
  const struct style figures = {ledger_rows[i].strong ? FACE_SANS_BOLD : FACE_SANS, 9};
  const char *money = layout_money(c, minor, receipt_digits(base_currency(&l->content->receipt)));
  const struct style number = layout_fitted(c, figures, money, 30);
  double beside = 95 - canvas_width(c, number, money) - 2; /* a long amount moves its sign */
  canvas_open_in(c, "TD", ledger_order(i) + 2, ledger_order(i));
  canvas_text_centre(c, beside < 71.5 ? beside : 71.5, ledger_top(i) + 4.1, number, sign);
  canvas_text_right(c, 95, ledger_top(i) + 4.1, number, money);
  canvas_artifact(c);
}

static void ledger(struct canvas *c, const struct layout *l) {
  const struct model_ledger *g = &l->issue->ledger;
  int64_t opening = g->obligated_minor - g->paid_before_minor, paid = opening - g->closing_minor;
  const struct {
    const char *sign;
    int64_t minor;
  } amounts[LEDGER_ROWS] = {
      {"", g->obligated_minor}, {"−", g->paid_before_minor},
      {"=", opening},           {paid < 0 ? "+" : "−", paid < 0 ? -paid : paid},
      {"=", g->closing_minor},  {"", g->paid_before_minor + paid},
  };
  const struct pair *p = &LAYOUT_WORD(l, ledger);
  canvas_open(c, "H2", ORDER_LEDGER); /* whole, so that a space parts the currency from the words */
  canvas_pair(c, 15, 207.6, style_head, style_head_en, p->first, p->second);
  canvas_text_right(c, 95, 207.6, (struct style){FACE_SANS_BOLD, 6.2},
                    base_currency(&l->content->receipt));
  for (size_t i = 0; i < LEDGER_ROWS; i++) {
    ledger_amount(c, l, i, amounts[i].sign, amounts[i].minor);
  }
}

enum { OFFICERS = 2 };
static double officer_top(size_t i) { return 209.4 + 17.4 * (double)i; }
static uint32_t officer_order(size_t i) { return ORDER_OFFICERS + 10 + 10 * (uint32_t)i; }

static void officers_frame(struct canvas *c, const struct layout *l) {
  canvas_rule(c, 115, 195, 209.4, 0.3);
  for (size_t i = 0; i < OFFICERS && l->variant != LAYOUT_DRAFT; i++) {
    layout_field(c, officer_order(i), 115, officer_top(i) + 4.0,
                 i == 0 ? WORD_approver : WORD_certifier, l);
    canvas_rule(c, 115, 195, officer_top(i + 1), i + 1 == OFFICERS ? 0.3 : 0.12);
  }
}

static void officer(struct canvas *c, const struct layout *l, const struct model_approval *a,
                    double top, uint32_t order) {
  const struct style post = {FACE_SANS, 7.6}, post_en = {FACE_SANS_ITALIC, 7.6},
                     mono = {FACE_MONO, 7.6};
  canvas_open(c, "P", order + 1);
  const char *id = a->officer.short_id;
  canvas_text(c, 115, top + 8.4,
              layout_fitted(c, style_strong, a->officer.name, 78 - canvas_width(c, mono, id)),
              a->officer.name);
  canvas_text_right(c, 195, top + 8.4, mono, id);
  layout_posts(c, l, 115, top + 12.0, 80, post, post_en, &a->officer);
  canvas_text(c, 115, top + 15.2, (struct style){FACE_SANS, 6.4}, layout_time(c, a->time_us));
  canvas_artifact(c);
}

static void officers(struct canvas *c, const struct layout *l) {
  const struct pair *p = &LAYOUT_WORD(l, approvals), *q = &LAYOUT_WORD(l, requester);
  const struct style mono = {FACE_MONO, 7.6};
  const char *id = l->issue->requester.short_id;
  canvas_open(c, "P", ORDER_OFFICERS + 1);
  double w = canvas_text_right(c, 195, 207.6, mono, id) + 1.6;
  w += canvas_pair_right(c, 195 - w, 207.6, style_caption, style_caption_en, q->first, q->second);
  canvas_open(c, "H2", ORDER_OFFICERS);
  canvas_pair_within(c, 115, 207.6, 80 - w - 2, style_head, style_head_en, p->first, p->second);
  canvas_artifact(c);
  if (l->variant == LAYOUT_DRAFT) {
    canvas_open(c, "P", ORDER_OFFICERS + 2);
    canvas_text_in(c, c->languages[0], 115, 217.8, style_strong, LAYOUT_WORD(l, awaiting).first);
    canvas_text_in(c, c->languages[1], 115, 221.6, (struct style){FACE_SANS_ITALIC, 7.4},
                   LAYOUT_WORD(l, awaiting).second);
    canvas_artifact(c);
    return;
  }
  for (size_t i = 0; i < OFFICERS && i < l->issue->approval_count; i++) {
    officer(c, l, &l->issue->approvals[i], officer_top(i), officer_order(i));
  }
}

/* ---- foot ---- */

/* What depends on who issues alone, at the foot of the last page. */
static void house_foot(struct canvas *c, const struct layout *l) {
  c->band = BAND_FOOT;
  layout_seal(c, l, 27, 261.2, 12);
  layout_checking(c, l, 147, 250.8, 3.6, 48, ORDER_BEHIND + 20);
}

/* What never varies under the table of the last page. */
static void last_frame(struct canvas *c, const struct layout *l) {
  c->band = BAND_ACCOUNT;
  canvas_artifact(c);
  canvas_ornament(c, "panel", 105, 185, l->ornaments->panel_receipt);
  layout_field(c, ORDER_AMOUNT, 15, 176.5, WORD_amount_paid, l);
  layout_field(c, ORDER_AMOUNT + 3, 115, 176.5, WORD_in_words, l);
  ledger_frame(c, l);
  officers_frame(c, l);
  layout_form(c, l, 15, ORDER_BEHIND + 40);
}

static void foot(struct canvas *c, const struct layout *l) {
  if (l->page_count > 1) {
    house_foot(c, l);
  } else {
    layout_unhoused(c, l, house_foot);
  }
  if (l->variant != LAYOUT_DRAFT) {
    uint16_t page = c->page;
    c->page = l->request->contents_room ? LIST_APPEARANCE : page;
    if (c->page == page) {
      canvas_open(c, "P", ORDER_SIGNATURE);
    }
    layout_signature_lines(c, l, 43.5, 253.4, 3.0, 68.5);
    double y = 253.4 + 3.0 * (double)(l->request->signer_line_count + 2);
    c->page = page;
    canvas_open(c, "P", ORDER_BEHIND);
    canvas_text_in(c, c->languages[0], 43.5, y, style_small, LAYOUT_WORD(l, proves_nothing).first);
    canvas_text_in(c, c->languages[1], 43.5, y + 3.0, style_small_en,
                   LAYOUT_WORD(l, proves_nothing).second);
    canvas_artifact(c);
  }
  layout_code(c, l, 115, 249.2, false, true, 27.1, ORDER_BEHIND + 10);
}

static void running_head(struct canvas *c, const struct layout *l) {
  const char *number = l->variant == LAYOUT_DRAFT ? LAYOUT_WORD(l, draft_mark).first
                                                  : layout_number(c, l->issue->number);
  c->pagination = true;
  canvas_artifact(c);
  layout_running_head(c, l, number,
                      layout_printf(c, "%s %u · %u / %u", LAYOUT_WORD(l, sheet_copy).first,
                                    l->issue->copy, c->page, l->page_count));
  c->pagination = false;
}

static const char *payment_text(const struct layout *l) {
  switch (l->content->receipt.payment_type) {
    case MODEL_ADVANCE:
      return LAYOUT_WORD(l, payment_advance).first;
    case MODEL_FINAL:
      return LAYOUT_WORD(l, payment_final).first;
    case MODEL_REVERSAL:
      return LAYOUT_WORD(l, payment_reversal).first;
    default:
      return LAYOUT_WORD(l, payment_partial).first;
  }
}

void receipt_static(struct canvas *c, const struct layout *l, enum layout_part part) {
  if (part == LAYOUT_FIRST || part == LAYOUT_ONLY) {
    layout_letterhead_static(c, l, 27);
    layout_strip_static(c, l);
    layout_strip_captions(c, l, WORD_sequence, 150, WORD_payment);
    parties_static(c, l);
    receipt_table_static(c, l);
    layout_housed(c, l, layout_letterhead);
    if (part == LAYOUT_ONLY) {
      last_frame(c, l);
      layout_housed(c, l, house_foot);
    }
    return;
  }
  layout_later_head_static(c, l);
}

void receipt_draw(struct canvas *c, const struct layout *l) {
  layout_unhoused(c, l, layout_letterhead);
  layout_strip(c, l, layout_printf(c, "%u", l->issue->ledger.sequence), 150, payment_text(l));
  c->band = BAND_UPPER;
  parties(c, l);
  for (uint16_t page = 1; page <= l->page_count; page++) {
    c->page = page;
    if (page > 1) {
      c->band = BAND_HEAD;
      running_head(c, l);
    }
    receipt_table(c, l);
  }
  c->path = c->path ? "" : NULL;
  if (l->page_count > 1) { /* a static half doesn't know whether its page is the last of many */
    last_frame(c, l);
  }
  c->band = BAND_ACCOUNT;
  amount_panel(c, l);
  c->path = NULL;
  ledger(c, l);
  officers(c, l);
  c->band = BAND_FOOT;
  foot(c, l);
  c->page = 1;
}

void receipt_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page) {
  paper_area(paper_of(l->paper), l->t->blocks, BAND_FOOT, 43.5, 249.2, 68.5, 15.3, box);
  *ret_page = (uint16_t)l->page_count;
}
