/* Where private keys are kept: a small heap of its own, locked, between guard pages, left out of cores. */
#pragma once

/* Once, before the first key; afterwards OpenSSL puts the secret numbers of keys there. Does nothing more than before
 * when the system refuses. */
void crypto_secure_heap(void);
