/* Rules of a signature in a PDF. Nothing of the CMS counts unless the gap in the signed bytes is exactly the /Contents of
 * the dictionary that names the gap, so that no part of the file is outside the digest but the signature itself. */
#include "verify/signature.h"

#include <stdio.h>

#include "base/clock.h"
#include "verify/trust_struct.h"

enum { FIELDS_MAX = 64, FIELD_DEPTH_MAX = 8, SCAN_MIN = 512, SCANS_MAX = 16 };

struct ranges {
  size_t gap;    /* from '<' */
  size_t second; /* after '>' */
  size_t end;
};

static void fault(struct verify_found *f, enum verify_reason reason, const char *why) {
  if (f->say.reason_count == 0) {
    f->why = why;
  }
  if (f->say.reason_count < VERIFY_REASONS_MAX) {
    f->say.reasons[f->say.reason_count++] = reason;
  }
}

/* Rule 1. The values stand in the dictionary itself: a reference could mean one thing here and another elsewhere. */
static bool read_ranges(const struct pdfio_value *sig, size_t file_n, struct ranges *ret) {
  const struct pdfio_value *v = pdfio_direct(sig, "ByteRange");
  uint64_t n[4];
  if (!v || v->type != PDFIO_ARRAY || v->array.n != 4) {
    return false;
  }
  for (int i = 0; i < 4; i++) {
    const struct pdfio_value *item = v->array.items[i];
    if (item->type != PDFIO_INT || item->integer < 0 || (uint64_t)item->integer > file_n) {
      return false;
    }
    n[i] = (uint64_t)item->integer;
  }
  if (n[0] != 0 || n[2] < n[1] + 2 || n[3] > file_n - n[2]) {
    return false;
  }
  *ret = (struct ranges){.gap = n[1], .second = n[2], .end = n[2] + n[3]};
  return true;
}

static int lower_hex(uint8_t c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
static int any_hex(uint8_t c) { return lower_hex((uint8_t)(c >= 'A' && c <= 'F' ? c + 32 : c)); }

/* Rule 2: the gap is this dictionary's Contents, one hexadecimal string of whole bytes without white space. */
static const char *gap_fault(const struct pdfio_value *contents, struct sv_bytes pdf,
                             const struct ranges *r) {
  if (!contents->in_file || contents->at != r->gap || contents->end != r->second) {
    return "the gap is not the Contents of this signature";
  }
  if (pdf.p[r->gap] != '<' || pdf.p[r->second - 1] != '>' || (r->second - r->gap) % 2 != 0) {
    return "Contents is not one hexadecimal string";
  }
  for (size_t i = r->gap + 1; i < r->second - 1; i++) {
    if (any_hex(pdf.p[i]) < 0) {
      return "Contents has other characters than digits";
    }
  }
  return NULL;
}

/* Our writer's digits are in lower case: another case is a byte that was changed. */
static bool as_we_write(struct sv_bytes pdf, const struct ranges *r) {
  for (size_t i = r->gap + 1; i + 1 < r->second; i++) {
    if (lower_hex(pdf.p[i]) < 0) {
      return false;
    }
  }
  return true;
}

static enum verify_reason reason_of(enum pki_cms_fault fault_of_cms) {
  switch (fault_of_cms) {
    case PKI_CMS_WEAK:
      return VERIFY_WEAK_ALGORITHM;
    case PKI_CMS_CONTENT:
      return VERIFY_BYTES_ALTERED;
    case PKI_CMS_GOOD:
    case PKI_CMS_FORMAT:
    case PKI_CMS_CERTIFICATE:
    case PKI_CMS_SIGNATURE:
      break;
  }
  return VERIFY_INVALID_SIGNATURE;
}

static enum verify_reason reason_of_trust(enum pki_fault fault_of_chain) {
  switch (fault_of_chain) {
    case PKI_TRUSTED:
      return VERIFY_NO_REASON;
    case PKI_EXPIRED:
      return VERIFY_EXPIRED_CERTIFICATE;
    case PKI_REVOKED:
      return VERIFY_REVOKED_CERTIFICATE;
    case PKI_WRONG_USE:
      return VERIFY_WRONG_DOCUMENT_TYPE;
    case PKI_WEAK:
      return VERIFY_WEAK_ALGORITHM;
    case PKI_UNTRUSTED:
      break;
  }
  return VERIFY_UNTRUSTED_CERTIFICATE;
}

/* Copies what is shown of the signer and judges its chain. */
static sv_status judge_signer(struct sv_ctx *ctx, const struct verify_trust *trust, int64_t at_us,
                              const struct pki_cms *cms, struct verify_found *f) {
  if (!cms->chain) {
    return SV_DONE;
  }
  f->say.signer = sv_arena_strdup(ctx->mem, pki_cert_subject(pki_chain_signer(cms->chain)));
  if (!f->say.signer) {
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  f->trust = pki_trust_document(trust->pki, cms->chain, at_us);
  f->say.trusted = f->trust == PKI_TRUSTED;
  if (f->trust != PKI_TRUSTED) {
    fault(f, reason_of_trust(f->trust), "the signer's certificate");
  }
  if (f->trust != PKI_UNTRUSTED && !pki_trust_issuers_intact(trust->pki, cms->chain, at_us)) {
    f->say.intact = false;
    fault(f, VERIFY_BYTES_ALTERED, "a certificate in the signature was changed");
  }
  return SV_DONE;
}

static bool all_zero(const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (p[i] != 0) {
      return false;
    }
  }
  return true;
}

static sv_status judge_cms(struct sv_ctx *ctx, struct sv_bytes pdf,
                           const struct verify_trust *trust, int64_t at_us,
                           struct sv_bytes contents, const struct ranges *r,
                           struct verify_found *f) {
  struct sv_bytes pieces[2] = {sv_bytes_of(pdf.p, r->gap),
                               sv_bytes_of(pdf.p + r->second, r->end - r->second)};
  struct pki_cms cms;
  SV_TRY(pki_cms_verify(ctx, contents, pieces, 2, &cms));
  f->say.level = "B-B"; /* a time-stamp raises it only once its token is judged */
  if (cms.fault != PKI_CMS_GOOD) {
    fault(f, reason_of(cms.fault), cms.why);
  } else if (!all_zero(contents.p + cms.der_bytes, contents.n - cms.der_bytes)) {
    fault(f, VERIFY_BYTES_ALTERED, "padding that is not zero");
  }
  f->say.intact = f->say.reason_count == 0;
  sv_status s = judge_signer(ctx, trust, at_us, &cms, f);
  pki_chain_close(cms.chain);
  return s;
}

/* "D:YYYYMMDDHHmmSSZ" or with an offset; 0 when it is no such date. */
static int64_t pdf_time(struct sv_bytes text) {
  char rfc[32];
  int64_t us;
  if (text.n < 17 || text.n > 23 || memcmp(text.p, "D:", 2) != 0) {
    return 0;
  }
  const char *d = (const char *)text.p + 2;
  char zone = d[14];
  const char *offset = text.n >= 22 && zone != 'Z' ? d + 14 : NULL;
  int n = snprintf(rfc, sizeof rfc, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2s", d, d + 4, d + 6, d + 8, d + 10,
                   d + 12);
  if (offset) {
    (void)snprintf(rfc + n, sizeof rfc - (size_t)n, "%.3s:%.2s", offset, offset + 4);
  } else {
    (void)snprintf(rfc + n, sizeof rfc - (size_t)n, "Z");
  }
  return sv_time_parse(rfc, &us, NULL) ? us : 0;
}

/* How far the signature reaches (rules 1 and 4). */
static void judge_reach(struct pdfio *p, size_t file_n, const struct ranges *r,
                        struct verify_found *f) {
  f->say.covers_whole_file = r->end == file_n;
  if (f->say.covers_whole_file) {
    return;
  }
  for (size_t i = 0; i < pdfio_revision_count(p); i++) {
    if (pdfio_revision(p, i)->end == r->end) {
      fault(f, VERIFY_CHANGED_AFTER_SIGNING, "a revision was appended");
      return;
    }
  }
  fault(f, VERIFY_SIGNATURE_COVERS_PART, "the signed bytes end inside the file");
}

static sv_status judge_one(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf,
                           const struct verify_trust *trust, int64_t at_us,
                           const struct pdfio_value *sig, struct verify_found *f) {
  *f = (struct verify_found){.say = {.signer = "", .level = ""}, .trust = PKI_UNTRUSTED, .why = ""};
  const struct pdfio_value *contents = pdfio_direct(sig, "Contents");
  const struct pdfio_value *when = pdfio_direct(sig, "M");
  struct ranges r;
  if (when && when->type == PDFIO_STRING) {
    f->say.claimed_time_us = pdf_time(when->bytes);
  }
  if (!contents || contents->type != PDFIO_STRING || contents->bytes.n == 0) {
    fault(f, VERIFY_INVALID_SIGNATURE, "no Contents");
    return SV_DONE;
  }
  if (!read_ranges(sig, pdf.n, &r)) {
    fault(f, VERIFY_INVALID_SIGNATURE, "ByteRange is not four numbers within the file, from 0");
    r = (struct ranges){.gap = 0, .second = 0, .end = 0};
  }
  bool ranged = f->say.reason_count == 0;
  if (!pdfio_is_name(pdfio_direct(sig, "SubFilter"), "ETSI.CAdES.detached")) {
    fault(f, VERIFY_INVALID_SIGNATURE, "not a PAdES signature");
  }
  const char *gap = ranged ? gap_fault(contents, pdf, &r) : NULL;
  if (gap) {
    fault(f, VERIFY_BYTES_ALTERED, gap);
  }
  if (pdfio_direct(sig, "Cert")) {
    fault(f, VERIFY_INVALID_SIGNATURE, "a Cert entry");
  }
  SV_TRY(judge_cms(ctx, pdf, trust, at_us, contents->bytes, &r, f));
  if (ranged && f->trust != PKI_UNTRUSTED && !as_we_write(pdf, &r)) {
    f->say.intact = false;
    fault(f, VERIFY_BYTES_ALTERED, "Contents is not written as we write it");
  }
  if (ranged) {
    judge_reach(p, pdf.n, &r, f);
  }
  return SV_DONE;
}

struct fields {
  const struct pdfio_value *sigs[VERIFY_SIGNATURES_MAX];
  size_t n;
  size_t seen;
};

/* Signature dictionaries of a field and its kids. A field may be met once: sigs are told apart by identity. */
static sv_status walk(struct sv_ctx *ctx, struct pdfio *p, const struct pdfio_value *field,
                      int depth, struct fields *out) {
  if (depth > FIELD_DEPTH_MAX || out->seen++ > FIELDS_MAX) {
    return SV_FAIL(ctx, PDF_FORMAT, "too many form fields");
  }
  const struct pdfio_value *type;
  const struct pdfio_value *value;
  const struct pdfio_value *kids;
  SV_TRY(pdfio_resolve(p, field, &field));
  SV_TRY(pdfio_entry(p, field, "FT", &type));
  SV_TRY(pdfio_entry(p, field, "V", &value));
  SV_TRY(pdfio_entry(p, field, "Kids", &kids));
  bool known = false;
  for (size_t i = 0; i < out->n; i++) {
    known = known || out->sigs[i] == value;
  }
  if (pdfio_is_name(type, "Sig") && value->type == PDFIO_DICT && !known) {
    if (out->n == VERIFY_SIGNATURES_MAX) {
      return SV_FAIL(ctx, PDF_FORMAT, "more than %d signatures", VERIFY_SIGNATURES_MAX);
    }
    out->sigs[out->n++] = value;
  }
  for (size_t i = 0; kids->type == PDFIO_ARRAY && i < kids->array.n; i++) {
    SV_TRY(walk(ctx, p, kids->array.items[i], depth + 1, out));
  }
  return SV_DONE;
}

sv_status verify_signatures(struct sv_ctx *ctx, struct pdfio *p, struct sv_bytes pdf,
                            const struct verify_trust *trust, int64_t at_us,
                            struct verify_found *ret, size_t *ret_n) {
  const struct pdfio_value *root;
  const struct pdfio_value *form;
  const struct pdfio_value *list;
  struct fields fields = {0};
  SV_TRY(pdfio_entry(p, pdfio_trailer(p), "Root", &root));
  SV_TRY(pdfio_entry(p, root, "AcroForm", &form));
  SV_TRY(pdfio_entry(p, form, "Fields", &list));
  for (size_t i = 0; list->type == PDFIO_ARRAY && i < list->array.n; i++) {
    SV_TRY(walk(ctx, p, list->array.items[i], 0, &fields));
  }
  for (size_t i = 0; i < fields.n; i++) {
    SV_TRY(judge_one(ctx, p, pdf, trust, at_us, fields.sigs[i], &ret[i]));
  }
  *ret_n = fields.n;
  return SV_DONE;
}

/* Whether n hexadecimal digits are a CMS whose signer leads to an anchor of ours. */
static sv_status is_ours(struct sv_ctx *ctx, const uint8_t *digits, size_t n,
                         const struct verify_trust *trust, int64_t at_us, bool *ret) {
  uint8_t *der = sv_arena_alloc(ctx->mem, n / 2);
  if (!der) {
    return SV_FAIL(ctx, NO_MEMORY, "scan");
  }
  for (size_t i = 0; i < n / 2; i++) {
    der[i] = (uint8_t)(any_hex(digits[2 * i]) << 4 | any_hex(digits[2 * i + 1]));
  }
  struct pki_cms cms;
  SV_TRY(pki_cms_verify(ctx, sv_bytes_of(der, n / 2), NULL, 0, &cms));
  *ret = cms.chain && pki_trust_document(trust->pki, cms.chain, at_us) != PKI_UNTRUSTED;
  pki_chain_close(cms.chain);
  return SV_DONE;
}

sv_status verify_scan_for_ours(struct sv_ctx *ctx, struct sv_bytes pdf,
                               const struct verify_trust *trust, int64_t at_us, bool *ret) {
  size_t run = 0;
  int scans = 0;
  *ret = false;
  for (size_t i = 0; i < pdf.n && scans < SCANS_MAX && !*ret; i++) {
    if (any_hex(pdf.p[i]) >= 0 && run < 2 * (size_t)PKI_CMS_MAX) {
      run++;
      continue;
    }
    if (run >= SCAN_MIN) {
      SV_TRY(is_ours(ctx, pdf.p + i - run, run, trust, at_us, ret));
      scans++;
    }
    run = 0;
  }
  return SV_DONE;
}
