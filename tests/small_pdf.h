/* A minimal PDF 1.7 of one page, written by hand, with an empty place for a signature and room for an attachment, a
 * content stream and whatever a test wants to bend. For tests only. */
#pragma once
#include <string.h>

#include "base/arena.h"
#include "base/sig_slot.h"

struct small_pdf {
  const char *content;    /* of the page; "" */
  struct sv_bytes record; /* n 0: no attachment */
  size_t contents_room;   /* 0: no signature */
  const char *sub_filter; /* NULL: /ETSI.CAdES.detached */
  const char
      *extra_objects; /* after object 8, from number 9 on, each "N 0 obj ... endobj\n"; NULL */
  size_t extra_count;
  const char *extra_sig_keys; /* NULL */
  bool layers;                /* the catalog has optional content */
};

enum { SMALL_PDF_OBJECTS = 9 };

struct small_pdf_out {
  uint8_t *p;
  size_t n;
  struct sv_sig_slot slot;
};

static inline void small_pdf_mark(struct sv_buf *b, size_t *at, int number) {
  at[number] = b->n;
  sv_buf_printf(b, "%d 0 obj\n", number);
}

static inline struct small_pdf_out small_pdf_write(struct sv_arena *arena,
                                                   const struct small_pdf *in) {
  struct sv_buf b = sv_buf_in(arena, 0);
  struct small_pdf_out out = {0};
  size_t at[64] = {0};
  bool sig = in->contents_room > 0;
  bool record = in->record.n > 0;
  const char *content = in->content ? in->content : "";
  sv_buf_str(&b, "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n");
  small_pdf_mark(&b, at, 1);
  sv_buf_printf(&b, "<</Type/Catalog/Pages 2 0 R%s%s%s>>\nendobj\n",
                in->layers ? "/OCProperties<</OCGs[]/D<<>>>>" : "",
                sig ? "/AcroForm<</Fields[5 0 R]/SigFlags 3>>" : "",
                record ? "/AF[8 0 R]/Names<</EmbeddedFiles<</Names[(record.json)8 0 R]>>>>" : "");
  small_pdf_mark(&b, at, 2);
  sv_buf_str(&b, "<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n");
  small_pdf_mark(&b, at, 3);
  sv_buf_printf(
      &b,
      "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>/Contents 4 0 R%s>>\nendobj\n",
      sig ? "/Annots[5 0 R]" : "");
  small_pdf_mark(&b, at, 4);
  sv_buf_printf(&b, "<</Length %zu>>\nstream\n%s\nendstream\nendobj\n", strlen(content), content);
  small_pdf_mark(&b, at, 5);
  sv_buf_printf(
      &b,
      "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature)/Rect[0 0 0 0]/F 132/P 3 0 R%s>>\nendobj\n",
      sig ? "/V 6 0 R" : "");
  small_pdf_mark(&b, at, 6);
  sv_buf_printf(&b, "<</Type/Sig/Filter/Adobe.PPKLite/SubFilter%s%s/M(D:20260115164208Z)",
                in->sub_filter ? in->sub_filter : "/ETSI.CAdES.detached",
                in->extra_sig_keys ? in->extra_sig_keys : "");
  if (sig) {
    sv_buf_str(&b, "/ByteRange");
    out.slot.byte_range_at = b.n;
    out.slot.byte_range_room = 48;
    sv_buf_printf(&b, "[%46s]", "");
    sv_buf_str(&b, "/Contents");
    out.slot.contents_at = b.n;
    out.slot.contents_room = in->contents_room;
    sv_buf_u8(&b, '<');
    uint8_t *p = sv_buf_space(&b, in->contents_room - 2);
    if (p) {
      memset(p, '0', in->contents_room - 2);
    }
    sv_buf_u8(&b, '>');
  }
  sv_buf_str(&b, ">>\nendobj\n");
  small_pdf_mark(&b, at, 7);
  sv_buf_printf(
      &b,
      "<</Type/EmbeddedFile/Subtype/application#2Fjson/Params<</Size %zu>>/Length %zu>>\nstream\n",
      in->record.n, in->record.n);
  sv_buf_put(&b, in->record.p, in->record.n);
  sv_buf_str(&b, "\nendstream\nendobj\n");
  small_pdf_mark(&b, at, 8);
  sv_buf_str(&b,
             "<</Type/Filespec/F(record.json)/UF(record.json)/AFRelationship/Data/EF<</F 7 0 R/UF "
             "7 0 R>>>>\n"
             "endobj\n");
  size_t objects = SMALL_PDF_OBJECTS + in->extra_count;
  const char *extra = in->extra_objects;
  for (size_t i = SMALL_PDF_OBJECTS; i < objects; i++) {
    const char *end = strstr(extra, "endobj\n") + 7;
    at[i] = b.n;
    sv_buf_put(&b, extra, (size_t)(end - extra));
    extra = end;
  }
  size_t xref = b.n;
  sv_buf_printf(&b, "xref\n0 %zu\n0000000000 65535 f \n", objects);
  for (size_t i = 1; i < objects; i++) {
    sv_buf_printf(&b, "%010zu 00000 n \n", at[i]);
  }
  sv_buf_printf(&b,
                "trailer\n<</Size %zu/Root 1 0 "
                "R/ID[<00112233445566778899AABBCCDDEEFF><00112233445566778899AABBCCDDEEFF>"
                "]>>\nstartxref\n%zu\n%%%%EOF\n",
                objects, xref);
  out.p = b.p;
  out.n = b.failed ? 0 : b.n;
  return out;
}
