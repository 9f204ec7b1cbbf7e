/* Invariant: nothing of a document is in it, so that every document of the template begins with the same bytes. */
#include "docs_gen/draw/beginning.h"

#include <stdlib.h>

#include "docs_gen/draw/font_objects.h"

enum { LEVEL = 9 };

SV_AUTO_DEFINE(struct pdf_objects, pdf_objects_close)
SV_AUTO_DEFINE(struct deflater, deflater_close)

static uint32_t put_stream(struct pdf_objects *pdf, const char *entries, struct sv_bytes data) {
  uint32_t n = pdf_object(pdf);
  pdf_stream(pdf, n, entries, data);
  return n;
}

/* What the look embeds, whichever of it a document uses. */
static void put_look(struct sv_ctx *ctx, struct pdf_objects *pdf, const struct look *look,
                     struct pack *pack, struct beginning *b) {
  for (int i = 0; i < FACE_PRIMARY_COUNT; i++) {
    if (look->fonts[i]) {
      b->fonts[TEXT_FONT_LOOK + i] = font_put(pdf, ctx, look->fonts[i], pack);
    }
  }
  for (size_t i = 0; i < look->form_n; i++) {
    b->forms[i] = put_stream(pdf,
                             "/Type/XObject/Subtype/Form/BBox[-10000 -10000 10000 10000]"
                             "/Resources<<>>/Filter/FlateDecode",
                             look->forms[i].deflated);
  }
}

sv_status beginning_make(struct sv_ctx *ctx, const struct look *look,
                         const struct assemble_static *const *parts, size_t part_n,
                         struct sv_bytes icc, struct beginning *ret) {
  struct beginning b = {.part_n = part_n};
  SV_AUTO(pdf_objects_close) struct pdf_objects *pdf = NULL;
  SV_AUTO(deflater_close) struct deflater *deflater = deflater_open(LEVEL);
  SV_ASSERT(part_n <= BEGINNING_PARTS);
  if (!deflater) {
    return SV_FAIL(ctx, NO_MEMORY, "compressor");
  }
  SV_TRY(pdf_objects_open(ctx, NULL, &pdf));
  struct pack pack = pack_in(ctx);
  struct pack_stream stream;
  b.icc = put_stream(pdf, "/N 3/Filter/FlateDecode", icc);
  put_look(ctx, pdf, look, &pack, &b);
  for (size_t i = 0; i < part_n; i++) {
    b.parts[i] = parts[i];
    b.contents[i] = put_stream(pdf, "/Filter/FlateDecode", parts[i]->deflated);
  }
  SV_TRY(pack_close(&pack, ctx, deflater, &stream));
  pdf_packed(pdf, &stream);
  SV_TRY(pdf_beginning_save(pdf, &b.file));
  *ret = b;
  return SV_DONE;
}
