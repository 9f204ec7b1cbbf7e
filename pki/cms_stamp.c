/* The elements of a CMS are lifted out as they are and joined again around one more: lengths are all that changes. */
#include "pki/der.h"
#include "pki/stamp.h"

/* id-aa-timeStampToken, RFC 3161 appendix A */
static const uint8_t oid_token[] = {0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                    0x0D, 0x01, 0x09, 0x10, 0x02, 0x0E};
enum { OUTER_LEVELS = 5, LENGTH_GROWTH = 2 };

size_t pki_cms_stamped_size(const struct pki_chain *chain, size_t token_n) {
  size_t attribute = der_size(sizeof oid_token + der_size(token_n));
  return pki_cms_size(chain) + der_size(attribute) + (size_t)OUTER_LEVELS * LENGTH_GROWTH;
}

/* The next element of any tag, head included. */
static bool take_whole(struct sv_cursor *c, struct sv_bytes *ret) {
  const uint8_t *from = c->p;
  struct sv_bytes value;
  if (!der_take(c, der_peek(c), &value)) {
    return false;
  }
  *ret = sv_bytes_of(from, (size_t)(c->p - from));
  return true;
}

/* What stands around the SignerInfo, and the SignerInfo's value. */
struct parts {
  struct sv_bytes type;   /* of the ContentInfo */
  struct sv_bytes before; /* of the SignedData, up to its SignerInfos */
  struct sv_bytes signer;
};

static bool parts_of(struct sv_bytes cms, struct parts *ret) {
  struct sv_cursor c = sv_cursor_over(cms);
  struct sv_bytes info, data, infos, unused;
  if (!der_take(&c, 0x30, &info)) {
    return false;
  }
  c = sv_cursor_over(info);
  if (!take_whole(&c, &ret->type) || !der_take(&c, 0xA0, &data)) {
    return false;
  }
  c = sv_cursor_over(data);
  if (!der_take(&c, 0x30, &data)) {
    return false;
  }
  c = sv_cursor_over(data);
  while (der_peek(&c) != 0x31 || c.p == data.p + 3) { /* digestAlgorithms is a SET too */
    if (!take_whole(&c, &unused)) {
      return false;
    }
  }
  ret->before = sv_bytes_of(data.p, (size_t)(c.p - data.p));
  if (!der_take(&c, 0x31, &infos) || sv_cursor_left(&c)) {
    return false;
  }
  c = sv_cursor_over(infos);
  return der_take(&c, 0x30, &ret->signer) && sv_cursor_left(&c) == 0;
}

sv_status pki_cms_signature(struct sv_ctx *ctx, struct sv_bytes cms, struct sv_bytes *ret) {
  struct parts p;
  if (parts_of(cms, &p)) {
    struct sv_cursor c = sv_cursor_over(p.signer);
    struct sv_bytes element;
    while (sv_cursor_left(&c)) {
      if (der_peek(&c) == 0x04 && der_take(&c, 0x04, ret)) {
        return SV_DONE;
      }
      if (!take_whole(&c, &element)) {
        break;
      }
    }
  }
  return SV_FAIL(ctx, INTERNAL, "no CMS of ours to be stamped");
}

sv_status pki_cms_stamp(struct sv_ctx *ctx, struct sv_bytes cms, struct sv_bytes token,
                        struct sv_bytes *ret) {
  struct parts p;
  struct sv_arena *mem = ctx->mem;
  if (!parts_of(cms, &p)) {
    return SV_FAIL(ctx, INTERNAL, "no CMS of ours to be stamped");
  }
  struct sv_bytes attribute =
      DER_JOIN(mem, 0x30, sv_bytes_of(oid_token, sizeof oid_token), DER_JOIN(mem, 0x31, token));
  struct sv_bytes signer = DER_JOIN(mem, 0x30, p.signer, DER_JOIN(mem, 0xA1, attribute));
  struct sv_bytes data = DER_JOIN(mem, 0x30, p.before, DER_JOIN(mem, 0x31, signer));
  struct sv_bytes made = DER_JOIN(mem, 0x30, p.type, DER_JOIN(mem, 0xA0, data));
  if (!made.p) {
    return SV_FAIL(ctx, NO_MEMORY, "a CMS with its token");
  }
  *ret = made;
  return SV_DONE;
}
