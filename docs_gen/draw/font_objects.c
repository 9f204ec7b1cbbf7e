/* Five objects a font, six where codes need a table to their glyphs. A text that could not be made shows as number 0, which
 * the pen reports when the file is saved. */
#include "docs_gen/draw/font_objects.h"

struct font {
  struct pdf_objects *pdf;
  struct sv_ctx *ctx;
  const struct face_subset *subset;
  struct pack *pack;
};

#define TEXT(f, ...) sv_arena_printf((f)->ctx->mem, __VA_ARGS__)

static uint32_t put_stream(const struct font *f, const char *entries, struct sv_bytes data) {
  uint32_t n = pdf_object(f->pdf);
  pdf_stream(f->pdf, n, entries, data);
  return n;
}

static uint32_t put_dict(const struct font *f, const char *entries) {
  if (!f->pack || !entries) {
    uint32_t n = pdf_object(f->pdf);
    pdf_dict(f->pdf, n, entries);
    return n;
  }
  uint32_t n = pdf_numbers(f->pdf, 1);
  pack_next(f->pack, n);
  sv_buf_str(&f->pack->body, "<<");
  sv_buf_str(&f->pack->body, entries);
  sv_buf_str(&f->pack->body, ">>");
  return n;
}

static uint32_t put_descriptor(const struct font *f) {
  const struct face_subset *s = f->subset;
  const char *kind = s->cff ? "/Subtype/CIDFontType0C" : "";
  uint32_t program = put_stream(
      f, TEXT(f, "/Filter/FlateDecode%s/Length1 %zu", kind, s->program_length), s->program);
  return put_dict(f, TEXT(f, "/Type/FontDescriptor/FontName/%s%s/%s %u 0 R", s->name, s->descriptor,
                          s->cff ? "FontFile3" : "FontFile2", program));
}

static uint32_t put_cid_font(const struct font *f) {
  const struct face_subset *s = f->subset;
  uint32_t descriptor = put_descriptor(f);
  const char *map = s->cff ? "" : "/CIDToGIDMap/Identity";
  if (s->cid_to_gid.n) {
    map = TEXT(f, "/CIDToGIDMap %u 0 R", put_stream(f, "/Filter/FlateDecode", s->cid_to_gid));
  }
  return put_dict(f, TEXT(f,
                          "/Type/Font/Subtype/CIDFontType%d/BaseFont/%s/CIDSystemInfo<</"
                          "Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor %u 0 R"
                          "/DW 0/W %s%s",
                          s->cff ? 0 : 2, s->name, descriptor, s->widths, map ? map : ""));
}

uint32_t font_put(struct pdf_objects *pdf, struct sv_ctx *ctx, const struct face_subset *subset,
                  struct pack *pack) {
  struct font f = {pdf, ctx, subset, pack};
  uint32_t cid_font = put_cid_font(&f);
  uint32_t unicode = put_stream(&f, "/Filter/FlateDecode", subset->to_unicode);
  return put_dict(
      &f, TEXT(&f,
               "/Type/Font/Subtype/Type0/BaseFont/%s/Encoding/Identity-H/DescendantFonts[%u 0 R]"
               "/ToUnicode %u 0 R",
               subset->name, cid_font, unicode));
}
