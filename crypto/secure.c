/* OpenSSL's secure heap. */
#include "crypto/secure.h"

#include <openssl/crypto.h>

enum { HEAP_BYTES = 64 * 1024, SMALLEST_BYTES = 32 };

void crypto_secure_heap(void) { (void)CRYPTO_secure_malloc_init(HEAP_BYTES, SMALLEST_BYTES); }

void *crypto_secure_alloc(size_t n) { return OPENSSL_secure_zalloc(n); }

void crypto_secure_free(void *p, size_t n) { OPENSSL_secure_clear_free(p, n); }
