/* The file's objects, as text, given to the pen that numbers and writes them.
 * Invariants: every marked stretch of a page is named once in the structure tree and once in the parent tree, at the
 * place of its number; the order of the elements is the order of reading; nothing depends on time or chance. */
#include "docs_gen/draw/assemble.h"

#include <stdlib.h>

#include "docs_gen/draw/font_objects.h"
#include "docs_gen/draw/structure.h"
#include "docs_gen/draw/xmp.h"

SV_AUTO_DEFINE(struct pdf_objects, pdf_objects_close)

/* A compressor that a call has from the store. */
struct lent {
  struct deflaters *from;
  struct deflater *one;
};
static void lent_give(struct lent *l) { deflaters_give(l->from, l->one); }
#define LEND(name, store) \
  __attribute__((cleanup(lent_give))) struct lent name = {(store), deflaters_take(store)}

struct assembly {
  const struct assemble_input *in;
  struct sv_ctx *ctx;
  struct pdf_objects *pdf;
  struct deflater *deflater;
  const char *resources;
  uint32_t page_objects[ASSEMBLE_PAGES_MAX];
  uint32_t fonts[TEXT_FONTS];
  uint32_t widget, value, metadata, attachments[DOCS_ATTACHMENTS_MAX], tree;
};

/* Text of an object, in the arena; a failure shows as NULL and is found at the end by the caller's own test. */
#define TEXT(a, ...) sv_arena_printf((a)->ctx->mem, __VA_ARGS__)

static uint32_t put_stream(struct assembly *a, const char *entries, struct sv_bytes data) {
  uint32_t n = pdf_object(a->pdf);
  pdf_stream(a->pdf, n, entries, data);
  return n;
}
static uint32_t put_dict(struct assembly *a, const char *entries) {
  uint32_t n = pdf_object(a->pdf);
  pdf_dict(a->pdf, n, entries);
  return n;
}

/* ---- fonts and pictures ---- */

/* Blocks that hold what the look lacks, and fonts cut for this document alone. */
static sv_status put_own_font(struct assembly *a, unsigned i) {
  const struct assemble_input *in = a->in;
  if (i < TEXT_FONT_DYNAMIC) {
    a->fonts[i] =
        font_put(a->pdf, a->ctx, in->text->faces->v[i / FACE_BLOCKS].blocks[i % FACE_BLOCKS], NULL);
  } else if (i < TEXT_FONT_LOOK) {
    struct face_subset own;
    SV_TRY(text_dynamic_subset(in->text, i - TEXT_FONT_DYNAMIC, &own));
    a->fonts[i] = font_put(a->pdf, a->ctx, &own, NULL);
  }
  return SV_DONE;
}

static sv_status put_fonts(struct assembly *a, struct sv_buf *resources) {
  sv_buf_str(resources, "/Font<<");
  for (unsigned i = 0; i < TEXT_FONTS; i++) {
    if (a->in->fonts[i]) {
      SV_TRY(put_own_font(a, i));
    }
    uint32_t font = a->fonts[i] ? a->fonts[i] : a->in->beginning->fonts[i];
    if (font) {
      sv_buf_str(resources, "/F");
      pack_number(resources, i);
      sv_buf_u8(resources, ' ');
      pack_reference(resources, font);
    }
  }
  sv_buf_str(resources, ">>");
  return SV_DONE;
}

/* The look's forms, and the portrait as it was sent, stripped: never decoded. */
static void put_pictures(struct assembly *a, struct sv_buf *resources) {
  const struct assemble_picture *p = &a->in->portrait;
  sv_buf_str(resources, "/XObject<<");
  for (size_t i = 0; i < a->in->look->form_n; i++) {
    sv_buf_printf(resources, "/Ornament%zu %u 0 R", i, a->in->beginning->forms[i]);
  }
  if (p->jpeg.n) {
    uint32_t n =
        put_stream(a,
                   TEXT(a,
                        "/Type/XObject/Subtype/Image/Width %u/Height %u/BitsPerComponent 8"
                        "/ColorSpace/%s/Filter/DCTDecode",
                        p->width, p->height, p->components == 1 ? "DeviceGray" : "DeviceRGB"),
                   p->jpeg);
    sv_buf_printf(resources, "/Portrait %u 0 R", n);
  }
  sv_buf_str(resources, ">>");
}

static sv_status put_resources(struct assembly *a) {
  struct sv_buf b = sv_buf_in(a->ctx->mem, 0);
  SV_TRY(put_fonts(a, &b));
  put_pictures(a, &b);
  sv_buf_u8(&b, 0);
  if (b.failed) {
    return SV_FAIL(a->ctx, NO_MEMORY, "resources");
  }
  a->resources = TEXT(a, "/Resources %u 0 R", put_dict(a, (const char *)b.p));
  return a->resources ? SV_DONE : SV_FAIL(a->ctx, NO_MEMORY, "resources");
}

/* ---- pages ---- */

static int pt100(int32_t um) { return (int)(((int64_t)um * 7200 + 12700) / 25400); }

static const char *box_text(struct assembly *a, const int32_t um[4]) {
  int v[4];
  for (int i = 0; i < 4; i++) {
    v[i] = pt100(um[i]);
  }
  return TEXT(a, "[%d.%02d %d.%02d %d.%02d %d.%02d]", v[0] / 100, v[0] % 100, v[1] / 100,
              v[1] % 100, v[2] / 100, v[2] % 100, v[3] / 100, v[3] % 100);
}

static sv_status put_pages(struct assembly *a) {
  for (uint32_t i = 0; i < a->in->page_count; i++) {
    struct deflated data;
    SV_TRY(deflater_stream(a->deflater, a->ctx, a->in->pages[i].content.bytes, &data));
    uint32_t own = put_stream(a, data.filter, data.bytes);
    const char *annots =
        a->widget && i + 1 == a->in->signature_page ? TEXT(a, "/Annots[%u 0 R]", a->widget) : "";
    pdf_dict(a->pdf, a->page_objects[i],
             TEXT(a, "/MediaBox[0 0 %s]%s/Contents[%u 0 R %u 0 R]/StructParents %u/Tabs/S%s",
                  a->in->media_box, a->resources, a->in->beginning->contents[a->in->pages[i].part],
                  own, i, annots));
  }
  return SV_DONE;
}

/* ---- the signature field (PDF 32000-1 12.7.4.5, 12.8) ---- */

static sv_status put_signature(struct assembly *a) {
  const struct assemble_input *in = a->in;
  char date[20];
  xmp_pdf_date(in->time_us, date);
  const char *box = box_text(a, in->signature_box), *name = xmp_pdf_string(a->ctx, in->signer_name);
  struct deflated data;
  SV_TRY(deflater_stream(a->deflater, a->ctx, in->appearance, &data));
  uint32_t appearance = put_stream(
      a, TEXT(a, "/Type/XObject/Subtype/Form/BBox%s%s%s", box, a->resources, data.filter),
      data.bytes);
  const char *alt = xmp_pdf_string(a->ctx, in->signature_alt);
  pdf_dict(
      a->pdf, a->widget,
      TEXT(a,
           "/Type/Annot/Subtype/Widget/FT/Sig/T(Signature1)/TU%s/V %u 0 R/F 132/Rect%s/P %u 0 R"
           "/AP<</N %u 0 R>>/StructParent %u",
           alt, a->value, box, a->page_objects[in->signature_page - 1], appearance,
           in->page_count));
  pdf_signature(
      a->pdf, a->value,
      TEXT(a,
           "/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Name%s/M(%s)"
           "/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams"
           "/P 1/V/1.2>>>>]",
           name, date),
      in->contents_room);
  return name && alt ? SV_DONE : SV_FAIL(a->ctx, NO_MEMORY, "signature field");
}

/* ---- metadata, attachment, catalog ---- */

/* A file for machines (ISO 19005-3 6.8): its Filespec is object `number`. */
static bool put_attachment(struct assembly *a, uint32_t number, const char *date,
                           const struct docs_attachment *f) {
  struct deflated data;
  if (sv_failed(deflater_stream(a->deflater, a->ctx, f->bytes, &data))) {
    return false;
  }
  const char *head = TEXT(a,
                          "/Type/EmbeddedFile/Subtype/%s/Params<</ModDate(%s)"
                          "/Size %zu>>%s",
                          f->type, date, f->bytes.n, data.filter);
  uint32_t file = put_stream(a, head, data.bytes);
  const char *spec = TEXT(a,
                          "/Type/Filespec/F(%s)/UF(%s)/AFRelationship/Data/Desc%s"
                          "/EF<</F %u 0 R/UF %u 0 R>>",
                          f->name, f->name, xmp_pdf_string(a->ctx, f->description), file, file);
  pdf_dict(a->pdf, number, spec);
  return head[0] && spec[0];
}

/* "/AF ... /Names ..." of the catalog: names of a tree stand in their order. NULL: no memory. */
static const char *put_attachments(struct assembly *a, const char *date) {
  const struct assemble_input *in = a->in;
  const char *list = "", *names = "";
  for (size_t i = 0; i < in->attachment_count; i++) {
    const struct docs_attachment *f = &in->attachments[i];
    SV_ASSERT(i == 0 || strcmp(in->attachments[i - 1].name, f->name) < 0);
    if (!put_attachment(a, a->attachments[i], date, f)) {
      return NULL;
    }
    list = TEXT(a, "%s%s%u 0 R", list, i ? " " : "", a->attachments[i]);
    names = TEXT(a, "%s(%s)%u 0 R", names, f->name, a->attachments[i]);
  }
  return in->attachment_count
             ? TEXT(a, "/AF[%s]/Names<</EmbeddedFiles<</Names[%s]>>>>", list, names)
             : "";
}

static sv_status put_catalog(struct assembly *a) {
  const struct assemble_input *in = a->in;
  char date[20];
  xmp_pdf_date(in->time_us, date);
  struct sv_bytes packet;
  SV_TRY(xmp_packet(a->ctx, in->title, in->time_us, &packet));
  pdf_stream(a->pdf, a->metadata, "/Type/Metadata/Subtype/XML", packet);
  const char *attachments = put_attachments(a, date);
  if (!attachments) {
    return SV_FAIL(a->ctx, NO_MEMORY, "attachments");
  }
  const char *form =
      a->widget ? TEXT(a, "/AcroForm<</Fields[%u 0 R]/SigFlags 3>>/Perms<</DocMDP %u 0 R>>",
                       a->widget, a->value)
                : "";
  const char *entries = TEXT(
      a,
      "/Lang(%s)/Metadata %u 0 R/MarkInfo<</Marked true>>/ViewerPreferences<</DisplayDocTitle true"
      "/PrintScaling/None>>/StructTreeRoot %u 0 R/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1"
      "/OutputConditionIdentifier(sRGB)/Info(sRGB IEC61966-2.1)/DestOutputProfile %u 0 R>>]%s%s",
      in->language, a->metadata, a->tree, in->beginning->icc, attachments, form);
  const char *title = xmp_pdf_string(a->ctx, in->title);
  const char *info = TEXT(a, "/Title%s/Creator(%s)/Producer(%s)/CreationDate(%s)/ModDate(%s)",
                          title, xmp_producer, xmp_producer, date, date);
  if (!form || !entries || !title || !info) {
    return SV_FAIL(a->ctx, NO_MEMORY, "catalog");
  }
  pdf_catalog(a->pdf, entries);
  pdf_info(a->pdf, info);
  return SV_DONE;
}

/* Objects that others speak of; the structure's numbers come next, so that they are those of other documents' trees too. */
static void take_numbers(struct assembly *a) {
  for (uint32_t i = 0; i < a->in->page_count; i++) {
    a->page_objects[i] = pdf_page(a->pdf);
  }
  a->metadata = pdf_object(a->pdf);
  for (size_t i = 0; i < a->in->attachment_count; i++) {
    a->attachments[i] = pdf_object(a->pdf);
  }
  if (a->in->contents_room) {
    a->widget = pdf_object(a->pdf);
    a->value = pdf_object(a->pdf);
  }
}

static sv_status put_all(struct assembly *a) {
  take_numbers(a);
  SV_TRY(structure_put(a->in, a->pdf, a->page_objects, a->widget, &a->tree));
  SV_TRY(put_resources(a));
  if (a->widget) {
    SV_TRY(put_signature(a));
  }
  SV_TRY(put_pages(a));
  return put_catalog(a);
}

sv_status assemble(const struct assemble_input *input, struct sv_bytes *ret_pdf,
                   struct sv_sig_slot *ret_slot) {
  struct assembly a = {.in = input, .ctx = input->ctx};
  SV_AUTO(pdf_objects_close) struct pdf_objects *pdf = NULL;
  LEND(deflater, input->deflaters);
  if (!deflater.one) {
    return SV_FAIL(input->ctx, NO_MEMORY, "compressor");
  }
  a.deflater = deflater.one;
  SV_TRY(pdf_objects_open(input->ctx, &input->beginning->file, &pdf));
  a.pdf = pdf;
  SV_TRY(put_all(&a));
  return pdf_objects_save(pdf, deflater.one, input->id, ret_pdf, ret_slot);
}
