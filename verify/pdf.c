/* Judges a PDF in the order in which a fault outweighs another: is it a PDF, whose is it, is it whole, does the registry
 * know it, what has become of it since. Only what passes every question is VALID.
 * Invariant: a file is green only if its digest is the registry's, so that no byte of it can be changed; off line, only if
 * every byte of it is signed, or of the few kinds that may follow. */
#include "verify/pdf.h"

#include "crypto/trail.h"
#include "formats/vds/vds_profile.h"
#include "verify/foreign.h"
#include "verify/page_seal.h"
#include "verify/proof.h"
#include "verify/state.h"
#include "verify/trust_struct.h"
#include "verify/twin.h"

struct judge {
  struct sv_ctx *ctx;
  const struct verify_trust *trust;
  const struct verify_registry *registry;
  const struct verify_wire *wire;
  struct sv_bytes pdf;
  struct crypto_trail *trail; /* over pdf */
  int64_t registered_us;      /* the registry proves that the signature was there; 0: it does not */
  struct verify_row row;
  struct pdfio *reader;
  struct verify_twin twin;
  struct verify_store store;
  struct verify_revision revisions[PDFIO_REVISIONS_MAX];
  struct verify_found found[VERIFY_SIGNATURES_MAX];
  size_t found_n;
  struct verify_report *report;
};

/* A fault of the file is an answer; running out of memory or time is a failure of the call. */
static bool is_answer(sv_status s) {
  return s.reason == SV_PDF_FORMAT || s.reason == SV_RECORD_FORMAT || s.reason == SV_SEAL_FORMAT;
}

/* The fault's text, kept before it is forgotten. */
static const char *take_detail(struct judge *j) {
  const char *copy = sv_arena_strdup(j->ctx->mem, j->ctx->detail);
  sv_ctx_clear(j->ctx);
  return copy ? copy : "";
}

/* When a signer is asked whose he is: the best that is known before time-stamps are judged. */
static int64_t at_us(const struct judge *j) {
  return j->registered_us ? j->registered_us : j->report->clock_us;
}

static void add(struct judge *j, enum verify_reason reason, const char *detail) {
  verify_report_add(j->report, reason, detail);
}

/* A file that can't be read, or not all of it: red when anything of ours is in it, grey otherwise. */
static sv_status judge_broken(struct judge *j, const char *detail) {
  bool ours;
  SV_TRY(verify_scan_for_ours(j->ctx, j->pdf, j->trust, at_us(j), &ours));
  if (ours || j->row.found || j->twin.readable) {
    add(j, VERIFY_BYTES_ALTERED, detail);
    return SV_DONE;
  }
  add(j, VERIFY_WRONG_FORMAT, detail);
  j->report->verdict = VERIFY_UNREADABLE;
  return SV_DONE;
}

/* The signature of ours: its signer leads to an anchor, whatever else is wrong with it. */
static const struct verify_found *our_signature(const struct judge *j) {
  for (size_t i = 0; i < j->found_n; i++) {
    if (!j->found[i].document_stamp && j->found[i].trust != PKI_UNTRUSTED) {
      return &j->found[i];
    }
  }
  return NULL;
}

static void report_signatures(struct judge *j) {
  for (size_t i = 0; i < j->found_n; i++) {
    j->report->signatures[i] = j->found[i].say;
  }
  j->report->signature_count = j->found_n;
}

static void add_all(struct judge *j, const struct verify_found *f) {
  for (size_t i = 0; i < f->say.reason_count; i++) {
    add(j, f->say.reasons[i], f->why);
  }
}

/* Whether the attached record is one of the registry's: somebody else's signature over it is a forgery, while a good
 * signature over a record of another authority's system is that authority's affair. */
static sv_status record_is_registered(struct judge *j, bool *ret) {
  struct verify_row row = {0};
  *ret = j->row.found;
  if (*ret || !j->registry || !j->twin.readable) {
    return SV_DONE;
  }
  SV_TRY(j->registry->find(j->registry, j->ctx, j->twin.facts.number, j->twin.facts.version, &row));
  *ret = row.found && crypto_equal(row.record_sha256, j->twin.sha256, 32);
  return SV_DONE;
}

/* No signature of ours in the form. What has one in some other place, carries our record without a good signature, or is
 * registered, poses as ours. */
static sv_status judge_stranger(struct judge *j) {
  bool hidden;
  bool registered;
  SV_TRY(verify_scan_for_ours(j->ctx, j->pdf, j->trust, at_us(j), &hidden));
  SV_TRY(record_is_registered(j, &registered));
  SV_TRY(verify_foreign(j->ctx, j->reader, j->pdf, j->found, j->found_n));
  report_signatures(j);
  if (hidden) {
    add(j, VERIFY_BYTES_ALTERED, "a signature of ours that is not in the form");
    return SV_DONE;
  }
  bool good = j->found_n > 0 && j->found[0].say.intact && !j->found[0].document_stamp;
  bool poses = registered || (j->twin.readable && !good);
  if (j->found_n == 0) {
    add(j, VERIFY_NO_SIGNATURE, "no signature");
  } else if (poses) {
    add_all(j, &j->found[0]);
  }
  if (!poses) {
    j->report->verdict = VERIFY_NOT_OURS;
  }
  return SV_DONE;
}

static void take_facts(struct judge *j) {
  const struct record_facts *f = &j->twin.facts;
  j->report->kind = f->kind;
  j->report->number = f->number;
  j->report->version = f->version;
  j->report->valid_from = f->valid_from;
  j->report->valid_until = f->valid_until;
}

static const struct verify_copy *copy_with_digest(const struct verify_row *row,
                                                  const uint8_t sha256[static 32]) {
  for (size_t i = 0; i < row->copy_count; i++) {
    if (crypto_equal(row->copies[i].pdf_sha256, sha256, 32)) {
      return &row->copies[i];
    }
  }
  return NULL;
}

/* The registry's word on the file (rule 8). */
static sv_status judge_registered(struct judge *j) {
  struct verify_row row = j->row;
  if (!row.found) {
    SV_TRY(j->registry->find(j->registry, j->ctx, j->report->number, j->report->version, &row));
  }
  if (!row.found) {
    add(j, VERIFY_NOT_REGISTERED, "our signature, and no row");
    return SV_DONE;
  }
  const struct verify_copy *copy = copy_with_digest(&row, j->report->original_sha256);
  if (!copy && !row.no_digests) {
    add(j, VERIFY_BYTES_ALTERED, "the file's digest is not the registry's");
  }
  bool same_record = row.no_digests || crypto_equal(row.record_sha256, j->twin.sha256, 32);
  if (strcmp(row.number, j->report->number) != 0 || row.version != j->report->version ||
      row.kind != j->report->kind || !same_record) {
    add(j, VERIFY_TWIN_MISMATCH, "the attached record is not the registry's");
  }
  j->report->copy = copy ? copy->copy : 0;
  if (row.no_digests) { /* its days are in the record, its bar codes are on the pages */
    verify_judge_row(j->report, &row, 0);
    take_facts(j);
    verify_judge_validity(j->report, j->report->valid_from, j->report->valid_until, row.zone);
    return verify_page_seals(j->ctx, j->reader, &j->twin.facts, j->twin.sha256, NULL, 0, j->report);
  }
  verify_judge_row(j->report, &row, j->report->copy);
  for (size_t i = 0; i < row.seal_count; i++) {
    const char *fault =
        verify_seal_of_record(j->ctx, row.seals[i].seal, &j->twin.facts, j->twin.sha256);
    if (fault) {
      add(j, VERIFY_TWIN_MISMATCH, fault);
    }
  }
  if (copy && copy->copy == row.latest_copy) {
    SV_TRY(verify_page_seals(j->ctx, j->reader, &j->twin.facts, j->twin.sha256, row.seals,
                             row.seal_count, j->report));
  }
  return SV_DONE;
}

/* The store of a file of ours has what ours have; where some authority is not known, neither is what is of use. */
static sv_status judge_store(struct judge *j) {
  const char *why;
  bool strangers = false;
  SV_TRY(verify_store_judge(j->ctx, j->trust, &j->store, &why));
  for (size_t i = 0; i < j->found_n; i++) {
    strangers = strangers || (j->found[i].stamped && !j->found[i].say.trusted);
    for (size_t k = 0; k < j->found[i].say.reason_count; k++) {
      strangers = strangers || j->found[i].say.reasons[k] == VERIFY_STATUS_UNKNOWN;
    }
  }
  if (why) {
    add(j, strangers ? VERIFY_STATUS_UNKNOWN : VERIFY_CHANGED_AFTER_SIGNING, why);
  }
  return SV_DONE;
}

/* Ours has no object that one reader finds in a stream and another elsewhere. */
static sv_status judge_object_streams(struct judge *j) {
  sv_status s = pdfio_streams_check(j->reader);
  if (s.reason == SV_PDF_FORMAT) {
    add(j, VERIFY_BYTES_ALTERED, take_detail(j));
    return SV_DONE;
  }
  return s;
}

static sv_status judge_ours(struct judge *j, const struct verify_found *sig) {
  SV_TRY(judge_object_streams(j));
  SV_TRY(judge_store(j));
  if (sig->revision > 1) {
    add(j, VERIFY_BYTES_ALTERED, "our signature is not over the first revision");
  }
  for (size_t i = 0; i < j->found_n;
       i++) { /* time-stamps first: what they lack explains the rest */
    if (j->found[i].document_stamp) {
      add_all(j, &j->found[i]);
    } else if (&j->found[i] != sig) {
      add(j, VERIFY_CHANGED_AFTER_SIGNING, "another signature than ours");
    }
  }
  add_all(j, sig);
  if (!j->twin.readable) {
    add(j, VERIFY_TWIN_MISMATCH,
        j->twin.attached ? "the attached record can't be read" : "no record is attached");
    return SV_DONE;
  }
  take_facts(j);
  if (sig->say.intact) {
    SV_TRY(crypto_trail_learn(j->ctx, j->trail, sv_bytes_str(j->report->number)));
  }
  if (j->registry) {
    return judge_registered(j);
  }
  add(j, VERIFY_STATUS_UNKNOWN, "no registry at hand");
  verify_judge_validity(j->report, j->report->valid_from, j->report->valid_until, NULL);
  return verify_page_seals(j->ctx, j->reader, &j->twin.facts, j->twin.sha256, NULL, 0, j->report);
}

static sv_status ask_by_digest(struct judge *j) {
  if (!j->registry) {
    return SV_DONE;
  }
  SV_TRY(j->registry->find_by_pdf_sha256(j->registry, j->ctx, j->report->original_sha256, &j->row));
  const struct verify_copy *copy =
      j->row.found ? copy_with_digest(&j->row, j->report->original_sha256) : NULL;
  if (copy && copy->time_us > 0) {
    j->registered_us = copy->time_us;
  }
  return SV_DONE;
}

/* What the registry knows of a raised file is its first revision; what was appended is in no digest of the registry's, and
 * is judged by itself. */
static sv_status find_original(struct judge *j) {
  const struct pdfio_revision *first = pdfio_revision(j->reader, 0);
  if (first->end == 0 || first->end >= j->pdf.n) {
    return SV_DONE;
  }
  struct sv_bytes original = sv_bytes_of(j->pdf.p, first->end);
  struct crypto_pieces content = {.piece = &original, .n = 1, .trail = j->trail};
  SV_TRY(crypto_pieces_digest(j->ctx, CRYPTO_SHA256, content, j->report->original_sha256));
  return j->row.found ? SV_DONE : ask_by_digest(j);
}

/* Everything after the revision that f signs must be of the permitted kinds (rule 4). */
static void judge_later(const struct judge *j, struct verify_found *f) {
  size_t n = pdfio_revision_count(j->reader);
  for (size_t i = f->revision; f->revision && i < n; i++) {
    if (j->revisions[i].fault) {
      verify_found_fault(f, VERIFY_CHANGED_AFTER_SIGNING, j->revisions[i].fault);
    }
  }
  if (f->revision && f->end && pdfio_revision(j->reader, n - 1)->end != j->pdf.n) {
    verify_found_fault(f, VERIFY_CHANGED_AFTER_SIGNING, "bytes after the last revision");
  }
}

static sv_status judge_signatures(struct judge *j) {
  struct verify_file file = {
      .pdf = j->pdf, .trail = j->trail, .reader = j->reader, .trust = j->trust, .at_us = at_us(j)};
  SV_TRY(verify_signatures(j->ctx, &file, j->found, &j->found_n));
  SV_TRY(verify_revisions(j->ctx, j->reader, j->revisions));
  SV_TRY(verify_store_read(j->ctx, j->reader, &j->store));
  for (size_t i = 0; i < j->found_n; i++) {
    judge_later(j, &j->found[i]);
  }
  struct verify_proof with = {.trust = j->trust,
                              .store = &j->store,
                              .wire = j->wire,
                              .revisions = j->revisions,
                              .revision_count = pdfio_revision_count(j->reader),
                              .now_us = j->report->clock_us,
                              .registered_us = j->registered_us};
  SV_TRY(verify_prove(j->ctx, &with, j->found, j->found_n));
  report_signatures(j);
  return SV_DONE;
}

static sv_status judge_file(struct judge *j) {
  SV_TRY(pdfio_open(j->ctx, j->pdf, &j->reader));
  SV_TRY(find_original(j));
  SV_TRY(verify_twin_read(j->ctx, j->reader,
                          &j->twin)); /* first: it tells whose a broken signature is */
  SV_TRY(judge_signatures(j));
  const struct verify_found *sig = our_signature(j);
  return sig ? judge_ours(j, sig) : judge_stranger(j);
}

/* From the digest to the verdict; what a signature holds is closed by the caller. */
static sv_status judge_all(struct judge *j) {
  struct verify_report *report = j->report;
  SV_TRY(crypto_trail_open(j->ctx, j->trust->beginnings, j->pdf, &j->trail));
  crypto_trail_sha256(j->trail, report->pdf_sha256);
  memcpy(report->original_sha256, report->pdf_sha256, sizeof report->original_sha256);
  if (j->pdf.n > VERIFY_PDF_MAX) {
    add(j, VERIFY_WRONG_FORMAT, "too large");
    report->verdict = VERIFY_UNREADABLE;
    return SV_DONE;
  }
  SV_TRY(ask_by_digest(j));
  sv_status s = judge_file(j);
  if (sv_failed(s)) {
    if (!is_answer(s)) {
      return s;
    }
    report->reason_count = 0;
    report->verdict = VERIFY_NONE;
    SV_TRY(judge_broken(j, take_detail(j)));
  }
  verify_conclude(report);
  return SV_DONE;
}

sv_status verify_pdf_by(struct sv_ctx *ctx, const struct verify_means *means, struct sv_bytes pdf,
                        struct verify_report *ret) {
  struct verify_report *report = SV_NEW(ctx->mem, struct verify_report);
  struct judge *j = SV_NEW(ctx->mem, struct judge);
  if (!report || !j) {
    return SV_FAIL(ctx, NO_MEMORY, "report");
  }
  *report = verify_report_new(means->now_us);
  report->registry_asked = means->registry != NULL;
  j->ctx = ctx;
  j->trust = means->trust;
  j->registry = means->registry;
  j->wire = means->wire;
  j->pdf = pdf;
  j->report = report;
  sv_status s = judge_all(j);
  for (size_t i = 0; i < j->found_n; i++) {
    verify_found_close(&j->found[i]);
  }
  crypto_trail_close(j->trail);
  SV_TRY(s);
  *ret = *report;
  return SV_DONE;
}

sv_status verify_pdf(struct sv_ctx *ctx, const struct verify_trust *trust,
                     const struct verify_registry *registry, int64_t now_us, struct sv_bytes pdf,
                     struct verify_report *ret) {
  struct verify_means means = {.trust = trust, .registry = registry, .now_us = now_us};
  return verify_pdf_by(ctx, &means, pdf, ret);
}
