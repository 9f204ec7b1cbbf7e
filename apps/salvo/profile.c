/* Where the server is and who we are: from the command line, else from a profile file. */
#include <stdio.h>
#include <stdlib.h>

#include "apps/salvo/salvo.h"
#include "runtime/config.h"

static sv_status take(struct salvo *s, struct config_group g, const char *name, const char **slot) {
  const char *v;
  SV_TRY(config_text(s->ctx, g, name, "", &v));
  if (!*slot && v[0]) {
    *slot = sv_arena_strdup(s->ctx->mem, v);
  }
  return SV_DONE;
}

static sv_status read_all(struct salvo *s, const struct config *file) {
  struct config_group root = config_root(file);
  SV_TRY(take(s, root, "server", &s->server));
  SV_TRY(take(s, root, "ca", &s->ca));
  SV_TRY(take(s, root, "cert", &s->cert));
  SV_TRY(take(s, root, "key", &s->key));
  return config_unknown_check(s->ctx, file);
}

int profile_read(struct salvo *s, const char *path) {
  path = path ? path : getenv("SALVO_PROFILE");
  if (!path || path[0] == '\0') {
    return EXIT_DONE;
  }
  struct config *file;
  sv_status status = config_open(s->ctx, path, &file);
  if (!sv_failed(status)) {
    status = read_all(s, file);
    config_close(file);
  }
  if (sv_failed(status)) {
    (void)fprintf(stderr, "salvo: profile: %s\n", s->ctx->detail);
    return EXIT_USAGE;
  }
  return EXIT_DONE;
}
