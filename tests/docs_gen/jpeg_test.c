/* Does a portrait lose everything but its picture, and does nothing else pass for one? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "docs_gen/draw/jpeg.h"

static struct sv_arena *mem;
static struct sv_ctx ctx;

static int begin(void **state) {
  (void)state;
  mem = sv_arena_open(4u << 20);
  ctx = sv_ctx_over(mem);
  return 0;
}
static int end(void **state) {
  (void)state;
  sv_arena_close(mem);
  return 0;
}

#define QUANT 0xff, 0xdb, 0, 4, 0, 16
#define FRAME(kind, components, ...) \
  0xff, kind, 0, 8 + 3 * (components), 8, 0, 9, 0, 7, components, __VA_ARGS__
#define HUFFMAN 0xff, 0xc4, 0, 4, 0, 1
#define SCAN 0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0xff, 0, 0x34, 0xff, 0xd3, 0x56
#define POSITION 0xff, 0xe1, 0, 10, 'E', 'x', 'i', 'f', 0, 0, 'G', 'P'
#define COMMENT 0xff, 0xfe, 0, 5, 'w', 'h', 'o'

static sv_status strip(const uint8_t *p, size_t n, struct sv_bytes *ret, uint32_t size[3]) {
  return jpeg_strip(&ctx, sv_bytes_of(p, n), ret, &size[0], &size[1], &size[2]);
}

static void positions_and_comments_are_gone(void **state) {
  (void)state;
  const uint8_t in[] = {0xff,    0xd8, POSITION, COMMENT, QUANT, FRAME(0xc0, 1, 1, 0x11, 0),
                        HUFFMAN, SCAN, COMMENT,  0xff,    0xff,  0xd9,
                        't',     'a',  'i',      'l'};
  const uint8_t want[] = {0xff, 0xd8, QUANT, FRAME(0xc0, 1, 1, 0x11, 0), HUFFMAN, SCAN, 0xff, 0xd9};
  struct sv_bytes out;
  uint32_t size[3];
  assert_false(sv_failed(strip(in, sizeof in, &out, size)));
  assert_true(sv_bytes_equal(out, sv_bytes_of(want, sizeof want)));
  assert_int_equal(size[0], 7);
  assert_int_equal(size[1], 9);
  assert_int_equal(size[2], 1);
}

static void a_progressive_picture_of_three_colours_passes(void **state) {
  (void)state;
  const uint8_t in[] = {0xff, 0xd8, QUANT, FRAME(0xc2, 3, 1, 0x22, 0, 2, 0x11, 0, 3, 0x11, 0),
                        SCAN, SCAN, 0xff,  0xd9};
  struct sv_bytes out;
  uint32_t size[3];
  assert_false(sv_failed(strip(in, sizeof in, &out, size)));
  assert_int_equal(size[2], 3);
  assert_int_equal(out.n, sizeof in);
}

static void what_is_no_portrait_is_refused(void **state) {
  (void)state;
  static const uint8_t four[] = {0xff, 0xd8, FRAME(0xc0, 4, 1, 17, 0, 2, 17, 0, 3, 17, 0, 4, 17, 0),
                                 SCAN, 0xff, 0xd9};
  static const uint8_t arithmetic[] = {0xff, 0xd8, FRAME(0xc9, 1, 1, 17, 0), SCAN, 0xff, 0xd9};
  static const uint8_t twelve_bits[] = {0xff, 0xd8, 0xff, 0xc1, 0,  11, 12,   0,    9,
                                        0,    7,    1,    1,    17, 0,  SCAN, 0xff, 0xd9};
  static const uint8_t two_frames[] = {
      0xff, 0xd8, FRAME(0xc0, 1, 1, 17, 0), FRAME(0xc0, 1, 1, 17, 0), SCAN, 0xff, 0xd9};
  static const uint8_t no_frame[] = {0xff, 0xd8, SCAN, 0xff, 0xd9};
  static const uint8_t no_scan[] = {0xff, 0xd8, FRAME(0xc0, 1, 1, 17, 0), 0xff, 0xd9};
  static const uint8_t no_width[] = {0xff, 0xd8, 0xff, 0xc0, 0,  11, 8,    0,    9,
                                     0,    0,    1,    1,    17, 0,  SCAN, 0xff, 0xd9};
  static const uint8_t png[] = {0x89, 'P', 'N', 'G'};
#define CASE(v) \
  { v, sizeof v }
  static const struct {
    const uint8_t *p;
    size_t n;
  } cases[] = {CASE(four),     CASE(arithmetic), CASE(twelve_bits), CASE(two_frames),
               CASE(no_frame), CASE(no_scan),    CASE(no_width),    CASE(png)};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sv_bytes out;
    uint32_t size[3];
    sv_ctx_clear(&ctx);
    assert_int_equal(strip(cases[i].p, cases[i].n, &out, size).reason, SV_FIELD_INVALID);
  }
}

static void a_picture_cut_anywhere_is_refused(void **state) {
  (void)state;
  const uint8_t in[] = {0xff, 0xd8, QUANT, FRAME(0xc0, 1, 1, 0x11, 0), HUFFMAN, SCAN, 0xff, 0xd9};
  for (size_t n = 0; n < sizeof in; n++) {
    struct sv_bytes out;
    uint32_t size[3];
    sv_ctx_clear(&ctx);
    uint8_t *copy = sv_arena_alloc(mem, n); /* so that a sanitizer sees a byte read too far */
    memcpy(copy, in, n);
    assert_true(sv_failed(strip(copy, n, &out, size)));
  }
}

static void a_real_file_keeps_its_size(void **state) {
  (void)state;
  uint8_t in[16 * 1024];
  FILE *f = fopen("tests/docs_gen/portrait.jpg", "re");
  assert_non_null(f);
  size_t n = fread(in, 1, sizeof in, f);
  fclose(f);
  struct sv_bytes out;
  uint32_t size[3];
  assert_false(sv_failed(strip(in, n, &out, size)));
  assert_int_equal(size[0], 82);
  assert_int_equal(size[1], 106);
  assert_int_equal(size[2], 3);
  assert_in_range(out.n, n / 2, n - 1); /* its JFIF segment at least is gone */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(positions_and_comments_are_gone),
      cmocka_unit_test(a_progressive_picture_of_three_colours_passes),
      cmocka_unit_test(what_is_no_portrait_is_refused),
      cmocka_unit_test(a_picture_cut_anywhere_is_refused),
      cmocka_unit_test(a_real_file_keeps_its_size),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
