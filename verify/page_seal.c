/* What a seal says of a record, and whether the pages draw those that the registry has. */
#include "verify/page_seal.h"

#include "crypto/digest.h"
#include "formats/vds/vds_profile.h"
#include "verify/page_code.h"
#include "verify/state.h"

const char *verify_seal_of_record(struct sv_ctx *ctx, struct sv_bytes seal,
                                  const struct record_facts *facts,
                                  const uint8_t record_sha256[static 32]) {
  struct vds_seal s;
  struct vds_document d;
  if (sv_failed(vds_read(ctx, seal, &s)) || sv_failed(vds_document_read(ctx, &s, &d))) {
    sv_ctx_clear(ctx);
    return "a visible seal can't be read";
  }
  if (verify_kind_of_seal(d.kind) != facts->kind || strcmp(d.id.number, facts->number) != 0 ||
      d.id.version != facts->version) {
    return "a visible seal names another document";
  }
  if (!crypto_equal(d.record_digest.p, record_sha256, d.record_digest.n)) {
    return "a visible seal names another record";
  }
  return NULL;
}

/* Whether the cover's seal, which a gate reads, is for the route that the record has: signed in one step, they were told by
 * different parts of a server. A copy for somebody carries no route. */
static bool same_route(struct sv_ctx *ctx, struct sv_bytes seal, const struct record_facts *facts) {
  struct vds_seal s;
  struct vds_document d;
  char day[11];
  if (sv_failed(vds_read(ctx, seal, &s)) || sv_failed(vds_document_read(ctx, &s, &d))) {
    sv_ctx_clear(ctx);
    return true; /* told as what it is */
  }
  if (d.kind != VDS_MANIFEST_COVER || !facts->from[0]) {
    return true;
  }
  sv_date_format(d.cover.flight_date, day);
  return strcmp(d.cover.from, facts->from) == 0 && strcmp(d.cover.to, facts->to) == 0 &&
         strcmp(day, facts->departure_day) == 0;
}

struct judge {
  struct verify_page_codes found; /* first: it is handed back */
  struct sv_ctx *ctx;
  const struct record_facts *facts;
  const uint8_t *record_sha256;
  const struct verify_seal_row *rows;
  size_t row_n;
  bool *seen; /* a row each */
  struct verify_report *report;
};

/* Compares what a page draws with the record and the registry's seal of that page. */
static void judge_code(struct verify_page_codes *found, uint32_t page,
                       const struct sv_bytes *seal) {
  struct judge *j = (struct judge *)found;
  if (!seal) {
    verify_report_add(j->report, VERIFY_TWIN_MISMATCH, "a bar code on a page can't be read");
    return;
  }
  const char *fault = verify_seal_of_record(j->ctx, *seal, j->facts, j->record_sha256);
  bool registered = j->row_n == 0;
  for (size_t i = 0; i < j->row_n; i++) {
    if (j->rows[i].page == page && sv_bytes_equal(j->rows[i].seal, *seal)) {
      j->seen[i] = true;
      registered = true;
    }
  }
  if (!fault && !registered) {
    fault = "a page draws another seal than the registry has for it";
  }
  if (fault) {
    verify_report_add(j->report, VERIFY_TWIN_MISMATCH, fault);
  } else if (!same_route(j->ctx, *seal, j->facts)) {
    verify_report_add(j->report, VERIFY_ROUTE_MISMATCH,
                      "the cover's seal is for another route or day than the record");
  }
}

sv_status verify_page_seals(struct sv_ctx *ctx, struct pdfio *p, const struct record_facts *facts,
                            const uint8_t record_sha256[static 32],
                            const struct verify_seal_row *rows, size_t row_n,
                            struct verify_report *report) {
  struct judge j = {.found = {judge_code},
                    .ctx = ctx,
                    .facts = facts,
                    .record_sha256 = record_sha256,
                    .rows = rows,
                    .row_n = row_n,
                    .seen = SV_ARRAY(ctx->mem, row_n, bool),
                    .report = report};
  if (!j.seen) {
    return SV_FAIL(ctx, NO_MEMORY, "seals");
  }
  SV_TRY(verify_page_codes(ctx, p, &j.found));
  for (size_t i = 0; i < row_n; i++) {
    if (!j.seen[i]) {
      verify_report_add(report, VERIFY_TWIN_MISMATCH,
                        "a page lacks the seal that the registry has for it");
    }
  }
  return SV_DONE;
}
