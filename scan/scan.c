/* Parent: gives the file through a pipe, takes frames of two bytes of length and the code, and kills what is late. Child:
 * reads all of it, closes itself in, decodes, answers, ends. */
#include "scan/scan.h"

#include <dmtx.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "runtime/sandbox.h"
#include "scan/picture.h"

enum {
  CHILD_MEMORY = 1024 * 1024 * 1024,
  ANSWER_MAX = SCAN_CODES_MAX * (SCAN_CODE_BYTES_MAX + 2),
  EXIT_NO_PICTURE = 9
};

bool scan_is_picture(struct sv_bytes file) {
  static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  return (file.n >= sizeof png && memcmp(file.p, png, sizeof png) == 0) ||
         (file.n >= 3 && file.p[0] == 0xFF && file.p[1] == 0xD8 && file.p[2] == 0xFF);
}

/* --- the child --- */

static bool write_all(int fd, const uint8_t *p, size_t n) {
  for (size_t at = 0; at < n;) {
    ssize_t done = write(fd, p + at, n - at);
    if (done < 0 && errno != EINTR) {
      return false;
    }
    at += done > 0 ? (size_t)done : 0;
  }
  return true;
}

static uint8_t *file_take(int fd, size_t *ret_n) {
  uint8_t *p = malloc(SCAN_FILE_MAX);
  size_t n = 0;
  for (ssize_t got = 1; p && got != 0 && n < SCAN_FILE_MAX;) {
    got = read(fd, p + n, SCAN_FILE_MAX - n);
    if (got < 0 && errno != EINTR) {
      break;
    }
    n += got > 0 ? (size_t)got : 0;
  }
  *ret_n = n;
  return p;
}

struct codes {
  uint8_t v[SCAN_CODES_MAX][SCAN_CODE_BYTES_MAX];
  size_t n[SCAN_CODES_MAX];
  size_t count;
};

static void code_keep(struct codes *c, const uint8_t *p, size_t n) {
  if (n == 0 || n > SCAN_CODE_BYTES_MAX || c->count == SCAN_CODES_MAX) {
    return;
  }
  for (size_t i = 0; i < c->count; i++) {
    if (c->n[i] == n && memcmp(c->v[i], p, n) == 0) {
      return;
    }
  }
  memcpy(c->v[c->count], p, n);
  c->n[c->count++] = n;
}

/* At most so long, in the picture or in one of half its size. */
static void codes_find(const struct picture *p, int shrink, long ms, struct codes *c) {
  DmtxImage *image = dmtxImageCreate(p->gray, (int)p->width, (int)p->height, DmtxPack8bppK);
  DmtxDecode *decode = image ? dmtxDecodeCreate(image, shrink) : NULL;
  DmtxTime end = dmtxTimeAdd(dmtxTimeNow(), ms);
  DmtxRegion *region;
  while (decode && c->count < SCAN_CODES_MAX && (region = dmtxRegionFindNext(decode, &end))) {
    DmtxMessage *message = dmtxDecodeMatrixRegion(decode, region, DmtxUndefined);
    if (message) {
      code_keep(c, message->output, message->outputIdx > 0 ? (size_t)message->outputIdx : 0);
      dmtxMessageDestroy(&message);
    }
    dmtxRegionDestroy(&region);
  }
  dmtxDecodeDestroy(&decode);
  dmtxImageDestroy(&image);
}

/* As it is; in two colours, where a blur has no say; of half its size, where noise has none. */
static void codes_look(struct picture *p, struct codes *c) {
  codes_find(p, 1, SCAN_SECONDS * 1000 / 8, c);
  if (c->count == 0) {
    codes_find(p, 2, SCAN_SECONDS * 1000 / 8, c);
  }
  if (c->count == 0) {
    picture_two_colours(p);
    codes_find(p, 1, SCAN_SECONDS * 1000 / 3, c);
  }
}

static _Noreturn void child_run(int in, int out) {
  struct picture p;
  struct codes *c = calloc(1, sizeof *c);
  size_t n;
  struct sv_ctx ctx = {0};
  struct sandbox none = {0};
  (void)setrlimit(RLIMIT_CPU, &(struct rlimit){SCAN_SECONDS, SCAN_SECONDS});
  (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  if (!sandbox_instrumented()) { /* its runtime wants more memory, and says things on the way out */
    (void)setrlimit(RLIMIT_AS, &(struct rlimit){CHILD_MEMORY, CHILD_MEMORY});
    if (sv_failed(sandbox_enter(&ctx, &none))) {
      _exit(1);
    }
  }
  uint8_t *file = file_take(in, &n);
  if (!file || !c || !picture_read(file, n, &p)) {
    _exit(EXIT_NO_PICTURE);
  }
  codes_look(&p, c);
  bool good = true;
  for (size_t i = 0; good && i < c->count; i++) {
    uint8_t head[2] = {(uint8_t)(c->n[i] >> 8), (uint8_t)c->n[i]};
    good = write_all(out, head, 2) && write_all(out, c->v[i], c->n[i]);
  }
  free(p.gray);
  free(file);
  free(c);
  _exit(good ? 0 : 1);
}

/* --- the parent --- */

struct talk {
  int in, out; /* of the child, our ends */
  struct sv_bytes file;
  size_t given;
  uint8_t *answer;
  size_t n;
};

static void out_close(int *fd) {
  if (*fd >= 0) {
    (void)close(*fd);
  }
  *fd = -1;
}

static void give(struct talk *t) {
  ssize_t n = send(t->in, t->file.p + t->given, t->file.n - t->given, MSG_NOSIGNAL | MSG_DONTWAIT);
  t->given += n > 0 ? (size_t)n : 0;
  if (t->given == t->file.n || (n < 0 && errno != EAGAIN && errno != EINTR)) {
    out_close(&t->in);
  }
}

/* Until the child closes its end; false: it is late, or says too much. */
static bool listen_to(struct talk *t) {
  uint64_t end_ns = sv_monotonic_ns() + (uint64_t)SCAN_SECONDS * 1000000000U;
  for (;;) {
    struct pollfd p[2] = {{.fd = t->out, .events = POLLIN}, {.fd = t->in, .events = POLLOUT}};
    uint64_t now = sv_monotonic_ns();
    if (now >= end_ns || poll(p, 2, (int)((end_ns - now) / 1000000) + 1) < 0) {
      return false;
    }
    if (p[1].revents) {
      give(t);
    }
    if (p[0].revents) {
      ssize_t got = read(t->out, t->answer + t->n, ANSWER_MAX + 1 - t->n);
      if (got <= 0) {
        return got == 0;
      }
      t->n += (size_t)got;
      if (t->n > ANSWER_MAX) {
        return false;
      }
    }
  }
}

static bool codes_take(struct sv_ctx *ctx, const struct talk *t, struct sv_bytes *ret,
                       size_t *ret_n) {
  size_t at = 0, n = 0;
  (void)ctx;
  while (t->n - at >= 2 && n < SCAN_CODES_MAX) {
    size_t length = (size_t)t->answer[at] << 8 | t->answer[at + 1];
    if (length == 0 || length > SCAN_CODE_BYTES_MAX || length > t->n - at - 2) {
      return false;
    }
    ret[n++] = sv_bytes_of(t->answer + at + 2, length);
    at += 2 + length;
  }
  *ret_n = n;
  return at == t->n;
}

static sv_status child_begin(struct sv_ctx *ctx, struct talk *t, pid_t *ret) {
  int in[2], out[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) != 0) {
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "no socket for the reader: errno %d", errno);
  }
  if (pipe2(out, O_CLOEXEC) != 0) {
    (void)close(in[0]);
    (void)close(in[1]);
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "no pipe for the reader: errno %d", errno);
  }
  *ret = fork();
  if (*ret == 0) {
    (void)close(in[0]);
    (void)close(out[0]);
    child_run(in[1], out[1]);
  }
  (void)close(in[1]);
  (void)close(out[1]);
  t->in = in[0];
  t->out = out[0];
  if (*ret < 0) {
    out_close(&t->in);
    out_close(&t->out);
    return SV_FAIL(ctx, LIMIT_EXCEEDED, "no process for the reader: errno %d", errno);
  }
  return SV_DONE;
}

sv_status scan_picture(struct sv_ctx *ctx, struct sv_bytes file,
                       struct sv_bytes ret[static SCAN_CODES_MAX], size_t *ret_n) {
  struct talk t = {.in = -1, .out = -1, .file = file};
  pid_t pid;
  int state = 0;
  if (!scan_is_picture(file) || file.n > SCAN_FILE_MAX) {
    return SV_FAIL(ctx, FIELD_INVALID, "no PNG and no JPEG, or over %d bytes", SCAN_FILE_MAX);
  }
  t.answer = sv_arena_alloc(ctx->mem, ANSWER_MAX + 1);
  if (!t.answer) {
    return SV_FAIL(ctx, NO_MEMORY, "picture");
  }
  SV_TRY(child_begin(ctx, &t, &pid));
  bool heard = listen_to(&t);
  out_close(&t.in);
  out_close(&t.out);
  if (!heard) {
    (void)kill(pid, SIGKILL);
  }
  while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
  }
  if (heard && WIFEXITED(state) && WEXITSTATUS(state) == EXIT_NO_PICTURE) {
    return SV_FAIL(ctx, FIELD_INVALID, "a picture that can't be read, or of too many points");
  }
  return heard && WIFEXITED(state) && WEXITSTATUS(state) == 0 && codes_take(ctx, &t, ret, ret_n)
             ? SV_DONE
             : SV_FAIL(ctx, LIMIT_EXCEEDED, "the picture took more time or memory than it may");
}
