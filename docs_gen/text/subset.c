/* Subsets by hb-subset. Invariant: the glyphs of the program are exactly those of the codes and .notdef, and every
 * code has a ToUnicode entry. Layout tables are dropped: text is shaped before it gets here. */
#include "docs_gen/text/subset.h"

#include <hb-subset.h>
#include <stdlib.h>

#include "base/fields.h"
#include "docs_gen/draw/deflate.h"

SV_AUTO_DEFINE(hb_subset_input_t, hb_subset_input_destroy)
SV_AUTO_DEFINE(hb_subset_plan_t, hb_subset_plan_destroy)
SV_AUTO_DEFINE(hb_face_t, hb_face_destroy)
SV_AUTO_DEFINE(hb_blob_t, hb_blob_destroy)

static hb_subset_input_t *input_for(const struct subset_code *codes, size_t n) {
  static const char drop[][5] = {"GSUB", "GPOS", "GDEF", "cmap", "name", "post", "OS/2",
                                 "STAT", "prep", "fpgm", "cvt ", "gasp", "kern", "DSIG"};
  hb_subset_input_t *input = hb_subset_input_create_or_fail();
  if (!input) {
    return NULL;
  }
  hb_set_t *gids = hb_subset_input_glyph_set(input);
  for (size_t i = 0; i < n; i++) {
    hb_set_add(gids, codes[i].gid);
  }
  hb_set_t *tables = hb_subset_input_set(input, HB_SUBSET_SETS_DROP_TABLE_TAG);
  for (size_t i = 0; i < sizeof drop / sizeof *drop; i++) {
    hb_set_add(tables, hb_tag_from_string(drop[i], 4));
  }
  hb_subset_input_set_flags(input, HB_SUBSET_FLAGS_NO_HINTING | HB_SUBSET_FLAGS_DESUBROUTINIZE);
  return input;
}

static sv_status put_program(struct sv_ctx *ctx, const struct face *face, hb_face_t *cut, int level,
                             struct face_subset *ret) {
  SV_AUTO(hb_blob_destroy)
  hb_blob_t *blob = face->cff ? hb_face_reference_table(cut, HB_TAG('C', 'F', 'F', ' '))
                              : hb_face_reference_blob(cut);
  unsigned length = 0;
  const char *data = hb_blob_get_data(blob, &length);
  if (!data || length == 0) {
    return SV_FAIL(ctx, RENDER, "empty subset of %s", face->name);
  }
  ret->program_length = length;
  return deflate_bytes(ctx, sv_bytes_of(data, length), level, &ret->program);
}

/* by_glyph: CIDs are the glyphs' numbers, and no table is needed. */
static sv_status put_cids(struct sv_ctx *ctx, const struct face *face, hb_subset_plan_t *plan,
                          struct subset_code *codes, size_t n, bool by_glyph, int level,
                          struct face_subset *ret) {
  const hb_map_t *map = hb_subset_plan_old_to_new_glyph_mapping(plan);
  uint8_t *table = sv_arena_alloc(ctx->mem, 2 * (n + 1));
  if (!table) {
    return SV_FAIL(ctx, NO_MEMORY, "CIDToGIDMap");
  }
  for (size_t i = 0; i < n; i++) {
    hb_codepoint_t gid = hb_map_get(map, codes[i].gid);
    if (gid == HB_MAP_VALUE_INVALID || gid > 0xffff) {
      return SV_FAIL(ctx, RENDER, "glyph %u of %s", codes[i].gid, face->name);
    }
    codes[i].ret_cid = (uint16_t)(by_glyph ? gid : i + 1);
    ret->code_end = codes[i].ret_cid >= ret->code_end ? codes[i].ret_cid + 1U : ret->code_end;
    table[2 * (i + 1)] = (uint8_t)(gid >> 8);
    table[2 * (i + 1) + 1] = (uint8_t)gid;
  }
  return by_glyph ? SV_DONE
                  : deflate_bytes(ctx, sv_bytes_of(table, 2 * (n + 1)), level, &ret->cid_to_gid);
}

static void put_utf16(struct sv_buf *b, const char *text) {
  for (uint32_t cp; (cp = sv_utf8_next(&text)) != 0;) {
    if (cp >= 0x10000) {
      sv_buf_printf(b, "%04X%04X", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + (cp & 0x3ff));
    } else {
      sv_buf_printf(b, "%04X", cp);
    }
  }
}

/* How many codes from i on have one character each, one after the other: a range, which may not pass from one high byte
 * to the next (PDF 32000-1 9.10.3). */
static size_t range_at(const struct subset_code *codes, size_t n, size_t i) {
  size_t length = 1;
  for (const char *text = codes[i].unicode, *more; i + length < n; length++, text = more) {
    const struct subset_code *next = &codes[i + length];
    const char *now = text;
    const char *then = more = next->unicode;
    uint32_t a = sv_utf8_next(&now), b = sv_utf8_next(&then);
    if (*now || *then || b != a + 1 || b >= 0x10000 || b % 256 == 0 ||
        next->ret_cid != codes[i].ret_cid + length || next->ret_cid % 256 == 0) {
      break;
    }
  }
  return length;
}

/* PDF 32000-1 9.10.3: ranges, and one bfchar for each code that is in none; at most 100 in a block. */
static void put_ranges(struct sv_buf *b, const struct subset_code *codes, size_t n, bool ranges) {
  struct sv_buf block = sv_buf_in(b->arena, 0);
  const char *kind = ranges ? "bfrange" : "bfchar";
  size_t in_block = 0;
  for (size_t i = 0, length; i < n; i += length) {
    length = range_at(codes, n, i);
    if ((length > 1) != ranges) {
      continue;
    }
    sv_buf_printf(&block, "<%04X> ", codes[i].ret_cid);
    if (ranges) {
      sv_buf_printf(&block, "<%04zX> ", codes[i].ret_cid + length - 1);
    }
    sv_buf_str(&block, "<");
    put_utf16(&block, codes[i].unicode);
    sv_buf_str(&block, ">\n");
    in_block++;
    if (in_block == 100) {
      sv_buf_printf(b, "100 begin%s\n%.*send%s\n", kind, (int)block.n, (const char *)block.p, kind);
      in_block = block.n = 0;
    }
  }
  if (in_block) {
    sv_buf_printf(b, "%zu begin%s\n%.*send%s\n", in_block, kind, (int)block.n,
                  (const char *)block.p, kind);
  }
  b->failed = b->failed || block.failed;
}

static sv_status put_to_unicode(struct sv_ctx *ctx, const struct subset_code *codes, size_t n,
                                int level, struct face_subset *ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&b,
             "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo\n"
             "<< /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName "
             "/Adobe-Identity-UCS def\n"
             "/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n");
  put_ranges(&b, codes, n, true);
  put_ranges(&b, codes, n, false);
  sv_buf_str(&b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n");
  if (b.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "ToUnicode");
  }
  return deflate_bytes(ctx, sv_buf_bytes(&b), level, &ret->to_unicode);
}

static sv_status put_widths(struct sv_ctx *ctx, const struct subset_code *codes, size_t n,
                            struct face_subset *ret) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&b, "[");
  for (size_t i = 0; i < n; i++) {
    bool next = i > 0 && codes[i].ret_cid == codes[i - 1].ret_cid + 1;
    if (!next) {
      sv_buf_printf(&b, "%s%u[", i > 0 ? "]" : "", codes[i].ret_cid);
    }
    int32_t milli = (int32_t)(((int64_t)codes[i].advance * 1000) / FACE_UNITS);
    sv_buf_printf(&b, "%s%d", next ? " " : "", milli);
  }
  sv_buf_str(&b, "]]");
  sv_buf_u8(&b, 0);
  ret->widths = b.failed ? NULL : (const char *)b.p;
  return b.failed ? SV_FAIL(ctx, NO_MEMORY, "widths") : SV_DONE;
}

static int compare_gids(const void *a, const void *b) {
  const struct subset_code *x = a, *y = b;
  return (x->gid > y->gid) - (x->gid < y->gid);
}

static bool each_glyph_once(const struct subset_code *codes, size_t n) {
  for (size_t i = 1; i < n; i++) {
    if (codes[i - 1].gid == codes[i].gid) {
      return false;
    }
  }
  return true;
}

sv_status subset_make(struct sv_ctx *ctx, const struct face *face, struct subset_code *codes,
                      size_t n, unsigned number, enum subset_order order, int level,
                      struct face_subset *ret) {
  struct face_subset s = {.cff = face->cff, .descriptor = face->descriptor};
  SV_AUTO(hb_subset_input_destroy) hb_subset_input_t *input = input_for(codes, n);
  if (!input) {
    return SV_FAIL(ctx, NO_MEMORY, "subset");
  }
  SV_AUTO(hb_subset_plan_destroy)
  hb_subset_plan_t *plan = hb_subset_plan_create_or_fail(face->hb, input);
  if (!plan) {
    return SV_FAIL(ctx, RENDER, "plan of a subset of %s", face->name);
  }
  SV_AUTO(hb_face_destroy) hb_face_t *cut = hb_subset_plan_execute_or_fail(plan);
  if (!cut) {
    return SV_FAIL(ctx, RENDER, "subset of %s", face->name);
  }
  SV_TRY(put_program(ctx, face, cut, level, &s));
  if (order == SUBSET_BY_GLYPH && n > 0) {
    qsort(codes, n, sizeof *codes, compare_gids);
  }
  bool by_glyph = face->cff || (order == SUBSET_BY_GLYPH && each_glyph_once(codes, n));
  SV_TRY(put_cids(ctx, face, plan, codes, n, by_glyph, level, &s));
  SV_TRY(put_to_unicode(ctx, codes, n, level, &s));
  SV_TRY(put_widths(ctx, codes, n, &s));
  s.name =
      sv_arena_printf(ctx->mem, "SV%c%c%c%c+%s", 'A' + number / 17576 % 26, 'A' + number / 676 % 26,
                      'A' + number / 26 % 26, 'A' + number % 26, face->name);
  if (!s.name) {
    return SV_FAIL(ctx, NO_MEMORY, "name of a subset");
  }
  *ret = s;
  return SV_DONE;
}
