// Bias, residual and activation of a block of results.
#include <math.h>

#include "bnk/nn_generic.h"

static inline double activate_f64(const struct bnk_nn_epilogue *e, double x) {
  const double alpha = (double)e->alpha, beta = (double)e->beta;
  switch (e->activation) {
    case BNK_ACT_NONE: return x;
    case BNK_ACT_RELU: return x < 0 ? 0 : x;
    case BNK_ACT_RELU6: return x < 0 ? 0 : x > 6 ? 6 : x;
    case BNK_ACT_CLAMP: return x < alpha ? alpha : x > beta ? beta : x;
    case BNK_ACT_LEAKY_RELU: return x > 0 ? x : alpha * x;
    case BNK_ACT_ELU: return x > 0 ? x : alpha * expm1(x);
    case BNK_ACT_SELU:
      return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    case BNK_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case BNK_ACT_TANH: return tanh(x);
    case BNK_ACT_SWISH: return x / (1 + exp(-x));
    case BNK_ACT_HARD_SWISH:
    case BNK_ACT_HARD_SIGMOID: {
      double gate = alpha * x + beta;
      gate = gate < 0 ? 0 : gate > 1 ? 1 : gate;
      return e->activation == BNK_ACT_HARD_SWISH ? x * gate : gate;
    }
    case BNK_ACT_GELU: return 0.5 * x * (1 + erf(x * 0.7071067811865476));
    case BNK_ACT_GELU_TANH: {
      const double inner = 0.7978845608028654 * (x + 0.044715 * x * x * x);
      return 0.5 * x * (1 + tanh(inner));
    }
    case BNK_ACT_SOFTPLUS: return x > 20 ? x : log1p(exp(x));
    case BNK_ACT_SOFTSIGN: return x / (1 + fabs(x));
    case BNK_ACT_MISH: return x * tanh(x > 20 ? x : log1p(exp(x)));
  }
  return x;
}

static void activate_row_f64(const struct bnk_nn_epilogue *e, size_t n, double *row) {
  if (e->activation == BNK_ACT_NONE) return;
  for (size_t j = 0; j < n; j++) row[j] = activate_f64(e, row[j]);
}

static void activate_row_f32(const struct bnk_nn_epilogue *e, size_t n, float *row) {
  if (e->activation == BNK_ACT_NONE) return;
  bnk_activate_rows_f32(e->activation, e->alpha, e->beta, 1, n, row, n);
}

#define SUFFIX f32
#define T float
#include "epilogue_template.h"
#undef SUFFIX
#undef T

#define SUFFIX f64
#define T double
#include "epilogue_template.h"
