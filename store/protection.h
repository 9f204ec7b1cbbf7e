/* The registry's memory of persons: keyed digests alone, never a name. Part of the contract of store.h. */
#pragma once
#include "store/store.h"

/* A protection that a person key leads to: an active letter and what it says about states. */
struct store_protection {
  const char *number;
  enum model_state state;
  const char *valid_until;
  const char *not_valid_for; /* parted by a comma; "": everywhere but the route */
  const char *route;         /* states, parted by a comma */
};

struct store_protection_ops {
  sv_status (*person_add)(struct store_tx *, struct sv_ctx *,
                          const uint8_t key[STORE_PERSON_KEY_BYTES],
                          const struct store_protection *);
  /* Calls each for every protection under the key. */
  sv_status (*person_find)(struct store_tx *, struct sv_ctx *,
                           const uint8_t key[STORE_PERSON_KEY_BYTES], struct store_protection *ret,
                           size_t limit, size_t *ret_n);
};
