/* Certificates and revocation lists between PEM (RFC 7468) and the lines of a trust list. */
#include "formats/bundle/bundle.h"

enum { LINE = 64 };

/* The DER of the next block of this label; false at the end. bad: a block without its end, or no base64. */
static bool next_block(struct sv_ctx *ctx, struct sv_bytes *pem, const char *label,
                       struct sv_bytes *ret, bool *bad) {
  const char *begin = sv_arena_printf(ctx->mem, "-----BEGIN %s-----", label);
  const char *finish = sv_arena_printf(ctx->mem, "-----END %s-----", label);
  const uint8_t *p =
      begin && finish && pem->n ? memmem(pem->p, pem->n, begin, strlen(begin)) : NULL;
  if (!p) {
    *bad = !begin || !finish;
    return false;
  }
  const uint8_t *last = pem->p + pem->n;
  p += strlen(begin);
  const uint8_t *end = memmem(p, (size_t)(last - p), finish, strlen(finish));
  struct sv_buf text = sv_buf_in(ctx->mem, BUNDLE_TEXT_MAX);
  for (const uint8_t *at = p; end && at < end; at++) {
    if (*at > ' ') {
      sv_buf_u8(&text, *at);
    }
  }
  *bad = !end || text.failed || !tlog_base64_read(ctx, sv_buf_bytes(&text), ret);
  *pem = *bad ? *pem : sv_bytes_of(end, (size_t)(last - end));
  return !*bad;
}

static sv_status add_all(struct sv_ctx *ctx, struct sv_bytes pem, const char *label,
                         struct sv_bytes *list, size_t max, size_t *n) {
  bool bad = false;
  for (struct sv_bytes der; next_block(ctx, &pem, label, &der, &bad);) {
    bool known = false;
    for (size_t i = 0; i < *n; i++) {
      known = known || sv_bytes_equal(list[i], der);
    }
    if (!known && *n == max) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "more than %zu blocks of %s in a trust list", max, label);
    }
    if (!known) {
      list[(*n)++] = der;
    }
  }
  return bad ? SV_FAIL(ctx, CERT_FORMAT, "a block of %s in a trust list", label) : SV_DONE;
}

sv_status bundle_trust_add_pem(struct sv_ctx *ctx, struct bundle_trust *t, struct sv_bytes pem,
                               bool stamps) {
  /* RFC 7468, section 5.1: one thing under two names; both are read wherever the list's files are */
  static const char *const labels[] = {"CERTIFICATE", "X509 CERTIFICATE"};
  static const char trusted[] = "-----BEGIN TRUSTED CERTIFICATE-----";
  if (pem.n && memmem(pem.p, pem.n, trusted, sizeof trusted - 1)) {
    return SV_FAIL(ctx, CERT_FORMAT,
                   "a block of TRUSTED CERTIFICATE, whose uses a trust list can't carry: write it "
                   "as CERTIFICATE");
  }
  for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
    SV_TRY(stamps ? add_all(ctx, pem, labels[i], t->stamps, BUNDLE_STAMPS_MAX, &t->stamp_count)
                  : add_all(ctx, pem, labels[i], t->certificates, BUNDLE_CERTIFICATES_MAX,
                            &t->certificate_count));
  }
  return add_all(ctx, pem, "X509 CRL", t->crls, BUNDLE_CRLS_MAX, &t->crl_count);
}

static void put_block(struct sv_ctx *ctx, struct sv_buf *out, const char *label,
                      struct sv_bytes der) {
  char *text = sv_arena_alloc(ctx->mem, 4 * ((der.n + 2) / 3) + 1);
  if (!text) {
    out->failed = true;
    return;
  }
  sv_base64(der.p, der.n, text);
  sv_buf_printf(out, "-----BEGIN %s-----\n", label);
  for (const char *line = text; *line; line += strnlen(line, LINE)) {
    sv_buf_printf(out, "%.*s\n", LINE, line);
  }
  sv_buf_printf(out, "-----END %s-----\n", label);
}

sv_status bundle_trust_pem(struct sv_ctx *ctx, const struct bundle_trust *t, bool stamps,
                           struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, 2 * BUNDLE_TEXT_MAX);
  size_t n = stamps ? t->stamp_count : t->certificate_count;
  for (size_t i = 0; i < n; i++) {
    put_block(ctx, &out, "CERTIFICATE", stamps ? t->stamps[i] : t->certificates[i]);
  }
  for (size_t i = 0; i < t->crl_count; i++) {
    put_block(ctx, &out, "X509 CRL", t->crls[i]);
  }
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "trust list") : SV_DONE;
}
