/* Where private keys are kept: a small heap of its own, locked, between guard pages, left out of cores. */
#pragma once
#include <stddef.h>

/* Once, before the first key; afterwards OpenSSL puts the secret numbers of keys there. Does nothing more than before
 * when the system refuses. */
void crypto_secure_heap(void);

/* A piece of it, zeroed; of the ordinary heap where there is none. NULL: memory is out. */
void *crypto_secure_alloc(size_t n);
/* Wiped first. */
void crypto_secure_free(void *p, size_t n);
