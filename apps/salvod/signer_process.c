/* PR_SET_PDEATHSIG in the child is about the thread that started it, so the link's thread must live as long as the server:
 * it does. */
#include "apps/salvod/signer_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

extern char **environ;

enum { CHILD_FD = 3, PATH_ROOM = 4096, END_STEPS = 100, CHECK_S = 10 };

static sv_status program_find(struct sv_ctx *ctx, const struct signer_process *p,
                              char path[static PATH_ROOM]) {
  if (p->program[0]) {
    (void)snprintf(path, PATH_ROOM, "%s", p->program);
    return SV_DONE;
  }
  ssize_t n = readlink("/proc/self/exe", path, PATH_ROOM - 1);
  path[n > 0 ? n : 0] = '\0';
  char *slash = strrchr(path, '/');
  static const char name[] = "/salvo-signer";
  if (!slash || (size_t)(slash - path) + sizeof name > PATH_ROOM) {
    return SV_FAIL(ctx, SIGNER, "salvo-signer can't be found: name it in signing.program");
  }
  memcpy(slash, name, sizeof name);
  return SV_DONE;
}

static sv_status spawn(struct sv_ctx *ctx, const struct signer_process *p, const char *path, int fd,
                       bool check, pid_t *ret) {
  posix_spawn_file_actions_t actions;
  char number[12];
  (void)snprintf(number, sizeof number, "%d", CHILD_FD);
  char *arguments[] = {(char *)(uintptr_t)path,
                       (char *)(uintptr_t) "--config",
                       (char *)(uintptr_t)p->config,
                       (char *)(uintptr_t) "--socket",
                       number,
                       check ? (char *)(uintptr_t) "--check" : NULL,
                       NULL};
  if (posix_spawn_file_actions_init(&actions) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  int failed = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_FD);
  failed = failed ? failed : posix_spawn(ret, path, &actions, NULL, arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (failed) {
    *ret = 0;
    return SV_FAIL(ctx, SIGNER, "%s can't be started: errno %d", path, failed);
  }
  return SV_DONE;
}

/* *ret_fd: our end. */
static sv_status begin(struct sv_ctx *ctx, const struct signer_process *p, bool check, int *ret_fd,
                       pid_t *ret_pid) {
  char path[PATH_ROOM];
  int ends[2];
  SV_TRY(program_find(ctx, p, path));
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return SV_FAIL(ctx, SIGNER, "no socket for the signer: errno %d", errno);
  }
  if (ends[1] == CHILD_FD) { /* dup2 of a descriptor onto itself would leave it close-on-exec */
    int other = dup(ends[1]);
    (void)close(ends[1]);
    ends[1] = other;
  }
  sv_status status = spawn(ctx, p, path, ends[1], check, ret_pid);
  (void)close(ends[1]);
  if (sv_failed(status)) {
    (void)close(ends[0]);
    return status;
  }
  *ret_fd = ends[0];
  return SV_DONE;
}

/* Whether it was gone by itself. */
static bool reap(pid_t pid, int *ret_state) {
  pid_t got = 0;
  for (int i = 0; i < END_STEPS && got == 0; i++) { /* its socket is closed: it ends by itself */
    got = waitpid(pid, ret_state, WNOHANG);
    if (got == 0) {
      (void)nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
  }
  if (got == 0) {
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, ret_state, 0);
  }
  return got > 0;
}

sv_status signer_process_start(void *process, struct sv_ctx *ctx, int *ret_fd) {
  struct signer_process *p = process;
  if (atomic_load(&p->barred)) {
    return SV_FAIL(ctx, SIGNER, "the PIN was refused: not tried again before SIGHUP");
  }
  SV_TRY(begin(ctx, p, false, ret_fd, &p->pid));
  sv_metrics_set(p->metrics, SV_GAUGE_SIGNER_UP, 1);
  sv_log(SV_LOG_INFO, "signer_started", SV_LOG_NUM("pid", p->pid));
  return SV_DONE;
}

static sv_status hello_read(struct sv_ctx *ctx, int fd, struct signer_hello *ret) {
  uint8_t *in = sv_arena_alloc(ctx->mem, SIGNER_FRAME_MAX);
  enum signer_frame type;
  size_t have = 0, n = 0;
  if (!in) {
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  while (have < SIGNER_HEAD_BYTES || have < SIGNER_HEAD_BYTES + n) {
    ssize_t got = recv(fd, in + have, SIGNER_FRAME_MAX - have, 0);
    if (got == 0 || (got < 0 && errno != EINTR)) {
      return SV_FAIL(ctx, SIGNER, "a signer can't begin with what it is configured with");
    }
    have += got > 0 ? (size_t)got : 0;
    if (have >= SIGNER_HEAD_BYTES) {
      SV_TRY(signer_head_read(ctx, in, &type, &n));
    }
    if (SIGNER_HEAD_BYTES + n > SIGNER_FRAME_MAX) {
      return SV_FAIL(ctx, SIGNER, "a hello that is too long");
    }
  }
  return signer_hello_read(ctx, sv_bytes_of(in + SIGNER_HEAD_BYTES, n), ret);
}

sv_status signer_process_check(const struct signer_process *p, struct sv_ctx *ctx,
                               struct signer_hello *ret) {
  int fd, state = 0;
  pid_t pid;
  SV_TRY(begin(ctx, p, true, &fd, &pid));
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){.tv_sec = CHECK_S},
                   sizeof(struct timeval));
  sv_status status = hello_read(ctx, fd, ret);
  (void)close(fd);
  (void)reap(pid, &state);
  return status;
}

void signer_process_end(void *process) {
  struct signer_process *p = process;
  if (p->pid == 0) {
    return;
  }
  int state = 0;
  sv_metrics_set(p->metrics, SV_GAUGE_SIGNER_UP, 0);
  (void)reap(p->pid, &state);
  if (WIFEXITED(state) && WEXITSTATUS(state) == SIGNER_EXIT_PIN) {
    atomic_store(&p->barred, true);
  }
  sv_log(SV_LOG_INFO, "signer_ended", SV_LOG_NUM("pid", p->pid),
         SV_LOG_NUM("code", WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state)));
  p->pid = 0;
}
