/* salvo-signer: requests come over one socket, are judged, written down together, synced once, and signed.
 * Invariants: no signature without its line on the disk; a line may be without a signature that anybody saw; when the
 * journal can't be written, or its file is full, the process ends, and who starts it again reads what is really there, and
 * is asked again what was not answered. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apps/salvo-signer/signer.h"
#include "base/log.h"
#include "seal/signer_link.h"

enum { BATCH_MAX = 64, IN_MAX = 2 * SIGNER_FRAME_MAX };

static const char usage[] =
    "usage: salvo-signer --config FILE --socket FD [--check]\n"
    "  --config FILE   keys and journal (see examples/signer.conf)\n"
    "  --socket FD     a connected stream socket; salvod starts the signer with one\n"
    "  --check         say whose keys these are, and end: nothing is signed or written\n";

struct signer {
  struct keeper *keeper;
  struct ledger *ledger;
  struct sv_arena *mem; /* of one batch */
  int fd;
  uint8_t *in;
  size_t in_n;
  double tokens, a_second, most; /* signatures that may be made at once */
  int64_t filled_us;
};

struct batch {
  struct signer_request requests[BATCH_MAX];
  struct journal_entry entries[BATCH_MAX];
  size_t n;
  struct sv_buf answers;
};

static sv_status answer_put(struct sv_ctx *ctx, struct batch *b, uint64_t id,
                            enum signer_outcome outcome, struct sv_bytes bytes) {
  struct sv_bytes frame;
  struct signer_answer a = {.id = id, .outcome = outcome, .bytes = bytes};
  SV_TRY(signer_answer_write(ctx, &a, &frame));
  sv_buf_put(&b->answers, frame.p, frame.n);
  return SV_DONE;
}

static bool token_take(struct signer *s) {
  int64_t now = sv_wall_us();
  double gained = (double)(now > s->filled_us ? now - s->filled_us : 0) / 1e6 * s->a_second;
  s->tokens = s->tokens + gained < s->most ? s->tokens + gained : s->most;
  s->filled_us = now;
  if (s->tokens < 1) {
    return false;
  }
  s->tokens -= 1;
  return true;
}

/* Into the batch, or a refusal into its answers. */
static sv_status request_take(struct signer *s, struct sv_ctx *ctx, struct batch *b,
                              const struct signer_request *r, uint64_t *size,
                              struct tlog_hash *root) {
  if (!token_take(s)) {
    return answer_put(ctx, b, r->id, SIGNER_BUSY, sv_bytes_str("over the rate of signatures"));
  }
  if (r->purpose == SEAL_CHECKPOINT && *size && r->subject.evidence_from != *size) {
    uint8_t last[8];
    for (int i = 0; i < 8; i++) {
      last[i] = (uint8_t)(*size >> (56 - 8 * i));
    }
    return answer_put(ctx, b, r->id, SIGNER_ELSEWHERE, sv_bytes_of(last, sizeof last));
  }
  struct sv_ctx aside = sv_ctx_over(ctx->mem);
  struct journal_entry *e = &b->entries[b->n];
  sv_status judged = keeper_judge(s->keeper, &aside, r, *size, root, e);
  if (!sv_failed(judged) && e->purpose == JOURNAL_TRUST &&
      e->version < ledger_last_sequence(s->ledger, e->number)) {
    judged = SV_FAIL(&aside, SIGNER, "a list that is older than the last one");
  }
  if (sv_failed(judged)) {
    sv_log(SV_LOG_ERROR, "refused", SV_LOG_NUM("purpose", r->purpose),
           SV_LOG_TEXT("detail", aside.detail));
    size_t n = strnlen(aside.detail, SIGNER_TEXT_MAX);
    return answer_put(ctx, b, r->id, SIGNER_REFUSED, sv_bytes_of(aside.detail, n));
  }
  if (e->purpose == JOURNAL_CHECKPOINT) { /* the next one of this batch has to follow it */
    *size = e->version;
    memcpy(root->b, e->record_sha256, sizeof root->b);
  }
  b->requests[b->n++] = *r;
  return SV_DONE;
}

/* Whole frames of what has come; bodies stay where they are until the batch is done. */
static sv_status frames_take(struct signer *s, struct sv_ctx *ctx, struct batch *b,
                             size_t *ret_used) {
  uint64_t size;
  struct tlog_hash root;
  size_t at = 0;
  (void)ledger_last_tree(s->ledger, &size, &root);
  while (b->n < BATCH_MAX && s->in_n - at >= SIGNER_HEAD_BYTES) {
    enum signer_frame type;
    size_t n;
    SV_TRY(signer_head_read(ctx, s->in + at, &type, &n));
    if (type != SIGNER_REQUEST) {
      return SV_FAIL(ctx, SIGNER, "no request");
    }
    if (s->in_n - at - SIGNER_HEAD_BYTES < n) {
      break;
    }
    struct signer_request r;
    SV_TRY(signer_request_read(ctx, sv_bytes_of(s->in + at + SIGNER_HEAD_BYTES, n), &r));
    SV_TRY(request_take(s, ctx, b, &r, &size, &root));
    at += SIGNER_HEAD_BYTES + n;
  }
  *ret_used = at;
  return SV_DONE;
}

static sv_status batch_run(struct signer *s, struct sv_ctx *ctx, size_t *ret_used) {
  struct batch *b = SV_NEW(ctx->mem, struct batch);
  if (!b) {
    return SV_FAIL(ctx, NO_MEMORY, "batch");
  }
  b->answers = sv_buf_in(ctx->mem, 0);
  SV_TRY(frames_take(s, ctx, b, ret_used));
  if (b->n) {
    SV_TRY(ledger_append(s->ledger, ctx, b->entries, b->n));
  }
  for (size_t i = 0; i < b->n; i++) {
    uint8_t raw[PKI_RAW_MAX];
    size_t n;
    struct sv_ctx aside = sv_ctx_over(ctx->mem);
    if (!sv_failed(keeper_sign(s->keeper, &aside, &b->requests[i], raw, &n))) {
      SV_TRY(answer_put(ctx, b, b->requests[i].id, SIGNER_SIGNED, sv_bytes_of(raw, n)));
    } else {
      sv_log(SV_LOG_ERROR, "key_lost", SV_LOG_NUM("purpose", b->requests[i].purpose),
             SV_LOG_TEXT("detail", aside.detail));
      SV_TRY(answer_put(ctx, b, b->requests[i].id, SIGNER_LOST,
                        sv_bytes_of(aside.detail, strnlen(aside.detail, SIGNER_TEXT_MAX))));
    }
  }
  return b->answers.failed ? SV_FAIL(ctx, NO_MEMORY, "answers")
                           : signer_send(ctx, s->fd, sv_buf_bytes(&b->answers));
}

static sv_status hello_say(struct signer *s, struct sv_ctx *ctx) {
  struct signer_hello hello;
  struct sv_bytes frame;
  keeper_hello(s->keeper, &hello);
  SV_TRY(signer_hello_write(ctx, &hello, &frame));
  return signer_send(ctx, s->fd, frame);
}

static sv_status serve(struct signer *s, struct sv_ctx *ctx) {
  SV_TRY(hello_say(s, ctx));
  for (;;) {
    ssize_t n = recv(s->fd, s->in + s->in_n, IN_MAX - s->in_n, 0);
    if (n == 0) {
      return SV_DONE;
    }
    if (n < 0 && errno != EINTR) {
      return SV_FAIL(ctx, SIGNER, "the socket can't be read: errno %d", errno);
    }
    s->in_n += n > 0 ? (size_t)n : 0;
    for (size_t used = 1; used && s->in_n;) { /* as many batches as have come */
      SV_TRY(batch_run(s, ctx, &used));
      memmove(s->in, s->in + used, s->in_n - used);
      s->in_n -= used;
      sv_arena_reset(s->mem);
      if (ledger_full(s->ledger)) { /* the sandbox opens no file: another process does */
        sv_log(SV_LOG_INFO, "journal_full");
        return SV_DONE;
      }
    }
  }
}

/* The journal, the sandbox, and work. */
static sv_status work(struct signer *s, struct sv_ctx *ctx,
                      const struct signer_settings *settings) {
  SV_TRY(ledger_open(ctx, settings->journal, (uint64_t)settings->journal_bytes, &s->ledger));
  SV_TRY(sandbox_close(ctx, settings));
  sv_arena_reset(s->mem);
  return serve(s, ctx);
}

static sv_status run(struct sv_ctx *ctx, const char *config, int fd, bool check) {
  struct signer_settings settings;
  struct signer s = {.fd = fd, .mem = ctx->mem};
  sandbox_memory();
  SV_TRY(signer_settings_read(ctx, config, &settings));
  s.a_second = (double)settings.signatures_a_minute / 60;
  s.tokens = s.most = (double)settings.signatures_a_minute;
  s.filled_us = sv_wall_us();
  s.in = malloc(IN_MAX);
  sv_status status =
      s.in ? keeper_open(ctx, &settings, &s.keeper) : SV_FAIL(ctx, NO_MEMORY, "signer");
  if (!sv_failed(status)) {
    status = check ? hello_say(&s, ctx) : work(&s, ctx, &settings);
  }
  ledger_close(s.ledger);
  keeper_close(s.keeper);
  free(s.in);
  return status;
}

int main(int argc, char **argv) {
  const char *config = NULL;
  int fd = -1;
  bool check = argc == 6 && strcmp(argv[5], "--check") == 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--config") == 0) {
      config = argv[i + 1];
    } else if (strcmp(argv[i], "--socket") == 0) {
      fd = atoi(argv[i + 1]);
    }
  }
  if (!(argc == 5 || check) || !config || fd < 0) {
    (void)fputs(usage, stderr);
    return 2;
  }
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* never without the server that started it */
  (void)signal(SIGPIPE, SIG_IGN);
  (void)signal(SIGINT, SIG_IGN);  /* the server says when it is over, by closing its end: */
  (void)signal(SIGTERM, SIG_IGN); /* until then it may have to sign for calls that drain */
  struct sv_arena *mem = sv_arena_open((size_t)16 * 1024 * 1024);
  if (!mem) {
    return 1;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  sv_status status = run(&ctx, config, fd, check);
  if (sv_failed(status)) {
    sv_log(SV_LOG_ERROR, "signer", SV_LOG_TEXT("reason", sv_reason_name(status.reason)),
           SV_LOG_TEXT("detail", ctx.detail));
  }
  sv_arena_close(mem);
  return !sv_failed(status) ? 0 : status.reason == SV_ROLE_MISSING ? SIGNER_EXIT_PIN : 1;
}
