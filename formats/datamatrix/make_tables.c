/* Writes the tables of sizes.h, as C: make_tables > TABLES. A tool of the build: where codewords stand (ISO/IEC 16022 annex F),
 * borders (annex E.2), Reed-Solomon over GF(256) by 301 (annex E.1). */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct size {
  int modules, region, data, check, blocks;
};
static const struct size sizes[] = {
    {10, 8, 3, 5, 1},      {12, 10, 5, 7, 1},      {14, 12, 8, 10, 1},     {16, 14, 12, 12, 1},
    {18, 16, 18, 14, 1},   {20, 18, 22, 18, 1},    {22, 20, 30, 20, 1},    {24, 22, 36, 24, 1},
    {26, 24, 44, 28, 1},   {32, 14, 62, 36, 1},    {36, 16, 86, 42, 1},    {40, 18, 114, 48, 1},
    {44, 20, 144, 56, 1},  {48, 22, 174, 68, 1},   {52, 24, 204, 42, 2},   {64, 14, 280, 56, 2},
    {72, 16, 368, 36, 4},  {80, 18, 456, 48, 4},   {88, 20, 576, 56, 4},   {96, 22, 696, 68, 4},
    {104, 24, 816, 56, 6}, {120, 18, 1050, 68, 6}, {132, 20, 1304, 62, 8}, {144, 22, 1558, 62, 10}};
enum { SIZES = sizeof sizes / sizeof *sizes, SIDE_MAX = 132, MODULES_MAX = 144, POLY = 301 };

/* --- places --------------------------------------------------------------------------------------------------------- */

struct matrix {
  const struct size *size;
  int side; /* of all data regions together */
  bool seen[SIDE_MAX][SIDE_MAX];
};

static int stride_of(const struct size *s) { return (s->modules + 7) / 8 * 8; }

/* A module of the data regions, counted without their borders, as a bit of the rows. */
static int place_of(const struct matrix *m, int row, int col) {
  int r = m->size->region;
  int y = row + 2 * (row / r) + 1;
  int x = col + 2 * (col / r) + 1;
  return y * stride_of(m->size) + x;
}

/* One module of a codeword; places outside wrap round (F.1). */
static void put_bit(struct matrix *m, int row, int col) {
  if (row < 0) {
    row += m->side;
    col += 4 - (m->side + 4) % 8;
  }
  if (col < 0) {
    col += m->side;
    row += 4 - (m->side + 4) % 8;
  }
  m->seen[row][col] = true;
  printf("%d,", place_of(m, row, col));
}

/* Corner shapes are given from the far edges: values of 64 and more count back from the side. */
static void put_word(struct matrix *m, const int8_t places[8][2], int row, int col) {
  for (int i = 0; i < 8; i++) {
    int r = places[i][0];
    int c = places[i][1];
    put_bit(m, r >= 64 ? m->side - (r - 63) : row + r, c >= 64 ? m->side - (c - 63) : col + c);
  }
  putchar('\n');
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

static void put_usual(struct matrix *m, int row, int col) {
  if (row >= 0 && row < m->side && col >= 0 && col < m->side && !m->seen[row][col]) {
    put_word(m, usual, row, col);
  }
}

static void put_corner(struct matrix *m, int row, int col) {
  int n = m->side;
  if (row == n && col == 0) {
    put_word(m, corner1, 0, 0);
  } else if (row == n - 2 && col == 0 && n % 4 != 0) {
    put_word(m, corner2, 0, 0);
  } else if (row == n - 2 && col == 0 && n % 8 == 4) {
    put_word(m, corner3, 0, 0);
  } else if (row == n + 4 && col == 2 && n % 8 == 0) {
    put_word(m, corner4, 0, 0);
  }
}

/* Diagonals up and down, two modules apart, until the far corner. */
static void put_words(struct matrix *m) {
  int n = m->side;
  int row = 4;
  int col = 0;
  do {
    put_corner(m, row, col);
    do {
      put_usual(m, row, col);
      row -= 2;
      col += 2;
    } while (row >= 0 && col < n);
    row += 1;
    col += 3;
    do {
      put_usual(m, row, col);
      row += 2;
      col -= 2;
    } while (row < n && col >= 0);
    row += 3;
    col += 1;
  } while (row < n || col < n);
}

/* --- what never varies ---------------------------------------------------------------------------------------------- */

static void set(uint8_t *rows, int place) { rows[place / 8] |= (uint8_t)(0x80 >> place % 8); }

/* Every region has a dark left column and bottom row, and alternating modules on top and at the right; some sizes have four
 * modules left over in the last corner. */
static void put_frame(const struct matrix *m) {
  uint8_t rows[MODULES_MAX * MODULES_MAX / 8] = {0};
  int step = m->size->region + 2;
  int stride = stride_of(m->size);
  for (int i = 0; i < m->size->modules; i++) {
    for (int edge = 0; edge < m->size->modules; edge += step) {
      set(rows, i * stride + edge);
      set(rows, (edge + step - 1) * stride + i);
      if (i % step % 2 == 0) {
        set(rows, edge * stride + i);
      } else {
        set(rows, i * stride + edge + step - 1);
      }
    }
  }
  if (!m->seen[m->side - 1][m->side - 1]) {
    set(rows, place_of(m, m->side - 1, m->side - 1));
    set(rows, place_of(m, m->side - 2, m->side - 2));
  }
  for (int i = 0; i < m->size->modules * stride / 8; i++) {
    printf("%d,", rows[i]);
  }
}

static unsigned times(unsigned a, unsigned b) {
  unsigned product = 0;
  for (; b; b >>= 1) {
    product ^= b & 1 ? a : 0;
    a = a << 1 ^ (a & 128 ? POLY : 0);
  }
  return product;
}

/* The generator has the roots 2, 4, 8, ...; its coefficients from the second highest. */
static void put_remainders(int check) {
  unsigned g[128] = {1};
  unsigned root = 1;
  for (int n = 1; n <= check; n++) {
    root = times(root, 2);
    for (int k = n; k > 0; k--) {
      g[k] ^= times(g[k - 1], root);
    }
  }
  printf("static const uint64_t remainders_%d[] = {", check);
  for (unsigned byte = 0; byte < 256; byte++) {
    for (int k = 1; k <= check; k += 8) {
      uint64_t word = 0;
      for (int i = 0; i < 8 && k + i <= check; i++) {
        word |= (uint64_t)times(g[k + i], byte) << (56 - 8 * i);
      }
      printf("%lluu,", (unsigned long long)word);
    }
    putchar('\n');
  }
  printf("};\n");
}

int main(void) {
  bool made[128] = {false};
  printf("#include \"formats/datamatrix/sizes.h\"\n");
  for (int i = 0; i < SIZES; i++) {
    const struct size *s = &sizes[i];
    struct matrix m = {.size = s, .side = s->modules / (s->region + 2) * s->region};
    printf("static const uint16_t places_%d[] = {\n", s->modules);
    put_words(&m);
    printf("};\nstatic const uint8_t frame_%d[] = {", s->modules);
    put_frame(&m);
    printf("};\n");
    if (!made[s->check]) {
      put_remainders(s->check);
    }
    made[s->check] = true;
  }
  printf("const struct datamatrix_size datamatrix_sizes[DATAMATRIX_SIZES] = {\n");
  for (int i = 0; i < SIZES; i++) {
    const struct size *s = &sizes[i];
    printf("{%d, %d, %d, %d, %d, places_%d, frame_%d, remainders_%d},\n", s->modules, s->data,
           s->data + s->blocks * s->check, s->blocks, s->check, s->modules, s->modules, s->check);
  }
  printf("};\n");
  return ferror(stdout) ? 1 : 0;
}
