/* grpc.health.v1: the state of each service, asked once (Check) or watched. On the loop's thread. */
#pragma once
#include "rpc/grpc/service.h"

struct rpc_health;

/* names: of the services, borrowed; "" is added. All start as serving. Fails: NO_MEMORY. Caller: rpc_health_close. */
sv_status rpc_health_open(struct sv_ctx *ctx, const char *const *names, size_t n,
                          struct rpc_health **ret_health);
void rpc_health_close(struct rpc_health *health); /* no call may be parked; accepts NULL */
/* name NULL: all. Watchers are told. */
void rpc_health_set(struct rpc_health *health, const char *name, bool serving);

/* Its methods, with the health as their service. */
extern const struct rpc_method rpc_health_methods[2];
