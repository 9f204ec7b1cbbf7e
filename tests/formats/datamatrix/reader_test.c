/* Does the reader of symbols read what zint writes, in every size and in every mode that zint may choose? */
#include "formats/datamatrix/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zint.h>

#include <cmocka.h>

static struct sv_arena *arena;
static struct sv_ctx ctx;

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(64 << 20);
  ctx = sv_ctx_over(arena);
  return arena ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  sv_arena_close(arena);
  return 0;
}

/* option: zint's number of a square size from 1, 0: whatever fits. */
static struct sv_bytes written(struct sv_bytes data, int option, int mode, unsigned *ret_modules) {
  struct zint_symbol *z = ZBarcode_Create();
  assert_non_null(z);
  z->symbology = BARCODE_DATAMATRIX;
  z->input_mode = DATA_MODE | mode;
  z->option_2 = option;
  z->option_3 = DM_SQUARE;
  int r = ZBarcode_Encode(z, data.p, (int)data.n);
  assert_true(r < 5);
  size_t stride = ((size_t)z->width + 7) / 8;
  uint8_t *rows = sv_arena_alloc(arena, stride * (size_t)z->rows);
  for (int y = 0; y < z->rows; y++) {
    for (int x = 0; x < z->width; x++) {
      if (z->encoded_data[y][x >> 3] >> (x & 7) & 1) {
        rows[(size_t)y * stride + (size_t)x / 8] |= (uint8_t)(0x80 >> x % 8);
      }
    }
  }
  *ret_modules = (unsigned)z->width;
  struct sv_bytes out = sv_bytes_of(rows, stride * (size_t)z->rows);
  ZBarcode_Delete(z);
  return out;
}

static void is_read(struct sv_bytes data, int option, int mode) {
  unsigned modules;
  struct sv_bytes rows = written(data, option, mode, &modules);
  struct sv_bytes back;
  sv_status s = datamatrix_read(&ctx, rows, modules, &back);
  if (sv_failed(s) || !sv_bytes_equal(back, data)) {
    print_error("%u modules, %zu bytes: %s\n", modules, data.n, ctx.detail);
  }
  assert_int_equal(s.reason, SV_OK);
  assert_true(sv_bytes_equal(back, data));
}

static uint32_t seed = 1;
static uint8_t any_byte(void) {
  seed = seed * 1664525u + 1013904223u;
  return (uint8_t)(seed >> 24);
}

static void every_size_is_read_full_and_nearly_empty(void **state) {
  (void)state;
  static const uint16_t capacity[24] = {1,   3,   6,   10,  16,  20,   28,   34,
                                        42,  60,  84,  112, 142, 172,  202,  277,
                                        365, 453, 573, 693, 813, 1047, 1301, 1555};
  uint8_t data[1555];
  for (int i = 0; i < 24; i++) {
    for (size_t k = 0; k < capacity[i]; k++) {
      data[k] = (uint8_t)(any_byte() | 0x80); /* no digits or letters: base 256 alone */
    }
    is_read(sv_bytes_of(data, capacity[i]), i + 1, FAST_MODE);
    is_read(sv_bytes_of(data, 1), i + 1, FAST_MODE);
  }
}

static void every_mode_is_read(void **state) {
  (void)state;
  static const char *const texts[] = {
      "ABCDEFGHIJKLMNOPQRSTUVWXYZ ABCDEFGH",  "abcdefghijklmnopqrstuvwxyz abcdefgh",
      "0123456789012345678901234567890",      "ABC>DEF*GHI\rJKL>MNO*PQR\rSTU 123>",
      "A.B,C;D:E!F?G.H,I;J:K!L?M.N,O;P:Q!R?", "{abc}[DEF]~ghi~\x7f\x01\x02xyz",
      "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
  };
  static const int modes[] = {0, FAST_MODE};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    for (size_t n = 1; n <= strlen(texts[i]); n++) {
      for (int m = 0; m < 2; m++) {
        is_read(sv_bytes_of(texts[i], n), 0, modes[m]);
      }
    }
  }
}

static void mixed_bytes_as_seals_have_them_are_read(void **state) {
  (void)state;
  uint8_t data[360];
  for (int round = 0; round < 300; round++) {
    size_t n = 1 + any_byte() + (size_t)(round % 100);
    for (size_t k = 0; k < n; k++) {
      uint8_t b = any_byte();
      data[k] = round % 3 == 0   ? b
                : round % 3 == 1 ? (uint8_t)(b < 128 ? 'A' + b % 26 : b)
                                 : (uint8_t)(b < 200 ? '0' + b % 10 : b);
    }
    is_read(sv_bytes_of(data, n), 0, round % 2 ? FAST_MODE : 0);
  }
}

static void one_wrong_module_anywhere_is_refused(void **state) {
  (void)state;
  unsigned modules;
  struct sv_bytes rows = written(sv_bytes_str("a seal"), 15, FAST_MODE, &modules);
  struct sv_bytes back;
  uint8_t *bent = sv_arena_alloc(arena, rows.n);
  memcpy(bent, rows.p, rows.n);
  for (size_t i = 0; i < 8 * rows.n; i++) {
    bent[i / 8] ^= (uint8_t)(0x80 >> i % 8);
    assert_int_equal(datamatrix_read(&ctx, sv_bytes_of(bent, rows.n), modules, &back).reason,
                     SV_SEAL_FORMAT);
    bent[i / 8] ^= (uint8_t)(0x80 >> i % 8);
  }
}

static void a_broken_border_or_another_shape_is_refused(void **state) {
  (void)state;
  unsigned modules;
  struct sv_bytes rows = written(sv_bytes_str("a seal"), 15, FAST_MODE, &modules);
  struct sv_bytes back;
  assert_int_equal(modules, 52);
  uint8_t *bent = sv_arena_alloc(arena, rows.n);
  memcpy(bent, rows.p, rows.n);
  bent[0] ^= 0x80;
  assert_int_equal(datamatrix_read(&ctx, sv_bytes_of(bent, rows.n), 52, &back).reason,
                   SV_SEAL_FORMAT);
  assert_int_equal(datamatrix_read(&ctx, rows, 51, &back).reason, SV_SEAL_FORMAT);
  assert_int_equal(datamatrix_read(&ctx, rows, 48, &back).reason, SV_SEAL_FORMAT);
  assert_int_equal(datamatrix_read(&ctx, sv_bytes_of(rows.p, rows.n - 1), 52, &back).reason,
                   SV_SEAL_FORMAT);
}

static void no_pattern_inside_a_border_hurts(void **state) {
  (void)state;
  unsigned modules;
  struct sv_bytes rows = written(sv_bytes_str("x"), 15, FAST_MODE, &modules);
  for (int round = 0; round < 2000; round++) {
    uint8_t *bent = sv_arena_alloc(arena, rows.n);
    memcpy(bent, rows.p, rows.n);
    for (int i = 0; i < 40; i++) {
      unsigned x = 1 + any_byte() % 24;
      unsigned y = 1 + any_byte() % 24;
      bent[y * 7 + x / 8] ^= (uint8_t)(0x80 >> x % 8);
    }
    struct sv_bytes back;
    sv_status s = datamatrix_read(&ctx, sv_bytes_of(bent, rows.n), modules, &back);
    assert_true(!sv_failed(s) || s.reason == SV_SEAL_FORMAT);
    sv_ctx_clear(&ctx);
    sv_arena_reset(arena);
    rows = written(sv_bytes_str("x"), 15, FAST_MODE, &modules);
  }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(every_size_is_read_full_and_nearly_empty), T(every_mode_is_read),
      T(mixed_bytes_as_seals_have_them_are_read),  T(a_broken_border_or_another_shape_is_refused),
      T(one_wrong_module_anywhere_is_refused),     T(no_pattern_inside_a_border_hurts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
