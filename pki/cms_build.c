/* Builds the CMS of a PAdES B-B signature, element by element: a handful of constants, the signer's chain, a digest
 * and a signature. Everything is DER: sets are in the order of their encodings. */
#include <openssl/crypto.h>

#include "pki/cert_struct.h"
#include "pki/cms.h"
#include "pki/der.h"

enum { DER_SIGNATURE_MAX = 72, RAW_P256 = 64 };

static const uint8_t version_1[] = {0x02, 0x01, 0x01};
/* id-data and id-signedData, RFC 5652 */
static const uint8_t oid_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                   0xF7, 0x0D, 0x01, 0x07, 0x01};
static const uint8_t oid_signed_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                          0xF7, 0x0D, 0x01, 0x07, 0x02};
/* AlgorithmIdentifier without parameters: RFC 5754 2 and 3.3 */
static const uint8_t alg_sha256[] = {0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48,
                                     0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
static const uint8_t alg_ecdsa_sha256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86,
                                           0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
/* The whole attribute content-type: id-data. */
static const uint8_t attr_content_type[] = {0x30, 0x18, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                            0x0D, 0x01, 0x09, 0x03, 0x31, 0x0B, 0x06, 0x09, 0x2A,
                                            0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01};
/* message-digest up to the 32 bytes of its value */
static const uint8_t attr_message_digest[] = {0x30, 0x2F, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                              0x0D, 0x01, 0x09, 0x04, 0x31, 0x22, 0x04, 0x20};
/* signing-certificate-v2 (RFC 5035) up to the 32 bytes of the certificate's digest: SHA-256 is its default */
static const uint8_t attr_certificate[] = {0x30, 0x37, 0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                           0x0D, 0x01, 0x09, 0x10, 0x02, 0x2F, 0x31, 0x28, 0x30,
                                           0x26, 0x30, 0x24, 0x30, 0x22, 0x04, 0x20};
#define BYTES(a) sv_bytes_of((a), sizeof(a))
enum {
  ATTRIBUTES_BYTES =
      sizeof attr_content_type + sizeof attr_message_digest + 32 + sizeof attr_certificate + 32
};

static size_t sum_of_certificates(const struct pki_chain *chain) {
  size_t n = 0;
  for (size_t i = 0; i < chain->count; i++) {
    n += chain->certs[i]->der_n;
  }
  return n;
}

size_t pki_cms_size(const struct pki_chain *chain) {
  size_t signer = sizeof version_1 + chain->certs[0]->issuer_serial_n + sizeof alg_sha256 +
                  der_size(ATTRIBUTES_BYTES) + sizeof alg_ecdsa_sha256 +
                  der_size(DER_SIGNATURE_MAX);
  size_t data = sizeof version_1 + der_size(sizeof alg_sha256) + der_size(sizeof oid_data) +
                der_size(sum_of_certificates(chain)) + der_size(der_size(signer));
  return der_size(sizeof oid_signed_data + der_size(der_size(data)));
}

sv_status pki_cms_attributes(struct sv_ctx *ctx, const struct pki_chain *chain,
                             const uint8_t digest[static 32], struct sv_bytes *ret_der) {
  /* already in DER order: 30 18, 30 2F, 30 37 */
  struct sv_bytes set = DER_JOIN(ctx->mem, 0x31, BYTES(attr_content_type),
                                 BYTES(attr_message_digest), sv_bytes_of(digest, 32),
                                 BYTES(attr_certificate), sv_bytes_of(chain->certs[0]->sha256, 32));
  if (!set.p) {
    return SV_FAIL(ctx, NO_MEMORY, "signed attributes");
  }
  *ret_der = set;
  return SV_DONE;
}

static int compare(struct sv_bytes a, struct sv_bytes b) {
  int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
  return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* certificates [0] IMPLICIT SET OF, in the order of their encodings. */
static struct sv_bytes certificate_set(struct sv_arena *mem, const struct pki_chain *chain) {
  struct sv_bytes sorted[PKI_CHAIN_MAX];
  for (size_t i = 0; i < chain->count; i++) {
    struct sv_bytes der = sv_bytes_of(chain->certs[i]->der, chain->certs[i]->der_n);
    size_t at = i;
    for (; at > 0 && compare(der, sorted[at - 1]) < 0; at--) {
      sorted[at] = sorted[at - 1];
    }
    sorted[at] = der;
  }
  return der_join(mem, 0xA0, sorted, chain->count);
}

/* [0] IMPLICIT: the SET's bytes under another tag. */
static struct sv_bytes retagged(struct sv_arena *mem, struct sv_bytes set) {
  uint8_t *copy = sv_arena_alloc(mem, set.n);
  if (copy) {
    memcpy(copy, set.p, set.n);
    copy[0] = 0xA0;
  }
  return sv_bytes_of(copy, set.n);
}

sv_status pki_cms_assemble(struct sv_ctx *ctx, const struct pki_chain *chain,
                           struct sv_bytes attributes, struct sv_bytes raw,
                           struct sv_bytes *ret_cms) {
  struct sv_arena *mem = ctx->mem;
  uint8_t *der = NULL;
  size_t n = raw.n == RAW_P256 && pki_cert_raw_size(chain->certs[0]) == RAW_P256
                 ? pki_raw_to_der(raw, &der)
                 : 0;
  if (n == 0 || attributes.n != der_size(ATTRIBUTES_BYTES) || attributes.p[0] != 0x31) {
    OPENSSL_free(der);
    return SV_FAIL(ctx, SIGNER, "no P-256 signature over our attributes");
  }
  const struct pki_cert *c = chain->certs[0];
  struct sv_bytes signature = DER_JOIN(mem, 0x04, sv_bytes_of(der, n));
  struct sv_bytes signer =
      DER_JOIN(mem, 0x30, BYTES(version_1), sv_bytes_of(c->issuer_serial, c->issuer_serial_n),
               BYTES(alg_sha256), retagged(mem, attributes), BYTES(alg_ecdsa_sha256), signature);
  OPENSSL_free(der);
  struct sv_bytes data =
      DER_JOIN(mem, 0x30, BYTES(version_1), DER_JOIN(mem, 0x31, BYTES(alg_sha256)),
               DER_JOIN(mem, 0x30, BYTES(oid_data)), certificate_set(mem, chain),
               DER_JOIN(mem, 0x31, signer));
  struct sv_bytes cms = DER_JOIN(mem, 0x30, BYTES(oid_signed_data), DER_JOIN(mem, 0xA0, data));
  if (!cms.p) {
    return SV_FAIL(ctx, NO_MEMORY, "CMS");
  }
  SV_ASSERT(cms.n <= pki_cms_size(chain));
  *ret_cms = cms;
  return SV_DONE;
}
