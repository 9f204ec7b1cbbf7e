/* The reader's insides, for the files of pdfio/ alone. */
#pragma once
#include "pdfio/lexer.h"
#include "pdfio/reader.h"

enum pdfio_place { PDFIO_FREE, PDFIO_AT_OFFSET, PDFIO_IN_STREAM };

struct pdfio_container;
struct pdfio_object_entry {
  uint32_t number;
  uint16_t generation;
  uint8_t place;
  bool reading;   /* met again while it is being read: a loop */
  uint64_t where; /* AT_OFFSET: in the file; IN_STREAM: the number of the object stream */
  uint32_t index; /* IN_STREAM */
  const struct pdfio_value *value;   /* once read */
  struct pdfio_container *container; /* of an object stream, once decoded */
};

/* One cross reference section: entries sorted by number. */
struct pdfio_section {
  struct pdfio_revision info;
  struct pdfio_object_entry *entries;
  size_t n;
  size_t room;
};

/* A decoded object stream, and where its objects are in it. */
struct pdfio_container {
  struct sv_bytes data;
  uint32_t n;
  size_t first;
  uint32_t *numbers;
  size_t *offsets; /* from first on */
};

struct pdfio {
  struct sv_ctx *ctx;
  struct sv_bytes file;
  size_t nodes;
  struct pdfio_section sections[PDFIO_REVISIONS_MAX]; /* newest first */
  size_t section_count;
  size_t entry_count;
  uint32_t size;
  int depth; /* of objects that need another to be read */
};

struct pdfio_lexer pdfio_lexer_at(struct pdfio *p, size_t at);
/* "number generation obj value [stream]" at the lexer; the number is returned. Moves past endobj. */
sv_status pdfio_read_indirect(struct pdfio *p, struct pdfio_lexer *l, uint32_t *ret_number,
                              uint16_t *ret_generation, const struct pdfio_value **ret);
/* Reads the chain of cross references from startxref on. */
sv_status pdfio_read_xref(struct pdfio *p);
