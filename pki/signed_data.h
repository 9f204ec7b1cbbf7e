/* SignedData of RFC 5652 as documents and time-stamp tokens carry it, taken apart by definite lengths: views into the
 * input, nothing copied. For the files of pki/ alone. */
#pragma once
#include "crypto/digest.h"
#include "pki/cert_struct.h"
#include "pki/cms.h"
#include "pki/trust_struct.h"

enum { PKI_SIGNED_CERTIFICATES_MAX = 16 };

struct pki_signed {
  size_t der_bytes;             /* where it ends in the input */
  struct sv_bytes content_type; /* the OID's value */
  struct sv_bytes content;      /* p is NULL when detached */
  struct sv_bytes certificates[PKI_SIGNED_CERTIFICATES_MAX];
  size_t certificate_count;
  struct sv_bytes
      signer_id; /* IssuerAndSerialNumber as a whole, or the value of a key identifier */
  bool by_key_id;
  struct sv_bytes digest_oid;
  struct sv_bytes attributes; /* the signed ones: the value of the SET */
  struct sv_bytes signature_oid;
  struct sv_bytes signature;
  struct sv_bytes unsigned_attributes; /* n is 0 when there are none */
};

/* NULL, or what is wrong with the shape (static). Exactly one SignerInfo, with signed attributes. */
const char *pki_signed_read(struct sv_bytes cms, struct pki_signed *ret);

/* The whole first value of an attribute that stands exactly once with exactly one value; false otherwise.
 * oid  as an element: 06 09 2A ... */
bool pki_signed_value(struct sv_bytes attributes, struct sv_bytes oid, struct sv_bytes *ret);
/* Whether the attribute stands there at all. */
bool pki_signed_has(struct sv_bytes attributes, struct sv_bytes oid);

/* SHA-256, SHA-384 or SHA-512 by the value of its OID; false for everything else. */
bool pki_digest_of_oid(struct sv_bytes oid, enum crypto_digest *ret);

/* The certificates inside, signer first; those that `known` (or NULL) has are lent by it. ret NULL when the signer's is
 * missing or unusable; caller: pki_chain_close. Fails: NO_MEMORY. */
sv_status pki_signed_chain(struct sv_ctx *ctx, const struct pki_trust *known,
                           const struct pki_signed *s, struct pki_chain **ret);

/* What must name the signer's certificate: SigningCertificateV2 (RFC 5035); that or SigningCertificate (RFC 2634); either, but
 * only if it is there. */
enum pki_ess { PKI_ESS_V2, PKI_ESS_ANY, PKI_ESS_IF_THERE };

/* Judges the one signer: content-type attribute equal to content_type (an element), message digest equal to that of the
 * pieces, the certificate named by ESS, the signature.
 * Fails: NO_MEMORY. ret_why is static. */
sv_status pki_signed_judge(struct sv_ctx *ctx, const struct pki_signed *s,
                           const struct pki_chain *chain, struct sv_bytes content_type,
                           enum pki_ess ess, struct crypto_pieces content, enum pki_cms_fault *ret,
                           const char **ret_why);
