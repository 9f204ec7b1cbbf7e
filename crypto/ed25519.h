/* Ed25519 (RFC 8032): the key of the transparency log, and nothing else. */
#pragma once
#include "crypto/digest.h"

enum { CRYPTO_ED25519_PUBLIC_BYTES = 32, CRYPTO_ED25519_SIGNATURE_BYTES = 64 };

struct crypto_ed25519;

/* An unencrypted PKCS#8 key in PEM; the caller wipes pem.
 * Fails: SIGNER when it is no such key, NO_MEMORY. ret: caller, crypto_ed25519_close, which accepts NULL. */
sv_status crypto_ed25519_open(struct sv_ctx *ctx, struct sv_bytes pem, struct crypto_ed25519 **ret);
void crypto_ed25519_close(struct crypto_ed25519 *key);
SV_AUTO_DEFINE(struct crypto_ed25519, crypto_ed25519_close)

/* 32 bytes, lent. */
const uint8_t *crypto_ed25519_public(const struct crypto_ed25519 *key);
/* Fails: SIGNER. Thread: any, several at once. */
sv_status crypto_ed25519_sign(const struct crypto_ed25519 *key, struct sv_ctx *ctx,
                              struct sv_bytes message,
                              uint8_t ret[static CRYPTO_ED25519_SIGNATURE_BYTES]);
bool crypto_ed25519_verify(const uint8_t public_key[static CRYPTO_ED25519_PUBLIC_BYTES],
                           struct sv_bytes message,
                           const uint8_t signature[static CRYPTO_ED25519_SIGNATURE_BYTES]);
