/* Reading and writing DER, as little of it as CMS and the extensions need. Thread: any. */
#pragma once
#include "base/arena.h"

/* Tag and length of n bytes; returns how many bytes of head (at most 6) were written. */
size_t der_head(uint8_t tag, size_t n, uint8_t head[static 6]);
static inline size_t der_size(size_t n) {
  return n + 2 + (n > 0x7F) + (n > 0xFF) + (n > 0xFFFF) + (n > 0xFFFFFF);
}
/* A value made of parts, one after the other, in mem; p is NULL when memory is out or a part was. */
struct sv_bytes der_join(struct sv_arena *mem, uint8_t tag, const struct sv_bytes *parts, size_t n);
#define DER_JOIN(mem, tag, ...)                                  \
  der_join((mem), (tag), (const struct sv_bytes[]){__VA_ARGS__}, \
           sizeof((const struct sv_bytes[]){__VA_ARGS__}) / sizeof(struct sv_bytes))

/* The value of the next element if it has this tag; moves nothing otherwise. Definite lengths alone, single-byte tags. */
bool der_take(struct sv_cursor *c, uint8_t tag, struct sv_bytes *ret);
/* The tag of the next element, 0 at the end. */
static inline uint8_t der_peek(const struct sv_cursor *c) { return sv_cursor_left(c) ? *c->p : 0; }
