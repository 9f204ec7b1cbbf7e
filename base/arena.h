/* Memory of one call: freed all at once, and refusing to grow past its cap.
 * Under AddressSanitizer every block has a malloc of its own, so that an overrun is caught. One thread at a time. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

struct sv_arena;

/* NULL when memory is out. close accepts NULL. */
struct sv_arena *sv_arena_open(size_t cap_bytes);
void sv_arena_close(struct sv_arena *a);
/* Frees what was allocated, keeps one block for reuse. */
void sv_arena_reset(struct sv_arena *a);

/* Zeroed, aligned for any type; NULL when the cap is reached. n may be 0. */
[[nodiscard]] void *sv_arena_alloc(struct sv_arena *a, size_t n);
/* n * size with overflow caught. */
[[nodiscard]] void *sv_arena_array(struct sv_arena *a, size_t n, size_t size);
[[nodiscard]] char *sv_arena_strndup(struct sv_arena *a, const char *s, size_t n);
[[nodiscard]] char *sv_arena_strdup(struct sv_arena *a, const char *s);
[[nodiscard]] char *sv_arena_printf(struct sv_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
size_t sv_arena_used(const struct sv_arena *a);

#define SV_NEW(arena, type) ((type *)sv_arena_alloc((arena), sizeof(type)))
#define SV_ARRAY(arena, n, type) ((type *)sv_arena_array((arena), (n), sizeof(type)))

/* A buffer that grows in an arena. An append that fails sets failed, keeps what was there, and makes every later append
 * fail: test once at the end. */
struct sv_buf {
  struct sv_arena *arena;
  uint8_t *p;
  size_t n;
  size_t room;
  size_t max; /* 0: the arena's cap alone */
  bool failed;
};

static inline struct sv_buf sv_buf_in(struct sv_arena *arena, size_t max) {
  return (struct sv_buf){.arena = arena, .max = max};
}
/* Has room for so many bytes from the beginning, for what is known to be large: it grows as others do. */
struct sv_buf sv_buf_with_room(struct sv_arena *arena, size_t room);
/* Where there is no room yet. */
void sv_buf_put_growing(struct sv_buf *b, const void *p, size_t n);
static inline void sv_buf_put(struct sv_buf *b, const void *p, size_t n) {
  if (n == 0 || b->failed || n > b->room - b->n) {
    sv_buf_put_growing(b, p, n);
    return;
  }
  memcpy(b->p + b->n, p, n);
  b->n += n;
}
static inline void sv_buf_u8(struct sv_buf *b, uint8_t v) { sv_buf_put(b, &v, 1); }
static inline void sv_buf_str(struct sv_buf *b, const char *s) { sv_buf_put(b, s, strlen(s)); }
void sv_buf_printf(struct sv_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* n zeroed bytes at the end to be filled in by the caller; NULL when failed. */
uint8_t *sv_buf_space(struct sv_buf *b, size_t n);
static inline struct sv_bytes sv_buf_bytes(const struct sv_buf *b) {
  return (struct sv_bytes){b->p, b->n};
}
