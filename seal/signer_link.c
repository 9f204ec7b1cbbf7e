/* A thread reads answers and starts the signer anew; callers write their own requests and wait.
 * Invariants: whoever waits is in the list, with his request as bytes; what is in the list when a signer says hello is
 * sent to it; the hello of every later signer is the last one's, unless other keys are wanted (signer_link_turn). */
#include "seal/signer_link.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/log.h"

enum {
  HELLO_MS = 10000,
  PAUSE_FIRST_MS = 20,
  PAUSE_MAX_MS = 2000,
  WAIT_STEP_MS = 50,
  SEND_MS = 1000,      /* what is not taken by then is asked again */
  SIGN_MAX_MS = 10000, /* a signer that says nothing for so long is started anew */
};

struct waiting {
  struct waiting *next;
  uint64_t id;
  struct sv_bytes frame;
  bool answered;
  enum signer_outcome outcome;
  uint8_t bytes[SIGNER_TEXT_MAX];
  size_t n;
};

struct signer_link {
  struct signer_start start;
  struct sv_arena *mem; /* of hello */
  struct signer_hello hello;
  pthread_t thread;
  int stop;                /* an eventfd: readable when the link closes */
  pthread_mutex_t writing; /* over the socket's way out; never taken under mutex by a caller */
  pthread_mutex_t mutex;
  pthread_cond_t answered;
  int fd; /* -1: no signer; changed under both */
  /* under mutex */
  uint64_t last_id;
  struct waiting *list;
  bool turning; /* the next hello may be another one */
  uint64_t turns;
};

/* --- bytes --- */

sv_status signer_send(struct sv_ctx *ctx, int fd, struct sv_bytes bytes) {
  for (size_t at = 0; at < bytes.n;) {
    ssize_t n = send(fd, bytes.p + at, bytes.n - at, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) {
      return SV_FAIL(ctx, SIGNER, "the other end can't be written to: errno %d", errno);
    }
    at += n > 0 ? (size_t)n : 0;
  }
  return SV_DONE;
}

/* Waits for bytes, at most so long; a stop ends the wait. */
static sv_status readable(struct sv_ctx *ctx, struct signer_link *l, int fd, int timeout_ms) {
  struct pollfd p[2] = {{.fd = fd, .events = POLLIN}, {.fd = l->stop, .events = POLLIN}};
  int n;
  do {
    n = poll(p, 2, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0 && p[0].revents && !p[1].revents
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "the signer said nothing, or the link closes");
}

static sv_status take_all(struct sv_ctx *ctx, struct signer_link *l, int fd, uint8_t *p, size_t n,
                          int timeout_ms) {
  for (size_t at = 0; at < n;) {
    SV_TRY(readable(ctx, l, fd, timeout_ms));
    ssize_t got = recv(fd, p + at, n - at, 0);
    if (got == 0 || (got < 0 && errno != EINTR)) {
      return SV_FAIL(ctx, SIGNER, "the signer closed its end");
    }
    at += got > 0 ? (size_t)got : 0;
  }
  return SV_DONE;
}

static sv_status take_frame(struct sv_ctx *ctx, struct signer_link *l, int fd,
                            enum signer_frame want, int timeout_ms, struct sv_bytes *ret) {
  uint8_t head[SIGNER_HEAD_BYTES];
  enum signer_frame type;
  size_t n;
  SV_TRY(take_all(ctx, l, fd, head, sizeof head, timeout_ms));
  SV_TRY(signer_head_read(ctx, head, &type, &n));
  uint8_t *body = sv_arena_alloc(ctx->mem, n ? n : 1);
  if (!body) {
    return SV_FAIL(ctx, NO_MEMORY, "frame");
  }
  SV_TRY(take_all(ctx, l, fd, body, n, HELLO_MS));
  *ret = sv_bytes_of(body, n);
  return type == want ? SV_DONE : SV_FAIL(ctx, SIGNER, "a frame of another type");
}

/* --- a signer's life --- */

static bool hello_equal(const struct signer_hello *a, const struct signer_hello *b) {
  return sv_bytes_equal(a->document_chain, b->document_chain) &&
         sv_bytes_equal(a->visible_chain, b->visible_chain) &&
         memcmp(a->log_public, b->log_public, sizeof a->log_public) == 0 &&
         memcmp(a->trust_public, b->trust_public, sizeof a->trust_public) == 0;
}

/* In an arena of its own, in the place of the one before. */
static sv_status hello_keep(struct sv_ctx *ctx, struct signer_link *l, struct sv_bytes body) {
  struct sv_arena *mem = sv_arena_open((size_t)4 * SIGNER_FRAME_MAX);
  uint8_t *copy = mem ? sv_arena_alloc(mem, body.n) : NULL;
  if (!copy) {
    sv_arena_close(mem);
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  memcpy(copy, body.p, body.n);
  struct sv_ctx own = sv_ctx_over(mem);
  struct signer_hello hello;
  SV_ASSERT(!sv_failed(signer_hello_read(&own, sv_bytes_of(copy, body.n), &hello)));
  pthread_mutex_lock(&l->mutex);
  struct sv_arena *before = l->mem;
  l->mem = mem;
  l->hello = hello;
  l->turning = false;
  l->turns++;
  pthread_cond_broadcast(&l->answered);
  pthread_mutex_unlock(&l->mutex);
  sv_arena_close(before);
  return SV_DONE;
}

static sv_status hello_take(struct sv_ctx *ctx, struct signer_link *l, int fd) {
  struct sv_bytes body;
  struct signer_hello hello;
  SV_TRY(take_frame(ctx, l, fd, SIGNER_HELLO, HELLO_MS, &body));
  SV_TRY(signer_hello_read(ctx, body, &hello));
  pthread_mutex_lock(&l->mutex);
  bool any = l->turning;
  bool same = !any && hello_equal(&hello, &l->hello);
  pthread_mutex_unlock(&l->mutex);
  if (any) {
    return hello_keep(ctx, l, body);
  }
  return same ? SV_DONE : SV_FAIL(ctx, SIGNER, "the signer came back with other keys");
}

/* A new signer that said hello, or none. */
static sv_status signer_begin(struct sv_ctx *ctx, struct signer_link *l, int *ret_fd) {
  int fd = -1;
  SV_TRY(l->start.start(l->start.arg, ctx, &fd));
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){.tv_sec = SEND_MS / 1000},
                   sizeof(struct timeval));
  sv_status s = hello_take(ctx, l, fd);
  if (sv_failed(s)) {
    (void)close(fd);
    l->start.ended(l->start.arg);
    return s;
  }
  *ret_fd = fd;
  return SV_DONE;
}

/* What waits is asked again; from now on callers write for themselves. */
static sv_status signer_join(struct sv_ctx *ctx, struct signer_link *l, int fd) {
  sv_status s = SV_DONE;
  pthread_mutex_lock(&l->writing);
  pthread_mutex_lock(&l->mutex);
  for (struct waiting *w = l->list; w && !sv_failed(s); w = w->next) {
    if (!w->answered) {
      s = signer_send(ctx, fd, w->frame);
    }
  }
  l->fd = fd;
  pthread_mutex_unlock(&l->mutex);
  pthread_mutex_unlock(&l->writing);
  return s;
}

static void signer_part(struct signer_link *l) {
  pthread_mutex_lock(&l->writing);
  pthread_mutex_lock(&l->mutex);
  int fd = l->fd;
  l->fd = -1;
  pthread_mutex_unlock(&l->mutex);
  pthread_mutex_unlock(&l->writing);
  if (fd >= 0) {
    (void)close(fd);
    l->start.ended(l->start.arg);
  }
}

static void answer_give(struct signer_link *l, const struct signer_answer *a) {
  pthread_mutex_lock(&l->mutex);
  for (struct waiting *w = l->list; w; w = w->next) {
    if (w->id == a->id && !w->answered) {
      w->answered = true;
      w->outcome = a->outcome;
      w->n = a->bytes.n;
      memcpy(w->bytes, a->bytes.p, a->bytes.n);
      pthread_cond_broadcast(&l->answered);
    }
  }
  pthread_mutex_unlock(&l->mutex);
}

/* Answers, until the signer is gone or the link closes. */
static void answers_read(struct signer_link *l, struct sv_arena *mem, int fd) {
  sv_status s = SV_DONE;
  while (!sv_failed(s)) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    struct sv_bytes body;
    struct signer_answer answer;
    s = take_frame(&ctx, l, fd, SIGNER_ANSWER, -1, &body);
    if (!sv_failed(s)) {
      s = signer_answer_read(&ctx, body, &answer);
    }
    if (!sv_failed(s)) {
      answer_give(l, &answer);
    }
    sv_arena_reset(mem);
  }
}

/* True when the link closes meanwhile. */
static bool pause_or_stop(struct signer_link *l, int ms) {
  struct pollfd p = {.fd = l->stop, .events = POLLIN};
  return poll(&p, 1, ms) > 0;
}

static void *link_run(void *arg) {
  struct signer_link *l = arg;
  struct sv_arena *mem = sv_arena_open((size_t)4 * SIGNER_FRAME_MAX);
  int pause_ms = PAUSE_FIRST_MS;
  while (mem && !pause_or_stop(l, 0)) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    int fd = l->fd; /* this thread alone sets it */
    sv_status s = SV_DONE;
    if (fd < 0) {
      s = signer_begin(&ctx, l, &fd);
      s = sv_failed(s) ? s : signer_join(&ctx, l, fd);
    }
    if (sv_failed(s)) {
      sv_log(SV_LOG_ERROR, "signer", SV_LOG_TEXT("reason", sv_reason_name(s.reason)),
             SV_LOG_TEXT("detail", ctx.detail));
      signer_part(l);
      (void)pause_or_stop(l, pause_ms);
      pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
    } else {
      pause_ms = PAUSE_FIRST_MS;
      answers_read(l, mem, fd);
      signer_part(l);
    }
    sv_arena_reset(mem);
  }
  sv_arena_close(mem);
  return NULL;
}

/* --- open and close --- */

static void link_free(struct signer_link *l) {
  if (l->stop >= 0) {
    (void)close(l->stop);
  }
  sv_arena_close(l->mem);
  pthread_cond_destroy(&l->answered);
  pthread_mutex_destroy(&l->mutex);
  pthread_mutex_destroy(&l->writing);
  free(l);
}

static sv_status link_begin(struct sv_ctx *ctx, struct signer_link *l) {
  SV_TRY(signer_begin(ctx, l, &l->fd));
  if (pthread_create(&l->thread, NULL, link_run, l) != 0) {
    signer_part(l);
    return SV_FAIL(ctx, INTERNAL, "no thread for the signer");
  }
  return SV_DONE;
}

sv_status signer_link_open(struct sv_ctx *ctx, const struct signer_start *start,
                           struct signer_link **ret) {
  struct signer_link *l = calloc(1, sizeof *l);
  if (!l) {
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  pthread_condattr_t attr;
  pthread_mutex_init(&l->mutex, NULL);
  pthread_mutex_init(&l->writing, NULL);
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_cond_init(&l->answered, &attr);
  pthread_condattr_destroy(&attr);
  l->start = *start;
  l->fd = -1;
  l->turning = true;
  l->stop = eventfd(0, EFD_CLOEXEC);
  sv_status s = l->stop >= 0 ? link_begin(ctx, l) : SV_FAIL(ctx, NO_MEMORY, "signer");
  if (sv_failed(s)) {
    link_free(l);
    return s;
  }
  *ret = l;
  return SV_DONE;
}

void signer_link_close(struct signer_link *l) {
  if (!l) {
    return;
  }
  SV_ASSERT(eventfd_write(l->stop, 1) == 0);
  (void)pthread_join(l->thread, NULL);
  signer_part(l);
  link_free(l);
}

bool signer_link_up(struct signer_link *l) {
  pthread_mutex_lock(&l->mutex);
  bool up = l->fd >= 0;
  pthread_mutex_unlock(&l->mutex);
  return up;
}

/* --- signing --- */

static void wait_step(struct signer_link *l) {
  struct timespec t;
  (void)clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += WAIT_STEP_MS * 1000000L;
  t.tv_sec += t.tv_nsec / 1000000000L;
  t.tv_nsec %= 1000000000L;
  (void)pthread_cond_timedwait(&l->answered, &l->mutex, &t);
}

static void request_send(struct sv_ctx *ctx, struct signer_link *l, struct sv_bytes frame) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  pthread_mutex_lock(&l->writing);
  if (l->fd >=
      0) { /* a signer that can't be written to is gone: its reader sees that, and asks again */
    (void)signer_send(&aside, l->fd, frame).reason;
  }
  pthread_mutex_unlock(&l->writing);
}

/* It lives, but says nothing: its reader sees the end, and starts another. */
static void signer_give_up(struct signer_link *l) {
  pthread_mutex_lock(&l->writing);
  if (l->fd >= 0) {
    (void)shutdown(l->fd, SHUT_RDWR);
  }
  pthread_mutex_unlock(&l->writing);
}

static void list_leave(struct signer_link *l, const struct waiting *w) {
  struct waiting **at = &l->list;
  while (*at != w) {
    at = &(*at)->next;
  }
  *at = w->next;
}

/* Puts the request into the list, waits, and takes it out again whatever happened. */
static sv_status ask(struct sv_ctx *ctx, struct signer_link *l, struct signer_request *r,
                     struct waiting *w) {
  uint64_t end_ns = sv_monotonic_ns() + (uint64_t)SIGN_MAX_MS * 1000000U;
  pthread_mutex_lock(&l->mutex);
  r->id = w->id = ++l->last_id;
  sv_status s = signer_request_write(ctx, r, &w->frame);
  if (sv_failed(s)) {
    pthread_mutex_unlock(&l->mutex);
    return s;
  }
  w->next = l->list;
  l->list = w;
  pthread_mutex_unlock(&l->mutex);
  bool hung = false;
  request_send(ctx, l, w->frame);
  pthread_mutex_lock(&l->mutex);
  while (!w->answered && !sv_failed(s)) {
    wait_step(l);
    s = w->answered ? SV_DONE : sv_ctx_alive(ctx);
    if (!w->answered && !sv_failed(s) && sv_monotonic_ns() > end_ns) {
      s = SV_FAIL(ctx, SIGNER, "the signer does not answer");
      hung = true;
    }
  }
  list_leave(l, w);
  pthread_mutex_unlock(&l->mutex);
  if (hung) {
    signer_give_up(l);
  }
  return s;
}

/* The signer that is there ends, and the next one's keys are what it says. */
sv_status signer_link_turn(struct sv_ctx *ctx, struct signer_link *l) {
  uint64_t end_ns = sv_monotonic_ns() + 2ULL * HELLO_MS * 1000000U;
  pthread_mutex_lock(&l->mutex);
  uint64_t turns = l->turns;
  l->turning = true;
  pthread_mutex_unlock(&l->mutex);
  signer_give_up(l);
  pthread_mutex_lock(&l->mutex);
  while (l->turns == turns && sv_monotonic_ns() < end_ns && !sv_failed(sv_ctx_alive(ctx))) {
    wait_step(l);
  }
  bool turned = l->turns != turns;
  l->turning = false; /* whoever is late is held against the keys of before */
  pthread_mutex_unlock(&l->mutex);
  return turned ? SV_DONE : SV_FAIL(ctx, SIGNER, "no signer begins with the keys that are wanted");
}

bool signer_link_says(struct signer_link *l, const struct signer_hello *hello) {
  pthread_mutex_lock(&l->mutex);
  bool same = hello_equal(hello, &l->hello);
  pthread_mutex_unlock(&l->mutex);
  return same;
}

/* --- keys --- */

struct key_signer {
  struct seal_key base;
  struct signer_link *link;
  enum seal_purpose purpose;
};

static sv_status key_signer_sign(struct seal_key *base, struct sv_ctx *ctx,
                                 enum seal_purpose purpose, const struct seal_subject *subject,
                                 struct sv_bytes tbs, uint8_t raw[static PKI_RAW_MAX],
                                 size_t *ret_n) {
  struct key_signer *k = (struct key_signer *)base;
  struct signer_request r = {.purpose = purpose, .subject = *subject, .tbs = tbs};
  struct waiting w = {0};
  if (purpose != k->purpose) {
    return SV_FAIL(ctx, SIGNER, "the key is not for this purpose");
  }
  SV_TRY(ask(ctx, k->link, &r, &w));
  if (w.outcome == SIGNER_ELSEWHERE && w.n == 8) {
    uint64_t size = 0;
    for (int i = 0; i < 8; i++) {
      size = size << 8 | w.bytes[i];
    }
    if (subject->ret_last_size) {
      *subject->ret_last_size = size;
    }
    return SV_FAIL(ctx, SIGNER, "the signer signed a checkpoint of %llu leaves",
                   (unsigned long long)size);
  }
  if (w.outcome != SIGNER_SIGNED || w.n > PKI_RAW_MAX) {
    return SV_FAIL(ctx, SIGNER, "%s: %.*s",
                   w.outcome == SIGNER_LOST ? "the key is lost" : "the signer refused", (int)w.n,
                   (const char *)w.bytes);
  }
  memcpy(raw, w.bytes, w.n);
  *ret_n = w.n;
  return SV_DONE;
}

static void key_signer_close(struct seal_key *base) {
  pki_chain_close(base->chain);
  free(base);
}

static const struct seal_key_ops key_signer_ops = {.sign = key_signer_sign,
                                                   .close = key_signer_close};

sv_status signer_link_key(struct sv_ctx *ctx, struct signer_link *link, enum seal_purpose purpose,
                          struct seal_key **ret) {
  struct key_signer *k = calloc(1, sizeof *k);
  if (!k) {
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  k->base.ops = &key_signer_ops;
  k->link = link;
  k->purpose = purpose;
  memcpy(k->base.note_public,
         purpose == SEAL_TRUST ? link->hello.trust_public : link->hello.log_public,
         sizeof k->base.note_public);
  sv_status s = SV_DONE;
  if (purpose == SEAL_DOCUMENT || purpose == SEAL_VISIBLE) {
    s = pki_chain_open(
        ctx, purpose == SEAL_DOCUMENT ? link->hello.document_chain : link->hello.visible_chain,
        &k->base.chain);
  }
  if (sv_failed(s)) {
    free(k);
    return s;
  }
  *ret = &k->base;
  return SV_DONE;
}
