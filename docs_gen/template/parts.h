/* Parts of reading templates, for this folder's own files alone. */
#pragma once
#include "docs_gen/template/reader.h"
#include "docs_gen/template/template.h"

enum part_text {
#define X(name) PART_##name,
  TEMPLATE_TEXTS(X)
#undef X
      PART_clause,
  PART_COUNT
};

enum part_steps { PART_checking, PART_rules, PART_stairs, PART_STEPS };

struct folder_steps {
  struct text v[TEMPLATE_STEPS_MAX];
  size_t n;
};

struct folder_basis {
  const char *id;
  struct text text;
};

/* One folder as it was read, in all languages; what it extends is in it already. */
struct folder {
  const char *name, *conf; /* "transit_exit", path of its layout.conf */
  enum model_kind kind;
  enum model_purpose purpose;
  bool offered; /* a letter without a purpose is there to be extended */
  unsigned version;
  struct text texts[PART_COUNT];
  struct folder_steps steps[PART_STEPS];
  struct template_clause clause_set;
  struct template_block_place blocks[BLOCK_COUNT];
  const char *document_code;
  bool single_journey;
  struct folder_basis bases[TEMPLATE_BASES_MAX];
  size_t basis_n;
  struct sv_buf files; /* all bytes read for it */
};

/* Reads "<dir>/<kind>/<name>" whole. Fails: TEMPLATE with file and line. */
sv_status folder_read(struct sv_ctx *ctx, struct templates *set, const char *dir, const char *kind,
                      struct folder *folder);
/* languages.conf, captions/ and the tables of places and currencies; their bytes are added to *files. */
sv_status captions_read(struct sv_ctx *ctx, struct templates *set, const char *dir,
                        struct sv_buf *files);

/* A file that must be there; its bytes are added to *files. */
sv_status part_file(struct sv_ctx *ctx, const char *path, struct sv_buf *files, const char **ret);
/* Remembers where a text stands, NULL, or "no memory". */
const char *part_source(struct sv_ctx *ctx, struct templates *set, const char *text,
                        const char *path, int line);
/* What is wrong with the places for fields in a text; NULL: nothing. */
const char *part_fields_fault(const char *text, bool letter);
