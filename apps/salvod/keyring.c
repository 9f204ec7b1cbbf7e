/* Everything of a set is opened before the set is used, so that a fault in any of it leaves the one before in force. */
#include "apps/salvod/keyring.h"

#include <stdlib.h>

#include "apps/salvod/files.h"

enum { KEYRING_MEMORY = 4 * 1024 * 1024 };

static sv_status trust_open(struct sv_ctx *ctx, const struct settings *s, struct keyring *k) {
  SV_TRY(verify_trust_open(ctx, &s->trust, 1, &k->trust));
  SV_TRY(file_read(ctx, s->trust, &k->trust_pem));
  if (s->services.given) { /* who vouches for a time-stamp here, vouches for it when it is judged */
    SV_TRY(file_read(ctx, s->services.tsa_trust, &k->stamps_pem));
    SV_TRY(verify_trust_stamps(ctx, k->trust, k->stamps_pem));
    SV_TRY(services_client_open(ctx, &s->services, &k->outside));
  }
  return SV_DONE;
}

static sv_status seal_make(struct sv_ctx *ctx, const struct settings *s, struct signer_link *link,
                           struct keyring *k) {
  SV_AUTO(seal_key_close) struct seal_key *document = NULL;
  SV_AUTO(seal_key_close) struct seal_key *visible = NULL;
  SV_TRY(signer_link_key(ctx, link, SEAL_DOCUMENT, &document));
  SV_TRY(signer_link_key(ctx, link, SEAL_VISIBLE, &visible));
  if (!verify_trust_believes(k->trust, document->chain, visible->chain, sv_wall_us())) {
    return SV_FAIL(ctx, CONFIG, "%s does not lead to who signs", s->trust);
  }
  SV_TRY(seal_open(ctx, document, visible, &k->seal));
  document = visible = NULL;
  return SV_DONE;
}

static sv_status fill(struct sv_ctx *ctx, const struct settings *s, struct signer_link *link,
                      struct keyring *k) {
  SV_TRY(seal_make(ctx, s, link, k));
  SV_TRY(signer_link_key(ctx, link, SEAL_CHECKPOINT, &k->log_key));
  SV_TRY(signer_link_key(ctx, link, SEAL_TRUST, &k->trust_key));
  const char *organisation = seal_signer_organisation(k->seal);
  k->signer_line = sv_arena_printf(ctx->mem, "%s%s%s", seal_signer_name(k->seal),
                                   organisation[0] ? ", " : "", organisation);
  return k->signer_line ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "signer");
}

sv_status keyring_open(struct sv_ctx *ctx, const struct settings *settings, struct keyring **ret) {
  SV_AUTO(keyring_close) struct keyring *k = calloc(1, sizeof *k);
  if (!k || !(k->mem = sv_arena_open(KEYRING_MEMORY))) {
    return SV_FAIL(ctx, NO_MEMORY, "keys");
  }
  struct sv_ctx own = sv_ctx_over(k->mem);
  sv_status status = trust_open(&own, settings, k);
  if (sv_failed(status)) {
    return sv_ctx_fail(ctx, status.reason, "%s", own.detail);
  }
  *ret = SV_TAKE(k);
  return SV_DONE;
}

sv_status keyring_take(struct sv_ctx *ctx, struct keyring *k, const struct settings *settings,
                       struct signer_link *link) {
  struct sv_ctx own = sv_ctx_over(k->mem);
  sv_status status = fill(&own, settings, link, k);
  return sv_failed(status) ? sv_ctx_fail(ctx, status.reason, "%s", own.detail) : SV_DONE;
}

void keyring_close(struct keyring *k) {
  if (k) {
    seal_close(k->seal);
    seal_key_close(k->log_key);
    seal_key_close(k->trust_key);
    verify_trust_close(k->trust);
    services_client_close(k->outside);
    sv_arena_close(k->mem);
    free(k);
  }
}

void keyring_lend(const struct keyring *k, struct service_parts *parts) {
  parts->seal = k->seal;
  parts->services = services_client_lend(k->outside);
  parts->log_key = k->log_key;
  parts->trust_key = k->trust_key;
  parts->trust = k->trust;
  parts->trust_pem = k->trust_pem;
  parts->stamps_pem = k->stamps_pem;
  parts->signer_lines[0] = k->signer_line;
  parts->signer_lines[1] = "PAdES, ECDSA P-256, SHA-256";
}
