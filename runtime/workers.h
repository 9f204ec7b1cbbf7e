/* Worker threads: each runs one job at a time, as straight-line code that may block. The queue is bounded.
 * Every accepted job runs `run` on a worker and then `done` on the loop, cancelled or not. */
#pragma once
#include <stddef.h>

#include "base/ctx.h"
#include "runtime/loop.h"

struct workers;

/* Storage is the caller's and has to live until done has run; done may free it. */
struct workers_job {
  void (*run)(struct workers_job *job);  /* on a worker */
  void (*done)(struct workers_job *job); /* on the loop */
  struct loop *loop;                     /* where done runs; NULL: the pool's */
  bool may_wait;            /* may block on a stranger: at most half of the workers at a time */
  struct workers_job *next; /* of the pool, as is what follows */
  struct loop_closure finished;
};

/* threads: 1 to 256; queue_max: jobs accepted beyond those that a free thread takes at once. The loop is borrowed. Caller: workers_close.
 * Fails: NO_MEMORY, INTERNAL (no thread). */
sv_status workers_open(struct sv_ctx *ctx, struct loop *loop, size_t threads, size_t queue_max,
                       struct workers **ret_pool);
/* Runs what was accepted to its end, then joins. The done of the last jobs are posted: run the loop once more, or close
 * it without. Not from a worker. Accepts NULL. */
void workers_close(struct workers *pool);

/* Any thread. Fails: QUEUE_FULL (then neither run nor done is called). */
sv_status workers_submit(struct workers *pool, struct sv_ctx *ctx, struct workers_job *job);

/* Jobs accepted and not started, for the metrics. */
size_t workers_queued(struct workers *pool);
