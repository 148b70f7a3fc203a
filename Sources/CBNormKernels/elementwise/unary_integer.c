// Integers and bool. Arithmetic wraps.
#define BNK_TIER 0
#include "../math/tier.h"

#include "unary_tables.h"

#define LOOP(name, TX, TY, expression)                            \
  static void name(const void *xv, void *yv, size_t n) {          \
    const TX *x = xv;                                             \
    TY *y = yv;                                                   \
    BNK_SIMD_LOOP                                                 \
    for (size_t i = 0; i < n; i++) {                              \
      const TX v = x[i];                                          \
      y[i] = (TY)(expression);                                    \
    }                                                             \
  }

// What a function with a result in double is as an integer, as x86 converts.
static int32_t to_int(double x) {
  return x > -2147483649.0 && x < 2147483648.0 ? (int32_t)x : INT32_MIN;
}

#define SIGNED(s, T, U)                                           \
  LOOP(abs_##s, T, T, v < 0 ? (U)0 - (U)v : (U)v)                 \
  LOOP(neg_##s, T, T, (U)0 - (U)v)                                \
  LOOP(sign_##s, T, T, (v > 0) - (v < 0))                         \
  LOOP(acos_##s, T, T, to_int(acos((double)v)))

#define ALL(s, T, U, width, popcount)                             \
  LOOP(square_##s, T, T, (uint64_t)(U)v * (uint64_t)(U)v)         \
  LOOP(relu_##s, T, T, v > 0 ? v : 0)                             \
  LOOP(relu6_##s, T, T, v > 0 ? (v > 6 ? 6 : v) : 0)              \
  LOOP(invert_##s, T, T, ~v)                                      \
  LOOP(count_##s, T, uint8_t, popcount((U)v))                     \
  LOOP(round_##s, T, T, v & 0)

SIGNED(i8, int8_t, uint8_t)
SIGNED(i16, int16_t, uint16_t)
SIGNED(i32, int32_t, uint32_t)
SIGNED(i64, int64_t, uint64_t)
ALL(i8, int8_t, uint8_t, 8, __builtin_popcount)
ALL(i16, int16_t, uint16_t, 16, __builtin_popcount)
ALL(i32, int32_t, uint32_t, 32, __builtin_popcount)
ALL(i64, int64_t, uint64_t, 64, __builtin_popcountll)
ALL(u8, uint8_t, uint8_t, 8, __builtin_popcount)
ALL(u16, uint16_t, uint16_t, 16, __builtin_popcount)
ALL(u32, uint32_t, uint32_t, 32, __builtin_popcount)
ALL(u64, uint64_t, uint64_t, 64, __builtin_popcountll)

LOOP(not_bool, uint8_t, uint8_t, !v)

#define SIGNED_ROW(fn)                                                             \
  {[BNK_INT8] = fn##_i8, [BNK_INT16] = fn##_i16, [BNK_INT32] = fn##_i32,           \
   [BNK_INT64] = fn##_i64}
#define ALL_ROW(fn)                                                                \
  {[BNK_INT8] = fn##_i8,    [BNK_INT16] = fn##_i16,  [BNK_INT32] = fn##_i32,       \
   [BNK_INT64] = fn##_i64,  [BNK_UINT8] = fn##_u8,   [BNK_UINT16] = fn##_u16,      \
   [BNK_UINT32] = fn##_u32, [BNK_UINT64] = fn##_u64, [BNK_QINT8] = fn##_i8,        \
   [BNK_QUINT8] = fn##_u8,  [BNK_QINT16] = fn##_i16, [BNK_QUINT16] = fn##_u16,     \
   [BNK_QINT32] = fn##_i32}

bnk_unary_table bnk_unary_table__integer = {
    [BNK_UNARY_ABS] = SIGNED_ROW(abs),       [BNK_UNARY_NEG] = SIGNED_ROW(neg),
    [BNK_UNARY_SIGN] = SIGNED_ROW(sign),     [BNK_UNARY_ACOS] = SIGNED_ROW(acos),
    [BNK_UNARY_SQUARE] = ALL_ROW(square),    [BNK_UNARY_RELU] = ALL_ROW(relu),
    [BNK_UNARY_RELU6] = ALL_ROW(relu6),      [BNK_UNARY_INVERT] = ALL_ROW(invert),
    [BNK_UNARY_ROUND] = ALL_ROW(round),      [BNK_UNARY_POPULATION_COUNT] = ALL_ROW(count),
    [BNK_UNARY_LOGICAL_NOT] = {[BNK_BOOL] = not_bool},
};
