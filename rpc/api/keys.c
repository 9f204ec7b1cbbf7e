/* KeyService: the keys that sign, their lives, and the word that one may be in other hands. */
#include "service/keys.h"

#include "rpc/api/convert.h"

static Salvo__V1__Key *convert_key(struct sv_ctx *ctx, const struct store_key_life *life) {
  Salvo__V1__Key *m = SV_NEW(ctx->mem, Salvo__V1__Key);
  char hex[65];
  sv_hex(life->sha256, sizeof life->sha256, hex);
  if (!m) {
    return NULL;
  }
  salvo__v1__key__init(m);
  m->certificate_sha256 = sv_arena_strdup(ctx->mem, hex);
  m->purpose = sv_arena_strdup(ctx->mem, life->purpose);
  m->from_time = convert_timestamp(ctx, life->from_us);
  m->until_time = life->until_us ? convert_timestamp(ctx, life->until_us) : NULL;
  m->compromise_time = life->compromised_us ? convert_timestamp(ctx, life->compromised_us) : NULL;
  bool whole = m->certificate_sha256 && m->purpose && m->from_time &&
               (m->until_time || !life->until_us) && (m->compromise_time || !life->compromised_us);
  return whole ? m : NULL;
}

static sv_status list_keys(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ListKeysRequest, list_keys_request, m);
  (void)m;
  struct store_key_life *lives;
  Salvo__V1__ListKeysResponse answer = SALVO__V1__LIST_KEYS_RESPONSE__INIT;
  SV_TRY(service_keys(service, ctx, &caller, &lives, &answer.n_keys));
  answer.keys = SV_ARRAY(ctx->mem, answer.n_keys, Salvo__V1__Key *);
  if (!answer.keys) {
    return CONVERT_NO_MEMORY(ctx);
  }
  for (size_t i = 0; i < answer.n_keys; i++) {
    answer.keys[i] = convert_key(ctx, &lives[i]);
    if (!answer.keys[i]) {
      return CONVERT_NO_MEMORY(ctx);
    }
  }
  return convert_answer(call, ctx, &answer.base);
}

static sv_status report_key_compromise(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, ReportKeyCompromiseRequest, report_key_compromise_request, m);
  uint8_t sha256[32];
  struct store_key_life life;
  if (strlen(m->certificate_sha256) != 2 * sizeof sha256 ||
      !sv_unhex(m->certificate_sha256, sha256, sizeof sha256)) {
    sv_ctx_violate(ctx, "is not 64 hexadecimal digits", "certificate_sha256");
    return sv_ctx_violations_status(ctx);
  }
  SV_TRY(service_key_compromised(service, ctx, &caller, sha256, convert_time(m->since), &life));
  Salvo__V1__ReportKeyCompromiseResponse answer = SALVO__V1__REPORT_KEY_COMPROMISE_RESPONSE__INIT;
  answer.key = convert_key(ctx, &life);
  return answer.key ? convert_answer(call, ctx, &answer.base) : CONVERT_NO_MEMORY(ctx);
}

const struct rpc_method api_key_methods[] = {
    {.path = "/salvo.v1.KeyService/ListKeys",
     .input = &salvo__v1__list_keys_request__descriptor,
     .output = &salvo__v1__list_keys_response__descriptor,
     .handle = list_keys},
    {.path = "/salvo.v1.KeyService/ReportKeyCompromise",
     .may_wait = true,
     .input = &salvo__v1__report_key_compromise_request__descriptor,
     .output = &salvo__v1__report_key_compromise_response__descriptor,
     .handle = report_key_compromise},
};
const size_t api_key_method_n = sizeof api_key_methods / sizeof api_key_methods[0];
