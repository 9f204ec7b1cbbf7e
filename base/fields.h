/* Rules of fields as tables: one row a field, all violations of a request reported at once, each with its path.
 * Strings are NUL-terminated UTF-8 (checked on the wire), never NULL. */
#pragma once
#include <stddef.h>

#include "base/ctx.h"

enum sv_field_need { SV_OPTIONAL, SV_REQUIRED };

/* The fault of a value, as a text for people without the value itself; NULL when it is good. */
typedef const char *sv_field_check(const char *value);

struct sv_field_rule {
  const char *name; /* as in the API */
  size_t offset;    /* of a const char * */
  size_t min, max;  /* code points */
  enum sv_field_need need;
  sv_field_check *check; /* NULL: length alone */
};

#define SV_FIELD(type, field, min, max, need, check) \
  { #field, offsetof(type, field), (min), (max), (need), (check) }

/* Applies the rules to a struct whose path is `path` ("" at the top). */
void sv_fields_check(struct sv_ctx *ctx, const void *record, const struct sv_field_rule *rules,
                     size_t n, const char *path);

/* Code points of valid UTF-8. */
size_t sv_utf8_length(const char *s);
/* Reads one code point at *s and moves on; U+FFFD and one byte on bad UTF-8; 0 at the end without moving. */
uint32_t sv_utf8_next(const char **s);
/* Writes 1 to 4 bytes, returns how many. */
size_t sv_utf8_put(uint32_t cp, char out[static 4]);
