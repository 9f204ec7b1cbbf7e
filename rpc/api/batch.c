/* Many documents on one stream. The handler reads; a few lanes issue, each item as IssueDocument would, and write what came
 * of it. Invariants:
 *   1. each request that was read has one answer, or the stream fails;
 *   2. no more than QUEUE_MAX requests wait inside: the reader stops, and the client's window with it;
 *   3. one thread at a time writes; the lanes have ended when the handler returns. */
#include <google/rpc/status.pb-c.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rpc/api/convert.h"
#include "rpc/grpc/details.h"
#include "service/budget.h"

enum {
  LANES = 4,
  QUEUE_MAX = 2 * LANES,
  LANE_MEMORY = 64 * 1024 * 1024,
  ITEM_SECONDS = 60, /* as the deadline of a call of its own */
};

struct item {
  struct item *next;
  size_t n;
  uint8_t wire[]; /* BatchIssueDocumentsRequest */
};

struct batch {
  struct rpc_call *call;
  struct service *service;
  uint64_t deadline_ns;
  const atomic_bool *cancelled;
  pthread_mutex_t writing;
  pthread_mutex_t mutex; /* over what follows */
  pthread_cond_t changed;
  struct item *first, **last;
  size_t queued;
  bool ended;        /* no more items come */
  sv_status stopped; /* a lane could not write: nothing more is issued */
};

/* --- one item --- */

static sv_status item_issue(struct batch *b, struct sv_ctx *ctx,
                            const Salvo__V1__IssueDocumentRequest *m,
                            Salvo__V1__IssueDocumentResponse *ret) {
  struct service_caller caller; /* anew: a certificate or a role may have gone */
  if (!m) {
    sv_ctx_violate(ctx, "is required", "request");
    return sv_ctx_violations_status(ctx);
  }
  SV_TRY(sv_ctx_alive(ctx));
  SV_TRY(convert_caller(b->call, ctx, b->service, &caller));
  SV_TRY(service_admit(b->service, ctx, &caller, SERVICE_ACT_IssueDocument));
  return convert_issue(ctx, b->service, &caller, m, ret);
}

static sv_status error_of(struct sv_ctx *ctx, sv_status why, Google__Rpc__Status **ret) {
  ProtobufCMessage *m;
  struct sv_bytes details = rpc_details(ctx, why.reason);
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  if (details.n == 0) {
    return CONVERT_NO_MEMORY(&aside);
  }
  SV_TRY(rpc_unpack(&aside, &google__rpc__status__descriptor, details, &m));
  *ret = (Google__Rpc__Status *)(void *)m;
  return SV_DONE;
}

static sv_status item_write(struct batch *b, struct sv_ctx *ctx,
                            Salvo__V1__BatchIssueDocumentsResponse *answer) {
  struct sv_bytes wire;
  SV_TRY(rpc_pack(ctx, &answer->base, &wire));
  (void)pthread_mutex_lock(&b->writing);
  sv_status s = rpc_call_write(b->call, ctx, wire);
  (void)pthread_mutex_unlock(&b->writing);
  return s;
}

/* Fails: when there is nobody to answer to. */
static sv_status item_run(struct batch *b, struct sv_arena *mem, const struct item *item) {
  struct sv_ctx ctx = sv_ctx_over(mem), out = sv_ctx_over(mem);
  uint64_t limit_ns = sv_monotonic_ns() + (uint64_t)ITEM_SECONDS * 1000000000U;
  ctx.cancelled = out.cancelled = b->cancelled;
  out.deadline_ns = b->deadline_ns;
  ctx.deadline_ns = b->deadline_ns && b->deadline_ns < limit_ns ? b->deadline_ns : limit_ns;
  ProtobufCMessage *message;
  SV_TRY(rpc_unpack(&ctx, &salvo__v1__batch_issue_documents_request__descriptor,
                    sv_bytes_of(item->wire, item->n), &message));
  const Salvo__V1__IssueDocumentRequest *m =
      ((const Salvo__V1__BatchIssueDocumentsRequest *)(const void *)message)->request;
  Salvo__V1__BatchIssueDocumentsResponse answer = SALVO__V1__BATCH_ISSUE_DOCUMENTS_RESPONSE__INIT;
  Salvo__V1__IssueDocumentResponse issued = SALVO__V1__ISSUE_DOCUMENT_RESPONSE__INIT;
  if (m) {
    answer.request_id = m->request_id;
  }
  sv_status s = item_issue(b, &ctx, m, &issued);
  if (sv_failed(s)) {
    answer.result_case = SALVO__V1__BATCH_ISSUE_DOCUMENTS_RESPONSE__RESULT_ERROR;
    SV_TRY(error_of(&ctx, s, &answer.error));
  } else {
    answer.result_case = SALVO__V1__BATCH_ISSUE_DOCUMENTS_RESPONSE__RESULT_RESPONSE;
    answer.response = &issued;
  }
  return item_write(b, &out, &answer);
}

/* --- lanes --- */

/* NULL: there are no more, or they are not wanted. */
static struct item *item_take(struct batch *b) {
  (void)pthread_mutex_lock(&b->mutex);
  while (!b->first && !b->ended && !sv_failed(b->stopped)) {
    (void)pthread_cond_wait(&b->changed, &b->mutex);
  }
  struct item *item = sv_failed(b->stopped) ? NULL : b->first;
  if (item) {
    b->first = item->next;
    b->last = b->first ? b->last : &b->first;
    b->queued--;
    (void)pthread_cond_broadcast(&b->changed);
  }
  (void)pthread_mutex_unlock(&b->mutex);
  return item;
}

static void stop(struct batch *b, sv_status why) {
  (void)pthread_mutex_lock(&b->mutex);
  if (!sv_failed(b->stopped)) {
    b->stopped = why;
  }
  (void)pthread_cond_broadcast(&b->changed);
  (void)pthread_mutex_unlock(&b->mutex);
}

static void *lane_run(void *arg) {
  struct batch *b = arg;
  struct sv_arena *mem = sv_arena_open(LANE_MEMORY);
  if (!mem) {
    stop(b, (sv_status){SV_NO_MEMORY});
    return NULL;
  }
  for (struct item *item; (item = item_take(b)) != NULL;) {
    sv_status s = item_run(b, mem, item);
    if (sv_failed(s)) {
      stop(b, s);
    }
    free(item);
    sv_arena_reset(mem);
  }
  sv_arena_close(mem);
  return NULL;
}

/* --- the reader --- */

static sv_status item_put(struct batch *b, struct sv_ctx *ctx, struct sv_bytes wire) {
  struct item *item = malloc(sizeof *item + wire.n);
  if (!item) {
    return SV_FAIL(ctx, NO_MEMORY, "an item of a batch");
  }
  *item = (struct item){.n = wire.n};
  if (wire.n) {
    memcpy(item->wire, wire.p, wire.n);
  }
  sv_status s = SV_DONE;
  (void)pthread_mutex_lock(&b->mutex);
  while (b->queued >= QUEUE_MAX && !sv_failed(b->stopped) && !sv_failed(s)) {
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 1; /* a client that left is found by then */
    (void)pthread_cond_timedwait(&b->changed, &b->mutex, &until);
    s = sv_ctx_alive(ctx);
  }
  if (sv_failed(b->stopped)) {
    s = sv_ctx_fail(ctx, b->stopped.reason, "a lane of the batch stopped");
  }
  if (!sv_failed(s)) {
    *b->last = item;
    b->last = &item->next;
    b->queued++;
    (void)pthread_cond_broadcast(&b->changed);
  }
  (void)pthread_mutex_unlock(&b->mutex);
  if (sv_failed(s)) {
    free(item);
  }
  return s;
}

static sv_status items_read(struct batch *b, struct sv_ctx *ctx) {
  for (;;) {
    struct sv_bytes wire;
    bool end;
    SV_TRY(rpc_call_read(b->call, ctx, &wire, &end));
    if (end) {
      return SV_DONE;
    }
    SV_TRY(item_put(b, ctx, wire));
    rpc_call_recycle(b->call, ctx);
  }
}

static void batch_open(struct batch *b) {
  pthread_condattr_t attr;
  (void)pthread_condattr_init(&attr);
  (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&b->changed, &attr);
  (void)pthread_condattr_destroy(&attr);
  (void)pthread_mutex_init(&b->mutex, NULL);
  (void)pthread_mutex_init(&b->writing, NULL);
  b->last = &b->first;
}

static void batch_close(struct batch *b) {
  while (b->first) {
    struct item *item = b->first;
    b->first = item->next;
    free(item);
  }
  (void)pthread_mutex_destroy(&b->writing);
  (void)pthread_mutex_destroy(&b->mutex);
  (void)pthread_cond_destroy(&b->changed);
}

/* The reader's fault stops the lanes; at the end of the stream they finish what is queued. */
static sv_status run(struct batch *b, struct sv_ctx *ctx) {
  pthread_t lanes[LANES];
  size_t n = 0;
  while (n < LANES && pthread_create(&lanes[n], NULL, lane_run, b) == 0) {
    n++;
  }
  sv_status s = n ? items_read(b, ctx) : SV_FAIL(ctx, QUEUE_FULL, "no thread for a batch");
  if (sv_failed(s)) {
    stop(b, s);
  }
  (void)pthread_mutex_lock(&b->mutex);
  b->ended = true;
  (void)pthread_cond_broadcast(&b->changed);
  (void)pthread_mutex_unlock(&b->mutex);
  for (size_t i = 0; i < n; i++) {
    (void)pthread_join(lanes[i], NULL);
  }
  return sv_failed(s) || !sv_failed(b->stopped)
             ? s
             : sv_ctx_fail(ctx, b->stopped.reason, "a lane of the batch stopped");
}

sv_status batch_issue_documents(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct service_caller caller;
  SV_TRY(convert_caller(call, ctx, service, &caller));
  struct batch b = {.call = call,
                    .service = service,
                    .deadline_ns = ctx->deadline_ns,
                    .cancelled = ctx->cancelled};
  batch_open(&b);
  sv_status s = run(&b, ctx);
  batch_close(&b);
  return s;
}
