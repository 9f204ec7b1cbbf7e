/* A file of requests, one a line (protobuf JSON) or one a row (CSV, RFC 4180; the columns are paths of fields, as
 * safe_conduct.holder.surname; repeated values are parted by semicolons). */
#pragma once
#include "apps/salvo/salvo.h"

enum { BATCH_BYTES_MAX = 256 * 1024 * 1024, BATCH_COLUMNS_MAX = 200, BATCH_ID_ROOM = 37 };

enum batch_state {
  BATCH_TODO,
  BATCH_FETCH, /* issued; its file is too large to have come with the answer */
  BATCH_DONE,
  BATCH_FAILED,
};

struct batch_item {
  size_t line;
  struct sv_bytes text;
  char request_id[BATCH_ID_ROOM];
  enum batch_state state;
  char number[10];
  uint32_t version;
};

struct batch_file {
  struct batch_item *items; /* in the order of the file */
  size_t n;
  struct batch_item **by_id; /* sorted by request_id */
  const char **columns;      /* of a CSV; NULL: a line is JSON */
  size_t column_n;
};

/* Reads and checks the whole file; what is wrong with single lines is told by batch_request. A request without a request_id
 * gets one that follows from the file's SHA-256 and its line (RFC 9562, version 8): a rerun asks the same. scratch is
 * reset for each line. Anything but EXIT_DONE has been said on standard error. */
int batch_file_read(struct salvo *s, const char *path, struct sv_arena *scratch,
                    struct batch_file *ret);

/* The wire bytes of a BatchIssueDocumentsRequest, in ctx->mem. Fails: JSON_FORMAT with the detail and the field. */
sv_status batch_request(struct sv_ctx *ctx, const struct batch_file *f,
                        const struct batch_item *item, struct sv_bytes *ret_wire);

/* NULL: no such request. */
struct batch_item *batch_find(const struct batch_file *f, const char *request_id);

/* Did this program derive the id? Then it belongs to one content of the file alone. */
bool batch_id_derived(const char *request_id);
