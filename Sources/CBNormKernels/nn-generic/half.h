#ifndef BNK_NN_HALF_H
#define BNK_NN_HALF_H
// Half and bfloat16 as numbers, for kernels that only compare them or add a few.
#include <stdint.h>
#include <string.h>

static inline float bnk_nn_float_of(uint32_t bits) {
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline uint32_t bnk_nn_bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  return bits;
}

static inline float bnk_nn_from_half(uint16_t h) {
  const uint32_t sign = (uint32_t)(h & 0x8000) << 16;
  const uint32_t exponent = h >> 10 & 31, mantissa = h & 1023;
  if (exponent == 31) return bnk_nn_float_of(sign | 0x7f800000 | mantissa << 13);
  if (exponent) return bnk_nn_float_of(sign | (exponent + 112) << 23 | mantissa << 13);
  const float magnitude = (float)mantissa * 0x1p-24f;
  return sign ? -magnitude : magnitude;
}

static inline uint16_t bnk_nn_to_half(float value) {
  const uint32_t bits = bnk_nn_bits_of(value), magnitude = bits & 0x7fffffff;
  const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // A multiple of 2^-24: adding 0.5 puts the rounded count into the low bits.
    return sign | (uint16_t)(bnk_nn_bits_of(bnk_nn_float_of(magnitude) + 0.5f) - 0x3f000000);
  }
  const uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | (uint16_t)((rounded - 0x38000000) >> 13);
}

static inline float bnk_nn_from_bfloat(uint16_t b) { return bnk_nn_float_of((uint32_t)b << 16); }

static inline uint16_t bnk_nn_to_bfloat(float value) {
  const uint32_t bits = bnk_nn_bits_of(value);
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const uint32_t nan = (bits >> 16 & 0x8000) | 0x7fc0;
  return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

#endif
