/* LogService: checkpoints and proofs of the transparency log. */
#include "service/log.h"

#include "rpc/api/convert.h"

enum { HASH_BYTES = 32 };

static sv_status get_checkpoint(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetCheckpointRequest, get_checkpoint_request, m);
  (void)m;
  const char *note;
  SV_TRY(service_checkpoint(service, ctx, &caller, &note));
  Salvo__V1__GetCheckpointResponse answer = SALVO__V1__GET_CHECKPOINT_RESPONSE__INIT;
  answer.checkpoint = (char *)(uintptr_t)note;
  return convert_answer(call, ctx, &answer.base);
}

/* Hashes one after the other as a list; shared, not copied. */
static sv_status hashes_list(struct sv_ctx *ctx, struct sv_bytes hashes, size_t *ret_n,
                             ProtobufCBinaryData **ret) {
  size_t n = hashes.n / HASH_BYTES;
  ProtobufCBinaryData *list = SV_ARRAY(ctx->mem, n, ProtobufCBinaryData);
  if (!list) {
    return CONVERT_NO_MEMORY(ctx);
  }
  for (size_t i = 0; i < n; i++) {
    list[i] = (ProtobufCBinaryData){.len = HASH_BYTES,
                                    .data = (uint8_t *)(uintptr_t)hashes.p + i * HASH_BYTES};
  }
  *ret_n = n;
  *ret = list;
  return SV_DONE;
}

static sv_status get_inclusion_proof(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetInclusionProofRequest, get_inclusion_proof_request, m);
  struct sv_bytes hashes;
  SV_TRY(service_inclusion(service, ctx, &caller, m->log_index, m->tree_size, &hashes));
  Salvo__V1__GetInclusionProofResponse answer = SALVO__V1__GET_INCLUSION_PROOF_RESPONSE__INIT;
  SV_TRY(hashes_list(ctx, hashes, &answer.n_hashes, &answer.hashes));
  return convert_answer(call, ctx, &answer.base);
}

static sv_status get_consistency_proof(struct rpc_call *call, struct sv_ctx *ctx, void *service) {
  BEGIN(call, ctx, service, caller, GetConsistencyProofRequest, get_consistency_proof_request, m);
  struct sv_bytes hashes;
  SV_TRY(service_consistency(service, ctx, &caller, m->first, m->second, &hashes));
  Salvo__V1__GetConsistencyProofResponse answer = SALVO__V1__GET_CONSISTENCY_PROOF_RESPONSE__INIT;
  SV_TRY(hashes_list(ctx, hashes, &answer.n_hashes, &answer.hashes));
  return convert_answer(call, ctx, &answer.base);
}

const struct rpc_method api_log_methods[] = {
    {.path = "/salvo.v1.LogService/GetCheckpoint",
     .input = &salvo__v1__get_checkpoint_request__descriptor,
     .output = &salvo__v1__get_checkpoint_response__descriptor,
     .handle = get_checkpoint},
    {.path = "/salvo.v1.LogService/GetInclusionProof",
     .input = &salvo__v1__get_inclusion_proof_request__descriptor,
     .output = &salvo__v1__get_inclusion_proof_response__descriptor,
     .handle = get_inclusion_proof},
    {.path = "/salvo.v1.LogService/GetConsistencyProof",
     .input = &salvo__v1__get_consistency_proof_request__descriptor,
     .output = &salvo__v1__get_consistency_proof_response__descriptor,
     .handle = get_consistency_proof},
};
const size_t api_log_method_n = sizeof api_log_methods / sizeof api_log_methods[0];
