/* ECDSA as two numbers of fixed size: what seals carry and what keys give. The digest follows from the key's size
 * (Doc 9303-13, table 4). File keys live here too: loaded once, used by many threads. */
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "pki/cert_struct.h"
#include "pki/key.h"

SV_AUTO_DEFINE(ECDSA_SIG, ECDSA_SIG_free)
SV_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
enum { DER_SIGNATURE_MAX = 150 };

struct pki_key {
  EVP_PKEY *pkey;
  size_t half;         /* bytes of r and of s */
  EVP_MD *md;          /* that belongs to its size */
  EVP_PKEY_CTX *ready; /* to sign; copied for each signature, which costs less than another */
};

const EVP_MD *pki_digest_for(const EVP_PKEY *key) {
  int bits = EVP_PKEY_get_bits(key);
  if (bits <= 224) {
    return EVP_sha224();
  }
  if (bits <= 256) {
    return EVP_sha256();
  }
  return bits <= 384 ? EVP_sha384() : EVP_sha512();
}

static size_t half_size(const EVP_PKEY *key) {
  int bits = EVP_PKEY_get_bits(key);
  size_t half = ((size_t)bits + 7) / 8;
  return EVP_PKEY_is_a(key, "EC") && bits >= 224 && 2 * half <= PKI_RAW_MAX ? half : 0;
}

size_t pki_raw_to_der(struct sv_bytes raw, uint8_t **ret_der) {
  SV_AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = ECDSA_SIG_new();
  int half = (int)(raw.n / 2);
  BIGNUM *r = BN_bin2bn(raw.p, half, NULL);
  BIGNUM *s = BN_bin2bn(raw.p + half, half, NULL);
  if (!sig || !r || !s || ECDSA_SIG_set0(sig, r, s) != 1) {
    BN_free(r);
    BN_free(s);
    return 0;
  }
  uint8_t *der = NULL;
  int n = i2d_ECDSA_SIG(sig, &der);
  *ret_der = der;
  return n > 0 ? (size_t)n : 0;
}

bool pki_der_to_raw(struct sv_bytes der, size_t half, uint8_t *ret_raw) {
  const uint8_t *p = der.p;
  SV_AUTO(ECDSA_SIG_free) ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);
  return sig && p == der.p + der.n &&
         BN_bn2binpad(ECDSA_SIG_get0_r(sig), ret_raw, (int)half) == (int)half &&
         BN_bn2binpad(ECDSA_SIG_get0_s(sig), ret_raw + half, (int)half) == (int)half;
}

size_t pki_cert_raw_size(const struct pki_cert *c) {
  const EVP_PKEY *key = X509_get0_pubkey(c->x509);
  return key ? 2 * half_size(key) : 0;
}

bool pki_cert_point(const struct pki_cert *c, uint8_t ret[static 65]) {
  EVP_PKEY *key = X509_get0_pubkey(c->x509);
  char group[32] = "";
  uint8_t *point = NULL;
  size_t n = key && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1 &&
                     strcmp(group, "prime256v1") == 0
                 ? EVP_PKEY_get1_encoded_public_key(key, &point)
                 : 0;
  if (n == 65) {
    memcpy(ret, point, 65);
  }
  OPENSSL_free(point);
  ERR_clear_error();
  return n == 65;
}

bool pki_cert_verify_raw(const struct pki_cert *c, struct sv_bytes tbs, struct sv_bytes raw) {
  EVP_PKEY *key = X509_get0_pubkey(c->x509);
  size_t half = key ? half_size(key) : 0;
  if (half == 0 || raw.n != 2 * half) {
    return false;
  }
  uint8_t *der = NULL;
  size_t n = pki_raw_to_der(raw, &der);
  SV_AUTO(EVP_MD_CTX_free) EVP_MD_CTX *md = EVP_MD_CTX_new();
  bool good = n > 0 && md && EVP_DigestVerifyInit(md, NULL, pki_digest_for(key), NULL, key) == 1 &&
              EVP_DigestVerify(md, der, n, tbs.p, tbs.n) == 1;
  OPENSSL_free(der);
  ERR_clear_error();
  return good;
}

/* A key file is never asked for a pass phrase. */
static int no_passphrase(char *buf, int size, int rwflag, void *u) {
  (void)buf, (void)size, (void)rwflag, (void)u;
  return -1;
}

sv_status pki_key_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_key **ret) {
  SV_AUTO(BIO_free_all) BIO *in = pem.n <= PKI_PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
  SV_AUTO(EVP_PKEY_free)
  EVP_PKEY *pkey = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
  ERR_clear_error();
  if (!pkey) {
    return SV_FAIL(ctx, SIGNER, "not an unencrypted private key in PEM");
  }
  size_t half = half_size(pkey);
  if (half == 0) {
    return SV_FAIL(ctx, SIGNER, "not an elliptic curve key of 224 to 521 bits");
  }
  SV_AUTO(pki_key_close) struct pki_key *key = calloc(1, sizeof *key);
  if (!key) {
    return SV_FAIL(ctx, NO_MEMORY, "key");
  }
  key->pkey = SV_TAKE(pkey);
  key->half = half;
  key->md = EVP_MD_fetch(NULL, EVP_MD_get0_name(pki_digest_for(key->pkey)), NULL);
  key->ready = EVP_PKEY_CTX_new(key->pkey, NULL);
  if (!key->md || !key->ready || EVP_PKEY_sign_init(key->ready) != 1 ||
      EVP_PKEY_CTX_set_signature_md(key->ready, key->md) != 1) {
    ERR_clear_error();
    return SV_FAIL(ctx, SIGNER, "a key that can't sign");
  }
  *ret = SV_TAKE(key);
  return SV_DONE;
}

void pki_key_close(struct pki_key *key) {
  if (key) {
    EVP_PKEY_CTX_free(key->ready);
    EVP_MD_free(key->md);
    EVP_PKEY_free(key->pkey);
    free(key);
  }
}

bool pki_key_matches(const struct pki_key *key, const struct pki_cert *cert) {
  return X509_check_private_key(cert->x509, key->pkey) == 1;
}

sv_status pki_key_sign(const struct pki_key *key, struct sv_ctx *ctx, struct sv_bytes tbs,
                       uint8_t *raw, size_t *ret_n) {
  uint8_t der[DER_SIGNATURE_MAX];
  size_t n = sizeof der;
  uint8_t digest[EVP_MAX_MD_SIZE];
  unsigned digest_n = 0;
  SV_AUTO(EVP_PKEY_CTX_free) EVP_PKEY_CTX *own = EVP_PKEY_CTX_dup(key->ready);
  if (!own || EVP_Digest(tbs.p, tbs.n, digest, &digest_n, key->md, NULL) != 1 ||
      EVP_PKEY_sign(own, der, &n, digest, digest_n) != 1 ||
      !pki_der_to_raw(sv_bytes_of(der, n), key->half, raw)) {
    ERR_clear_error();
    return SV_FAIL(ctx, SIGNER, "the key did not sign");
  }
  *ret_n = 2 * key->half;
  return SV_DONE;
}
