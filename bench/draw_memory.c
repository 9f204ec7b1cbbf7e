/* Does drawing keep anything? bench_draw_memory TEMPLATES_DIR DOCUMENTS
 * Draws documents of every kind, in every pair of languages, with names of several scripts that differ each time, and prints how
 * much memory the process has: "documents kilobytes" after 1,000, after each tenfold, and at the end. Runs from the source
 * folder. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/fields.h"
#include "bench/bench.h"
#include "docs_gen/document.h"
#include "tests/docs_gen/samples.h"

enum { SAMPLE_OF_180 = 8, BIG_EVERY = 500, FIRST = 1000, LANGUAGES = 5 };

static long resident_kb(void) {
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "re");
  if (!f || fscanf(f, "%*d %ld", &pages) != 1) {
    pages = 0;
  }
  if (f) {
    (void)fclose(f);
  }
  return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Names whose letters walk through the scripts. */
static const char *name_of(struct sv_ctx *ctx, unsigned i) {
  static const uint32_t firsts[] = {'A', 0xc0, 0x1ea0, 0x410, 0x391, 0x5d0, 0x4e00, 0x905};
  static const uint32_t counts[] = {26, 23, 90, 32, 17, 27, 400, 10};
  char *name = sv_arena_alloc(ctx->mem, 6 * 4 + 1);
  size_t n = 0;
  for (unsigned k = 0; name && k < 6; k++) {
    unsigned script = i % 8;
    n += sv_utf8_put(firsts[script] + (i * 7 + k * 13) % counts[script], name + n);
  }
  if (!name) {
    return "X";
  }
  name[n] = 0;
  return name;
}

static void one(const struct docs *docs, struct sv_arena *mem, unsigned i) {
  static const char *const codes[LANGUAGES] = {"es", "en", "fr", "ht", "pt"};
  sv_arena_reset(mem);
  struct sv_ctx ctx = sv_ctx_over(mem);
  size_t sample = i % BIG_EVERY == 0 ? SAMPLE_OF_180 : i % SAMPLE_COUNT;
  struct sample *s = SV_NEW(mem, struct sample);
  bench_must(&ctx, sample_make(&ctx, sample == SAMPLE_OF_180 && i % BIG_EVERY ? 0 : sample, s));
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  s->content.languages.v[0] = codes[i / SAMPLE_COUNT % LANGUAGES];
  s->content.languages.v[1] = codes[(i / SAMPLE_COUNT + 1 + i % 4) % LANGUAGES];
  if (s->content.kind == MODEL_SAFE_CONDUCT) {
    s->content.letter.holder.native_name = name_of(&ctx, i);
  }
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  bench_must(&ctx, docs_render(docs, &ctx, &s->request, &pdf, &slot));
}

int main(int argc, char **argv) {
  if (argc != 3) {
    (void)fprintf(stderr, "usage: bench_draw_memory TEMPLATES DOCUMENTS\n");
    return 2;
  }
  struct sv_arena *own = sv_arena_open((size_t)256 << 20), *mem = sv_arena_open((size_t)256 << 20);
  struct sv_ctx ctx = sv_ctx_over(own);
  struct docs *docs;
  bench_must(&ctx, docs_open(&ctx, argv[1], &docs));
  unsigned documents = (unsigned)atoi(argv[2]), next = FIRST;
  for (unsigned i = 1; i <= documents; i++) {
    one(docs, mem, i);
    if (i == next || i == documents) {
      (void)printf("%u %ld\n", i, resident_kb());
      (void)fflush(stdout);
      next *= 10;
    }
  }
  docs_close(docs);
  sv_arena_close(mem);
  sv_arena_close(own);
  return 0;
}
