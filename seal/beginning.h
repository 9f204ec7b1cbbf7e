/* Documents of a template begin with the same bytes, most of their file: these are digested once, and every later document's
 * digest goes on from there. Inside seal/ only. Any thread. */
#pragma once
#include "base/ctx.h"
#include "crypto/digest.h"

/* Remembers the first beginnings that it meets, a few and of a bounded size; others are digested each time. */
struct beginnings;

/* NULL when memory is out. close accepts NULL. */
struct beginnings *beginnings_open(void);
void beginnings_close(struct beginnings *b);

/* A digest that has taken these bytes (none: n 0), and their own SHA-256. What is remembered is compared byte by byte.
 * ret_state: caller, crypto_hash_close. Fails: NO_MEMORY. */
sv_status beginning_digest(struct beginnings *b, struct sv_ctx *ctx, struct sv_bytes bytes,
                           struct crypto_hash **ret_state, uint8_t ret_sha256[static 32]);
