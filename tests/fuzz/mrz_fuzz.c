/* Hostile bytes into formats/mrz/mrz.h; and names, which become a zone that can be read again or are refused. */
#include <stdlib.h>
#include <string.h>

#include "formats/mrz/mrz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds) {
  if (!holds) {
    abort();
  }
}

/* A field is letters in words, parted by one filler, primary and secondary by two, then fillers alone. */
static void field_is_well_formed(struct sv_ctx *ctx, const char *surname, const char *given,
                                 size_t width) {
  char field[40];
  if (sv_failed(mrz_name_field(ctx, surname, given, width, field))) {
    return;
  }
  must(strlen(field) == width && strspn(field, "ABCDEFGHIJKLMNOPQRSTUVWXYZ<") == width);
  must(field[0] != '<');
  size_t used = width;
  while (field[used - 1] == '<') {
    field[--used] = 0;
  }
  must(!strstr(field, "<<<"));
  char *secondary = strstr(field, "<<");
  must(!secondary || !strstr(secondary + 2, "<<"));
}

static void letter_comes_back(struct sv_ctx *ctx, const char *surname, const char *given) {
  struct model_safe_conduct letter = {
      .purpose = MODEL_PROTECTION_STAY,
      .holder = {surname, given, "", "1994-05-07", "", "F", "XXX", {NULL, 0}},
      .issuing_state = "UTO",
      .valid_from = "2026-01-15",
      .valid_until = "2030-01-15"};
  char line1[37], line2[37];
  struct mrz_fields f;
  if (sv_failed(mrz_letter(ctx, &letter, "S260C7QKV", line1, line2))) {
    return;
  }
  const char *zone = sv_arena_printf(ctx->mem, "%s\n%s", line1, line2);
  must(!sv_failed(mrz_parse(ctx, zone, &f)) && f.format == MRZ_TD2);
  must(strcmp(f.number, "S260C7QKV") == 0 && strcmp(f.birth, "940507") == 0 && f.sex == 'F');
  must(f.primary[0] && strncmp(f.primary, line1 + 5, strcspn(f.primary, " ")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sv_arena *mem = sv_arena_open((size_t)64 << 20);
  if (!mem) {
    return 0;
  }
  struct sv_ctx ctx = sv_ctx_over(mem);
  struct mrz_fields f;
  char *text = sv_arena_strndup(mem, (const char *)data, size);
  (void)sv_failed(mrz_parse(&ctx, text, &f));
  ctx = sv_ctx_over(mem);
  char *given = strchr(text, '\n');
  if (given) {
    *given++ = 0;
  }
  static const size_t widths[] = {30, 31, 39};
  for (size_t i = 0; i < 3; i++) {
    field_is_well_formed(&ctx, text, given ? given : "", widths[i]);
    ctx = sv_ctx_over(mem);
  }
  letter_comes_back(&ctx, text, given ? given : "");
  sv_arena_close(mem);
  return 0;
}
