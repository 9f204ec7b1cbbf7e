/* Judges a CMS that came from outside (RFC 5652 5.4 and 5.6, RFC 5035): its shape first, then digest, certificate and
 * signature. OpenSSL parses; what is compared is compared here. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "pki/cert_struct.h"
#include "pki/cms.h"
#include "pki/der.h"

enum { CERTIFICATES_MAX = 16, RSA_BITS_MIN = 2048, EC_BITS_MIN = 256 };

SV_AUTO_DEFINE(CMS_ContentInfo, CMS_ContentInfo_free)
static void free_certs(STACK_OF(X509) * certs) { sk_X509_pop_free(certs, X509_free); }
SV_AUTO_DEFINE(STACK_OF(X509), free_certs)

static void set_fault(struct pki_cms *r, enum pki_cms_fault fault, const char *why) {
  r->fault = fault;
  r->why = why;
}

/* Collects the signer, then the others in the order of the CMS. */
static sv_status collect(struct sv_ctx *ctx, X509 *signer, STACK_OF(X509) * certs,
                         struct pki_cms *r) {
  struct pki_chain *chain = calloc(1, sizeof *chain);
  if (!chain) {
    return SV_FAIL(ctx, NO_MEMORY, "chain");
  }
  if (sv_failed(pki_cert_fill(ctx, signer, &chain->certs[0]))) {
    sv_ctx_clear(ctx);
    pki_chain_close(chain);
    return SV_DONE;
  }
  chain->count = 1;
  for (int i = 0; i < sk_X509_num(certs) && chain->count < PKI_CHAIN_MAX; i++) {
    X509 *x = sk_X509_value(certs, i);
    if (x != signer && !sv_failed(pki_cert_fill(ctx, x, &chain->certs[chain->count]))) {
      chain->count++;
    }
  }
  sv_ctx_clear(ctx);
  r->chain = chain;
  return SV_DONE;
}

/* The one value of an attribute that stands exactly once; NULL otherwise. */
static const ASN1_TYPE *only_value(const CMS_SignerInfo *si, int nid) {
  int at = CMS_signed_get_attr_by_NID(si, nid, -1);
  if (at < 0 || CMS_signed_get_attr_by_NID(si, nid, at) >= 0) {
    return NULL;
  }
  X509_ATTRIBUTE *a = CMS_signed_get_attr(si, at);
  return X509_ATTRIBUTE_count(a) == 1 ? X509_ATTRIBUTE_get0_type(a, 0) : NULL;
}

static bool content_type_is_data(const CMS_SignerInfo *si) {
  const ASN1_TYPE *v = only_value(si, NID_pkcs9_contentType);
  return v && v->type == V_ASN1_OBJECT && OBJ_obj2nid(v->value.object) == NID_pkcs7_data;
}

static bool digest_of(const X509_ALGOR *alg, enum crypto_digest *ret) {
  const ASN1_OBJECT *oid;
  X509_ALGOR_get0(&oid, NULL, NULL, alg);
  switch (OBJ_obj2nid(oid)) {
    case NID_sha256:
      *ret = CRYPTO_SHA256;
      return true;
    case NID_sha384:
      *ret = CRYPTO_SHA384;
      return true;
    case NID_sha512:
      *ret = CRYPTO_SHA512;
      return true;
    default:
      return false;
  }
}

static bool signature_allowed(const X509_ALGOR *alg, const EVP_PKEY *key) {
  const ASN1_OBJECT *oid;
  X509_ALGOR_get0(&oid, NULL, NULL, alg);
  switch (OBJ_obj2nid(oid)) {
    case NID_ecdsa_with_SHA256:
    case NID_ecdsa_with_SHA384:
    case NID_ecdsa_with_SHA512:
      return EVP_PKEY_get_bits(key) >= EC_BITS_MIN;
    case NID_rsaEncryption: /* with the digest of the SignerInfo, judged apart */
    case NID_sha256WithRSAEncryption:
    case NID_sha384WithRSAEncryption:
    case NID_sha512WithRSAEncryption:
    case NID_rsassaPss:
      return EVP_PKEY_get_bits(key) >= RSA_BITS_MIN;
    default:
      return false;
  }
}

static sv_status content_matches(struct sv_ctx *ctx, const CMS_SignerInfo *si,
                                 enum crypto_digest kind, const struct sv_bytes *content,
                                 size_t pieces, bool *ret) {
  SV_AUTO(crypto_hash_close) struct crypto_hash *h = NULL;
  SV_TRY(crypto_hash_open(ctx, kind, &h));
  for (size_t i = 0; i < pieces; i++) {
    crypto_hash_update(h, content[i]);
  }
  uint8_t digest[CRYPTO_DIGEST_MAX];
  crypto_hash_final(h, digest);
  const ASN1_TYPE *v = only_value(si, NID_pkcs9_messageDigest);
  size_t n = crypto_digest_size(kind);
  *ret = v && v->type == V_ASN1_OCTET_STRING &&
         (size_t)ASN1_STRING_length(v->value.octet_string) == n &&
         crypto_equal(ASN1_STRING_get0_data(v->value.octet_string), digest, n);
  return SV_DONE;
}

/* SigningCertificateV2 ::= SEQUENCE { SEQUENCE OF { [AlgorithmIdentifier,] OCTET STRING, [IssuerSerial] } ... } */
static bool names_certificate(const CMS_SignerInfo *si, const struct pki_cert *signer) {
  const ASN1_TYPE *v = only_value(si, NID_id_smime_aa_signingCertificateV2);
  if (!v || v->type != V_ASN1_SEQUENCE) {
    return false;
  }
  struct sv_cursor c = sv_cursor_over(sv_bytes_of(ASN1_STRING_get0_data(v->value.sequence),
                                                  (size_t)ASN1_STRING_length(v->value.sequence)));
  struct sv_bytes body;
  struct sv_bytes ids;
  struct sv_bytes first;
  if (!der_take(&c, 0x30, &body) || sv_cursor_left(&c) != 0) {
    return false;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x30, &ids)) {
    return false;
  }
  c = sv_cursor_over(ids);
  if (!der_take(&c, 0x30, &first)) {
    return false;
  }
  c = sv_cursor_over(first);
  enum crypto_digest kind = CRYPTO_SHA256;
  struct sv_bytes alg;
  if (der_peek(&c) == 0x30 && der_take(&c, 0x30, &alg)) {
    static const uint8_t sha2[] = {0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02};
    if (alg.n < 11 || memcmp(alg.p, sha2, sizeof sha2) != 0 || alg.p[10] < 1 || alg.p[10] > 3) {
      return false;
    }
    kind = alg.p[10] == 1 ? CRYPTO_SHA256 : alg.p[10] == 2 ? CRYPTO_SHA384 : CRYPTO_SHA512;
  }
  struct sv_bytes hash;
  uint8_t digest[CRYPTO_DIGEST_MAX];
  crypto_digest(kind, sv_bytes_of(signer->der, signer->der_n), digest);
  return der_take(&c, 0x04, &hash) && hash.n == crypto_digest_size(kind) &&
         crypto_equal(hash.p, digest, hash.n);
}

static sv_status judge_signer(struct sv_ctx *ctx, CMS_SignerInfo *si, X509 *signer,
                              const struct sv_bytes *content, size_t pieces, struct pki_cms *r) {
  EVP_PKEY *key;
  X509_ALGOR *digest_alg;
  X509_ALGOR *signature_alg;
  enum crypto_digest kind;
  CMS_SignerInfo_set1_signer_cert(si, signer);
  CMS_SignerInfo_get0_algs(si, &key, NULL, &digest_alg, &signature_alg);
  if (!content_type_is_data(si)) {
    set_fault(r, PKI_CMS_FORMAT, "signed attributes without one content-type of data");
    return SV_DONE;
  }
  if (!key || !digest_of(digest_alg, &kind) || !signature_allowed(signature_alg, key)) {
    set_fault(r, PKI_CMS_WEAK, "digest, signature algorithm or key is not allowed");
    return SV_DONE;
  }
  bool same;
  SV_TRY(content_matches(ctx, si, kind, content, pieces, &same));
  if (!same) {
    set_fault(r, PKI_CMS_CONTENT, "the message digest differs");
  } else if (!names_certificate(si, &r->chain->certs[0])) {
    set_fault(r, PKI_CMS_CERTIFICATE,
              "signing-certificate-v2 is absent or names another certificate");
  } else if (CMS_SignerInfo_verify(si) != 1) {
    set_fault(r, PKI_CMS_SIGNATURE, "the signature does not verify");
  } else {
    set_fault(r, PKI_CMS_GOOD, "");
  }
  return SV_DONE;
}

/* The one SignerInfo of a detached SignedData; NULL with a fault otherwise. */
static CMS_SignerInfo *only_signer(CMS_ContentInfo *ci, struct pki_cms *r) {
  if (OBJ_obj2nid(CMS_get0_type(ci)) != NID_pkcs7_signed ||
      OBJ_obj2nid(CMS_get0_eContentType(ci)) != NID_pkcs7_data) {
    set_fault(r, PKI_CMS_FORMAT, "not signed data");
    return NULL;
  }
  if (CMS_is_detached(ci) != 1) {
    set_fault(r, PKI_CMS_FORMAT, "content inside");
    return NULL;
  }
  STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(ci);
  if (sk_CMS_SignerInfo_num(infos) != 1) {
    set_fault(r, PKI_CMS_FORMAT, "not exactly one signer");
    return NULL;
  }
  return sk_CMS_SignerInfo_value(infos, 0);
}

static sv_status judge(struct sv_ctx *ctx, CMS_ContentInfo *ci, const struct sv_bytes *content,
                       size_t pieces, struct pki_cms *r) {
  CMS_SignerInfo *si = only_signer(ci, r);
  if (!si) {
    return SV_DONE;
  }
  SV_AUTO(free_certs) STACK_OF(X509) *certs = CMS_get1_certs(ci);
  X509 *signer = NULL;
  for (int i = 0; i < sk_X509_num(certs) && i < CERTIFICATES_MAX && !signer; i++) {
    X509 *x = sk_X509_value(certs, i);
    signer = CMS_SignerInfo_cert_cmp(si, x) == 0 ? x : NULL;
  }
  if (!signer) {
    set_fault(r, PKI_CMS_FORMAT, "the signer's certificate is not inside");
    return SV_DONE;
  }
  SV_TRY(collect(ctx, signer, certs, r));
  if (!r->chain) {
    set_fault(r, PKI_CMS_FORMAT, "the signer's certificate is unusable");
    return SV_DONE;
  }
  r->time_stamped = CMS_unsigned_get_attr_by_NID(si, NID_id_smime_aa_timeStampToken, -1) >= 0;
  return judge_signer(ctx, si, signer, content, pieces, r);
}

sv_status pki_cms_verify(struct sv_ctx *ctx, struct sv_bytes cms, const struct sv_bytes *content,
                         size_t pieces, struct pki_cms *ret) {
  struct pki_cms r = {.fault = PKI_CMS_FORMAT, .why = "not a CMS"};
  struct sv_cursor c = sv_cursor_over(cms);
  struct sv_bytes body;
  if (cms.n > PKI_CMS_MAX || !der_take(&c, 0x30, &body)) { /* definite length: the end is known */
    *ret = r;
    return SV_DONE;
  }
  r.der_bytes = (size_t)(c.p - cms.p);
  const uint8_t *p = cms.p;
  SV_AUTO(CMS_ContentInfo_free)
  CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)r.der_bytes);
  sv_status status = SV_DONE;
  if (ci && p == cms.p + r.der_bytes) {
    status = judge(ctx, ci, content, pieces, &r);
  }
  ERR_clear_error();
  if (sv_failed(status)) {
    pki_chain_close(r.chain);
    return status;
  }
  *ret = r;
  return SV_DONE;
}
