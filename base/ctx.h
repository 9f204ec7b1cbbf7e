/* What one call carries through every layer: its memory, its deadline, and the first fault with its details.
 * Owned by one thread at a time; only cancel may be set from another. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/status.h"

/* A rule that a field of the request breaks; goes to the client in BadRequest. Texts are in the call's arena. */
struct sv_violation {
  const char *path;    /* "flight_manifest.occupants[3].person.surname" */
  const char *message; /* never the value itself */
};

enum { SV_VIOLATIONS_MAX = 100 };

struct sv_ctx {
  struct sv_arena *mem;
  uint64_t deadline_ns;         /* of sv_monotonic_ns; 0: none */
  const atomic_bool *cancelled; /* borrowed; NULL: can't be cancelled */
  const char *request_id;       /* for the log; "" when none */
  struct sv_violation *violations;
  size_t violation_count;
  uint32_t retry_after_ms; /* of a fault that passes; 0: not known */
  sv_status fault;         /* the first fault */
  char detail[256];        /* of it, for the log: no personal data */
};

/* A context over an arena; everything else zero. */
static inline struct sv_ctx sv_ctx_over(struct sv_arena *mem) {
  return (struct sv_ctx){.mem = mem, .request_id = ""};
}

/* Records the first fault only; returns the given reason. */
sv_status sv_ctx_fail(struct sv_ctx *ctx, enum sv_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The constant lets the compiler see that what follows SV_TRY was filled in. */
static inline sv_status sv_failure(sv_status recorded, enum sv_reason reason) {
  (void)recorded.reason;
  return (sv_status){reason};
}
#define SV_FAIL(ctx, reason, ...) \
  sv_failure(sv_ctx_fail((ctx), SV_##reason, __VA_ARGS__), SV_##reason)

/* Forgets the fault, after it has been dealt with. */
void sv_ctx_clear(struct sv_ctx *ctx);

/* Adds a violation at path (printf) and goes on; more than SV_VIOLATIONS_MAX are counted but not kept. */
void sv_ctx_violate(struct sv_ctx *ctx, const char *message, const char *path, ...)
    __attribute__((format(printf, 3, 4)));
/* FIELD_INVALID when there is any violation. */
sv_status sv_ctx_violations_status(struct sv_ctx *ctx);

/* CANCELLED or DEADLINE when the call should stop; cheap, to be asked at each step. */
sv_status sv_ctx_alive(struct sv_ctx *ctx);
