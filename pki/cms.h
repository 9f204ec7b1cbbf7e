/* CMS (RFC 5652) as PAdES B-B needs it (ETSI EN 319 142-1, EN 319 122-1): detached, one signer, SHA-256 with ECDSA
 * P-256; signed attributes content-type, message-digest and signing-certificate-v2, in DER order, no signing-time.
 * Building is two steps, so that a signer elsewhere sees what it signs: the attributes go out, r || s comes back. */
#pragma once
#include "crypto/trail.h"
#include "pki/cert.h"

enum { PKI_CMS_MAX = 64 * 1024 };

/* The size of the finished CMS, at most: what to reserve in a PDF. */
size_t pki_cms_size(const struct pki_chain *chain);

/* The DER of the signed attributes, as a SET: what is signed. ret in ctx->mem. Fails: NO_MEMORY. */
sv_status pki_cms_attributes(struct sv_ctx *ctx, const struct pki_chain *chain,
                             const uint8_t digest[static 32], struct sv_bytes *ret_der);
/* The whole CMS around those attributes and their signature (64 bytes r || s). ret in ctx->mem.
 * Fails: SIGNER when the signature is not one of the chain's key over the attributes, NO_MEMORY. */
sv_status pki_cms_assemble(struct sv_ctx *ctx, const struct pki_chain *chain,
                           struct sv_bytes attributes, struct sv_bytes raw,
                           struct sv_bytes *ret_cms);

enum pki_cms_fault {
  PKI_CMS_GOOD,
  PKI_CMS_FORMAT, /* not a CMS as above: parts missing or twice, content inside, no certificate of the signer */
  PKI_CMS_WEAK,        /* a digest or a key that is not allowed */
  PKI_CMS_CONTENT,     /* the message digest is not that of the content */
  PKI_CMS_CERTIFICATE, /* signing-certificate-v2 names another certificate */
  PKI_CMS_SIGNATURE,   /* the signature is not that of the signer over the attributes */
};

/* What a CMS says of itself. */
struct pki_cms {
  enum pki_cms_fault fault;
  const char *why;           /* static, for the log */
  struct pki_chain *chain;   /* signer first, NULL when it was not found; caller: pki_chain_close */
  size_t der_bytes;          /* where the CMS ends in the input */
  bool signing_time;         /* the attribute is there, which PAdES forbids */
  struct sv_bytes signature; /* its value, what a time-stamp is over; view into the input */
  struct sv_bytes unsigned_attributes; /* value of the SET, not judged; view into the input */
};

/* Judges hostile bytes against the signed content. Trust is not judged here. Bytes after the CMS are the
 * caller's to judge. Fails: NO_MEMORY alone; everything else is a fault in ret. Thread: any. */
sv_status pki_cms_verify(struct sv_ctx *ctx, struct sv_bytes cms, struct crypto_pieces content,
                         struct pki_cms *ret);
/* The same without parsing again the certificates that `known` has met on a good path: they are lent by it, so that it must
 * outlive the chain. known: NULL for none. */
sv_status pki_cms_verify_known(struct sv_ctx *ctx, const struct pki_trust *known,
                               struct sv_bytes cms, struct crypto_pieces content,
                               struct pki_cms *ret);

/* The same for a signature that is not PAdES: the certificate is named by an attribute only if there is one. What is good by
 * this is no signature of ours. */
sv_status pki_cms_verify_plain(struct sv_ctx *ctx, struct sv_bytes cms,
                               struct crypto_pieces content, struct pki_cms *ret);

/* The time-stamp token among the unsigned attributes: how many there are, 1 when ret is set; -1 when there is anything
 * that is no such token. */
int pki_cms_timestamp(const struct pki_cms *cms, struct sv_bytes *ret_token);
