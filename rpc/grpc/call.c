/* The crossing between loop and worker. Invariants, under the lock:
 *  1. in_bytes and out_bytes are the sums over their queues (less what was pulled of the first outbound); a message that
 *     waits is counted with what it takes beside its bytes: empty ones would be free otherwise;
 *  2. once finished, nothing is queued;
 *  3. a worker waits on `changed` alone, with a time limit, and every change that it waits for is broadcast.
 * A queued wake closure is safe: the job's reference ends in `done`, which the loop runs after it. */
#include "rpc/grpc/call.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/log.h"
#include "base/metrics.h"
#include "rpc/grpc/gzip.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/metadata.h"
#include "rpc/grpc/precheck.h"

struct rpc_inbound {
  struct rpc_inbound *next;
  struct rpc_frame frame;
};

struct rpc_outbound {
  struct rpc_outbound *next;
  size_t n, pulled;
  uint8_t bytes[];
};

static void on_wake(void *arg) {
  struct rpc_call *call = arg;
  if (call->user) {
    call->woken(call->user);
  }
}

struct rpc_call *rpc_call_new(struct loop *loop, const struct rpc_limits *limits) {
  struct rpc_call *call = calloc(1, sizeof *call);
  pthread_condattr_t attr;
  if (!call) {
    return NULL;
  }
  call->loop = loop;
  call->limits = limits;
  call->peer.spiffe = call->spiffe;
  call->start_ns = sv_monotonic_ns();
  call->wake = (struct loop_closure){.fn = on_wake, .arg = call};
  atomic_init(&call->references, 1);
  (void)pthread_mutex_init(&call->lock, NULL);
  (void)pthread_condattr_init(&attr);
  (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  (void)pthread_cond_init(&call->changed, &attr);
  (void)pthread_condattr_destroy(&attr);
  return call;
}

void rpc_call_hold(struct rpc_call *call) {
  (void)atomic_fetch_add_explicit(&call->references, 1, memory_order_relaxed);
}

void rpc_call_release(struct rpc_call *call) {
  if (!call || atomic_fetch_sub_explicit(&call->references, 1, memory_order_acq_rel) > 1) {
    return;
  }
  while (call->in_first) {
    struct rpc_inbound *in = call->in_first;
    call->in_first = in->next;
    free(in->frame.bytes);
    free(in);
  }
  while (call->out_first) {
    struct rpc_outbound *out = call->out_first;
    call->out_first = out->next;
    free(out);
  }
  (void)pthread_cond_destroy(&call->changed);
  (void)pthread_mutex_destroy(&call->lock);
  rpc_verdict_free(&call->verdict);
  rpc_metadata_free(&call->headers);
  rpc_metadata_free(&call->trailers);
  free(call->own_message);
  free(call->own_status);
  free(call->metadata);
  free(call->query);
  free(call);
}

bool rpc_call_arrived(struct rpc_call *call, struct rpc_frame frame) {
  struct rpc_inbound *in = malloc(sizeof *in);
  if (!in) {
    free(frame.bytes);
    return false;
  }
  *in = (struct rpc_inbound){.frame = frame};
  (void)pthread_mutex_lock(&call->lock);
  if (call->in_last) {
    call->in_last->next = in;
  } else {
    call->in_first = in;
  }
  call->in_last = in;
  call->in_bytes += frame.n + RPC_MESSAGE_COST_BYTES;
  (void)pthread_cond_broadcast(&call->changed);
  (void)pthread_mutex_unlock(&call->lock);
  return true;
}

void rpc_call_half_closed(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  call->in_end = true;
  (void)pthread_cond_broadcast(&call->changed);
  (void)pthread_mutex_unlock(&call->lock);
}

void rpc_call_cancel(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  atomic_store(&call->cancelled, true);
  (void)pthread_cond_broadcast(&call->changed);
  (void)pthread_mutex_unlock(&call->lock);
}

void rpc_call_stop(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  atomic_store(&call->stopping, true);
  (void)pthread_cond_broadcast(&call->changed);
  (void)pthread_mutex_unlock(&call->lock);
}

size_t rpc_call_unread(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  size_t n = call->in_bytes;
  (void)pthread_mutex_unlock(&call->lock);
  return n;
}

bool rpc_call_has_output(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  bool has = call->out_first != NULL;
  (void)pthread_mutex_unlock(&call->lock);
  return has;
}

bool rpc_call_has_begun(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  bool begun = call->begun || call->out_first != NULL;
  (void)pthread_mutex_unlock(&call->lock);
  return begun;
}

bool rpc_call_finished(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  bool finished = call->finished;
  (void)pthread_mutex_unlock(&call->lock);
  return finished;
}

static void outbound_drop_first(struct rpc_call *call) {
  struct rpc_outbound *out = call->out_first;
  call->out_first = out->next;
  if (!call->out_first) {
    call->out_last = NULL;
  }
  free(out);
}

size_t rpc_call_pull(struct rpc_call *call, uint8_t *bytes, size_t n, bool *ret_end) {
  size_t done = 0;
  (void)pthread_mutex_lock(&call->lock);
  while (call->out_first && done < n) {
    struct rpc_outbound *out = call->out_first;
    size_t part = out->n - out->pulled < n - done ? out->n - out->pulled : n - done;
    memcpy(bytes + done, out->bytes + out->pulled, part);
    out->pulled += part;
    done += part;
    if (out->pulled == out->n) {
      outbound_drop_first(call);
    }
  }
  bool blocked = call->out_bytes > call->limits->write_mark_bytes;
  call->out_bytes -= done;
  if (blocked && call->out_bytes <= call->limits->write_mark_bytes) {
    (void)pthread_cond_broadcast(&call->changed);
  }
  *ret_end = call->finished && !call->out_first;
  (void)pthread_mutex_unlock(&call->lock);
  return done;
}

/* --- the worker's side --- */

static struct timespec time_at(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / 1000000000U),
                           .tv_nsec = (long)(ns % 1000000000U)};
}

/* Waits, under the lock, for a change, not longer than until limit_ns. */
static void wait_change(struct rpc_call *call, const struct sv_ctx *ctx, uint64_t limit_ns) {
  uint64_t until = ctx->deadline_ns && ctx->deadline_ns < limit_ns ? ctx->deadline_ns : limit_ns;
  struct timespec at = time_at(until);
  (void)pthread_cond_timedwait(&call->changed, &call->lock, &at);
}

static sv_status frame_wait(struct rpc_call *call, struct sv_ctx *ctx) {
  uint64_t limit_ns = sv_monotonic_ns() + call->limits->message_ns;
  while (!call->in_first && !call->in_end) {
    SV_TRY(sv_ctx_alive(ctx));
    if (sv_monotonic_ns() >= limit_ns) {
      return SV_FAIL(ctx, DEADLINE, "the client sent no message for its time");
    }
    wait_change(call, ctx, limit_ns);
  }
  return sv_ctx_alive(ctx);
}

static struct rpc_inbound *inbound_take(struct rpc_call *call) {
  struct rpc_inbound *in = call->in_first;
  if (in) {
    call->in_first = in->next;
    if (!call->in_first) {
      call->in_last = NULL;
    }
    call->in_bytes -= in->frame.n + RPC_MESSAGE_COST_BYTES;
  }
  return in;
}

static sv_status copy(struct sv_ctx *ctx, struct sv_bytes bytes, struct sv_bytes *ret) {
  uint8_t *p = sv_arena_alloc(ctx->mem, bytes.n);
  if (!p) {
    return SV_FAIL(ctx, NO_MEMORY, "message of %zu bytes", bytes.n);
  }
  if (bytes.n > 0) {
    memcpy(p, bytes.p, bytes.n);
  }
  *ret = sv_bytes_of(p, bytes.n);
  return SV_DONE;
}

/* Decompressed, as wire bytes, checked, and in the call's arena. */
static sv_status message_of(struct rpc_call *call, struct sv_ctx *ctx,
                            const struct rpc_frame *frame, struct sv_bytes *ret_message) {
  struct sv_bytes message = sv_bytes_of(frame->bytes, frame->n);
  bool json = call->dialect.codec == RPC_JSON;
  if (frame->compressed) {
    SV_TRY(rpc_gunzip(ctx, message, call->limits->message_max_bytes, &message));
  }
  if (json) {
    ProtobufCMessage *m = NULL;
    SV_TRY(json_read(ctx, call->types, call->method->input, message, &m));
    SV_TRY(rpc_pack(ctx, m, &message));
  } else if (!frame->compressed) {
    SV_TRY(copy(ctx, message, &message));
  }
  SV_TRY(rpc_precheck(ctx, call->method->input, message));
  *ret_message = message;
  return SV_DONE;
}

sv_status rpc_call_read(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes *ret_message,
                        bool *ret_end) {
  (void)pthread_mutex_lock(&call->lock);
  sv_status s = frame_wait(call, ctx);
  struct rpc_inbound *in = sv_failed(s) ? NULL : inbound_take(call);
  bool open = !call->in_end;
  (void)pthread_mutex_unlock(&call->lock);
  SV_TRY(s);
  if (!in) {
    *ret_end = true;
    return SV_DONE;
  }
  call->read_compressed = in->frame.compressed;
  s = message_of(call, ctx, &in->frame, ret_message);
  free(in->frame.bytes);
  free(in);
  if (open) {
    loop_post(call->loop, &call->wake); /* the window opens */
  }
  *ret_end = false;
  return s;
}

static sv_status squeeze(const struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes *message,
                         bool *ret_gzip) {
  bool always = call->squeeze == RPC_SQUEEZE_ALWAYS;
  if (call->out_encoding != RPC_GZIP || call->squeeze == RPC_SQUEEZE_NEVER ||
      (message->n < RPC_GZIP_LEAST_BYTES && !always)) {
    return SV_DONE;
  }
  struct sv_bytes smaller;
  SV_TRY(rpc_gzip(ctx, *message, &smaller));
  *ret_gzip = smaller.n < message->n || always;
  *message = *ret_gzip ? smaller : *message;
  return SV_DONE;
}

/* As the protocol carries it: bare, in a frame, or a frame in base64. */
static struct rpc_outbound *outbound_new(enum rpc_protocol protocol, uint8_t flag,
                                         struct sv_bytes message) {
  size_t prefix = rpc_is_bare(protocol) ? 0 : RPC_PREFIX_BYTES;
  size_t n = prefix + message.n;
  bool text = protocol == RPC_GRPC_WEB_TEXT;
  size_t room = text ? 4 * ((n + 2) / 3) + 1 + n : n;
  struct rpc_outbound *out = malloc(sizeof *out + room);
  if (!out) {
    return NULL;
  }
  *out = (struct rpc_outbound){.n = n};
  uint8_t *at = text ? out->bytes + room - n : out->bytes;
  if (prefix > 0) {
    rpc_frame_prefix(at, flag, (uint32_t)message.n);
  }
  if (message.n > 0) {
    memcpy(at + prefix, message.p, message.n);
  }
  if (text) { /* from behind the room of the text */
    sv_base64(at, n, (char *)out->bytes);
    out->n = room - n - 1;
  }
  return out;
}

/* Under the lock. */
static void outbound_put(struct rpc_call *call, struct rpc_outbound *out) {
  if (call->out_last) {
    call->out_last->next = out;
  } else {
    call->out_first = out;
  }
  call->out_last = out;
  call->out_bytes += out->n;
}

static sv_status encode(const struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes *message) {
  ProtobufCMessage *m = NULL;
  struct sv_buf json = sv_buf_in(ctx->mem, 0);
  if (call->dialect.codec != RPC_JSON) {
    return SV_DONE;
  }
  SV_TRY(rpc_unpack(ctx, call->method->output, *message, &m));
  SV_TRY(json_write(ctx, call->types, m, &json, false));
  *message = sv_buf_bytes(&json);
  return SV_DONE;
}

sv_status rpc_call_queue(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes message) {
  bool gzip = false;
  SV_TRY(encode(call, ctx, &message));
  SV_TRY(squeeze(call, ctx, &message, &gzip));
  if (message.n > UINT32_MAX) {
    return SV_FAIL(ctx, INTERNAL, "an answer of %zu bytes", message.n);
  }
  struct rpc_outbound *out =
      outbound_new(call->dialect.protocol, gzip ? RPC_FLAG_COMPRESSED : 0, message);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "an answer of %zu bytes", message.n);
  }
  (void)pthread_mutex_lock(&call->lock);
  bool gone = call->finished;
  if (!gone) {
    outbound_put(call, out);
    call->out_gzip = gzip;
    call->out_count++;
  }
  (void)pthread_mutex_unlock(&call->lock);
  if (gone) {
    free(out);
    return SV_FAIL(ctx, CANCELLED, "the call has its verdict");
  }
  return SV_DONE;
}

sv_status rpc_call_write(struct rpc_call *call, struct sv_ctx *ctx, struct sv_bytes message) {
  sv_status s = sv_ctx_alive(ctx);
  (void)pthread_mutex_lock(&call->lock);
  while (!sv_failed(s) && call->out_bytes > call->limits->write_mark_bytes) {
    wait_change(call, ctx, sv_monotonic_ns() + RPC_SECOND_NS);
    s = sv_ctx_alive(ctx);
  }
  (void)pthread_mutex_unlock(&call->lock);
  SV_TRY(s);
  SV_TRY(rpc_call_queue(call, ctx, message));
  if (call->method->server_streaming && call->method->where != RPC_ON_LOOP) {
    loop_post(call->loop, &call->wake);
  }
  return SV_DONE;
}

sv_status rpc_call_pause(struct rpc_call *call, struct sv_ctx *ctx, uint64_t wait_ns) {
  uint64_t limit_ns = sv_monotonic_ns() + wait_ns;
  (void)pthread_mutex_lock(&call->lock);
  sv_status s = sv_ctx_alive(ctx);
  while (!sv_failed(s) && sv_monotonic_ns() < limit_ns && !atomic_load(&call->stopping)) {
    wait_change(call, ctx, limit_ns);
    s = sv_ctx_alive(ctx);
  }
  if (!sv_failed(s) && atomic_load(&call->stopping)) {
    s = SV_FAIL(ctx, UNAVAILABLE, "the server stops");
  }
  (void)pthread_mutex_unlock(&call->lock);
  return s;
}

void rpc_call_headers_send(struct rpc_call *call) {
  (void)pthread_mutex_lock(&call->lock);
  call->begun = true;
  (void)pthread_mutex_unlock(&call->lock);
  if (call->method->server_streaming && call->method->where != RPC_ON_LOOP) {
    loop_post(call->loop, &call->wake);
  }
}

const char *rpc_call_query(const struct rpc_call *call) { return call->query; }

bool rpc_call_metadata_next(const struct rpc_call *call, const char **at, const char **ret_name,
                            const char **ret_value) {
  const char *p = *at ? *at : call->metadata;
  const char *end = call->metadata + call->metadata_n;
  while (p && p < end && p[0] == ':') { /* HTTP's, not the client's */
    p += strlen(p) + 1;
    p += strlen(p) + 1;
  }
  if (!p || p >= end) {
    return false;
  }
  *ret_name = p;
  *ret_value = p + strlen(p) + 1;
  *at = *ret_value + strlen(*ret_value) + 1;
  return true;
}

const struct rpc_peer *rpc_call_peer(const struct rpc_call *call) { return &call->peer; }

const char *rpc_call_metadata(const struct rpc_call *call, const char *name) {
  const char *p = call->metadata;
  const char *end = p ? p + call->metadata_n : p;
  while (p < end) {
    const char *value = p + strlen(p) + 1;
    if (strcmp(p, name) == 0) {
      return value;
    }
    p = value + strlen(value) + 1;
  }
  return NULL;
}

void rpc_call_request_id(struct rpc_call *call, const char *uuid) {
  (void)pthread_mutex_lock(&call->lock); /* the loop may be giving a verdict, and its log line */
  (void)snprintf(call->request_id, sizeof call->request_id, "%s", uuid);
  (void)pthread_mutex_unlock(&call->lock);
}

void rpc_call_recycle(struct rpc_call *call, struct sv_ctx *ctx) {
  (void)call;
  ctx->violations = NULL;
  ctx->violation_count = 0;
  sv_arena_reset(ctx->mem);
}

/* --- the end --- */

static const char *code_name(enum sv_code code) {
  static const char *const names[] = {
      "OK",
      "CANCELLED",
      "UNKNOWN",
      "INVALID_ARGUMENT",
      "DEADLINE_EXCEEDED",
      "NOT_FOUND",
      "ALREADY_EXISTS",
      "PERMISSION_DENIED",
      "RESOURCE_EXHAUSTED",
      "FAILED_PRECONDITION",
      "ABORTED",
      "OUT_OF_RANGE",
      "UNIMPLEMENTED",
      "INTERNAL",
      "UNAVAILABLE",
      "DATA_LOSS",
      "UNAUTHENTICATED",
  };
  return names[code];
}

static void log_line(struct rpc_call *call, const struct sv_ctx *ctx, enum sv_code code,
                     sv_status status) {
  char peer[17] = "", request_id[RPC_REQUEST_ID_ROOM];
  (void)pthread_mutex_lock(&call->lock);
  memcpy(request_id, call->request_id, sizeof request_id);
  (void)pthread_mutex_unlock(&call->lock);
  if (call->spiffe[0]) {
    sv_hex(call->peer.certificate_sha256, 8, peer);
  }
  struct sv_log_field fields[8];
  size_t n = 0;
  fields[n++] = SV_LOG_TEXT("method", call->method ? call->method->path : "unknown");
  fields[n++] = SV_LOG_TEXT("code", code_name(code));
  fields[n++] = SV_LOG_NUM("dur_us", (sv_monotonic_ns() - call->start_ns) / 1000);
  fields[n++] = SV_LOG_TEXT("peer", peer);
  fields[n++] = SV_LOG_TEXT("request_id", request_id);
  if (sv_failed(status)) {
    fields[n++] = SV_LOG_TEXT("reason", sv_reason_name(status.reason));
    fields[n++] = SV_LOG_TEXT("detail", ctx->detail);
  }
  sv_log_fields(SV_LOG_INFO, "call", fields, n);
}

/* Under the lock. NULL when there is none, or when memory is out: the peer sees a body without an end. */
static struct rpc_outbound *ending_new(const struct rpc_call *call) {
  enum rpc_protocol protocol = call->dialect.protocol;
  const struct rpc_verdict *v = &call->verdict;
  struct rpc_outbound *out = NULL;
  if (protocol == RPC_GRPC || (rpc_is_bare(protocol) && v->code == SV_CODE_OK)) {
    return NULL;
  }
  struct sv_arena *mem = sv_arena_open((size_t)256 * 1024 + 8 * v->status_n);
  if (mem) {
    struct sv_buf text = sv_buf_in(mem, 0);
    rpc_ending_put(mem, protocol, v, &call->trailers, &text);
    out =
        text.failed ? NULL : outbound_new(protocol, rpc_ending_flag(protocol), sv_buf_bytes(&text));
    sv_arena_close(mem);
  }
  return out;
}

static void judge(struct rpc_call *call, struct sv_ctx *ctx, sv_status status, bool handlers_own) {
  if (atomic_exchange(&call->judged, true)) {
    return;
  }
  if (atomic_load(&call->cancelled) && !sv_failed(status)) {
    status = SV_FAIL(ctx, CANCELLED, "the client left before the answer");
  }
  struct rpc_verdict verdict =
      handlers_own && call->own_code != SV_CODE_OK
          ? rpc_verdict_own(call->own_code, call->own_message,
                            sv_bytes_of(call->own_status, call->own_status_n))
          : rpc_verdict_of(ctx, status, !call->plain_errors);
  const enum sv_code code = verdict.code;
  (void)pthread_mutex_lock(&call->lock);
  call->verdict = verdict;
  call->finished = true;
  bool keep = !sv_failed(status) || (call->method && call->method->server_streaming);
  struct rpc_outbound *ending = ending_new(call);
  struct rpc_outbound *out = call->out_first;
  if (!keep && out && out->pulled == 0) {
    while (call->out_first) {
      outbound_drop_first(call);
    }
    call->out_bytes = 0;
  }
  if (ending) {
    outbound_put(call, ending);
  }
  (void)pthread_cond_broadcast(&call->changed);
  (void)pthread_mutex_unlock(&call->lock);
  sv_metrics_handled(call->counted, code, sv_monotonic_ns() - call->start_ns);
  log_line(call, ctx, code, status);
}

void rpc_call_judge(struct rpc_call *call, struct sv_ctx *ctx, sv_status status) {
  judge(call, ctx, status, false);
}

void rpc_call_judge_own(struct rpc_call *call, struct sv_ctx *ctx, sv_status status) {
  judge(call, ctx, status, true);
}

SV_AUTO_DEFINE(struct sv_arena, sv_arena_close)

static sv_status handle(struct rpc_call *call, struct sv_ctx *ctx) {
  SV_TRY(sv_ctx_alive(ctx)); /* what has expired in the queue never starts */
  SV_TRY(call->method->handle(call, ctx, call->service));
  if (!call->method->server_streaming && call->out_count != 1) {
    return SV_FAIL(ctx, INTERNAL, "the handler gave %zu answers", call->out_count);
  }
  return SV_DONE;
}

void rpc_call_run(struct rpc_call *call) {
  SV_AUTO(sv_arena_close)
  struct sv_arena *mem = sv_arena_open(call->limits->call_arena_bytes);
  struct sv_ctx ctx = {.mem = mem,
                       .deadline_ns = call->deadline_ns,
                       .cancelled = &call->cancelled,
                       .request_id = call->request_id};
  sv_status s = mem ? handle(call, &ctx) : SV_FAIL(&ctx, NO_MEMORY, "arena");
  if (!call->parked || sv_failed(s)) {
    judge(call, &ctx, s, s.reason == SV_INTERNAL);
  }
}
