/* What the benchmarks share: the thread's clock, and an end with words. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/ctx.h"

/* Microseconds of CPU that this thread has used. */
static inline double bench_cpu_us(void) {
  struct timespec t;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline void bench_must(const struct sv_ctx *ctx, sv_status s) {
  if (sv_failed(s)) {
    (void)fprintf(stderr, "bench: %s: %s\n", sv_reason_name(s.reason), ctx->detail);
    exit(1);
  }
}
