/* log checkpoint | proof | check: the transparency log as whoever keeps an eye on it sees it. Invariant: nothing that the
 * server says is printed as good before it was checked with the log's key. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "formats/tlog/note.h"
#include "salvo/v1/operations.pb-c.h"

enum { KEY_TEXT_MAX = 4096 };

static int refused(struct salvo *s, sv_status status) {
  (void)fprintf(stderr, "salvo: %s: %s\n", sv_reason_text(status.reason), s->ctx->detail);
  return EXIT_REFUSED;
}

static sv_status log_key_read(struct sv_ctx *ctx, const char *path, struct tlog_key *ret) {
  struct sv_bytes text;
  SV_TRY(file_read(ctx, path, KEY_TEXT_MAX, &text));
  return tlog_key_read(ctx, text, ret);
}

/* The newest checkpoint of the server, signed by key. */
static int newest(struct salvo *s, const struct tlog_key *key, const char **ret_note,
                  struct tlog_checkpoint *ret) {
  Salvo__V1__GetCheckpointRequest get = SALVO__V1__GET_CHECKPOINT_REQUEST__INIT;
  ProtobufCMessage *answer;
  int code = call_unary(s, "/salvo.v1.LogService/GetCheckpoint", &get.base,
                        &salvo__v1__get_checkpoint_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  *ret_note = ((const Salvo__V1__GetCheckpointResponse *)(const void *)answer)->checkpoint;
  sv_status status = tlog_checkpoint_open(s->ctx, sv_bytes_str(*ret_note), key, ret);
  return sv_failed(status) ? refused(s, status) : EXIT_DONE;
}

static int checkpoint(struct salvo *s, const struct tlog_key *key, const char *out) {
  const char *note;
  struct tlog_checkpoint c;
  int code = newest(s, key, &note, &c);
  if (code != EXIT_DONE) {
    return code;
  }
  sv_status status = file_write(s->ctx, out, sv_bytes_str(note));
  return sv_failed(status) ? call_failed(s, status) : EXIT_DONE;
}

static sv_status hashes_of(struct sv_ctx *ctx, const ProtobufCBinaryData *in, size_t n,
                           struct tlog_hash **ret) {
  struct tlog_hash *hashes = SV_ARRAY(ctx->mem, n, struct tlog_hash);
  if (!hashes || n > TLOG_PROOF_MAX) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "%zu hashes of a proof", n);
  }
  for (size_t i = 0; i < n; i++) {
    if (in[i].len != sizeof hashes[i].b) {
      return SV_FAIL(ctx, CORRUPT, "a hash of %zu bytes", in[i].len);
    }
    memcpy(hashes[i].b, in[i].data, sizeof hashes[i].b);
  }
  *ret = hashes;
  return SV_DONE;
}

int log_growth(struct salvo *s, const struct tlog_checkpoint *before,
               const struct tlog_checkpoint *now) {
  Salvo__V1__GetConsistencyProofRequest get = SALVO__V1__GET_CONSISTENCY_PROOF_REQUEST__INIT;
  ProtobufCMessage *answer;
  get.first = before->size;
  get.second = now->size;
  if (before->size > now->size) {
    return refused(s, SV_FAIL(s->ctx, CORRUPT, "the log has become shorter"));
  }
  int code = call_unary(s, "/salvo.v1.LogService/GetConsistencyProof", &get.base,
                        &salvo__v1__get_consistency_proof_response__descriptor, &answer);
  if (code != EXIT_DONE) {
    return code;
  }
  const Salvo__V1__GetConsistencyProofResponse *r =
      (const Salvo__V1__GetConsistencyProofResponse *)(const void *)answer;
  struct tlog_hash *hashes;
  sv_status status = hashes_of(s->ctx, r->hashes, r->n_hashes, &hashes);
  if (!sv_failed(status) && !tlog_consistency_check(before->size, now->size, &before->root,
                                                    &now->root, hashes, r->n_hashes)) {
    status = SV_FAIL(s->ctx, CORRUPT, "the log of now does not begin with the one that was kept");
  }
  return sv_failed(status) ? refused(s, status) : EXIT_DONE;
}

/* Whether the log of now begins with the log of a checkpoint that was kept. */
static int proof(struct salvo *s, const struct tlog_key *key, const char *path) {
  struct sv_bytes kept;
  struct tlog_checkpoint before, now;
  const char *note;
  sv_status status = file_read(s->ctx, path, TLOG_NOTE_MAX, &kept);
  if (!sv_failed(status)) {
    status = tlog_checkpoint_open(s->ctx, kept, key, &before);
  }
  if (sv_failed(status)) {
    return refused(s, status);
  }
  int code = newest(s, key, &note, &now);
  code = code == EXIT_DONE ? log_growth(s, &before, &now) : code;
  if (code == EXIT_DONE) {
    (void)printf("%s grew from %llu to %llu leaves\n", now.origin, (unsigned long long)before.size,
                 (unsigned long long)now.size);
  }
  return code;
}

/* A proof as a report carries it, with its leaf: no server is asked. */
static int check(struct salvo *s, const struct tlog_key *key, const char *path) {
  struct sv_bytes text;
  struct tlog_proof p;
  struct tlog_checkpoint c;
  sv_status status = file_read(s->ctx, path, TLOG_PROOF_TEXT_MAX, &text);
  if (!sv_failed(status)) {
    status = tlog_proof_read(s->ctx, text, &p);
  }
  if (!sv_failed(status)) {
    status = tlog_proof_check(s->ctx, text, key, p.extra, &c);
  }
  if (sv_failed(status)) {
    return refused(s, status);
  }
  (void)printf("leaf %llu of the %llu of %s: %.*s\n", (unsigned long long)p.index,
               (unsigned long long)c.size, c.origin, (int)p.extra.n, (const char *)p.extra.p);
  return EXIT_DONE;
}

int command_log(struct salvo *s, struct arguments a) {
  const char *key_path = argument_take(&a, "--log-key"), *out = argument_take(&a, "-o");
  struct tlog_key key;
  bool one = a.count == 1 && strcmp(a.v[0], "checkpoint") == 0;
  bool two = a.count == 2 && (strcmp(a.v[0], "proof") == 0 || strcmp(a.v[0], "check") == 0);
  if (!key_path || !(one || two)) {
    return usage_fault(
        "log checkpoint [-o FILE] | proof KEPT-CHECKPOINT | check PROOF, with --log-key FILE");
  }
  sv_status status = log_key_read(s->ctx, key_path, &key);
  if (sv_failed(status)) {
    return refused(s, status);
  }
  if (one) {
    return checkpoint(s, &key, out ? out : "-");
  }
  return strcmp(a.v[0], "proof") == 0 ? proof(s, &key, a.v[1]) : check(s, &key, a.v[1]);
}
