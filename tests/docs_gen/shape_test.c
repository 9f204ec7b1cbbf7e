/* Can the text of a page be read back exactly as it was sent? */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/fields.h"
#include "docs_gen/text/shape.h"

static struct sv_arena *mem;
static struct sv_ctx ctx;
static struct faces faces;

static int open_faces(void **state) {
  (void)state;
  mem = sv_arena_open(64u << 20);
  ctx = sv_ctx_over(mem);
  return sv_failed(faces_open(&ctx, &faces)) ? -1 : 0;
}
static int close_faces(void **state) {
  (void)state;
  faces_close(&faces);
  sv_arena_close(mem);
  return 0;
}

static struct text_line shaped(struct text_session *session, enum face_id face, const char *text) {
  struct text_line line;
  assert_false(sv_failed(text_shape(session, face, text, &line)));
  return line;
}

static void european_names_need_no_shaping(void **state) {
  (void)state;
  static const char *const names[] = {"Ḫadīja",         "Ñandú-Øst",  "Șerban", "Þóra",
                                      "Nguyễn Thị Ánh", "Владимир",   "Ελένη",  "D’Almeida",
                                      "ÇELEBİOĞLU",     "Łukasz Żółć"};
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct text_line line = shaped(&session, FACE_SANS_BOLD, names[i]);
    assert_int_equal(line.missing, 0);
    assert_int_equal(line.n, sv_utf8_length(names[i]));
    assert_int_equal(line.width, text_width(&faces, FACE_SANS_BOLD, names[i], strlen(names[i])));
  }
  assert_int_equal(session.dynamic_count, 0);
}

static void the_table_agrees_with_harfbuzz(void **state) {
  (void)state;
  static const hb_feature_t off[] = {{HB_TAG('k', 'e', 'r', 'n'), 0, 0, (unsigned)-1},
                                     {HB_TAG('l', 'i', 'g', 'a'), 0, 0, (unsigned)-1}};
  for (int face = 0; face < FACE_OCR_B; face++) {
    for (uint32_t cp = 0x20; cp < FACE_CHARS; cp++) {
      const struct face_char *c = face_char_of(&faces.v[face], cp);
      if (!c) {
        continue;
      }
      hb_buffer_t *buffer = hb_buffer_create();
      uint32_t pair[2] = {'f', cp};
      hb_buffer_add_codepoints(buffer, pair, 2, 0, 2);
      hb_buffer_guess_segment_properties(buffer);
      hb_shape(faces.v[face].font, buffer, off, 2);
      unsigned n = 0;
      hb_glyph_info_t *info = hb_buffer_get_glyph_infos(buffer, &n);
      hb_codepoint_t nominal = 0;
      hb_font_get_nominal_glyph(faces.v[face].font, cp, &nominal);
      if (n != 2 || info[1].codepoint != nominal) {
        fail_msg("%s U+%04X", faces.v[face].name, cp);
      }
      hb_buffer_destroy(buffer);
    }
  }
}

static void arabic_runs_to_the_left_in_the_order_of_its_text(void **state) {
  (void)state;
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  struct text_line line = shaped(&session, FACE_SANS, "نور زيتون");
  assert_int_equal(line.missing, 0);
  assert_int_equal(session.dynamic_count, 1);
  assert_true(line.glyphs[0].x > line.glyphs[line.n - 1].x);
  for (size_t i = 0; i < line.n; i++) {
    assert_in_range(line.glyphs[i].x, 0, line.width);
  }
}

static void a_mark_is_drawn_without_a_text_of_its_own(void **state) {
  (void)state;
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  struct text_line line = shaped(&session, FACE_SANS, "दू");
  size_t outlines = 0, codes = 0;
  for (size_t i = 0; i < line.n; i++) {
    outlines += line.glyphs[i].outline != NULL;
    codes += line.glyphs[i].outline == NULL;
  }
  assert_int_equal(codes, 1);
  assert_int_equal(outlines, line.n - 1);
}

static void numbers_inside_arabic_keep_their_order(void **state) {
  (void)state;
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  struct text_line line = shaped(&session, FACE_SANS, "نور 12 زيتون");
  const struct text_glyph *one = &line.glyphs[4],
                          *two = &line.glyphs[5]; /* after three letters and a space */
  assert_true(one->x < two->x);
  assert_true(line.glyphs[0].x > two->x);
}

static void a_character_without_a_glyph_is_named(void **state) {
  (void)state;
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  assert_int_equal(shaped(&session, FACE_SANS, "A\xf3\xb0\x80\x80").missing, 0xf0000);
}

static void every_script_of_the_fallbacks_is_drawn(void **state) {
  (void)state;
  static const char *const texts[] = {
      "שרה", "नूर",    "রহিম", "ਗੁਰ",      "કમલ", "தமிழ்", "తెలుగు",  "ಕನ್ನಡ", "മലയാളം", "සිංහල", "ไทย",
      "ລາວ", "မြန်မာ", "ខ្មែរ", "ქართული", "Հայ", "አማርኛ", "王小明", "ⵣⴰⴽ",  "ދިވެހި",    "ᓄᓇᕗᑦ", "ܐܪܡ"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    struct text_session session = {.ctx = &ctx, .faces = &faces};
    struct text_line line = shaped(&session, FACE_SANS, texts[i]);
    if (line.missing) {
      fail_msg("%s: U+%04X", texts[i], line.missing);
    }
    struct face_subset subset;
    assert_false(sv_failed(text_dynamic_subset(&session, 0, &subset)));
    assert_in_range(subset.program.n, 100, 200000);
  }
}

static void a_line_that_is_far_too_long_is_refused(void **state) {
  (void)state;
  struct text_session session = {.ctx = &ctx, .faces = &faces};
  char text[2 * 401 + 1];
  for (int i = 0; i < 401; i++) {
    memcpy(text + 2 * i, "ن", 2);
  }
  text[802] = 0;
  struct text_line line;
  assert_int_equal(text_shape(&session, FACE_SANS, text, &line).reason, SV_TEXT_TOO_LONG);
  sv_ctx_clear(&ctx);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(european_names_need_no_shaping),
      cmocka_unit_test(the_table_agrees_with_harfbuzz),
      cmocka_unit_test(arabic_runs_to_the_left_in_the_order_of_its_text),
      cmocka_unit_test(a_mark_is_drawn_without_a_text_of_its_own),
      cmocka_unit_test(numbers_inside_arabic_keep_their_order),
      cmocka_unit_test(a_character_without_a_glyph_is_named),
      cmocka_unit_test(every_script_of_the_fallbacks_is_drawn),
      cmocka_unit_test(a_line_that_is_far_too_long_is_refused),
  };
  return cmocka_run_group_tests(tests, open_faces, close_faces);
}
