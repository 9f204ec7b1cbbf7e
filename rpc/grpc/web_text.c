/* Four characters at a time; blanks are not let pass. */
#include "rpc/grpc/web_text.h"

bool rpc_web_text_read(struct rpc_web_text *r, struct sv_bytes text, uint8_t *out, size_t *ret_n) {
  size_t n = 0;
  for (size_t i = 0; i < text.n; i++) {
    r->quad[r->n++] = (char)text.p[i];
    if (r->n == sizeof r->quad) {
      size_t more;
      if (!sv_unbase64(r->quad, sizeof r->quad, out + n, &more) || more == 0) {
        return false;
      }
      n += more;
      r->n = 0;
    }
  }
  *ret_n = n;
  return true;
}
