/* application/grpc-web-text: base64 that comes in any portions, each of which may end in padding. */
#pragma once
#include "base/bytes.h"

struct rpc_web_text {
  char quad[4];
  size_t n;
};

/* Decodes what is whole; out has room for 3 * ((text.n + 3) / 4 + 1). False on what is no base64. */
bool rpc_web_text_read(struct rpc_web_text *r, struct sv_bytes text, uint8_t *out, size_t *ret_n);
/* Is a group of four begun and not complete? */
static inline bool rpc_web_text_partial(const struct rpc_web_text *r) { return r->n > 0; }
