/* The floor that everything stands on. */
#include "base/clock.h"
#include "base/ctx.h"
#include "base/fields.h"
#include "tests/vectors.h"

static void an_arena_refuses_to_pass_its_cap_and_keeps_what_it_gave(void **state) {
  (void)state;
  struct sv_arena *a = sv_arena_open(100000);
  char *first = sv_arena_strdup(a, "kept");
  size_t given = 0;
  while (sv_arena_alloc(a, 1000)) {
    given += 1000;
  }
  assert_true(given >= 60000 && given <= 100000);
  assert_null(sv_arena_alloc(a, SIZE_MAX));
  assert_null(sv_arena_array(a, SIZE_MAX / 2, 4));
  assert_string_equal(first, "kept");
  sv_arena_reset(a);
  assert_non_null(sv_arena_alloc(a, 50000));
  sv_arena_close(a);
}

static void a_buffer_that_overflows_says_so_once_and_for_all(void **state) {
  (void)state;
  struct sv_arena *a = sv_arena_open(100000);
  struct sv_buf b = sv_buf_in(a, 10);
  sv_buf_str(&b, "12345678");
  assert_false(b.failed);
  sv_buf_str(&b, "90x");
  assert_true(b.failed);
  assert_int_equal(b.n, 8);
  sv_buf_u8(&b, '9');
  assert_int_equal(b.n, 8);
  sv_arena_close(a);
}

static void a_buffer_with_room_grows_as_others_do(void **state) {
  (void)state;
  struct sv_arena *a = sv_arena_open(100000);
  struct sv_buf b = sv_buf_with_room(a, 20);
  for (int i = 0; i < 10; i++) {
    sv_buf_str(&b, "12345678");
  }
  assert_false(b.failed);
  assert_int_equal(b.n, 80);
  assert_memory_equal(b.p + 72, "12345678", 8);
  assert_true(sv_buf_with_room(a, 100001).failed);
  sv_arena_close(a);
}

static void memory_is_zero_also_where_a_buffer_was(void **state) {
  (void)state;
  for (size_t room = 8 * 1024; room <= 32 * 1024; room += 8 * 1024) {
    struct sv_arena *a = sv_arena_open(100000);
    struct sv_buf b = sv_buf_with_room(a, room);
    memset(b.p, 0xff, room);
    for (int again = 0; again < 2; again++) {
      const uint8_t *p = sv_arena_alloc(a, room);
      for (size_t i = 0; i < room; i++) {
        assert_int_equal(p[i], 0);
      }
      sv_arena_reset(a);
    }
    sv_arena_close(a);
  }
}

static void the_first_fault_wins(void **state) {
  (void)state;
  struct sv_ctx ctx = sv_ctx_over(sv_arena_open(10000));
  sv_status s = SV_FAIL(&ctx, HOLD, "first");
  assert_int_equal(s.reason, SV_HOLD);
  s = SV_FAIL(&ctx, STORE, "second");
  assert_int_equal(s.reason, SV_STORE);
  assert_int_equal(ctx.fault.reason, SV_HOLD);
  assert_string_equal(ctx.detail, "first");
  sv_arena_close(ctx.mem);
}

static void dates_exist_or_are_refused(void **state) {
  (void)state;
  struct sv_date d;
  assert_true(sv_date_parse("2024-02-29", &d));
  assert_false(sv_date_parse("2025-02-29", &d));
  assert_false(sv_date_parse("2025-2-09", &d));
  assert_false(sv_date_parse("2025-02-09 ", &d));
  for (int64_t day = -800000; day < 800000; day += 37) {
    assert_int_equal(sv_date_days(sv_date_of_days(day)), day);
  }
  assert_int_equal(sv_date_age((struct sv_date){2008, 5, 2}, (struct sv_date){2026, 5, 1}), 17);
  assert_int_equal(sv_date_age((struct sv_date){2008, 5, 2}, (struct sv_date){2026, 5, 2}), 18);
}

static void the_date_follows_the_authoritys_zone(void **state) {
  (void)state;
  int64_t us;
  int offset;
  assert_true(sv_time_parse("2026-01-15T03:30:00Z", &us, &offset));
  struct sv_date d;
  assert_true(sv_date_in_zone(us, "America/Panama", &d));
  assert_int_equal(d.day, 14);
  assert_true(sv_date_in_zone(us, "Asia/Tokyo", &d));
  assert_int_equal(d.day, 15);
  assert_false(sv_date_in_zone(us, "../etc/passwd", &d));
  assert_false(sv_date_in_zone(us, "No/Where", &d));
}

static void times_need_an_offset(void **state) {
  (void)state;
  int64_t us;
  int offset;
  assert_true(sv_time_parse("2026-08-20T07:30:00-05:00", &us, &offset));
  assert_int_equal(offset, -300);
  char text[21];
  sv_time_format(us, text);
  assert_string_equal(text, "2026-08-20T12:30:00Z");
  assert_false(sv_time_parse("2026-08-20T07:30:00", &us, &offset));
  assert_false(sv_time_parse("2026-08-20T24:30:00Z", &us, &offset));
  assert_false(sv_time_parse("2026-08-20T07:30:00-05:00x", &us, &offset));
}

static void base64_and_hex_come_back(void **state) {
  (void)state;
  uint8_t in[64], out[64];
  for (size_t n = 0; n < sizeof in; n++) {
    char text[130];
    size_t got;
    in[n] = (uint8_t)(n * 37);
    sv_base64(in, n, text);
    assert_true(sv_unbase64(text, strlen(text), out, &got));
    assert_int_equal(got, n);
    assert_memory_equal(in, out, n);
    sv_hex(in, n, text);
    assert_true(sv_unhex(text, out, n));
    assert_memory_equal(in, out, n);
  }
  size_t got;
  assert_false(sv_unbase64("A", 1, out, &got));
  assert_false(sv_unbase64("AA=A", 4, out, &got));
  assert_false(sv_unbase64("AB", 2, out, &got)); /* bits left over */
}

static void bad_utf8_never_reads_past_its_end(void **state) {
  (void)state;
  static const char *const bad[] = {"\xc3",     "\xe2\x82",     "\xf0\x9f\x98",    "\xff",
                                    "\xc0\x80", "\xed\xa0\x80", "\xf5\x80\x80\x80"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const char *s = bad[i];
    assert_int_equal(sv_utf8_next(&s), 0xfffd);
    assert_true(s <= bad[i] + strlen(bad[i]));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_arena_refuses_to_pass_its_cap_and_keeps_what_it_gave),
      cmocka_unit_test(a_buffer_that_overflows_says_so_once_and_for_all),
      cmocka_unit_test(a_buffer_with_room_grows_as_others_do),
      cmocka_unit_test(memory_is_zero_also_where_a_buffer_was),
      cmocka_unit_test(the_first_fault_wins),
      cmocka_unit_test(dates_exist_or_are_refused),
      cmocka_unit_test(the_date_follows_the_authoritys_zone),
      cmocka_unit_test(times_need_an_offset),
      cmocka_unit_test(base64_and_hex_come_back),
      cmocka_unit_test(bad_utf8_never_reads_past_its_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
