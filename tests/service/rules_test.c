/* Each rule over what is known of a line, and how far apart names may be. */
#include "service/rules.h"
#include "service/likeness.h"
#include "tests/vectors.h"

static const int64_t hour = (int64_t)3600 * 1000000;
static const int64_t now = (int64_t)1800000000 * 1000000;

struct known {
  struct rules_fact facts[8];
  struct rules_line line;
};

static void fact_add(struct known *k, enum fact_kind kind, int64_t hours_ago) {
  k->facts[k->line.fact_count++] =
      (struct rules_fact){.kind = kind, .fact_us = now - hours_ago * hour, .language = true};
}

/* An adult who goes home, screened and decided on. */
static void adult(struct known *k) {
  *k = (struct known){.line = {.role = MODEL_RETURNEE,
                               .birth_date = "1980-05-07",
                               .nationality = "COL",
                               .destination = "COL",
                               .flight_day = "2027-01-20",
                               .departure_us = now + 100 * hour,
                               .now_us = now,
                               .limits = &policy_safeguards_default}};
  k->line.facts = k->facts;
  fact_add(k, FACT_SCREENING_NO_CLAIM, 24);
  fact_add(k, FACT_DECISION, 48);
}

static bool clear(const struct known *k) {
  struct rules_verdict v = rules_judge(&k->line);
  return !v.hold && v.unmet_count == 0 && v.warning_count == 0;
}
static bool held(const struct known *k) { return rules_judge(&k->line).hold; }
static bool unmet(const struct known *k, const char *id) {
  struct rules_verdict v = rules_judge(&k->line);
  return !v.hold && v.unmet_count == 1 && strcmp(v.unmet_rules[0], id) == 0;
}

static void the_table_has_each_rule_once_in_order(void **state) {
  (void)state;
  for (size_t i = 0; i < RULES_COUNT; i++) {
    char id[8];
    (void)snprintf(id, sizeof id, "NR-%02zu", i + 1);
    assert_string_equal(rules_table[i].id, id);
    assert_true(rules_table[i].text[0] && rules_table[i].basis[0] && rules_table[i].when[0]);
  }
}

static void who_is_screened_and_decided_on_may_go_home(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  assert_true(clear(&k));
}

static void holds_letters_and_strangers_are_one_answer(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  k.line.held = true;
  assert_true(held(&k));
  adult(&k);
  k.line.protected_letter = true;
  k.line.role = MODEL_CREW; /* in any role */
  assert_true(held(&k));
  adult(&k);
  k.line.fact_count = 0;
  assert_true(held(&k));
}

static void a_screening_that_is_old_expired_silent_or_outweighed_is_none(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  k.facts[0].fact_us = now - 31 * 24 * hour;
  assert_true(held(&k));
  adult(&k);
  k.facts[0].expiry_us = k.line.departure_us - 1;
  assert_true(held(&k));
  adult(&k);
  k.facts[0].language = false;
  assert_true(held(&k));
  adult(&k);
  fact_add(&k, FACT_SCREENING_CLAIM, 12);
  assert_true(held(&k));
  k.facts[2].fact_us = now - 36 * hour; /* the claim was before: heard again since */
  assert_true(clear(&k));
}

static void a_decision_is_of_one_person(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  k.facts[1].shared = true;
  assert_true(unmet(&k, "NR-04"));
  adult(&k);
  k.line.fact_count = 1;
  assert_true(unmet(&k, "NR-04"));
}

static void a_child_needs_all_three_and_an_unknown_age_is_a_childs(void **state) {
  (void)state;
  static const char *const dates[] = {"2009-01-21", "2009-XX-XX", "2009-01-XX", "XXXX-XX-XX"};
  struct known k;
  for (size_t i = 0; i < 4; i++) {
    adult(&k);
    k.line.birth_date = dates[i];
    assert_true(unmet(&k, "NR-05"));
    fact_add(&k, FACT_BEST_INTEREST, 1);
    assert_true(unmet(&k, "NR-05"));
    k.line.adult_aboard = true;
    assert_true(unmet(&k, "NR-05"));
    fact_add(&k, FACT_GUARDIAN, 1);
    assert_true(unmet(&k, "NR-05"));
    fact_add(&k, FACT_RECEIVING_ADULT, 1);
    assert_true(clear(&k));
    k.line.adult_aboard = false; /* the adult was offloaded */
    assert_true(unmet(&k, "NR-05"));
  }
  adult(&k);
  k.line.birth_date = "2009-01-20"; /* eighteen on the day */
  assert_true(clear(&k));
  fact_add(&k, FACT_BEST_INTEREST, 1); /* disputed */
  assert_true(unmet(&k, "NR-05"));
}

static void somebody_has_to_be_awaited(void **state) {
  (void)state;
  static const char *const nationalities[] = {"ECU", "XXA", "XXB", "XXC", "XXX"};
  for (size_t i = 0; i < 5; i++) {
    struct known k;
    adult(&k);
    k.line.nationality = nationalities[i];
    assert_true(unmet(&k, "NR-07"));
    fact_add(&k, FACT_ADMISSION_GUARANTEE, 1000);
    assert_true(clear(&k));
  }
}

static void who_is_in_custody_or_ill_is_looked_at_shortly_before(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  k.line.medical = true;
  assert_true(unmet(&k, "NR-08"));
  fact_add(&k, FACT_FIT_TO_FLY, 73);
  assert_true(unmet(&k, "NR-08"));
  fact_add(&k, FACT_FIT_TO_FLY, 71);
  assert_true(clear(&k));
  adult(&k);
  fact_add(&k, FACT_CUSTODY, 5);
  assert_true(unmet(&k, "NR-08"));
}

static void a_consent_has_had_time(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  k.line.role = MODEL_VOLUNTARY_RETURNEE;
  assert_true(unmet(&k, "NR-09"));
  fact_add(&k, FACT_CONSENT, 1);
  assert_true(clear(&k)); /* 101 hours before departure */
  k.line.departure_us = now + 70 * hour;
  assert_true(unmet(&k, "NR-09"));
}

static void families_and_monitors_ask_for_a_second_officer(void **state) {
  (void)state;
  struct known k;
  adult(&k);
  fact_add(&k, FACT_FAMILY_GROUP, 1);
  assert_true(clear(&k));
  k.facts[2].split = true;
  assert_int_equal(rules_judge(&k.line).warning_count, 1);
  adult(&k);
  k.line.custody_flight = true;
  assert_int_equal(rules_judge(&k.line).warning_count, 1);
  struct policy_safeguards strict = policy_safeguards_default;
  strict.no_monitor_blocks = true;
  k.line.limits = &strict;
  assert_true(unmet(&k, "NR-10"));
  k.line.monitor_aboard = true;
  assert_true(clear(&k));
}

/* --- likeness --- */

struct named {
  const char *surname, *given, *birth, *nationality;
};

static struct likeness keys(struct sv_ctx *ctx, struct named n) {
  static struct service s = {.parts = {.registry_key = {7}}};
  struct model_person p = {n.surname, n.given, "", n.birth, "", "X", n.nationality, {0}};
  struct model_travel_document none = {"", "", "", ""};
  struct likeness l;
  assert_int_equal(likeness_of(&s, ctx, &p, &none, &l).reason, SV_OK);
  return l;
}

static bool meet(const struct likeness_key *a, size_t a_n, const struct likeness_key *b,
                 size_t b_n) {
  for (size_t i = 0; i < a_n; i++) {
    for (size_t k = 0; k < b_n; k++) {
      if (memcmp(&a[i], &b[k], sizeof a[i]) == 0) {
        return true;
      }
    }
  }
  return false;
}

static bool near(const struct likeness *a, const struct likeness *b) {
  bool there = meet(a->shown, a->shown_count, b->sought, b->sought_count);
  assert_int_equal(there, meet(b->shown, b->shown_count, a->sought, a->sought_count));
  return there;
}

static bool alike(struct named a, struct named b) {
  struct sv_arena *mem = sv_arena_open((size_t)4 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct likeness x = keys(&ctx, a), y = keys(&ctx, b);
  bool found = near(&x, &y);
  sv_arena_close(mem);
  return found;
}

static void spelling_order_and_dates_may_differ(void **state) {
  (void)state;
  const struct named n = {"GONZÁLEZ VALDEZ", "YUSUF", "1990-03-04", "COL"};
  assert_true(alike(n, (struct named){"GONSALES BALDES", "JUSSUF", "1990-03-04", "COL"}));
  assert_true(alike(n, (struct named){"YUSUF", "GONZALEZ VALDEZ", "1990-03-04", "ECU"}));
  assert_true(alike(n, (struct named){"GONZÁLEZ", "YUSUF", "1990-03-04", "COL"}));
  assert_true(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "1990-04-03", "COL"}));
  assert_true(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "1990-XX-XX", "COL"}));
  assert_true(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "1990-03-XX", "COL"}));
  assert_true(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "XXXX-XX-XX", "COL"}));
  assert_true(alike((struct named){"ABDUL RAHMAN", "ALI", "1990-03-04", "AFG"},
                    (struct named){"ABDULRAHMAN", "ALI", "1990-03-04", "AFG"}));
  assert_true(alike((struct named){"KARIMI", "", "1990-03-04", "AFG"},
                    (struct named){"QARIMI", "NASIM", "1990-03-04", "AFG"}));
  assert_true(alike((struct named){"STEPHANY", "", "1990-XX-XX", "AFG"},
                    (struct named){"STEFANI", "", "1990-XX-XX", "AFG"}));
}

static void others_are_not_alike(void **state) {
  (void)state;
  const struct named n = {"GONZÁLEZ VALDEZ", "YUSUF", "1990-03-04", "COL"};
  assert_false(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "1990-03-05", "COL"}));
  assert_false(alike(n, (struct named){"GONZÁLEZ", "PEDRO", "1990-03-04", "COL"}));
  assert_false(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "1991-XX-XX", "COL"}));
  assert_false(alike(n, (struct named){"GONZÁLEZ", "YUSUF", "1990-XX-XX", "COL"}));
  assert_false(alike(n, (struct named){"GONZÁLEZ VALDEZ", "YUSUF", "XXXX-XX-XX", "ECU"}));
}

/* Among people of common names, all pairs: a whole birth date keeps strangers apart. */
static void common_names_do_not_flood_the_desk(void **state) {
  (void)state;
  static const char *const surnames[] = {"GARCÍA",   "RODRÍGUEZ", "GONZÁLEZ", "LÓPEZ",  "PÉREZ",
                                         "MARTÍNEZ", "SÁNCHEZ",   "RAMÍREZ",  "TORRES", "FLORES"};
  static const char *const given[] = {"JUAN", "JOSÉ", "LUIS", "CARLOS", "MARÍA", "ANA"};
  enum { PEOPLE = 400 };
  struct sv_arena *mem = sv_arena_open((size_t)256 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct likeness *people = SV_ARRAY(mem, PEOPLE, struct likeness);
  uint32_t r = 12345;
  for (size_t i = 0; i < PEOPLE; i++) {
    char surname[64], birth[24];
    r = r * 1664525 + 1013904223;
    (void)snprintf(surname, sizeof surname, "%s %s", surnames[(r >> 8) % 10],
                   surnames[(r >> 16) % 10]);
    r = r * 1664525 + 1013904223;
    (void)snprintf(birth, sizeof birth, "%u-%02u-%02u", 1985 + (r >> 8) % 10, 1 + (r >> 12) % 12,
                   1 + (r >> 20) % 28);
    people[i] = keys(&ctx, (struct named){surname, given[(r >> 24) % 6], birth, "COL"});
  }
  size_t hits = 0;
  for (size_t i = 0; i < PEOPLE; i++) {
    for (size_t k = i + 1; k < PEOPLE; k++) {
      hits += near(&people[i], &people[k]);
    }
  }
  sv_arena_close(mem);
  print_message("%zu of %d pairs alike\n", hits, PEOPLE * (PEOPLE - 1) / 2);
  assert_true(hits <= 4); /* of 79,800: names out of ten by six, births within ten years */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_table_has_each_rule_once_in_order),
      cmocka_unit_test(who_is_screened_and_decided_on_may_go_home),
      cmocka_unit_test(holds_letters_and_strangers_are_one_answer),
      cmocka_unit_test(a_screening_that_is_old_expired_silent_or_outweighed_is_none),
      cmocka_unit_test(a_decision_is_of_one_person),
      cmocka_unit_test(a_child_needs_all_three_and_an_unknown_age_is_a_childs),
      cmocka_unit_test(somebody_has_to_be_awaited),
      cmocka_unit_test(who_is_in_custody_or_ill_is_looked_at_shortly_before),
      cmocka_unit_test(a_consent_has_had_time),
      cmocka_unit_test(families_and_monitors_ask_for_a_second_officer),
      cmocka_unit_test(spelling_order_and_dates_may_differ),
      cmocka_unit_test(others_are_not_alike),
      cmocka_unit_test(common_names_do_not_flood_the_desk),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
