/* CPU time and size of a document of each kind: drawn with its tags, its bar codes and its attached record, and signed.
 *   bench_draw AUTHORITY_DIR TEMPLATES_DIR ROUNDS [FOLDER [KIND]]
 * Prints a line a document: kind, microseconds of CPU (the least of ten batches), bytes. "letter-seals" signs the bar codes as
 * well; the others are given theirs. With FOLDER, the files are left there. Runs from the source folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/bench.h"
#include "crypto/digest.h"
#include "docs_gen/document.h"
#include "formats/record/record.h"
#include "seal/seal.h"
#include "tests/docs_gen/samples.h"

struct kind {
  const char *name;
  size_t sample;
  bool signs_codes;
};

static const struct kind kinds[] = {
    {"letter", 0, false},
    {"letter-seals", 0, true},
    {"receipt", 10, false},
    {"manifest-180", 8, false},
};

struct bench {
  struct docs *docs;
  struct seal *seal;
  const struct kind *kind;
  struct sample sample;
  struct sv_bytes pdf;
};

/* The sample with its record, as it would be issued. */
static void prepare(struct bench *b, struct sv_ctx *ctx) {
  static const struct record_salts salts;
  struct sample *s = &b->sample;
  bench_must(ctx, sample_make(ctx, b->kind->sample, s));
  s->content.letter.holder.native_name =
      b->kind->sample ? s->content.letter.holder.native_name : "";
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  s->content.template_name = docs_template_for(b->docs, ctx, &s->content);
  bench_must(ctx, record_write(ctx, &s->content, &s->issue, &salts, NULL, &s->request.record));
  crypto_sha256(s->request.record, s->issue.record_sha256);
  s->request.contents_room = seal_contents_room(b->seal);
}

static void sign_codes(struct bench *b, struct sv_ctx *ctx, const struct seal_subject *subject) {
  struct docs_seal *seals = SV_ARRAY(ctx->mem, b->sample.request.seal_count, struct docs_seal);
  for (size_t i = 0; i < b->sample.request.seal_count; i++) {
    const struct docs_seal *unsigned_one = &b->sample.request.seals[i];
    seals[i].page = unsigned_one->page;
    bench_must(ctx, seal_visible(b->seal, ctx, subject,
                                 sv_bytes_of(unsigned_one->seal.p, unsigned_one->seal.n - 66),
                                 &seals[i].seal));
  }
  b->sample.request.seals = seals;
}

static void make(struct bench *b, struct sv_ctx *ctx) {
  struct seal_subject subject = {.number = b->sample.issue.number, .version = 1, .copy = 1};
  struct sv_sig_slot slot;
  if (b->kind->signs_codes) {
    sign_codes(b, ctx, &subject);
  }
  bench_must(ctx, docs_render(b->docs, ctx, &b->sample.request, &b->pdf, &slot));
  bench_must(
      ctx, seal_pdf(b->seal, ctx, &subject, (uint8_t *)(uintptr_t)b->pdf.p, b->pdf.n, &slot, NULL));
}

static double measure(struct bench *b, struct sv_arena *mem, int rounds) {
  double least = 1e18;
  for (int batch = 0; batch < 10; batch++) {
    double start = bench_cpu_us();
    for (int i = 0; i < rounds; i++) {
      sv_arena_reset(mem);
      struct sv_ctx ctx = sv_ctx_over(mem);
      struct bench copy = *b;
      make(&copy, &ctx);
    }
    double each = (bench_cpu_us() - start) / rounds;
    least = each < least ? each : least;
  }
  return least;
}

static void keep(const struct bench *b, const char *folder) {
  char path[1024];
  (void)snprintf(path, sizeof path, "%s/%s.pdf", folder, b->kind->name);
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(b->pdf.p, 1, b->pdf.n, f) == b->pdf.n;
  if (!f || fclose(f) != 0 || !ok) {
    perror(path);
    exit(1);
  }
}

static void open_all(struct bench *b, struct sv_ctx *ctx, char **argv) {
  static const char *const names[] = {"document.key", "document-chain.pem", "seal.key", "seal.pem"};
  char path[4][512];
  for (int i = 0; i < 4; i++) {
    (void)snprintf(path[i], sizeof path[i], "%s/%s", argv[1], names[i]);
  }
  bench_must(ctx, seal_open_files(ctx, path[0], path[1], path[2], path[3], &b->seal));
  bench_must(ctx, docs_open(ctx, argv[2], &b->docs));
}

int main(int argc, char **argv) {
  if (argc < 4) {
    (void)fprintf(stderr, "usage: bench_draw AUTHORITY TEMPLATES ROUNDS [FOLDER [KIND]]\n");
    return 2;
  }
  struct sv_arena *own = sv_arena_open((size_t)256 << 20), *mem = sv_arena_open((size_t)256 << 20);
  struct sv_ctx ctx = sv_ctx_over(own);
  struct bench b = {.docs = NULL};
  open_all(&b, &ctx, argv);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (argc > 5 && strcmp(argv[5], kinds[i].name) != 0) {
      continue;
    }
    b.kind = &kinds[i];
    prepare(&b, &ctx);
    double us = measure(&b, mem, atoi(argv[3]));
    make(&b, &ctx);
    (void)printf("%s %.1f %zu\n", b.kind->name, us, b.pdf.n);
    if (argc > 4) {
      keep(&b, argv[4]);
    }
  }
  docs_close(b.docs);
  seal_close(b.seal);
  sv_arena_close(mem);
  sv_arena_close(own);
  return 0;
}
