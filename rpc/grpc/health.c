/* Watchers are parked calls in a list of their loop; each remembers the state that it was told last, and is told changes
 * alone. The states are all that loops share. */
#include "rpc/grpc/health.h"

#include <grpc/health/v1/health.pb-c.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "rpc/grpc/call.h"

enum { HEALTH_NAME_ROOM = 128, HEALTH_ANSWER_BYTES = 2 };

struct health_loop {
  struct rpc_health *health;
  struct loop *loop;
  struct watcher *watchers;
  struct loop_closure tell;
};

struct watcher {
  struct health_loop *at;
  struct rpc_call *call; /* lives as long as we are in the list: its stream tells us when it goes */
  char name[HEALTH_NAME_ROOM];
  Grpc__Health__V1__HealthCheckResponse__ServingStatus told;
  struct watcher *previous, *next;
};

struct health_entry {
  const char *name;
  atomic_bool serving;
};

struct rpc_health {
  struct health_loop loops[RPC_LOOPS_MAX];
  size_t loop_n;
  size_t n;
  struct health_entry entries[];
};

static void watchers_tell(void *arg);

sv_status rpc_health_open(struct sv_ctx *ctx, const char *const *names, size_t n,
                          struct loop *const *loops, size_t loop_n,
                          struct rpc_health **ret_health) {
  struct rpc_health *h = calloc(1, sizeof *h + (n + 1) * sizeof h->entries[0]);
  if (!h) {
    return SV_FAIL(ctx, NO_MEMORY, "health");
  }
  h->n = n + 1;
  for (size_t i = 0; i < h->n; i++) {
    h->entries[i].name = i == 0 ? "" : names[i - 1];
    atomic_init(&h->entries[i].serving, true);
  }
  SV_ASSERT(loop_n >= 1 && loop_n <= RPC_LOOPS_MAX);
  h->loop_n = loop_n;
  for (size_t i = 0; i < loop_n; i++) {
    h->loops[i] = (struct health_loop){.health = h, .loop = loops[i]};
    h->loops[i].tell = (struct loop_closure){.fn = watchers_tell, .arg = &h->loops[i]};
  }
  *ret_health = h;
  return SV_DONE;
}

void rpc_health_close(struct rpc_health *health) {
  for (size_t i = 0; health && i < health->loop_n; i++) {
    SV_ASSERT(!health->loops[i].watchers);
  }
  free(health);
}

static Grpc__Health__V1__HealthCheckResponse__ServingStatus state_of(const struct rpc_health *h,
                                                                     const char *name) {
  for (size_t i = 0; i < h->n; i++) {
    if (strcmp(h->entries[i].name, name) == 0) {
      return atomic_load(&h->entries[i].serving)
                 ? GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
                 : GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING;
    }
  }
  return GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN;
}

/* HealthCheckResponse { status }: never UNKNOWN (0), so always two bytes. */
static sv_status tell(struct rpc_call *call, struct sv_ctx *ctx,
                      Grpc__Health__V1__HealthCheckResponse__ServingStatus state) {
  Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
  response.status = state;
  uint8_t bytes[HEALTH_ANSWER_BYTES];
  SV_ASSERT(protobuf_c_message_get_packed_size(&response.base) == sizeof bytes);
  (void)protobuf_c_message_pack(&response.base, bytes);
  return rpc_call_queue(call, ctx, sv_bytes_of(bytes, sizeof bytes));
}

static void watchers_tell(void *arg) {
  struct health_loop *at = arg;
  struct watcher *next = NULL;
  for (struct watcher *w = at->watchers; w; w = next) {
    next = w->next;
    Grpc__Health__V1__HealthCheckResponse__ServingStatus now = state_of(at->health, w->name);
    struct sv_arena *mem = now != w->told ? sv_arena_open((size_t)16 * 1024) : NULL;
    struct sv_ctx ctx = sv_ctx_over(mem);
    if (mem && !sv_failed(tell(w->call, &ctx, now))) {
      w->told = now;
      w->call->woken(w->call->user);
    }
    sv_arena_close(mem);
  }
}

void rpc_health_set(struct rpc_health *h, const char *name, bool serving) {
  for (size_t i = 0; i < h->n; i++) {
    if (!name || strcmp(h->entries[i].name, name) == 0) {
      atomic_store(&h->entries[i].serving, serving);
    }
  }
  watchers_tell(&h->loops[0]);
  for (size_t i = 1; i < h->loop_n; i++) {
    loop_post(h->loops[i].loop, &h->loops[i].tell);
  }
}

bool rpc_health_is_serving(const struct rpc_health *h) {
  return atomic_load(&h->entries[0].serving);
}

static struct health_loop *loop_of(struct rpc_health *h, const struct loop *loop) {
  size_t i = 0;
  while (i + 1 < h->loop_n && h->loops[i].loop != loop) {
    i++;
  }
  return &h->loops[i];
}

static sv_status name_read(struct rpc_call *call, struct sv_ctx *ctx, const char **ret_name) {
  struct sv_bytes message;
  bool end = false;
  ProtobufCMessage *m = NULL;
  SV_TRY(rpc_call_read(call, ctx, &message, &end));
  SV_TRY(rpc_unpack(ctx, call->method->input, message, &m));
  *ret_name = ((const Grpc__Health__V1__HealthCheckRequest *)(void *)m)->service;
  return SV_DONE;
}

static sv_status check(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  const char *name = NULL;
  SV_TRY(name_read(call, ctx, &name));
  Grpc__Health__V1__HealthCheckResponse__ServingStatus state = state_of(service, name);
  if (state == GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN) {
    return SV_FAIL(ctx, NOT_FOUND, "unknown service");
  }
  return tell(call, ctx, state);
}

static void watcher_gone(struct rpc_call *call, void *arg) {
  struct watcher *w = arg;
  (void)call;
  if (w->previous) {
    w->previous->next = w->next;
  } else {
    w->at->watchers = w->next;
  }
  if (w->next) {
    w->next->previous = w->previous;
  }
  free(w);
}

static sv_status watch(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  struct rpc_health *h = service;
  const char *name = NULL;
  SV_TRY(name_read(call, ctx, &name));
  if (strlen(name) >= HEALTH_NAME_ROOM) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "a service's name of %zu bytes", strlen(name));
  }
  struct watcher *w = calloc(1, sizeof *w);
  if (!w) {
    return SV_FAIL(ctx, NO_MEMORY, "watcher");
  }
  struct health_loop *at = loop_of(h, call->loop);
  *w = (struct watcher){.at = at, .call = call, .told = state_of(h, name), .next = at->watchers};
  memcpy(w->name, name, strlen(name) + 1);
  if (at->watchers) {
    at->watchers->previous = w;
  }
  at->watchers = w;
  call->gone = watcher_gone;
  call->gone_arg = w;
  call->parked = true;
  return tell(call, ctx, w->told);
}

const struct rpc_method rpc_health_methods[2] = {
    {.path = "/grpc.health.v1.Health/Check",
     .where = RPC_ON_LOOP,
     .input = &grpc__health__v1__health_check_request__descriptor,
     .output = &grpc__health__v1__health_check_response__descriptor,
     .handle = check},
    {.path = "/grpc.health.v1.Health/Watch",
     .server_streaming = true,
     .where = RPC_ON_LOOP,
     .input = &grpc__health__v1__health_check_request__descriptor,
     .output = &grpc__health__v1__health_check_response__descriptor,
     .handle = watch},
};
