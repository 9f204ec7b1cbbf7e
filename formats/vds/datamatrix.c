/* Modules to codewords (ISO/IEC 16022 annex F), and codewords to bytes (5.2). Data codewords stand first in the order of
 * the symbol, whatever the number of interleaved blocks.
 * Invariant: a codeword is read only below the symbol's number of data codewords. */
#include "formats/vds/datamatrix.h"

struct size {
  uint8_t modules;
  uint8_t region; /* a side of a data region, without its border */
  uint16_t data;  /* data codewords */
  uint16_t all;   /* with those of error correction */
};
/* Table 7. */
static const struct size sizes[] = {
    {10, 8, 3, 8},        {12, 10, 5, 12},       {14, 12, 8, 18},       {16, 14, 12, 24},
    {18, 16, 18, 32},     {20, 18, 22, 40},      {22, 20, 30, 50},      {24, 22, 36, 60},
    {26, 24, 44, 72},     {32, 14, 62, 98},      {36, 16, 86, 128},     {40, 18, 114, 162},
    {44, 20, 144, 200},   {48, 22, 174, 242},    {52, 24, 204, 288},    {64, 14, 280, 392},
    {72, 16, 368, 512},   {80, 18, 456, 648},    {88, 20, 576, 800},    {96, 22, 696, 968},
    {104, 24, 816, 1152}, {120, 18, 1050, 1458}, {132, 20, 1304, 1800}, {144, 22, 1558, 2178},
};
enum { CODEWORDS_MAX = 2178, SIDE_MAX = 132, OUT_MAX = 3200 };

/* --- modules to codewords ---------------------------------------------------------------------------------------- */

struct matrix {
  const uint8_t *rows;
  const struct size *size;
  int side; /* of all data regions together */
  bool seen[SIDE_MAX][SIDE_MAX];
  uint8_t words[CODEWORDS_MAX];
  int word; /* the next */
};

static bool dark_at(const struct matrix *m, int x, int y) {
  size_t stride = (size_t)(m->size->modules + 7) / 8;
  return m->rows[(size_t)y * stride + (size_t)x / 8] >> (7 - x % 8) & 1;
}

/* A module of the data regions, counted without their borders. */
static bool data_at(const struct matrix *m, int row, int col) {
  int r = m->size->region;
  return dark_at(m, col + 2 * (col / r) + 1, row + 2 * (row / r) + 1);
}

/* Every region has a dark left column and bottom row, and alternating modules on top and at the right. */
static bool borders_hold(const struct matrix *m) {
  int step = m->size->region + 2;
  for (int y = 0; y < m->size->modules; y++) {
    for (int x = 0; x < m->size->modules; x += step) {
      int in_y = y % step;
      if (!dark_at(m, x, y) || dark_at(m, x + step - 1, y) != (in_y % 2 == 1)) {
        return false;
      }
      /* the same along the other axis: bottom row dark, top row alternating from dark */
      if (!dark_at(m, y, x + step - 1) || dark_at(m, y, x) != (in_y % 2 == 0)) {
        return false;
      }
    }
  }
  return true;
}

/* One module of the current codeword, bit 1 (the most significant) to 8; places outside wrap round (F.1). */
static void take_bit(struct matrix *m, int row, int col, int bit) {
  if (row < 0) {
    row += m->side;
    col += 4 - (m->side + 4) % 8;
  }
  if (col < 0) {
    col += m->side;
    row += 4 - (m->side + 4) % 8;
  }
  m->seen[row][col] = true;
  if (data_at(m, row, col)) {
    m->words[m->word] |= (uint8_t)(1 << (8 - bit));
  }
}

static void take_places(struct matrix *m, const int8_t places[8][2], int row, int col) {
  SV_ASSERT(m->word < m->size->all); /* the order depends on the size alone */
  for (int i = 0; i < 8; i++) {
    int r = places[i][0];
    int c = places[i][1];
    /* corner shapes are written from the far edges: values of 64 and more count back from the side */
    take_bit(m, r >= 64 ? m->side - (r - 63) : row + r, c >= 64 ? m->side - (c - 63) : col + c,
             i + 1);
  }
  m->word++;
}

/* The usual shape, relative to its last module. */
static const int8_t usual[8][2] = {{-2, -2}, {-2, -1}, {-1, -2}, {-1, -1},
                                   {-1, 0},  {0, -2},  {0, -1},  {0, 0}};
/* Corner shapes: 64 is the last row or column, 65 the one before. */
static const int8_t corner1[8][2] = {{64, 0}, {64, 1}, {64, 2}, {0, 65},
                                     {0, 64}, {1, 64}, {2, 64}, {3, 64}};
static const int8_t corner2[8][2] = {{66, 0}, {65, 0}, {64, 0}, {0, 67},
                                     {0, 66}, {0, 65}, {0, 64}, {1, 64}};
static const int8_t corner3[8][2] = {{66, 0}, {65, 0}, {64, 0}, {0, 65},
                                     {0, 64}, {1, 64}, {2, 64}, {3, 64}};
static const int8_t corner4[8][2] = {{64, 0}, {64, 64}, {0, 66}, {0, 65},
                                     {0, 64}, {1, 66},  {1, 65}, {1, 64}};

static void take_usual(struct matrix *m, int row, int col) {
  if (row >= 0 && row < m->side && col >= 0 && col < m->side && !m->seen[row][col]) {
    take_places(m, usual, row, col);
  }
}

static void take_corner(struct matrix *m, int row, int col) {
  int n = m->side;
  if (row == n && col == 0) {
    take_places(m, corner1, 0, 0);
  } else if (row == n - 2 && col == 0 && n % 4 != 0) {
    take_places(m, corner2, 0, 0);
  } else if (row == n - 2 && col == 0 && n % 8 == 4) {
    take_places(m, corner3, 0, 0);
  } else if (row == n + 4 && col == 2 && n % 8 == 0) {
    take_places(m, corner4, 0, 0);
  }
}

/* Diagonals up and down, two modules apart, until the far corner. */
static void take_words(struct matrix *m) {
  int n = m->side;
  int row = 4;
  int col = 0;
  do {
    take_corner(m, row, col);
    do {
      take_usual(m, row, col);
      row -= 2;
      col += 2;
    } while (row >= 0 && col < n);
    row += 1;
    col += 3;
    do {
      take_usual(m, row, col);
      row += 2;
      col -= 2;
    } while (row < n && col >= 0);
    row += 3;
    col += 1;
  } while (row < n || col < n);
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

sv_status vds_datamatrix_read(struct sv_ctx *ctx, struct sv_bytes rows, unsigned modules,
                              struct sv_bytes *ret) {
  struct matrix *m = SV_NEW(ctx->mem, struct matrix);
  if (!m) {
    return SV_FAIL(ctx, NO_MEMORY, "symbol");
  }
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    m->size = sizes[i].modules == modules ? &sizes[i] : m->size;
  }
  if (!m->size || rows.n != (size_t)modules * ((modules + 7) / 8)) {
    return SV_FAIL(ctx, SEAL_FORMAT, "no square symbol of %u modules", modules);
  }
  m->rows = rows.p;
  m->side = (int)modules / (m->size->region + 2) * m->size->region;
  if (!borders_hold(m)) {
    return SV_FAIL(ctx, SEAL_FORMAT, "border of a symbol");
  }
  take_words(m);
  SV_ASSERT(m->word == m->size->all);
  return decode(ctx, m->words, m->size->data, ret);
}
