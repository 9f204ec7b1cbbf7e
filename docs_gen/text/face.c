/* The faces and their blocks. Invariant: a character with an entry in a face's table has a glyph in exactly one of its
 * blocks, and HarfBuzz, asked for that character alone or beside another of the tables, would draw that same glyph. */
#include "docs_gen/text/face.h"

#include <hb-ot.h>
#include <stdlib.h>

#include "base/fields.h"
#include "docs_gen/text/subset.h"

#define NOTO "/usr/share/fonts/truetype/noto/"

/* In the order of enum face_id; then the other scripts, in the order in which they are asked. */
static const char *const face_files[] = {
    NOTO "NotoSans-Regular.ttf",
    NOTO "NotoSans-Bold.ttf",
    NOTO "NotoSans-Italic.ttf",
    NOTO "NotoSans-BoldItalic.ttf",
    NOTO "NotoSerif-Regular.ttf",
    NOTO "NotoSerif-Bold.ttf",
    NOTO "NotoSerif-Italic.ttf",
    NOTO "NotoSerif-BoldItalic.ttf",
    NOTO "NotoSansMono-Regular.ttf",
    NOTO "NotoSansMono-Bold.ttf",
    "/usr/share/fonts/opentype/ocr-b/OCRB.otf",
    NOTO "NotoNaskhArabic-Regular.ttf",
    NOTO "NotoSansHebrew-Regular.ttf",
    NOTO "NotoSansDevanagari-Regular.ttf",
    NOTO "NotoSansBengali-Regular.ttf",
    NOTO "NotoSansGurmukhi-Regular.ttf",
    NOTO "NotoSansGujarati-Regular.ttf",
    NOTO "NotoSansOriya-Regular.ttf",
    NOTO "NotoSansTamil-Regular.ttf",
    NOTO "NotoSansTelugu-Regular.ttf",
    NOTO "NotoSansKannada-Regular.ttf",
    NOTO "NotoSansMalayalam-Regular.ttf",
    NOTO "NotoSansSinhala-Regular.ttf",
    NOTO "NotoSansThai-Regular.ttf",
    NOTO "NotoSansLao-Regular.ttf",
    NOTO "NotoSansMyanmar-Regular.ttf",
    NOTO "NotoSansKhmer-Regular.ttf",
    NOTO "NotoSansGeorgian-Regular.ttf",
    NOTO "NotoSansArmenian-Regular.ttf",
    NOTO "NotoSansEthiopic-Regular.ttf",
    NOTO "NotoSansTifinagh-Regular.ttf",
    NOTO "NotoSansThaana-Regular.ttf",
    NOTO "NotoSansSyriac-Regular.ttf",
    NOTO "NotoSansNKo-Regular.ttf",
    NOTO "NotoSansAdlam-Regular.ttf",
    NOTO "NotoSansVai-Regular.ttf",
    NOTO "NotoSansCherokee-Regular.ttf",
    NOTO "NotoSansCanadianAboriginal-Regular.ttf",
    NOTO "NotoSansMongolian-Regular.ttf",
    NOTO "NotoSerifTibetan-Regular.ttf",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
};
enum { FACE_FILES = sizeof face_files / sizeof *face_files };
_Static_assert((int)FACE_FILES <= (int)FACE_MAX, "table of faces");

static const char basic_signs[] = "áéíóúüñÁÉÍÓÚÜÑ¿¡«»°ºª·–—‘’“”…−\u00a0";

static bool is_basic(uint32_t cp) {
  if (cp <= 0x7e || cp > 0x2212 || (cp > 0xff && cp < 0x2013)) {
    return cp >= 0x20 && cp <= 0x7e;
  }
  const char *s = basic_signs;
  for (uint32_t sign; (sign = sv_utf8_next(&s)) != 0;) {
    if (sign == cp) {
      return true;
    }
  }
  return false;
}

/* The block of a character's capitals, the next one is that of all others; -1: not of these scripts. */
static int script_block_of(enum face_id id, uint32_t cp) {
  if ((cp >= 0x100 && cp < 0x180) || (cp >= 0x218 && cp <= 0x21b) ||
      (cp >= 0x2010 && cp <= 0x2026 && cp != 0x2011)) {
    return 4;
  }
  if (id != FACE_SANS && id != FACE_SANS_BOLD) {
    return -1;
  }
  if (cp >= 0x180 && cp < 0x250) {
    return 6;
  }
  if (cp >= 0x1e00 && cp < 0x1f00) {
    return 8;
  }
  if (cp >= 0x370 && cp < 0x400) {
    return 10;
  }
  return cp >= 0x401 && cp < 0x460 ? 12 : -1;
}

/* The block of a character, FACE_NO_BLOCK for one that must be shaped (marks, other scripts). */
static unsigned block_of(enum face_id id, uint32_t cp) {
  if (id == FACE_OCR_B) {
    bool mrz = (cp >= '0' && cp <= '9') || (cp >= 'A' && cp <= 'Z') || cp == '<';
    return mrz ? 0 : FACE_NO_BLOCK;
  }
  if (is_basic(cp)) {
    return cp > 0x7e ? 2 : cp >= 'a' && cp <= 'z' ? 1 : 0;
  }
  if (cp > 0xa0 && cp < 0x100 && cp != 0xad) {
    return 3;
  }
  int script = script_block_of(id, cp);
  if (script >= 0) {
    bool capital = hb_unicode_general_category(hb_unicode_funcs_get_default(), cp) ==
                   HB_UNICODE_GENERAL_CATEGORY_UPPERCASE_LETTER;
    return (unsigned)script + (capital ? 0 : 1);
  }
  bool more = (id == FACE_SANS || id == FACE_SANS_BOLD) && cp >= 0x400 && cp < 0x530;
  return more && !(cp >= 0x483 && cp <= 0x489) ? 14 : FACE_NO_BLOCK;
}

/* The characters' blocks; how many characters each has. */
static void sort_chars(struct face *face, enum face_id id, size_t ret_n[static FACE_BLOCKS]) {
  hb_codepoint_t gid;
  for (uint32_t cp = 0; cp < FACE_CHARS; cp++) {
    unsigned block = cp < 0x20 ? FACE_NO_BLOCK : block_of(id, cp);
    bool has = block != FACE_NO_BLOCK && hb_font_get_nominal_glyph(face->font, cp, &gid);
    face->chars[cp].block = (uint8_t)(has ? block : FACE_NO_BLOCK);
    ret_n[has ? block : 0] += has;
  }
}

/* source: the face that the glyphs are of, mostly the face itself. */
static sv_status cut_block(struct sv_ctx *ctx, struct face *face, const struct face *source,
                           enum face_id id, unsigned block, size_t room) {
  struct subset_code *codes = SV_ARRAY(ctx->mem, room, struct subset_code);
  if (!codes) {
    return SV_FAIL(ctx, NO_MEMORY, "block of %s", face->name);
  }
  size_t n = 0;
  for (uint32_t cp = 0x20; cp < FACE_CHARS && n < room; cp++) {
    hb_codepoint_t gid = 0;
    if (face->chars[cp].block == block && hb_font_get_nominal_glyph(source->font, cp, &gid)) {
      char text[5] = {0};
      sv_utf8_put(cp, text);
      codes[n++] = (struct subset_code){.gid = gid,
                                        .advance = hb_font_get_glyph_h_advance(source->font, gid),
                                        .unicode = sv_arena_strdup(ctx->mem, text)};
    }
  }
  if (n == 0) {
    return SV_DONE;
  }
  struct face_subset *subset = SV_NEW(ctx->mem, struct face_subset);
  if (!subset) {
    return SV_FAIL(ctx, NO_MEMORY, "block of %s", face->name);
  }
  SV_TRY(subset_make(ctx, source, codes, n, (unsigned)id * FACE_BLOCKS + block, SUBSET_BY_GLYPH, 9,
                     subset));
  face->blocks[block] = subset;
  for (size_t i = 0; i < n; i++) {
    const char *s = codes[i].unicode;
    hb_glyph_extents_t extents = {0};
    (void)hb_font_get_glyph_extents(source->font, codes[i].gid, &extents);
    face->chars[sv_utf8_next(&s)] = (struct face_char){.cid = codes[i].ret_cid,
                                                       .block = (uint8_t)block,
                                                       .advance = codes[i].advance,
                                                       .bearing = extents.x_bearing};
  }
  return SV_DONE;
}

static int32_t metric_of(const struct face *face, hb_ot_metrics_tag_t tag, int32_t otherwise) {
  hb_position_t v = 0;
  if (!hb_ot_metrics_get_position(face->font, tag, &v)) {
    return otherwise;
  }
  return (int32_t)(((int64_t)v * 1000) / FACE_UNITS);
}

/* PDF 32000-1 9.8. The box is the face's own (head table); StemV, which no table holds, is the weight's usual one. */
static const char *descriptor_of(struct sv_ctx *ctx, const struct face *face) {
  hb_blob_t *head = hb_face_reference_table(face->hb, HB_TAG('h', 'e', 'a', 'd'));
  unsigned n = 0;
  const uint8_t *p = (const uint8_t *)hb_blob_get_data(head, &n);
  int box[4] = {-1000, -500, 2000, 1200};
  if (p && n >= 44) {
    int upem = (int)hb_face_get_upem(face->hb);
    for (int i = 0; i < 4; i++) {
      box[i] = (int16_t)(p[36 + 2 * i] << 8 | p[37 + 2 * i]) * 1000 / upem;
    }
  }
  hb_blob_destroy(head);
  bool bold = strstr(face->name, "Bold") != NULL, italic = strstr(face->name, "Italic") != NULL;
  return sv_arena_printf(
      ctx->mem,
      "/Flags %d/FontBBox[%d %d %d %d]/ItalicAngle %d/Ascent %d/Descent %d/CapHeight %d/StemV %d",
      4 | (italic ? 64 : 0), box[0], box[1], box[2], box[3], italic ? -12 : 0,
      metric_of(face, HB_OT_METRICS_TAG_HORIZONTAL_ASCENDER, 1000),
      metric_of(face, HB_OT_METRICS_TAG_HORIZONTAL_DESCENDER, -300),
      metric_of(face, HB_OT_METRICS_TAG_CAP_HEIGHT, 714), bold ? 140 : 80);
}

static sv_status face_load(struct sv_ctx *ctx, const char *file, struct face *ret) {
  hb_blob_t *blob = hb_blob_create_from_file_or_fail(file);
  if (!blob) {
    return SV_FAIL(ctx, TEMPLATE, "face %s is missing", file);
  }
  ret->file = file;
  ret->hb = hb_face_create(blob, 0);
  hb_blob_destroy(blob);
  ret->font = hb_font_create(ret->hb);
  hb_font_set_scale(ret->font, FACE_UNITS, FACE_UNITS);
  hb_font_make_immutable(ret->font);
  if (hb_face_get_glyph_count(ret->hb) == 0) {
    return SV_FAIL(ctx, TEMPLATE, "face %s is broken", file);
  }
  const char *base = strrchr(file, '/') + 1;
  ret->name = sv_arena_strndup(ctx->mem, base, strcspn(base, "."));
  ret->cff = strstr(file, ".otf") != NULL;
  ret->descriptor = ret->name ? descriptor_of(ctx, ret) : NULL;
  return ret->descriptor ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "face %s", file);
}

/* The minus sign, which every amount and every time may have and some faces lack: from the face that shaping would take it
 * from, so that no document has to cut it out. */
static sv_status borrow_minus(struct sv_ctx *ctx, struct faces *faces, enum face_id id) {
  const uint32_t minus = 0x2212;
  struct face *face = &faces->v[id];
  int from = faces_with_glyph(faces, id, minus);
  if (from < 0 || id == FACE_OCR_B || face->chars[minus].block != FACE_NO_BLOCK) {
    return SV_DONE;
  }
  face->chars[minus].block = FACE_BLOCKS - 1;
  return cut_block(ctx, face, &faces->v[from], id, FACE_BLOCKS - 1, 1);
}

sv_status faces_open(struct sv_ctx *ctx, struct faces *ret) {
  for (size_t i = 0; i < FACE_FILES; i++) {
    struct face *face = &ret->v[ret->n++];
    SV_TRY(face_load(ctx, face_files[i], face));
    if (i >= FACE_PRIMARY_COUNT) {
      continue;
    }
    face->chars = SV_ARRAY(ctx->mem, FACE_CHARS, struct face_char);
    if (!face->chars) {
      return SV_FAIL(ctx, NO_MEMORY, "table of %s", face->name);
    }
    size_t sizes[FACE_BLOCKS] = {0};
    sort_chars(face, (enum face_id)i, sizes);
    for (unsigned block = 0; block < FACE_BLOCKS; block++) {
      SV_TRY(cut_block(ctx, face, face, (enum face_id)i, block, sizes[block]));
    }
  }
  for (int i = 0; i < FACE_PRIMARY_COUNT; i++) {
    SV_TRY(borrow_minus(ctx, ret, (enum face_id)i));
  }
  return SV_DONE;
}

void faces_close(struct faces *faces) {
  for (size_t i = 0; i < faces->n; i++) {
    hb_font_destroy(faces->v[i].font);
    hb_face_destroy(faces->v[i].hb);
  }
  faces->n = 0;
}

int faces_with_glyph(const struct faces *faces, enum face_id want, uint32_t cp) {
  hb_codepoint_t gid;
  if (hb_font_get_nominal_glyph(faces->v[want].font, cp, &gid)) {
    return (int)want;
  }
  for (size_t i = FACE_PRIMARY_COUNT; i < faces->n; i++) {
    if (hb_font_get_nominal_glyph(faces->v[i].font, cp, &gid)) {
      return (int)i;
    }
  }
  return -1;
}
