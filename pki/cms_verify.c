/* Judges a CMS that came from outside (RFC 5652 5.4 and 5.6, RFC 5035): its shape first, then digest, certificate and
 * signature. */
#include "pki/der.h"
#include "pki/signed_data.h"

#define BYTES(a) sv_bytes_of((a), sizeof(a))

static const uint8_t oid_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                   0xF7, 0x0D, 0x01, 0x07, 0x01};
/* id-aa-timeStampToken, RFC 3161 appendix A */
static const uint8_t oid_token[] = {0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                    0x0D, 0x01, 0x09, 0x10, 0x02, 0x0E};

static const uint8_t oid_signing_time[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                           0xF7, 0x0D, 0x01, 0x09, 0x05};

int pki_cms_timestamp(const struct pki_cms *cms, struct sv_bytes *ret_token) {
  struct sv_cursor c = sv_cursor_over(cms->unsigned_attributes);
  struct sv_bytes attribute;
  if (cms->unsigned_attributes.n == 0) {
    return 0;
  }
  bool sole = der_take(&c, 0x30, &attribute) && sv_cursor_left(&c) == 0 &&
              pki_signed_value(cms->unsigned_attributes, BYTES(oid_token), ret_token);
  return sole ? 1 : -1;
}

static sv_status judge(struct sv_ctx *ctx, const struct pki_trust *known, enum pki_ess ess,
                       const struct pki_signed *s, struct crypto_pieces content,
                       struct pki_cms *r) {
  if (!sv_bytes_equal(s->content_type, sv_bytes_of(oid_data + 2, sizeof oid_data - 2))) {
    r->why = "signed data of another type";
    return SV_DONE;
  }
  if (s->content.p) {
    r->why = "content inside";
    return SV_DONE;
  }
  SV_TRY(pki_signed_chain(ctx, known, s, &r->chain));
  if (!r->chain) {
    r->why = "the signer's certificate is not inside or unusable";
    return SV_DONE;
  }
  return pki_signed_judge(ctx, s, r->chain, BYTES(oid_data), ess, content, &r->fault, &r->why);
}

static sv_status verify_with(struct sv_ctx *ctx, const struct pki_trust *known, enum pki_ess ess,
                             struct sv_bytes cms, struct crypto_pieces content,
                             struct pki_cms *ret) {
  struct pki_cms r = {.fault = PKI_CMS_FORMAT, .why = "too large"};
  struct pki_signed s;
  if (cms.n <= PKI_CMS_MAX) {
    r.why = pki_signed_read(cms, &s);
    r.der_bytes = s.der_bytes;
    if (!r.why) {
      r.signature = s.signature;
      r.signing_time = pki_signed_has(s.attributes, BYTES(oid_signing_time));
      r.unsigned_attributes = s.unsigned_attributes;
      sv_status status = judge(ctx, known, ess, &s, content, &r);
      if (sv_failed(status)) {
        pki_chain_close(r.chain);
        return status;
      }
    }
  }
  *ret = r;
  return SV_DONE;
}

sv_status pki_cms_verify(struct sv_ctx *ctx, struct sv_bytes cms, struct crypto_pieces content,
                         struct pki_cms *ret) {
  return verify_with(ctx, NULL, PKI_ESS_V2, cms, content, ret);
}

sv_status pki_cms_verify_known(struct sv_ctx *ctx, const struct pki_trust *known,
                               struct sv_bytes cms, struct crypto_pieces content,
                               struct pki_cms *ret) {
  return verify_with(ctx, known, PKI_ESS_V2, cms, content, ret);
}

sv_status pki_cms_verify_plain(struct sv_ctx *ctx, struct sv_bytes cms,
                               struct crypto_pieces content, struct pki_cms *ret) {
  return verify_with(ctx, NULL, PKI_ESS_IF_THERE, cms, content, ret);
}
