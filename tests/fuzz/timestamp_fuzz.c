/* Can the answer of a time-stamp authority hurt who asked? The input is read as an answer and as a token. */
#include "pki/timestamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void judge(struct sv_ctx *ctx, struct sv_bytes token) {
  struct sv_bytes piece = sv_bytes_str("the content");
  struct pki_token t;
  if (!sv_failed(pki_token_verify(ctx, token, crypto_pieces_of(&piece, 1), &t))) {
    SV_ASSERT(t.der_bytes <= token.n);
    SV_ASSERT(t.fault != PKI_TOKEN_GOOD || t.chain);
    pki_chain_close(t.chain);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
  struct sv_arena *arena = sv_arena_open(1 << 20);
  struct sv_ctx ctx = sv_ctx_over(arena);
  struct pki_timestamp_answer answer;
  pki_timestamp_answer_read(sv_bytes_of(p, n), &answer);
  SV_ASSERT(answer.token.n <= n &&
            (answer.token.n > 0) == (answer.status == 0 || answer.status == 1));
  judge(&ctx, sv_bytes_of(p, n));
  if (answer.token.n) {
    judge(&ctx, answer.token);
  }
  sv_arena_close(arena);
  return 0;
}
