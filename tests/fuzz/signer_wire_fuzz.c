/* Frames between server and signer, read by either end: what is read is written the same. */
#include "seal/signer_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < SIGNER_HEAD_BYTES) {
    return 0;
  }
  struct sv_arena *mem = sv_arena_open((size_t)8 << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct sv_bytes body = sv_bytes_of(data + SIGNER_HEAD_BYTES, size - SIGNER_HEAD_BYTES), again;
  enum signer_frame type;
  size_t n;
  struct signer_hello hello;
  struct signer_request request;
  struct signer_answer answer;
  bool read = false, written = false;
  if (!sv_failed(signer_head_read(&ctx, data, &type, &n)) && n == body.n) {
    switch (type) {
      case SIGNER_HELLO:
        read = !sv_failed(signer_hello_read(&ctx, body, &hello));
        written = read && !sv_failed(signer_hello_write(&ctx, &hello, &again));
        break;
      case SIGNER_REQUEST:
        read = !sv_failed(signer_request_read(&ctx, body, &request));
        written = read && !sv_failed(signer_request_write(&ctx, &request, &again));
        break;
      case SIGNER_ANSWER:
        read = !sv_failed(signer_answer_read(&ctx, body, &answer));
        written = read && !sv_failed(signer_answer_write(&ctx, &answer, &again));
        break;
    }
  }
  SV_ASSERT(read == written);
  SV_ASSERT(!read || sv_bytes_equal(again, sv_bytes_of(data, size)));
  sv_arena_close(mem);
  return 0;
}
