/* What a verifier trusts: anchors in a store of OpenSSL's, and the listed signers of visible seals beside it.
 * Invariant: the store is only read after pki_trust_open; every judgement has a context of its own. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "pki/cert.h"
#include "pki/cert_struct.h"
#include "pki/timestamp.h"

enum { TRUST_MAX = 256, PATH_MAX_DEPTH = 4, LEVEL_112_BITS = 2 };

SV_AUTO_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)

struct pki_trust {
  X509_STORE *store;
  STACK_OF(X509) * anchors; /* the same, to look an issuer up by name */
  struct pki_cert signers[TRUST_MAX];
  size_t signer_count;
  bool has_crls;
};

static void free_infos(STACK_OF(X509_INFO) * infos) {
  sk_X509_INFO_pop_free(infos, X509_INFO_free);
}
SV_AUTO_DEFINE(STACK_OF(X509_INFO), free_infos)

static sv_status add_certificate(struct sv_ctx *ctx, struct pki_trust *t, X509 *x) {
  if (X509_check_ca(x) > 0) {
    if (X509_STORE_add_cert(t->store, x) != 1 || X509_up_ref(x) != 1 ||
        sk_X509_push(t->anchors, x) <= 0) {
      return SV_FAIL(ctx, NO_MEMORY, "trust anchor");
    }
    return SV_DONE;
  }
  if (t->signer_count == TRUST_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d signers in a trust list", TRUST_MAX);
  }
  SV_TRY(pki_cert_fill(ctx, x, &t->signers[t->signer_count]));
  t->signer_count++;
  return SV_DONE;
}

static sv_status add_all(struct sv_ctx *ctx, struct pki_trust *t,
                         const STACK_OF(X509_INFO) * infos) {
  for (int i = 0; i < sk_X509_INFO_num(infos); i++) {
    const X509_INFO *info = sk_X509_INFO_value(infos, i);
    if (info->x509) {
      SV_TRY(add_certificate(ctx, t, info->x509));
    }
    if (info->crl) {
      if (X509_STORE_add_crl(t->store, info->crl) != 1) {
        return SV_FAIL(ctx, NO_MEMORY, "revocation list");
      }
      t->has_crls = true;
    }
  }
  if (sk_X509_num(t->anchors) == 0 && t->signer_count == 0) {
    return SV_FAIL(ctx, CERT_FORMAT, "no certificate in the trust list");
  }
  return SV_DONE;
}

sv_status pki_trust_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_trust **ret) {
  SV_AUTO(pki_trust_close) struct pki_trust *t = calloc(1, sizeof *t);
  SV_AUTO(BIO_free_all) BIO *in = pem.n <= PKI_PEM_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
  if (!t || !in) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list of %zu bytes", pem.n);
  }
  t->store = X509_STORE_new();
  t->anchors = sk_X509_new_null();
  if (!t->store || !t->anchors) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list");
  }
  SV_AUTO(free_infos) STACK_OF(X509_INFO) *infos = PEM_X509_INFO_read_bio(in, NULL, NULL, NULL);
  ERR_clear_error();
  if (!infos) {
    return SV_FAIL(ctx, CERT_FORMAT, "the trust list is not PEM");
  }
  SV_TRY(add_all(ctx, t, infos));
  *ret = SV_TAKE(t);
  return SV_DONE;
}

void pki_trust_close(struct pki_trust *t) {
  if (t) {
    X509_STORE_free(t->store);
    sk_X509_pop_free(t->anchors, X509_free);
    for (size_t i = 0; i < t->signer_count; i++) {
      pki_cert_clear(&t->signers[i]);
    }
    free(t);
  }
}

/* Hexadecimal numbers, leading zeroes apart. */
static bool same_number(const char *a, const char *b) {
  while (*a == '0' && a[1]) {
    a++;
  }
  while (*b == '0' && b[1]) {
    b++;
  }
  return strcmp(a, b) == 0;
}

const struct pki_cert *pki_trust_seal_signer(const struct pki_trust *t, const char signer[static 4],
                                             const char *reference) {
  for (size_t i = 0; i < t->signer_count; i++) {
    const struct pki_cert *c = &t->signers[i];
    if (strlen(c->country) == 2 && strlen(c->common_name) == 2 &&
        memcmp(c->country, signer, 2) == 0 && memcmp(c->common_name, signer + 2, 2) == 0 &&
        same_number(c->serial_hex, reference)) {
      return c;
    }
  }
  return NULL;
}

/* A list that is missing or old still revokes what it names; it must not pass for an unknown certificate. */
static int on_fault(int good, X509_STORE_CTX *sc) {
  int e = X509_STORE_CTX_get_error(sc);
  return good || e == X509_V_ERR_UNABLE_TO_GET_CRL || e == X509_V_ERR_CRL_HAS_EXPIRED;
}

static enum pki_fault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return PKI_EXPIRED;
    case X509_V_ERR_CERT_REVOKED:
      return PKI_REVOKED;
    case X509_V_ERR_CA_MD_TOO_WEAK:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
      return PKI_WEAK;
    default:
      return PKI_UNTRUSTED;
  }
}

static enum pki_fault judge_path(const struct pki_trust *t, X509 *signer, STACK_OF(X509) * others,
                                 int64_t at_us) {
  SV_AUTO(X509_STORE_CTX_free) X509_STORE_CTX *sc = X509_STORE_CTX_new();
  if (!sc || X509_STORE_CTX_init(sc, t->store, signer, others) != 1) {
    return PKI_UNTRUSTED;
  }
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(sc);
  X509_VERIFY_PARAM_set_time(param, (time_t)(at_us / 1000000));
  X509_VERIFY_PARAM_set_depth(param, PATH_MAX_DEPTH);
  X509_VERIFY_PARAM_set_auth_level(param, LEVEL_112_BITS);
  if (t->has_crls) {
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  }
  X509_STORE_CTX_set_verify_cb(sc, on_fault);
  int good = X509_verify_cert(sc);
  enum pki_fault fault = good == 1 ? PKI_TRUSTED : fault_of(X509_STORE_CTX_get_error(sc));
  ERR_clear_error();
  return fault;
}

/* What stands after the signer, borrowed. NULL when there is no memory: then no path is found. */
static STACK_OF(X509) * issuers_of(const struct pki_chain *chain) {
  STACK_OF(X509) *others = sk_X509_new_null();
  for (size_t i = 1; others && i < chain->count; i++) {
    (void)sk_X509_push(others, chain->certs[i].x509);
  }
  return others;
}
static void free_borrowed(STACK_OF(X509) * certs) { sk_X509_free(certs); }
SV_AUTO_DEFINE(STACK_OF(X509), free_borrowed)

/* RFC 3161 2.3: the extended key usage is critical, and has this one purpose. */
static bool may_timestamp(X509 *x) {
  int critical = -1;
  EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
  bool alone = uses && critical == 1 && sk_ASN1_OBJECT_num(uses) == 1 &&
               OBJ_obj2nid(sk_ASN1_OBJECT_value(uses, 0)) == NID_time_stamp;
  sk_ASN1_OBJECT_pop_free(uses, ASN1_OBJECT_free);
  ERR_clear_error();
  uint32_t signing = KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION;
  return alone && (X509_get_key_usage(x) & signing) != 0 &&
         (X509_get_key_usage(x) == UINT32_MAX || (X509_get_key_usage(x) & ~signing) == 0);
}

enum pki_fault pki_trust_document(const struct pki_trust *t, const struct pki_chain *chain,
                                  int64_t at_us) {
  X509 *signer = chain->certs[0].x509;
  SV_AUTO(free_borrowed) STACK_OF(X509) *others = issuers_of(chain);
  enum pki_fault fault = judge_path(t, signer, others, at_us);
  bool may_sign = (X509_get_extension_flags(signer) & EXFLAG_KUSAGE) != 0 &&
                  (X509_get_key_usage(signer) & KU_NON_REPUDIATION) != 0;
  return fault == PKI_TRUSTED && !may_sign ? PKI_WRONG_USE : fault;
}

enum pki_fault pki_trust_timestamp(const struct pki_trust *t, const struct pki_chain *chain,
                                   int64_t at_us) {
  X509 *tsa = chain->certs[0].x509;
  SV_AUTO(free_borrowed) STACK_OF(X509) *others = issuers_of(chain);
  enum pki_fault fault = judge_path(t, tsa, others, at_us);
  return fault == PKI_TRUSTED && !may_timestamp(tsa) ? PKI_WRONG_USE : fault;
}

static bool is_anchor(const struct pki_trust *t, X509 *x) {
  for (int i = 0; i < sk_X509_num(t->anchors); i++) {
    if (X509_cmp(sk_X509_value(t->anchors, i), x) == 0) {
      return true;
    }
  }
  return false;
}

bool pki_trust_issuers_intact(const struct pki_trust *t, const struct pki_chain *chain,
                              int64_t at_us) {
  SV_AUTO(free_borrowed) STACK_OF(X509) *others = issuers_of(chain);
  for (size_t i = 1; i < chain->count; i++) {
    X509 *x = chain->certs[i].x509;
    if (!is_anchor(t, x) && judge_path(t, x, others, at_us) == PKI_UNTRUSTED) {
      return false;
    }
  }
  return true;
}

enum pki_fault pki_trust_seal(const struct pki_trust *t, const struct pki_cert *signer,
                              int64_t at_us) {
  if ((X509_get_key_usage(signer->x509) & KU_DIGITAL_SIGNATURE) ==
      0) { /* all bits when there is no extension */
    return PKI_WRONG_USE;
  }
  bool ours = false;
  for (int i = 0; i < sk_X509_num(t->anchors); i++) {
    ours = ours || X509_NAME_cmp(X509_get_subject_name(sk_X509_value(t->anchors, i)),
                                 X509_get_issuer_name(signer->x509)) == 0;
  }
  if (ours) {
    return judge_path(t, signer->x509, NULL, at_us);
  }
  return at_us < signer->not_before_us || at_us > signer->not_after_us ? PKI_EXPIRED : PKI_TRUSTED;
}
