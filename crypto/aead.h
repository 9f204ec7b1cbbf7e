/* Authenticated encryption of values at rest: AES-256-GCM (SP 800-38D) with a random nonce.
 *
 *   sealed = nonce (12) || ciphertext || tag (16)
 *
 * A random nonce is safe for 2^32 values a key: keys here belong to one document and seal a handful. Thread: any. */
#pragma once
#include "crypto/digest.h"

enum { CRYPTO_AEAD_KEY_BYTES = 32, CRYPTO_AEAD_OVERHEAD = 12 + 16 };

/* aad is authenticated and not kept. ret in ctx->mem. Fails: CRYPTO, NO_MEMORY. */
sv_status crypto_aead_seal(struct sv_ctx *ctx, const uint8_t key[static CRYPTO_AEAD_KEY_BYTES],
                           struct sv_bytes aad, struct sv_bytes plain, struct sv_bytes *ret);
/* Fails: CORRUPT when the bytes, the key or aad are others than those that were sealed; NO_MEMORY. */
sv_status crypto_aead_open(struct sv_ctx *ctx, const uint8_t key[static CRYPTO_AEAD_KEY_BYTES],
                           struct sv_bytes aad, struct sv_bytes sealed, struct sv_bytes *ret);
