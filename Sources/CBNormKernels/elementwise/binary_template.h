// A template (see math/tier.h): binary loops over floating types. Half and bfloat16 are computed in
// float; ROUND brings an intermediate result to the precision of the type where TensorFlow does.

#define ID(x) (x)
#define ROUND_F32(x) (x)
#define ROUND_F64(x) (x)
#define ROUND_HALF(x) f32_from_half(half_from_f32(x))
#define ROUND_BF16(x) f32_from_bf16(bf16_from_f32(x))

// Each is an expression of u and v with C the type of the computation.
#define ARITHMETIC_LIST(X)                                                              \
  X(ADD, add, u + v)                                                                    \
  X(SUB, sub, u - v)                                                                    \
  X(MUL, mul, u * v)                                                                    \
  X(DIV, div, u / v)                                                                    \
  X(FLOOR_DIV, floor_div, FLOOR(ROUND(u / v)))                                          \
  X(TRUNCATE_DIV, truncate_div, TRUNC(ROUND(u / v)))                                    \
  X(DIV_NO_NAN, div_no_nan, v == 0 ? 0 : u / v)                                         \
  X(MUL_NO_NAN, mul_no_nan, v == 0 ? 0 : u * v)                                         \
  X(XDIVY, xdivy, u == 0 ? 0 : u / v)                                                   \
  X(MAXIMUM, maximum, (u > v || u != u) ? u : v)                                        \
  X(MINIMUM, minimum, (u < v || u != u) ? u : v)                                        \
  X(SQUARED_DIFFERENCE, squared_difference, ROUND(u - v) * ROUND(u - v))                \
  X(SIGMOID_GRAD, sigmoid_grad, v * ROUND(u * ROUND(1 - u)))                            \
  X(TANH_GRAD, tanh_grad, v * ROUND(1 - ROUND(u * u)))                                  \
  X(SQRT_GRAD, sqrt_grad, ROUND(v * (C)0.5) / u)                                        \
  X(RSQRT_GRAD, rsqrt_grad, ROUND(ROUND(ROUND((C)-0.5 * v) * u) * u) * u)               \
  X(RECIPROCAL_GRAD, reciprocal_grad, ROUND(-v * u) * u)                                \
  X(RELU_GRAD, relu_grad, u * (C)(v > 0))                                               \
  X(RELU6_GRAD, relu6_grad, u * (C)(v > 0 && v < 6))                                    \
  X(ELU_GRAD, elu_grad, v < 0 ? u * ROUND(v + 1) : u)                                   \
  X(SELU_GRAD, selu_grad,                                                               \
    v < 0 ? u * ROUND(v + ROUND((C)SELU_SCALE_ALPHA)) : u * ROUND((C)SELU_SCALE))       \
  X(SOFTSIGN_GRAD, softsign_grad, u / ROUND(ROUND(1 + FABS(v)) * ROUND(1 + FABS(v))))

#define COMPARISON_LIST(X)                                                              \
  X(EQUAL, equal, u == v)                                                               \
  X(NOT_EQUAL, not_equal, u != v)                                                       \
  X(LESS, less, u < v)                                                                  \
  X(LESS_EQUAL, less_equal, u <= v)                                                     \
  X(GREATER, greater, u > v)                                                            \
  X(GREATER_EQUAL, greater_equal, u >= v)

// Only in float; double has them in the C library.
#define FLOAT_LIST(X)                                                                   \
  X(POW, pow, pow_f32(u, v))                                                            \
  X(ATAN2, atan2, atan2_f32(u, v))                                                      \
  X(XLOGY, xlogy, u == 0 ? 0 : u * log_f32(v))                                          \
  X(XLOG1PY, xlog1py, u == 0 ? 0 : u * log1p_f32(v))                                    \
  X(SOFTPLUS_GRAD, softplus_grad, u / ROUND(ROUND(exp_f32(-v)) + 1))

#define DEFINE(T, TS, load, store, name, e) \
  BINARY_LOOPS(T##_##name, TS, C, TS, load, BNK_SIMD_LOOP, y[i] = store(e))
#define DEFINE_TEST(T, TS, load, name, e) \
  BINARY_LOOPS(T##_##name, TS, C, uint8_t, load, BNK_SIMD_LOOP, y[i] = (uint8_t)(e))

#define C float
#define FLOOR floor_f32
#define TRUNC trunc_f32
#define FABS __builtin_fabsf

#define ROUND ROUND_F32
#define X(OP, name, e) DEFINE(f32, float, ID, ID, name, e)
ARITHMETIC_LIST(X) FLOAT_LIST(X)
#undef X
#define X(OP, name, e) DEFINE_TEST(f32, float, ID, name, e)
COMPARISON_LIST(X)
#undef X
#undef ROUND

#define ROUND ROUND_HALF
#define X(OP, name, e) DEFINE(half, half_bits, f32_from_half, half_from_f32, name, e)
ARITHMETIC_LIST(X) FLOAT_LIST(X)
#undef X
#define X(OP, name, e) DEFINE_TEST(half, half_bits, f32_from_half, name, e)
COMPARISON_LIST(X)
#undef X
#undef ROUND

#define ROUND ROUND_BF16
#define X(OP, name, e) DEFINE(bf16, bf16_bits, f32_from_bf16, bf16_from_f32, name, e)
ARITHMETIC_LIST(X) FLOAT_LIST(X)
#undef X
#define X(OP, name, e) DEFINE_TEST(bf16, bf16_bits, f32_from_bf16, name, e)
COMPARISON_LIST(X)
#undef X
#undef ROUND

#undef C
#undef FLOOR
#undef TRUNC
#undef FABS
#define C double
#define FLOOR floor_f64
#define TRUNC trunc_f64
#define FABS __builtin_fabs
#define ROUND ROUND_F64
#define X(OP, name, e) DEFINE(f64, double, ID, ID, name, e)
ARITHMETIC_LIST(X)
#undef X
#define X(OP, name, e) DEFINE_TEST(f64, double, ID, name, e)
COMPARISON_LIST(X)
#undef X
#undef ROUND
#undef C
#undef FLOOR
#undef TRUNC
#undef FABS

// Squares, roots and reciprocals are what powers by a constant mostly are.
static void f32_pow_constant(const void *av, size_t a_step, const void *bv, size_t b_step, void *yv,
                             size_t n, int *error) {
  const float *a = av;
  float *y = yv;
  const float e = *(const float *)bv;
  if (!a_step || b_step || n < 4) {
    f32_pow(av, a_step, bv, b_step, yv, n, error);
  } else if (e == 2.0f) {
    BNK_SIMD_LOOP
    for (size_t i = 0; i < n; i++) y[i] = a[i] * a[i];
  } else if (e == 3.0f) {
    BNK_SIMD_LOOP
    for (size_t i = 0; i < n; i++) y[i] = a[i] * a[i] * a[i];
  } else if (e == 0.5f) {
    BNK_SIMD_LOOP
    for (size_t i = 0; i < n; i++) {
      const float r = __builtin_sqrtf(a[i]) + 0.0f;
      y[i] = a[i] == -INF ? INF : r;
    }
  } else if (e == 1.0f) {
    BNK_SIMD_LOOP
    for (size_t i = 0; i < n; i++) y[i] = a[i];
  } else if (e == -1.0f) {
    BNK_SIMD_LOOP
    for (size_t i = 0; i < n; i++) y[i] = 1.0f / a[i];
  } else {
    f32_pow(av, a_step, bv, b_step, yv, n, error);
  }
}

#define ROW(OP, name, e)                                                                \
  [BNK_BINARY_##OP] = {[BNK_FLOAT] = f32_##name, [BNK_DOUBLE] = f64_##name,             \
                       [BNK_HALF] = half_##name, [BNK_BFLOAT16] = bf16_##name},
#define FLOAT_ROW(OP, name, e)                                                          \
  [BNK_BINARY_##OP] = {                                                                 \
      [BNK_FLOAT] = f32_##name, [BNK_HALF] = half_##name, [BNK_BFLOAT16] = bf16_##name},

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Winitializer-overrides"
bnk_binary_table BNK_NAME(bnk_binary_table) = {
    ARITHMETIC_LIST(ROW) COMPARISON_LIST(ROW) FLOAT_LIST(FLOAT_ROW)
    [BNK_BINARY_POW][BNK_FLOAT] = f32_pow_constant,
};
#pragma clang diagnostic pop
