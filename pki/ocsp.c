/* OCSP answers. The responder is the issuer, or holds a certificate that this issuer itself has signed with id-kp-OCSPSigning
 * (RFC 6960 4.2.2.2): nobody else, whatever a trust list says of him. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>

#include "crypto/digest.h"
#include "pki/der.h"
#include "pki/revocation_judge.h"

SV_AUTO_DEFINE(OCSP_BASICRESP, OCSP_BASICRESP_free)
SV_AUTO_DEFINE(OCSP_REQUEST, OCSP_REQUEST_free)
SV_AUTO_DEFINE(OCSP_CERTID, OCSP_CERTID_free)
static void free_borrowed(STACK_OF(X509) * certs) { sk_X509_free(certs); }
SV_AUTO_DEFINE(STACK_OF(X509), free_borrowed)

enum { SINGLES_MAX = 64, RESPONDERS_MAX = 8 };

/* The BasicOCSPResponse in a successful OCSPResponse: SEQUENCE { ENUMERATED 0, [0] { SEQUENCE { id-pkix-ocsp-basic, OCTET
 * STRING } } } */
static bool basic_of(struct sv_bytes answer, struct sv_bytes *ret) {
  static const uint8_t basic[] = {0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
  struct sv_cursor c = sv_cursor_over(answer);
  struct sv_bytes body;
  struct sv_bytes status;
  struct sv_bytes oid;
  if (!der_take(&c, 0x30, &body) || sv_cursor_left(&c)) {
    return false;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x0A, &status) || status.n != 1 || status.p[0] != 0 ||
      !der_take(&c, 0xA0, &body) || sv_cursor_left(&c)) {
    return false;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x30, &body) || sv_cursor_left(&c)) {
    return false;
  }
  c = sv_cursor_over(body);
  return der_take(&c, 0x06, &oid) && sv_bytes_equal(oid, sv_bytes_of(basic, sizeof basic)) &&
         der_take(&c, 0x04, ret) && sv_cursor_left(&c) == 0;
}

/* NULL when it is no successful answer of the basic type in DER. OpenSSL encodes anew what it verifies, so that an encoding
 * that is not ours would pass unseen. Caller: OCSP_BASICRESP_free. */
static OCSP_BASICRESP *read_basic(struct sv_bytes answer) {
  struct sv_bytes der;
  if (answer.n > PKI_OCSP_MAX || !basic_of(answer, &der)) {
    return NULL;
  }
  const uint8_t *p = der.p;
  SV_AUTO(OCSP_BASICRESP_free) OCSP_BASICRESP *r = d2i_OCSP_BASICRESP(NULL, &p, (long)der.n);
  uint8_t *again = NULL;
  int n = r ? i2d_OCSP_BASICRESP(r, &again) : 0;
  bool same = n > 0 && sv_bytes_equal(sv_bytes_of(again, (size_t)n), der);
  OPENSSL_free(again);
  return same ? SV_TAKE(r) : NULL;
}

static bool may_respond(X509 *responder, const struct pki_cert *issuer, int64_t produced_us) {
  EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
  return X509_check_issued(issuer->x509, responder) == X509_V_OK &&
         pki_signature_allowed(X509_get_signature_nid(responder), key) &&
         X509_verify(responder, key) == 1 &&
         (X509_get_extension_flags(responder) & EXFLAG_XKUSAGE) != 0 &&
         (X509_get_extended_key_usage(responder) & XKU_OCSP_SIGN) != 0 &&
         (X509_get_key_usage(responder) & KU_DIGITAL_SIGNATURE) != 0 &&
         produced_us >= pki_time_us(X509_get0_notBefore(responder)) &&
         produced_us <= pki_time_us(X509_get0_notAfter(responder));
}

/* Who signed, lent by the answer or the issuer; NULL when the signature does not hold or he may not. */
static X509 *signer_of(OCSP_BASICRESP *basic, const struct pki_cert *issuer, int64_t produced_us) {
  SV_AUTO(free_borrowed) STACK_OF(X509) *own = sk_X509_new_null();
  X509 *signer = NULL;
  const X509_ALGOR *alg = OCSP_resp_get0_tbs_sigalg(basic);
  const ASN1_OBJECT *oid;
  if (!own || sk_X509_push(own, issuer->x509) <= 0 ||
      sk_X509_num(OCSP_resp_get0_certs(basic)) > RESPONDERS_MAX ||
      OCSP_resp_get0_signer(basic, &signer, own) != 1) {
    return NULL;
  }
  X509_ALGOR_get0(&oid, NULL, NULL, alg);
  if (!pki_signature_allowed(OBJ_obj2nid(oid), X509_get0_pubkey(signer)) ||
      OCSP_basic_verify(basic, own, NULL, OCSP_NOVERIFY) != 1) {
    return NULL;
  }
  bool is_issuer = X509_cmp(signer, issuer->x509) == 0;
  return is_issuer || may_respond(signer, issuer, produced_us) ? signer : NULL;
}

/* The digest that a CertID was made with; our own are SHA-1 or SHA-256, others none. */
static const EVP_MD *digest_of(OCSP_CERTID *id) {
  ASN1_OBJECT *oid = NULL;
  if (OCSP_id_get0_info(NULL, &oid, NULL, NULL, id) != 1) {
    return NULL;
  }
  int nid = OBJ_obj2nid(oid);
  return nid == NID_sha1 ? EVP_sha1() : nid == NID_sha256 ? EVP_sha256() : NULL;
}

/* The one SingleResponse for this certificate; NULL when there is none or more than one. */
static OCSP_SINGLERESP *single_for(OCSP_BASICRESP *basic, const struct pki_cert *cert,
                                   const struct pki_cert *issuer) {
  OCSP_SINGLERESP *found = NULL;
  int n = OCSP_resp_count(basic);
  for (int i = 0; i < n && i < SINGLES_MAX; i++) {
    OCSP_SINGLERESP *one = OCSP_resp_get0(basic, i);
    OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(one);
    const EVP_MD *md = digest_of(id);
    SV_AUTO(OCSP_CERTID_free)
    OCSP_CERTID *wanted = md ? OCSP_cert_to_id(md, cert->x509, issuer->x509) : NULL;
    if (!wanted || OCSP_id_cmp(id, wanted) != 0) {
      continue;
    }
    if (found) {
      return NULL;
    }
    found = one;
  }
  return n <= SINGLES_MAX ? found : NULL;
}

static int64_t invalidity_us(OCSP_SINGLERESP *one) {
  ASN1_GENERALIZEDTIME *t = OCSP_SINGLERESP_get1_ext_d2i(one, NID_invalidity_date, NULL, NULL);
  int64_t us = pki_time_us(t);
  ASN1_GENERALIZEDTIME_free(t);
  return us;
}

static void judge_single(OCSP_SINGLERESP *one, const struct pki_cert *cert, int64_t at_us,
                         struct pki_revocation *r) {
  ASN1_GENERALIZEDTIME *revoked = NULL;
  ASN1_GENERALIZEDTIME *this_update = NULL;
  ASN1_GENERALIZEDTIME *next_update = NULL;
  int status = OCSP_single_get0_status(one, &r->reason, &revoked, &this_update, &next_update);
  r->this_update_us = pki_time_us(this_update);
  r->next_update_us = pki_time_us(next_update);
  if (r->this_update_us == 0 || (next_update && r->next_update_us < r->this_update_us)) {
    r->why = "without a usable time";
    return;
  }
  if (status == V_OCSP_CERTSTATUS_REVOKED) {
    r->revoked_us = pki_time_us(revoked);
    if (r->revoked_us == 0) {
      r->why = "revoked without a usable time";
      return;
    }
  } else if (status != V_OCSP_CERTSTATUS_GOOD) {
    r->state = PKI_REVOCATION_UNKNOWN;
    r->why = "the responder does not know the certificate";
    return;
  }
  pki_revocation_conclude(cert, at_us, invalidity_us(one), r);
}

static void judge_basic(OCSP_BASICRESP *basic, const struct pki_cert *cert,
                        const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *r) {
  r->produced_us = pki_time_us(OCSP_resp_get0_produced_at(basic));
  OCSP_SINGLERESP *one = single_for(basic, cert, issuer);
  X509 *signer = one ? signer_of(basic, issuer, r->produced_us) : NULL;
  if (!one || !signer) {
    r->why = one ? "not signed by the issuer or a responder of it" : "of another certificate";
    return;
  }
  r->signer_not_after_us = pki_time_us(X509_get0_notAfter(signer));
  unsigned n = sizeof r->signer_sha256;
  (void)X509_digest(signer, EVP_sha256(), r->signer_sha256, &n);
  r->has_nonce = OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1) >= 0;
  judge_single(one, cert, at_us, r);
}

sv_status pki_ocsp_judge(struct sv_ctx *ctx, struct sv_bytes answer, const struct pki_cert *cert,
                         const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *ret) {
  (void)ctx;
  struct pki_revocation r = {.why = "not an OCSP answer", .reason = -1};
  SV_AUTO(OCSP_BASICRESP_free) OCSP_BASICRESP *basic = read_basic(answer);
  if (basic) {
    judge_basic(basic, cert, issuer, at_us, &r);
  }
  ERR_clear_error();
  *ret = r;
  return SV_DONE;
}

/* A nonce is an octet string inside the extension's (RFC 9654 2.1). */
static X509_EXTENSION *nonce_extension(const uint8_t *nonce, size_t n) {
  uint8_t der[2 + 32];
  SV_ASSERT(n <= 32);
  der[0] = 0x04;
  der[1] = (uint8_t)n;
  memcpy(der + 2, nonce, n);
  ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
  X509_EXTENSION *ext = value && ASN1_OCTET_STRING_set(value, der, (int)n + 2) == 1
                            ? X509_EXTENSION_create_by_NID(NULL, NID_id_pkix_OCSP_Nonce, 0, value)
                            : NULL;
  ASN1_OCTET_STRING_free(value);
  return ext;
}

static bool add_nonce(OCSP_REQUEST *request, const uint8_t *nonce, size_t n) {
  X509_EXTENSION *ext = nonce_extension(nonce, n);
  bool good = ext && OCSP_REQUEST_add_ext(request, ext, -1) == 1;
  X509_EXTENSION_free(ext);
  return good;
}

sv_status pki_ocsp_request(struct sv_ctx *ctx, const struct pki_cert *cert,
                           const struct pki_cert *issuer, const uint8_t *nonce, size_t nonce_n,
                           struct sv_bytes *ret) {
  SV_AUTO(OCSP_REQUEST_free) OCSP_REQUEST *request = OCSP_REQUEST_new();
  OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert->x509, issuer->x509);
  if (!request || !id || !OCSP_request_add0_id(request, id)) {
    OCSP_CERTID_free(id);
    ERR_clear_error();
    return SV_FAIL(ctx, NO_MEMORY, "OCSP request");
  }
  uint8_t *der = NULL;
  int n = nonce_n == 0 || add_nonce(request, nonce, nonce_n) ? i2d_OCSP_REQUEST(request, &der) : 0;
  uint8_t *copy = n > 0 ? sv_arena_alloc(ctx->mem, (size_t)n) : NULL;
  if (copy) {
    memcpy(copy, der, (size_t)n);
  }
  OPENSSL_free(der);
  ERR_clear_error();
  if (!copy) {
    return SV_FAIL(ctx, NO_MEMORY, "OCSP request");
  }
  *ret = sv_bytes_of(copy, (size_t)n);
  return SV_DONE;
}

bool pki_ocsp_has_nonce(struct sv_bytes answer, const uint8_t *nonce, size_t nonce_n) {
  SV_AUTO(OCSP_BASICRESP_free) OCSP_BASICRESP *basic = read_basic(answer);
  int at = basic ? OCSP_BASICRESP_get_ext_by_NID(basic, NID_id_pkix_OCSP_Nonce, -1) : -1;
  bool same = false;
  if (at >= 0) {
    const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(basic, at));
    struct sv_cursor c =
        sv_cursor_over(sv_bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)));
    struct sv_bytes value;
    same = der_take(&c, 0x04, &value) && sv_bytes_equal(value, sv_bytes_of(nonce, nonce_n));
  }
  ERR_clear_error();
  return same;
}
