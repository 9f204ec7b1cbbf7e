/* Is a question to a stranger bounded in time and size, and is one who fails left alone for a while? */
#include "runtime/fetch.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
/* after those above */
#include <cmocka.h>

/* A server that gives every connection the same answer, or none. */
struct stranger {
  int fd;
  uint16_t port;
  pthread_t thread;
  const char *answer; /* NULL: silence */
  atomic_bool ended;
  atomic_int asked;
  char request[2048]; /* the last one's beginning */
};

static void serve_one(struct stranger *s, int fd) {
  size_t n = 0;
  struct pollfd p = {.fd = fd, .events = POLLIN};
  while (n < sizeof s->request - 1 && poll(&p, 1, 100) == 1) {
    ssize_t got = read(fd, s->request + n, sizeof s->request - 1 - n);
    if (got <= 0) {
      break;
    }
    n += (size_t)got;
    s->request[n] = '\0';
    if (s->answer && strstr(s->request, "\r\n\r\n") &&
        (strncmp(s->request, "POST", 4) != 0 || strstr(s->request, "question"))) {
      break;
    }
  }
  if (s->answer) {
    (void)!write(fd, s->answer, strlen(s->answer));
  } else {
    while (!atomic_load(&s->ended) && poll(&p, 1, 20) == 0) {
    }
  }
  (void)close(fd);
}

static void *stranger_run(void *arg) {
  struct stranger *s = arg;
  while (!atomic_load(&s->ended)) {
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    int fd = poll(&p, 1, 20) == 1 ? accept(s->fd, NULL, NULL) : -1;
    if (fd >= 0) {
      (void)atomic_fetch_add(&s->asked, 1);
      serve_one(s, fd);
    }
  }
  return NULL;
}

struct fixture {
  struct sv_arena *mem;
  struct sv_ctx ctx;
  struct fetcher *fetcher;
  struct stranger stranger;
  char url[64];
};

static int setup(void **state) {
  struct fixture *f = calloc(1, sizeof *f);
  assert_non_null(f);
  f->mem = sv_arena_open(1 << 22);
  f->ctx = sv_ctx_over(f->mem);
  struct fetch_breaker breaker = {.failures = 2, .pause_ms = 300};
  assert_false(sv_failed(fetcher_open(&f->ctx, &breaker, &f->fetcher)));
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t n = sizeof a;
  f->stranger.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(f->stranger.fd, (struct sockaddr *)&a, sizeof a), 0);
  assert_int_equal(listen(f->stranger.fd, 8), 0);
  assert_int_equal(getsockname(f->stranger.fd, (struct sockaddr *)&a, &n), 0);
  (void)snprintf(f->url, sizeof f->url, "http://127.0.0.1:%u/x", ntohs(a.sin_port));
  *state = f;
  return 0;
}

static void begin(struct fixture *f, const char *answer) {
  f->stranger.answer = answer;
  assert_int_equal(pthread_create(&f->stranger.thread, NULL, stranger_run, &f->stranger), 0);
}

static int teardown(void **state) {
  struct fixture *f = *state;
  atomic_store(&f->stranger.ended, true);
  if (f->stranger.thread) {
    (void)pthread_join(f->stranger.thread, NULL);
  }
  (void)close(f->stranger.fd);
  fetcher_close(f->fetcher);
  sv_arena_close(f->mem);
  free(f);
  return 0;
}

static sv_status ask(struct fixture *f, const char *type, uint32_t ms, struct sv_bytes *ret) {
  sv_ctx_clear(&f->ctx);
  return fetcher_call(f->fetcher, &f->ctx,
                      &(struct fetch_request){.url = f->url,
                                              .content_type = type,
                                              .body = sv_bytes_str("question"),
                                              .timeout_ms = ms,
                                              .answer_max = 1000},
                      ret);
}

static void a_post_has_its_type_and_body_and_the_answer_comes_back(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  begin(f, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer");
  assert_false(sv_failed(ask(f, "application/x-question", 5000, &got)));
  assert_true(sv_bytes_equal(got, sv_bytes_str("answer")));
  assert_non_null(strstr(f->stranger.request, "Content-Type: application/x-question\r\n"));
  assert_non_null(strstr(f->stranger.request, "\r\n\r\nquestion"));
}

static void silence_ends_with_the_timeout(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  begin(f, NULL);
  uint64_t began_ns = sv_monotonic_ns();
  assert_int_equal(ask(f, NULL, 200, &got).reason, SV_UNREACHABLE);
  assert_true(sv_monotonic_ns() - began_ns < 5000000000);
  assert_non_null(strstr(f->ctx.detail, f->url));
}

static void an_answer_over_its_size_is_refused(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  static char answer[4096] = "HTTP/1.1 200 OK\r\n\r\n";
  size_t n = strlen(answer);
  memset(answer + n, 'x', sizeof answer - 1 - n);
  begin(f, answer);
  assert_int_equal(ask(f, NULL, 5000, &got).reason, SV_UNREACHABLE);
  assert_non_null(strstr(f->ctx.detail, "over 1000 bytes"));
}

static void a_post_is_not_redirected(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  begin(f, "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  assert_int_equal(ask(f, "a/b", 5000, &got).reason, SV_UNREACHABLE);
  assert_non_null(strstr(f->ctx.detail, "status 302"));
}

static void who_failed_twice_is_not_asked_and_then_tried_once(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  begin(f, "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
  for (int i = 0; i < 2; i++) {
    assert_int_equal(ask(f, NULL, 5000, &got).reason, SV_UNREACHABLE);
    assert_non_null(strstr(f->ctx.detail, "status 500"));
  }
  assert_int_equal(ask(f, NULL, 5000, &got).reason, SV_UNREACHABLE);
  assert_non_null(strstr(f->ctx.detail, "not asked"));
  assert_int_equal(atomic_load(&f->stranger.asked), 2);
  for (int i = 0; i < 500 && atomic_load(&f->stranger.asked) == 2; i++) {
    (void)poll(NULL, 0, 10);
    (void)ask(f, NULL, 5000, &got);
  }
  assert_int_equal(atomic_load(&f->stranger.asked), 3);
}

/* Whoever is in a hurry must not shut the door for all others. */
static void calls_without_time_say_nothing_of_a_server(void **state) {
  struct fixture *f = *state;
  struct sv_bytes got;
  begin(f, NULL);
  for (int i = 0; i < 4; i++) {
    f->ctx.deadline_ns = sv_monotonic_ns() + 30000000;
    assert_int_equal(ask(f, NULL, 2000, &got).reason, SV_DEADLINE);
  }
  f->ctx.deadline_ns = 0;
  assert_int_equal(ask(f, NULL, 200, &got).reason, SV_UNREACHABLE);
  assert_null(strstr(f->ctx.detail, "not asked"));
}

static void what_is_no_url_is_never_asked(void **state) {
  (void)state;
  assert_true(fetch_url_valid("http://tsa.example/a?b"));
  assert_true(fetch_url_valid("https://tsa.example"));
  assert_false(fetch_url_valid("file:///etc/passwd"));
  assert_false(fetch_url_valid("http://"));
  assert_false(fetch_url_valid("http:///x"));
  assert_false(fetch_url_valid("http://a b"));
  assert_false(fetch_url_valid("ldap://x"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_post_has_its_type_and_body_and_the_answer_comes_back, setup,
                                      teardown),
      cmocka_unit_test_setup_teardown(silence_ends_with_the_timeout, setup, teardown),
      cmocka_unit_test_setup_teardown(an_answer_over_its_size_is_refused, setup, teardown),
      cmocka_unit_test_setup_teardown(a_post_is_not_redirected, setup, teardown),
      cmocka_unit_test_setup_teardown(calls_without_time_say_nothing_of_a_server, setup, teardown),
      cmocka_unit_test_setup_teardown(who_failed_twice_is_not_asked_and_then_tried_once, setup,
                                      teardown),
      cmocka_unit_test(what_is_no_url_is_never_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
