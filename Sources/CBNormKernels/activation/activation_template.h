// Activations of one tier, in place.

BNK_INLINE float leaky_relu_f32(float x, float alpha) { return x > 0 ? x : alpha * x; }
BNK_INLINE float alpha_elu_f32(float x, float alpha) { return x > 0 ? x : alpha * expm1_f32(x); }
BNK_INLINE float clamp_f32(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}
/// clamp(alpha * x + beta, 0, 1) as graphs spell it, Relu6(x + 3) / 6 with its roundings.
BNK_INLINE float hard_f32(float x, float shift, float top, float alpha) {
  const float sum = x + shift;
  return clamp_f32(sum, 0, top) * alpha;
}
BNK_INLINE float softsign_f32(float x) { return x / (1 + __builtin_fabsf(x)); }

#define BNK_ROWS(expression)                                    \
  for (size_t i = 0; i < rows; i++) {                           \
    float *at = values + i * stride;                            \
    BNK_SIMD_LOOP for (size_t j = 0; j < n; j++) {              \
      const float x = at[j];                                    \
      at[j] = (expression);                                     \
    }                                                           \
  }                                                             \
  break

static void activate(enum bnk_activation activation, float alpha, float beta, size_t rows,
                     size_t n, float *values, size_t stride) {
  const float shift = beta / alpha, top = 1 / alpha;
  switch (activation) {
    case BNK_ACT_NONE: break;
    case BNK_ACT_RELU: BNK_ROWS(x < 0 ? 0 : x);
    case BNK_ACT_RELU6: BNK_ROWS(clamp_f32(x, 0, 6));
    case BNK_ACT_CLAMP: BNK_ROWS(clamp_f32(x, alpha, beta));
    case BNK_ACT_LEAKY_RELU: BNK_ROWS(leaky_relu_f32(x, alpha));
    case BNK_ACT_ELU: BNK_ROWS(alpha_elu_f32(x, alpha));
    case BNK_ACT_SELU: BNK_ROWS(selu_f32(x));
#if BNK_TIER == 2
    case BNK_ACT_SIGMOID: logistic_rows(rows, n, values, stride, 0); break;
    case BNK_ACT_SWISH: logistic_rows(rows, n, values, stride, 1); break;
#else
    case BNK_ACT_SIGMOID: BNK_ROWS(sigmoid_f32(x));
    case BNK_ACT_SWISH: BNK_ROWS(swish_f32(x));
#endif
    case BNK_ACT_TANH: BNK_ROWS(tanh_f32(x));
    case BNK_ACT_HARD_SWISH: BNK_ROWS(x * hard_f32(x, shift, top, alpha));
    case BNK_ACT_HARD_SIGMOID: BNK_ROWS(hard_f32(x, shift, top, alpha));
    case BNK_ACT_GELU: BNK_ROWS(gelu_f32(x));
    case BNK_ACT_GELU_TANH: BNK_ROWS(gelu_tanh_f32(x));
    case BNK_ACT_SOFTPLUS: BNK_ROWS(softplus_f32(x));
    case BNK_ACT_SOFTSIGN: BNK_ROWS(softsign_f32(x));
    case BNK_ACT_MISH: BNK_ROWS(mish_f32(x));
  }
}

const bnk_activate_fn BNK_NAME(bnk_activate) = activate;
