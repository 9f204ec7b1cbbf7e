/* Everything of a set is opened before the set is used, so that a fault in any of it leaves the one before in force. */
#include "apps/salvod/keyring.h"

#include <stdlib.h>

#include "apps/salvod/files.h"
#include "formats/bundle/bundle.h"

SV_AUTO_DEFINE(struct sv_arena, sv_arena_close)

enum { KEYRING_MEMORY = 16 * 1024 * 1024, TRIAL_MEMORY = 64 * 1024 * 1024 };

/* --- what devices take along --- */

static sv_status part_try(struct sv_ctx *ctx, struct sv_ctx *aside, struct bundle_trust *t,
                          const char *path, struct sv_bytes pem, bool stamps) {
  sv_status status = bundle_trust_add_pem(aside, t, pem, stamps);
  return sv_failed(status)
             ? SV_FAIL(ctx, CONFIG, "%s can't be given to devices: %s", path, aside->detail)
             : SV_DONE;
}

/* As long as it ever gets: the keys' lives are the registry's. */
static sv_status whole_try(struct sv_ctx *aside, struct bundle_trust *t, const char *origin) {
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  struct sv_bytes out;
  t->log_key = sv_arena_printf(aside->mem, "%s+%08x+%044d", origin, 0U, 0);
  for (t->key_count = 0; t->key_count < BUNDLE_KEYS_MAX; t->key_count++) {
    t->keys[t->key_count] = (struct bundle_key){.from_us = 1, .until_us = 1, .compromised_us = 1};
  }
  if (!t->log_key) {
    return SV_FAIL(aside, NO_MEMORY, "trust list");
  }
  SV_TRY(bundle_trust_write(aside, t, &out));
  SV_TRY(bundle_trust_pem(aside, t, false, &out)); /* as the device's judge opens it */
  SV_TRY(verify_trust_of(aside, out, &trust));
  if (t->stamp_count) {
    SV_TRY(bundle_trust_pem(aside, t, true, &out));
    SV_TRY(verify_trust_stamps(aside, trust, out));
  }
  return SV_DONE;
}

static sv_status devices_try(struct sv_ctx *ctx, struct sv_ctx *aside, const struct settings *s,
                             const struct keyring *k) {
  struct bundle_trust *t = SV_NEW(aside->mem, struct bundle_trust);
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  SV_TRY(part_try(ctx, aside, t, s->trust, k->trust_pem, false));
  if (k->stamps_pem.n) {
    SV_TRY(part_try(ctx, aside, t, s->services.tsa_trust, k->stamps_pem, true));
  }
  const char *with = k->stamps_pem.n ? " with " : "",
             *stamps = k->stamps_pem.n ? s->services.tsa_trust : "";
  return sv_failed(whole_try(aside, t, s->log_origin))
             ? SV_FAIL(ctx, CONFIG, "%s%s%s can't be given to devices: %s", s->trust, with, stamps,
                       aside->detail)
             : SV_DONE;
}

/* The list is made on trial, so that what does not fit is found now, and not by the devices that ask for it. */
static sv_status devices_check(struct sv_ctx *ctx, const struct settings *s,
                               const struct keyring *k) {
  SV_AUTO(sv_arena_close) struct sv_arena *mem = sv_arena_open(TRIAL_MEMORY);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  struct sv_ctx aside = sv_ctx_over(mem);
  return devices_try(ctx, &aside, s, k);
}

/* --- opening --- */

static sv_status trust_open(struct sv_ctx *ctx, const struct settings *s, struct keyring *k) {
  SV_TRY(verify_trust_open(ctx, &s->trust, 1, &k->trust));
  SV_TRY(file_read(ctx, s->trust, &k->trust_pem));
  if (s->services.given) { /* who vouches for a time-stamp here, vouches for it when it is judged */
    SV_TRY(file_read(ctx, s->services.tsa_trust, &k->stamps_pem));
    SV_TRY(verify_trust_stamps(ctx, k->trust, k->stamps_pem));
    SV_TRY(services_client_open(ctx, &s->services, &k->outside));
  }
  return devices_check(ctx, s, k);
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
