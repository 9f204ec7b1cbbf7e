/* PAXLST messages as they come. paxlst_write_test.c has those that we write. */
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

static struct paxlst_message only(struct sv_ctx *ctx, const char *name) {
  struct paxlst p;
  assert_int_equal(paxlst_read(ctx, file(ctx, name), &p).reason, SV_OK);
  assert_int_equal(p.message_count, 1);
  return p.messages[0];
}

static void a_charter_with_three_passengers_is_read_whole(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst_message m = only(&ctx, "made_charter_3pax.edi");
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
  struct paxlst_message m = only(&ctx, "wco_5_1_single_sector.edi");
  assert_int_equal(m.person_count, 1);
  assert_int_equal(m.stated_passengers, 160);
  assert_string_equal(m.persons[0].nationality, "GBR");
  sv_arena_close(ctx.mem);
}

static void a_message_that_ends_inside_a_segment_is_refused(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst p;
  assert_int_equal(paxlst_read(&ctx, file(&ctx, "neg_truncated.edi"), &p).reason,
                   SV_MESSAGE_MALFORMED);
  assert_non_null(strstr(ctx.detail, "ends inside a segment"));
  sv_arena_close(ctx.mem);
}

static bool warned(const struct paxlst *p, const char *of) {
  for (size_t i = 0; i < p->warning_count; i++) {
    if (strstr(p->warnings[i], of)) {
      return true;
    }
  }
  return false;
}

static void a_wrong_count_is_read_over_and_told(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst p;
  assert_int_equal(paxlst_read(&ctx, file(&ctx, "neg_unt_count.edi"), &p).reason, SV_OK);
  assert_int_equal(p.messages[0].person_count, 3);
  assert_int_equal(p.warning_count, 1);
  assert_true(warned(&p, "UNT does not count"));
  sv_arena_close(ctx.mem);
}

/* A few lines of a message, with what real ones have. */
#define MESSAGE(unb, tag, bgm, count)                                                          \
  unb "UNH+1+PAXLST:D:15B:UN:IATA'BGM+745'TDT+20+XX1'" tag                                     \
      "DTM+189:2408200730:201'LOC+87+BOG'DTM+232: 2408200905:201'NAD+FL+++ALPHA:ANA'ATT+2++F'" \
      "DTM+329:9002 14'CNT+42:" count "'UNT+" bgm "+1'UNZ+1+7'"

static void what_real_messages_have_is_a_warning(void **state) {
  (void)state;
  static const struct {
    const char *text, *warning;
  } rows[] = {
      {MESSAGE("UNB+UNOA:4+A+B+240820:0600+7'", "LOC+125+PAC'", "12", "1"), NULL},
      {MESSAGE("QU PTYXX\r\n.BOGXX 200600\r\nUNB+UNOA:4+A+B+240820:0600+7'", "LOC+125+PAC'", "12",
               "1"),
       "text in front"},
      {MESSAGE("UNB+UNOA:4+A+B+240820:0600+7'", "LOC +125+PAC'", "12", "1"), "tag has blanks"},
      {MESSAGE("UNB+UNOA:4+A+B+240820:0600+7'", "LOC+1\r\n25+PAC'", "12", "1"), "line ends"},
      {MESSAGE("UNB+UNOA:4+a@b+B+240820:0600+7'", "LOC+125+pac'", "12", "1"), "level of UNB"},
      {MESSAGE("UNB+UNOC:4+A+B+240820:0600+7'", "LOC+125+PAC'", "12", "0"), "CNT 42"},
      {MESSAGE("UNB+UNOA:4+A+B+240820:0600+8'", "LOC+125+PAC'", "12", "1"), "UNZ does not refer"},
      {MESSAGE("UNB+UNOA:4+A+B+240820:0600+7'", "LOC+125+PAC'", "14", "1"), "UNT does not count"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sv_ctx ctx = fresh();
    struct paxlst p;
    struct model_manifest m;
    assert_int_equal(paxlst_read(&ctx, sv_bytes_str(rows[i].text), &p).reason, SV_OK);
    assert_int_equal(p.warning_count, rows[i].warning ? 1 : 0);
    assert_true(!rows[i].warning || warned(&p, rows[i].warning));
    assert_int_equal(paxlst_manifest(&ctx, &p, &m).reason, SV_OK);
    assert_string_equal(m.occupants[0].person.birth_date, "1990-02-14");
    assert_string_equal(m.legs[0].arrival_time, "2024-08-20T09:05:00");
    sv_arena_close(ctx.mem);
  }
}

static void a_manifest_is_made_of_what_a_message_says_and_no_role_is_guessed(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst p;
  struct model_manifest m;
  assert_int_equal(paxlst_read(&ctx, file(&ctx, "wco_5_1_single_sector.edi"), &p).reason, SV_OK);
  assert_int_equal(p.warning_count, 0);
  assert_int_equal(paxlst_manifest(&ctx, &p, &m).reason, SV_OK);
  assert_int_equal(m.leg_count, 1);
  assert_string_equal(m.legs[0].from, "SYD");
  assert_string_equal(m.operator_name, "ZZ");
  const struct model_occupant *o = &m.occupants[0];
  assert_int_equal(o->role, MODEL_ROLE_NONE);
  assert_int_equal(o->bags, 2);
  assert_string_equal(o->person.birth_date, "1972-09-07");
  assert_string_equal(o->travel_document.expiry_date, "2015-12-31");
  assert_string_equal(o->occupant_id, "ABC123");
  sv_arena_close(ctx.mem);
}

static void places_out_of_order_are_put_in_the_order_of_their_times(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct paxlst p;
  struct model_manifest m;
  assert_int_equal(
      paxlst_read(&ctx,
                  sv_bytes_str("UNB+UNOA:4+A+B+240820:0600+7'UNH+1+PAXLST:D:15B:UN:IATA'BGM+745'"
                               "TDT+20+XX1'LOC+125+MDE'DTM+232:2408200800:201'DTM+189:2408200900:"
                               "201'LOC+87+UIO'DTM+232:2408201100:201'LOC+92+PAC'DTM+189:"
                               "2408200700:201'NAD+FL+++A'CNT+42:1'UNT+13+1'UNZ+1+7'"),
                  &p)
          .reason,
      SV_OK);
  assert_int_equal(paxlst_manifest(&ctx, &p, &m).reason, SV_OK);
  assert_true(warned(&p, "order of their times"));
  assert_int_equal(m.leg_count, 2);
  assert_string_equal(m.legs[0].from, "PAC");
  assert_string_equal(m.legs[1].to, "UIO");
  sv_arena_close(ctx.mem);
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
    struct paxlst m;
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
      cmocka_unit_test(a_message_that_ends_inside_a_segment_is_refused),
      cmocka_unit_test(a_wrong_count_is_read_over_and_told),
      cmocka_unit_test(what_real_messages_have_is_a_warning),
      cmocka_unit_test(a_manifest_is_made_of_what_a_message_says_and_no_role_is_guessed),
      cmocka_unit_test(places_out_of_order_are_put_in_the_order_of_their_times),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(the_release_character_makes_the_next_one_literal),
      cmocka_unit_test(other_separators_come_from_una),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
