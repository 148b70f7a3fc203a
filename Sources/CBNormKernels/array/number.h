#ifndef BNK_NUMBER_H
#define BNK_NUMBER_H

#include <stdint.h>
#include <string.h>

static inline float bf16_to_float(uint16_t bits) {
  const uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, 4);
  return value;
}

/// Rounds to nearest, ties to even.
static inline uint16_t bf16_from_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (value != value) return (uint16_t)((bits >> 16 & 0x8000) | 0x7fc0);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

#endif
