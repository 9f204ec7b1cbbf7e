/* What is left of a manifest for each of its readers. */
#include "model/audience.h"
#include "tests/vectors.h"

static struct model_occupant everything(enum model_role role) {
  static const char *codes[] = {"WCHR"}, *facts[] = {"FACT"};
  return (struct model_occupant){
      .occupant_id = "ID",
      .role = role,
      .person = {"ÑANDÚ", "Ana-María ñusta", "नाम", "1990-02-14", "PLACE", "F", "COL", {0}},
      .travel_document = {"P", "AA1", "COL", "2030-12-31"},
      .seat = "31K",
      .bags = 2,
      .embark = "PAC",
      .debark = "BOG",
      .service_codes = {codes, 1},
      .facts = {facts, 1},
      .guardian_occupant_id = "ADULT",
      .changed = true};
}

static struct model_occupant shown(struct sv_ctx *ctx, const struct model_occupant *o,
                                   enum model_audience to, struct model_manifest *ret) {
  static struct model_leg leg = {"PAC", "BOG", "2026-12-20T07:30:00-05:00",
                                 "2026-12-20T09:05:00-05:00"};
  static const char *alternates[] = {"CTG"};
  struct model_manifest m = {.operator_name = "XX",
                             .flight_number = "XX1",
                             .registration = "UT-A",
                             .legs = &leg,
                             .leg_count = 1,
                             .alternates = {alternates, 1},
                             .occupants = (struct model_occupant *)(uintptr_t)o,
                             .occupant_count = 1,
                             .seats = 60,
                             .issuing_state = "UTO",
                             .signatory = "x",
                             .version_reason = MODEL_REASON_OFFLOAD};
  assert_int_equal(model_audience_manifest(ctx, &m, to, ret).reason, SV_OK);
  return ret->occupants[0];
}

static void nobody_gets_what_is_on_no_copy(void **state) {
  (void)state;
  for (enum model_audience to = MODEL_AUTHORITY; to < MODEL_AUDIENCES; to++) {
    struct sv_ctx ctx = sv_ctx_over(sv_arena_open(1 << 20));
    struct model_occupant whole = everything(MODEL_MONITOR);
    struct model_manifest m;
    struct model_occupant o = shown(&ctx, &whole, to, &m);
    const char *const empty[] = {o.occupant_id,
                                 o.person.native_name,
                                 o.person.birth_date,
                                 o.person.birth_place,
                                 o.person.sex,
                                 o.person.nationality,
                                 o.travel_document.type,
                                 o.travel_document.number,
                                 o.travel_document.issuing_state,
                                 o.travel_document.expiry_date,
                                 o.guardian_occupant_id};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
      assert_string_equal(empty[i], "");
    }
    assert_int_equal(o.service_codes.n + o.facts.n, 0);
    assert_int_equal(o.role, MODEL_ESCORT); /* accompanying, whoever it is */
    sv_arena_close(ctx.mem);
  }
}

static void each_has_what_the_table_says(void **state) {
  (void)state;
  static const struct {
    enum model_audience to;
    const char *given, *seat;
    uint32_t seats;
    size_t alternates;
    bool changed;
  } rows[] = {{MODEL_AUTHORITY, "Ana-María ñusta", "31K", 60, 1, true},
              {MODEL_GATE, "Ana-María ñusta", "31K", 0, 0, true},
              {MODEL_OPERATOR, "A. M. ñ.", "31K", 60, 1, false},
              {MODEL_DESTINATION, "Ana-María ñusta", "", 0, 0, false}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sv_ctx ctx = sv_ctx_over(sv_arena_open(1 << 20));
    struct model_occupant whole = everything(MODEL_VOLUNTARY_RETURNEE);
    struct model_manifest m;
    struct model_occupant o = shown(&ctx, &whole, rows[i].to, &m);
    assert_string_equal(o.person.surname, "ÑANDÚ");
    assert_string_equal(o.person.given_names, rows[i].given);
    assert_string_equal(o.seat, rows[i].seat);
    assert_int_equal(o.bags, 2);
    assert_int_equal(o.role, MODEL_RETURNEE);
    assert_int_equal(m.seats, rows[i].seats);
    assert_int_equal(m.alternates.n, rows[i].alternates);
    assert_int_equal(o.changed, rows[i].changed);
    assert_int_equal(m.version_reason,
                     rows[i].to == MODEL_AUTHORITY ? MODEL_REASON_OFFLOAD : MODEL_REASON_NONE);
    sv_arena_close(ctx.mem);
  }
}

static void of_who_was_taken_off_the_line_is_left(void **state) {
  (void)state;
  struct sv_ctx ctx = sv_ctx_over(sv_arena_open(1 << 20));
  struct model_occupant whole = everything(MODEL_RETURNEE);
  whole.offloaded = true;
  struct model_manifest m;
  struct model_occupant o = shown(&ctx, &whole, MODEL_GATE, &m);
  assert_true(o.offloaded);
  assert_string_equal(o.person.surname, "");
  assert_string_equal(o.seat, "");
  sv_arena_close(ctx.mem);
}

static void an_infant_on_a_lap_has_that_instead_of_a_seat(void **state) {
  (void)state;
  static const char *codes[] = {"INFT"};
  struct sv_ctx ctx = sv_ctx_over(sv_arena_open(1 << 20));
  struct model_occupant whole = everything(MODEL_RETURNEE);
  whole.service_codes = (struct model_texts){codes, 1};
  struct model_manifest m;
  assert_string_equal(shown(&ctx, &whole, MODEL_GATE, &m).seat, "INF");
  assert_string_equal(shown(&ctx, &whole, MODEL_DESTINATION, &m).seat, "");
  sv_arena_close(ctx.mem);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nobody_gets_what_is_on_no_copy),
      cmocka_unit_test(each_has_what_the_table_says),
      cmocka_unit_test(of_who_was_taken_off_the_line_is_left),
      cmocka_unit_test(an_infant_on_a_lap_has_that_instead_of_a_seat),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
