/* What a request wants, from its headers; the order of the checks is the protocol's. Invariant: nothing is believed before
 * the last header came, for the order of headers is the client's. */
#include <stdlib.h>
#include <strings.h>

#include "base/metrics.h"
#include "rpc/grpc/header_text.h"
#include "rpc/grpc/query.h"
#include "rpc/grpc/stream_struct.h"

static bool is(struct sv_bytes a, const char *text) {
  return sv_bytes_equal(a, sv_bytes_str(text));
}

/* --- headers --- */

static void metadata_keep(struct rpc_call *call, struct sv_bytes name, struct sv_bytes value) {
  if (value.n > 0 && memchr(value.p, 0, value.n)) {
    return;
  }
  size_t n = call->metadata_n + name.n + value.n + 2;
  if (n > call->metadata_room) {
    size_t room = 2 * n > 512 ? 2 * n : 512;
    char *more = realloc(call->metadata, room);
    if (!more) {
      return;
    }
    call->metadata = more;
    call->metadata_room = room;
  }
  char *p = call->metadata + call->metadata_n;
  memcpy(p, name.p, name.n);
  p[name.n] = '\0';
  if (value.n > 0) {
    memcpy(p + name.n + 1, value.p, value.n);
  }
  p[name.n + 1 + value.n] = '\0';
  call->metadata_n = n;
}

static enum request_method method_of(struct sv_bytes value) {
  return is(value, "POST")      ? METHOD_POST
         : is(value, "GET")     ? METHOD_GET
         : is(value, "HEAD")    ? METHOD_HEAD
         : is(value, "OPTIONS") ? METHOD_OPTIONS
                                : METHOD_OTHER;
}

static const struct rpc_page *page_find(const struct rpc_stream *st, struct sv_bytes path) {
  const struct rpc_host *host = st->c->host;
  for (size_t i = 0; i < host->page_n; i++) {
    if (is(path, host->pages[i].path) && (!host->pages[i].admin || st->c->door->admin)) {
      return &host->pages[i];
    }
  }
  return NULL;
}

static void path_take(struct rpc_stream *st, struct sv_bytes value) {
  const uint8_t *mark = value.n > 0 ? memchr(value.p, '?', value.n) : NULL;
  st->route = rpc_routes_find(st->c->host->routes, value);
  if (st->route) {
    return;
  }
  struct sv_bytes path = sv_bytes_of(value.p, mark ? (size_t)(mark - value.p) : value.n);
  st->page = page_find(st, path);
  if (mark && !st->page) { /* a call may have a query only with GET */
    st->route = rpc_routes_find(st->c->host->routes, path);
    st->call->query = st->route ? strndup((const char *)mark + 1, value.n - path.n - 1) : NULL;
  }
}

static void type_take(struct rpc_stream *st, struct sv_bytes value) {
  st->heads.type_known = rpc_dialect_of(value, &st->call->dialect);
  if (value.n < CONTENT_TYPE_ROOM) {
    memcpy(st->content_type, value.p, value.n);
    st->content_type[value.n] = '\0';
  }
}

/* "host", "host:port", "[v6]:port" */
static struct sv_bytes host_of(struct sv_bytes authority) {
  size_t n = authority.n;
  for (size_t i = n; i > 0 && authority.p[i - 1] != ']'; i--) {
    if (authority.p[i - 1] == ':') {
      n = i - 1;
      break;
    }
  }
  return sv_bytes_of(authority.p, n);
}

static bool host_is(struct sv_bytes host, const char *name) {
  return strlen(name) == host.n && strncasecmp((const char *)host.p, name, host.n) == 0;
}

static void authority_take(struct rpc_stream *st, struct sv_bytes name, struct sv_bytes value) {
  const struct rpc_door *door = st->c->door;
  const struct sv_bytes host = host_of(value);
  bool ours = door->name_n == 0 && link_serves(st->c->link, host);
  for (size_t i = 0; i < door->name_n && !ours; i++) {
    ours = host_is(host, door->names[i]);
  }
  st->heads.misdirected = !ours;
  metadata_keep(st->call, name, value);
}

static void encoding_take(struct rpc_stream *st, enum header_family family, struct sv_bytes value) {
  st->heads.encoding[family].gzip = is(value, "gzip");
  st->heads.encoding[family].unknown = !is(value, "gzip") && !is(value, "identity");
}

/* One is enough: who sends two gets neither. */
static void timeout_take(struct rpc_stream *st, enum header_family family, struct sv_bytes value,
                         bool (*parse)(struct sv_bytes text, uint64_t *ret_ns)) {
  bool first = st->heads.timeout[family].ns == UINT64_MAX && !st->heads.timeout[family].bad;
  bool ok = parse(value, &st->heads.timeout[family].ns);
  st->heads.timeout[family].bad = !first || !ok;
}

/* Those that are ours; true: the handler does not see them. */
static bool own_take(struct rpc_stream *st, struct sv_bytes name, struct sv_bytes value) {
  struct request_heads *h = &st->heads;
  if (is(name, "content-type")) {
    type_take(st, value);
  } else if (is(name, "grpc-timeout")) {
    timeout_take(st, FAMILY_GRPC, value, rpc_timeout_parse);
  } else if (is(name, "connect-timeout-ms")) {
    timeout_take(st, FAMILY_CONNECT, value, rpc_connect_timeout_parse);
  } else if (is(name, "connect-protocol-version")) {
    h->version_bad = !is(value, "1");
  } else if (is(name, "grpc-encoding")) {
    encoding_take(st, FAMILY_GRPC, value);
  } else if (is(name, "connect-content-encoding")) {
    encoding_take(st, FAMILY_CONNECT, value);
  } else if (is(name, "content-encoding")) {
    encoding_take(st, FAMILY_HTTP, value);
  } else if (is(name, "grpc-accept-encoding")) {
    h->encoding[FAMILY_GRPC].accepts_gzip |= rpc_list_has(value, "gzip");
  } else if (is(name, "connect-accept-encoding")) {
    h->encoding[FAMILY_CONNECT].accepts_gzip |= rpc_list_has(value, "gzip");
  } else if (is(name, "accept-encoding")) {
    h->encoding[FAMILY_HTTP].accepts_gzip |= rpc_list_has(value, "gzip");
  } else {
    return false;
  }
  return true;
}

/* Stands for :authority where that is missing, and agrees with it where not (RFC 9113, section 8.3.1). */
static void host_take(struct rpc_stream *st, struct sv_bytes value) {
  static const char authority[] = ":authority";
  const char *before = rpc_call_metadata(st->call, authority);
  if (!before) {
    authority_take(st, sv_bytes_str(authority), value);
  } else if (strlen(before) != value.n ||
             strncasecmp(before, (const char *)value.p, value.n) != 0) {
    st->heads.two_hosts = true;
  }
}

void request_header(struct rpc_stream *st, struct sv_bytes name, struct sv_bytes value) {
  if (name.n == 0) {
    return;
  }
  if (is(name, "host")) {
    host_take(st, value);
  } else if (name.p[0] != ':') {
    if (!own_take(st, name, value)) {
      metadata_keep(st->call, name, value);
    }
  } else if (is(name, ":method")) {
    st->heads.method = method_of(value);
  } else if (is(name, ":path")) {
    path_take(st, value);
  } else if (is(name, ":authority")) {
    authority_take(st, name, value);
  }
}

/* --- what kind of request it is --- */

bool request_query_take(struct rpc_stream *st) {
  struct rpc_call *call = st->call;
  struct sv_arena *mem = sv_arena_open(4 * st->c->host->limits.header_list_max_bytes);
  struct rpc_query q;
  bool ok = mem && call->query && rpc_query_parse(mem, sv_bytes_str(call->query), &q);
  if (ok) {
    ok = strcmp(q.encoding, "json") == 0 || strcmp(q.encoding, "proto") == 0;
    call->dialect =
        (struct rpc_dialect){RPC_CONNECT_GET, q.encoding[0] == 'j' ? RPC_JSON : RPC_PROTO};
    bool identity = q.compression[0] == '\0' || strcmp(q.compression, "identity") == 0;
    st->heads.encoding[FAMILY_HTTP].gzip = strcmp(q.compression, "gzip") == 0;
    st->heads.encoding[FAMILY_HTTP].unknown = !identity && !st->heads.encoding[FAMILY_HTTP].gzip;
    st->heads.version_bad = q.version[0] && strcmp(q.version, "v1") != 0;
    ok = ok && rpc_frame_append(&st->reader, q.message) == RPC_FRAME_MORE;
  }
  sv_arena_close(mem);
  return ok;
}

static const char *get_refusal(struct rpc_stream *st) {
  if (!st->route) {
    return "404";
  }
  if (st->heads.method != METHOD_GET || !st->route->safe) {
    return "405";
  }
  return request_query_take(st) ? NULL : "415";
}

static const char *connect_refusal(const struct rpc_stream *st) {
  if (!st->route) {
    return "404";
  }
  const struct rpc_method *m = st->route->method;
  bool streaming = m->client_streaming || m->server_streaming;
  return streaming == (st->call->dialect.protocol == RPC_CONNECT_STREAM) ? NULL : "415";
}

const char *request_refusal(struct rpc_stream *st) {
  const char *refusal = NULL;
  if (st->heads.two_hosts) {
    return "400";
  }
  if (st->heads.misdirected) {
    return "421";
  }
  if (st->heads.method == METHOD_GET || st->heads.method == METHOD_HEAD) {
    refusal = get_refusal(st);
  } else if (st->heads.method != METHOD_POST) {
    return "405";
  } else if (!st->heads.type_known) {
    return "415";
  } else if (st->call->query) { /* no such path: POST has no query here */
    st->route = NULL;
  }
  if (!refusal && rpc_is_connect(st->call->dialect.protocol)) {
    refusal = connect_refusal(st);
  }
  bool web = rpc_is_connect(st->call->dialect.protocol) || rpc_is_web(st->call->dialect.protocol);
  if (!refusal && web && !request_origin_ok(st)) {
    refusal = "403";
  }
  return refusal;
}

bool request_origin_ok(struct rpc_stream *st) {
  const char *origin = rpc_call_metadata(st->call, "origin");
  if (!origin) {
    return true;
  }
  const char *authority = rpc_call_metadata(st->call, ":authority");
  const char *own = strncmp(origin, "https://", 8) == 0  ? origin + 8
                    : strncmp(origin, "http://", 7) == 0 ? origin + 7
                                                         : NULL;
  bool ok = authority && own && strcasecmp(own, authority) == 0;
  for (size_t i = 0; i < st->c->host->origin_n && !ok; i++) {
    ok = strcmp(origin, st->c->host->origins[i]) == 0;
  }
  st->origin = ok ? origin : NULL;
  return ok;
}

/* --- checks that end in a status --- */

static enum header_family family_of(const struct rpc_stream *st) {
  enum rpc_protocol p = st->call->dialect.protocol;
  return rpc_is_bare(p) ? FAMILY_HTTP : p == RPC_CONNECT_STREAM ? FAMILY_CONNECT : FAMILY_GRPC;
}

static sv_status peer_take(struct rpc_stream *st, struct sv_ctx *ctx) {
  const struct tls_peer *peer = link_peer(st->c->link);
  const struct rpc_door *door = st->c->door;
  struct rpc_call *call = st->call;
  bool everybody = strncmp(call->method->path, "/grpc.health.v1.", 16) == 0 ||
                   (door->open_only && call->method->open_to_all);
  if (peer->state == TLS_PEER_KNOWN && sv_wall_us() < peer->not_after_us) {
    memcpy(call->spiffe, peer->spiffe, sizeof call->spiffe);
    memcpy(call->peer.certificate_sha256, peer->certificate_sha256,
           sizeof call->peer.certificate_sha256);
    return SV_DONE;
  }
  if (peer->state != TLS_PEER_NONE && !everybody) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_INVALID, "not verified, expired, or without SPIFFE ID");
  }
  if ((door->require_peer || door->open_only) && !everybody) {
    return SV_FAIL(ctx, CLIENT_CERTIFICATE_REQUIRED, "none was presented");
  }
  return SV_DONE;
}

static uint64_t timeout_of(const struct rpc_stream *st) {
  const struct rpc_limits *limits = &st->c->host->limits;
  bool connect = rpc_is_connect(st->call->dialect.protocol);
  uint64_t timeout = st->heads.timeout[connect ? FAMILY_CONNECT : FAMILY_GRPC].ns;
  if (limits->deadline_max_ns && timeout > limits->deadline_max_ns &&
      !(st->call->method->server_streaming && timeout == UINT64_MAX)) {
    return limits->deadline_max_ns;
  }
  return timeout;
}

static sv_status deadline_take(struct rpc_stream *st, struct sv_ctx *ctx) {
  uint64_t timeout = timeout_of(st);
  if (timeout == UINT64_MAX) {
    return SV_DONE;
  }
  if (timeout == 0) {
    return SV_FAIL(ctx, DEADLINE, "had passed at the start");
  }
  uint64_t at;
  st->call->deadline_ns =
      __builtin_add_overflow(st->call->start_ns, timeout, &at) ? UINT64_MAX : at;
  if (st->call->method->where != RPC_ON_LOOP || st->call->method->server_streaming) {
    SV_TRY(deadline_timer_open(st, ctx, timeout));
  }
  return SV_DONE;
}

static void encoding_choose(struct rpc_stream *st) {
  struct rpc_call *call = st->call;
  enum header_family family = family_of(st);
  call->in_encoding = st->heads.encoding[family].gzip ? RPC_GZIP : RPC_IDENTITY;
  call->accepts_gzip = st->heads.encoding[family].accepts_gzip;
  bool asked = call->in_encoding == RPC_GZIP || rpc_is_bare(call->dialect.protocol);
  if (call->accepts_gzip && asked) {
    call->out_encoding = RPC_GZIP;
  }
}

sv_status request_check(struct rpc_stream *st, struct sv_ctx *ctx, bool *ret_own) {
  struct rpc_call *call = st->call;
  bool connect = rpc_is_connect(call->dialect.protocol);
  if (!st->route) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "unknown path");
  }
  call->method = st->route->method;
  call->service = st->route->service;
  call->counted = st->route->counted;
  sv_metrics_started(call->counted);
  if (connect && (st->heads.timeout[FAMILY_CONNECT].bad || st->heads.version_bad)) {
    *ret_own = true;
    return rpc_call_fail(call, ctx, SV_CODE_INVALID_ARGUMENT,
                         "connect-timeout-ms or connect-protocol-version is malformed");
  }
  if (!connect && st->heads.timeout[FAMILY_GRPC].bad) {
    return SV_FAIL(ctx, HEADER_MALFORMED, "grpc-timeout");
  }
  if (call->dialect.codec == RPC_NO_CODEC) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "codec of the content-type");
  }
  if (st->heads.encoding[family_of(st)].unknown) {
    return SV_FAIL(ctx, UNIMPLEMENTED, "encoding of messages");
  }
  encoding_choose(st);
  SV_TRY(peer_take(st, ctx));
  return deadline_take(st, ctx);
}
