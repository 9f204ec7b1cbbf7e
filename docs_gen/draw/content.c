/* Content operators. Invariants: every BDC or BMC is closed in the stream that opened it and outside the text object
 * that it encloses; colours are set only when they change; numbers have three decimals of a point. */
#include "docs_gen/draw/content.h"

#include "base/fields.h"
#include "docs_gen/draw/pack.h"

enum { CONTENT_ROOM = 16 * 1024 }; /* most pages need no more */

struct writer {
  struct sv_buf buf;
  const struct list *list;
  const struct look *look;
  bool *fonts;
  struct content *content;
  bool marks;
  int open; /* element of the open mark, -1: none, 0: an artifact */
  bool open_pagination;
  int fill, stroke; /* enum list_ink, -1: not set */
  size_t mark_room;
  int font; /* the text state of the stream, which outlives a text object (PDF 32000-1 9.3.1); -1: not set */
  int32_t size_mpt;
};

/* v, of which the last digits are decimals (at most 6), then a space. */
static inline void put_fixed(struct sv_buf *b, int64_t v, int decimals, unsigned unit) {
  char text[28], *p = text + sizeof text;
  uint64_t u = v < 0 ? -(uint64_t)v : (uint64_t)v;
  *--p = ' ';
  unsigned fraction = (unsigned)(u % unit);
  uint64_t whole = u / unit;
  if (fraction) {
    for (int digits = decimals; digits > 0; digits--, fraction /= 10) {
      if (fraction % 10 || p[0] != ' ') {
        *--p = (char)('0' + fraction % 10);
      }
    }
    *--p = '.';
  }
  if (whole || *p == ' ') {
    do {
      *--p = (char)('0' + whole % 10);
      whole /= 10;
    } while (whole);
  }
  if (v < 0) {
    *--p = '-';
  }
  sv_buf_put(b, p, (size_t)(text + sizeof text - p));
}

/* v thousandths. */
static void put_milli(struct sv_buf *b, int64_t v) { put_fixed(b, v, 3, 1000); }

/* Micrometres as thousandths of a point: 72 / 25.4. */
static int64_t milli_pt(int64_t um) {
  int64_t v = um * 360000;
  return (v + (v < 0 ? -63500 : 63500)) / 127000;
}
static void put_um(struct sv_buf *b, int64_t um) { put_milli(b, milli_pt(um)); }

static void set_ink(struct writer *w, enum list_ink ink, bool stroke) {
  static const char *const inks[] = {
      [INK_BLACK] = "0 g ",
      [INK_WHITE] = "1 g ",
      [INK_BLUE] = ".0706 .2157 .3098 rg ",
      [INK_OUTLINE] = ".6627 .7059 .7294 rg ",
  };
  static const char *const strokes[] = {
      [INK_BLACK] = "0 G ",
      [INK_WHITE] = "1 G ",
      [INK_BLUE] = ".0706 .2157 .3098 RG ",
      [INK_OUTLINE] = ".6627 .7059 .7294 RG ",
  };
  int *now = stroke ? &w->stroke : &w->fill;
  if (*now != (int)ink) {
    sv_buf_str(&w->buf, stroke ? strokes[ink] : inks[ink]);
    *now = (int)ink;
  }
}

/* ---- marks ---- */

static void close_mark(struct writer *w) {
  if (w->open >= 0) {
    sv_buf_str(&w->buf, "EMC\n");
  }
  w->open = -1;
}

static void note_mark(struct writer *w, uint16_t element, uint32_t mcid) {
  struct content *c = w->content;
  if (c->mark_n == w->mark_room) {
    size_t room = w->mark_room ? 2 * w->mark_room : 64;
    struct content_mark *marks = SV_ARRAY(w->list->ctx->mem, room, struct content_mark);
    if (!marks) {
      w->buf.failed = true;
      return;
    }
    if (c->mark_n) {
      memcpy(marks, c->marks, c->mark_n * sizeof *marks);
    }
    c->marks = marks;
    w->mark_room = room;
  }
  c->marks[c->mark_n++] = (struct content_mark){element, mcid};
}

static void open_mark(struct writer *w, const struct list_item *item) {
  if (!w->marks ||
      (w->open == item->element && (item->element || w->open_pagination == item->pagination))) {
    return;
  }
  close_mark(w);
  w->open = item->element;
  w->open_pagination = item->pagination;
  if (item->element == 0) {
    sv_buf_str(&w->buf,
               item->pagination ? "/Artifact<</Type/Pagination>>BDC\n" : "/Artifact BMC\n");
    return;
  }
  uint32_t mcid = w->content->next_mcid++;
  sv_buf_u8(&w->buf, '/');
  sv_buf_str(&w->buf, w->list->elements[item->element - 1].type);
  sv_buf_str(&w->buf, "<</MCID ");
  pack_number(&w->buf, mcid);
  sv_buf_str(&w->buf, ">>BDC\n");
  note_mark(w, item->element, mcid);
}

/* ---- text ---- */

/* Two bytes of a literal string (PDF 32000-1 7.3.4.2), in which a CR would be read as a LF. */
static void put_cid(struct sv_buf *b, uint16_t cid) {
  uint8_t text[4];
  size_t n = 0;
  for (int shift = 8; shift >= 0; shift -= 8) {
    uint8_t c = (uint8_t)(cid >> shift);
    if (c == '(' || c == ')' || c == '\\' || c == '\r') {
      text[n++] = '\\';
    }
    text[n++] = c == '\r' ? 'r' : c;
  }
  sv_buf_put(b, text, n);
}

static void put_hex(struct sv_buf *b, uint16_t cid) {
  static const char digits[] = "0123456789ABCDEF";
  const char text[4] = {digits[cid >> 12], digits[cid >> 8 & 15], digits[cid >> 4 & 15],
                        digits[cid & 15]};
  sv_buf_put(b, text, 4);
}

/* The state of one line while its glyphs are shown. */
struct show {
  int32_t pen; /* where the next glyph would stand, FACE_UNITS */
  int32_t rise;
  bool in_array; /* of strings and numbers, for TJ; a lone string is for Tj */
  bool in_string;
  size_t string_at; /* where it began */
};

static void end_array(struct writer *w, struct show *s) {
  if (s->in_string) {
    sv_buf_u8(&w->buf, ')');
  }
  if (s->in_array || s->in_string) {
    sv_buf_str(&w->buf, s->in_array ? "]TJ " : "Tj ");
  }
  s->in_array = s->in_string = false;
}

/* A gap in a line: what was one string becomes an array. */
static void put_gap(struct writer *w, struct show *s, int64_t milli) {
  if (s->in_string) {
    sv_buf_u8(&w->buf, ')');
  }
  if (!s->in_array && s->in_string) {
    sv_buf_u8(&w->buf, ' ');
    uint8_t *from = w->buf.failed ? NULL : w->buf.p + s->string_at;
    if (from) {
      memmove(from + 1, from, w->buf.n - s->string_at - 1);
      *from = '[';
    }
  } else if (!s->in_array) {
    sv_buf_u8(&w->buf, '[');
  }
  s->in_array = true;
  s->in_string = false;
  put_milli(&w->buf, milli);
}

/* The font and code that show a glyph: the look's where it has the character. */
static int font_of(const struct writer *w, const struct text_glyph *g, uint16_t *ret_cid) {
  const uint16_t *cids = g->font < TEXT_FONT_DYNAMIC ? w->look->cids[g->font] : NULL;
  if (!cids || !cids[g->cid]) {
    return g->font;
  }
  *ret_cid = cids[g->cid];
  return TEXT_FONT_LOOK + g->font / FACE_BLOCKS;
}

static void use_font(struct writer *w, const struct list_text *text, int font, struct show *s) {
  if (font != w->font || text->size_mpt != w->size_mpt) {
    end_array(w, s);
    sv_buf_str(&w->buf, "/F");
    pack_number(&w->buf, (uint32_t)font);
    sv_buf_u8(&w->buf, ' ');
    put_milli(&w->buf, text->size_mpt);
    sv_buf_str(&w->buf, "Tf ");
    w->font = font;
    w->size_mpt = text->size_mpt;
    w->fonts[font] = true;
  }
}

static void put_shown(struct writer *w, uint16_t cid, int32_t advance, struct show *s) {
  if (!s->in_string) {
    s->string_at = w->buf.n;
    sv_buf_u8(&w->buf, '(');
    s->in_string = true;
  }
  put_cid(&w->buf, cid);
  /* a reader advances by the whole thousandths of the /W array */
  s->pen += (int32_t)((int64_t)advance * 1000 / FACE_UNITS * FACE_UNITS / 1000);
}

static void show_glyph(struct writer *w, const struct list_text *text, const struct text_glyph *g,
                       struct show *s) {
  uint16_t cid = g->cid;
  int font = font_of(w, g, &cid);
  use_font(w, text, font, s);
  if (g->y != s->rise) {
    end_array(w, s);
    put_milli(&w->buf, (int64_t)g->y * text->size_mpt / FACE_UNITS);
    sv_buf_str(&w->buf, "Ts ");
    s->rise = g->y;
  }
  int32_t gap = g->x - s->pen;
  if (gap >= FACE_UNITS / 2000 || gap <= -FACE_UNITS / 2000) {
    put_gap(w, s, -(int64_t)gap * 1000000 / FACE_UNITS);
    s->pen = g->x;
  }
  put_shown(w, cid, g->advance, s);
}

/* -1 to 1 with five decimals, then a space. */
static void put_ratio(struct sv_buf *b, double v) {
  int u = (int)(v < 0 ? 0.5 - v * 100000 : v * 100000 + 0.5);
  char text[10] = "-0.00000 ";
  text[1] = (char)('0' + u / 100000);
  for (int i = 7; i > 2; i--, u /= 10) {
    text[i] = (char)('0' + u % 10);
  }
  sv_buf_put(b, v < 0 ? text : text + 1, v < 0 ? 9 : 8);
}

static void put_matrix(struct writer *w, const struct list_item *item) {
  const struct list_text *t = &item->text;
  if (t->turn_cdeg) {
    double a = t->turn_cdeg / 100.0 * 0.017453292519943295;
    double c = __builtin_cos(a), s = __builtin_sin(a);
    put_ratio(&w->buf, c);
    put_ratio(&w->buf, s);
    put_ratio(&w->buf, -s);
    put_ratio(&w->buf, c);
  }
  put_um(&w->buf, item->x);
  put_um(&w->buf, item->y);
  sv_buf_str(&w->buf, t->turn_cdeg ? "Tm " : "Td ");
}

/* A glyph as a path, where it stands in its line. */
static void put_outline(struct writer *w, const struct list_item *item,
                        const struct text_glyph *g) {
  int64_t size_um = (int64_t)item->text.size_mpt * 254 / 720; /* of an em */
  const struct text_point *p = g->outline->points;
  for (const char *s = g->outline->segments; *s; s++) {
    for (int i = *s == 'Z' ? 0 : *s == 'C' ? 3 : 1; i > 0; i--, p++) {
      put_um(&w->buf, item->x + (g->x + p->x) * size_um / FACE_UNITS);
      put_um(&w->buf, item->y + (g->y + p->y) * size_um / FACE_UNITS);
    }
    sv_buf_str(&w->buf, *s == 'M' ? "m " : *s == 'L' ? "l " : *s == 'C' ? "c " : "h ");
  }
  sv_buf_str(&w->buf, *g->outline->segments ? "f " : "");
}

static uint32_t last_character(const char *text) {
  uint32_t last = 0;
  for (uint32_t cp; (cp = sv_utf8_next(&text)) != 0;) {
    last = cp;
  }
  return last;
}

/* Whether a text that stands in another place than this one, of the same element, is parted from it by a space: hyphens,
 * signs and ideographs need none. */
static bool parted(const char *one, const char *other) {
  uint32_t before = last_character(one), after = sv_utf8_next(&other);
  bool joined = before == '-' || before == '/' || before == 0x2212;
  bool ideographs = before >= 0x2E80 && after >= 0x2E80;
  return before != ' ' && after != ' ' && !joined && !ideographs;
}

static bool goes_on(const struct writer *w, const struct list_item *item) {
  const struct list_item *end = w->list->items + w->list->n;
  for (const struct list_item *next = item + 1; next < end; next++) {
    if (next->page == item->page && next->op == LIST_TEXT && next->element) {
      return next->element == item->element && parted(item->text.line.text, next->text.line.text);
    }
  }
  return false;
}

/* Word breaks are spaces in the text itself, at the end of a line too (PDF 32000-1 14.8.2.5). */
static void put_break(struct writer *w, const struct list_item *item, struct show *s) {
  enum face_id face = item->text.line.face;
  const struct look_space *space = &w->look->spaces[face];
  if (w->marks && item->element && space->cid && goes_on(w, item)) {
    use_font(w, &item->text, TEXT_FONT_LOOK + (int)face, s);
    put_shown(w, space->cid, space->advance, s);
  }
}

/* Up to the first glyph. Whether a span in the text's own language was opened. */
static bool begin_text(struct writer *w, const struct list_item *item) {
  const struct list_text *t = &item->text;
  const char *own = item->element ? w->list->elements[item->element - 1].language : NULL;
  bool span = w->marks && item->element && t->language &&
              strcmp(own ? own : w->look->language, t->language) != 0;
  if (span) {
    sv_buf_str(&w->buf, "/Span<</Lang(");
    sv_buf_str(&w->buf, t->language);
    sv_buf_str(&w->buf, ")>>BDC ");
  }
  set_ink(w, item->ink, t->outline);
  sv_buf_str(&w->buf, "BT ");
  if (t->outline) {
    sv_buf_str(&w->buf, "1 Tr .992 w ");
  }
  if (t->track_nm) { /* as hundred thousandths of a point: it adds up over a line */
    put_fixed(&w->buf, ((int64_t)t->track_nm * 36 + (t->track_nm < 0 ? -63 : 63)) / 127, 5, 100000);
    sv_buf_str(&w->buf, "Tc ");
  }
  put_matrix(w, item);
  return span;
}

static void put_text(struct writer *w, const struct list_item *item) {
  const struct list_text *t = &item->text;
  const struct text_line *line = &t->line;
  bool span = begin_text(w, item);
  struct show s = {.pen = 0};
  bool outlines = false, unseen = false;
  for (size_t i = 0; i < line->n; i++) {
    const struct text_glyph *g = &line->glyphs[i];
    if (g->outline) {
      outlines = true; /* paths can't stand inside a text object */
      continue;
    }
    if (g->unseen != unseen) {
      end_array(w, &s);
      sv_buf_str(&w->buf, g->unseen ? "3 Tr " : "0 Tr ");
      unseen = g->unseen;
    }
    show_glyph(w, t, g, &s);
  }
  put_break(w, item, &s);
  end_array(w, &s);
  sv_buf_str(&w->buf, t->track_nm ? "0 Tc " : "");
  sv_buf_str(&w->buf, t->outline || unseen ? "0 Tr " : "");
  sv_buf_str(&w->buf, s.rise ? "0 Ts ET" : "ET");
  sv_buf_str(&w->buf, outlines ? " " : "");
  for (size_t i = 0; outlines && i < line->n; i++) {
    if (line->glyphs[i].outline) {
      put_outline(w, item, &line->glyphs[i]);
    }
  }
  sv_buf_str(&w->buf, span ? " EMC\n" : "\n");
}

/* ---- the rest ---- */

static void put_path(struct writer *w, const struct list_item *item) {
  set_ink(w, item->ink, item->op == LIST_STROKE);
  if (item->op == LIST_STROKE) {
    put_um(&w->buf, item->path.width);
    sv_buf_str(&w->buf, "w ");
  }
  const struct list_point *p = item->path.points;
  for (const char *s = item->path.segments; *s; s++) {
    for (int i = *s == 'Z' ? 0 : *s == 'C' ? 3 : 1; i > 0; i--, p++) {
      put_um(&w->buf, p->x);
      put_um(&w->buf, p->y);
    }
    sv_buf_str(&w->buf, *s == 'M' ? "m " : *s == 'L' ? "l " : *s == 'C' ? "c " : "h ");
  }
  sv_buf_str(&w->buf, item->op == LIST_STROKE ? "S\n" : "f\n");
}

/* A one-bit mask, so that every module is whole and no hairline shows between two of them. */
static void put_code(struct writer *w, const struct list_item *item) {
  set_ink(w, item->ink, false);
  sv_buf_str(&w->buf, "q ");
  put_um(&w->buf, item->code.edge);
  sv_buf_str(&w->buf, "0 0 ");
  put_um(&w->buf, item->code.edge);
  put_um(&w->buf, item->x);
  put_um(&w->buf, item->y);
  sv_buf_printf(&w->buf, "cm BI /W %u /H %u /IM true /BPC 1 /D[1 0] /F/AHx ID\n",
                item->code.modules, item->code.modules);
  size_t n = (size_t)((item->code.modules + 7) / 8) * item->code.modules;
  for (size_t i = 0; i + 1 < n; i += 2) {
    put_hex(&w->buf, (uint16_t)(item->code.rows[i] << 8 | item->code.rows[i + 1]));
  }
  if (n % 2) {
    sv_buf_printf(&w->buf, "%02X", item->code.rows[n - 1]);
  }
  sv_buf_str(&w->buf, ">\nEI Q\n");
}

static void put_picture(struct writer *w, const struct list_item *item) {
  sv_buf_str(&w->buf, "q ");
  put_um(&w->buf, item->picture.w);
  sv_buf_str(&w->buf, "0 0 ");
  put_um(&w->buf, item->picture.h);
  put_um(&w->buf, item->x);
  put_um(&w->buf, item->y);
  sv_buf_str(&w->buf, "cm /Portrait Do Q\n");
}

static void put_ornament(struct writer *w, const struct list_item *item) {
  sv_buf_str(&w->buf, "q .028346457 0 0 .028346457 ");
  put_um(&w->buf, item->x);
  put_um(&w->buf, item->y);
  sv_buf_str(&w->buf, "cm\n");
  size_t i = 0;
  while (i < w->look->form_n && w->look->forms[i].content != item->ornament.content.p) {
    i++;
  }
  if (i < w->look->form_n) {
    w->content->forms[i] = true;
    sv_buf_printf(&w->buf, "/Ornament%zu Do Q\n", i);
    return;
  }
  sv_buf_put(&w->buf, item->ornament.content.p, item->ornament.content.n);
  sv_buf_str(&w->buf, "\nQ\n");
}

static void put_item(struct writer *w, const struct list_item *item) {
  open_mark(w, item);
  switch (item->op) {
    case LIST_TEXT:
      put_text(w, item);
      break;
    case LIST_STROKE:
    case LIST_FILL:
      put_path(w, item);
      break;
    case LIST_CODE:
      put_code(w, item);
      break;
    case LIST_PICTURE:
      put_picture(w, item);
      break;
    case LIST_ORNAMENT:
      put_ornament(w, item);
      break;
  }
}

sv_status content_write(const struct list *list, const struct look *look, uint16_t page,
                        uint32_t first_mcid, bool *fonts, struct content *ret) {
  struct content content = {.next_mcid = first_mcid};
  struct writer w = {.buf = page == LIST_APPEARANCE
                                ? sv_buf_in(list->ctx->mem, 0)
                                : sv_buf_with_room(list->ctx->mem, CONTENT_ROOM),
                     .list = list,
                     .look = look,
                     .fonts = fonts,
                     .content = &content,
                     .marks = page != LIST_APPEARANCE,
                     .open = -1,
                     .font = -1,
                     .fill = -1,
                     .stroke = -1};
  sv_buf_str(&w.buf, "q\n");
  for (const struct list_item *item = list_next(list, page, NULL); item;
       item = list_next(list, page, item)) {
    put_item(&w, item);
  }
  close_mark(&w);
  sv_buf_str(&w.buf, "Q\n");
  if (w.buf.failed) {
    return SV_FAIL(list->ctx, NO_MEMORY, "content of page %u", page);
  }
  content.bytes = sv_buf_bytes(&w.buf);
  *ret = content;
  return SV_DONE;
}
