/* The transparency log over SQLite. */
#include "store/log.h"
#include "store/sqlite_use.h"

static const char *const texts[1] = {NULL};
const struct sqlite_group sqlite_log_group = {texts, 0};
const struct store_log_ops sqlite_log_ops = {0};
