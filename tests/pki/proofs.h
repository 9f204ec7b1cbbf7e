/* Time-stamps, OCSP answers and lists that the openssl program made (tests/pki/make_proofs), in a folder that is gone when
 * the tests are. For tests only. */
#pragma once
#include "base/ctx.h"
#include "tests/authority.h"

static inline const char *proofs_open(struct sv_arena *arena) {
  const char *tmp = getenv("TMPDIR");
  char *dir = sv_arena_printf(arena, "%s/sv-proofs-XXXXXX", tmp ? tmp : "/tmp");
  assert_non_null(mkdtemp(dir));
  assert_int_equal(system(sv_arena_printf(arena, "tests/pki/make_proofs %s %s",
                                          authority_path(arena, "."), dir)),
                   0);
  return dir;
}
static inline void proofs_close(struct sv_arena *arena, const char *dir) {
  assert_int_equal(system(sv_arena_printf(arena, "rm -rf %s", dir)), 0);
}
static inline struct sv_bytes proof(struct sv_arena *arena, const char *dir, const char *name) {
  return file_bytes(arena, sv_arena_printf(arena, "%s/%s", dir, name));
}
