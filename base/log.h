/* The log: one JSON object a line on standard output, written by apps and rpc alone (libraries return statuses).
 * Never a name, a document number of a person, or a field's value. Thread-safe: a line is one write.
 * A line that standard output has no room for is dropped and counted: no thread waits for a reader. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum sv_log_level { SV_LOG_DEBUG, SV_LOG_INFO, SV_LOG_WARN, SV_LOG_ERROR };

struct sv_log_field {
  const char *key;
  const char *text; /* NULL: the number */
  int64_t number;
};

/* Lines below the level are dropped. Set once at start. */
void sv_log_level_set(enum sv_log_level level);
void sv_log_fields(enum sv_log_level level, const char *event, const struct sv_log_field *fields,
                   size_t n);

/* Lines that were dropped since the start. */
uint64_t sv_log_dropped(void);

#define SV_LOG_TEXT(k, v) ((struct sv_log_field){.key = (k), .text = (v)})
#define SV_LOG_NUM(k, v) ((struct sv_log_field){.key = (k), .number = (int64_t)(v)})
/* sv_log(SV_LOG_INFO, "ready", SV_LOG_NUM("port", 8443)) */
#define sv_log(level, event, ...)                                             \
  sv_log_fields((level), (event), (const struct sv_log_field[]){__VA_ARGS__}, \
                sizeof((const struct sv_log_field[]){__VA_ARGS__}) / sizeof(struct sv_log_field))
