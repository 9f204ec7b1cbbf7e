/* Invariant: the objects of a stream stand one after the other, each with a line end behind it, in the order of its head. */
#include "docs_gen/draw/pack.h"

struct pack pack_in(struct sv_ctx *ctx) {
  return (struct pack){.heads = sv_buf_in(ctx->mem, 0), .body = sv_buf_in(ctx->mem, 0)};
}

void pack_number(struct sv_buf *b, uint32_t v) {
  char text[10], *p = text + sizeof text;
  do {
    *--p = (char)('0' + v % 10);
    v /= 10;
  } while (v);
  sv_buf_put(b, p, (size_t)(text + sizeof text - p));
}

void pack_reference(struct sv_buf *b, uint32_t number) {
  pack_number(b, number);
  sv_buf_put(b, " 0 R", 4);
}

void pack_next(struct pack *pack, uint32_t number) {
  if (pack->n == pack->room) {
    size_t room = pack->room ? 4 * pack->room : 64;
    uint32_t *numbers = SV_ARRAY(pack->body.arena, room, uint32_t);
    if (!numbers) {
      pack->body.failed = true;
      return;
    }
    if (pack->n) {
      memcpy(numbers, pack->numbers, pack->n * sizeof *numbers);
    }
    pack->numbers = numbers;
    pack->room = room;
  }
  if (pack->n) {
    sv_buf_u8(&pack->body, '\n');
  }
  pack->numbers[pack->n++] = number;
  pack_number(&pack->heads, number);
  sv_buf_u8(&pack->heads, ' ');
  pack_number(&pack->heads, (uint32_t)pack->body.n);
  sv_buf_u8(&pack->heads, '\n');
}

sv_status pack_close(struct pack *pack, struct sv_ctx *ctx, struct deflater *deflater,
                     struct pack_stream *ret) {
  size_t first = pack->heads.n;
  sv_buf_put(&pack->heads, pack->body.p, pack->body.n);
  if (pack->heads.failed || pack->body.failed) {
    return SV_FAIL(ctx, NO_MEMORY, "objects of a stream");
  }
  struct pack_stream stream = {.first = first, .numbers = pack->numbers, .n = pack->n};
  SV_TRY(deflater_run(deflater, ctx, sv_buf_bytes(&pack->heads), &stream.deflated));
  *ret = stream;
  return SV_DONE;
}

static void row_bytes(const struct pdf_row *row, uint8_t ret[static PACK_ROW]) {
  ret[0] = row->type;
  for (int i = 0; i < 4; i++) {
    ret[1 + i] = (uint8_t)(row->a >> (24 - 8 * i));
  }
  ret[5] = (uint8_t)(row->b >> 8);
  ret[6] = (uint8_t)row->b;
}

static sv_status plain_rows(struct sv_ctx *ctx, const struct pdf_row *rows, size_t n,
                            struct deflated *ret) {
  uint8_t *data = sv_arena_alloc(ctx->mem, n * PACK_ROW);
  if (!data) {
    return SV_FAIL(ctx, NO_MEMORY, "cross reference");
  }
  for (size_t i = 0; i < n; i++) {
    row_bytes(&rows[i], data + i * PACK_ROW);
  }
  *ret = (struct deflated){sv_bytes_of(data, n * PACK_ROW), ""};
  return SV_DONE;
}

sv_status pack_rows(struct sv_ctx *ctx, struct deflater *deflater, const struct pdf_row *rows,
                    size_t n, struct deflated *ret) {
  if (n * PACK_ROW < DEFLATE_LEAST) {
    return plain_rows(ctx, rows, n, ret);
  }
  uint8_t *data = sv_arena_alloc(ctx->mem, n * (PACK_ROW + 1));
  uint8_t before[PACK_ROW] = {0}, now[PACK_ROW];
  if (!data) {
    return SV_FAIL(ctx, NO_MEMORY, "cross reference");
  }
  uint8_t *p = data;
  for (size_t i = 0; i < n; i++) {
    row_bytes(&rows[i], now);
    *p++ = 2; /* Up: PDF 32000-1 7.4.4.4 */
    for (int k = 0; k < PACK_ROW; k++) {
      *p++ = (uint8_t)(now[k] - before[k]);
      before[k] = now[k];
    }
  }
  ret->filter = "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 7>>";
  return deflater_once(deflater, ctx, sv_bytes_of(data, (size_t)(p - data)), &ret->bytes);
}
_Static_assert(PACK_ROW == 7, "what the filter says");
