/* Putting a time-stamp token into a CMS of ours (PAdES B-T; EN 319 122-1 5.3), and completing chains with the certificates
 * of CAs that are at hand. Thread: any. */
#pragma once
#include "pki/cms.h"

/* What pki_cms_size becomes with a token of so many bytes inside, at most. */
size_t pki_cms_stamped_size(const struct pki_chain *chain, size_t token_n);

/* The value of the one SignerInfo's signature, which a token is over; view into cms. Fails: INTERNAL for what
 * pki_cms_assemble did not make. */
sv_status pki_cms_signature(struct sv_ctx *ctx, struct sv_bytes cms, struct sv_bytes *ret);

/* The CMS with the token as its one unsigned attribute. cms is one that pki_cms_assemble made; token is one element of
 * DER. ret in ctx->mem. Fails: INTERNAL, NO_MEMORY. */
sv_status pki_cms_stamp(struct sv_ctx *ctx, struct sv_bytes cms, struct sv_bytes token,
                        struct sv_bytes *ret);

/* Certificates of CAs from PEM, any order, at most PKI_ISSUERS_MAX; what else is in the file is passed over. */
enum { PKI_ISSUERS_MAX = 64 };
struct pki_issuers;
/* Fails: CERT_FORMAT, LIMIT_EXCEEDED, NO_MEMORY. ret: caller, pki_issuers_close, which accepts NULL. */
sv_status pki_issuers_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_issuers **ret);
void pki_issuers_close(struct pki_issuers *issuers);
SV_AUTO_DEFINE(struct pki_issuers, pki_issuers_close)

/* The signer of a chain, who issued it, and so on to a certificate that issued itself, out of the chain's own and the
 * issuers'; each signature is checked. ret_whole: the end was reached. Fails: NO_MEMORY. ret: caller, pki_chain_close. */
sv_status pki_path_open(struct sv_ctx *ctx, const struct pki_chain *chain,
                        const struct pki_issuers *issuers, struct pki_chain **ret, bool *ret_whole);
