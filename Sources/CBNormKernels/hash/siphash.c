#include <string.h>

#include "bnk/hash.h"

struct state { uint64_t v0, v1, v2, v3; };

static uint64_t rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

static void mix(struct state *s) {
  s->v0 += s->v1;
  s->v2 += s->v3;
  s->v1 = rotate(s->v1, 13) ^ s->v0;
  s->v3 = rotate(s->v3, 16) ^ s->v2;
  s->v0 = rotate(s->v0, 32);
  s->v2 += s->v1;
  s->v0 += s->v3;
  s->v1 = rotate(s->v1, 17) ^ s->v2;
  s->v3 = rotate(s->v3, 21) ^ s->v0;
  s->v2 = rotate(s->v2, 32);
}

static void take(struct state *s, uint64_t word) {
  s->v3 ^= word;
  mix(s);
  mix(s);
  s->v0 ^= word;
}

uint64_t bnk_siphash(uint64_t key0, uint64_t key1, const void *bytes, size_t count) {
  struct state s = {key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d, key0 ^ 0x6c7967656e657261,
                    key1 ^ 0x7465646279746573};
  const unsigned char *p = bytes;
  uint64_t word;
  for (size_t i = 0; i < count / 8; ++i, p += 8) {
    memcpy(&word, p, 8);
    take(&s, word);
  }
  word = (uint64_t)count << 56;
  for (size_t i = 0; i < count % 8; ++i) word |= (uint64_t)p[i] << (8 * i);
  take(&s, word);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) mix(&s);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t bnk_fingerprint_cat64(uint64_t a, uint64_t b) {
  const uint64_t multiplier = 0xc6a4a7935bd1e995;
  b *= multiplier;
  uint64_t x = (a ^ multiplier ^ (b ^ b >> 47) * multiplier) * multiplier;
  x = (x ^ x >> 47) * multiplier;
  return x ^ x >> 47;
}
