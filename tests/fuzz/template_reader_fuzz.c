/* Can the text of a template hurt us? Lines, CommonMark, places for fields; what is read as words has no control in it. */
#include <stdlib.h>
#include <string.h>

#include "docs_gen/template/reader.h"
#include "docs_gen/template/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char *accept_line(void *user, const char *key, const char *value, int line) {
  (void)line;
  *(size_t *)user += strlen(key) + strlen(value);
  return NULL;
}

/* A place for a field lies within its text. */
static void look_for_fields(const char *text) {
  for (const char *s = text; *s; s++) {
    size_t length = 0;
    if (template_field_at(s, &length) != FIELD_COUNT && (length == 0 || length > strlen(s))) {
      abort();
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
  struct sv_arena *mem = sv_arena_open(8u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  char *text = sv_arena_strndup(mem, (const char *)data, n);
  struct reader_paragraph paragraphs[8];
  size_t count = 0, total = 0;
  if (text) {
    (void)sv_failed(reader_conf(&ctx, "fuzz", text, accept_line, &total));
    if (!sv_failed(reader_paragraphs(&ctx, "fuzz", text, paragraphs, 8, &count))) {
      for (size_t i = 0; i < count; i++) {
        if (i >= 8 || strchr(paragraphs[i].text, '\n') || paragraphs[i].line < 1) {
          abort();
        }
        look_for_fields(paragraphs[i].text);
      }
    }
    look_for_fields(text);
  }
  sv_arena_close(mem);
  return 0;
}
