/* Does the hand of the layout put things where a sheet has them, and break and fit texts as people would? */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "docs_gen/layout/canvas.h"

static struct sv_arena *mem, *kept;
static struct sv_ctx ctx;
static struct faces faces;
static struct text_session session;
static const char *const languages[2] = {"es", "en"};
static const struct style plain = {FACE_SERIF, 10};

static int open_faces(void **state) {
  (void)state;
  mem = sv_arena_open(16u << 20), kept = sv_arena_open(64u << 20);
  struct sv_ctx own = sv_ctx_over(kept);
  return sv_failed(faces_open(&own, &faces)) ? -1 : 0;
}
static int close_faces(void **state) {
  (void)state;
  faces_close(&faces);
  sv_arena_close(kept);
  sv_arena_close(mem);
  return 0;
}

static struct canvas begin(enum model_paper paper) {
  sv_arena_reset(mem);
  ctx = sv_ctx_over(mem);
  session = (struct text_session){.ctx = &ctx, .faces = &faces};
  return canvas_on(&session, paper_of(paper), NULL, 1, languages);
}

static const char *line_of(const struct canvas *c, size_t i) {
  assert_true(i < c->list.n);
  return c->list.items[i].text.line.text;
}

static void a_word_alone_on_the_last_line_gets_company(void **state) {
  (void)state;
  struct canvas c = begin(MODEL_A4);
  const char *text = "uno dos tres cuatro cinco seis siete ocho nueve diez";
  const char *whole[8];
  double width = canvas_width(&c, plain, "uno dos tres cuatro cinco seis siete ocho nueve") + 0.1;
  assert_int_equal(canvas_break(&c, plain, width, text, whole, 8), 2);
  assert_string_equal(whole[1], "diez");
  assert_int_equal(canvas_paragraph(&c, 15, 20, 5, plain, width, text, 8), 2);
  assert_string_equal(line_of(&c, 1), "nueve diez");
  c = begin(MODEL_A4); /* but not for another line */
  width = canvas_width(&c, plain, "extraordinariamente") + 0.1;
  assert_int_equal(canvas_paragraph(&c, 15, 20, 5, plain, width, "extraordinariamente solo", 3), 2);
  assert_string_equal(line_of(&c, 1), "solo");
}

static void a_value_steps_down_by_half_points_to_its_bound(void **state) {
  (void)state;
  struct canvas c = begin(MODEL_A4);
  double width = canvas_width(&c, plain, "Puerto Esperanza");
  canvas_within(&c, 15, 20, width + 0.01, plain, 6, "a place", "Puerto Esperanza");
  canvas_within(&c, 15, 20, width * 0.93, plain, 6, "a place", "Puerto Esperanza");
  canvas_within(&c, 15, 20, width * 0.61, plain, 6, "a place", "Puerto Esperanza");
  static const int32_t sizes[] = {10000, 9000, 6000};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(c.list.items[i].text.size_mpt, sizes[i]);
  }
  assert_false(sv_failed(c.list.fault));
  canvas_within(&c, 15, 20, width * 0.59, plain, 6, "a place", "Puerto Esperanza");
  assert_int_equal(c.list.fault.reason, SV_TEXT_TOO_LONG);
}

static void a_value_without_room_is_a_violation_where_a_path_is_set(void **state) {
  (void)state;
  struct canvas c = begin(MODEL_A4);
  c.path = "safe_conduct.issuing_place";
  canvas_within_right(&c, 15, 20, 3, plain, 9, "a place", "Puerto Esperanza");
  assert_false(sv_failed(c.list.fault));
  assert_int_equal(ctx.violation_count, 1);
  assert_string_equal(ctx.violations[0].path, "safe_conduct.issuing_place");
}

static void both_languages_of_a_caption_get_smaller_together(void **state) {
  (void)state;
  struct canvas c = begin(MODEL_A4);
  const struct style other = {FACE_SANS_ITALIC, 8};
  double has = canvas_pair(&c, 15, 20, plain, other, "Alternativos", "Dégagements");
  canvas_pair_within(&c, 15, 20, has * 0.75, plain, other, "Alternativos", "Dégagements");
  assert_int_equal(c.list.n, 4);
  assert_int_equal(c.list.items[2].text.size_mpt, 7500);
  assert_int_equal(c.list.items[3].text.size_mpt, 6000);
  assert_false(sv_failed(c.list.fault));
}

static void all_of_a_band_moves_by_what_the_sheet_says(void **state) {
  (void)state;
  struct canvas a = begin(MODEL_A4);
  a.band = BAND_VALIDITY;
  canvas_rule(&a, 15, 195, 184, 0.5);
  struct list_point on_a4 = a.list.items[0].path.points[1];
  assert_int_equal(on_a4.x, 195000);
  assert_int_equal(on_a4.y, 297000 - 184000);
  struct canvas b = begin(MODEL_LETTER);
  b.band = BAND_VALIDITY;
  canvas_rule(&b, 15, 195, 184, 0.5);
  struct list_point on_letter = b.list.items[0].path.points[1];
  assert_int_equal(on_letter.x, 197950);
  assert_int_equal(on_letter.y, 279400 - 184000 + 12300);
  int32_t box[4];
  canvas_area(&b, 15, 184, 180, 10, box);
  assert_int_equal(box[2], on_letter.x);
  assert_int_equal(box[3], on_letter.y);
  assert_int_equal(box[1], on_letter.y - 10000);
}

static void bands_keep_their_order_on_every_sheet(void **state) {
  (void)state;
  const struct paper *letter = paper_of(MODEL_LETTER);
  static const enum band down[] = {BAND_HEAD,   BAND_TITLE,    BAND_STRIP,     BAND_UPPER,
                                   BAND_MIDDLE, BAND_VALIDITY, BAND_SIGNATURE, BAND_FOOT};
  for (size_t i = 1; i < sizeof down / sizeof *down; i++) {
    assert_true(letter->bands[down[i]].up > letter->bands[down[i - 1]].up);
  }
  assert_true(fabs(letter->bands[BAND_FOOT].up - (297 - letter->height)) < 1e-6);
  assert_true(paper_of(MODEL_PAPER_NONE) == paper_of(MODEL_A4));
  assert_true(paper_of((enum model_paper)9) == paper_of(MODEL_A4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_word_alone_on_the_last_line_gets_company),
      cmocka_unit_test(a_value_steps_down_by_half_points_to_its_bound),
      cmocka_unit_test(a_value_without_room_is_a_violation_where_a_path_is_set),
      cmocka_unit_test(both_languages_of_a_caption_get_smaller_together),
      cmocka_unit_test(all_of_a_band_moves_by_what_the_sheet_says),
      cmocka_unit_test(bands_keep_their_order_on_every_sheet),
  };
  return cmocka_run_group_tests(tests, open_faces, close_faces);
}
