/* PAXLST messages as we write them: whole, counted, and read back without loss. */
#include <stdlib.h>

#include "formats/mrz/mrz.h"
#include "formats/paxlst/paxlst.h"
#include "tests/vectors.h"

static struct sv_ctx fresh(void) { return sv_ctx_over(sv_arena_open((size_t)32 << 20)); }

static const struct model_authority authority = {
    .id = "migration",
    .state = "UTO",
    .name_en = "National Migration Service, Señalización",
    .duty_telephone = "+000 555 0100"};

static struct model_leg legs[] = {
    {"PAC", "BOG", "2026-12-20T07:30:00-05:00", "2026-12-20T09:05:00-05:00"},
    {"BOG", "MDE", "2026-12-20T09:40:00-05:00", "2026-12-20T10:20:00-05:00"},
    {"MDE", "UIO", "2026-12-20T11:20:00-05:00", "2026-12-20T12:55:00-05:00"}};

static struct model_occupant somebody(const char *id, enum model_role role) {
  return (struct model_occupant){
      .occupant_id = id,
      .role = role,
      .person = {"ÑANDÚ-ØST", "Ana María José", "नाम", "1990-02-14", "BIRTHPLACE", "F", "COL", {0}},
      .travel_document = {"P", "AA123456", "COL", "2030-12-31"},
      .seat = "01A",
      .bags = 1,
      .embark = "PAC",
      .debark = "BOG",
      .guardian_occupant_id = ""};
}

static struct model_manifest flight_of(struct model_occupant *occupants, size_t n,
                                       size_t leg_count) {
  return (struct model_manifest){.operator_name = "Aerovías del Istmo (XX)",
                                 .flight_number = "XX 9001",
                                 .registration = "UT-AVS",
                                 .legs = legs,
                                 .leg_count = leg_count,
                                 .occupants = occupants,
                                 .occupant_count = n,
                                 .issuing_state = "UTO",
                                 .signatory = ""};
}

static struct paxlst_occasion occasion(enum paxlst_stage stage, uint32_t version) {
  return (struct paxlst_occasion){stage, "M260C7QKV", version, 1734598800000000, &authority, NULL};
}

static const char *written(struct sv_ctx *ctx, const struct model_manifest *m,
                           struct paxlst_occasion o) {
  struct sv_bytes out;
  assert_int_equal(paxlst_write(ctx, m, &o, &out).reason, SV_OK);
  const char *text = sv_arena_strndup(ctx->mem, (const char *)out.p, out.n);
  assert_non_null(text);
  return text;
}

static void a_flight_of_one_is_written_segment_by_segment(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant one = somebody("P:00+1", MODEL_RETURNEE);
  one.service_codes = (struct model_texts){(const char *[]){"WCHR"}, 1};
  struct model_manifest m = flight_of(&one, 1, 1);
  assert_string_equal(
      written(&ctx, &m, occasion(PAXLST_NEW, 1)),
      "UNA:+.? 'UNB+UNOA:4+UTOMIGRATION+COL+241219:0900+M260C7QKVV1'"
      "UNG+PAXLST+UTOMIGRATION+COL+241219:0900+1+UN+D:15B'"
      "UNH+PAX001+PAXLST:D:15B:UN:IATA'BGM+745'RFF+TN:M260C7QKV:::1'"
      "NAD+MS+++NATIONAL MIGRATION SERVICE, SENALIZ'COM+?+000 555 0100:TE'"
      "TDT+20+XX9001+++:::AEROVIAS DEL ISTMO (XX)+++UT-AVS'"
      "LOC+125+PAC'DTM+189:2612200730:201'LOC+87+BOG'DTM+232:2612200905:201'"
      "NAD+FL+++NANDU OEST:ANA:MARIA JOSE'ATT+2++F'DTM+329:900214'MEA+CT++:1'LOC+178+PAC'"
      "LOC+179+BOG'NAT+2+COL'RFF+ABO:P?:00?+1'RFF+SEA:01A'DOC+P:110:111+AA123456'DTM+36:301231'"
      "LOC+91+COL'CNT+42:1'UNT+24+PAX001'UNE+1+1'UNZ+1+M260C7QKVV1'");
  sv_arena_close(ctx.mem);
}

static void what_a_text_can_not_say_leaves_one_space_between_words_and_none_at_its_ends(
    void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant one = somebody("P1", MODEL_RETURNEE);
  struct model_manifest m = flight_of(&one, 1, 1);
  m.operator_name = "™ Aerovías ® 航 del Istmo \\";
  assert_non_null(strstr(written(&ctx, &m, occasion(PAXLST_NEW, 1)), "+:::AEROVIAS DEL ISTMO+"));
  sv_arena_close(ctx.mem);
}

static void a_release_sign_at_the_end_of_a_part_is_released(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant one = somebody("P1?", MODEL_RETURNEE);
  struct model_manifest m = flight_of(&one, 1, 1);
  assert_non_null(strstr(written(&ctx, &m, occasion(PAXLST_NEW, 1)),
                         "RFF+ABO:P1"
                         "??"
                         "'"));
  sv_arena_close(ctx.mem);
}

static void the_level_is_the_least_that_has_all_characters(void **state) {
  (void)state;
  static const struct {
    const char *id, *level;
  } rows[] = {{"P1", "UNB+UNOA:4"}, {"p1", "UNB+UNOB:4"}, {"P@1", "UNB+UNOC:4"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct sv_ctx ctx = fresh();
    struct model_occupant one = somebody(rows[i].id, MODEL_RETURNEE);
    struct model_manifest m = flight_of(&one, 1, 1);
    assert_non_null(strstr(written(&ctx, &m, occasion(PAXLST_NEW, 1)), rows[i].level));
    sv_arena_close(ctx.mem);
  }
}

static void what_no_other_authority_is_to_know_is_not_written(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant two[] = {somebody("P1", MODEL_VOLUNTARY_RETURNEE),
                                 somebody("P2", MODEL_ESCORT)};
  two[0].service_codes = (struct model_texts){(const char *[]){"DEPU", "MEDA"}, 2};
  two[0].facts = (struct model_texts){(const char *[]){"FACT-CANARY"}, 1};
  two[0].guardian_occupant_id = "GUARDIAN-CANARY";
  struct model_manifest m = flight_of(two, 2, 1);
  const char *text = written(&ctx, &m, occasion(PAXLST_NEW, 1));
  static const char *const canaries[] = {"DEPU", "MEDA", "CANARY", "BIRTHPLACE", "ESCORT"};
  for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++) {
    assert_null(strstr(text, canaries[i]));
  }
  sv_arena_close(ctx.mem);
}

static void versions_say_what_they_are(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant three[] = {somebody("P1", MODEL_RETURNEE), somebody("P2", MODEL_RETURNEE),
                                   somebody("C1", MODEL_CREW)};
  three[1].offloaded = true;
  struct model_manifest m = flight_of(three, 3, 3);
  struct model_texts removed = {(const char *[]){"P2"}, 1};
  struct paxlst_occasion change = occasion(PAXLST_CHANGE, 3);
  change.removed = &removed;
  static const struct {
    enum paxlst_stage stage;
    size_t messages;
    const char *says[3];
  } rows[] = {{PAXLST_NEW, 2, {"BGM+745'", "BGM+250+C'"}},
              {PAXLST_CHANGE, 3, {"BGM+745+CP'", "BGM+250+CC'", "BGM+745+XR'"}},
              {PAXLST_CLOSED, 2, {"BGM+266+CLOB'", "BGM+250+CC'"}},
              {PAXLST_CANCELLED, 1, {"BGM+745+XF'"}}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct paxlst p;
    change.stage = rows[i].stage;
    const char *text = written(&ctx, &m, change);
    assert_int_equal(paxlst_read(&ctx, sv_bytes_str(text), &p).reason, SV_OK);
    assert_int_equal(p.warning_count, 0);
    assert_int_equal(p.message_count, rows[i].messages);
    for (size_t k = 0; k < 3 && rows[i].says[k]; k++) {
      assert_non_null(strstr(text, rows[i].says[k]));
    }
    assert_string_equal(p.messages[0].revision, "3");
    bool names_removed = strstr(text, "NAD+FL'RFF+ABO:P2'") != NULL;
    assert_int_equal(names_removed, rows[i].stage == PAXLST_CHANGE);
    assert_true(!!strstr(text, "ABO:P1'") == (rows[i].stage != PAXLST_CANCELLED));
  }
  sv_arena_close(ctx.mem);
}

static void the_routing_names_the_border(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant one = somebody("P1", MODEL_RETURNEE);
  struct model_manifest m = flight_of(&one, 1, 3);
  const char *text = written(&ctx, &m, occasion(PAXLST_NEW, 1));
  assert_non_null(strstr(text, "LOC+92+PAC'"));
  assert_non_null(strstr(text, "LOC+92+BOG'DTM+232:2612200905:201'DTM+189:2612200940:201'"));
  assert_non_null(strstr(text, "LOC+125+MDE'"));
  assert_non_null(strstr(text, "LOC+87+UIO'"));
  m.leg_count = 2;
  text = written(&ctx, &m, occasion(PAXLST_NEW, 1));
  assert_non_null(strstr(text, "LOC+125+PAC'"));
  assert_non_null(strstr(text, "LOC+87+BOG'"));
  assert_non_null(strstr(text, "LOC+130+MDE'"));
  sv_arena_close(ctx.mem);
}

static void a_name_outside_of_the_tables_is_refused_with_its_field(void **state) {
  (void)state;
  struct sv_ctx ctx = fresh();
  struct model_occupant one = somebody("P1", MODEL_RETURNEE);
  one.person.given_names = "שרה";
  struct model_manifest m = flight_of(&one, 1, 1);
  struct paxlst_occasion o = occasion(PAXLST_NEW, 1);
  struct sv_bytes out;
  assert_int_equal(paxlst_write(&ctx, &m, &o, &out).reason, SV_MRZ_FORMAT);
  assert_string_equal(ctx.violations[0].path, "flight_manifest.occupants[0].person.given_names");
  sv_arena_close(ctx.mem);
}

/* --- back and forth --- */

struct dice {
  uint64_t s;
};

static unsigned roll(struct dice *d, unsigned n) {
  d->s = d->s * 6364136223846793005U + 1442695040888963407U;
  return (unsigned)((d->s >> 33) % n);
}

static const char *pick(struct dice *d, const char *const *v, unsigned n) { return v[roll(d, n)]; }
#define PICK(d, ...)                            \
  pick((d), (const char *const[]){__VA_ARGS__}, \
       (unsigned)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)))

static const char *name_rolled(struct sv_ctx *ctx, struct dice *d) {
  struct sv_buf out = sv_buf_in(ctx->mem, 256);
  for (unsigned words = 1 + roll(d, 3); words; words--) {
    for (unsigned n = 1 + roll(d, 6); n; n--) {
      sv_buf_str(&out, PICK(d, "A", "z", "Ñ", "ø", "ß", "Ж", "щ", "Ş", "O'", "É", "α", "ب"));
    }
    sv_buf_str(&out, words > 1 ? PICK(d, " ", "-") : "");
  }
  sv_buf_u8(&out, 0);
  return (const char *)out.p;
}

static struct model_occupant rolled(struct sv_ctx *ctx, struct dice *d, size_t i) {
  struct model_occupant o = somebody("", (enum model_role)(MODEL_RETURNEE + roll(d, MODEL_CREW)));
  o.occupant_id =
      sv_arena_printf(ctx->mem, "%s%zu", PICK(d, "P", "p'", "+", "?", ":", "@_", "x?"), i);
  o.person.surname = name_rolled(ctx, d);
  o.person.given_names = roll(d, 5) ? name_rolled(ctx, d) : "";
  o.person.birth_date = PICK(d, "1990-02-14", "2026-12-20", "1926-12-21", "1926-12-20",
                             "1904-02-29", "2000-02-29", "1988-XX-XX", "1988-07-XX", "XXXX-XX-XX");
  o.person.sex = PICK(d, "F", "M", "X");
  o.person.nationality = PICK(d, "COL", "D", "XXA", "GBN");
  o.travel_document.number = PICK(d, "AA123456", "", "KJ480037");
  o.travel_document.issuing_state = PICK(d, "D", "ECU");
  o.travel_document.expiry_date = PICK(d, "2030-12-31", "2100-01-01", "1999-12-31", "");
  o.seat = PICK(d, "", "INF", "31K");
  o.bags = roll(d, 100);
  o.embark = PICK(d, "PAC", "BOG");
  o.debark = PICK(d, "MDE", "UIO");
  o.offloaded = roll(d, 8) == 0;
  return o;
}

/* A name as a machine readable zone has it. */
static const char *zone_name(struct sv_ctx *ctx, const char *name) {
  const char *zone;
  assert_int_equal(mrz_transliterate(ctx, name, &zone, NULL).reason, SV_OK);
  char *text = sv_arena_strdup(ctx->mem, zone);
  for (char *p = text; *p; p++) {
    *p = (char)(*p == '<' ? ' ' : *p);
  }
  return text;
}

static void same_person(struct sv_ctx *ctx, const struct model_occupant *a,
                        const struct model_occupant *b) {
  bool paper = a->travel_document.number[0];
  bool unknown = a->person.birth_date[0] == 'X';
  assert_string_equal(b->occupant_id, a->occupant_id);
  assert_int_equal(b->role, a->role == MODEL_CREW ? MODEL_CREW : MODEL_ROLE_NONE);
  assert_string_equal(b->person.surname, zone_name(ctx, a->person.surname));
  assert_string_equal(b->person.given_names, zone_name(ctx, a->person.given_names));
  assert_string_equal(b->person.birth_date, unknown ? "" : a->person.birth_date);
  assert_string_equal(b->person.sex, a->person.sex);
  assert_string_equal(b->person.nationality, a->person.nationality);
  assert_string_equal(b->travel_document.type, paper ? a->travel_document.type : "");
  assert_string_equal(b->travel_document.number, a->travel_document.number);
  assert_string_equal(b->travel_document.issuing_state,
                      paper ? a->travel_document.issuing_state : "");
  assert_string_equal(b->travel_document.expiry_date, paper ? a->travel_document.expiry_date : "");
  assert_string_equal(b->seat, a->seat);
  assert_int_equal(b->bags, a->bags);
  assert_string_equal(b->embark, a->embark);
  assert_string_equal(b->debark, a->debark);
}

static void same_flight(const struct model_manifest *a, const struct model_manifest *b) {
  assert_string_equal(b->flight_number, "XX9001");
  assert_string_equal(b->registration, a->registration);
  assert_int_equal(b->leg_count, a->leg_count);
  for (size_t i = 0; i < a->leg_count; i++) {
    assert_string_equal(b->legs[i].from, a->legs[i].from);
    assert_string_equal(b->legs[i].to, a->legs[i].to);
    assert_memory_equal(b->legs[i].departure_time, a->legs[i].departure_time, 19);
    assert_memory_equal(b->legs[i].arrival_time, a->legs[i].arrival_time, 19);
  }
}

static void a_manifest_comes_back_without_loss_of_what_the_message_carries(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 400; seed++) {
    struct sv_ctx ctx = fresh();
    struct dice d = {seed};
    size_t n = roll(&d, 12);
    struct model_occupant *all = SV_ARRAY(ctx.mem, n, struct model_occupant);
    for (size_t i = 0; i < n; i++) {
      all[i] = rolled(&ctx, &d, i);
    }
    struct model_manifest m = flight_of(all, n, 1 + roll(&d, 3)), back;
    struct paxlst p;
    const char *text = written(&ctx, &m, occasion((enum paxlst_stage)roll(&d, 3), 2));
    assert_int_equal(paxlst_read(&ctx, sv_bytes_str(text), &p).reason, SV_OK);
    assert_int_equal(p.warning_count, 0);
    assert_int_equal(paxlst_manifest(&ctx, &p, &back).reason, SV_OK);
    same_flight(&m, &back);
    size_t at = 0;
    for (int crew = 0; crew < 2; crew++) { /* crew has a message of its own, behind */
      for (size_t i = 0; i < n; i++) {
        if (!all[i].offloaded && (all[i].role == MODEL_CREW) == crew) {
          assert_true(at < back.occupant_count);
          same_person(&ctx, &all[i], &back.occupants[at++]);
        }
      }
    }
    assert_int_equal(back.occupant_count, at);
    sv_arena_close(ctx.mem);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_flight_of_one_is_written_segment_by_segment),
      cmocka_unit_test(what_a_text_can_not_say_leaves_one_space_between_words_and_none_at_its_ends),
      cmocka_unit_test(a_release_sign_at_the_end_of_a_part_is_released),
      cmocka_unit_test(the_level_is_the_least_that_has_all_characters),
      cmocka_unit_test(what_no_other_authority_is_to_know_is_not_written),
      cmocka_unit_test(versions_say_what_they_are),
      cmocka_unit_test(the_routing_names_the_border),
      cmocka_unit_test(a_name_outside_of_the_tables_is_refused_with_its_field),
      cmocka_unit_test(a_manifest_comes_back_without_loss_of_what_the_message_carries),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
