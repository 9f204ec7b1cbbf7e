/* Is there a change of a sealed file, of any level, that the judge calls valid, or that hurts it? Each mutant is judged with a
 * registry that knows the original, and in bounded memory and time. SV_LONG: every byte by every mask. */
#include "tests/verify/levels.h"

enum { MUTANT_BYTES_MAX = 48 << 20, MUTANT_MS_MAX = 4000, SAMPLES = 300 };

static const char *const names[] = {
    "b-b",        "b-t",     "b-lt",        "b-lta",        "raised-t",          "raised-lt",
    "raised-lta", "renewed", "streams-b-b", "streams-b-lt", "streams-raised-lta"};
enum { NAMES = sizeof names / sizeof *names };

static int64_t when(const char *name) {
  return strcmp(name, "renewed") == 0 ? start_us + 3 * YEAR_US : start_us + DAY_US;
}
static const char *original_of(const char *name) {
  bool streams = strncmp(name, "streams-", 8) == 0;
  name += streams ? 8 : 0;
  bool low = strcmp(name, "b-b") == 0 || name[2] == 'i';
  return streams ? (low ? "streams-b-b" : "streams-b-t") : low ? "b-b" : "b-t";
}

/* Judges in an arena of its own; the text of the verdict is for the one who looks at a failure. */
static enum verify_verdict verdict_of(struct sv_bytes pdf, const struct registry_double *registry,
                                      int64_t now_us, char detail[static 160]) {
  struct sv_arena *own = sv_arena_open(MUTANT_BYTES_MAX);
  struct sv_ctx aside = sv_ctx_over(own);
  struct verify_report r = {.verdict = VERIFY_NONE, .detail = ""};
  uint64_t from = sv_monotonic_ns();
  sv_status s = verify_pdf(&aside, trust, registry ? &registry->base : NULL, now_us, pdf, &r);
  uint64_t took_ms = (sv_monotonic_ns() - from) / 1000000;
  assert_true(s.reason == SV_OK || s.reason == SV_NO_MEMORY);
  assert_true(took_ms < MUTANT_MS_MAX);
  (void)snprintf(detail, 160, "%s %.120s", verify_verdict_name(r.verdict), r.detail);
  sv_arena_close(own);
  return r.verdict;
}

static void is_refused(struct sv_bytes pdf, const struct registry_double *registry, int64_t now_us,
                       const char *what, size_t at) {
  char detail[160];
  enum verify_verdict with = verdict_of(pdf, registry, now_us, detail);
  if (with == VERIFY_VALID) {
    char around[2 * 24 + 1];
    size_t from = at < 12 || at > pdf.n ? 0 : at - 12;
    sv_hex(pdf.p + from, pdf.n - from < 24 ? pdf.n - from : 24, around);
    print_error("%s at %zu (of %s): %s\n", what, at, around, detail);
  }
  assert_int_not_equal(with, VERIFY_VALID);
}

static uint8_t *copy_of(struct sv_bytes pdf, size_t room) {
  uint8_t *p = sv_arena_alloc(arena, pdf.n + room);
  assert_non_null(p);
  memcpy(p, pdf.p, pdf.n);
  return p;
}

static void no_flipped_byte_of_any_level_is_valid(void **state) {
  (void)state;
  static const uint8_t masks[] = {0x01, 0x20, 0x80, 0x04, 0x10, 0xFF};
  bool every = getenv("SV_LONG") && getenv("SV_LONG")[0];
  for (size_t k = 0; k < NAMES; k++) {
    struct sv_bytes pdf = file(names[k]);
    struct registry_double registry = registered(original_of(names[k]));
    size_t original_n = file(original_of(names[k])).n;
    uint8_t *p = copy_of(pdf, 0);
    /* the first revision is held by the registry's digest: fewer of its bytes in the short run */
    size_t step = every ? 1 : 1 + (pdf.n - original_n) / SAMPLES;
    /* in the long run the signed part of a raised file was done with the file that it is */
    size_t from = every && pdf.n > original_n ? original_n : 0;
    for (size_t i = from; i < pdf.n; i += every ? 1 : i < original_n ? 397 : step) {
      for (size_t m = 0; m < (every ? sizeof masks : 1); m++) {
        uint8_t mask = masks[every ? m : (i / step) % 3];
        p[i] ^= mask;
        is_refused(sv_bytes_of(p, pdf.n), &registry, when(names[k]), names[k], i);
        p[i] ^= mask;
      }
    }
  }
}

/* Where numbers, names and white space of the appended revisions stand, every byte counts in the short run too: they are few
 * beside the hexadecimal digits and the DER. */
static void no_flipped_byte_of_the_frame_is_valid(void **state) {
  (void)state;
  static const uint8_t masks[] = {0x01, 0x20, 0x07};
  static const char *const raised[] = {"b-lt", "streams-b-lt"};
  for (size_t k = 0; k < 2; k++) {
    struct sv_bytes pdf = file(raised[k]);
    size_t original_n = file(original_of(raised[k])).n;
    struct registry_double registry = registered(original_of(raised[k]));
    uint8_t *p = copy_of(pdf, 0);
    size_t frame =
        (size_t)((const uint8_t *)memmem(p + original_n, pdf.n - original_n, "/Type/DSS", 9) - p);
    for (size_t i = frame - 16; i < pdf.n; i++) {
      for (size_t m = 0; m < sizeof masks; m++) {
        p[i] ^= masks[m];
        is_refused(sv_bytes_of(p, pdf.n), &registry, when(raised[k]), "frame", i);
        p[i] ^= masks[m];
      }
    }
  }
}

/* Where a list alone says what became of a document, no digest of the file is known: signature and rules have to do. */
static void no_flipped_byte_is_valid_where_a_list_alone_is_asked(void **state) {
  (void)state;
  static const char *const kinds[] = {"b-b", "b-t", "b-lt", "b-lta", "streams-b-b", "streams-b-lt"};
  static const uint8_t masks[] = {0x01, 0x20, 0x80};
  bool every = getenv("SV_LONG") && getenv("SV_LONG")[0];
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    struct sv_bytes pdf = file(kinds[k]);
    struct registry_double list = registered(original_of(kinds[k]));
    char detail[160];
    list.row.no_digests = true;
    list.row.copies = NULL;
    list.row.copy_count = 0;
    memset(list.row.record_sha256, 0, sizeof list.row.record_sha256);
    assert_int_equal(verdict_of(pdf, &list, when(kinds[k]), detail), VERIFY_VALID);
    uint8_t *p = copy_of(pdf, 1);
    for (size_t i = 0; i < pdf.n; i += every ? 1 : 1 + pdf.n / SAMPLES) {
      uint8_t mask = masks[i % 3];
      p[i] ^= mask;
      is_refused(sv_bytes_of(p, pdf.n), &list, when(kinds[k]), kinds[k], i);
      p[i] ^= mask;
    }
    for (size_t n = 0; n < 256; n += every ? 1 : 17) {
      p[pdf.n] = (uint8_t)n;
      is_refused(sv_bytes_of(p, pdf.n + 1), &list, when(kinds[k]), "one byte more", n);
    }
  }
}

static void no_shortened_or_lengthened_file_is_valid_but_a_whole_revision(void **state) {
  (void)state;
  for (size_t k = 0; k < NAMES; k++) {
    struct sv_bytes pdf = file(names[k]);
    struct registry_double registry = registered(original_of(names[k]));
    for (size_t n = 1; n < pdf.n; n += 211) {
      bool whole = memcmp(pdf.p + n - 6, "%%EOF\n", n < 6 ? 0 : 6) == 0 && n > 6;
      if (!whole) {
        is_refused(sv_bytes_of(pdf.p, n), &registry, when(names[k]), "shortened", n);
      }
    }
    static const char *const more[] = {"\n", " ", "%", "\0", "%%EOF\n", "startxref\n9\n%%EOF\n"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
      size_t n = more[i][0] ? strlen(more[i]) : 1;
      uint8_t *p = copy_of(pdf, n);
      memcpy(p + pdf.n, more[i], n);
      is_refused(sv_bytes_of(p, pdf.n + n), &registry, when(names[k]), "lengthened", i);
    }
  }
}

/* Every text of one in the file replaced by one of the same length, at each place where it stands. */
static void no_bent_word_is_valid(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
  } words[] = {
      {"/ByteRange[0 ", "/ByteRange[1 "},
      {"/ByteRange[0 ", "/ByteRange[-1"},
      {"/ByteRange[0 ", "/BiteRange[0 "},
      {"/Contents<3", "/Contents<>"},
      {"/Contents<3", "/Contents<x"},
      {"/Contents<30", "/Contents(30"},
      {"/Contents<3", "/Cantents<3"},
      {"ETSI.CAdES.detached", "adbe.pkcs7.detached"},
      {"/ETSI.RFC3161", "/ETSI.RFC3162"},
      {"/Type/DocTimeStamp", "/Type/Sig/Fo/ooooo"},
      {"/Type/Sig", "/Type/Sug"},
      {"/FT/Sig", "/FT/Btn"},
      {"/Fields[5 0 R", "/Fields[4 0 R"},
      {"/Fields[5", "/Yields[5"},
      {"/Root 1 0 R", "/Root 2 0 R"},
      {"/Root 1 0 R", "/Loot 1 0 R"},
      {"/Prev ", "/Preb "},
      {"/Size ", "/Sise "},
      {"startxref\n", "startxerf\n"},
      {"/SigFlags 3", "/SigFlags 1"},
      {"trailer\n", "trailed\n"},
      {"xref\n", "xerf\n"},
      {"endobj", "endobk"},
      {"endstream", "endstrean"},
      {"/Kids[3 0 R]", "/Kids[2 0 R]"},
      {"/Parent 2 0 R", "/Parent 3 0 R"},
      {"/DSS ", "/DSR "},
      {"/Type/DSS", "/Type/DSR"},
      {"/Certs[", "/Cerst["},
      {"/OCSPs[", "/CRLss["},
      {"/ESIC<<", "/OTHR<<"},
      {"/ExtensionLevel 5", "/ExtensionLevel 6"},
      {" 00000 n ", " 00001 n "},
      {" 00000 n ", " 00000 f "},
      {"0000000000 65535 f", "0000000009 00000 n"},
      {"%%EOF", "%%EOE"},
  };
  for (size_t k = 0; k < NAMES; k++) {
    struct sv_bytes pdf = file(names[k]);
    struct registry_double registry = registered(original_of(names[k]));
    for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
      size_t n = strlen(words[w].from);
      assert_int_equal(n, strlen(words[w].to));
      for (const uint8_t *at = pdf.p;
           (at = memmem(at, pdf.n - (size_t)(at - pdf.p), words[w].from, n)); at++) {
        uint8_t *p = copy_of(pdf, 0);
        memcpy(p + (at - pdf.p), words[w].to, n);
        is_refused(sv_bytes_of(p, pdf.n), &registry, when(names[k]), words[w].to,
                   (size_t)(at - pdf.p));
      }
    }
  }
}

/* A revision of the attacker's own behind each level: an object, its table, a trailer with what he wants. */
/* How a trailer goes back to the revision before. */
struct back {
  const char *before;
  bool number; /* of the table before */
  const char *after;
};
static struct sv_bytes appended(struct sv_bytes pdf, const char *object, unsigned n,
                                const struct back *back) {
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_put(&b, pdf.p, pdf.n);
  size_t at = b.n;
  sv_buf_str(&b, object);
  size_t xref = b.n;
  const char *start = memmem(pdf.p + pdf.n - 40, 40, "startxref", 9);
  long prev = strtol(start + 10, NULL, 10);
  sv_buf_printf(&b, "xref\n%u 1\n%010zu 00000 n \ntrailer\n<</Size 90/Root 1 0 R", n, at);
  sv_buf_str(&b, back->before);
  if (back->number) {
    sv_buf_printf(&b, "%ld", prev);
  }
  sv_buf_str(&b, back->after);
  sv_buf_printf(&b, ">>\nstartxref\n%zu\n%%%%EOF\n", xref);
  return sv_buf_bytes(&b);
}

static void no_appended_object_is_valid_whatever_its_cross_reference_says(void **state) {
  (void)state;
  static const struct {
    const char *object;
    unsigned n;
  } objects[] = {
      {"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n", 1},
      {"2 0 obj\n<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>\nendobj\n", 2},
      {"2 0 obj\n<</Type/Pages/Kids[2 0 R]/Count 1>>\nendobj\n", 2},
      {"4 0 obj\n<</Length 3>>\nstream\nnew\nendstream\nendobj\n", 4},
      {"4 0 obj\n<</Length 4 0 R>>\nstream\nnew\nendstream\nendobj\n", 4},
      {"6 0 obj\nnull\nendobj\n", 6},
      {"6 0 obj\n<</Type/Sig>>\nendobj\n", 6},
      {"8 0 obj\n<</Type/Filespec/F(record.json)>>\nendobj\n", 8},
      {"89 0 obj\n<</Type/Page>>\nendobj\n", 89},
      {"89 0 "
       "obj\n[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\nendobj\n",
       89},
  };
  static const struct back trailers[] = {{"/Prev ", true, ""},
                                         {"", false, ""},
                                         {"/Prev 0", false, ""},
                                         {"/Prev ", true, "/XRefStm 9"},
                                         {"/Prev 99999999999999999999", false, ""},
                                         {"/Prev ", true, "/Encrypt 9 0 R"},
                                         {"/Prev -", true, ""}};
  for (size_t k = 0; k < NAMES; k++) {
    struct sv_bytes pdf = file(names[k]);
    struct registry_double registry = registered(original_of(names[k]));
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
      for (size_t t = 0; t < sizeof trailers / sizeof *trailers; t++) {
        struct sv_bytes mutant = appended(pdf, objects[i].object, objects[i].n, &trailers[t]);
        is_refused(mutant, &registry, when(names[k]), objects[i].object, t);
      }
    }
  }
}

static const struct back plain_back = {"/Prev ", true, ""};

/* A long chain of revisions, a stream that inflates without end, a table of very many objects. */
static void bombs_are_refused_in_bounded_time_and_memory(void **state) {
  (void)state;
  struct registry_double registry = registered("b-b");
  struct sv_bytes pdf = file("b-b");
  for (int i = 0; i < 40; i++) {
    pdf = appended(pdf, "9 0 obj\nnull\nendobj\n", 9, &plain_back);
  }
  is_refused(pdf, &registry, when("b-b"), "revisions", 40);
  struct sv_buf b = sv_buf_in(arena, 0);
  struct sv_bytes low = file("b-b");
  sv_buf_put(&b, low.p, low.n);
  size_t xref = b.n;
  sv_buf_str(&b, "xref\n0 190000\n");
  for (int i = 0; i < 190000; i++) {
    sv_buf_str(&b, "0000000015 00000 n \n");
  }
  sv_buf_printf(&b, "trailer\n<</Size 190000/Root 1 0 R/Prev 9>>\nstartxref\n%zu\n%%%%EOF\n", xref);
  is_refused(sv_buf_bytes(&b), &registry, when("b-b"), "objects", 190000);
  /* time-stamps upon time-stamps: as many as a file of ours could ever have are read, more are not */
  char detail[160];
  registry = registered("b-t");
  assert_int_equal(verdict_of(file("stamps-14"), &registry, when("b-lta"), detail), VERIFY_VALID);
  is_refused(file("stamps-20"), &registry, when("b-lta"), "stamps", 20);
  registry = registered("b-b");
  /* arrays of references to themselves, as a catalog */
  struct sv_bytes loop = appended(file("b-b"), "1 0 obj\n1 0 R\nendobj\n", 1, &plain_back);
  is_refused(loop, &registry, when("b-b"), "loop", 1);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, open_one, close_one)
  const struct CMUnitTest tests[] = {
      T(no_flipped_byte_of_any_level_is_valid),
      T(no_flipped_byte_of_the_frame_is_valid),
      T(no_flipped_byte_is_valid_where_a_list_alone_is_asked),
      T(no_shortened_or_lengthened_file_is_valid_but_a_whole_revision),
      T(no_bent_word_is_valid),
      T(no_appended_object_is_valid_whatever_its_cross_reference_says),
      T(bombs_are_refused_in_bounded_time_and_memory),
  };
  return cmocka_run_group_tests(tests, open_all, close_all);
}
