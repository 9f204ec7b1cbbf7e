/* Lines and rows into requests. Invariant: a request_id follows from the file alone, and no two requests have the same. */
#include "apps/salvo/batch_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "rpc/grpc/json.h"
#include "rpc/grpc/service.h"
#include "salvo/v1/issuance.pb-c.h"

enum { PATH_MAX_BYTES = 160, UUID_VERSION_AT = 14, UUID_VARIANT_AT = 19 };

/* --- rows --- */

/* The row at *at: its raw bytes; *at goes behind it, *line grows by the lines it takes. A quoted cell may hold lines. */
static struct sv_bytes row_next(struct sv_bytes all, size_t *at, size_t *line, bool csv) {
  size_t start = *at;
  bool quoted = false;
  while (*at < all.n && (quoted || all.p[*at] != '\n')) {
    quoted = quoted != (csv && all.p[*at] == '"');
    *line += all.p[*at] == '\n';
    ++*at;
  }
  size_t n = *at - start;
  ++*at;
  ++*line;
  if (n > 0 && all.p[start + n - 1] == '\r') {
    n--;
  }
  return sv_bytes_of(all.p + start, n);
}

/* One cell, unquoted, in ctx->mem; *at goes behind its comma. */
static sv_status cell_next(struct sv_ctx *ctx, struct sv_bytes row, size_t *at, const char **ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  bool quoted = *at < row.n && row.p[*at] == '"';
  *at += quoted;
  for (; *at < row.n; ++*at) {
    char c = (char)row.p[*at];
    if (quoted && c == '"') {
      bool twice = *at + 1 < row.n && row.p[*at + 1] == '"';
      quoted = twice;
      *at += twice;
      if (!twice) {
        continue;
      }
    } else if (!quoted && c == ',') {
      break;
    } else if (c == '\0') {
      return SV_FAIL(ctx, JSON_FORMAT, "a NUL in a cell");
    }
    sv_buf_u8(&out, (uint8_t)c);
  }
  ++*at;
  sv_buf_u8(&out, 0);
  if (quoted || out.failed) {
    return SV_FAIL(ctx, JSON_FORMAT, "a quoted cell has no end");
  }
  *ret = (const char *)out.p;
  return SV_DONE;
}

static sv_status cells_of(struct sv_ctx *ctx, struct sv_bytes row, const char **ret,
                          size_t *ret_n) {
  size_t n = 0;
  for (size_t at = 0; at <= row.n; n++) {
    if (n == BATCH_COLUMNS_MAX) {
      return SV_FAIL(ctx, JSON_FORMAT, "more than %d columns", BATCH_COLUMNS_MAX);
    }
    SV_TRY(cell_next(ctx, row, &at, &ret[n]));
  }
  *ret_n = n;
  return SV_DONE;
}

/* --- columns --- */

/* Whether a path leads to a field that a cell can hold. */
static bool column_known(const char *path) {
  const ProtobufCMessageDescriptor *type = &salvo__v1__issue_document_request__descriptor;
  char name[PATH_MAX_BYTES];
  for (const char *p = path;;) {
    size_t n = strcspn(p, ".");
    if (n == 0 || n >= sizeof name) {
      return false;
    }
    memcpy(name, p, n);
    name[n] = '\0';
    const ProtobufCFieldDescriptor *f = protobuf_c_message_descriptor_get_field_by_name(type, name);
    bool message = f && f->type == PROTOBUF_C_TYPE_MESSAGE;
    if (!f || message != (p[n] == '.') || (message && f->label == PROTOBUF_C_LABEL_REPEATED)) {
      return false;
    }
    if (!message) {
      return true;
    }
    type = f->descriptor;
    p += n + 1;
  }
}

struct row {
  const struct batch_file *f;
  const char *cells[BATCH_COLUMNS_MAX];
  struct sv_buf *out;
};

static const char *cell_at(const struct row *r, const char *path) {
  for (size_t i = 0; i < r->f->column_n; i++) {
    if (strcmp(r->f->columns[i], path) == 0) {
      return r->cells[i];
    }
  }
  return "";
}

static bool cell_under(const struct row *r, const char *path) {
  size_t n = strlen(path);
  for (size_t i = 0; i < r->f->column_n; i++) {
    if (strncmp(r->f->columns[i], path, n) == 0 && r->f->columns[i][n] == '.' && r->cells[i][0]) {
      return true;
    }
  }
  return false;
}

static void scalar_put(const struct row *r, const ProtobufCFieldDescriptor *f, const char *text) {
  if (f->type == PROTOBUF_C_TYPE_BOOL &&
      (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
    sv_buf_str(r->out, text);
  } else {
    json_text_put(r->out, text);
  }
}

static void list_put(const struct row *r, struct sv_arena *mem, const ProtobufCFieldDescriptor *f,
                     const char *text) {
  char *copy = sv_arena_strdup(mem, text), *save = NULL;
  const char *comma = "[";
  for (char *v = copy ? strtok_r(copy, ";", &save) : NULL; v; v = strtok_r(NULL, ";", &save)) {
    v += strspn(v, " ");
    for (size_t n = strlen(v); n > 0 && v[n - 1] == ' '; n--) {
      v[n - 1] = '\0';
    }
    sv_buf_str(r->out, comma);
    scalar_put(r, f, v);
    comma = ",";
  }
  sv_buf_str(r->out, comma[0] == '[' ? "[]" : "]");
}

/* The object of a message; its depth is that of the columns' paths. */
static void object_put(const struct row *r, struct sv_arena *mem,
                       const ProtobufCMessageDescriptor *type, const char *prefix) {
  const char *comma = "";
  sv_buf_u8(r->out, '{');
  for (unsigned i = 0; i < type->n_fields; i++) {
    const ProtobufCFieldDescriptor *f = &type->fields[i];
    char path[2 * PATH_MAX_BYTES];
    int n = snprintf(path, sizeof path, "%s%s", prefix, f->name);
    const char *cell = n > 0 && (size_t)n < sizeof path ? cell_at(r, path) : "";
    bool group = f->type == PROTOBUF_C_TYPE_MESSAGE && cell_under(r, path);
    if (!cell[0] && !group) {
      continue;
    }
    sv_buf_printf(r->out, "%s\"%s\":", comma, f->name);
    comma = ",";
    if (group) {
      (void)snprintf(path + n, sizeof path - (size_t)n, ".");
      object_put(r, mem, f->descriptor, path);
    } else if (f->label == PROTOBUF_C_LABEL_REPEATED) {
      list_put(r, mem, f, cell);
    } else {
      scalar_put(r, f, cell);
    }
  }
  sv_buf_u8(r->out, '}');
}

static sv_status row_json(struct sv_ctx *ctx, const struct batch_file *f, struct sv_bytes text,
                          struct sv_bytes *ret) {
  struct sv_buf out = sv_buf_in(ctx->mem, 0);
  struct row *r = SV_NEW(ctx->mem, struct row);
  size_t n;
  if (!r) {
    return SV_FAIL(ctx, NO_MEMORY, "a row");
  }
  r->f = f;
  r->out = &out;
  SV_TRY(cells_of(ctx, text, r->cells, &n));
  if (n != f->column_n) {
    return SV_FAIL(ctx, JSON_FORMAT, "%zu cells under %zu columns", n, f->column_n);
  }
  object_put(r, ctx->mem, &salvo__v1__issue_document_request__descriptor, "");
  *ret = sv_buf_bytes(&out);
  return out.failed ? SV_FAIL(ctx, NO_MEMORY, "a row") : SV_DONE;
}

/* --- requests --- */

static sv_status message_of(struct sv_ctx *ctx, const struct batch_file *f, struct sv_bytes text,
                            Salvo__V1__IssueDocumentRequest **ret) {
  ProtobufCMessage *m;
  if (f->columns) {
    SV_TRY(row_json(ctx, f, text, &text));
  }
  SV_TRY(json_to_message(ctx, &salvo__v1__issue_document_request__descriptor, text, &m));
  *ret = (Salvo__V1__IssueDocumentRequest *)(void *)m;
  return SV_DONE;
}

sv_status batch_request(struct sv_ctx *ctx, const struct batch_file *f,
                        const struct batch_item *item, struct sv_bytes *ret_wire) {
  Salvo__V1__BatchIssueDocumentsRequest request = SALVO__V1__BATCH_ISSUE_DOCUMENTS_REQUEST__INIT;
  SV_TRY(message_of(ctx, f, item->text, &request.request));
  if (strlen(request.request->request_id) >= sizeof item->request_id) {
    sv_ctx_violate(ctx, "is not a UUID", "request_id");
    return SV_FAIL(ctx, JSON_FORMAT, "request_id is not a UUID");
  }
  request.request->request_id = sv_arena_strdup(ctx->mem, item->request_id);
  return request.request->request_id ? rpc_pack(ctx, &request.base, ret_wire)
                                     : SV_FAIL(ctx, NO_MEMORY, "a request");
}

static void id_derive(const uint8_t file_sha256[static 32], size_t line,
                      char ret[static BATCH_ID_ROOM]) {
  uint8_t in[64], d[32];
  char hex[33];
  memcpy(in, file_sha256, 32);
  int n = snprintf((char *)in + 32, sizeof in - 32, "/%zu", line);
  crypto_sha256(sv_bytes_of(in, 32 + (size_t)n), d);
  sv_hex(d, 16, hex);
  (void)snprintf(ret, BATCH_ID_ROOM, "%.8s-%.4s-8%.3s-%c%.3s-%.12s", hex, hex + 8, hex + 13,
                 "89ab"[d[8] >> 6], hex + 17, hex + 20);
}

bool batch_id_derived(const char *request_id) {
  return strlen(request_id) == BATCH_ID_ROOM - 1 && request_id[UUID_VERSION_AT] == '8';
}

static int by_id(const void *a, const void *b) {
  return strcmp((*(struct batch_item *const *)a)->request_id,
                (*(struct batch_item *const *)b)->request_id);
}

static int key_of(const void *key, const void *item) {
  return strcmp(key, (*(struct batch_item *const *)item)->request_id);
}

struct batch_item *batch_find(const struct batch_file *f, const char *request_id) {
  struct batch_item **found = bsearch(request_id, f->by_id, f->n, sizeof(void *), key_of);
  return found ? *found : NULL;
}

/* --- reading --- */

static int header_read(struct salvo *s, const char *path, struct sv_bytes row,
                       struct batch_file *f) {
  f->columns = SV_ARRAY(s->ctx->mem, BATCH_COLUMNS_MAX, const char *);
  sv_status status = f->columns ? cells_of(s->ctx, row, f->columns, &f->column_n)
                                : SV_FAIL(s->ctx, NO_MEMORY, "columns");
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  for (size_t i = 0; i < f->column_n; i++) {
    bool twice = false;
    for (size_t k = 0; k < i; k++) {
      twice = twice || strcmp(f->columns[k], f->columns[i]) == 0;
    }
    if (twice || !column_known(f->columns[i])) {
      (void)fprintf(stderr, "salvo: %s: column %zu \"%.80s\" %s\n", path, i + 1, f->columns[i],
                    twice ? "is there twice" : "is no field of a request");
      return EXIT_USAGE;
    }
  }
  return EXIT_DONE;
}

/* The request's own id where it has one. A faulty line gets a derived one: it is told by it. */
static void id_take(const struct batch_file *f, struct sv_arena *scratch,
                    const uint8_t sha256[static 32], struct batch_item *item) {
  struct sv_ctx ctx = sv_ctx_over(scratch);
  Salvo__V1__IssueDocumentRequest *m;
  id_derive(sha256, item->line, item->request_id);
  if (!sv_failed(message_of(&ctx, f, item->text, &m)) && m->request_id[0] &&
      strlen(m->request_id) < sizeof item->request_id) {
    (void)snprintf(item->request_id, sizeof item->request_id, "%s", m->request_id);
  }
  sv_arena_reset(scratch);
}

static int ids_sort(struct salvo *s, const char *path, struct batch_file *f) {
  f->by_id = SV_ARRAY(s->ctx->mem, f->n, struct batch_item *);
  if (!f->by_id) {
    return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "%s", path));
  }
  for (size_t i = 0; i < f->n; i++) {
    f->by_id[i] = &f->items[i];
  }
  if (f->n) {
    qsort(f->by_id, f->n, sizeof(void *), by_id);
  }
  for (size_t i = 1; i < f->n; i++) {
    if (by_id(&f->by_id[i - 1], &f->by_id[i]) == 0) {
      (void)fprintf(stderr, "salvo: %s: lines %zu and %zu have one request_id\n", path,
                    f->by_id[i - 1]->line, f->by_id[i]->line);
      return EXIT_USAGE;
    }
  }
  return EXIT_DONE;
}

static bool ends_in(const char *path, const char *suffix) {
  size_t n = strlen(path), m = strlen(suffix);
  return n > m && strcmp(path + n - m, suffix) == 0;
}

static size_t rows_count(struct sv_bytes all, bool csv) {
  size_t n = 0, line = 1;
  for (size_t at = 0; at < all.n; n++) {
    (void)row_next(all, &at, &line, csv);
  }
  return n;
}

int batch_file_read(struct salvo *s, const char *path, struct sv_arena *scratch,
                    struct batch_file *ret) {
  struct sv_bytes all;
  uint8_t sha256[32];
  bool csv = ends_in(path, ".csv");
  struct batch_file f = {0};
  if (!csv && !ends_in(path, ".jsonl")) {
    return usage_fault("batch FILE.jsonl | FILE.csv");
  }
  sv_status status = file_read(s->ctx, path, BATCH_BYTES_MAX, &all);
  if (sv_failed(status)) {
    return call_failed(s, status);
  }
  crypto_sha256(all, sha256);
  size_t at = all.n >= 3 && memcmp(all.p, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, line = 1;
  if (csv) {
    int code = header_read(s, path, row_next(all, &at, &line, true), &f);
    if (code != EXIT_DONE) {
      return code;
    }
  }
  f.items = SV_ARRAY(s->ctx->mem, rows_count(all, csv), struct batch_item);
  if (!f.items) {
    return call_failed(s, SV_FAIL(s->ctx, NO_MEMORY, "%s", path));
  }
  while (at < all.n) {
    struct batch_item *item = &f.items[f.n];
    item->line = line;
    item->text = row_next(all, &at, &line, csv);
    if (item->text.n > 0) {
      id_take(&f, scratch, sha256, item);
      f.n++;
    }
  }
  *ret = f;
  return ids_sort(s, path, ret);
}
