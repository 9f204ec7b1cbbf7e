/* Do the pages say what they must, and nothing that they must not? */
#include "tests/docs_gen/fixture.h"

static struct sample *sample_named(const char *name) {
  struct sample *s = SV_NEW(mem, struct sample);
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    assert_false(sv_failed(sample_make(&ctx, i, s)));
    if (strcmp(s->name, name) == 0) {
      s->request.content = &s->content;
      s->request.issue = &s->issue;
      return s;
    }
  }
  fail_msg("no sample %s", name);
  return NULL;
}

static const char *dump_of(struct sample *s) {
  const char *dump = NULL;
  sv_status status = docs_dump(docs, &ctx, &s->request, &dump);
  if (sv_failed(status)) {
    fail_msg("%s: %s %s", s->name, sv_reason_name(status.reason), ctx.detail);
  }
  return dump;
}

/* Compares with tests/golden/NAME.txt, or NAME.Letter.txt; with UPDATE_GOLDEN set, writes it. */
static void expect_golden(const char *name, enum model_paper paper) {
  struct sample *s = sample_named(name);
  s->content.paper = paper;
  sample_on(&ctx, s, paper, docs_page_count(docs, &s->content));
  const char *dump = dump_of(s);
  char path[256];
  snprintf(path, sizeof path, "tests/golden/%s%s.txt", name,
           paper == MODEL_LETTER ? ".Letter" : "");
  if (getenv("UPDATE_GOLDEN")) {
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(dump, f);
    fclose(f);
  }
  FILE *f = fopen(path, "re");
  assert_non_null(f);
  char line[16384];
  for (int number = 1; fgets(line, sizeof line, f); number++) {
    size_t n = strlen(line);
    if (strncmp(line, dump, n) != 0) {
      fail_msg("%s:%d: now %.*s", path, number, (int)strcspn(dump, "\n"), dump);
    }
    dump += n;
  }
  fclose(f);
  assert_string_equal(dump, "");
}

static void the_letter_is_drawn_as_before(void **state) {
  (void)state;
  expect_golden("letter", MODEL_A4);
  expect_golden("letter", MODEL_LETTER);
}
static void the_emergency_document_is_drawn_as_before(void **state) {
  (void)state;
  expect_golden("letter-etd", MODEL_A4);
  expect_golden("letter-etd", MODEL_LETTER);
}
static void the_manifest_is_drawn_as_before(void **state) {
  (void)state;
  expect_golden("manifest", MODEL_A4);
  expect_golden("manifest-30", MODEL_LETTER);
}
static void the_receipt_is_drawn_as_before(void **state) {
  (void)state;
  expect_golden("receipt", MODEL_A4);
  expect_golden("receipt-8", MODEL_LETTER);
}

static void letters_of_different_purposes_look_alike(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  const char *stay = dump_of(s);
  s->content.letter.purpose = MODEL_ASYLUM_SAFE_CONDUCT;
  assert_string_equal(dump_of(s), stay);
  s->content.letter.purpose = MODEL_TRANSIT_EXIT;
  assert_string_equal(dump_of(s), stay);
}

static void private_fields_are_not_on_the_page(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  s->content.letter.case_reference = "ZZCASE";
  s->content.letter.guardian_letter = "S269ZZZZA";
  s->content.letter.identity_document =
      (struct model_travel_document){"P", "ZZPASSPORT", "UTO", "2030-01-01"};
  const char *countries[] = {"ZZZ"};
  s->content.letter.not_valid_for = (struct model_texts){countries, 1};
  const char *dump = dump_of(s);
  assert_null(strstr(dump, "ZZ"));
  s->content.letter.print_not_valid_for = true; /* with the holder's consent */
  assert_non_null(strstr(dump_of(s), "ZZZ"));
}

static void a_manifest_shows_no_birth_date_and_no_role(void **state) {
  (void)state;
  struct sample *s = sample_named("manifest");
  const char *dump = dump_of(s);
  assert_null(strstr(dump, "1990"));
  struct model_occupant *o = &s->content.manifest.occupants[0];
  assert_int_equal(o->role, MODEL_RETURNEE);
  o->role = MODEL_VOLUNTARY_RETURNEE;
  assert_string_equal(dump_of(s), dump);
  s->content.manifest.occupants[4].role = MODEL_MEDIC; /* was an escort */
  assert_string_equal(dump_of(s), dump);
}

static void the_cover_names_nobody(void **state) {
  (void)state;
  struct sample *s = sample_named("manifest");
  const char *name = s->content.manifest.occupants[0].person.surname;
  for (const char *line = dump_of(s); *line;
       line += strcspn(line, "\n") + (line[strcspn(line, "\n")] != 0)) {
    size_t n = strcspn(line, "\n");
    const char *found = memmem(line, n, name, strlen(name));
    assert_false(found && strncmp(line, "p1 ", 3) == 0);
  }
}

static void an_offloaded_line_keeps_its_number_alone(void **state) {
  (void)state;
  struct sample *s = sample_named("manifest");
  struct model_occupant *o = &s->content.manifest.occupants[16];
  assert_true(o->offloaded);
  o->person.surname = "ZZSURNAME", o->person.given_names = "ZZGIVEN", o->seat = "ZZ1";
  const char *dump = dump_of(s);
  assert_null(strstr(dump, "ZZ"));
  assert_non_null(strstr(dump, "|DESEMBARCADO / |"));
}

static void more_legs_move_the_cover_down_together(void **state) {
  (void)state;
  struct sample *s = sample_named("manifest");
  struct model_leg *legs = SV_ARRAY(mem, 5, struct model_leg);
  for (size_t i = 0; i < 5; i++) {
    legs[i] = s->content.manifest.legs[i % 2];
  }
  s->content.manifest.legs = legs;
  s->content.manifest.leg_count = 5; /* two more than three: 10.8 lower */
  const char *dump = dump_of(s);
  assert_non_null(strstr(dump, "ornament black 105000,137700 panel"));
  assert_non_null(strstr(dump, "text black 15000,130100 P#301 serif 9.500 "));
}

static void a_draft_has_no_number_no_code_and_no_field(void **state) {
  (void)state;
  struct sample *s = sample_named("letter-draft");
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  s->request.contents_room = 3202;
  s->request.mrz[0] = s->request.mrz[1] = "PLUTOHADDAD<ZEITOUN<<NOUR<ELISE<<<<<";
  const char *dump = dump_of(s);
  assert_null(strstr(dump, "PLUTO"));
  assert_null(strstr(dump, "p1 code "));
  assert_non_null(strstr(dump, "|BORRADOR|"));
  assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &pdf, &slot)));
  assert_null(memmem(pdf.p, pdf.n, "/ByteRange", 10));
  assert_int_equal(slot.contents_at, 0);
}

static void the_same_request_gives_the_same_bytes(void **state) {
  (void)state;
  static const char *const names[] = {"letter-names", "manifest", "receipt-8"};
  for (size_t i = 0; i < 3; i++) {
    struct sample *s = sample_named(names[i]);
    struct sv_bytes a, b;
    struct sv_sig_slot slot;
    assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &a, &slot)));
    assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &b, &slot)));
    assert_true(sv_bytes_equal(a, b));
  }
}

/* As after a crash, when the same bytes must come from a server that has drawn nothing yet. */
static void what_was_drawn_before_changes_no_byte(void **state) {
  (void)state;
  static const char *const names[] = {"manifest", "letter-names", "receipt-8", "letter-draft"};
  struct docs *fresh;
  assert_false(sv_failed(docs_open(&ctx, "templates", &fresh)));
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    struct sample *s = sample_named(names[i]);
    struct sv_bytes a, b;
    struct sv_sig_slot first, second;
    for (size_t k = 0; k < 3; k++) { /* the third finds everything ready */
      assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &a, &first)));
    }
    assert_false(sv_failed(docs_render(fresh, &ctx, &s->request, &b, &second)));
    assert_true(sv_bytes_equal(a, b));
    assert_memory_equal(&first, &second, sizeof first);
  }
  docs_close(fresh);
}

/* The letter of one authority after those of others, and drawn by nobody before. */
static void letters_of_many_authorities_have_each_their_own_names(void **state) {
  (void)state;
  static char state_es[70][32];
  struct sv_bytes pdf[70];
  struct sv_sig_slot slot;
  for (int round = 0; round < 2; round++) {
    struct docs *fresh = NULL;
    if (round) {
      assert_false(sv_failed(docs_open(&ctx, "templates", &fresh)));
    }
    for (int k = 0; k < 70; k += round ? 9 : 1) {
      struct sample *s = sample_named(k % 2 ? "letter" : "receipt-8");
      struct sv_bytes again;
      snprintf(state_es[k], sizeof state_es[k], k == 18 ? "Utopía 王 %d" : "Utopía %d", k);
      s->issue.authority.state_es = state_es[k];
      struct sv_bytes *ret = round ? &again : &pdf[k];
      assert_false(sv_failed(docs_render(round ? fresh : docs, &ctx, &s->request, ret, &slot)));
      assert_true(round == 0 || sv_bytes_equal(again, pdf[k]));
    }
    docs_close(fresh);
  }
  for (int k = 2; k < 70; k++) {
    assert_false(sv_bytes_equal(pdf[k], pdf[k - 2]));
  }
}

/* Whatever the place where memory ends: no document, or the whole one. */
static void a_document_is_whole_or_refused_in_little_memory(void **state) {
  (void)state;
  struct sample *s = sample_named("letter-names");
  struct sv_bytes whole, pdf;
  struct sv_sig_slot slot;
  assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &whole, &slot)));
  size_t refused = 0, drawn = 0;
  for (size_t cap = 4096; drawn < 3; cap += 4096 + cap / 32) {
    struct sv_arena *little = sv_arena_open(cap);
    struct sv_ctx own = sv_ctx_over(little);
    sv_status status = docs_render(docs, &own, &s->request, &pdf, &slot);
    assert_true(!sv_failed(status) || status.reason == SV_NO_MEMORY || status.reason == SV_RENDER);
    assert_true(sv_failed(status) || sv_bytes_equal(pdf, whole));
    refused += sv_failed(status);
    drawn += !sv_failed(status);
    sv_arena_close(little);
  }
  assert_true(refused > 20);
}

static void documents_of_a_template_share_what_is_static(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  struct model_content *content = (struct model_content *)(uintptr_t)s->request.content;
  struct sv_bytes a, b;
  struct sv_sig_slot first, second;
  assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &a, &first)));
  const char *surname = content->letter.holder.surname;
  static const char *const others[] = {"OTRO", "ØST ÇELİK", "Ελένη", "ВЛАДИМИР", "王小明"};
  for (size_t i = 0; i < sizeof others / sizeof *others;
       i++) { /* whatever a name is written with */
    content->letter.holder.surname = others[i];
    sv_status again = docs_render(docs, &ctx, &s->request, &b, &second);
    content->letter.holder.surname = surname;
    assert_false(sv_failed(again));
    assert_int_equal(first.static_bytes, second.static_bytes);
    assert_true(first.static_bytes > a.n / 2);
    assert_memory_equal(a.p, b.p, first.static_bytes);
    assert_false(sv_bytes_equal(a, b));
  }
}

static size_t times(const char *text, const char *part) {
  size_t n = 0;
  while ((text = strstr(text, part)) != NULL) {
    text++, n++;
  }
  return n;
}

/* With a last page of few lines, of many, of none. */
static void every_page_of_lines_has_heads_and_all_but_the_last_a_foot(void **state) {
  (void)state;
  static const size_t lines[] = {1, 11, 12, 25, 26, 37, 50, 61, 62, 75};
  for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
    size_t first;
    struct sample *s = sample_named("manifest-180");
    s->content.manifest.occupant_count = lines[i];
    uint32_t pages = docs_page_count(docs, &s->content);
    sample_on(&ctx, s, MODEL_A4, pages);
    bool bare = docs_page_lines(&s->content, pages, &first) == 0;
    const char *dump = dump_of(s);
    assert_int_equal(times(dump, "|Apellidos|"), pages - 1 - (bare && pages > 2));
    assert_int_equal(times(dump, "|Categorías / |"), pages - 2);
    assert_int_equal(times(dump, " lines\n") * 5 + times(dump, " line\n"), lines[i]);
  }
}

static void manifests_of_many_pages_share_what_is_static(void **state) {
  (void)state;
  struct sv_bytes pdf[2];
  struct sv_sig_slot slot[2];
  for (int i = 0; i < 2; i++) {
    struct sample *s = sample_named("manifest-180");
    s->content.manifest.occupant_count = i ? 180 : 62;
    sample_on(&ctx, s, MODEL_A4, docs_page_count(docs, &s->content));
    assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &pdf[i], &slot[i])));
  }
  assert_int_equal(slot[0].static_bytes, slot[1].static_bytes);
  assert_memory_equal(pdf[0].p, pdf[1].p, slot[0].static_bytes);
}

static void documents_on_other_paper_share_other_beginnings(void **state) {
  (void)state;
  struct sv_bytes pdf[2][2];
  struct sv_sig_slot slot[2];
  for (int i = 0; i < 4; i++) {
    struct sample *s = sample_named("letter");
    s->content.paper = i / 2 ? MODEL_LETTER : MODEL_A4;
    s->content.letter.holder.surname = i % 2 ? "OTRO" : "UNO";
    assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &pdf[i / 2][i % 2], &slot[i / 2])));
  }
  for (int paper = 0; paper < 2; paper++) {
    assert_memory_equal(pdf[paper][0].p, pdf[paper][1].p, slot[paper].static_bytes);
  }
  size_t n =
      slot[0].static_bytes < slot[1].static_bytes ? slot[0].static_bytes : slot[1].static_bytes;
  assert_int_not_equal(memcmp(pdf[0][0].p, pdf[1][0].p, n), 0);
}

static void the_slot_is_where_it_says(void **state) {
  (void)state;
  struct sample *s = sample_named("receipt");
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &pdf, &slot)));
  assert_int_equal(slot.contents_room, s->request.contents_room);
  assert_int_equal(pdf.p[slot.byte_range_at], '[');
  assert_int_equal(pdf.p[slot.byte_range_at + slot.byte_range_room - 1], ']');
  assert_int_equal(pdf.p[slot.contents_at], '<');
  assert_int_equal(pdf.p[slot.contents_at + slot.contents_room - 1], '>');
  for (size_t i = 1; i + 1 < slot.contents_room; i++) {
    assert_int_equal(pdf.p[slot.contents_at + i], '0');
  }
}

static void pages_are_counted_before_they_are_drawn(void **state) {
  (void)state;
  static const struct {
    enum model_paper paper;
    size_t people;
    uint32_t pages;
  } cases[] = {{MODEL_A4, 1, 2},      {MODEL_A4, 11, 2},       {MODEL_A4, 12, 3},
               {MODEL_A4, 25, 3},     {MODEL_A4, 26, 3},       {MODEL_A4, 36, 3},
               {MODEL_A4, 37, 4},     {MODEL_A4, 180, 9},      {MODEL_PAPER_NONE, 500, 22},
               {MODEL_LETTER, 1, 2},  {MODEL_LETTER, 8, 2},    {MODEL_LETTER, 9, 3},
               {MODEL_LETTER, 23, 3}, {MODEL_LETTER, 24, 3},   {MODEL_LETTER, 31, 3},
               {MODEL_LETTER, 32, 4}, {MODEL_LETTER, 180, 10}, {MODEL_LETTER, 500, 24}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct model_content content = {.kind = MODEL_FLIGHT_MANIFEST,
                                    .paper = cases[i].paper,
                                    .manifest = {.occupant_count = cases[i].people}};
    size_t most = cases[i].paper == MODEL_LETTER ? 23 : 25;
    assert_int_equal(docs_page_count(docs, &content), cases[i].pages);
    size_t total = 0, first;
    for (uint32_t p = 1; p <= cases[i].pages; p++) {
      size_t n = docs_page_lines(&content, p, &first);
      assert_true(n == 0 || first == total);
      assert_in_range(n, 0, most);
      total += n;
    }
    assert_int_equal(total, cases[i].people);
  }
}

static void expect_lines_fit(enum model_paper paper) {
  struct sample *s = sample_named("receipt");
  struct model_receipt_line *lines = SV_ARRAY(mem, 60, struct model_receipt_line);
  s->content.paper = paper;
  for (size_t n = 1; n <= 60; n++) {
    for (size_t i = 0; i < n; i++) {
      lines[i] = s->content.receipt.lines[0];
    }
    struct sample t = *s;
    t.content.receipt.lines = lines;
    t.content.receipt.line_count = n;
    t.request.content = &t.content;
    t.request.issue = &t.issue;
    t.request.seal_count = 0;
    const char *dump = dump_of(&t);
    size_t found = 0;
    for (const char *p = dump; (p = strstr(p, "|Vuelo chárter XX 9001")) != NULL; p++) {
      found++;
    }
    assert_int_equal(found, n);
    const char *text;
    uint32_t page;
    assert_false(sv_failed(docs_crowded(docs, &ctx, &t.request, &text, &page)));
    if (text) {
      fail_msg("%zu lines, page %u: “%s” runs into something", n, page, text);
    }
  }
}

static void receipts_of_every_length_fit_their_pages(void **state) {
  (void)state;
  expect_lines_fit(MODEL_A4);
  expect_lines_fit(MODEL_LETTER);
}

static void expect_closing_fits(enum model_paper paper, size_t lines) {
  struct sample *s = sample_named("manifest");
  struct model_occupant *some = s->content.manifest.occupants;
  struct model_occupant *all = SV_ARRAY(mem, lines, struct model_occupant);
  for (size_t i = 0; i < lines; i++) {
    all[i] = some[i % s->content.manifest.occupant_count];
  }
  s->content.manifest.occupants = all;
  s->content.manifest.occupant_count = lines;
  sample_on(&ctx, s, paper, docs_page_count(docs, &s->content));
  const char *text;
  uint32_t page;
  assert_false(sv_failed(docs_crowded(docs, &ctx, &s->request, &text, &page)));
  if (text) {
    fail_msg("%zu lines, page %u: “%s” runs into something", lines, page, text);
  }
}

static void the_closing_block_has_room_under_every_number_of_lines(void **state) {
  (void)state;
  for (size_t lines = 1; lines <= 26; lines++) {
    expect_closing_fits(MODEL_A4, lines);
    expect_closing_fits(MODEL_LETTER, lines);
  }
}

/* Whether a text stands there, on either paper: micrometres from the lower left corner. */
static void expect_at(const char *name, enum model_paper paper, const char *where) {
  struct sample *s = sample_named(name);
  sample_on(&ctx, s, paper, docs_page_count(docs, &s->content));
  if (!strstr(dump_of(s), where)) {
    fail_msg("%s on paper %d: nothing at %s", name, (int)paper, where);
  }
}

static void each_band_moves_as_far_as_the_shorter_sheet_asks(void **state) {
  (void)state;
  expect_at("letter", MODEL_A4, "ornament black 105000,148500 panel");
  expect_at("letter", MODEL_LETTER, "ornament black 107950,139700 panel"); /* its own middle */
  expect_at("letter", MODEL_A4, "text black 15000,282000 ");
  expect_at("letter", MODEL_LETTER, "text black 17950,264400 "); /* as far from the upper edge */
  expect_at("letter", MODEL_A4, "text black 115000,15150 ");
  expect_at("letter", MODEL_LETTER, "text black 117950,15150 "); /* as far from the lower one */
}

static void the_machine_readable_zone_keeps_its_corner(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  const char *a = strstr(dump_of(s), " ocr-b ");
  s->content.paper = MODEL_LETTER;
  const char *b = strstr(dump_of(s), " ocr-b ");
  assert_non_null(a);
  assert_non_null(b);
  while (a[-1] != '\n') { /* the whole line, with its place */
    a--, b--;
  }
  assert_memory_equal(a, b, strcspn(a, "\n"));
}

static void a_page_is_as_large_as_its_paper(void **state) {
  (void)state;
  static const char *const boxes[] = {"/MediaBox[0 0 595.276 841.89]", "/MediaBox[0 0 612 792]"};
  for (int i = 0; i < 2; i++) {
    struct sample *s = sample_named("letter");
    struct sv_bytes pdf;
    struct sv_sig_slot slot;
    s->content.paper = i ? MODEL_LETTER : MODEL_A4;
    assert_false(sv_failed(docs_render(docs, &ctx, &s->request, &pdf, &slot)));
    assert_non_null(memmem(pdf.p, pdf.n, boxes[i], strlen(boxes[i])));
    assert_null(memmem(pdf.p, pdf.n, boxes[1 - i], strlen(boxes[1 - i])));
  }
}

static bool violated(const char *path) {
  for (size_t i = 0; i < ctx.violation_count; i++) {
    if (strcmp(ctx.violations[i].path, path) == 0) {
      return true;
    }
  }
  return false;
}

static void names_that_can_not_be_printed_are_violations(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  s->content.letter.holder.surname =
      "DONAUDAMPFSCHIFFFAHRTSELEKTRIZITÄTENHAUPTBETRIEBSWERKBAUUNTERBEAMTENGESELLSCHAFTX";
  s->content.letter.holder.native_name = "\xf0\x93\x80\x80"; /* an Egyptian hieroglyph */
  assert_int_equal(docs_check_content(docs, &ctx, &s->content, NULL).reason, SV_FIELD_INVALID);
  assert_true(violated("safe_conduct.holder.surname"));
  assert_true(violated("safe_conduct.holder.native_name"));
}

static void a_long_name_on_a_line_is_a_violation_of_that_line(void **state) {
  (void)state;
  struct sample *s = sample_named("manifest");
  s->content.manifest.occupants[30].person.surname =
      "RINDFLEISCHETIKETTIERUNGSÜBERWACHUNGSAUFGABENÜBERTRAGUNGSGESETZ";
  assert_int_equal(docs_check_content(docs, &ctx, &s->content, NULL).reason, SV_FIELD_INVALID);
  assert_int_equal(ctx.violation_count, 1);
  assert_true(violated("flight_manifest.occupants[30].person.surname"));
}

static void good_content_has_no_violation(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    struct sample *s = SV_NEW(mem, struct sample);
    assert_false(sv_failed(sample_make(&ctx, i, s)));
    if (sv_failed(docs_check_content(docs, &ctx, &s->content, NULL))) {
      fail_msg("%s: %s", s->name, ctx.violation_count ? ctx.violations[0].path : ctx.detail);
    }
  }
}

static void a_legal_basis_is_of_the_catalogue(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  assert_true(docs_legal_basis_known(docs, &s->content, "law_12_2019_art_8"));
  assert_false(docs_legal_basis_known(docs, &s->content, "law_12_2019"));
  assert_false(docs_legal_basis_known(docs, &s->content, ""));
  assert_string_equal(docs_template_for(docs, &ctx, &s->content), "safe_conduct/protection_stay@1");
}

static void a_portrait_that_is_none_is_refused(void **state) {
  (void)state;
  struct sample *s = sample_named("letter");
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  s->content.letter.holder.portrait_jpeg = sv_bytes_str("GIF89a");
  assert_int_equal(docs_render(docs, &ctx, &s->request, &pdf, &slot).reason, SV_FIELD_INVALID);
  sv_ctx_clear(&ctx);
  assert_int_equal(docs_check_content(docs, &ctx, &s->content, NULL).reason, SV_FIELD_INVALID);
  assert_true(violated("safe_conduct.holder.portrait_jpeg"));
}

/* A copy of templates/ with one file replaced; docs_open must refuse it and say where. */
static void expect_refused(const char *file, const char *text, const char *where) {
  char dir[] = "/tmp/templates-XXXXXX", command[512], path[256];
  assert_non_null(mkdtemp(dir));
  snprintf(command, sizeof command, "cp -r templates/. %s", dir);
  assert_int_equal(system(command), 0);
  snprintf(path, sizeof path, "%s/%s", dir, file);
  FILE *f = fopen(path, "ae");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
  struct docs *broken = NULL;
  struct sv_ctx own = sv_ctx_over(mem);
  assert_int_equal(docs_open(&own, dir, &broken).reason, SV_TEMPLATE);
  assert_non_null(strstr(own.detail, where));
  snprintf(command, sizeof command, "rm -r %s", dir);
  assert_int_equal(system(command), 0);
}

static void faults_of_templates_are_found_at_start(void **state) {
  (void)state;
  expect_refused("captions/es.txt", "surprise = sorpresa\n", "es.txt:");
  expect_refused("captions/en.txt", "surname = Surname\n", "given before");
  expect_refused("safe_conduct/letter/clause.es.md", "\n[enlace](https://example.org)\n",
                 "clause.es.md:");
  expect_refused("safe_conduct/letter/clause.es.md", "\n<b>negrita</b>\n", "clause.es.md:");
  expect_refused("safe_conduct/letter/layout.conf", "no equals sign\n", "layout.conf:");
  expect_refused("safe_conduct/letter/layout.conf", "area.es = \xff\n", "UTF-8");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(the_letter_is_drawn_as_before, begin),
      cmocka_unit_test_setup(the_emergency_document_is_drawn_as_before, begin),
      cmocka_unit_test_setup(the_manifest_is_drawn_as_before, begin),
      cmocka_unit_test_setup(the_receipt_is_drawn_as_before, begin),
      cmocka_unit_test_setup(letters_of_different_purposes_look_alike, begin),
      cmocka_unit_test_setup(private_fields_are_not_on_the_page, begin),
      cmocka_unit_test_setup(a_manifest_shows_no_birth_date_and_no_role, begin),
      cmocka_unit_test_setup(the_cover_names_nobody, begin),
      cmocka_unit_test_setup(an_offloaded_line_keeps_its_number_alone, begin),
      cmocka_unit_test_setup(more_legs_move_the_cover_down_together, begin),
      cmocka_unit_test_setup(a_draft_has_no_number_no_code_and_no_field, begin),
      cmocka_unit_test_setup(the_same_request_gives_the_same_bytes, begin),
      cmocka_unit_test_setup(what_was_drawn_before_changes_no_byte, begin),
      cmocka_unit_test_setup(letters_of_many_authorities_have_each_their_own_names, begin),
      cmocka_unit_test_setup(a_document_is_whole_or_refused_in_little_memory, begin),
      cmocka_unit_test_setup(documents_of_a_template_share_what_is_static, begin),
      cmocka_unit_test_setup(every_page_of_lines_has_heads_and_all_but_the_last_a_foot, begin),
      cmocka_unit_test_setup(manifests_of_many_pages_share_what_is_static, begin),
      cmocka_unit_test_setup(documents_on_other_paper_share_other_beginnings, begin),
      cmocka_unit_test_setup(the_slot_is_where_it_says, begin),
      cmocka_unit_test_setup(pages_are_counted_before_they_are_drawn, begin),
      cmocka_unit_test_setup(receipts_of_every_length_fit_their_pages, begin),
      cmocka_unit_test_setup(the_closing_block_has_room_under_every_number_of_lines, begin),
      cmocka_unit_test_setup(each_band_moves_as_far_as_the_shorter_sheet_asks, begin),
      cmocka_unit_test_setup(the_machine_readable_zone_keeps_its_corner, begin),
      cmocka_unit_test_setup(a_page_is_as_large_as_its_paper, begin),
      cmocka_unit_test_setup(names_that_can_not_be_printed_are_violations, begin),
      cmocka_unit_test_setup(a_long_name_on_a_line_is_a_violation_of_that_line, begin),
      cmocka_unit_test_setup(good_content_has_no_violation, begin),
      cmocka_unit_test_setup(a_legal_basis_is_of_the_catalogue, begin),
      cmocka_unit_test_setup(a_portrait_that_is_none_is_refused, begin),
      cmocka_unit_test_setup(faults_of_templates_are_found_at_start, begin),
  };
  return cmocka_run_group_tests(tests, open_docs, close_docs);
}
