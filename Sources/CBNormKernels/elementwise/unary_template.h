// A template (see math/tier.h): the unary loops over half, bfloat16, float and the cheap ones over
// double, and their table.

#define ID(x) (x)

#define UNARY_LOOP(name, TX, TY, load, store, fn)                      \
  static void name(const void *xv, void *yv, size_t n) {               \
    const TX *x = xv;                                                  \
    TY *y = yv;                                                        \
    BNK_SIMD_LOOP                                                      \
    for (size_t i = 0; i < n; i++) y[i] = (TY)store(fn(load(x[i])));   \
  }

BNK_INLINE float abs_f32(float x) { return __builtin_fabsf(x); }
BNK_INLINE float neg_f32(float x) { return -x; }
BNK_INLINE float square_f32(float x) { return x * x; }
BNK_INLINE float sqrt_f32(float x) { return __builtin_sqrtf(x); }
BNK_INLINE float reciprocal_f32(float x) { return 1.0f / x; }
BNK_INLINE float softsign_f32(float x) { return x / (1.0f + __builtin_fabsf(x)); }
BNK_INLINE uint8_t isnan_f32(float x) { return x != x; }
BNK_INLINE uint8_t isinf_f32(float x) { return __builtin_fabsf(x) == INF; }
BNK_INLINE uint8_t isfinite_f32(float x) { return __builtin_fabsf(x) < INF; }

BNK_INLINE double abs_f64(double x) { return __builtin_fabs(x); }
BNK_INLINE double neg_f64(double x) { return -x; }
BNK_INLINE double square_f64(double x) { return x * x; }
BNK_INLINE double sqrt_f64(double x) { return __builtin_sqrt(x); }
BNK_INLINE double rsqrt_f64(double x) { return 1.0 / __builtin_sqrt(x); }
BNK_INLINE double reciprocal_f64(double x) { return 1.0 / x; }
BNK_INLINE double softsign_f64(double x) { return x / (1.0 + __builtin_fabs(x)); }
BNK_INLINE double relu_f64(double x) { return x <= 0.0 ? 0.0 : x; }
BNK_INLINE double relu6_f64(double x) {
  const double r = x >= 6.0 ? 6.0 : x;
  return x <= 0.0 ? 0.0 : r;
}
BNK_INLINE double sign_f64(double x) {
  const double r = x > 0.0 ? 1.0 : (x < 0.0 ? -1.0 : 0.0);
  return x != x ? x : r;
}
BNK_INLINE uint8_t isnan_f64(double x) { return x != x; }
BNK_INLINE uint8_t isinf_f64(double x) { return __builtin_fabs(x) == (double)INF; }
BNK_INLINE uint8_t isfinite_f64(double x) { return __builtin_fabs(x) < (double)INF; }

#define SINGLE_LIST(X)                                                                    \
  X(ABS, abs) X(NEG, neg) X(SIGN, sign) X(SQUARE, square) X(SQRT, sqrt)                   \
  X(RECIPROCAL, reciprocal) X(EXP, exp) X(EXPM1, expm1) X(LOG, log) X(LOG1P, log1p)       \
  X(TAN, tan) X(ASIN, asin) X(ACOS, acos) X(ATAN, atan) X(SINH, sinh) X(COSH, cosh)       \
  X(TANH, tanh) X(ASINH, asinh) X(ACOSH, acosh) X(ATANH, atanh) X(FLOOR, floor)           \
  X(CEIL, ceil) X(ROUND, rint) X(SIGMOID, sigmoid) X(SOFTPLUS, softplus)                  \
  X(SOFTSIGN, softsign) X(ELU, elu) X(SELU, selu) X(RELU, relu) X(RELU6, relu6)           \
  X(SWISH, swish) X(GELU, gelu) X(GELU_TANH, gelu_tanh) X(MISH, mish)                     \
  X(HARD_SIGMOID, hard_sigmoid) X(HARD_SWISH, hard_swish) X(ERF, erf) X(ERFC, erfc)

#define DOUBLE_LIST(X)                                                                    \
  X(ABS, abs) X(NEG, neg) X(SIGN, sign) X(SQUARE, square) X(SQRT, sqrt) X(RSQRT, rsqrt)   \
  X(RECIPROCAL, reciprocal) X(FLOOR, floor) X(CEIL, ceil) X(ROUND, rint)                  \
  X(SOFTSIGN, softsign) X(RELU, relu) X(RELU6, relu6)

#define TEST_LIST(X) X(IS_NAN, isnan) X(IS_INF, isinf) X(IS_FINITE, isfinite)

#define DEFINE_SINGLE(OP, fn)                                                             \
  UNARY_LOOP(f32_##fn, float, float, ID, ID, fn##_f32)                                    \
  DEFINE_SMALL(OP, fn)
#define DEFINE_SMALL(OP, fn)                                                              \
  UNARY_LOOP(half_##fn, half_bits, half_bits, f32_from_half, half_from_f32, fn##_f32)     \
  UNARY_LOOP(bf16_##fn, bf16_bits, bf16_bits, f32_from_bf16, bf16_from_f32, fn##_f32)
#define DEFINE_DOUBLE(OP, fn) UNARY_LOOP(f64_##fn, double, double, ID, ID, fn##_f64)
#define DEFINE_TEST(OP, fn)                                                               \
  UNARY_LOOP(f32_##fn, float, uint8_t, ID, ID, fn##_f32)                                  \
  UNARY_LOOP(half_##fn, half_bits, uint8_t, f32_from_half, ID, fn##_f32)                  \
  UNARY_LOOP(bf16_##fn, bf16_bits, uint8_t, f32_from_bf16, ID, fn##_f32)                  \
  UNARY_LOOP(f64_##fn, double, uint8_t, ID, ID, fn##_f64)

SINGLE_LIST(DEFINE_SINGLE)
DEFINE_SMALL(RSQRT, rsqrt)
#include "rsqrt.h"
DOUBLE_LIST(DEFINE_DOUBLE)
TEST_LIST(DEFINE_TEST)

// Sine and cosine of large arguments need more of pi than the fast reduction has.
#define LARGE_ANGLE 0x1p26f
#define ANGLE_BLOCK 256

#define ANGLE_LOOP(name, T, load, store, fast, exact)                                     \
  static void name(const void *xv, void *yv, size_t n) {                                  \
    const T *x = xv;                                                                      \
    T *y = yv;                                                                            \
    float in[ANGLE_BLOCK];                                                                \
    while (n > 0) {                                                                       \
      const size_t m = n < ANGLE_BLOCK ? n : ANGLE_BLOCK;                                 \
      uint32_t large = 0;                                                                 \
      for (size_t i = 0; i < m; i++) {                                                    \
        in[i] = load(x[i]);                                                               \
        large |= __builtin_fabsf(in[i]) > LARGE_ANGLE;                                    \
      }                                                                                   \
      BNK_SIMD_LOOP                                                                       \
      for (size_t i = 0; i < m; i++) y[i] = store(fast(in[i]));                           \
      if (large) {                                                                        \
        for (size_t i = 0; i < m; i++)                                                    \
          if (__builtin_fabsf(in[i]) > LARGE_ANGLE) y[i] = store((float)exact(in[i]));    \
      }                                                                                   \
      x += m;                                                                             \
      y += m;                                                                             \
      n -= m;                                                                             \
    }                                                                                     \
  }

ANGLE_LOOP(angle_f32_sin, float, ID, ID, sin_f32, sin)
ANGLE_LOOP(angle_half_sin, half_bits, f32_from_half, half_from_f32, sin_f32, sin)
ANGLE_LOOP(angle_bf16_sin, bf16_bits, f32_from_bf16, bf16_from_f32, sin_f32, sin)
ANGLE_LOOP(angle_f32_cos, float, ID, ID, cos_f32, cos)
ANGLE_LOOP(angle_half_cos, half_bits, f32_from_half, half_from_f32, cos_f32, cos)
ANGLE_LOOP(angle_bf16_cos, bf16_bits, f32_from_bf16, bf16_from_f32, cos_f32, cos)
ANGLE_LOOP(angle_f32_tan, float, ID, ID, tan_f32, tan)
ANGLE_LOOP(angle_bf16_tan, bf16_bits, f32_from_bf16, bf16_from_f32, tan_f32, tan)

#define SINGLE_ROW(OP, fn)                                                                \
  [BNK_UNARY_##OP] = {                                                                    \
      [BNK_FLOAT] = f32_##fn, [BNK_HALF] = half_##fn, [BNK_BFLOAT16] = bf16_##fn},
#define TEST_ROW(OP, fn)                                                                  \
  [BNK_UNARY_##OP] = {[BNK_FLOAT] = f32_##fn,                                             \
                      [BNK_HALF] = half_##fn,                                             \
                      [BNK_BFLOAT16] = bf16_##fn,                                         \
                      [BNK_DOUBLE] = f64_##fn},
#define DOUBLE_ENTRY(OP, fn) [BNK_UNARY_##OP][BNK_DOUBLE] = f64_##fn,

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
bnk_unary_table BNK_NAME(bnk_unary_table) = {
    SINGLE_LIST(SINGLE_ROW) SINGLE_ROW(RSQRT, rsqrt) TEST_LIST(TEST_ROW) DOUBLE_LIST(DOUBLE_ENTRY)
    [BNK_UNARY_SIN] = {[BNK_FLOAT] = angle_f32_sin, [BNK_HALF] = angle_half_sin,
                       [BNK_BFLOAT16] = angle_bf16_sin},
    [BNK_UNARY_COS] = {[BNK_FLOAT] = angle_f32_cos, [BNK_HALF] = angle_half_cos,
                       [BNK_BFLOAT16] = angle_bf16_cos},
    [BNK_UNARY_TAN] = {[BNK_FLOAT] = angle_f32_tan, [BNK_HALF] = half_tan,
                       [BNK_BFLOAT16] = angle_bf16_tan},
};
#pragma clang diagnostic pop

#define LEAKY_LOOP(name, T, C, load, store)                                               \
  static void name(const void *xv, void *yv, size_t n, float slope) {                     \
    const T *x = xv;                                                                      \
    T *y = yv;                                                                            \
    const C alpha = (C)slope;                                                             \
    BNK_SIMD_LOOP                                                                         \
    for (size_t i = 0; i < n; i++) {                                                      \
      const C v = load(x[i]);                                                             \
      const C scaled = (C)(v * alpha);                                                    \
      y[i] = (T)store((v > 0 ? v : scaled));                                              \
    }                                                                                     \
  }

LEAKY_LOOP(leaky_f32, float, float, ID, ID)
LEAKY_LOOP(leaky_f64, double, double, ID, ID)
LEAKY_LOOP(leaky_half, half_bits, float, f32_from_half, half_from_f32)
LEAKY_LOOP(leaky_bf16, bf16_bits, float, f32_from_bf16, bf16_from_f32)
LEAKY_LOOP(leaky_i8, int8_t, int8_t, ID, ID)
LEAKY_LOOP(leaky_i16, int16_t, int16_t, ID, ID)
LEAKY_LOOP(leaky_i32, int32_t, int32_t, ID, ID)
LEAKY_LOOP(leaky_i64, int64_t, int64_t, ID, ID)
LEAKY_LOOP(leaky_u8, uint8_t, uint8_t, ID, ID)
LEAKY_LOOP(leaky_u16, uint16_t, uint16_t, ID, ID)
LEAKY_LOOP(leaky_u32, uint32_t, uint32_t, ID, ID)
LEAKY_LOOP(leaky_u64, uint64_t, uint64_t, ID, ID)

const bnk_leaky_relu_fn BNK_NAME(bnk_leaky_relu_table)[BNK_TABLE_DTYPES] = {
    [BNK_FLOAT] = leaky_f32,  [BNK_DOUBLE] = leaky_f64,    [BNK_HALF] = leaky_half,
    [BNK_BFLOAT16] = leaky_bf16, [BNK_INT8] = leaky_i8,    [BNK_INT16] = leaky_i16,
    [BNK_INT32] = leaky_i32,  [BNK_INT64] = leaky_i64,     [BNK_UINT8] = leaky_u8,
    [BNK_UINT16] = leaky_u16, [BNK_UINT32] = leaky_u32,    [BNK_UINT64] = leaky_u64,
};
