/* XMP. Dates equal those of Info to the second; the title is the number alone. */
#include "docs_gen/draw/xmp.h"

#include <stdio.h>

#include "base/fields.h"

const char xmp_producer[] = "Salvoconducto";

static void put_escaped(struct sv_buf *b, const char *s) {
  for (; *s; s++) {
    switch (*s) {
      case '&':
        sv_buf_str(b, "&amp;");
        break;
      case '<':
        sv_buf_str(b, "&lt;");
        break;
      case '>':
        sv_buf_str(b, "&gt;");
        break;
      default:
        sv_buf_u8(b, (uint8_t)*s);
    }
  }
}

/* ISO 14289-1 is no part of the schemas that PDF/A knows: its property is described beside it. */
static const char extension[] =
    "<rdf:Description rdf:about=\"\" xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\""
    " xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\""
    " xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\">\n"
    "<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType=\"Resource\">"
    "<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>"
    "<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>"
    "<pdfaSchema:schema>PDF/UA identification schema</pdfaSchema:schema>"
    "<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType=\"Resource\">"
    "<pdfaProperty:category>internal</pdfaProperty:category>"
    "<pdfaProperty:description>Part of ISO 14289 that the file conforms "
    "to</pdfaProperty:description>"
    "<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</"
    "pdfaProperty:valueType>"
    "</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>\n"
    "</rdf:Description>\n";

sv_status xmp_packet(struct sv_ctx *ctx, const char *title, int64_t time_us, struct sv_bytes *ret) {
  char when[21];
  sv_time_format(time_us, when);
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(
      &b,
      "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
      "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
      "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
      "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\""
      " xmlns:pdfuaid=\"http://www.aiim.org/pdfua/ns/id/\""
      " xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\""
      " xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\">\n"
      "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>\n"
      "<pdfuaid:part>1</pdfuaid:part>\n"
      "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">");
  put_escaped(&b, title);
  sv_buf_printf(&b,
                "</rdf:li></rdf:Alt></dc:title>\n"
                "<xmp:CreateDate>%s</xmp:CreateDate><xmp:ModifyDate>%s</xmp:ModifyDate>\n"
                "<xmp:CreatorTool>%s</xmp:CreatorTool><pdf:Producer>%s</pdf:Producer>\n"
                "</rdf:Description>\n",
                when, when, xmp_producer, xmp_producer);
  sv_buf_str(&b, extension);
  sv_buf_str(&b, "</rdf:RDF>\n</x:xmpmeta>\n<?xpacket end=\"r\"?>");
  if (b.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "XMP");
  }
  *ret = sv_buf_bytes(&b);
  return SV_DONE;
}

void xmp_pdf_date(int64_t time_us, char text[static 20]) {
  char when[21];
  sv_time_format(time_us, when); /* 2026-01-15T16:42:08Z */
  snprintf(text, 20, "D:%.4s%.2s%.2s%.2s%.2s%.2sZ", when, when + 5, when + 8, when + 11, when + 14,
           when + 17);
}

static void put_unit(struct sv_buf *b, uint32_t unit) {
  static const char digits[] = "0123456789ABCDEF";
  const char text[4] = {digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15],
                        digits[unit & 15]};
  sv_buf_put(b, text, sizeof text);
}

const char *xmp_pdf_string(struct sv_ctx *ctx, const char *utf8) {
  struct sv_buf b = sv_buf_in(ctx->mem, 0);
  sv_buf_str(&b, "<FEFF");
  for (uint32_t cp; (cp = sv_utf8_next(&utf8)) != 0;) {
    if (cp >= 0x10000) {
      put_unit(&b, 0xd800 + ((cp - 0x10000) >> 10));
      cp = 0xdc00 + (cp & 0x3ff);
    }
    put_unit(&b, cp);
  }
  sv_buf_put(&b, ">", 2);
  return b.failed ? NULL : (const char *)b.p;
}
