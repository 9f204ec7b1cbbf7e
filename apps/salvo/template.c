/* template check, template preview: an authority's own words, tried before a server has them. Nobody is asked. */
#include <stdio.h>
#include <string.h>

#include "apps/salvo/salvo.h"
#include "docs_gen/document.h"

SV_AUTO_DEFINE(struct docs, docs_close)

static int faulty(struct salvo *s) {
  (void)fprintf(stderr, "salvo: %s\n", s->ctx->detail);
  return EXIT_REFUSED;
}

static void hex_of(const uint8_t sha256[static 32], char ret[static 65]) {
  for (int i = 0; i < 32; i++) {
    (void)snprintf(ret + 2 * (size_t)i, 3, "%02x", sha256[i]);
  }
}

static int check(struct salvo *s, struct arguments a) {
  SV_AUTO(docs_close) struct docs *docs = NULL;
  if (a.count != 1) {
    return usage_fault("template check takes the folder of the templates");
  }
  if (sv_failed(docs_open(s->ctx, a.v[0], &docs))) {
    return faulty(s);
  }
  uint8_t sha256[32];
  char hex[65];
  const char *name;
  for (size_t i = 0; (name = docs_template_at(docs, s->ctx, i, sha256)) != NULL; i++) {
    hex_of(sha256, hex);
    (void)printf("%s  %s\n", hex, name);
  }
  (void)printf("languages:");
  for (size_t i = 0; (name = docs_language_at(docs, s->ctx, i)) != NULL; i++) {
    (void)printf(" %s", name);
  }
  (void)printf("\n");
  return EXIT_DONE;
}

/* "letter", "a4"; no text is A4. */
static bool paper_read(const char *text, enum model_paper *ret) {
  *ret = text && strcmp(text, "letter") == 0 ? MODEL_LETTER : MODEL_A4;
  return !text || *ret == MODEL_LETTER || strcmp(text, "a4") == 0;
}

static int preview(struct salvo *s, struct arguments a) {
  SV_AUTO(docs_close) struct docs *docs = NULL;
  const char *out = argument_take(&a, "-o"), *first = argument_take(&a, "--lang"),
             *second = argument_take(&a, "--lang2"), *sheet = argument_take(&a, "--paper");
  enum model_paper paper;
  if (!paper_read(sheet, &paper)) {
    return usage_fault("--paper is a4 or letter");
  }
  if (a.count != 2 || !out) {
    return usage_fault("template preview takes a folder, a template's name and -o FILE.pdf");
  }
  if (sv_failed(docs_open(s->ctx, a.v[0], &docs))) {
    return faulty(s);
  }
  first = first ? first : docs_language_at(docs, s->ctx, 0);
  for (size_t i = 0; !second; i++) { /* the set's first that is another one */
    const char *other = docs_language_at(docs, s->ctx, i);
    second = other && first && strcmp(other, first) == 0 ? NULL : other ? other : first;
  }
  struct sv_bytes pdf;
  const char *languages[] = {first, second};
  if (strcmp(first, second) == 0 ||
      sv_failed(docs_preview(docs, s->ctx, a.v[1], languages, paper, &pdf)) ||
      sv_failed(file_write(s->ctx, out, pdf))) {
    return strcmp(first, second) == 0 ? usage_fault("--lang and --lang2 are two languages")
                                      : faulty(s);
  }
  return EXIT_DONE;
}

int command_template(struct salvo *s, struct arguments a) {
  const char *verb = a.count ? a.v[0] : "";
  struct arguments rest = {a.count - 1, a.v + 1};
  if (strcmp(verb, "check") == 0) {
    return check(s, rest);
  }
  return strcmp(verb, "preview") == 0 ? preview(s, rest)
                                      : usage_fault("template check DIR, or template preview DIR");
}
