/* Trailers as text (gRPC-Web) and as JSON (Connect). Names are lower case already, and values printable. */
#include "rpc/grpc/ending.h"

#include <google/rpc/status.pb-c.h>

#include "rpc/grpc/header_text.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"

static void web_put(const struct rpc_verdict *v, const struct rpc_metadata *trailers,
                    struct sv_buf *out) {
  sv_buf_printf(out, "grpc-status: %d\r\n", (int)v->code);
  if (v->message) {
    sv_buf_printf(out, "grpc-message: %s\r\n", v->message);
  }
  if (v->details) {
    sv_buf_printf(out, "grpc-status-details-bin: %s\r\n", v->details);
  }
  for (size_t i = 0; i < trailers->n; i++) {
    sv_buf_printf(out, "%s: %s\r\n", trailers->item[i].name, trailers->item[i].value);
  }
}

static void detail_put(struct sv_arena *mem, const Google__Protobuf__Any *any, struct sv_buf *out) {
  const char *slash = strrchr(any->type_url, '/');
  char *value = rpc_bin_encode(mem, sv_bytes_of(any->value.data, any->value.len));
  sv_buf_str(out, "{\"type\":");
  json_text_put(out, slash ? slash + 1 : any->type_url);
  sv_buf_str(out, ",\"value\":");
  json_text_put(out, value ? value : "");
  sv_buf_str(out, "}");
}

static void details_put(struct sv_arena *mem, const struct rpc_verdict *v, struct sv_buf *out) {
  struct sv_ctx ctx = sv_ctx_over(mem);
  ProtobufCMessage *m = NULL;
  struct sv_bytes wire = sv_bytes_of(v->status, v->status_n);
  if (!v->status || sv_failed(rpc_unpack(&ctx, &google__rpc__status__descriptor, wire, &m))) {
    return;
  }
  const Google__Rpc__Status *status = (const Google__Rpc__Status *)(void *)m;
  for (size_t i = 0; i < status->n_details; i++) {
    sv_buf_str(out, i == 0 ? ",\"details\":[" : ",");
    detail_put(mem, status->details[i], out);
  }
  sv_buf_str(out, status->n_details > 0 ? "]" : "");
}

static void error_put(struct sv_arena *mem, const struct rpc_verdict *v, struct sv_buf *out) {
  sv_buf_printf(out, "{\"code\":\"%s\"", rpc_connect_code(v->code));
  if (v->text && v->text[0]) {
    sv_buf_str(out, ",\"message\":");
    json_text_put(out, v->text);
  }
  details_put(mem, v, out);
  sv_buf_u8(out, '}');
}

static bool named_before(const struct rpc_metadata *m, size_t i) {
  for (size_t k = 0; k < i; k++) {
    if (strcmp(m->item[k].name, m->item[i].name) == 0) {
      return true;
    }
  }
  return false;
}

/* Values of one name stand together. */
static void metadata_put(const struct rpc_metadata *m, struct sv_buf *out) {
  bool first = true;
  for (size_t i = 0; i < m->n; i++) {
    if (named_before(m, i)) {
      continue;
    }
    sv_buf_str(out, first ? "" : ",");
    first = false;
    json_text_put(out, m->item[i].name);
    sv_buf_str(out, ":[");
    for (size_t k = i; k < m->n; k++) {
      if (strcmp(m->item[k].name, m->item[i].name) == 0) {
        sv_buf_str(out, k > i ? "," : "");
        json_text_put(out, m->item[k].value);
      }
    }
    sv_buf_u8(out, ']');
  }
}

static void end_stream_put(struct sv_arena *mem, const struct rpc_verdict *v,
                           const struct rpc_metadata *trailers, struct sv_buf *out) {
  bool failed = v->code != SV_CODE_OK;
  sv_buf_u8(out, '{');
  if (failed) {
    sv_buf_str(out, "\"error\":");
    error_put(mem, v, out);
  }
  if (trailers->n > 0) {
    sv_buf_str(out, failed ? ",\"metadata\":{" : "\"metadata\":{");
    metadata_put(trailers, out);
    sv_buf_u8(out, '}');
  }
  sv_buf_u8(out, '}');
}

void rpc_ending_put(struct sv_arena *mem, enum rpc_protocol protocol,
                    const struct rpc_verdict *verdict, const struct rpc_metadata *trailers,
                    struct sv_buf *out) {
  switch (protocol) {
    case RPC_GRPC:
      break;
    case RPC_GRPC_WEB:
    case RPC_GRPC_WEB_TEXT:
      web_put(verdict, trailers, out);
      break;
    case RPC_CONNECT_STREAM:
      end_stream_put(mem, verdict, trailers, out);
      break;
    case RPC_CONNECT:
    case RPC_CONNECT_GET:
      if (verdict->code != SV_CODE_OK) {
        error_put(mem, verdict, out);
      }
      break;
  }
}
