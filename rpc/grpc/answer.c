/* What the client gets, in the words of its protocol. nghttp2 copies headers, so they may be put together on the stack. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "rpc/grpc/stream_struct.h"

/* Ours, those of CORS, the handler's headers, and its trailers where they are headers. */
enum { ANSWER_HEADERS_MAX = 16 + 2 * RPC_METADATA_MAX };
static_assert((int)ANSWER_HEADERS_MAX <= (int)H2_HEADERS_MAX);
static_assert((int)RPC_METADATA_MAX + 3 <= (int)H2_TRAILERS_MAX);

#define CORS_EXPOSED "grpc-status,grpc-message,grpc-status-details-bin,grpc-encoding"
#define CORS_HEADERS                                                                      \
  "content-type,x-grpc-web,x-user-agent,grpc-timeout,grpc-encoding,grpc-accept-encoding," \
  "connect-protocol-version,connect-timeout-ms,connect-content-encoding,connect-accept-encoding"

struct header_list {
  size_t n;
  struct h2_header item[H2_HEADERS_MAX];
};

#define PUT(list, name, value) ((list)->item[(list)->n++] = H2_HEADER(name, value))

static void metadata_put(struct header_list *l, const struct rpc_metadata *m, bool as_trailer) {
  for (size_t i = 0; i < m->n; i++) {
    const char *name = as_trailer ? m->item[i].block : m->item[i].name;
    const char *value = m->item[i].value;
    size_t prefix_n = (size_t)(m->item[i].name - m->item[i].block);
    size_t name_n = strlen(m->item[i].name) + (as_trailer ? prefix_n : 0);
    l->item[l->n++] = (struct h2_header){name, value, name_n, strlen(value)};
  }
}

static void cors_put(const struct rpc_stream *st, struct header_list *l) {
  if (st->origin) {
    PUT(l, "access-control-allow-origin", st->origin);
    PUT(l, "access-control-expose-headers", CORS_EXPOSED);
    PUT(l, "vary", "origin");
  }
}

static void grpc_put(const struct rpc_stream *st, struct header_list *l) {
  const char *type =
      rpc_is_web(st->call->dialect.protocol) ? "application/grpc-web+proto" : "application/grpc";
  PUT(l, ":status", "200");
  PUT(l, "content-type", st->content_type[0] ? st->content_type : type);
  PUT(l, "grpc-accept-encoding", "identity,gzip");
  if (st->call->out_encoding == RPC_GZIP) {
    PUT(l, "grpc-encoding", "gzip");
  }
}

static void connect_stream_put(const struct rpc_stream *st, struct header_list *l) {
  bool json = st->call->dialect.codec == RPC_JSON;
  PUT(l, ":status", "200");
  PUT(l, "content-type", json ? "application/connect+json" : "application/connect+proto");
  PUT(l, "connect-accept-encoding", "gzip");
  if (st->call->out_encoding == RPC_GZIP) {
    PUT(l, "connect-content-encoding", "gzip");
  }
}

static void connect_unary_put(const struct rpc_stream *st, struct header_list *l) {
  const struct rpc_call *call = st->call;
  bool ok = call->verdict.code == SV_CODE_OK;
  bool json = !ok || call->dialect.codec == RPC_JSON;
  PUT(l, ":status", rpc_connect_http_status(call->verdict.code));
  PUT(l, "content-type", json ? "application/json" : "application/proto");
  PUT(l, "accept-encoding", "gzip");
  if (ok && call->out_gzip) {
    PUT(l, "content-encoding", "gzip");
  }
  if (call->dialect.protocol == RPC_CONNECT_GET) {
    PUT(l, "vary", "accept-encoding");
  }
  metadata_put(l, &call->trailers, true);
}

size_t answer_trailers(struct rpc_stream *st, struct h2_header h[static H2_TRAILERS_MAX]) {
  static const char *const codes[] = {"0", "1",  "2",  "3",  "4",  "5",  "6",  "7", "8",
                                      "9", "10", "11", "12", "13", "14", "15", "16"};
  const struct rpc_verdict *v = &st->call->verdict;
  struct header_list l = {.n = 0};
  if (st->page_body || st->call->dialect.protocol != RPC_GRPC) {
    return 0;
  }
  PUT(&l, "grpc-status", codes[v->code]);
  if (v->message) {
    PUT(&l, "grpc-message", v->message);
  }
  if (v->details) {
    PUT(&l, "grpc-status-details-bin", v->details);
  }
  metadata_put(&l, &st->call->trailers, false);
  memcpy(h, l.item, l.n * sizeof l.item[0]);
  return l.n;
}

bool answer_is_bare(struct rpc_stream *st) {
  struct rpc_call *call = st->call;
  return call->dialect.protocol == RPC_GRPC && call->verdict.code != SV_CODE_OK &&
         call->headers.n == 0 && !rpc_call_has_begun(call);
}

bool answer_headers(struct rpc_stream *st, bool body) {
  struct header_list l = {.n = 0};
  switch (st->call->dialect.protocol) {
    case RPC_GRPC:
    case RPC_GRPC_WEB:
    case RPC_GRPC_WEB_TEXT:
      grpc_put(st, &l);
      break;
    case RPC_CONNECT:
    case RPC_CONNECT_GET:
      connect_unary_put(st, &l);
      break;
    case RPC_CONNECT_STREAM:
      connect_stream_put(st, &l);
      break;
  }
  cors_put(st, &l);
  metadata_put(&l, &st->call->headers, false);
  if (!body) {
    l.n += answer_trailers(st, l.item + l.n);
  }
  return h2_session_respond(st->c->session, st->id, l.item, l.n, body);
}

bool answer_refusal(struct rpc_stream *st, const char *http_status) {
  struct header_list l = {.n = 0};
  PUT(&l, ":status", http_status);
  if (strcmp(http_status, "405") == 0) {
    PUT(&l, "allow", !st->route ? "GET, HEAD" : st->route->safe ? "GET, POST" : "POST");
  } else if (strcmp(http_status, "415") == 0) {
    PUT(&l, "accept-post",
        "application/grpc, application/grpc-web, application/proto, "
        "application/json, application/connect+proto, application/connect+json");
  }
  sv_log(SV_LOG_INFO, "refused", SV_LOG_TEXT("http", http_status));
  return h2_session_respond(st->c->session, st->id, l.item, l.n, false);
}

bool answer_preflight(struct rpc_stream *st) {
  struct header_list l = {.n = 0};
  bool ok = request_origin_ok(st) && st->origin;
  PUT(&l, ":status", ok ? "204" : "403");
  PUT(&l, "vary", "origin");
  if (ok) {
    PUT(&l, "access-control-allow-origin", st->origin);
    PUT(&l, "access-control-allow-methods", "GET, POST");
    PUT(&l, "access-control-allow-headers", CORS_HEADERS);
    PUT(&l, "access-control-max-age", "7200");
  }
  return h2_session_respond(st->c->session, st->id, l.item, l.n, false);
}

/* The body is copied out of the arena: it is sent when the client's window allows. */
static bool page_keep(struct rpc_stream *st, struct sv_bytes body) {
  st->page_body = malloc(body.n + 1);
  if (st->page_body && body.n > 0) {
    memcpy(st->page_body, body.p, body.n);
    st->page_n = body.n;
  }
  return st->page_body != NULL;
}

bool answer_page(struct rpc_stream *st) {
  struct header_list l = {.n = 0};
  struct sv_arena *mem = sv_arena_open((size_t)4 * 1024 * 1024);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct sv_buf body = sv_buf_in(mem, 0);
  const char *status = mem ? st->page->write(&ctx, st->page->arg, &body) : "503";
  bool ok = mem && !body.failed && page_keep(st, sv_buf_bytes(&body));
  sv_arena_close(mem);
  char length[24];
  (void)snprintf(length, sizeof length, "%zu", st->page_n);
  PUT(&l, ":status", ok ? status : "503");
  PUT(&l, "content-type", st->page->content_type);
  PUT(&l, "content-length", length);
  PUT(&l, "cache-control", "no-store");
  PUT(&l, "x-content-type-options", "nosniff");
  bool head = st->heads.method == METHOD_HEAD;
  return h2_session_respond(st->c->session, st->id, l.item, l.n, ok && !head && st->page_n > 0);
}
