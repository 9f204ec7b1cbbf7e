/* Personal data at rest. Each document (hold, fact) has a random data key; its values are sealed with it (AES-256-GCM, bound
 * to their place), and the key is wrapped by the master key. Who destroys the data key has erased the values,
 * wherever pages of them are left. Inside store/ only, under the contract: service/ sees plain values.
 *
 *   value    0x01 || nonce || ciphertext || tag       aad: scope, subject, version, column
 *   wrapped  nonce || ciphertext || tag               aad: scope, subject, version
 *
 * An empty value stays empty: that nothing is there is no secret. */
#pragma once
#include "store/keys.h"
#include "store/sqlite_use.h"

#define VAULT_DOCUMENT "document"
#define VAULT_HOLD "hold"
#define VAULT_FACT "fact"

/* Where values are: (scope, subject, version) has one data key. */
struct vault_place {
  const char *scope;
  const char *subject; /* number, name of a hold or fact */
  uint32_t version;
};

/* Sixteen hexadecimal digits that tell master keys apart. */
void vault_key_id(const uint8_t master[static STORE_KEY_BYTES], char ret[static 17]);

/* A place's data key in hand: unwrap once, use for all its columns. */
struct vault_key {
  struct vault_place place;
  uint8_t key[STORE_KEY_BYTES];
  bool erased; /* there is none: it was destroyed, or never made */
};
/* make: a place without a key gets one. Fails: CORRUPT when it can't be unwrapped. The caller wipes ret->key. */
sv_status vault_key_take(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                         bool make, struct vault_key *ret);
sv_status vault_seal(struct sv_ctx *ctx, const struct vault_key *key, const char *column,
                     struct sv_bytes plain, struct sv_bytes *ret);
/* Empty for an empty value. Fails: CORRUPT, ERASED without a key. */
sv_status vault_open(struct sv_ctx *ctx, const struct vault_key *key, const char *column,
                     struct sv_bytes sealed, struct sv_bytes *ret);
/* For one value alone. */
sv_status vault_seal_at(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                        const char *column, struct sv_bytes plain, struct sv_bytes *ret);
sv_status vault_open_at(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place,
                        const char *column, struct sv_bytes sealed, struct sv_bytes *ret);
/* Destroys the data key; no key is no fault. */
sv_status vault_destroy(struct store_tx *tx, struct sv_ctx *ctx, const struct vault_place *place);

/* Wraps every data key anew. Fails: CORRUPT when one can't be unwrapped with `from`. */
sv_status vault_rewrap(struct store_tx *tx, struct sv_ctx *ctx,
                       const uint8_t from[static STORE_KEY_BYTES],
                       const uint8_t to[static STORE_KEY_BYTES], uint64_t *ret_n);
/* Whether every data key is wrapped by this master key: CONFIG when not. */
sv_status vault_check(struct store_tx *tx, struct sv_ctx *ctx);
