/* What a device that judges without a network remembers between two papers: how late it is at least, which lists it has used,
 * which letters it was shown. A text, one line a fact, in one order:
 *
 *   salvo-device/1
 *   latest TIME                    the newest moment that is known to have been
 *   trust SEQUENCE
 *   list A SEQUENCE SIZE ROOT      newest bundle of a list, and the log's checkpoint in it
 *   seen NUMBER VERSION COPY TIME  when it was last shown, oldest first
 *
 * Nobody's name is in it. The newest VERIFY_SEEN_MAX letters are kept. */
#pragma once
#include "base/ctx.h"

enum { VERIFY_SEEN_MAX = 16384, VERIFY_LISTS = 26, VERIFY_MEMORY_MAX = 1024 * 1024 };

struct verify_seen {
  char number[10];
  uint32_t version, copy;
  int64_t time_us;
};

struct verify_list_seen {
  uint64_t sequence; /* 0: none was used */
  uint64_t log_size;
  uint8_t log_root[32];
};

struct verify_memory {
  int64_t latest_us;
  uint64_t trust_sequence;
  struct verify_list_seen lists[VERIFY_LISTS]; /* A to Z */
  struct verify_seen *seen;                    /* room for VERIFY_SEEN_MAX */
  size_t seen_count;
};

/* *ret, empty, or as the text says; in ctx->mem. Fails: CORRUPT with the line's number, NO_MEMORY. */
sv_status verify_memory_new(struct sv_ctx *ctx, struct verify_memory **ret);
sv_status verify_memory_read(struct sv_ctx *ctx, struct sv_bytes text, struct verify_memory **ret);
/* ret in ctx->mem. Fails: NO_MEMORY. */
sv_status verify_memory_write(struct sv_ctx *ctx, const struct verify_memory *memory,
                              struct sv_bytes *ret);

/* The last time that this letter was shown; NULL: never. newest_copy: of that version, among all that was shown. */
const struct verify_seen *verify_memory_find(const struct verify_memory *memory, const char *number,
                                             uint32_t version, uint32_t copy,
                                             uint32_t *ret_newest_copy);
/* As the newest. A letter has one line a copy, however often it is shown; where there is no room, the oldest is forgotten. */
void verify_memory_add(struct verify_memory *memory, const char *number, uint32_t version,
                       uint32_t copy, int64_t time_us);
