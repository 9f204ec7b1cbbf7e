/* SipHash-2-4 as its paper has it: little-endian words, two rounds a word, four at the end. */
#include "crypto/siphash.h"

struct state {
  uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits) { return x << bits | x >> (64U - bits); }

static void sip_round(struct state *s) {
  s->v0 += s->v1;
  s->v1 = rotate(s->v1, 13) ^ s->v0;
  s->v0 = rotate(s->v0, 32);
  s->v2 += s->v3;
  s->v3 = rotate(s->v3, 16) ^ s->v2;
  s->v0 += s->v3;
  s->v3 = rotate(s->v3, 21) ^ s->v0;
  s->v2 += s->v1;
  s->v1 = rotate(s->v1, 17) ^ s->v2;
  s->v2 = rotate(s->v2, 32);
}

static uint64_t word_of(const uint8_t *p, size_t n) {
  uint64_t w = 0;
  for (size_t i = 0; i < n; i++) {
    w |= (uint64_t)p[i] << (8 * i);
  }
  return w;
}

static void absorb(struct state *s, uint64_t word) {
  s->v3 ^= word;
  sip_round(s);
  sip_round(s);
  s->v0 ^= word;
}

uint64_t crypto_siphash(const uint8_t key[static 16], struct sv_bytes in) {
  uint64_t k0 = word_of(key, 8), k1 = word_of(key + 8, 8);
  struct state s = {k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU, k0 ^ 0x6c7967656e657261U,
                    k1 ^ 0x7465646279746573U};
  size_t whole = in.n / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    absorb(&s, word_of(in.p + i, 8));
  }
  absorb(&s, (uint64_t)in.n << 56 | (in.n > whole ? word_of(in.p + whole, in.n - whole) : 0));
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; i++) {
    sip_round(&s);
  }
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
