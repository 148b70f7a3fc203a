#include "bnk/array.h"

#include "bnk/dtype.h"
#include "number.h"

#include <string.h>

typedef _Float16 half;
typedef float _Complex c64;
typedef double _Complex c128;

static void update_rows(char *out, const char *updates, const int64_t *offsets, size_t count,
                        size_t row, size_t size, bool scalar) {
  const size_t bytes = row * size;
  for (size_t i = 0; i < count; i++) {
    if (offsets[i] < 0) continue;
    char *to = out + (size_t)offsets[i] * size;
    if (!scalar) {
      memcpy(to, updates + i * bytes, bytes);
    } else {
      for (size_t k = 0; k < row; k++) memcpy(to + k * size, updates, size);
    }
  }
}

#define ROWS(NAME, TYPE, EXPRESSION)                                                              \
  static void NAME(TYPE *out, const TYPE *updates, const int64_t *offsets, size_t count,          \
                   size_t row, bool scalar) {                                                     \
    for (size_t i = 0; i < count; i++) {                                                          \
      if (offsets[i] < 0) continue;                                                               \
      TYPE *to = out + offsets[i];                                                                \
      const TYPE *from = scalar ? updates : updates + i * row;                                    \
      const size_t step = scalar ? 0 : 1;                                                         \
      for (size_t k = 0; k < row; k++) {                                                          \
        const TYPE x = to[k], y = from[k * step];                                                 \
        to[k] = (TYPE)(EXPRESSION);                                                               \
      }                                                                                           \
    }                                                                                             \
  }

#define BF(OP) bf16_from_float(bf16_to_float(x) OP bf16_to_float(y))

#define ARITHMETIC(NAME, TYPE, UNSIGNED)                 \
  ROWS(add_##NAME, TYPE, (UNSIGNED)x + (UNSIGNED)y)      \
  ROWS(sub_##NAME, TYPE, (UNSIGNED)x - (UNSIGNED)y)      \
  ROWS(mul_##NAME, TYPE, (UNSIGNED)x * (UNSIGNED)y)

#define ORDER(NAME, TYPE)                \
  ROWS(max_##NAME, TYPE, x < y ? y : x)  \
  ROWS(min_##NAME, TYPE, y < x ? y : x)

#define INTEGER(NAME, TYPE, UNSIGNED) \
  ARITHMETIC(NAME, TYPE, UNSIGNED)    \
  ORDER(NAME, TYPE)                   \
  ROWS(div_##NAME, TYPE, y == 0 ? 0 : (y == (TYPE)-1 ? (UNSIGNED)0 - (UNSIGNED)x : (UNSIGNED)(x / y)))

#define UNSIGNED_INTEGER(NAME, TYPE)  \
  ARITHMETIC(NAME, TYPE, TYPE)        \
  ORDER(NAME, TYPE)                   \
  ROWS(div_##NAME, TYPE, y == 0 ? 0 : x / y)

#define FLOATING(NAME, TYPE)     \
  ARITHMETIC(NAME, TYPE, TYPE)   \
  ORDER(NAME, TYPE)              \
  ROWS(div_##NAME, TYPE, x / y)

FLOATING(f32, float)
FLOATING(f64, double)
FLOATING(f16, half)
INTEGER(i8, int8_t, uint8_t)
INTEGER(i16, int16_t, uint16_t)
INTEGER(i32, int32_t, uint32_t)
INTEGER(i64, int64_t, uint64_t)
UNSIGNED_INTEGER(u8, uint8_t)
UNSIGNED_INTEGER(u16, uint16_t)
UNSIGNED_INTEGER(u32, uint32_t)
UNSIGNED_INTEGER(u64, uint64_t)
ARITHMETIC(c64, c64, c64)
ROWS(div_c64, c64, x / y)
ARITHMETIC(c128, c128, c128)
ROWS(div_c128, c128, x / y)
ROWS(add_bf16, uint16_t, BF(+))
ROWS(sub_bf16, uint16_t, BF(-))
ROWS(mul_bf16, uint16_t, BF(*))
ROWS(div_bf16, uint16_t, BF(/))
ROWS(max_bf16, uint16_t, bf16_to_float(x) < bf16_to_float(y) ? y : x)
ROWS(min_bf16, uint16_t, bf16_to_float(y) < bf16_to_float(x) ? y : x)
ROWS(add_bool, uint8_t, x | y)
ROWS(sub_bool, uint8_t, x != y)
ROWS(mul_bool, uint8_t, x & y)
ROWS(max_bool, uint8_t, x | y)
ROWS(min_bool, uint8_t, x & y)

#define CALL(OP, NAME) OP##_##NAME(out, updates, offsets, count, row, scalar)

#define BY_OP(NAME)                                     \
  switch (op) {                                         \
    case BNK_SCATTER_ADD: CALL(add, NAME); return true; \
    case BNK_SCATTER_SUB: CALL(sub, NAME); return true; \
    case BNK_SCATTER_MUL: CALL(mul, NAME); return true; \
    case BNK_SCATTER_DIV: CALL(div, NAME); return true; \
    case BNK_SCATTER_MAX: CALL(max, NAME); return true; \
    case BNK_SCATTER_MIN: CALL(min, NAME); return true; \
    default: return false;                              \
  }

#define BY_ARITHMETIC_OP(NAME)                          \
  switch (op) {                                         \
    case BNK_SCATTER_ADD: CALL(add, NAME); return true; \
    case BNK_SCATTER_SUB: CALL(sub, NAME); return true; \
    case BNK_SCATTER_MUL: CALL(mul, NAME); return true; \
    case BNK_SCATTER_DIV: CALL(div, NAME); return true; \
    default: return false;                              \
  }

static size_t size_of(int dtype) {
  switch (dtype) {
    case BNK_BOOL: case BNK_INT8: case BNK_UINT8: case BNK_QINT8: case BNK_QUINT8:
    case BNK_FLOAT8_E5M2: case BNK_FLOAT8_E4M3FN: case BNK_INT4: case BNK_UINT4: return 1;
    case BNK_HALF: case BNK_BFLOAT16: case BNK_INT16: case BNK_UINT16: case BNK_QINT16:
    case BNK_QUINT16: return 2;
    case BNK_FLOAT: case BNK_INT32: case BNK_UINT32: case BNK_QINT32: return 4;
    case BNK_DOUBLE: case BNK_INT64: case BNK_UINT64: case BNK_COMPLEX64: return 8;
    case BNK_COMPLEX128: return 16;
    default: return 0;
  }
}

bool bnk_scatter_run(void *out, const void *updates, const int64_t *offsets, size_t count,
                     size_t row, int dtype, enum bnk_scatter_op op, bool scalar) {
  if (op == BNK_SCATTER_UPDATE) {
    const size_t size = size_of(dtype);
    if (size == 0) return false;
    update_rows(out, updates, offsets, count, row, size, scalar);
    return true;
  }
  switch (dtype) {
    case BNK_FLOAT: BY_OP(f32)
    case BNK_DOUBLE: BY_OP(f64)
    case BNK_HALF: BY_OP(f16)
    case BNK_BFLOAT16: BY_OP(bf16)
    case BNK_INT8: case BNK_QINT8: BY_OP(i8)
    case BNK_INT16: case BNK_QINT16: BY_OP(i16)
    case BNK_INT32: case BNK_QINT32: BY_OP(i32)
    case BNK_INT64: BY_OP(i64)
    case BNK_UINT8: case BNK_QUINT8: BY_OP(u8)
    case BNK_UINT16: case BNK_QUINT16: BY_OP(u16)
    case BNK_UINT32: BY_OP(u32)
    case BNK_UINT64: BY_OP(u64)
    case BNK_COMPLEX64: BY_ARITHMETIC_OP(c64)
    case BNK_COMPLEX128: BY_ARITHMETIC_OP(c128)
    case BNK_BOOL:
      switch (op) {
        case BNK_SCATTER_ADD: CALL(add, bool); return true;
        case BNK_SCATTER_SUB: CALL(sub, bool); return true;
        case BNK_SCATTER_MUL: CALL(mul, bool); return true;
        case BNK_SCATTER_MAX: CALL(max, bool); return true;
        case BNK_SCATTER_MIN: CALL(min, bool); return true;
        default: return false;
      }
    default: return false;
  }
}
