/* Which method a path names. Built once, read by the loop. */
#pragma once
#include "rpc/grpc/service.h"

struct rpc_route {
  const struct rpc_method *method;
  void *service;
  struct sv_metrics_method *counted; /* NULL: nobody counts */
  bool safe;                         /* without side effects: Connect may GET it */
};

struct rpc_routes;

/* Room for n routes. Caller: rpc_routes_close, which accepts NULL. Fails: NO_MEMORY. */
sv_status rpc_routes_open(struct sv_ctx *ctx, size_t n, struct rpc_routes **ret_routes);
void rpc_routes_close(struct rpc_routes *routes);
/* Methods on the loop must be unary, or park. A path that is there twice is a programming error. */
void rpc_routes_add(struct rpc_routes *routes, const struct rpc_method *method, void *service,
                    bool safe, struct sv_metrics_method *counted);
const struct rpc_route *rpc_routes_find(const struct rpc_routes *routes, struct sv_bytes path);
