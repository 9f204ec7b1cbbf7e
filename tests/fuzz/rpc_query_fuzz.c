/* Hostile queries of a Connect GET: nothing that is told is longer than the query, and texts end. */
#include "rpc/grpc/query.h"

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct rpc_query q;
  struct sv_arena *mem = sv_arena_open((size_t)1 << 20);
  if (!mem) {
    return 0;
  }
  if (rpc_query_parse(mem, sv_bytes_of(data, size), &q)) {
    SV_ASSERT(q.message.n + sizeof "message" - 1 <= size);
    SV_ASSERT(strlen(q.encoding) + strlen(q.compression) + strlen(q.version) < size);
    uint8_t sum = 0;
    for (size_t i = 0; i < q.message.n; i++) {
      sum ^= q.message.p[i]; /* all of it is there */
    }
    SV_ASSERT(sum == 0 || q.message.n > 0);
  }
  sv_arena_close(mem);
  return 0;
}
