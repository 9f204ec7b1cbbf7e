/* AES-256-GCM over OpenSSL's EVP. Invariant: what is not authentic is never handed out, not even in part. */
#include "crypto/aead.h"

#include <openssl/err.h>
#include <openssl/evp.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16, VALUE_MAX = 1 << 30 };

SV_AUTO_DEFINE(EVP_CIPHER_CTX, EVP_CIPHER_CTX_free)

static bool gcm_start(EVP_CIPHER_CTX *c, const uint8_t *key, const uint8_t *nonce,
                      struct sv_bytes aad, int encrypt) {
  int n = 0;
  return c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, encrypt) == 1 &&
         (aad.n == 0 || EVP_CipherUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1);
}

sv_status crypto_aead_seal(struct sv_ctx *ctx, const uint8_t key[static CRYPTO_AEAD_KEY_BYTES],
                           struct sv_bytes aad, struct sv_bytes plain, struct sv_bytes *ret) {
  SV_ASSERT(plain.n <= VALUE_MAX && aad.n <= VALUE_MAX);
  uint8_t *out = sv_arena_alloc(ctx->mem, plain.n + CRYPTO_AEAD_OVERHEAD);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "a sealed value");
  }
  SV_TRY(crypto_random(ctx, out, NONCE_BYTES));
  SV_AUTO(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  int n = 0;
  uint8_t *body = out + NONCE_BYTES;
  bool ok = gcm_start(c, key, out, aad, 1) &&
            (plain.n == 0 || EVP_CipherUpdate(c, body, &n, plain.p, (int)plain.n) == 1) &&
            EVP_CipherFinal_ex(c, body + n, &n) == 1 &&
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + plain.n) == 1;
  if (!ok) {
    ERR_clear_error();
    return SV_FAIL(ctx, CRYPTO, "sealing a value");
  }
  *ret = sv_bytes_of(out, plain.n + CRYPTO_AEAD_OVERHEAD);
  return SV_DONE;
}

sv_status crypto_aead_open(struct sv_ctx *ctx, const uint8_t key[static CRYPTO_AEAD_KEY_BYTES],
                           struct sv_bytes aad, struct sv_bytes sealed, struct sv_bytes *ret) {
  if (sealed.n < CRYPTO_AEAD_OVERHEAD || sealed.n > VALUE_MAX) {
    return SV_FAIL(ctx, CORRUPT, "a sealed value of %zu bytes", sealed.n);
  }
  size_t plain_n = sealed.n - CRYPTO_AEAD_OVERHEAD;
  uint8_t tag[TAG_BYTES];
  memcpy(tag, sealed.p + NONCE_BYTES + plain_n, TAG_BYTES);
  uint8_t *out = sv_arena_alloc(ctx->mem, plain_n);
  SV_AUTO(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
  if (!out || !c) {
    return SV_FAIL(ctx, NO_MEMORY, "a sealed value");
  }
  int n = 0;
  bool ok =
      gcm_start(c, key, sealed.p, aad, 0) &&
      (plain_n == 0 || EVP_CipherUpdate(c, out, &n, sealed.p + NONCE_BYTES, (int)plain_n) == 1) &&
      EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1 &&
      EVP_CipherFinal_ex(c, out + n, &n) == 1;
  if (!ok) {
    crypto_wipe(out, plain_n);
    ERR_clear_error();
    return SV_FAIL(ctx, CORRUPT, "a sealed value is not authentic");
  }
  *ret = sv_bytes_of(out, plain_n);
  return SV_DONE;
}
