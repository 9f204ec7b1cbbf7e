/* Durable letters a second into the registry alone, and beside it the least that SQLite could do with as many syncs.
 *   bench_registry DIR CLIENTS LETTERS ROUNDS
 * A letter is its two acts as the service makes them (number, row, audit, leaf, event; copy, seal, audit, leaf, event), of the
 * sizes that a letter has, without the interlocks, from as many threads as there are clients. The yardstick puts the same
 * bytes into a table of one column, in one thread, in transactions of such a size that there are as many syncs, with the same
 * pragmas. Prints: letters a second, inserts a second, syncs of either, and the microseconds of CPU of either, a letter (the
 * best of the rounds, which take turns). */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/digest.h"
#include "model/number.h"
#include "service/change.h"
#include "store/sqlite.h"

enum {
  CLIENTS_MAX = 256,
  STATIC_BYTES = 138000, /* of a letter's PDF: what its template's letters share */
  TAIL_BYTES = 31000,
  RECORD_BYTES = 2200,
  REQUEST_BYTES = 330,
  SEAL_BYTES = 190,
  MEMORY = 8 * 1024 * 1024,
};

/* Counts what SQLite syncs: the program's own symbol goes before the library's. */
static atomic_ulong syncs;
__attribute__((visibility("default"))) int fdatasync(int fd) {
  atomic_fetch_add(&syncs, 1);
  return (int)syscall(SYS_fdatasync, fd);
}

static void must(struct sv_ctx *ctx, sv_status s) {
  if (sv_failed(s)) {
    (void)fprintf(stderr, "bench_registry: %s: %s\n", sv_reason_name(s.reason), ctx->detail);
    exit(1);
  }
}

struct figures {
  double a_second, cpu_us;
  unsigned long syncs;
};

struct stopwatch {
  uint64_t start_ns;
  double cpu_us;
  unsigned long syncs;
};

static double cpu_us(void) {
  struct rusage u;
  (void)getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 +
         (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static struct stopwatch watch_start(void) {
  return (struct stopwatch){sv_monotonic_ns(), cpu_us(), atomic_load(&syncs)};
}

static struct figures watch_stop(struct stopwatch w, size_t letters) {
  return (struct figures){(double)letters * 1e9 / (double)(sv_monotonic_ns() - w.start_ns),
                          (cpu_us() - w.cpu_us) / (double)letters, atomic_load(&syncs) - w.syncs};
}

/* --- letters --- */

struct bench {
  struct store *store;
  const uint8_t *pdf; /* the shared part, and random bytes */
  uint8_t static_sha256[32];
  atomic_size_t next;
  size_t letters;
};

struct letter {
  struct store_document row;
  struct store_issue issue;
  struct store_seal seal;
};

static sv_status reserve_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct letter *l = arg;
  struct store_document *row = &l->row;
  struct store_document known;
  uint32_t sequence;
  bool taken;
  if (!sv_failed(tx->ops->request_find(tx, ctx, row->authority, row->request_id, &known))) {
    return SV_FAIL(ctx, INTERNAL, "a request twice");
  }
  sv_ctx_clear(ctx);
  SV_TRY(tx->ops->series_next(tx, ctx, row->kind, 2026, &sequence));
  char *number = sv_arena_alloc(ctx->mem, 10);
  SV_ASSERT(number);
  model_number_format(row->kind, 2026, sequence, number);
  row->number = number;
  row->status_index = sequence;
  SV_TRY(tx->ops->status_index_taken(tx, ctx, row->status_list, row->status_index, &taken));
  SV_TRY(tx->ops->document_reserve(tx, ctx, row));
  return service_row_changed(tx, ctx, row, "bench", "reserve", "");
}

static sv_status issue_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  struct letter *l = arg;
  struct store_document now;
  SV_TRY(tx->ops->document_find(tx, ctx, l->row.number, 1, &now));
  SV_TRY(tx->ops->document_issue(tx, ctx, l->row.number, 1, &l->issue));
  return service_row_changed(tx, ctx, &l->row, "bench", "issue", "");
}

static void letter_put(struct bench *b, struct sv_ctx *ctx) {
  uint8_t random[32], *pdf = sv_arena_alloc(ctx->mem, STATIC_BYTES + TAIL_BYTES);
  char id[65];
  must(ctx, crypto_random(ctx, random, sizeof random));
  sv_hex(random, 18, id);
  SV_ASSERT(pdf);
  memcpy(pdf, b->pdf, STATIC_BYTES + TAIL_BYTES);
  memcpy(pdf + STATIC_BYTES, random, sizeof random);
  const uint8_t *tail = b->pdf + STATIC_BYTES;
  struct letter l = {.row = {.version = 1,
                             .authority = "migration",
                             .kind = MODEL_SAFE_CONDUCT,
                             .request_id = id,
                             .state = MODEL_RESERVED,
                             .supersedes = "",
                             .template_name = "letter@1",
                             .languages = "es,en",
                             .issue_date = "2026-01-15",
                             .valid_from = "2026-01-15",
                             .valid_until = "2030-01-15",
                             .issued_by = "bench",
                             .status_list = "A",
                             .request = sv_bytes_of(tail, REQUEST_BYTES),
                             .obligation = "",
                             .lease_until_us = INT64_MAX},
                     .seal = {1, sv_bytes_of(tail, SEAL_BYTES)},
                     .issue = {.pdf = sv_bytes_of(pdf, STATIC_BYTES + TAIL_BYTES),
                               .static_bytes = STATIC_BYTES,
                               .record = sv_bytes_of(tail, RECORD_BYTES),
                               .seal_certificate = "UTTSA7",
                               .seal_count = 1}};
  l.issue.seals = &l.seal;
  memcpy(l.row.salt, random, sizeof l.row.salt);
  memcpy(l.row.secret, random, sizeof l.row.secret);
  memcpy(l.issue.pdf_sha256, random, 32);
  memcpy(l.issue.static_sha256, b->static_sha256, 32);
  memcpy(l.issue.record_sha256, random, 32);
  must(ctx, store_write(b->store, ctx, reserve_act, &l));
  must(ctx, store_write(b->store, ctx, issue_act, &l));
}

static void *client_run(void *arg) {
  struct bench *b = arg;
  struct sv_arena *mem = sv_arena_open(MEMORY);
  SV_ASSERT(mem);
  while (atomic_fetch_add(&b->next, 1) < b->letters) {
    struct sv_ctx ctx = sv_ctx_over(mem);
    letter_put(b, &ctx);
    sv_arena_reset(mem);
  }
  sv_arena_close(mem);
  return NULL;
}

static struct figures letters_measure(struct bench *b, size_t clients) {
  pthread_t threads[CLIENTS_MAX];
  atomic_store(&b->next, 0);
  struct stopwatch w = watch_start();
  for (size_t i = 0; i < clients; i++) {
    SV_ASSERT(pthread_create(&threads[i], NULL, client_run, b) == 0);
  }
  for (size_t i = 0; i < clients; i++) {
    (void)pthread_join(threads[i], NULL);
  }
  return watch_stop(w, b->letters);
}

/* --- the yardstick --- */

static void sql(sqlite3 *db, const char *text) {
  if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
    (void)fprintf(stderr, "bench_registry: %s: %s\n", text, sqlite3_errmsg(db));
    exit(1);
  }
}

static void insert(sqlite3 *db, sqlite3_stmt *q, const uint8_t *p, int n) {
  if (sqlite3_bind_blob(q, 1, p, n, SQLITE_STATIC) != SQLITE_OK || sqlite3_step(q) != SQLITE_DONE ||
      sqlite3_reset(q) != SQLITE_OK) {
    (void)fprintf(stderr, "bench_registry: insert: %s\n", sqlite3_errmsg(db));
    exit(1);
  }
}

/* Rows come evenly over the syncs; a transaction in which none is due has a small one. */
static struct figures inserts_measure(sqlite3 *db, const uint8_t *tail, size_t letters,
                                      unsigned long want_syncs) {
  sqlite3_stmt *q;
  SV_ASSERT(sqlite3_prepare_v2(db, "INSERT INTO t (b) VALUES (?1)", -1, &q, NULL) == SQLITE_OK);
  struct stopwatch w = watch_start();
  unsigned long done;
  for (size_t rows = 0; (done = atomic_load(&syncs) - w.syncs) < want_syncs || rows < letters;) {
    size_t due = letters * (done + 1) / want_syncs, before = rows;
    sql(db, "BEGIN IMMEDIATE");
    for (; rows < due && rows < letters; rows++) {
      insert(db, q, tail, TAIL_BYTES + RECORD_BYTES + REQUEST_BYTES + SEAL_BYTES);
    }
    if (rows == before) {
      insert(db, q, tail, REQUEST_BYTES);
    }
    sql(db, "COMMIT");
  }
  struct figures f = watch_stop(w, letters);
  (void)sqlite3_finalize(q);
  return f;
}

static sqlite3 *raw_open(const char *path) {
  sqlite3 *db;
  SV_ASSERT(sqlite3_open(path, &db) == SQLITE_OK);
  sql(db,
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; "
      "PRAGMA secure_delete = ON; CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)");
  return db;
}

static void best_keep(struct figures *best, struct figures f) {
  if (f.a_second > best->a_second) {
    best->a_second = f.a_second;
    best->syncs = f.syncs;
  }
  best->cpu_us = best->cpu_us == 0 || f.cpu_us < best->cpu_us ? f.cpu_us : best->cpu_us;
}

int main(int argc, char **argv) {
  size_t clients = argc == 5 ? strtoul(argv[2], NULL, 10) : 0;
  if (clients == 0 || clients > CLIENTS_MAX) {
    (void)fprintf(stderr, "usage: bench_registry DIR CLIENTS LETTERS ROUNDS\n");
    return 2;
  }
  struct store_keys keys;
  struct sv_ctx ctx = sv_ctx_over(sv_arena_open((size_t)64 << 20));
  SV_ASSERT(ctx.mem);
  struct bench b = {.letters = strtoul(argv[3], NULL, 10)};
  uint8_t *pdf = sv_arena_alloc(ctx.mem, (size_t)STATIC_BYTES + 2 * TAIL_BYTES);
  SV_ASSERT(pdf);
  b.pdf = pdf;
  must(&ctx, crypto_random(&ctx, pdf, (size_t)STATIC_BYTES + 2 * TAIL_BYTES));
  crypto_sha256(sv_bytes_of(pdf, STATIC_BYTES), b.static_sha256);
  must(&ctx, crypto_random(&ctx, &keys, sizeof keys));
  must(&ctx, store_sqlite_open(&ctx, sv_arena_printf(ctx.mem, "%s/registry.db", argv[1]), &keys,
                               &b.store));
  sqlite3 *db = raw_open(sv_arena_printf(ctx.mem, "%s/raw.db", argv[1]));
  struct figures ours = {0}, raw = {0};
  for (long i = strtol(argv[4], NULL, 10); i > 0; i--) {
    struct figures f = letters_measure(&b, clients);
    best_keep(&ours, f);
    best_keep(&raw, inserts_measure(db, pdf + STATIC_BYTES, b.letters, f.syncs));
  }
  (void)printf("%.0f\t%.0f\t%lu\t%lu\t%.0f\t%.0f\n", ours.a_second, raw.a_second, ours.syncs,
               raw.syncs, ours.cpu_us, raw.cpu_us);
  store_close(b.store);
  (void)sqlite3_close(db);
  sv_arena_close(ctx.mem);
  return 0;
}
