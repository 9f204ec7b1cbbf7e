/* Blocks in a list, a bump pointer in the newest. Invariant: used + reserved never passes the cap. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/status.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_BLOCK_BYTES 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_BLOCK_BYTES 0
#endif
#endif
#ifndef ARENA_BLOCK_BYTES
#define ARENA_BLOCK_BYTES ((size_t)16 * 1024)
#endif

struct block {
  struct block *next;
  size_t size;
  size_t used;
  alignas(max_align_t) uint8_t data[];
};

struct sv_arena {
  struct block *blocks;
  size_t cap;
  size_t held; /* bytes of all blocks' data */
};

struct sv_arena *sv_arena_open(size_t cap_bytes) {
  struct sv_arena *a = calloc(1, sizeof *a);
  if (a) {
    a->cap = cap_bytes;
  }
  return a;
}

static void blocks_free(struct block *b) {
  while (b) {
    struct block *next = b->next;
    free(b);
    b = next;
  }
}

void sv_arena_close(struct sv_arena *a) {
  if (a) {
    blocks_free(a->blocks);
    free(a);
  }
}

void sv_arena_reset(struct sv_arena *a) {
  struct block *keep = NULL;
  struct block *b = a->blocks;
  while (b) {
    struct block *next = b->next;
    if (!keep && ARENA_BLOCK_BYTES > 0 && b->size == ARENA_BLOCK_BYTES) {
      keep = b;
    } else {
      free(b);
    }
    b = next;
  }
  if (keep) {
    memset(keep->data, 0, keep->used);
    keep->used = 0;
    keep->next = NULL;
  }
  a->blocks = keep;
  a->held = keep ? keep->size : 0;
}

/* clear: what is taken of it must be zero. */
static struct block *block_add(struct sv_arena *a, size_t n, bool clear) {
  size_t size = n > ARENA_BLOCK_BYTES / 4 ? n : ARENA_BLOCK_BYTES;
  if (a->held + size > a->cap) {
    size = n;
  }
  if (size > a->cap || a->held > a->cap - size) {
    return NULL;
  }
  struct block *b = clear || size != n ? calloc(1, sizeof *b + size) : malloc(sizeof *b + size);
  if (!b) {
    return NULL;
  }
  b->size = size;
  b->used = 0;
  a->held += size;
  /* a block made for one large allocation goes behind the open one */
  if (a->blocks && size == n && a->blocks->size - a->blocks->used > 64) {
    b->next = a->blocks->next;
    a->blocks->next = b;
  } else {
    b->next = a->blocks;
    a->blocks = b;
  }
  return b;
}

static void *take(struct sv_arena *a, size_t n, bool clear) {
  const size_t align = alignof(max_align_t);
  if (n > a->cap) {
    return NULL;
  }
  size_t need = n ? (n + align - 1) / align * align : align;
  struct block *b = a->blocks;
  if (!b || b->size - b->used < need) {
    b = block_add(a, need, clear);
    if (!b) {
      return NULL;
    }
  }
  void *p = b->data + b->used;
  b->used += need;
  return p;
}

void *sv_arena_alloc(struct sv_arena *a, size_t n) { return take(a, n, true); }

void *sv_arena_array(struct sv_arena *a, size_t n, size_t size) {
  size_t total;
  if (__builtin_mul_overflow(n, size, &total)) {
    return NULL;
  }
  return sv_arena_alloc(a, total);
}

char *sv_arena_strndup(struct sv_arena *a, const char *s, size_t n) {
  char *p = n < SIZE_MAX ? sv_arena_alloc(a, n + 1) : NULL;
  if (p && n) {
    memcpy(p, s, n);
  }
  return p;
}

char *sv_arena_strdup(struct sv_arena *a, const char *s) {
  return sv_arena_strndup(a, s, strlen(s));
}

__attribute__((format(printf, 2, 0))) static char *arena_vprintf(struct sv_arena *a,
                                                                 const char *format, va_list args) {
  char small[256]; /* most texts are written once */
  va_list again;
  va_copy(again, args);
  int n = vsnprintf(small, sizeof small, format, args);
  char *p = n < 0 ? NULL : sv_arena_alloc(a, (size_t)n + 1);
  if (p && (size_t)n < sizeof small) {
    memcpy(p, small, (size_t)n + 1);
  } else if (p) {
    (void)vsnprintf(p, (size_t)n + 1, format, again);
  }
  va_end(again);
  return p;
}

char *sv_arena_printf(struct sv_arena *a, const char *format, ...) {
  va_list args;
  va_start(args, format);
  char *p = arena_vprintf(a, format, args);
  va_end(args);
  return p;
}

size_t sv_arena_used(const struct sv_arena *a) {
  size_t used = 0;
  for (const struct block *b = a->blocks; b; b = b->next) {
    used += b->used;
  }
  return used;
}

struct sv_buf sv_buf_with_room(struct sv_arena *arena, size_t room) {
  uint8_t *p = take(arena, room, false);
  return (struct sv_buf){.arena = arena, .p = p, .room = p ? room : 0, .failed = !p};
}

static bool buf_grow(struct sv_buf *b, size_t n) {
  size_t need;
  if (b->failed || __builtin_add_overflow(b->n, n, &need) || (b->max && need > b->max)) {
    b->failed = true;
    return false;
  }
  if (need <= b->room) {
    return true;
  }
  size_t room = b->room ? b->room * 2 : 256;
  if (room < need) {
    room = need;
  }
  if (b->max && room > b->max) {
    room = b->max; /* what has room is never over it */
  }
  uint8_t *p = take(b->arena, room, false);
  if (!p) {
    b->failed = true;
    return false;
  }
  if (b->n) {
    memcpy(p, b->p, b->n);
  }
  b->p = p;
  b->room = room;
  return true;
}

uint8_t *sv_buf_space(struct sv_buf *b, size_t n) {
  if (!buf_grow(b, n)) {
    return NULL;
  }
  uint8_t *p = b->p + b->n;
  memset(p, 0, n);
  b->n += n;
  return p;
}

void sv_buf_put_growing(struct sv_buf *b, const void *p, size_t n) {
  if (n && buf_grow(b, n)) {
    memcpy(b->p + b->n, p, n);
    b->n += n;
  }
}

void sv_buf_printf(struct sv_buf *b, const char *format, ...) {
  char small[256];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(small, sizeof small, format, args);
  va_end(args);
  if (n < 0) {
    b->failed = true;
    return;
  }
  if ((size_t)n < sizeof small) {
    sv_buf_put(b, small, (size_t)n);
    return;
  }
  va_start(args, format);
  char *p = arena_vprintf(b->arena, format, args);
  va_end(args);
  if (!p) {
    b->failed = true;
    return;
  }
  sv_buf_put(b, p, (size_t)n);
}
