/* Groups that are not there leave what rpc_limits_default says, and no door. */
#include "apps/salvod/doors.h"

static sv_status text(struct sv_ctx *ctx, struct config_group g, const char *name,
                      const char *fallback, const char *dir, const char **ret) {
  const char *v;
  SV_TRY(config_text(ctx, g, name, fallback, &v));
  *ret = sv_arena_printf(ctx->mem, "%s%s", v[0] != '/' ? dir : "", v);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "settings");
}

static sv_status texts(struct sv_ctx *ctx, struct config_group g, const char *name,
                       const char *const **ret, size_t *ret_n) {
  const char *const *lent;
  size_t n;
  SV_TRY(config_strings(ctx, g, name, &lent, &n));
  const char **kept = SV_ARRAY(ctx->mem, n, const char *);
  if (!kept) {
    return SV_FAIL(ctx, NO_MEMORY, "settings");
  }
  for (size_t i = 0; i < n; i++) {
    kept[i] = sv_arena_strdup(ctx->mem, lent[i]);
    if (!kept[i]) {
      return SV_FAIL(ctx, NO_MEMORY, "settings");
    }
  }
  *ret = kept;
  *ret_n = n;
  return SV_DONE;
}

static sv_status place_read(struct sv_ctx *ctx, struct config_group g, struct rpc_listen *door) {
  int64_t port;
  SV_TRY(text(ctx, g, "address", "127.0.0.1", "", &door->address));
  SV_TRY(config_int(ctx, g, "port", 0, 65535, CONFIG_REQUIRED_INT, &port));
  door->port = (uint16_t)port;
  return SV_DONE;
}

static sv_status public_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                             struct doors *d) {
  struct config_group g;
  struct rpc_listen *door = &d->public_door;
  SV_TRY(config_group(ctx, root, "public", &g));
  SV_TRY(place_read(ctx, g, door));
  SV_TRY(text(ctx, g, "certificate", CONFIG_REQUIRED, dir, &door->certificate_path));
  SV_TRY(text(ctx, g, "key", CONFIG_REQUIRED, dir, &door->key_path));
  SV_TRY(texts(ctx, g, "names", &door->names, &door->name_n));
  SV_TRY(texts(ctx, g, "origins", &d->origins, &d->origin_n));
  door->open_only = true;
  d->has_public = true;
  return SV_DONE;
}

static sv_status admin_read(struct sv_ctx *ctx, struct config_group root, struct doors *d) {
  struct config_group g;
  SV_TRY(config_group(ctx, root, "admin", &g));
  SV_TRY(place_read(ctx, g, &d->admin_door));
  d->admin_door.admin = d->admin_door.open_only = true;
  d->has_admin = true;
  return SV_DONE;
}

static sv_status limits_read(struct sv_ctx *ctx, struct config_group root, struct rpc_limits *l) {
  struct config_group g;
  const struct {
    const char *name;
    int64_t min, max;
    size_t *at;
  } sizes[] = {
      {"message_bytes", 1024, INT64_C(256) << 20, &l->message_max_bytes},
      {"call_memory_bytes", INT64_C(1) << 20, INT64_C(4) << 30, &l->call_arena_bytes},
      {"connections", 1, 1000000, &l->connection_max},
  };
  const struct {
    const char *name;
    uint64_t *at;
  } times[] = {
      {"handshake_seconds", &l->handshake_ns},
      {"headers_seconds", &l->headers_ns},
      {"message_seconds", &l->message_ns},
      {"stall_seconds", &l->stall_ns},
      {"idle_seconds", &l->idle_ns},
      {"ping_seconds", &l->ping_ns},
      {"ping_answer_seconds", &l->ping_answer_ns},
      {"connection_age_seconds", &l->connection_age_ns},
      {"deadline_seconds", &l->deadline_max_ns},
  };
  int64_t v;
  SV_TRY(config_group(ctx, root, "limits", &g));
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    SV_TRY(
        config_int(ctx, g, sizes[i].name, sizes[i].min, sizes[i].max, (int64_t)*sizes[i].at, &v));
    *sizes[i].at = (size_t)v;
  }
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    int64_t before = (int64_t)(*times[i].at / RPC_SECOND_NS);
    SV_TRY(config_int(ctx, g, times[i].name, 1, 86400, before, &v));
    *times[i].at = (uint64_t)v * RPC_SECOND_NS;
  }
  return SV_DONE;
}

sv_status doors_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                     struct doors *ret) {
  *ret = (struct doors){.limits = rpc_limits_default()};
  SV_TRY(config_int(ctx, root, "loops", 1, RPC_LOOPS_MAX, 1, &ret->loops));
  if (config_has(root, "public")) {
    SV_TRY(public_read(ctx, root, dir, ret));
  }
  if (config_has(root, "admin")) {
    SV_TRY(admin_read(ctx, root, ret));
  }
  return config_has(root, "limits") ? limits_read(ctx, root, &ret->limits) : SV_DONE;
}
