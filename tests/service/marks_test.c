/* What the marks of a person come to, whatever the order in which they came in. */
#include "service/marks.h"
#include "tests/vectors.h"

static const int64_t minute = (int64_t)60 * 1000000;

static struct store_mark said(int mark, int64_t minutes, const char *device) {
  return (struct store_mark){.occupant_id = "P1",
                             .mark = mark,
                             .mark_us = 1000 * minute + minutes * minute,
                             .device = device};
}

static int final_of(const struct store_mark *v, size_t n) {
  struct store_mark copy[8];
  memcpy(copy, v, n * sizeof *v);
  const struct store_mark *final = marks_final(&(struct marks){copy, n}, "P1");
  return final ? final->mark : MARK_NONE;
}

/* The outcome of every order of four marks; MARK_NONE when two orders differ. */
static int final_of_all_orders(const struct store_mark v[4]) {
  int outcome = -1;
  for (size_t code = 0; code < 256; code++) {
    size_t at[4] = {code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6};
    if ((1U << at[0] | 1U << at[1] | 1U << at[2] | 1U << at[3]) != 15) {
      continue;
    }
    struct store_mark order[4] = {v[at[0]], v[at[1]], v[at[2]], v[at[3]]};
    int final = final_of(order, 4);
    if (outcome >= 0 && final != outcome) {
      return MARK_NONE;
    }
    outcome = final;
  }
  return outcome;
}

static void the_latest_time_holds_in_every_order(void **state) {
  (void)state;
  struct store_mark v[4] = {said(MARK_CHECKED, 9, "a"), said(MARK_BOARDED, 1, "a"),
                            said(MARK_OFFLOADED, 3, "b"), said(MARK_BOARDED, 2, "b")};
  assert_int_equal(final_of_all_orders(v), MARK_OFFLOADED);
  v[3] = said(MARK_BOARDED, 4, "a");
  assert_int_equal(final_of_all_orders(v), MARK_BOARDED);
  v[3] = said(MARK_BOARDED, 3, "a"); /* at the same moment: he does not fly */
  assert_int_equal(final_of_all_orders(v), MARK_OFFLOADED);
}

static void a_check_and_another_person_say_nothing(void **state) {
  (void)state;
  struct store_mark v[2] = {said(MARK_CHECKED, 1, "a"), said(MARK_BOARDED, 2, "a")};
  v[1].occupant_id = "P10";
  assert_int_equal(final_of(v, 2), MARK_NONE);
  assert_int_equal(final_of(v, 0), MARK_NONE);
}

static bool contradicts(struct store_mark before, struct store_mark mark) {
  return marks_contradict(&(struct marks){&before, 1}, &mark);
}

static void the_desk_hears_of_what_clocks_can_not_settle(void **state) {
  (void)state;
  assert_false(contradicts(said(MARK_BOARDED, 0, "a"), said(MARK_OFFLOADED, 1, "a")));
  assert_true(contradicts(said(MARK_BOARDED, 0, "a"), said(MARK_OFFLOADED, 1, "b")));
  assert_true(contradicts(said(MARK_OFFLOADED, 1, "b"), said(MARK_BOARDED, 0, "a")));
  assert_false(contradicts(said(MARK_BOARDED, 0, "a"), said(MARK_OFFLOADED, 6, "b")));
  assert_true(contradicts(said(MARK_OFFLOADED, 0, "a"), said(MARK_BOARDED, 60, "a")));
  assert_true(contradicts(said(MARK_BOARDED, 60, "a"), said(MARK_NO_SHOW, 0, "a")));
  assert_false(contradicts(said(MARK_NO_SHOW, 0, "a"), said(MARK_OFFLOADED, 0, "b")));
  assert_false(contradicts(said(MARK_NO_SHOW, 0, "a"), said(MARK_CHECKED, 9, "b")));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_latest_time_holds_in_every_order),
      cmocka_unit_test(a_check_and_another_person_say_nothing),
      cmocka_unit_test(the_desk_hears_of_what_clocks_can_not_settle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
