/* Configuration files (libconfig syntax): typed look-ups with ranges; every fault says file, line and path; a key that
 * nobody asked for is a fault too. Texts and groups are valid until config_close. One thread at a time.
 *
 *   SV_TRY(config_open(ctx, path, &file));
 *   SV_TRY(config_list(ctx, config_root(file), "callers", &callers));
 *   for (size_t i = 0; i < callers.n; i++) {
 *     struct config_group caller;
 *     SV_TRY(config_list_group(ctx, callers, i, &caller));
 *     SV_TRY(config_text(ctx, caller, "spiffe", CONFIG_REQUIRED, &spiffe));
 *     SV_TRY(config_strings(ctx, caller, "roles", &roles, &role_n));
 *   }
 *   return config_unknown_check(ctx, file);
 *
 * All fail with CONFIG. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/ctx.h"

struct config;

/* { name = value; ... }: a view, copied freely. */
struct config_group {
  const struct config *file;
  void *setting;
};
/* ( { ... }, { ... } ): a view; n is 0 when the key is absent. */
struct config_list {
  const struct config *file;
  void *setting;
  size_t n;
};

/* Reads and parses a file. Caller: config_close, which accepts NULL. */
sv_status config_open(struct sv_ctx *ctx, const char *path, struct config **ret_file);
void config_close(struct config *file);
struct config_group config_root(const struct config *file);

/* Is the key there? Does not count as asking for it. */
bool config_has(struct config_group group, const char *name);

/* fallback is taken when the key is absent; CONFIG_REQUIRED makes that a fault. */
#define CONFIG_REQUIRED ((const char *)NULL)
#define CONFIG_REQUIRED_INT INT64_MIN
sv_status config_text(struct sv_ctx *ctx, struct config_group group, const char *name,
                      const char *fallback, const char **ret_text);
sv_status config_int(struct sv_ctx *ctx, struct config_group group, const char *name, int64_t min,
                     int64_t max, int64_t fallback, int64_t *ret_value);
sv_status config_bool(struct sv_ctx *ctx, struct config_group group, const char *name,
                      bool fallback, bool *ret_value);
/* One of words[0..n): its index. fallback is an index, or -1 when the key is required. */
sv_status config_word(struct sv_ctx *ctx, struct config_group group, const char *name,
                      const char *const *words, size_t n, int fallback, int *ret_index);
/* [ "a", "b" ] or ( "a", "b" ); absent is none. The array is in ctx->mem, the texts in the file. */
sv_status config_strings(struct sv_ctx *ctx, struct config_group group, const char *name,
                         const char *const **ret_texts, size_t *ret_n);
/* A group inside a group; absent: a fault. */
sv_status config_group(struct sv_ctx *ctx, struct config_group group, const char *name,
                       struct config_group *ret_group);
/* A list of groups; absent is empty. */
sv_status config_list(struct sv_ctx *ctx, struct config_group group, const char *name,
                      struct config_list *ret_list);
sv_status config_list_group(struct sv_ctx *ctx, struct config_list list, size_t i,
                            struct config_group *ret_group);

/* The first key of the whole file that was never asked for is a fault. */
sv_status config_unknown_check(struct sv_ctx *ctx, const struct config *file);

/* A fault that the caller found, with file, line and path of the key (of the group when name is NULL). */
sv_status config_fault(struct sv_ctx *ctx, struct config_group group, const char *name,
                       const char *message);
