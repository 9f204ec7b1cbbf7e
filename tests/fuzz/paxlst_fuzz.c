/* Hostile bytes into formats/paxlst/paxlst.h; and a manifest that could be read, and would be accepted, comes back
 * from the message that is written of it. */
#include <stdlib.h>

#include "formats/paxlst/paxlst.h"
#include "model/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) {
    abort();
  }
}

static sv_status written(struct sv_ctx *ctx, const struct model_manifest *m, struct sv_bytes *ret) {
  static const struct model_authority authority = {.id = "snm",
                                                   .state = "UTO",
                                                   .name_en = "National Migration Service",
                                                   .duty_telephone = "+000 555 0100"};
  struct paxlst_occasion o = {.stage = PAXLST_NEW,
                              .number = "M26000439",
                              .version = 1,
                              .time_us = 1768495328000000,
                              .authority = &authority};
  return paxlst_write(ctx, m, &o, ret);
}

/* What the message does not say, and whether a request of it would be accepted. */
static bool completed(struct sv_ctx *ctx, struct model_manifest *m) {
  struct model_content content = {.kind = MODEL_FLIGHT_MANIFEST, .template_name = ""};
  m->registration = "UT-AVS";
  m->signatory = "ops01";
  m->issuing_state = "UTO";
  m->seats = 2000;
  for (size_t i = 0; i < m->leg_count; i++) {
    struct model_leg *leg = &m->legs[i];
    leg->departure_time = sv_arena_printf(ctx->mem, "%s-05:00", leg->departure_time);
    leg->arrival_time = sv_arena_printf(ctx->mem, "%s-05:00", leg->arrival_time);
  }
  for (size_t i = 0; i < m->occupant_count; i++) {
    struct model_occupant *o = &m->occupants[i];
    o->role = o->role == MODEL_ROLE_NONE ? MODEL_RETURNEE : o->role;
  }
  content.manifest = *m;
  struct sv_ctx own = sv_ctx_over(ctx->mem);
  return !sv_failed(model_check(&own, &content, (struct sv_date){2030, 1, 1}));
}

/* What a message says of a manifest, as a manifest: as many persons as there were. */
static struct model_manifest read_back(struct sv_ctx *ctx, struct sv_bytes message,
                                       size_t persons) {
  struct paxlst p;
  struct model_manifest m;
  must(!sv_failed(paxlst_read(ctx, message, &p)));
  must(!sv_failed(paxlst_manifest(ctx, &p, &m)));
  must(m.occupant_count == persons);
  (void)completed(ctx,
                  &m); /* of an operator one letter may be left, which a request may not have */
  return m;
}

/* The first message may say less than the manifest did (capitals for an operator's name); from then on nothing is lost. */
static void comes_back(struct sv_ctx *ctx, const struct model_manifest *m) {
  struct sv_bytes once, twice, thrice;
  if (sv_failed(written(ctx, m, &once))) {
    return; /* a name outside the tables, and such */
  }
  struct model_manifest again = read_back(ctx, once, m->occupant_count);
  must(!sv_failed(written(ctx, &again, &twice)));
  again = read_back(ctx, twice, m->occupant_count);
  must(!sv_failed(written(ctx, &again, &thrice)) && sv_bytes_equal(twice, thrice));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct paxlst p;
  struct model_manifest m;
  if (!sv_failed(paxlst_read(&ctx, sv_bytes_of(data, size), &p)) &&
      !sv_failed(paxlst_manifest(&ctx, &p, &m)) && completed(&ctx, &m)) {
    comes_back(&ctx, &m);
  }
  sv_arena_close(mem);
  return 0;
}
