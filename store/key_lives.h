/* The keys that ever signed, and what became of them: part of the registry's contract. Nothing here is secret. */
#pragma once
#include "store/store.h"

enum { STORE_KEY_LIVES_MAX = 512, STORE_KEY_PURPOSE_MAX = 16 };

struct store_key_life {
  uint8_t sha256[32]; /* of the certificate; of a key for notes: of its public key */
  char purpose[STORE_KEY_PURPOSE_MAX]; /* "DOCUMENT", "VISIBLE", "LOG", "TRUST" */
  int64_t from_us;
  int64_t until_us;       /* when another one took its place; 0: it signs */
  int64_t compromised_us; /* since when it may have been in other hands; 0: never */
};

struct store_key_life_ops {
  /* Sets all of a row, which may be new. LIMIT_EXCEEDED beyond STORE_KEY_LIVES_MAX. */
  sv_status (*put)(struct store_tx *, struct sv_ctx *, const struct store_key_life *);
  /* All, oldest first; *ret has room for STORE_KEY_LIVES_MAX and is in ctx->mem. */
  sv_status (*all)(struct store_tx *, struct sv_ctx *, struct store_key_life **ret, size_t *ret_n);
};
