/* batch FILE.jsonl | FILE.csv [--out DIR]: many documents on one stream, in rounds: what a round left unanswered (the server
 * went away, or was busy) is asked again in the next. Invariants:
 *   1. a line is in FILE.results.jsonl once it is issued (and its file is written), in FILE.errors.jsonl when it is refused;
 *   2. a rerun leaves out what has a result, and asks for the rest under the same request_ids: the same numbers. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "apps/salvo/batch_file.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/issuance.pb-c.h"

enum {
  ITEM_MEMORY = 64 * 1024 * 1024,
  ROUND_SECONDS = 3600,
  IDLE_ROUNDS_MAX = 10, /* without a single answer: about half a minute */
  WAIT_MAX_MS = 5000,
};
static const uint64_t progress_ns = 1000 * 1000 * 1000;

struct batch {
  struct salvo *s;
  struct batch_file file;
  struct sv_arena *item_mem;
  const char *out; /* NULL: no files are wanted */
  char *results_path, *errors_path;
  FILE *results, *errors;
  size_t next; /* of the round */
  size_t done, failed, before;
  uint32_t wait_ms; /* that the server asked for, before the next round */
  uint64_t start_ns, told_ns;
};

/* --- progress --- */

static void progress_tell(struct batch *b, bool last) {
  uint64_t now = sv_monotonic_ns();
  if (!last && now - b->told_ns < progress_ns) {
    return;
  }
  b->told_ns = now;
  size_t settled = b->done + b->failed, fresh = settled - b->before;
  double seconds = (double)(now - b->start_ns) / 1e9;
  double rate = seconds > 0 ? (double)fresh / seconds : 0;
  (void)fprintf(stderr, "salvo: %zu of %zu, %zu refused, %.0f a second", settled, b->file.n,
                b->failed, rate);
  if (!last && rate > 0) {
    (void)fprintf(stderr, ", %.0f s left", (double)(b->file.n - settled) / rate);
  }
  (void)fputc('\n', stderr);
}

/* --- results --- */

static char *pdf_path(struct batch *b, struct sv_arena *mem, const char *number, uint32_t version) {
  return version > 1 ? sv_arena_printf(mem, "%s/%s-v%u.pdf", b->out, number, version)
                     : sv_arena_printf(mem, "%s/%s.pdf", b->out, number);
}

/* A line and whole: it goes out in one write. */
static sv_status line_write(struct sv_ctx *ctx, FILE *f, const char *path, struct sv_buf *line) {
  sv_buf_u8(line, '\n');
  bool kept = !line->failed && fwrite(line->p, 1, line->n, f) == line->n && fflush(f) == 0;
  return kept ? SV_DONE : SV_FAIL(ctx, IO, "%s: %s", path, strerror(errno));
}

static sv_status result_write(struct batch *b, struct sv_ctx *ctx, const struct batch_item *item,
                              const char *state, const char *path) {
  struct sv_buf line = sv_buf_in(ctx->mem, 0);
  sv_buf_printf(&line, "{\"request_id\":\"%s\",\"number\":\"%s\",\"version\":%u,\"line\":%zu",
                item->request_id, item->number, item->version, item->line);
  sv_buf_str(&line, ",\"state\":");
  json_text_put(&line, state);
  if (path) {
    sv_buf_str(&line, ",\"path\":");
    json_text_put(&line, path);
  }
  sv_buf_u8(&line, '}');
  return line_write(ctx, b->results, b->results_path, &line);
}

static sv_status error_write(struct batch *b, struct sv_ctx *ctx, const struct batch_item *item,
                             const struct rpc_result *r) {
  struct sv_buf line = sv_buf_in(ctx->mem, 0);
  sv_buf_printf(&line, "{\"request_id\":");
  json_text_put(&line, item->request_id);
  sv_buf_printf(&line, ",\"line\":%zu,\"code\":%d,\"reason\":", item->line, (int)r->code);
  json_text_put(&line, r->reason);
  sv_buf_str(&line, ",\"message\":");
  json_text_put(&line, r->message);
  sv_buf_str(&line, ",\"violations\":[");
  for (size_t i = 0; i < r->violation_n; i++) {
    sv_buf_str(&line, i ? ",{\"field\":" : "{\"field\":");
    json_text_put(&line, r->violations[i].path);
    sv_buf_str(&line, ",\"message\":");
    json_text_put(&line, r->violations[i].message);
    sv_buf_u8(&line, '}');
  }
  sv_buf_str(&line, "]}");
  return line_write(ctx, b->errors, b->errors_path, &line);
}

static sv_status item_fail(struct batch *b, struct sv_ctx *ctx, struct batch_item *item,
                           const struct rpc_result *r) {
  item->state = BATCH_FAILED;
  b->failed++;
  return error_write(b, ctx, item, r);
}

/* --- a round --- */

/* The next request; a line that is none is told at once. */
static bool request_next(void *user, struct sv_bytes *ret_message) {
  struct batch *b = user;
  while (b->next < b->file.n) {
    struct batch_item *item = &b->file.items[b->next++];
    if (item->state != BATCH_TODO) {
      continue;
    }
    sv_arena_reset(b->item_mem);
    struct sv_ctx ctx = sv_ctx_over(b->item_mem);
    sv_status status = batch_request(&ctx, &b->file, item, ret_message);
    if (!sv_failed(status)) {
      return true;
    }
    struct rpc_result fault = {.code = sv_reason_code(status.reason),
                               .message = ctx.detail,
                               .reason = sv_reason_name(status.reason),
                               .violations = ctx.violations,
                               .violation_n = ctx.violation_count};
    struct sv_ctx aside = sv_ctx_over(b->item_mem);
    status = item_fail(b, &aside, item, &fault);
    (void)status
        .reason; /* a file that can't be written is met again by the next answer, and at the end */
  }
  return false;
}

static sv_status issued(struct batch *b, struct sv_ctx *ctx, struct batch_item *item,
                        const Salvo__V1__IssueDocumentResponse *r) {
  static const char prefix[] = "STATE_";
  const Salvo__V1__Document *d = r->document;
  char *path = NULL;
  if (!d) { /* a preview */
    item->state = BATCH_DONE;
    b->done++;
    return result_write(b, ctx, item, "PREVIEW", NULL);
  }
  (void)snprintf(item->number, sizeof item->number, "%s", d->number);
  item->version = d->version;
  if (b->out && d->pdf_sha256.len > 0) { /* a draft has no file yet */
    if (r->pdf.len == 0) {
      item->state = BATCH_FETCH;
      return SV_DONE;
    }
    path = pdf_path(b, ctx->mem, item->number, item->version);
    SV_TRY(path ? file_write(ctx, path, sv_bytes_of(r->pdf.data, r->pdf.len))
                : SV_FAIL(ctx, NO_MEMORY, "a path"));
  }
  item->state = BATCH_DONE;
  b->done++;
  return result_write(b, ctx, item,
                      enum_name(&salvo__v1__document__state__descriptor, prefix, (int)d->state),
                      path);
}

static bool may_be_asked_again(const struct rpc_result *r) {
  return r->code == SV_CODE_UNAVAILABLE ||
         (r->code == SV_CODE_RESOURCE_EXHAUSTED && r->retry_after_ms > 0);
}

static sv_status refused(struct batch *b, struct sv_ctx *ctx, struct batch_item *item,
                         const Google__Rpc__Status *error) {
  struct sv_bytes wire;
  struct rpc_result r;
  SV_TRY(rpc_pack(ctx, &error->base, &wire));
  rpc_result_of_status(ctx, wire, &r);
  if (may_be_asked_again(&r)) {
    b->wait_ms = r.retry_after_ms > b->wait_ms ? r.retry_after_ms : b->wait_ms;
    return SV_DONE;
  }
  return item_fail(b, ctx, item, &r);
}

/* In memory of its own: the next request may be half sent. */
static sv_status answer_take(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  struct batch *b = user;
  struct sv_arena *mem = sv_arena_open(ITEM_MEMORY);
  if (!mem) {
    return SV_FAIL(ctx, NO_MEMORY, "an answer");
  }
  struct sv_ctx own = sv_ctx_over(mem);
  ProtobufCMessage *m;
  sv_status status =
      rpc_unpack(&own, &salvo__v1__batch_issue_documents_response__descriptor, message, &m);
  if (!sv_failed(status)) {
    const Salvo__V1__BatchIssueDocumentsResponse *r =
        (const Salvo__V1__BatchIssueDocumentsResponse *)(void *)m;
    struct batch_item *item = batch_find(&b->file, r->request_id);
    bool wanted = item && item->state == BATCH_TODO;
    bool good = r->result_case == SALVO__V1__BATCH_ISSUE_DOCUMENTS_RESPONSE__RESULT_RESPONSE;
    bool bad = r->result_case == SALVO__V1__BATCH_ISSUE_DOCUMENTS_RESPONSE__RESULT_ERROR;
    status = wanted && good  ? issued(b, &own, item, r->response)
             : wanted && bad ? refused(b, &own, item, r->error)
                             : SV_DONE;
  }
  if (sv_failed(status)) {
    status = sv_ctx_fail(ctx, status.reason, "%s", own.detail);
  }
  sv_arena_close(mem);
  progress_tell(b, false);
  return status;
}

static size_t items_left(const struct batch *b) {
  size_t n = 0;
  for (size_t i = 0; i < b->file.n; i++) {
    n += b->file.items[i].state == BATCH_TODO;
  }
  return n;
}

/* EXIT_DONE: the round is over, whatever is left to do. */
static int round_run(struct batch *b) {
  struct rpc_result result;
  b->next = 0;
  b->wait_ms = 0;
  sv_status status =
      rpc_client_bidi(b->s->client, b->s->ctx, "/salvo.v1.IssuanceService/BatchIssueDocuments",
                      request_next, answer_take, b, (uint64_t)ROUND_SECONDS * 1000000000U, &result);
  if (status.reason == SV_UNREACHABLE || status.reason == SV_DEADLINE) {
    (void)fprintf(stderr, "salvo: %s: %s; trying again\n", b->s->server, b->s->ctx->detail);
    sv_ctx_clear(b->s->ctx);
    return EXIT_DONE;
  }
  if (sv_failed(status)) {
    return call_failed(b->s, status);
  }
  if (result.code == SV_CODE_OK || result.code == SV_CODE_DEADLINE_EXCEEDED) {
    return EXIT_DONE;
  }
  if (may_be_asked_again(&result)) {
    b->wait_ms = result.retry_after_ms > b->wait_ms ? result.retry_after_ms : b->wait_ms;
    (void)fprintf(stderr, "salvo: %s; trying again\n", result.message);
    return EXIT_DONE;
  }
  return call_refused(b->s, &result);
}

static void wait_between(const struct batch *b, unsigned idle) {
  uint32_t ms = 100U << (idle < 6 ? idle : 6);
  ms = ms > b->wait_ms ? ms : b->wait_ms;
  ms = ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS;
  (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
                  NULL);
}

static int rounds_run(struct batch *b) {
  size_t left = items_left(b);
  for (unsigned idle = 0; left > 0;) {
    int code = round_run(b);
    size_t now = items_left(b);
    if (code != EXIT_DONE) {
      return code;
    }
    idle = now < left ? 0 : idle + 1;
    left = now;
    if (idle > IDLE_ROUNDS_MAX) {
      (void)fprintf(stderr, "salvo: %zu requests have no answer; run the same again later\n", left);
      return EXIT_UNREACHABLE;
    }
    if (left > 0) {
      wait_between(b, idle);
    }
  }
  return EXIT_DONE;
}

/* Files that were too large to come with their answer. */
static int files_fetch(struct batch *b) {
  for (size_t i = 0; i < b->file.n; i++) {
    struct batch_item *item = &b->file.items[i];
    Salvo__V1__DownloadDocumentRequest request = SALVO__V1__DOWNLOAD_DOCUMENT_REQUEST__INIT;
    size_t n;
    if (item->state != BATCH_FETCH) {
      continue;
    }
    request.number = item->number;
    request.version = item->version;
    char *path = pdf_path(b, b->s->ctx->mem, item->number, item->version);
    int code = path ? document_fetch(b->s, &request, path, &n) : EXIT_REFUSED;
    if (code != EXIT_DONE) {
      return code;
    }
    item->state = BATCH_DONE;
    b->done++;
    sv_status status = result_write(b, b->s->ctx, item, "ISSUED", path);
    if (sv_failed(status)) {
      return call_failed(b->s, status);
    }
  }
  return EXIT_DONE;
}

/* --- what was done before --- */

/* One line of the results, as result_write makes them. False: it is cut, or none of ours. */
static bool result_parse(struct sv_bytes line, char id[static BATCH_ID_ROOM],
                         char number[static 10], uint32_t *ret_version) {
  char text[160];
  size_t n = line.n < sizeof text ? line.n : sizeof text - 1;
  memcpy(text, line.p, n);
  text[n] = '\0';
  return line.n > 0 && line.p[line.n - 1] == '}' &&
         sscanf(text, "{\"request_id\":\"%36[^\"]\",\"number\":\"%9[^\"]\",\"version\":%" SCNu32,
                id, number, ret_version) == 3;
}

/* The line is kept, and its request left out, when what it promises is there. */
static int result_take(struct batch *b, struct sv_bytes line, struct sv_buf *kept) {
  char id[BATCH_ID_ROOM], number[10];
  uint32_t version;
  if (!result_parse(line, id, number, &version)) {
    return EXIT_DONE;
  }
  struct batch_item *item = batch_find(&b->file, id);
  if (!item && batch_id_derived(id)) {
    (void)fprintf(stderr,
                  "salvo: %s is of other lines than the file has now, and they have no request_id "
                  "of their own:\nsending them again would issue them again. Put new lines into a "
                  "file of their own.\n",
                  b->results_path);
    return EXIT_USAGE;
  }
  bool draft = memmem(line.p, line.n, "\"PENDING_APPROVAL\"", 18) != NULL;
  char *path = item && b->out ? pdf_path(b, b->s->ctx->mem, number, version) : NULL;
  if (item && item->state == BATCH_TODO &&
      (!b->out || draft || (path && access(path, F_OK) == 0))) {
    item->state = BATCH_DONE;
    b->done++;
    sv_buf_put(kept, line.p, line.n);
    sv_buf_u8(kept, '\n');
  }
  return EXIT_DONE;
}

static int results_read(struct batch *b) {
  struct sv_bytes all = {0};
  struct sv_buf kept = sv_buf_in(b->s->ctx->mem, 0);
  if (access(b->results_path, F_OK) == 0) {
    sv_status status = file_read(b->s->ctx, b->results_path, BATCH_BYTES_MAX, &all);
    if (sv_failed(status)) {
      return call_failed(b->s, status);
    }
  }
  for (size_t at = 0; at < all.n;) {
    const uint8_t *end = memchr(all.p + at, '\n', all.n - at);
    size_t n = end ? (size_t)(end - all.p) - at : all.n - at;
    int code = result_take(b, sv_bytes_of(all.p + at, n), &kept);
    if (code != EXIT_DONE) {
      return code;
    }
    at += n + 1;
  }
  sv_status status = kept.failed ? SV_FAIL(b->s->ctx, NO_MEMORY, "results")
                                 : file_write(b->s->ctx, b->results_path, sv_buf_bytes(&kept));
  return sv_failed(status) ? call_failed(b->s, status) : EXIT_DONE;
}

static int files_open(struct batch *b) {
  if (b->out && mkdir(b->out, 0700) != 0 && errno != EEXIST) {
    return call_failed(b->s, SV_FAIL(b->s->ctx, IO, "%s: %s", b->out, strerror(errno)));
  }
  int code = results_read(b);
  if (code != EXIT_DONE) {
    return code;
  }
  b->before = b->done;
  b->results = fopen(b->results_path, "abe");
  b->errors = fopen(b->errors_path, "wbe");
  return b->results && b->errors ? EXIT_DONE
                                 : call_failed(b->s, SV_FAIL(b->s->ctx, IO, "%s: %s",
                                                             b->results_path, strerror(errno)));
}

static int run(struct batch *b) {
  int code = files_open(b);
  if (code != EXIT_DONE) {
    return code;
  }
  code = call_open(b->s);
  if (code != EXIT_DONE) {
    return code;
  }
  b->start_ns = b->told_ns = sv_monotonic_ns();
  code = rounds_run(b);
  int fetched = files_fetch(b);
  progress_tell(b, true);
  (void)printf("%zu of %zu issued: %s\n", b->done, b->file.n, b->results_path);
  if (b->failed) {
    (void)printf("%zu refused: %s\n", b->failed, b->errors_path);
  }
  return code != EXIT_DONE      ? code
         : fetched != EXIT_DONE ? fetched
         : b->failed            ? EXIT_REFUSED
                                : code;
}

static bool file_end(FILE *f) {
  bool good = !f || (!ferror(f) && fsync(fileno(f)) == 0);
  return (!f || fclose(f) == 0) && good;
}

int command_batch(struct salvo *s, struct arguments a) {
  struct batch b = {.s = s, .out = argument_take(&a, "--out")};
  if (a.count != 1) {
    return usage_fault("batch FILE.jsonl | FILE.csv [--out DIR]");
  }
  b.item_mem = sv_arena_open(ITEM_MEMORY);
  b.results_path = sv_arena_printf(s->ctx->mem, "%s.results.jsonl", a.v[0]);
  b.errors_path = sv_arena_printf(s->ctx->mem, "%s.errors.jsonl", a.v[0]);
  if (!b.item_mem || !b.results_path || !b.errors_path) {
    sv_arena_close(b.item_mem);
    return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "batch"));
  }
  int code = batch_file_read(s, a.v[0], b.item_mem, &b.file);
  if (code == EXIT_DONE) {
    code = run(&b);
  }
  bool kept = file_end(b.results);
  kept = file_end(b.errors) && kept;
  sv_arena_close(b.item_mem);
  return kept ? code : call_failed(s, SV_FAIL(s->ctx, IO, "%s: not kept", b.results_path));
}
