/* The PAdES levels of files, and what was appended to raise them: part of the registry's contract. The signed revision stays
 * where it is, with the digest that everybody knows; a file is that revision and its tails, in order. */
#pragma once
#include "store/store.h"

struct store_file {
  const char *number;
  uint32_t version;
  uint32_t copy;
  enum model_audience audience; /* MODEL_AUTHORITY: the copy itself */
};

#define STORE_LEVEL_NEVER INT64_MAX
enum { STORE_LEVEL_LOWEST = 1, STORE_LEVEL_HIGHEST = 4, STORE_TAILS_MAX = 200 };

struct store_level {
  struct store_file file;
  uint32_t level;
  uint32_t wanted;
  int64_t due_us; /* STORE_LEVEL_NEVER, or when it is to be raised or renewed */
  uint32_t tries; /* that failed since the last step */
};

struct store_tail {
  uint32_t step; /* 0: went out with the document */
  uint32_t level;
  struct sv_bytes bytes;
  uint8_t file_sha256[32];
};

/* Reasons as in store/store.h, and those named. A file without a row is at the lowest level and wanted no higher. */
struct store_level_ops {
  /* Sets all of a row, which may be new. */
  sv_status (*put)(struct store_tx *, struct sv_ctx *, const struct store_level *);
  /* NOT_FOUND. */
  sv_status (*find)(struct store_tx *, struct sv_ctx *, const struct store_file *,
                    struct store_level *ret);
  /* Rows that are due, longest first. */
  sv_status (*due)(struct store_tx *, struct sv_ctx *, int64_t now_us, struct store_level *ret,
                   size_t limit, size_t *ret_n);
  /* Makes due what is at the highest level and got its last tail before a moment. */
  sv_status (*restamp)(struct store_tx *, struct sv_ctx *, int64_t before_us, int64_t due_us);
  /* How many are below what is wanted. */
  sv_status (*below)(struct store_tx *, struct sv_ctx *, uint64_t *ret);
  /* VERSION_CHANGED: the file has this step already. */
  sv_status (*tail_add)(struct store_tx *, struct sv_ctx *, const struct store_file *,
                        const struct store_tail *);
  /* All steps in order; with_bytes false: digests alone. LIMIT_EXCEEDED beyond STORE_TAILS_MAX. */
  sv_status (*tails)(struct store_tx *, struct sv_ctx *, const struct store_file *, bool with_bytes,
                     struct store_tail **ret, size_t *ret_n);
};
