/* Bytes to codewords (ISO/IEC 16022 5.2.9 and annex B), codewords to modules.
 * Codeword i of the symbol, of data or of error correction, belongs to block i modulo the number of blocks: of 144 modules too,
 * where the blocks are not of one length. */
#include "formats/datamatrix/writer.h"

enum { BASE256 = 231, PAD = 129, SHORT_MAX = 249 };

/* Codewords that n bytes take: the latch, their number, themselves. */
static size_t words_of(size_t n) { return 1 + (n > SHORT_MAX ? 2 : 1) + n; }

static const struct datamatrix_size *size_for(size_t n, uint16_t least) {
  for (size_t i = 0; i < DATAMATRIX_SIZES; i++) {
    if (datamatrix_sizes[i].modules >= least && words_of(n) <= datamatrix_sizes[i].data) {
      return &datamatrix_sizes[i];
    }
  }
  return NULL;
}

/* B.2: the mask of a codeword by its place from 1, so that like bytes look different. */
static uint8_t masked(size_t at, unsigned value) {
  return (uint8_t)(value + (149 * (at + 1)) % 255 + 1);
}

static void encode(const struct datamatrix_size *size, struct sv_bytes data, uint8_t *words) {
  size_t at = 0;
  words[at++] = BASE256;
  if (data.n > SHORT_MAX) {
    words[at] = masked(at, (unsigned)(data.n / 250 + SHORT_MAX));
    at++;
  }
  words[at] = masked(at, (unsigned)(data.n > SHORT_MAX ? data.n % 250 : data.n));
  at++;
  for (size_t i = 0; i < data.n; i++, at++) {
    words[at] = masked(at, data.p[i]);
  }
  if (at < size->data) {
    words[at++] = PAD;
  }
  for (; at < size->data; at++) { /* B.1 */
    unsigned v = PAD + (unsigned)((149 * (at + 1)) % 253) + 1;
    words[at] = (uint8_t)(v > 254 ? v - 254 : v);
  }
}

/* The remainder of a block's data by the generator, the highest coefficient first: eight of them a word, from its top. */
static void put_check(const struct datamatrix_size *size, size_t block, uint8_t *words) {
  uint64_t left[DATAMATRIX_CHECK_WORDS + 1] = {0};
  size_t n = datamatrix_check_words(size);
  for (size_t at = block; at < size->data; at += size->blocks) {
    const uint64_t *row = size->remainders + n * (words[at] ^ left[0] >> 56);
    for (size_t k = 0; k < n; k++) {
      left[k] = (left[k] << 8 | left[k + 1] >> 56) ^ row[k];
    }
  }
  size_t at = size->data + (block + size->blocks - size->data % size->blocks) % size->blocks;
  for (size_t k = 0; k < size->check; k++, at += size->blocks) {
    words[at] = (uint8_t)(left[k / 8] >> (56 - 8 * (k % 8)));
  }
}

void datamatrix_put_words(const struct datamatrix_size *size, uint8_t *words, uint8_t *rows) {
  for (size_t block = 0; block < size->blocks; block++) {
    put_check(size, block, words);
  }
  memcpy(rows, size->frame, datamatrix_rows_n(size));
  const uint16_t *place = size->places;
  for (size_t i = 0; i < size->all; i++, place += 8) {
    for (unsigned left = words[i]; left; left &= left - 1) { /* dark modules alone */
      unsigned at = place[7 - __builtin_ctz(left)];
      rows[at / 8] |= (uint8_t)(0x80 >> at % 8);
    }
  }
}

sv_status datamatrix_write(struct sv_ctx *ctx, struct sv_bytes data, uint16_t least,
                           struct datamatrix *ret) {
  const struct datamatrix_size *size = data.n ? size_for(data.n, least) : NULL;
  if (!size) {
    return SV_FAIL(ctx, RENDER, "a bar code of %zu bytes", data.n);
  }
  uint8_t words[DATAMATRIX_WORDS_MAX];
  uint8_t *rows = sv_arena_alloc(ctx->mem, datamatrix_rows_n(size));
  if (!rows) {
    return SV_FAIL(ctx, NO_MEMORY, "bar code");
  }
  encode(size, data, words);
  datamatrix_put_words(size, words, rows);
  *ret = (struct datamatrix){.rows = rows, .modules = size->modules};
  return SV_DONE;
}
