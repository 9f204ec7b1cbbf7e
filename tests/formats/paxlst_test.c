/* PAXLST messages as they come. */
#include "formats/paxlst/paxlst.h"
#include "tests/vectors.h"

static struct sv_bytes file(struct sv_ctx *ctx, const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "tests/vectors/paxlst/%s", name);
  FILE *f = fopen(path, "r");
  assert_non_null(f);
  uint8_t *p = sv_arena_alloc(ctx->mem, 65536);
  size_t n = fread(p, 1, 65536, f);
  (void)fclose(f);
  return sv_bytes_of(p, n);
}

static struct sv_ctx fresh(void) { return sv_ctx_over(sv_arena_open((size_t)8 << 20)); }

static void a_charter_with_three_passengers_is_read_whole(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst_message m;
  assert_int_equal(paxlst_read(&ctx, file(&ctx, "made_charter_3pax.edi"), &m).reason, SV_OK);
  assert_int_equal(m.segment_count, 49);
  assert_int_equal(m.person_count, 3);
  assert_int_equal(m.stated_passengers, 3);
  assert_string_equal(m.function, "745");
  assert_string_equal(m.flight, "XX9001");
  assert_string_equal(m.departure, "PAC");
  assert_string_equal(m.arrival, "BOG");
  assert_string_equal(m.persons[0].surname, "ALPHA");
  assert_string_equal(m.persons[0].given_names, "ANA MARIA");
  assert_string_equal(m.persons[2].document_number, "AC777777");
  assert_string_equal(m.persons[2].document_issuer, "COL");
  assert_string_equal(m.persons[1].seat, "01C");
  sv_arena_close(ctx.mem);
}

static void the_guides_example_counts_the_flight_not_the_list(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst_message m;
  assert_int_equal(paxlst_read(&ctx, file(&ctx, "wco_5_1_single_sector.edi"), &m).reason, SV_OK);
  assert_int_equal(m.person_count, 1);
  assert_int_equal(m.stated_passengers, 160);
  assert_string_equal(m.persons[0].nationality, "GBR");
  sv_arena_close(ctx.mem);
}

static void broken_messages_are_refused_with_their_reason(void **state) {
  (void)state;
  static const struct {
    const char *name, *why;
  } rows[] = {{"neg_truncated.edi", "ends inside a segment"},
              {"neg_unt_count.edi", "UNT does not count"}};
  for (size_t i = 0; i < 2; i++) {
    struct sv_ctx ctx = fresh();
    struct paxlst_message m;
    assert_int_equal(paxlst_read(&ctx, file(&ctx, rows[i].name), &m).reason, SV_MESSAGE_MALFORMED);
    if (!strstr(ctx.detail, rows[i].why)) {
      fail_msg("%s: %s", rows[i].name, ctx.detail);
    }
    sv_arena_close(ctx.mem);
  }
}

static void every_truncation_is_refused(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct sv_bytes whole = file(&ctx, "made_charter_3pax.edi");
  while (whole.n && whole.p[whole.n - 1] <= ' ') {
    whole.n--;
  }
  for (size_t n = 0; n < whole.n; n++) {
    struct sv_ctx each = fresh();
    struct paxlst_message m;
    assert_true(sv_failed(paxlst_read(&each, sv_bytes_of(whole.p, n), &m)));
    sv_arena_close(each.mem);
  }
  sv_arena_close(ctx.mem);
}

static void the_release_character_makes_the_next_one_literal(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct edifact e;
  assert_int_equal(edifact_read(&ctx, sv_bytes_str("FTX+AAI+a??:b?+c:?''\r\nUNZ+1'"), &e).reason,
                   SV_OK);
  assert_int_equal(e.count, 2);
  assert_string_equal(edifact_text(&e.segments[0], 2, 1), "a?");
  assert_string_equal(edifact_text(&e.segments[0], 2, 2), "b+c");
  assert_string_equal(edifact_text(&e.segments[0], 2, 3), "'");
  assert_string_equal(edifact_text(&e.segments[0], 9, 1), "");
  assert_int_equal(edifact_read(&ctx, sv_bytes_str("FTX+AAI+a?"), &e).reason, SV_MESSAGE_MALFORMED);
  sv_arena_close(ctx.mem);
}

static void other_separators_come_from_una(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct edifact e;
  assert_int_equal(edifact_read(&ctx, sv_bytes_str("UNA*.,? $LOC.125.SYD*x$"), &e).reason, SV_OK);
  assert_string_equal(edifact_text(&e.segments[0], 2, 2), "x");
  sv_arena_close(ctx.mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_charter_with_three_passengers_is_read_whole),
      cmocka_unit_test(the_guides_example_counts_the_flight_not_the_list),
      cmocka_unit_test(broken_messages_are_refused_with_their_reason),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(the_release_character_makes_the_next_one_literal),
      cmocka_unit_test(other_separators_come_from_una),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
