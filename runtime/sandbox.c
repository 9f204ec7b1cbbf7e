/* seccomp lists what may be called, landlock closes the paths. */
#include "runtime/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { INSTRUMENTED = 1 };
#else
enum { INSTRUMENTED = 0 };
#endif

bool sandbox_instrumented(void) { return INSTRUMENTED; }

static void place_open(int set, const char *path) {
  struct landlock_path_beneath_attr rule = {
      .allowed_access = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE |
                        LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                        LANDLOCK_ACCESS_FS_MAKE_REG,
      .parent_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (rule.parent_fd < 0 ||
      syscall(SYS_landlock_add_rule, set, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    sv_log(SV_LOG_WARN, "no_place", SV_LOG_TEXT("path", path), SV_LOG_NUM("errno", errno));
  }
  if (rule.parent_fd >= 0) {
    (void)close(rule.parent_fd);
  }
}

/* No path at all but the places, where the kernel can hold that. */
static void files_close(const struct sandbox *s) {
  struct landlock_ruleset_attr all = {
      .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                           LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                           LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                           LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                           LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                           LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                           LANDLOCK_ACCESS_FS_MAKE_SYM};
  int set = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0);
  for (size_t i = 0; set >= 0 && i < s->place_n; i++) {
    place_open(set, s->places[i]);
  }
  if (set < 0 || syscall(SYS_landlock_restrict_self, set, 0) != 0) {
    sv_log(SV_LOG_WARN, "no_landlock", SV_LOG_NUM("errno", errno));
  }
  if (set >= 0) {
    (void)close(set);
  }
}

static bool allow_all(scmp_filter_ctx filter, const int *calls, size_t n) {
  bool good = true;
  for (size_t i = 0; good && i < n; i++) {
    good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) == 0;
  }
  return good;
}

static bool allow(scmp_filter_ctx filter, const struct sandbox *s) {
  static const int calls[] = {
      SCMP_SYS(read),           SCMP_SYS(write),        SCMP_SYS(recvfrom),
      SCMP_SYS(sendto),         SCMP_SYS(poll),         SCMP_SYS(ppoll),
      SCMP_SYS(fdatasync),      SCMP_SYS(close),        SCMP_SYS(brk),
      SCMP_SYS(munmap),         SCMP_SYS(mremap),       SCMP_SYS(madvise),
      SCMP_SYS(mlock),          SCMP_SYS(munlock),      SCMP_SYS(futex),
      SCMP_SYS(getrandom),      SCMP_SYS(getpid),       SCMP_SYS(gettid),
      SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn),
      SCMP_SYS(exit_group),     SCMP_SYS(exit),         SCMP_SYS(rt_sigprocmask),
      SCMP_SYS(restart_syscall)};
  bool good = allow_all(filter, calls, sizeof calls / sizeof calls[0]);
  for (size_t i = 0; good && i < sizeof s->more / sizeof s->more[0]; i++) {
    good = allow_all(filter, s->more[i].v, s->more[i].n);
  }
  /* memory is never made executable */
  return good &&
         seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
         seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                          SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
}

sv_status sandbox_enter(struct sv_ctx *ctx, const struct sandbox *s) {
  if (INSTRUMENTED) {
    sv_log(SV_LOG_WARN, "no_sandbox", SV_LOG_TEXT("why", "built with a sanitizer"));
    return SV_DONE;
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return SV_FAIL(ctx, CONFIG, "no_new_privs: errno %d", errno);
  }
  files_close(s);
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
  bool good = filter && allow(filter, s) && seccomp_load(filter) == 0;
  if (filter) {
    seccomp_release(filter);
  }
  return good ? SV_DONE : SV_FAIL(ctx, CONFIG, "the kernel takes no seccomp filter");
}
