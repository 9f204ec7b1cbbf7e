/* libconfig behind typed look-ups. Invariant: a setting whose hook is set was asked for. */
#include "runtime/config.h"

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>

struct config {
  config_t parsed;
  char *path;
};

enum { CONFIG_PATH_ROOM = 160, CONFIG_DEPTH_MAX = 16 };

/* "callers[2].roles" */
static void setting_path(const config_setting_t *s, char path[static CONFIG_PATH_ROOM]) {
  const config_setting_t *way[CONFIG_DEPTH_MAX];
  size_t depth = 0;
  while (s && !config_setting_is_root(s) && depth < CONFIG_DEPTH_MAX) {
    way[depth++] = s;
    s = config_setting_parent(s);
  }
  size_t n = 0;
  path[0] = '\0';
  while (depth-- > 0 && n < CONFIG_PATH_ROOM) {
    const char *name = config_setting_name(way[depth]);
    int wrote =
        name ? snprintf(path + n, CONFIG_PATH_ROOM - n, "%s%s", n ? "." : "", name)
             : snprintf(path + n, CONFIG_PATH_ROOM - n, "[%d]", config_setting_index(way[depth]));
    n += wrote > 0 ? (size_t)wrote : 0;
  }
}

static sv_status setting_fault(struct sv_ctx *ctx, const struct config *file,
                               const config_setting_t *s, const char *message) {
  char path[CONFIG_PATH_ROOM];
  setting_path(s, path);
  return SV_FAIL(ctx, CONFIG, "%s:%u: %s%s%s", file->path, config_setting_source_line(s), path,
                 path[0] ? ": " : "", message);
}

void config_close(struct config *file) {
  if (file) {
    config_destroy(&file->parsed);
    free(file->path);
    free(file);
  }
}
SV_AUTO_DEFINE(struct config, config_close)

sv_status config_open(struct sv_ctx *ctx, const char *path, struct config **ret_file) {
  SV_AUTO(config_close) struct config *file = calloc(1, sizeof *file);
  if (!file) {
    return SV_FAIL(ctx, NO_MEMORY, "configuration");
  }
  config_init(&file->parsed);
  file->path = strdup(path);
  if (!file->path) {
    return SV_FAIL(ctx, NO_MEMORY, "configuration");
  }
  if (!config_read_file(&file->parsed, path)) {
    const char *where = config_error_file(&file->parsed);
    if (config_error_type(&file->parsed) == CONFIG_ERR_FILE_IO) {
      return SV_FAIL(ctx, CONFIG, "%s: can't be read", path);
    }
    return SV_FAIL(ctx, CONFIG, "%s:%d: %s", where ? where : path, config_error_line(&file->parsed),
                   config_error_text(&file->parsed));
  }
  *ret_file = SV_TAKE(file);
  return SV_DONE;
}

struct config_group config_root(const struct config *file) {
  return (struct config_group){.file = file, .setting = config_root_setting(&file->parsed)};
}

bool config_has(struct config_group group, const char *name) {
  return config_setting_get_member(group.setting, name) != NULL;
}

sv_status config_fault(struct sv_ctx *ctx, struct config_group group, const char *name,
                       const char *message) {
  const config_setting_t *s = name ? config_setting_get_member(group.setting, name) : NULL;
  return setting_fault(ctx, group.file, s ? s : group.setting, message);
}

/* Finds a member and marks it as asked for. */
static config_setting_t *member(struct config_group group, const char *name) {
  config_setting_t *s = config_setting_get_member(group.setting, name);
  if (s) {
    config_setting_set_hook(s, s);
  }
  return s;
}

static sv_status member_missing(struct sv_ctx *ctx, struct config_group group, const char *name) {
  char message[96];
  (void)snprintf(message, sizeof message, "\"%s\" is required", name);
  return setting_fault(ctx, group.file, group.setting, message);
}

sv_status config_text(struct sv_ctx *ctx, struct config_group group, const char *name,
                      const char *fallback, const char **ret_text) {
  const config_setting_t *s = member(group, name);
  if (!s && !fallback) {
    return member_missing(ctx, group, name);
  }
  if (s && config_setting_type(s) != CONFIG_TYPE_STRING) {
    return setting_fault(ctx, group.file, s, "must be a text in quotes");
  }
  *ret_text = s ? config_setting_get_string(s) : fallback;
  return SV_DONE;
}

sv_status config_int(struct sv_ctx *ctx, struct config_group group, const char *name, int64_t min,
                     int64_t max, int64_t fallback, int64_t *ret_value) {
  const config_setting_t *s = member(group, name);
  if (!s) {
    if (fallback == CONFIG_REQUIRED_INT) {
      return member_missing(ctx, group, name);
    }
    *ret_value = fallback;
    return SV_DONE;
  }
  int type = config_setting_type(s);
  if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
    return setting_fault(ctx, group.file, s, "must be a whole number");
  }
  int64_t v = type == CONFIG_TYPE_INT ? config_setting_get_int(s) : config_setting_get_int64(s);
  if (v < min || v > max) {
    char message[96];
    (void)snprintf(message, sizeof message, "must be from %lld to %lld", (long long)min,
                   (long long)max);
    return setting_fault(ctx, group.file, s, message);
  }
  *ret_value = v;
  return SV_DONE;
}

sv_status config_bool(struct sv_ctx *ctx, struct config_group group, const char *name,
                      bool fallback, bool *ret_value) {
  const config_setting_t *s = member(group, name);
  if (s && config_setting_type(s) != CONFIG_TYPE_BOOL) {
    return setting_fault(ctx, group.file, s, "must be true or false");
  }
  *ret_value = s ? config_setting_get_bool(s) != 0 : fallback;
  return SV_DONE;
}

sv_status config_word(struct sv_ctx *ctx, struct config_group group, const char *name,
                      const char *const *words, size_t n, int fallback, int *ret_index) {
  const char *text = NULL;
  SV_TRY(config_text(ctx, group, name, fallback < 0 ? CONFIG_REQUIRED : words[fallback], &text));
  for (size_t i = 0; i < n; i++) {
    if (strcmp(text, words[i]) == 0) {
      *ret_index = (int)i;
      return SV_DONE;
    }
  }
  char message[96] = "must be one of";
  size_t at = strlen(message);
  for (size_t i = 0; i < n && at < sizeof message; i++) {
    int wrote = snprintf(message + at, sizeof message - at, "%s %s", i ? "," : "", words[i]);
    at += wrote > 0 ? (size_t)wrote : 0;
  }
  return config_fault(ctx, group, name, message);
}

sv_status config_strings(struct sv_ctx *ctx, struct config_group group, const char *name,
                         const char *const **ret_texts, size_t *ret_n) {
  config_setting_t *s = member(group, name);
  if (!s) {
    *ret_texts = NULL;
    *ret_n = 0;
    return SV_DONE;
  }
  if (!config_setting_is_list(s) && !config_setting_is_array(s)) {
    return setting_fault(ctx, group.file, s, "must be a list of texts");
  }
  size_t n = (size_t)config_setting_length(s);
  const char **texts = SV_ARRAY(ctx->mem, n, const char *);
  if (!texts) {
    return SV_FAIL(ctx, NO_MEMORY, "%s: %zu texts", name, n);
  }
  for (size_t i = 0; i < n; i++) {
    config_setting_t *e = config_setting_get_elem(s, (unsigned)i);
    if (config_setting_type(e) != CONFIG_TYPE_STRING) {
      return setting_fault(ctx, group.file, e, "must be a text in quotes");
    }
    config_setting_set_hook(e, e);
    texts[i] = config_setting_get_string(e);
  }
  *ret_texts = texts;
  *ret_n = n;
  return SV_DONE;
}

sv_status config_group(struct sv_ctx *ctx, struct config_group group, const char *name,
                       struct config_group *ret_group) {
  config_setting_t *s = member(group, name);
  if (!s) {
    return member_missing(ctx, group, name);
  }
  if (!config_setting_is_group(s)) {
    return setting_fault(ctx, group.file, s, "must be a group { }");
  }
  *ret_group = (struct config_group){.file = group.file, .setting = s};
  return SV_DONE;
}

sv_status config_list(struct sv_ctx *ctx, struct config_group group, const char *name,
                      struct config_list *ret_list) {
  config_setting_t *s = member(group, name);
  if (s && !config_setting_is_list(s)) {
    return setting_fault(ctx, group.file, s, "must be a list ( )");
  }
  *ret_list = (struct config_list){
      .file = group.file, .setting = s, .n = s ? (size_t)config_setting_length(s) : 0};
  return SV_DONE;
}

sv_status config_list_group(struct sv_ctx *ctx, struct config_list list, size_t i,
                            struct config_group *ret_group) {
  SV_ASSERT(i < list.n);
  config_setting_t *s = config_setting_get_elem(list.setting, (unsigned)i);
  config_setting_set_hook(s, s);
  if (!config_setting_is_group(s)) {
    return setting_fault(ctx, list.file, s, "must be a group { }");
  }
  *ret_group = (struct config_group){.file = list.file, .setting = s};
  return SV_DONE;
}

/* Depth is bounded by the parser's own stack; a file is the operator's, not a stranger's. */
static sv_status unknown_in(struct sv_ctx *ctx, const struct config *file,
                            const config_setting_t *parent) {
  int n = config_setting_length(parent);
  for (int i = 0; i < n; i++) {
    const config_setting_t *s = config_setting_get_elem(parent, (unsigned)i);
    if (!config_setting_get_hook(s)) {
      return setting_fault(ctx, file, s, "unknown key");
    }
    if (config_setting_is_aggregate(s)) {
      SV_TRY(unknown_in(ctx, file, s));
    }
  }
  return SV_DONE;
}

sv_status config_unknown_check(struct sv_ctx *ctx, const struct config *file) {
  return unknown_in(ctx, file, config_root_setting(&file->parsed));
}
