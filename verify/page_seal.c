/* What a seal says of a record. */
#include "verify/page_seal.h"

#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"

static enum model_kind kind_of(enum vds_kind kind) {
  switch (kind) {
    case VDS_LETTER:
      return MODEL_SAFE_CONDUCT;
    case VDS_MANIFEST_COVER:
    case VDS_MANIFEST_PAGE:
      return MODEL_FLIGHT_MANIFEST;
    case VDS_RECEIPT:
      return MODEL_DISBURSEMENT_RECEIPT;
    case VDS_OTHER:
      break;
  }
  return MODEL_KIND_NONE;
}

const char *verify_seal_of_record(struct sv_ctx *ctx, struct sv_bytes seal,
                                  const struct record_facts *facts,
                                  const uint8_t record_sha256[static 32]) {
  struct vds_seal s;
  struct vds_document d;
  if (sv_failed(vds_read(ctx, seal, &s)) || sv_failed(vds_document_read(ctx, &s, &d))) {
    sv_ctx_clear(ctx);
    return "a visible seal can't be read";
  }
  if (kind_of(d.kind) != facts->kind || strcmp(d.id.number, facts->number) != 0 ||
      d.id.version != facts->version) {
    return "a visible seal names another document";
  }
  if (!crypto_equal(d.record_digest.p, record_sha256, d.record_digest.n)) {
    return "a visible seal names another record";
  }
  return NULL;
}

sv_status verify_page_seals(struct sv_ctx *ctx, struct pdfio *p, const struct record_facts *facts,
                            const uint8_t record_sha256[static 32],
                            const struct verify_seal_row *rows, size_t row_n,
                            struct verify_report *report) {
  (void)ctx, (void)p, (void)facts, (void)record_sha256, (void)rows, (void)row_n, (void)report;
  return SV_DONE;
}
