/* SHA-256 over a file of which more than one beginning is digested: the whole, what a signature is over, a revision. The
 * file is gone through once; each digest goes on from the nearest state behind. Files that begin alike (documents of one
 * template do, for most of their bytes) share what they have in common, if they share a memory. */
#pragma once
#include "crypto/digest.h"

/* How files begin: learnt from two that differ, so that nothing is kept that stands in one alone. A few, of a bounded size.
 * Any thread. */
struct crypto_beginnings;
/* NULL when memory is out. close accepts NULL. */
struct crypto_beginnings *crypto_beginnings_open(void);
void crypto_beginnings_close(struct crypto_beginnings *b);

/* One thread at a time. */
struct crypto_trail;
/* Goes through the file, which is borrowed. b: outlives the trail; NULL: none.
 * ret      caller: crypto_trail_close, which accepts NULL.
 * Fails    NO_MEMORY. */
sv_status crypto_trail_open(struct sv_ctx *ctx, struct crypto_beginnings *b, struct sv_bytes file,
                            struct crypto_trail **ret);
void crypto_trail_close(struct crypto_trail *t);
SV_AUTO_DEFINE(struct crypto_trail, crypto_trail_close)
/* Of the whole file. */
void crypto_trail_sha256(const struct crypto_trail *t, uint8_t ret[static 32]);
/* How many of the first bytes were taken over from other files. */
size_t crypto_trail_known(const struct crypto_trail *t);
/* A digest that has taken the file's first n bytes. ret: caller, crypto_hash_close. Fails: NO_MEMORY. */
sv_status crypto_trail_after(struct sv_ctx *ctx, const struct crypto_trail *t, size_t n,
                             struct crypto_hash **ret);
/* Lets later files gain from this one, once its author is known. Files of one matter, a letter and its copies, share more than
 * a template: they teach nothing together.
 * Fails    NO_MEMORY. */
sv_status crypto_trail_learn(struct sv_ctx *ctx, const struct crypto_trail *t,
                             struct sv_bytes matter);

/* What a digest is of: pieces one after another. */
struct crypto_pieces {
  const struct sv_bytes *piece;
  size_t n;
  const struct crypto_trail *trail; /* of the file that the first piece begins; NULL: none */
};
static inline struct crypto_pieces crypto_pieces_of(const struct sv_bytes *piece, size_t n) {
  return (struct crypto_pieces){.piece = piece, .n = n};
}
/* ret has room for crypto_digest_size(kind). Fails: NO_MEMORY. */
sv_status crypto_pieces_digest(struct sv_ctx *ctx, enum crypto_digest kind,
                               struct crypto_pieces pieces, uint8_t *ret);
