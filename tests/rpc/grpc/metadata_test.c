/* Does a handler's own metadata keep to the rules of the wire? */
#include "rpc/grpc/metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

struct fixture {
  struct rpc_limits limits;
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct rpc_call *call; /* no loop: nothing here wakes one */
};

static int set_up(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->limits = rpc_limits_default();
  f->mem = sv_arena_open((size_t)1 << 20);
  f->ctx = sv_ctx_over(f->mem);
  f->call = rpc_call_new(NULL, &f->limits);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *f = *state;
  rpc_call_release(f->call);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

#define LIT(s) sv_bytes_of(s, sizeof(s) - 1)

static enum sv_reason header(struct fixture *f, const char *name, struct sv_bytes value) {
  return rpc_call_header(f->call, &f->ctx, name, value).reason;
}
static enum sv_reason trailer(struct fixture *f, const char *name, struct sv_bytes value) {
  return rpc_call_trailer(f->call, &f->ctx, name, value).reason;
}

static void text_stays_and_bytes_become_base64(void **state) {
  struct fixture *f = *state;
  assert_int_equal(header(f, "x-note", LIT("a b~")), SV_OK);
  assert_int_equal(trailer(f, "x-note-bin", LIT("\xab\xab\xab\x00")), SV_OK);
  assert_int_equal(trailer(f, "x-empty", LIT("")), SV_OK);
  assert_string_equal(f->call->headers.item[0].name, "x-note");
  assert_string_equal(f->call->headers.item[0].value, "a b~");
  assert_string_equal(f->call->trailers.item[0].value, "q6urAA");
  assert_string_equal(f->call->trailers.item[1].value, "");
}

static void what_would_break_the_wire_is_refused(void **state) {
  struct fixture *f = *state;
  static const char *const names[] = {"",   ":status",    "X-Note",       "x note",     "x\n",
                                      "te", "connection", "content-type", "grpc-status"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_int_equal(header(f, names[i], LIT("v")), SV_INTERNAL);
    assert_int_equal(trailer(f, names[i], LIT("v")), SV_INTERNAL);
  }
  assert_int_equal(header(f, "x", LIT("a\r\nb: c")), SV_INTERNAL);
  assert_int_equal(trailer(f, "x", LIT("a\0b")), SV_INTERNAL);
  assert_int_equal(trailer(f, "x", LIT("\xc3\xb1")), SV_INTERNAL);
  assert_int_equal(f->call->headers.n + f->call->trailers.n, 0);
}

static void there_is_room_for_so_many(void **state) {
  struct fixture *f = *state;
  for (int i = 0; i < RPC_METADATA_MAX; i++) {
    assert_int_equal(header(f, "x", LIT("v")), SV_OK);
    assert_int_equal(trailer(f, "x", LIT("v")), SV_OK);
  }
  assert_int_equal(header(f, "x", LIT("v")), SV_INTERNAL);
  assert_int_equal(trailer(f, "x", LIT("v")), SV_INTERNAL);
}

static void headers_are_too_late_after_a_message_and_trailers_after_the_verdict(void **state) {
  struct fixture *f = *state;
  assert_false(sv_failed(rpc_call_queue(f->call, &f->ctx, LIT("m"))));
  assert_int_equal(header(f, "x", LIT("v")), SV_INTERNAL);
  assert_int_equal(trailer(f, "x", LIT("v")), SV_OK);
  rpc_call_judge(f->call, &f->ctx, SV_DONE);
  assert_int_equal(header(f, "x", LIT("v")), SV_CANCELLED);
  assert_int_equal(trailer(f, "x", LIT("v")), SV_CANCELLED);
}

static void compression_is_for_who_accepts_it_and_in_time(void **state) {
  struct fixture *f = *state;
  assert_false(rpc_call_compress(f->call, true));
  assert_int_equal(f->call->out_encoding, RPC_IDENTITY);
  f->call->accepts_gzip = true;
  assert_true(rpc_call_compress(f->call, true));
  assert_int_equal(f->call->out_encoding, RPC_GZIP);
  assert_true(rpc_call_compress(f->call, false));
  assert_true(rpc_call_compress(f->call, true));
}

static void compression_can_not_begin_after_a_message(void **state) {
  struct fixture *f = *state;
  f->call->accepts_gzip = true;
  assert_false(sv_failed(rpc_call_queue(f->call, &f->ctx, LIT("m"))));
  assert_false(rpc_call_compress(f->call, true));
}

static void a_verdict_of_the_loop_is_not_the_handlers(void **state) {
  struct fixture *f = *state;
  (void)rpc_call_fail(f->call, &f->ctx, SV_CODE_DATA_LOSS, "mine").reason;
  sv_ctx_clear(&f->ctx);
  rpc_call_judge(f->call, &f->ctx, SV_FAIL(&f->ctx, DEADLINE, "the loop's"));
  assert_int_equal(f->call->verdict.code, SV_CODE_DEADLINE_EXCEEDED);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      TEST(text_stays_and_bytes_become_base64),
      TEST(what_would_break_the_wire_is_refused),
      TEST(there_is_room_for_so_many),
      TEST(headers_are_too_late_after_a_message_and_trailers_after_the_verdict),
      TEST(compression_is_for_who_accepts_it_and_in_time),
      TEST(compression_can_not_begin_after_a_message),
      TEST(a_verdict_of_the_loop_is_not_the_handlers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
