/* The throw-away authority that tests sign with: made once by certs/make-authority. For tests only. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"

/* "DIR/name"; DIR is the environment's SV_AUTHORITY, or one made on the spot. */
static inline const char *authority_path(struct sv_arena *arena, const char *name) {
  const char *dir = getenv("SV_AUTHORITY");
  if (!dir) {
    dir = sv_arena_printf(arena, "/tmp/sv-test-authority-%ld", (long)geteuid());
    assert_non_null(dir);
    const char *command = sv_arena_printf(arena, "certs/make-authority %s", dir);
    assert_int_equal(system(command), 0);
  }
  return sv_arena_printf(arena, "%s/%s", dir, name);
}

/* A whole file in the arena. */
static inline struct sv_bytes file_bytes(struct sv_arena *arena, const char *path) {
  FILE *f = fopen(path, "rb");
  assert_non_null(f);
  static uint8_t room[1 << 20];
  size_t n = fread(room, 1, sizeof room, f);
  (void)fclose(f);
  assert_true(n < sizeof room);
  uint8_t *p = sv_arena_alloc(arena, n + 1);
  assert_non_null(p);
  memcpy(p, room, n);
  return sv_bytes_of(p, n);
}
static inline struct sv_bytes authority_file(struct sv_arena *arena, const char *name) {
  return file_bytes(arena, authority_path(arena, name));
}
