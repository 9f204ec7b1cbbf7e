/* What is left to a process that holds keys, should its parser have a fault: nothing. */
#include <errno.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "apps/salvo-signer/signer.h"
#include "base/log.h"
#include "crypto/secure.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { INSTRUMENTED = 1 }; /* a sanitizer's runtime opens files and starts threads of its own */
#else
enum { INSTRUMENTED = 0 };
#endif

void sandbox_memory(void) {
  (void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  struct rlimit limit = {0};
  (void)getrlimit(RLIMIT_MEMLOCK, &limit);
  bool allowed =
      geteuid() == 0 || limit.rlim_cur == RLIM_INFINITY; /* a small limit would starve us later */
  if (!INSTRUMENTED && (!allowed || mlockall(MCL_CURRENT | MCL_FUTURE) != 0)) {
    sv_log(SV_LOG_WARN, "memory_not_locked", SV_LOG_NUM("errno", allowed ? errno : EPERM));
  }
  crypto_secure_heap();
}

/* No path at all, where the kernel can hold that. */
static void files_close(void) {
  struct landlock_ruleset_attr all = {
      .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                           LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                           LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                           LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                           LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                           LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                           LANDLOCK_ACCESS_FS_MAKE_SYM};
  int set = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
  if (set < 0 || syscall(SYS_landlock_restrict_self, set, 0) != 0) {
    sv_log(SV_LOG_WARN, "no_landlock", SV_LOG_NUM("errno", errno));
  }
  if (set >= 0) {
    (void)close(set);
  }
}

static bool allow(scmp_filter_ctx filter) {
  static const int calls[] = {
      SCMP_SYS(read),           SCMP_SYS(write),          SCMP_SYS(recvfrom),
      SCMP_SYS(sendto),         SCMP_SYS(poll),           SCMP_SYS(ppoll),
      SCMP_SYS(fdatasync),      SCMP_SYS(close),          SCMP_SYS(brk),
      SCMP_SYS(mmap),           SCMP_SYS(munmap),         SCMP_SYS(mremap),
      SCMP_SYS(madvise),        SCMP_SYS(mlock),          SCMP_SYS(munlock),
      SCMP_SYS(futex),          SCMP_SYS(getrandom),      SCMP_SYS(getpid),
      SCMP_SYS(gettid),         SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday),
      SCMP_SYS(rt_sigreturn),   SCMP_SYS(exit_group),     SCMP_SYS(exit),
      SCMP_SYS(rt_sigprocmask), SCMP_SYS(restart_syscall)};
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0) {
      return false;
    }
  }
  /* memory is never made executable */
  return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

sv_status sandbox_close(struct sv_ctx *ctx) {
  if (INSTRUMENTED) {
    sv_log(SV_LOG_WARN, "no_sandbox", SV_LOG_TEXT("why", "built with a sanitizer"));
    return SV_DONE;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return SV_FAIL(ctx, CONFIG, "no_new_privs: errno %d", errno);
  }
  files_close();
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  bool good = filter && allow(filter) && seccomp_load(filter) == 0;
  if (filter) {
    seccomp_release(filter);
  }
  return good ? SV_DONE : SV_FAIL(ctx, CONFIG, "the kernel takes no seccomp filter");
}
