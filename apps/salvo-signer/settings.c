/* signer.conf into a struct. */
#include <string.h>

#include "apps/salvo-signer/signer.h"
#include "runtime/config.h"

struct reading {
  struct sv_ctx *ctx;
  const char *dir; /* of the file, with its slash; "" */
};

static sv_status path(const struct reading *r, struct config_group g, const char *name,
                      const char **ret) {
  const char *v;
  SV_TRY(config_text(r->ctx, g, name, CONFIG_REQUIRED, &v));
  *ret = sv_arena_printf(r->ctx->mem, "%s%s", v[0] == '/' ? "" : r->dir, v);
  return *ret ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

/* Of a file, relative to the settings' own; or a URI. */
static sv_status key_of(const struct reading *r, struct config_group g, const char **ret) {
  const char *v;
  SV_TRY(config_text(r->ctx, g, "key", CONFIG_REQUIRED, &v));
  if (!seal_key_in_token(v)) {
    return path(r, g, "key", ret);
  }
  *ret = sv_arena_strdup(r->ctx->mem, v);
  return *ret ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

static sv_status token_read(const struct reading *r, struct config_group root,
                            struct signer_settings *s) {
  struct config_group g;
  const char *module;
  const char *const *places;
  s->token = (struct seal_token){.module = "", .pin_file = ""};
  if (!config_has(root, "token")) {
    return seal_key_in_token(s->document_key) || seal_key_in_token(s->seal_key)
               ? config_fault(r->ctx, root, "token", "is required: a key is in one")
               : SV_DONE;
  }
  SV_TRY(config_group(r->ctx, root, "token", &g));
  SV_TRY(config_text(r->ctx, g, "module", CONFIG_REQUIRED, &module));
  SV_TRY(path(r, g, "pin_file", &s->token.pin_file));
  SV_TRY(config_strings(r->ctx, g, "places", &places, &s->place_n));
  SV_TRY(config_bool(r->ctx, g, "network", false, &s->network));
  s->token.module = sv_arena_strdup(r->ctx->mem, module);
  const char **own = SV_ARRAY(r->ctx->mem, s->place_n, const char *);
  bool good = s->token.module && own;
  for (size_t i = 0; good && i < s->place_n; i++) {
    own[i] = sv_arena_printf(r->ctx->mem, "%s%s", places[i][0] == '/' ? "" : r->dir, places[i]);
    good = own[i] != NULL;
  }
  s->places = own;
  return good ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

static sv_status file_read(const struct reading *r, struct config *file,
                           struct signer_settings *s) {
  struct config_group root = config_root(file), g;
  const char *origin;
  SV_TRY(config_group(r->ctx, root, "document", &g));
  SV_TRY(key_of(r, g, &s->document_key));
  SV_TRY(path(r, g, "chain", &s->document_chain));
  SV_TRY(config_group(r->ctx, root, "seal", &g));
  SV_TRY(key_of(r, g, &s->seal_key));
  SV_TRY(path(r, g, "certificate", &s->seal_certificate));
  SV_TRY(config_group(r->ctx, root, "log", &g));
  SV_TRY(path(r, g, "key", &s->log_key));
  SV_TRY(config_text(r->ctx, g, "origin", CONFIG_REQUIRED, &origin));
  SV_TRY(config_group(r->ctx, root, "trust", &g));
  SV_TRY(path(r, g, "key", &s->trust_key));
  s->log_origin = sv_arena_strdup(r->ctx->mem, origin);
  SV_TRY(path(r, root, "journal", &s->journal));
  SV_TRY(config_int(r->ctx, root, "signatures_a_minute", 1, 100000000, 600000,
                    &s->signatures_a_minute));
  SV_TRY(config_int(r->ctx, root, "journal_bytes", 4096, 256 * 1024 * 1024, 64 * 1024 * 1024,
                    &s->journal_bytes));
  SV_TRY(token_read(r, root, s));
  SV_TRY(config_unknown_check(r->ctx, file));
  return s->log_origin ? SV_DONE : SV_FAIL(r->ctx, NO_MEMORY, "settings");
}

sv_status signer_settings_read(struct sv_ctx *ctx, const char *file_path,
                               struct signer_settings *ret) {
  const char *slash = strrchr(file_path, '/');
  struct reading r = {
      .ctx = ctx,
      .dir = sv_arena_strndup(ctx->mem, file_path, slash ? (size_t)(slash - file_path) + 1 : 0)};
  if (!r.dir) {
    return SV_FAIL(ctx, NO_MEMORY, "settings");
  }
  struct config *file;
  *ret = (struct signer_settings){0};
  SV_TRY(config_open(ctx, file_path, &file));
  sv_status status = file_read(&r, file, ret);
  config_close(file);
  return status;
}
