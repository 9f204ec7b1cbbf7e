/* Does whatever is let in have room on the page, on either paper, and is what has none refused by its name? */
#include "model/rules.h"
#include "tests/docs_gen/fixture.h"

static struct sample *sample_at(size_t i) {
  struct sample *s = SV_NEW(mem, struct sample);
  assert_false(sv_failed(sample_make(&ctx, i, s)));
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  return s;
}
enum { LETTER = 0, ETD = 1, MANIFEST = 16, RECEIPT = 10 };

static const char *repeated(const char *text, size_t n) {
  struct sv_buf b = sv_buf_in(mem, 0);
  for (size_t i = 0; i < n; i++) {
    sv_buf_str(&b, text);
  }
  sv_buf_u8(&b, 0);
  return (const char *)b.p;
}

static void expect_room(struct sample *s, const char *what) {
  const char *text;
  uint32_t page;
  assert_false(sv_failed(docs_crowded(docs, &ctx, &s->request, &text, &page)));
  if (text) {
    fail_msg("%s on paper %d, page %u: “%s” runs into something", what, (int)s->content.paper, page,
             text);
  }
}

/* Let in and with room, or refused with that path. Whether it was let in. */
static bool expect_room_or(struct sample *s, const char *path) {
  bool in = true;
  for (int paper = MODEL_A4; paper < MODEL_PAPERS; paper++) {
    sample_on(&ctx, s, (enum model_paper)paper, docs_page_count(docs, &s->content));
    struct sv_ctx own = sv_ctx_over(mem);
    sv_status checked = docs_check_content(docs, &own, &s->content, &s->issue.authority);
    if (!sv_failed(checked)) {
      expect_room(s, path);
      continue;
    }
    assert_int_equal(checked.reason, SV_FIELD_INVALID);
    assert_string_equal(own.violations[0].path, path);
    in = false;
  }
  return in;
}

/* The longest that rules let in, by a wide and by a narrow letter. */
static void expect_lengths(struct sample *(*of)(void), size_t offset, const char *path,
                           size_t most) {
  bool short_in = false;
  for (size_t n = 1; n <= most; n += n < 20 ? 3 : 10) {
    static const char *const letters[] = {"W", "I", "W ", "Ñ O"};
    for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
      struct sample *s = of();
      const char *value = repeated(letters[k], n);
      memcpy((char *)&s->content + offset, &value, sizeof value);
      short_in = expect_room_or(s, path) || short_in;
    }
  }
  assert_true(short_in);
}

static struct sample *a_letter(void) { return sample_at(LETTER); }
static struct sample *an_emergency_document(void) { return sample_at(ETD); }
static struct sample *a_manifest(void) { return sample_at(MANIFEST); }
static struct sample *a_receipt(void) { return sample_at(RECEIPT); }

#define EXPECT_LENGTHS(of, field, path, most) \
  expect_lengths(of, offsetof(struct model_content, field), path, most)

static void names_of_every_length_have_room_or_are_refused(void **state) {
  (void)state;
  EXPECT_LENGTHS(a_letter, letter.holder.surname, "safe_conduct.holder.surname", 80);
  EXPECT_LENGTHS(a_letter, letter.holder.given_names, "safe_conduct.holder.given_names", 80);
  EXPECT_LENGTHS(a_letter, letter.holder.native_name, "safe_conduct.holder.native_name", 120);
}

static void places_and_parties_of_every_length_have_room_or_are_refused(void **state) {
  (void)state;
  EXPECT_LENGTHS(a_letter, letter.issuing_place, "safe_conduct.issuing_place", 60);
  EXPECT_LENGTHS(an_emergency_document, letter.issuing_place, "safe_conduct.issuing_place", 60);
  EXPECT_LENGTHS(a_manifest, manifest.operator_name, "flight_manifest.operator", 60);
  EXPECT_LENGTHS(a_receipt, receipt.payee_name, "disbursement_receipt.payee_name", 80);
  EXPECT_LENGTHS(a_receipt, receipt.payee_id, "disbursement_receipt.payee_id", 35);
}

static void the_longest_flight_of_eight_legs_has_room(void **state) {
  (void)state;
  static const char *const stops[] = {"PAC", "BOG", "UIO", "LIM", "SCL",
                                      "EZE", "GRU", "CCS", "WWW"};
  for (size_t legs = 1; legs <= MODEL_LEGS_MAX; legs++) {
    struct sample *s = a_manifest();
    struct model_manifest *m = &s->content.manifest;
    m->legs = SV_ARRAY(mem, legs, struct model_leg);
    for (size_t i = 0; i < legs; i++) {
      m->legs[i] = (struct model_leg){stops[i], stops[i + 1], "2026-08-20T07:30:00-05:00",
                                      "2026-08-20T09:05:00-05:00"};
    }
    m->leg_count = legs;
    m->flight_number = "WWW 9999W";
    m->registration = "WWWW-WWWWW";
    m->alternates = (struct model_texts){(const char **)(uintptr_t)stops, MODEL_ALTERNATES_MAX};
    assert_true(expect_room_or(s, "none"));
  }
}

static void many_changed_lines_have_room_on_the_cover(void **state) {
  (void)state;
  struct sample *s = sample_at(8); /* 180 people */
  for (size_t i = 0; i < s->content.manifest.occupant_count; i++) {
    s->content.manifest.occupants[i].changed = i >= 100 && i % 12 < 8;
    s->content.manifest.occupants[i].seat = "WW99";
  }
  assert_true(expect_room_or(s, "none"));
}

static void amounts_of_every_size_have_room_or_are_refused(void **state) {
  (void)state;
  size_t in = 0, out = 0;
  for (int64_t minor = 1; minor < INT64_MAX / 10; minor *= 10) {
    struct sample *s = a_receipt();
    struct model_receipt *r = &s->content.receipt;
    r->line_count = 1;
    r->lines[0].quantity_thousandths = 1000;
    r->lines[0].unit_price_minor = r->lines[0].amount_minor = r->amount_minor = minor * 9;
    s->issue.ledger.obligated_minor = s->issue.ledger.closing_minor = minor * 9;
    *(minor < 100000000000000000 ? &in : &out) +=
        expect_room_or(s, "disbursement_receipt.lines[0].unit_price_minor");
  }
  assert_true(in > 12); /* trillions */
  assert_int_equal(out, 0);
}

static void a_sum_carried_forward_is_never_followed_by_a_lone_line(void **state) {
  (void)state;
  for (int paper = MODEL_A4; paper < MODEL_PAPERS; paper++) {
    for (size_t lines = 2; lines <= MODEL_LINES_MAX; lines++) {
      struct sample *s = a_receipt();
      struct model_receipt_line *all = SV_ARRAY(mem, lines, struct model_receipt_line);
      for (size_t i = 0; i < lines; i++) {
        all[i] = s->content.receipt.lines[0];
        all[i].description = "ZZLINE";
      }
      s->content.receipt.lines = all, s->content.receipt.line_count = lines;
      sample_on(&ctx, s, (enum model_paper)paper, docs_page_count(docs, &s->content));
      uint32_t pages = docs_page_count(docs, &s->content);
      const char *dump, *last = sv_arena_printf(mem, "\np%u ", pages);
      assert_false(sv_failed(docs_dump(docs, &ctx, &s->request, &dump)));
      size_t found = 0;
      for (const char *p = dump; (p = strstr(p, last)) != NULL; p++) {
        const char *end = strchr(p + 1, '\n');
        found += memmem(p, (size_t)(end - p), "|ZZLINE|", 8) != NULL;
      }
      assert_true(found >= 2);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(names_of_every_length_have_room_or_are_refused, begin),
      cmocka_unit_test_setup(places_and_parties_of_every_length_have_room_or_are_refused, begin),
      cmocka_unit_test_setup(the_longest_flight_of_eight_legs_has_room, begin),
      cmocka_unit_test_setup(many_changed_lines_have_room_on_the_cover, begin),
      cmocka_unit_test_setup(amounts_of_every_size_have_room_or_are_refused, begin),
      cmocka_unit_test_setup(a_sum_carried_forward_is_never_followed_by_a_lone_line, begin),
  };
  return cmocka_run_group_tests(tests, open_docs, close_docs);
}
