/* Does a session turn bytes into events, and end what abuses it? All without a socket. */
#include "rpc/h2/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* after the others */
#include <cmocka.h>

#include "rpc/grpc/pace.h"
#include "rpc/h2/budget.h"

enum { STORY_ROOM = 4096, OUT_ROOM = 65536 };

static const struct rpc_limits limits = {.stream_max = 5,
                                         .header_list_max_bytes = 16384,
                                         .header_max = 100,
                                         .stream_window_bytes = 65535,
                                         .connection_window_bytes = 1 << 20,
                                         .budget = {.tokens = 2000,
                                                    .refill_per_s = 400,
                                                    .reset = 2,
                                                    .own_reset = 20,
                                                    .continuation = 20,
                                                    .settings = 20,
                                                    .ping = 4,
                                                    .empty_data = 10,
                                                    .priority = 2,
                                                    .unknown = 10}};

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct h2_session *session;
  char story[STORY_ROOM]; /* the events, as words */
  size_t story_n;
  const char *body;
  size_t body_n;
  size_t open;
  uint8_t out[OUT_ROOM];
  size_t out_n;
};

static void tell(struct fixture *f, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(f->story + f->story_n, STORY_ROOM - f->story_n, format, args);
  va_end(args);
  f->story_n += n > 0 && (size_t)n < STORY_ROOM - f->story_n ? (size_t)n : 0;
}

static void *on_begin(void *user, int32_t id) {
  struct fixture *f = user;
  f->open++;
  tell(f, "begin%d ", (int)id);
  return f;
}
static void on_header(void *user, void *stream, struct sv_bytes name, struct sv_bytes value) {
  (void)stream;
  tell(user, "%.*s=%.*s ", (int)name.n, (const char *)name.p, value.n > 20 ? 3 : (int)value.n,
       (const char *)value.p);
}
static void on_request(void *user, void *stream, bool too_large) {
  (void)stream;
  tell(user, too_large ? "request-too-large " : "request ");
}
static void on_data(void *user, void *stream, struct sv_bytes bytes) {
  (void)stream;
  tell(user, "data%zu ", bytes.n);
}
static void on_end(void *user, void *stream) {
  (void)stream;
  tell(user, "end ");
}
static void on_closed(void *user, void *stream, uint32_t code) {
  struct fixture *f = user;
  (void)stream;
  f->open--;
  tell(f, "closed%u ", code);
}
static size_t on_pull(void *user, void *stream, uint8_t *bytes, size_t n, bool *ret_end) {
  struct fixture *f = user;
  (void)stream;
  size_t part = f->body_n < n ? f->body_n : n;
  if (part > 0) {
    memcpy(bytes, f->body, part);
  }
  f->body += part;
  f->body_n -= part;
  *ret_end = f->body != NULL && f->body_n == 0;
  return part;
}
static size_t on_trailers(void *user, void *stream, struct h2_header h[static H2_TRAILERS_MAX]) {
  (void)stream;
  tell(user, "trailers ");
  h[0] = H2_HEADER("grpc-status", "0");
  return 1;
}
static void on_pong(void *user) { tell(user, "pong "); }

static const struct h2_events events = {on_begin,  on_header, on_request,  on_data, on_end,
                                        on_closed, on_pull,   on_trailers, on_pong};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  f->mem = sv_arena_open(100000);
  f->ctx = sv_ctx_over(f->mem);
  assert_false(sv_failed(h2_session_open(&f->ctx, &limits, &events, f, &f->session)));
  *state = f;
  return 0;
}

static int teardown(void **state) {
  struct fixture *f = *state;
  h2_session_close(f->session);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static bool feed(struct fixture *f, const void *p, size_t n) {
  return h2_session_feed(f->session, sv_bytes_of(p, n));
}

static bool frame(struct fixture *f, uint8_t type, uint8_t flags, uint32_t id, const void *payload,
                  size_t n) {
  uint8_t head[9] = {
      (uint8_t)(n >> 16),  (uint8_t)(n >> 8),   (uint8_t)n,         type,       flags,
      (uint8_t)(id >> 24), (uint8_t)(id >> 16), (uint8_t)(id >> 8), (uint8_t)id};
  bool alive = feed(f, head, sizeof head);
  return n > 0 && alive ? feed(f, payload, n) : alive;
}

static void pull(struct fixture *f) {
  struct sv_bytes b = {.n = 1};
  f->out_n = 0;
  while (h2_session_pull(f->session, &b) && b.n > 0) {
    assert_true(f->out_n + b.n <= OUT_ROOM);
    memcpy(f->out + f->out_n, b.p, b.n);
    f->out_n += b.n;
  }
}

/* The frames in what was pulled: "HEADERS:1:flags" and so on. */
static void frames_out(struct fixture *f, char *text, size_t room) {
  static const char *const names[] = {"DATA", "HEADERS", "PRIORITY", "RST",    "SETTINGS",
                                      "PUSH", "PING",    "GOAWAY",   "WINDOW", "CONTINUATION"};
  size_t n = 0;
  text[0] = '\0';
  for (size_t at = 0; at + 9 <= f->out_n;) {
    const uint8_t *p = f->out + at;
    size_t len = (size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2];
    uint32_t id = (uint32_t)p[5] << 24 | (uint32_t)p[6] << 16 | (uint32_t)p[7] << 8 | p[8];
    assert_true(p[3] < sizeof names / sizeof names[0]);
    n += (size_t)snprintf(text + n, room - n, "%s:%u:%x ", names[p[3]], id, p[4]);
    at += 9 + len;
  }
}

static void greet(struct fixture *f) {
  static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  assert_true(feed(f, preface, sizeof preface - 1));
  assert_true(frame(f, 4, 0, 0, NULL, 0));
  pull(f);
}

/* :method POST, :scheme http, :path /x, :authority a, without Huffman or indexing of names beyond the static table */
static const uint8_t post[] = {0x83, 0x86, 0x04, 2, '/', 'x', 0x01, 1, 'a'};

static void a_request_is_told_in_order_and_answered_with_trailers(void **state) {
  struct fixture *f = *state;
  char text[512];
  greet(f);
  assert_true(h2_session_greeted(f->session));
  assert_true(frame(f, 1, 4, 1, post, sizeof post));
  assert_true(frame(f, 0, 1, 1, "abcde", 5));
  assert_string_equal(f->story,
                      "begin1 :method=POST :scheme=http :path=/x :authority=a request data5 end ");
  const struct h2_header h[] = {H2_HEADER(":status", "200")};
  f->body = "hello";
  f->body_n = 5;
  f->story_n = 0;
  assert_true(h2_session_respond(f->session, 1, h, 1, true));
  pull(f);
  frames_out(f, text, sizeof text);
  assert_string_equal(text, "HEADERS:1:4 DATA:1:0 HEADERS:1:5 ");
  assert_string_equal(f->story, "trailers closed0 ");
}

static void a_body_that_waits_goes_on_when_resumed(void **state) {
  struct fixture *f = *state;
  char text[512];
  greet(f);
  assert_true(frame(f, 1, 5, 1, post, sizeof post));
  const struct h2_header h[] = {H2_HEADER(":status", "200")};
  assert_true(h2_session_respond(f->session, 1, h, 1, true));
  pull(f);
  frames_out(f, text, sizeof text);
  assert_string_equal(text, "HEADERS:1:4 ");
  h2_session_resume(f->session, 1);
  h2_session_resume(f->session, 1); /* twice is no fault */
  f->body = "x";
  f->body_n = 1;
  pull(f);
  frames_out(f, text, sizeof text);
  assert_string_equal(text, "DATA:1:0 HEADERS:1:5 ");
}

static void an_answer_before_the_end_of_the_request_is_followed_by_a_reset_without_error(
    void **state) {
  struct fixture *f = *state;
  char text[512];
  greet(f);
  assert_true(frame(f, 1, 4, 1, post, sizeof post));
  const struct h2_header h[] = {H2_HEADER(":status", "200"), H2_HEADER("grpc-status", "12")};
  assert_true(h2_session_respond(f->session, 1, h, 2, false));
  pull(f);
  frames_out(f, text, sizeof text);
  assert_string_equal(text, "HEADERS:1:5 RST:1:0 ");
  assert_memory_equal(f->out + f->out_n - 4, "\0\0\0\0", 4); /* NO_ERROR */
  assert_int_equal(f->open, 0);
}

static void headers_over_the_limit_are_told_as_too_large(void **state) {
  struct fixture *f = *state;
  static uint8_t block[sizeof post + 5 + 5 + 16000];
  greet(f);
  memcpy(block, post, sizeof post);
  uint8_t *p = block + sizeof post;
  memcpy(p, "\x00\x03x-y\x7f\x81\x7c", 8); /* a literal of 16000 bytes */
  memset(p + 8, 'v', 16000);
  assert_true(frame(f, 1, 5, 1, block, sizeof post + 8 + 16000));
  assert_non_null(strstr(f->story, "x-y=vvv request "));
  /* and now 16384 of them, in two frames */
  f->story_n = 0;
  memcpy(p, "\x00\x03x-y\x7f\x81\x7f", 8); /* 16384 */
  assert_true(frame(f, 1, 1, 3, block, sizeof post + 8 + 8000));
  assert_true(h2_session_headers_since_ns(f->session) > 0);
  static uint8_t rest[8384];
  memset(rest, 'v', sizeof rest);
  assert_true(frame(f, 9, 4, 3, rest, sizeof rest));
  assert_true(h2_session_headers_since_ns(f->session) == 0);
  assert_non_null(strstr(f->story, "request-too-large "));
}

static void streams_over_the_limit_are_refused(void **state) {
  struct fixture *f = *state;
  greet(f);
  /* our SETTINGS is not acknowledged, so that the library's own limit is not in force */
  for (uint32_t i = 0; i < limits.stream_max + 1; i++) {
    (void)frame(f, 1, 4, 1 + 2 * i, post, sizeof post);
  }
  assert_int_equal(f->open, limits.stream_max);
}

static bool ended_with(struct fixture *f, const char *word) {
  pull(f);
  return f->out_n > strlen(word) &&
         memcmp(f->out + f->out_n - strlen(word), word, strlen(word)) == 0;
}

static void a_flood_of_pings_ends_the_connection_with_a_word(void **state) {
  struct fixture *f = *state;
  greet(f);
  int sent = 0;
  while (frame(f, 6, 0, 0, "12345678", 8) && sent < 100000) {
    sent++;
    pull(f);
  }
  assert_in_range(sent, 300, 2000);
  assert_true(ended_with(f, "too_many_pings"));
}

static void a_flood_of_resets_ends_the_connection(void **state) {
  struct fixture *f = *state;
  greet(f);
  uint32_t id = 1;
  while (frame(f, 1, 5, id, post, sizeof post) && frame(f, 3, 0, id, "\0\0\0\x08", 4) &&
         id < 1000000) {
    id += 2;
    pull(f);
  }
  assert_in_range(id / 2, 500, 5000);
  assert_in_range(f->open, 0, 1); /* the last one, whose reset was not read any more */
  assert_true(ended_with(f, "too_many_resets"));
}

static void floods_of_settings_and_empty_data_end_the_connection(void **state) {
  struct fixture *f = *state;
  greet(f);
  assert_true(frame(f, 1, 4, 1, post, sizeof post));
  int sent = 0;
  while (frame(f, 0, 0, 1, NULL, 0) && sent < 100000) {
    sent++;
  }
  assert_in_range(sent, 100, 1000);
  assert_true(ended_with(f, "too_much_empty_data"));
}

static void a_flood_of_continuations_ends_the_connection(void **state) {
  struct fixture *f = *state;
  greet(f);
  (void)frame(f, 1, 0, 1, post, sizeof post);
  int sent = 0;
  while (frame(f, 9, 0, 1, NULL, 0) && sent < 100000) {
    sent++;
  }
  assert_in_range(sent, 1, 200);
}

static void bytes_that_are_no_http2_end_the_connection(void **state) {
  struct fixture *f = *state;
  assert_false(feed(f, "GET / HTTP/1.1\r\n\r\n", 18));
  assert_true(h2_session_over(f->session));
}

static void a_graceful_end_lets_open_streams_finish(void **state) {
  struct fixture *f = *state;
  char text[512];
  greet(f);
  assert_true(frame(f, 4, 1, 0, NULL, 0));
  assert_true(frame(f, 1, 5, 1, post, sizeof post));
  h2_session_notice(f->session);
  pull(f);
  frames_out(f, text, sizeof text);
  assert_string_equal(text, "GOAWAY:0:0 PING:0:0 "); /* in this order */
  assert_true(frame(f, 1, 5, 3, post, sizeof post)); /* still taken */
  assert_int_equal(f->open, 2);
  h2_session_goaway(f->session);
  pull(f);
  (void)frame(f, 1, 5, 5, post, sizeof post); /* not any more */
  assert_int_equal(f->open, 2);
  assert_false(h2_session_over(f->session));
  const struct h2_header h[] = {H2_HEADER(":status", "200")};
  assert_true(h2_session_respond(f->session, 1, h, 1, false));
  assert_true(h2_session_respond(f->session, 3, h, 1, false));
  pull(f);
  assert_int_equal(f->open, 0);
  assert_true(h2_session_over(f->session));
}

static void the_bucket_refills_and_never_overflows(void **state) {
  struct h2_budget b = h2_budget_full(&limits.budget, 1000);
  (void)state;
  assert_true(h2_budget_spend(&b, limits.budget.tokens, 1000));
  assert_false(h2_budget_spend(&b, 1, 1000));
  assert_true(h2_budget_spend(&b, limits.budget.refill_per_s, 1000 + RPC_SECOND_NS));
  assert_false(h2_budget_spend(&b, 1, 1000 + RPC_SECOND_NS));
  assert_false(h2_budget_spend(&b, limits.budget.tokens + 1, UINT64_MAX));
  assert_true(h2_budget_spend(&b, limits.budget.tokens, UINT64_MAX));
}

static void what_moves_too_slowly_is_late(void **state) {
  const uint64_t limit_ns = 10 * RPC_SECOND_NS;
  struct rpc_pace p = {0};
  (void)state;
  assert_false(rpc_pace_late(&p, false, limit_ns, 100, 5));
  assert_false(rpc_pace_late(&p, true, limit_ns, 100, 1 * RPC_SECOND_NS));
  p.bytes = 1000;
  assert_false(rpc_pace_late(&p, true, limit_ns, 100, 12 * RPC_SECOND_NS)); /* fast enough so far */
  p.bytes = 999;
  assert_true(rpc_pace_late(&p, true, limit_ns, 100, 23 * RPC_SECOND_NS));
  assert_true(rpc_pace_late(&p, true, limit_ns, 0, 34 * RPC_SECOND_NS)); /* nothing at all */
  assert_false(rpc_pace_late(&p, false, limit_ns, 100, 44 * RPC_SECOND_NS));
  assert_false(rpc_pace_late(&p, true, limit_ns, 100, 99 * RPC_SECOND_NS)); /* begins anew */
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      T(a_request_is_told_in_order_and_answered_with_trailers),
      T(a_body_that_waits_goes_on_when_resumed),
      T(an_answer_before_the_end_of_the_request_is_followed_by_a_reset_without_error),
      T(headers_over_the_limit_are_told_as_too_large),
      T(streams_over_the_limit_are_refused),
      T(a_flood_of_pings_ends_the_connection_with_a_word),
      T(a_flood_of_resets_ends_the_connection),
      T(floods_of_settings_and_empty_data_end_the_connection),
      T(a_flood_of_continuations_ends_the_connection),
      T(bytes_that_are_no_http2_end_the_connection),
      T(a_graceful_end_lets_open_streams_finish),
      T(what_moves_too_slowly_is_late),
      T(the_bucket_refills_and_never_overflows),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
