/* What is left to a process that holds keys, or parses what strangers made, should it have a fault: nothing. */
#pragma once
#include "base/ctx.h"

struct sandbox_calls {
  const int *v; /* SCMP_SYS(...) */
  size_t n;
};

struct sandbox {
  struct sandbox_calls more[2]; /* beside those of reading, writing, syncing and memory */
  const char *const *places;    /* folders that stay open; all other paths are closed */
  size_t place_n;
};

/* From here on any other call of the kernel ends the process; never to be undone, and memory is never made executable. A
 * build with a sanitizer says that it has no sandbox, and goes on. Fails: CONFIG (the kernel has no seccomp). */
sv_status sandbox_enter(struct sv_ctx *ctx, const struct sandbox *sandbox);

/* A sanitizer's runtime opens files and starts threads of its own. */
bool sandbox_instrumented(void);
