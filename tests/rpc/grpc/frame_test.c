/* Are length-prefixed messages read the same however the bytes are cut? */
#include "rpc/grpc/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

enum { MAX = 1000 };

static const uint8_t stream[] = {0, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 'z'};

static void a_stream_in_any_portions_gives_the_same_messages(void **state) {
  (void)state;
  for (size_t step = 1; step <= sizeof stream; step++) {
    struct rpc_frame_reader r = rpc_frame_reader_over(MAX);
    char seen[64] = "";
    for (size_t at = 0; at < sizeof stream; at += step) {
      struct sv_bytes part =
          sv_bytes_of(stream + at, sizeof stream - at < step ? sizeof stream - at : step);
      struct rpc_frame f;
      while (part.n > 0 || rpc_frame_partial(&r)) {
        enum rpc_frame_step s = rpc_frame_read(&r, &part, &f);
        if (s == RPC_FRAME_MORE) {
          break;
        }
        assert_int_equal(s, RPC_FRAME_READY);
        (void)strcat(seen, f.compressed ? "+" : "-");
        if (f.n > 0) {
          (void)strncat(seen, (const char *)f.bytes, f.n);
        }
        free(f.bytes);
      }
    }
    assert_string_equal(seen, "-abc-+z");
    assert_false(rpc_frame_partial(&r));
  }
}

static void a_size_over_the_limit_is_refused_from_the_prefix(void **state) {
  (void)state;
  static const uint8_t big[] = {0, 0, 0, 3, 0xe9};
  struct rpc_frame_reader r = rpc_frame_reader_over(MAX);
  struct sv_bytes b = sv_bytes_of(big, sizeof big);
  struct rpc_frame f;
  assert_int_equal(rpc_frame_read(&r, &b, &f), RPC_FRAME_TOO_LARGE);
  assert_null(r.frame.bytes);
}

static void a_size_at_the_limit_passes(void **state) {
  (void)state;
  uint8_t all[RPC_PREFIX_BYTES + MAX] = {0};
  rpc_frame_prefix(all, false, MAX);
  struct rpc_frame_reader r = rpc_frame_reader_over(MAX);
  struct sv_bytes b = sv_bytes_of(all, sizeof all);
  struct rpc_frame f;
  assert_int_equal(rpc_frame_read(&r, &b, &f), RPC_FRAME_READY);
  assert_int_equal(f.n, MAX);
  free(f.bytes);
}

static void unknown_flags_are_refused(void **state) {
  (void)state;
  for (unsigned flag = 2; flag < 256; flag++) {
    const uint8_t bad[] = {(uint8_t)flag, 0, 0, 0, 0};
    struct rpc_frame_reader r = rpc_frame_reader_over(MAX);
    struct sv_bytes b = sv_bytes_of(bad, sizeof bad);
    struct rpc_frame f;
    assert_int_equal(rpc_frame_read(&r, &b, &f), RPC_FRAME_BAD_FLAG);
  }
}

static void a_cut_message_is_partial_and_only_what_came_is_held(void **state) {
  (void)state;
  static const uint8_t cut[] = {0, 0, 0x3f, 0, 0, 'x'};
  struct rpc_frame_reader r = rpc_frame_reader_over((size_t)4 << 20);
  struct sv_bytes b = sv_bytes_of(cut, sizeof cut);
  struct rpc_frame f;
  assert_int_equal(rpc_frame_read(&r, &b, &f), RPC_FRAME_MORE);
  assert_true(rpc_frame_partial(&r));
  assert_int_equal(r.frame.n, 1);
  assert_in_range(r.room, 1, 4096);
  rpc_frame_reader_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_stream_in_any_portions_gives_the_same_messages),
      cmocka_unit_test(a_size_over_the_limit_is_refused_from_the_prefix),
      cmocka_unit_test(a_size_at_the_limit_passes),
      cmocka_unit_test(unknown_flags_are_refused),
      cmocka_unit_test(a_cut_message_is_partial_and_only_what_came_is_held),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
