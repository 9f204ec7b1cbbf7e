/* The tree cut into files of 256 hashes (C2SP tlog-tiles, height 8), so that a log can be mirrored by fetching files that
 * never change. Bytes in, bytes out. Thread: any. */
#pragma once
#include "formats/tlog/tree.h"

enum { TLOG_TILE_HEIGHT = 8, TLOG_TILE_WIDTH = 256, TLOG_PATH_MAX = 64, TLOG_ENTRY_MAX = 65535 };

struct tlog_tile {
  bool entries;   /* a bundle of leaves instead of hashes */
  unsigned level; /* of the tile: its hashes are nodes of level 8 * level; 0 for entries */
  uint64_t index;
  unsigned width; /* 1 to 256 */
};

/* "tile/0/x001/x234/067", "tile/entries/000.p/5". */
void tlog_tile_path(const struct tlog_tile *tile, char path[static TLOG_PATH_MAX]);
/* False for anything but the one way a tile is written. */
bool tlog_tile_parse(const char *path, struct tlog_tile *ret);
/* Whether a tree of this size has the tile: full ones always, and the one partial tile of each level. */
bool tlog_tile_exists(const struct tlog_tile *tile, uint64_t size);
/* The hashes of a tile, one after the other. Fails: as nodes, NO_MEMORY. */
sv_status tlog_tile_hashes(struct sv_ctx *ctx, const struct tlog_nodes *nodes,
                           const struct tlog_tile *tile, struct sv_bytes *ret);
/* Appends a leaf to a bundle: two bytes of length, big-endian, and the leaf (at most TLOG_ENTRY_MAX bytes). */
void tlog_entry_put(struct sv_buf *bundle, struct sv_bytes leaf);
