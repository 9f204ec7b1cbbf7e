/* Time is the latest of what is known to have been. Invariants: what is remembered never makes a verdict greener; a paper is
 * remembered only when its seal is good. */
#include "verify/device.h"

#include "formats/vds/vds_profile.h"
#include "pdfio/reader.h"
#include "verify/page_code.h"
#include "verify/pdf.h"
#include "verify/seal.h"
#include "verify/state.h"

static const int64_t day_us = 86400LL * 1000000, zones_us = 14 * 3600LL * 1000000;

/* A bundle, asked as a registry: it knows a place of a list, and a seal knows which. */
struct judge {
  struct verify_registry registry; /* first: verify/ hands it back */
  struct sv_ctx *ctx;
  const struct verify_device *device;
  struct bundle_trust *list;
  struct bundle bundle;
  struct tlog_checkpoint log; /* of the bundle; size 0: none */
  int64_t now_us;
  bool usable; /* the bundle, as far as lists and clocks go */
  struct sv_bytes seal;
  struct vds_seal parsed;
  struct vds_document document;
  enum bundle_status status;
};

/* --- what is at hand --- */

static sv_status open_lists(struct judge *j) {
  const struct verify_device *d = j->device;
  struct sv_bytes text;
  size_t notes;
  j->list = SV_NEW(j->ctx->mem, struct bundle_trust);
  if (!j->list) {
    return SV_FAIL(j->ctx, NO_MEMORY, "trust list");
  }
  SV_TRY(tlog_note_open(j->ctx, d->trust_list, BUNDLE_TEXT_MAX, d->key, &text));
  SV_TRY(bundle_trust_read(j->ctx, text, j->list));
  return bundle_open(j->ctx, d->bundle, d->key, &j->bundle, &notes);
}

static sv_status trust_of(struct judge *j, struct verify_trust **ret) {
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  struct sv_bytes pem;
  struct verify_key_life *lives = SV_ARRAY(j->ctx->mem, j->list->key_count, struct verify_key_life);
  if (!lives) {
    return SV_FAIL(j->ctx, NO_MEMORY, "lives of keys");
  }
  SV_TRY(bundle_trust_pem(j->ctx, j->list, false, &pem));
  SV_TRY(verify_trust_of(j->ctx, pem, &trust));
  if (j->list->stamp_count) {
    SV_TRY(bundle_trust_pem(j->ctx, j->list, true, &pem));
    SV_TRY(verify_trust_stamps(j->ctx, trust, pem));
  }
  for (size_t i = 0; i < j->list->key_count; i++) {
    const struct bundle_key *k = &j->list->keys[i];
    lives[i] =
        (struct verify_key_life){.until_us = k->until_us, .compromised_us = k->compromised_us};
    memcpy(lives[i].sha256, k->sha256, sizeof lives[i].sha256);
  }
  SV_TRY(verify_trust_lives(j->ctx, trust, lives, j->list->key_count));
  *ret = SV_TAKE(trust);
  return SV_DONE;
}

/* --- clocks and lists: what they say against the paper is added after it was judged --- */

struct doubts {
  struct {
    enum verify_reason reason;
    const char *detail;
  } v[8];
  size_t n;
};

static void doubt(struct doubts *d, enum verify_reason reason, const char *detail) {
  d->v[d->n].reason = reason;
  d->v[d->n++].detail = detail;
}

static void judge_clock(struct judge *j, struct doubts *doubts) {
  int64_t clock = j->device->clock_us, known = j->bundle.not_before_us;
  if (j->device->memory) { /* no seal vouches for a time that the bundle does not reach */
    int64_t latest = j->device->memory->latest_us;
    latest = latest < j->bundle.expires_us ? latest : j->bundle.expires_us;
    known = latest > known ? latest : known;
  }
  j->now_us = clock > known ? clock : known;
  if (clock < known) {
    doubt(doubts, VERIFY_CLOCK_WRONG, "the clock stands before what is known to have been");
  }
  j->usable = j->now_us <= j->bundle.expires_us;
  int64_t limit = j->bundle.not_before_us + j->device->fresh_us;
  limit = j->device->fresh_us > 0 && limit < j->bundle.fresh_until_us ? limit
                                                                      : j->bundle.fresh_until_us;
  if (j->usable && j->now_us > limit) {
    doubt(doubts, VERIFY_STATUS_STALE, "the bundle is older than its limit");
  }
  if (j->now_us > j->list->expires_us) {
    j->usable = false;
    doubt(doubts, VERIFY_STATUS_STALE, "the trust list has run out");
  }
}

/* The checkpoint in the bundle is the log's, and that log is the one that was known before. */
static void judge_log(struct judge *j, struct doubts *doubts) {
  struct sv_ctx aside = sv_ctx_over(j->ctx->mem);
  struct tlog_key log;
  if (j->bundle.checkpoint[0] == '\0') {
    return;
  }
  if (sv_failed(tlog_key_read(&aside, sv_bytes_str(j->list->log_key), &log)) ||
      sv_failed(tlog_checkpoint_open(&aside, sv_bytes_str(j->bundle.checkpoint), &log, &j->log))) {
    j->log = (struct tlog_checkpoint){0};
    j->usable = false;
    doubt(doubts, VERIFY_STATUS_UNKNOWN, "the bundle's checkpoint is not of the log");
  }
}

static void judge_order(struct judge *j, struct doubts *doubts) {
  const struct verify_memory *m = j->device->memory;
  const struct verify_list_seen *before = m ? &m->lists[j->bundle.list - 'A'] : NULL;
  if (!m) {
    return;
  }
  if (j->list->sequence < m->trust_sequence) {
    j->usable = false;
    doubt(doubts, VERIFY_STATUS_STALE, "a trust list older than one that was used before");
  }
  if (j->bundle.sequence < before->sequence) {
    j->usable = false;
    doubt(doubts, VERIFY_STATUS_STALE, "a bundle older than one that was used before");
  }
  bool shrunk = j->bundle.sequence >= before->sequence && j->log.size < before->log_size;
  bool forked = j->log.size == before->log_size && before->log_size &&
                memcmp(j->log.root.b, before->log_root, sizeof before->log_root) != 0;
  if (before->sequence && (shrunk || forked)) {
    j->usable = false;
    doubt(doubts, VERIFY_STATUS_UNKNOWN, "the bundle is of a log that forked");
  }
}

/* --- the paper's place --- */

static const struct vds_status *place_of(const struct vds_document *d) {
  switch (d->kind) {
    case VDS_LETTER:
      return &d->letter.status;
    case VDS_MANIFEST_COVER:
      return &d->cover.status;
    case VDS_RECEIPT:
      return &d->receipt.status;
    case VDS_MANIFEST_PAGE: /* has none: its cover does */
    case VDS_OTHER:
      break;
  }
  return NULL;
}

/* Whether the bundle covers the seal; then it can be asked. */
static bool covered(struct judge *j) {
  struct sv_ctx aside = sv_ctx_over(j->ctx->mem);
  if (sv_failed(vds_read(&aside, j->seal, &j->parsed)) ||
      sv_failed(vds_document_read(&aside, &j->parsed, &j->document))) {
    j->document.kind = VDS_OTHER;
    return false;
  }
  const struct vds_status *place = place_of(&j->document);
  if (!place || place->list != (uint8_t)j->bundle.list || place->index >= BUNDLE_PLACES) {
    return false;
  }
  j->status = bundle_status_at(j->bundle.bits, place->index);
  return true;
}

static sv_status find(const struct verify_registry *registry, struct sv_ctx *ctx,
                      const char *number, uint32_t version, struct verify_row *ret) {
  static const enum model_state states[] = {[BUNDLE_VALID] = MODEL_ISSUED,
                                            [BUNDLE_REPLACED] = MODEL_SUPERSEDED,
                                            [BUNDLE_REVOKED] = MODEL_REVOKED,
                                            [BUNDLE_SUSPENDED] = MODEL_SUSPENDED};
  const struct judge *j = (const struct judge *)registry;
  const struct vds_identity *id = &j->document.id;
  struct verify_seal_row *seal = SV_NEW(ctx->mem, struct verify_seal_row);
  *ret = (struct verify_row){0};
  if (!seal) {
    return SV_FAIL(ctx, NO_MEMORY, "row");
  }
  if (strcmp(number, id->number) != 0 || version != id->version) {
    return SV_DONE;
  }
  char *from = sv_arena_alloc(ctx->mem, 11), *until = sv_arena_alloc(ctx->mem, 11);
  if (!from || !until) {
    return SV_FAIL(ctx, NO_MEMORY, "row");
  }
  from[0] = until[0] = '\0';
  if (j->document.kind == VDS_LETTER) { /* a list has no days: the seal has */
    sv_date_format(j->document.letter.valid_from, from);
    sv_date_format(j->document.letter.valid_until, until);
  }
  *seal = (struct verify_seal_row){1, j->seal};
  *ret = (struct verify_row){.found = true,
                             .no_digests = true,
                             .number = id->number,
                             .version = id->version,
                             .kind = verify_kind_of_seal(j->document.kind),
                             .state = states[j->status],
                             .latest_copy = id->copy,
                             .latest_version = id->version,
                             .valid_from = from,
                             .valid_until = until,
                             .seals = seal,
                             .seal_count = 1};
  memcpy(ret->record_sha256, j->document.record_digest.p, j->document.record_digest.n);
  return SV_DONE;
}

static sv_status find_by_pdf(const struct verify_registry *registry, struct sv_ctx *ctx,
                             const uint8_t sha256[static 32], struct verify_row *ret) {
  (void)registry, (void)ctx, (void)sha256;
  *ret = (struct verify_row){0};
  return SV_DONE;
}

/* --- a PDF: its first bar code knows its place --- */

struct first_code {
  struct verify_page_codes found; /* first: it is handed back */
  struct sv_bytes bytes;
};

static void take_first(struct verify_page_codes *found, uint32_t page,
                       const struct sv_bytes *bytes) {
  struct first_code *f = (struct first_code *)found;
  (void)page;
  if (bytes && f->bytes.n == 0) {
    f->bytes = *bytes;
  }
}

/* Empty where the file has none that can be read: then it has no place. */
static struct sv_bytes seal_of_pdf(struct sv_ctx *ctx, struct sv_bytes pdf) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct first_code first = {.found = {take_first}};
  struct pdfio *p;
  aside.deadline_ns = ctx->deadline_ns;
  aside.cancelled = ctx->cancelled;
  bool read = !sv_failed(pdfio_open(&aside, pdf, &p)) &&
              !sv_failed(verify_page_codes(&aside, p, &first.found));
  return read ? first.bytes : (struct sv_bytes){0};
}

static bool good(const struct verify_report *seal) {
  return seal->signature_count == 1 && seal->signatures[0].intact && seal->signatures[0].trusted;
}

/* The bar code first, by itself: only a good one is believed about its place, and what is wrong with it is wrong with the
 * file. */
static sv_status judge_pdf(struct judge *j, const struct verify_trust *trust, struct sv_bytes pdf,
                           const struct verify_report *seal, struct verify_report *ret) {
  bool asked = j->usable && seal->registry_asked && good(seal);
  SV_TRY(verify_pdf(j->ctx, trust, asked ? &j->registry : NULL, j->now_us, pdf, ret));
  if (ret->verdict != VERIFY_VALID && ret->verdict != VERIFY_CHECK &&
      ret->verdict != VERIFY_INVALID) {
    return SV_DONE;
  }
  bool said = seal->number[0] || (seal->verdict == VERIFY_INVALID && j->seal.n);
  for (size_t i = 0; said && i < seal->reason_count; i++) {
    verify_report_add(ret, seal->reasons[i], seal->detail);
  }
  ret->copy = ret->copy ? ret->copy : seal->copy;
  ret->seal_mrz = seal->seal_mrz;
  return SV_DONE;
}

/* --- what is remembered --- */

static void remember(struct judge *j, const struct verify_report *seal, struct verify_report *r) {
  struct verify_memory *m = j->device->memory;
  const struct vds_identity *id = &j->document.id;
  if (!m) {
    return;
  }
  if (j->usable) {
    struct verify_list_seen *l = &m->lists[j->bundle.list - 'A'];
    l->sequence = j->bundle.sequence;
    l->log_size = j->log.size;
    memcpy(l->log_root, j->log.root.b, sizeof l->log_root);
    m->trust_sequence = j->list->sequence;
    m->latest_us = m->latest_us > j->bundle.not_before_us ? m->latest_us : j->bundle.not_before_us;
  }
  if (!good(seal)) {
    return;
  }
  int64_t sealed_us = sv_date_days(j->parsed.header.signature_date) * day_us - zones_us;
  sealed_us = sealed_us < j->bundle.expires_us ? sealed_us : j->bundle.expires_us;
  m->latest_us = sealed_us > m->latest_us ? sealed_us : m->latest_us;
  bool shown = r->verdict == VERIFY_VALID || r->verdict == VERIFY_CHECK;
  if (!shown || j->document.kind != VDS_LETTER) {
    return;
  }
  uint32_t newest;
  if (verify_memory_find(m, id->number, id->version, id->copy, &newest)) {
    verify_report_add(r, VERIFY_COPY_SEEN, "this letter was shown to this device before");
  }
  if (newest > id->copy) {
    verify_report_add(r, VERIFY_COPY_REPLACED, "a newer copy was shown to this device");
  }
  verify_memory_add(m, id->number, id->version, id->copy, j->now_us);
}

/* --- all of it --- */

sv_status verify_by_device(struct sv_ctx *ctx, const struct verify_device *device,
                           struct sv_bytes paper, const struct verify_shown *shown,
                           struct verify_report *ret) {
  struct judge *j = SV_NEW(ctx->mem, struct judge);
  struct verify_report *seal = SV_NEW(ctx->mem, struct verify_report);
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  struct doubts doubts = {0};
  if (!j || !seal) {
    return SV_FAIL(ctx, NO_MEMORY, "report");
  }
  *j = (struct judge){.registry = {find, find_by_pdf}, .ctx = ctx, .device = device};
  SV_TRY(open_lists(j));
  SV_TRY(trust_of(j, &trust));
  judge_clock(j, &doubts);
  judge_log(j, &doubts);
  judge_order(j, &doubts);
  bool pdf = paper.n >= 5 && memcmp(paper.p, "%PDF-", 5) == 0;
  j->seal = pdf ? seal_of_pdf(ctx, paper) : paper;
  bool asked = covered(j) && j->usable;
  SV_TRY(verify_seal(ctx, trust, asked ? &j->registry : NULL, j->now_us, j->seal, shown, seal));
  if (pdf) {
    SV_TRY(judge_pdf(j, trust, paper, seal, ret));
  } else {
    *ret = *seal;
  }
  for (size_t i = 0; ret->verdict != VERIFY_HOLD && i < doubts.n; i++) { /* that has no reasons */
    verify_report_add(ret, doubts.v[i].reason, doubts.v[i].detail);
  }
  remember(j, seal, ret);
  return SV_DONE;
}
