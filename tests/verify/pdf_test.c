/* What verdict does a PDF get: ours and whole, ours and touched, a stranger's, none at all? */
#include "verify/pdf.h"

#include <zint.h>

#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"
#include "model/number.h"
#include "seal/seal.h"
#include "tests/authority.h"
#include "tests/small_pdf.h"
#include "tests/verify/registry_double.h"
#include "verify/headline.h"
#include "verify/words.h"

static struct sv_arena *arena;
static struct sv_ctx ctx;
static struct seal *seal;
static struct verify_trust *trust;
static char number[10];
static struct sv_bytes record;
static struct small_pdf_out pdf;
static struct verify_copy copies[2];
static struct registry_double registry;
static int64_t now_us;

static struct sv_bytes make_record(void) {
  return sv_bytes_str(sv_arena_printf(
      arena,
      "{\"approvals\":[],\"authority\":\"migration\",\"content\":{\"valid_from\":\"2026-01-15\","
      "\"valid_until\":"
      "\"2099-01-14\"},\"format\":\"salvo-record/1\",\"issue_date\":\"2026-01-15\",\"issue_time\":"
      "\"2026-01-15T16:42:08Z\",\"kind\":\"safe_conduct\",\"number\":\"%s\",\"salt\":\"00\","
      "\"version\":1}",
      number));
}

static struct small_pdf_out sign(struct seal *with, struct small_pdf in) {
  in.contents_room = seal_contents_room(with);
  struct small_pdf_out out = small_pdf_write(arena, &in);
  assert_true(out.n > 0);
  assert_int_equal(
      seal_pdf(with, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               out.p, out.n, &out.slot, NULL)
          .reason,
      SV_OK);
  return out;
}

static void register_pdf(struct sv_bytes file) {
  crypto_sha256(file, copies[0].pdf_sha256);
  copies[0].copy = 1;
  copies[0].time_us = now_us;
  struct verify_row row = {.found = true,
                           .number = number,
                           .version = 1,
                           .kind = MODEL_SAFE_CONDUCT,
                           .state = MODEL_ISSUED,
                           .copies = copies,
                           .copy_count = 1,
                           .latest_copy = 1,
                           .latest_version = 1,
                           .valid_from = "2026-01-15",
                           .valid_until = "2027-01-14",
                           .zone = "America/Panama"};
  crypto_sha256(record, row.record_sha256);
  registry = registry_double_of(row);
}

static int setup(void **state) {
  (void)state;
  arena = sv_arena_open(256 << 20);
  ctx = sv_ctx_over(arena);
  assert_int_equal(
      seal_open_files(&ctx, authority_path(arena, "document.key"),
                      authority_path(arena, "document-chain.pem"),
                      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &seal)
          .reason,
      SV_OK);
  const char *path = authority_path(arena, "trust.pem");
  assert_int_equal(verify_trust_open(&ctx, &path, 1, &trust).reason, SV_OK);
  now_us = seal_signer_not_after_us(seal) - 1000LL * 86400 * 1000000; /* well inside its validity */
  model_number_format(MODEL_SAFE_CONDUCT, 2026, 207, number);
  record = make_record();
  pdf = sign(seal, (struct small_pdf){.content = "100 100 m 200 200 l S", .record = record});
  register_pdf(sv_bytes_of(pdf.p, pdf.n));
  registry.row.valid_from = "2020-01-01";
  registry.row.valid_until = "2090-01-01";
  return 0;
}

static int teardown(void **state) {
  (void)state;
  seal_close(seal);
  verify_trust_close(trust);
  seal = NULL;
  trust = NULL;
  sv_arena_close(arena);
  return 0;
}

static struct verify_report judged(struct sv_bytes file, const struct registry_double *with) {
  struct verify_report r;
  sv_status s = verify_pdf(&ctx, trust, with ? &with->base : NULL, now_us, file, &r);
  assert_int_equal(s.reason, SV_OK);
  return r;
}
static struct sv_bytes whole(void) { return sv_bytes_of(pdf.p, pdf.n); }

static void is(struct verify_report r, enum verify_verdict verdict, enum verify_reason first) {
  if (r.verdict != verdict || (first && (r.reason_count == 0 || r.reasons[0] != first))) {
    print_error("%s %s: %s\n", verify_verdict_name(r.verdict),
                verify_reason_name(r.reason_count ? r.reasons[0] : VERIFY_NO_REASON), r.detail);
  }
  assert_int_equal(r.verdict, verdict);
  if (first) {
    assert_true(r.reason_count > 0);
    assert_int_equal(r.reasons[0], first);
  } else {
    assert_int_equal(r.reason_count, 0);
  }
}

static void a_registered_file_is_valid_and_says_what_it_is(void **state) {
  (void)state;
  struct verify_report r = judged(whole(), &registry);
  is(r, VERIFY_VALID, VERIFY_NO_REASON);
  assert_string_equal(r.number, number);
  assert_int_equal(r.version, 1);
  assert_int_equal(r.copy, 1);
  assert_int_equal(r.signature_count, 1);
  assert_true(r.signatures[0].intact && r.signatures[0].trusted &&
              r.signatures[0].covers_whole_file);
  assert_string_equal(r.signatures[0].level, "B-B");
  assert_non_null(strstr(r.signatures[0].signer, "CN=UT-DOC-07"));
  assert_int_equal(r.signatures[0].claimed_time_us, 1768495328LL * 1000000);
}

static void without_a_registry_a_good_file_is_amber(void **state) {
  (void)state;
  now_us = 1770000000LL *
           1000000; /* 2 February 2026: within the record's validity, before the certificate's */
  struct verify_report r = judged(whole(), NULL);
  assert_int_equal(r.verdict, VERIFY_CHECK);
  assert_true(verify_report_has(&r, VERIFY_STATUS_UNKNOWN));
  assert_false(r.registry_asked);
}

/* Every byte, each by another bit; those of the signature by the bit that changes the case of a letter as well. */
static void no_flipped_byte_is_ever_valid(void **state) {
  (void)state;
  static const uint8_t masks[] = {0x01, 0x80, 0x20};
  struct sv_arena *outer = arena;
  for (size_t k = 0; k < pdf.n + pdf.slot.contents_room; k++) {
    size_t i = k < pdf.n ? k : pdf.slot.contents_at + k - pdf.n;
    uint8_t mask = k < pdf.n ? masks[k % 3] : 0x20;
    struct sv_arena *own = sv_arena_open(8 << 20);
    ctx.mem = own;
    uint8_t *changed = sv_arena_alloc(own, pdf.n);
    memcpy(changed, pdf.p, pdf.n);
    changed[i] ^= mask;
    struct verify_report r = judged(sv_bytes_of(changed, pdf.n), &registry);
    if (r.verdict != VERIFY_INVALID) {
      print_error("byte %zu ^ %02x: %s %s\n", i, mask, verify_verdict_name(r.verdict), r.detail);
    }
    assert_int_equal(r.verdict, VERIFY_INVALID);
    sv_arena_close(own);
    ctx.mem = outer;
  }
}

static void without_a_registry_a_flip_outside_the_signature_is_seen_too(void **state) {
  (void)state;
  struct sv_arena *outer = arena;
  size_t amber = 0;
  for (size_t i = 0; i < pdf.n; i++) {
    struct sv_arena *own = sv_arena_open(8 << 20);
    ctx.mem = own;
    uint8_t *bent = sv_arena_alloc(own, pdf.n);
    memcpy(bent, pdf.p, pdf.n);
    bent[i] ^= 1;
    struct verify_report r = judged(sv_bytes_of(bent, pdf.n), NULL);
    bool in_contents =
        i > pdf.slot.contents_at && i < pdf.slot.contents_at + pdf.slot.contents_room;
    assert_int_not_equal(r.verdict, VERIFY_VALID);
    if (!in_contents) {
      assert_int_equal(r.verdict, VERIFY_INVALID);
    }
    amber += r.verdict == VERIFY_CHECK;
    sv_arena_close(own);
    ctx.mem = outer;
  }
  assert_true(
      amber <
      pdf.slot.contents_room); /* the issuer's certificate inside, which the anchors replace */
}

static void no_shortened_file_is_valid(void **state) {
  (void)state;
  for (size_t n = 0; n < pdf.n; n += 11) {
    assert_int_not_equal(judged(sv_bytes_of(pdf.p, n), &registry).verdict, VERIFY_VALID);
  }
}

/* The file and more: an object that replaces the page's content, a cross reference, a trailer. */
static struct sv_bytes with_revision(const char *object, int number_of_object) {
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_put(&b, pdf.p, pdf.n);
  size_t at = b.n;
  sv_buf_str(&b, object);
  size_t xref = b.n;
  const char *tail = memmem(pdf.p + pdf.n - 40, 40, "startxref", 9);
  sv_buf_printf(&b,
                "xref\n%d 1\n%010zu 00000 n \ntrailer\n<</Size 9/Root 1 0 R/Prev "
                "%ld>>\nstartxref\n%zu\n%%%%EOF\n",
                number_of_object, at, strtol(tail + 10, NULL, 10), xref);
  return sv_buf_bytes(&b);
}

static void an_appended_revision_is_changed_after_signing(void **state) {
  (void)state;
  struct sv_bytes file =
      with_revision("4 0 obj\n<</Length 3>>\nstream\nnew\nendstream\nendobj\n", 4);
  is(judged(file, &registry), VERIFY_INVALID, VERIFY_CHANGED_AFTER_SIGNING);
  is(judged(file, NULL), VERIFY_INVALID, VERIFY_CHANGED_AFTER_SIGNING);
  /* even one that changes nothing that is seen */
  is(judged(with_revision("7 0 obj\nnull\nendobj\n", 7), NULL), VERIFY_INVALID,
     VERIFY_CHANGED_AFTER_SIGNING);
}

/* The attacker's own cross reference: every object where it was, but the page's content, and no way back to the first. */
static void a_shadow_of_an_object_under_a_fresh_cross_reference_is_seen(void **state) {
  (void)state;
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_put(&b, pdf.p, pdf.n);
  size_t shadow = b.n;
  sv_buf_str(&b, "4 0 obj\n<</Length 3>>\nstream\nnew\nendstream\nendobj\n");
  size_t xref = b.n;
  const uint8_t *old = memmem(pdf.p, pdf.n, "xref\n0 9\n", 9);
  assert_non_null(old);
  sv_buf_put(&b, old, pdf.n - (size_t)(old - pdf.p));
  char *entry = (char *)b.p + xref + 9 + 4 * 20;
  char text[16];
  (void)snprintf(text, sizeof text, "%010zu", shadow);
  memcpy(entry, text, 10);
  char *start = memmem(b.p + b.n - 40, 40, "startxref", 9);
  b.n = (size_t)((uint8_t *)start - b.p);
  sv_buf_printf(&b, "startxref\n%zu\n%%%%EOF\n", xref);
  struct sv_bytes file = sv_buf_bytes(&b);
  is(judged(file, &registry), VERIFY_INVALID, VERIFY_SIGNATURE_COVERS_PART);
  is(judged(file, NULL), VERIFY_INVALID, VERIFY_SIGNATURE_COVERS_PART);
}

static void bytes_after_the_end_are_seen(void **state) {
  (void)state;
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_put(&b, pdf.p, pdf.n);
  sv_buf_str(&b, "\n");
  assert_int_equal(judged(sv_buf_bytes(&b), &registry).verdict, VERIFY_INVALID);
  assert_int_equal(judged(sv_buf_bytes(&b), NULL).verdict, VERIFY_INVALID);
}

/* The sealed file with a text in it replaced by one of the same length. */
static struct sv_bytes bent(const char *from, const char *to) {
  uint8_t *p = sv_arena_alloc(arena, pdf.n);
  memcpy(p, pdf.p, pdf.n);
  uint8_t *at = memmem(p, pdf.n, from, strlen(from));
  assert_non_null(at);
  memcpy(at, to, strlen(to));
  return sv_bytes_of(p, pdf.n);
}

static void a_bent_byte_range_is_invalid(void **state) {
  (void)state;
  static const char *const heads[] = {"/ByteRange[1 ", "/ByteRange[- ", "/ByteRange[  ",
                                      "/BiteRange[0 "};
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
    assert_int_equal(judged(bent("/ByteRange[0 ", heads[i]), NULL).verdict, VERIFY_INVALID);
  }
  /* a gap that is wider than the Contents, as in signature wrapping */
  char from[32];
  char to[32];
  (void)snprintf(from, sizeof from, "[0 %zu ", pdf.slot.contents_at);
  (void)snprintf(to, sizeof to, "[0 %zu ", pdf.slot.contents_at - 1);
  struct verify_report r = judged(bent(from, to), NULL);
  is(r, VERIFY_INVALID, VERIFY_BYTES_ALTERED);
  assert_false(r.signatures[0].intact);
}

static void bent_contents_are_invalid(void **state) {
  (void)state;
  static const char *const bodies[] = {"/Contents<>", "/Contents< ", "/Contents<x", "/Cantents<3"};
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    assert_int_equal(judged(bent("/Contents<3", bodies[i]), NULL).verdict, VERIFY_INVALID);
  }
  /* garbage in the padding; one more byte of room makes sure that there is some */
  struct small_pdf in = {
      .content = "", .record = record, .contents_room = seal_contents_room(seal) + 2};
  struct small_pdf_out roomy = small_pdf_write(arena, &in);
  assert_int_equal(
      seal_pdf(seal, &ctx, &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1},
               roomy.p, roomy.n, &roomy.slot, NULL)
          .reason,
      SV_OK);
  now_us = seal_signer_not_after_us(seal) - 1000LL * 86400 * 1000000;
  assert_int_not_equal(judged(sv_bytes_of(roomy.p, roomy.n), NULL).verdict, VERIFY_UNREADABLE);
  roomy.p[roomy.slot.contents_at + roomy.slot.contents_room - 2] = '1';
  is(judged(sv_bytes_of(roomy.p, roomy.n), NULL), VERIFY_INVALID, VERIFY_BYTES_ALTERED);
}

static void an_unknown_sub_filter_is_invalid(void **state) {
  (void)state;
  struct small_pdf_out p =
      sign(seal, (struct small_pdf){.record = record, .sub_filter = "/adbe.pkcs7.detached"});
  is(judged(sv_bytes_of(p.p, p.n), NULL), VERIFY_INVALID, VERIFY_INVALID_SIGNATURE);
}

static void our_signature_without_a_row_is_an_alarm(void **state) {
  (void)state;
  registry.row.found = false;
  is(judged(whole(), &registry), VERIFY_INVALID, VERIFY_NOT_REGISTERED);
}

static void our_signature_over_another_file_of_the_same_number_is_altered(void **state) {
  (void)state;
  struct small_pdf_out other = sign(seal, (struct small_pdf){.content = "1 w", .record = record});
  is(judged(sv_bytes_of(other.p, other.n), &registry), VERIFY_INVALID, VERIFY_BYTES_ALTERED);
}

static void a_twin_that_is_missing_doubled_or_different_is_a_mismatch(void **state) {
  (void)state;
  struct small_pdf_out none = sign(seal, (struct small_pdf){.content = ""});
  is(judged(sv_bytes_of(none.p, none.n), NULL), VERIFY_INVALID, VERIFY_TWIN_MISMATCH);
  struct small_pdf_out bad = sign(seal, (struct small_pdf){.record = sv_bytes_str("{}")});
  is(judged(sv_bytes_of(bad.p, bad.n), NULL), VERIFY_INVALID, VERIFY_TWIN_MISMATCH);
  registry.row.record_sha256[0] ^= 1;
  is(judged(whole(), &registry), VERIFY_INVALID, VERIFY_TWIN_MISMATCH);
}

static void the_state_in_the_registry_decides(void **state) {
  (void)state;
  static const struct {
    enum model_state state;
    enum verify_verdict verdict;
    enum verify_reason reason;
  } rows[] = {
      {MODEL_ISSUED, VERIFY_VALID, VERIFY_NO_REASON},
      {MODEL_CLOSED, VERIFY_VALID, VERIFY_NO_REASON},
      {MODEL_SUSPENDED, VERIFY_HOLD, VERIFY_NO_REASON},
      {MODEL_REVOKED, VERIFY_INVALID, VERIFY_REVOKED},
      {MODEL_SUPERSEDED, VERIFY_INVALID, VERIFY_SUPERSEDED},
      {MODEL_EXPIRED, VERIFY_INVALID, VERIFY_EXPIRED},
      {MODEL_VOID, VERIFY_INVALID, VERIFY_NOT_REGISTERED},
      {MODEL_RESERVED, VERIFY_INVALID, VERIFY_NOT_REGISTERED},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    registry.row.state = rows[i].state;
    is(judged(whole(), &registry), rows[i].verdict, rows[i].reason);
  }
}

static void versions_copies_and_days_decide_too(void **state) {
  (void)state;
  registry.row.latest_version = 2;
  struct verify_report r = judged(whole(), &registry);
  is(r, VERIFY_INVALID, VERIFY_SUPERSEDED);
  assert_int_equal(r.latest_version, 2);
  registry.row.latest_version = 1;
  registry.row.latest_copy = 2;
  registry.row.copy_count = 2;
  copies[1].copy = 2;
  is(judged(whole(), &registry), VERIFY_INVALID, VERIFY_COPY_REPLACED);
  registry.row.latest_copy = 1;
  registry.row.copy_count = 1;
  registry.row.valid_until = "2020-01-02";
  is(judged(whole(), &registry), VERIFY_INVALID, VERIFY_EXPIRED);
  registry.row.valid_until = "2090-01-01";
  registry.row.valid_from = "2089-01-01";
  is(judged(whole(), &registry), VERIFY_CHECK, VERIFY_NOT_YET_VALID);
}

static void the_last_day_counts_in_the_authoritys_zone(void **state) {
  (void)state;
  registry.row.valid_until = "2027-06-30";
  now_us = 1814414400LL * 1000000; /* 2027-07-01T04:00Z: still 30 June in Panama */
  copies[0].time_us = seal_signer_not_after_us(seal) - 1000LL * 86400 * 1000000;
  is(judged(whole(), &registry), VERIFY_VALID, VERIFY_NO_REASON);
  now_us += 2 * 3600LL * 1000000;
  is(judged(whole(), &registry), VERIFY_INVALID, VERIFY_EXPIRED);
}

static void a_certificate_that_ran_out_is_amber_alone_and_good_with_the_registrys_proof(
    void **state) {
  (void)state;
  now_us = seal_signer_not_after_us(seal) + 86400LL * 1000000;
  struct verify_report r = judged(whole(), NULL);
  assert_true(verify_report_has(&r, VERIFY_EXPIRED_CERTIFICATE));
  assert_int_not_equal(r.verdict, VERIFY_VALID);
  copies[0].time_us = now_us - 30LL * 86400 * 1000000;
  is(judged(whole(), &registry), VERIFY_VALID, VERIFY_NO_REASON);
}

static struct seal *stranger(const char *key, const char *chain) {
  struct seal *s = NULL;
  assert_int_equal(
      seal_open_files(&ctx, authority_path(arena, key), authority_path(arena, chain),
                      authority_path(arena, "seal.key"), authority_path(arena, "seal.pem"), &s)
          .reason,
      SV_OK);
  return s;
}

static void a_strangers_good_signature_is_not_ours_and_never_green(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *other = stranger("clients/case.key", "clients/case.pem");
  struct small_pdf_out p = sign(other, (struct small_pdf){.content = "1 w"});
  struct verify_report r = judged(sv_bytes_of(p.p, p.n), &registry);
  assert_int_equal(r.verdict, VERIFY_NOT_OURS);
  assert_true(r.signatures[0].intact && !r.signatures[0].trusted);
  assert_string_equal(r.number, "");
  /* with a record of our registry in it, it poses as ours */
  p = sign(other, (struct small_pdf){.record = record});
  is(judged(sv_bytes_of(p.p, p.n), &registry), VERIFY_INVALID, VERIFY_UNTRUSTED_CERTIFICATE);
  /* with another authority's record, even of the same number, it is that authority's */
  registry.row.record_sha256[0] ^= 1;
  assert_int_equal(judged(sv_bytes_of(p.p, p.n), &registry).verdict, VERIFY_NOT_OURS);
  assert_int_equal(judged(sv_bytes_of(p.p, p.n), NULL).verdict, VERIFY_NOT_OURS);
}

static void a_strangers_older_form_is_told_as_what_it_is(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *other = stranger("clients/case.key", "clients/case.pem");
  struct small_pdf_out p =
      sign(other, (struct small_pdf){.content = "1 w", .sub_filter = "/adbe.pkcs7.detached"});
  struct verify_report r = judged(sv_bytes_of(p.p, p.n), NULL);
  assert_int_equal(r.verdict, VERIFY_NOT_OURS);
  assert_true(r.signatures[0].intact && !r.signatures[0].trusted);
  assert_string_equal(r.signatures[0].level, "");
  p.p[p.slot.contents_at - 60] ^= 1;
  r = judged(sv_bytes_of(p.p, p.n), NULL);
  assert_true(r.verdict != VERIFY_VALID && (r.signature_count == 0 || !r.signatures[0].intact));
}

static bool says(const struct verify_report *r, enum verify_reason reason) {
  for (size_t i = 0; i < r->signatures[0].reason_count; i++) {
    if (r->signatures[0].reasons[i] == reason) {
      return true;
    }
  }
  return false;
}

static void what_a_stranger_hides_in_what_he_signed_is_told(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *other = stranger("clients/case.key", "clients/case.pem");
  struct small_pdf_out p = sign(other, (struct small_pdf){.content = "1 w", .record = {0}});
  struct verify_report r = judged(sv_bytes_of(p.p, p.n), NULL);
  assert_int_equal(r.verdict, VERIFY_NOT_OURS);
  assert_true(says(&r, VERIFY_UNUSED_OBJECTS)); /* objects 7 and 8, which nothing refers to */
  assert_false(says(&r, VERIFY_HIDDEN_LAYERS));
  p = sign(other, (struct small_pdf){.content = "1 w",
                                     .extra_sig_keys = "/Reference[7 0 R 8 0 R]/OCProperties 1"});
  r = judged(sv_bytes_of(p.p, p.n), NULL);
  assert_false(says(&r, VERIFY_UNUSED_OBJECTS));
  assert_false(says(&r, VERIFY_HIDDEN_LAYERS)); /* not in the catalog */
  p = sign(other, (struct small_pdf){.content = "1 w", .layers = true});
  r = judged(sv_bytes_of(p.p, p.n), NULL);
  assert_int_equal(r.verdict, VERIFY_NOT_OURS);
  assert_true(says(&r, VERIFY_HIDDEN_LAYERS));
}

static void each_reason_has_a_sentence_in_each_language(void **state) {
  (void)state;
  static const char *const languages[] = {"en", "es", "fr", "ht", "pt-BR"};
  for (int reason = 1; reason <= VERIFY_HIDDEN_LAYERS; reason++) {
    for (size_t l = 0; l < 5; l++) {
      const char *text = verify_reason_text((enum verify_reason)reason, languages[l]);
      assert_true(strlen(text) > 8 && text[strlen(text) - 1] == '.');
      for (size_t k = 0; k < l; k++) {
        assert_string_not_equal(text, verify_reason_text((enum verify_reason)reason, languages[k]));
      }
    }
    assert_string_equal(verify_reason_text((enum verify_reason)reason, "xx"),
                        verify_reason_text((enum verify_reason)reason, "es"));
  }
  assert_string_equal(verify_reason_text(VERIFY_NO_REASON, "en"), "");
}

static void a_server_certificate_may_not_sign_documents(void **state) {
  (void)state;
  SV_AUTO(seal_close) struct seal *server = stranger("server.key", "server.pem");
  now_us = seal_signer_not_after_us(server) - 86400LL * 1000000;
  struct small_pdf_out p = sign(server, (struct small_pdf){.record = record});
  is(judged(sv_bytes_of(p.p, p.n), NULL), VERIFY_INVALID, VERIFY_WRONG_DOCUMENT_TYPE);
}

static void a_file_without_a_signature_is_not_ours_unless_it_poses(void **state) {
  (void)state;
  struct small_pdf in = {.content = "1 w"};
  struct small_pdf_out p = small_pdf_write(arena, &in);
  is(judged(sv_bytes_of(p.p, p.n), &registry), VERIFY_NOT_OURS, VERIFY_NO_SIGNATURE);
  in.record = record;
  p = small_pdf_write(arena, &in);
  is(judged(sv_bytes_of(p.p, p.n), &registry), VERIFY_INVALID, VERIFY_NO_SIGNATURE);
}

static void what_is_no_pdf_is_unreadable(void **state) {
  (void)state;
  is(judged(sv_bytes_str("hello"), &registry), VERIFY_UNREADABLE, VERIFY_WRONG_FORMAT);
  is(judged(sv_bytes_of(NULL, 0), &registry), VERIFY_UNREADABLE, VERIFY_WRONG_FORMAT);
  is(judged(sv_bytes_str("%PDF-1.7\n%%EOF\n"), NULL), VERIFY_UNREADABLE, VERIFY_WRONG_FORMAT);
}

static void a_registry_that_is_down_is_a_failure_and_no_verdict(void **state) {
  (void)state;
  registry.down = true;
  struct verify_report r = {.verdict = VERIFY_VALID};
  assert_int_equal(verify_pdf(&ctx, trust, &registry.base, now_us, whole(), &r).reason, SV_STORE);
}

static void headlines_speak_five_languages_and_say_nothing_of_the_document(void **state) {
  (void)state;
  static const char *const languages[] = {"es", "en-GB", "fr", "ht", "pt", "xx", ""};
  registry.row.state = MODEL_REVOKED;
  struct verify_report r = judged(whole(), &registry);
  assert_string_equal(verify_headline(&ctx, &r, "es"),
                      "ALTO. Documento revocado. No pasa. Llame si hay duda.");
  assert_string_equal(verify_headline(&ctx, &r, "en"),
                      "STOP. Revoked. Do not let pass. Call if in doubt.");
  registry.row.state = MODEL_SUSPENDED;
  struct verify_report hold = judged(whole(), &registry);
  assert_string_equal(verify_headline(&ctx, &hold, "xx"), "RETENER. Llame al oficial de guardia.");
  for (int v = VERIFY_VALID; v <= VERIFY_UNREADABLE; v++) {
    for (int reason = 0; reason <= VERIFY_HIDDEN_LAYERS; reason++) {
      for (size_t l = 0; l < sizeof languages / sizeof *languages; l++) {
        struct verify_report any = r;
        any.verdict = (enum verify_verdict)v;
        any.reasons[0] = (enum verify_reason)reason;
        any.reason_count = 1;
        const char *text = verify_headline(&ctx, &any, languages[l]);
        assert_true(strlen(text) > 8);
        assert_null(strstr(text, number));
      }
    }
  }
}

/* A letter's seal over a record, and the operators that draw it as our pages do. */
static struct sv_bytes letter_seal(struct sv_bytes of) {
  uint8_t digest[32];
  crypto_sha256(of, digest);
  struct vds_letter in = {
      .id = {.version = 1, .copy = 1}, .valid_from = {2026, 1, 15}, .valid_until = {2027, 1, 14}};
  memcpy(in.id.number, number, sizeof in.id.number);
  memset(in.mrz, 'A', 72);
  memcpy(in.record_digest, digest, 16);
  struct vds_header h = {.country = "UTO",
                         .signer = "UTTS",
                         .cert_ref = "A7",
                         .issue_date = {2026, 1, 15},
                         .signature_date = {2026, 1, 15}};
  struct sv_bytes part;
  struct sv_bytes out;
  assert_int_equal(vds_letter_build(&ctx, &h, &in, &part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = "S26000018", .version = 1, .copy = 1}, part,
                   &out)
          .reason,
      SV_OK);
  return out;
}

static const char *drawn(struct sv_bytes bytes) {
  struct zint_symbol *z = ZBarcode_Create();
  z->symbology = BARCODE_DATAMATRIX;
  z->input_mode = DATA_MODE | FAST_MODE;
  z->option_3 = DM_SQUARE;
  assert_true(ZBarcode_Encode(z, bytes.p, (int)bytes.n) < 5);
  struct sv_buf b = sv_buf_in(arena, 0);
  sv_buf_printf(&b, "q 10 0 0 10 9 9 cm BI /W %d /H %d /IM true /BPC 1 /D[1 0] /F/AHx ID\n",
                z->width, z->rows);
  for (int y = 0; y < z->rows; y++) {
    for (int x = 0; x < (z->width + 7) / 8 * 8; x += 8) {
      unsigned byte = 0;
      for (int i = 0; i < 8 && x + i < z->width; i++) {
        byte |= (unsigned)(z->encoded_data[y][(x + i) >> 3] >> ((x + i) & 7) & 1) << (7 - i);
      }
      sv_buf_printf(&b, "%02X", byte);
    }
  }
  ZBarcode_Delete(z);
  sv_buf_str(&b, ">\nEI Q");
  sv_buf_u8(&b, 0);
  return (const char *)b.p;
}

static void the_bar_code_on_the_page_must_be_the_registrys(void **state) {
  (void)state;
  struct sv_bytes good = letter_seal(record);
  struct sv_bytes bad = letter_seal(sv_bytes_str("another record"));
  struct sv_bytes again = letter_seal(record); /* the same content, another signature */
  const char *twice = sv_arena_printf(arena, "%s\n(BI \\) ) Tj %s", drawn(good), drawn(good));
  const struct {
    const char *content;
    enum verify_verdict verdict;
  } rows[] = {
      {drawn(good), VERIFY_VALID},
      {twice, VERIFY_VALID},
      {"", VERIFY_INVALID},
      {drawn(bad), VERIFY_INVALID},
      {drawn(again), VERIFY_INVALID},
      {sv_arena_printf(arena, "(%s) Tj", drawn(good)), VERIFY_INVALID},
      {sv_arena_printf(arena, "%s %s", drawn(good), drawn(bad)), VERIFY_INVALID},
      {"BI /W 2 /H 2 /IM true /BPC 1 /D[1 0] /F/AHx ID FF> EI", VERIFY_INVALID},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct small_pdf_out p =
        sign(seal, (struct small_pdf){.content = rows[i].content, .record = record});
    struct sv_bytes file = sv_bytes_of(p.p, p.n);
    struct verify_seal_row seals[1] = {{.page = 1, .seal = good}};
    crypto_sha256(file, copies[0].pdf_sha256);
    registry.row.seals = seals;
    registry.row.seal_count = 1;
    is(judged(file, &registry), rows[i].verdict,
       rows[i].verdict == VERIFY_VALID ? VERIFY_NO_REASON : VERIFY_TWIN_MISMATCH);
  }
  /* without a registry the record is what it is compared with */
  struct small_pdf_out p = sign(seal, (struct small_pdf){.content = drawn(bad), .record = record});
  is(judged(sv_bytes_of(p.p, p.n), NULL), VERIFY_INVALID, VERIFY_TWIN_MISMATCH);
}

static struct sv_bytes manifest_record(char of[static 10]) {
  model_number_format(MODEL_FLIGHT_MANIFEST, 2026, 1, of);
  return sv_bytes_str(sv_arena_printf(
      arena,
      "{\"authority\":\"migration\",\"content\":{\"legs\":[{\"departure_time\":"
      "\"2026-08-20T07:30:00-05:00\",\"from\":\"PAC\",\"to\":\"BOG\"},{\"departure_time\":"
      "\"2026-08-20T10:20:00-05:00\",\"from\":\"BOG\",\"to\":\"UIO\"}]},\"format\":"
      "\"salvo-record/1\",\"issue_date\":\"2026-01-15\",\"kind\":\"flight_manifest\",\"number\":"
      "\"%s\",\"version\":1}",
      of));
}

static struct sv_bytes cover_seal(struct vds_manifest_cover in, struct sv_bytes of) {
  crypto_sha256(of, in.record_digest);
  struct vds_header h = {.country = "UTO",
                         .signer = "UTTS",
                         .cert_ref = "A7",
                         .issue_date = {2026, 1, 15},
                         .signature_date = {2026, 1, 15}};
  struct sv_bytes part, out;
  assert_int_equal(vds_manifest_cover_build(&ctx, &h, &in, &part).reason, SV_OK);
  assert_int_equal(
      seal_visible(seal, &ctx,
                   &(struct seal_subject){.number = in.id.number, .version = 1, .copy = 1}, part,
                   &out)
          .reason,
      SV_OK);
  return out;
}

static void a_covers_seal_must_be_for_the_route_and_day_of_the_record(void **state) {
  (void)state;
  struct vds_manifest_cover good = {.id = {.version = 1, .copy = 1},
                                    .flight = "XX9001",
                                    .flight_date = {2026, 8, 20},
                                    .from = "PAC",
                                    .to = "UIO"};
  struct sv_bytes of = manifest_record(good.id.number);
  struct vds_manifest_cover covers[] = {good, good, good, good};
  memcpy(covers[1].from, "BOG", 4);
  memcpy(covers[2].to, "BOG", 4);
  covers[3].flight_date.day = 21;
  for (size_t i = 0; i < sizeof covers / sizeof *covers; i++) {
    struct small_pdf_out p =
        sign(seal, (struct small_pdf){.content = drawn(cover_seal(covers[i], of)), .record = of});
    is(judged(sv_bytes_of(p.p, p.n), NULL), i ? VERIFY_INVALID : VERIFY_CHECK,
       i ? VERIFY_ROUTE_MISMATCH : VERIFY_STATUS_UNKNOWN);
  }
}

static void a_page_tree_without_an_end_is_refused(void **state) {
  (void)state;
  struct sv_bytes file = bent("/Kids[3 0 R]", "/Kids[2 0 R]");
  assert_int_equal(judged(file, &registry).verdict, VERIFY_INVALID);
}

int main(void) {
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_registered_file_is_valid_and_says_what_it_is),
      T(without_a_registry_a_good_file_is_amber),
      T(no_flipped_byte_is_ever_valid),
      T(without_a_registry_a_flip_outside_the_signature_is_seen_too),
      T(no_shortened_file_is_valid),
      T(an_appended_revision_is_changed_after_signing),
      T(a_shadow_of_an_object_under_a_fresh_cross_reference_is_seen),
      T(bytes_after_the_end_are_seen),
      T(a_bent_byte_range_is_invalid),
      T(bent_contents_are_invalid),
      T(an_unknown_sub_filter_is_invalid),
      T(our_signature_without_a_row_is_an_alarm),
      T(our_signature_over_another_file_of_the_same_number_is_altered),
      T(a_twin_that_is_missing_doubled_or_different_is_a_mismatch),
      T(the_state_in_the_registry_decides),
      T(versions_copies_and_days_decide_too),
      T(the_last_day_counts_in_the_authoritys_zone),
      T(a_certificate_that_ran_out_is_amber_alone_and_good_with_the_registrys_proof),
      T(a_strangers_good_signature_is_not_ours_and_never_green),
      T(a_strangers_older_form_is_told_as_what_it_is),
      T(what_a_stranger_hides_in_what_he_signed_is_told),
      T(each_reason_has_a_sentence_in_each_language),
      T(a_server_certificate_may_not_sign_documents),
      T(a_file_without_a_signature_is_not_ours_unless_it_poses),
      T(what_is_no_pdf_is_unreadable),
      T(a_registry_that_is_down_is_a_failure_and_no_verdict),
      T(the_bar_code_on_the_page_must_be_the_registrys),
      T(a_covers_seal_must_be_for_the_route_and_day_of_the_record),
      T(a_page_tree_without_an_end_is_refused),
      T(headlines_speak_five_languages_and_say_nothing_of_the_document),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
