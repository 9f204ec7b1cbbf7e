/* Draws names as the lines of manifests, and says what the machine readable zone has for each:
 *   name_pages TEMPLATES FOLDER < NAMES
 * NAMES: a line a person, surname TAB given names. FOLDER gets 000.pdf, 001.pdf of PEOPLE lines each. For each person one line:
 * "zone TAB the 31 characters", or "refused TAB U+XXXX"; then TAB "drawn", or "not drawn" for what has no glyph or no room,
 * which stands in the manifest as a line without a name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/mrz/mrz.h"
#include "tests/docs_gen/samples.h"

enum { PEOPLE = 180, SAMPLE_OF_180 = 8, ZONE = 31, LINE_ROOM = 1024 };

struct person {
  char *surname, *given;
  bool drawn;
};

static int fail(const struct sv_ctx *ctx, const char *what) {
  fprintf(stderr, "%s: %s: %s\n", what, sv_reason_name(ctx->fault.reason), ctx->detail);
  return 1;
}

static size_t read_people(struct sv_arena *mem, struct person *people) {
  char line[LINE_ROOM];
  size_t n = 0;
  while (n < PEOPLE && fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    char *tab = strchr(line, '\t');
    people[n] =
        (struct person){sv_arena_strndup(mem, line, tab ? (size_t)(tab - line) : strlen(line)),
                        sv_arena_strdup(mem, tab ? tab + 1 : ""), true};
    n++;
  }
  return n;
}

/* Puts the names into the manifest; those that are not drawn leave an empty line. */
static void put_people(struct model_manifest *m, const struct person *people, size_t n) {
  m->occupant_count = n;
  for (size_t i = 0; i < n; i++) {
    struct model_occupant *o = &m->occupants[i];
    o->offloaded = o->changed = false;
    o->person.surname = people[i].drawn ? people[i].surname : "X";
    o->person.given_names = people[i].drawn ? people[i].given : "";
  }
}

/* Marks whom the page can't show. Fails with what docs_check_content fails with but FIELD_INVALID. */
static sv_status find_faults(const struct docs *docs, struct sv_ctx *ctx,
                             const struct model_content *content, struct person *people) {
  sv_status status = docs_check_content(docs, ctx, content, NULL);
  for (size_t i = 0; i < ctx->violation_count; i++) {
    unsigned at;
    if (sscanf(ctx->violations[i].path, "flight_manifest.occupants[%u]", &at) == 1) {
      people[at].drawn = false;
    }
  }
  return status.reason == SV_FIELD_INVALID ? SV_DONE : status;
}

static void tell(struct sv_arena *mem, const struct person *p) {
  struct sv_ctx ctx = sv_ctx_over(mem);
  char field[ZONE + 1];
  const char *latin;
  uint32_t bad = 0;
  bool good = !sv_failed(mrz_transliterate(&ctx, p->surname, &latin, &bad)) &&
              !sv_failed(mrz_transliterate(&ctx, p->given, &latin, &bad)) &&
              !sv_failed(mrz_name_field(&ctx, p->surname, p->given, ZONE, field));
  if (good) {
    printf("zone\t%s\t%s\n", field, p->drawn ? "drawn" : "not drawn");
  } else {
    printf("refused\tU+%04X\t%s\n", (unsigned)bad, p->drawn ? "drawn" : "not drawn");
  }
}

static int write_pdf(const char *folder, unsigned number, const struct sv_bytes *pdf) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%03u.pdf", folder, number);
  FILE *f = fopen(path, "we");
  if (!f || fwrite(pdf->p, 1, pdf->n, f) != pdf->n || fclose(f) != 0) {
    perror(path);
    return 1;
  }
  return 0;
}

/* One manifest; 0 when it is written, -1 when there are no names left. */
static int one_manifest(const struct docs *docs, struct sv_arena *mem, const char *folder,
                        unsigned number) {
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct person people[PEOPLE];
  size_t n = read_people(mem, people);
  struct sample *s = SV_NEW(mem, struct sample);
  if (n == 0 || sv_failed(sample_make(&ctx, SAMPLE_OF_180, s))) {
    return n ? fail(&ctx, "sample") : -1;
  }
  s->request.content = &s->content;
  s->request.issue = &s->issue;
  put_people(&s->content.manifest, people, n);
  if (sv_failed(find_faults(docs, &ctx, &s->content, people))) {
    return fail(&ctx, "check");
  }
  put_people(&s->content.manifest, people, n);
  struct sv_ctx again = sv_ctx_over(mem);
  struct sv_bytes pdf;
  struct sv_sig_slot slot;
  s->request.seal_count = 0;
  if (sv_failed(docs_render(docs, &again, &s->request, &pdf, &slot))) {
    return fail(&again, "draw");
  }
  for (size_t i = 0; i < n; i++) {
    tell(mem, &people[i]);
  }
  return write_pdf(folder, number, &pdf);
}

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "name_pages TEMPLATES FOLDER < NAMES\n");
    return 2;
  }
  struct sv_arena *mem = sv_arena_open(256u << 20);
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct docs *docs;
  if (sv_failed(docs_open(&ctx, argv[1], &docs))) {
    return fail(&ctx, "open");
  }
  int done = 0;
  for (unsigned i = 0; done == 0; i++) {
    sv_arena_reset(mem);
    done = one_manifest(docs, mem, argv[2], i);
  }
  docs_close(docs);
  sv_arena_close(mem);
  return done > 0;
}
