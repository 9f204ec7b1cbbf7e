/* Hostile text into -bin values: what is decoded is written and decoded the same, padded or not; any bytes survive. */
#include "base/status.h"
#include "rpc/grpc/header_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void survives(struct sv_arena *mem, struct sv_bytes bytes) {
  struct sv_bytes back;
  char *text = rpc_bin_encode(mem, bytes);
  char *padded = sv_arena_alloc(mem, 4 * ((bytes.n + 2) / 3) + 1);
  SV_ASSERT(text && padded && !memchr(text, '=', strlen(text)));
  SV_ASSERT(rpc_bin_decode(mem, sv_bytes_str(text), &back) && sv_bytes_equal(back, bytes));
  sv_base64(bytes.p, bytes.n, padded);
  SV_ASSERT(rpc_bin_decode(mem, sv_bytes_str(padded), &back) && sv_bytes_equal(back, bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_bytes bytes;
  struct sv_arena *mem = size < 100000 ? sv_arena_open((size_t)4 << 20) : NULL;
  if (!mem) {
    return 0;
  }
  survives(mem, sv_bytes_of(data, size));
  if (rpc_bin_decode(mem, sv_bytes_of(data, size), &bytes)) {
    SV_ASSERT(bytes.n <= 3 * (size / 4) + 2);
    survives(mem, bytes);
  }
  sv_arena_close(mem);
  return 0;
}
