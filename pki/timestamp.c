/* Time-stamp tokens, element by element: TSTInfo has the same strictness as everything else that decides a verdict. */
#include "pki/timestamp.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "pki/der.h"
#include "pki/signed_data.h"

#define BYTES(a) sv_bytes_of((a), sizeof(a))
enum { ARCS_MAX = 32, SERIAL_MAX = 32 };

/* id-ct-TSTInfo */
static const uint8_t oid_tst_info[] = {0x06, 0x0B, 0x2A, 0x86, 0x48, 0x86, 0xF7,
                                       0x0D, 0x01, 0x09, 0x10, 0x01, 0x04};

static void set_fault(struct pki_token *t, enum pki_token_fault fault, const char *why) {
  t->fault = fault;
  t->why = why;
}

/* "1.2.840.113549" from an OID's value; "" when it does not fit or is none. */
static void oid_text(struct sv_bytes oid, char *out, size_t room) {
  size_t n = 0;
  uint64_t arc = 0;
  bool first = true;
  out[0] = 0;
  for (size_t i = 0; i < oid.n && n + 24 < room; i++) {
    if (arc > UINT64_MAX >> 8) {
      break;
    }
    arc = arc << 7 | (oid.p[i] & 0x7F);
    if (oid.p[i] & 0x80) {
      continue;
    }
    uint64_t top = arc < 80 ? arc / 40 : 2;
    n += (size_t)(first ? snprintf(out, room, "%llu.%llu", (unsigned long long)top,
                                   (unsigned long long)(arc - 40 * top))
                        : snprintf(out + n, room - n, ".%llu", (unsigned long long)arc));
    first = false;
    arc = 0;
    if (i + 1 == oid.n) {
      return;
    }
  }
  out[0] = 0;
}

static bool two_digits(const uint8_t *p, int low, int high, int *ret) {
  if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9') {
    return false;
  }
  *ret = (p[0] - '0') * 10 + p[1] - '0';
  return *ret >= low && *ret <= high;
}

/* The fraction of a second, ".1" to ".123456789", without zeroes at the end. */
static bool read_fraction(struct sv_bytes t, int64_t *ret_us) {
  int64_t scale = 100000;
  if (t.n < 2 || t.n > 10 || t.p[0] != '.' || t.p[t.n - 1] == '0') {
    return false;
  }
  for (size_t i = 1; i < t.n; i++, scale /= 10) {
    if (t.p[i] < '0' || t.p[i] > '9') {
      return false;
    }
    *ret_us += scale * (t.p[i] - '0');
  }
  return true;
}

/* GeneralizedTime of DER: YYYYMMDDHHMMSS[.f]Z. */
static bool read_time(struct sv_bytes t, int64_t *ret_us) {
  struct tm tm = {0};
  int century;
  int year;
  int64_t fraction = 0;
  if (t.n < 15 || t.p[t.n - 1] != 'Z' || !two_digits(t.p, 19, 99, &century) ||
      !two_digits(t.p + 2, 0, 99, &year) || !two_digits(t.p + 4, 1, 12, &tm.tm_mon) ||
      !two_digits(t.p + 6, 1, 31, &tm.tm_mday) || !two_digits(t.p + 8, 0, 23, &tm.tm_hour) ||
      !two_digits(t.p + 10, 0, 59, &tm.tm_min) || !two_digits(t.p + 12, 0, 60, &tm.tm_sec)) {
    return false;
  }
  if (t.n > 15 && !read_fraction(sv_bytes_of(t.p + 14, t.n - 15), &fraction)) {
    return false;
  }
  tm.tm_year = century * 100 + year - 1900;
  tm.tm_mon--;
  *ret_us = (int64_t)timegm(&tm) * 1000000 + fraction;
  return true;
}

/* A small INTEGER that is not negative. */
static bool small_integer(struct sv_bytes v, uint32_t max, uint32_t *ret) {
  uint32_t n = 0;
  if (v.n < 1 || v.n > 4 || (v.p[0] & 0x80) != 0) {
    return false;
  }
  for (size_t i = 0; i < v.n; i++) {
    n = n << 8 | v.p[i];
  }
  *ret = n;
  return n <= max;
}

/* Accuracy ::= SEQUENCE { seconds INTEGER?, millis [0]?, micros [1]? } */
static bool read_accuracy(struct sv_bytes body, int64_t *ret_us) {
  static const struct {
    uint8_t tag;
    uint32_t max;
    int64_t us;
  } parts[] = {{0x02, 86400, 1000000}, {0x80, 999, 1000}, {0x81, 999, 1}};
  struct sv_cursor c = sv_cursor_over(body);
  int64_t sum = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    struct sv_bytes v;
    uint32_t n = 0;
    if (der_take(&c, parts[i].tag, &v) && !small_integer(v, parts[i].max, &n)) {
      return false;
    }
    sum += n * parts[i].us;
  }
  *ret_us = sum;
  return sv_cursor_left(&c) == 0;
}

struct imprint {
  enum crypto_digest kind;
  struct sv_bytes digest;
  bool weak; /* of a digest that is not allowed */
};

static bool read_imprint(struct sv_cursor *c, struct imprint *ret) {
  struct sv_bytes body;
  struct sv_bytes alg;
  struct sv_bytes oid;
  if (!der_take(c, 0x30, &body)) {
    return false;
  }
  struct sv_cursor in = sv_cursor_over(body);
  if (!der_take(&in, 0x30, &alg) || !der_take(&in, 0x04, &ret->digest) || sv_cursor_left(&in)) {
    return false;
  }
  in = sv_cursor_over(alg);
  if (!der_take(&in, 0x06, &oid)) {
    return false;
  }
  ret->weak = !pki_digest_of_oid(oid, &ret->kind);
  return ret->weak || ret->digest.n == crypto_digest_size(ret->kind);
}

/* Extension ::= SEQUENCE { OID, critical BOOLEAN?, OCTET STRING }, one after the other: none is understood, so none may be
 * critical. */
static bool no_critical_extension(struct sv_bytes list) {
  struct sv_cursor c = sv_cursor_over(list);
  while (sv_cursor_left(&c)) {
    struct sv_bytes body;
    struct sv_bytes oid;
    struct sv_bytes critical;
    if (!der_take(&c, 0x30, &body)) {
      return false;
    }
    struct sv_cursor in = sv_cursor_over(body);
    if (!der_take(&in, 0x06, &oid) || der_take(&in, 0x01, &critical)) {
      return false; /* DER leaves FALSE out */
    }
  }
  return true;
}

/* What may follow genTime, in this order. */
static bool read_options(struct sv_cursor *c, struct pki_token *t) {
  struct sv_bytes v;
  if (der_take(c, 0x30, &v) && !read_accuracy(v, &t->accuracy_us)) {
    return false;
  }
  if (der_take(c, 0x01, &v) && v.n != 1) { /* ordering */
    return false;
  }
  (void)der_take(c, 0x02, &t->nonce);
  (void)der_take(c, 0xA0, &v); /* tsa: a hint alone */
  if (der_take(c, 0xA1, &v) && !no_critical_extension(v)) {
    return false;
  }
  return sv_cursor_left(c) == 0;
}

/* TSTInfo, RFC 3161 2.4.2. */
static bool read_info(struct sv_bytes der, struct pki_token *t, struct imprint *imprint) {
  struct sv_cursor c = sv_cursor_over(der);
  struct sv_bytes body;
  struct sv_bytes version;
  struct sv_bytes policy;
  struct sv_bytes when;
  if (!der_take(&c, 0x30, &body) || sv_cursor_left(&c)) {
    return false;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x02, &version) || version.n != 1 || version.p[0] != 1 ||
      !der_take(&c, 0x06, &policy) || !read_imprint(&c, imprint) ||
      !der_take(&c, 0x02, &t->serial) || t->serial.n > SERIAL_MAX || !der_take(&c, 0x18, &when) ||
      !read_time(when, &t->gen_time_us)) {
    return false;
  }
  oid_text(policy, t->policy, sizeof t->policy);
  t->imprint = imprint->kind;
  return read_options(&c, t);
}

static enum pki_token_fault fault_of(enum pki_cms_fault fault) {
  switch (fault) {
    case PKI_CMS_GOOD:
      return PKI_TOKEN_GOOD;
    case PKI_CMS_WEAK:
      return PKI_TOKEN_WEAK;
    case PKI_CMS_CERTIFICATE:
      return PKI_TOKEN_CERTIFICATE;
    case PKI_CMS_CONTENT:
    case PKI_CMS_SIGNATURE:
      return PKI_TOKEN_SIGNATURE;
    case PKI_CMS_FORMAT:
      break;
  }
  return PKI_TOKEN_FORMAT;
}

/* Everything but what the token is over. */
static sv_status read_token(struct sv_ctx *ctx, const struct pki_trust *known,
                            struct sv_bytes token, struct pki_token *t, struct imprint *imprint) {
  struct pki_signed s;
  enum pki_cms_fault fault = PKI_CMS_FORMAT;
  *t = (struct pki_token){.fault = PKI_TOKEN_FORMAT, .why = "too large"};
  if (token.n > PKI_TOKEN_MAX) {
    return SV_DONE;
  }
  t->why = pki_signed_read(token, &s);
  t->der_bytes = s.der_bytes;
  if (t->why) {
    return SV_DONE;
  }
  if (!sv_bytes_equal(s.content_type, sv_bytes_of(oid_tst_info + 2, sizeof oid_tst_info - 2)) ||
      !s.content.p || !read_info(s.content, t, imprint)) {
    t->why = "not a TSTInfo";
    return SV_DONE;
  }
  SV_TRY(pki_signed_chain(ctx, known, &s, &t->chain));
  if (!t->chain) {
    t->why = "the authority's certificate is not inside or unusable";
    return SV_DONE;
  }
  sv_status status = pki_signed_judge(ctx, &s, t->chain, BYTES(oid_tst_info), PKI_ESS_ANY,
                                      crypto_pieces_of(&s.content, 1), &fault, &t->why);
  if (sv_failed(status)) {
    pki_chain_close(t->chain);
    return status;
  }
  t->fault = fault_of(fault);
  return SV_DONE;
}

/* A token whose imprint can't be compared, or differs, is over something else: nothing it says counts. */
static void judge_imprint(struct pki_token *t, const struct imprint *imprint,
                          const uint8_t *digest) {
  if (t->fault != PKI_TOKEN_GOOD) {
    return;
  }
  if (imprint->weak) {
    set_fault(t, PKI_TOKEN_WEAK, "the imprint's digest is not allowed");
  } else if (!crypto_equal(imprint->digest.p, digest, imprint->digest.n)) {
    set_fault(t, PKI_TOKEN_IMPRINT, "the imprint is of something else");
  }
}

sv_status pki_token_verify(struct sv_ctx *ctx, struct sv_bytes token, struct crypto_pieces content,
                           struct pki_token *ret) {
  return pki_token_verify_known(ctx, NULL, token, content, ret);
}

sv_status pki_token_verify_known(struct sv_ctx *ctx, const struct pki_trust *known,
                                 struct sv_bytes token, struct crypto_pieces content,
                                 struct pki_token *ret) {
  struct pki_token t;
  struct imprint imprint = {.kind = CRYPTO_SHA256, .weak = true};
  uint8_t digest[CRYPTO_DIGEST_MAX];
  SV_TRY(read_token(ctx, known, token, &t, &imprint));
  if (t.fault == PKI_TOKEN_GOOD) {
    sv_status s = crypto_pieces_digest(ctx, imprint.kind, content, digest);
    if (sv_failed(s)) {
      pki_chain_close(t.chain);
      return s;
    }
  }
  judge_imprint(&t, &imprint, digest);
  *ret = t;
  return SV_DONE;
}

sv_status pki_token_verify_digest(struct sv_ctx *ctx, struct sv_bytes token,
                                  enum crypto_digest kind, const uint8_t *digest,
                                  struct pki_token *ret) {
  struct pki_token t;
  struct imprint imprint = {.weak = true};
  SV_TRY(read_token(ctx, NULL, token, &t, &imprint));
  if (t.fault == PKI_TOKEN_GOOD && !imprint.weak && imprint.kind != kind) {
    set_fault(&t, PKI_TOKEN_IMPRINT, "the imprint is of another digest");
  }
  judge_imprint(&t, &imprint, digest);
  *ret = t;
  return SV_DONE;
}

bool pki_token_has_nonce(const struct pki_token *t, const uint8_t *nonce, size_t n) {
  struct sv_bytes v = t->nonce;
  while (v.n > 1 && v.p[0] == 0) {
    v = sv_bytes_of(v.p + 1, v.n - 1);
  }
  while (n > 1 && nonce[0] == 0) {
    nonce++;
    n--;
  }
  return v.n == n && n > 0 && memcmp(v.p, nonce, n) == 0;
}

/* "1.2.3" as an element. Caller: OPENSSL_free. */
static int encode_oid(const char *text, uint8_t **ret) {
  ASN1_OBJECT *oid = OBJ_txt2obj(text, 1);
  int n = oid ? i2d_ASN1_OBJECT(oid, ret) : 0;
  ASN1_OBJECT_free(oid);
  ERR_clear_error();
  return n;
}

static sv_status policy_element(struct sv_ctx *ctx, const char *policy, struct sv_bytes *ret) {
  uint8_t *der = NULL;
  int n = policy && policy[0] ? encode_oid(policy, &der) : 0;
  if (n <= 0) {
    *ret = sv_bytes_of("", 0);
    return policy && policy[0] ? SV_FAIL(ctx, FIELD_INVALID, "time-stamp policy is no OID")
                               : SV_DONE;
  }
  uint8_t *copy = sv_arena_alloc(ctx->mem, (size_t)n);
  if (copy) {
    memcpy(copy, der, (size_t)n);
  }
  OPENSSL_free(der);
  *ret = sv_bytes_of(copy, (size_t)n);
  return copy ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "policy");
}

sv_status pki_timestamp_request(struct sv_ctx *ctx, const uint8_t digest[static 32],
                                const uint8_t *nonce, size_t nonce_n, const char *policy,
                                struct sv_bytes *ret) {
  static const uint8_t version[] = {0x02, 0x01, 0x01};
  static const uint8_t cert_req[] = {0x01, 0x01, 0xFF};
  /* MessageImprint of SHA-256 up to its 32 bytes; the algorithm has no parameters (RFC 5754 2) */
  static const uint8_t imprint[] = {0x30, 0x2F, 0x30, 0x0B, 0x06, 0x09, 0x60, 0x86, 0x48,
                                    0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x04, 0x20};
  static const uint8_t zero[] = {0};
  struct sv_bytes oid;
  struct sv_bytes number = sv_bytes_of("", 0);
  SV_ASSERT(nonce_n <= PKI_NONCE_MAX);
  SV_TRY(policy_element(ctx, policy, &oid));
  while (nonce_n > 1 && nonce[0] == 0) {
    nonce++;
    nonce_n--;
  }
  if (nonce && nonce_n > 0) {
    number =
        DER_JOIN(ctx->mem, 0x02, sv_bytes_of(zero, nonce[0] >> 7), sv_bytes_of(nonce, nonce_n));
  }
  struct sv_bytes out = DER_JOIN(ctx->mem, 0x30, BYTES(version), BYTES(imprint),
                                 sv_bytes_of(digest, 32), oid, number, BYTES(cert_req));
  if (!out.p) {
    return SV_FAIL(ctx, NO_MEMORY, "time-stamp request");
  }
  *ret = out;
  return SV_DONE;
}

/* PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString SEQUENCE?, failInfo BIT STRING? } */
static bool read_status(struct sv_bytes body, struct pki_timestamp_answer *r) {
  struct sv_cursor c = sv_cursor_over(body);
  struct sv_bytes v;
  uint32_t status;
  if (!der_take(&c, 0x02, &v) || !small_integer(v, 5, &status)) {
    return false;
  }
  (void)der_take(&c, 0x30, &v); /* free text of the other side: not for our log */
  if (der_take(&c, 0x03, &v)) {
    for (size_t bit = 0; bit < 32 && v.n > 0 && bit / 8 + 1 < v.n; bit++) {
      r->failure |= (uint32_t)(v.p[1 + bit / 8] >> (7 - bit % 8) & 1) << bit;
    }
  }
  r->status = (int)status;
  return sv_cursor_left(&c) == 0;
}

void pki_timestamp_answer_read(struct sv_bytes answer, struct pki_timestamp_answer *ret) {
  struct pki_timestamp_answer r = {.status = -1};
  struct sv_cursor c = sv_cursor_over(answer);
  struct sv_bytes body;
  struct sv_bytes status;
  *ret = r;
  if (answer.n > PKI_TSP_MAX || !der_take(&c, 0x30, &body) || sv_cursor_left(&c)) {
    return;
  }
  c = sv_cursor_over(body);
  if (!der_take(&c, 0x30, &status) || !read_status(status, &r)) {
    return;
  }
  struct sv_bytes token = sv_bytes_of(c.p, sv_cursor_left(&c));
  bool granted = r.status <= 1;
  if (granted != (token.n > 0)) { /* a token goes with a grant, and only with it */
    return;
  }
  r.token = token;
  *ret = r;
}
