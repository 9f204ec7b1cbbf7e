/* Hostile bytes after a good preface into rpc/h2/session.h, with streams that answer when asked. Each stream is closed as
 * often as it was begun. */
#include <stdlib.h>

#include "rpc/h2/session.h"
#include "rpc/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
  struct h2_session *session;
  size_t begun, closed;
  int32_t answer; /* the stream to be answered; 0: none */
};

static void *on_begin(void *user, int32_t id) {
  struct world *w = user;
  w->begun++;
  w->answer = id;
  return w;
}
static void on_header(void *user, void *stream, struct sv_bytes name, struct sv_bytes value) {
  (void)user;
  SV_ASSERT(stream && name.n + value.n <= rpc_limits_default().header_list_max_bytes);
}
static void on_request(void *user, void *stream, bool too_large) {
  struct world *w = user;
  (void)stream;
  const struct h2_header h[] = {H2_HEADER(":status", too_large ? "431" : "200")};
  (void)h2_session_respond(w->session, w->answer, h, 1, !too_large);
}
static void on_data(void *user, void *stream, struct sv_bytes bytes) {
  struct world *w = user;
  (void)stream;
  h2_session_consume(w->session, w->answer, bytes.n);
}
static void on_end(void *user, void *stream) {
  (void)stream;
  h2_session_resume(((struct world *)user)->session, ((struct world *)user)->answer);
}
static void on_closed(void *user, void *stream, uint32_t code) {
  (void)stream;
  (void)code;
  ((struct world *)user)->closed++;
}
static size_t on_pull(void *user, void *stream, uint8_t *bytes, size_t n, bool *ret_end) {
  (void)user;
  (void)stream;
  if (n > 0) {
    bytes[0] = 'x';
  }
  *ret_end = true;
  return n > 0 ? 1 : 0;
}
static size_t on_trailers(void *user, void *stream, struct h2_header h[static H2_TRAILERS_MAX]) {
  (void)user;
  (void)stream;
  h[0] = H2_HEADER("grpc-status", "0");
  return 1;
}
static void on_pong(void *user) { (void)user; }

static const struct h2_events events = {on_begin,  on_header, on_request,  on_data, on_end,
                                        on_closed, on_pull,   on_trailers, on_pong};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char hello[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0";
  struct world w = {0};
  const struct rpc_limits limits = rpc_limits_default();
  struct sv_ctx ctx = sv_ctx_over(NULL);
  if (sv_failed(h2_session_open(&ctx, &limits, &events, &w, &w.session))) {
    return 0;
  }
  bool alive = h2_session_feed(w.session, sv_bytes_of(hello, sizeof hello));
  size_t at = 0;
  while (alive && at < size) {
    size_t n = size - at < 64 ? size - at : 64;
    alive = h2_session_feed(w.session, sv_bytes_of(data + at, n));
    at += n;
    struct sv_bytes out = {.n = 1};
    while (h2_session_pull(w.session, &out) && out.n > 0) {
    }
  }
  SV_ASSERT(w.closed <= w.begun && h2_session_streams(w.session) == w.begun - w.closed);
  h2_session_close(w.session);
  return 0;
}
