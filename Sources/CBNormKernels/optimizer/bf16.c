#include "bnk/optimizer.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
  uint16_t bits;
} bf16;

static inline float wide(bf16 x) {
  const uint32_t bits = (uint32_t)x.bits << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

static inline bf16 narrow(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if (value != value) return (bf16){(uint16_t)((bits >> 16 & 0x8000) | 0x7fc0)};
  return (bf16){(uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

#define T bf16
#define NAME(rule) bnk_bf16_##rule
#define CONSTANT(x) narrow((float)(x))
#define ADD(a, b) narrow(wide(a) + wide(b))
#define SUB(a, b) narrow(wide(a) - wide(b))
#define MUL(a, b) narrow(wide(a) * wide(b))
#define DIV(a, b) narrow(wide(a) / wide(b))
#define SQRT(a) narrow(sqrtf(wide(a)))
#define REAL
#define LESS(a, b) (wide(a) < wide(b))
#define EQUAL(a, b) (wide(a) == wide(b))
#define MAX(a, b) narrow(fmaxf(wide(a), wide(b)))
#define MIN(a, b) narrow(fminf(wide(a), wide(b)))
#define ABS(a) narrow(fabsf(wide(a)))
#define SIGN(a) narrow((float)((wide(a) > 0) - (wide(a) < 0)))
#define EXP(a) narrow(expf(wide(a)))
#define POW(a, b) narrow(powf(wide(a), wide(b)))
#define FROM_DOUBLE(x) narrow((float)(x))

#include "rules.h"
