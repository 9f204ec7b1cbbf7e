/* Does the reader find what is there, in both kinds of cross reference, and refuse what is bent? */
#include "pdfio/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <zlib.h>

#include <cmocka.h>

#include "tests/small_pdf.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(64 << 20);
  ctx = sv_ctx_over(arena);
  return arena ? 0 : -1;
}
static int teardown(void **state) {
  (void)state;
  sv_arena_close(arena);
  return 0;
}

static struct pdfio *opened(struct sv_bytes file) {
  struct pdfio *p = NULL;
  sv_status s = pdfio_open(&ctx, file, &p);
  if (sv_failed(s)) {
    print_error("%s\n", ctx.detail);
  }
  assert_int_equal(s.reason, SV_OK);
  return p;
}

static const struct pdfio_value *entry(struct pdfio *p, const struct pdfio_value *v,
                                       const char *key) {
  const struct pdfio_value *r = NULL;
  assert_int_equal(pdfio_entry(p, v, key, &r).reason, SV_OK);
  return r;
}

static struct sv_bytes small(const char *content, const char *extra, size_t extra_count) {
  struct small_pdf in = {.content = content,
                         .contents_room = 34,
                         .record = sv_bytes_str("{}"),
                         .extra_objects = extra,
                         .extra_count = extra_count};
  struct small_pdf_out out = small_pdf_write(arena, &in);
  assert_true(out.n > 0);
  return sv_bytes_of(out.p, out.n);
}

static void a_classic_file_gives_its_objects_streams_and_revision(void **state) {
  (void)state;
  struct sv_bytes file = small("0 0 m", NULL, 0);
  struct pdfio *p = opened(file);
  const struct pdfio_value *root = entry(p, pdfio_trailer(p), "Root");
  assert_true(pdfio_is_name(pdfio_direct(root, "Type"), "Catalog"));
  const struct pdfio_value *kids = entry(p, entry(p, root, "Pages"), "Kids");
  assert_int_equal(kids->array.n, 1);
  const struct pdfio_value *page;
  assert_int_equal(pdfio_resolve(p, kids->array.items[0], &page).reason, SV_OK);
  struct sv_bytes data;
  assert_int_equal(pdfio_data(p, entry(p, page, "Contents"), 100, &data).reason, SV_OK);
  assert_true(sv_bytes_equal(data, sv_bytes_str("0 0 m")));
  assert_int_equal(pdfio_revision_count(p), 1);
  assert_int_equal(pdfio_revision(p, 0)->end, file.n);
  assert_int_equal(pdfio_size(p), 9);
}

static void a_value_knows_where_it_stands_in_the_file(void **state) {
  (void)state;
  struct sv_bytes file = small("", NULL, 0);
  struct pdfio *p = opened(file);
  const struct pdfio_value *sig;
  assert_int_equal(pdfio_object(p, 6, &sig).reason, SV_OK);
  const struct pdfio_value *contents = pdfio_direct(sig, "Contents");
  assert_true(contents->in_file);
  assert_int_equal(file.p[contents->at], '<');
  assert_int_equal(file.p[contents->end - 1], '>');
  assert_int_equal(contents->end - contents->at, 34);
  assert_int_equal(contents->bytes.n, 16);
}

static void values_of_every_type_are_read(void **state) {
  (void)state;
  struct sv_bytes file = small(
      "",
      "9 0 obj\n<</A -17/B +.5/C -3.25/D true/E false/F null/G(a\\(b\\)(c)\\101\\n\\\n)/H<4 1 4>"
      "/I#20J[1 0 R 2 3 0 R % note\n]/K/N#61me>>\nendobj\n",
      1);
  struct pdfio *p = opened(file);
  const struct pdfio_value *v;
  assert_int_equal(pdfio_object(p, 9, &v).reason, SV_OK);
  assert_int_equal(pdfio_direct(v, "A")->integer, -17);
  assert_true(pdfio_direct(v, "B")->real > 0.49 && pdfio_direct(v, "B")->real < 0.51);
  assert_true(pdfio_direct(v, "C")->real < -3.24 && pdfio_direct(v, "C")->real > -3.26);
  assert_true(pdfio_direct(v, "D")->boolean);
  assert_false(pdfio_direct(v, "E")->boolean);
  assert_int_equal(pdfio_direct(v, "F")->type, PDFIO_NULL);
  assert_true(sv_bytes_equal(pdfio_direct(v, "G")->bytes, sv_bytes_str("a(b)(c)A\n")));
  assert_true(sv_bytes_equal(pdfio_direct(v, "H")->bytes, sv_bytes_str("A@")));
  const struct pdfio_value *list = pdfio_direct(v, "I J");
  assert_int_equal(list->array.n, 3);
  assert_int_equal(list->array.items[0]->type, PDFIO_REF);
  assert_int_equal(list->array.items[1]->type, PDFIO_INT);
  assert_int_equal(list->array.items[2]->ref.number, 3);
  assert_true(pdfio_is_name(pdfio_direct(v, "K"), "Name"));
}

/* The catalog and its pages in an object stream, found by a cross reference stream; both deflated with a predictor
 * when `predict`. */
static struct sv_bytes with_streams(bool predict, const char *objects, uint32_t number_in_head) {
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_str(&b, "%PDF-1.7\n");
  size_t at2 = b.n;
  char *head = sv_arena_printf(arena, "%u 0 3 33 ", number_in_head);
  char *body = sv_arena_printf(arena, "%s%s", head, objects);
  sv_buf_printf(&b,
                "2 0 obj\n<</Type/ObjStm/N 2/First %zu/Length %zu>>stream\n%s\nendstream\nendobj\n",
                strlen(head), strlen(body), body);
  size_t at4 = b.n;
  /* types 1 2 1; rows of 1 + 4 + 1 bytes: 0 free, 1 in 2, 2 at, 3 in 2, 4 at */
  uint8_t rows[5][6] = {
      {0}, {2, 0, 0, 0, 2, 0}, {1, 0, 0, 0, 0, 0}, {2, 0, 0, 0, 2, 1}, {1, 0, 0, 0, 0, 0}};
  for (int i = 0; i < 4; i++) {
    rows[2][1 + i] = (uint8_t)(at2 >> 8 * (3 - i));
    rows[4][1 + i] = (uint8_t)(at4 >> 8 * (3 - i));
  }
  uint8_t up[5][7];
  for (int r = 0; r < 5; r++) {
    up[r][0] = 2;
    for (int i = 0; i < 6; i++) {
      up[r][i + 1] = (uint8_t)(rows[r][i] - (r ? rows[r - 1][i] : 0));
    }
  }
  uint8_t packed[256];
  uLongf packed_n = sizeof packed;
  assert_int_equal(compress(packed, &packed_n, up[0], sizeof up), Z_OK);
  sv_buf_printf(&b, "4 0 obj\n<</Type/XRef/Size 5/W[1 4 1]/Root 1 0 R%s/Length %zu>>stream\n",
                predict ? "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 6>>" : "",
                predict ? (size_t)packed_n : sizeof rows);
  if (predict) {
    sv_buf_put(&b, packed, packed_n);
  } else {
    sv_buf_put(&b, rows, sizeof rows);
  }
  sv_buf_printf(&b, "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", at4);
  return sv_buf_bytes(&b);
}
static const char two_objects[] = "<</Type/Catalog   /Pages 3 0 R>> <</Type/Pages/Kids[]/Count 0>>";

static void object_streams_and_cross_reference_streams_are_read(void **state) {
  (void)state;
  for (int predict = 0; predict < 2; predict++) {
    struct sv_bytes file = with_streams(predict, two_objects, 1);
    struct pdfio *p = opened(file);
    const struct pdfio_value *root = entry(p, pdfio_trailer(p), "Root");
    assert_true(pdfio_is_name(pdfio_direct(root, "Type"), "Catalog"));
    assert_false(root->in_file);
    assert_true(pdfio_is_name(pdfio_direct(entry(p, root, "Pages"), "Type"), "Pages"));
    assert_true(pdfio_revision(p, 0)->xref_stream);
    assert_int_equal(pdfio_revision(p, 0)->end, file.n);
  }
}

static void another_object_in_an_object_stream_is_refused(void **state) {
  (void)state;
  struct pdfio *p = opened(with_streams(false, two_objects, 7));
  const struct pdfio_value *v;
  assert_int_equal(pdfio_entry(p, pdfio_trailer(p), "Root", &v).reason, SV_PDF_FORMAT);
}

/* Both objects of with_streams are asked for, and the check of all streams is run: what fails first. */
static enum sv_reason reason_of_reading(struct sv_bytes file) {
  struct sv_ctx own = sv_ctx_over(arena);
  struct pdfio *p;
  const struct pdfio_value *v;
  sv_status s = pdfio_open(&own, file, &p);
  for (uint32_t number = 1; number < 4 && !sv_failed(s); number += 2) {
    s = pdfio_object(p, number, &v);
  }
  return sv_failed(s) ? s.reason : pdfio_streams_check(p).reason;
}

static void bent_object_streams_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *from, *to;
    enum sv_reason reason;
  } rows[] = {
      {"/N 2", "/N 2", SV_OK},
      {"/N 2", "/N 9", SV_PDF_FORMAT}, /* more than its head has */
      {"/N 2", "/N 1", SV_PDF_FORMAT}, /* less than the rows say */
      {"/N 2", "/N-2", SV_PDF_FORMAT},
      {"/First 9", "/First-9", SV_PDF_FORMAT},
      {"/First 9", "/First 8", SV_PDF_FORMAT}, /* an object that begins before its place */
      {"/Length 72", "/Length 10", SV_PDF_FORMAT},
      {"/Type/ObjStm", "/Type/ObjStn", SV_PDF_FORMAT},
      {"1 0 3 33", "1 0 3 99", SV_PDF_FORMAT}, /* past the end */
      {"1 0 3 33", "1 0 3 32", SV_PDF_FORMAT}, /* in a space */
      {"1 0 3 33", "1 9 3 33", SV_PDF_FORMAT}, /* in the middle of another value */
      {"1 0 3 33", "1 0 1 33", SV_PDF_FORMAT}, /* one object twice */
      {"0>>", "0>9", SV_PDF_FORMAT},
      {"/Catalog  ", "/Catalog>>",
       SV_PDF_FORMAT}, /* a value that ends early: the rest is nobody's */
      {"\2\0\0\0\2\1", "\2\0\0\0\4\1", SV_PDF_FORMAT}, /* in what is no object stream */
      {"\2\0\0\0\2\1", "\2\0\0\0\3\1", SV_PDF_FORMAT}, /* in itself */
      {"\2\0\0\0\2\1", "\2\0\0\0\2\0", SV_PDF_FORMAT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sv_bytes file = with_streams(false, two_objects, 1);
    size_t n = rows[i].from[0] == 2 ? 6 : strlen(rows[i].from);
    uint8_t *at = memmem(file.p, file.n, rows[i].from, n);
    assert_non_null(at);
    memcpy(at, rows[i].to, n);
    if (reason_of_reading(file) != rows[i].reason) {
      print_error("row %zu: %s\n", i, rows[i].to);
    }
    assert_int_equal(reason_of_reading(file), rows[i].reason);
  }
}

static void revisions_are_found_with_their_ends_and_the_newest_object_wins(void **state) {
  (void)state;
  struct sv_bytes first = small("old", NULL, 0);
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_put(&b, first.p, first.n);
  size_t at = b.n;
  sv_buf_str(&b, "4 0 obj\n<</Length 3>>\nstream\nnew\nendstream\nendobj\n");
  size_t xref = b.n;
  const char *tail = strstr((const char *)first.p + first.n - 40, "startxref");
  sv_buf_printf(&b,
                "xref\n4 1\n%010zu 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev "
                "%ld>>\nstartxref\n%zu\n%%%%EOF\n",
                at, strtol(tail + 10, NULL, 10), xref);
  struct pdfio *p = opened(sv_buf_bytes(&b));
  assert_int_equal(pdfio_revision_count(p), 2);
  assert_int_equal(pdfio_revision(p, 0)->end, first.n);
  assert_int_equal(pdfio_revision(p, 1)->end, b.n);
  const struct pdfio_value *v;
  struct sv_bytes data;
  assert_int_equal(pdfio_object(p, 4, &v).reason, SV_OK);
  assert_int_equal(pdfio_data(p, v, 100, &data).reason, SV_OK);
  assert_true(sv_bytes_equal(data, sv_bytes_str("new")));
}

/* Replaces the first occurrence of a text by one of the same length, and says how opening ends. */
static enum sv_reason opening_with(const char *from, const char *to) {
  struct sv_bytes file = small("0 0 m", NULL, 0);
  uint8_t *p = sv_arena_alloc(arena, file.n);
  memcpy(p, file.p, file.n);
  assert_int_equal(strlen(from), strlen(to));
  uint8_t *at = memmem(p, file.n, from, strlen(from));
  assert_non_null(at);
  memcpy(at, to, strlen(to));
  struct pdfio *r;
  sv_ctx_clear(&ctx);
  return pdfio_open(&ctx, sv_bytes_of(p, file.n), &r).reason;
}

static void bent_cross_references_are_refused(void **state) {
  (void)state;
  assert_int_equal(opening_with("0 9\n", "0 9\n"), SV_OK);
  assert_int_equal(opening_with("0 9\n", "0 8\n"), SV_PDF_FORMAT);
  assert_int_equal(opening_with("0 9\n", "9 9\n"), SV_PDF_FORMAT); /* Size */
  assert_int_equal(opening_with("/Size 9", "/Size 3"), SV_PDF_FORMAT);
  assert_int_equal(opening_with("/Size 9/Root 1 0 R", "/Size 9/XRefStm 99"),
                   SV_PDF_FORMAT); /* hybrid */
  assert_int_equal(opening_with("/Size 9/Root 1 0 R", "/Size 9/Prev 99999"), SV_PDF_FORMAT);
  assert_int_equal(opening_with("00000 n ", "00000 x "), SV_PDF_FORMAT);
  assert_int_equal(opening_with("0000000000 65535 f ", "0000000000 65535 f\t"), SV_PDF_FORMAT);
  assert_int_equal(opening_with("startxref\n", "startxref-"), SV_PDF_FORMAT);
  assert_int_equal(opening_with("%PDF-1.7", "%PFD-1.7"), SV_PDF_FORMAT);
}

static void a_loop_of_prev_is_refused(void **state) {
  (void)state;
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_str(&b,
             "%PDF-1.7\nxref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 1/Prev "
             "9>>\nstartxref\n9\n%%EOF\n");
  struct pdfio *p;
  assert_int_equal(pdfio_open(&ctx, sv_buf_bytes(&b), &p).reason, SV_PDF_FORMAT);
}

static void objects_that_need_themselves_are_refused(void **state) {
  (void)state;
  static const struct {
    const char *object;
    enum sv_reason reason;
  } rows[] = {
      {"9 0 obj\n<</Length 9 0 R>>\nstream\nx\nendstream\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<</Length 1>>\nstream\nx\nendstream\nendobj\n", SV_OK},
      {"9 0 obj\n<</Length 2>>\nstream\nx\nendstream\nendobj\n",
       SV_OK}, /* the line end belongs to the data */
      {"9 0 obj\n<</Length 3>>\nstream\nx\nendstream\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<</Length -1>>\nstream\nx\nendstream\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<</Length 99999999>>\nstream\nx\nendstream\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<</A 1/A 2>>\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<</A>>\nendobj\n", SV_PDF_FORMAT},
      {"8 0 obj\n1\nendobj\n", SV_PDF_FORMAT}, /* another number than the cross reference says */
      {"9 1 obj\n1\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n99999999999999999999\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n1..2\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n/A#4\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n<4x>\nendobj\n", SV_PDF_FORMAT},
      {"9 0 obj\n(\nendobj\n", SV_PDF_FORMAT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct pdfio *p = opened(small("", rows[i].object, 1));
    const struct pdfio_value *v;
    sv_status s = pdfio_object(p, 9, &v);
    if (s.reason != rows[i].reason) {
      print_error("%s: %s\n", rows[i].object, ctx.detail);
    }
    assert_int_equal(s.reason, rows[i].reason);
    sv_ctx_clear(&ctx);
  }
  struct pdfio *p = opened(small("", "9 0 obj\n10 0 R\nendobj\n10 0 obj\n9 0 R\nendobj\n", 2));
  const struct pdfio_value *v;
  assert_int_equal(pdfio_object(p, 9, &v).reason, SV_OK);
  assert_int_equal(pdfio_resolve(p, v, &v).reason, SV_PDF_FORMAT);
}

static void deep_nesting_is_refused(void **state) {
  (void)state;
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_str(&b, "9 0 obj\n");
  for (int i = 0; i < 100000; i++) {
    sv_buf_u8(&b, '[');
  }
  sv_buf_str(&b, "\nendobj\n");
  sv_buf_u8(&b, 0);
  struct pdfio *p = opened(small("", (const char *)b.p, 1));
  const struct pdfio_value *v;
  assert_int_equal(pdfio_object(p, 9, &v).reason, SV_PDF_FORMAT);
}

static void a_bomb_of_compressed_zeroes_stops_at_the_cap(void **state) {
  (void)state;
  static uint8_t zeroes[1 << 20];
  static uint8_t packed[1 << 14];
  uLongf n = sizeof packed;
  assert_int_equal(compress2(packed, &n, zeroes, sizeof zeroes, 9), Z_OK);
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_printf(&b, "%%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length %zu>>stream\n", (size_t)n);
  sv_buf_put(&b, packed, n);
  sv_buf_str(&b, "\nendstream\nendobj\n");
  size_t xref = b.n;
  sv_buf_printf(&b,
                "xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size "
                "2>>\nstartxref\n%zu\n%%%%EOF",
                xref);
  sv_buf_str(&b, "\n");
  struct pdfio *p = opened(sv_buf_bytes(&b));
  const struct pdfio_value *v;
  struct sv_bytes data;
  assert_int_equal(pdfio_object(p, 1, &v).reason, SV_OK);
  assert_int_equal(pdfio_data(p, v, sizeof zeroes, &data).reason, SV_OK);
  assert_int_equal(data.n, sizeof zeroes);
  assert_int_equal(pdfio_data(p, v, sizeof zeroes - 1, &data).reason, SV_PDF_FORMAT);
}

static void no_prefix_of_a_file_hurts(void **state) {
  (void)state;
  struct sv_bytes file = small("0 0 m", NULL, 0);
  for (size_t n = 0; n < file.n; n++) {
    struct sv_arena *own = sv_arena_open(1 << 20);
    struct sv_ctx c = sv_ctx_over(own);
    uint8_t *p = sv_arena_alloc(own, n);
    memcpy(p, file.p, n);
    struct pdfio *r;
    sv_status s = pdfio_open(&c, sv_bytes_of(p, n), &r);
    assert_true(sv_failed(s) || n + 8 > file.n);
    sv_arena_close(own);
  }
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_classic_file_gives_its_objects_streams_and_revision),
      T(a_value_knows_where_it_stands_in_the_file),
      T(values_of_every_type_are_read),
      T(object_streams_and_cross_reference_streams_are_read),
      T(another_object_in_an_object_stream_is_refused),
      T(bent_object_streams_are_refused),
      T(revisions_are_found_with_their_ends_and_the_newest_object_wins),
      T(bent_cross_references_are_refused),
      T(a_loop_of_prev_is_refused),
      T(objects_that_need_themselves_are_refused),
      T(deep_nesting_is_refused),
      T(a_bomb_of_compressed_zeroes_stops_at_the_cap),
      T(no_prefix_of_a_file_hurts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
