/* A seal by itself: form, signer, signature (Doc 9303-13 appendix D), then what the registry says of the document, then
 * the person who carries it. */
#include "verify/seal.h"

#include <stdio.h>

#include "crypto/digest.h"
#include "formats/mrz/mrz.h"
#include "formats/vds/vds_profile.h"
#include "model/number.h"
#include "verify/state.h"
#include "verify/trust_struct.h"

enum { MRZ_CHARACTERS = 72, DAY_US_PER_S = 1000000, CLOCK_SLACK_DAYS = 1 };

struct judge {
  struct sv_ctx *ctx;
  const struct verify_trust *trust;
  const struct verify_registry *registry;
  struct sv_bytes bytes;
  struct vds_seal seal;
  struct vds_document doc;
  struct verify_row row; /* of the document that the seal names */
  int64_t proven_us;     /* the registry has these very bytes since; 0: it does not */
  struct verify_report *report;
};

static void add(struct judge *j, enum verify_reason reason, const char *detail) {
  verify_report_add(j->report, reason, detail);
}

/* The document type that the signer's certificate must allow: the code of the MRZ, or ours for national seals; "" where
 * the seal tells none. */
static void document_type(const struct judge *j, char type[static 3]) {
  type[0] = '\0';
  switch (j->doc.kind) {
    case VDS_LETTER:
    case VDS_OTHER:
      (void)vds_document_code(&j->seal, type);
      break;
    case VDS_MANIFEST_COVER:
    case VDS_MANIFEST_PAGE:
      (void)snprintf(type, 3, "FM");
      break;
    case VDS_RECEIPT:
      (void)snprintf(type, 3, "FR");
      break;
  }
}

static bool in_row(const struct judge *j) {
  for (size_t i = 0; i < j->row.seal_count; i++) {
    if (sv_bytes_equal(j->row.seals[i].seal, j->bytes)) {
      return true;
    }
  }
  return false;
}

/* A seal that is in the registry was made by the time that it got there. */
static sv_status ask_registry(struct judge *j) {
  const struct vds_identity *id = &j->doc.id;
  if (!j->registry || j->doc.kind == VDS_OTHER ||
      !model_number_parse(id->number, NULL, NULL, NULL)) {
    return SV_DONE;
  }
  SV_TRY(j->registry->find(j->registry, j->ctx, id->number, id->version, &j->row));
  for (size_t i = 0; j->row.found && in_row(j) && i < j->row.copy_count; i++) {
    const struct verify_copy *c = &j->row.copies[i];
    if (c->copy == j->row.latest_copy && (!j->proven_us || c->time_us < j->proven_us)) {
      j->proven_us = c->time_us; /* seals are of the newest copy; what it gave others came later */
    }
  }
  return SV_DONE;
}

/* The certificate and the key's life, at the best time that is known. */
static enum pki_fault fault_of_key(const struct judge *j, const struct pki_cert *cert) {
  enum { A_DAY = 1 };
  int64_t at_us =
      j->proven_us && j->proven_us < j->report->clock_us ? j->proven_us : j->report->clock_us;
  const struct verify_key_life *life = verify_trust_life(j->trust, cert);
  enum pki_fault fault = pki_trust_seal(j->trust->pki, cert, at_us);
  if (fault == PKI_UNTRUSTED) {
    return fault;
  }
  if (verify_trust_compromised(j->trust, cert, at_us)) {
    return PKI_REVOKED;
  }
  bool retired = life && life->until_us &&
                 sv_date_days(j->seal.header.signature_date) >
                     life->until_us / DAY_US_PER_S / 86400 + A_DAY; /* some zone's day */
  return retired ? PKI_UNTRUSTED : fault;
}

/* False when the signature is not that of a signer we know. */
static sv_status judge_signer(struct judge *j, bool *ret_good) {
  const struct pki_cert *cert =
      pki_trust_seal_signer(j->trust->pki, j->seal.header.signer, j->seal.header.cert_ref);
  struct verify_signature *say = &j->report->signatures[0];
  *ret_good = false;
  *say = (struct verify_signature){
      .signer = "", .level = "", .profile = "", .covers_whole_file = true};
  j->report->signature_count = 1;
  if (!cert) {
    add(j, VERIFY_UNKNOWN_CERTIFICATE, "no signer of that name and reference");
    return SV_DONE;
  }
  say->signer = sv_arena_strdup(j->ctx->mem, pki_cert_subject(cert));
  if (!say->signer) {
    return SV_FAIL(j->ctx, NO_MEMORY, "signer");
  }
  say->intact = pki_cert_verify_raw(cert, j->seal.signed_part, j->seal.signature);
  if (!say->intact) {
    add(j, VERIFY_INVALID_SIGNATURE, "the signature does not verify");
    return SV_DONE;
  }
  enum pki_fault fault = fault_of_key(j, cert);
  say->trusted = fault == PKI_TRUSTED;
  *ret_good = fault == PKI_TRUSTED || fault == PKI_EXPIRED;
  if (fault == PKI_EXPIRED) {
    add(j, VERIFY_EXPIRED_CERTIFICATE, "the signer's certificate is outside its validity");
  } else if (fault == PKI_REVOKED) {
    add(j, VERIFY_REVOKED_CERTIFICATE, "the signer's certificate is revoked");
  } else if (fault == PKI_WEAK) {
    add(j, VERIFY_WEAK_ALGORITHM, "the signer's certificate");
  } else if (fault != PKI_TRUSTED) {
    add(j, VERIFY_UNTRUSTED_CERTIFICATE, "the signer's certificate");
  }
  char type[3];
  document_type(j, type);
  if (type[0] && !pki_cert_allows_type(cert, type)) {
    add(j, VERIFY_WRONG_DOCUMENT_TYPE, "the signer may not seal this kind");
  }
  return SV_DONE;
}

/* A clock that is behind what was already sealed is wrong. */
static void judge_clock(struct judge *j) {
  int64_t today = j->report->clock_us / DAY_US_PER_S / 86400;
  if (sv_date_days(j->seal.header.signature_date) > today + CLOCK_SLACK_DAYS) {
    add(j, VERIFY_CLOCK_WRONG, "sealed after today");
  }
}

static void judge_registered(struct judge *j) {
  const struct verify_row *row = &j->row;
  const struct vds_identity *id = &j->doc.id;
  if (!row->found) {
    add(j, VERIFY_NOT_REGISTERED, "our seal, and no row");
    return;
  }
  bool latest = id->copy == row->latest_copy;
  if (row->kind != j->report->kind ||
      !crypto_equal(row->record_sha256, j->doc.record_digest.p, j->doc.record_digest.n)) {
    add(j, VERIFY_TWIN_MISMATCH, "the seal's record is not the registry's");
  } else if (id->copy > row->latest_copy || (latest && row->seal_count && !in_row(j))) {
    add(j, VERIFY_NOT_REGISTERED, "our seal, but not one that the registry has");
  }
  verify_judge_row(j->report, row, id->copy);
}

static void judge_unregistered(struct judge *j) {
  add(j, VERIFY_STATUS_UNKNOWN, "no registry at hand");
  if (j->doc.kind == VDS_LETTER) {
    char *from = sv_arena_alloc(j->ctx->mem, 11);
    char *until = sv_arena_alloc(j->ctx->mem, 11);
    if (from && until) {
      sv_date_format(j->doc.letter.valid_from, from);
      sv_date_format(j->doc.letter.valid_until, until);
      j->report->valid_from = from;
      j->report->valid_until = until;
      verify_judge_validity(j->report, from, until, NULL);
    }
  }
}

/* The bearer against the commitment of a letter, or the lines of a manifest's page. */
static void judge_holder(struct judge *j, const char *holder_mrz) {
  char lines[96];
  struct mrz_fields holder;
  if (!mrz_part_lines(holder_mrz, lines) || sv_failed(mrz_parse(j->ctx, lines, &holder))) {
    sv_ctx_clear(j->ctx);
    add(j, VERIFY_HOLDER_MISMATCH, "the bearer's document can't be read");
    return;
  }
  uint8_t mine[16];
  const struct vds_document *d = &j->doc;
  if (d->kind == VDS_LETTER) {
    vds_commitment_mrz(d->record_digest, holder.issuer, holder.number, holder.birth, mine, 16);
    if (!crypto_equal(mine, d->letter.holder_commitment, 16)) {
      add(j, VERIFY_HOLDER_MISMATCH, "the bearer's document is not the one committed to");
    }
  } else if (d->kind == VDS_MANIFEST_PAGE) {
    bool listed = false;
    vds_commitment_mrz(sv_bytes_of(d->page.salt, sizeof d->page.salt), holder.issuer, holder.number,
                       holder.birth, mine, VDS_COMMITMENT_BYTES);
    for (size_t i = 0; i < d->page.commitment_count; i++) {
      listed = crypto_equal(mine, d->page.commitments[i], VDS_COMMITMENT_BYTES) || listed;
    }
    if (!listed) {
      add(j, VERIFY_NOT_LISTED, "no line of this page commits to the bearer's document");
    }
  } else { /* a question that was asked is never passed over */
    add(j, VERIFY_HOLDER_MISMATCH, "this seal commits to no bearer");
  }
}

/* The page of a letter against its seal, character by character. */
static void judge_printed(struct judge *j, const char *printed_mrz) {
  char lines[96];
  const char *mrz = j->doc.kind == VDS_LETTER ? j->doc.letter.mrz : "";
  bool same =
      mrz_part_lines(printed_mrz, lines) && strlen(lines) == MRZ_CHARACTERS + 1 &&
      memcmp(lines, mrz, MRZ_CHARACTERS / 2) == 0 &&
      memcmp(lines + MRZ_CHARACTERS / 2 + 1, mrz + MRZ_CHARACTERS / 2, MRZ_CHARACTERS / 2) == 0;
  if (!same) {
    add(j, VERIFY_PRINTED_MRZ, "the page says something else than its seal");
  }
}

static sv_status keep_mrz(struct judge *j) {
  enum { HALF = MRZ_CHARACTERS / 2 };
  if (j->doc.kind == VDS_LETTER) {
    j->report->seal_mrz =
        sv_arena_printf(j->ctx->mem, "%.*s\n%s", HALF, j->doc.letter.mrz, j->doc.letter.mrz + HALF);
  }
  return j->report->seal_mrz ? SV_DONE : SV_FAIL(j->ctx, NO_MEMORY, "zone");
}

static sv_status judge(struct judge *j, const struct verify_shown *shown) {
  bool good;
  SV_TRY(ask_registry(j));
  SV_TRY(judge_signer(j, &good));
  if (!good) {
    return SV_DONE;
  }
  judge_clock(j);
  if (j->doc.kind == VDS_OTHER) {
    j->report->verdict = VERIFY_NOT_OURS;
    return SV_DONE;
  }
  if (!model_number_parse(j->doc.id.number, NULL, NULL, NULL)) {
    add(j, VERIFY_WRONG_FORMAT, "no number of ours");
    return SV_DONE;
  }
  j->report->kind = verify_kind_of_seal(j->doc.kind);
  j->report->number = sv_arena_strdup(j->ctx->mem, j->doc.id.number);
  if (!j->report->number) {
    return SV_FAIL(j->ctx, NO_MEMORY, "number");
  }
  j->report->version = j->doc.id.version;
  j->report->copy = j->doc.id.copy;
  if (j->registry) {
    judge_registered(j);
  } else {
    judge_unregistered(j);
  }
  if (shown && shown->holder_mrz && shown->holder_mrz[0]) {
    judge_holder(j, shown->holder_mrz);
  }
  if (shown && shown->printed_mrz && shown->printed_mrz[0]) {
    judge_printed(j, shown->printed_mrz);
  }
  return keep_mrz(j);
}

/* True when the bytes are a seal; otherwise the report says what they are. */
static bool read_seal(struct judge *j) {
  if (j->bytes.n == 0 || j->bytes.p[0] != 0xDC) {
    add(j, VERIFY_WRONG_FORMAT, "not a visible seal");
    j->report->verdict = VERIFY_NOT_OURS;
    return false;
  }
  if (sv_failed(vds_read(j->ctx, j->bytes, &j->seal)) ||
      sv_failed(vds_document_read(j->ctx, &j->seal, &j->doc))) {
    const char *detail = sv_arena_strdup(j->ctx->mem, j->ctx->detail);
    sv_ctx_clear(j->ctx);
    add(j, VERIFY_WRONG_FORMAT, detail ? detail : "");
    return false;
  }
  return true;
}

sv_status verify_seal(struct sv_ctx *ctx, const struct verify_trust *trust,
                      const struct verify_registry *registry, int64_t now_us, struct sv_bytes seal,
                      const struct verify_shown *shown, struct verify_report *ret) {
  struct verify_report *report = SV_NEW(ctx->mem, struct verify_report);
  struct judge *j = SV_NEW(ctx->mem, struct judge);
  if (!report || !j) {
    return SV_FAIL(ctx, NO_MEMORY, "report");
  }
  *report = verify_report_new(now_us);
  *j = (struct judge){
      .ctx = ctx, .trust = trust, .registry = registry, .bytes = seal, .report = report};
  report->registry_asked = registry != NULL;
  if (read_seal(j)) {
    SV_TRY(judge(j, shown));
  }
  verify_conclude(report);
  *ret = *report;
  return SV_DONE;
}
