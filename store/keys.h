/* The two secrets of a registry, from the credential store; what is used is always derived from them for one purpose.
 * registry  blinds persons, makes codes, and covers every row with a digest;
 * master    wraps the data keys that personal data is sealed with. It can be changed (store/sqlite.h). */
#pragma once
#include <stdint.h>

enum { STORE_KEY_BYTES = 32 };

struct store_keys {
  uint8_t registry[STORE_KEY_BYTES];
  uint8_t master[STORE_KEY_BYTES];
};
