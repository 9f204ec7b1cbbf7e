/* Modules to codewords, and codewords to bytes (ISO/IEC 16022 5.2). Data codewords stand first in the order of the symbol, whatever
 * the number of interleaved blocks.
 * Invariant: a codeword is read only below the symbol's number of data codewords. */
#include "formats/datamatrix/reader.h"

#include "formats/datamatrix/writer.h"

enum { OUT_MAX = 3200 };

/* --- modules to codewords ---------------------------------------------------------------------------------------- */

static void take_words(const struct datamatrix_size *size, struct sv_bytes rows, uint8_t *words) {
  const uint16_t *place = size->places;
  for (size_t i = 0; i < size->data; i++) {
    unsigned word = 0;
    for (int bit = 0; bit < 8; bit++, place++) {
      word = word << 1 | (rows.p[*place / 8] >> (7 - *place % 8) & 1);
    }
    words[i] = (uint8_t)word;
  }
}

/* A scanner corrects what it takes for errors, and could read something else than stands here: so a symbol has none. */
static bool is_exact(const struct datamatrix_size *size, struct sv_bytes rows, uint8_t *words) {
  uint8_t again[DATAMATRIX_MODULES_MAX * DATAMATRIX_MODULES_MAX / 8] = {0};
  datamatrix_put_words(size, words, again);
  return memcmp(again, rows.p, rows.n) == 0;
}

/* --- codewords to bytes -------------------------------------------------------------------------------------------- */

enum {
  PAD = 129,
  LATCH_C40 = 230,
  LATCH_BASE256 = 231,
  UPPER_SHIFT = 235,
  LATCH_X12 = 238,
  LATCH_TEXT = 239,
  LATCH_EDIFACT = 240,
  UNLATCH = 254,
  EDIFACT_UNLATCH = 31,
};

struct decoder {
  const uint8_t *words;
  size_t n;
  size_t at;
  uint8_t out[OUT_MAX];
  size_t out_n;
};

static bool emit(struct decoder *d, unsigned c) {
  if (d->out_n == OUT_MAX || c > 255) {
    return false;
  }
  d->out[d->out_n++] = (uint8_t)c;
  return true;
}

static size_t left(const struct decoder *d) { return d->n - d->at; }

/* Three values in two codewords; false at the end of the run (which is then passed). */
static bool take_triple(struct decoder *d, unsigned u[3]) {
  if (left(d) >= 1 && d->words[d->at] == UNLATCH) {
    d->at++;
    return false;
  }
  if (left(d) < 2) {
    return false;
  }
  unsigned v = (unsigned)d->words[d->at] * 256 + d->words[d->at + 1] - 1;
  d->at += 2;
  u[0] = v / 1600;
  u[1] = v / 40 % 40;
  u[2] = v % 40;
  return true;
}

/* The basic set of C40, or of Text with the cases changed. */
static int basic(unsigned v, bool text) {
  if (v == 3) {
    return ' ';
  }
  if (v >= 4 && v <= 13) {
    return (int)('0' + v - 4);
  }
  return v >= 14 && v <= 39 ? (int)((text ? 'a' : 'A') + v - 14) : -1;
}

/* Sets 1 to 3: controls, punctuation, the other case; -1: no character, -2: the next one has its high bit set. */
static int shifted(int set, unsigned v, bool text) {
  static const char punctuation[] = "!\"#$%&'()*+,-./:;<=>?@[\\]^_";
  if (set == 1) {
    return v < 32 ? (int)v : -1;
  }
  if (set == 2) {
    return v < 27 ? punctuation[v] : v == 30 ? -2 : -1;
  }
  if (v > 31) {
    return -1;
  }
  int c = (int)v + 96;
  return text && c >= 'a' && c <= 'z' ? c - 32 : c;
}

static bool take_c40(struct decoder *d, bool text) {
  unsigned u[3];
  int set = 0;
  unsigned high = 0;
  while (take_triple(d, u)) {
    for (int i = 0; i < 3; i++) {
      if (set == 0 && u[i] < 3) {
        set = (int)u[i] + 1;
        continue;
      }
      int c = set == 0 ? basic(u[i], text) : shifted(set, u[i], text);
      set = 0;
      if (c == -2) {
        high = 128;
        continue;
      }
      if (c < 0 || !emit(d, (unsigned)c + high)) {
        return false;
      }
      high = 0;
    }
  }
  return true;
}

static bool take_x12(struct decoder *d) {
  unsigned u[3];
  while (take_triple(d, u)) {
    for (int i = 0; i < 3; i++) {
      int c = u[i] == 0 ? '\r' : u[i] == 1 ? '*' : u[i] == 2 ? '>' : basic(u[i], false);
      if (c < 0 || !emit(d, (unsigned)c)) {
        return false;
      }
    }
  }
  return true;
}

/* Four values of six bits in three codewords; with two or fewer left the rest is ASCII. */
static bool take_edifact(struct decoder *d) {
  while (left(d) > 2) {
    unsigned v =
        (unsigned)d->words[d->at] << 16 | (unsigned)d->words[d->at + 1] << 8 | d->words[d->at + 2];
    for (int i = 0; i < 4; i++) {
      unsigned six = v >> (18 - 6 * i) & 63;
      if (six == EDIFACT_UNLATCH) {
        d->at += (size_t)(i < 3 ? i + 1 : 3); /* the codewords that were begun */
        return true;
      }
      if (!emit(d, six & 32 ? six : six | 64)) {
        return false;
      }
    }
    d->at += 3;
  }
  return true;
}

/* The 255-state randomising of base 256 (annex B.2), by the position from 1. */
static unsigned unrandomised(const struct decoder *d) {
  unsigned mask = (149 * ((unsigned)d->at + 1)) % 255 + 1;
  return (d->words[d->at] + 256 - mask) % 256;
}

static bool take_base256(struct decoder *d) {
  if (left(d) < 1) {
    return false;
  }
  size_t n = unrandomised(d);
  d->at++;
  if (n == 0) {
    n = left(d);
  } else if (n >= 250) {
    if (left(d) < 1) {
      return false;
    }
    n = 250 * (n - 249) + unrandomised(d);
    d->at++;
  }
  if (n > left(d)) {
    return false;
  }
  for (; n > 0; n--, d->at++) {
    if (!emit(d, unrandomised(d))) {
      return false;
    }
  }
  return true;
}

/* One codeword of ASCII, or a change of mode. */
static bool take_ascii(struct decoder *d) {
  unsigned c = d->words[d->at++];
  if (c >= 1 && c <= 128) {
    return emit(d, c - 1);
  }
  if (c >= 130 && c <= 229) {
    return emit(d, '0' + (c - 130) / 10) && emit(d, '0' + (c - 130) % 10);
  }
  switch (c) {
    case PAD:
      d->at = d->n;
      return true;
    case LATCH_C40:
      return take_c40(d, false);
    case LATCH_TEXT:
      return take_c40(d, true);
    case LATCH_X12:
      return take_x12(d);
    case LATCH_EDIFACT:
      return take_edifact(d);
    case LATCH_BASE256:
      return take_base256(d);
    case UPPER_SHIFT:
      return left(d) >= 1 && d->words[d->at] >= 1 && d->words[d->at] <= 128 &&
             emit(d, (unsigned)d->words[d->at++] + 127);
    default:
      return false; /* FNC1, structured append, macros, ECI: no seal has them */
  }
}

static sv_status decode(struct sv_ctx *ctx, const uint8_t *words, size_t n, struct sv_bytes *ret) {
  struct decoder *d = SV_NEW(ctx->mem, struct decoder);
  if (!d) {
    return SV_FAIL(ctx, NO_MEMORY, "codewords");
  }
  d->words = words;
  d->n = n;
  while (left(d) > 0) {
    if (!take_ascii(d)) {
      return SV_FAIL(ctx, SEAL_FORMAT, "codeword %zu of a symbol", d->at);
    }
  }
  *ret = sv_bytes_of(d->out, d->out_n);
  return SV_DONE;
}

sv_status datamatrix_read(struct sv_ctx *ctx, struct sv_bytes rows, unsigned modules,
                          struct sv_bytes *ret) {
  const struct datamatrix_size *size = NULL;
  uint8_t words[DATAMATRIX_WORDS_MAX];
  for (size_t i = 0; i < DATAMATRIX_SIZES; i++) {
    size = datamatrix_sizes[i].modules == modules ? &datamatrix_sizes[i] : size;
  }
  if (!size || rows.n != datamatrix_rows_n(size)) {
    return SV_FAIL(ctx, SEAL_FORMAT, "no square symbol of %u modules", modules);
  }
  take_words(size, rows, words);
  if (!is_exact(size, rows, words)) {
    return SV_FAIL(ctx, SEAL_FORMAT, "border or error correction of a symbol");
  }
  return decode(ctx, words, size->data, ret);
}
