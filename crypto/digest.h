/* Digests, keyed digests, randomness and comparison in constant time: the one door to OpenSSL's primitives. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

enum crypto_digest { CRYPTO_SHA224, CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512 };
enum { CRYPTO_DIGEST_MAX = 64 };

/* 28, 32, 48 or 64. */
size_t crypto_digest_size(enum crypto_digest kind);

/* A failing provider is a broken installation, not an input: these abort by SV_ASSERT. Thread: any. */
void crypto_sha256(struct sv_bytes in, uint8_t ret[static 32]);
/* ret has room for crypto_digest_size(kind). */
void crypto_digest(enum crypto_digest kind, struct sv_bytes in, uint8_t *ret);
/* HMAC of RFC 2104 with SHA-256. */
void crypto_hmac_sha256(struct sv_bytes key, struct sv_bytes in, uint8_t ret[static 32]);

/* A digest of bytes that come in pieces. One thread at a time. */
struct crypto_hash;
/* ret      caller: crypto_hash_close, which accepts NULL.
 * Fails    NO_MEMORY. */
sv_status crypto_hash_open(struct sv_ctx *ctx, enum crypto_digest kind, struct crypto_hash **ret);
/* A copy of the state so far, to go on from a common prefix. Caller: crypto_hash_close. */
sv_status crypto_hash_copy(struct sv_ctx *ctx, const struct crypto_hash *from,
                           struct crypto_hash **ret);
void crypto_hash_update(struct crypto_hash *h, struct sv_bytes in);
/* Writes crypto_digest_size(kind) bytes; afterwards the handle can only be closed. */
void crypto_hash_final(struct crypto_hash *h, uint8_t *ret);
void crypto_hash_close(struct crypto_hash *h);
SV_AUTO_DEFINE(struct crypto_hash, crypto_hash_close)

/* n bytes for keys, salts and numbers nobody may guess.
 * Fails    CRYPTO when the system has no randomness to give. */
sv_status crypto_random(struct sv_ctx *ctx, void *p, size_t n);

/* Compares in a time that depends on n alone. */
bool crypto_equal(const void *a, const void *b, size_t n);

/* Overwrites a secret so that no compiler leaves it out. */
void crypto_wipe(void *p, size_t n);
