/* Templates. Invariant: after templates_open every text of every template is there, in both languages. */
#include "docs_gen/template/template.h"

#include <stdlib.h>

#include "docs_gen/template/reader.h"

static const struct {
  const char *kind_folder, *folder;
  enum model_kind kind;
  enum model_purpose purpose;
} shipped[TEMPLATE_COUNT] = {
    {"safe_conduct", "transit_exit", MODEL_SAFE_CONDUCT, MODEL_TRANSIT_EXIT},
    {"safe_conduct", "emergency_travel_document", MODEL_SAFE_CONDUCT,
     MODEL_EMERGENCY_TRAVEL_DOCUMENT},
    {"safe_conduct", "asylum_safe_conduct", MODEL_SAFE_CONDUCT, MODEL_ASYLUM_SAFE_CONDUCT},
    {"safe_conduct", "protection_stay", MODEL_SAFE_CONDUCT, MODEL_PROTECTION_STAY},
    {"flight_manifest", "standard", MODEL_FLIGHT_MANIFEST, MODEL_PURPOSE_NONE},
    {"disbursement_receipt", "standard", MODEL_DISBURSEMENT_RECEIPT, MODEL_PURPOSE_NONE},
};

/* ---- captions ---- */

static const char *const word_keys[] = {
#define X(word) #word,
    TEMPLATE_WORDS(X)
#undef X
};

struct captions_reader {
  struct captions *captions;
  bool english;
};

static const char *set_once(struct pair *pair, bool english, const char *value) {
  const char **place = english ? &pair->en : &pair->es;
  if (*place) {
    return "the key was given before";
  }
  *place = value;
  return NULL;
}

static const char *caption_line(void *user, const char *key, const char *value) {
  struct captions_reader *r = user;
  if (strncmp(key, "month.", 6) == 0) {
    int month = atoi(key + 6);
    return month >= 1 && month <= 12 ? set_once(&r->captions->months[month - 1], r->english, value)
                                     : "no such month";
  }
  for (size_t i = 0; i < WORD_COUNT; i++) {
    if (strcmp(key, word_keys[i]) == 0) {
      return set_once(&r->captions->words[i], r->english, value);
    }
  }
  return "unknown key";
}

static sv_status required_file(struct sv_ctx *ctx, const char *path, const char **ret) {
  SV_TRY(reader_file(ctx, path, ret));
  return *ret ? SV_DONE : SV_FAIL(ctx, TEMPLATE, "%s: missing", path);
}

static sv_status read_captions(struct sv_ctx *ctx, const char *dir, struct captions *ret) {
  for (int english = 0; english < 2; english++) {
    const char *path = sv_arena_printf(ctx->mem, "%s/captions/%s.txt", dir, english ? "en" : "es"),
               *text;
    if (!path) {
      return SV_FAIL(ctx, NO_MEMORY, "captions");
    }
    SV_TRY(required_file(ctx, path, &text));
    SV_TRY(reader_conf(ctx, path, text, caption_line,
                       &(struct captions_reader){.captions = ret, .english = english}));
    for (size_t i = 0; i < WORD_COUNT; i++) {
      if (!(english ? ret->words[i].en : ret->words[i].es)) {
        return SV_FAIL(ctx, TEMPLATE, "%s: no %s", path, word_keys[i]);
      }
    }
    for (int i = 0; i < 12; i++) {
      if (!(english ? ret->months[i].en : ret->months[i].es)) {
        return SV_FAIL(ctx, TEMPLATE, "%s: no month.%d", path, i + 1);
      }
    }
  }
  return SV_DONE;
}

/* ---- tables: places and currencies ---- */

enum { TABLE_MAX = 400 };

static const char *place_line(void *user, const char *key, const char *value) {
  struct captions *c = user;
  if (strlen(key) != 3 || c->place_n == TABLE_MAX) {
    return "not a code of three letters";
  }
  c->places[c->place_n++] = (struct template_place){key, value};
  return NULL;
}

/* "USD = m | dólar | dólares | US dollar | US dollars": gender, then the names; tokens are cut in place. */
static const char *currency_line(void *user, const char *key, const char *value) {
  struct captions *c = user;
  const char *parts[5];
  size_t n = 0;
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
  if (n != 5 || strlen(key) != 3 || c->currency_n == TABLE_MAX ||
      (strcmp(parts[0], "m") != 0 && strcmp(parts[0], "f") != 0)) {
    return "not CODE = m or f | one | many | one | many";
  }
  c->currencies[c->currency_n++] = (struct words_currency){.code = key,
                                                           .feminine = parts[0][0] == 'f',
                                                           .one_es = parts[1],
                                                           .many_es = parts[2],
                                                           .one_en = parts[3],
                                                           .many_en = parts[4]};
  return NULL;
}

static sv_status read_tables(struct sv_ctx *ctx, const char *dir, struct captions *ret) {
  ret->places = SV_ARRAY(ctx->mem, TABLE_MAX, struct template_place);
  ret->currencies = SV_ARRAY(ctx->mem, TABLE_MAX, struct words_currency);
  const char *places = sv_arena_printf(ctx->mem, "%s/captions/places.txt", dir);
  const char *currencies = sv_arena_printf(ctx->mem, "%s/captions/currencies.txt", dir);
  const char *text;
  if (!ret->places || !ret->currencies || !places || !currencies) {
    return SV_FAIL(ctx, NO_MEMORY, "tables");
  }
  SV_TRY(required_file(ctx, places, &text));
  SV_TRY(reader_conf(ctx, places, text, place_line, ret));
  SV_TRY(required_file(ctx, currencies, &text));
  return reader_conf(ctx, currencies, text, currency_line, ret);
}

/* ---- one template ---- */

static const struct {
  const char *key;
  size_t offset;
} template_keys[] = {
    {"title", offsetof(struct template, title)},
    {"title_second", offsetof(struct template, title_second)},
    {"subtitle", offsetof(struct template, subtitle)},
    {"area", offsetof(struct template, area)},
    {"form", offsetof(struct template, form)},
    {"form_note", offsetof(struct template, form_note)},
    {"recipient", offsetof(struct template, recipient)},
    {"micro", offsetof(struct template, micro)},
};
enum { TEMPLATE_KEYS = sizeof template_keys / sizeof *template_keys };

struct template_reader {
  struct sv_ctx *ctx;
  struct template *t;
  const char *extends;
};

static struct pair *pair_at(struct template *t, size_t offset) {
  return (struct pair *)(void *)((char *)t + offset);
}

/* "es" or "en" after the last full stop of a key; the key's length before it. */
static bool language_of(const char *key, size_t *ret_n, bool *ret_english) {
  const char *dot = strrchr(key, '.');
  if (!dot || (strcmp(dot, ".es") != 0 && strcmp(dot, ".en") != 0)) {
    return false;
  }
  *ret_n = (size_t)(dot - key);
  *ret_english = dot[2] == 'n';
  return true;
}

static const char *basis_line(struct template_reader *r, const char *id, size_t n, bool english,
                              const char *value) {
  struct template *t = r->t;
  size_t i = 0;
  while (i < t->basis_n && (strlen(t->bases[i].id) != n || memcmp(t->bases[i].id, id, n) != 0)) {
    i++;
  }
  if (i == TEMPLATE_BASES_MAX || n == 0) {
    return "too many bases, or one without an id";
  }
  if (i == t->basis_n) {
    t->bases[t->basis_n++].id = sv_arena_strndup(r->ctx->mem, id, n);
  }
  *(english ? &t->bases[i].text.en : &t->bases[i].text.es) = value;
  return NULL;
}

static const char *template_line(void *user, const char *key, const char *value) {
  struct template_reader *r = user;
  size_t n;
  bool english;
  if (strcmp(key, "version") == 0) {
    r->t->version = (unsigned)atoi(value);
    return r->t->version ? NULL : "not a version";
  }
  if (strcmp(key, "extends") == 0) {
    r->extends = value;
    return NULL;
  }
  if (strcmp(key, "document_code") == 0) {
    r->t->document_code = (struct pair){value, value};
    return strlen(value) == 2 ? NULL : "not two letters";
  }
  if (strcmp(key, "single_journey") == 0) {
    r->t->single_journey = strcmp(value, "yes") == 0;
    return r->t->single_journey || strcmp(value, "no") == 0 ? NULL : "neither yes nor no";
  }
  if (!language_of(key, &n, &english)) {
    return "unknown key";
  }
  if (strncmp(key, "basis.", 6) == 0 && n > 6) {
    return basis_line(r, key + 6, n - 6, english, value);
  }
  for (size_t i = 0; i < TEMPLATE_KEYS; i++) {
    if (strlen(template_keys[i].key) == n && memcmp(template_keys[i].key, key, n) == 0) {
      struct pair *pair = pair_at(r->t, template_keys[i].offset);
      *(english ? &pair->en : &pair->es) =
          value; /* a folder says otherwise than the one it extends */
      return NULL;
    }
  }
  return "unknown key";
}

/* "<folder>/<stem>.es.md" and ".en.md", both or neither; steps are matched one to one. */
static sv_status read_steps(struct sv_ctx *ctx, const char *folder, const char *stem, size_t max,
                            struct template_steps *ret) {
  size_t counts[2] = {0, 0};
  struct template_steps steps = {.n = 0};
  for (int english = 0; english < 2; english++) {
    const char *path =
                   sv_arena_printf(ctx->mem, "%s/%s.%s.md", folder, stem, english ? "en" : "es"),
               *text;
    const char *lines[TEMPLATE_STEPS_MAX];
    if (!path) {
      return SV_FAIL(ctx, NO_MEMORY, "%s", folder);
    }
    SV_TRY(reader_file(ctx, path, &text));
    if (!text) {
      continue;
    }
    SV_TRY(reader_paragraphs(ctx, path, text, lines, max, &counts[english]));
    for (size_t i = 0; i < counts[english]; i++) {
      *(english ? &steps.v[i].en : &steps.v[i].es) = lines[i];
    }
  }
  if (counts[0] != counts[1]) {
    return SV_FAIL(ctx, TEMPLATE, "%s/%s: %zu paragraphs in Spanish, %zu in English", folder, stem,
                   counts[0], counts[1]);
  }
  steps.n = counts[0];
  if (steps.n) {
    *ret = steps;
  }
  return SV_DONE;
}

static sv_status read_folder(struct sv_ctx *ctx, const char *dir, const char *kind,
                             const char *folder, bool may_extend, struct template *t) {
  const char *path = sv_arena_printf(ctx->mem, "%s/%s/%s/layout.conf", dir, kind, folder);
  const char *here = sv_arena_printf(ctx->mem, "%s/%s/%s", dir, kind, folder);
  const char *text;
  if (!path || !here) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", folder);
  }
  SV_TRY(required_file(ctx, path, &text));
  struct template_reader probe = {.ctx = ctx, .t = SV_NEW(ctx->mem, struct template)};
  if (!probe.t) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", folder);
  }
  SV_TRY(reader_conf(ctx, path, text, template_line, &probe));
  if (probe.extends) {
    if (!may_extend || strpbrk(probe.extends, "/.")) {
      return SV_FAIL(ctx, TEMPLATE, "%s: extends is one folder of the same kind", path);
    }
    SV_TRY(read_folder(ctx, dir, kind, probe.extends, false, t));
  }
  SV_TRY(
      reader_conf(ctx, path, text, template_line, &(struct template_reader){.ctx = ctx, .t = t}));
  struct template_steps clause = {.n = 0};
  SV_TRY(read_steps(ctx, here, "clause", 1, &clause));
  t->clause = clause.n ? clause.v[0] : t->clause;
  SV_TRY(read_steps(ctx, here, "checking", TEMPLATE_STEPS_MAX, &t->checking));
  SV_TRY(read_steps(ctx, here, "rules", TEMPLATE_STEPS_MAX, &t->rules));
  return read_steps(ctx, here, "stairs", TEMPLATE_STEPS_MAX, &t->stairs);
}

/* Fills what a kind does not need, and refuses what it does. */
static sv_status complete(struct sv_ctx *ctx, const char *where, struct template *t) {
  for (size_t i = 0; i < TEMPLATE_KEYS; i++) {
    struct pair *pair = pair_at(t, template_keys[i].offset);
    pair->es = pair->es ? pair->es : "";
    pair->en = pair->en ? pair->en : "";
  }
  for (size_t i = 0; i < t->basis_n; i++) {
    if (!t->bases[i].id || !t->bases[i].text.es || !t->bases[i].text.en) {
      return SV_FAIL(ctx, TEMPLATE, "%s: a legal basis lacks a language", where);
    }
  }
  bool letter = t->kind == MODEL_SAFE_CONDUCT;
  if (!*t->title.es || !*t->title.en || !*t->form.es || !t->version || !t->checking.n ||
      !*t->micro.es || (letter && (!t->clause.es || !t->document_code.es || t->basis_n == 0)) ||
      (t->kind == MODEL_FLIGHT_MANIFEST && (t->rules.n == 0 || t->stairs.n == 0))) {
    return SV_FAIL(ctx, TEMPLATE,
                   "%s: title, form, micro, version, checking or another text is missing", where);
  }
  return SV_DONE;
}

sv_status templates_open(struct sv_ctx *ctx, const char *dir, struct templates *ret) {
  SV_TRY(read_captions(ctx, dir, &ret->captions));
  SV_TRY(read_tables(ctx, dir, &ret->captions));
  for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
    struct template *t = &ret->v[i];
    t->kind = shipped[i].kind;
    t->purpose = shipped[i].purpose;
    SV_TRY(read_folder(ctx, dir, shipped[i].kind_folder, shipped[i].folder, true, t));
    t->name = sv_arena_printf(ctx->mem, "%s/%s@%u", shipped[i].kind_folder, shipped[i].folder,
                              t->version);
    if (!t->name) {
      return SV_FAIL(ctx, NO_MEMORY, "%s", shipped[i].folder);
    }
    SV_TRY(complete(ctx, t->name, t));
  }
  return SV_DONE;
}

const struct template *template_of(const struct templates *templates,
                                   const struct model_content *content) {
  for (size_t i = 0; i < TEMPLATE_COUNT; i++) {
    const struct template *t = &templates->v[i];
    if (t->kind == content->kind &&
        (t->kind != MODEL_SAFE_CONDUCT || t->purpose == content->letter.purpose)) {
      return t;
    }
  }
  return NULL;
}

struct words_currency template_currency(const struct captions *captions, const char *code) {
  for (size_t i = 0; i < captions->currency_n; i++) {
    if (strcmp(captions->currencies[i].code, code) == 0) {
      return captions->currencies[i];
    }
  }
  return (struct words_currency){
      .code = code, .one_es = code, .many_es = code, .one_en = code, .many_en = code};
}

const char *template_place_name(const struct captions *captions, const char *code) {
  for (size_t i = 0; i < captions->place_n; i++) {
    if (strcmp(captions->places[i].code, code) == 0) {
      return captions->places[i].name;
    }
  }
  return NULL;
}
