/* watch [--kind KIND] [--after EVENT], hold watch [--after EVENT]: news and alarms as they come, a line each, until somebody stops
 * it. Where the server goes away, or ends the stream, it is asked again after the last event that was shown: nothing is lost and
 * nothing shown twice. Lines are flushed one by one, for those who read them from a pipe. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apps/salvo/salvo.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/operations.pb-c.h"

enum {
  ROUND_MEMORY = 64 * 1024 * 1024,
  ROUND_SECONDS = 300, /* then it is asked anew: a connection that died unseen tells nothing */
  WAIT_FIRST_MS = 100,
  WAIT_MAX_MS = 5000,
};

struct watch {
  struct salvo *s;
  const char *path;
  const ProtobufCMessageDescriptor *answer;
  /* The request after an event, packed; and the line of an answer, with its event. */
  sv_status (*ask)(const struct watch *w, struct sv_ctx *ctx, struct sv_bytes *ret);
  uint64_t (*show)(const struct watch *w, const ProtobufCMessage *m, bool *ret_shown);
  int kind;
  uint64_t after;
  bool heard;           /* since the last break */
  struct sv_arena *mem; /* of one answer */
};

/* --- what is asked, what is shown --- */

static sv_status documents_ask(const struct watch *w, struct sv_ctx *ctx, struct sv_bytes *ret) {
  Salvo__V1__WatchDocumentsRequest r = SALVO__V1__WATCH_DOCUMENTS_REQUEST__INIT;
  r.after_event = w->after;
  r.kind = (Salvo__V1__DocumentKind)w->kind;
  return rpc_pack(ctx, &r.base, ret);
}

static uint64_t documents_show(const struct watch *w, const ProtobufCMessage *m, bool *ret_shown) {
  const Salvo__V1__WatchDocumentsResponse *r =
      (const Salvo__V1__WatchDocumentsResponse *)(const void *)m;
  *ret_shown = r->document != NULL; /* else it is a heartbeat */
  if (r->document && !w->s->json) {
    (void)printf("%llu  ", (unsigned long long)r->event);
    document_print(r->document);
  }
  return r->event;
}

static sv_status alarms_ask(const struct watch *w, struct sv_ctx *ctx, struct sv_bytes *ret) {
  Salvo__V1__WatchAlarmsRequest r = SALVO__V1__WATCH_ALARMS_REQUEST__INIT;
  r.after_event = w->after;
  return rpc_pack(ctx, &r.base, ret);
}

static uint64_t alarms_show(const struct watch *w, const ProtobufCMessage *m, bool *ret_shown) {
  const Salvo__V1__WatchAlarmsResponse *r = (const Salvo__V1__WatchAlarmsResponse *)(const void *)m;
  char time[21] = "";
  *ret_shown = true;
  if (!w->s->json) {
    if (r->time) {
      sv_time_format(r->time->seconds * 1000000, time);
    }
    (void)printf("%llu  %s  %s  %s\n", (unsigned long long)r->event, time,
                 r->manifest_number[0] ? r->manifest_number : "-",
                 r->occupant_id[0] ? r->occupant_id : "-");
  }
  return r->event;
}

/* --- the stream --- */

static sv_status line_print(struct sv_ctx *ctx, const ProtobufCMessage *m) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  SV_TRY(json_from_message(ctx, m, &out, false));
  sv_buf_u8(&out, '\n');
  return !out.failed && fwrite(out.p, 1, out.n, stdout) == out.n
             ? SV_DONE
             : SV_FAIL(ctx, IO, "standard output: %s", strerror(errno));
}

static sv_status answer_take(void *user, struct sv_ctx *ctx, struct sv_bytes message) {
  struct watch *w = user;
  struct sv_ctx own = sv_ctx_over(w->mem);
  ProtobufCMessage *m;
  bool shown = false;
  sv_arena_reset(w->mem);
  sv_status status = rpc_unpack(&own, w->answer, message, &m);
  uint64_t event = sv_failed(status) ? 0 : w->show(w, m, &shown);
  if (!sv_failed(status) && shown && w->s->json) {
    status = line_print(&own, m);
  }
  if (!sv_failed(status) && fflush(stdout) != 0) {
    status = SV_FAIL(&own, IO, "standard output: %s", strerror(errno)); /* who read it has gone */
  }
  if (sv_failed(status)) {
    return sv_ctx_fail(ctx, status.reason, "%s", own.detail);
  }
  w->after = event > w->after ? event : w->after;
  w->heard = true;
  return SV_DONE;
}

/* The stream ended as streams end: the server stops, its connection is old, or it was busy. */
static bool passing(const struct rpc_result *r) {
  return r->code == SV_CODE_OK || r->code == SV_CODE_UNAVAILABLE ||
         r->code == SV_CODE_DEADLINE_EXCEEDED || r->code == SV_CODE_CANCELLED ||
         (r->code == SV_CODE_RESOURCE_EXHAUSTED && r->retry_after_ms > 0);
}

/* One stream. EXIT_DONE: it ended, and is to be opened again; *ret_wait_ms: what the server asked for. */
static int round_run(struct watch *w, struct sv_ctx *ctx, uint32_t *ret_wait_ms) {
  struct sv_bytes request;
  struct rpc_result result;
  struct salvo *s = w->s;
  *ret_wait_ms = 0;
  sv_status status = w->ask(w, ctx, &request);
  if (!sv_failed(status)) {
    status =
        rpc_client_server_stream(s->client, ctx, w->path, request,
                                 (uint64_t)ROUND_SECONDS * 1000000000U, answer_take, w, &result);
  }
  if (status.reason == SV_DEADLINE) {
    return EXIT_DONE;
  }
  if (status.reason == SV_UNREACHABLE) {
    (void)fprintf(stderr, "salvo: %s: %s; trying again\n", s->server, ctx->detail);
    return EXIT_DONE;
  }
  if (sv_failed(status)) {
    status = sv_ctx_fail(s->ctx, status.reason, "%s", ctx->detail);
    return call_failed(s, status);
  }
  if (passing(&result)) {
    *ret_wait_ms = result.retry_after_ms;
    return EXIT_DONE;
  }
  if (result.code == SV_CODE_OUT_OF_RANGE) {
    (void)fprintf(
        stderr,
        "salvo: events after %llu are forgotten, or there are none yet: read the list, then "
        "watch without --after\n",
        (unsigned long long)w->after);
  }
  return call_refused(s, &result);
}

static void wait_between(uint32_t ms) {
  (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000},
                  NULL);
}

static int rounds_run(struct watch *w, struct sv_arena *mem) {
  uint32_t pause = WAIT_FIRST_MS;
  for (;;) {
    uint32_t asked;
    sv_arena_reset(mem);
    struct sv_ctx ctx = sv_ctx_over(mem);
    w->heard = false;
    int code = round_run(w, &ctx, &asked);
    if (code != EXIT_DONE) {
      return code;
    }
    pause = w->heard ? WAIT_FIRST_MS : pause;
    wait_between(asked > pause && asked < WAIT_MAX_MS ? asked : pause);
    pause = 2 * pause < WAIT_MAX_MS ? 2 * pause : WAIT_MAX_MS;
  }
}

static int watch_run(struct watch *w, const char *after) {
  char *end = NULL;
  errno = 0;
  w->after = after ? strtoull(after, &end, 10) : 0;
  if (after && (*after < '0' || *after > '9' || *end || errno)) {
    return usage_fault("--after EVENT is a number");
  }
  int code = call_open(w->s);
  if (code != EXIT_DONE) {
    return code;
  }
  struct sv_arena *mem = sv_arena_open(ROUND_MEMORY);
  w->mem = sv_arena_open(ROUND_MEMORY);
  code = mem && w->mem ? rounds_run(w, mem)
                       : call_failed(w->s, SV_FAIL(w->s->ctx, NO_MEMORY, "a watch"));
  sv_arena_close(mem);
  sv_arena_close(w->mem);
  return code;
}

int command_watch(struct salvo *s, struct arguments a) {
  const char *kind = argument_take(&a, "--kind"), *after = argument_take(&a, "--after");
  struct watch w = {.s = s,
                    .path = "/salvo.v1.RegistryService/WatchDocuments",
                    .answer = &salvo__v1__watch_documents_response__descriptor,
                    .ask = documents_ask,
                    .show = documents_show};
  if (a.count != 0 || (kind && !enum_value(&salvo__v1__document_kind__descriptor, "DOCUMENT_KIND_",
                                           kind, &w.kind))) {
    return usage_fault(
        "watch [--kind SAFE_CONDUCT|FLIGHT_MANIFEST|DISBURSEMENT_RECEIPT] [--after EVENT]");
  }
  return watch_run(&w, after);
}

int watch_alarms(struct salvo *s, struct arguments a) {
  const char *after = argument_take(&a, "--after");
  struct watch w = {.s = s,
                    .path = "/salvo.v1.ProtectionService/WatchAlarms",
                    .answer = &salvo__v1__watch_alarms_response__descriptor,
                    .ask = alarms_ask,
                    .show = alarms_show};
  return a.count == 0 ? watch_run(&w, after) : usage_fault("hold watch [--after EVENT]");
}
