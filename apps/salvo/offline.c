/* trust, bundle: fetch what judges without a network; and judging a bar code's bytes, a picture of a page or a PDF by them
 * alone.
 * Invariants: a list that is older than the one at hand never takes its place; a log that is not the growth of the one at
 * hand is refused; without a bundle that covers the paper, nothing is green. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "apps/salvo/salvo.h"
#include "formats/bundle/bundle.h"
#include "formats/vds/vds.h"
#include "rpc/api/api.h"
#include "salvo/v1/verification.pb-c.h"
#include "scan/scan.h"
#include "verify/device.h"
#include "verify/pdf.h"

enum {
  KEY_TEXT_MAX = 1024,
  PAPER_MAX = VERIFY_PDF_MAX + 1,
  MRZ_MAX = 512,
  FILE_MAX = 4 * 1024 * 1024 /* a bundle with all that changed since */
};

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

/* The file that is at hand already; n 0: none. */
static struct sv_bytes at_hand(struct sv_ctx *ctx, const char *path, size_t max) {
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct sv_bytes note = {0};
  return sv_failed(file_read(&aside, path, max, &note)) ? (struct sv_bytes){0} : note;
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
  struct sv_bytes note = sv_bytes_of(list.data, list.len),
                  old = at_hand(s->ctx, out, BUNDLE_TEXT_MAX);
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

/* Asks for the list as it is after a sequence, or for the whole list (0). */
static int fetch(struct salvo *s, const char *list, uint64_t after, struct sv_bytes *ret) {
  Salvo__V1__GetStatusBundleRequest get = SALVO__V1__GET_STATUS_BUNDLE_REQUEST__INIT;
  ProtobufCMessage *answer;
  get.status_list = (char *)(uintptr_t)list;
  get.after_sequence = after;
  int code = call_unary(s, "/salvo.v1.VerificationService/GetStatusBundle", &get.base,
                        &salvo__v1__get_status_bundle_response__descriptor, &answer);
  if (code == EXIT_DONE) {
    ProtobufCBinaryData made =
        ((Salvo__V1__GetStatusBundleResponse *)(void *)answer)->status_bundle;
    *ret = sv_bytes_of(made.data, made.len);
  }
  return code;
}

/* What is at hand of this list, with its notes; before->sequence 0: nothing that is good. */
static struct sv_bytes list_at_hand(struct salvo *s, const char *out, const char *list,
                                    const struct tlog_key *key, struct bundle *before,
                                    size_t *ret_notes) {
  struct sv_ctx aside = sv_ctx_over(s->ctx->mem);
  struct sv_bytes old = at_hand(s->ctx, out, FILE_MAX);
  *ret_notes = 0;
  bool good = old.n && !sv_failed(bundle_open(&aside, old, key, before, ret_notes)) &&
              before->list == list[0];
  if (!good) {
    *before = (struct bundle){.checkpoint = ""};
  }
  return good ? old : (struct sv_bytes){0};
}

/* The notes at hand with what was fetched: behind them when it is what changed since, else in their place. */
static sv_status join(struct sv_ctx *ctx, struct sv_bytes old, struct sv_bytes note,
                      const struct tlog_key *key, struct sv_bytes *ret, struct bundle *now) {
  struct bundle fetched;
  size_t notes;
  SV_TRY(bundle_open_one(ctx, note, key, &fetched));
  struct sv_buf out = sv_buf_in(ctx->mem, FILE_MAX);
  if (fetched.after) {
    sv_buf_put(&out, old.p, old.n);
  }
  sv_buf_put(&out, note.p, note.n);
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, LIMIT_EXCEEDED, "the bundle is too large")
                    : bundle_open(ctx, *ret, key, now, &notes);
}

int command_bundle(struct salvo *s, struct arguments a) {
  const char *out = argument_take(&a, "-o"), *list = argument_take(&a, "--list");
  const char *key_path = argument_take(&a, "--trust-key"),
             *log_path = argument_take(&a, "--log-key");
  struct tlog_key key, log;
  struct bundle now, before;
  struct sv_bytes note, whole;
  size_t notes;
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
  list = list ? list : "A";
  struct sv_bytes old = list_at_hand(s, out, list, &key, &before, &notes);
  uint64_t after = notes < BUNDLE_CHAIN_MAX ? before.sequence : 0;
  int code = fetch(s, list, after, &note);
  if (code != EXIT_DONE) {
    return code;
  }
  status = join(s->ctx, old, note, &key, &whole, &now);
  if (!sv_failed(status) && now.sequence < before.sequence) {
    status = SV_FAIL(s->ctx, CORRUPT, "the bundle is older than the one at hand");
  }
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  code = before.sequence ? growth_check(s, &log, &now, &before) : EXIT_DONE;
  return code == EXIT_DONE ? kept(s, out, whole, "bundle", now.sequence) : code;
}

/* --- judging --- */

struct paths {
  const char *trust_key, *trust, *bundle, *mrz, *printed, *at, *fresh_hours, *device;
};

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

static sv_status memory_read(struct sv_ctx *ctx, const char *path, struct verify_memory **ret) {
  struct sv_bytes text;
  *ret = NULL;
  if (!path) {
    return SV_DONE;
  }
  if (access(path, F_OK) != 0) { /* its first paper */
    return verify_memory_new(ctx, ret);
  }
  SV_TRY(file_read(ctx, path, VERIFY_MEMORY_MAX, &text));
  return verify_memory_read(ctx, text, ret);
}

static sv_status device_read(struct sv_ctx *ctx, const struct paths *v, struct tlog_key *key,
                             struct verify_device *ret) {
  char *end = NULL;
  *ret = (struct verify_device){.key = key, .clock_us = sv_wall_us()};
  if (v->at && !sv_time_parse(v->at, &ret->clock_us, NULL)) {
    return SV_FAIL(ctx, CONFIG, "--at: a time as 2026-01-15T05:50:00Z");
  }
  int64_t hours = v->fresh_hours ? strtoll(v->fresh_hours, &end, 10) : 0;
  if (v->fresh_hours && (*end || end == v->fresh_hours || hours < 1 || hours > 24 * 365)) {
    return SV_FAIL(ctx, CONFIG, "--fresh-hours: a number from 1 on");
  }
  ret->fresh_us = hours * 3600 * 1000000;
  SV_TRY(key_read(ctx, v->trust_key, key));
  SV_TRY(file_read(ctx, v->trust, BUNDLE_TEXT_MAX, &ret->trust_list));
  SV_TRY(file_read(ctx, v->bundle, FILE_MAX, &ret->bundle));
  return memory_read(ctx, v->device, &ret->memory);
}

/* A question that was asked is never passed over: an empty file is a zone that can't be read. */
static sv_status zone_read(struct sv_ctx *ctx, const char *path, const char **ret) {
  struct sv_bytes text;
  if (!path) {
    return SV_DONE;
  }
  SV_TRY(file_read(ctx, path, MRZ_MAX, &text));
  *ret = sv_arena_printf(ctx->mem, " %.*s", (int)text.n, (const char *)text.p);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "zone");
}

static sv_status judge_alone(struct salvo *s, const struct paths *v, struct sv_bytes paper,
                             struct verify_report *ret) {
  struct tlog_key key;
  struct verify_device device;
  struct verify_shown shown = {0};
  struct sv_bytes text;
  SV_TRY(device_read(s->ctx, v, &key, &device));
  SV_TRY(zone_read(s->ctx, v->mrz, &shown.holder_mrz));
  SV_TRY(zone_read(s->ctx, v->printed, &shown.printed_mrz));
  if (scan_is_picture(paper)) {
    SV_TRY(picture_seal(s->ctx, paper, &paper));
  }
  SV_TRY(verify_by_device(s->ctx, &device, paper, &shown, ret));
  if (!v->device) {
    return SV_DONE;
  }
  SV_TRY(verify_memory_write(s->ctx, device.memory, &text));
  return file_write(s->ctx, v->device, text);
}

/* Held from reading to writing: of two showings at once, the second has seen the first. The file stays: who waits for it has
 * it open. */
static sv_status memory_lock(struct sv_ctx *ctx, const char *path, int *ret_fd) {
  char *name = sv_arena_printf(ctx->mem, "%s.lock", path);
  if (!name) {
    return SV_FAIL(ctx, NO_MEMORY, "lock");
  }
  int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), done;
  if (fd < 0) {
    return SV_FAIL(ctx, IO, "%s: %s", name, strerror(errno));
  }
  do {
    done = flock(fd, LOCK_EX);
  } while (done != 0 && errno == EINTR);
  if (done != 0) {
    (void)close(fd);
    return SV_FAIL(ctx, IO, "%s: %s", name, strerror(errno));
  }
  *ret_fd = fd;
  return SV_DONE;
}

static sv_status judge(struct salvo *s, const struct paths *v, struct sv_bytes paper,
                       struct verify_report *ret) {
  if (!v->device) {
    return judge_alone(s, v, paper, ret);
  }
  int lock;
  SV_TRY(memory_lock(s->ctx, v->device, &lock));
  sv_status status = judge_alone(s, v, paper, ret);
  (void)close(lock);
  return status;
}

int offline_verify(struct salvo *s, struct arguments a, const char **ret_path,
                   struct verify_report *ret) {
  struct paths v = {.trust_key = argument_take(&a, "--trust-key"),
                    .trust = argument_take(&a, "--trust-list"),
                    .bundle = argument_take(&a, "--bundle"),
                    .mrz = argument_take(&a, "--mrz"),
                    .printed = argument_take(&a, "--printed-mrz"),
                    .at = argument_take(&a, "--at"),
                    .fresh_hours = argument_take(&a, "--fresh-hours"),
                    .device = argument_take(&a, "--device")};
  struct sv_bytes paper;
  if (!v.trust_key || !v.trust || !v.bundle || a.count != 1) {
    return usage_fault(
        "verify --offline SEAL-BYTES|PICTURE.png|PICTURE.jpg|FILE.pdf --trust-key TRUST.vkey "
        "--trust-list FILE --bundle FILE "
        "[--mrz FILE] [--printed-mrz FILE] [--device FILE] [--at TIME] [--fresh-hours N]");
  }
  *ret_path = a.v[0];
  sv_status status = file_read(s->ctx, a.v[0], PAPER_MAX, &paper);
  if (!sv_failed(status)) {
    status = judge(s, &v, paper, ret);
  }
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}
