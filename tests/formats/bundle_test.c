/* Whether bundles are read as they were written, and nothing else is read. */
#include "formats/bundle/bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct bundle example(void) {
  return (struct bundle){.list = 'A',
                         .sequence = 412,
                         .not_before_us = 1764000000000000,
                         .fresh_until_us = 1764086400000000,
                         .expires_us = 1764604800000000,
                         .checkpoint = "log.utopia.example\n1\nAAAA\n\n\xe2\x80\x94 x y\n"};
}

static void a_whole_list_is_read_as_it_was_written(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  uint8_t *bits = sv_arena_alloc(ctx.mem, BUNDLE_BITS_BYTES);
  memset(bits, 0, BUNDLE_BITS_BYTES);
  for (uint32_t i = 0; i < BUNDLE_PLACES; i += 7) {
    bundle_status_set(bits, i, (enum bundle_status)(i / 7 % 4));
  }
  struct bundle b = example(), r;
  struct sv_bytes text;
  b.bits = bits;
  assert_int_equal(bundle_write(&ctx, &b, &text).reason, SV_OK);
  assert_int_equal(bundle_read(&ctx, text, &r).reason, SV_OK);
  assert_memory_equal(r.bits, bits, BUNDLE_BITS_BYTES);
  assert_int_equal(r.sequence, 412);
  assert_int_equal(r.fresh_until_us, b.fresh_until_us);
  assert_string_equal(r.checkpoint, b.checkpoint);
  for (uint32_t i = 0; i < BUNDLE_PLACES; i++) {
    assert_int_equal(bundle_status_at(r.bits, i), i % 7 ? 0 : i / 7 % 4);
  }
}

static void the_size_tells_nobody_how_many_papers_there_are(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  struct bundle_change changes[64];
  size_t sizes[3];
  for (size_t n = 0; n < 3; n++) {
    struct bundle b = example();
    struct sv_bytes text;
    b.after = 400;
    b.changes = changes;
    b.change_count = n * 32;
    for (uint32_t i = 0; i < b.change_count; i++) {
      changes[i] = (struct bundle_change){1000 * i, BUNDLE_REVOKED};
    }
    struct bundle r;
    assert_int_equal(bundle_write(&ctx, &b, &text).reason, SV_OK);
    assert_int_equal(bundle_read(&ctx, text, &r).reason, SV_OK);
    assert_int_equal(r.change_count, b.change_count);
    sizes[n] = text.n;
  }
  assert_int_equal(sizes[0], sizes[1]);
  assert_int_equal(sizes[1], sizes[2]);
}

static void a_text_that_is_cut_or_bent_is_no_bundle(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  struct bundle b = example(), r;
  struct sv_bytes text;
  b.after = 400;
  assert_int_equal(bundle_write(&ctx, &b, &text).reason, SV_OK);
  for (size_t n = 0; n < text.n; n += 3) {
    assert_int_equal(bundle_read(&ctx, sv_bytes_of(text.p, n), &r).reason, SV_CORRUPT);
    sv_ctx_clear(&ctx);
  }
  uint8_t *bent = sv_arena_alloc(ctx.mem, text.n);
  memcpy(bent, text.p, text.n);
  memcpy(bent + 20, "?", 1); /* the list's letter */
  assert_int_equal(bundle_read(&ctx, sv_bytes_of(bent, text.n), &r).reason, SV_CORRUPT);
}

static void a_trust_list_keeps_each_certificate_once(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  static const char pem[] =
      "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n"
      "-----BEGIN CERTIFICATE-----\nMAECBA==\n-----END CERTIFICATE-----\n"
      "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n";
  struct bundle_trust *t = SV_NEW(ctx.mem, struct bundle_trust);
  struct bundle_trust *r = SV_NEW(ctx.mem, struct bundle_trust);
  struct sv_bytes text, again;
  *t = (struct bundle_trust){.sequence = 1, .log_key = "log+00000000+AAAA"};
  assert_int_equal(bundle_trust_add_pem(&ctx, t, sv_bytes_str(pem), false).reason, SV_OK);
  assert_int_equal(t->certificate_count, 2);
  assert_int_equal(bundle_trust_write(&ctx, t, &text).reason, SV_OK);
  assert_int_equal(bundle_trust_read(&ctx, text, r).reason, SV_OK);
  assert_int_equal(bundle_trust_pem(&ctx, r, false, &again).reason, SV_OK);
  assert_int_equal(again.n, strlen(pem) / 3 * 2);
  assert_memory_equal(again.p, pem, again.n);
}

static void a_trust_list_takes_certificates_under_both_names_and_none_that_limit_their_use(
    void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  static const char both[] =
      "-----BEGIN X509 CERTIFICATE-----\nMAECAw==\n-----END X509 CERTIFICATE-----\n"
      "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n"
      "-----BEGIN X509 CERTIFICATE-----\nMAECBA==\n-----END X509 CERTIFICATE-----\n";
  static const char limited[] =
      "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n"
      "-----BEGIN TRUSTED CERTIFICATE-----\nMAECAw==\n-----END TRUSTED CERTIFICATE-----\n";
  for (int stamps = 0; stamps < 2; stamps++) {
    struct bundle_trust *t = SV_NEW(ctx.mem, struct bundle_trust);
    *t = (struct bundle_trust){.sequence = 1, .log_key = "log+00000000+AAAA"};
    assert_int_equal(bundle_trust_add_pem(&ctx, t, sv_bytes_str(both), stamps).reason, SV_OK);
    assert_int_equal(stamps ? t->stamp_count : t->certificate_count, 2);
    assert_int_equal(bundle_trust_add_pem(&ctx, t, sv_bytes_str(limited), stamps).reason,
                     SV_CERT_FORMAT);
  }
}

static void a_trust_list_keeps_lists_stamps_and_the_lives_of_keys(void **state) {
  struct sv_ctx ctx = sv_ctx_over(*state);
  static const char pem[] =
      "-----BEGIN CERTIFICATE-----\nMAECAw==\n-----END CERTIFICATE-----\n"
      "-----BEGIN X509 CRL-----\nMAECBA==\n-----END X509 CRL-----\n";
  struct bundle_trust *t = SV_NEW(ctx.mem, struct bundle_trust);
  struct bundle_trust *r = SV_NEW(ctx.mem, struct bundle_trust);
  struct sv_bytes text, again;
  *t = (struct bundle_trust){.sequence = 1, .log_key = "log+00000000+AAAA", .key_count = 2};
  t->keys[0] = (struct bundle_key){.sha256 = {1}, .from_us = 1764000000000000};
  t->keys[1] = (struct bundle_key){.sha256 = {2},
                                   .from_us = 1764000000000000,
                                   .until_us = 1764086400000000,
                                   .compromised_us = 1764043200000000};
  assert_int_equal(bundle_trust_add_pem(&ctx, t, sv_bytes_str(pem), false).reason, SV_OK);
  assert_int_equal(bundle_trust_add_pem(&ctx, t, sv_bytes_str(pem), true).reason, SV_OK);
  assert_int_equal(bundle_trust_write(&ctx, t, &text).reason, SV_OK);
  assert_int_equal(bundle_trust_read(&ctx, text, r).reason, SV_OK);
  assert_int_equal(r->stamp_count, 1);
  assert_int_equal(r->crl_count, 1);
  assert_int_equal(r->key_count, 2);
  assert_memory_equal(r->keys, t->keys, 2 * sizeof *t->keys);
  for (int stamps = 0; stamps < 2; stamps++) {
    assert_int_equal(bundle_trust_pem(&ctx, r, stamps, &again).reason, SV_OK);
    assert_int_equal(again.n, strlen(pem));
    assert_memory_equal(again.p, pem, again.n);
  }
  static const char *const bent[][2] = {{"key 01", "key 1"},
                                        {"key 01", "key 0g"},
                                        {"/-/-", "/-"},
                                        {"/-/-", "/-/-/-"},
                                        {"/-/-", "//-"}};
  const char *whole = sv_arena_strndup(ctx.mem, (const char *)text.p, text.n);
  for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
    const char *at = strstr(whole, bent[i][0]);
    assert_non_null(at);
    const char *wrong = sv_arena_printf(ctx.mem, "%.*s%s%s", (int)(at - whole), whole, bent[i][1],
                                        at + strlen(bent[i][0]));
    assert_int_equal(bundle_trust_read(&ctx, sv_bytes_str(wrong), r).reason, SV_CORRUPT);
    sv_ctx_clear(&ctx);
  }
}

static int begin(void **state) {
  *state = sv_arena_open((size_t)64 << 20);
  return *state ? 0 : -1;
}
static int end(void **state) {
  sv_arena_close(*state);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_whole_list_is_read_as_it_was_written, begin, end),
      cmocka_unit_test_setup_teardown(the_size_tells_nobody_how_many_papers_there_are, begin, end),
      cmocka_unit_test_setup_teardown(a_text_that_is_cut_or_bent_is_no_bundle, begin, end),
      cmocka_unit_test_setup_teardown(a_trust_list_keeps_each_certificate_once, begin, end),
      cmocka_unit_test_setup_teardown(
          a_trust_list_takes_certificates_under_both_names_and_none_that_limit_their_use, begin,
          end),
      cmocka_unit_test_setup_teardown(a_trust_list_keeps_lists_stamps_and_the_lives_of_keys, begin,
                                      end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
