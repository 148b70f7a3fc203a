// A template (see math/tier.h): binary loops over integers and bool that cannot fail.

#define ID(x) (x)

// Expressions of u and v, with T their type, U its unsigned type and W its width in bits.
#define ARITHMETIC_LIST(X)                                                              \
  X(ADD, add, (U)u + (U)v)                                                              \
  X(SUB, sub, (U)u - (U)v)                                                              \
  X(MUL, mul, (uint64_t)(U)u * (uint64_t)(U)v)                                          \
  X(MAXIMUM, maximum, u > v ? u : v)                                                    \
  X(MINIMUM, minimum, u < v ? u : v)                                                    \
  X(SQUARED_DIFFERENCE, squared_difference,                                             \
    (uint64_t)(U)((U)u - (U)v) * (uint64_t)(U)((U)u - (U)v))                            \
  X(BITWISE_AND, bitwise_and, u &v)                                                     \
  X(BITWISE_OR, bitwise_or, u | v)                                                      \
  X(BITWISE_XOR, bitwise_xor, u ^ v)                                                    \
  X(LEFT_SHIFT, left_shift, (U)u << (v < 0 ? 0 : v > W - 1 ? W - 1 : v))                \
  X(RIGHT_SHIFT, right_shift, u >> (v < 0 ? 0 : v > W - 1 ? W - 1 : v))                 \
  X(RELU_GRAD, relu_grad, v > 0 ? u : 0)                                                \
  X(RELU6_GRAD, relu6_grad, (v > 0 && v < 6) ? u : 0)

#define COMPARISON_LIST(X)                                                              \
  X(EQUAL, equal, u == v)                                                               \
  X(NOT_EQUAL, not_equal, u != v)                                                       \
  X(LESS, less, u < v)                                                                  \
  X(LESS_EQUAL, less_equal, u <= v)                                                     \
  X(GREATER, greater, u > v)                                                            \
  X(GREATER_EQUAL, greater_equal, u >= v)

#define DEFINE_ARITHMETIC(s, T, name, e) \
  BINARY_LOOPS(s##_##name, T, T, T, ID, BNK_SIMD_LOOP, y[i] = (T)(e))
#define DEFINE_COMPARISON(s, T, name, e) \
  BINARY_LOOPS(s##_##name, T, T, uint8_t, ID, BNK_SIMD_LOOP, y[i] = (uint8_t)(e))

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wtautological-compare"

#define U uint8_t
#define W 8
#define A(OP, name, e) DEFINE_ARITHMETIC(i8, int8_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(i8, int8_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#define A(OP, name, e) DEFINE_ARITHMETIC(u8, uint8_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(u8, uint8_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#undef U
#undef W
#define U uint16_t
#define W 16
#define A(OP, name, e) DEFINE_ARITHMETIC(i16, int16_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(i16, int16_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#define A(OP, name, e) DEFINE_ARITHMETIC(u16, uint16_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(u16, uint16_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#undef U
#undef W
#define U uint32_t
#define W 32
#define A(OP, name, e) DEFINE_ARITHMETIC(i32, int32_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(i32, int32_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#define A(OP, name, e) DEFINE_ARITHMETIC(u32, uint32_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(u32, uint32_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#undef U
#undef W
#define U uint64_t
#define W 64
#define A(OP, name, e) DEFINE_ARITHMETIC(i64, int64_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(i64, int64_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#define A(OP, name, e) DEFINE_ARITHMETIC(u64, uint64_t, name, e)
#define K(OP, name, e) DEFINE_COMPARISON(u64, uint64_t, name, e)
ARITHMETIC_LIST(A) COMPARISON_LIST(K)
#undef A
#undef K
#undef U
#undef W

#define ROW(OP, name, e)                                                                \
  [BNK_BINARY_##OP] = {                                                                 \
      [BNK_INT8] = i8_##name,    [BNK_INT16] = i16_##name,   [BNK_INT32] = i32_##name,  \
      [BNK_INT64] = i64_##name,  [BNK_UINT8] = u8_##name,    [BNK_UINT16] = u16_##name, \
      [BNK_UINT32] = u32_##name, [BNK_UINT64] = u64_##name,  [BNK_QINT8] = i8_##name,   \
      [BNK_QUINT8] = u8_##name,  [BNK_QINT16] = i16_##name,  [BNK_QUINT16] = u16_##name, \
      [BNK_QINT32] = i32_##name},

#pragma clang diagnostic ignored "-Winitializer-overrides"
bnk_binary_table BNK_NAME(bnk_binary_integer_table) = {
    ARITHMETIC_LIST(ROW) COMPARISON_LIST(ROW)
    [BNK_BINARY_EQUAL][BNK_BOOL] = u8_equal,
    [BNK_BINARY_NOT_EQUAL][BNK_BOOL] = u8_not_equal,
    [BNK_BINARY_LOGICAL_AND][BNK_BOOL] = u8_bitwise_and,
    [BNK_BINARY_LOGICAL_OR][BNK_BOOL] = u8_bitwise_or,
};
#pragma clang diagnostic pop
