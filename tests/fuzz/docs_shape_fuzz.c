/* Can a name hurt us? Any bytes, read as UTF-8, are shaped and their fonts cut. */
#include "docs_gen/text/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const struct faces *opened_once(void) {
  static struct faces faces;
  static struct sv_arena *mem; /* for as long as the program runs */
  if (faces.n == 0) {
    mem = sv_arena_open(64u << 20);
    struct sv_ctx ctx = sv_ctx_over(mem);
    if (sv_failed(faces_open(&ctx, &faces))) {
      __builtin_trap();
    }
  }
  return &faces;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  struct sv_arena *mem = sv_arena_open(32u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct text_session session = {.ctx = &ctx, .faces = opened_once()};
  char *text = sv_arena_strndup(mem, (const char *)data, n);
  struct text_line line;
  if (text && !sv_failed(text_shape(&session, FACE_SANS, text, &line))) {
    for (size_t i = 0; i < session.dynamic_count; i++) {
      struct face_subset subset;
      (void)sv_failed(text_dynamic_subset(&session, i, &subset));
    }
  }
  sv_arena_close(mem);
  return 0;
}
