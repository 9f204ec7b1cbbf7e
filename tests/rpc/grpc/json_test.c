/* Does JSON say where it is wrong, and is it bounded? (What it means is compared with protobuf's own in
 * json_oracle_test.py.) */
#include "rpc/grpc/json.h"

#include <google/rpc/status.pb-c.h>
#include <rpc/echo.pb-c.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

#include "rpc/grpc/details.h"
#include "rpc/grpc/service.h"

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

static sv_status in(struct fixture *f, const char *text, ProtobufCMessage **ret) {
  return json_to_message(&f->ctx, &test__v1__shapes__descriptor, sv_bytes_str(text), ret);
}

static void expect_fault(struct fixture *f, const char *text, const char *path,
                         const char *message) {
  ProtobufCMessage *m = NULL;
  f->ctx = sv_ctx_over(f->mem);
  assert_int_equal(in(f, text, &m).reason, SV_JSON_FORMAT);
  assert_null(m);
  assert_int_equal(f->ctx.violation_count, 1);
  assert_string_equal(f->ctx.violations[0].path, path);
  assert_string_equal(f->ctx.violations[0].message, message);
}

static void a_fault_names_its_path(void **state) {
  struct fixture *f = *state;
  expect_fault(f, "{\"inners\": [{}, {\"manyInner\": [{\"colour\": 1}]}]}",
               "inners[1].manyInner[0].colour", "is no field of this message");
  expect_fault(f, "{\"ints\": [1, 2, \"x\"]}", "ints[2]", "is not a whole number of 32 bits");
  expect_fault(f, "{\"inner\": {\"some_text\": \"a\", \"someText\": \"b\"}}", "inner.someText",
               "is there twice, under both of its names");
  expect_fault(f, "{\"choiceText\": \"\", \"choiceInt64\": \"1\"}", "choiceInt64",
               "excludes another member that is set");
  expect_fault(f, "{\"aString\": \"a\",\n \"aString\": \"b\"}", "line 2, column 17",
               "a key is there twice");
  expect_fault(f, "{\"aString\": \"a\\u0000b\"}", "line 1, column 21", "has a NUL character");
  expect_fault(f, "", "line 1, column 1", "is not JSON");
}

static void a_hostile_key_is_shown_cut_and_cleaned(void **state) {
  struct fixture *f = *state;
  expect_fault(f, "{\"\\u001b[31m\\u00e9\": 1}", "?[31m??", "is no field of this message");
}

static void depth_and_size_are_bounded(void **state) {
  struct fixture *f = *state;
  struct sv_buf b = sv_buf_in(f->mem, 0);
  ProtobufCMessage *m = NULL;
  for (int i = 0; i < 150; i++) {
    sv_buf_str(&b, "{\"inner\":");
  }
  sv_buf_u8(&b, 0);
  assert_int_equal(in(f, (const char *)b.p, &m).reason, SV_JSON_FORMAT);
  b = sv_buf_in(f->mem, 0);
  sv_buf_str(&b, "{\"inner\":");
  for (int i = 0; i < 110; i++) {
    sv_buf_str(&b, "{\"inner\":");
  }
  sv_buf_str(&b, "{}");
  for (int i = 0; i < 111; i++) {
    sv_buf_u8(&b, '}');
  }
  sv_buf_u8(&b, 0);
  f->ctx = sv_ctx_over(f->mem);
  assert_int_equal(in(f, (const char *)b.p, &m).reason, SV_JSON_FORMAT);
  assert_string_equal(f->ctx.violations[0].message, "is nested too deep");
  b = sv_buf_in(f->mem, 0);
  sv_buf_str(&b, "{\"inners\":[");
  for (int i = 0; i < 200000; i++) {
    sv_buf_str(&b, "{},");
  }
  sv_buf_str(&b, "{}]}");
  sv_buf_u8(&b, 0);
  f->ctx = sv_ctx_over(f->mem);
  assert_int_equal(in(f, (const char *)b.p, &m).reason, SV_LIMIT_EXCEEDED);
}

static void punctuation_inside_texts_does_not_count(void **state) {
  struct fixture *f = *state;
  struct sv_buf b = sv_buf_in(f->mem, 0);
  ProtobufCMessage *m = NULL;
  sv_buf_str(&b, "{\"aString\":\"\\\"");
  for (int i = 0; i < 200000; i++) {
    sv_buf_str(&b, "[{,");
  }
  sv_buf_str(&b, "\"}");
  sv_buf_u8(&b, 0);
  assert_int_equal(in(f, (const char *)b.p, &m).reason, SV_OK);
}

static void pretty_is_indented(void **state) {
  struct fixture *f = *state;
  ProtobufCMessage *m = NULL;
  assert_int_equal(
      in(f, "{\"ints\":[1,2],\"inner\":{\"someText\":\"a\\nb\"},\"texts\":[]}", &m).reason, SV_OK);
  struct sv_buf out = sv_buf_in(f->mem, 0);
  assert_int_equal(json_from_message(&f->ctx, m, &out, true).reason, SV_OK);
  sv_buf_u8(&out, 0);
  assert_string_equal(
      (const char *)out.p,
      "{\n  \"inner\": {\n    \"someText\": \"a\\nb\"\n  },\n  \"ints\": [\n    1,\n    "
      "2\n  ]\n}");
}

static void an_error_of_a_batch_is_readable(void **state) {
  struct fixture *f = *state;
  sv_ctx_violate(&f->ctx, "is required", "holder.surname");
  struct sv_bytes wire = rpc_details(&f->ctx, SV_FIELD_INVALID);
  ProtobufCMessage *m = NULL;
  assert_int_equal(rpc_unpack(&f->ctx, &google__rpc__status__descriptor, wire, &m).reason, SV_OK);
  struct sv_buf out = sv_buf_in(f->mem, 0);
  assert_int_equal(json_from_message(&f->ctx, m, &out, false).reason, SV_OK);
  sv_buf_u8(&out, 0);
  assert_string_equal(
      (const char *)out.p,
      "{\"code\":3,\"message\":\"a field of the request breaks a rule\",\"details\":["
      "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"FIELD_INVALID\","
      "\"domain\":\"salvoconducto\",\"metadata\":{\"violations\":\"1\"}},"
      "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":["
      "{\"field\":\"holder.surname\",\"description\":\"is required\"}]}]}");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_fault_names_its_path),     T(a_hostile_key_is_shown_cut_and_cleaned),
      T(depth_and_size_are_bounded), T(punctuation_inside_texts_does_not_count),
      T(pretty_is_indented),         T(an_error_of_a_batch_is_readable),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
