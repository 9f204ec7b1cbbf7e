/* The embedded backend: one SQLite file in WAL mode with synchronous FULL, one writer thread with group commit. */
#pragma once
#include "store/store.h"

/* Opens or makes the file, runs the migrations that it lacks; a file of a newer version is CONFIG. One process a file:
 * a second one is refused by a lock. */
sv_status store_sqlite_open(struct sv_ctx *ctx, const char *path, struct store **ret);
