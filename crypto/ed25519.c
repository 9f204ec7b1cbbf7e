/* Ed25519 over OpenSSL's EVP. Immutable once open. */
#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum { PEM_MAX = 64 * 1024 };

SV_AUTO_DEFINE(BIO, BIO_free_all)
SV_AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
SV_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)

struct crypto_ed25519 {
  EVP_PKEY *pkey;
  uint8_t public_key[CRYPTO_ED25519_PUBLIC_BYTES];
};

/* A key file is never asked for a pass phrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *u) {
  (void)buf, (void)size, (void)rwflag, (void)u;
  return -1;
}

sv_status crypto_ed25519_open(struct sv_ctx *ctx, struct sv_bytes pem,
                              struct crypto_ed25519 **ret) {
  SV_AUTO(BIO_free_all) BIO *in = pem.n <= PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
  SV_AUTO(EVP_PKEY_free)
  EVP_PKEY *pkey = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
  ERR_clear_error();
  if (!pkey || !EVP_PKEY_is_a(pkey, "ED25519")) {
    return SV_FAIL(ctx, SIGNER, "not an unencrypted Ed25519 key in PEM");
  }
  struct crypto_ed25519 *key = calloc(1, sizeof *key);
  if (!key) {
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  size_t n = sizeof key->public_key;
  SV_ASSERT(EVP_PKEY_get_raw_public_key(pkey, key->public_key, &n) == 1 && n == 32);
  key->pkey = SV_TAKE(pkey);
  *ret = key;
  return SV_DONE;
}

void crypto_ed25519_close(struct crypto_ed25519 *key) {
  if (key) {
    EVP_PKEY_free(key->pkey);
    free(key);
  }
}

const uint8_t *crypto_ed25519_public(const struct crypto_ed25519 *key) { return key->public_key; }

sv_status crypto_ed25519_sign(const struct crypto_ed25519 *key, struct sv_ctx *ctx,
                              struct sv_bytes message,
                              uint8_t ret[static CRYPTO_ED25519_SIGNATURE_BYTES]) {
  SV_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
  size_t n = CRYPTO_ED25519_SIGNATURE_BYTES;
  if (!md || EVP_DigestSignInit(md, NULL, NULL, NULL, key->pkey) != 1 ||
      EVP_DigestSign(md, ret, &n, message.p, message.n) != 1) {
    ERR_clear_error();
    return SV_FAIL(ctx, SIGNER, "the log's key can't sign");
  }
  return SV_DONE;
}

bool crypto_ed25519_verify(const uint8_t public_key[static CRYPTO_ED25519_PUBLIC_BYTES],
                           struct sv_bytes message,
                           const uint8_t signature[static CRYPTO_ED25519_SIGNATURE_BYTES]) {
  SV_AUTO(EVP_PKEY_free)
  EVP_PKEY *pkey =
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, CRYPTO_ED25519_PUBLIC_BYTES);
  SV_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
  bool good =
      pkey && md && EVP_DigestVerifyInit(md, NULL, NULL, NULL, pkey) == 1 &&
      EVP_DigestVerify(md, signature, CRYPTO_ED25519_SIGNATURE_BYTES, message.p, message.n) == 1;
  ERR_clear_error();
  return good;
}
