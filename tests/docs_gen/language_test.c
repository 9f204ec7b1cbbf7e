/* Does every document say what it must in every pair of languages, and can an authority change the words by itself? */
#include <dirent.h>

#include "tests/docs_gen/fixture.h"

static struct sample *sample_at(size_t i) {
  struct sample *s = SV_NEW(mem, struct sample);
  assert_false(sv_failed(sample_make(&ctx, i, s)));
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  return s;
}

static const char *dump_of(const struct docs *of, struct sample *s) {
  const char *dump = NULL;
  sv_status status = docs_dump(of, &ctx, &s->request, &dump);
  if (sv_failed(status)) {
    fail_msg("%s: %s %s", s->name, sv_reason_name(status.reason), ctx.detail);
  }
  return dump;
}

static void expect_room(const struct docs *of, struct sample *s, const char *a, const char *b,
                        enum model_paper paper) {
  const char *text;
  uint32_t page;
  s->content.paper = paper;
  sample_on(&ctx, s, paper, docs_page_count(of, &s->content));
  s->content.languages.v[0] = a, s->content.languages.v[1] = b;
  if (sv_failed(docs_check_content(of, &ctx, &s->content, &s->issue.authority)) ||
      sv_failed(docs_crowded(of, &ctx, &s->request, &text, &page))) {
    fail_msg("%s in %s and %s: %s", s->name, a, b,
             ctx.violation_count ? ctx.violations[0].path : ctx.detail);
  }
  if (text) {
    fail_msg("%s in %s and %s, page %u: “%s” runs into something", s->name, a, b, page, text);
  }
}

static const char *const codes[] = {"es", "en", "fr", "ht", "pt"};
enum { CODES = sizeof codes / sizeof *codes };

static void every_document_has_room_in_every_pair_of_languages_on_every_paper(void **state) {
  (void)state;
  for (size_t a = 0; a < CODES; a++) {
    for (size_t b = 0; b < CODES; b++) {
      for (size_t i = 0; i < SAMPLE_COUNT && a != b; i++) {
        (void)begin(NULL);
        if (i != 8) { /* the same page as the others, and seven more */
          expect_room(docs, sample_at(i), codes[a], codes[b], MODEL_A4);
          expect_room(docs, sample_at(i), codes[a], codes[b], MODEL_LETTER);
        }
      }
    }
  }
}

static void a_page_says_its_captions_in_the_languages_asked_for(void **state) {
  (void)state;
  static const char *const surnames[] = {"Apellidos", "Surname", "Nom", "Siyati", "Sobrenome"};
  for (size_t a = 0; a < CODES; a++) {
    size_t b = (a + 2) % CODES;
    struct sample *s = sample_at(0);
    s->content.languages.v[0] = codes[a], s->content.languages.v[1] = codes[b];
    const char *dump = dump_of(docs, s);
    assert_non_null(strstr(dump, sv_arena_printf(mem, "|%s / |", surnames[a])));
    assert_non_null(strstr(dump, sv_arena_printf(mem, "|%s|", surnames[b])));
  }
}

/* ICAO Doc 9303-8: whatever two languages an authority asks for. */
static void a_travel_document_has_its_title_and_clause_in_a_third_language_and_in_one_of_the_three(
    void **state) {
  (void)state;
  static const struct {
    const char *first, *second, *title, *clause, *journey;
  } cases[] = {
      {"es", "en", " fr |Document de voyage d’urgence|", " fr |Les autorités",
       " fr |UN SEUL VOYAGE|"},
      {"fr", "en", " es |Documento de viaje de emergencia|", " es |Se ruega",
       " es |UN SOLO VIAJE|"},
      {"ht", "pt", " en |Emergency Travel Document|", " en |The authorities",
       " en |SINGLE JOURNEY|"},
      {"es", "ht", " en |Emergency Travel Document|", " en |The authorities",
       " en |SINGLE JOURNEY|"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sample *s = sample_at(1);
    s->content.languages.v[0] = cases[i].first, s->content.languages.v[1] = cases[i].second;
    const char *dump = dump_of(docs, s);
    assert_non_null(strstr(dump, cases[i].title));
    assert_non_null(strstr(dump, cases[i].clause));
    assert_non_null(strstr(dump, cases[i].journey));
  }
  assert_null(strstr(dump_of(docs, sample_at(0)), " fr |")); /* the other letters have two alone */
}

static void a_request_without_languages_has_the_first_two(void **state) {
  (void)state;
  struct sample *s = sample_at(0);
  const char *both = dump_of(docs, s);
  s->content.languages.n = 0;
  assert_string_equal(dump_of(docs, s), both);
  s->content.languages = (struct model_texts){(const char *[]){"pt-BR"}, 1};
  assert_non_null(strstr(dump_of(docs, s), "|Salvo-conduto|"));
}

static void names_of_the_authority_are_in_the_languages_of_the_page(void **state) {
  (void)state;
  struct sample *s = sample_at(0);
  s->content.languages.v[0] = "fr", s->content.languages.v[1] = "ht";
  const char *dump = dump_of(docs, s);
  assert_non_null(strstr(dump, " fr |RÉPUBLIQUE D’UTOPIE|"));
  assert_non_null(strstr(dump, " fr |Service national des migrations|"));
  assert_non_null(strstr(dump, " ht |Sèvis nasyonal migrasyon|"));
  assert_non_null(strstr(dump, " fr |Directrice de la documentation|"));
  assert_null(strstr(dump, "Servicio Nacional de Migración, "));
}

/* What stands in a column for whose language policy has nothing, marked as what it is. */
static void names_that_policy_lacks_stand_in_the_language_that_the_other_column_leaves(
    void **state) {
  (void)state;
  static const struct {
    const char *first, *second, *says, *not_says;
  } cases[] = {{"fr", "es", " en |National Migration Service|", " fr |Service"},
               {"es", "fr", " en |National Migration Service|", " fr |Service"},
               {"en", "fr", " es |Servicio Nacional de Migración|", " fr |Service"},
               {"fr", "pt", " es |Servicio Nacional de Migración|", " en |National"},
               {"pt", "fr", " es |Servicio Nacional de Migración|", " en |National"},
               {"fr", "ht", " es |Servicio Nacional de Migración|", " ht |Sèvis"},
               {"fr", "ht", " en |National Migration Service|", " ht |Sèvis"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct sample *s = sample_at(0);
    s->issue.authority.more += 2, s->issue.authority.more_n = 1; /* Portuguese alone */
    s->content.languages.v[0] = cases[i].first, s->content.languages.v[1] = cases[i].second;
    const char *dump = dump_of(docs, s);
    assert_non_null(strstr(dump, cases[i].says));
    assert_null(strstr(dump, cases[i].not_says));
  }
}

static void names_without_room_or_glyphs_are_refused_by_their_key(void **state) {
  (void)state;
  struct sample *s = sample_at(0);
  assert_false(sv_failed(docs_check_authority(docs, &ctx, &s->issue.authority)));
  assert_false(sv_failed(docs_check_officer(docs, &ctx, &s->issue.signatory)));
  struct model_names names = s->issue.authority.more[0];
  names.ministry =
      "Ministère de l’Intérieur, de la Sécurité, des Frontières, de la Mer et de la Montagne";
  names.name = "Service \xf0\x93\x80\x80";
  s->issue.authority.more = &names, s->issue.authority.more_n = 1;
  assert_int_equal(docs_check_authority(docs, &ctx, &s->issue.authority).reason, SV_FIELD_INVALID);
  assert_string_equal(ctx.violations[0].path, "ministry_fr");
  assert_string_equal(ctx.violations[1].path, "name_fr");
  (void)begin(NULL);
  s = sample_at(0);
  s->issue.signatory.post_en = "Deputy Assistant Director of Documentation and of Whatever Comes";
  assert_int_equal(docs_check_officer(docs, &ctx, &s->issue.signatory).reason, SV_FIELD_INVALID);
  assert_string_equal(ctx.violations[0].path, "post_en");
}

static void amounts_are_in_spanish_and_english_words_on_every_page(void **state) {
  (void)state;
  struct sample *s = sample_at(10);
  s->content.languages.v[0] = "fr", s->content.languages.v[1] = "ht";
  const char *dump = dump_of(docs, s);
  assert_non_null(strstr(dump, "dólares"));
  assert_non_null(strstr(dump, "dollars"));
  assert_non_null(strstr(dump, "En toutes lettres"));
}

/* ---- words that must not be there ---- */

static void expect_plain(const char *path) {
  static const char *const words[] = {"asylum seeker",
                                      "asylum-seeker",
                                      "refugee",
                                      "deport",
                                      "illegal",
                                      "solicitante de",
                                      "refugiad",
                                      "ilegal",
                                      "demandeur d",
                                      "réfugié",
                                      "clandestin",
                                      "refijye",
                                      "moun k ap mande azil",
                                      "irregular",
                                      "inmigrante",
                                      "immigrant",
                                      "migrant"};
  char text[65536];
  FILE *f = fopen(path, "re");
  assert_non_null(f);
  size_t n = fread(text, 1, sizeof text - 1, f);
  fclose(f);
  text[n] = 0;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if (strcasestr(text, words[i])) {
      fail_msg("%s says “%s”", path, words[i]);
    }
  }
}

static void walk(const char *folder, size_t *files) {
  DIR *d = opendir(folder);
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (e->d_name[0] != '.') {
      const char *path = sv_arena_printf(mem, "%s/%s", folder, e->d_name);
      if (e->d_type == DT_DIR) {
        walk(path, files);
      } else {
        expect_plain(path);
        ++*files;
      }
    }
  }
  closedir(d);
}

static void no_template_labels_a_person(void **state) {
  (void)state;
  size_t files = 0;
  walk("templates", &files);
  assert_true(files > 40);
}

/* ---- an authority's own words ---- */

/* A copy of templates/ that a test may change. */
static const char *own_templates(void) {
  char *dir = sv_arena_strdup(mem, "/tmp/templates-XXXXXX");
  assert_non_null(mkdtemp(dir));
  assert_int_equal(system(sv_arena_printf(mem, "cp -r templates/. %s", dir)), 0);
  return dir;
}
static void forget(const char *dir) {
  assert_int_equal(system(sv_arena_printf(mem, "rm -r %s", dir)), 0);
}

static void put(const char *dir, const char *file, const char *mode, const char *text) {
  FILE *f = fopen(sv_arena_printf(mem, "%s/%s", dir, file), mode);
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static void a_purpose_is_added_as_a_folder_alone(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  assert_int_equal(mkdir(sv_arena_printf(mem, "%s/safe_conduct/harvest_pass", dir), 0700), 0);
  put(dir, "safe_conduct/harvest_pass/layout.conf", "we",
      "extends = letter\npurpose = TRANSIT_EXIT\nversion = 3\n"
      "title.es = Pase de cosecha\n");
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  struct sample *s = sample_at(2);
  s->content.template_name = "safe_conduct/harvest_pass";
  assert_string_equal(docs_template_for(own, &ctx, &s->content), "safe_conduct/harvest_pass@3");
  assert_non_null(strstr(dump_of(own, s), "|Pase de cosecha|"));
  s->content.template_name = "";
  assert_string_equal(docs_template_for(own, &ctx, &s->content), "safe_conduct/transit_exit@1");
  s->content.letter.purpose = MODEL_PROTECTION_STAY; /* of another purpose it is no template */
  s->content.template_name = "safe_conduct/harvest_pass@3";
  assert_null(docs_template_for(own, &ctx, &s->content));
  docs_close(own);
  forget(dir);
}

static void places_with_long_names_have_room(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  static const char *const codes_of[] = {"PAC", "BOG", "UIO", "LIM", "SCL"};
  for (size_t i = 0; i < 5; i++) {
    put(dir, "captions/places.txt", "ae",
        sv_arena_printf(mem, "Z%c%c = San Bartolomé de los Llanos y Puerto Esperanza\n",
                        codes_of[i][0], codes_of[i][1]));
  }
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  static const char *stops[] = {"ZPA", "ZBO", "ZUI", "ZLI", "ZSC"};
  struct sample *s = sample_at(1);
  s->content.letter.route = (struct model_texts){stops, 5};
  expect_room(own, s, "es", "en", MODEL_A4);
  s = sample_at(7);
  s->content.manifest.legs[0].from = "ZPA", s->content.manifest.legs[0].to = "ZBO";
  s->content.manifest.legs[1].from = "ZBO", s->content.manifest.legs[1].to = "ZUI";
  expect_room(own, s, "es", "en", MODEL_A4);
  assert_non_null(strstr(dump_of(own, s), "|San Bartolomé de los Llanos y Puerto Esperanza|"));
  docs_close(own);
  forget(dir);
}

/* Where the line of a text stands in a dump: micrometres from the lower left corner. */
static void place_of(const char *dump, const char *text, long *x, long *y) {
  const char *at = strstr(dump, sv_arena_printf(mem, "|%s|", text));
  assert_non_null(at);
  while (at > dump && at[-1] != '\n') {
    at--;
  }
  assert_int_equal(sscanf(at, "%*s text %*s %ld,%ld", x, y), 2);
}

static void a_block_stands_where_the_layout_file_has_it(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  put(dir, "safe_conduct/letter/layout.conf", "ae", "block.title = 16.5 35\nclause = 10.5 5.2 9\n");
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  struct sample *s = sample_at(0);
  const char *moved = dump_of(own, s), *before = dump_of(docs, s);
  long x[2], y[2];
  place_of(before, "Salvoconducto", &x[0], &y[0]);
  place_of(moved, "Salvoconducto", &x[1], &y[1]);
  assert_int_equal(x[1] - x[0], 1500);
  assert_int_equal(y[1] - y[0], 2000);
  place_of(before, "HADDÂD ZEÏTOUN", &x[0], &y[0]);
  place_of(moved, "HADDÂD ZEÏTOUN", &x[1], &y[1]);
  assert_int_equal(x[1], x[0]);
  assert_int_equal(y[1], y[0]);
  docs_close(own);
  forget(dir);
}

static void a_clause_may_have_places_for_fields(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  put(dir, "safe_conduct/letter/clause.es.md", "we", "Pase {{surname}}.\n");
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  struct sample *s = sample_at(0);
  assert_non_null(strstr(dump_of(own, s), "|Pase HADDÂD ZEÏTOUN.|"));
  docs_close(own);
  forget(dir);
}

/* ---- reloading ---- */

static void expect_title(const struct docs *of, const char *title) {
  assert_non_null(strstr(dump_of(of, sample_at(0)), sv_arena_printf(mem, "|%s|", title)));
}

static void a_reload_puts_new_words_in_force_and_a_faulty_one_none(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  put(dir, "safe_conduct/letter/layout.conf", "ae", "title.es = Pasaje libre\n");
  assert_int_equal(docs_reload(own, &ctx).reason, SV_TEMPLATE); /* its version is the same */
  assert_non_null(strstr(ctx.detail, "its version did not"));
  expect_title(own, "Salvoconducto");
  put(dir, "safe_conduct/letter/layout.conf", "ae", "version = 2\n");
  ctx = sv_ctx_over(mem);
  assert_false(sv_failed(docs_reload(own, &ctx)));
  expect_title(own, "Pasaje libre");
  assert_string_equal(docs_template_for(own, &ctx, &sample_at(0)->content),
                      "safe_conduct/protection_stay@2");
  put(dir, "safe_conduct/letter/layout.conf", "ae", "colour = red\n");
  assert_int_equal(docs_reload(own, &ctx).reason, SV_TEMPLATE);
  expect_title(own, "Pasaje libre");
  docs_close(own);
  forget(dir);
}

static void each_template_has_a_digest_of_all_its_files(void **state) {
  (void)state;
  const char *dir = own_templates();
  struct docs *own;
  put(dir, "safe_conduct/letter/checking.fr.md", "ae", "\n");
  assert_false(sv_failed(docs_open(&ctx, dir, &own)));
  uint8_t a[32], b[32];
  size_t letters = 0, n = 0;
  for (const char *name; (name = docs_template_at(docs, &ctx, n, a)) != NULL; n++) {
    assert_string_equal(docs_template_at(own, &ctx, n, b), name);
    bool letter = strncmp(name, "safe_conduct/", 13) == 0;
    assert_int_equal(memcmp(a, b, 32) != 0, letter);
    letters += letter;
  }
  assert_int_equal(letters, 4);
  assert_int_equal(n, 6);
  docs_close(own);
  forget(dir);
}

/* ---- faults, with their place ---- */

static void expect_fault(const char *file, const char *mode, const char *text, const char *where) {
  const char *dir = own_templates();
  struct docs *own = NULL;
  if (text) {
    put(dir, file, mode, text);
  } else {
    assert_int_equal(unlink(sv_arena_printf(mem, "%s/%s", dir, file)), 0);
  }
  ctx = sv_ctx_over(mem);
  assert_int_equal(docs_open(&ctx, dir, &own).reason, SV_TEMPLATE);
  if (!strstr(ctx.detail, where)) {
    fail_msg("%s does not say %s", ctx.detail, where);
  }
  forget(dir);
}

static void a_fault_of_a_template_is_named_with_file_and_line(void **state) {
  (void)state;
  expect_fault("captions/fr.txt", "ae", "surprise = surprise\n", "fr.txt:192: unknown key");
  expect_fault("captions/ht.txt", NULL, NULL, "ht.txt: missing");
  expect_fault("languages.conf", "ae", "es = Castellano\n", "languages.conf:8:");
  expect_fault("safe_conduct/letter/clause.pt.md", NULL, NULL, "clause.pt.md: missing");
  expect_fault("safe_conduct/letter/checking.fr.md", "we", "1. Un seul pas.\n", "1 paragraphs");
  expect_fault("safe_conduct/letter/layout.conf", "ae", "title.de = Schutzbrief\n",
               "layout.conf:64: unknown key, or a language");
  expect_fault("safe_conduct/letter/checking.es.md", "we", "1. {{case_reference}}\n",
               "checking.es.md:1: not the place of a field");
  expect_fault("disbursement_receipt/standard/checking.es.md", "we", "1. {{surname}}\n\n2. B\n",
               "checking.es.md:1: a field that letters alone have");
  expect_fault("safe_conduct/letter/layout.conf", "ae", "title.es = Salvo\xf0\x93\x80\x80\n",
               "layout.conf:64: U+13000");
  expect_fault("safe_conduct/letter/layout.conf", "ae",
               "subtitle.es = una carta oficial de libre paso por todos los territorios\n",
               "layout.conf:64: the text runs into");
  expect_fault("safe_conduct/transit_exit/layout.conf", "we", "extends = letter\n",
               "transit_exit: missing, or not of that purpose");
  expect_fault("safe_conduct/transit_exit/layout.conf", "ae", "purpose = TOURISM\n",
               "layout.conf:4: not a purpose");
  expect_fault("safe_conduct/letter/layout.conf", "ae", "block.mrz = 15 275\n",
               "layout.conf:64: not a block of a page");
  static const char *const places[] = {"15", "15 298", "15 5x", "-1 57", "15 57 9", "15 57.12345"};
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    expect_fault("safe_conduct/letter/layout.conf", "ae",
                 sv_arena_printf(mem, "block.strip = %s\n", places[i]),
                 "layout.conf:64: not a place on A4");
  }
  expect_fault("safe_conduct/letter/layout.conf", "ae", "block.strip = 15 50\n",
               "the text runs into");
  expect_fault("safe_conduct/letter/layout.conf", "ae", "block.title = 5 37\n",
               "the text runs into");
  expect_fault("safe_conduct/letter/layout.conf", "ae", "clause = 11.2 5.6\n",
               "layout.conf:64: not points, millimetres from line to line");
  expect_fault("disbursement_receipt/standard/layout.conf", "ae", "clause = 11.2 5.6 8\n",
               "of a letter's clause");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(every_document_has_room_in_every_pair_of_languages_on_every_paper,
                             begin),
      cmocka_unit_test_setup(a_page_says_its_captions_in_the_languages_asked_for, begin),
      cmocka_unit_test_setup(
          a_travel_document_has_its_title_and_clause_in_a_third_language_and_in_one_of_the_three,
          begin),
      cmocka_unit_test_setup(a_request_without_languages_has_the_first_two, begin),
      cmocka_unit_test_setup(names_of_the_authority_are_in_the_languages_of_the_page, begin),
      cmocka_unit_test_setup(
          names_that_policy_lacks_stand_in_the_language_that_the_other_column_leaves, begin),
      cmocka_unit_test_setup(names_without_room_or_glyphs_are_refused_by_their_key, begin),
      cmocka_unit_test_setup(amounts_are_in_spanish_and_english_words_on_every_page, begin),
      cmocka_unit_test_setup(no_template_labels_a_person, begin),
      cmocka_unit_test_setup(a_purpose_is_added_as_a_folder_alone, begin),
      cmocka_unit_test_setup(places_with_long_names_have_room, begin),
      cmocka_unit_test_setup(a_block_stands_where_the_layout_file_has_it, begin),
      cmocka_unit_test_setup(a_clause_may_have_places_for_fields, begin),
      cmocka_unit_test_setup(a_reload_puts_new_words_in_force_and_a_faulty_one_none, begin),
      cmocka_unit_test_setup(each_template_has_a_digest_of_all_its_files, begin),
      cmocka_unit_test_setup(a_fault_of_a_template_is_named_with_file_and_line, begin),
  };
  return cmocka_run_group_tests(tests, open_docs, close_docs);
}
