/* Object streams and the rows that lead to what is in them (PDF 32000-1 7.5.7, 7.5.8). */
#pragma once
#include "docs_gen/draw/deflate.h"

/* An object's row in a cross reference stream: type 0 free, 1 at offset a, 2 in stream a as number b of it. */
struct pdf_row {
  uint32_t a;
  uint16_t b;
  uint8_t type;
};

/* Objects on their way into a stream. */
struct pack {
  struct sv_buf heads, body;
  uint32_t *numbers;
  size_t n, room;
};

struct pack_stream {
  struct sv_bytes deflated;
  size_t first;            /* where the objects begin */
  const uint32_t *numbers; /* of the objects; NULL: first_number and those after it */
  uint32_t first_number;
  size_t n;
};

struct pack pack_in(struct sv_ctx *ctx);
/* The object of that number comes next: its text is what is put into pack->body. */
void pack_next(struct pack *pack, uint32_t number);
/* ret in ctx->mem. Fails: NO_MEMORY. */
sv_status pack_close(struct pack *pack, struct sv_ctx *ctx, struct deflater *deflater,
                     struct pack_stream *ret);

/* Rows 0 to n - 1 as the data of a cross reference stream of PACK_ROW bytes a row: the rows as they are, or where they are many
 * deflated after predictor Up, which the filter then says. ret in ctx->mem. Fails: NO_MEMORY. */
enum { PACK_ROW = 7 };
sv_status pack_rows(struct sv_ctx *ctx, struct deflater *deflater, const struct pdf_row *rows,
                    size_t n, struct deflated *ret);
/* Decimal digits, as sv_buf_printf("%u") would put them. */
void pack_number(struct sv_buf *b, uint32_t v);
/* "12 0 R" */
void pack_reference(struct sv_buf *b, uint32_t number);
