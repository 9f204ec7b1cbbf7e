/* What a verifier trusts: anchors in a store of OpenSSL's, the listed signers of visible seals beside it, and lists.
 * Invariant: all of it but what was met (pki/known.c) is only read after pki_trust_open. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "pki/cert.h"
#include "pki/revocation_judge.h"
#include "pki/timestamp.h"
#include "pki/trust_struct.h"

enum { PATH_MAX_DEPTH = 4, LEVEL_112_BITS = 2 };

SV_AUTO_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)

static void free_infos(STACK_OF(X509_INFO) * infos) {
  sk_X509_INFO_pop_free(infos, X509_INFO_free);
}
SV_AUTO_DEFINE(STACK_OF(X509_INFO), free_infos)

static sv_status add_certificate(struct sv_ctx *ctx, struct pki_trust *t, X509 *x) {
  bool ca = X509_check_ca(x) > 0;
  size_t *count = ca ? &t->anchor_count : &t->signer_count;
  if (*count == PKI_TRUST_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d %s in a trust list", PKI_TRUST_MAX,
                   ca ? "anchors" : "signers");
  }
  if (ca && X509_STORE_add_cert(t->store, x) != 1) {
    return SV_FAIL(ctx, NO_MEMORY, "trust anchor");
  }
  SV_TRY(pki_cert_fill(ctx, x, ca ? &t->anchors[*count] : &t->signers[*count]));
  ++*count;
  return SV_DONE;
}

static sv_status add_list(struct sv_ctx *ctx, struct pki_trust *t, X509_CRL *crl) {
  if (t->crl_count == PKI_CRLS_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %d revocation lists in a trust list",
                   PKI_CRLS_MAX);
  }
  if (X509_CRL_up_ref(crl) != 1) {
    return SV_FAIL(ctx, NO_MEMORY, "revocation list");
  }
  t->crls[t->crl_count++] = crl;
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
      SV_TRY(add_list(ctx, t, info->crl));
    }
  }
  if (t->anchor_count == 0 && t->signer_count == 0) {
    return SV_FAIL(ctx, CERT_FORMAT, "no certificate in the trust list");
  }
  return SV_DONE;
}

/* Empty, with all that it needs. NULL when memory is out. */
static struct pki_trust *new_trust(void) {
  SV_AUTO(pki_trust_close) struct pki_trust *t = calloc(1, sizeof *t);
  if (!t) {
    return NULL;
  }
  t->store = X509_STORE_new();
  t->lock = calloc(1, sizeof *t->lock);
  t->known = calloc(PKI_KNOWN_MAX, sizeof(struct pki_known *));
  t->known_count = calloc(1, sizeof *t->known_count);
  if (!t->store || !t->lock || !t->known || !t->known_count ||
      pthread_mutex_init(t->lock, NULL) != 0) {
    return NULL;
  }
  return SV_TAKE(t);
}

sv_status pki_trust_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_trust **ret) {
  SV_AUTO(pki_trust_close) struct pki_trust *t = new_trust();
  SV_AUTO(BIO_free_all) BIO *in = NULL;
  if (!t) {
    return SV_FAIL(ctx, NO_MEMORY, "trust list of %zu bytes", pem.n);
  }
  SV_TRY(pki_pem_open(ctx, pem, &in));
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
  if (!t) {
    return;
  }
  X509_STORE_free(t->store);
  for (size_t i = 0; i < t->anchor_count; i++) {
    pki_cert_clear(&t->anchors[i]);
  }
  for (size_t i = 0; i < t->signer_count; i++) {
    pki_cert_clear(&t->signers[i]);
  }
  for (size_t i = 0; i < t->crl_count; i++) {
    X509_CRL_free(t->crls[i]);
  }
  for (size_t i = 0; t->known_count && i < *t->known_count; i++) {
    pki_cert_clear(&t->known[i]->cert);
    free(t->known[i]);
  }
  free(t->known);
  free(t->known_count);
  free(t->lock);
  free(t);
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

static enum pki_fault fault_of(int error) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return PKI_EXPIRED;
    case X509_V_ERR_CA_MD_TOO_WEAK:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_EE_KEY_TOO_SMALL:
      return PKI_WEAK;
    default:
      return PKI_UNTRUSTED;
  }
}

/* What stands in the chain, borrowed. NULL when there is no memory: then no path is found. */
static STACK_OF(X509) * issuers_of(const struct pki_chain *chain) {
  STACK_OF(X509) *others = sk_X509_new_null();
  for (size_t i = 1; others && chain && i < chain->count; i++) {
    (void)sk_X509_push(others, chain->certs[i]->x509);
  }
  return others;
}
static void free_borrowed(STACK_OF(X509) * certs) { sk_X509_free(certs); }
SV_AUTO_DEFINE(STACK_OF(X509), free_borrowed)

/* Our view of a certificate on OpenSSL's path. */
static const struct pki_cert *cert_of(const struct pki_trust *t, const struct pki_cert *signer,
                                      const struct pki_chain *chain, X509 *x) {
  if (x == signer->x509) {
    return signer;
  }
  for (size_t i = 0; i < t->anchor_count; i++) {
    if (X509_cmp(t->anchors[i].x509, x) == 0) {
      return &t->anchors[i];
    }
  }
  for (size_t i = 0; chain && i < chain->count; i++) {
    if (X509_cmp(chain->certs[i]->x509, x) == 0) {
      return chain->certs[i];
    }
  }
  return NULL;
}

static bool take_path(const struct pki_trust *t, const struct pki_cert *signer,
                      const struct pki_chain *chain, const STACK_OF(X509) * found,
                      struct pki_path *ret) {
  int n = sk_X509_num(found);
  for (int i = 0; i < n && i < PKI_CHAIN_MAX; i++) {
    ret->certs[i] = cert_of(t, signer, chain, sk_X509_value(found, i));
    if (!ret->certs[i]) {
      return false;
    }
  }
  ret->count = n > 0 && n <= PKI_CHAIN_MAX ? (size_t)n : 0;
  return ret->count > 0;
}

/* Has OpenSSL look for a path; at_us < 0: of any time. */
static enum pki_fault find_path(const struct pki_trust *t, const struct pki_cert *signer,
                                const struct pki_chain *chain, int64_t at_us,
                                struct pki_path *ret) {
  SV_AUTO(free_borrowed) STACK_OF(X509) *others = issuers_of(chain);
  SV_AUTO(X509_STORE_CTX_free) X509_STORE_CTX *sc = X509_STORE_CTX_new();
  if (!sc || X509_STORE_CTX_init(sc, t->store, signer->x509, others) != 1) {
    return PKI_UNTRUSTED;
  }
  X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(sc);
  if (at_us < 0) {
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
  } else {
    X509_VERIFY_PARAM_set_time(param, (time_t)(at_us / 1000000));
  }
  X509_VERIFY_PARAM_set_depth(param, PATH_MAX_DEPTH);
  X509_VERIFY_PARAM_set_auth_level(param, LEVEL_112_BITS);
  int good = X509_verify_cert(sc);
  enum pki_fault fault = good == 1 ? PKI_TRUSTED : fault_of(X509_STORE_CTX_get_error(sc));
  if (good == 1 && !take_path(t, signer, chain, X509_STORE_CTX_get0_chain(sc), ret)) {
    fault = PKI_UNTRUSTED;
  }
  ERR_clear_error();
  return fault;
}

static bool all_valid(const struct pki_path *path, int64_t at_us) {
  for (size_t i = 0; i < path->count; i++) {
    if (at_us < path->certs[i]->not_before_us || at_us > path->certs[i]->not_after_us) {
      return false;
    }
  }
  return true;
}

static enum pki_fault path_of(const struct pki_trust *t, const struct pki_cert *signer,
                              const struct pki_chain *chain, int64_t at_us, struct pki_path *ret) {
  struct pki_path path = {0};
  *ret = path;
  if (!pki_known_path(t, signer, &path)) {
    enum pki_fault fault = find_path(t, signer, chain, -1, &path);
    if (fault != PKI_TRUSTED) {
      return fault;
    }
    pki_known_keep(t, &path);
  }
  if (all_valid(&path, at_us)) {
    *ret = path;
    return PKI_TRUSTED;
  }
  /* an issuer may have had another certificate then */
  struct pki_path other = {0};
  if (find_path(t, signer, chain, at_us < 0 ? 0 : at_us, &other) == PKI_TRUSTED) {
    *ret = other;
    return PKI_TRUSTED;
  }
  *ret = path;
  return PKI_EXPIRED;
}

enum pki_fault pki_trust_path(const struct pki_trust *t, const struct pki_chain *chain,
                              int64_t at_us, struct pki_path *ret) {
  return path_of(t, chain->certs[0], chain, at_us, ret);
}

void pki_trust_revocation(const struct pki_trust *t, const struct pki_cert *cert,
                          const struct pki_cert *issuer, int64_t at_us,
                          struct pki_revocation *ret) {
  struct pki_revocation best = {.why = "no list of this issuer", .reason = -1};
  for (size_t i = 0; i < t->crl_count; i++) {
    struct pki_revocation one;
    pki_crl_judge_parsed(t->crls[i], cert, issuer, at_us, &one);
    bool better = one.state == PKI_REVOCATION_REVOKED ||
                  (best.state != PKI_REVOCATION_REVOKED && best.state != PKI_REVOCATION_GOOD &&
                   one.state != PKI_REVOCATION_NOT_FOR_IT);
    best = better ? one : best;
  }
  *ret = best;
}

/* Whether a list of the trust's own revokes a certificate of the path. What no list names, or an old one, is not revoked. */
static bool listed_as_revoked(const struct pki_trust *t, const struct pki_path *path,
                              int64_t at_us) {
  for (size_t i = 0; t->crl_count && i + 1 < path->count; i++) {
    struct pki_revocation r;
    pki_trust_revocation(t, path->certs[i], path->certs[i + 1], at_us, &r);
    if (r.state == PKI_REVOCATION_REVOKED) {
      return true;
    }
  }
  return false;
}

static enum pki_fault judge_path(const struct pki_trust *t, const struct pki_cert *signer,
                                 const struct pki_chain *chain, int64_t at_us) {
  struct pki_path path;
  enum pki_fault fault = path_of(t, signer, chain, at_us, &path);
  return (fault == PKI_TRUSTED || fault == PKI_EXPIRED) && listed_as_revoked(t, &path, at_us)
             ? PKI_REVOKED
             : fault;
}

bool pki_cert_may_sign_documents(const struct pki_cert *c) {
  return (X509_get_extension_flags(c->x509) & EXFLAG_KUSAGE) != 0 &&
         (X509_get_key_usage(c->x509) & KU_NON_REPUDIATION) != 0;
}

bool pki_cert_may_timestamp(const struct pki_cert *c) {
  X509 *x = c->x509;
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
  enum pki_fault fault = judge_path(t, chain->certs[0], chain, at_us);
  return fault == PKI_TRUSTED && !pki_cert_may_sign_documents(chain->certs[0]) ? PKI_WRONG_USE
                                                                               : fault;
}

enum pki_fault pki_trust_timestamp(const struct pki_trust *t, const struct pki_chain *chain,
                                   int64_t at_us) {
  enum pki_fault fault = judge_path(t, chain->certs[0], chain, at_us);
  return fault == PKI_TRUSTED && !pki_cert_may_timestamp(chain->certs[0]) ? PKI_WRONG_USE : fault;
}

static bool is_anchor(const struct pki_trust *t, const struct pki_cert *c) {
  for (size_t i = 0; i < t->anchor_count; i++) {
    if (memcmp(t->anchors[i].sha256, c->sha256, sizeof c->sha256) == 0) {
      return true;
    }
  }
  return false;
}

/* A path was found, and each signature on it verified. */
static bool has_path(enum pki_fault fault) { return fault == PKI_TRUSTED || fault == PKI_EXPIRED; }

bool pki_trust_issuers_intact(const struct pki_trust *t, const struct pki_chain *chain,
                              int64_t at_us) {
  struct pki_path path;
  if (chain->partial) {
    return false;
  }
  for (size_t i = 1; i < chain->count; i++) {
    const struct pki_cert *c = chain->certs[i];
    if (!is_anchor(t, c) && !has_path(path_of(t, c, chain, at_us, &path))) {
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
  for (size_t i = 0; i < t->anchor_count; i++) {
    ours = ours || X509_NAME_cmp(X509_get_subject_name(t->anchors[i].x509),
                                 X509_get_issuer_name(signer->x509)) == 0;
  }
  if (ours) {
    return judge_path(t, signer, NULL, at_us);
  }
  return at_us < signer->not_before_us || at_us > signer->not_after_us ? PKI_EXPIRED : PKI_TRUSTED;
}
