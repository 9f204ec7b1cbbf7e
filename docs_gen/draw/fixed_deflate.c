/* Invariants: a match is of 4 to 258 bytes that stand before it; fewer than 32 bits wait between two symbols. */
#include "docs_gen/draw/fixed_deflate.h"

#include <endian.h>
#include <string.h>

#include "base/status.h"

enum { HASH_BITS = 12, LEAST = 4, LONGEST = 258 };

struct bits {
  uint8_t *out;
  uint64_t waiting;
  unsigned n;
};

/* At most 32 bits, the lowest first: they leave by fours of bytes. */
static inline void put_bits(struct bits *b, uint64_t v, unsigned n) {
  b->waiting |= v << b->n;
  b->n += n;
  if (b->n >= 32) {
    uint32_t bytes = htole32((uint32_t)b->waiting);
    memcpy(b->out, &bytes, sizeof bytes);
    b->out += sizeof bytes;
    b->waiting >>= 32;
    b->n -= 32;
  }
}

/* What still waits, to the end of its last byte. */
static void put_rest(struct bits *b) {
  for (unsigned done = 0; done < b->n; done += 8) {
    *b->out++ = (uint8_t)(b->waiting >> done);
  }
}

/* Codes stand with their highest bit first. */
#define TURNED_2(v) v, v + 2 * 64, v + 1 * 64, v + 3 * 64
#define TURNED_4(v) TURNED_2(v), TURNED_2(v + 2 * 16), TURNED_2(v + 1 * 16), TURNED_2(v + 3 * 16)
#define TURNED_6(v) TURNED_4(v), TURNED_4(v + 2 * 4), TURNED_4(v + 1 * 4), TURNED_4(v + 3 * 4)
static const uint8_t turned[256] = {TURNED_6(0), TURNED_6(2), TURNED_6(1), TURNED_6(3)};

static inline void put_literal(struct bits *b, uint8_t v) {
  if (v < 144) {
    put_bits(b, turned[0x30 + v], 8);
  } else {
    put_bits(b, 1U | (uint32_t)turned[0x90 + v - 144] << 1, 9); /* codes from 0x190 on */
  }
}

/* The end, and lengths. */
static inline void put_symbol(struct bits *b, uint32_t symbol) {
  if (symbol < 280) {
    put_bits(b, turned[symbol - 256] >> 1, 7);
  } else {
    put_bits(b, turned[0xc0 + symbol - 280], 8);
  }
}

static unsigned log_2(uint32_t v) { return 31U - (unsigned)__builtin_clz(v); }

/* Four codes for each number of extra bits, then two for each (RFC 1951 3.2.5). */
static void put_match(struct bits *b, uint32_t length, uint32_t distance) {
  uint32_t l = length - 3, d = distance - 1;
  if (length == LONGEST) {
    put_symbol(b, 285);
  } else if (l < 8) {
    put_symbol(b, 257 + l);
  } else {
    unsigned extra = log_2(l) - 2;
    put_symbol(b, 257 + 4 * extra + (l >> extra));
    put_bits(b, l & ((1U << extra) - 1), extra);
  }
  unsigned extra = d < 4 ? 0 : log_2(d) - 1;
  put_bits(b, turned[2 * extra + (d >> extra)] >> 3, 5);
  put_bits(b, d & ((1U << extra) - 1), extra);
}

static uint32_t four(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, sizeof v);
  return v;
}
static uint32_t hash_of(uint32_t v) { return v * 0x9E3779B1U >> (32 - HASH_BITS); }

static uint32_t match_length(const uint8_t *a, const uint8_t *b, size_t most) {
  uint32_t n = LEAST;
  while (n < most && a[n] == b[n]) {
    n++;
  }
  return n;
}

size_t fixed_deflate(const uint8_t *in, size_t n, uint8_t *out) {
  uint16_t last[1 << HASH_BITS] = {0}; /* where four bytes of that hash stood last, + 1 */
  struct bits b = {.out = out};
  SV_ASSERT(n <= FIXED_DEFLATE_MOST);
  put_bits(&b, 1 | 1 << 1, 3);
  for (size_t i = 0; i < n;) {
    uint32_t length = 0;
    size_t at = 0;
    if (n - i >= LEAST) {
      uint16_t *slot = &last[hash_of(four(in + i))];
      at = *slot;
      *slot = (uint16_t)(i + 1);
      if (at && four(in + at - 1) == four(in + i)) {
        length = match_length(in + at - 1, in + i, n - i < LONGEST ? n - i : LONGEST);
      }
    }
    if (!length) {
      put_literal(&b, in[i++]);
      continue;
    }
    put_match(&b, length, (uint32_t)(i + 1 - at));
    for (size_t end = i + length; ++i < end;) {
      if (n - i >= LEAST) {
        last[hash_of(four(in + i))] = (uint16_t)(i + 1);
      }
    }
  }
  put_symbol(&b, 256);
  put_rest(&b);
  return (size_t)(b.out - out);
}
