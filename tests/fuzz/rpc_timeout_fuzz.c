/* Hostile text into the timeouts of gRPC and Connect: what is written of a time that was read is read as no longer a time. */
#include "base/status.h"
#include "rpc/grpc/dialect.h"
#include "rpc/grpc/header_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_bytes text = sv_bytes_of(data, size);
  uint64_t ns = 0, again = 0;
  if (rpc_timeout_parse(text, &ns)) {
    char written[10];
    SV_ASSERT(size >= 2 && size <= 9);
    rpc_timeout_format(ns, written);
    SV_ASSERT(rpc_timeout_parse(sv_bytes_str(written), &again));
    SV_ASSERT(again <= ns || ns == 0);
    SV_ASSERT(ns < 1000000000 || again >= ns / 2); /* and not much shorter */
  }
  if (rpc_connect_timeout_parse(text, &ns)) {
    SV_ASSERT(size >= 1 && size <= 10);
  }
  return 0;
}
