/* Layout: what stands where on the three kinds of document (design of the pages, sections 2 to 10). Each kind has a
 * static half, drawn once when its template is compiled, and a half of the document's own. */
#pragma once
#include "docs_gen/document.h"
#include "docs_gen/layout/canvas.h"
#include "docs_gen/template/template.h"
#include "formats/datamatrix/writer.h"

enum { LAYOUT_MODULE_UM_10 = 4233 }; /* of a bar code, tenths of a micrometre: 5 dots at 300 dpi */

enum layout_variant { LAYOUT_PLAIN, LAYOUT_DRAFT, LAYOUT_SPECIMEN, LAYOUT_VARIANTS };

/* Static parts: the first page of each kind, the first and the later table pages of a manifest and the last of them, where it
 * is closed, the last page of a receipt that goes on, and the page of a document that has one alone. */
enum layout_part {
  LAYOUT_FIRST,
  LAYOUT_SECOND,
  LAYOUT_LATER,
  LAYOUT_CLOSING,
  LAYOUT_ONLY,
  LAYOUT_PARTS
};

enum { LAYOUT_ROLL_LINES = 5 };
struct layout_ornaments {
  struct sv_bytes crest, crest_small, panel_letter, panel_manifest, panel_receipt, seal_letter,
      seal_small, roll_line, roll_lines; /* one line of the roll-call, and LAYOUT_ROLL_LINES */
};

struct layout {
  const struct captions *captions;
  const struct template *t;
  const struct layout_ornaments *ornaments;
  enum layout_variant variant;
  enum model_paper paper;
  const struct docs_request *request; /* NULL in the static half */
  const struct datamatrix *codes;     /* by page - 1; modules 0: no seal; NULL in the static half */
  uint32_t page_count;
  const struct model_content *content;
  const struct model_issue *issue;
  const struct model_authority *house; /* who issues; NULL in a static half that is not housed */
  bool housed; /* what depends on who issues alone stands in the static half */
};
/* Of a document's layout, what a static half knows that is not housed. */
struct layout layout_plain(const struct layout *l);

#define LAYOUT_WORD(l, word) ((l)->captions->words[WORD_##word])
/* The two languages of a word as two arguments. */
#define LAYOUT_PAIR(l, word) LAYOUT_WORD(l, word).first, LAYOUT_WORD(l, word).second

extern const struct style style_caption, style_caption_en, style_value, style_strong, style_small,
    style_small_en, style_note, style_note_en, style_head, style_head_en, style_mono_small,
    style_mono_small_bold;

/* ---- shared blocks (layout/shared.c) ---- */

void layout_letterhead_static(struct canvas *c, const struct layout *l, double title_pt);
/* Crest, title and rule at the head of a page that is not the first, on every page alike. */
void layout_later_head_static(struct canvas *c, const struct layout *l);
/* What the form is called and what it holds, at the foot; order: of the first of two lines. */
void layout_form(struct canvas *c, const struct layout *l, double x, uint32_t order);
/* The rules of the strip, or the bar of a draft; what its cells are called. */
void layout_strip_static(struct canvas *c, const struct layout *l);
void layout_strip_captions(struct canvas *c, const struct layout *l, enum template_word second,
                           double x4, enum template_word fourth);
/* Number, version or sequence, copy, a fourth cell, page. */
void layout_strip(struct canvas *c, const struct layout *l, const char *second, double x4,
                  const char *fourth);
/* BORRADOR or SPECIMEN across the page, first of all. */
void layout_watermark(struct canvas *c, const struct layout *l);
/* The bar code of the current page with its top left corner there, and number and code under it; right: the corner is the
 * top right one. box: the edge when there is no seal. order: of its Figure. */
void layout_code(struct canvas *c, const struct layout *l, double x, double y, bool right,
                 bool captioned, double box, uint32_t order);
/* The seal with its text about (x, y), or the empty circle of a draft. */
void layout_seal(struct canvas *c, const struct layout *l, double x, double y, double radius);
/* Head and steps of "how to check this document". */
void layout_checking(struct canvas *c, const struct layout *l, double x, double y, double indent,
                     double width, uint32_t order);
/* A signature line of microtext: kind and number in both languages, to the exact length. */
void layout_microtext(struct canvas *c, const struct layout *l, double x, double y, double length);
/* The style, or one as much smaller as a text needs to have room in a width: an appearance hides what goes beyond its box. */
struct style layout_fitted(struct canvas *c, struct style style, const char *text, double width);
/* The lines under "electronic signature", no wider than that, into the appearance (or the page, on a draft nothing). */
void layout_signature_lines(struct canvas *c, const struct layout *l, double x, double y,
                            double leading, double width);
/* A caption, as a paragraph; within so much room. */
void layout_field(struct canvas *c, uint32_t order, double x, double caption_y,
                  enum template_word word, const struct layout *l);
void layout_field_within(struct canvas *c, uint32_t order, double x, double caption_y, double width,
                         enum template_word word, const struct layout *l);

/* ---- who issues (layout/authority.c) ---- */

/* The authority's own names in a column (0 or 1) of the page, and the language that they are in. */
struct layout_names {
  const char *state, *ministry, *name, *language;
};
struct layout_names layout_own(const struct layout *l, int column);
struct layout_post {
  const char *post, *language;
};
struct layout_post layout_post(const struct layout *l, const struct model_officer *o, int column);
/* Both posts with an oblique between them, in so much room. */
void layout_posts(struct canvas *c, const struct layout *l, double x, double y, double width,
                  struct style first, struct style second, const struct model_officer *o);
void layout_letterhead(struct canvas *c, const struct layout *l);
/* In a static half: what depends on who issues alone, if it is to be there. Names are no words of templates: not kerned. */
void layout_housed(struct canvas *c, const struct layout *l,
                   void (*draw)(struct canvas *c, const struct layout *l));
/* The same in the own half, if the static one is to be without it. */
void layout_unhoused(struct canvas *c, const struct layout *l,
                     void (*draw)(struct canvas *c, const struct layout *l));
/* State and authority in a line at the head of a later page; number and sheet at its right. */
void layout_running_head(struct canvas *c, const struct layout *l, const char *number,
                         const char *sheet);
/* What policy says of them, as it would be drawn: a violation a text without a glyph or without room, by its key. */
void layout_authority_check(struct canvas *c, const struct model_authority *a);
void layout_officer_check(struct canvas *c, const struct model_officer *o);

/* ---- values (layout/values.c): texts in ctx->mem, "" when memory is out (the list's fault is set) ---- */

/* "S26 0C7QK V" */
const char *layout_number(struct canvas *c, const char *number);
/* "15 ENE/JAN 2026"; unknown parts XX. */
const char *layout_date(struct canvas *c, const struct layout *l, const char *date);
/* "2026-01-15 16:42:08 UTC" */
const char *layout_time(struct canvas *c, int64_t time_us);
/* "6,000,000.00", minus U+2212 */
const char *layout_money(struct canvas *c, int64_t minor, int exponent);
/* "46", "2.5" */
const char *layout_quantity(struct canvas *c, int64_t thousandths);
/* Capitals of every language. */
const char *layout_upper(struct canvas *c, const char *text);
/* A clause or a step with its fields, in c->language. */
const char *layout_filled(struct canvas *c, const struct layout *l, const char *text);
const char *layout_printf(struct canvas *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- the kinds ---- */

void letter_static(struct canvas *c, const struct layout *l);
void letter_draw(struct canvas *c, const struct layout *l);
void manifest_static(struct canvas *c, const struct layout *l, enum layout_part part);
void manifest_draw(struct canvas *c, const struct layout *l);
uint32_t manifest_pages(const struct model_content *content);
size_t manifest_page_lines(const struct model_content *content, uint32_t page, size_t *ret_first);
void receipt_static(struct canvas *c, const struct layout *l, enum layout_part part);
void receipt_draw(struct canvas *c, const struct layout *l);
uint32_t receipt_pages(const struct model_content *content);
/* Pages of a document of any kind. */
uint32_t layout_pages(const struct model_content *content);

/* Where the signature's widget goes, micrometres, and its page. */
void letter_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page);
void manifest_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page);
void receipt_signature_box(const struct layout *l, int32_t box[4], uint16_t *ret_page);
enum { LAYOUT_SIGNATURE_ORDER = 900000 };
