/* Texts come from the table of reasons and from violations, never from the log's detail. The whole stays under what
 * common clients take as trailers (8 KiB). */
#include "rpc/grpc/details.h"

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <stdlib.h>

#include "rpc/grpc/header_text.h"
#include "rpc/limits.h"

enum { DETAILS_MAX_BYTES = 5000, DETAILS_MAX = 4 };

struct details {
  Google__Protobuf__Any any[DETAILS_MAX];
  Google__Protobuf__Any *list[DETAILS_MAX];
  size_t n;
  size_t bytes;
};

/* Texts of generated structs lack const; they are only read. */
static char *lend(const char *s) {
  union {
    const char *in;
    char *out;
  } u = {.in = s};
  return u.out;
}

static void add(struct details *d, struct sv_arena *mem, const char *type_url,
                const ProtobufCMessage *m) {
  size_t n = protobuf_c_message_get_packed_size(m);
  uint8_t *p = sv_arena_alloc(mem, n);
  if (!p) {
    return;
  }
  (void)protobuf_c_message_pack(m, p);
  Google__Protobuf__Any *any = &d->any[d->n];
  google__protobuf__any__init(any);
  any->type_url = lend(type_url);
  any->value = (ProtobufCBinaryData){.len = n, .data = p};
  d->list[d->n++] = any;
  d->bytes += n;
}

static void add_error_info(struct details *d, struct sv_ctx *ctx, enum sv_reason reason) {
  Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;
  Google__Rpc__ErrorInfo__MetadataEntry entry = GOOGLE__RPC__ERROR_INFO__METADATA_ENTRY__INIT;
  Google__Rpc__ErrorInfo__MetadataEntry *entries[] = {&entry};
  info.reason = lend(sv_reason_name(reason));
  info.domain = lend("salvoconducto");
  if (ctx->violation_count > 0) {
    entry.key = lend("violations");
    entry.value = sv_arena_printf(ctx->mem, "%zu", ctx->violation_count);
    info.metadata = entries;
    info.n_metadata = entry.value ? 1 : 0;
  }
  add(d, ctx->mem, "type.googleapis.com/google.rpc.ErrorInfo", &info.base);
}

static void add_bad_request(struct details *d, struct sv_ctx *ctx) {
  size_t n = ctx->violation_count < SV_VIOLATIONS_MAX ? ctx->violation_count : SV_VIOLATIONS_MAX;
  Google__Rpc__BadRequest bad = GOOGLE__RPC__BAD_REQUEST__INIT;
  if (n == 0 || !ctx->violations) {
    return;
  }
  bad.field_violations = SV_ARRAY(ctx->mem, n, Google__Rpc__BadRequest__FieldViolation *);
  Google__Rpc__BadRequest__FieldViolation *items =
      SV_ARRAY(ctx->mem, n, Google__Rpc__BadRequest__FieldViolation);
  if (!bad.field_violations || !items) {
    return;
  }
  size_t bytes = d->bytes;
  for (size_t i = 0; i < n; i++) {
    const struct sv_violation *v = &ctx->violations[i];
    bytes += strlen(v->path) + strlen(v->message) + 10;
    if (bytes > DETAILS_MAX_BYTES) {
      break;
    }
    google__rpc__bad_request__field_violation__init(&items[i]);
    items[i].field = lend(v->path);
    items[i].description = lend(v->message);
    bad.field_violations[bad.n_field_violations++] = &items[i];
  }
  add(d, ctx->mem, "type.googleapis.com/google.rpc.BadRequest", &bad.base);
}

/* What stands in the way, one violation a subject; where the service named none, the reason alone. */
static void add_precondition(struct details *d, struct sv_ctx *ctx, enum sv_reason reason) {
  enum { SUBJECTS_MAX = 20 };
  Google__Rpc__PreconditionFailure__Violation items[SUBJECTS_MAX], *list[SUBJECTS_MAX];
  size_t n = ctx->violations ? ctx->violation_count : 0;
  n = n == 0 ? 1 : n < SUBJECTS_MAX ? n : SUBJECTS_MAX;
  for (size_t i = 0; i < n; i++) {
    google__rpc__precondition_failure__violation__init(&items[i]);
    items[i].type = lend(sv_reason_name(reason));
    items[i].description = lend(sv_reason_text(reason));
    if (ctx->violations && ctx->violation_count) {
      items[i].subject = lend(ctx->violations[i].path);
      items[i].description = lend(ctx->violations[i].message);
    }
    list[i] = &items[i];
  }
  Google__Rpc__PreconditionFailure failure = GOOGLE__RPC__PRECONDITION_FAILURE__INIT;
  failure.violations = list;
  failure.n_violations = n;
  add(d, ctx->mem, "type.googleapis.com/google.rpc.PreconditionFailure", &failure.base);
}

static void add_retry(struct details *d, struct sv_ctx *ctx) {
  Google__Rpc__RetryInfo retry = GOOGLE__RPC__RETRY_INFO__INIT;
  Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;
  uint32_t ms = ctx->retry_after_ms ? ctx->retry_after_ms : RPC_RETRY_DELAY_MS;
  delay.seconds = ms / 1000;
  delay.nanos = (int32_t)(ms % 1000) * 1000000;
  retry.retry_delay = &delay;
  add(d, ctx->mem, "type.googleapis.com/google.rpc.RetryInfo", &retry.base);
}

struct sv_bytes rpc_details(struct sv_ctx *ctx, enum sv_reason reason) {
  struct details d = {.n = 0};
  enum sv_code code = sv_reason_code(reason);
  add_error_info(&d, ctx, reason);
  if (code == SV_CODE_INVALID_ARGUMENT) {
    add_bad_request(&d, ctx);
  }
  if (code == SV_CODE_FAILED_PRECONDITION) {
    add_precondition(&d, ctx, reason);
  }
  if (code == SV_CODE_UNAVAILABLE || reason == SV_QUEUE_FULL || reason == SV_BUDGET) {
    add_retry(&d, ctx);
  }
  Google__Rpc__Status status = GOOGLE__RPC__STATUS__INIT;
  status.code = (int32_t)code;
  status.message = lend(sv_reason_text(reason));
  status.details = d.list;
  status.n_details = d.n;
  size_t n = google__rpc__status__get_packed_size(&status);
  uint8_t *p = sv_arena_alloc(ctx->mem, n);
  if (!p) {
    return (struct sv_bytes){0};
  }
  (void)google__rpc__status__pack(&status, p);
  return sv_bytes_of(p, n);
}

SV_AUTO_DEFINE(struct sv_arena, sv_arena_close)

static void text_set(struct rpc_verdict *v, const char *text) {
  struct sv_bytes bytes = sv_bytes_str(text);
  v->text = strdup(text);
  v->message = malloc(3 * bytes.n + 1);
  if (v->message) {
    rpc_percent_encode(bytes, v->message);
  }
}

static void status_set(struct rpc_verdict *v, struct sv_arena *mem, struct sv_bytes status) {
  char *bin = status.n > 0 ? rpc_bin_encode(mem, status) : NULL;
  v->status = bin ? malloc(status.n) : NULL;
  if (v->status) {
    memcpy(v->status, status.p, status.n);
    v->status_n = status.n;
    v->details = strdup(bin);
  }
}

struct rpc_verdict rpc_verdict_of(struct sv_ctx *ctx, sv_status status, bool detailed) {
  struct rpc_verdict v = {.reason = status.reason};
  if (!sv_failed(status)) {
    return v;
  }
  v.code = sv_reason_code(status.reason);
  text_set(&v, sv_reason_text(status.reason));
  /* an arena of its own: the call's may be full, which is what the verdict says then */
  SV_AUTO(sv_arena_close)
  struct sv_arena *mem = detailed ? sv_arena_open((size_t)128 * 1024) : NULL;
  if (mem) {
    struct sv_ctx own = *ctx;
    own.mem = mem;
    status_set(&v, mem, rpc_details(&own, status.reason));
  }
  return v;
}

struct rpc_verdict rpc_verdict_own(enum sv_code code, const char *message, struct sv_bytes status) {
  struct rpc_verdict v = {.code = code, .reason = SV_INTERNAL};
  text_set(&v, message ? message : "");
  SV_AUTO(sv_arena_close)
  struct sv_arena *mem = status.n > 0 ? sv_arena_open(4096 + 4 * status.n) : NULL;
  if (mem) {
    status_set(&v, mem, status);
  }
  return v;
}

void rpc_verdict_free(struct rpc_verdict *v) {
  free(v->text);
  free(v->message);
  free(v->status);
  free(v->details);
  *v = (struct rpc_verdict){0};
}
