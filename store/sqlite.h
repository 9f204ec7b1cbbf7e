/* The embedded backend: one SQLite file in WAL mode with synchronous FULL, one writer thread with group commit. */
#pragma once
#include "store/keys.h"
#include "store/store.h"

/* Opens or makes the file, runs the migrations that it lacks; a file of a newer version is CONFIG. One process a file:
 * a second one is refused by a lock. */
sv_status store_sqlite_open(struct sv_ctx *ctx, const char *path, const struct store_keys *keys,
                            struct store **ret);

/* For audits and exports, while a server may run: nothing is written, no lock is taken, a write is CONFIG. A file of
 * another schema is CONFIG. */
sv_status store_sqlite_open_readonly(struct sv_ctx *ctx, const char *path,
                                     const struct store_keys *keys, struct store **ret);

/* The schema of a file and of this program. Fails: CONFIG when it is no registry. */
sv_status store_sqlite_schema(struct sv_ctx *ctx, const char *path, int *ret_file,
                              int *ret_program);
/* A consistent copy of a registry that may be in use, as one file, synced. Fails: IO, CONFIG when target exists. */
sv_status store_sqlite_backup(struct sv_ctx *ctx, const char *path, const char *target);
/* Wraps all data keys with another master key; the registry must not be in use. */
sv_status store_sqlite_rewrap(struct sv_ctx *ctx, const char *path, const struct store_keys *keys,
                              const uint8_t master[STORE_KEY_BYTES], uint64_t *ret_n);
