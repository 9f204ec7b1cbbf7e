/* The event loop of one thread: signals, timers, and closures posted from other threads. It moves bytes and never blocks. */
#pragma once
#include <stdint.h>

#include "base/ctx.h"

struct event_base;
struct loop;

/* Work to run on the loop. Storage is the caller's and has to live until fn has run; fn may free it. */
struct loop_closure {
  void (*fn)(void *arg);
  void *arg;
  struct loop_closure *next; /* of the loop */
  bool queued;               /* of the loop */
};

/* Caller: loop_close, after every user of the loop is closed; accepts NULL. Fails: NO_MEMORY, IO. */
sv_status loop_open(struct sv_ctx *ctx, struct loop **ret_loop);
void loop_close(struct loop *loop);

/* Runs until loop_stop. The calling thread becomes the loop's thread. */
void loop_run(struct loop *loop);
/* Ends loop_run after the events in hand. On the loop's thread. */
void loop_stop(struct loop *loop);

/* Queues a closure, in order; queued already: nothing. Any thread; never fails, never blocks for long. */
void loop_post(struct loop *loop, struct loop_closure *closure);

/* Runs what is posted, without waiting: for the end, when loop_run has returned. On the loop's thread. */
void loop_flush(struct loop *loop);

/* Calls fn on the loop at each arrival of a signal, until loop_close. Fails: NO_MEMORY. */
sv_status loop_on_signal(struct loop *loop, struct sv_ctx *ctx, int signal_number,
                         void (*fn)(void *arg), void *arg);

/* A timer: fires once, after delay_ns, on the loop, unless closed or set again. Fails: NO_MEMORY. */
struct loop_timer;
sv_status loop_timer_open(struct loop *loop, struct sv_ctx *ctx, void (*fn)(void *arg), void *arg,
                          struct loop_timer **ret_timer);
void loop_timer_set(struct loop_timer *timer, uint64_t delay_ns);
void loop_timer_unset(struct loop_timer *timer);
void loop_timer_close(struct loop_timer *timer); /* accepts NULL */

/* Lent, for those who make events of their own (rpc/listen). */
struct event_base *loop_base(struct loop *loop);
