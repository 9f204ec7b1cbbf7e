/* Can the modules of a symbol hurt its reader? The borders are drawn by the target, the inside is the input. */
#include "formats/datamatrix/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void set(uint8_t *rows, unsigned stride, unsigned x, unsigned y, bool dark) {
  uint8_t bit = (uint8_t)(0x80 >> x % 8);
  rows[y * stride + x / 8] =
      (uint8_t)(dark ? rows[y * stride + x / 8] | bit : rows[y * stride + x / 8] & ~bit);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  static const struct {
    unsigned modules, step;
  } sizes[] = {{10, 10}, {20, 20}, {26, 26}, {32, 16}, {52, 26}, {64, 16}, {144, 24}};
  if (n < 1) {
    return 0;
  }
  unsigned modules = sizes[p[0] % 7].modules;
  unsigned step = sizes[p[0] % 7].step;
  unsigned stride = (modules + 7) / 8;
  struct sv_arena *arena = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  uint8_t *rows = sv_arena_alloc(arena, (size_t)stride * modules);
  memcpy(rows, p + 1, n - 1 < (size_t)stride * modules ? n - 1 : (size_t)stride * modules);
  for (unsigned i = 0; i < modules; i++) {
    for (unsigned at = 0; at < modules; at += step) {
      set(rows, stride, at, i, true);
      set(rows, stride, at + step - 1, i, i % step % 2 == 1);
    }
  }
  for (unsigned i = 0; i < modules; i++) {
    for (unsigned at = 0; at < modules; at += step) {
      set(rows, stride, i, at + step - 1, true);
      set(rows, stride, i, at, i % step % 2 == 0);
    }
  }
  struct sv_bytes out;
  sv_status s = datamatrix_read(&ctx, sv_bytes_of(rows, (size_t)stride * modules), modules, &out);
  SV_ASSERT(!sv_failed(s) || s.reason == SV_SEAL_FORMAT);
  sv_arena_close(arena);
  return 0;
}
