#include <string.h>

#include "bnk/hash.h"

static const uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273;

struct pair { uint64_t a, b; };

static uint64_t load(const unsigned char *p) {
  uint64_t value;
  memcpy(&value, p, 8);
  return value;
}

static uint64_t rotate(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }
static uint64_t mix(uint64_t x) { return x ^ x >> 47; }

static uint64_t join(uint64_t u, uint64_t v) {
  const uint64_t multiplier = 0x9ddfea08eb382d69;
  return mix((v ^ mix((u ^ v) * multiplier)) * multiplier) * multiplier;
}

static struct pair seeded(const unsigned char *s, uint64_t a, uint64_t b) {
  const uint64_t z = load(s + 24);
  a += load(s);
  b = rotate(b + a + z, 21);
  const uint64_t c = a;
  a += load(s + 8) + load(s + 16);
  b += rotate(a, 44);
  return (struct pair){a + z, b + c};
}

/// Fewer than 128 bytes.
static void few(const unsigned char *s, size_t n, struct pair seed, uint64_t out[2]) {
  uint64_t a = seed.a, b = seed.b, c, d;
  if (n <= 16) {
    a = mix(a * k1) * k1;
    c = b * k1 + bnk_fingerprint64(s, n);
    d = mix(a + (n >= 8 ? load(s) : c));
  } else {
    c = join(load(s + n - 8) + k1, a);
    d = join(b + n, c + load(s + n - 16));
    a += d;
    for (size_t done = 0; done + 16 < n; done += 16, s += 16) {
      a = (a ^ mix(load(s) * k1) * k1) * k1;
      b ^= a;
      c = (c ^ mix(load(s + 8) * k1) * k1) * k1;
      d ^= c;
    }
  }
  a = join(a, c);
  b = join(d, b);
  out[0] = a ^ b;
  out[1] = join(b, a);
}

static void many(const unsigned char *s, size_t n, struct pair seed, uint64_t out[2]) {
  uint64_t x = seed.a, y = seed.b, z = n * k1, swap;
  struct pair v, w;
  v.a = rotate(y ^ k1, 49) * k1 + load(s);
  v.b = rotate(v.a, 42) * k1 + load(s + 8);
  w.a = rotate(y + z, 35) * k1 + x;
  w.b = rotate(x + load(s + 88), 53) * k1;
  do {
    for (int half = 0; half < 2; ++half, s += 64) {
      x = rotate(x + y + v.a + load(s + 8), 37) * k1;
      y = rotate(y + v.b + load(s + 48), 42) * k1;
      x ^= w.b;
      y += v.a + load(s + 40);
      z = rotate(z + w.a, 33) * k1;
      v = seeded(s, v.b * k1, x + w.a);
      w = seeded(s + 32, z + w.b, y + load(s + 16));
      swap = z, z = x, x = swap;
    }
    n -= 128;
  } while (n >= 128);
  x += rotate(v.a + z, 49) * k0;
  y = y * k0 + rotate(w.b, 37);
  z = z * k0 + rotate(w.a, 27);
  w.a *= 9;
  v.a *= k0;
  for (size_t done = 0; done < n;) {
    done += 32;
    // The last block reaches back into bytes that were read before.
    const unsigned char *tail = s + n - done;
    y = rotate(x + y, 42) * k0 + v.b;
    w.a += load(tail + 16);
    x = x * k0 + w.a;
    z += w.b + load(tail);
    w.b += v.a;
    v = seeded(tail, v.a + z, v.b);
    v.a *= k0;
  }
  x = join(x, v.a);
  y = join(y + z, w.a);
  out[0] = join(x + v.b, w.b) + y;
  out[1] = join(x + w.b, y + v.b);
}

void bnk_fingerprint128(const void *bytes, size_t count, uint64_t out[2]) {
  const unsigned char *s = bytes;
  struct pair seed = {k0, k1};
  if (count >= 16) {
    seed = (struct pair){load(s), load(s + 8) + k0};
    s += 16;
    count -= 16;
  }
  (count < 128 ? few : many)(s, count, seed, out);
}
