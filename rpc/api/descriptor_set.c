/* The contract, made into a FileDescriptorSet when the server is built. */
#include "rpc/api/api.h"

static const uint8_t descriptor_set[] = {
#include "api_descriptor_set.inc"
};

struct sv_bytes api_descriptor_set(void) {
  return sv_bytes_of(descriptor_set, sizeof descriptor_set);
}
