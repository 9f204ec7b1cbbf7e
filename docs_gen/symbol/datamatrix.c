/* The one file that knows zint. Its own drawing is not used: only the matrix of modules. */
#include "docs_gen/symbol/datamatrix.h"

#include <zint.h>

typedef struct zint_symbol zint_symbol;
SV_AUTO_DEFINE(zint_symbol, ZBarcode_Delete)

/* zint numbers the square sizes from 1 (10 x 10); capacities of base 256 in ISO/IEC 16022 table 7. */
static const struct {
  uint16_t modules, bytes;
} sizes[] = {{10, 1},   {12, 3},   {14, 6},    {16, 10},    {18, 16},    {20, 20},
             {22, 28},  {24, 34},  {26, 42},   {32, 60},    {36, 84},    {40, 112},
             {44, 142}, {48, 172}, {52, 202},  {64, 277},   {72, 365},   {80, 453},
             {88, 573}, {96, 693}, {104, 813}, {120, 1047}, {132, 1301}, {144, 1555}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static sv_status pack(struct sv_ctx *ctx, const struct zint_symbol *symbol,
                      struct datamatrix *ret) {
  size_t stride = ((size_t)symbol->width + 7) / 8;
  uint8_t *rows = sv_arena_alloc(ctx->mem, stride * (size_t)symbol->rows);
  if (!rows) {
    return SV_FAIL(ctx, NO_MEMORY, "bar code");
  }
  for (int y = 0; y < symbol->rows; y++) {
    for (int x = 0; x < symbol->width; x++) {
      bool dark = symbol->encoded_data[y][x >> 3] >> (x & 7) & 1;
      rows[(size_t)y * stride + (size_t)(x >> 3)] |= (uint8_t)(dark << (7 - (x & 7)));
    }
  }
  *ret = (struct datamatrix){.rows = rows, .modules = (uint16_t)symbol->width};
  return SV_DONE;
}

sv_status datamatrix_encode(struct sv_ctx *ctx, struct sv_bytes data, uint16_t least,
                            struct datamatrix *ret) {
  size_t i = 0;
  while (i < SIZES && (sizes[i].modules < least || sizes[i].bytes < data.n)) {
    i++;
  }
  if (i == SIZES || data.n == 0) {
    return SV_FAIL(ctx, RENDER, "a bar code of %zu bytes", data.n);
  }
  SV_AUTO(ZBarcode_Delete) zint_symbol *symbol = ZBarcode_Create();
  if (!symbol) {
    return SV_FAIL(ctx, NO_MEMORY, "bar code");
  }
  symbol->symbology = BARCODE_DATAMATRIX;
  symbol->input_mode = DATA_MODE | FAST_MODE;
  for (;;) { /* the capacity is that of base 256; zint's own mixture may need one size more */
    symbol->option_2 = (int)i + 1;
    int fault = ZBarcode_Encode(symbol, data.p, (int)data.n);
    if (fault < 5) { /* warnings */
      break;
    }
    if (++i == SIZES) {
      return SV_FAIL(ctx, RENDER, "zint: %d", fault);
    }
    ZBarcode_Clear(symbol);
  }
  if (symbol->width != symbol->rows || symbol->width != sizes[i].modules) {
    return SV_FAIL(ctx, RENDER, "a symbol of %d by %d", symbol->width, symbol->rows);
  }
  return pack(ctx, symbol, ret);
}
