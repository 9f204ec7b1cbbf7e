/* One event_base; an eventfd wakes it when closures were posted. Invariant: `queued` of a closure changes under the lock. */
#include "runtime/loop.h"

#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loop_signal {
  struct event *event;
  void (*fn)(void *arg);
  void *arg;
  struct loop_signal *next;
};

struct loop {
  struct event_base *base;
  int wake_fd;
  struct event *wake;
  pthread_mutex_t lock;
  struct loop_closure *first, *last; /* under the lock */
  struct loop_signal *signals;
};

struct loop_timer {
  struct event *event;
  void (*fn)(void *arg);
  void *arg;
};

void loop_flush(struct loop *loop) {
  (void)pthread_mutex_lock(&loop->lock);
  struct loop_closure *c = loop->first;
  loop->first = loop->last = NULL;
  (void)pthread_mutex_unlock(&loop->lock);
  while (c) {
    struct loop_closure *next = c->next;
    (void)pthread_mutex_lock(&loop->lock);
    c->queued = false;
    (void)pthread_mutex_unlock(&loop->lock);
    c->fn(c->arg);
    c = next;
  }
}

static void on_wake(evutil_socket_t fd, short what, void *arg) {
  (void)what;
  uint64_t count;
  (void)!read(fd, &count, sizeof count);
  loop_flush(arg);
}

void loop_close(struct loop *loop) {
  if (!loop) {
    return;
  }
  while (loop->signals) {
    struct loop_signal *s = loop->signals;
    loop->signals = s->next;
    event_free(s->event);
    free(s);
  }
  if (loop->wake) {
    event_free(loop->wake);
  }
  if (loop->base) {
    event_base_free(loop->base);
  }
  if (loop->wake_fd >= 0) {
    (void)close(loop->wake_fd);
  }
  (void)pthread_mutex_destroy(&loop->lock);
  free(loop);
}
SV_AUTO_DEFINE(struct loop, loop_close)

sv_status loop_open(struct sv_ctx *ctx, struct loop **ret_loop) {
  SV_AUTO(loop_close) struct loop *loop = calloc(1, sizeof *loop);
  if (!loop) {
    return SV_FAIL(ctx, NO_MEMORY, "event loop");
  }
  (void)pthread_mutex_init(&loop->lock, NULL);
  loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (loop->wake_fd < 0) {
    return SV_FAIL(ctx, IO, "eventfd");
  }
  loop->base = event_base_new();
  loop->wake =
      loop->base ? event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop) : NULL;
  if (!loop->wake || event_add(loop->wake, NULL) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "event loop");
  }
  *ret_loop = SV_TAKE(loop);
  return SV_DONE;
}

void loop_run(struct loop *loop) { (void)event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY); }

void loop_stop(struct loop *loop) { (void)event_base_loopbreak(loop->base); }

void loop_post(struct loop *loop, struct loop_closure *closure) {
  (void)pthread_mutex_lock(&loop->lock);
  bool fresh = !closure->queued;
  bool first = loop->first == NULL;
  if (fresh) {
    closure->queued = true;
    closure->next = NULL;
    if (loop->last) {
      loop->last->next = closure;
    } else {
      loop->first = closure;
    }
    loop->last = closure;
  }
  (void)pthread_mutex_unlock(&loop->lock);
  if (fresh && first) {
    uint64_t one = 1;
    (void)!write(loop->wake_fd, &one, sizeof one);
  }
}

static void on_signal(evutil_socket_t fd, short what, void *arg) {
  const struct loop_signal *s = arg;
  (void)fd;
  (void)what;
  s->fn(s->arg);
}

sv_status loop_on_signal(struct loop *loop, struct sv_ctx *ctx, int signal_number,
                         void (*fn)(void *arg), void *arg) {
  struct loop_signal *s = calloc(1, sizeof *s);
  struct event *event = s ? evsignal_new(loop->base, signal_number, on_signal, s) : NULL;
  if (!event || event_add(event, NULL) != 0) {
    if (event) {
      event_free(event);
    }
    free(s);
    return SV_FAIL(ctx, NO_MEMORY, "signal %d", signal_number);
  }
  *s = (struct loop_signal){.event = event, .fn = fn, .arg = arg, .next = loop->signals};
  loop->signals = s;
  return SV_DONE;
}

static void on_timer(evutil_socket_t fd, short what, void *arg) {
  const struct loop_timer *t = arg;
  (void)fd;
  (void)what;
  t->fn(t->arg);
}

sv_status loop_timer_open(struct loop *loop, struct sv_ctx *ctx, void (*fn)(void *arg), void *arg,
                          struct loop_timer **ret_timer) {
  struct loop_timer *t = calloc(1, sizeof *t);
  if (t) {
    *t = (struct loop_timer){.fn = fn, .arg = arg};
    t->event = evtimer_new(loop->base, on_timer, t);
  }
  if (!t || !t->event) {
    free(t);
    return SV_FAIL(ctx, NO_MEMORY, "timer");
  }
  *ret_timer = t;
  return SV_DONE;
}

void loop_timer_set(struct loop_timer *timer, uint64_t delay_ns) {
  /* rounded up: a timer never fires before its time */
  uint64_t us = delay_ns / 1000 + (delay_ns % 1000 ? 1 : 0);
  struct timeval tv = {.tv_sec = (time_t)(us / 1000000), .tv_usec = (suseconds_t)(us % 1000000)};
  (void)event_add(timer->event, &tv);
}

void loop_timer_unset(struct loop_timer *timer) { (void)event_del(timer->event); }

void loop_timer_close(struct loop_timer *timer) {
  if (timer) {
    event_free(timer->event);
    free(timer);
  }
}

struct event_base *loop_base(struct loop *loop) {
  return loop->base;
}
