/* One table of content types, one of codes. */
#include "rpc/grpc/dialect.h"

#include <strings.h>

static const struct {
  const char *type;
  struct rpc_dialect dialect;
} exact[] = {
    {"application/grpc", {RPC_GRPC, RPC_PROTO}},
    {"application/grpc+proto", {RPC_GRPC, RPC_PROTO}},
    {"application/grpc+json", {RPC_GRPC, RPC_JSON}},
    {"application/grpc-web", {RPC_GRPC_WEB, RPC_PROTO}},
    {"application/grpc-web+proto", {RPC_GRPC_WEB, RPC_PROTO}},
    {"application/grpc-web+json", {RPC_GRPC_WEB, RPC_JSON}},
    {"application/grpc-web-text", {RPC_GRPC_WEB_TEXT, RPC_PROTO}},
    {"application/grpc-web-text+proto", {RPC_GRPC_WEB_TEXT, RPC_PROTO}},
    {"application/grpc-web-text+json", {RPC_GRPC_WEB_TEXT, RPC_JSON}},
    {"application/connect+proto", {RPC_CONNECT_STREAM, RPC_PROTO}},
    {"application/connect+json", {RPC_CONNECT_STREAM, RPC_JSON}},
    {"application/proto", {RPC_CONNECT, RPC_PROTO}},
    {"application/json", {RPC_CONNECT, RPC_JSON}},
};

/* Of any codec. */
static const struct {
  const char *prefix;
  enum rpc_protocol protocol;
} families[] = {
    {"application/grpc+", RPC_GRPC},
    {"application/grpc-web+", RPC_GRPC_WEB},
    {"application/grpc-web-text+", RPC_GRPC_WEB_TEXT},
};

static const struct {
  const char *name, *status;
} connect_codes[] = {
    [SV_CODE_OK] = {"ok", "200"},
    [SV_CODE_CANCELLED] = {"canceled", "499"},
    [SV_CODE_UNKNOWN] = {"unknown", "500"},
    [SV_CODE_INVALID_ARGUMENT] = {"invalid_argument", "400"},
    [SV_CODE_DEADLINE_EXCEEDED] = {"deadline_exceeded", "504"},
    [SV_CODE_NOT_FOUND] = {"not_found", "404"},
    [SV_CODE_ALREADY_EXISTS] = {"already_exists", "409"},
    [SV_CODE_PERMISSION_DENIED] = {"permission_denied", "403"},
    [SV_CODE_RESOURCE_EXHAUSTED] = {"resource_exhausted", "429"},
    [SV_CODE_FAILED_PRECONDITION] = {"failed_precondition", "400"},
    [SV_CODE_ABORTED] = {"aborted", "409"},
    [SV_CODE_OUT_OF_RANGE] = {"out_of_range", "400"},
    [SV_CODE_UNIMPLEMENTED] = {"unimplemented", "501"},
    [SV_CODE_INTERNAL] = {"internal", "500"},
    [SV_CODE_UNAVAILABLE] = {"unavailable", "503"},
    [SV_CODE_DATA_LOSS] = {"data_loss", "500"},
    [SV_CODE_UNAUTHENTICATED] = {"unauthenticated", "401"},
};

const char *rpc_connect_code(enum sv_code code) { return connect_codes[code].name; }
const char *rpc_connect_http_status(enum sv_code code) { return connect_codes[code].status; }

bool rpc_dialect_of(struct sv_bytes text, struct rpc_dialect *ret_dialect) {
  const uint8_t *end = text.n > 0 ? memchr(text.p, ';', text.n) : NULL;
  size_t n = end ? (size_t)(end - text.p) : text.n;
  while (n > 0 && (text.p[n - 1] == ' ' || text.p[n - 1] == '\t')) {
    n--;
  }
  for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
    if (strlen(exact[i].type) == n && strncasecmp((const char *)text.p, exact[i].type, n) == 0) {
      *ret_dialect = exact[i].dialect;
      return true;
    }
  }
  for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
    size_t prefix_n = strlen(families[i].prefix);
    if (n > prefix_n && strncasecmp((const char *)text.p, families[i].prefix, prefix_n) == 0) {
      *ret_dialect = (struct rpc_dialect){families[i].protocol, RPC_NO_CODEC};
      return true;
    }
  }
  return false;
}

bool rpc_connect_timeout_parse(struct sv_bytes text, uint64_t *ret_ns) {
  enum { DIGITS_MAX = 10, NS_PER_MS = 1000000 };
  uint64_t ms = 0;
  if (text.n == 0 || text.n > DIGITS_MAX) {
    return false;
  }
  for (size_t i = 0; i < text.n; i++) {
    if (text.p[i] < '0' || text.p[i] > '9') {
      return false;
    }
    ms = ms * 10 + (uint64_t)(text.p[i] - '0');
  }
  *ret_ns = ms * NS_PER_MS;
  return true;
}
