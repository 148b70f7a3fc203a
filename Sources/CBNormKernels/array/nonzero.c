#include "bnk/array.h"

#include "bnk/dtype.h"

/// The bits of an element of which one is set if it is not zero. A floating number without an
/// exponent counts as zero, as TensorFlow's kernels flush it; as a float, a short one has one.
static uint64_t significant(int dtype) {
  switch (dtype) {
    case BNK_FLOAT: return 0x7f800000;
    case BNK_DOUBLE: return 0x7ff0000000000000;
    case BNK_HALF: return 0x7fff;
    case BNK_BFLOAT16: return 0x7f80;
    case BNK_COMPLEX64: return 0x7f8000007f800000;
    case BNK_COMPLEX128: return 0x7ff0000000000000;
    default: return UINT64_MAX;
  }
}

static size_t size_of(int dtype) {
  switch (dtype) {
    case BNK_BOOL: case BNK_INT8: case BNK_UINT8: case BNK_QINT8: case BNK_QUINT8: return 1;
    case BNK_HALF: case BNK_BFLOAT16: case BNK_INT16: case BNK_UINT16: case BNK_QINT16:
    case BNK_QUINT16: return 2;
    case BNK_FLOAT: case BNK_INT32: case BNK_UINT32: case BNK_QINT32: return 4;
    case BNK_DOUBLE: case BNK_INT64: case BNK_UINT64: case BNK_COMPLEX64: return 8;
    case BNK_COMPLEX128: return 16;
    default: return 0;
  }
}

struct wide { uint64_t low, high; };

#define EACH(TYPE, TEST, BODY)                    \
  for (size_t i = 0; i < count; i++) {            \
    const TYPE x = ((const TYPE *)input)[i];      \
    const bool set = (TEST);                      \
    BODY;                                         \
  }                                               \
  break

#define BY_SIZE(BODY)                                                         \
  switch (size_of(dtype)) {                                                   \
    case 1: EACH(uint8_t, x != 0, BODY);                                      \
    case 2: EACH(uint16_t, (x & (uint16_t)mask) != 0, BODY);                  \
    case 4: EACH(uint32_t, (x & (uint32_t)mask) != 0, BODY);                  \
    case 8: EACH(uint64_t, (x & mask) != 0, BODY);                            \
    case 16: EACH(struct wide, ((x.low | x.high) & mask) != 0, BODY);         \
    default: break;                                                           \
  }

int64_t bnk_count_nonzero(const void *input, size_t count, int dtype) {
  const uint64_t mask = significant(dtype);
  if (size_of(dtype) == 0) return -1;
  int64_t total = 0;
  BY_SIZE(total += set)
  return total;
}

void bnk_nonzero_positions(const void *input, size_t count, int dtype, int64_t *positions) {
  const uint64_t mask = significant(dtype);
  BY_SIZE(if (set) *positions++ = (int64_t)i)
}
