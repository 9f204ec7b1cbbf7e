/* Draws every sample into a folder: draw_samples TEMPLATES FOLDER [TIMES [SAMPLE [LANGUAGE LANGUAGE [PAPER]]]].
 * The time is the shortest; sample -1: all; paper A4 or LETTER. */
#include <stdio.h>
#include <stdlib.h>

#include "docs_gen/dump.h"
#include "tests/docs_gen/samples.h"

static int fail(const struct sv_ctx *ctx, const char *what) {
  fprintf(stderr, "%s: %s: %s\n", what, sv_reason_name(ctx->fault.reason), ctx->detail);
  for (size_t i = 0; i < ctx->violation_count && ctx->violations; i++) {
    fprintf(stderr, "  %s: %s\n", ctx->violations[i].path, ctx->violations[i].message);
  }
  return 1;
}

static int write_file(const char *folder, const char *name, const char *ending, const void *p,
                      size_t n) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s.%s", folder, name, ending);
  FILE *f = fopen(path, "w");
  if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0) {
    perror(path);
    return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "draw_samples TEMPLATES FOLDER [TIMES [SAMPLE [LANGUAGE LANGUAGE [PAPER]]]]\n");
    return 2;
  }
  struct sv_arena *mem = sv_arena_open(256u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct docs *docs;
  uint64_t t0 = sv_monotonic_ns();
  if (sv_failed(docs_open(&ctx, argv[1], &docs))) {
    return fail(&ctx, "open");
  }
  printf("open %.1f ms\n", (double)(sv_monotonic_ns() - t0) / 1e6);
  int bad = 0;
  for (size_t i = 0; i < SAMPLE_COUNT; i++) {
    if (argc > 4 && atoi(argv[4]) >= 0 && atoi(argv[4]) != (int)i) {
      continue;
    }
    sv_arena_reset(mem);
    ctx = sv_ctx_over(mem);
    struct sample *s = SV_NEW(mem, struct sample);
    struct sv_bytes pdf;
    struct sv_sig_slot slot;
    const char *dump;
    if (sv_failed(sample_make(&ctx, i, s))) {
      return fail(&ctx, "sample");
    }
    s->request.content = &s->content;
    s->request.issue = &s->issue;
    uint64_t best = UINT64_MAX;
    size_t used = sv_arena_used(mem);
    sv_status status = SV_DONE;
    for (int k = 0; k < (argc > 3 ? atoi(argv[3]) : 1) && !sv_failed(status); k++) {
      sv_arena_reset(mem);
      ctx = sv_ctx_over(mem);
      s = SV_NEW(mem, struct sample);
      if (sv_failed(sample_make(&ctx, i, s))) {
        return fail(&ctx, "sample");
      }
      s->request.content = &s->content;
      s->request.issue = &s->issue;
      if (argc > 6) {
        s->content.languages.v[0] = argv[5], s->content.languages.v[1] = argv[6];
      }
      if (argc > 7 && strcmp(argv[7], "LETTER") == 0) {
        s->content.paper = MODEL_LETTER;
        sample_on(&ctx, s, MODEL_LETTER, docs_page_count(docs, &s->content));
      }
      used = sv_arena_used(mem);
      uint64_t begun = sv_monotonic_ns();
      status = docs_render(docs, &ctx, &s->request, &pdf, &slot);
      uint64_t took = sv_monotonic_ns() - begun;
      best = took < best ? took : best;
    }
    used = sv_arena_used(mem) - used;
    if (sv_failed(status) || sv_failed(docs_dump(docs, &ctx, &s->request, &dump)) ||
        sv_failed(docs_check_content(docs, &ctx, &s->content, &s->issue.authority))) {
      bad += fail(&ctx, s->name);
      continue;
    }
    printf("%-16s %7zu bytes %8.0f us, %zu kB of memory\n", s->name, pdf.n, (double)best / 1e3,
           used / 1024);
    bad += write_file(argv[2], s->name, "pdf", pdf.p, pdf.n) +
           write_file(argv[2], s->name, "txt", dump, strlen(dump));
  }
  docs_close(docs);
  sv_arena_close(mem);
  return bad != 0;
}
