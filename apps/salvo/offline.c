/* trust, bundle: fetch what judges without a network; and judging a bar code's bytes, a picture of a page or a PDF by them
 * alone.
 * Invariants: a list that is older than the one at hand never takes its place; a log that is not the growth of the one at
 * hand is refused; without a bundle that covers the paper, nothing is green. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "formats/bundle/bundle.h"
#include "formats/vds/vds_profile.h"
#include "rpc/api/api.h"
#include "salvo/v1/verification.pb-c.h"
#include "scan/scan.h"
#include "verify/pdf.h"
#include "verify/seal.h"

enum { KEY_TEXT_MAX = 1024, PAPER_MAX = VERIFY_PDF_MAX + 1, MRZ_MAX = 512 };

static sv_status key_read(struct sv_ctx *ctx, const char *path, struct tlog_key *ret) {
  struct sv_bytes text;
  SV_TRY(file_read(ctx, path, KEY_TEXT_MAX, &text));
  return tlog_key_read(ctx, text, ret);
}

static sv_status trust_open(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                            struct bundle_trust *ret) {
  struct sv_bytes text;
  SV_TRY(tlog_note_open(ctx, note, BUNDLE_TEXT_MAX, key, &text));
  return bundle_trust_read(ctx, text, ret);
}

static sv_status bundle_open(struct sv_ctx *ctx, struct sv_bytes note, const struct tlog_key *key,
                             struct bundle *ret) {
  struct sv_bytes text;
  SV_TRY(tlog_note_open(ctx, note, BUNDLE_TEXT_MAX, key, &text));
  return bundle_read(ctx, text, ret);
}

/* The file that is at hand already; n 0: none. */
static struct sv_bytes at_hand(struct sv_ctx *ctx, const char *path) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct sv_bytes note = {0};
  return sv_failed(file_read(&aside, path, BUNDLE_TEXT_MAX, &note)) ? (struct sv_bytes){0} : note;
}

static int kept(struct salvo *s, const char *out, struct sv_bytes note, const char *what,
                uint64_t sequence) {
  sv_status status = file_write(s->ctx, out, note);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  if (strcmp(out, "-") != 0) {
    (void)printf("%s %llu: %s\n", what, (unsigned long long)sequence, out);
  }
  return EXIT_DONE;
}

/* --- trust -o FILE --trust-key FILE.vkey --- */

int command_trust(struct salvo *s, struct arguments a) {
  const char *out = argument_take(&a, "-o"), *key_path = argument_take(&a, "--trust-key");
  struct tlog_key key;
  struct bundle_trust *now = SV_NEW(s->ctx->mem, struct bundle_trust);
  struct bundle_trust *before = SV_NEW(s->ctx->mem, struct bundle_trust);
  if (!out || !key_path || a.count != 0 || !now || !before) {
    return usage_fault("trust -o FILE --trust-key TRUST.vkey");
  }
  Salvo__V1__GetTrustListRequest get = SALVO__V1__GET_TRUST_LIST_REQUEST__INIT;
  ProtobufCMessage *answer;
  sv_status status = key_read(s->ctx, key_path, &key);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  int code = call_unary(s, "/salvo.v1.VerificationService/GetTrustList", &get.base,
                        &salvo__v1__get_trust_list_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  ProtobufCBinaryData list = ((Salvo__V1__GetTrustListResponse *)(void *)answer)->trust_list;
  struct sv_bytes note = sv_bytes_of(list.data, list.len), old = at_hand(s->ctx, out);
  status = trust_open(s->ctx, note, &key, now);
  if (!sv_failed(status) && old.n &&
      !sv_failed(trust_open(&(struct sv_ctx){.mem = s->ctx->mem}, old, &key, before)) &&
      now->sequence < before->sequence) {
    status = SV_FAIL(s->ctx, CORRUPT, "the trust list is older than the one at hand");
  }
  return sv_failed(status) ? call_failed(s, status)
                           : kept(s, out, note, "trust list", now->sequence);
}

/* --- bundle -o FILE --trust-key FILE.vkey --log-key FILE.vkey [--list A] --- */

/* The log of a bundle is the growth of that of the bundle at hand. */
static int growth_check(struct salvo *s, const struct tlog_key *log, const struct bundle *now,
                        const struct bundle *before) {
  struct tlog_checkpoint a, b;
  if (before->checkpoint[0] == '\0') {
    return EXIT_DONE;
  }
  sv_status status = tlog_checkpoint_open(s->ctx, sv_bytes_str(before->checkpoint), log, &a);
  if (!sv_failed(status)) {
    status = tlog_checkpoint_open(s->ctx, sv_bytes_str(now->checkpoint), log, &b);
  }
  return sv_failed(status) ? call_failed(s, status) : log_growth(s, &a, &b);
}

int command_bundle(struct salvo *s, struct arguments a) {
  const char *out = argument_take(&a, "-o"), *list = argument_take(&a, "--list");
  const char *key_path = argument_take(&a, "--trust-key"),
             *log_path = argument_take(&a, "--log-key");
  struct tlog_key key, log;
  struct bundle now, before;
  if (!out || !key_path || !log_path || a.count != 0) {
    return usage_fault("bundle -o FILE --trust-key TRUST.vkey --log-key LOG.vkey [--list A]");
  }
  sv_status status = key_read(s->ctx, key_path, &key);
  if (!sv_failed(status)) {
    status = key_read(s->ctx, log_path, &log);
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  Salvo__V1__GetStatusBundleRequest get = SALVO__V1__GET_STATUS_BUNDLE_REQUEST__INIT;
  ProtobufCMessage *answer;
  get.status_list = (char *)(uintptr_t)(list ? list : "A");
  int code = call_unary(s, "/salvo.v1.VerificationService/GetStatusBundle", &get.base,
                        &salvo__v1__get_status_bundle_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  ProtobufCBinaryData made = ((Salvo__V1__GetStatusBundleResponse *)(void *)answer)->status_bundle;
  struct sv_bytes note = sv_bytes_of(made.data, made.len), old = at_hand(s->ctx, out);
  status = bundle_open(s->ctx, note, &key, &now);
  bool follows =
      !sv_failed(status) && old.n &&
      !sv_failed(bundle_open(&(struct sv_ctx){.mem = s->ctx->mem}, old, &key, &before)) &&
      before.list == now.list;
  if (follows && now.sequence < before.sequence) {
    status = SV_FAIL(s->ctx, CORRUPT, "the bundle is older than the one at hand");
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  code = follows ? growth_check(s, &log, &now, &before) : EXIT_DONE;
  return code == EXIT_DONE ? kept(s, out, note, "bundle", now.sequence) : code;
}

/* --- judging --- */

/* A bundle, asked as a registry: it knows a place of a list, and a seal knows which. */
struct offline {
  struct verify_registry registry;
  struct sv_bytes seal;
  struct vds_document document;
  struct vds_status place;
  enum bundle_status status;
};

static const struct vds_status *place_of(const struct vds_document *d) {
  switch (d->kind) {
    case VDS_LETTER:
      return &d->letter.status;
    case VDS_MANIFEST_COVER:
      return &d->cover.status;
    case VDS_RECEIPT:
      return &d->receipt.status;
    default:
      return NULL; /* the page of a manifest has none: its cover does */
  }
}

static enum model_kind kind_of(enum vds_kind kind) {
  return kind == VDS_LETTER           ? MODEL_SAFE_CONDUCT
         : kind == VDS_MANIFEST_COVER ? MODEL_FLIGHT_MANIFEST
                                      : MODEL_DISBURSEMENT_RECEIPT;
}

static sv_status offline_find(const struct verify_registry *registry, struct sv_ctx *ctx,
                              const char *number, uint32_t version, struct verify_row *ret) {
  static const enum model_state states[] = {[BUNDLE_VALID] = MODEL_ISSUED,
                                            [BUNDLE_REPLACED] = MODEL_SUPERSEDED,
                                            [BUNDLE_REVOKED] = MODEL_REVOKED,
                                            [BUNDLE_SUSPENDED] = MODEL_SUSPENDED};
  const struct offline *o = (const struct offline *)registry;
  const struct vds_identity *id = &o->document.id;
  struct verify_seal_row *seal = SV_NEW(ctx->mem, struct verify_seal_row);
  struct verify_copy *copy = SV_NEW(ctx->mem, struct verify_copy);
  *ret = (struct verify_row){0};
  if (!seal || !copy) {
    return SV_FAIL(ctx, NO_MEMORY, "row");
  }
  if (strcmp(number, id->number) != 0 || version != id->version) {
    return SV_DONE;
  }
  *seal = (struct verify_seal_row){1, o->seal};
  *copy = (struct verify_copy){.copy = id->copy};
  *ret = (struct verify_row){.found = true,
                             .number = id->number,
                             .version = id->version,
                             .kind = kind_of(o->document.kind),
                             .state = states[o->status],
                             .copies = copy,
                             .copy_count = 1,
                             .latest_copy = id->copy,
                             .latest_version = id->version,
                             .valid_from = "",
                             .valid_until = "",
                             .zone = "",
                             .seals = seal,
                             .seal_count = 1};
  memcpy(ret->record_sha256, o->document.record_digest.p, o->document.record_digest.n);
  return SV_DONE;
}

static sv_status offline_find_by_pdf(const struct verify_registry *registry, struct sv_ctx *ctx,
                                     const uint8_t sha256[static 32], struct verify_row *ret) {
  (void)registry, (void)ctx, (void)sha256;
  *ret = (struct verify_row){0};
  return SV_DONE;
}

struct verify_offline {
  const char *trust_key, *trust, *bundle, *mrz, *at, *fresh_hours;
};

/* Whether the bundle covers the seal; then it can be asked. */
static bool covered(struct sv_ctx *ctx, const struct bundle *b, struct offline *o) {
  struct vds_seal seal;
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  if (sv_failed(vds_read(&aside, o->seal, &seal)) ||
      sv_failed(vds_document_read(&aside, &seal, &o->document))) {
    return false;
  }
  const struct vds_status *place = place_of(&o->document);
  if (!place || place->list != (uint8_t)b->list || place->index >= BUNDLE_PLACES || !b->bits) {
    return false;
  }
  o->status = bundle_status_at(b->bits, place->index);
  return true;
}

/* The one seal of a picture: other bar code bytes are passed over where there is one. */
static sv_status picture_seal(struct sv_ctx *ctx, struct sv_bytes file, struct sv_bytes *ret) {
  struct sv_bytes codes[SCAN_CODES_MAX];
  struct vds_seal seal;
  size_t n, seals = 0;
  SV_TRY(scan_picture(ctx, file, codes, &n));
  if (n == 0) {
    return SV_FAIL(ctx, FIELD_INVALID, "no bar code can be read in this picture");
  }
  *ret = codes[0];
  for (size_t i = 0; i < n; i++) {
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    if (!sv_failed(vds_read(&aside, codes[i], &seal))) {
      *ret = codes[i];
      seals++;
    }
  }
  return seals <= 1
             ? SV_DONE
             : SV_FAIL(ctx, FIELD_INVALID, "%zu different seals: cut the picture to one", seals);
}

/* The latest of what is known to have been; a clock that stands before its own bundle is wrong. */
static sv_status judge(struct salvo *s, const struct verify_offline *v, struct sv_bytes paper,
                       struct verify_report *ret) {
  struct tlog_key key;
  struct bundle b;
  struct bundle_trust *t = SV_NEW(s->ctx->mem, struct bundle_trust);
  struct sv_bytes note, pem, mrz = {0};
  int64_t clock = sv_wall_us();
  if (!t || (v->at && !sv_time_parse(v->at, &clock, NULL))) {
    return SV_FAIL(s->ctx, CONFIG, "--at: a time as 2026-01-15T05:50:00Z");
  }
  SV_TRY(key_read(s->ctx, v->trust_key, &key));
  SV_TRY(file_read(s->ctx, v->trust, BUNDLE_TEXT_MAX, &note));
  SV_TRY(trust_open(s->ctx, note, &key, t));
  SV_TRY(file_read(s->ctx, v->bundle, BUNDLE_TEXT_MAX, &note));
  SV_TRY(bundle_open(s->ctx, note, &key, &b));
  if (v->mrz) {
    SV_TRY(file_read(s->ctx, v->mrz, MRZ_MAX, &mrz));
  }
  SV_TRY(bundle_trust_pem(s->ctx, t, &pem));
  SV_AUTO(verify_trust_close) struct verify_trust *trust = NULL;
  SV_TRY(verify_trust_of(s->ctx, pem, &trust));
  struct offline o = {.registry = {.find = offline_find, .find_by_pdf_sha256 = offline_find_by_pdf},
                      .seal = paper};
  bool pdf = paper.n >= 5 && memcmp(paper.p, "%PDF-", 5) == 0;
  if (scan_is_picture(paper)) {
    SV_TRY(picture_seal(s->ctx, paper, &o.seal));
  }
  int64_t now = clock > b.not_before_us ? clock : b.not_before_us;
  bool usable = !pdf && now <= b.expires_us && now <= t->expires_us && covered(s->ctx, &b, &o);
  const char *holder = mrz.n ? sv_arena_strndup(s->ctx->mem, (const char *)mrz.p, mrz.n) : NULL;
  SV_TRY(pdf ? verify_pdf(s->ctx, trust, NULL, now, paper,
                          ret) /* its place is in its bar code alone */
             : verify_seal(s->ctx, trust, usable ? &o.registry : NULL, now, o.seal, holder, ret));
  int64_t hours = v->fresh_hours ? strtoll(v->fresh_hours, NULL, 10) : 0;
  int64_t fresh_until = hours > 0 ? b.not_before_us + hours * 3600 * 1000000 : b.fresh_until_us;
  if (usable && now > (fresh_until < b.fresh_until_us ? fresh_until : b.fresh_until_us)) {
    verify_report_add(ret, VERIFY_STATUS_STALE, "the bundle is older than its limit");
  }
  if (clock < b.not_before_us) {
    verify_report_add(ret, VERIFY_CLOCK_WRONG, "the clock stands before the bundle");
  }
  return SV_DONE;
}

int offline_verify(struct salvo *s, struct arguments a, const char **ret_path,
                   struct verify_report *ret) {
  struct verify_offline v = {.trust_key = argument_take(&a, "--trust-key"),
                             .trust = argument_take(&a, "--trust-list"),
                             .bundle = argument_take(&a, "--bundle"),
                             .mrz = argument_take(&a, "--mrz"),
                             .at = argument_take(&a, "--at"),
                             .fresh_hours = argument_take(&a, "--fresh-hours")};
  struct sv_bytes paper;
  if (!v.trust_key || !v.trust || !v.bundle || a.count != 1) {
    return usage_fault(
        "verify --offline SEAL-BYTES|PICTURE.png|PICTURE.jpg|FILE.pdf --trust-key TRUST.vkey "
        "--trust-list FILE --bundle FILE "
        "[--mrz FILE] [--at TIME] [--fresh-hours N]");
  }
  *ret_path = a.v[0];
  sv_status status = file_read(s->ctx, a.v[0], PAPER_MAX, &paper);
  if (!sv_failed(status)) {
    status = judge(s, &v, paper, ret);
  }
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}
