/* Rules of a signature in a PDF, and of a document time-stamp, which is written alike. Nothing of the CMS counts unless the gap in the signed bytes is exactly the /Contents of
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

void verify_found_fault(struct verify_found *f, enum verify_reason reason, const char *why) {
  for (size_t i = 0; i < f->say.reason_count; i++) {
    if (f->say.reasons[i] == reason) {
      return;
    }
  }
  if (f->say.reason_count == 0) {
    f->why = why;
  }
  if (f->say.reason_count < VERIFY_REASONS_MAX) {
    f->say.reasons[f->say.reason_count++] = reason;
  }
}
static void fault(struct verify_found *f, enum verify_reason reason, const char *why) {
  verify_found_fault(f, reason, why);
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

static enum verify_reason reason_of_token(enum pki_token_fault fault_of_token) {
  switch (fault_of_token) {
    case PKI_TOKEN_WEAK:
      return VERIFY_WEAK_ALGORITHM;
    case PKI_TOKEN_IMPRINT:
      return VERIFY_BYTES_ALTERED;
    case PKI_TOKEN_GOOD:
    case PKI_TOKEN_FORMAT:
    case PKI_TOKEN_CERTIFICATE:
    case PKI_TOKEN_SIGNATURE:
      break;
  }
  return VERIFY_INVALID_SIGNATURE;
}

/* Copies what is shown of the signer and asks whose he is. */
static sv_status name_signer(struct sv_ctx *ctx, const struct pki_chain *chain,
                             struct verify_found *f) {
  f->say.signer = sv_arena_strdup(ctx->mem, pki_cert_subject(pki_chain_signer(chain)));
  return f->say.signer ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "signer");
}

static sv_status judge_signer(struct sv_ctx *ctx, const struct verify_trust *trust, int64_t at_us,
                              struct verify_found *f) {
  SV_TRY(name_signer(ctx, f->chain, f));
  f->trust = pki_trust_document(trust->pki, f->chain, at_us);
  if (f->trust != PKI_UNTRUSTED && !pki_trust_issuers_intact(trust->pki, f->chain, at_us)) {
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

/* The time-stamp of a signature, over the signature's value. */
static sv_status judge_stamp(struct sv_ctx *ctx, const struct verify_trust *trust,
                             const struct pki_cms *cms, struct verify_found *f) {
  struct sv_bytes token;
  int count = pki_cms_timestamp(cms, &token);
  if (count == 0) {
    return SV_DONE;
  }
  if (count < 0) {
    fault(f, VERIFY_INVALID_SIGNATURE, "unsigned attributes that are not one time-stamp");
    return SV_DONE;
  }
  SV_TRY(pki_token_verify_known(ctx, trust->stamps, token, crypto_pieces_of(&cms->signature, 1),
                                &f->stamp));
  f->stamped = true;
  if (f->stamp.fault != PKI_TOKEN_GOOD || f->stamp.der_bytes != token.n) {
    fault(f, reason_of_token(f->stamp.fault), f->stamp.why);
  }
  return SV_DONE;
}

static void judge_padding(struct sv_bytes contents, size_t der_bytes, struct verify_found *f) {
  if (!all_zero(contents.p + der_bytes, contents.n - der_bytes)) {
    fault(f, VERIFY_BYTES_ALTERED, "padding that is not zero");
  }
}

static sv_status judge_cms(struct sv_ctx *ctx, const struct verify_file *file,
                           struct sv_bytes contents, struct crypto_pieces content,
                           struct verify_found *f) {
  struct pki_cms cms;
  SV_TRY(f->plain ? pki_cms_verify_plain(ctx, contents, content, &cms)
                  : pki_cms_verify_known(ctx, file->trust->pki, contents, content, &cms));
  f->chain = cms.chain;
  f->baseline = !f->plain && cms.fault == PKI_CMS_GOOD && !cms.signing_time;
  if (cms.fault != PKI_CMS_GOOD) {
    fault(f, reason_of(cms.fault), cms.why);
  } else {
    judge_padding(contents, cms.der_bytes, f);
    SV_TRY(judge_stamp(ctx, file->trust, &cms, f));
  }
  f->say.intact = f->say.reason_count == 0;
  return f->chain ? judge_signer(ctx, file->trust, file->at_us, f) : SV_DONE;
}

static sv_status judge_token(struct sv_ctx *ctx, const struct verify_trust *trust,
                             struct sv_bytes contents, struct crypto_pieces content,
                             struct verify_found *f) {
  SV_TRY(pki_token_verify_known(ctx, trust->stamps, contents, content, &f->stamp));
  f->stamped = true;
  if (f->stamp.fault != PKI_TOKEN_GOOD) {
    fault(f, reason_of_token(f->stamp.fault), f->stamp.why);
  } else {
    judge_padding(contents, f->stamp.der_bytes, f);
  }
  f->say.intact = f->say.reason_count == 0;
  return f->stamp.chain ? name_signer(ctx, f->stamp.chain, f) : SV_DONE;
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

/* How far the signature reaches (rule 1): what comes after is judged with the revisions. */
static void judge_reach(struct pdfio *p, size_t file_n, const struct ranges *r,
                        struct verify_found *f) {
  f->end = r->end;
  f->say.covers_whole_file = r->end == file_n;
  for (size_t i = 0; i < pdfio_revision_count(p); i++) {
    if (pdfio_revision(p, i)->end == r->end) {
      f->revision = i + 1;
    }
  }
  if (!f->revision && !f->say.covers_whole_file) {
    fault(f, VERIFY_SIGNATURE_COVERS_PART, "the signed bytes end inside the file");
  }
}

/* What kind it says it is (rule 3); a type is optional for a signature alone (ISO 32000-2, table 255). */
static void judge_kind(const struct pdfio_value *sig, struct verify_found *f) {
  const struct pdfio_value *filter = pdfio_direct(sig, "SubFilter");
  const struct pdfio_value *type = pdfio_direct(sig, "Type");
  f->document_stamp = pdfio_is_name(filter, "ETSI.RFC3161");
  f->plain = pdfio_is_name(filter, "adbe.pkcs7.detached");
  if (!f->document_stamp && !f->plain && !pdfio_is_name(filter, "ETSI.CAdES.detached")) {
    fault(f, VERIFY_INVALID_SIGNATURE, "not a PAdES signature");
  }
  if (type && !pdfio_is_name(type, f->document_stamp ? "DocTimeStamp" : "Sig")) {
    fault(f, VERIFY_INVALID_SIGNATURE, "of another type than its SubFilter");
  }
  if (pdfio_direct(sig, "Cert")) {
    fault(f, VERIFY_INVALID_SIGNATURE, "a Cert entry");
  }
}

/* The bytes that count, and the gap between them. */
static sv_status judge_bytes(struct sv_ctx *ctx, const struct verify_file *file,
                             const struct pdfio_value *sig, struct verify_found *f) {
  struct sv_bytes pdf = file->pdf;
  const struct pdfio_value *contents = pdfio_direct(sig, "Contents");
  struct ranges r = {0};
  bool ranged = read_ranges(sig, pdf.n, &r);
  if (!ranged) {
    fault(f, VERIFY_INVALID_SIGNATURE, "ByteRange is not four numbers within the file, from 0");
  }
  const char *gap = ranged ? gap_fault(contents, pdf, &r) : NULL;
  if (gap) {
    fault(f, VERIFY_BYTES_ALTERED, gap);
  }
  struct sv_bytes pieces[2] = {sv_bytes_of(pdf.p, r.gap),
                               sv_bytes_of(pdf.p + r.second, r.end - r.second)};
  struct crypto_pieces content = {.piece = pieces, .n = 2, .trail = file->trail};
  SV_TRY(f->document_stamp ? judge_token(ctx, file->trust, contents->bytes, content, f)
                           : judge_cms(ctx, file, contents->bytes, content, f));
  bool ours = f->trust != PKI_UNTRUSTED || f->document_stamp;
  if (f->plain && ours) {
    f->say.intact = false;
    fault(f, VERIFY_INVALID_SIGNATURE, "not a PAdES signature");
  }
  if (ranged && ours && !as_we_write(pdf, &r)) {
    f->say.intact = false;
    fault(f, VERIFY_BYTES_ALTERED, "Contents is not written as we write it");
  }
  if (ranged) {
    judge_reach(file->reader, pdf.n, &r, f);
  }
  return SV_DONE;
}

static sv_status judge_one(struct sv_ctx *ctx, const struct verify_file *file,
                           const struct pdfio_value *sig, struct verify_found *f) {
  const struct pdfio_value *contents = pdfio_direct(sig, "Contents");
  const struct pdfio_value *when = pdfio_direct(sig, "M");
  *f = (struct verify_found){
      .say = {.signer = "", .level = "", .profile = ""}, .trust = PKI_UNTRUSTED, .why = ""};
  if (when && when->type == PDFIO_STRING) {
    f->say.claimed_time_us = pdf_time(when->bytes);
  }
  judge_kind(sig, f);
  if (!contents || contents->type != PDFIO_STRING || contents->bytes.n == 0) {
    fault(f, VERIFY_INVALID_SIGNATURE, "no Contents");
    return SV_DONE;
  }
  return judge_bytes(ctx, file, sig, f);
}

void verify_found_close(struct verify_found *f) {
  pki_chain_close(f->chain);
  pki_chain_close(f->stamp.chain);
  f->chain = NULL;
  f->stamp.chain = NULL;
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

sv_status verify_signatures(struct sv_ctx *ctx, const struct verify_file *file,
                            struct verify_found *ret, size_t *ret_n) {
  struct pdfio *p = file->reader;
  const struct pdfio_value *root;
  const struct pdfio_value *form;
  const struct pdfio_value *list;
  struct fields fields = {0};
  *ret_n = 0;
  SV_TRY(pdfio_entry(p, pdfio_trailer(p), "Root", &root));
  SV_TRY(pdfio_entry(p, root, "AcroForm", &form));
  SV_TRY(pdfio_entry(p, form, "Fields", &list));
  for (size_t i = 0; list->type == PDFIO_ARRAY && i < list->array.n; i++) {
    SV_TRY(walk(ctx, p, list->array.items[i], 0, &fields));
  }
  for (size_t i = 0; i < fields.n; i++) {
    *ret_n = i + 1; /* what it holds is to be closed even if it fails */
    SV_TRY(judge_one(ctx, file, fields.sigs[i], &ret[i]));
  }
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
  SV_TRY(pki_cms_verify(ctx, sv_bytes_of(der, n / 2), crypto_pieces_of(NULL, 0), &cms));
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
