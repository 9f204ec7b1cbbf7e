/* One writer, appended to alone; a file that is full is kept under a number, and another one goes on. Invariants: what
 * ledger_append acknowledged is on the disk; nothing but the end of the last write can be torn; whenever the process dies,
 * either the file is there, or the next one is, whole, under the name that it has while it is made. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/salvo-signer/signer.h"

enum { CHUNK = 256 * 1024, PATH_ROOM = 4096, SEGMENTS_MAX = 999999 };

struct ledger {
  int fd;
  uint64_t bytes, bytes_most; /* of the file; from where on it is full */
  struct journal_state state;
};

uint64_t ledger_last_sequence(const struct ledger *l, const char *name) {
  return journal_list_last(&l->state, name);
}

/* Whole lines of p[0..n); *ret_used: how much of it they are. */
static sv_status lines_read(struct sv_ctx *ctx, struct ledger *l, const uint8_t *p, size_t n,
                            bool *head, size_t *ret_used) {
  size_t at = 0;
  const uint8_t *end;
  while ((end = memchr(p + at, '\n', n - at)) != NULL) {
    struct sv_bytes line = sv_bytes_of(p + at, (size_t)(end - (p + at)));
    struct journal_entry e;
    if (*head) {
      SV_TRY(journal_head_read(ctx, line, &l->state));
      *head = false;
    } else {
      SV_TRY(journal_read(ctx, &l->state, line, &e));
    }
    at += line.n + 1;
  }
  *ret_used = at;
  return SV_DONE;
}

/* *ret_good: where the last whole line ends. */
static sv_status file_scan(struct sv_ctx *ctx, struct ledger *l, uint8_t *buf, off_t *ret_good) {
  size_t held = 0;
  bool head = true;
  off_t good = 0;
  for (;;) {
    ssize_t n = read(l->fd, buf + held, CHUNK - held);
    if (n < 0) {
      return SV_FAIL(ctx, IO, "the journal can't be read: errno %d", errno);
    }
    if (n == 0) {
      *ret_good = good;
      return SV_DONE;
    }
    held += (size_t)n;
    size_t used;
    SV_TRY(lines_read(ctx, l, buf, held, &head, &used));
    if (used == 0 && held == CHUNK) {
      return SV_FAIL(ctx, CORRUPT, "the journal has a line without an end");
    }
    memmove(buf, buf + used, held - used);
    held -= used;
    good += (off_t)used;
  }
}

static sv_status write_all(struct sv_ctx *ctx, int fd, struct sv_bytes bytes) {
  for (size_t at = 0; at < bytes.n;) {
    ssize_t n = write(fd, bytes.p + at, bytes.n - at);
    if (n < 0 && errno != EINTR) {
      return SV_FAIL(ctx, IO, "the journal can't be written: errno %d", errno);
    }
    at += n > 0 ? (size_t)n : 0;
  }
  return fdatasync(fd) == 0 ? SV_DONE
                            : SV_FAIL(ctx, IO, "the journal can't be synced: errno %d", errno);
}

static sv_status file_open(struct sv_ctx *ctx, const char *path, int flags, int *ret) {
  *ret = open(path, flags | O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (*ret < 0) {
    return SV_FAIL(ctx, IO, "%s can't be opened: errno %d", path, errno);
  }
  if (flock(*ret, LOCK_EX | LOCK_NB) != 0) {
    (void)close(*ret);
    *ret = -1;
    return SV_FAIL(ctx, CONFIG, "%s belongs to another signer that runs", path);
  }
  return SV_DONE;
}

/* The name of a file that is full (counted from 1), or of the next one while it is made (0). */
static void name_of(const char *path, unsigned segment, char ret[static PATH_ROOM]) {
  int n = segment ? snprintf(ret, PATH_ROOM, "%s.%06u", path, segment)
                  : snprintf(ret, PATH_ROOM, "%s.next", path);
  SV_ASSERT(n > 0 && n < PATH_ROOM);
}

static sv_status directory_sync(struct sv_ctx *ctx, const char *path) {
  char dir[PATH_ROOM];
  (void)snprintf(dir, sizeof dir, "%s", path);
  char *slash = strrchr(dir, '/');
  (void)snprintf(slash ? slash + 1 : dir, 2, ".");
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool good = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) {
    (void)close(fd);
  }
  return good ? SV_DONE : SV_FAIL(ctx, IO, "%s can't be synced: errno %d", dir, errno);
}

/* Who died between giving a full file its number and the next one its name left the latter under another one. */
static sv_status next_resume(struct sv_ctx *ctx, const char *path) {
  char next[PATH_ROOM], first[PATH_ROOM];
  name_of(path, 0, next);
  name_of(path, 1, first);
  if (access(path, F_OK) == 0 || access(first, F_OK) != 0) {
    return SV_DONE;
  }
  return rename(next, path) == 0
             ? directory_sync(ctx, path)
             : SV_FAIL(ctx, CORRUPT, "%s is missing, and files of before are there", path);
}

/* A full file gets the next number, and its name goes to one that begins where it ends. */
static sv_status file_turn(struct sv_ctx *ctx, struct ledger *l, const char *path) {
  char kept[PATH_ROOM], next[PATH_ROOM];
  unsigned segment = 1;
  int fd;
  struct sv_buf head = sv_buf_in(ctx->mem, 0);
  SV_TRY(journal_head_write(ctx, &l->state, &head));
  for (name_of(path, 1, kept); access(kept, F_OK) == 0; name_of(path, ++segment, kept)) {
    if (segment == SEGMENTS_MAX) {
      return SV_FAIL(ctx, LIMIT_EXCEEDED, "%s has %d files", path, SEGMENTS_MAX);
    }
  }
  name_of(path, 0, next);
  SV_TRY(file_open(ctx, next, O_CREAT, &fd));
  sv_status s = ftruncate(fd, 0) == 0 ? write_all(ctx, fd, sv_buf_bytes(&head))
                                      : SV_FAIL(ctx, IO, "%s can't be cut: errno %d", next, errno);
  if (!sv_failed(s) && (rename(path, kept) != 0 || rename(next, path) != 0)) {
    s = SV_FAIL(ctx, IO, "%s can't be renamed: errno %d", path, errno);
  }
  s = sv_failed(s) ? s : directory_sync(ctx, path);
  (void)close(sv_failed(s) ? fd : l->fd);
  SV_TRY(s);
  l->fd = fd;
  l->bytes = head.n;
  return SV_DONE;
}

static sv_status file_begin(struct sv_ctx *ctx, struct ledger *l, const char *path) {
  struct sv_buf head = sv_buf_in(ctx->mem, 0);
  SV_TRY(journal_head_write(ctx, &l->state, &head));
  SV_TRY(write_all(ctx, l->fd, sv_buf_bytes(&head)));
  l->bytes = head.n;
  return directory_sync(ctx, path);
}

static sv_status file_take(struct sv_ctx *ctx, struct ledger *l, const char *path) {
  SV_TRY(next_resume(ctx, path));
  SV_TRY(file_open(ctx, path, O_CREAT, &l->fd));
  uint8_t *buf = sv_arena_alloc(ctx->mem, CHUNK);
  off_t good;
  struct stat st;
  if (!buf || fstat(l->fd, &st) != 0) {
    return SV_FAIL(ctx, NO_MEMORY, "journal");
  }
  SV_TRY(file_scan(ctx, l, buf, &good));
  if (good != st.st_size && ftruncate(l->fd, good) != 0) {
    return SV_FAIL(ctx, IO, "%s can't be cut: errno %d", path, errno);
  }
  l->bytes = (uint64_t)good;
  if (good == 0) {
    return file_begin(ctx, l, path);
  }
  return ledger_full(l) ? file_turn(ctx, l, path) : SV_DONE;
}

sv_status ledger_open(struct sv_ctx *ctx, const char *path, uint64_t bytes_most,
                      struct ledger **ret) {
  if (strlen(path) + 16 > PATH_ROOM) {
    return SV_FAIL(ctx, CONFIG, "journal: the path is too long");
  }
  struct ledger *l = calloc(1, sizeof *l);
  if (!l) {
    return SV_FAIL(ctx, NO_MEMORY, "journal");
  }
  l->fd = -1;
  l->bytes_most = bytes_most;
  sv_status status = file_take(ctx, l, path);
  if (sv_failed(status)) {
    ledger_close(l);
    return status;
  }
  *ret = l;
  return SV_DONE;
}

bool ledger_full(const struct ledger *l) { return l->bytes >= l->bytes_most; }

void ledger_close(struct ledger *l) {
  if (l) {
    if (l->fd >= 0) {
      (void)close(l->fd);
    }
    free(l);
  }
}

sv_status ledger_append(struct ledger *l, struct sv_ctx *ctx, const struct journal_entry *entries,
                        size_t n) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  for (size_t i = 0; i < n; i++) {
    SV_TRY(journal_write(ctx, &l->state, &entries[i], &out));
  }
  SV_TRY(write_all(ctx, l->fd, sv_buf_bytes(&out)));
  l->bytes += out.n;
  return SV_DONE;
}

bool ledger_last_tree(const struct ledger *l, uint64_t *ret_size, struct tlog_hash *ret_root) {
  *ret_size = l->state.tree_size;
  memcpy(ret_root->b, l->state.tree_root, sizeof ret_root->b);
  return *ret_size > 0;
}
