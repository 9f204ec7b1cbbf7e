/* The first fault wins: what comes after it is mostly its consequence. */
#include "base/ctx.h"

#include <stdarg.h>
#include <stdio.h>

sv_status sv_ctx_fail(struct sv_ctx *ctx, enum sv_reason reason, const char *format, ...) {
  SV_ASSERT(reason != SV_OK);
  if (!sv_failed(ctx->fault)) {
    ctx->fault.reason = reason;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ctx->detail, sizeof ctx->detail, format, args);
    va_end(args);
  }
  return (sv_status){reason};
}

void sv_ctx_clear(struct sv_ctx *ctx) {
  ctx->fault = SV_DONE;
  ctx->detail[0] = '\0';
}

void sv_ctx_violate(struct sv_ctx *ctx, const char *message, const char *path, ...) {
  if (!ctx->violations) {
    ctx->violations = SV_ARRAY(ctx->mem, SV_VIOLATIONS_MAX, struct sv_violation);
  }
  size_t i = ctx->violation_count++;
  if (!ctx->violations || i >= SV_VIOLATIONS_MAX) {
    return;
  }
  char text[192];
  va_list args;
  va_start(args, path);
  (void)vsnprintf(text, sizeof text, path, args);
  va_end(args);
  const char *kept = sv_arena_strdup(ctx->mem, text);
  ctx->violations[i] = (struct sv_violation){kept ? kept : "", message};
}

sv_status sv_ctx_violations_status(struct sv_ctx *ctx) {
  if (ctx->violation_count == 0) {
    return SV_DONE;
  }
  return SV_FAIL(ctx, FIELD_INVALID, "%zu violations, the first at %s", ctx->violation_count,
                 ctx->violations ? ctx->violations[0].path : "?");
}

sv_status sv_ctx_alive(struct sv_ctx *ctx) {
  if (ctx->cancelled && atomic_load_explicit(ctx->cancelled, memory_order_relaxed)) {
    return SV_FAIL(ctx, CANCELLED, "by the client");
  }
  if (ctx->deadline_ns && sv_monotonic_ns() >= ctx->deadline_ns) {
    return SV_FAIL(ctx, DEADLINE, "passed");
  }
  return SV_DONE;
}
