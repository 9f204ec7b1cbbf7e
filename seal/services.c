/* The client of a time-stamp authority. Invariant: a token is handed out only after its imprint, nonce, policy, signature,
 * certificate, trust and clock have been checked. */
#include <stdlib.h>

#include "crypto/digest.h"
#include "pki/timestamp.h"
#include "seal/services_struct.h"

enum { NONCE_BYTES = 16, TOKEN_MARGIN = 64 };

sv_status seal_services_open(struct sv_ctx *ctx, const struct seal_services_config *config,
                             struct seal_services **ret) {
  SV_AUTO(seal_services_close) struct seal_services *s = calloc(1, sizeof *s);
  if (!s) {
    return SV_FAIL(ctx, NO_MEMORY, "services");
  }
  (void)pthread_mutex_init(&s->lock, NULL);
  s->config = *config;
  SV_TRY(pki_trust_open(ctx, config->tsa_trust_pem, &s->tsa_trust));
  SV_TRY(pki_issuers_open(ctx, config->tsa_trust_pem, &s->tsa_issuers));
  SV_TRY(pki_issuers_open(ctx, config->document_ca_pem, &s->document_issuers));
  *ret = SV_TAKE(s);
  return SV_DONE;
}

void seal_services_close(struct seal_services *s) {
  if (s) {
    pki_trust_close(s->tsa_trust);
    pki_issuers_close(s->tsa_issuers);
    pki_issuers_close(s->document_issuers);
    for (size_t i = 0; i < STATEMENTS_KEPT; i++) {
      free(s->statements[i].der);
    }
    (void)pthread_mutex_destroy(&s->lock);
    free(s);
  }
}

struct sv_ctx services_aside(const struct sv_ctx *ctx, uint32_t budget_ms) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  uint64_t until_ns = sv_monotonic_ns() + (uint64_t)budget_ms * 1000000;
  aside.cancelled = ctx->cancelled;
  aside.deadline_ns = ctx->deadline_ns && ctx->deadline_ns < until_ns ? ctx->deadline_ns : until_ns;
  return aside;
}

/* --- a stamp --- */

/* What the token says of itself, and whether that is what was asked for; NULL, or what is wrong. */
static const char *token_fault(const struct seal_services *s, const struct pki_token *t,
                               const uint8_t nonce[static NONCE_BYTES], size_t token_n) {
  if (t->fault != PKI_TOKEN_GOOD) {
    return t->why;
  }
  if (t->der_bytes != token_n) {
    return "bytes after the token";
  }
  if (!pki_token_has_nonce(t, nonce, NONCE_BYTES)) {
    return "another nonce than the question's";
  }
  if (s->config.tsa_policy[0] && strcmp(t->policy, s->config.tsa_policy) != 0) {
    return "another policy than was asked for";
  }
  int64_t off_us = t->gen_time_us - sv_wall_us();
  off_us = off_us < 0 ? -off_us : off_us;
  if (off_us - t->accuracy_us > (int64_t)s->config.tsa_skew_s * 1000000) {
    return "its clock is too far from this machine's";
  }
  switch (pki_trust_timestamp(s->tsa_trust, t->chain, t->gen_time_us)) {
    case PKI_TRUSTED:
      return NULL;
    case PKI_EXPIRED:
      return "the authority's certificate is not valid at that time";
    case PKI_REVOKED:
      return "the authority's certificate is revoked";
    case PKI_WRONG_USE:
      return "the authority's certificate is not for time-stamps alone";
    case PKI_WEAK:
      return "the authority's keys or digests are weak";
    case PKI_UNTRUSTED:
      break;
  }
  return "the authority's certificate leads to no anchor of timestamp.trust";
}

/* When the first certificate of the path ends: then the stamp proves nothing any more. */
static sv_status path_end(const struct seal_services *s, struct sv_ctx *ctx,
                          const struct pki_chain *chain, int64_t *ret) {
  SV_AUTO(pki_chain_close) struct pki_chain *path = NULL;
  bool whole;
  SV_TRY(pki_path_open(ctx, chain, s->tsa_issuers, &path, &whole));
  int64_t first = INT64_MAX;
  for (size_t i = 0; i < pki_chain_count(path); i++) {
    int64_t end = pki_cert_not_after_us(pki_chain_at(path, i));
    first = end < first ? end : first;
  }
  *ret = first;
  return SV_DONE;
}

static sv_status token_check(struct seal_services *s, struct sv_ctx *ctx, struct sv_bytes token,
                             const uint8_t digest[static 32],
                             const uint8_t nonce[static NONCE_BYTES], struct seal_stamp *ret) {
  struct pki_token t;
  SV_TRY(pki_token_verify_digest(ctx, token, CRYPTO_SHA256, digest, &t));
  const char *fault = token_fault(s, &t, nonce, token.n);
  int64_t end_us = 0;
  sv_status status =
      fault ? SV_FAIL(ctx, TIMESTAMP, "%s", fault) : path_end(s, ctx, t.chain, &end_us);
  pki_chain_close(t.chain);
  SV_TRY(status);
  *ret = (struct seal_stamp){token, t.gen_time_us, end_us};
  return SV_DONE;
}

static sv_status stamp_ask(struct seal_services *s, struct sv_ctx *ctx,
                           const uint8_t digest[static 32], struct seal_stamp *ret) {
  uint8_t nonce[NONCE_BYTES];
  struct sv_bytes request, answer;
  struct pki_timestamp_answer said;
  SV_TRY(crypto_random(ctx, nonce, sizeof nonce));
  nonce[0] = (uint8_t)((nonce[0] & 0x3F) | 0x40); /* positive, and always as long: so are tokens */
  SV_TRY(pki_timestamp_request(ctx, digest, nonce, sizeof nonce, s->config.tsa_policy, &request));
  struct seal_question question = {.url = s->config.tsa_url,
                                   .content_type = "application/timestamp-query",
                                   .body = request,
                                   .timeout_ms = s->config.tsa_timeout_ms,
                                   .answer_max = PKI_TSP_MAX};
  SV_TRY(s->config.fetch->ask(s->config.fetch, ctx, &question, &answer));
  pki_timestamp_answer_read(answer, &said);
  if (said.status < 0) {
    return SV_FAIL(ctx, TIMESTAMP, "the answer is no time-stamp answer");
  }
  if (said.token.n == 0) {
    return SV_FAIL(ctx, TIMESTAMP, "it was not granted: status %d, failure bits %x", said.status,
                   said.failure);
  }
  return token_check(s, ctx, said.token, digest, nonce, ret);
}

static void token_learn(struct seal_services *s, size_t n) {
  size_t known = atomic_load(&s->token_bytes);
  while (n > known && !atomic_compare_exchange_weak(&s->token_bytes, &known, n)) {
  }
}

sv_status seal_stamp_take(struct seal_services *s, struct sv_ctx *ctx,
                          const uint8_t digest[static 32], struct seal_stamp *ret) {
  struct sv_ctx aside = services_aside(ctx, s->config.tsa_timeout_ms);
  sv_status status = stamp_ask(s, &aside, digest, ret);
  atomic_store(&s->tsa_failed, sv_failed(status));
  if (sv_failed(status)) {
    SV_TRY(sv_ctx_alive(ctx));
    ctx->retry_after_ms = aside.retry_after_ms;
    return SV_FAIL(ctx, TIMESTAMP, "time-stamp authority %.80s: %s", s->config.tsa_url,
                   aside.detail);
  }
  token_learn(s, ret->token.n);
  return SV_DONE;
}

sv_status seal_stamp_room(struct seal_services *s, struct sv_ctx *ctx, size_t *ret) {
  if (atomic_load(&s->token_bytes) == 0 || atomic_load(&s->tsa_failed)) {
    uint8_t digest[32];
    struct seal_stamp stamp;
    SV_TRY(crypto_random(ctx, digest, sizeof digest));
    SV_TRY(seal_stamp_take(s, ctx, digest, &stamp));
  }
  *ret = atomic_load(&s->token_bytes) + TOKEN_MARGIN;
  return SV_DONE;
}
