/* Where time-stamps and the status of certificates are asked for: the groups timestamp, revocation and services of salvod.conf, and
 * the client behind them. */
#pragma once
#include "runtime/config.h"
#include "runtime/fetch.h"
#include "seal/services.h"

struct services_settings {
  bool given; /* there is a time-stamp authority */
  const char *tsa_url, *tsa_policy;
  const char *tsa_trust;   /* file */
  const char *document_ca; /* file: CAs of the document signer, up to the root */
  int64_t tsa_timeout_ms, tsa_skew_s;
  int64_t revocation_timeout_ms, revocation_budget_ms, fresh_s, kept_s;
  int64_t failures, pause_ms; /* of the circuit breakers */
};

/* dir: of the file, with its slash; trust: of documents, where no other file of CAs is named.
 * Fails: CONFIG with file and line, NO_MEMORY. */
sv_status services_settings_read(struct sv_ctx *ctx, struct config_group root, const char *dir,
                                 const char *trust, struct services_settings *ret);

struct services_client;
/* Reads the files of trust; no server is known to have failed. Fails: CONFIG, CERT_FORMAT, IO, NO_MEMORY. ret: caller, services_client_close. */
sv_status services_client_open(struct sv_ctx *ctx, const struct services_settings *settings,
                               struct services_client **ret);
void services_client_close(struct services_client *client);
SV_AUTO_DEFINE(struct services_client, services_client_close)
struct seal_services *services_client_lend(struct services_client *client);

/* That the files are there and hold certificates: what can be known without asking anybody. Fails: as
 * services_client_open. */
sv_status services_settings_check(struct sv_ctx *ctx, const struct services_settings *settings);
