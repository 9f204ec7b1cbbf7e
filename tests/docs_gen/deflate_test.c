/* Does an inflater that others wrote give back what our fixed codes were made of? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "docs_gen/draw/fixed_deflate.h"

enum { ROOM = FIXED_DEFLATE_MOST + FIXED_DEFLATE_MOST / 8 + 32 };

/* Deflates into a block of exactly the promised room, and back. How many bytes it became. */
static size_t there_and_back(const uint8_t *in, size_t n) {
  static uint8_t back[FIXED_DEFLATE_MOST + 1];
  uint8_t *out = malloc(fixed_deflate_bound(n));
  assert_non_null(out);
  size_t deflated = fixed_deflate(in, n, out);
  assert_in_range(deflated, 2, fixed_deflate_bound(n));
  z_stream z = {.next_in = out,
                .avail_in = (unsigned)deflated,
                .next_out = back,
                .avail_out = (unsigned)sizeof back};
  assert_int_equal(inflateInit2(&z, -15), Z_OK);
  assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
  assert_int_equal(z.avail_in, 0);
  assert_int_equal(z.total_out, n);
  assert_memory_equal(back, in, n);
  inflateEnd(&z);
  free(out);
  return deflated;
}

static uint32_t next_of(uint32_t *state) { return *state = *state * 1664525 + 1013904223; }

static void nothing_and_little_come_back(void **state) {
  (void)state;
  static const uint8_t little[] = "abcabcabc";
  for (size_t n = 0; n < sizeof little; n++) {
    there_and_back(little, n);
  }
}

static void every_byte_comes_back(void **state) {
  (void)state;
  uint8_t all[512];
  for (size_t i = 0; i < sizeof all; i++) {
    all[i] = (uint8_t)(i < 256 ? i : 511 - i);
  }
  there_and_back(all, sizeof all);
}

static void matches_of_every_length_come_back(void **state) {
  (void)state;
  uint8_t text[1024];
  for (size_t length = 3; length <= 300; length++) {
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < length; i++) {
      text[i] = text[i + length + 7] = (uint8_t)(i * 7 + i / 37);
    }
    there_and_back(text, 2 * length + 7);
  }
}

static void matches_of_every_reach_come_back(void **state) {
  (void)state;
  static uint8_t text[FIXED_DEFLATE_MOST];
  for (size_t reach = 4; reach + 8 <= sizeof text; reach += 1 + reach / 16) {
    memset(text, ' ', sizeof text);
    memcpy(text, "Salvocon", 8);
    memcpy(text + reach, "Salvocon", 8);
    there_and_back(text, reach + 8);
  }
}

static void what_is_alike_becomes_small(void **state) {
  (void)state;
  static uint8_t text[FIXED_DEFLATE_MOST];
  memset(text, 'm', sizeof text);
  assert_in_range(there_and_back(text, sizeof text), 2, sizeof text / 100);
}

static void chance_keeps_within_the_bound(void **state) {
  (void)state;
  static uint8_t text[FIXED_DEFLATE_MOST];
  uint32_t chance = 1;
  for (unsigned kinds = 2; kinds <= 256; kinds *= 2) {
    for (size_t i = 0; i < sizeof text; i++) {
      text[i] = (uint8_t)(255 - (next_of(&chance) >> 16) % kinds);
    }
    there_and_back(text, sizeof text);
  }
}

static void the_same_becomes_the_same(void **state) {
  (void)state;
  static const uint8_t text[] = "0 g BT 42.52 658.488 Td BT 42.52 658.488 Td 0 g";
  static uint8_t one[ROOM], other[ROOM];
  size_t n = fixed_deflate(text, sizeof text, one);
  assert_int_equal(fixed_deflate(text, sizeof text, other), n);
  assert_memory_equal(one, other, n);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_and_little_come_back),
      cmocka_unit_test(every_byte_comes_back),
      cmocka_unit_test(matches_of_every_length_come_back),
      cmocka_unit_test(matches_of_every_reach_come_back),
      cmocka_unit_test(what_is_alike_becomes_small),
      cmocka_unit_test(chance_keeps_within_the_bound),
      cmocka_unit_test(the_same_becomes_the_same),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
