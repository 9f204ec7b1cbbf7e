/* What answers and lists have in common: from when a revocation counts, and of which time a statement speaks. */
#include "pki/revocation_judge.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <time.h>

int64_t pki_time_us(const ASN1_TIME *t) {
  struct tm tm;
  if (!t || ASN1_TIME_to_tm(t, &tm) != 1) {
    ERR_clear_error();
    return 0;
  }
  return (int64_t)timegm(&tm) * 1000000;
}

bool pki_signature_allowed(int nid, const EVP_PKEY *key) {
  int digest;
  int type;
  if (!key || OBJ_find_sigid_algs(nid, &digest, &type) != 1) {
    return false;
  }
  int least = EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS") ? 2048 : 256;
  bool strong = digest == NID_sha256 || digest == NID_sha384 || digest == NID_sha512 ||
                nid == NID_rsassaPss; /* its digest is in the parameters, which OpenSSL judges */
  return strong && EVP_PKEY_get_bits(key) >= least;
}

void pki_revocation_conclude(const struct pki_cert *cert, int64_t at_us, int64_t invalid_us,
                             struct pki_revocation *r) {
  if (invalid_us && invalid_us < r->revoked_us) {
    r->revoked_us = invalid_us;
  }
  if (r->revoked_us && r->revoked_us <= at_us) {
    r->state = PKI_REVOCATION_REVOKED;
    r->why = "revoked";
    return;
  }
  int64_t until = r->next_update_us ? r->next_update_us
                                    : r->this_update_us + (int64_t)PKI_REVOCATION_DAY_S * 1000000;
  if (!r->revoked_us && (at_us > until || r->this_update_us > cert->not_after_us)) {
    r->state = PKI_REVOCATION_STALE;
    r->why = at_us > until ? "too old for that time" : "from after the certificate's end";
    return;
  }
  r->state = PKI_REVOCATION_GOOD;
  r->why = "";
}

void pki_revocation_at(struct pki_revocation *r, const struct pki_cert *cert, int64_t at_us) {
  if (r->state != PKI_REVOCATION_NOT_FOR_IT && r->state != PKI_REVOCATION_UNKNOWN) {
    pki_revocation_conclude(cert, at_us, 0, r);
  }
}
