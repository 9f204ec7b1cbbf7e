/* JSON text (RFC 8259) to a tree. Numbers keep their text, so no digit is lost. Any thread. */
#pragma once
#include "base/ctx.h"

enum json_kind {
  JSON_NULL,
  JSON_FALSE,
  JSON_TRUE,
  JSON_NUMBER,
  JSON_STRING,
  JSON_ARRAY,
  JSON_OBJECT
};

struct json_value {
  enum json_kind kind;
  const char *
      text; /* of a number as it was written, of a string its characters; ends in NUL, has none inside */
  size_t text_n;
  const char *key;                 /* of a member; as text */
  struct json_value *first, *next; /* items or members, in order */
  size_t n;                        /* how many */
};

struct json_fault {
  const char *message; /* what is wrong, in static storage */
  size_t line, column; /* from 1, in bytes: where reading stopped */
};

/* The tree is in ctx->mem. Duplicate keys are faults, and so are NUL and half surrogates in strings.
 * Fails: JSON_FORMAT (*ret_fault is filled in), LIMIT_EXCEEDED (values_max), NO_MEMORY. */
sv_status json_parse(struct sv_ctx *ctx, struct sv_bytes text, size_t depth_max, size_t values_max,
                     struct json_value **ret_root, struct json_fault *ret_fault);

/* The member of an object, or NULL. */
const struct json_value *json_member(const struct json_value *object, const char *key);
