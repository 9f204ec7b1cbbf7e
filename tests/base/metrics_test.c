/* Is what was counted told, in the words that dashboards expect? */
#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct sv_metrics *metrics;
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open(1 << 20);
  f->ctx = sv_ctx_over(f->mem);
  assert_int_equal(sv_metrics_open(&f->ctx, &f->metrics).reason, SV_OK);
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  sv_metrics_close(f->metrics);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static void expect_line(struct fixture *f, const char *line, bool there) {
  struct sv_buf out = sv_buf_in(f->mem, 0);
  sv_metrics_write(f->metrics, &out);
  sv_buf_u8(&out, 0);
  assert_false(out.failed);
  char *with_ends = sv_arena_printf(f->mem, "\n%s\n", line);
  if ((strstr((const char *)out.p, with_ends) != NULL) != there) {
    fail_msg("%s: %s", there ? "missing" : "unexpected", line);
  }
}

static void calls_are_counted_by_method_and_code(void **state) {
  struct fixture *f = *state;
  struct sv_metrics_method *m = sv_metrics_method(f->metrics, "/a.v1.S/Do");
  sv_metrics_started(m);
  sv_metrics_started(m);
  sv_metrics_handled(m, SV_CODE_OK, 700000);
  sv_metrics_handled(m, SV_CODE_NOT_FOUND, UINT64_C(60000000000));
#define LABELS "grpc_service=\"a.v1.S\",grpc_method=\"Do\""
  expect_line(f, "grpc_server_started_total{" LABELS "} 2", true);
  expect_line(f, "grpc_server_handled_total{" LABELS ",grpc_code=\"OK\"} 1", true);
  expect_line(f, "grpc_server_handled_total{" LABELS ",grpc_code=\"NotFound\"} 1", true);
  expect_line(f, "grpc_server_handled_total{" LABELS ",grpc_code=\"Internal\"} 0", false);
  expect_line(f, "grpc_server_handling_seconds_bucket{" LABELS ",le=\"0.0005\"} 0", true);
  expect_line(f, "grpc_server_handling_seconds_bucket{" LABELS ",le=\"0.001\"} 1", true);
  expect_line(f, "grpc_server_handling_seconds_bucket{" LABELS ",le=\"+Inf\"} 2", true);
  expect_line(f, "grpc_server_handling_seconds_sum{" LABELS "} 60.000700", true);
  expect_line(f, "grpc_server_handling_seconds_count{" LABELS "} 2", true);
}

static void documents_times_and_gauges_are_told(void **state) {
  struct fixture *f = *state;
  sv_metrics_issued(f->metrics, SV_ISSUE_FLIGHT_MANIFEST, SV_OUTCOME_REFUSED);
  sv_metrics_time(f->metrics, SV_TIME_SIGN, 20000);
  expect_line(f, "salvo_documents_issued_total{kind=\"flight_manifest\",outcome=\"refused\"} 1",
              true);
  expect_line(f, "salvo_sign_seconds_bucket{le=\"0.0001\"} 1", true);
  expect_line(f, "salvo_sign_seconds_count 1", true);
  expect_line(f, "# TYPE salvo_reserved_documents gauge", false);
  sv_metrics_set(f->metrics, SV_GAUGE_RESERVED_DOCUMENTS, 3);
  expect_line(f, "salvo_reserved_documents 3", true);
  expect_line(f, "# TYPE process_resident_memory_bytes gauge", true);
}

static void nobody_has_to_count(void **state) {
  (void)state;
  sv_metrics_started(sv_metrics_method(NULL, "/a/b"));
  sv_metrics_handled(NULL, SV_CODE_OK, 1);
  sv_metrics_issued(NULL, SV_ISSUE_SAFE_CONDUCT, SV_OUTCOME_ISSUED);
  sv_metrics_time(NULL, SV_TIME_COMMIT, 1);
  sv_metrics_set(NULL, SV_GAUGE_QUEUE_DEPTH, 1);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {T(calls_are_counted_by_method_and_code),
                                     T(documents_times_and_gauges_are_told),
                                     T(nobody_has_to_count)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
