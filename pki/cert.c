/* One certificate: what it says, copied out once, so that nobody else needs OpenSSL's types; and chains of them.
 * Invariant: every string of a pki_cert is set ("" when absent) once pki_cert_fill has succeeded. */
#include "pki/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/digest.h"
#include "pki/cert_struct.h"
#include "pki/der.h"

/* id-icao-mrtd-security-extensions-documentTypeList, 2.23.136.1.1.6.2 */
static const uint8_t document_types_oid[] = {0x67, 0x81, 0x08, 0x01, 0x01, 0x06, 0x02};

static char *name_entry(const X509_NAME *name, int nid) {
  int at = X509_NAME_get_index_by_NID(name, nid, -1);
  unsigned char *utf8 = NULL;
  if (at >= 0) {
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (n < 0 || memchr(utf8, 0, (size_t)n)) {
      OPENSSL_free(utf8);
      return NULL;
    }
  }
  char *copy = strdup(utf8 ? (const char *)utf8 : "");
  OPENSSL_free(utf8);
  return copy;
}

static char *name_line(const X509_NAME *name) {
  SV_AUTO(BIO_free_all) BIO *out = BIO_new(BIO_s_mem());
  if (!out || X509_NAME_print_ex(out, name, 0,
                                 XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0) {
    return NULL;
  }
  char *p;
  long n = BIO_get_mem_data(out, &p);
  return n >= 0 ? strndup(p ? p : "", (size_t)n) : NULL;
}

static char *serial_line(const ASN1_INTEGER *serial) {
  int n = ASN1_STRING_length(serial);
  const unsigned char *p = ASN1_STRING_get0_data(serial);
  char *hex = n > 0 && n <= 20 ? calloc((size_t)n, 2) : NULL;
  char *text = hex ? realloc(hex, (size_t)n * 2 + 1) : NULL;
  if (!text) {
    free(hex);
    return NULL;
  }
  for (int i = 0; i < n; i++) {
    (void)snprintf(text + 2 * i, 3, "%02X", p[i]);
  }
  return text;
}

static bool time_us(const ASN1_TIME *t, int64_t *ret) {
  struct tm tm;
  if (ASN1_TIME_to_tm(t, &tm) != 1) {
    return false;
  }
  *ret = (int64_t)timegm(&tm) * 1000000;
  return true;
}

static bool encode_issuer_serial(X509 *x, struct pki_cert *c) {
  unsigned char *issuer = NULL;
  unsigned char *serial = NULL;
  int issuer_n = i2d_X509_NAME(X509_get_issuer_name(x), &issuer);
  int serial_n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &serial);
  if (issuer_n > 0 && serial_n > 0) {
    size_t n = (size_t)issuer_n + (size_t)serial_n;
    uint8_t head[6];
    size_t head_n = der_head(0x30, n, head);
    c->issuer_serial = malloc(head_n + n);
    if (c->issuer_serial) {
      memcpy(c->issuer_serial, head, head_n);
      memcpy(c->issuer_serial + head_n, issuer, (size_t)issuer_n);
      memcpy(c->issuer_serial + head_n + issuer_n, serial, (size_t)serial_n);
      c->issuer_serial_n = head_n + n;
    }
  }
  OPENSSL_free(issuer);
  OPENSSL_free(serial);
  return c->issuer_serial != NULL;
}

sv_status pki_cert_fill(struct sv_ctx *ctx, X509 *x, struct pki_cert *c) {
  *c = (struct pki_cert){0};
  const X509_NAME *name = X509_get_subject_name(x);
  int n = i2d_X509(x, &c->der);
  c->subject = name_line(name);
  c->common_name = name_entry(name, NID_commonName);
  c->organisation = name_entry(name, NID_organizationName);
  c->country = name_entry(name, NID_countryName);
  c->serial_hex = serial_line(X509_get0_serialNumber(x));
  /* X509_check_purpose caches the extensions, so that later readers only read. */
  bool good = n > 0 && c->subject && c->common_name && c->organisation && c->country &&
              c->serial_hex && encode_issuer_serial(x, c) &&
              time_us(X509_get0_notBefore(x), &c->not_before_us) &&
              time_us(X509_get0_notAfter(x), &c->not_after_us) &&
              X509_check_purpose(x, -1, 0) == 1 && X509_up_ref(x) == 1;
  if (!good) {
    pki_cert_clear(c);
    ERR_clear_error();
    return SV_FAIL(ctx, CERT_FORMAT, "a certificate with unusable fields");
  }
  c->x509 = x;
  c->der_n = (size_t)n;
  crypto_sha256(sv_bytes_of(c->der, c->der_n), c->sha256);
  return SV_DONE;
}

sv_status pki_cert_of_der(struct sv_ctx *ctx, struct sv_bytes der, struct pki_cert *c) {
  const uint8_t *p = der.p;
  SV_AUTO(X509_free)
  X509 *x = der.n <= PKI_CERT_MAX ? d2i_X509(NULL, &p, (long)der.n) : NULL;
  if (!x || p != der.p + der.n) {
    ERR_clear_error();
    return SV_FAIL(ctx, CERT_FORMAT, "not a certificate in DER");
  }
  SV_TRY(pki_cert_fill(ctx, x, c));
  if (!sv_bytes_equal(der, sv_bytes_of(c->der, c->der_n))) {
    pki_cert_clear(c);
    return SV_FAIL(ctx, CERT_FORMAT, "a certificate that is not in DER");
  }
  return SV_DONE;
}

void pki_cert_make_ready(struct pki_cert *c) {
  EVP_PKEY *key = X509_get0_pubkey(c->x509);
  c->ready = key && EVP_PKEY_is_a(key, "EC") ? EVP_PKEY_CTX_new(key, NULL) : NULL;
  if (c->ready && EVP_PKEY_verify_init(c->ready) != 1) {
    EVP_PKEY_CTX_free(c->ready);
    c->ready = NULL;
  }
  ERR_clear_error();
}

void pki_cert_clear(struct pki_cert *c) {
  EVP_PKEY_CTX_free(c->ready);
  X509_free(c->x509);
  free(c->subject);
  free(c->common_name);
  free(c->organisation);
  free(c->country);
  free(c->serial_hex);
  free(c->issuer_serial);
  OPENSSL_free(c->der);
  *c = (struct pki_cert){0};
}

/* Room for one more, empty. NULL when memory is out or the chain is full. */
static struct pki_cert *room_in(struct sv_ctx *ctx, struct pki_chain *chain, sv_status *ret) {
  struct pki_cert *c = NULL;
  if (chain->count == PKI_CHAIN_MAX) {
    *ret = SV_FAIL(ctx, CERT_FORMAT, "more than %d certificates in a chain", PKI_CHAIN_MAX);
  } else if (!(c = calloc(1, sizeof *c))) {
    *ret = SV_FAIL(ctx, NO_MEMORY, "certificate");
  }
  return c;
}

static sv_status keep_in(struct pki_chain *chain, struct pki_cert *c, sv_status filled) {
  if (sv_failed(filled)) {
    free(c);
    return filled;
  }
  chain->own[chain->own_count++] = c;
  chain->certs[chain->count++] = c;
  return SV_DONE;
}

sv_status pki_chain_add(struct sv_ctx *ctx, struct pki_chain *chain, X509 *x) {
  sv_status status = SV_DONE;
  struct pki_cert *c = room_in(ctx, chain, &status);
  return c ? keep_in(chain, c, pki_cert_fill(ctx, x, c)) : status;
}

sv_status pki_chain_add_der(struct sv_ctx *ctx, struct pki_chain *chain, struct sv_bytes der) {
  sv_status status = SV_DONE;
  struct pki_cert *c = room_in(ctx, chain, &status);
  return c ? keep_in(chain, c, pki_cert_of_der(ctx, der, c)) : status;
}

sv_status pki_chain_lend(struct sv_ctx *ctx, struct pki_chain *chain, const struct pki_cert *c) {
  if (chain->count == PKI_CHAIN_MAX) {
    return SV_FAIL(ctx, CERT_FORMAT, "more than %d certificates in a chain", PKI_CHAIN_MAX);
  }
  chain->certs[chain->count++] = c;
  return SV_DONE;
}

sv_status pki_pem_open(struct sv_ctx *ctx, struct sv_bytes pem, BIO **ret) {
  static const char trusted[] = "-----BEGIN TRUSTED CERTIFICATE-----";
  if (pem.n > PKI_PEM_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "certificates in %zu bytes; at most %d", pem.n,
                   PKI_PEM_MAX);
  }
  if (pem.n && memmem(pem.p, pem.n, trusted, sizeof trusted - 1)) {
    return SV_FAIL(ctx, CERT_FORMAT,
                   "a block of TRUSTED CERTIFICATE, whose uses nobody here keeps: write it as "
                   "CERTIFICATE");
  }
  BIO *in = BIO_new_mem_buf(pem.n ? (const void *)pem.p : "", (int)pem.n);
  if (!in) {
    return SV_FAIL(ctx, NO_MEMORY, "certificates in %zu bytes", pem.n);
  }
  *ret = in;
  return SV_DONE;
}

sv_status pki_pem_next(struct sv_ctx *ctx, BIO *in, X509 **ret) {
  ERR_clear_error();
  X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
  bool ended = !x && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!x && !ended) {
    return SV_FAIL(ctx, CERT_FORMAT, "a block of CERTIFICATE that can't be read");
  }
  *ret = x;
  return SV_DONE;
}

static sv_status read_chain(struct sv_ctx *ctx, BIO *in, struct pki_chain *chain) {
  for (;;) {
    SV_AUTO(X509_free) X509 *x = NULL;
    SV_TRY(pki_pem_next(ctx, in, &x));
    if (!x) {
      return chain->count ? SV_DONE : SV_FAIL(ctx, CERT_FORMAT, "no certificate in PEM");
    }
    if (chain->count) {
      X509 *before = chain->certs[chain->count - 1]->x509;
      if (X509_check_issued(x, before) != X509_V_OK ||
          X509_verify(before, X509_get0_pubkey(x)) != 1) {
        ERR_clear_error();
        return SV_FAIL(ctx, CERT_FORMAT, "certificate %zu did not issue the one before it",
                       chain->count + 1);
      }
    }
    SV_TRY(pki_chain_add(ctx, chain, x));
  }
}

sv_status pki_chain_open(struct sv_ctx *ctx, struct sv_bytes pem, struct pki_chain **ret) {
  SV_AUTO(pki_chain_close) struct pki_chain *chain = calloc(1, sizeof *chain);
  SV_AUTO(BIO_free_all) BIO *in = NULL;
  if (!chain) {
    return SV_FAIL(ctx, NO_MEMORY, "chain of %zu bytes", pem.n);
  }
  SV_TRY(pki_pem_open(ctx, pem, &in));
  SV_TRY(read_chain(ctx, in, chain));
  *ret = SV_TAKE(chain);
  return SV_DONE;
}

sv_status pki_chain_of_der(struct sv_ctx *ctx, const struct sv_bytes *ders, size_t n,
                           struct pki_chain **ret) {
  SV_AUTO(pki_chain_close) struct pki_chain *chain = calloc(1, sizeof *chain);
  if (!chain) {
    return SV_FAIL(ctx, NO_MEMORY, "chain");
  }
  if (n < 1 || n > PKI_CHAIN_MAX) {
    return SV_FAIL(ctx, CERT_FORMAT, "%zu certificates in a chain of at most %d", n, PKI_CHAIN_MAX);
  }
  for (size_t i = 0; i < n; i++) {
    SV_TRY(pki_chain_add_der(ctx, chain, ders[i]));
  }
  *ret = SV_TAKE(chain);
  return SV_DONE;
}

void pki_chain_close(struct pki_chain *chain) {
  if (chain) {
    for (size_t i = 0; i < chain->own_count; i++) {
      pki_cert_clear(chain->own[i]);
      free(chain->own[i]);
    }
    free(chain);
  }
}

size_t pki_chain_count(const struct pki_chain *chain) { return chain->count; }

const struct pki_cert *pki_chain_at(const struct pki_chain *chain, size_t i) {
  SV_ASSERT(i < chain->count);
  return chain->certs[i];
}

const char *pki_cert_subject(const struct pki_cert *c) { return c->subject; }
const char *pki_cert_common_name(const struct pki_cert *c) { return c->common_name; }
const char *pki_cert_organisation(const struct pki_cert *c) { return c->organisation; }
const char *pki_cert_country(const struct pki_cert *c) { return c->country; }
const char *pki_cert_serial_hex(const struct pki_cert *c) { return c->serial_hex; }
const uint8_t *pki_cert_sha256(const struct pki_cert *c) { return c->sha256; }
struct sv_bytes pki_cert_der(const struct pki_cert *c) {
  return sv_bytes_of(c->der, c->der_n);
}
int64_t pki_cert_not_before_us(const struct pki_cert *c) { return c->not_before_us; }
int64_t pki_cert_not_after_us(const struct pki_cert *c) { return c->not_after_us; }

/* DocumentTypeListSyntax: SEQUENCE { version INTEGER, docTypeList SET OF PrintableString }. */
static bool list_has(struct sv_bytes list, const char *type) {
  struct sv_cursor c = sv_cursor_over(list);
  struct sv_bytes body;
  struct sv_bytes version;
  struct sv_bytes set;
  if (!der_take(&c, 0x30, &body)) {
    return false;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x02, &version) || !der_take(&c, 0x31, &set)) {
    return false;
  }
  c = sv_cursor_over(set);
  struct sv_bytes one;
  while (der_take(&c, 0x13, &one)) {
    if (sv_bytes_equal(one, sv_bytes_str(type))) {
      return true;
    }
  }
  return false;
}

bool pki_cert_allows_type(const struct pki_cert *c, const char *type) {
  for (int i = 0; i < X509_get_ext_count(c->x509); i++) {
    X509_EXTENSION *e = X509_get_ext(c->x509, i);
    const ASN1_OBJECT *oid = X509_EXTENSION_get_object(e);
    if (sv_bytes_equal(sv_bytes_of(OBJ_get0_data(oid), OBJ_length(oid)),
                       sv_bytes_of(document_types_oid, sizeof document_types_oid))) {
      const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(e);
      return list_has(sv_bytes_of(ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v)), type);
    }
  }
  return true;
}
