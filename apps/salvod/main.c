/* salvod: issues, seals, registers and verifies. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "apps/salvod/keyring.h"
#include "apps/salvod/wire.h"
#include "base/log.h"

static const char usage[] =
    "usage: salvod --config FILE [--check-config]\n"
    "  --config FILE    configuration (see examples/salvod.conf)\n"
    "  --check-config   read configuration and policy, say whether they are good, and end\n";

static int fault(const struct sv_ctx *ctx, sv_status status) {
  (void)fprintf(stderr, "salvod: %s: %s\n", sv_reason_text(status.reason), ctx->detail);
  return 1;
}

/* All that a server begins with and a file says. */
static sv_status check(struct sv_ctx *ctx, const char *config, const struct settings *s) {
  SV_AUTO(keyring_close) struct keyring *keyring = NULL;
  SV_TRY(keyring_open(ctx, s, &keyring));
  (void)printf("%s: good (%zu authorities, %zu officers, %zu roles, %zu callers)\n", config,
               s->policy.authority_count, s->policy.officer_count, s->policy.role_count,
               s->policy.caller_count);
  return SV_DONE;
}

static bool level_set(const char *name) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  for (int i = 0; i < 4; i++) {
    if (strcmp(names[i], name) == 0) {
      sv_log_level_set((enum sv_log_level)i);
      return true;
    }
  }
  return false;
}

int main(int argc, char **argv) {
  const char *config = NULL;
  bool check_only = false;
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--config") == 0 && i + 1 < argc) {
      config = argv[++i];
    } else if (strcmp(argv[i], "--check-config") == 0) {
      check_only = true;
    } else {
      (void)fputs(usage, stderr);
      return 2;
    }
  }
  if (!config) {
    (void)fputs(usage, stderr);
    return 2;
  }
  (void)signal(SIGPIPE, SIG_IGN);
  (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}); /* a core would hold keys and names */
  struct sv_arena *mem = sv_arena_open((size_t)64 * 1024 * 1024);
  if (!mem) {
    (void)fputs("salvod: no memory\n", stderr);
    return 1;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct settings settings;
  sv_status status = settings_read(&ctx, config, &settings);
  if (!sv_failed(status) && !level_set(settings.log_level)) {
    status = SV_FAIL(&ctx, CONFIG, "log_level is not debug, info, warn or error");
  }
  int code = 0;
  struct wire *w = NULL;
  if (sv_failed(status)) {
    code = fault(&ctx, status);
  } else if (check_only) {
    status = check(&ctx, config, &settings);
    code = sv_failed(status) ? fault(&ctx, status) : 0;
  } else if (sv_failed(status = wire_open(&ctx, &settings, &w))) {
    code = fault(&ctx, status);
  } else {
    wire_run(w);
    wire_close(w);
  }
  sv_arena_close(mem);
  return code;
}
