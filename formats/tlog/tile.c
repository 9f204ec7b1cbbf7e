/* Paths and bytes of tiles. Invariant: tlog_tile_parse reads exactly what tlog_tile_path writes. */
#include "formats/tlog/tile.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEVEL_MAX = 7, INDEX_MAX_DIGITS = 18 };

void tlog_tile_path(const struct tlog_tile *tile, char path[static TLOG_PATH_MAX]) {
  char digits[24];
  int n = snprintf(digits, sizeof digits, "%03llu", (unsigned long long)tile->index);
  int at = tile->entries ? snprintf(path, TLOG_PATH_MAX, "tile/entries/")
                         : snprintf(path, TLOG_PATH_MAX, "tile/%u/", tile->level);
  int head = n % 3 ? n % 3 : 3;
  /* groups of three digits, all but the last with an x; the first is filled up with zeroes */
  for (int i = 0; i < n; i += i ? 3 : head) {
    int group = i ? 3 : head;
    bool last = i + group == n;
    at += snprintf(path + at, TLOG_PATH_MAX - (size_t)at, "%s%.*s%.*s%s", last ? "" : "x",
                   3 - group, "00", group, digits + i, last ? "" : "/");
  }
  if (tile->width < TLOG_TILE_WIDTH) {
    (void)snprintf(path + at, TLOG_PATH_MAX - (size_t)at, ".p/%u", tile->width);
  }
}

static bool digits_take(const char **p, int n_min, int n_max, uint64_t *ret) {
  uint64_t v = 0;
  int n = 0;
  while (n < n_max && **p >= '0' && **p <= '9') {
    v = v * 10 + (uint64_t)(*(*p)++ - '0');
    n++;
  }
  *ret = v;
  return n >= n_min;
}

bool tlog_tile_parse(const char *path, struct tlog_tile *ret) {
  struct tlog_tile t = {.width = TLOG_TILE_WIDTH};
  const char *p = path;
  uint64_t v = 0;
  if (strlen(path) >= TLOG_PATH_MAX || strncmp(p, "tile/", 5) != 0) {
    return false;
  }
  p += 5;
  t.entries = strncmp(p, "entries/", 8) == 0;
  if (t.entries) {
    p += 8;
  } else if (digits_take(&p, 1, 1, &v) && v <= LEVEL_MAX && *p++ == '/') {
    t.level = (unsigned)v;
  } else {
    return false;
  }
  bool more = true;
  for (int n = 0; more; n += 3) {
    more = *p == 'x';
    p += more;
    if (n >= INDEX_MAX_DIGITS || !digits_take(&p, 3, 3, &v) || (more && *p++ != '/')) {
      return false;
    }
    t.index = t.index * 1000 + v;
  }
  if (strncmp(p, ".p/", 3) == 0) {
    p += 3;
    if (!digits_take(&p, 1, 3, &v) || v == 0 || v >= TLOG_TILE_WIDTH) {
      return false;
    }
    t.width = (unsigned)v;
  }
  char again[TLOG_PATH_MAX]; /* leading zeroes and the like */
  tlog_tile_path(&t, again);
  if (strcmp(again, path) != 0) {
    return false;
  }
  *ret = t;
  return true;
}

bool tlog_tile_exists(const struct tlog_tile *tile, uint64_t size) {
  uint64_t nodes = size >> (TLOG_TILE_HEIGHT * tile->level);
  uint64_t full = nodes / TLOG_TILE_WIDTH;
  return tile->index < full || (tile->index == full && tile->width < TLOG_TILE_WIDTH &&
                                tile->width <= nodes % TLOG_TILE_WIDTH);
}

sv_status tlog_tile_hashes(struct sv_ctx *ctx, const struct tlog_nodes *nodes,
                           const struct tlog_tile *tile, struct sv_bytes *ret) {
  struct tlog_hash *out = SV_ARRAY(ctx->mem, tile->width, struct tlog_hash);
  if (!out) {
    return SV_FAIL(ctx, NO_MEMORY, "tile");
  }
  for (unsigned i = 0; i < tile->width; i++) {
    SV_TRY(nodes->node(nodes->arg, ctx, TLOG_TILE_HEIGHT * tile->level,
                       tile->index * TLOG_TILE_WIDTH + i, &out[i]));
  }
  *ret = sv_bytes_of(out, (size_t)tile->width * TLOG_HASH_BYTES);
  return SV_DONE;
}

void tlog_entry_put(struct sv_buf *bundle, struct sv_bytes leaf) {
  SV_ASSERT(leaf.n <= TLOG_ENTRY_MAX);
  sv_buf_u8(bundle, (uint8_t)(leaf.n >> 8));
  sv_buf_u8(bundle, (uint8_t)leaf.n);
  sv_buf_put(bundle, leaf.p, leaf.n);
}
