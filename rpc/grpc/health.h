/* grpc.health.v1: the state of each service, asked once (Check) or watched. A loop asks on its own thread. */
#pragma once
#include "rpc/grpc/service.h"
#include "runtime/loop.h"

struct rpc_health;

/* names: of the services, borrowed; "" is added. All start as serving. Fails: NO_MEMORY. Caller: rpc_health_close. */
sv_status rpc_health_open(struct sv_ctx *ctx, const char *const *names, size_t n,
                          struct loop *const *loops, size_t loop_n, struct rpc_health **ret_health);
void rpc_health_close(struct rpc_health *health); /* no call may be parked; accepts NULL */
/* name NULL: all. Watchers are told: at once on the first loop, whose thread calls this, soon on the others. */
void rpc_health_set(struct rpc_health *health, const char *name, bool serving);

/* The state of "". Any thread. */
bool rpc_health_is_serving(const struct rpc_health *health);

/* Its methods, with the health as their service. */
extern const struct rpc_method rpc_health_methods[2];
