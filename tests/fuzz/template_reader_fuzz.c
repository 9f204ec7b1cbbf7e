/* Can the text of a template hurt us? */
#include "docs_gen/template/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *accept_line(void *user, const char *key, const char *value, int line) {
  (void)line;
  *(size_t *)user += strlen(key) + strlen(value);
  return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  struct sv_arena *mem = sv_arena_open(8u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  char *text = sv_arena_strndup(mem, (const char *)data, n);
  struct reader_paragraph paragraphs[8];
  size_t count = 0, total = 0;
  if (text) {
    (void)sv_failed(reader_conf(&ctx, "fuzz", text, accept_line, &total));
    (void)sv_failed(reader_paragraphs(&ctx, "fuzz", text, paragraphs, 8, &count));
  }
  sv_arena_close(mem);
  return 0;
}
