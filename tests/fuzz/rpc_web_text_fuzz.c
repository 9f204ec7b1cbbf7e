/* Hostile text into rpc/grpc/web_text.h: the bytes are the same however the text is cut. The first byte is the cut. */
#include "rpc/grpc/web_text.h"

#include <stdlib.h>

#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
  uint64_t digest;
  size_t bytes;
  bool fault, partial;
};

static struct seen read_in_portions(struct sv_bytes all, size_t portion) {
  struct seen s = {.digest = 14695981039346656037U};
  struct rpc_web_text r = {.n = 0};
  while (all.n > 0 && !s.fault) {
    struct sv_bytes part = sv_bytes_of(all.p, all.n < portion ? all.n : portion);
    all = sv_bytes_of(all.p + part.n, all.n - part.n);
    const size_t room = 3 * ((part.n + 3) / 4 + 1);
    uint8_t *out = malloc(room);
    size_t n = 0;
    SV_ASSERT(out);
    s.fault = !rpc_web_text_read(&r, part, out, &n);
    for (size_t i = 0; i < n && !s.fault; i++) {
      s.digest = (s.digest ^ out[i]) * 1099511628211U;
      s.bytes++;
    }
    SV_ASSERT(n <= room);
    free(out);
  }
  s.partial = rpc_web_text_partial(&r);
  return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) {
    return 0;
  }
  struct sv_bytes all = sv_bytes_of(data + 1, size - 1);
  struct seen whole = read_in_portions(all, all.n);
  struct seen cut = read_in_portions(all, data[0] % 16 + 1U);
  SV_ASSERT(whole.fault == cut.fault);
  SV_ASSERT(whole.fault || (whole.digest == cut.digest && whole.bytes == cut.bytes &&
                            whole.partial == cut.partial));
  return 0;
}
