/* The words that all kinds share: the set's languages, a file of captions a language, and the tables of places and
 * currencies. Every file is an arena text that is cut in place. */
#include <stdlib.h>

#include "docs_gen/template/parts.h"

static const char *const word_keys[] = {
#define X(word) #word,
    TEMPLATE_WORDS(X)
#undef X
};

struct reading {
  struct sv_ctx *ctx;
  struct templates *set;
  const char *path;
  struct text *words, *months;
  size_t language;
};

/* ---- languages ---- */

/* "ht = Kreyòl ayisyen" */
static const char *language_line(void *user, const char *key, const char *value, int line) {
  struct reading *r = user;
  struct templates *set = r->set;
  (void)line;
  size_t n = strlen(key);
  if (n < 2 || n > 3 || strspn(key, "abcdefghijklmnopqrstuvwxyz") != n || !*value) {
    return "not a code of two or three letters and the language's name";
  }
  if (templates_language(set, key) >= 0) {
    return "the language was given before";
  }
  if (set->language_n == TEMPLATE_LANGUAGES_MAX) {
    return "more than 8 languages";
  }
  set->languages[set->language_n++] = (struct template_language){key, value};
  return NULL;
}

static sv_status languages_read(struct reading *r, const char *dir, struct sv_buf *files) {
  const char *path = sv_arena_printf(r->ctx->mem, "%s/languages.conf", dir), *text;
  if (!path) {
    return SV_FAIL(r->ctx, NO_MEMORY, "languages");
  }
  SV_TRY(part_file(r->ctx, path, files, &text));
  SV_TRY(reader_conf(r->ctx, path, text, language_line, r));
  return r->set->language_n >= 2 ? SV_DONE
                                 : SV_FAIL(r->ctx, TEMPLATE, "%s: fewer than two languages", path);
}

/* ---- captions ---- */

static const char *caption_line(void *user, const char *key, const char *value, int line) {
  struct reading *r = user;
  struct text *slot = NULL;
  if (strncmp(key, "month.", 6) == 0) {
    int month = atoi(key + 6);
    if (month < 1 || month > 12) {
      return "no such month";
    }
    slot = &r->months[month - 1];
  }
  for (size_t i = 0; i < WORD_COUNT && !slot; i++) {
    slot = strcmp(key, word_keys[i]) == 0 ? &r->words[i] : NULL;
  }
  if (!slot) {
    return "unknown key";
  }
  if (slot->v[r->language]) {
    return "the key was given before";
  }
  if (!*value) {
    return "an empty word";
  }
  slot->v[r->language] = value;
  return part_source(r->ctx, r->set, value, r->path, line);
}

static sv_status language_captions(struct reading *r, const char *dir, struct sv_buf *files) {
  const char *code = r->set->languages[r->language].code, *text;
  r->path = sv_arena_printf(r->ctx->mem, "%s/captions/%s.txt", dir, code);
  if (!r->path) {
    return SV_FAIL(r->ctx, NO_MEMORY, "captions");
  }
  SV_TRY(part_file(r->ctx, r->path, files, &text));
  SV_TRY(reader_conf(r->ctx, r->path, text, caption_line, r));
  for (size_t i = 0; i < WORD_COUNT; i++) {
    if (!r->words[i].v[r->language]) {
      return SV_FAIL(r->ctx, TEMPLATE, "%s: no %s", r->path, word_keys[i]);
    }
  }
  for (int i = 0; i < 12; i++) {
    if (!r->months[i].v[r->language]) {
      return SV_FAIL(r->ctx, TEMPLATE, "%s: no month.%d", r->path, i + 1);
    }
  }
  return SV_DONE;
}

/* ---- tables: places and currencies ---- */

enum { TABLE_MAX = 400 };

static const char *place_line(void *user, const char *key, const char *value, int line) {
  struct reading *r = user;
  struct template_tables *t = &r->set->tables;
  if (strlen(key) != 3 || t->place_n == TABLE_MAX) {
    return "not a code of three letters";
  }
  t->places[t->place_n++] = (struct template_place){key, value};
  return part_source(r->ctx, r->set, value, r->path, line);
}

/* "USD = m | dólar | dólares | US dollar | US dollars": gender, then the names; tokens are cut in place. */
static const char *currency_line(void *user, const char *key, const char *value, int line) {
  struct reading *r = user;
  struct template_tables *t = &r->set->tables;
  const char *parts[5];
  size_t n = 0;
  (void)line;
  union {
    const char *in;
    char *cut;
  } text = {.in = value}; /* the reader made it for us alone */
  for (char *rest = NULL, *part = strtok_r(text.cut, "|", &rest); part;
       part = strtok_r(NULL, "|", &rest)) {
    while (*part == ' ') {
      part++;
    }
    size_t length = strlen(part);
    while (length && part[length - 1] == ' ') {
      part[--length] = 0;
    }
    if (n == 5 || length == 0) {
      return "five fields are needed";
    }
    parts[n++] = part;
  }
  if (n != 5 || strlen(key) != 3 || t->currency_n == TABLE_MAX ||
      (strcmp(parts[0], "m") != 0 && strcmp(parts[0], "f") != 0)) {
    return "not CODE = m or f | one | many | one | many";
  }
  t->currencies[t->currency_n++] = (struct words_currency){.code = key,
                                                           .feminine = parts[0][0] == 'f',
                                                           .one_es = parts[1],
                                                           .many_es = parts[2],
                                                           .one_en = parts[3],
                                                           .many_en = parts[4]};
  return NULL;
}

static sv_status table_read(struct reading *r, const char *dir, const char *name, reader_line *line,
                            struct sv_buf *files) {
  const char *text;
  r->path = sv_arena_printf(r->ctx->mem, "%s/captions/%s.txt", dir, name);
  if (!r->path) {
    return SV_FAIL(r->ctx, NO_MEMORY, "%s", name);
  }
  SV_TRY(part_file(r->ctx, r->path, files, &text));
  return reader_conf(r->ctx, r->path, text, line, r);
}

static sv_status tables_read(struct reading *r, const char *dir, struct sv_buf *files) {
  struct template_tables *t = &r->set->tables;
  t->places = SV_ARRAY(r->ctx->mem, TABLE_MAX, struct template_place);
  t->currencies = SV_ARRAY(r->ctx->mem, TABLE_MAX, struct words_currency);
  if (!t->places || !t->currencies) {
    return SV_FAIL(r->ctx, NO_MEMORY, "tables");
  }
  SV_TRY(table_read(r, dir, "places", place_line, files));
  return table_read(r, dir, "currencies", currency_line, files);
}

/* ---- all ---- */

/* The words of each pair of languages, side by side. */
static void pairs_fill(struct templates *set, const struct text *words, const struct text *months) {
  size_t pair = 0;
  for (size_t a = 0; a < set->language_n; a++) {
    for (size_t b = 0; b < set->language_n; b++) {
      if (a == b) {
        continue;
      }
      struct captions *c = &set->captions[pair++];
      c->languages[0] = set->languages[a].code, c->languages[1] = set->languages[b].code;
      c->tables = &set->tables;
      for (size_t i = 0; i < WORD_COUNT; i++) {
        c->words[i] = (struct pair){words[i].v[a], words[i].v[b]};
      }
      for (size_t i = 0; i < 12; i++) {
        c->months[i] = (struct pair){months[i].v[a], months[i].v[b]};
      }
    }
  }
}

sv_status captions_read(struct sv_ctx *ctx, struct templates *set, const char *dir,
                        struct sv_buf *files) {
  struct reading r = {.ctx = ctx, .set = set};
  r.words = SV_ARRAY(ctx->mem, WORD_COUNT, struct text);
  r.months = SV_ARRAY(ctx->mem, 12, struct text);
  if (!r.words || !r.months) {
    return SV_FAIL(ctx, NO_MEMORY, "captions");
  }
  SV_TRY(languages_read(&r, dir, files));
  for (r.language = 0; r.language < set->language_n; r.language++) {
    SV_TRY(language_captions(&r, dir, files));
  }
  SV_TRY(tables_read(&r, dir, files));
  pairs_fill(set, r.words, r.months);
  return SV_DONE;
}
