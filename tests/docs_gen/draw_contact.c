/* Draws a document of every kind and purpose, a draft and a second copy of a letter, in every pair of languages on every
 * paper: draw_contact TEMPLATES FOLDER. Prints a line a document: its file, kind, the two languages, paper. */
#include <stdio.h>

#include "tests/docs_gen/samples.h"

static const struct {
  const char *kind;
  size_t sample;
} kinds[] = {{"transit_exit", 2},
             {"emergency_travel_document", 1},
             {"asylum_safe_conduct", 3},
             {"protection_stay", 0},
             {"flight_manifest", 16},
             {"disbursement_receipt", 11},
             {"draft", 4},
             {"second_copy", 5}};
enum { KINDS = sizeof kinds / sizeof *kinds, LANGUAGES_MAX = 8 };
static const char *const papers[MODEL_PAPERS] = {[MODEL_A4] = "A4", [MODEL_LETTER] = "Letter"};

struct contact {
  const struct docs *docs;
  struct sv_arena *mem;
  const char *folder;
};

static int fail(const struct sv_ctx *ctx, const char *what) {
  fprintf(stderr, "%s: %s: %s\n", what, sv_reason_name(ctx->fault.reason), ctx->detail);
  return 1;
}

static int keep(const struct contact *c, const char *name, struct sv_bytes pdf) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", c->folder, name);
  FILE *f = fopen(path, "we");
  if (!f || fwrite(pdf.p, 1, pdf.n, f) != pdf.n || fclose(f) != 0) {
    perror(path);
    return 1;
  }
  return 0;
}

static int draw(const struct contact *c, size_t kind, const char *const languages[2],
                enum model_paper paper) {
  char name[128];
  snprintf(name, sizeof name, "%s.%s-%s.%s.pdf", kinds[kind].kind, languages[0], languages[1],
           papers[paper]);
  sv_arena_reset(c->mem);
  struct sv_ctx ctx = sv_ctx_over(c->mem);
  struct sample *s = SV_NEW(c->mem, struct sample);
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  if (sv_failed(sample_make(&ctx, kinds[kind].sample, s))) {
    return fail(&ctx, name);
  }
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  s->content.languages.v[0] = languages[0], s->content.languages.v[1] = languages[1];
  s->content.paper = paper;
  sample_on(&ctx, s, paper, docs_page_count(c->docs, &s->content));
  if (sv_failed(docs_check_content(c->docs, &ctx, &s->content, &s->issue.authority)) ||
      sv_failed(docs_render(c->docs, &ctx, &s->request, &pdf, &slot))) {
    return fail(&ctx, name);
  }
  printf("%s %s %s %s %s\n", name, kinds[kind].kind, languages[0], languages[1], papers[paper]);
  return keep(c, name, pdf);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "draw_contact TEMPLATES FOLDER\n");
    return 2;
  }
  struct sv_arena *mem = sv_arena_open(64u << 20), *own = sv_arena_open(1u << 20);
  struct sv_ctx ctx = sv_ctx_over(own);
  struct docs *docs;
  if (sv_failed(docs_open(&ctx, argv[1], &docs))) {
    return fail(&ctx, "open");
  }
  const char *languages[LANGUAGES_MAX + 1];
  size_t n = 0;
  while (n < LANGUAGES_MAX && (languages[n] = docs_language_at(docs, &ctx, n)) != NULL) {
    n++;
  }
  const struct contact c = {docs, mem, argv[2]};
  int bad = 0;
  for (size_t i = 0; i < KINDS * n * n; i++) {
    const char *pair[2] = {languages[i / n % n], languages[i % n]};
    for (int p = MODEL_A4; p < MODEL_PAPERS && pair[0] != pair[1]; p++) {
      bad += draw(&c, i / n / n, pair, (enum model_paper)p);
    }
  }
  docs_close(docs);
  sv_arena_close(mem);
  sv_arena_close(own);
  return bad != 0;
}
