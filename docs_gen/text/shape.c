/* Shaping. Invariant: concatenating, code by code, the text that each stands for gives the string that was sent,
 * whatever was drawn. */
#include "docs_gen/text/shape.h"

#include <fribidi.h>

#include "base/fields.h"
#include "docs_gen/text/subset.h"

SV_AUTO_DEFINE(hb_buffer_t, hb_buffer_destroy)
SV_AUTO_DEFINE(hb_draw_funcs_t, hb_draw_funcs_destroy)

enum { LINE_MAX_CHARS = 400, DYNAMIC_CODES_MAX = 1024 };

struct text_dynamic {
  int face;
  struct subset_code codes[DYNAMIC_CODES_MAX];
  size_t n;
};

/* A stretch of one direction, one script and one face. */
struct run {
  size_t first, n;
  int face;
  hb_script_t script;
  FriBidiLevel level;
  int32_t x, width;
  size_t glyph_first, glyph_n;
};

struct shaping {
  struct text_session *session;
  const char *starts[LINE_MAX_CHARS + 1]; /* where each character begins in the text */
  FriBidiChar cps[LINE_MAX_CHARS];
  FriBidiLevel levels[LINE_MAX_CHARS];
  size_t n;
  struct run runs[LINE_MAX_CHARS];
  size_t run_count;
  struct text_line line;
  size_t room;
};

/* ---- the table's way ---- */

static bool shape_by_table(const struct face *face, enum face_id id, const char *utf8,
                           struct text_glyph *glyphs, size_t *ret_n, int32_t *ret_width) {
  int32_t x = 0;
  size_t n = 0;
  for (uint32_t cp; (cp = sv_utf8_next(&utf8)) != 0; n++) {
    const struct face_char *c = face_char_of(face, cp);
    if (!c) {
      return false;
    }
    glyphs[n] = (struct text_glyph){.font = (uint16_t)((unsigned)id * FACE_BLOCKS + c->block),
                                    .cid = c->cid,
                                    .x = x,
                                    .advance = c->advance};
    x += c->advance;
  }
  *ret_n = n;
  *ret_width = x;
  return true;
}

int32_t text_width(const struct faces *faces, enum face_id id, const char *utf8, size_t n) {
  const char *end = utf8 + n;
  int32_t x = 0;
  while (utf8 < end) {
    const struct face_char *c = face_char_of(&faces->v[id], sv_utf8_next(&utf8));
    if (!c) {
      return -1;
    }
    x += c->advance;
  }
  return x;
}

/* ---- HarfBuzz's way ---- */

static bool read_text(struct shaping *s, const char *utf8) {
  s->n = 0;
  for (;;) {
    s->starts[s->n] = utf8;
    uint32_t cp = s->n < LINE_MAX_CHARS ? sv_utf8_next(&utf8) : 0;
    if (cp == 0) {
      return *utf8 == 0;
    }
    s->cps[s->n++] = cp;
  }
}

static bool find_levels(struct shaping *s) {
  FriBidiCharType types[LINE_MAX_CHARS];
  FriBidiBracketType brackets[LINE_MAX_CHARS];
  fribidi_get_bidi_types(s->cps, (FriBidiStrIndex)s->n, types);
  fribidi_get_bracket_types(s->cps, (FriBidiStrIndex)s->n, types, brackets);
  FriBidiParType base = FRIBIDI_PAR_ON;
  return fribidi_get_par_embedding_levels_ex(types, brackets, (FriBidiStrIndex)s->n, &base,
                                             s->levels) != 0;
}

static bool is_common(hb_script_t script) {
  return script == HB_SCRIPT_COMMON || script == HB_SCRIPT_INHERITED || script == HB_SCRIPT_UNKNOWN;
}

/* The face of a character: that of the run before it for marks and signs, when it has them. */
static int face_of(struct shaping *s, size_t i, hb_script_t script, int before) {
  const struct faces *faces = s->session->faces;
  hb_codepoint_t gid;
  if (is_common(script) && before >= 0 &&
      hb_font_get_nominal_glyph(faces->v[before].font, s->cps[i], &gid)) {
    return before;
  }
  int face = faces_with_glyph(faces, s->line.face, s->cps[i]);
  if (face < 0 && s->line.missing == 0) {
    s->line.missing = s->cps[i];
  }
  return face < 0 ? (int)s->line.face : face;
}

static void find_runs(struct shaping *s) {
  hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
  struct run *run = NULL;
  s->run_count = 0;
  for (size_t i = 0; i < s->n; i++) {
    hb_script_t script = hb_unicode_script(unicode, s->cps[i]);
    int face = face_of(s, i, script, run ? run->face : -1);
    bool same = run && run->face == face && run->level == s->levels[i] &&
                (is_common(script) || is_common(run->script) || run->script == script);
    if (!same) {
      run = &s->runs[s->run_count++];
      *run = (struct run){.first = i, .face = face, .script = script, .level = s->levels[i]};
    }
    if (is_common(run->script)) {
      run->script = script;
    }
    run->n++;
  }
}

static struct text_dynamic *dynamic_for(struct text_session *session, int face, size_t *ret_index) {
  for (size_t i = 0; i < session->dynamic_count; i++) {
    if (session->dynamic[i]->face == face) {
      *ret_index = i;
      return session->dynamic[i];
    }
  }
  struct text_dynamic *d = session->dynamic_count < TEXT_DYNAMIC_MAX
                               ? SV_NEW(session->ctx->mem, struct text_dynamic)
                               : NULL;
  if (d) {
    d->face = face;
    *ret_index = session->dynamic_count;
    session->dynamic[session->dynamic_count++] = d;
  }
  return d;
}

/* The code of a glyph that stands for a text, made at its first use. */
static bool code_for(struct shaping *s, int face, uint32_t gid, int32_t advance, const char *text,
                     size_t n, struct text_glyph *ret) {
  size_t index = 0;
  struct text_dynamic *d = dynamic_for(s->session, face, &index);
  if (!d) {
    return false;
  }
  size_t i = 0;
  while (i < d->n && (d->codes[i].gid != gid || strlen(d->codes[i].unicode) != n ||
                      memcmp(d->codes[i].unicode, text, n) != 0)) {
    i++;
  }
  if (i == d->n) {
    const char *unicode =
        i < DYNAMIC_CODES_MAX ? sv_arena_strndup(s->session->ctx->mem, text, n) : NULL;
    if (!unicode) {
      return false;
    }
    d->codes[d->n++] = (struct subset_code){.gid = gid, .advance = advance, .unicode = unicode};
  }
  ret->font = (uint16_t)(TEXT_FONT_DYNAMIC + index);
  ret->cid = (uint16_t)(i + 1);
  return true;
}

static struct text_glyph *room_for(struct shaping *s, size_t n) {
  if (s->line.n + n > s->room) {
    return NULL;
  }
  struct text_glyph *g = s->line.glyphs + s->line.n;
  s->line.n += n;
  return g;
}

/* ---- outlines, of the glyphs of a cluster after its first ---- */

struct outline_pen {
  struct sv_buf segments, points;
  struct text_point last;
};

static void outline_put(struct outline_pen *p, char segment, const float *xy, int n) {
  sv_buf_u8(&p->segments, (uint8_t)segment);
  for (int i = 0; i < n; i++) {
    p->last = (struct text_point){(int32_t)xy[2 * i], (int32_t)xy[2 * i + 1]};
    sv_buf_put(&p->points, &p->last, sizeof p->last);
  }
}
static void outline_move(hb_draw_funcs_t *f, void *pen, hb_draw_state_t *st, float x, float y,
                         void *user) {
  (void)f, (void)st, (void)user;
  outline_put(pen, 'M', (float[]){x, y}, 1);
}
static void outline_line(hb_draw_funcs_t *f, void *pen, hb_draw_state_t *st, float x, float y,
                         void *user) {
  (void)f, (void)st, (void)user;
  outline_put(pen, 'L', (float[]){x, y}, 1);
}
static void outline_quadratic(hb_draw_funcs_t *f, void *pen, hb_draw_state_t *st, float cx,
                              float cy, float x, float y, void *user) {
  (void)f, (void)st, (void)user;
  struct outline_pen *p = pen;
  float x0 = (float)p->last.x, y0 = (float)p->last.y; /* raised to a cubic */
  outline_put(p, 'C',
              (float[]){x0 + (cx - x0) * 2 / 3, y0 + (cy - y0) * 2 / 3, x + (cx - x) * 2 / 3,
                        y + (cy - y) * 2 / 3, x, y},
              3);
}
static void outline_cubic(hb_draw_funcs_t *f, void *pen, hb_draw_state_t *st, float ax, float ay,
                          float bx, float by, float x, float y, void *user) {
  (void)f, (void)st, (void)user;
  outline_put(pen, 'C', (float[]){ax, ay, bx, by, x, y}, 3);
}
static void outline_close(hb_draw_funcs_t *f, void *pen, hb_draw_state_t *st, void *user) {
  (void)f, (void)st, (void)user;
  outline_put(pen, 'Z', NULL, 0);
}

static const struct text_outline *outline_of(struct shaping *s, hb_font_t *font,
                                             hb_codepoint_t gid) {
  struct sv_arena *mem = s->session->ctx->mem;
  struct text_outline *o = SV_NEW(mem, struct text_outline);
  SV_AUTO(hb_draw_funcs_destroy) hb_draw_funcs_t *funcs = hb_draw_funcs_create();
  hb_draw_funcs_set_move_to_func(funcs, outline_move, NULL, NULL);
  hb_draw_funcs_set_line_to_func(funcs, outline_line, NULL, NULL);
  hb_draw_funcs_set_quadratic_to_func(funcs, outline_quadratic, NULL, NULL);
  hb_draw_funcs_set_cubic_to_func(funcs, outline_cubic, NULL, NULL);
  hb_draw_funcs_set_close_path_func(funcs, outline_close, NULL, NULL);
  struct outline_pen pen = {.segments = sv_buf_in(mem, 0), .points = sv_buf_in(mem, 0)};
  hb_font_get_glyph_shape(font, gid, funcs, &pen);
  sv_buf_u8(&pen.segments, 0);
  sv_buf_put(&pen.points, &pen.last, sizeof pen.last); /* never empty */
  if (!o || pen.segments.failed || pen.points.failed) {
    return NULL;
  }
  o->segments = (const char *)pen.segments.p;
  o->points = (const struct text_point *)(const void *)pen.points.p;
  return o;
}

/* ---- clusters ---- */

/* A character of a cluster that runs to the left, after its first: readers sort glyphs by their place and turn them
 * round, so it stands unseen a little to the left of its letter. It is as wide as a space: what lies over more than half
 * an em of its letter is taken for another line. */
static bool put_carrier(struct shaping *s, const struct run *run, uint32_t gid,
                        const struct text_glyph *letter, size_t c, size_t k) {
  hb_font_t *font = s->session->faces->v[run->face].font;
  struct text_glyph *g = room_for(s, 1);
  if (!g) {
    return false;
  }
  *g = *letter;
  g->unseen = true;
  g->x -= (int32_t)k * FACE_UNITS / 100;
  (void)hb_font_get_nominal_glyph(font, ' ', &gid); /* without one: the letter's own */
  g->advance = hb_font_get_glyph_h_advance(font, gid);
  return code_for(s, run->face, gid, g->advance, s->starts[c + k],
                  (size_t)(s->starts[c + k + 1] - s->starts[c + k]), g);
}

/* One cluster, glyphs [from, to) of the buffer in the order of the text, characters [c, c + chars). Its first glyph
 * speaks for it, the others are drawn as paths. */
static bool put_cluster(struct shaping *s, const struct run *run, const hb_glyph_info_t *info,
                        const hb_glyph_position_t *pos, const int32_t *pen, size_t from, size_t to,
                        size_t c, size_t chars) {
  hb_font_t *font = s->session->faces->v[run->face].font;
  bool left = run->level & 1;
  size_t speaks = left ? 1 : chars; /* characters of the first glyph */
  struct text_glyph first = {0};
  for (size_t at = from; at < to; at++) {
    struct text_glyph *g = room_for(s, 1);
    uint32_t gid = info[at].codepoint;
    if (!g) {
      return false;
    }
    *g = (struct text_glyph){.x = pen[at] + pos[at].x_offset,
                             .y = pos[at].y_offset,
                             .advance = hb_font_get_glyph_h_advance(font, gid)};
    if (gid == 0 && s->line.missing == 0) {
      s->line.missing = s->cps[c];
    }
    if (at > from) {
      g->outline = outline_of(s, font, gid);
      if (!g->outline) {
        return false;
      }
    } else if (!code_for(s, run->face, gid, g->advance, s->starts[c],
                         (size_t)(s->starts[c + speaks] - s->starts[c]), g)) {
      return false;
    } else {
      first = *g;
    }
  }
  for (size_t k = 1; left && k < chars; k++) {
    if (!put_carrier(s, run, info[from].codepoint, &first, c, k)) {
      return false;
    }
  }
  return true;
}

/* The end of the cluster that starts at glyph i, and of its characters. */
static size_t cluster_end(const hb_glyph_info_t *info, size_t i, size_t n, size_t run_end,
                          size_t *ret_char_end) {
  size_t to = i + 1;
  while (to < n && info[to].cluster == info[i].cluster) {
    to++;
  }
  *ret_char_end = to < n ? info[to].cluster : run_end;
  return to;
}

/* Readers sort the glyphs of a run to the left by their places. So none stands where the one before it does (the alef of a
 * lam-alef would), and the first is a thousandth of an em nearer to the second: where all gaps are nothing but rounding,
 * a line is taken for one that is spaced out, and every letter for a word. */
static void part_glyphs(struct shaping *s, const struct run *run) {
  enum { HAIR = FACE_UNITS / 1000 };
  struct text_glyph *glyphs = &s->line.glyphs[run->glyph_first];
  glyphs[0].x -= HAIR;
  int32_t before = glyphs[0].x;
  for (size_t i = 1; i < run->glyph_n; i++) {
    if (!glyphs[i].outline) {
      glyphs[i].x = glyphs[i].x < before ? glyphs[i].x : before - HAIR;
      before = glyphs[i].x;
    }
  }
}

/* The glyphs of a run in the order of its text: reversed when it runs to the left. */
static bool put_run(struct shaping *s, struct run *run, hb_buffer_t *buffer) {
  unsigned count = 0;
  hb_glyph_info_t *info = hb_buffer_get_glyph_infos(buffer, &count);
  hb_glyph_position_t *pos = hb_buffer_get_glyph_positions(buffer, &count);
  int32_t *pen = SV_ARRAY(s->session->ctx->mem, count + 1, int32_t);
  if (!pen) {
    return false;
  }
  for (size_t i = 0; i < count; i++) {
    pen[i + 1] = pen[i] + pos[i].x_advance;
  }
  run->width = pen[count];
  if (run->level & 1) {
    for (size_t a = 0, b = count; a + 1 < b; a++) {
      b--;
      hb_glyph_info_t gi = info[a];
      hb_glyph_position_t gp = pos[a];
      int32_t at = pen[a];
      info[a] = info[b], pos[a] = pos[b], pen[a] = pen[b];
      info[b] = gi, pos[b] = gp, pen[b] = at;
    }
  }
  run->glyph_first = s->line.n;
  for (size_t i = 0, to; i < count; i = to) {
    size_t char_end = 0;
    to = cluster_end(info, i, count, run->first + run->n, &char_end);
    if (char_end <= info[i].cluster ||
        !put_cluster(s, run, info, pos, pen, i, to, info[i].cluster, char_end - info[i].cluster)) {
      return false;
    }
  }
  run->glyph_n = s->line.n - run->glyph_first;
  if (run->level & 1 && run->glyph_n > 1) {
    part_glyphs(s, run);
  }
  return true;
}

static bool shape_run(struct shaping *s, struct run *run) {
  SV_AUTO(hb_buffer_destroy) hb_buffer_t *buffer = hb_buffer_create();
  hb_buffer_add_codepoints(buffer, s->cps, (int)s->n, (unsigned)run->first, (int)run->n);
  hb_buffer_set_direction(buffer, run->level & 1 ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
  hb_buffer_set_script(buffer, is_common(run->script) ? HB_SCRIPT_LATIN : run->script);
  hb_buffer_set_cluster_level(buffer, HB_BUFFER_CLUSTER_LEVEL_MONOTONE_GRAPHEMES);
  static const hb_feature_t plain[] = {{HB_TAG('k', 'e', 'r', 'n'), 0, 0, (unsigned)-1},
                                       {HB_TAG('l', 'i', 'g', 'a'), 0, 0, (unsigned)-1}};
  bool latin = run->face < FACE_PRIMARY_COUNT;
  hb_shape(s->session->faces->v[run->face].font, buffer, plain, latin ? 2 : 0);
  return hb_buffer_allocation_successful(buffer) && put_run(s, run, buffer);
}

/* Unicode Bidirectional Algorithm, rule L2, over whole runs; then every glyph gets its place on the line. */
static void place_runs(struct shaping *s) {
  size_t order[LINE_MAX_CHARS];
  FriBidiLevel highest = 0;
  for (size_t i = 0; i < s->run_count; i++) {
    order[i] = i;
    highest = s->runs[i].level > highest ? s->runs[i].level : highest;
  }
  for (FriBidiLevel level = highest; level > 0; level--) {
    for (size_t i = 0; i < s->run_count; i++) {
      size_t end = i;
      while (end < s->run_count && s->runs[order[end]].level >= level) {
        end++;
      }
      for (size_t a = i, b = end; b > a && a < --b; a++) {
        size_t t = order[a];
        order[a] = order[b], order[b] = t;
      }
      i = end > i ? end - 1 : i;
    }
  }
  for (size_t i = 0; i < s->run_count; i++) {
    struct run *run = &s->runs[order[i]];
    for (size_t g = 0; g < run->glyph_n; g++) {
      s->line.glyphs[run->glyph_first + g].x += s->line.width;
    }
    s->line.width += run->width;
  }
}

static sv_status shape_fully(struct text_session *session, struct shaping *s) {
  if (!read_text(s, s->line.text)) {
    return SV_FAIL(session->ctx, TEXT_TOO_LONG, "a line of more than %d characters",
                   LINE_MAX_CHARS);
  }
  if (!find_levels(s)) {
    return SV_FAIL(session->ctx, NO_MEMORY, "directions of a line");
  }
  find_runs(s);
  for (size_t i = 0; i < s->run_count; i++) {
    if (!shape_run(s, &s->runs[i])) {
      return SV_FAIL(session->ctx, NO_MEMORY, "glyphs of a line");
    }
  }
  place_runs(s);
  return SV_DONE;
}

sv_status text_shape(struct text_session *session, enum face_id id, const char *utf8,
                     struct text_line *ret) {
  size_t chars = sv_utf8_length(utf8);
  struct text_glyph *glyphs = SV_ARRAY(session->ctx->mem, chars + 1, struct text_glyph);
  if (!glyphs) {
    return SV_FAIL(session->ctx, NO_MEMORY, "glyphs of a line");
  }
  struct text_line line = {.text = utf8, .face = id, .glyphs = glyphs};
  if (!shape_by_table(&session->faces->v[id], id, utf8, glyphs, &line.n, &line.width)) {
    struct shaping *s = SV_NEW(session->ctx->mem, struct shaping);
    size_t room = chars * 8 + 8; /* more glyphs than any script makes of so many characters */
    glyphs = s ? SV_ARRAY(session->ctx->mem, room, struct text_glyph) : NULL;
    if (!glyphs) {
      return SV_FAIL(session->ctx, NO_MEMORY, "glyphs of a line");
    }
    s->session = session;
    s->room = room;
    s->line = (struct text_line){.text = utf8, .face = id, .glyphs = glyphs};
    SV_TRY(shape_fully(session, s));
    line = s->line;
  }
  *ret = line;
  return SV_DONE;
}

sv_status text_shape_kerned(struct text_session *session, enum face_id id, const char *utf8,
                            struct text_line *ret) {
  SV_TRY(text_shape(session, id, utf8, ret));
  SV_AUTO(hb_buffer_destroy) hb_buffer_t *buffer = hb_buffer_create();
  hb_buffer_add_utf8(buffer, utf8, -1, 0, -1);
  hb_buffer_guess_segment_properties(buffer);
  static const hb_feature_t no_ligatures = {HB_TAG('l', 'i', 'g', 'a'), 0, 0, (unsigned)-1};
  hb_shape(session->faces->v[id].font, buffer, &no_ligatures, 1);
  unsigned count = 0;
  hb_glyph_position_t *pos = hb_buffer_get_glyph_positions(buffer, &count);
  bool table = ret->missing == 0 && count == ret->n;
  for (size_t i = 0; table && i < ret->n; i++) {
    table = ret->glyphs[i].font < TEXT_FONT_DYNAMIC;
  }
  if (!table) { /* a character outside the table: plain shaping stands */
    return SV_DONE;
  }
  int32_t x = 0;
  for (size_t i = 0; i < count; i++) {
    ret->glyphs[i].x = x + pos[i].x_offset;
    x += pos[i].x_advance;
  }
  ret->width = x;
  return SV_DONE;
}

sv_status text_dynamic_subset(struct text_session *session, size_t index, struct face_subset *ret) {
  struct text_dynamic *d = session->dynamic[index];
  return subset_make(session->ctx, &session->faces->v[d->face], d->codes, d->n,
                     (unsigned)(TEXT_FONT_DYNAMIC + index), SUBSET_AS_GIVEN, 1, ret);
}
