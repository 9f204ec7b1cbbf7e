/* Is nothing believed that a service says wrongly, and is a revision behind a file what readers take it for? Answers are
 * canned: nobody is asked. */
#include "seal/services.h"

#include "pki/timestamp.h"
#include "seal/raise.h"
#include "seal/revision.h"
#include "seal/seal.h"
#include "tests/authority.h"
#include "tests/small_pdf.h"

struct canned {
  struct seal_fetch fetch;
  struct sv_bytes answer;
  enum sv_reason fails; /* SV_OK: it answers */
  int asked;
  struct sv_bytes last; /* what it was asked */
};

static sv_status canned_ask(struct seal_fetch *fetch, struct sv_ctx *ctx,
                            const struct seal_question *q, struct sv_bytes *ret) {
  struct canned *c = (struct canned *)fetch;
  c->asked++;
  c->last = q->body;
  if (c->fails != SV_OK) {
    return sv_ctx_fail(ctx, c->fails, "nobody there");
  }
  *ret = c->answer;
  return SV_DONE;
}

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct canned canned;
  struct seal_services *services;
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->mem = sv_arena_open(16 << 20);
  f->ctx = sv_ctx_over(f->mem);
  f->canned.fetch.ask = canned_ask;
  struct seal_services_config config = {.fetch = &f->canned.fetch,
                                        .tsa_url = "http://tsa.example/",
                                        .tsa_policy = "",
                                        .tsa_timeout_ms = 1000,
                                        .tsa_skew_s = 300,
                                        .revocation_timeout_ms = 1000,
                                        .revocation_budget_ms = 1000,
                                        .tsa_trust_pem = authority_file(f->mem, "root.pem"),
                                        .document_ca_pem = authority_file(f->mem, "trust.pem")};
  assert_int_equal(seal_services_open(&f->ctx, &config, &f->services).reason, SV_OK);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  seal_services_close(f->services);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static const uint8_t digest[32] = {7};

static void a_service_that_is_not_there_is_a_fault_of_time_stamps(void **state) {
  struct fixture *f = *state;
  struct seal_stamp stamp;
  f->canned.fails = SV_UNREACHABLE;
  assert_int_equal(seal_stamp_take(f->services, &f->ctx, digest, &stamp).reason, SV_TIMESTAMP);
  assert_non_null(strstr(f->ctx.detail, "http://tsa.example/"));
  assert_non_null(strstr(f->ctx.detail, "nobody there"));
}

static void no_answer_is_believed_that_is_none(void **state) {
  struct fixture *f = *state;
  static const char *const answers[] = {
      "", "0", "garbage", "\x30\x03\x02\x01", "\x30\x05\x30\x03\x02\x01", "\x30\x80\x30\x80"};
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    struct seal_stamp stamp;
    f->canned.answer = sv_bytes_str(answers[i]);
    assert_int_equal(seal_stamp_take(f->services, &f->ctx, digest, &stamp).reason, SV_TIMESTAMP);
    sv_ctx_clear(&f->ctx);
  }
}

static void each_question_is_another(void **state) {
  struct fixture *f = *state;
  struct seal_stamp stamp;
  (void)seal_stamp_take(f->services, &f->ctx, digest, &stamp).reason;
  struct sv_bytes first = f->canned.last;
  sv_ctx_clear(&f->ctx);
  (void)seal_stamp_take(f->services, &f->ctx, digest, &stamp).reason;
  assert_true(first.n > 32 && first.n == f->canned.last.n);
  assert_false(sv_bytes_equal(first, f->canned.last)); /* by its nonce */
  assert_non_null(memmem(first.p, first.n, digest, sizeof digest));
}

static void an_authority_that_failed_is_tried_before_room_is_reserved(void **state) {
  struct fixture *f = *state;
  size_t room;
  f->canned.fails = SV_UNREACHABLE;
  for (int i = 1; i <= 2; i++) {
    assert_int_equal(seal_stamp_room(f->services, &f->ctx, &room).reason, SV_TIMESTAMP);
    sv_ctx_clear(&f->ctx);
    assert_int_equal(f->canned.asked, i);
  }
}

static void a_call_that_is_over_ends_as_such(void **state) {
  struct fixture *f = *state;
  struct seal_stamp stamp;
  atomic_bool cancelled = true;
  f->canned.fails = SV_CANCELLED;
  f->ctx.cancelled = &cancelled;
  assert_int_equal(seal_stamp_take(f->services, &f->ctx, digest, &stamp).reason, SV_CANCELLED);
}

static void a_certificate_that_names_nobody_to_ask_has_no_status(void **state) {
  struct fixture *f = *state;
  SV_AUTO(pki_chain_close) struct pki_chain *chain = NULL;
  struct seal_evidence evidence = {.cert_n = 0};
  assert_int_equal(
      pki_chain_open(&f->ctx, authority_file(f->mem, "document-chain.pem"), &chain).reason, SV_OK);
  assert_int_equal(
      seal_evidence_add(f->services, &f->ctx, SEAL_CHAIN_SIGNER, chain, &evidence).reason,
      SV_REVOCATION);
  assert_non_null(strstr(f->ctx.detail, "UT-DOC-07"));
  assert_int_equal(f->canned.asked, 0);
}

/* --- revisions --- */

static struct sv_bytes sealed(struct fixture *f) {
  SV_AUTO(seal_close) struct seal *seal = NULL;
  assert_int_equal(
      seal_open_files(&f->ctx, authority_path(f->mem, "document.key"),
                      authority_path(f->mem, "document-chain.pem"),
                      authority_path(f->mem, "seal.key"), authority_path(f->mem, "seal.pem"), &seal)
          .reason,
      SV_OK);
  struct small_pdf in = {.contents_room = seal_contents_room(seal), .content = ""};
  struct small_pdf_out out = small_pdf_write(f->mem, &in);
  assert_int_equal(seal_pdf(seal, &f->ctx,
                            &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
                            out.p, out.n, &out.slot, NULL)
                       .reason,
                   SV_OK);
  return sv_bytes_of(out.p, out.n);
}

static void a_revision_adds_and_replaces_and_touches_nothing_before_it(void **state) {
  struct fixture *f = *state;
  struct sv_bytes pdf = sealed(f);
  struct revision *r;
  uint8_t *tail;
  size_t n;
  assert_int_equal(revision_open(&f->ctx, pdf, &r).reason, SV_OK);
  uint32_t a = revision_number(r), b = revision_number(r);
  revision_stream(r, b, sv_bytes_str("bytes"));
  assert_int_equal(revision_catalog(r, "/Salvo 1", a).reason, SV_OK);
  revision_dict(r, a, "/FT/Sig");
  assert_int_equal(revision_close(r, &tail, &n).reason, SV_OK);
  uint8_t *whole = sv_arena_alloc(f->mem, pdf.n + n);
  memcpy(whole, pdf.p, pdf.n);
  memcpy(whole + pdf.n, tail, n);
  struct pdfio *reader;
  assert_int_equal(pdfio_open(&f->ctx, sv_bytes_of(whole, pdf.n + n), &reader).reason, SV_OK);
  assert_int_equal(pdfio_revision_count(reader), 2);
  assert_true(pdfio_revision(reader, 0)->end == pdf.n);
  assert_true(pdfio_size(reader) == b + 1);
  const struct pdfio_value *root, *form, *fields, *stream;
  assert_int_equal(pdfio_entry(reader, pdfio_trailer(reader), "Root", &root).reason, SV_OK);
  assert_int_equal(pdfio_direct(root, "Salvo")->integer, 1);
  assert_int_equal(pdfio_entry(reader, root, "AcroForm", &form).reason, SV_OK);
  assert_int_equal(pdfio_entry(reader, form, "Fields", &fields).reason, SV_OK);
  assert_true(fields->array.n == 2 && fields->array.items[1]->ref.number == a);
  struct sv_bytes data;
  assert_int_equal(pdfio_object(reader, b, &stream).reason, SV_OK);
  assert_int_equal(pdfio_data(reader, stream, 100, &data).reason, SV_OK);
  assert_true(sv_bytes_equal(data, sv_bytes_str("bytes")));
}

static void more_objects_than_a_revision_has_room_for_are_refused(void **state) {
  struct fixture *f = *state;
  struct revision *r;
  uint8_t *tail;
  size_t n;
  assert_int_equal(revision_open(&f->ctx, sealed(f), &r).reason, SV_OK);
  for (int i = 0; i < 300; i++) {
    revision_dict(r, revision_number(r), "");
  }
  assert_int_equal(revision_close(r, &tail, &n).reason, SV_LIMIT_EXCEEDED);
}

static void what_is_no_file_of_ours_is_not_raised(void **state) {
  struct fixture *f = *state;
  struct sv_bytes pdf = sealed(f);
  struct revision *r;
  assert_int_equal(revision_open(&f->ctx, sv_bytes_str("hello"), &r).reason, SV_PDF_FORMAT);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(revision_open(&f->ctx, sv_bytes_of(pdf.p, pdf.n - 1), &r).reason, SV_PDF_FORMAT);
}

static void a_changed_file_gets_no_store(void **state) {
  struct fixture *f = *state;
  struct sv_bytes pdf = sealed(f);
  uint8_t *bent = sv_arena_alloc(f->mem, pdf.n);
  memcpy(bent, pdf.p, pdf.n);
  bent[11] ^= 1; /* in the comment of its second line */
  struct seal_raised raised;
  sv_status s = seal_raise(f->services, &f->ctx, sv_bytes_of(bent, pdf.n), SEAL_B_T, &raised);
  assert_int_equal(s.reason, SV_PDF_FORMAT);
  assert_int_equal(f->canned.asked, 0);
}

/* Whatever memory there is: a status, and nothing leaked. */
static void too_little_memory_is_a_status(void **state) {
  struct fixture *f = *state;
  struct sv_bytes pdf = sealed(f);
  f->canned.fails = SV_UNREACHABLE;
  for (size_t cap = 1024; cap < 600000; cap += cap / 3) {
    struct sv_arena *small = sv_arena_open(cap);
    struct sv_ctx own = sv_ctx_over(small);
    struct seal_raised raised;
    assert_true(sv_failed(seal_raise(f->services, &own, pdf, SEAL_B_T, &raised)));
    sv_ctx_clear(&own);
    assert_true(sv_failed(seal_raise(f->services, &own, pdf, SEAL_B_B, &raised)));
    sv_arena_close(small);
  }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_service_that_is_not_there_is_a_fault_of_time_stamps),
      T(no_answer_is_believed_that_is_none),
      T(each_question_is_another),
      T(an_authority_that_failed_is_tried_before_room_is_reserved),
      T(a_call_that_is_over_ends_as_such),
      T(a_certificate_that_names_nobody_to_ask_has_no_status),
      T(a_revision_adds_and_replaces_and_touches_nothing_before_it),
      T(more_objects_than_a_revision_has_room_for_are_refused),
      T(what_is_no_file_of_ours_is_not_raised),
      T(a_changed_file_gets_no_store),
      T(too_little_memory_is_a_status),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
