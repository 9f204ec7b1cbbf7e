/* The page, its signature, and the steps that follow at once. Invariants: a file that is below its level is never called
 * anything else; a revoked signer seals nothing, whatever policy says of services that are down. */
#include <string.h>

#include "crypto/digest.h"
#include "service/inside.h"
#include "service/levels.h"

struct sealing {
  struct service *s;
  struct sv_ctx *ctx;
  struct docs_request *request;
  const struct seal_subject *subject;
  struct levels_sealed *out;
  bool later; /* below its level now, and raised by itself, rather than not at all */
};

static const struct policy_levels *policy_of(const struct service *s) {
  return &s->parts.policy->levels;
}

/* token_bytes: of a time-stamp inside of the signature; 0: none. */
static sv_status draw_and_sign(struct sealing *g, size_t token_bytes) {
  struct service *s = g->s;
  struct sv_sig_slot slot;
  struct sv_bytes pdf;
  g->request->contents_room = token_bytes ? seal_contents_room_stamped(s->parts.seal, token_bytes)
                                          : seal_contents_room(s->parts.seal);
  uint64_t began_ns = sv_monotonic_ns();
  SV_TRY(docs_render(s->parts.docs, g->ctx, g->request, &pdf, &slot));
  sv_metrics_time(s->parts.metrics, SV_TIME_RENDER, sv_monotonic_ns() - began_ns);
  SV_TRY(sv_ctx_alive(g->ctx));
  began_ns = sv_monotonic_ns();
  /* docs_render gives writable memory of this call */
  SV_TRY(seal_pdf_stamped(s->parts.seal, g->ctx, g->subject, (uint8_t *)(uintptr_t)pdf.p, pdf.n,
                          &slot, token_bytes ? s->parts.services : NULL, &g->out->digests));
  sv_metrics_time(s->parts.metrics, SV_TIME_SIGN, sv_monotonic_ns() - began_ns);
  g->out->pdf = g->out->file = pdf;
  g->out->static_bytes = slot.static_bytes;
  return SV_DONE;
}

/* A token that is larger than any before has told its size: then once more. */
static sv_status stamped(struct sealing *g) {
  size_t room, now;
  SV_TRY(seal_stamp_room(g->s->parts.services, g->ctx, &room));
  sv_status status = draw_and_sign(g, room);
  if (status.reason != SV_TIMESTAMP) {
    return status;
  }
  struct sv_ctx aside = sv_ctx_over(g->ctx->mem);
  aside.deadline_ns = g->ctx->deadline_ns;
  if (sv_failed(seal_stamp_room(g->s->parts.services, &aside, &now)) || now <= room) {
    return status;
  }
  sv_ctx_clear(g->ctx);
  return draw_and_sign(g, now);
}

static sv_status file_join(struct sealing *g, struct sv_bytes more) {
  struct levels_sealed *out = g->out;
  uint8_t *p = sv_arena_alloc(g->ctx->mem, out->file.n + more.n);
  if (!p) {
    return SV_FAIL(g->ctx, NO_MEMORY, "a file of %zu bytes", out->file.n + more.n);
  }
  memcpy(p, out->file.p, out->file.n);
  memcpy(p + out->file.n, more.p, more.n);
  out->file = sv_bytes_of(p, out->file.n + more.n);
  out->made.tail = sv_bytes_of(p + out->pdf.n, out->file.n - out->pdf.n);
  return SV_DONE;
}

static sv_status step_up(struct sealing *g) {
  struct levels_made *made = &g->out->made;
  struct seal_raised raised;
  SV_TRY(seal_raise(g->s->parts.services, g->ctx, g->out->file, made->level, &raised));
  SV_TRY(file_join(g, raised.tail));
  made->level = raised.level;
  if (raised.level == SEAL_B_LTA) {
    made->due_us = levels_renewal_us(g->s, raised.stamp_not_after_us);
  }
  return SV_DONE;
}

static sv_status climb(struct sealing *g) {
  struct levels_made *made = &g->out->made;
  SV_TRY(stamped(g));
  made->level = SEAL_B_T;
  while (made->level < made->wanted) {
    SV_TRY(step_up(g));
  }
  return SV_DONE;
}

/* What the services did not give now, the sweeper gets later, where policy lets it. */
static sv_status below(struct sealing *g, sv_status status) {
  struct levels_made *made = &g->out->made;
  bool service_down = status.reason == SV_TIMESTAMP || status.reason == SV_REVOCATION;
  if (!service_down || !g->later) {
    return status;
  }
  sv_ctx_clear(g->ctx);
  made->missed = status.reason;
  made->due_us = sv_wall_us();
  return made->level == SEAL_LEVEL_NONE ? draw_and_sign(g, 0) : SV_DONE;
}

sv_status levels_seal(struct service *s, struct sv_ctx *ctx, enum model_kind kind, bool urgent,
                      struct docs_request *request, const struct seal_subject *subject,
                      struct levels_sealed *ret) {
  *ret = (struct levels_sealed){
      .made = {.wanted = (enum seal_level)policy_of(s)->wanted[kind], .due_us = STORE_LEVEL_NEVER}};
  struct sealing g = {s, ctx, request, subject, ret, urgent || policy_of(s)->later};
  if (ret->made.wanted <= SEAL_B_B || !s->parts.services) {
    ret->made.level = ret->made.wanted = SEAL_B_B;
    return draw_and_sign(&g, 0);
  }
  sv_status status = climb(&g);
  if (sv_failed(status)) {
    SV_TRY(below(&g, status));
  }
  if (ret->made.level == SEAL_LEVEL_NONE) {
    ret->made.level = SEAL_B_B;
  }
  crypto_sha256(ret->file, ret->made.file_sha256);
  return SV_DONE;
}
