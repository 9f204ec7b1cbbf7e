/* Plans and fills signatures. A PDF is signed in the revision that it was written in: the writer noted where /ByteRange
 * and /Contents are, so nothing is parsed here.
 * Invariant: pki_cms_size(chain) is what was reserved, so a signature that is made always fits. */
#include "seal/seal.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "formats/vds/vds.h"
#include "pki/cms.h"
#include "pki/stamp.h"
#include "seal/beginning.h"

enum { RAW_P256 = 64 };

struct seal {
  struct seal_key *document;
  struct seal_key *visible;
  struct beginnings *beginnings;
  char vds_signer[5];
};

static const struct pki_cert *signer_of(const struct seal_key *key) {
  return pki_chain_signer(key->chain);
}

/* A backend has checked that key and certificate belong together; every signature is checked again when it is used. */
static sv_status key_check(struct sv_ctx *ctx, const struct seal_key *key) {
  const struct pki_cert *cert = key->chain ? signer_of(key) : NULL;
  return cert && pki_cert_raw_size(cert) == RAW_P256
             ? SV_DONE
             : SV_FAIL(ctx, SIGNER, "%s is not a P-256 key",
                       cert ? pki_cert_subject(cert) : "what has no certificate");
}

static bool capital_or_digit(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

sv_status seal_open(struct sv_ctx *ctx, struct seal_key *document, struct seal_key *visible,
                    struct seal **ret) {
  SV_TRY(key_check(ctx, document));
  SV_TRY(key_check(ctx, visible));
  const struct pki_cert *v = signer_of(visible);
  const char *country = pki_cert_country(v);
  const char *name = pki_cert_common_name(v);
  if (strlen(country) != 2 || strlen(name) != 2 || !capital_or_digit(name[0]) ||
      !capital_or_digit(name[1]) || strlen(pki_cert_serial_hex(v)) > VDS_REFERENCE_MAX) {
    return SV_FAIL(ctx, SIGNER, "%s is no subject of a seal signer (Doc 9303-12)",
                   pki_cert_subject(v));
  }
  struct seal *seal = calloc(1, sizeof *seal);
  if (seal) {
    seal->beginnings = beginnings_open();
  }
  if (!seal || !seal->beginnings) {
    free(seal);
    return SV_FAIL(ctx, NO_MEMORY, "seal");
  }
  seal->document = document;
  seal->visible = visible;
  (void)snprintf(seal->vds_signer, sizeof seal->vds_signer, "%s%s", country, name);
  *ret = seal;
  return SV_DONE;
}

sv_status seal_open_files(struct sv_ctx *ctx, const char *document_key, const char *document_chain,
                          const char *seal_key, const char *seal_certificate, struct seal **ret) {
  SV_AUTO(seal_key_close) struct seal_key *document = NULL;
  SV_AUTO(seal_key_close) struct seal_key *visible = NULL;
  SV_TRY(seal_key_open_files(ctx, SEAL_DOCUMENT, document_key, document_chain, &document));
  SV_TRY(seal_key_open_files(ctx, SEAL_VISIBLE, seal_key, seal_certificate, &visible));
  SV_TRY(seal_open(ctx, document, visible, ret));
  document = visible = NULL;
  return SV_DONE;
}

void seal_close(struct seal *seal) {
  if (seal) {
    seal_key_close(seal->document);
    seal_key_close(seal->visible);
    beginnings_close(seal->beginnings);
    free(seal);
  }
}

const char *seal_signer_name(const struct seal *s) {
  return pki_cert_common_name(signer_of(s->document));
}
const char *seal_signer_organisation(const struct seal *s) {
  return pki_cert_organisation(signer_of(s->document));
}
const char *seal_signer_serial(const struct seal *s) {
  return pki_cert_serial_hex(signer_of(s->document));
}
const uint8_t *seal_signer_sha256(const struct seal *s) {
  return pki_cert_sha256(signer_of(s->document));
}
int64_t seal_signer_not_after_us(const struct seal *s) {
  return pki_cert_not_after_us(signer_of(s->document));
}
const uint8_t *seal_vds_sha256(const struct seal *s) {
  return pki_cert_sha256(signer_of(s->visible));
}
const char *seal_vds_signer(const struct seal *s) { return s->vds_signer; }
const char *seal_vds_reference(const struct seal *s) {
  return pki_cert_serial_hex(signer_of(s->visible));
}
int64_t seal_vds_not_after_us(const struct seal *s) {
  return pki_cert_not_after_us(signer_of(s->visible));
}

size_t seal_contents_room(const struct seal *seal) {
  return 2 * pki_cms_size(seal->document->chain) + 2;
}
size_t seal_contents_room_stamped(const struct seal *seal, size_t token_bytes) {
  return 2 * pki_cms_stamped_size(seal->document->chain, token_bytes) + 2;
}

/* The place [at, at + room) lies in n bytes and stands between these two characters. */
static bool stands(const uint8_t *pdf, size_t n, size_t at, size_t room, char first, char last) {
  return room >= 2 && at <= n && room <= n - at && pdf[at] == first && pdf[at + room - 1] == last;
}

static sv_status check_slot(struct sv_ctx *ctx, const struct seal *seal, const uint8_t *pdf,
                            size_t n, const struct sv_sig_slot *slot) {
  if (!stands(pdf, n, slot->byte_range_at, slot->byte_range_room, '[', ']') ||
      !stands(pdf, n, slot->contents_at, slot->contents_room, '<', '>')) {
    return SV_FAIL(ctx, INTERNAL, "the slot of the signature does not lie in the file");
  }
  if (slot->byte_range_at < slot->contents_at + slot->contents_room &&
      slot->contents_at < slot->byte_range_at + slot->byte_range_room) {
    return SV_FAIL(ctx, INTERNAL, "the places of ByteRange and Contents overlap");
  }
  if (slot->static_bytes > slot->byte_range_at || slot->static_bytes > slot->contents_at) {
    return SV_FAIL(ctx, INTERNAL, "the place of the signature lies in what documents share");
  }
  if (slot->contents_room < seal_contents_room(seal) || slot->contents_room % 2 != 0) {
    return SV_FAIL(ctx, INTERNAL, "%zu characters for Contents, needed %zu", slot->contents_room,
                   seal_contents_room(seal));
  }
  return SV_DONE;
}

static sv_status fill_byte_range(struct sv_ctx *ctx, uint8_t *pdf, size_t n,
                                 const struct sv_sig_slot *slot) {
  char text[96];
  size_t second = slot->contents_at + slot->contents_room;
  int len = snprintf(text, sizeof text, "[0 %zu %zu %zu", slot->contents_at, second, n - second);
  if (len < 0 || (size_t)len + 1 > slot->byte_range_room) {
    return SV_FAIL(ctx, INTERNAL, "%zu characters for ByteRange, needed %d", slot->byte_range_room,
                   len + 1);
  }
  memset(pdf + slot->byte_range_at, ' ', slot->byte_range_room);
  memcpy(pdf + slot->byte_range_at, text, (size_t)len);
  pdf[slot->byte_range_at + slot->byte_range_room - 1] = ']';
  return SV_DONE;
}

/* *ret_before: a digest that has taken what stands before /Contents. digest: of all but /Contents. */
static sv_status digest_signed(struct seal *seal, struct sv_ctx *ctx, const uint8_t *pdf, size_t n,
                               const struct sv_sig_slot *slot, uint8_t digest[static 32],
                               uint8_t beginning[static 32], struct crypto_hash **ret_before) {
  size_t second = slot->contents_at + slot->contents_room, shared = slot->static_bytes;
  SV_AUTO(crypto_hash_close) struct crypto_hash *before = NULL;
  SV_AUTO(crypto_hash_close) struct crypto_hash *all = NULL;
  SV_TRY(beginning_digest(seal->beginnings, ctx, sv_bytes_of(pdf, shared), &before, beginning));
  crypto_hash_update(before, sv_bytes_of(pdf + shared, slot->contents_at - shared));
  SV_TRY(crypto_hash_copy(ctx, before, &all));
  crypto_hash_update(all, sv_bytes_of(pdf + second, n - second));
  crypto_hash_final(all, digest);
  *ret_before = SV_TAKE(before);
  return SV_DONE;
}

static sv_status fill_contents(struct sv_ctx *ctx, uint8_t *pdf, const struct sv_sig_slot *slot,
                               struct sv_bytes cms) {
  if (2 * cms.n + 2 > slot->contents_room) {
    return SV_FAIL(ctx, INTERNAL, "a CMS of %zu bytes does not fit", cms.n);
  }
  char *hex = SV_ARRAY(ctx->mem, 2 * cms.n + 1, char);
  if (!hex) {
    return SV_FAIL(ctx, NO_MEMORY, "Contents");
  }
  sv_hex(cms.p, cms.n, hex);
  memset(pdf + slot->contents_at + 1, '0', slot->contents_room - 2);
  memcpy(pdf + slot->contents_at + 1, hex, 2 * cms.n);
  return SV_DONE;
}

static sv_status cms_make(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                          const uint8_t digest[static 32], struct sv_bytes *ret_cms) {
  const struct pki_chain *chain = seal->document->chain;
  struct sv_bytes attributes;
  SV_TRY(pki_cms_attributes(ctx, chain, digest, &attributes));
  uint8_t raw[PKI_RAW_MAX];
  size_t raw_n;
  SV_TRY(seal_key_sign(seal->document, ctx, SEAL_DOCUMENT, subject, attributes, raw, &raw_n));
  return pki_cms_assemble(ctx, chain, attributes, sv_bytes_of(raw, raw_n), ret_cms);
}

/* A time-stamp over the signature, inside the CMS. room: of the CMS, in bytes. */
static sv_status cms_stamp(struct sv_ctx *ctx, struct seal_services *stamps, size_t room,
                           struct sv_bytes *cms) {
  struct sv_bytes signature;
  struct seal_stamp stamp;
  uint8_t digest[32];
  SV_TRY(pki_cms_signature(ctx, *cms, &signature));
  crypto_sha256(signature, digest);
  SV_TRY(seal_stamp_take(stamps, ctx, digest, &stamp));
  SV_TRY(pki_cms_stamp(ctx, *cms, stamp.token, cms));
  return cms->n <= room ? SV_DONE
                        : SV_FAIL(ctx, TIMESTAMP, "a token of %zu bytes has no room in Contents",
                                  stamp.token.n);
}

sv_status seal_pdf(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                   uint8_t *pdf, size_t n, const struct sv_sig_slot *slot,
                   struct seal_digests *ret) {
  return seal_pdf_stamped(seal, ctx, subject, pdf, n, slot, NULL, ret);
}

sv_status seal_pdf_stamped(struct seal *seal, struct sv_ctx *ctx,
                           const struct seal_subject *subject, uint8_t *pdf, size_t n,
                           const struct sv_sig_slot *slot, struct seal_services *stamps,
                           struct seal_digests *ret) {
  SV_TRY(check_slot(ctx, seal, pdf, n, slot));
  SV_TRY(fill_byte_range(ctx, pdf, n, slot));
  uint8_t digest[32];
  struct seal_digests digests;
  SV_AUTO(crypto_hash_close) struct crypto_hash *file = NULL;
  SV_TRY(digest_signed(seal, ctx, pdf, n, slot, digest, digests.beginning, &file));
  struct sv_bytes cms;
  SV_TRY(cms_make(seal, ctx, subject, digest, &cms));
  if (stamps) {
    SV_TRY(cms_stamp(ctx, stamps, slot->contents_room / 2 - 1, &cms));
  }
  SV_TRY(fill_contents(ctx, pdf, slot, cms));
  if (ret) {
    crypto_hash_update(file, sv_bytes_of(pdf + slot->contents_at, n - slot->contents_at));
    crypto_hash_final(file, digests.file);
    *ret = digests;
  }
  return SV_DONE;
}

sv_status seal_record(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                      struct sv_bytes record, struct sv_bytes *ret_cms) {
  uint8_t digest[32];
  crypto_sha256(record, digest);
  return cms_make(seal, ctx, subject, digest, ret_cms);
}

sv_status seal_visible(struct seal *seal, struct sv_ctx *ctx, const struct seal_subject *subject,
                       struct sv_bytes unsigned_part, struct sv_bytes *ret_seal) {
  uint8_t raw[PKI_RAW_MAX];
  size_t n;
  SV_TRY(seal_key_sign(seal->visible, ctx, SEAL_VISIBLE, subject, unsigned_part, raw, &n));
  return vds_write_signature(ctx, unsigned_part, sv_bytes_of(raw, n), ret_seal);
}
