/* One template's folder: layout.conf, and CommonMark a text and a language. Invariant: what is read is whole; a text
 * that one language has, all languages of the set have. */
#include <stdlib.h>

#include "docs_gen/template/parts.h"

static const char *const text_keys[] = {
#define X(name) #name,
    TEMPLATE_TEXTS(X)
#undef X
};

static const char *const purposes[] = {
    [MODEL_TRANSIT_EXIT] = "TRANSIT_EXIT",
    [MODEL_EMERGENCY_TRAVEL_DOCUMENT] = "EMERGENCY_TRAVEL_DOCUMENT",
    [MODEL_ASYLUM_SAFE_CONDUCT] = "ASYLUM_SAFE_CONDUCT",
    [MODEL_PROTECTION_STAY] = "PROTECTION_STAY",
};

struct reading {
  struct sv_ctx *ctx;
  struct templates *set;
  struct folder *folder;
  const char *path;
  const char *extends;
};

/* ---- layout.conf ---- */

static bool letter(const struct folder *f) { return f->kind == MODEL_SAFE_CONDUCT; }

static const char *purpose_line(struct folder *f, const char *value) {
  for (int p = MODEL_TRANSIT_EXIT; letter(f) && p <= MODEL_PROTECTION_STAY; p++) {
    if (strcmp(purposes[p], value) == 0) {
      f->purpose = (enum model_purpose)p;
      f->offered = true;
      return NULL;
    }
  }
  return letter(f) ? "not a purpose of the API, such as TRANSIT_EXIT" : "letters alone have one";
}

static const char *version_line(struct folder *f, const char *value) {
  char *end;
  unsigned long version = strtoul(value, &end, 10);
  if (*end || version < 1 || version > 9999) {
    return "not a version from 1 to 9999";
  }
  f->version = (unsigned)version;
  return NULL;
}

/* A number of millimetres or points, "11.2": three digits, a point, three more. False where it is none of from to to. */
static bool number_of(const char *text, double from, double to, const char **ret_end, double *ret) {
  long whole = 0, part = 0, scale = 1;
  size_t n = 0, decimals = 0;
  for (; text[n] >= '0' && text[n] <= '9' && n < 4; n++) {
    whole = 10 * whole + (text[n] - '0');
  }
  const char *p = text + n;
  if (n && *p == '.') {
    for (p++; *p >= '0' && *p <= '9' && decimals < 4; p++, decimals++) {
      part = 10 * part + (*p - '0');
      scale *= 10;
    }
  }
  *ret = (double)whole + (double)part / (double)scale;
  *ret_end = p;
  return n > 0 && n < 4 && decimals < 4 && *ret >= from && *ret <= to;
}

static const char *const blocks[BLOCK_COUNT] = {
#define X(name) #name,
    TEMPLATE_BLOCKS(X)
#undef X
};

/* "block.strip = 15 57" */
static const char *block_line(struct folder *f, const char *name, const char *value) {
  enum { PAGE_WIDTH = 210, PAGE_HEIGHT = 297 };
  const char *end;
  for (size_t i = 0; i < BLOCK_COUNT; i++) {
    if (strcmp(blocks[i], name) == 0) {
      struct template_block_place b = {.given = true};
      bool good = number_of(value, 0, PAGE_WIDTH, &end, &b.x) && *end == ' ' &&
                  number_of(end + 1, 0, PAGE_HEIGHT, &end, &b.y) && !*end;
      f->blocks[i] = b;
      return good ? NULL : "not a place on A4 in millimetres, such as 15 57.5";
    }
  }
  return "not a block of a page";
}

/* "clause = 11.2 5.6 8" */
static const char *clause_line(struct folder *f, const char *value) {
  enum { PT_LEAST = 8, PT_MOST = 14, LINES_MOST = 12 };
  const char *end;
  double lines = 0;
  struct template_clause *c = &f->clause_set;
  bool good = letter(f) && number_of(value, PT_LEAST, PT_MOST, &end, &c->pt) && *end == ' ' &&
              number_of(end + 1, 3, 9, &end, &c->leading_mm) && *end == ' ' &&
              number_of(end + 1, 1, LINES_MOST, &end, &lines) && !*end;
  c->lines = (int)lines;
  return good ? NULL
              : "not points, millimetres from line to line and lines of a letter's clause, such as "
                "11.2 5.6 8";
}

/* Keys that are the same in every language. 0: none of them. */
static bool plain_line(struct reading *r, const char *key, const char *value, const char **ret) {
  struct folder *f = r->folder;
  *ret = NULL;
  if (strcmp(key, "version") == 0) {
    *ret = version_line(f, value);
  } else if (strcmp(key, "extends") == 0) {
    r->extends = value;
  } else if (strcmp(key, "purpose") == 0) {
    *ret = purpose_line(f, value);
  } else if (strcmp(key, "document_code") == 0) {
    f->document_code = value;
    *ret = strcmp(value, "PL") == 0 || strcmp(value, "PU") == 0 ? NULL : "not PL or PU";
  } else if (strcmp(key, "single_journey") == 0) {
    f->single_journey = strcmp(value, "yes") == 0;
    *ret = f->single_journey || strcmp(value, "no") == 0 ? NULL : "neither yes nor no";
  } else if (strcmp(key, "clause") == 0) {
    *ret = clause_line(f, value);
  } else if (strncmp(key, "block.", 6) == 0) {
    *ret = block_line(f, key + 6, value);
  } else {
    return false;
  }
  return true;
}

static const char *basis_line(struct reading *r, const char *id, size_t n, int language,
                              const char *value) {
  struct folder *f = r->folder;
  size_t i = 0;
  while (i < f->basis_n && (strlen(f->bases[i].id) != n || memcmp(f->bases[i].id, id, n) != 0)) {
    i++;
  }
  if (i == TEMPLATE_BASES_MAX || n == 0) {
    return "too many bases, or one without an id";
  }
  if (i == f->basis_n) {
    const char *name = sv_arena_strndup(r->ctx->mem, id, n);
    if (!name) {
      return "no memory";
    }
    f->bases[f->basis_n++].id = name;
  }
  f->bases[i].text.v[language] = value;
  return NULL;
}

static const char *conf_line(void *user, const char *key, const char *value, int line) {
  struct reading *r = user;
  const char *fault;
  if (plain_line(r, key, value, &fault)) {
    return fault;
  }
  const char *dot = strrchr(key, '.');
  int language = dot ? templates_language(r->set, dot + 1) : -1;
  if (language < 0) {
    return dot ? "unknown key, or a language that languages.conf does not have" : "unknown key";
  }
  fault = part_source(r->ctx, r->set, value, r->path, line);
  size_t n = (size_t)(dot - key);
  if (n > 6 && strncmp(key, "basis.", 6) == 0) {
    return fault ? fault : basis_line(r, key + 6, n - 6, language, value);
  }
  for (size_t i = 0; i < PART_clause && !fault; i++) {
    if (strlen(text_keys[i]) == n && memcmp(text_keys[i], key, n) == 0) {
      r->folder->texts[i].v[language] = value; /* otherwise than the folder that it extends */
      return NULL;
    }
  }
  return fault ? fault : "unknown key";
}

/* ---- CommonMark ---- */

/* "<folder>/<stem>.<language>.md" in every language or in none; steps are matched one to one. */
static sv_status steps_read(struct reading *r, const char *here, const char *stem, size_t max,
                            struct folder_steps *ret) {
  struct folder_steps steps = {.n = 0};
  size_t files = 0;
  for (size_t l = 0; l < r->set->language_n; l++) {
    const char *path = sv_arena_printf(r->ctx->mem, "%s/%s.%s.md", here, stem,
                                       r->set->languages[l].code),
               *text;
    struct reader_paragraph v[TEMPLATE_STEPS_MAX];
    size_t n;
    if (!path) {
      return SV_FAIL(r->ctx, NO_MEMORY, "%s", here);
    }
    SV_TRY(reader_file(r->ctx, path, &text));
    if (!text && files == 0) {
      continue;
    }
    if (!text || files++ != l) {
      return SV_FAIL(r->ctx, TEMPLATE, "%s/%s.%s.md: missing, and another language has it", here,
                     stem, r->set->languages[text ? 0 : l].code);
    }
    sv_buf_put(&r->folder->files, text, strlen(text) + 1);
    SV_TRY(reader_paragraphs(r->ctx, path, text, v, max, &n));
    if (n == 0 || (l && n != steps.n)) {
      return SV_FAIL(r->ctx, TEMPLATE, "%s: %zu paragraphs, but %zu in another language", path, n,
                     steps.n);
    }
    steps.n = n;
    for (size_t i = 0; i < n; i++) {
      const char *fault = part_fields_fault(v[i].text, letter(r->folder));
      fault = fault ? fault : part_source(r->ctx, r->set, v[i].text, path, v[i].line);
      if (fault) {
        return SV_FAIL(r->ctx, TEMPLATE, "%s:%d: %s", path, v[i].line, fault);
      }
      steps.v[i].v[l] = v[i].text;
    }
  }
  *ret = steps.n ? steps : *ret;
  return SV_DONE;
}

static sv_status marked_texts(struct reading *r, const char *here) {
  struct folder *f = r->folder;
  struct folder_steps clause = {.n = 0};
  SV_TRY(steps_read(r, here, "clause", 1, &clause));
  f->texts[PART_clause] = clause.n ? clause.v[0] : f->texts[PART_clause];
  SV_TRY(steps_read(r, here, "checking", TEMPLATE_STEPS_MAX, &f->steps[PART_checking]));
  SV_TRY(steps_read(r, here, "rules", TEMPLATE_STEPS_MAX, &f->steps[PART_rules]));
  return steps_read(r, here, "stairs", TEMPLATE_STEPS_MAX, &f->steps[PART_stairs]);
}

/* ---- whole ---- */

/* A text that is in some languages must be in all. */
static sv_status text_complete(struct reading *r, const char *key, const struct text *t,
                               bool needed) {
  size_t n = 0, missing = 0;
  for (size_t l = 0; l < r->set->language_n; l++) {
    n += t->v[l] != NULL;
    missing = t->v[l] ? missing : l;
  }
  if ((n || needed) && n < r->set->language_n) {
    return SV_FAIL(r->ctx, TEMPLATE, "%s: no %s.%s", r->folder->conf, key,
                   r->set->languages[missing].code);
  }
  return SV_DONE;
}

static bool needed(const struct folder *f, enum part_text part) {
  return part == PART_title || part == PART_form || part == PART_micro ||
         (letter(f) && (part == PART_clause || part == PART_area));
}

static sv_status folder_complete(struct reading *r) {
  struct folder *f = r->folder;
  for (size_t i = 0; i < PART_COUNT; i++) {
    SV_TRY(text_complete(r, i == PART_clause ? "clause" : text_keys[i], &f->texts[i],
                         needed(f, (enum part_text)i)));
  }
  for (size_t i = 0; i < f->basis_n; i++) {
    SV_TRY(text_complete(r, f->bases[i].id, &f->bases[i].text, true));
  }
  const char *lacks = !f->version                         ? "version"
                      : !f->steps[PART_checking].n        ? "checking.*.md"
                      : letter(f) && !f->document_code    ? "document_code"
                      : letter(f) && !f->clause_set.lines ? "clause"
                      : letter(f) && f->basis_n == 0      ? "basis.*"
                      : f->kind != MODEL_FLIGHT_MANIFEST  ? NULL
                      : !f->steps[PART_rules].n           ? "rules.*.md"
                      : !f->steps[PART_stairs].n          ? "stairs.*.md"
                                                          : NULL;
  return lacks ? SV_FAIL(r->ctx, TEMPLATE, "%s: no %s", f->conf, lacks) : SV_DONE;
}

static sv_status one_folder(struct reading *r, const char *dir, const char *kind, const char *name,
                            bool may_extend) {
  struct sv_ctx *ctx = r->ctx;
  const char *here = sv_arena_printf(ctx->mem, "%s/%s/%s", dir, kind, name), *text;
  const char *path = sv_arena_printf(ctx->mem, "%s/layout.conf", here ? here : "");
  struct folder *probe = SV_NEW(ctx->mem, struct folder);
  if (!here || !path || !probe) {
    return SV_FAIL(ctx, NO_MEMORY, "%s", name);
  }
  SV_TRY(part_file(ctx, path, &r->folder->files, &text));
  probe->kind = r->folder->kind;
  struct reading first = {.ctx = ctx, .set = r->set, .folder = probe, .path = path};
  SV_TRY(reader_conf(ctx, path, text, conf_line, &first));
  if (first.extends) {
    if (!may_extend || strpbrk(first.extends, "/.")) {
      return SV_FAIL(ctx, TEMPLATE, "%s: extends is one folder of the same kind", path);
    }
    SV_TRY(one_folder(r, dir, kind, first.extends, false));
  }
  r->folder->offered = !letter(r->folder);
  r->path = r->folder->conf = path;
  SV_TRY(reader_conf(ctx, path, text, conf_line, r));
  return marked_texts(r, here);
}

sv_status folder_read(struct sv_ctx *ctx, struct templates *set, const char *dir, const char *kind,
                      struct folder *folder) {
  struct reading r = {.ctx = ctx, .set = set, .folder = folder};
  folder->files = sv_buf_in(ctx->mem, 0);
  SV_TRY(one_folder(&r, dir, kind, folder->name, true));
  return folder->offered ? folder_complete(&r) : SV_DONE;
}
