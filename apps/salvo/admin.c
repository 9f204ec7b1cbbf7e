/* salvo audit and salvo admin: what is done to a registry's file itself, without a server. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apps/salvo/export.h"
#include "apps/salvo/salvo.h"
#include "crypto/digest.h"
#include "service/audit.h"
#include "service/erase.h"
#include "service/journal.h"
#include "store/sqlite.h"

enum { SECRET_FILE_MAX = 4096 };

static int fault_of(struct salvo *s, sv_status status) {
  (void)fprintf(stderr, "salvo: %s: %s\n", sv_reason_text(status.reason), s->ctx->detail);
  return EXIT_REFUSED;
}

static sv_status secret_read(struct sv_ctx *ctx, const char *path,
                             uint8_t key[static STORE_KEY_BYTES]) {
  struct sv_bytes text;
  SV_TRY(file_read(ctx, path, SECRET_FILE_MAX, &text));
  char hex[2 * STORE_KEY_BYTES + 1] = {0};
  if (text.n >= sizeof hex - 1) {
    memcpy(hex, text.p, sizeof hex - 1);
  }
  bool good = text.n <= sizeof hex && sv_unhex(hex, key, STORE_KEY_BYTES);
  crypto_wipe(hex, sizeof hex);
  return good ? SV_DONE : SV_FAIL(ctx, CONFIG, "%s is not 64 hexadecimal digits", path);
}

/* --registry, --key-file and --master-key-file. */
struct registry {
  const char *path;
  struct store_keys keys;
};

static sv_status registry_take(struct sv_ctx *ctx, struct arguments *a, struct registry *ret) {
  ret->path = argument_take(a, "--registry");
  const char *key = argument_take(a, "--key-file"), *master = argument_take(a, "--master-key-file");
  if (!ret->path || !key || !master) {
    return SV_FAIL(ctx, CONFIG, "needs --registry, --key-file and --master-key-file");
  }
  SV_TRY(secret_read(ctx, key, ret->keys.registry));
  return secret_read(ctx, master, ret->keys.master);
}

/* What a damaged registry says of itself may be anything: a terminal gets characters that are plain. */
static void plain_print(const char *text) {
  for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
    if (*p >= ' ' && *p <= '~') {
      (void)putchar(*p);
    } else {
      (void)printf("\\x%02x", *p);
    }
  }
}

static void fault_print(void *arg, const char *table, const char *row, const char *column,
                        const char *what) {
  (void)arg;
  (void)fputs("FAULT ", stdout);
  plain_print(table);
  plain_print(row[0] ? " " : "");
  plain_print(row);
  plain_print(column[0] ? " " : "");
  plain_print(column);
  (void)fputs(": ", stdout);
  plain_print(what);
  (void)fputs("\n", stdout);
}

static void orphan_print(void *arg, const char *table, const char *row, const char *column,
                         const char *what) {
  (void)arg, (void)column;
  (void)printf("ORPHAN %s %s: %s\n", table, row, what);
}

/* The files of a journal: FILE.000001 and so on, then FILE. A signer may turn to another one meanwhile: what was FILE is
 * then the next number, so that is looked for once more before FILE is believed to be the last. */
struct journal_files {
  const char *path;
  unsigned next;
  bool ended;
};

static sv_status journal_next(void *arg, struct sv_ctx *ctx, struct sv_bytes *ret) {
  struct journal_files *f = arg;
  if (f->ended) {
    return SV_FAIL(ctx, NOT_FOUND, "no more files");
  }
  const char *numbered = sv_arena_printf(ctx->mem, "%s.%06u", f->path, f->next);
  if (!numbered) {
    return SV_FAIL(ctx, NO_MEMORY, "journal");
  }
  if (access(numbered, F_OK) != 0) {
    sv_status s = file_read(ctx, f->path, JOURNAL_FILE_MAX, ret);
    if (access(numbered, F_OK) != 0) {
      f->ended = true;
      return s;
    }
    sv_ctx_clear(ctx);
  }
  f->next++;
  return file_read(ctx, numbered, JOURNAL_FILE_MAX, ret);
}

/* The journal and the registry each hold what the other has; the registry is read last, so that it has what the journal
 * speaks of. */
static sv_status journal_audit(struct sv_ctx *ctx, struct store *store, const char *path,
                               uint64_t *faults) {
  struct journal_files files = {.path = path, .next = 1};
  struct journal_summary sum;
  SV_TRY(service_audit_journal(ctx, store, journal_next, &files, fault_print, orphan_print, NULL,
                               &sum));
  (void)printf("%llu signatures: %llu matched, %llu orphans, %llu asked once more\n",
               (unsigned long long)sum.signatures, (unsigned long long)sum.matched,
               (unsigned long long)sum.orphans, (unsigned long long)sum.repeated);
  *faults += sum.faults;
  return SV_DONE;
}

static sv_status audit(struct sv_ctx *ctx, const struct registry *r, const struct tlog_key *key,
                       const char *journal, struct audit_summary *ret) {
  struct store *store;
  SV_TRY(store_sqlite_open_readonly(ctx, r->path, &r->keys, &store));
  sv_status s = service_audit_registry(ctx, store, key, fault_print, NULL, ret);
  if (!sv_failed(s) && journal) {
    s = journal_audit(ctx, store, journal, &ret->faults);
  }
  store_close(store);
  return s;
}

static int audit_print(const struct audit_summary *m, bool judged) {
  (void)printf(
      "%llu rows, %llu documents, %llu copies, %llu amendments, %llu leaves, %llu checkpoints%s: "
      "%llu faults\n",
      (unsigned long long)m->rows, (unsigned long long)m->documents, (unsigned long long)m->copies,
      (unsigned long long)m->amendments, (unsigned long long)m->leaves,
      (unsigned long long)m->checkpoints, judged ? "" : " (signatures not judged)",
      (unsigned long long)m->faults);
  return m->faults ? EXIT_REFUSED : EXIT_DONE;
}

int command_audit(struct salvo *s, struct arguments a) {
  struct registry r;
  struct tlog_key key;
  struct sv_bytes text;
  struct audit_summary sum = {0};
  const char *log_key = argument_take(&a, "--log-key");
  const char *journal = argument_take(&a, "--journal");
  sv_status status = registry_take(s->ctx, &a, &r);
  if (!sv_failed(status) && log_key) {
    status = file_read(s->ctx, log_key, SECRET_FILE_MAX, &text);
    if (!sv_failed(status)) {
      status = tlog_key_read(s->ctx, text, &key);
    }
  }
  if (!sv_failed(status)) {
    status = audit(s->ctx, &r, log_key ? &key : NULL, journal, &sum);
  }
  crypto_wipe(&r.keys, sizeof r.keys);
  return sv_failed(status) ? fault_of(s, status) : audit_print(&sum, log_key != NULL);
}

/* A copy is good when it passes the audit by itself. */
static sv_status copied(struct sv_ctx *ctx, const char *from, const char *to,
                        const struct store_keys *keys) {
  SV_TRY(store_sqlite_backup(ctx, from, to));
  struct registry copy = {.path = to, .keys = *keys};
  struct audit_summary sum = {0};
  sv_status s = audit(ctx, &copy, NULL, NULL, &sum);
  crypto_wipe(&copy.keys, sizeof copy.keys);
  SV_TRY(s);
  (void)audit_print(&sum, false);
  return sum.faults ? SV_FAIL(ctx, CORRUPT, "%s does not pass the audit", to) : SV_DONE;
}

static sv_status backup(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  return copied(ctx, r->path, v[0], &r->keys);
}

/* The registry must not be there: what is restored never overwrites. */
static sv_status restore(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  return copied(ctx, v[0], r->path, &r->keys);
}

static sv_status migrate(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  (void)v;
  int from, to;
  struct store *store;
  SV_TRY(store_sqlite_schema(ctx, r->path, &from, &to));
  SV_TRY(store_sqlite_open(ctx, r->path, &r->keys, &store));
  store_close(store);
  (void)printf("schema %d to %d\n", from, to);
  return SV_DONE;
}

static sv_status erase(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  struct store *store;
  SV_TRY(store_sqlite_open(ctx, r->path, &r->keys, &store));
  sv_status s = service_erase(ctx, store, "admin", v[0], "order");
  store_close(store);
  return s;
}

static sv_status export_rows(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  char *end;
  long year = strtol(v[0], &end, 10);
  if (*end || year < 2000 || year > 2099) {
    return SV_FAIL(ctx, CONFIG, "%s is no year", v[0]);
  }
  struct store *store;
  SV_TRY(store_sqlite_open_readonly(ctx, r->path, &r->keys, &store));
  sv_status s = export_year(ctx, store, (int)year, v[1]);
  store_close(store);
  return s;
}

static sv_status rewrap(struct sv_ctx *ctx, const struct registry *r, char *const *v) {
  uint8_t master[STORE_KEY_BYTES];
  uint64_t n;
  SV_TRY(secret_read(ctx, v[0], master));
  sv_status s = store_sqlite_rewrap(ctx, r->path, &r->keys, master, &n);
  crypto_wipe(master, sizeof master);
  SV_TRY(s);
  (void)printf("%llu data keys\n", (unsigned long long)n);
  return SV_DONE;
}

static const struct {
  const char *name;
  int operands;
  sv_status (*run)(struct sv_ctx *, const struct registry *, char *const *operands);
} acts[] = {{"backup", 1, backup}, {"restore", 1, restore},    {"migrate", 0, migrate},
            {"erase", 1, erase},   {"export", 2, export_rows}, {"rewrap", 1, rewrap}};

int command_admin(struct salvo *s, struct arguments a) {
  struct registry r = {0};
  sv_status status = registry_take(s->ctx, &a, &r);
  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++) {
    if (!sv_failed(status) && a.count == 1 + acts[i].operands &&
        strcmp(a.v[0], acts[i].name) == 0) {
      status = acts[i].run(s->ctx, &r, a.v + 1);
      crypto_wipe(&r.keys, sizeof r.keys);
      return sv_failed(status) ? fault_of(s, status) : EXIT_DONE;
    }
  }
  crypto_wipe(&r.keys, sizeof r.keys);
  return sv_failed(status)
             ? fault_of(s, status)
             : usage_fault(
                   "admin backup FILE | restore FILE | migrate | erase NUMBER | export YEAR DIR | "
                   "rewrap NEW-MASTER-KEY-FILE");
}
