/* The square symbols of ISO/IEC 16022 (table 7) with what is the same in all symbols of a size. The tables are made when the
 * server is built (make_tables.c). */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum {
  DATAMATRIX_SIZES = 24,
  DATAMATRIX_MODULES_MAX = 144,
  DATAMATRIX_WORDS_MAX = 2178,
  DATAMATRIX_CHECK_WORDS = 9 /* of eight codewords: 68 in a block at most */
};

struct datamatrix_size {
  uint16_t modules;       /* a side */
  uint16_t data, all;     /* codewords; all: with those of error correction */
  uint16_t blocks, check; /* interleaved blocks, and the codewords of error correction of each */
  const uint16_t
      *places; /* of bit i of codeword w, the highest first, at 8 * w + i: as a bit of rows */
  const uint8_t *frame; /* borders and filling: rows that each begin a byte */
  const uint64_t *
      remainders; /* [256][datamatrix_check_words]: what a byte leaves when it is divided by the generator */
};
extern const struct datamatrix_size datamatrix_sizes[DATAMATRIX_SIZES];

/* A remainder is padded with zeros to whole words, its first codeword at the top of the first: many are added at once. */
static inline size_t datamatrix_check_words(const struct datamatrix_size *size) {
  return ((size_t)size->check + 7) / 8;
}
/* Bytes of its rows. */
static inline size_t datamatrix_rows_n(const struct datamatrix_size *size) {
  return (size_t)size->modules * ((size_t)(size->modules + 7) / 8);
}
