/* Hostile text into grpc-message: decoding never grows, and takes back what encoding did, which is printable. */
#include <stdlib.h>

#include "base/status.h"
#include "rpc/grpc/header_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(3 * size + 1), *back = malloc(3 * size + 1);
  if (text && back) {
    SV_ASSERT(rpc_percent_decode(sv_bytes_of(data, size), back) <= size);
    rpc_percent_encode(sv_bytes_of(data, size), text);
    for (const char *p = text; *p; p++) {
      SV_ASSERT(*p >= 0x20 && *p <= 0x7e);
    }
    SV_ASSERT(rpc_percent_decode(sv_bytes_str(text), back) == size);
    SV_ASSERT(size == 0 || memcmp(back, data, size) == 0);
  }
  free(text);
  free(back);
  return 0;
}
