/* Watchers are parked calls in a list; each remembers the state that it was told last, and is told changes alone. */
#include "rpc/grpc/health.h"

#include <grpc/health/v1/health.pb-c.h>
#include <stdlib.h>

#include "rpc/grpc/call.h"

enum { HEALTH_NAME_ROOM = 128, HEALTH_ANSWER_BYTES = 2 };

struct watcher {
  struct rpc_health *health;
  struct rpc_call *call; /* lives as long as we are in the list: its stream tells us when it goes */
  char name[HEALTH_NAME_ROOM];
  Grpc__Health__V1__HealthCheckResponse__ServingStatus told;
  struct watcher *previous, *next;
};

struct health_entry {
  const char *name;
  bool serving;
};

struct rpc_health {
  struct watcher *watchers;
  size_t n;
  struct health_entry entries[];
};

sv_status rpc_health_open(struct sv_ctx *ctx, const char *const *names, size_t n,
                          struct rpc_health **ret_health) {
  struct rpc_health *h = calloc(1, sizeof *h + (n + 1) * sizeof h->entries[0]);
  if (!h) {
    return SV_FAIL(ctx, NO_MEMORY, "health");
  }
  h->n = n + 1;
  h->entries[0] = (struct health_entry){.name = "", .serving = true};
  for (size_t i = 0; i < n; i++) {
    h->entries[i + 1] = (struct health_entry){.name = names[i], .serving = true};
  }
  *ret_health = h;
  return SV_DONE;
}

void rpc_health_close(struct rpc_health *health) {
  SV_ASSERT(!health || !health->watchers);
  free(health);
}

static Grpc__Health__V1__HealthCheckResponse__ServingStatus state_of(const struct rpc_health *h,
                                                                     const char *name) {
  for (size_t i = 0; i < h->n; i++) {
    if (strcmp(h->entries[i].name, name) == 0) {
      return h->entries[i].serving
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

void rpc_health_set(struct rpc_health *h, const char *name, bool serving) {
  for (size_t i = 0; i < h->n; i++) {
    if (!name || strcmp(h->entries[i].name, name) == 0) {
      h->entries[i].serving = serving;
    }
  }
  struct watcher *next = NULL;
  for (struct watcher *w = h->watchers; w; w = next) {
    next = w->next;
    Grpc__Health__V1__HealthCheckResponse__ServingStatus now = state_of(h, w->name);
    struct sv_ctx ctx = sv_ctx_over(NULL);
    if (now != w->told && !sv_failed(tell(w->call, &ctx, now))) {
      w->told = now;
      w->call->woken(w->call->user);
    }
  }
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
    w->health->watchers = w->next;
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
  *w = (struct watcher){.health = h, .call = call, .told = state_of(h, name), .next = h->watchers};
  memcpy(w->name, name, strlen(name) + 1);
  if (h->watchers) {
    h->watchers->previous = w;
  }
  h->watchers = w;
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
