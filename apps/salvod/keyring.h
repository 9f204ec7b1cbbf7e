/* What signs and who is believed, as the server uses them; another set takes its place while calls go on. */
#pragma once
#include "apps/salvod/services.h"
#include "apps/salvod/settings.h"
#include "seal/signer_link.h"
#include "service/service.h"
#include "verify/trust.h"

/* One set. */
struct keyring {
  struct sv_arena *mem; /* of the texts */
  struct seal *seal;
  struct seal_key *log_key, *trust_key;
  struct verify_trust *trust;
  struct sv_bytes trust_pem, stamps_pem;
  struct services_client
      *outside;            /* time-stamps, and the status of certificates; NULL: nobody is asked */
  const char *signer_line; /* printed beside the signature */
};

/* All that comes from the settings' files: whom to believe, whom to ask. Fails: CONFIG (a file, or one that is more than a
 * list for devices has room for), CERT_FORMAT, NO_MEMORY.
 * ret: caller, keyring_close. */
sv_status keyring_open(struct sv_ctx *ctx, const struct settings *settings, struct keyring **ret);
/* And the keys of the signer that said hello last; who signs must be believed. Fails: CONFIG (a signer whom the trust does
 * not know), CERT_FORMAT, SIGNER, NO_MEMORY; the set can then only be closed. */
sv_status keyring_take(struct sv_ctx *ctx, struct keyring *keyring, const struct settings *settings,
                       struct signer_link *link);
void keyring_close(struct keyring *keyring);
SV_AUTO_DEFINE(struct keyring, keyring_close)

/* Into parts; lent. */
void keyring_lend(const struct keyring *keyring, struct service_parts *parts);
