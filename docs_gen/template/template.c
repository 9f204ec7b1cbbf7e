/* Templates. Invariant: after templates_open every text of every template is there, in every language of the set, and
 * each pair of languages has its own view. */
#include "docs_gen/template/template.h"

#include <dirent.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "docs_gen/template/parts.h"

SV_AUTO_DEFINE(DIR, closedir)

static const struct {
  const char *folder;
  enum model_kind kind;
} kinds[] = {
    {"safe_conduct", MODEL_SAFE_CONDUCT},
    {"flight_manifest", MODEL_FLIGHT_MANIFEST},
    {"disbursement_receipt", MODEL_DISBURSEMENT_RECEIPT},
};

/* The folder that a content means where it names no template. */
static const char *const standard[] = {
    [MODEL_PURPOSE_NONE] = "standard",
    [MODEL_TRANSIT_EXIT] = "transit_exit",
    [MODEL_EMERGENCY_TRAVEL_DOCUMENT] = "emergency_travel_document",
    [MODEL_ASYLUM_SAFE_CONDUCT] = "asylum_safe_conduct",
    [MODEL_PROTECTION_STAY] = "protection_stay",
};

/* ---- parts ---- */

sv_status part_file(struct sv_ctx *ctx, const char *path, struct sv_buf *files, const char **ret) {
  SV_TRY(reader_file(ctx, path, ret));
  if (!*ret) {
    return SV_FAIL(ctx, TEMPLATE, "%s: missing", path);
  }
  sv_buf_put(files, *ret, strlen(*ret) + 1);
  return files->failed ? SV_FAIL(ctx, NO_MEMORY, "%s", path) : SV_DONE;
}

const char *part_source(struct sv_ctx *ctx, struct templates *set, const char *text,
                        const char *path, int line) {
  if (set->source_n == set->source_room) {
    size_t room = set->source_room ? 2 * set->source_room : 512;
    struct template_source *more = SV_ARRAY(ctx->mem, room, struct template_source);
    if (!more) {
      return "no memory";
    }
    if (set->source_n) {
      memcpy(more, set->sources, set->source_n * sizeof *more);
    }
    set->sources = more, set->source_room = room;
  }
  set->sources[set->source_n++] = (struct template_source){text, path, line};
  return NULL;
}

enum template_field template_field_at(const char *text, size_t *ret_n) {
  static const char *const names[] = {
#define X(name, letter) "{{" #name "}}",
      TEMPLATE_FIELDS(X)
#undef X
  };
  for (size_t i = 0; i < FIELD_COUNT && text[0] == '{' && text[1] == '{'; i++) {
    size_t n = strlen(names[i]);
    if (strncmp(text, names[i], n) == 0) {
      *ret_n = n;
      return (enum template_field)i;
    }
  }
  return FIELD_COUNT;
}

const bool template_fields_personal[FIELD_COUNT] = {
#define X(name, letter) letter,
    TEMPLATE_FIELDS(X)
#undef X
};

const char *part_fields_fault(const char *text, bool letter) {
  for (size_t n = 1; *text; text += n, n = 1) {
    if (*text != '{' && *text != '}') {
      continue;
    }
    enum template_field field = template_field_at(text, &n);
    if (field == FIELD_COUNT) {
      return "not the place of a field that a text can have, such as {{verify_url}}";
    }
    if (template_fields_personal[field] && !letter) {
      return "a field that letters alone have";
    }
  }
  return NULL;
}

/* ---- opening ---- */

static struct pair pair_of(const struct text *t, size_t a, size_t b) {
  return (struct pair){t->v[a] ? t->v[a] : "", t->v[b] ? t->v[b] : ""};
}

static void steps_of(const struct folder_steps *from, size_t a, size_t b,
                     struct template_steps *ret) {
  ret->n = from->n;
  for (size_t i = 0; i < from->n; i++) {
    ret->v[i] = pair_of(&from->v[i], a, b);
  }
}

static const char *text_in(const struct text *t, size_t language) {
  return t->v[language] ? t->v[language] : "";
}

/* What the third language says, of a pair that has all of another; nothing when the set has no such language. */
static sv_status third_fill(struct sv_ctx *ctx, const struct templates *set, const struct folder *f,
                            size_t a, size_t b, struct template_third *ret) {
  static const char *const asked[] = {"en", "fr", "es"};
  int third = -1;
  for (size_t i = 0; i < sizeof asked / sizeof *asked && third < 0; i++) {
    int at = templates_language(set, asked[i]);
    third = at >= 0 && (size_t)at != a && (size_t)at != b ? at : -1;
  }
  if (third < 0) {
    return SV_DONE;
  }
  size_t c = (size_t)third;
  const struct captions *captions =
      &set->captions[c * (set->language_n - 1) + (a < c ? a : a - 1)]; /* the third and a */
  ret->language = set->languages[c].code;
  ret->title = sv_arena_printf(ctx->mem, "%s %s", text_in(&f->texts[PART_title], c),
                               text_in(&f->texts[PART_title_second], c));
  ret->clause = text_in(&f->texts[PART_clause], c);
  ret->single_journey = captions->words[WORD_single_journey].first;
  ret->captions = captions;
  return ret->title ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "%s", f->name);
}

/* A folder as one pair of languages sees it. */
static void view_fill(const struct folder *f, const char *name, size_t a, size_t b,
                      struct template *t) {
  t->name = name;
  t->kind = f->kind, t->purpose = f->purpose, t->version = f->version;
  crypto_sha256(sv_buf_bytes(&f->files), t->sha256);
#define X(part) t->part = pair_of(&f->texts[PART_##part], a, b);
  TEMPLATE_TEXTS(X)
#undef X
  t->clause = pair_of(&f->texts[PART_clause], a, b);
  t->clause_set = f->clause_set;
  memcpy(t->blocks, f->blocks, sizeof t->blocks);
  t->clause_filled = strstr(t->clause.first, "{{") || strstr(t->clause.second, "{{");
  t->document_code = f->document_code ? f->document_code : "";
  t->single_journey = f->single_journey;
  steps_of(&f->steps[PART_checking], a, b, &t->checking);
  for (size_t i = 0; i < t->checking.n; i++) {
    t->checking_personal = t->checking_personal ||
                           part_fields_fault(t->checking.v[i].first, false) ||
                           part_fields_fault(t->checking.v[i].second, false);
  }
  steps_of(&f->steps[PART_rules], a, b, &t->rules);
  steps_of(&f->steps[PART_stairs], a, b, &t->stairs);
  t->basis_n = f->basis_n;
  for (size_t i = 0; i < f->basis_n; i++) {
    t->bases[i] = (struct template_basis){f->bases[i].id, pair_of(&f->bases[i].text, a, b)};
  }
}

/* "name" must have its version behind an @, when it has one: a folder kept for what was issued under it. */
static sv_status name_of(struct sv_ctx *ctx, const char *kind, const struct folder *f,
                         const char **ret) {
  const char *at = strchr(f->name, '@');
  if (at && (strtoul(at + 1, NULL, 10) != f->version || at[1] == '0')) {
    return SV_FAIL(ctx, TEMPLATE, "%s: version %u in a folder named %s", f->conf, f->version,
                   f->name);
  }
  *ret = at ? sv_arena_printf(ctx->mem, "%s/%s", kind, f->name)
            : sv_arena_printf(ctx->mem, "%s/%s@%u", kind, f->name, f->version);
  return *ret ? SV_DONE : SV_FAIL(ctx, NO_MEMORY, "%s", f->name);
}

static sv_status folder_add(struct sv_ctx *ctx, struct templates *set, const char *dir,
                            const char *kind, enum model_kind number, const char *name,
                            const struct sv_buf *shared) {
  struct folder *f = SV_NEW(ctx->mem, struct folder);
  if (!f) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", name);
  }
  f->name = name, f->kind = number;
  SV_TRY(folder_read(ctx, set, dir, kind, f));
  if (!f->offered) {
    return SV_DONE;
  }
  if (set->template_n == TEMPLATE_MAX) {
    return SV_FAIL(ctx, TEMPLATE, "%s: more than %d templates", dir, TEMPLATE_MAX);
  }
  sv_buf_put(&f->files, shared->p, shared->n);
  const char *full;
  SV_TRY(name_of(ctx, kind, f, &full));
  size_t pair = 0;
  for (size_t a = 0; a < set->language_n; a++) {
    for (size_t b = 0; b < set->language_n; b++) {
      if (a != b) {
        struct template *t = &set->v[pair++][set->template_n];
        view_fill(f, full, a, b, t);
        if (f->single_journey) {
          SV_TRY(third_fill(ctx, set, f, a, b, &t->third));
          t->clause_filled = t->clause_filled || (t->third.clause && strstr(t->third.clause, "{{"));
        }
      }
    }
  }
  set->template_n++;
  return f->files.failed ? SV_FAIL(ctx, NO_MEMORY, "%s", name) : SV_DONE;
}

enum { FOLDERS_MAX = 2 * TEMPLATE_MAX };

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of the folders of a kind, sorted: an order that no file system changes. */
static sv_status folder_names(struct sv_ctx *ctx, const char *path, const char **names,
                              size_t *ret_n) {
  SV_AUTO(closedir) DIR *d = opendir(path);
  size_t n = 0;
  if (!d) {
    return SV_FAIL(ctx, TEMPLATE, "%s: missing", path);
  }
  for (struct dirent *e; (e = readdir(d)) != NULL;) {
    if (e->d_name[0] == '.') {
      continue;
    }
    if (n == FOLDERS_MAX) {
      return SV_FAIL(ctx, TEMPLATE, "%s: more than %d folders", path, FOLDERS_MAX);
    }
    if (strspn(e->d_name, "abcdefghijklmnopqrstuvwxyz0123456789_@") != strlen(e->d_name)) {
      return SV_FAIL(ctx, TEMPLATE, "%s/%s: a name is of a-z, 0-9 and _", path, e->d_name);
    }
    names[n] = sv_arena_strdup(ctx->mem, e->d_name);
    if (!names[n++]) {
      return SV_FAIL(ctx, NO_MEMORY, "%s", path);
    }
  }
  qsort(names, n, sizeof *names, by_name);
  *ret_n = n;
  return SV_DONE;
}

/* Every content has its template: the standard one of each kind and purpose. */
static sv_status standards_check(struct sv_ctx *ctx, const struct templates *set, const char *dir) {
  struct model_content c = {.template_name = ""};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    int last = kinds[k].kind == MODEL_SAFE_CONDUCT ? MODEL_PROTECTION_STAY : MODEL_TRANSIT_EXIT;
    c.kind = kinds[k].kind;
    for (int p = MODEL_TRANSIT_EXIT; p <= last; p++) {
      c.letter.purpose = (enum model_purpose)p;
      if (templates_find(set, &c) < 0) {
        return SV_FAIL(ctx, TEMPLATE, "%s/%s/%s: missing, or not of that purpose", dir,
                       kinds[k].folder,
                       standard[c.kind == MODEL_SAFE_CONDUCT ? p : MODEL_PURPOSE_NONE]);
      }
    }
  }
  return SV_DONE;
}

sv_status templates_open(struct sv_ctx *ctx, const char *dir, struct templates *ret) {
  struct sv_buf shared = sv_buf_in(ctx->mem, 0);
  SV_TRY(captions_read(ctx, ret, dir, &shared));
  for (size_t pair = 0; pair < templates_pairs(ret); pair++) {
    ret->v[pair] = SV_ARRAY(ctx->mem, TEMPLATE_MAX, struct template);
    if (!ret->v[pair]) {
      return SV_FAIL(ctx, NO_MEMORY, "templates");
    }
  }
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    const char *names[FOLDERS_MAX];
    size_t n;
    const char *path = sv_arena_printf(ctx->mem, "%s/%s", dir, kinds[k].folder);
    if (!path) {
      return SV_FAIL(ctx, NO_MEMORY, "templates");
    }
    SV_TRY(folder_names(ctx, path, names, &n));
    for (size_t i = 0; i < n; i++) {
      SV_TRY(folder_add(ctx, ret, dir, kinds[k].folder, kinds[k].kind, names[i], &shared));
    }
  }
  return standards_check(ctx, ret, dir);
}

/* ---- questions ---- */

size_t templates_pairs(const struct templates *templates) {
  return templates->language_n * (templates->language_n - 1);
}

int templates_language(const struct templates *templates, const char *tag) {
  size_t n = strcspn(tag, "-");
  for (size_t i = 0; i < templates->language_n; i++) {
    const char *code = templates->languages[i].code;
    if (strlen(code) == n && strncmp(code, tag, n) == 0) {
      return (int)i;
    }
  }
  return -1;
}

size_t templates_pair_of(const struct templates *templates, const struct model_content *content) {
  const struct model_texts *asked = &content->languages;
  int a = asked->n > 0 ? templates_language(templates, asked->v[0]) : -1;
  int b = asked->n > 1 ? templates_language(templates, asked->v[1]) : -1;
  a = a < 0 ? 0 : a;
  b = b < 0 || b == a ? (a == 0 ? 1 : 0) : b;
  return (size_t)a * (templates->language_n - 1) + (size_t)(b < a ? b : b - 1);
}

/* Whether a template is the one asked for as "kind/folder" or "kind/folder@N". */
static bool is_named(const struct template *t, const char *asked) {
  size_t n = strlen(asked);
  return strncmp(t->name, asked, n) == 0 && (t->name[n] == 0 || t->name[n] == '@');
}

int templates_find(const struct templates *templates, const struct model_content *content) {
  char own[96];
  const char *asked = content->template_name;
  if (!asked || !*asked) {
    bool letter = content->kind == MODEL_SAFE_CONDUCT;
    enum model_purpose purpose = letter ? content->letter.purpose : MODEL_PURPOSE_NONE;
    if (purpose > MODEL_PROTECTION_STAY || (letter && purpose == MODEL_PURPOSE_NONE) ||
        content->kind < MODEL_SAFE_CONDUCT || content->kind > MODEL_DISBURSEMENT_RECEIPT) {
      return -1;
    }
    size_t n = strlen(kinds[content->kind - 1].folder);
    memcpy(own, kinds[content->kind - 1].folder, n);
    own[n] = '/';
    memcpy(own + n + 1, standard[purpose], strlen(standard[purpose]) + 1);
    asked = own;
  }
  int found = -1;
  for (size_t i = 0; i < templates->template_n; i++) {
    const struct template *t = &templates->v[0][i];
    bool fits = t->kind == content->kind &&
                (t->kind != MODEL_SAFE_CONDUCT || t->purpose == content->letter.purpose);
    if (fits && is_named(t, asked) &&
        (found < 0 || t->version > templates->v[0][found].version)) { /* the newest of a name */
      found = (int)i;
    }
  }
  return found;
}

const char *templates_where(const struct templates *templates, struct sv_ctx *ctx,
                            const char *text) {
  size_t n = strlen(text);
  while (n && strchr(" /", text[n - 1])) { /* the first of two languages has an oblique behind it */
    n--;
  }
  for (size_t i = 0; n && i < templates->source_n; i++) {
    const struct template_source *s = &templates->sources[i];
    if (memmem(s->text, strlen(s->text), text, n)) {
      const char *where = sv_arena_printf(ctx->mem, "%s:%d", s->path, s->line);
      return where ? where : "";
    }
  }
  return "";
}

struct words_currency template_currency(const struct captions *captions, const char *code) {
  const struct template_tables *t = captions->tables;
  for (size_t i = 0; i < t->currency_n; i++) {
    if (strcmp(t->currencies[i].code, code) == 0) {
      return t->currencies[i];
    }
  }
  return (struct words_currency){
      .code = code, .one_es = code, .many_es = code, .one_en = code, .many_en = code};
}

const char *template_place_name(const struct captions *captions, const char *code) {
  const struct template_tables *t = captions->tables;
  for (size_t i = 0; i < t->place_n; i++) {
    if (strcmp(t->places[i].code, code) == 0) {
      return t->places[i].name;
    }
  }
  return NULL;
}
