#include "bnk/hash.h"

#include <string.h>

static const uint64_t k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

struct pair { uint64_t a, b; };

static uint64_t load64(const unsigned char *p) {
  uint64_t value;
  memcpy(&value, p, 8);
  return value;
}

static uint64_t load32(const unsigned char *p) {
  uint32_t value;
  memcpy(&value, p, 4);
  return value;
}

static uint64_t rotate(uint64_t x, int bits) { return x >> bits | x << (64 - bits); }
static uint64_t mix(uint64_t x) { return x ^ x >> 47; }

static uint64_t join(uint64_t u, uint64_t v, uint64_t mul) {
  const uint64_t a = mix((u ^ v) * mul);
  return mix((v ^ a) * mul) * mul;
}

static uint64_t up_to_16(const unsigned char *s, size_t n) {
  const uint64_t mul = k2 + n * 2;
  if (n >= 8) {
    const uint64_t a = load64(s) + k2, b = load64(s + n - 8);
    return join(rotate(b, 37) * mul + a, (rotate(a, 25) + b) * mul, mul);
  }
  if (n >= 4) return join(n + (load32(s) << 3), load32(s + n - 4), mul);
  if (n == 0) return k2;
  const uint32_t y = s[0] + ((uint32_t)s[n >> 1] << 8);
  const uint32_t z = (uint32_t)n + ((uint32_t)s[n - 1] << 2);
  return mix(y * k2 ^ z * k0) * k2;
}

static uint64_t up_to_32(const unsigned char *s, size_t n) {
  const uint64_t mul = k2 + n * 2;
  const uint64_t a = load64(s) * k1, b = load64(s + 8);
  const uint64_t c = load64(s + n - 8) * mul, d = load64(s + n - 16) * k2;
  return join(rotate(a + b, 43) + rotate(c, 30) + d, a + rotate(b + k2, 18) + c, mul);
}

static uint64_t up_to_64(const unsigned char *s, size_t n) {
  const uint64_t mul = k2 + n * 2;
  const uint64_t a = load64(s) * k2, b = load64(s + 8);
  const uint64_t c = load64(s + n - 8) * mul, d = load64(s + n - 16) * k2;
  const uint64_t y = rotate(a + b, 43) + rotate(c, 30) + d;
  const uint64_t z = join(y, a + rotate(b + k2, 18) + c, mul);
  const uint64_t e = load64(s + 16) * mul, f = load64(s + 24);
  const uint64_t g = (y + load64(s + n - 32)) * mul, h = (z + load64(s + n - 24)) * mul;
  return join(rotate(e + f, 43) + rotate(g, 30) + h, e + rotate(f + a, 18) + g, mul);
}

static struct pair seeded(const unsigned char *s, uint64_t a, uint64_t b) {
  const uint64_t w = load64(s), x = load64(s + 8), y = load64(s + 16), z = load64(s + 24);
  a += w;
  b = rotate(b + a + z, 21);
  const uint64_t c = a;
  a += x + y;
  b += rotate(a, 44);
  return (struct pair){a + z, b + c};
}

uint64_t bnk_fingerprint64(const void *bytes, size_t n) {
  const unsigned char *s = bytes;
  if (n <= 16) return up_to_16(s, n);
  if (n <= 32) return up_to_32(s, n);
  if (n <= 64) return up_to_64(s, n);
  uint64_t x = 81, y = 81 * k1 + 113, z = mix(y * k2 + 113) * k2, swap;
  struct pair v = {0, 0}, w = {0, 0};
  x = x * k2 + load64(s);
  const unsigned char *end = s + (n - 1) / 64 * 64, *last = end + ((n - 1) & 63) - 63;
  do {
    x = rotate(x + y + v.a + load64(s + 8), 37) * k1;
    y = rotate(y + v.b + load64(s + 48), 42) * k1;
    x ^= w.b;
    y += v.a + load64(s + 40);
    z = rotate(z + w.a, 33) * k1;
    v = seeded(s, v.b * k1, x + w.a);
    w = seeded(s + 32, z + w.b, y + load64(s + 16));
    swap = z, z = x, x = swap;
    s += 64;
  } while (s != end);
  const uint64_t mul = k1 + ((z & 0xff) << 1);
  s = last;
  w.a += (n - 1) & 63;
  v.a += w.a;
  w.a += v.a;
  x = rotate(x + y + v.a + load64(s + 8), 37) * mul;
  y = rotate(y + v.b + load64(s + 48), 42) * mul;
  x ^= w.b * 9;
  y += v.a * 9 + load64(s + 40);
  z = rotate(z + w.a, 33) * mul;
  v = seeded(s, v.b * mul, x + w.a);
  w = seeded(s + 32, z + w.b, y + load64(s + 16));
  swap = z, z = x, x = swap;
  return join(join(v.a, w.a, mul) + mix(y) * k0 + z, join(v.b, w.b, mul) + x, mul);
}
