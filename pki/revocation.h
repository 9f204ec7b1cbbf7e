/* Revocation: answers of OCSP responders (RFC 6960) and lists (RFC 5280), each judged for one certificate and the one that
 * issued it. What comes in is hostile; only what the issuer, or a responder that it appointed, has signed counts.
 * Thread: any. */
#pragma once
#include "pki/cert.h"

enum { PKI_OCSP_MAX = 64 * 1024, PKI_CRL_MAX = 2 * 1024 * 1024 };

enum pki_revocation_state {
  PKI_REVOCATION_NOT_FOR_IT, /* bytes that are none, of another certificate or issuer, or whose signature does not hold */
  PKI_REVOCATION_GOOD,    /* not revoked at that time */
  PKI_REVOCATION_REVOKED, /* at that time or before it */
  PKI_REVOCATION_UNKNOWN, /* the responder does not know it */
  PKI_REVOCATION_STALE, /* it says nothing of that time: too old, or from after the certificate's end */
};

struct pki_revocation {
  enum pki_revocation_state state;
  const char *why;     /* static, for the log */
  int64_t produced_us; /* of OCSP; of a list, this_update_us */
  int64_t this_update_us;
  int64_t next_update_us; /* 0: none is promised */
  int64_t
      revoked_us; /* 0: not revoked, ever; may be later than the time asked for, and then the state is GOOD */
  int reason; /* CRLReason; -1: none is given */
  int64_t
      signer_not_after_us; /* of who signed it: afterwards the statement needs a proof of its age */
  uint8_t signer_sha256[32]; /* the issuer's own certificate, or the responder's */
  bool has_nonce;
};

/* How long an answer without nextUpdate speaks for. */
enum { PKI_REVOCATION_DAY_S = 86400 };

/* A whole OCSPResponse (RFC 6960 4.2.1) about cert at a time. A revocation counts from its invalidity date where it has
 * an earlier one. Fails: NO_MEMORY alone. */
sv_status pki_ocsp_judge(struct sv_ctx *ctx, struct sv_bytes answer, const struct pki_cert *cert,
                         const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *ret);
/* A whole CertificateList in DER. Indirect and partial lists are not for it. Fails: NO_MEMORY alone. */
sv_status pki_crl_judge(struct sv_ctx *ctx, struct sv_bytes list, const struct pki_cert *cert,
                        const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *ret);

/* The worst that the trust's own lists say of a certificate; NOT_FOR_IT when none is of its issuer. */
void pki_trust_revocation(const struct pki_trust *trust, const struct pki_cert *cert,
                          const struct pki_cert *issuer, int64_t at_us, struct pki_revocation *ret);

/* The same statement asked for another time: state and why follow from what it says. NOT_FOR_IT and UNKNOWN stay. */
void pki_revocation_at(struct pki_revocation *r, const struct pki_cert *cert, int64_t at_us);

/* An OCSPRequest for one certificate, SHA-1 as CertID (what responders index by; it signs nothing), with a nonce of
 * nonce_n bytes (RFC 9654) unless that is 0. ret in ctx->mem. Fails: NO_MEMORY. */
sv_status pki_ocsp_request(struct sv_ctx *ctx, const struct pki_cert *cert,
                           const struct pki_cert *issuer, const uint8_t *nonce, size_t nonce_n,
                           struct sv_bytes *ret);
/* Whether the answer carries this nonce. */
bool pki_ocsp_has_nonce(struct sv_bytes answer, const uint8_t *nonce, size_t nonce_n);

/* Where a certificate says that it can be asked about: the first http URL of AIA id-ad-ocsp, of AIA id-ad-caIssuers, of the
 * CRL distribution points. "" when there is none. ret in ctx->mem. Fails: NO_MEMORY. */
enum pki_pointer { PKI_POINTER_OCSP, PKI_POINTER_ISSUER, PKI_POINTER_CRL };
sv_status pki_cert_pointer(struct sv_ctx *ctx, const struct pki_cert *cert, enum pki_pointer which,
                           const char **ret);
