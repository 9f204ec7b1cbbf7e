/* Seals documents: a PAdES signature (B-B; B-T with a time-stamp inside) in a PDF that has a place for it, and visible seals
 * of Doc 9303-13. What follows the signed revision is raise.h's.
 * A struct seal is immutable once open; every function may be called from any thread. */
#pragma once
#include "base/sig_slot.h"
#include "seal/key.h"
#include "seal/services.h"

struct seal;

/* Takes both keys on success (closed with it), neither on failure.
 * document  a P-256 key with nonRepudiation.
 * visible   a P-256 key whose certificate has subject C and two characters of CN (Doc 9303-12).
 * Fails: SIGNER with what is wrong, NO_MEMORY. ret: caller, seal_close, which accepts NULL. */
sv_status seal_open(struct sv_ctx *ctx, struct seal_key *document, struct seal_key *visible,
                    struct seal **ret);
/* The same from four PEM files. Fails: as seal_key_open_files and seal_open. */
sv_status seal_open_files(struct sv_ctx *ctx, const char *document_key, const char *document_chain,
                          const char *seal_key, const char *seal_certificate, struct seal **ret);
void seal_close(struct seal *seal);
SV_AUTO_DEFINE(struct seal, seal_close)

/* The document signer, for the signature block on the page; lent. */
const char *seal_signer_name(const struct seal *seal);         /* common name */
const char *seal_signer_organisation(const struct seal *seal); /* "" when absent */
const char *seal_signer_serial(const struct seal *seal);       /* hexadecimal */
const uint8_t *seal_signer_sha256(const struct seal *seal);    /* 32 bytes, of the certificate */
const uint8_t *seal_vds_sha256(const struct seal *seal);       /* the same of the visible seals' */
int64_t seal_signer_not_after_us(const struct seal *seal);

/* The visible seals' signer, for struct vds_header; lent. */
const char *seal_vds_signer(const struct seal *seal);    /* "UTTS" */
const char *seal_vds_reference(const struct seal *seal); /* "A7" */
int64_t seal_vds_not_after_us(const struct seal *seal);

/* What /Contents needs, exactly, from '<' to '>' (base/sig_slot.h); the second with a time-stamp of so many bytes inside. */
size_t seal_contents_room(const struct seal *seal);
size_t seal_contents_room_stamped(const struct seal *seal, size_t token_bytes);

/* SHA-256 of a signed file, and of its first slot->static_bytes. */
struct seal_digests {
  uint8_t file[32];
  uint8_t beginning[32];
};

/* Signs a PDF of n bytes in place: /ByteRange and /Contents of the slot are filled in, nothing else is touched.
 * The bytes of /ByteRange's place are overwritten from '[' to ']'; those of /Contents from '<' to '>'.
 * ret    digests of the signed file; NULL: nobody asks.
 * Fails: INTERNAL when the slot does not lie in the file or is too small, SIGNER, NO_MEMORY.
 * Trust: pdf and slot come from docs_gen, never from the wire. */
sv_status seal_pdf(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                   uint8_t *pdf, size_t n, const struct sv_sig_slot *slot,
                   struct seal_digests *ret);
/* The same with a time-stamp over the signature inside of it (B-T). Fails: also as seal_stamp_take, and TIMESTAMP for a
 * token that is larger than its room: seal_stamp_room knows better from then on. */
sv_status seal_pdf_stamped(struct seal *seal, struct sv_ctx *ctx,
                           const struct seal_subject *subject, uint8_t *pdf, size_t n,
                           const struct sv_sig_slot *slot, struct seal_services *stamps,
                           struct seal_digests *ret);

/* A CMS over a record that is no PDF, detached: `openssl cms -verify -binary` judges it with the record beside it.
 * ret in ctx->mem. Fails: SIGNER, NO_MEMORY. Trust: the record is the server's own, never from the wire. */
sv_status seal_record(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                      struct sv_bytes record, struct sv_bytes *ret_cms);

/* Signs header and message zone (formats/vds/vds_profile.h) and appends the signature. ret in ctx->mem.
 * Fails: SIGNER, LIMIT_EXCEEDED, NO_MEMORY. */
sv_status seal_visible(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                       struct sv_bytes unsigned_part, struct sv_bytes *ret_seal);
