/* Draws bytes as the bar code that pages have: draw_symbol HEXADECIMAL > PICTURE (PGM, six dots a module, four modules around). */
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"
#include "formats/datamatrix/writer.h"

enum { BYTES_MAX = 1555, DOTS = 6, QUIET = 4 };

static size_t bytes_of(const char *hex, uint8_t bytes[static BYTES_MAX]) {
  size_t n = 0;
  unsigned value;
  while (n < BYTES_MAX && sscanf(hex + 2 * n, "%2x", &value) == 1) {
    bytes[n++] = (uint8_t)value;
  }
  return strlen(hex) == 2 * n ? n : 0;
}

static bool dark(const struct datamatrix *code, int x, int y) {
  int side = code->modules;
  if (x < 0 || y < 0 || x >= side || y >= side) {
    return false;
  }
  size_t stride = ((size_t)side + 7) / 8;
  return code->rows[(size_t)y * stride + (size_t)x / 8] >> (7 - x % 8) & 1;
}

int main(int argc, char **argv) {
  uint8_t bytes[BYTES_MAX];
  size_t n = argc == 2 ? bytes_of(argv[1], bytes) : 0;
  struct sv_arena *mem = sv_arena_open(1u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct datamatrix code;
  if (n == 0 || sv_failed(datamatrix_write(&ctx, sv_bytes_of(bytes, n), 0, &code))) {
    fprintf(stderr, "draw_symbol HEXADECIMAL > PICTURE\n");
    sv_arena_close(mem);
    return 2;
  }
  int side = (code.modules + 2 * QUIET) * DOTS;
  printf("P5 %d %d 255\n", side, side);
  for (int y = 0; y < side; y++) {
    for (int x = 0; x < side; x++) {
      putchar(dark(&code, x / DOTS - QUIET, y / DOTS - QUIET) ? 0 : 255);
    }
  }
  sv_arena_close(mem);
  return 0;
}
