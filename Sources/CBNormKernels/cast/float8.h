// The two 8-bit floats: e5m2 has infinities, e4m3fn has only NaN (all bits of exponent and mantissa
// set) and keeps its top exponent for numbers.
#ifndef BNK_FLOAT8_H
#define BNK_FLOAT8_H

#include <math.h>
#include <stdint.h>

static inline float bnk_f32_from_f8(uint8_t b, int mantissa, int finite_only) {
  const int exponent_bits = 7 - mantissa, bias = (1 << (exponent_bits - 1)) - 1;
  const int e = (b & 0x7f) >> mantissa, m = b & ((1 << mantissa) - 1);
  const int top = (1 << exponent_bits) - 1;
  float r;
  if (finite_only && (b & 0x7f) == 0x7f) {
    r = NAN;
  } else if (!finite_only && e == top) {
    r = m ? NAN : INFINITY;
  } else if (e == 0) {
    r = ldexpf((float)m, 1 - bias - mantissa);
  } else {
    r = ldexpf((float)(m + (1 << mantissa)), e - bias - mantissa);
  }
  return b & 0x80 ? -r : r;
}

static inline uint8_t bnk_f8_from_f32(float x, int mantissa, int finite_only) {
  const int exponent_bits = 7 - mantissa, bias = (1 << (exponent_bits - 1)) - 1;
  const uint8_t sign = signbit(x) ? 0x80 : 0;
  const uint8_t infinity = (uint8_t)(((1 << exponent_bits) - 1) << mantissa);
  const uint8_t nan = finite_only ? 0x7f : (uint8_t)(infinity | 1 << (mantissa - 1));
  const uint8_t over = finite_only ? 0x7f : infinity;
  const float a = fabsf(x);
  if (x != x) return sign | nan;
  if (a == INFINITY) return sign | over;
  if (a == 0) return sign;
  int e;
  frexpf(a, &e);
  // The exponent of the last place, not below that of the denormals.
  int place = e - 1 - mantissa;
  if (place < 1 - bias - mantissa) place = 1 - bias - mantissa;
  const int units = (int)rintf(ldexpf(a, -place));
  // Units of a denormal count up into the first normal numbers.
  const int code = units + ((place - (1 - bias - mantissa)) << mantissa);
  return sign | (code > (finite_only ? 0x7e : infinity - 1) ? over : (uint8_t)code);
}

#endif
