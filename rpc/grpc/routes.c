/* An open hash table of twice the routes, by FNV-1a; paths are compared whole. */
#include "rpc/grpc/routes.h"

#include <stdlib.h>

struct rpc_routes {
  size_t slots; /* a power of two */
  struct rpc_route slot[];
};

sv_status rpc_routes_open(struct sv_ctx *ctx, size_t n, struct rpc_routes **ret_routes) {
  size_t slots = 8;
  while (slots < 2 * n) {
    slots *= 2;
  }
  struct rpc_routes *r = calloc(1, sizeof *r + slots * sizeof r->slot[0]);
  if (!r) {
    return SV_FAIL(ctx, NO_MEMORY, "%zu routes", n);
  }
  r->slots = slots;
  *ret_routes = r;
  return SV_DONE;
}

void rpc_routes_close(struct rpc_routes *routes) { free(routes); }

static size_t first_slot(const struct rpc_routes *r, struct sv_bytes path) {
  uint32_t h = 2166136261U;
  for (size_t i = 0; i < path.n; i++) {
    h = (h ^ path.p[i]) * 16777619U;
  }
  return h & (r->slots - 1);
}

void rpc_routes_add(struct rpc_routes *r, const struct rpc_method *method, void *service, bool safe,
                    struct sv_metrics_method *counted) {
  struct sv_bytes path = sv_bytes_str(method->path);
  SV_ASSERT(!rpc_routes_find(r, path));
  SV_ASSERT(method->where != RPC_ON_LOOP || !method->client_streaming);
  size_t i = first_slot(r, path);
  while (r->slot[i].method) {
    i = (i + 1) & (r->slots - 1);
  }
  r->slot[i] = (struct rpc_route){method, service, counted, safe};
}

const struct rpc_route *rpc_routes_find(const struct rpc_routes *r, struct sv_bytes path) {
  for (size_t i = first_slot(r, path); r->slot[i].method; i = (i + 1) & (r->slots - 1)) {
    if (sv_bytes_equal(path, sv_bytes_str(r->slot[i].method->path))) {
      return &r->slot[i];
    }
  }
  return NULL;
}
