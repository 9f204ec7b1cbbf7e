/* Hostile names and values, as a client's headers and as a handler's own: lines of "name value". What a handler may say is
 * fit for the wire, and what it can read of binary values it can say again. */
#include <stdlib.h>

#include "rpc/grpc/metadata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* "name NUL value NUL", as the request's own file keeps it. */
static void blob_fill(struct rpc_call *call, struct sv_bytes lines) {
  call->metadata = malloc(2 * lines.n + 2);
  SV_ASSERT(call->metadata);
  while (lines.n > 0) {
    const uint8_t *end = memchr(lines.p, '\n', lines.n);
    size_t n = end ? (size_t)(end - lines.p) : lines.n;
    const uint8_t *blank = memchr(lines.p, ' ', n);
    if (n > 0 && blank && !memchr(lines.p, 0, n)) {
      char *at = call->metadata + call->metadata_n;
      memcpy(at, lines.p, n);
      at[blank - lines.p] = '\0';
      at[n] = '\0';
      call->metadata_n += n + 1;
    }
    size_t past = end ? n + 1 : n;
    lines = sv_bytes_of(lines.p + past, lines.n - past);
  }
}

static void binary_read(struct rpc_call *call, struct sv_ctx *ctx, const char *name) {
  struct sv_bytes *values;
  size_t n = 0;
  if (!sv_failed(rpc_call_metadata_bin(call, ctx, name, &values, &n))) {
    SV_ASSERT(n >= 1);
    for (size_t i = 0; i < n; i++) {
      sv_status s = rpc_call_trailer(call, ctx, name, values[i]);
      SV_ASSERT(!sv_failed(s) || s.reason == SV_INTERNAL); /* reserved, or too many */
    }
  }
}

static void fit(const struct rpc_metadata *m) {
  SV_ASSERT(m->n <= RPC_METADATA_MAX);
  for (size_t i = 0; i < m->n; i++) {
    SV_ASSERT(m->item[i].name[0] && m->item[i].name[0] != ':');
    for (const char *p = m->item[i].value; *p; p++) {
      SV_ASSERT(*p >= 0x20 && *p <= 0x7e);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct rpc_limits limits = rpc_limits_default();
  struct sv_arena *mem = size < 65536 ? sv_arena_open((size_t)4 << 20) : NULL;
  struct rpc_call *call = mem ? rpc_call_new(NULL, &limits) : NULL;
  if (call) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    const char *at = NULL, *name, *value;
    blob_fill(call, sv_bytes_of(data, size));
    for (int i = 0; i < 200 && rpc_call_metadata_next(call, &at, &name, &value); i++) {
      SV_ASSERT(rpc_call_metadata(call, name));
      sv_status s = rpc_call_header(call, &ctx, name, sv_bytes_str(value));
      (void)s.reason;
      binary_read(call, &ctx, name);
    }
    fit(&call->headers);
    fit(&call->trailers);
  }
  rpc_call_release(call);
  sv_arena_close(mem);
  return 0;
}
