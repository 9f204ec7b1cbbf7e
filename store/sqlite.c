/* The writer thread and the readers.
 *
 *   worker: store_write(act) --queue--> writer: BEGIN; SAVEPOINT, act, RELEASE or ROLLBACK TO; ...; COMMIT --wake--> worker
 *
 * Acts that wait while a commit syncs go into the next transaction together: one fsync for all of them. An act runs on
 * the writer thread with the caller's ctx, while the caller sleeps: one owner at a time. Invariants: no act is
 * acknowledged before the COMMIT that holds it returned; when a COMMIT fails every act in it fails with STORE. */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "store/sqlite_digest.h"
#include "store/vault.h"

enum { READERS_MAX = 8, BATCH_MAX = 64 };

static const char registry_sql[] =
#include "store_migration_0001_registry.inc"
    ;
static const char life_sql[] =
#include "store_migration_0002_life.inc"
    ;
static const char protection_sql[] =
#include "store_migration_0003_protection.inc"
    ;
static const char log_sql[] =
#include "store_migration_0004_log.inc"
    ;
static const char bills_sql[] =
#include "store_migration_0005_bills.inc"
    ;
static const char ended_sql[] =
#include "store_migration_0006_ended.inc"
    ;
static const char audience_sql[] =
#include "store_migration_0007_audience.inc"
    ;
static const char levels_sql[] =
#include "store_migration_0008_levels.inc"
    ;
static const char key_lives_sql[] =
#include "store_migration_0009_key_lives.inc"
    ;
static const char paper_sql[] =
#include "store_migration_0010_paper.inc"
    ;
static const char *const migrations[] = {registry_sql,  life_sql,  protection_sql, log_sql,
                                         bills_sql,     ended_sql, audience_sql,   levels_sql,
                                         key_lives_sql, paper_sql};
enum { MIGRATION_COUNT = sizeof migrations / sizeof migrations[0], MIGRATION_DIGESTS = 4 };

struct job {
  struct job *next;
  store_act *act;
  void *arg;
  struct sv_ctx *ctx;
  sv_status status;
  bool done;
  pthread_cond_t wake;
};

struct sqlite_store {
  struct store store;
  char *path;
  struct store_keys keys;
  bool readonly; /* no writer, no lock */
  int lock_fd;
  pthread_t writer;
  bool writer_started;
  pthread_mutex_t mutex; /* over the queue and the list of readers */
  pthread_cond_t queued;
  pthread_cond_t reader_free;
  struct job *head, **tail;
  bool stopping;
  struct sqlite_tx write_tx;
  struct sqlite_tx readers[READERS_MAX];
  int readers_idle[READERS_MAX]; /* a stack of indexes */
  int idle_count;
  int opened_count;
};

static sv_status job_run(struct sqlite_store *s, struct job *j) {
  SV_TRY(sqlite_exec(j->ctx, s->write_tx.db, "SAVEPOINT act"));
  sv_status status = j->act(&s->write_tx.tx, j->ctx, j->arg);
  if (sv_failed(status)) {
    struct sv_arena *mem = j->ctx->mem;
    struct sv_ctx aside = sv_ctx_over(mem); /* keeps the act's own fault */
    sv_status undone = sqlite_exec(&aside, s->write_tx.db, "ROLLBACK TO act; RELEASE act");
    return sv_failed(undone) ? undone : status;
  }
  return sqlite_exec(j->ctx, s->write_tx.db, "RELEASE act");
}

static void batch_commit(struct sqlite_store *s, struct job **jobs, size_t n) {
  struct sv_ctx *first = jobs[0]->ctx;
  struct sv_ctx aside = sv_ctx_over(first->mem);
  sv_status batch = sqlite_exec(&aside, s->write_tx.db, "BEGIN IMMEDIATE");
  for (size_t i = 0; i < n; i++) {
    jobs[i]->status = sv_failed(batch) ? batch : job_run(s, jobs[i]);
  }
  if (!sv_failed(batch)) {
    batch = sqlite_exec(&aside, s->write_tx.db, "COMMIT");
    if (sv_failed(batch) && !sqlite3_get_autocommit(s->write_tx.db)) {
      (void)sqlite3_exec(s->write_tx.db, "ROLLBACK", NULL, NULL, NULL);
    }
  }
  if (sv_failed(batch)) {
    for (size_t i = 0; i < n; i++) {
      if (!sv_failed(jobs[i]->status)) {
        jobs[i]->status = SV_FAIL(jobs[i]->ctx, STORE, "commit: %s", aside.detail);
      }
    }
  }
}

static void *writer_main(void *arg) {
  struct sqlite_store *s = arg;
  for (;;) {
    struct job *batch[BATCH_MAX];
    size_t n = 0;
    (void)pthread_mutex_lock(&s->mutex);
    while (!s->head && !s->stopping) {
      (void)pthread_cond_wait(&s->queued, &s->mutex);
    }
    while (s->head && n < BATCH_MAX) {
      batch[n++] = s->head;
      s->head = s->head->next;
    }
    if (!s->head) {
      s->tail = &s->head;
    }
    (void)pthread_mutex_unlock(&s->mutex);
    if (n == 0) {
      return NULL;
    }
    batch_commit(s, batch, n);
    (void)pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < n; i++) {
      batch[i]->done = true;
      (void)pthread_cond_signal(&batch[i]->wake);
    }
    (void)pthread_mutex_unlock(&s->mutex);
  }
}

static sv_status sqlite_write(struct store *store, struct sv_ctx *ctx, store_act *act, void *arg) {
  struct sqlite_store *s = (struct sqlite_store *)store;
  if (s->readonly) {
    return SV_FAIL(ctx, CONFIG, "the registry is opened for reading alone");
  }
  struct job j = {.act = act, .arg = arg, .ctx = ctx, .wake = PTHREAD_COND_INITIALIZER};
  (void)pthread_mutex_lock(&s->mutex);
  SV_ASSERT(!s->stopping);
  *s->tail = &j;
  s->tail = &j.next;
  (void)pthread_cond_signal(&s->queued);
  while (!j.done) {
    (void)pthread_cond_wait(&j.wake, &s->mutex);
  }
  (void)pthread_mutex_unlock(&s->mutex);
  (void)pthread_cond_destroy(&j.wake);
  return j.status;
}

/* A reader's index; opens a connection where all are busy and there may be one more. */
static sv_status reader_take(struct sqlite_store *s, struct sv_ctx *ctx, int *ret) {
  (void)pthread_mutex_lock(&s->mutex);
  while (s->idle_count == 0 && s->opened_count == READERS_MAX) {
    (void)pthread_cond_wait(&s->reader_free, &s->mutex);
  }
  sv_status status = SV_DONE;
  if (s->idle_count > 0) {
    *ret = s->readers_idle[--s->idle_count];
  } else {
    struct sqlite_tx *t = &s->readers[s->opened_count];
    status = sqlite_tx_open(ctx, s->path, s->readonly ? SQLITE_MODE_AUDITOR : SQLITE_MODE_READER,
                            &s->keys, t);
    if (!sv_failed(status)) {
      status = sqlite_tx_prepare(ctx, t);
    }
    if (sv_failed(status)) {
      sqlite_tx_close(t);
    } else {
      *ret = s->opened_count++;
    }
  }
  (void)pthread_mutex_unlock(&s->mutex);
  return status;
}

static void reader_give(struct sqlite_store *s, int index) {
  (void)pthread_mutex_lock(&s->mutex);
  s->readers_idle[s->idle_count++] = index;
  (void)pthread_cond_signal(&s->reader_free);
  (void)pthread_mutex_unlock(&s->mutex);
}

static sv_status sqlite_read(struct store *store, struct sv_ctx *ctx, store_act *act, void *arg) {
  struct sqlite_store *s = (struct sqlite_store *)store;
  int index;
  SV_TRY(reader_take(s, ctx, &index));
  struct sqlite_tx *t = &s->readers[index];
  sv_status status = sqlite_exec(ctx, t->db, "BEGIN");
  if (!sv_failed(status)) {
    status = act(&t->tx, ctx, arg);
    (void)sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL);
  }
  reader_give(s, index);
  return status;
}

static void sqlite_close(struct store *store) {
  struct sqlite_store *s = (struct sqlite_store *)store;
  if (s->writer_started) {
    (void)pthread_mutex_lock(&s->mutex);
    s->stopping = true;
    (void)pthread_cond_signal(&s->queued);
    (void)pthread_mutex_unlock(&s->mutex);
    (void)pthread_join(s->writer, NULL);
  }
  for (int i = 0; i < s->opened_count; i++) {
    sqlite_tx_close(&s->readers[i]);
  }
  sqlite_tx_close(&s->write_tx);
  if (s->lock_fd >= 0) {
    (void)close(s->lock_fd);
  }
  (void)pthread_mutex_destroy(&s->mutex);
  (void)pthread_cond_destroy(&s->queued);
  (void)pthread_cond_destroy(&s->reader_free);
  free(s->path);
  crypto_wipe(&s->keys, sizeof s->keys);
  free(s);
}

static sv_status schema_of(struct sv_ctx *ctx, sqlite3 *db, int *ret) {
  sqlite3_stmt *q = NULL;
  int version = -1;
  if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
      sqlite3_step(q) == SQLITE_ROW) {
    version = sqlite3_column_int(q, 0);
  }
  (void)sqlite3_finalize(q);
  if (version < 0) {
    return SV_FAIL(ctx, STORE, "user_version: %s", sqlite3_errmsg(db));
  }
  *ret = version;
  return SV_DONE;
}

static void fault_count(void *arg, const char *table, const char *row, const char *column,
                        const char *what) {
  (void)table, (void)row, (void)column, (void)what;
  ++*(uint64_t *)arg;
}

/* Digests are made anew after a migration: what was changed before must not pass for what was written. */
static sv_status untouched_check(struct sv_ctx *ctx, sqlite3 *db) {
  bool adopted;
  uint64_t faults = 0, rows;
  SV_TRY(digest_schema_check(ctx, db, &adopted));
  if (adopted) {
    SV_TRY(digest_check(ctx, db, fault_count, &faults, &rows));
  }
  return faults ? SV_FAIL(ctx, CORRUPT, "rows were changed before the migration: see salvo audit")
                : SV_DONE;
}

static sv_status migrate(struct sv_ctx *ctx, sqlite3 *db, bool *ret_changed) {
  int version = 0;
  SV_TRY(schema_of(ctx, db, &version));
  if (version > MIGRATION_COUNT) {
    return SV_FAIL(ctx, CONFIG, "the registry is of schema %d, this program knows %d", version,
                   MIGRATION_COUNT);
  }
  if (version >= MIGRATION_DIGESTS && version < MIGRATION_COUNT) {
    SV_TRY(untouched_check(ctx, db));
  }
  *ret_changed = version < MIGRATION_COUNT;
  for (; version < MIGRATION_COUNT; version++) {
    char mark[64];
    (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %d; COMMIT", version + 1);
    SV_TRY(sqlite_exec(ctx, db, "BEGIN IMMEDIATE"));
    SV_TRY(sqlite_exec(ctx, db, migrations[version]));
    SV_TRY(sqlite_exec(ctx, db, mark));
  }
  return SV_DONE;
}

static sv_status lock_take(struct sv_ctx *ctx, struct sqlite_store *s) {
  char *path = sv_arena_printf(ctx->mem, "%s.lock", s->path);
  s->lock_fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
  if (s->lock_fd < 0) {
    return SV_FAIL(ctx, STORE, "lock file: %s", strerror(errno));
  }
  if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0) {
    return SV_FAIL(ctx, CONFIG, "another process has this registry open");
  }
  return SV_DONE;
}

static sv_status adopt(struct sv_ctx *ctx, struct sqlite_tx *t) {
  SV_TRY(sqlite_exec(ctx, t->db, "BEGIN IMMEDIATE"));
  SV_TRY(sqlite_seal_plain(ctx, t));
  SV_TRY(digest_adopt(ctx, t->db));
  return sqlite_exec(ctx, t->db, "COMMIT");
}

static sv_status schema_start(struct sv_ctx *ctx, struct sqlite_tx *t) {
  bool changed = false, adopted = false;
  SV_TRY(migrate(ctx, t->db, &changed));
  if (!changed) {
    SV_TRY(digest_schema_check(ctx, t->db, &adopted));
  }
  SV_TRY(sqlite_tx_prepare(ctx, t));
  SV_TRY(vault_check(&t->tx, ctx));
  if (!adopted) {
    SV_TRY(adopt(ctx, t));
  }
  return digest_triggers(ctx, t->db);
}

static sv_status store_start(struct sv_ctx *ctx, struct sqlite_store *s) {
  SV_TRY(lock_take(ctx, s));
  SV_TRY(sqlite_tx_open(ctx, s->path, SQLITE_MODE_WRITER, &s->keys, &s->write_tx));
  SV_TRY(schema_start(ctx, &s->write_tx));
  if (pthread_create(&s->writer, NULL, writer_main, s) != 0) {
    return SV_FAIL(ctx, STORE, "writer thread");
  }
  s->writer_started = true;
  return SV_DONE;
}

static const struct store_ops sqlite_ops = {
    .write = sqlite_write, .read = sqlite_read, .close = sqlite_close};

static sv_status store_new(struct sv_ctx *ctx, const char *path, const struct store_keys *keys,
                           struct sqlite_store **ret) {
  struct sqlite_store *s = calloc(1, sizeof *s);
  char *own = strdup(path);
  if (!s || !own) {
    free(s);
    free(own);
    return SV_FAIL(ctx, NO_MEMORY, "store");
  }
  s->store.ops = &sqlite_ops;
  s->lock_fd = -1;
  s->tail = &s->head;
  s->path = own;
  s->keys = *keys;
  (void)pthread_mutex_init(&s->mutex, NULL);
  (void)pthread_cond_init(&s->queued, NULL);
  (void)pthread_cond_init(&s->reader_free, NULL);
  *ret = s;
  return SV_DONE;
}

sv_status store_sqlite_open(struct sv_ctx *ctx, const char *path, const struct store_keys *keys,
                            struct store **ret) {
  /* an act is undone from memory: its journal is no file (a process that has opened SQLite already keeps its way) */
  (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
  struct sqlite_store *s;
  SV_TRY(store_new(ctx, path, keys, &s));
  sv_status status = store_start(ctx, s);
  if (sv_failed(status)) {
    sqlite_close(&s->store);
    return status;
  }
  *ret = &s->store;
  return SV_DONE;
}

sv_status store_sqlite_open_readonly(struct sv_ctx *ctx, const char *path,
                                     const struct store_keys *keys, struct store **ret) {
  int file, program;
  SV_TRY(store_sqlite_schema(ctx, path, &file, &program));
  if (file != program) {
    return SV_FAIL(ctx, CONFIG, "the registry is of schema %d, this program knows %d", file,
                   program);
  }
  struct sqlite_store *s;
  SV_TRY(store_new(ctx, path, keys, &s));
  s->readonly = true;
  *ret = &s->store;
  return SV_DONE;
}

/* --- the file as a whole --- */

static sv_status file_open(struct sv_ctx *ctx, const char *path, int flags, sqlite3 **ret) {
  sqlite3 *db = NULL;
  if (sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    sv_status s = SV_FAIL(ctx, CONFIG, "%s: %s", path, sqlite3_errmsg(db));
    (void)sqlite3_close(db);
    return s;
  }
  (void)sqlite3_busy_timeout(db, 5000);
  *ret = db;
  return SV_DONE;
}
static void db_close(sqlite3 *db) { (void)sqlite3_close(db); }
SV_AUTO_DEFINE(sqlite3, db_close)

sv_status store_sqlite_schema(struct sv_ctx *ctx, const char *path, int *ret_file,
                              int *ret_program) {
  SV_AUTO(db_close) sqlite3 *db = NULL;
  SV_TRY(file_open(ctx, path, SQLITE_OPEN_READONLY, &db));
  SV_TRY(schema_of(ctx, db, ret_file));
  *ret_program = MIGRATION_COUNT;
  return *ret_file > 0 ? SV_DONE : SV_FAIL(ctx, CONFIG, "%s is no registry", path);
}

/* Pages are taken in one step: a writer waits for milliseconds, and the copy never starts over. */
static sv_status pages_copy(struct sv_ctx *ctx, sqlite3 *from, sqlite3 *to) {
  sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
  int rc = b ? sqlite3_backup_step(b, -1) : SQLITE_ERROR;
  if (b) {
    (void)sqlite3_backup_finish(b);
  }
  if (rc != SQLITE_DONE) {
    return SV_FAIL(ctx, IO, "backup: %s", sqlite3_errmsg(to));
  }
  return sqlite_exec(ctx, to, "PRAGMA journal_mode = DELETE");
}

sv_status store_sqlite_backup(struct sv_ctx *ctx, const char *path, const char *target) {
  int fd = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    return SV_FAIL(ctx, CONFIG, "%s: %s", target, strerror(errno));
  }
  SV_AUTO(db_close) sqlite3 *from = NULL;
  SV_AUTO(db_close) sqlite3 *to = NULL;
  sv_status s = file_open(ctx, path, SQLITE_OPEN_READONLY, &from);
  if (!sv_failed(s)) {
    s = file_open(ctx, target, SQLITE_OPEN_READWRITE, &to);
  }
  if (!sv_failed(s)) {
    s = sqlite_exec(ctx, to, "PRAGMA synchronous = FULL");
  }
  if (!sv_failed(s)) {
    s = pages_copy(ctx, from, to);
  }
  bool synced = fsync(fd) == 0;
  (void)close(fd);
  if (sv_failed(s) || !synced) {
    (void)unlink(target);
    return sv_failed(s) ? s : SV_FAIL(ctx, IO, "%s can't be synced", target);
  }
  return SV_DONE;
}

struct rewrapping {
  const uint8_t *from, *to;
  uint64_t n;
};

static sv_status rewrap_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct rewrapping *r = arg;
  return vault_rewrap(tx, ctx, r->from, r->to, &r->n);
}

sv_status store_sqlite_rewrap(struct sv_ctx *ctx, const char *path, const struct store_keys *keys,
                              const uint8_t master[STORE_KEY_BYTES], uint64_t *ret_n) {
  struct store *store;
  SV_TRY(store_sqlite_open(ctx, path, keys, &store));
  struct rewrapping r = {.from = keys->master, .to = master};
  sv_status s = store_write(store, ctx, rewrap_act, &r);
  store_close(store);
  *ret_n = r.n;
  return s;
}
