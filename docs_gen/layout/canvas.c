/* The canvas. Invariant: nothing is put after a fault, and millimetres become micrometres here alone. */
#include "docs_gen/layout/canvas.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fields.h"

static const double mm_per_pt = 25.4 / 72;

static int32_t um(double mm) { return (int32_t)lround(mm * 1000); }
static int32_t um_right(const struct canvas *c, double mm) {
  double right, up;
  paper_move(c->paper, c->blocks, c->band, &right, &up);
  return um(mm) + um(right);
}
static int32_t um_up(const struct canvas *c, double mm) {
  double right, up;
  paper_move(c->paper, c->blocks, c->band, &right, &up);
  return um(c->paper->height) - um(mm) + um(up);
}

struct canvas canvas_on(struct text_session *session, const struct paper *paper,
                        const struct template_block_place *blocks, uint16_t page,
                        const char *const languages[static 2]) {
  return (struct canvas){.list = list_in(session->ctx),
                         .text = session,
                         .paper = paper,
                         .blocks = blocks,
                         .page = page,
                         .languages = {languages[0], languages[1]}};
}

void canvas_open_in(struct canvas *c, const char *type, uint32_t order, uint32_t parent) {
  c->element = list_element(&c->list, &(struct list_element){.type = type,
                                                             .order = order,
                                                             .each_page = c->each_page,
                                                             .parent = parent,
                                                             .page = c->page,
                                                             .language = c->language});
}

void canvas_open(struct canvas *c, const char *type, uint32_t order) {
  canvas_open_in(c, type, order, 0);
}

void canvas_artifact(struct canvas *c) { c->element = 0; }

void canvas_area(const struct canvas *c, double x, double y, double w, double h,
                 int32_t box[static 4]) {
  paper_area(c->paper, c->blocks, c->band, x, y, w, h, box);
}

/* An item that belongs to what is open. */
static struct list_item item_of(const struct canvas *c, enum list_op op, double x, double y) {
  return (struct list_item){.op = op,
                            .ink = c->ink,
                            .page = c->page,
                            .element = c->element,
                            .pagination = c->pagination,
                            .x = um_right(c, x),
                            .y = um_up(c, y)};
}

/* A text is measured before it is drawn: one violation is enough. */
static bool told_already(const struct canvas *c) {
  const struct sv_ctx *ctx = c->list.ctx;
  size_t n = ctx->violation_count;
  return n > 0 && n <= SV_VIOLATIONS_MAX && ctx->violations &&
         strcmp(ctx->violations[n - 1].path, c->path) == 0;
}

static void note_missing(struct canvas *c, uint32_t cp) {
  if (c->path && !told_already(c)) {
    const char *told = sv_arena_printf(
        c->list.ctx->mem, "a character has no glyph in the fonts of this server: U+%04X", cp);
    sv_ctx_violate(c->list.ctx, told ? told : "a character has no glyph", "%s", c->path);
  } else if (!c->path && !sv_failed(c->list.fault)) {
    c->list.fault = SV_FAIL(c->list.ctx, GLYPH_MISSING, "U+%04X", cp);
  }
}

void canvas_too_long(struct canvas *c, const char *what) {
  if (c->path) {
    sv_ctx_violate(c->list.ctx, "the text does not fit its place on the page", "%s", c->path);
  } else if (!sv_failed(c->list.fault)) {
    c->list.fault = SV_FAIL(c->list.ctx, TEXT_TOO_LONG, "%s", what);
  }
}

void canvas_no_room(struct canvas *c, const char *what, const char *text) {
  if (!sv_failed(c->list.fault)) {
    c->list.fault_text = text;
  }
  canvas_too_long(c, what);
}

static struct text_line shaped(struct canvas *c, struct style style, const char *text) {
  struct text_line line = {.text = text, .face = style.face};
  if (!sv_failed(c->list.fault)) {
    c->list.fault = c->kerned ? text_shape_kerned(c->text, style.face, text, &line)
                              : text_shape(c->text, style.face, text, &line);
    if (line.missing) {
      c->list.fault_text = c->kerned ? text : c->list.fault_text;
      note_missing(c, line.missing);
    }
  }
  return line;
}

static double width_of(const struct text_line *line, struct style style) {
  return (double)line->width / FACE_UNITS * style.pt * mm_per_pt;
}

double canvas_width(struct canvas *c, struct style style, const char *text) {
  int32_t units = c->kerned ? -1 : text_width(c->text->faces, style.face, text, strlen(text));
  if (units >= 0) {
    return (double)units / FACE_UNITS * style.pt * mm_per_pt;
  }
  struct text_line line = shaped(c, style, text);
  return width_of(&line, style);
}

double canvas_bearing(const struct canvas *c, struct style style, const char *text) {
  hb_codepoint_t gid;
  hb_glyph_extents_t extents;
  hb_font_t *font = c->text->faces->v[style.face].font;
  uint32_t cp = sv_utf8_next(&text);
  const struct face_char *known = face_char_of(&c->text->faces->v[style.face], cp);
  if (known) {
    return (double)known->bearing / FACE_UNITS * style.pt * mm_per_pt;
  }
  if (!hb_font_get_nominal_glyph(font, cp, &gid) ||
      !hb_font_get_glyph_extents(font, gid, &extents)) {
    return 0;
  }
  return (double)extents.x_bearing / FACE_UNITS * style.pt * mm_per_pt;
}

/* align 0 left, 1 right, 0.5 centre. */
static double put_text(struct canvas *c, const char *language, double x, double y,
                       struct style style, double align, const char *text) {
  if (!text || !*text) {
    return 0;
  }
  struct text_line line = shaped(c, style, text);
  double width = width_of(&line, style);
  /* large type hangs: its ink, not its side bearing, stands on the margin */
  double hang = style.pt >= 17 ? canvas_bearing(c, style, text) : 0;
  double left = align > 0 ? x - width * align : x - hang;
  struct list_item item = item_of(c, LIST_TEXT, left, y);
  item.text = (struct list_text){
      .line = line, .size_mpt = (int32_t)lround(style.pt * 1000), .language = language};
  list_put(&c->list, &item);
  return width;
}

double canvas_text(struct canvas *c, double x, double y, struct style style, const char *text) {
  return put_text(c, c->language, x, y, style, 0, text);
}
double canvas_text_right(struct canvas *c, double x, double y, struct style style,
                         const char *text) {
  return put_text(c, c->language, x, y, style, 1, text);
}
double canvas_text_centre(struct canvas *c, double x, double y, struct style style,
                          const char *text) {
  return put_text(c, c->language, x, y, style, 0.5, text);
}
double canvas_text_in(struct canvas *c, const char *language, double x, double y,
                      struct style style, const char *text) {
  return put_text(c, language, x, y, style, 0, text);
}

double canvas_printf(struct canvas *c, double x, double y, struct style style, const char *format,
                     ...) {
  va_list args;
  va_start(args, format);
  char text[512];
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  const char *kept = sv_arena_strdup(c->list.ctx->mem, text);
  if (!kept) {
    c->list.fault = SV_FAIL(c->list.ctx, NO_MEMORY, "text");
    return 0;
  }
  return canvas_text(c, x, y, style, kept);
}

static double pair_width(struct canvas *c, struct style first, struct style second, const char *one,
                         const char *other, const char **ret_one) {
  const char *slashed = sv_arena_printf(c->list.ctx->mem, "%s / ", one);
  *ret_one = slashed ? slashed : one;
  return canvas_width(c, first, *ret_one) + canvas_width(c, second, other);
}

static double put_pair(struct canvas *c, double x, double y, double align, struct style first,
                       struct style second, const char *one, const char *other) {
  if (!*one || !*other || strcmp(one, other) == 0) {
    return put_text(c, *one ? c->languages[0] : c->languages[1], x, y, *one ? first : second, align,
                    *one ? one : other);
  }
  const char *slashed;
  double width = pair_width(c, first, second, one, other, &slashed);
  double left = x - width * align;
  double at = put_text(c, c->languages[0], left, y, first, 0, slashed);
  put_text(c, c->languages[1], left + at, y, second, 0, other);
  return width;
}

double canvas_pair(struct canvas *c, double x, double y, struct style first, struct style second,
                   const char *one, const char *other) {
  return put_pair(c, x, y, 0, first, second, one, other);
}
double canvas_pair_right(struct canvas *c, double x, double y, struct style first,
                         struct style second, const char *one, const char *other) {
  return put_pair(c, x, y, 1, first, second, one, other);
}
double canvas_pair_centre(struct canvas *c, double x, double y, struct style first,
                          struct style second, const char *one, const char *other) {
  return put_pair(c, x, y, 0.5, first, second, one, other);
}

double canvas_pair_within(struct canvas *c, double x, double y, double width, struct style first,
                          struct style second, const char *one, const char *other) {
  const char *slashed;
  bool single = !*one || !*other || strcmp(one, other) == 0;
  double has = single ? canvas_width(c, *one ? first : second, *one ? one : other)
                      : pair_width(c, first, second, one, other, &slashed);
  if (has > width) {
    double scale = width / has;
    if (scale < 0.5) {
      canvas_no_room(c, "a caption", one);
    }
    first.pt *= scale, second.pt *= scale;
  }
  return put_pair(c, x, y, 0, first, second, one, other);
}

static double put_within(struct canvas *c, double x, double y, double width, struct style style,
                         double align, double least, const char *what, const char *text) {
  while (style.pt > least && canvas_width(c, style, text) > width) {
    style.pt = style.pt - 0.5 < least ? least : style.pt - 0.5;
  }
  if (canvas_width(c, style, text) > width) {
    canvas_too_long(c, what);
  }
  return put_text(c, c->language, x, y, style, align, text);
}

double canvas_within(struct canvas *c, double x, double y, double width, struct style style,
                     double least, const char *what, const char *text) {
  return put_within(c, x, y, width, style, 0, least, what, text);
}
double canvas_within_right(struct canvas *c, double x, double y, double width, struct style style,
                           double least, const char *what, const char *text) {
  return put_within(c, x, y, width, style, 1, least, what, text);
}

double canvas_caption(struct canvas *c, double x, double y, const char *one, const char *other) {
  return canvas_pair(c, x, y, (struct style){FACE_SANS, 6.2}, (struct style){FACE_SANS_ITALIC, 6.2},
                     one, other);
}

double canvas_tracked(struct canvas *c, double x, double y, struct style style, double track_mm,
                      const char *text) {
  struct text_line line = shaped(c, style, text);
  struct list_item item = item_of(c, LIST_TEXT, x, y);
  item.text = (struct list_text){.line = line,
                                 .size_mpt = (int32_t)lround(style.pt * 1000),
                                 .track_nm = (int32_t)lround(track_mm * 1e6),
                                 .language = c->language};
  list_put(&c->list, &item);
  return width_of(&line, style) + track_mm * (double)line.n;
}

void canvas_spread(struct canvas *c, double x, double y, struct style style, double length,
                   const char *text) {
  struct text_line line = shaped(c, style, text);
  struct list_item item = item_of(c, LIST_TEXT, x, y);
  double spare = length - width_of(&line, style);
  double each = line.n > 1 ? spare / (double)(line.n - 1) : 0;
  item.text = (struct list_text){.line = line,
                                 .size_mpt = (int32_t)lround(style.pt * 1000),
                                 .track_nm = (int32_t)lround(each * 1e6)};
  list_put(&c->list, &item);
}

void canvas_turned(struct canvas *c, double x, double y, struct style style, double degrees,
                   bool outline, const char *text) {
  struct text_line line = shaped(c, style, text);
  struct list_item item = item_of(c, LIST_TEXT, x, y);
  item.text = (struct list_text){.line = line,
                                 .size_mpt = (int32_t)lround(style.pt * 1000),
                                 .outline = outline,
                                 .turn_cdeg = (int32_t)lround(degrees * 100)};
  list_put(&c->list, &item);
}

void canvas_path(struct canvas *c, const char *segments, const double *xy, size_t points,
                 double width) {
  struct list_point *p = SV_ARRAY(c->list.ctx->mem, points, struct list_point);
  if (!p) {
    c->list.fault = SV_FAIL(c->list.ctx, NO_MEMORY, "path");
    return;
  }
  for (size_t i = 0; i < points; i++) {
    p[i] = (struct list_point){um_right(c, xy[2 * i]), um_up(c, xy[2 * i + 1])};
  }
  struct list_item item = item_of(c, width > 0 ? LIST_STROKE : LIST_FILL, 0, 0);
  item.path = (struct list_path){.segments = segments, .points = p, .width = um(width)};
  list_put(&c->list, &item);
}

/* Rules and boxes are artifacts, whatever is open. */
static void decoration(struct canvas *c, const char *segments, const double *xy, size_t points,
                       double width) {
  uint16_t element = c->element;
  c->element = 0;
  canvas_path(c, segments, xy, points, width);
  c->element = element;
}

void canvas_line(struct canvas *c, double x0, double y0, double x1, double y1, double width) {
  decoration(c, "ML", (double[]){x0, y0, x1, y1}, 2, width);
}
void canvas_rule(struct canvas *c, double x0, double x1, double y, double width) {
  canvas_line(c, x0, y, x1, y, width);
}
void canvas_box(struct canvas *c, double x, double y, double w, double h, double width) {
  decoration(c, "MLLLZ", (double[]){x, y, x + w, y, x + w, y + h, x, y + h}, 4, width);
}
void canvas_bar(struct canvas *c, double x, double y, double w, double h) {
  canvas_box(c, x, y, w, h, 0);
}
void canvas_triangle(struct canvas *c, double x0, double y0, double x1, double y1, double x2,
                     double y2) {
  decoration(c, "MLLZ", (double[]){x0, y0, x1, y1, x2, y2}, 3, 0);
}

void canvas_circle(struct canvas *c, double x, double y, double r, double width) {
  double k = r * 0.5522847498;
  double xy[] = {x + r, y,     x + r, y + k, x + k, y + r, x,     y + r, x - k,
                 y + r, x - r, y + k, x - r, y,     x - r, y - k, x - k, y - r,
                 x,     y - r, x + k, y - r, x + r, y - k, x + r, y};
  decoration(c, "MCCCCZ", xy, 13, width);
}

void canvas_ornament(struct canvas *c, const char *name, double x, double y,
                     struct sv_bytes content) {
  struct list_item item = item_of(c, LIST_ORNAMENT, x, y);
  item.ornament.name = name;
  item.ornament.content = content;
  list_put(&c->list, &item);
}

/* ---- breaking ---- */

/* Words that never end a line: "treinta y", "ciento dos mil". */
static bool binds(const char *text, const char *space) {
  const char *start = space;
  while (start > text && start[-1] != ' ') {
    start--;
  }
  size_t n = (size_t)(space - start);
  return (n == 1 && *start == 'y') || (n == 3 && memcmp(start, "mil", 3) == 0);
}

/* The width of a line's beginning, told word by word. */
struct measure {
  const char *from;
  int32_t units; /* -1: not all of it is in the face's table */
};

/* With what stands between `at` and `end` as well. */
static double measure_to(struct canvas *c, struct style style, struct measure *m, const char *at,
                         const char *end) {
  if (m->units >= 0 && !c->kerned) {
    int32_t more = text_width(c->text->faces, style.face, at, (size_t)(end - at));
    m->units = more < 0 ? -1 : m->units + more;
  }
  if (m->units >= 0 && !c->kerned) {
    return (double)m->units / FACE_UNITS * style.pt * mm_per_pt;
  }
  const char *text = sv_arena_strndup(c->list.ctx->mem, m->from, (size_t)(end - m->from));
  return text ? canvas_width(c, style, text) : HUGE_VAL;
}

int canvas_break(struct canvas *c, struct style style, double width, const char *text,
                 const char **lines, int max) {
  int n = 0;
  while (*text) {
    const char *best = NULL, *at = text;
    struct measure m = {.from = text};
    for (;;) { /* the longest beginning that fits */
      const char *end = at + strcspn(at, " ");
      if (measure_to(c, style, &m, at == text ? at : at - 1, end) > width) {
        break;
      }
      if (!*end || !binds(text, end)) {
        best = end;
      }
      if (!*end) {
        break;
      }
      at = end + 1;
    }
    if (!best || n == max) {
      return -1;
    }
    lines[n] = sv_arena_strndup(c->list.ctx->mem, text, (size_t)(best - text));
    if (!lines[n++]) {
      return -1;
    }
    text = *best ? best + 1 : best;
  }
  return n;
}

/* A word alone on the last line gets company where a somewhat narrower column has as many lines. */
static int break_evenly(struct canvas *c, struct style style, double width, const char *text,
                        const char *lines[static 64], int max) {
  static const double narrower[] = {0.96, 0.92, 0.88, 0.84};
  int n = canvas_break(c, style, width, text, lines, max);
  for (size_t i = 0; n > 1 && !strchr(lines[n - 1], ' ') && i < 4; i++) {
    const char *other[64];
    if (canvas_break(c, style, width * narrower[i], text, other, n) == n &&
        strchr(other[n - 1], ' ')) {
      memcpy(lines, other, (size_t)n * sizeof *other);
      break;
    }
  }
  return n;
}

int canvas_paragraph(struct canvas *c, double x, double y, double leading, struct style style,
                     double width, const char *text, int max) {
  const char *lines[64];
  int n = break_evenly(c, style, width, text, lines, max < 64 ? max : 64);
  for (int i = 0; i < n; i++) {
    canvas_text(c, x, y + i * leading, style, lines[i]);
  }
  return n;
}

bool canvas_halves(struct canvas *c, struct style style, double width, const char *text,
                   const char *lines[static 2]) {
  double best = width;
  bool found = false;
  for (const char *space = strchr(text, ' '); space; space = strchr(space + 1, ' ')) {
    const char *a = sv_arena_strndup(c->list.ctx->mem, text, (size_t)(space - text));
    if (!a) {
      return false;
    }
    double wa = canvas_width(c, style, a), wb = canvas_width(c, style, space + 1);
    double wider = wa > wb ? wa : wb;
    if (wider <= best) {
      best = wider, found = true;
      lines[0] = a, lines[1] = space + 1;
    }
  }
  return found;
}
