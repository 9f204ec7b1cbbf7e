/* salvod.conf into a struct. */
#include "apps/salvod/settings.h"

#include <string.h>

#include "runtime/config.h"
#include "seal/raise.h"

struct reading {
  struct sv_ctx *ctx;
  const char *dir; /* of the file, with its slash; "" */
};

static sv_status text(struct reading *r, struct config_group g, const char *name,
                      const char *fallback, const char **ret) {
  const char *v;
  SV_TRY(config_text(r->ctx, g, name, fallback, &v));
  *ret = sv_arena_strdup(r->ctx->mem, v);
  return *ret ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

static sv_status path(struct reading *r, struct config_group g, const char *name,
                      const char *fallback, const char **ret) {
  const char *v;
  SV_TRY(config_text(r->ctx, g, name, fallback, &v));
  bool relative = v[0] != '\0' && v[0] != '/';
  *ret = sv_arena_printf(r->ctx->mem, "%s%s", relative ? r->dir : "", v);
  return *ret ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

static sv_status listen_read(struct reading *r, struct config_group root, struct settings *s) {
  struct config_group g;
  int64_t port;
  SV_TRY(config_group(r->ctx, root, "listen", &g));
  SV_TRY(text(r, g, "address", "127.0.0.1", &s->address));
  SV_TRY(config_int(r->ctx, g, "port", 0, 65535, 8443, &port));
  s->port = (uint16_t)port;
  SV_TRY(path(r, g, "port_file", "", &s->port_file));
  SV_TRY(path(r, g, "certificate", CONFIG_REQUIRED, &s->certificate));
  SV_TRY(path(r, g, "key", CONFIG_REQUIRED, &s->key));
  return path(r, g, "client_ca", CONFIG_REQUIRED, &s->client_ca);
}

static sv_status signing_read(struct reading *r, struct config_group root, struct settings *s) {
  struct config_group g;
  SV_TRY(config_group(r->ctx, root, "signing", &g));
  SV_TRY(path(r, g, "signer", CONFIG_REQUIRED, &s->signer));
  SV_TRY(path(r, g, "program", "", &s->signer_program));
  SV_TRY(text(r, g, "trust_name", "trust.utopia.example", &s->trust_name));
  return path(r, g, "trust", CONFIG_REQUIRED, &s->trust);
}

static sv_status rest_read(struct reading *r, struct config_group root, struct settings *s,
                           const char **ret_policy) {
  struct config_group g;
  SV_TRY(config_group(r->ctx, root, "registry", &g));
  SV_TRY(path(r, g, "file", CONFIG_REQUIRED, &s->registry_file));
  SV_TRY(path(r, g, "key_file", CONFIG_REQUIRED, &s->registry_key_file));
  SV_TRY(path(r, g, "master_key_file", CONFIG_REQUIRED, &s->master_key_file));
  SV_TRY(config_group(r->ctx, root, "log", &g));
  SV_TRY(text(r, g, "origin", CONFIG_REQUIRED, &s->log_origin));
  SV_TRY(config_group(r->ctx, root, "documents", &g));
  SV_TRY(path(r, g, "templates", CONFIG_REQUIRED, &s->templates));
  SV_TRY(config_bool(r->ctx, g, "specimen", false, &s->specimen));
  SV_TRY(config_int(r->ctx, root, "workers", 1, 256, 4, &s->workers));
  SV_TRY(config_int(r->ctx, root, "queue", 1, 65536, 256, &s->queue));
  SV_TRY(config_int(r->ctx, root, "watchers", 1, 256, 64, &s->watchers));
  SV_TRY(config_int(r->ctx, root, "drain_seconds", 0, 3600, 10, &s->drain_s));
  SV_TRY(text(r, root, "log_level", "info", &s->log_level));
  return path(r, root, "policy", CONFIG_REQUIRED, ret_policy);
}

static sv_status file_read(struct reading *r, struct config *file, struct settings *s,
                           const char **ret_policy) {
  struct config_group root = config_root(file);
  SV_TRY(listen_read(r, root, s));
  SV_TRY(doors_read(r->ctx, root, r->dir, &s->doors));
  SV_TRY(signing_read(r, root, s));
  SV_TRY(services_settings_read(r->ctx, root, r->dir, s->trust, &s->services));
  SV_TRY(rest_read(r, root, s, ret_policy));
  return config_unknown_check(r->ctx, file);
}

sv_status settings_read(struct sv_ctx *ctx, const char *file_path, struct settings *ret) {
  const char *slash = strrchr(file_path, '/');
  struct reading r = {
      .ctx = ctx,
      .dir = sv_arena_strndup(ctx->mem, file_path, slash ? (size_t)(slash - file_path) + 1 : 0)};
  if (!r.dir) {
    return SV_FAIL(ctx, NO_MEMORY, "settings");
  }
  struct config *file;
  SV_TRY(config_open(ctx, file_path, &file));
  *ret = (struct settings){0};
  const char *policy = "";
  sv_status status = file_read(&r, file, ret, &policy);
  config_close(file);
  SV_TRY(status);
  SV_TRY(services_settings_check(ctx, &ret->services));
  SV_TRY(policy_file_read(ctx, policy, &ret->policy));
  for (int kind = MODEL_SAFE_CONDUCT; kind <= MODEL_DISBURSEMENT_RECEIPT; kind++) {
    if (ret->policy.levels.wanted[kind] > SEAL_B_B && !ret->services.given) {
      return SV_FAIL(ctx, CONFIG, "%.120s: levels above B-B, and %.80s has no group timestamp",
                     policy, file_path);
    }
  }
  return SV_DONE;
}
