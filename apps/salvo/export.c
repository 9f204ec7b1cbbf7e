/* Tables of one snapshot into files. Invariant: a file is complete and synced, or the export fails. */
#include "apps/salvo/export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "model/number.h"
#include "store/log.h"

static const char *const tables[] = {
    "documents",       "copies",      "approvals",  "prints",         "letters", "closings",
    "marks",           "obligations", "amendments", "bills",          "audit",   "events",
    "audience_copies", "series",      "log_leaves", "log_checkpoints"};

struct exporting {
  int year;
  const char *dir;
  FILE *file; /* of the table at hand */
  bool begun;
};

static const char *cell(const char *const *names, const char *const *cells, size_t n,
                        const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) == 0) {
      return cells[i];
    }
  }
  return NULL;
}

/* A row that says no year (an obligation) is of every year. */
static bool of_year(int year, const char *const *names, const char *const *cells, size_t n) {
  const char *number = cell(names, cells, n, "number");
  const char *subject = cell(names, cells, n, "subject");
  const char *time = cell(names, cells, n, "time_us");
  int short_year;
  if (model_number_parse(number ? number : "", NULL, &short_year, NULL) ||
      model_number_parse(subject ? subject : "", NULL, &short_year, NULL)) {
    return short_year == year % 100;
  }
  return !time || sv_date_of_days(strtoll(time, NULL, 10) / 86400000000LL).year == year;
}

static void cell_put(FILE *f, const char *text) {
  if (!text || !strpbrk(text, ",\"\r\n")) {
    (void)fputs(text ? text : "", f);
    return;
  }
  (void)fputc('"', f);
  for (; *text; text++) {
    if (*text == '"') {
      (void)fputc('"', f);
    }
    (void)fputc(*text, f);
  }
  (void)fputc('"', f);
}

static void line_put(FILE *f, const char *const *cells, size_t n) {
  for (size_t i = 0; i < n; i++) {
    (void)fputs(i ? "," : "", f);
    cell_put(f, cells[i]);
  }
  (void)fputs("\r\n", f);
}

static sv_status row_put(void *arg, struct sv_ctx *ctx, const char *const *names,
                         const char *const *cells, size_t n) {
  struct exporting *e = arg;
  if (!e->begun) {
    line_put(e->file, names, n);
    e->begun = true;
  }
  if (of_year(e->year, names, cells, n)) {
    line_put(e->file, cells, n);
  }
  return ferror(e->file) ? SV_FAIL(ctx, IO, "the export can't be written") : SV_DONE;
}

static sv_status table_put(struct store_tx *tx, struct sv_ctx *ctx, struct exporting *e,
                           const char *table) {
  char *path = sv_arena_printf(ctx->mem, "%s/%s.csv", e->dir, table);
  e->file = path ? fopen(path, "wbxe") : NULL;
  if (!e->file) {
    return SV_FAIL(ctx, IO, "%s: %s", table, strerror(errno));
  }
  e->begun = false;
  sv_status s = tx->log->table(tx, ctx, table, row_put, e);
  bool kept = fflush(e->file) == 0 && fsync(fileno(e->file)) == 0;
  kept = fclose(e->file) == 0 && kept;
  SV_TRY(s);
  return kept ? SV_DONE : SV_FAIL(ctx, IO, "%s can't be synced", path);
}

/* --- signed records of amendments, as files that `openssl cms -verify` takes --- */

static sv_status blob_put(struct sv_ctx *ctx, const char *path, const char *hex) {
  size_t n = hex ? strlen(hex) / 2 : 0;
  uint8_t *p = sv_arena_alloc(ctx->mem, n + 1);
  FILE *f = path && p && n && sv_unhex(hex, p, n) ? fopen(path, "wbxe") : NULL;
  if (!f) {
    return SV_FAIL(ctx, IO, "an amendment's file: %s", strerror(errno));
  }
  bool kept = fwrite(p, 1, n, f) == n && fflush(f) == 0 && fsync(fileno(f)) == 0;
  kept = fclose(f) == 0 && kept;
  return kept ? SV_DONE : SV_FAIL(ctx, IO, "%s can't be synced", path);
}

static sv_status amendment_put(void *arg, struct sv_ctx *ctx, const char *const *names,
                               const char *const *cells, size_t n) {
  const struct exporting *e = arg;
  const char *authority = cell(names, cells, n, "authority"), *id = cell(names, cells, n, "id");
  const char *amendment = cell(names, cells, n, "amendment");
  if (!of_year(e->year, names, cells, n)) {
    return SV_DONE;
  }
  if (!authority || !id || !amendment || strpbrk(authority, "/\\") || strpbrk(id, "/\\")) {
    return SV_FAIL(ctx, CORRUPT, "an amendment of no name");
  }
  SV_TRY(blob_put(
      ctx,
      sv_arena_printf(ctx->mem, "%s/amendments/%s.%s.%s.json", e->dir, authority, id, amendment),
      cell(names, cells, n, "record")));
  return blob_put(
      ctx,
      sv_arena_printf(ctx->mem, "%s/amendments/%s.%s.%s.p7s", e->dir, authority, id, amendment),
      cell(names, cells, n, "signature"));
}

static sv_status amendments_put(struct store_tx *tx, struct sv_ctx *ctx, struct exporting *e) {
  char *path = sv_arena_printf(ctx->mem, "%s/amendments", e->dir);
  if (!path || mkdir(path, 0700) != 0) {
    return SV_FAIL(ctx, IO, "amendments: %s", strerror(errno));
  }
  return tx->log->table(tx, ctx, "amendments", amendment_put, e);
}

static sv_status export_act(struct store_tx *tx, struct sv_ctx *ctx, void *arg) {
  for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
    SV_TRY(table_put(tx, ctx, arg, tables[i]));
  }
  return amendments_put(tx, ctx, arg);
}

sv_status export_year(struct sv_ctx *ctx, struct store *store, int year, const char *dir) {
  struct exporting e = {.year = year, .dir = dir};
  if (mkdir(dir, 0700) != 0) {
    return SV_FAIL(ctx, CONFIG, "%s: %s", dir, strerror(errno));
  }
  return store_read(store, ctx, export_act, &e);
}
