/* Two queues, one lock. Invariants, under the lock: waiting_running <= waiting_max; queued = jobs in both queues
 * <= queue_max + idle threads. A job leaves its queue exactly once, to a worker.
 * Threads are woken one after the other, each by the one before that found more to do: a burst of jobs of microseconds
 * costs a wake-up or two and not one a job. Invariant: with a job that may start and an idle thread, one is waking. */
#include "runtime/workers.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

struct job_queue {
  struct workers_job *first, *last;
};

struct workers {
  struct loop *loop;
  pthread_mutex_t lock;
  pthread_cond_t work;
  struct job_queue quick, waiting;
  size_t queued, queue_max;
  size_t running; /* threads with a job */
  size_t waiting_running, waiting_max;
  bool waking; /* a thread was told and has not come yet */
  bool closing;
  size_t thread_n;
  pthread_t threads[];
};

static void queue_put(struct job_queue *q, struct workers_job *job) {
  job->next = NULL;
  if (q->last) {
    q->last->next = job;
  } else {
    q->first = job;
  }
  q->last = job;
}

static struct workers_job *queue_take(struct job_queue *q) {
  struct workers_job *job = q->first;
  if (job) {
    q->first = job->next;
    if (!q->first) {
      q->last = NULL;
    }
  }
  return job;
}

/* The next job that may start now; jobs that may wait take turns with the quick ones, within their share. */
static struct workers_job *job_next(struct workers *pool) {
  bool room = pool->waiting_running < pool->waiting_max;
  struct workers_job *job = NULL;
  if (room && pool->waiting_running == 0) {
    job = queue_take(&pool->waiting);
  }
  if (!job) {
    job = queue_take(&pool->quick);
  }
  if (!job && room) {
    job = queue_take(&pool->waiting);
  }
  if (job) {
    pool->queued--;
    pool->running++;
    pool->waiting_running += job->may_wait ? 1 : 0;
  }
  return job;
}

static void job_done(void *arg) {
  struct workers_job *job = arg;
  job->done(job);
}

/* Under the lock. */
static void wake_one(struct workers *pool) {
  if (!pool->waking && pool->queued > 0 && pool->running < pool->thread_n) {
    pool->waking = true;
    (void)pthread_cond_signal(&pool->work);
  }
}

static void *worker_main(void *arg) {
  struct workers *pool = arg;
  (void)pthread_mutex_lock(&pool->lock);
  pool->waking = false; /* whoever was told before it waited has come too */
  for (;;) {
    struct workers_job *job = job_next(pool);
    if (!job) {
      if (pool->closing && pool->queued == 0) {
        break;
      }
      (void)pthread_cond_wait(&pool->work, &pool->lock);
      pool->waking = false;
      continue;
    }
    wake_one(pool);
    (void)pthread_mutex_unlock(&pool->lock);
    bool may_wait = job->may_wait; /* the job is gone once its done runs */
    struct loop *loop = job->loop ? job->loop : pool->loop;
    job->run(job);
    loop_post(loop, &job->finished);
    (void)pthread_mutex_lock(&pool->lock);
    pool->running--;
    if (may_wait) {
      pool->waiting_running--;
    }
  }
  (void)pthread_cond_broadcast(&pool->work);
  (void)pthread_mutex_unlock(&pool->lock);
  return NULL;
}

void workers_close(struct workers *pool) {
  if (!pool) {
    return;
  }
  (void)pthread_mutex_lock(&pool->lock);
  pool->closing = true;
  (void)pthread_cond_broadcast(&pool->work);
  (void)pthread_mutex_unlock(&pool->lock);
  for (size_t i = 0; i < pool->thread_n; i++) {
    (void)pthread_join(pool->threads[i], NULL);
  }
  (void)pthread_cond_destroy(&pool->work);
  (void)pthread_mutex_destroy(&pool->lock);
  free(pool);
}
SV_AUTO_DEFINE(struct workers, workers_close)

sv_status workers_open(struct sv_ctx *ctx, struct loop *loop, size_t threads, size_t queue_max,
                       struct workers **ret_pool) {
  SV_ASSERT(threads >= 1 && threads <= 256);
  SV_AUTO(workers_close)
  struct workers *pool = calloc(1, sizeof *pool + threads * sizeof pool->threads[0]);
  if (!pool) {
    return SV_FAIL(ctx, NO_MEMORY, "worker pool");
  }
  pool->loop = loop;
  pool->queue_max = queue_max;
  pool->waiting_max = threads > 1 ? threads / 2 : 1;
  (void)pthread_mutex_init(&pool->lock, NULL);
  (void)pthread_cond_init(&pool->work, NULL);
  /* signals belong to the loop's thread */
  sigset_t all, before;
  (void)sigfillset(&all);
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  while (pool->thread_n < threads &&
         pthread_create(&pool->threads[pool->thread_n], NULL, worker_main, pool) == 0) {
    pool->thread_n++;
  }
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pool->thread_n < threads) {
    return SV_FAIL(ctx, INTERNAL, "%zu of %zu threads", pool->thread_n, threads);
  }
  *ret_pool = SV_TAKE(pool);
  return SV_DONE;
}

sv_status workers_submit(struct workers *pool, struct sv_ctx *ctx, struct workers_job *job) {
  job->finished = (struct loop_closure){.fn = job_done, .arg = job};
  (void)pthread_mutex_lock(&pool->lock);
  bool full = pool->closing || pool->queued >= pool->queue_max + (pool->thread_n - pool->running);
  if (!full) {
    queue_put(job->may_wait ? &pool->waiting : &pool->quick, job);
    pool->queued++;
    wake_one(pool);
  }
  (void)pthread_mutex_unlock(&pool->lock);
  return full ? SV_FAIL(ctx, QUEUE_FULL, "%zu jobs wait", pool->queue_max) : SV_DONE;
}

size_t workers_queued(struct workers *pool) {
  (void)pthread_mutex_lock(&pool->lock);
  size_t n = pool->queued;
  (void)pthread_mutex_unlock(&pool->lock);
  return n;
}
