/* Whom a verifier believes: anchors of document signers, signers of visible seals, revocation lists. Immutable once open;
 * any thread may read it. */
#pragma once
#include "base/ctx.h"
#include "pki/cert.h"

struct verify_trust;

/* PEM files of any number of certificates and lists (certs/README.md: trust.pem).
 * Fails: IO, CERT_FORMAT, NO_MEMORY. ret: caller, verify_trust_close, which accepts NULL. */
sv_status verify_trust_open(struct sv_ctx *ctx, const char *const *paths, size_t n,
                            struct verify_trust **ret);
/* The same from bytes. */
sv_status verify_trust_of(struct sv_ctx *ctx, struct sv_bytes pem, struct verify_trust **ret);
/* Anchors of time-stamp authorities, and lists, in PEM: they vouch for time-stamps alone, never for a document signer.
 * Without this call the anchors of documents vouch for both. Before the trust is shared between threads.
 * Fails: CERT_FORMAT, NO_MEMORY. */
sv_status verify_trust_stamps(struct sv_ctx *ctx, struct verify_trust *trust, struct sv_bytes pem);
/* What became of a signer's key, beside what its certificate says. */
struct verify_key_life {
  uint8_t sha256[32];     /* of the certificate */
  int64_t until_us;       /* when another key took its place; 0: it signs */
  int64_t compromised_us; /* since when it may have been in other hands; 0: never */
};
enum { VERIFY_KEY_LIVES_MAX = 512 };
/* Takes the place of what was known of keys; lives are copied. While nobody judges.
 * Fails: LIMIT_EXCEEDED, NO_MEMORY; then nothing has changed. */
sv_status verify_trust_lives(struct sv_ctx *ctx, struct verify_trust *trust,
                             const struct verify_key_life *lives, size_t n);
/* Whether these signers are led to from the anchors, be it that they expired. */
bool verify_trust_believes(const struct verify_trust *trust, const struct pki_chain *document,
                           const struct pki_chain *visible, int64_t at_us);
void verify_trust_close(struct verify_trust *trust);
SV_AUTO_DEFINE(struct verify_trust, verify_trust_close)
