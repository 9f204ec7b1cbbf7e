/* Invariant: a code of a look's font stands for the same character, glyph and advance as the code of the block that it
 * replaces. */
#include "docs_gen/draw/look.h"

#include "base/fields.h"
#include "docs_gen/draw/deflate.h"
#include "docs_gen/text/subset.h"

enum {
  LEVEL = 9
}; /* once a template; more would double the time to start for 3 bytes in a thousand */

/* What values are made of, face by face: numbers, dates and codes; names in bold capitals with the accents of western
 * Europe; sentences in both sorts of letters. */
static const char *const values[FACE_PRIMARY_COUNT] = {
    [FACE_SANS] =
        " !\"#%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
        "áéíóúüñÁÉÍÓÚÑ¿«»°º·–—’“”−",
    [FACE_SANS_BOLD] =
        " '()+,-./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzáéíóúñº·–’−"
        "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞàâãäåæçèêëìîïðòôõöøùûüýþß",
    [FACE_SANS_ITALIC] = " '(),-./0123456789:abcdefghijklmnopqrstuvwxyzACDEFILMNOPRSTUV’",
    [FACE_SANS_BOLD_ITALIC] = " -/0123456789abcdefghijklmnopqrstuvwxyz",
    [FACE_SERIF] = " -/0123456789abcdefghijklmnopqrstuvwxyzáéíóúñ",
    [FACE_SERIF_BOLD] = "",
    [FACE_SERIF_ITALIC] = " -/0123456789abcdefghijklmnopqrstuvwxyz",
    [FACE_SERIF_BOLD_ITALIC] = "",
    [FACE_MONO] = " -./0123456789:ABCDEFGHIJKLMNOPQRSTUVWXYZaejgpá", /* and the pages' numbers */
    [FACE_MONO_BOLD] = " -./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    [FACE_OCR_B] = "0123456789<ABCDEFGHIJKLMNOPQRSTUVWXYZ",
};

static void note_text(struct look_seen *seen, enum face_id face, const char *text) {
  for (uint32_t cp; (cp = sv_utf8_next(&text)) != 0;) {
    if (face_char_of(&seen->faces->v[face], cp)) {
      seen->chars[face][cp] = true;
      seen->used[face] = true;
    }
  }
}

static void note_ornament(struct look_seen *seen, struct sv_bytes content) {
  for (size_t i = 0; i < seen->ornament_n; i++) {
    if (seen->ornaments[i].p == content.p) {
      return;
    }
  }
  if (seen->ornament_n < LOOK_FORMS) {
    seen->ornaments[seen->ornament_n++] = content;
  }
}

void look_note(struct look_seen *seen, const struct list *list, bool own) {
  for (size_t i = 0; i < list->n; i++) {
    const struct list_item *item = &list->items[i];
    if (item->op == LIST_TEXT) {
      note_text(seen, item->text.line.face, item->text.line.text);
      note_text(seen, item->text.line.face, " "); /* parts it from a line that goes on */
      note_text(seen, item->text.line.face, own ? values[item->text.line.face] : "");
    } else if (item->op == LIST_ORNAMENT && own) {
      note_ornament(seen, item->ornament.content);
    }
  }
}

void look_note_values(struct look_seen *seen, enum face_id face) {
  note_text(seen, face, values[face]);
}

/* The characters that were seen of a face, as codes of a subset. */
static sv_status codes_of(struct sv_ctx *ctx, const struct look_seen *seen, enum face_id id,
                          struct subset_code **ret, size_t *ret_n) {
  size_t n = 0, most = 0;
  const struct face *face = &seen->faces->v[id];
  for (uint32_t cp = 0; cp < FACE_CHARS; cp++) {
    most += seen->chars[id][cp];
  }
  struct subset_code *codes = SV_ARRAY(ctx->mem, most, struct subset_code);
  if (!codes) {
    return SV_FAIL(ctx, NO_MEMORY, "font of a template");
  }
  for (uint32_t cp = 0; cp < FACE_CHARS; cp++) {
    hb_codepoint_t gid = 0;
    char text[5] = {0};
    if (!seen->chars[id][cp] || !hb_font_get_nominal_glyph(face->font, cp, &gid)) {
      continue;
    }
    sv_utf8_put(cp, text);
    codes[n++] = (struct subset_code){
        .gid = gid, .advance = face->chars[cp].advance, .unicode = sv_arena_strdup(ctx->mem, text)};
  }
  *ret = codes;
  *ret_n = n;
  return SV_DONE;
}

static sv_status no_memory(struct sv_ctx *ctx) {
  return SV_FAIL(ctx, NO_MEMORY, "font of a template");
}

static sv_status map_codes(struct sv_ctx *ctx, struct sv_arena *mem, const struct face *face,
                           enum face_id id, const struct subset_code *codes, size_t n,
                           struct look *look) {
  uint16_t *maps[FACE_BLOCKS] = {NULL};
  for (size_t i = 0; i < n; i++) {
    const char *text = codes[i].unicode;
    const struct face_char *c = face_char_of(face, sv_utf8_next(&text));
    if (!maps[c->block]) {
      maps[c->block] = SV_ARRAY(mem, face->blocks[c->block]->code_end, uint16_t);
      if (!maps[c->block]) {
        return no_memory(ctx);
      }
      look->cids[(unsigned)id * FACE_BLOCKS + c->block] = maps[c->block];
    }
    maps[c->block][c->cid] = codes[i].ret_cid;
    if (strcmp(codes[i].unicode, " ") == 0) {
      look->spaces[id] = (struct look_space){codes[i].ret_cid, codes[i].advance};
    }
  }
  return SV_DONE;
}

static bool keep_bytes(struct sv_arena *mem, struct sv_bytes *b) {
  uint8_t *copy = sv_arena_alloc(mem, b->n);
  if (copy && b->n) {
    memcpy(copy, b->p, b->n);
  }
  b->p = copy;
  return copy != NULL;
}

/* The subset without what was needed to make it; the descriptor is the face's. */
static struct face_subset *keep_font(struct sv_arena *mem, const struct face_subset *from) {
  struct face_subset *font = SV_NEW(mem, struct face_subset);
  if (!font) {
    return NULL;
  }
  *font = *from;
  font->name = sv_arena_strdup(mem, from->name);
  font->widths = sv_arena_strdup(mem, from->widths);
  return font->name && font->widths && keep_bytes(mem, &font->program) &&
                 keep_bytes(mem, &font->cid_to_gid) && keep_bytes(mem, &font->to_unicode)
             ? font
             : NULL;
}

static sv_status make_font(struct sv_ctx *ctx, struct sv_arena *mem, const struct look_seen *seen,
                           enum face_id id, struct look *look) {
  const struct face *face = &seen->faces->v[id];
  struct face_subset font;
  struct subset_code *codes;
  size_t n;
  SV_TRY(codes_of(ctx, seen, id, &codes, &n));
  SV_TRY(subset_make(ctx, face, codes, n, TEXT_FONT_LOOK + (unsigned)id, SUBSET_BY_GLYPH, LEVEL,
                     &font));
  look->fonts[id] = keep_font(mem, &font);
  return look->fonts[id] ? map_codes(ctx, mem, face, id, codes, n, look) : no_memory(ctx);
}

sv_status look_make(struct sv_ctx *ctx, struct sv_arena *mem, const struct look_seen *seen,
                    struct look *ret) {
  struct look look = {.form_n = seen->ornament_n};
  for (int id = 0; id < FACE_PRIMARY_COUNT; id++) {
    if (seen->used[id]) {
      SV_TRY(make_font(ctx, mem, seen, (enum face_id)id, &look));
    }
  }
  for (size_t i = 0; i < look.form_n; i++) {
    look.forms[i].content = seen->ornaments[i].p;
    SV_TRY(deflate_bytes(ctx, seen->ornaments[i], LEVEL, &look.forms[i].deflated));
    if (!keep_bytes(mem, &look.forms[i].deflated)) {
      return no_memory(ctx);
    }
  }
  *ret = look;
  return SV_DONE;
}
