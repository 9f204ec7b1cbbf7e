/* Are the symbols those of ISO/IEC 16022: the codewords of its examples, and module by module what another writer makes of the
 * same bytes? */
#include "formats/datamatrix/writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <zint.h>

#include "formats/datamatrix/reader.h"

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

static uint32_t seed = 7;
static uint8_t any_byte(void) {
  seed = seed * 1664525u + 1013904223u;
  return (uint8_t)(seed >> 24);
}

static size_t capacity_of(const struct datamatrix_size *size) {
  size_t left = size->data - 2u;
  return left > 249 ? left - 1 : left;
}

/* Annex O: "123456" in 10 by 10 modules. */
static void error_correction_is_that_of_the_standards_example(void **state) {
  (void)state;
  uint8_t words[8] = {142, 164, 186};
  uint8_t rows[20] = {0};
  datamatrix_put_words(&datamatrix_sizes[0], words, rows);
  static const uint8_t expected[] = {142, 164, 186, 114, 25, 5, 88, 102};
  assert_memory_equal(words, expected, sizeof expected);
}

/* Bytes that no mode but base 256 suits: another writer has no choice either, if there are three of them; where they fill a symbol
 * it leaves their number out (5.2.9.1). */
static void every_size_is_module_by_module_what_another_writer_makes(void **state) {
  (void)state;
  uint8_t data[1555];
  for (int i = 0; i < DATAMATRIX_SIZES; i++) {
    const struct datamatrix_size *size = &datamatrix_sizes[i];
    size_t full = capacity_of(size);
    for (size_t n = full > 249 ? full : full - 1; n > 2; n = n > 40 ? n - 37 : n - 1) {
      struct datamatrix ours;
      for (size_t k = 0; k < n; k++) {
        data[k] = (uint8_t)(any_byte() | 0x80);
      }
      assert_int_equal(datamatrix_write(&ctx, sv_bytes_of(data, n), size->modules, &ours).reason,
                       SV_OK);
      assert_int_equal(ours.modules, size->modules);
      struct zint_symbol *z = ZBarcode_Create();
      assert_non_null(z);
      z->symbology = BARCODE_DATAMATRIX;
      z->input_mode = DATA_MODE | FAST_MODE;
      z->option_2 = i + 1;
      z->option_3 = DM_SQUARE;
      assert_true(ZBarcode_Encode(z, data, (int)n) < 5);
      assert_int_equal(z->width, size->modules);
      size_t stride = (size_t)(size->modules + 7) / 8;
      for (int y = 0; y < z->rows; y++) {
        for (int x = 0; x < z->width; x++) {
          bool theirs = z->encoded_data[y][x >> 3] >> (x & 7) & 1;
          assert_int_equal(ours.rows[(size_t)y * stride + (size_t)x / 8] >> (7 - x % 8) & 1,
                           theirs);
        }
      }
      ZBarcode_Delete(z);
    }
  }
}

static void any_bytes_come_back_from_the_smallest_symbol_that_has_room(void **state) {
  (void)state;
  uint8_t data[1555];
  for (size_t n = 1; n <= sizeof data; n += n < 300 ? 1 : 29) {
    struct datamatrix symbol;
    struct sv_bytes back;
    for (size_t k = 0; k < n; k++) {
      data[k] = n % 3 == 0 ? 0 : any_byte();
    }
    assert_int_equal(datamatrix_write(&ctx, sv_bytes_of(data, n), 0, &symbol).reason, SV_OK);
    for (size_t i = 0; datamatrix_sizes[i].modules < symbol.modules; i++) {
      assert_true(capacity_of(&datamatrix_sizes[i]) < n);
    }
    struct sv_bytes rows =
        sv_bytes_of(symbol.rows, (size_t)symbol.modules * ((symbol.modules + 7u) / 8));
    assert_int_equal(datamatrix_read(&ctx, rows, symbol.modules, &back).reason, SV_OK);
    assert_true(sv_bytes_equal(back, sv_bytes_of(data, n)));
  }
}

static void nothing_and_too_much_are_refused(void **state) {
  (void)state;
  static const uint8_t data[1556];
  struct datamatrix symbol;
  assert_int_equal(datamatrix_write(&ctx, sv_bytes_of(data, 0), 0, &symbol).reason, SV_RENDER);
  assert_int_equal(datamatrix_write(&ctx, sv_bytes_of(data, 1556), 0, &symbol).reason, SV_RENDER);
  assert_int_equal(datamatrix_write(&ctx, sv_bytes_of(data, 1), 145, &symbol).reason, SV_RENDER);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(error_correction_is_that_of_the_standards_example),
      T(every_size_is_module_by_module_what_another_writer_makes),
      T(any_bytes_come_back_from_the_smallest_symbol_that_has_room),
      T(nothing_and_too_much_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
