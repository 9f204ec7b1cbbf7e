/* The signer's share of runtime/sandbox.h: its memory, and what the modules of tokens need. */
#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/salvo-signer/signer.h"
#include "base/log.h"
#include "crypto/secure.h"
#include "runtime/sandbox.h"

void sandbox_memory(void) {
  (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct rlimit limit = {0};
  (void)getrlimit(RLIMIT_MEMLOCK, &limit);
  bool allowed =
      geteuid() == 0 || limit.rlim_cur == RLIM_INFINITY; /* a small limit would starve us later */
  if (!sandbox_instrumented() && (!allowed || mlockall(MCL_CURRENT | MCL_FUTURE) != 0)) {
    sv_log(SV_LOG_WARN, "memory_not_locked", SV_LOG_NUM("errno", allowed ? errno : EPERM));
  }
  crypto_secure_heap();
}

/* What modules do beside: look at the files of their token, take locks on them, wait. */
static const int of_tokens[] = {
    SCMP_SYS(open),        SCMP_SYS(openat),     SCMP_SYS(stat),
    SCMP_SYS(lstat),       SCMP_SYS(fstat),      SCMP_SYS(newfstatat),
    SCMP_SYS(statx),       SCMP_SYS(lseek),      SCMP_SYS(fcntl),
    SCMP_SYS(flock),       SCMP_SYS(getdents64), SCMP_SYS(access),
    SCMP_SYS(faccessat),   SCMP_SYS(faccessat2), SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),    SCMP_SYS(ftruncate),  SCMP_SYS(fsync),
    SCMP_SYS(unlink),      SCMP_SYS(unlinkat),   SCMP_SYS(umask),
    SCMP_SYS(getuid),      SCMP_SYS(geteuid),    SCMP_SYS(getgid),
    SCMP_SYS(getegid),     SCMP_SYS(nanosleep),  SCMP_SYS(clock_nanosleep),
    SCMP_SYS(sched_yield), SCMP_SYS(writev),     SCMP_SYS(readv),
    SCMP_SYS(ioctl)};
static const int of_networks[] = {
    SCMP_SYS(socket),      SCMP_SYS(connect),    SCMP_SYS(setsockopt), SCMP_SYS(getsockopt),
    SCMP_SYS(sendmsg),     SCMP_SYS(recvmsg),    SCMP_SYS(shutdown),   SCMP_SYS(getpeername),
    SCMP_SYS(getsockname), SCMP_SYS(select),     SCMP_SYS(pselect6),   SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_ctl),   SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait)};

sv_status sandbox_close(struct sv_ctx *ctx, const struct signer_settings *s) {
  struct sandbox sandbox = {.places = s->places, .place_n = s->place_n};
  if (s->token.module[0]) {
    sandbox.more[0] = (struct sandbox_calls){of_tokens, sizeof of_tokens / sizeof of_tokens[0]};
  }
  if (s->network) {
    sandbox.more[1] =
        (struct sandbox_calls){of_networks, sizeof of_networks / sizeof of_networks[0]};
  }
  return sandbox_enter(ctx, &sandbox);
}
