/* Lines are built on the stack and written whole; a line that would not fit loses its last fields, never its end. */
#include "base/log.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int log_threshold = SV_LOG_INFO;
static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_uint_least64_t log_dropped;

void sv_log_level_set(enum sv_log_level level) { atomic_store(&log_threshold, (int)level); }

struct line {
  char text[2048];
  size_t n;
};

static bool put(struct line *l, const char *s, size_t n) {
  if (l->n + n > sizeof l->text - 3) {
    return false;
  }
  memcpy(l->text + l->n, s, n);
  l->n += n;
  return true;
}

static bool put_string(struct line *l, const char *s) {
  bool ok = put(l, "\"", 1);
  for (; ok && *s; s++) {
    unsigned char c = (unsigned char)*s;
    char esc[8];
    if (c == '"' || c == '\\') {
      esc[0] = '\\';
      esc[1] = (char)c;
      ok = put(l, esc, 2);
    } else if (c < 0x20 || c == 0x7f) {
      (void)snprintf(esc, sizeof esc, "\\u%04x", c);
      ok = put(l, esc, 6);
    } else {
      ok = put(l, s, 1);
    }
  }
  return ok && put(l, "\"", 1);
}

uint64_t sv_log_dropped(void) { return atomic_load(&log_dropped); }

/* Room for a line is asked for first, under the lock: a pipe that says it is writable takes PIPE_BUF bytes, which is more
 * than a line, so nobody is ever held by a reader that does not read. */
static void line_write(const struct line *l) {
  struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
  (void)pthread_mutex_lock(&log_lock);
  bool room = poll(&out, 1, 0) == 1 && (out.revents & POLLOUT);
  if (!room || write(STDOUT_FILENO, l->text, l->n) < 0) {
    (void)atomic_fetch_add(&log_dropped, 1);
  }
  (void)pthread_mutex_unlock(&log_lock);
}

void sv_log_fields(enum sv_log_level level, const char *event, const struct sv_log_field *fields,
                   size_t n) {
  static const char *const names[] = {"debug", "info", "warn", "error"};
  if ((int)level < atomic_load_explicit(&log_threshold, memory_order_relaxed)) {
    return;
  }
  int64_t now_us = sv_wall_us();
  char ts[21];
  sv_time_format(now_us, ts);
  struct line l = {.n = 0};
  l.n = (size_t)snprintf(l.text, sizeof l.text,
                         "{\"ts\":\"%.19s.%06dZ\",\"level\":\"%s\",\"event\":", ts,
                         (int)(now_us % 1000000), names[level]);
  (void)put_string(&l, event);
  for (size_t i = 0; i < n; i++) {
    size_t mark = l.n;
    bool ok = put(&l, ",", 1) && put_string(&l, fields[i].key) && put(&l, ":", 1);
    if (ok && fields[i].text) {
      ok = put_string(&l, fields[i].text);
    } else if (ok) {
      char num[24];
      int len = snprintf(num, sizeof num, "%lld", (long long)fields[i].number);
      ok = put(&l, num, (size_t)len);
    }
    if (!ok) {
      l.n = mark;
      break;
    }
  }
  l.text[l.n++] = '}';
  l.text[l.n++] = '\n';
  line_write(&l);
}
