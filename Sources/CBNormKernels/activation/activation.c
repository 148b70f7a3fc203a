#include "bnk/epilogue.h"

#include <math.h>

static float activated(enum bnk_activation activation, float alpha, float beta, float x) {
  switch (activation) {
    case BNK_ACT_NONE: return x;
    case BNK_ACT_RELU: return x < 0 ? 0 : x;
    case BNK_ACT_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case BNK_ACT_CLAMP: return x < alpha ? alpha : x > beta ? beta : x;
    case BNK_ACT_LEAKY_RELU: return x > 0 ? x : alpha * x;
    case BNK_ACT_ELU: return x > 0 ? x : alpha * expm1f(x);
    case BNK_ACT_SELU: return x > 0 ? 1.05070099f * x : 1.75809934f * expm1f(x);
    case BNK_ACT_SIGMOID: return 1 / (1 + expf(-x));
    case BNK_ACT_TANH: return tanhf(x);
    case BNK_ACT_SWISH: return x / (1 + expf(-x));
    case BNK_ACT_HARD_SWISH: return x * fminf(fmaxf(alpha * x + beta, 0), 1);
    case BNK_ACT_HARD_SIGMOID: return isnan(x) ? x : fminf(fmaxf(alpha * x + beta, 0), 1);
    case BNK_ACT_GELU: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case BNK_ACT_GELU_TANH:
      return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    case BNK_ACT_SOFTPLUS: return fmaxf(x, 0) + log1pf(expf(-fabsf(x)));
    case BNK_ACT_SOFTSIGN: return x / (1 + fabsf(x));
    case BNK_ACT_MISH: return x * tanhf(fmaxf(x, 0) + log1pf(expf(-fabsf(x))));
  }
  return x;
}

void bnk_activate_rows_f32(enum bnk_activation activation, float alpha, float beta, size_t rows,
                           size_t n, float *x, size_t stride) {
  for (size_t i = 0; i < rows; i++) {
    for (size_t j = 0; j < n; j++) {
      float *value = x + i * stride + j;
      *value = activated(activation, alpha, beta, *value);
    }
  }
}
