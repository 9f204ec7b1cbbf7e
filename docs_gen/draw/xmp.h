/* The metadata of a document (ISO 16684-1, ISO 19005-3 6.6, ISO 14289-1 5), and the strings of Info that equal it. */
#pragma once
#include "base/ctx.h"

extern const char xmp_producer[];

/* title is escaped. ret in ctx->mem. */
sv_status xmp_packet(struct sv_ctx *ctx, const char *title, int64_t time_us, struct sv_bytes *ret);
/* "D:20260115164208Z" of PDF 32000-1 7.9.4; text has room for 20. */
void xmp_pdf_date(int64_t time_us, char text[static 20]);
/* A text string of PDF: UTF-16BE with its mark, as hexadecimal between < and >. NULL when memory is out. */
const char *xmp_pdf_string(struct sv_ctx *ctx, const char *utf8);
