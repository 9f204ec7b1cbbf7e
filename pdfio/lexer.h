/* Tokens and values of PDF syntax, for the files of pdfio/ and for page contents. */
#pragma once
#include "base/ctx.h"
#include "pdfio/value.h"

struct pdfio_lexer {
  struct sv_ctx *ctx;
  struct sv_bytes text;
  size_t at;
  bool in_file;
  bool refs; /* "1 0 R" is a reference: not in page contents */
  bool comments_met;
  size_t *nodes; /* counts down over the whole reader */
};

bool pdfio_is_space(uint8_t c);
bool pdfio_is_delimiter(uint8_t c);
/* Spaces and comments. */
void pdfio_skip_space(struct pdfio_lexer *l);
/* Moves past a keyword that is followed by no regular character; moves nothing and returns false otherwise. */
bool pdfio_keyword(struct pdfio_lexer *l, const char *word);
/* Digits alone, up to 18 of them; moves past them. */
bool pdfio_digits(struct pdfio_lexer *l, uint64_t *ret);
/* One value; a dictionary is not yet a stream. Fails: PDF_FORMAT, NO_MEMORY. */
sv_status pdfio_value_read(struct pdfio_lexer *l, int depth, const struct pdfio_value **ret);
