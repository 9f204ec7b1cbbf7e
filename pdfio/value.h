/* A PDF object as read (ISO 32000-1, 7.3). Nodes live in the arena of the reader's call and are never changed. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum pdfio_type {
  PDFIO_NULL,
  PDFIO_BOOL,
  PDFIO_INT,
  PDFIO_REAL,
  PDFIO_NAME,
  PDFIO_STRING,
  PDFIO_ARRAY,
  PDFIO_DICT,
  PDFIO_REF,
  PDFIO_STREAM, /* a dictionary with data: dict functions accept it */
};

struct pdfio_value;
struct pdfio_pair {
  struct sv_bytes key; /* without '/', #xx decoded */
  const struct pdfio_value *value;
};

struct pdfio_value {
  enum pdfio_type type;
  /* Where its text stands in the file; inside an object stream, in that stream's data. */
  size_t at;
  size_t end;
  bool in_file; /* false: inside an object stream */
  union {
    bool boolean;
    int64_t integer;
    double real;
    struct sv_bytes bytes; /* NAME, STRING: decoded */
    struct {
      const struct pdfio_value *const *items;
      size_t n;
    } array;
    struct {
      const struct pdfio_pair *pairs;
      size_t n;
      struct sv_bytes data; /* STREAM: as stored */
    } dict;
    struct {
      uint32_t number;
      uint16_t generation;
    } ref;
  };
};
