/* What a handler says of its answer beside messages. Lists are filled under the call's lock, before the loop may read
 * them: headers until a message is queued, trailers until the verdict. */
#include "rpc/grpc/metadata.h"

#include <stdlib.h>

#include "rpc/grpc/header_text.h"

/* Of HTTP/2 or of gRPC. */
static bool reserved(const char *name) {
  return strncmp(name, "grpc-", 5) == 0 || strncmp(name, "connect-", 8) == 0 ||
         strncmp(name, "trailer-", 8) == 0 || strcmp(name, "content-encoding") == 0 ||
         strcmp(name, "content-type") == 0 || strcmp(name, "te") == 0 ||
         strcmp(name, "connection") == 0 || strcmp(name, "content-length") == 0 ||
         strcmp(name, "transfer-encoding") == 0;
}

static bool name_ok(const char *name) {
  return name[0] && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0' &&
         !reserved(name);
}

static bool is_binary(const char *name) {
  size_t n = strlen(name);
  return n >= 4 && strcmp(name + n - 4, "-bin") == 0;
}

static bool printable(struct sv_bytes value) {
  for (size_t i = 0; i < value.n; i++) {
    if (value.p[i] < 0x20 || value.p[i] > 0x7E) {
      return false;
    }
  }
  return true;
}

static sv_status text_of(struct sv_ctx *ctx, const char *name, struct sv_bytes value,
                         struct sv_bytes *ret) {
  if (!name_ok(name)) {
    return SV_FAIL(ctx, INTERNAL, "not a name of metadata");
  }
  if (is_binary(name)) {
    char *text = rpc_bin_encode(ctx->mem, value);
    if (!text) {
      return SV_FAIL(ctx, NO_MEMORY, "%s", name);
    }
    value = sv_bytes_str(text);
  }
  *ret = value;
  return printable(value) ? SV_DONE : SV_FAIL(ctx, INTERNAL, "%s is not printable", name);
}

/* Under the lock. */
static sv_status metadata_add(struct rpc_metadata *m, struct sv_ctx *ctx, const char *name,
                              struct sv_bytes value) {
  const size_t prefix_n = sizeof RPC_TRAILER_PREFIX - 1;
  size_t name_n = strlen(name) + 1;
  char *p = m->n < RPC_METADATA_MAX ? malloc(prefix_n + name_n + value.n + 1) : NULL;
  if (!p) {
    return m->n < RPC_METADATA_MAX ? SV_FAIL(ctx, NO_MEMORY, "%s", name)
                                   : SV_FAIL(ctx, INTERNAL, "too much metadata");
  }
  m->item[m->n].block = p;
  memcpy(p, RPC_TRAILER_PREFIX, prefix_n);
  p += prefix_n;
  memcpy(p, name, name_n);
  if (value.n > 0) {
    memcpy(p + name_n, value.p, value.n);
  }
  p[name_n + value.n] = '\0';
  m->item[m->n].name = p;
  m->item[m->n].value = p + name_n;
  m->n++;
  return SV_DONE;
}

sv_status rpc_call_header(struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                          struct sv_bytes value) {
  SV_TRY(text_of(ctx, name, value, &value));
  (void)pthread_mutex_lock(&call->lock);
  sv_status s = call->finished ? SV_FAIL(ctx, CANCELLED, "the call has its verdict")
                : call->out_count > 0 || call->begun
                    ? SV_FAIL(ctx, INTERNAL, "the headers are out")
                    : metadata_add(&call->headers, ctx, name, value);
  (void)pthread_mutex_unlock(&call->lock);
  return s;
}

sv_status rpc_call_trailer(struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                           struct sv_bytes value) {
  SV_TRY(text_of(ctx, name, value, &value));
  (void)pthread_mutex_lock(&call->lock);
  sv_status s = call->finished ? SV_FAIL(ctx, CANCELLED, "the call has its verdict")
                               : metadata_add(&call->trailers, ctx, name, value);
  (void)pthread_mutex_unlock(&call->lock);
  return s;
}

/* --- of the request --- */

/* The part before the next comma, without blanks around it; false at the end. */
static bool part_next(const char **at, struct sv_bytes *ret) {
  if (!*at) {
    return false;
  }
  const char *start = *at + strspn(*at, " \t");
  const char *end = strchrnul(start, ',');
  *at = *end ? end + 1 : NULL;
  while (end > start && (end[-1] == ' ' || end[-1] == '\t')) {
    end--;
  }
  *ret = sv_bytes_of(start, (size_t)(end - start));
  return true;
}

static size_t parts_count(const struct rpc_call *call, const char *name) {
  size_t n = 0;
  const char *at = NULL, *key = NULL, *value = NULL;
  struct sv_bytes part;
  while (rpc_call_metadata_next(call, &at, &key, &value)) {
    while (strcmp(key, name) == 0 && part_next(&value, &part)) {
      n++;
    }
  }
  return n;
}

sv_status rpc_call_metadata_bin(const struct rpc_call *call, struct sv_ctx *ctx, const char *name,
                                struct sv_bytes **ret_values, size_t *ret_n) {
  struct sv_bytes *values = SV_ARRAY(ctx->mem, parts_count(call, name), struct sv_bytes);
  const char *at = NULL, *key = NULL, *value = NULL;
  struct sv_bytes part;
  size_t n = 0;
  if (!values) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", name);
  }
  while (rpc_call_metadata_next(call, &at, &key, &value)) {
    while (strcmp(key, name) == 0 && part_next(&value, &part)) {
      if (!rpc_bin_decode(ctx->mem, part, &values[n++])) {
        return SV_FAIL(ctx, HEADER_MALFORMED, "%s is no base64", name);
      }
    }
  }
  *ret_values = values;
  *ret_n = n;
  return SV_DONE;
}

/* --- of the answer --- */

void rpc_metadata_free(struct rpc_metadata *m) {
  for (size_t i = 0; i < m->n; i++) {
    free(m->item[i].block);
  }
  m->n = 0;
}

sv_status rpc_call_fail(struct rpc_call *call, struct sv_ctx *ctx, enum sv_code code,
                        const char *message) {
  return rpc_call_fail_with(call, ctx, code, message, (struct sv_bytes){0});
}

sv_status rpc_call_fail_with(struct rpc_call *call, struct sv_ctx *ctx, enum sv_code code,
                             const char *message, struct sv_bytes status) {
  SV_ASSERT(code > SV_CODE_OK && code <= SV_CODE_UNAUTHENTICATED);
  free(call->own_message);
  free(call->own_status);
  call->own_code = code;
  call->own_message = strdup(message);
  call->own_status = status.n > 0 ? malloc(status.n) : NULL;
  call->own_status_n = 0;
  if (call->own_status) {
    memcpy(call->own_status, status.p, status.n);
    call->own_status_n = status.n;
  }
  return SV_FAIL(ctx, INTERNAL, "a status of the handler's own");
}

bool rpc_call_compress(struct rpc_call *call, bool on) {
  (void)pthread_mutex_lock(&call->lock);
  if (on && call->accepts_gzip && call->out_count == 0 && !call->begun && !call->finished) {
    call->out_encoding = RPC_GZIP;
  }
  bool can = !on || call->out_encoding == RPC_GZIP;
  (void)pthread_mutex_unlock(&call->lock);
  call->squeeze = on ? RPC_SQUEEZE_ALWAYS : RPC_SQUEEZE_NEVER;
  return can;
}

bool rpc_call_was_compressed(const struct rpc_call *call) { return call->read_compressed; }
