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

struct size_key {
  const char *name;
  int64_t min, max;
  size_t *at;
};

static sv_status sizes_read(struct sv_ctx *ctx, struct config_group g, const struct size_key *keys,
                            size_t n) {
  int64_t v;
  for (size_t i = 0; i < n; i++) {
    SV_TRY(config_int(ctx, g, keys[i].name, keys[i].min, keys[i].max, (int64_t)*keys[i].at, &v));
    *keys[i].at = (size_t)v;
  }
  return SV_DONE;
}

#define KEYS(list) (list), sizeof(list) / sizeof(list)[0]

/* nghttp2 cuts header lists at 64 KiB itself; windows end at 2^31-1 (RFC 9113, section 6.9.1). */
static sv_status limits_sizes_read(struct sv_ctx *ctx, struct config_group g,
                                   struct rpc_limits *l) {
  const int64_t kib = 1024, mib = kib * kib, gib = kib * mib;
  const struct size_key keys[] = {
      {"message_bytes", kib, 256 * mib, &l->message_max_bytes},
      {"call_memory_bytes", mib, 4 * gib, &l->call_arena_bytes},
      {"connections", 1, 1000000, &l->connection_max},
      {"streams", 1, 10000, &l->stream_max},
      {"header_bytes", 4 * kib, 64 * kib, &l->header_list_max_bytes},
      {"headers", 16, 1000, &l->header_max},
      {"stream_window_bytes", 16 * kib, 64 * mib, &l->stream_window_bytes},
      {"connection_window_bytes", 64 * kib, gib, &l->connection_window_bytes},
      {"read_mark_bytes", 16 * kib, 64 * mib, &l->read_mark_bytes},
      {"write_mark_bytes", 16 * kib, 64 * mib, &l->write_mark_bytes},
      {"output_mark_bytes", 16 * kib, 64 * mib, &l->output_mark_bytes},
      {"unread_bytes", mib, 4 * gib, &l->held_max_bytes},
      {"handlers", 1, 10000, &l->handler_max},
      {"rate_bytes_per_second", 0, mib, &l->rate_min_bytes_s},
  };
  return sizes_read(ctx, g, KEYS(keys));
}

static sv_status budget_read(struct sv_ctx *ctx, struct config_group g, struct rpc_budget *b) {
  const struct size_key keys[] = {
      {"tokens", 100, 1000000, &b->tokens},
      {"tokens_per_second", 1, 1000000, &b->refill_per_s},
      {"reset_tokens", 0, 1000, &b->reset},
      {"own_reset_tokens", 1, 1000, &b->own_reset},
      {"continuation_tokens", 1, 1000, &b->continuation},
      {"settings_tokens", 1, 1000, &b->settings},
      {"ping_tokens", 1, 1000, &b->ping},
      {"empty_data_tokens", 1, 1000, &b->empty_data},
      {"priority_tokens", 0, 1000, &b->priority},
      {"unknown_frame_tokens", 1, 1000, &b->unknown},
  };
  SV_TRY(sizes_read(ctx, g, KEYS(keys)));
  const size_t costs[] = {b->reset, b->own_reset,  b->continuation, b->settings,
                          b->ping,  b->empty_data, b->priority,     b->unknown};
  for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
    if (costs[i] > b->tokens) {
      return config_fault(ctx, g, NULL, "a frame costs more tokens than there are");
    }
  }
  return SV_DONE;
}

static sv_status times_read(struct sv_ctx *ctx, struct config_group g, struct rpc_limits *l) {
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
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    int64_t before = (int64_t)(*times[i].at / RPC_SECOND_NS);
    SV_TRY(config_int(ctx, g, times[i].name, 1, 86400, before, &v));
    *times[i].at = (uint64_t)v * RPC_SECOND_NS;
  }
  return SV_DONE;
}

static sv_status limits_read(struct sv_ctx *ctx, struct config_group root, struct rpc_limits *l) {
  struct config_group g;
  SV_TRY(config_group(ctx, root, "limits", &g));
  SV_TRY(limits_sizes_read(ctx, g, l));
  SV_TRY(budget_read(ctx, g, &l->budget));
  SV_TRY(times_read(ctx, g, l));
  if (l->held_max_bytes < l->message_max_bytes) {
    return config_fault(ctx, g, "unread_bytes", "less than message_bytes");
  }
  return l->call_arena_bytes < l->message_max_bytes
             ? config_fault(ctx, g, "call_memory_bytes", "less than message_bytes")
             : SV_DONE;
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
