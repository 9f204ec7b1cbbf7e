/* Does the pre-check stop what the unpacker would trip over, and nothing else? */
#include "rpc/grpc/precheck.h"

#include <rpc/echo.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

#include "rpc/grpc/gzip.h"
#include "rpc/grpc/service.h"
#include "rpc/limits.h"

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open((size_t)64 << 20);
  f->ctx = sv_ctx_over(f->mem);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static enum sv_reason check(struct fixture *f, const void *p, size_t n) {
  sv_ctx_clear(&f->ctx);
  return rpc_precheck(&f->ctx, &test__v1__shapes__descriptor, sv_bytes_of(p, n)).reason;
}

#define CHECK(f, ...) \
  check((f), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void an_empty_message_is_good(void **state) {
  assert_int_equal(check(*state, NULL, 0), SV_OK);
}

static void cut_input_is_malformed(void **state) {
  assert_int_equal(CHECK(*state, 0x18), SV_MESSAGE_MALFORMED);            /* no value */
  assert_int_equal(CHECK(*state, 0x18, 0x80), SV_MESSAGE_MALFORMED);      /* cut varint */
  assert_int_equal(CHECK(*state, 0x72, 0x05, 'a'), SV_MESSAGE_MALFORMED); /* cut string */
  assert_int_equal(CHECK(*state, 0x09, 1, 2, 3), SV_MESSAGE_MALFORMED);   /* cut double */
  assert_int_equal(CHECK(*state, 0x72, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
                   SV_MESSAGE_MALFORMED); /* a length of 2^64 - 1 */
}

static void groups_and_reserved_wire_types_are_refused(void **state) {
  assert_int_equal(CHECK(*state, 0xfb, 0x07, 0xfc, 0x07), SV_MESSAGE_MALFORMED); /* unknown group */
  assert_int_equal(CHECK(*state, 0xfe, 0x07, 0x00), SV_MESSAGE_MALFORMED);
  assert_int_equal(CHECK(*state, 0xff, 0x07, 0x00), SV_MESSAGE_MALFORMED);
}

static void tags_of_no_field_number_are_refused(void **state) {
  assert_int_equal(CHECK(*state, 0x00, 0x00), SV_MESSAGE_MALFORMED);
  assert_int_equal(CHECK(*state, 0xf8, 0xff, 0xff, 0xff, 0xff, 0x01, 0x00), SV_MESSAGE_MALFORMED);
}

static void varints_of_more_than_64_bits_are_refused(void **state) {
  assert_int_equal(CHECK(*state, 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
                   SV_OK);
  assert_int_equal(CHECK(*state, 0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02),
                   SV_MESSAGE_MALFORMED);
  assert_int_equal(
      CHECK(*state, 0x20, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
      SV_MESSAGE_MALFORMED);
}

static void a_known_field_of_another_wire_type_is_refused(void **state) {
  assert_int_equal(CHECK(*state, 0x70, 0x01), SV_MESSAGE_MALFORMED); /* a string as a varint */
  assert_int_equal(CHECK(*state, 0x1a, 0x01, 0x01),
                   SV_MESSAGE_MALFORMED); /* packed, not repeated */
}

static void unknown_fields_are_skipped(void **state) {
  assert_int_equal(CHECK(*state, 0xc0, 0x3e, 0x01, 0xc2, 0x3e, 0x02, 0xff, 0x00, 0x68, 0x01),
                   SV_OK);
}

static void texts_are_utf8_without_nul(void **state) {
  (void)state;
  static const char *const good[] = {"",
                                     "abc",
                                     "\xc2\x80",
                                     "\xe0\xa0\x80",
                                     "\xed\x9f\xbf",
                                     "\xee\x80\x80",
                                     "\xf0\x90\x80\x80",
                                     "\xf4\x8f\xbf\xbf"};
  static const char *const bad[] = {"\x80",
                                    "\xc0\x80",
                                    "\xc1\xbf",
                                    "\xe0\x9f\xbf",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xc2",
                                    "\xe2\x82",
                                    "a\xff"};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    assert_true(rpc_text_ok(sv_bytes_str(good[i])));
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    assert_false(rpc_text_ok(sv_bytes_str(bad[i])));
  }
  assert_false(rpc_text_ok(sv_bytes_of("a\0b", 3)));
  assert_int_equal(CHECK(*state, 0x72, 0x01, 0x00),
                   SV_FIELD_INVALID);                       /* protobuf, but no text of ours */
  assert_int_equal(CHECK(*state, 0x7a, 0x01, 0x00), SV_OK); /* bytes may be anything */
}

/* Messages inside messages, the innermost empty. */
static struct sv_bytes nested(struct fixture *f, size_t levels) {
  struct sv_buf b = sv_buf_in(f->mem, 0);
  for (size_t i = 0; i < levels; i++) {
    struct sv_bytes inside = sv_buf_bytes(&b);
    struct sv_buf out = sv_buf_in(f->mem, 0);
    if (i + 1 < levels) {
      sv_buf_u8(&out, 0x12); /* Inner.inner */
    } else {
      sv_buf_put(&out, "\x8a\x01", 2); /* Shapes.inner */
    }
    size_t n = inside.n;
    for (; n > 127; n >>= 7) {
      sv_buf_u8(&out, (uint8_t)(n | 128));
    }
    sv_buf_u8(&out, (uint8_t)n);
    sv_buf_put(&out, inside.p, inside.n);
    b = out;
  }
  return sv_buf_bytes(&b);
}

static void depth_has_a_limit(void **state) {
  struct fixture *f = *state;
  struct sv_bytes most = nested(f, RPC_PROTOBUF_DEPTH_MAX - 1);
  assert_int_equal(check(f, most.p, most.n), SV_OK);
  ProtobufCMessage *m = NULL;
  assert_int_equal(rpc_unpack(&f->ctx, &test__v1__shapes__descriptor, most, &m).reason, SV_OK);
  struct sv_bytes more = nested(f, RPC_PROTOBUF_DEPTH_MAX);
  assert_int_equal(check(f, more.p, more.n), SV_MESSAGE_MALFORMED);
  more = nested(f, 5000);
  assert_int_equal(check(f, more.p, more.n), SV_MESSAGE_MALFORMED);
}

static void elements_have_a_budget_whatever_their_shape(void **state) {
  struct fixture *f = *state;
  static const struct {
    const char *bytes;
    size_t n;
  } shapes[] = {{"\xb2\x01\x00", 3}, /* empty submessages */
                {"\xa2\x01\x00", 3}, /* empty texts */
                {"\x98\x01\x01", 3}, /* numbers one by one */
                {"\xc0\x3e\x01", 3} /* unknown fields */};
  for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
    struct sv_buf b = sv_buf_in(f->mem, 0);
    for (size_t k = 0; k < RPC_PROTOBUF_ELEMENTS_MAX; k++) {
      sv_buf_put(&b, shapes[i].bytes, shapes[i].n);
    }
    assert_int_equal(check(f, b.p, b.n), SV_OK);
    sv_buf_put(&b, shapes[i].bytes, shapes[i].n);
    assert_int_equal(check(f, b.p, b.n), SV_LIMIT_EXCEEDED);
  }
}

static void packed_numbers_are_counted_and_checked(void **state) {
  struct fixture *f = *state;
  assert_int_equal(CHECK(f, 0x9a, 0x01, 0x03, 1, 2, 3), SV_OK);
  assert_int_equal(CHECK(f, 0x9a, 0x01, 0x02, 1, 0x80), SV_MESSAGE_MALFORMED);
  assert_int_equal(CHECK(f, 0xe2, 0x01, 0x04, 1, 2, 3, 4), SV_OK);
  assert_int_equal(CHECK(f, 0xe2, 0x01, 0x03, 1, 2, 3), SV_MESSAGE_MALFORMED);
  const size_t n = RPC_PROTOBUF_ELEMENTS_MAX;
  uint8_t *big = sv_arena_alloc(f->mem, n + 5);
  memcpy(big, "\x9a\x01\xa0\x8d\x06", 5); /* 100000 zeros, and the field itself */
  assert_int_equal(check(f, big, n + 5), SV_LIMIT_EXCEEDED);
}

static void a_singular_message_sent_twice_is_refused(void **state) {
  assert_int_equal(CHECK(*state, 0x8a, 0x01, 0x00), SV_OK);
  assert_int_equal(CHECK(*state, 0x8a, 0x01, 0x00, 0x8a, 0x01, 0x00), SV_MESSAGE_MALFORMED);
}

static void unpacking_stops_at_the_arenas_cap(void **state) {
  struct fixture *f = *state;
  struct sv_arena *small = sv_arena_open(20000);
  struct sv_ctx ctx = sv_ctx_over(small);
  struct sv_buf b = sv_buf_in(f->mem, 0);
  for (size_t i = 0; i < 5000; i++) {
    sv_buf_put(&b, "\xb2\x01\x00", 3);
  }
  ProtobufCMessage *m = NULL;
  assert_int_equal(rpc_unpack(&ctx, &test__v1__shapes__descriptor, sv_buf_bytes(&b), &m).reason,
                   SV_NO_MEMORY);
  assert_null(m);
  sv_arena_close(small);
}

static void gzip_comes_back_and_a_bomb_does_not(void **state) {
  struct fixture *f = *state;
  uint8_t *zeros = sv_arena_alloc(f->mem, 3000000);
  struct sv_bytes packed, back;
  assert_int_equal(rpc_gzip(&f->ctx, sv_bytes_of(zeros, 3000000), &packed).reason, SV_OK);
  assert_true(packed.n < 20000);
  assert_int_equal(rpc_gunzip(&f->ctx, packed, 3000000, &back).reason, SV_OK);
  assert_int_equal(back.n, 3000000);
  assert_int_equal(rpc_gunzip(&f->ctx, packed, 2999999, &back).reason, SV_MESSAGE_TOO_LARGE);
  sv_ctx_clear(&f->ctx);
  packed.n -= 1;
  assert_int_equal(rpc_gunzip(&f->ctx, packed, 3000000, &back).reason, SV_MESSAGE_MALFORMED);
  sv_ctx_clear(&f->ctx);
  assert_int_equal(rpc_gunzip(&f->ctx, sv_bytes_str("not gzip at all"), 100, &back).reason,
                   SV_MESSAGE_MALFORMED);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(an_empty_message_is_good),
      T(cut_input_is_malformed),
      T(groups_and_reserved_wire_types_are_refused),
      T(tags_of_no_field_number_are_refused),
      T(varints_of_more_than_64_bits_are_refused),
      T(a_known_field_of_another_wire_type_is_refused),
      T(unknown_fields_are_skipped),
      T(texts_are_utf8_without_nul),
      T(depth_has_a_limit),
      T(elements_have_a_budget_whatever_their_shape),
      T(packed_numbers_are_counted_and_checked),
      T(a_singular_message_sent_twice_is_refused),
      T(unpacking_stops_at_the_arenas_cap),
      T(gzip_comes_back_and_a_bomb_does_not),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
