/* Do jobs cross to a worker and back, whatever happens to the queue? */
#include "runtime/workers.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
/* after the others */
#include <cmocka.h>

enum { JOBS_MAX = 400 };

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct loop *loop;
  struct workers *pool;
  pthread_t loop_thread;
  atomic_int ran, running_waiters, most_waiters, done_elsewhere;
  int done, expected;
  atomic_bool gate;
};

struct job {
  struct workers_job base;
  struct fixture *f;
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open(1 << 20);
  f->ctx = sv_ctx_over(f->mem);
  f->loop_thread = pthread_self();
  assert_false(sv_failed(loop_open(&f->ctx, &f->loop)));
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  workers_close(f->pool);
  loop_close(f->loop);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static void nap(void) {
  struct timespec t = {.tv_nsec = 2000000};
  (void)nanosleep(&t, NULL);
}

static void run(struct workers_job *base) {
  struct fixture *f = ((struct job *)(void *)base)->f;
  while (!atomic_load(&f->gate)) {
    nap();
  }
  if (base->may_wait) {
    int now = atomic_fetch_add(&f->running_waiters, 1) + 1;
    if (now > atomic_load(&f->most_waiters)) {
      atomic_store(&f->most_waiters, now);
    }
    nap();
    (void)atomic_fetch_sub(&f->running_waiters, 1);
  }
  (void)atomic_fetch_add(&f->ran, 1);
}

static void done(struct workers_job *base) {
  struct fixture *f = ((struct job *)(void *)base)->f;
  if (!pthread_equal(pthread_self(), f->loop_thread)) {
    (void)atomic_fetch_add(&f->done_elsewhere, 1);
  }
  if (++f->done == f->expected) {
    loop_stop(f->loop);
  }
}

static void every_job_runs_and_is_done_on_the_loop(void **state) {
  struct fixture *f = *state;
  static struct job jobs[JOBS_MAX];
  atomic_store(&f->gate, true);
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 3, JOBS_MAX, &f->pool)));
  f->expected = JOBS_MAX;
  for (int i = 0; i < JOBS_MAX; i++) {
    jobs[i] = (struct job){.base = {.run = run, .done = done}, .f = f};
    assert_false(sv_failed(workers_submit(f->pool, &f->ctx, &jobs[i].base)));
  }
  loop_run(f->loop);
  assert_int_equal(f->done, JOBS_MAX);
  assert_int_equal(atomic_load(&f->ran), JOBS_MAX);
  assert_int_equal(atomic_load(&f->done_elsewhere), 0);
}

static void a_full_queue_refuses_and_keeps_what_it_accepted(void **state) {
  struct fixture *f = *state;
  static struct job jobs[8];
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 1, 2, &f->pool)));
  int accepted = 0;
  for (int i = 0; i < 8; i++) {
    jobs[i] = (struct job){.base = {.run = run, .done = done}, .f = f};
    sv_status s = workers_submit(f->pool, &f->ctx, &jobs[i].base);
    assert_true(s.reason == SV_OK || s.reason == SV_QUEUE_FULL);
    accepted += s.reason == SV_OK ? 1 : 0;
  }
  assert_int_equal(accepted, 3); /* one for the thread */
  f->expected = accepted;
  atomic_store(&f->gate, true);
  loop_run(f->loop);
  assert_int_equal(atomic_load(&f->ran), accepted);
}

static void without_a_queue_each_thread_takes_one_job(void **state) {
  struct fixture *f = *state;
  static struct job jobs[5];
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 4, 0, &f->pool)));
  f->expected = 4;
  for (int i = 0; i < 5; i++) {
    jobs[i] = (struct job){.base = {.run = run, .done = done}, .f = f};
    sv_status s = workers_submit(f->pool, &f->ctx, &jobs[i].base);
    assert_int_equal(s.reason, i < 4 ? SV_OK : SV_QUEUE_FULL);
  }
  atomic_store(&f->gate, true);
  loop_run(f->loop);
  assert_int_equal(atomic_load(&f->ran), 4);
  f->expected = 5;
  assert_false(sv_failed(workers_submit(f->pool, &f->ctx, &jobs[4].base)));
  loop_run(f->loop);
}

static void jobs_that_may_wait_hold_half_of_the_workers(void **state) {
  struct fixture *f = *state;
  static struct job jobs[40];
  atomic_store(&f->gate, true);
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 4, 100, &f->pool)));
  f->expected = 40;
  for (int i = 0; i < 40; i++) {
    jobs[i] = (struct job){.base = {.run = run, .done = done, .may_wait = true}, .f = f};
    assert_false(sv_failed(workers_submit(f->pool, &f->ctx, &jobs[i].base)));
  }
  loop_run(f->loop);
  assert_int_equal(atomic_load(&f->ran), 40);
  assert_in_range(atomic_load(&f->most_waiters), 1, 2);
}

/* Ends when as many run as are expected: one thread alone would wait in vain. */
static void meet(struct workers_job *base) {
  struct fixture *f = ((struct job *)(void *)base)->f;
  (void)atomic_fetch_add(&f->ran, 1);
  for (int i = 0; i < 2000 && atomic_load(&f->ran) < f->expected; i++) {
    nap();
  }
}

static void a_burst_wakes_as_many_threads_as_it_has_jobs(void **state) {
  struct fixture *f = *state;
  static struct job jobs[4];
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 4, 4, &f->pool)));
  for (int round = 1; round <= 20; round++) {
    f->expected = 4 * round;
    for (int i = 0; i < 4; i++) {
      jobs[i] = (struct job){.base = {.run = meet, .done = done, .may_wait = i < 2}, .f = f};
      assert_false(sv_failed(workers_submit(f->pool, &f->ctx, &jobs[i].base)));
    }
    loop_run(f->loop);
    assert_int_equal(atomic_load(&f->ran), f->expected);
    nap(); /* all of them sleep again, most often */
  }
}

static void closing_runs_what_was_accepted(void **state) {
  struct fixture *f = *state;
  static struct job jobs[20];
  atomic_store(&f->gate, true);
  assert_false(sv_failed(workers_open(&f->ctx, f->loop, 2, 20, &f->pool)));
  f->expected = 20;
  for (int i = 0; i < 20; i++) {
    jobs[i] = (struct job){.base = {.run = run, .done = done}, .f = f};
    assert_false(sv_failed(workers_submit(f->pool, &f->ctx, &jobs[i].base)));
  }
  workers_close(SV_TAKE(f->pool));
  assert_int_equal(atomic_load(&f->ran), 20);
  loop_run(f->loop);
  assert_int_equal(f->done, 20);
}

static void count_and_stop(void *arg) {
  struct fixture *f = arg;
  if (++f->done == f->expected) {
    loop_stop(f->loop);
  }
}

static void a_closure_posted_twice_runs_once(void **state) {
  struct fixture *f = *state;
  struct loop_closure a = {.fn = count_and_stop, .arg = f}, b = a;
  f->expected = 2;
  loop_post(f->loop, &a);
  loop_post(f->loop, &a);
  loop_post(f->loop, &b);
  loop_run(f->loop);
  assert_int_equal(f->done, 2);
}

static void a_timer_fires_after_its_time_and_not_when_unset(void **state) {
  struct fixture *f = *state;
  struct loop_timer *one, *never;
  f->expected = 1;
  assert_false(sv_failed(loop_timer_open(f->loop, &f->ctx, count_and_stop, f, &one)));
  assert_false(sv_failed(loop_timer_open(f->loop, &f->ctx, count_and_stop, f, &never)));
  uint64_t start = sv_monotonic_ns();
  loop_timer_set(never, 1000000);
  loop_timer_set(one, 20000000);
  loop_timer_unset(never);
  loop_run(f->loop);
  assert_true(sv_monotonic_ns() - start >= 19000000);
  loop_timer_close(one);
  loop_timer_close(never);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(every_job_runs_and_is_done_on_the_loop),
      T(a_full_queue_refuses_and_keeps_what_it_accepted),
      T(without_a_queue_each_thread_takes_one_job),
      T(jobs_that_may_wait_hold_half_of_the_workers),
      T(a_burst_wakes_as_many_threads_as_it_has_jobs),
      T(closing_runs_what_was_accepted),
      T(a_closure_posted_twice_runs_once),
      T(a_timer_fires_after_its_time_and_not_when_unset),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
