/* One file, one writer, appended to alone. Invariant: what ledger_append acknowledged is on the disk, and nothing but the
 * end of the last write can be torn. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/salvo-signer/signer.h"

enum { CHUNK = 256 * 1024, LISTS_MAX = 27 };

struct ledger {
  int fd;
  struct journal_place place;
  bool tree;
  uint64_t size;
  struct tlog_hash root;
  struct {
    char name[16];
    uint64_t sequence;
  } lists[LISTS_MAX]; /* the trust list, and a list a letter */
};

static void list_keep(struct ledger *l, const struct journal_entry *e) {
  for (size_t i = 0; i < LISTS_MAX; i++) {
    bool own = strcmp(l->lists[i].name, e->number) == 0;
    if (own || l->lists[i].name[0] == '\0') {
      (void)snprintf(l->lists[i].name, sizeof l->lists[i].name, "%.15s", e->number);
      l->lists[i].sequence = e->version;
      return;
    }
  }
}

uint64_t ledger_last_sequence(const struct ledger *l, const char *name) {
  for (size_t i = 0; i < LISTS_MAX; i++) {
    if (strcmp(l->lists[i].name, name) == 0) {
      return l->lists[i].sequence;
    }
  }
  return 0;
}

static void tree_keep(struct ledger *l, const struct journal_entry *e) {
  if (e->purpose == JOURNAL_CHECKPOINT) {
    l->tree = true;
    l->size = e->version;
    memcpy(l->root.b, e->record_sha256, sizeof l->root.b);
  }
  if (e->purpose == JOURNAL_TRUST) {
    list_keep(l, e);
  }
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
      if (!sv_bytes_equal(line, sv_bytes_of(journal_head, strlen(journal_head) - 1))) {
        return SV_FAIL(ctx, CORRUPT, "the journal does not begin as one");
      }
      *head = false;
    } else {
      SV_TRY(journal_read(ctx, &l->place, line, &e));
      tree_keep(l, &e);
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

static sv_status write_all(struct sv_ctx *ctx, struct ledger *l, struct sv_bytes bytes) {
  for (size_t at = 0; at < bytes.n;) {
    ssize_t n = write(l->fd, bytes.p + at, bytes.n - at);
    if (n < 0 && errno != EINTR) {
      return SV_FAIL(ctx, IO, "the journal can't be written: errno %d", errno);
    }
    at += n > 0 ? (size_t)n : 0;
  }
  return fdatasync(l->fd) == 0 ? SV_DONE
                               : SV_FAIL(ctx, IO, "the journal can't be synced: errno %d", errno);
}

static sv_status file_take(struct sv_ctx *ctx, struct ledger *l, const char *path) {
  l->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (l->fd < 0) {
    return SV_FAIL(ctx, IO, "%s can't be opened: errno %d", path, errno);
  }
  if (flock(l->fd, LOCK_EX | LOCK_NB) != 0) {
    return SV_FAIL(ctx, CONFIG, "%s belongs to another signer that runs", path);
  }
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
  return good == 0 ? write_all(ctx, l, sv_bytes_str(journal_head)) : SV_DONE;
}

sv_status ledger_open(struct sv_ctx *ctx, const char *path, struct ledger **ret) {
  struct ledger *l = calloc(1, sizeof *l);
  if (!l) {
    return SV_FAIL(ctx, NO_MEMORY, "journal");
  }
  sv_status status = file_take(ctx, l, path);
  if (sv_failed(status)) {
    ledger_close(l);
    return status;
  }
  *ret = l;
  return SV_DONE;
}

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
    SV_TRY(journal_write(ctx, &l->place, &entries[i], &out));
    tree_keep(l, &entries[i]);
  }
  return write_all(ctx, l, sv_buf_bytes(&out));
}

bool ledger_last_tree(const struct ledger *l, uint64_t *ret_size, struct tlog_hash *ret_root) {
  *ret_size = l->tree ? l->size : 0;
  *ret_root = l->root;
  return l->tree;
}
