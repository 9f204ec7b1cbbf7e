/* Revocation lists: complete ones that the issuer itself has signed (RFC 5280 5 and 6.3.3). */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "pki/revocation_judge.h"

SV_AUTO_DEFINE(X509_CRL, X509_CRL_free)

enum { ENTRIES_MAX = 100000 };

/* NULL, or why this list says nothing of the certificate: it is partial, or has a critical extension we don't know. */
static const char *scope_fault(X509_CRL *crl, const struct pki_cert *cert) {
  for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
    X509_EXTENSION *e = X509_CRL_get_ext(crl, i);
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
    if (nid == NID_delta_crl) {
      return "a delta list";
    }
    if (X509_EXTENSION_get_critical(e) && nid != NID_issuing_distribution_point) {
      return "a critical extension that is not known";
    }
  }
  int critical = -1;
  ISSUING_DIST_POINT *idp =
      X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &critical, NULL);
  if (!idp) {
    return critical == -1 ? NULL : "a bent distribution point";
  }
  bool ca = X509_check_ca(cert->x509) > 0;
  bool partial = idp->indirectCRL > 0 || idp->onlyattr > 0 || idp->onlysomereasons ||
                 (idp->onlyuser > 0 && ca) || (idp->onlyCA > 0 && !ca);
  ISSUING_DIST_POINT_free(idp);
  return partial ? "an indirect list, or one of others" : NULL;
}

static bool may_list(X509_CRL *crl, const struct pki_cert *issuer) {
  EVP_PKEY *key = X509_get0_pubkey(issuer->x509);
  return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer->x509)) == 0 &&
         (X509_get_key_usage(issuer->x509) & KU_CRL_SIGN) != 0 &&
         pki_signature_allowed(X509_CRL_get_signature_nid(crl), key) &&
         X509_CRL_verify(crl, key) == 1;
}

/* Takes what an entry says; false when it can't be understood. */
static bool read_entry(X509_REVOKED *entry, struct pki_revocation *r, int64_t *ret_invalid_us) {
  for (int i = 0; i < X509_REVOKED_get_ext_count(entry); i++) {
    X509_EXTENSION *e = X509_REVOKED_get_ext(entry, i);
    int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
    if (X509_EXTENSION_get_critical(e) && nid != NID_crl_reason) {
      return false;
    }
  }
  ASN1_ENUMERATED *reason = X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, NULL, NULL);
  ASN1_GENERALIZEDTIME *invalid = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
  r->reason = reason ? (int)ASN1_ENUMERATED_get(reason) : -1;
  *ret_invalid_us = pki_time_us(invalid);
  ASN1_ENUMERATED_free(reason);
  ASN1_GENERALIZEDTIME_free(invalid);
  r->revoked_us = pki_time_us(X509_REVOKED_get0_revocationDate(entry));
  return r->revoked_us != 0;
}

static void judge_list(X509_CRL *crl, const struct pki_cert *cert, int64_t at_us,
                       struct pki_revocation *r) {
  X509_REVOKED *entry = NULL;
  int64_t invalid_us = 0;
  r->this_update_us = pki_time_us(X509_CRL_get0_lastUpdate(crl));
  r->produced_us = r->this_update_us;
  r->next_update_us = pki_time_us(X509_CRL_get0_nextUpdate(crl));
  if (r->this_update_us == 0 || sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl)) > ENTRIES_MAX) {
    r->why = "without a usable time, or too long";
    return;
  }
  int found = X509_CRL_get0_by_cert(crl, &entry, cert->x509);
  if (found == 1 && !read_entry(entry, r, &invalid_us)) {
    /* what names the certificate and can't be understood must not pass for silence */
    r->revoked_us = cert->not_before_us > 0 ? cert->not_before_us : 1;
  }
  pki_revocation_conclude(cert, at_us, invalid_us, r);
}

void pki_crl_judge_parsed(X509_CRL *crl, const struct pki_cert *cert, const struct pki_cert *issuer,
                          int64_t at_us, struct pki_revocation *ret) {
  struct pki_revocation r = {.why = "of another issuer, or not signed by it", .reason = -1};
  if (may_list(crl, issuer)) {
    r.why = scope_fault(crl, cert);
    r.signer_not_after_us = issuer->not_after_us;
    memcpy(r.signer_sha256, issuer->sha256, sizeof r.signer_sha256);
    if (!r.why) {
      judge_list(crl, cert, at_us, &r);
    }
  }
  ERR_clear_error();
  *ret = r;
}

sv_status pki_crl_judge(struct sv_ctx *ctx, struct sv_bytes list, const struct pki_cert *cert,
                        const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *ret) {
  (void)ctx;
  const uint8_t *p = list.p;
  SV_AUTO(X509_CRL_free)
  X509_CRL *crl = list.n > 0 && list.n <= PKI_CRL_MAX ? d2i_X509_CRL(NULL, &p, (long)list.n) : NULL;
  uint8_t *again = NULL;
  int n = crl ? i2d_X509_CRL(crl, &again) : 0;
  bool der = n > 0 && sv_bytes_equal(sv_bytes_of(again, (size_t)n), list);
  OPENSSL_free(again);
  if (!crl || !der) {
    ERR_clear_error();
    *ret = (struct pki_revocation){.why = "not a revocation list", .reason = -1};
    return SV_DONE;
  }
  pki_crl_judge_parsed(crl, cert, issuer, at_us, ret);
  return SV_DONE;
}
