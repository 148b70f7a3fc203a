#include "bnk/array.h"

#include "bnk/dtype.h"

#define SCAN(TYPE, EXPONENT, SIGN)                                          \
  do {                                                                      \
    const TYPE exponent = (TYPE)(EXPONENT), sign = (TYPE)(SIGN);            \
    const TYPE *bits = input;                                               \
    int any = 0;                                                            \
    for (size_t i = 0; i < count; i++) any |= (bits[i] & exponent) == exponent; \
    for (size_t i = 0; any && i < count; i++) {                             \
      if ((bits[i] & exponent) != exponent) continue;                       \
      const TYPE rest = bits[i] & (TYPE)~(exponent | sign);                 \
      found |= rest ? 1 : bits[i] & sign ? 4 : 2;                           \
    }                                                                       \
  } while (0)

int bnk_nonfinite(const void *input, size_t count, int dtype) {
  int found = 0;
  switch (dtype) {
    case BNK_FLOAT: SCAN(uint32_t, 0x7f800000u, 0x80000000u); break;
    case BNK_DOUBLE: SCAN(uint64_t, 0x7ff0000000000000ull, 0x8000000000000000ull); break;
    case BNK_HALF: SCAN(uint16_t, 0x7c00, 0x8000); break;
    case BNK_BFLOAT16: SCAN(uint16_t, 0x7f80, 0x8000); break;
    default: break;
  }
  return found;
}
