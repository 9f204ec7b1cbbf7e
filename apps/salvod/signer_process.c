/* PR_SET_PDEATHSIG in the child is about the thread that started it, so the link's thread must live as long as the server:
 * it does. */
#include "apps/salvod/signer_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

extern char **environ;

enum { CHILD_FD = 3, PATH_ROOM = 4096, END_STEPS = 100 };

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

static sv_status spawn(struct sv_ctx *ctx, struct signer_process *p, const char *path, int fd) {
  posix_spawn_file_actions_t actions;
  char number[12];
  (void)snprintf(number, sizeof number, "%d", CHILD_FD);
  char *arguments[] = {(char *)(uintptr_t)path,
                       (char *)(uintptr_t) "--config",
                       (char *)(uintptr_t)p->config,
                       (char *)(uintptr_t) "--socket",
                       number,
                       NULL};
  if (posix_spawn_file_actions_init(&actions) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "signer");
  }
  int failed = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_FD);
  failed = failed ? failed : posix_spawn(&p->pid, path, &actions, NULL, arguments, environ);
  (void)posix_spawn_file_actions_destroy(&actions);
  if (failed) {
    p->pid = 0;
    return SV_FAIL(ctx, SIGNER, "%s can't be started: errno %d", path, failed);
  }
  return SV_DONE;
}

sv_status signer_process_start(void *process, struct sv_ctx *ctx, int *ret_fd) {
  struct signer_process *p = process;
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
  sv_status status = spawn(ctx, p, path, ends[1]);
  (void)close(ends[1]);
  if (sv_failed(status)) {
    (void)close(ends[0]);
    return status;
  }
  sv_metrics_set(p->metrics, SV_GAUGE_SIGNER_UP, 1);
  sv_log(SV_LOG_INFO, "signer_started", SV_LOG_NUM("pid", p->pid));
  *ret_fd = ends[0];
  return SV_DONE;
}

void signer_process_end(void *process) {
  struct signer_process *p = process;
  if (p->pid == 0) {
    return;
  }
  int state = 0;
  pid_t got = 0;
  sv_metrics_set(p->metrics, SV_GAUGE_SIGNER_UP, 0);
  for (int i = 0; i < END_STEPS && got == 0; i++) { /* its socket is closed: it ends by itself */
    got = waitpid(p->pid, &state, WNOHANG);
    if (got == 0) {
      (void)nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
    }
  }
  if (got == 0) {
    (void)kill(p->pid, SIGKILL);
    (void)waitpid(p->pid, &state, 0);
  }
  sv_log(SV_LOG_INFO, "signer_ended", SV_LOG_NUM("pid", p->pid),
         SV_LOG_NUM("code", WIFEXITED(state) ? WEXITSTATUS(state) : -WTERMSIG(state)));
  p->pid = 0;
}
