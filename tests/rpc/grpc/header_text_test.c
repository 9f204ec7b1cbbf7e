/* Are the small grammars of gRPC's headers read as their specification says? */
#include "rpc/grpc/header_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

static void timeouts_that_are_well_formed(void **state) {
  static const struct {
    const char *text;
    uint64_t ns;
  } rows[] = {
      {"1n", 1},
      {"0n", 0},
      {"250u", 250000},
      {"20m", 20000000},
      {"3S", UINT64_C(3000000000)},
      {"2M", UINT64_C(120000000000)},
      {"00000001H", UINT64_C(3600000000000)},
      {"99999999S", UINT64_C(99999999000000000)},
      {"99999999H", UINT64_MAX}, /* 3.6e20: held at the top */
      {"5124095H", UINT64_C(5124095) * 3600 * 1000000000},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t ns = 1234;
    assert_true(rpc_timeout_parse(sv_bytes_str(rows[i].text), &ns));
    assert_true(ns == rows[i].ns);
  }
}

static void timeouts_that_are_malformed(void **state) {
  static const char *const rows[] = {"",    "S",   "1",   "123456789S", "-1S",  "1.5S", "1s",
                                     "1 S", " 1S", "1SS", "+1S",        "0x1S", "1h",   "12345678"};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint64_t ns = 1234;
    assert_false(rpc_timeout_parse(sv_bytes_str(rows[i]), &ns));
    assert_int_equal(ns, 1234);
  }
}

static void a_timeout_is_written_as_it_is_read(void **state) {
  static const uint64_t rows[] = {1,
                                  99999999,
                                  100000000,
                                  UINT64_C(1500000000),
                                  UINT64_C(7200000000000),
                                  UINT64_C(31536000000000000)};
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char text[10];
    uint64_t back;
    rpc_timeout_format(rows[i], text);
    assert_true(rpc_timeout_parse(sv_bytes_str(text), &back));
    assert_true(back <= rows[i] && rows[i] - back <= rows[i] / 1000);
  }
}

static void a_message_is_percent_encoded_and_comes_back(void **state) {
  char out[100], back[100];
  (void)state;
  rpc_percent_encode(sv_bytes_str("caf\xc3\xa9 100%\n~"), out);
  assert_string_equal(out, "caf%C3%A9 100%25%0A~");
  assert_int_equal(rpc_percent_decode(sv_bytes_str(out), back), 12);
  assert_string_equal(back, "caf\xc3\xa9 100%\n~");
}

static void broken_escapes_stay_as_they_are(void **state) {
  char back[32];
  (void)state;
  (void)rpc_percent_decode(sv_bytes_str("50% off %4 %zz %"), back);
  assert_string_equal(back, "50% off %4 %zz %");
}

static void binary_metadata_goes_out_unpadded_and_comes_in_either_way(void **state) {
  struct sv_arena *mem = sv_arena_open(10000);
  struct sv_bytes out;
  (void)state;
  assert_string_equal(rpc_bin_encode(mem, sv_bytes_str("a")), "YQ");
  assert_string_equal(rpc_bin_encode(mem, sv_bytes_str("")), "");
  assert_true(rpc_bin_decode(mem, sv_bytes_str("YQ"), &out) && out.n == 1 && out.p[0] == 'a');
  assert_true(rpc_bin_decode(mem, sv_bytes_str("YQ=="), &out) && out.n == 1);
  assert_false(rpc_bin_decode(mem, sv_bytes_str("Y"), &out));
  assert_false(rpc_bin_decode(mem, sv_bytes_str("Y*"), &out));
  sv_arena_close(mem);
}

static void content_types_of_grpc_alone_are_taken(void **state) {
  static const char *const good[] = {"application/grpc", "application/grpc+proto",
                                     "application/grpc;charset=utf-8", "Application/GRPC"};
  static const char *const bad[] = {
      "",     "application/grp",      "application/grpcweb", "application/json",
      "text", "application/grpc-web", "application/grpc+"};
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(rpc_content_type_ok(sv_bytes_str(good[i])));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(rpc_content_type_ok(sv_bytes_str(bad[i])));
  }
}

static void a_word_is_found_in_a_list_whole(void **state) {
  (void)state;
  assert_true(rpc_list_has(sv_bytes_str("identity,deflate,gzip"), "gzip"));
  assert_true(rpc_list_has(sv_bytes_str("identity , gzip;q=1"), "gzip"));
  assert_false(rpc_list_has(sv_bytes_str("xgzip,gzip2"), "gzip"));
  assert_false(rpc_list_has(sv_bytes_str(""), "gzip"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timeouts_that_are_well_formed),
      cmocka_unit_test(timeouts_that_are_malformed),
      cmocka_unit_test(a_timeout_is_written_as_it_is_read),
      cmocka_unit_test(a_message_is_percent_encoded_and_comes_back),
      cmocka_unit_test(broken_escapes_stay_as_they_are),
      cmocka_unit_test(binary_metadata_goes_out_unpadded_and_comes_in_either_way),
      cmocka_unit_test(content_types_of_grpc_alone_are_taken),
      cmocka_unit_test(a_word_is_found_in_a_list_whole),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
