/* Digests over OpenSSL's EVP.
 * Invariant: no function here has a writable static; EVP fetches its algorithms by itself and is thread-safe. */
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

enum { HMAC_BLOCK = 64 };

struct crypto_hash {
  EVP_MD_CTX *md;
  bool finished;
};

static const EVP_MD *md_of(enum crypto_digest kind) {
  switch (kind) {
    case CRYPTO_SHA224:
      return EVP_sha224();
    case CRYPTO_SHA256:
      return EVP_sha256();
    case CRYPTO_SHA384:
      return EVP_sha384();
    case CRYPTO_SHA512:
      return EVP_sha512();
  }
  return NULL;
}

size_t crypto_digest_size(enum crypto_digest kind) { return (size_t)EVP_MD_get_size(md_of(kind)); }

void crypto_digest(enum crypto_digest kind, struct sv_bytes in, uint8_t *ret) {
  SV_ASSERT(EVP_Digest(in.p, in.n, ret, NULL, md_of(kind), NULL) == 1);
}

void crypto_sha256(struct sv_bytes in, uint8_t ret[static 32]) {
  crypto_digest(CRYPTO_SHA256, in, ret);
}

/* One of HMAC's two digests: over the padded key, and what it is of. */
static void keyed_digest(EVP_MD_CTX *md, const uint8_t key[static HMAC_BLOCK], uint8_t pad,
                         struct sv_bytes in, uint8_t ret[static 32]) {
  uint8_t padded[HMAC_BLOCK];
  for (size_t i = 0; i < HMAC_BLOCK; i++) {
    padded[i] = key[i] ^ pad;
  }
  SV_ASSERT(EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
            EVP_DigestUpdate(md, padded, sizeof padded) == 1 &&
            EVP_DigestUpdate(md, in.p, in.n) == 1 && EVP_DigestFinal_ex(md, ret, NULL) == 1);
  crypto_wipe(padded, sizeof padded);
}

/* RFC 2104 by its two digests: OpenSSL's own HMAC looks its algorithm up by name each time, which takes longer than these. */
void crypto_hmac_sha256(struct sv_bytes key, struct sv_bytes in, uint8_t ret[static 32]) {
  uint8_t block[HMAC_BLOCK] = {0}, inner[32];
  EVP_MD_CTX *md = EVP_MD_CTX_new();
  SV_ASSERT(md);
  if (key.n > sizeof block) {
    crypto_sha256(key, block);
  } else if (key.n) {
    memcpy(block, key.p, key.n);
  }
  keyed_digest(md, block, 0x36, in, inner);
  keyed_digest(md, block, 0x5c, sv_bytes_of(inner, sizeof inner), ret);
  EVP_MD_CTX_free(md); /* wipes the state */
  crypto_wipe(block, sizeof block);
  crypto_wipe(inner, sizeof inner);
}

sv_status crypto_hash_open(struct sv_ctx *ctx, enum crypto_digest kind, struct crypto_hash **ret) {
  struct crypto_hash *h = calloc(1, sizeof *h);
  if (h) {
    h->md = EVP_MD_CTX_new();
  }
  if (!h || !h->md || EVP_DigestInit_ex(h->md, md_of(kind), NULL) != 1) {
    crypto_hash_close(h);
    return SV_FAIL(ctx, NO_MEMORY, "digest state");
  }
  *ret = h;
  return SV_DONE;
}

sv_status crypto_hash_copy(struct sv_ctx *ctx, const struct crypto_hash *from,
                           struct crypto_hash **ret) {
  SV_ASSERT(!from->finished);
  struct crypto_hash *h = calloc(1, sizeof *h);
  if (h) {
    h->md = EVP_MD_CTX_new();
  }
  if (!h || !h->md || EVP_MD_CTX_copy_ex(h->md, from->md) != 1) {
    crypto_hash_close(h);
    return SV_FAIL(ctx, NO_MEMORY, "digest state");
  }
  *ret = h;
  return SV_DONE;
}

void crypto_hash_update(struct crypto_hash *h, struct sv_bytes in) {
  SV_ASSERT(!h->finished && EVP_DigestUpdate(h->md, in.p, in.n) == 1);
}

void crypto_hash_final(struct crypto_hash *h, uint8_t *ret) {
  SV_ASSERT(!h->finished && EVP_DigestFinal_ex(h->md, ret, NULL) == 1);
  h->finished = true;
}

void crypto_hash_close(struct crypto_hash *h) {
  if (h) {
    EVP_MD_CTX_free(h->md);
    free(h);
  }
}

sv_status crypto_random(struct sv_ctx *ctx, void *p, size_t n) {
  if (n > INT32_MAX || RAND_bytes(p, (int)n) != 1) {
    return SV_FAIL(ctx, CRYPTO, "no randomness for %zu bytes", n);
  }
  return SV_DONE;
}

bool crypto_equal(const void *a, const void *b, size_t n) { return CRYPTO_memcmp(a, b, n) == 0; }

void crypto_wipe(void *p, size_t n) { OPENSSL_cleanse(p, n); }
